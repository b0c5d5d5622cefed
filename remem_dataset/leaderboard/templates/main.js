// What is chosen, and drawing it anew when that changes.

const choice = { view: D.ranked || !ROWS ? 'ranked' : 'apart', level: commonLevel(), method: -1, search: '', sort: 'score', rising: false, page: 0 };
let rows = [];
let chosen = null;

// The forget level with the most ranked results: figures of different levels are of different difficulty.
function commonLevel() {
  const counts = D.levels.map(() => 0);
  for (let i = 0; i < D.ranked; i++) counts[D.level[i]] += 1;
  const most = Math.max(0, ...counts);
  return most ? counts.indexOf(most) : -1;
}

function update(change, plotToo = true) {
  Object.assign(choice, { page: 0 }, change);
  rows = select(choice);
  if (plotToo) drawPlot(rows, choice, (m) => update({ method: m }));
  drawTools();
  drawHeads(choice, sortBy);
  drawRows(rows, choice, false);
  drawCount(rows, choice);
  drawPager(rows, choice, turn);
}

function sortBy(name) {
  const rising = choice.sort === name ? !choice.rising : RISING.has(name);
  update({ sort: name, rising }, false);
}

function turn(page) {
  update({ page }, false);
  byId('table').scrollIntoView({ block: 'start' });
}

function drawTools() {
  fillPills(byId('levels'), [
    ...D.levels.map((name, i) => pill(name, choice.level === i, () => update({ level: i }))),
    pill('all levels', choice.level < 0, () => update({ level: -1 })),
  ]);
  fillPills(byId('views'), [
    pill('Ranked', choice.view === 'ranked', () => update({ view: 'ranked' }), D.ranked.toLocaleString('en-GB')),
    pill('Not ranked', choice.view === 'apart', () => update({ view: 'apart', level: -1 }), (ROWS - D.ranked).toLocaleString('en-GB')),
  ]);
  byId('method').value = String(choice.method);
  byId('sort').value = `${choice.sort} ${choice.rising ? 'up' : 'down'}`;
}

function fillMenus() {
  const order = D.methods.map((name, m) => [name, m]).sort((a, b) => a[0].localeCompare(b[0], 'en'));
  byId('method').append(h('option', { value: '-1', text: 'all' }), ...order.map(([name, m]) => h('option', { value: m, text: name })));
  byId('method').addEventListener('change', (event) => update({ method: Number(event.target.value) }));
  for (const [name, title] of COLUMNS) {
    for (const way of RISING.has(name) ? ['up', 'down'] : ['down', 'up']) {
      byId('sort').append(h('option', { value: `${name} ${way}`, text: `${title} ${way === 'up' ? '↑' : '↓'}` }));
    }
  }
  byId('sort').addEventListener('change', (event) => {
    const [sort, way] = event.target.value.split(' ');
    update({ sort, rising: way === 'up' }, false);
  });
  byId('search').addEventListener('input', (event) => update({ search: event.target.value }));
}

// "#/<org>/<model>" is the page of a model; everything else is the list.
function route(moveFocus) {
  let name = null;
  try {
    const found = /^#\/([^/]+\/[^/]+)$/.exec(decodeURIComponent(location.hash));
    name = found && found[1];
  } catch { /* a hash that is no text names no model */ }
  const detail = name !== null;
  document.body.classList.toggle('one-model', detail);
  byId('list').hidden = detail;
  byId('detail').hidden = !detail;
  document.title = detail ? `${name} – ReMem leaderboard` : 'ReMem leaderboard';
  if (detail) {
    chosen = drawDetail(name, chosen, (row) => { chosen = row; route(false); });
    if (moveFocus) {
      window.scrollTo(0, 0);
      (byId('detail').querySelector('h1') || byId('detail')).focus({ preventScroll: true });
    }
  } else if (rows !== null && byId('plot').clientWidth) {
    drawPlot(rows, choice, (m) => update({ method: m }));
  }
}

fillMenus();
byId('explorer').hidden = false;
update({});
route(false);
window.addEventListener('hashchange', () => { chosen = null; route(true); });
let width = window.innerWidth;
window.addEventListener('resize', () => {
  if (window.innerWidth === width || byId('list').hidden) return;
  width = window.innerWidth;
  drawPlot(rows, choice, (m) => update({ method: m }));
});
window.addEventListener('beforeprint', () => drawRows(rows, choice, true));
window.addEventListener('afterprint', () => drawRows(rows, choice, false));
