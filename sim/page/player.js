// Player holds the step that grid, plot, scrubber and table show.
class Player {
  constructor(data) {
    this.data = data;
    this.step = 0;
    this.get = id => document.getElementById(id);
    const choose = i => this.select(i);
    this.grid = new Grid(this.get('grid'), this.get('heads'), this.get('rows'), choose);
    this.plot = new Plot(this.get('plot'), choose);
    this.controls();
    this.show(data.runs[0]);
    let width = innerWidth;
    addEventListener('resize', () => {
      if (width === innerWidth) return;
      width = innerWidth;
      this.grid.layout();
      this.drawPlot();
      this.select(this.step);
    });
  }

  controls() {
    const on = (id, go) => this.get(id).addEventListener('click', go);
    on('first', () => this.select(0));
    on('back', () => this.select(this.step - 1));
    on('forth', () => this.select(this.step + 1));
    on('last', () => this.select(Infinity));
    on('marked', () => this.mark(1));
    on('copy', () => this.copy());
    const scrubber = this.get('scrubber');
    scrubber.addEventListener('input', () => this.select(scrubber.value - 1));
    this.get('lane').addEventListener('change', e => { this.lane = +e.target.value; this.drawPlot(); this.select(this.step); });
    document.addEventListener('keydown', e => this.key(e));
    if (this.data.runs.length < 2) return;
    const runs = this.get('runs');
    runs.hidden = false;
    this.data.runs.forEach((run, i) => {
      const radio = element('input', {type: 'radio', name: 'run', value: i});
      radio.checked = i === 0;
      radio.addEventListener('change', () => this.show(run));
      const label = element('label', {});
      label.append(radio, ` ${run.name}, ${run.rows.length} steps`);
      runs.append(label);
    });
  }

  // key is what keys do. Up, Down, Page, Home and End belong to the grid; the scrubber, lists and radio buttons
  // have their own ways with arrows.
  key(e) {
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    const at = e.target, inGrid = at === this.grid.root, inPlayer = this.get('player').contains(at);
    if (inPlayer && at.matches('input, select, pre')) {
      if (at.type !== 'range' || !'np'.includes(e.key)) return;
    }
    const page = inGrid && {ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity}[e.key];
    const side = (inPlayer || at === document.body) && {ArrowLeft: -1, ArrowRight: 1}[e.key];
    if (page || side) this.select(this.step + (page || side));
    else if (inPlayer && (e.key === 'n' || e.key === 'p')) this.mark(e.key === 'n' ? 1 : -1);
    else return;
    e.preventDefault();
  }

  show(run) {
    this.run = run;
    this.lane = run.lane;
    this.changes = run.lanes.map(() => []);
    run.rows.forEach((r, i) => (r.l || []).forEach(([lane, truth, speed]) => this.changes[lane].push([i, truth, speed])));
    this.marked = [...run.rows.keys()].filter(i => run.rows[i].m || run.rows[i].c.some(c => c[2] & FAULT));
    this.get('marked').disabled = !this.marked.length;
    const pick = this.get('lane');
    pick.replaceChildren(...run.lanes.map((name, i) => element('option', {value: i}, name)));
    pick.value = run.lane;
    this.get('pick').hidden = run.lanes.length < 2;
    this.get('speed').hidden = !run.speed;
    for (const e of this.get('levels').querySelectorAll('.ledger')) e.hidden = !run.ledger;
    this.get('scrubber').max = Math.max(1, run.rows.length);
    this.grid.show(run);
    this.drawPlot();
    this.select(0);
  }

  drawPlot() { this.plot.show(this.run, this.run.lanes[this.lane] ?? '', this.changes[this.lane] ?? []); }

  // mark goes to the next fault or accused step in a direction, and stays where there is none.
  mark(direction) {
    const next = direction > 0 ? this.marked.find(i => i > this.step) : this.marked.findLast(i => i < this.step);
    if (next !== undefined) this.select(next);
    else if (direction > 0 && this.marked.length) this.select(this.marked[0]);
  }

  select(i) {
    const {rows, columns} = this.run;
    if (!rows.length) return;
    this.step = Math.max(0, Math.min(rows.length - 1, Number.isNaN(i) ? 0 : i));
    const r = rows[this.step];
    const said = r.c.filter(c => !(c[2] & WEAK)).map(([c, text]) => `${columns[c]}: ${text}`).join('; ') + (r.m ? `  <- ${r.m}` : '');
    const scrubber = this.get('scrubber');
    scrubber.value = this.step + 1;
    scrubber.setAttribute('aria-valuetext', `step ${this.step + 1} of ${rows.length}`);
    this.get('where').textContent = `${this.step + 1} of ${rows.length}, +${duration(r.t)}`;
    this.get('what').textContent = said;
    this.levels();
    this.plot.cursor(this.step);
    this.grid.select(this.step);
  }

  // levels shows what truth and speed hold of the lane at the end of the step.
  levels() {
    const last = (this.changes[this.lane] ?? []).findLast(c => c[0] <= this.step) ?? [0, null, null];
    this.get('levels-title').textContent = this.run.lanes.length ? 'Lane ' + this.run.lanes[this.lane] : 'No lane';
    this.side('truth', last[1]);
    this.side('speed', last[2]);
    const gap = this.get('gap');
    const [truth, speed] = [last[1], last[2]];
    const by = truth && speed ? speed[0] - truth[0] : 0;
    const behind = truth && speed && this.run.ledger ? truth[2] - speed[2] : 0;
    gap.classList.toggle('differs', by !== 0);
    if (!this.run.speed) gap.textContent = 'This design has no speed layer.';
    else if (!truth || !speed) gap.textContent = '';
    else if (by) gap.textContent = `Speed shows ${Math.abs(by)} ${by > 0 ? 'more' : 'fewer'} than truth holds` + (behind > 0 ? `; it is ${behind} behind.` : '.');
    else gap.textContent = 'Speed shows what truth holds.';
  }

  side(id, stock) {
    this.get(id).querySelectorAll('td').forEach((cell, i) => {
      cell.textContent = stock ? stock[i] : i ? '' : 'nothing';
      cell.classList.toggle('nothing', !stock);
    });
  }

  // copy puts the command on the clipboard, or where that is not allowed selects it.
  async copy() {
    const command = this.get('command');
    try {
      await navigator.clipboard.writeText(command.textContent);
      this.get('copied').textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(command);
      this.get('copied').textContent = document.execCommand('copy') ? 'Copied' : 'Selected: copy it with the keyboard';
    }
  }
}

// A frame is as high as what it shows, within reason: it scrolls by itself beyond.
const frame = document.getElementById('porcupine');
if (frame) {
  const high = () => { frame.style.height = Math.min(Math.max(150, frame.contentDocument.documentElement.offsetHeight + 20), innerHeight * .7) + 'px'; };
  frame.addEventListener('load', high);
  if (frame.contentDocument.getElementById('canvas')) high();
}

const player = new Player(JSON.parse(document.getElementById('data').textContent));
requestAnimationFrame(() => { document.documentElement.dataset.ready = Math.ceil(performance.now()); });
