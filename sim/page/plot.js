// Plot draws a lane's stock over the steps of a run: truth as a broad line, speed as a dashed one over it.
class Plot {
  constructor(svg, choose) {
    this.svg = svg;
    const point = e => {
      if (e.type === 'pointermove' && !(e.buttons & 1)) return;
      const x = e.clientX - svg.getBoundingClientRect().left;
      choose(Math.round((x - this.left) / (this.width - this.left - this.right) * (this.count - 1)));
    };
    svg.addEventListener('pointerdown', point);
    svg.addEventListener('pointermove', point);
  }

  // show draws changes, [row, truth, speed] with sides as in the data, of a run with that many rows.
  show(run, name, changes) {
    this.count = run.rows.length;
    this.width = this.svg.clientWidth;
    this.height = this.svg.clientHeight;
    this.svg.setAttribute('viewBox', `0 0 ${this.width} ${this.height}`);
    const values = changes.flatMap(c => [c[1], run.speed ? c[2] : null]).filter(Boolean).map(s => s[0]);
    const low = Math.min(0, ...values), high = Math.max(1, ...values);
    const ticks = this.ticks(low, high);
    this.left = 12 + 7 * Math.max(...ticks.map(t => String(t).length));
    this.right = 10;
    this.top = 10;
    this.bottom = this.height - 30;
    this.y = n => this.bottom - (n - low) / (high - low) * (this.bottom - this.top);
    const parts = [];
    for (const t of ticks) {
      parts.push(this.line(t === 0 ? 'zero' : 'axis', this.left, this.y(t), this.width - this.right, this.y(t)));
      parts.push(this.text(this.left - 6, this.y(t) + 4, 'end', t));
    }
    parts.push(this.text(this.left, this.height - 3, 'start', 1), this.text(this.width - this.right, this.height - 3, 'end', this.count));
    parts.push(this.text((this.left + this.width) / 2, this.height - 3, 'middle', 'step'));
    parts.push(...this.marks(run));
    parts.push(this.path('truth', changes, 1));
    if (run.speed) parts.push(this.path('speed', changes, 2));
    this.line_ = this.line('cursor', 0, this.top - 6, 0, this.bottom + 4);
    this.svg.replaceChildren(...parts, this.line_);
    const range = values.length ? `between ${Math.min(...values)} and ${Math.max(...values)} units` : 'nothing is known of it';
    this.svg.setAttribute('aria-label', `Stock of lane ${name} over ${this.count} steps: ${range}. The table beside it has the numbers of the chosen step.`);
  }

  ticks(low, high) {
    const span = high - low;
    let unit = 10 ** Math.floor(Math.log10(span));
    if (span / unit < 2) unit /= 5; else if (span / unit < 5) unit /= 2;
    unit = Math.max(1, Math.round(unit));
    const all = [];
    for (let t = Math.ceil(low / unit) * unit; t <= high; t += unit) all.push(t);
    return all;
  }

  x(i) { return this.left + (this.count > 1 ? i / (this.count - 1) : 0) * (this.width - this.left - this.right); }

  // path goes level from change to change; where a side has nothing there is a gap.
  path(kind, changes, side) {
    let d = '', open = false;
    changes.forEach((c, k) => {
      const end = this.x(k + 1 < changes.length ? changes[k + 1][0] : this.count - 1);
      if (!c[side]) { open = false; return; }
      const y = this.y(c[side][0]).toFixed(1);
      d += open ? `V${y}` : `M${this.x(c[0]).toFixed(1)} ${y}`;
      d += `H${end.toFixed(1)}`;
      open = true;
    });
    return this.shape('path', {class: kind, d});
  }

  marks(run) {
    const parts = [];
    const struck = run.rows.map((r, i) => (r.c.some(c => c[2] & FAULT) ? i : -1)).filter(i => i >= 0);
    for (const i of struck) {
      const x = this.x(i), y = this.bottom + 4;
      if (struck.length <= 40) parts.push(this.line('struck', x, this.top, x, this.bottom));
      parts.push(this.shape('path', {class: 'fault-mark', d: `M${x - 5} ${y + 9}L${x} ${y}L${x + 5} ${y + 9}Z`}));
    }
    run.rows.forEach((r, i) => {
      const x = this.x(i), y = this.top - 4;
      if (r.m) parts.push(this.shape('path', {class: 'accused-mark', d: `M${x} ${y - 5}L${x + 6} ${y + 1}L${x} ${y + 7}L${x - 6} ${y + 1}Z`}));
    });
    return parts;
  }

  shape(name, attributes) {
    const e = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    return e;
  }

  line(kind, x1, y1, x2, y2) { return this.shape('line', {class: kind, x1, y1, x2, y2}); }

  text(x, y, anchor, what) {
    const e = this.shape('text', {x, y, 'text-anchor': anchor});
    e.textContent = what;
    return e;
  }

  cursor(i) {
    const x = this.x(i);
    this.line_.setAttribute('x1', x);
    this.line_.setAttribute('x2', x);
  }
}
