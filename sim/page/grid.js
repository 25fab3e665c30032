'use strict';

const FAULT = 1, WEAK = 2;
const LINE = 18; // pixels, as #grid's line-height
const LIST_BELOW = 700; // pixels; narrower than this a row is a list

// wrap breaks text between words; a word that is too long for a line is cut.
function wrap(text, width) {
  if (text.length <= width) return [text];
  const lines = [];
  let line = '';
  for (let word of text.split(' ')) {
    if (line && line.length + 1 + word.length <= width) { line += ' ' + word; continue; }
    if (line) lines.push(line);
    for (; word.length > width; word = word.slice(width)) lines.push(word.slice(0, width));
    line = word;
  }
  if (line) lines.push(line);
  return lines;
}

// fit makes column widths sum up to at most room, taking from the widest; none falls below its least.
function fit(widths, least, room) {
  let total = widths.reduce((a, b) => a + b, 0);
  while (total > room) {
    let widest = -1;
    widths.forEach((w, i) => { if (w > least[i] && (widest < 0 || w > widths[widest])) widest = i; });
    if (widest < 0) break;
    widths[widest]--;
    total--;
  }
  return widths;
}

function duration(us) {
  if (us < 1e3) return us + ' \u00b5s';
  if (us < 1e6) return +(us / 1e3).toFixed(1) + ' ms';
  if (us < 120e6) return +(us / 1e6).toFixed(2) + ' s';
  if (us < 7200e6) return +(us / 60e6).toFixed(1) + ' min';
  return +(us / 3600e6).toFixed(1) + ' h';
}

function element(name, attributes, text) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
}

const classOf = flags => (flags & FAULT ? 'fault' : flags & WEAK ? 'weak' : '');

// Grid shows the rows of a run, and has in the document only those that can be seen: the height of every row
// is known beforehand, because its text is broken into lines here.
class Grid {
  constructor(root, heads, body, choose) {
    Object.assign(this, {root, heads, body, selected: 0, drawn: [0, 0]});
    root.addEventListener('scroll', () => this.draw(false));
    body.addEventListener('click', e => {
      const row = e.target.closest('.row');
      if (row) choose(+row.dataset.row);
    });
  }

  show(run) {
    this.run = run;
    this.natural = run.columns.map(c => c.length);
    this.noteWidth = 0;
    for (const r of run.rows) {
      for (const [c, text] of r.c) this.natural[c] = Math.max(this.natural[c], text.length);
      if (r.m) this.noteWidth = Math.max(this.noteWidth, r.m.length + 3);
    }
    this.root.setAttribute('aria-rowcount', run.rows.length + 1);
    this.root.setAttribute('aria-colcount', run.columns.length + 1);
    this.layout();
  }

  // layout decides widths and heights for the present width of the page.
  layout() {
    const probe = element('span', {style: 'position:absolute;visibility:hidden'}, '0'.repeat(100));
    this.root.append(probe);
    const pitch = probe.getBoundingClientRect().width / 100;
    probe.remove();
    const {rows, columns} = this.run;
    const width = this.root.clientWidth;
    this.list = width < LIST_BELOW;
    this.root.classList.toggle('list', this.list);
    this.digits = String(rows.length).length;
    const room = Math.floor((width - 24) / pitch);
    if (this.list) {
      this.label = Math.min(12, Math.max(...columns.map(c => c.length)) + 1);
      this.widths = columns.map(() => Math.max(12, room - this.label));
    } else {
      const taken = this.digits + 2 + 2 * columns.length + (this.noteWidth ? this.noteWidth + 2 : 0);
      this.widths = fit([...this.natural], columns.map(c => Math.max(8, c.length)), room - taken);
    }
    const padding = this.list ? 11 : 7;
    this.tops = new Float64Array(rows.length + 1);
    for (let i = 0; i < rows.length; i++) this.tops[i + 1] = this.tops[i] + LINE * this.lines(rows[i]) + padding;
    this.body.style.height = this.tops[rows.length] + 'px';
    this.head();
    this.draw(true);
  }

  // shown are the cells of a row that are drawn.
  shown(row) { return this.list ? row.c.filter(c => !(c[2] & WEAK)) : row.c; }

  lines(row) {
    const heights = this.shown(row).map(([c, text]) => wrap(text, this.widths[c]).length);
    return this.list ? 1 + heights.reduce((a, b) => a + b, 0) : Math.max(1, ...heights);
  }

  head() {
    const cells = [element('span', {role: 'columnheader', style: `width:${this.digits}ch`, 'aria-label': 'step'}, '')];
    this.run.columns.forEach((c, i) => cells.push(element('span', {role: 'columnheader', style: `width:${this.widths[i]}ch`}, c)));
    this.heads.replaceChildren(...cells);
  }

  // at is the row at a height.
  at(y) {
    let low = 0, high = this.run.rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= y) low = middle; else high = middle - 1;
    }
    return low;
  }

  // draw puts the rows into the document that can be seen, some around them, and the selected one.
  draw(anew) {
    if (!this.run.rows.length) return this.body.replaceChildren();
    const top = this.root.scrollTop;
    const from = Math.max(0, this.at(top) - 10);
    const to = Math.min(this.run.rows.length, this.at(top + this.root.clientHeight) + 11);
    if (!anew && from === this.drawn[0] && to === this.drawn[1]) return;
    this.drawn = [from, to];
    const rows = [];
    for (let i = from; i < to; i++) rows.push(this.row(i));
    if (this.selected < from || this.selected >= to) rows.push(this.row(this.selected));
    this.body.replaceChildren(...rows);
  }

  row(i) {
    const r = this.run.rows[i];
    const e = element('div', {role: 'row', id: 'row-' + i, 'data-row': i, 'aria-rowindex': i + 2, 'aria-selected': i === this.selected,
      class: 'row' + (r.m ? ' accused' : r.c.some(c => c[2] & FAULT) ? ' struck' : ''),
      style: `top:${this.tops[i]}px;height:${this.tops[i + 1] - this.tops[i]}px`});
    return this.list ? this.listed(e, r, i) : this.tabled(e, r, i);
  }

  tabled(e, r, i) {
    e.append(element('span', {role: 'rowheader', class: 'number', style: `width:${this.digits}ch`}, i + 1));
    const cells = this.run.columns.map((_, c) => element('span', {role: 'gridcell', style: `width:${this.widths[c]}ch`}));
    for (const [c, text, flags] of r.c) {
      cells[c].textContent = wrap(text, this.widths[c]).join('\n');
      cells[c].className = classOf(flags);
    }
    e.append(...cells);
    if (r.m) e.append(element('span', {role: 'gridcell', class: 'mark'}, '<- ' + r.m));
    return e;
  }

  listed(e, r, i) {
    const head = element('div', {role: 'rowheader', class: 'number', style: 'text-align:left'}, `${i + 1}  +${duration(r.t)}  `);
    if (r.m) head.append(element('span', {class: 'mark'}, '<- ' + r.m));
    e.append(head);
    for (const [c, text, flags] of this.shown(r)) {
      const lines = wrap(text, this.widths[c]);
      const label = element('span', {class: 'number'}, this.run.columns[c].padEnd(this.label));
      const cell = element('div', {role: 'gridcell', style: 'white-space:pre'});
      cell.append(label, element('span', {class: classOf(flags)}, lines.join('\n' + ' '.repeat(this.label))));
      e.append(cell);
    }
    return e;
  }

  // select marks a row and scrolls it into view.
  select(i) {
    this.selected = i;
    const head = this.heads.offsetHeight;
    const top = this.tops[i], bottom = this.tops[i + 1];
    if (top < this.root.scrollTop) this.root.scrollTop = top;
    else if (bottom + head > this.root.scrollTop + this.root.clientHeight) this.root.scrollTop = bottom + head - this.root.clientHeight;
    this.draw(true);
    this.root.setAttribute('aria-activedescendant', 'row-' + i);
  }
}
