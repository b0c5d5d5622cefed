// The page's data: columns decoded once, and questions asked of them.

const D = JSON.parse(document.getElementById('data').textContent);
const ROWS = D.model.length;
const DIGIT = new Map([...D.alphabet].map((c, i) => [c, i]));
const BASE = D.alphabet.length;
const NOTHING = BASE * BASE - 1;
const FIGURES = ['score', 'erasure', 'retention', 'language', 'unseen', 'leakage'];

// The number at a place of a packed text: hundredths in two characters; null for none.
function unpack(text, place) {
  if (2 * place + 1 >= text.length) return null;
  const n = DIGIT.get(text[2 * place]) * BASE + DIGIT.get(text[2 * place + 1]);
  return n === NOTHING ? null : n / 100;
}

// A figure in percent and half its interval; null for none.
const figure = (name, row) => (D[name][row] < 0 ? null : D[name][row] / 100);
const half = (name, row) => (D[name + '_half'][row] < 0 ? null : D[name + '_half'][row] / 100);

const method = (row) => D.methods[D.method[row]];
const level = (row) => D.levels[D.level[row]];
const isRanked = (row) => row < D.ranked;
const day = (row) => `20${D.date[row].slice(0, 2)}-${D.date[row].slice(2, 4)}-${D.date[row].slice(4)}`;

// Rank within the forget level; ranked rows come best first.
const RANK = new Int32Array(ROWS);
{
  const place = D.levels.map(() => 0);
  for (let i = 0; i < D.ranked; i++) RANK[i] = ++place[D.level[i]];
}

// Row -> place in the alphabet, of a column of texts.
function places(texts) {
  const order = texts.map((text, i) => [text.toLowerCase(), i]).sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const found = new Int32Array(texts.length);
  order.forEach(([, i], place) => { found[i] = place; });
  return found;
}

const methodPlace = places(D.methods);
const SORT = {
  model: places(D.model),
  method: Int32Array.from(D.method, (m) => methodPlace[m]),
  level: Int32Array.from(D.level),
  gate: Int32Array.from(D.gate),
  ...Object.fromEntries(FIGURES.map((name) => [name, Int32Array.from(D[name])])),
};
// Texts rise at the first click, figures fall: best first.
const RISING = new Set(['model', 'method', 'level', 'gate', 'leakage']);

const HAYSTACK = D.model.map((name, i) => `${name} ${method(i)} ${D.bases[D.base[i]]}`.toLowerCase());

// Rows that a choice leaves, in its order.
function select(choice) {
  const words = choice.search.toLowerCase().split(/\s+/).filter(Boolean);
  const [first, end] = choice.view === 'ranked' ? [0, D.ranked] : [D.ranked, ROWS];
  const found = [];
  for (let i = first; i < end; i++) {
    if (choice.level >= 0 && D.level[i] !== choice.level) continue;
    if (choice.method >= 0 && D.method[i] !== choice.method) continue;
    if (words.every((word) => HAYSTACK[i].includes(word))) found.push(i);
  }
  const key = SORT[choice.sort];
  const sign = choice.rising ? 1 : -1;
  const missing = (value) => FIGURES.includes(choice.sort) && value < 0;
  found.sort((a, b) => {
    const x = key[a];
    const y = key[b];
    if (x === y) return a - b;
    if (missing(x) || missing(y)) return missing(x) ? 1 : -1;
    return sign * (x - y);
  });
  return found;
}

// Ranked rows that none beats in erasure and retention at once, from the most erased on.
function front(rows) {
  const order = [...rows].sort((a, b) => D.erasure[b] - D.erasure[a] || D.retention[b] - D.retention[a]);
  let most = -1;
  return order.filter((row) => {
    const better = D.retention[row] > most;
    if (better) most = D.retention[row];
    return better;
  });
}
