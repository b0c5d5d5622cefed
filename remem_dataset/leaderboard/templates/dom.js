// Elements are made one by one and texts set as texts: nothing of a submission is ever read as HTML.

function set(element, options) {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'text') element.textContent = value;
    else if (name === 'class') element.setAttribute('class', value);
    else if (name === 'style') for (const [key, v] of Object.entries(value)) element.style.setProperty(key, v);
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  return element;
}

function h(tag, options = {}, ...children) {
  const element = set(document.createElement(tag), options);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function s(tag, options = {}, ...children) {
  const element = set(document.createElementNS('http://www.w3.org/2000/svg', tag), options);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const byId = (id) => document.getElementById(id);
const tenths = (value) => (value === null ? '–' : value.toFixed(1));
const plural = (n, word) => `${n.toLocaleString('en-GB')} ${word}${n === 1 ? '' : 's'}`;
const modelLink = (name) => `#/${name}`;
const hub = 'https://huggingface.co/';

function outside(href, text) {
  return h('a', { href, rel: 'noopener nofollow ugc', target: '_blank', text });
}

// A number with half its interval behind it.
function withHalf(value, width) {
  if (value === null) return [h('span', { class: 'none', text: '–' })];
  const parts = [h('span', { class: 'value', text: tenths(value) })];
  if (width !== null) parts.push(h('small', { class: 'half', text: `± ${tenths(width)}` }));
  return parts;
}

// One of several buttons of which one is pressed.
function pill(text, pressed, onclick, hint) {
  return h('button', { type: 'button', class: 'pill', 'aria-pressed': String(pressed), onclick }, text, hint ? h('small', { text: ` ${hint}` }) : null);
}

// Fill a group of pills and keep the focus on the one that was pressed.
function fillPills(group, pills) {
  const held = [...group.children].indexOf(document.activeElement);
  group.replaceChildren(...pills);
  if (held >= 0 && pills[held]) pills[held].focus();
}
