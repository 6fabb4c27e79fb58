"use strict";

/** Draws tasks, idle intervals, memory and marked times on a canvas: SVG is slow with tens of thousands of boxes. */
class Painter {
  static SMALLEST_BOX = 4; // pixels: narrower boxes have no line between them
  static SMALLEST_LETTER = 8;
  static FOOT_SHARE = 0.16; // of a box's height: a strip under the tasks of every other step
  static TOOTH = 4; // pixels: how deep an edge is torn where the chart cuts what goes on

  constructor(rows, font) {
    this.rows = rows;
    this.font = font;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "boxes";
  }

  /**
   * view: {left, top, width, height, begin, end, pageWidth, pageHeight}, times in ticks, places in pixels.
   * state: {palette, hidden, followed}: colours, groups that are hidden, tasks of one microbatch.
   */
  draw(view, state) {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(view.pageWidth * ratio);
    this.canvas.height = Math.round(view.pageHeight * ratio);
    this.pen = this.canvas.getContext("2d");
    this.pen.scale(ratio, ratio);
    this.pen.beginPath();
    this.pen.rect(view.left, 0, view.width + 1, view.pageHeight);
    this.pen.clip();
    this.pen.translate(view.left, view.top);
    this.view = view;
    this.state = state;
    for (const row of this.rows.gantt) this.drawRow(row);
    for (const row of this.rows.memory) this.drawMemory(row);
    for (const schedule of new Set(this.rows.gantt.map((row) => row.schedule))) {
      for (const step of schedule.steps) this.drawStep(step);
      this.drawMarkers(schedule);
    }
    this.drawFollowed(state.followed);
  }

  x(time) {
    return ((time - this.view.begin) / (this.view.end - this.view.begin)) * this.view.width;
  }

  colour(name) {
    return this.state.palette[name];
  }

  visible(intervals) {
    return intervals.slice(firstAfter(intervals, this.view.begin), firstAfter(intervals, this.view.end) + 1);
  }

  drawRow(row) {
    this.pen.save();
    this.clipTo(row);
    this.drawTasks(row);
    this.pen.restore();
  }

  /** Keep to the span of time that the row's schedule is shown for. */
  clipTo(row) {
    const left = this.x(row.schedule.begin);
    this.pen.beginPath();
    this.pen.rect(left, row.y - 1, this.x(row.schedule.end) - left, row.height + 2);
    this.pen.clip();
  }

  drawTasks(row) {
    if (!this.state.hidden.has("idle")) this.drawIdle(row);
    const tasks = this.visible(row.tasks).filter((task) => !this.state.hidden.has(task.group));
    tasks.forEach((task, index) => this.drawBox(row, task, tasks[index + 1]));
    if (row.schedule.stepNames) this.drawFeet(row, tasks);
    this.tearEdges(row, tasks);
    if (this.view.width / tasks.length < Painter.SMALLEST_BOX / 2) return;
    this.pen.fillStyle = this.colour("@paper");
    for (const task of tasks) {
      if (this.widthOf(task) >= Painter.SMALLEST_BOX) this.pen.fillRect(this.x(task.start) - 0.5, row.y, 1, row.height);
    }
    this.writeNumbers(row, tasks);
  }

  drawIdle(row) {
    const hatching = this.hatching("@idle-hatch");
    for (const gap of this.visible(row.idle)) {
      const left = this.x(gap.start);
      const width = this.x(gap.end) - left;
      for (const style of [this.colour("@idle-tint"), hatching]) {
        this.pen.fillStyle = style;
        this.pen.fillRect(left, row.y, width, row.height);
      }
    }
  }

  drawBox(row, task, next) {
    const left = this.x(task.start);
    let right = this.x(task.end);
    // Two half-covered pixels side by side would let the background shine through between them.
    if (next && next.start === task.end) right = Math.ceil(right);
    const width = Math.max(right - left, 0.25);
    this.pen.fillStyle = this.colour(`@job-${task.group}`);
    if (task.kind === "O") {
      this.pen.strokeStyle = this.pen.fillStyle;
      this.pen.fillStyle = this.hatching(`@job-${task.group}`);
      this.pen.strokeRect(left + 0.5, row.y + 0.5, Math.max(width - 1, 0.25), row.height - 1);
    }
    this.pen.fillRect(left, row.y, width, row.height);
  }

  drawFeet(row, tasks) {
    const height = Painter.FOOT_SHARE * row.height;
    this.pen.fillStyle = this.colour("@foot");
    for (const task of tasks) {
      if (task.step % 2) this.pen.fillRect(this.x(task.start), row.y + row.height - height, this.widthOf(task), height);
    }
  }

  tearEdges(row, tasks) {
    const { begin, end } = row.schedule;
    if (tasks.some((task) => task.start < begin)) this.bite(this.x(begin), Painter.TOOTH, row);
    if (tasks.some((task) => task.end > end)) this.bite(this.x(end), -Painter.TOOTH, row);
  }

  /** Cut teeth of paper out of an upright edge of a box. */
  bite(x, depth, { y, height }) {
    const teeth = 2;
    this.pen.fillStyle = this.colour("@paper");
    this.pen.beginPath();
    this.pen.moveTo(x, y);
    for (let tooth = 0; tooth < teeth; tooth += 1) {
      this.pen.lineTo(x + depth, y + ((tooth + 0.5) * height) / teeth);
      this.pen.lineTo(x, y + ((tooth + 1) * height) / teeth);
    }
    this.pen.fill();
  }

  /** One bar of a line of steps, with its name. */
  drawStep(step) {
    const { y, height } = step;
    const left = this.x(step.start);
    const width = this.x(step.end) - left - 1;
    this.pen.fillStyle = this.colour(`@job-${step.job}-F`);
    this.pen.fillRect(left, y, width, height);
    if (step.isMarked) {
      this.pen.fillStyle = this.colour("@foot");
      this.pen.fillRect(left, y + (1 - Painter.FOOT_SHARE) * height, width, Painter.FOOT_SHARE * height);
    }
    if (step.torn[0]) this.bite(left, Painter.TOOTH, step);
    if (step.torn[1]) this.bite(left + width, -Painter.TOOTH, step);
    const begin = Math.max(left, 0) + 7;
    this.pen.font = `11px ${this.font}`;
    this.pen.textAlign = "left";
    this.pen.textBaseline = "middle";
    this.pen.fillStyle = this.colour(`@on-${step.job}-F`);
    if (this.pen.measureText(step.name).width < left + width - begin) this.pen.fillText(step.name, begin, y + height / 2);
  }

  writeNumbers(row, tasks) {
    const size = Math.min(12, Math.floor(row.height * 0.68));
    if (size < Painter.SMALLEST_LETTER) return;
    this.pen.font = `${size}px ${this.font}`;
    this.pen.textAlign = "center";
    this.pen.textBaseline = "middle";
    for (const task of tasks) {
      const room = String(task.microbatch).length * size * 0.58 + 3;
      if (task.microbatch === null || this.widthOf(task) < room) continue;
      const left = Math.max(this.x(Math.max(task.start, row.schedule.begin)), 0);
      const right = Math.min(this.x(Math.min(task.end, row.schedule.end)), this.view.width);
      if (right - left < room) continue;
      this.pen.fillStyle = this.colour(`@on-${task.group}`);
      this.pen.fillText(task.microbatch, (left + right) / 2, row.y + row.height / 2 + 0.5);
    }
  }

  widthOf(task) {
    return this.x(task.end) - this.x(task.start);
  }

  /** Areas from the whole down to resident memory, and the capacity. */
  drawMemory(row) {
    const { layers, capacities, full, end } = row.memory;
    const height = (level) => row.y + row.height * (1 - level / full);
    for (const layer of layers.slice().reverse()) {
      this.pen.fillStyle = this.colour(layer.job === null ? "@resident" : `@job-${layer.job}-B`);
      this.pen.beginPath();
      this.tracePath(layer.profiles[row.device], end, height);
      this.pen.fill();
    }
    if (capacities[row.device] !== null) {
      this.line(this.x(0), height(capacities[row.device]), this.x(end), height(capacities[row.device]), "@quiet-ink", [4, 4]);
    }
  }

  /** Follow the steps of a profile inside the view, and go back along the row's floor. */
  tracePath(profile, end, height) {
    const last = this.x(end);
    let previous = height(profile[0][1]);
    this.pen.moveTo(this.x(profile[0][0]), height(0));
    for (const [time, level] of profile) {
      const x = Math.min(Math.max(this.x(time), -1), this.view.width + 1);
      this.pen.lineTo(x, previous);
      previous = height(level);
      this.pen.lineTo(x, previous);
      if (x > this.view.width) break;
    }
    this.pen.lineTo(last, previous);
    this.pen.lineTo(last, height(0));
  }

  drawMarkers(schedule) {
    for (const { time, dashed, top } of schedule.markers) {
      this.line(this.x(time), top, this.x(time), schedule.bottom, "@ink", dashed ? [5, 4] : [], 1.3);
    }
  }

  /** Outline all tasks of a microbatch, and connect each F and B with the next one. */
  drawFollowed(tasks) {
    this.pen.strokeStyle = this.colour("@ink");
    this.pen.lineWidth = 2;
    this.pen.setLineDash([]);
    for (const task of tasks) {
      const { begin, end } = task.row.schedule;
      const left = this.x(Math.max(task.start, begin));
      const right = this.x(Math.min(task.end, end));
      this.pen.strokeRect(left, task.row.y, Math.max(right - left, 2), task.row.height);
    }
    const chain = tasks.filter((task) => task.kind !== "W");
    chain.slice(1).forEach((task, index) => {
      const middle = (one) => one.row.y + one.row.height / 2;
      this.line(this.x(chain[index].end), middle(chain[index]), this.x(task.start), middle(task), "@ink", []);
    });
  }

  line(x0, y0, x1, y1, colour, dash, width = 1) {
    this.pen.strokeStyle = this.colour(colour);
    this.pen.lineWidth = width;
    this.pen.setLineDash(dash);
    this.pen.beginPath();
    this.pen.moveTo(x0, y0);
    this.pen.lineTo(x1, y1);
    this.pen.stroke();
  }

  hatching(colour) {
    const size = 7;
    const tile = document.createElement("canvas");
    tile.width = tile.height = size;
    const pen = tile.getContext("2d");
    pen.strokeStyle = this.colour(colour);
    pen.lineWidth = 1;
    for (const shift of [-size, 0, size]) {
      pen.moveTo(shift - 1, size + 1);
      pen.lineTo(shift + size + 1, -1);
    }
    pen.stroke();
    return this.pen.createPattern(tile, "repeat");
  }
}
