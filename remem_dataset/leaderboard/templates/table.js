// The table: a page of rows at a time, so that sorting and filtering cost the same for ten results and for thousands.

const PAGE = 50;
const PRINTED = 300;
const COLUMNS = [
  ['model', 'Model', ''],
  ['method', 'Method', ''],
  ['level', 'Level', ''],
  ['score', 'Score', 'The headline, in percent'],
  ['erasure', 'Erasure', 'What is gone of the people to forget'],
  ['retention', 'Retention', 'What is left of everybody else'],
  ['unseen', 'Unseen', 'Erasure in new words and pictures'],
  ['leakage', 'Leakage', 'What text alone still gives away; lower is better'],
  ['gate', 'Gate', 'Had the base model memorised?'],
];
const GATES = ['passed', 'failed', 'missing'];

function drawHeads(choice, sortBy) {
  const held = document.activeElement && document.activeElement.dataset.sort;
  const cells = COLUMNS.map(([name, title, about]) => {
    const sorted = choice.sort === name;
    const state = sorted ? (choice.rising ? 'ascending' : 'descending') : 'none';
    const button = h('button', { type: 'button', 'data-sort': name, title: about, onclick: () => sortBy(name) }, title, h('i', { class: 'arrow', 'aria-hidden': 'true' }));
    return h('th', { scope: 'col', class: `c-${name}`, 'aria-sort': state }, button);
  });
  byId('heads').replaceChildren(h('th', { scope: 'col', class: 'c-rank' }, h('span', { class: 'hidden', text: 'Rank' }), h('span', { 'aria-hidden': 'true', text: '#' })), ...cells);
  if (held) byId('heads').querySelector(`[data-sort="${held}"]`).focus();
}

function drawRows(rows, choice, whole) {
  const last = Math.max(0, Math.ceil(rows.length / PAGE) - 1);
  choice.page = Math.min(Math.max(choice.page, 0), last);
  const start = whole ? 0 : choice.page * PAGE;
  const part = rows.slice(start, whole ? PRINTED : start + PAGE);
  const body = byId('rows');
  if (part.length) body.replaceChildren(...part.map(tableRow));
  else body.replaceChildren(h('tr', { class: 'empty' }, h('td', { colspan: COLUMNS.length + 1, text: 'No result fits the filters.' })));
}

function tableRow(row) {
  const [owner, name] = D.model[row].split('/');
  const model = h('th', { scope: 'row', class: 'c-model' },
    h('a', { href: modelLink(D.model[row]) }, h('span', { class: 'owner', text: `${owner}/` }), name),
    h('span', { class: 'base', text: `from ${D.bases[D.base[row]]}` }));
  const cells = ['score', 'erasure', 'retention', 'unseen', 'leakage'].map((column) => {
    const value = figure(column, row);
    const inside = withHalf(value, ['score', 'erasure', 'retention'].includes(column) ? half(column, row) : null);
    const bar = column === 'score' && value !== null ? h('i', { class: 'bar', 'aria-hidden': 'true', style: { '--s': value / 100 } }) : null;
    return h('td', { class: `number c-${column}`, 'data-label': COLUMNS.find(([c]) => c === column)[1] }, ...inside, bar);
  });
  return h('tr', {},
    h('td', { class: 'c-rank' }, isRanked(row) ? String(RANK[row]) : '–'),
    model,
    h('td', { class: 'c-method' }, h('span', { class: 'chip' }, h('i', { class: `swatch m${HUE[D.method[row]]}` }), method(row))),
    h('td', { class: 'c-level', text: level(row) }),
    ...cells,
    gateCell(row));
}

function gateCell(row) {
  const state = GATES[D.gate[row]];
  const cell = h('td', { class: 'c-gate' }, h('span', { class: `gate ${state}`, text: state }));
  if (!isRanked(row)) cell.append(h('span', { class: 'why', text: D.reasons[D.apart[row]] }));
  return cell;
}

function drawCount(rows, choice) {
  const all = choice.view === 'ranked' ? D.ranked : ROWS - D.ranked;
  const found = rows.length === all ? plural(all, 'result') : `${rows.length.toLocaleString('en-GB')} of ${plural(all, 'result')}`;
  const apart = choice.view === 'apart' ? ', never ranked' : '';
  byId('count').textContent = `${found}${apart}`;
}

function drawPager(rows, choice, turn) {
  const pages = Math.ceil(rows.length / PAGE);
  const pager = byId('pager');
  if (pages <= 1) { pager.replaceChildren(); return; }
  const held = document.activeElement && document.activeElement.dataset.turn;
  const first = choice.page * PAGE;
  const button = (name, text, page, off) => h('button', { type: 'button', class: 'pill', 'data-turn': name, disabled: off, onclick: () => turn(page) }, text);
  pager.replaceChildren(
    button('first', 'First', 0, choice.page === 0),
    button('back', 'Back', choice.page - 1, choice.page === 0),
    h('span', { text: `${(first + 1).toLocaleString('en-GB')}–${Math.min(first + PAGE, rows.length).toLocaleString('en-GB')} of ${rows.length.toLocaleString('en-GB')}` }),
    button('on', 'Next', choice.page + 1, choice.page === pages - 1),
    button('last', 'Last', pages - 1, choice.page === pages - 1));
  const again = held && pager.querySelector(`[data-turn="${held}"]:not(:disabled)`);
  if (again) again.focus();
  else if (held) pager.querySelector('button:not(:disabled)').focus();
}
