// The page of one model: its results, one of them in full.

const WAYS = ['by name, known words', 'by name, new words', 'by picture, known words', 'by picture, new words', 'text only, by name'];
const STAGE_ONE = [['exact match, single-hop', 0.9], ['exact match, multi-hop', 0.9], ['share of the ceiling', 0.9]];

function drawDetail(name, chosen, choose) {
  const rows = [];
  for (let i = 0; i < ROWS; i++) if (D.model[i] === name) rows.push(i);
  const page = byId('detail');
  const back = h('p', { class: 'back' }, h('a', { href: '#/', text: '← All results' }));
  if (!rows.length) {
    page.replaceChildren(back, h('h2', { text: 'No such model' }), h('p', { class: 'note', text: 'No result of this name is on the leaderboard.' }));
    return null;
  }
  const row = rows.includes(chosen) ? chosen : rows[0];
  const pills = h('div', { class: 'pills', role: 'group', 'aria-label': 'Results of this model' });
  fillPills(pills, rows.map((r) => pill(`${method(r)}, ${level(r)}`, r === row, () => choose(r), isRanked(r) ? `#${RANK[r]}` : D.versions[D.version[r]])));
  page.replaceChildren(...[back, head(row), rows.length > 1 ? pills : null, apartNote(row), tiles(row), h('div', { class: 'two' }, waysCard(row), gateCard(row)), attributeCard(row), factsCard(row)].filter(Boolean));
  return row;
}

function head(row) {
  const [owner, name] = D.model[row].split('/');
  const rank = isRanked(row) ? `Rank ${RANK[row]} at ${level(row)}` : 'Not ranked';
  return h('header', { class: 'who-head' },
    h('p', { class: 'kicker', text: rank }),
    h('h1', { tabindex: '-1' }, h('span', { class: 'owner', text: `${owner}/` }), h('wbr'), name),
    h('p', { class: 'lede' }, h('b', { text: method(row) }), ` on ${D.bases[D.base[row]]}, forget set ${level(row)}, dataset ${D.versions[D.version[row]]}`),
    isSample(row) ? h('p', { class: 'banner' }, h('b', { text: 'Sample data.' }), ' This result is made up.') : null);
}

const isSample = (row) => D.sample[row] === '1';

function apartNote(row) {
  return isRanked(row) ? null : h('p', { class: 'banner', text: `Not ranked: ${D.reasons[D.apart[row]]}.` });
}

function tiles(row) {
  const names = { score: 'Score', erasure: 'Erasure', retention: 'Retention', language: 'Language', unseen: 'Unseen', leakage: 'Leakage' };
  return h('dl', { class: 'tiles' }, ...FIGURES.map((name) => {
    const value = figure(name, row);
    return h('div', { class: `card tile ${name}` },
      h('dt', {}, names[name], name === 'leakage' ? h('small', { text: 'lower is better' }) : null),
      h('dd', {}, ...withHalf(value, half(name, row)), value === null ? null : interval(value, half(name, row), 100)));
  }));
}

// A bar with the interval on it, as shares of `most`.
function interval(value, width, most) {
  const low = width === null ? value : Math.max(0, value - width);
  const high = width === null ? value : Math.min(most, value + width);
  return h('i', { class: 'interval', 'aria-hidden': 'true', style: { '--v': value / most, '--l': low / most, '--h': high / most } });
}

function waysCard(row) {
  const found = WAYS.map((way, i) => [way, 10 * unpack(D.ways[row], i)]);
  const most = Math.max(...found.map(([, leak]) => leak));
  return h('section', { class: 'card', 'aria-labelledby': 'ways' },
    h('h2', { id: 'ways', text: 'Five ways to ask' }),
    h('p', { class: 'note', text: 'What each still gives away about the people to forget, in percent. The largest decides erasure.' }),
    h('ul', { class: 'ways' }, ...found.map(([way, leak]) => h('li', { class: leak === most ? 'most' : '' },
      h('span', { text: way }), h('span', { class: 'number', text: tenths(leak) }), interval(leak, null, 100)))));
}

function gateCard(row) {
  const state = GATES[D.gate[row]];
  const items = STAGE_ONE.map(([what, wanted], i) => {
    const tenfold = unpack(D.stage1[row], i);
    const said = tenfold === null ? 'not measured' : `${(tenfold / 10).toFixed(3)} of at least ${wanted.toFixed(2)}`;
    return h('li', { class: tenfold !== null && tenfold >= 10 * wanted - 0.001 ? 'met' : 'unmet' }, h('span', { text: what }), h('span', { class: 'number', text: said }));
  });
  return h('section', { class: 'card', 'aria-labelledby': 'stage1' },
    h('h2', { id: 'stage1' }, 'Stage-1 gate ', h('span', { class: `gate ${state}`, text: state })),
    h('p', { class: 'note', text: `Had ${D.bases[D.base[row]]} memorised the people before it was made to forget some?` }),
    h('ul', { class: 'ways checks' }, ...items));
}

function attributeCard(row) {
  const scale = D.scales[D.scale[row]];
  const at = (i, k) => unpack(D.exposure[row], 5 * i + k);
  const names = D.attributes.map((name, i) => [name, i]).filter(([, i]) => unpack(scale, 2 * i) !== null);
  const card = h('section', { class: 'card', 'aria-labelledby': 'attributes' }, h('h2', { id: 'attributes', text: 'Exposure by attribute' }));
  if (!names.length || !D.exposure[row]) {
    card.append(h('p', { class: 'note', text: 'The submission has no figures by attribute.' }));
    return card;
  }
  const most = Math.max(...names.map(([, i]) => unpack(scale, 2 * i)));
  const body = names.map(([name, i]) => {
    const [ceiling, chance] = [unpack(scale, 2 * i), unpack(scale, 2 * i + 1)];
    const [now, width, kept, before, keptBefore] = [0, 1, 2, 3, 4].map((k) => at(i, k));
    return h('tr', {}, h('th', { scope: 'row', text: name.replaceAll('_', ' ') }),
      ...attributeCells('forget', before, now, width, ceiling, chance, most),
      ...attributeCells('retain', keptBefore, kept, null, ceiling, chance, most));
  });
  card.append(
    h('p', { class: 'note' }, 'Bits by which the true answer stands out among made-up ones: ', h('i', { class: 'key before' }), 'base model, ', h('i', { class: 'key now' }), h('i', { class: 'key kept' }), 'after unlearning; ', h('i', { class: 'key chance' }), 'knowing nothing, ', h('i', { class: 'key ceiling' }), 'the most there can be.'),
    h('table', { class: 'attributes' },
      h('thead', {}, h('tr', {}, h('td'), h('th', { colspan: 2, scope: 'colgroup', text: 'People to forget' }), h('th', { colspan: 2, scope: 'colgroup', text: 'Everybody else' }))),
      h('tbody', {}, ...body)));
  return card;
}

function attributeCells(kind, before, now, width, ceiling, chance, most) {
  const share = (bits) => Math.min(1, bits / most);
  const track = h('span', { class: `track ${kind}`, 'aria-hidden': 'true', style: { '--top': share(ceiling), '--chance': share(chance) } });
  if (before !== null && now !== null) track.append(h('i', { class: 'way', style: { '--l': share(Math.min(before, now)), '--h': share(Math.max(before, now)) } }));
  if (now !== null && width !== null) track.append(h('i', { class: 'whisker', style: { '--l': share(Math.max(0, now - width)), '--h': share(Math.min(ceiling, now + width)) } }));
  if (before !== null) track.append(h('i', { class: 'dot before', style: { '--v': share(before) } }));
  if (now !== null) track.append(h('i', { class: 'dot now', style: { '--v': share(now) } }));
  const bits = (value) => (value === null ? '–' : value.toFixed(2));
  const said = before === null ? bits(now) : `${bits(before)} → ${bits(now)}`;
  return [h('td', { class: 'c-track' }, track), h('td', { class: 'number' }, said, width === null ? null : h('small', { text: ` ± ${width.toFixed(2)}` }))];
}

function factsCard(row) {
  const folder = D.model[row].replace('/', '__');
  const file = `submissions/${folder}/${D.file[row]}.json`;
  const links = D.links[row] || {};
  const repo = (id) => (isSample(row) ? h('code', { text: id }) : outside(hub + id, id));
  const facts = [
    ['Model', repo(D.model[row])],
    ['Base model', repo(D.bases[D.base[row]])],
    ['Submission', isSample(row) ? h('code', { text: file }) : outside(`${hub}datasets/${D.results}/blob/main/${file}`, file)],
    ['Submitted', day(row)],
    ['Figures', D.recomputed[row] === '1' ? 'computed again from token log-probabilities when they were submitted' : 'as reported'],
    ['Paper', links.paper && outside(links.paper, links.paper)],
    ['Code', links.code && outside(links.code, links.code)],
    ['Notes', D.notes[row]],
  ].filter(([, value]) => value);
  return h('section', { class: 'card', 'aria-labelledby': 'facts' }, h('h2', { id: 'facts', text: 'Where it comes from' }),
    h('dl', { class: 'facts' }, ...facts.flatMap(([name, value]) => [h('dt', { text: name }), h('dd', {}, value)])));
}
