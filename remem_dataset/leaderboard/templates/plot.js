// Erasure against retention. Dots of one method are one path, so that thousands cost no more than one.

const PALETTE = 8;
// The methods with the most ranked results have colours of their own, the others share one.
const HUE = (() => {
  const counts = D.methods.map((_, m) => [0, m]);
  for (let i = 0; i < D.ranked; i++) counts[D.method[i]][0] += 1;
  counts.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  const hue = new Int8Array(D.methods.length).fill(PALETTE);
  counts.slice(0, PALETTE).forEach(([, m], place) => { hue[m] = place; });
  return hue;
})();

let plotted = { rows: [], x: null, y: null };

function drawPlot(rows, choice, chooseMethod) {
  const holder = byId('plot');
  const width = Math.max(280, Math.round(holder.clientWidth));
  const height = Math.round(Math.min(430, Math.max(270, width * 0.52)));
  const box = { left: 40, right: 14, top: 12, bottom: 40 };
  const x = (v) => box.left + ((width - box.left - box.right) * v) / 100;
  const y = (v) => box.top + (height - box.top - box.bottom) * (1 - v / 100);
  const shown = rows.filter((row) => D.erasure[row] >= 0 && D.retention[row] >= 0);
  const best = choice.view === 'ranked' ? front(shown) : [];
  const svg = s('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'group', 'aria-label': `Erasure against retention of ${plural(shown.length, 'result')}; the table below has the same figures.` });
  svg.append(axes(x, y, width, height, box), scoreCurves(x, y), dots(shown, x, y));
  if (best.length > 1) svg.append(s('path', { class: 'front', d: steps(best, x, y) }));
  svg.append(s('circle', { class: 'ring', r: 8, visibility: 'hidden' }));
  if (best.length <= 60) for (const row of best) svg.append(frontDot(row, x, y));
  holder.replaceChildren(svg, h('div', { class: 'tip', hidden: true }));
  plotted = { rows: shown, x, y };
  svg.addEventListener('pointermove', (event) => point(svg, event));
  svg.addEventListener('pointerleave', () => hint(svg, null));
  svg.addEventListener('click', (event) => {
    const row = nearest(svg, event);
    if (row !== null && !event.target.closest('a')) location.hash = modelLink(D.model[row]);
  });
  drawLegend(shown, choice, chooseMethod);
}

function axes(x, y, width, height, box) {
  const group = s('g', { class: 'axes', 'aria-hidden': 'true' });
  for (const v of [0, 25, 50, 75, 100]) {
    group.append(s('line', { x1: x(v), x2: x(v), y1: y(0), y2: y(100) }), s('line', { x1: x(0), x2: x(100), y1: y(v), y2: y(v) }));
    group.append(s('text', { x: x(v), y: y(0) + 16, 'text-anchor': 'middle', text: v }));
    group.append(s('text', { x: x(0) - 7, y: y(v) + 4, 'text-anchor': 'end', text: v }));
  }
  group.append(s('text', { class: 'name', x: width - box.right, y: height - 5, 'text-anchor': 'end', text: 'erasure, % →' }));
  group.append(s('text', { class: 'name', x: 11, y: box.top, transform: `rotate(-90 11 ${box.top})`, 'text-anchor': 'end', text: 'retention, % →' }));
  return group;
}

// Where the harmonic mean H(a, b) is the same: b = H a / (2a − H).
function scoreCurves(x, y) {
  const group = s('g', { class: 'curves', 'aria-hidden': 'true' });
  for (const score of [25, 50, 75, 90]) {
    const low = score / (2 - score / 100);
    const points = [];
    for (let k = 0; k <= 48; k++) {
      const a = low + ((100 - low) * k * k) / (48 * 48);
      points.push(`${x(a).toFixed(1)} ${y((score * a) / (2 * a - score)).toFixed(1)}`);
    }
    group.append(s('path', { d: `M${points.join('L')}` }));
    group.append(s('text', { x: x(100) - 4, y: y(low) - 5, 'text-anchor': 'end', text: score }));
  }
  return group;
}

function dots(rows, x, y) {
  const paths = Array.from({ length: PALETTE + 1 }, () => []);
  for (const row of rows) paths[HUE[D.method[row]]].push(`M${x(D.erasure[row] / 100).toFixed(1)} ${y(D.retention[row] / 100).toFixed(1)}h0`);
  const group = s('g', { class: rows.length > 400 ? 'dots many' : 'dots', 'aria-hidden': 'true' });
  paths.forEach((parts, hue) => { if (parts.length) group.append(s('path', { class: `m${hue}`, d: parts.join('') })); });
  return group;
}

function steps(best, x, y) {
  const at = (row) => [x(D.erasure[row] / 100).toFixed(1), y(D.retention[row] / 100).toFixed(1)];
  const [first, ...others] = best.map(at);
  return `M${first.join(' ')}${others.map(([px, py]) => `V${py}H${px}`).join('')}`;
}

function frontDot(row, x, y) {
  const px = x(D.erasure[row] / 100);
  const py = y(D.retention[row] / 100);
  const label = `${D.model[row]}, ${method(row)}, ${level(row)}: erasure ${tenths(figure('erasure', row))}, retention ${tenths(figure('retention', row))}`;
  const link = s('a', { href: modelLink(D.model[row]), 'aria-label': label, class: `front-dot m${HUE[D.method[row]]}` }, s('circle', { cx: px, cy: py, r: 5.5 }));
  link.addEventListener('focus', () => hint(link.ownerSVGElement, row));
  link.addEventListener('blur', () => hint(link.ownerSVGElement, null));
  return link;
}

function nearest(svg, event) {
  const area = svg.getBoundingClientRect();
  const px = ((event.clientX - area.left) * svg.viewBox.baseVal.width) / area.width;
  const py = ((event.clientY - area.top) * svg.viewBox.baseVal.height) / area.height;
  let best = null;
  let closest = 18 * 18;
  for (const row of plotted.rows) {
    const dx = plotted.x(D.erasure[row] / 100) - px;
    const dy = plotted.y(D.retention[row] / 100) - py;
    if (dx * dx + dy * dy < closest) { closest = dx * dx + dy * dy; best = row; }
  }
  return best;
}

function point(svg, event) {
  const row = nearest(svg, event);
  svg.classList.toggle('on-dot', row !== null);
  hint(svg, row);
}

function hint(svg, row) {
  const tip = svg.nextElementSibling;
  const ring = svg.querySelector('.ring');
  tip.hidden = row === null;
  ring.setAttribute('visibility', row === null ? 'hidden' : 'visible');
  if (row === null) return;
  const px = plotted.x(D.erasure[row] / 100);
  const py = plotted.y(D.retention[row] / 100);
  set(ring, { cx: px, cy: py });
  tip.replaceChildren(
    h('b', { text: D.model[row] }),
    h('span', { text: `${method(row)}, ${level(row)}` }),
    h('span', { text: `erasure ${tenths(figure('erasure', row))}, retention ${tenths(figure('retention', row))}, score ${tenths(figure('score', row))}` }),
  );
  const right = px > svg.viewBox.baseVal.width / 2;
  set(tip, { style: { left: right ? 'auto' : `${px + 14}px`, right: right ? `${svg.viewBox.baseVal.width - px + 14}px` : 'auto', top: `${Math.max(0, py - 34)}px` } });
}

function drawLegend(rows, choice, chooseMethod) {
  const counts = new Map();
  for (const row of rows) counts.set(D.method[row], (counts.get(D.method[row]) || 0) + 1);
  const own = [...counts.keys()].filter((m) => HUE[m] < PALETTE).sort((a, b) => HUE[a] - HUE[b]);
  const items = own.map((m) => {
    const pressed = choice.method === m;
    const button = h('button', { type: 'button', 'aria-pressed': String(pressed), onclick: () => chooseMethod(pressed ? -1 : m) }, h('i', { class: `swatch m${HUE[m]}` }), D.methods[m]);
    return h('li', {}, button);
  });
  const rest = [...counts.keys()].filter((m) => HUE[m] === PALETTE).length;
  if (rest) items.push(h('li', {}, h('i', { class: `swatch m${PALETTE}` }), plural(rest, 'other method')));
  byId('legend').replaceChildren(...items);
}
