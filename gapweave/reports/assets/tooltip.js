"use strict";

/** Tells beside the pointer what is there. */
class Tooltip {
  constructor(data) {
    this.data = data;
    const digits = Math.round(Math.log10(data.time.ticks));
    this.time = new Intl.NumberFormat("en-US", { maximumFractionDigits: digits });
    this.amount = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
    this.element = document.body.appendChild(document.createElement("div"));
    this.element.className = "tooltip";
    this.element.setAttribute("role", "status");
    this.hide();
  }

  hide() {
    this.element.hidden = true;
  }

  /** found: what ChartRows.at returned; time: in ticks; x, y: of the pointer in the window. */
  show(found, time, x, y) {
    const [heading, ...lines] = this.lines(found, time);
    const bold = document.createElement("b");
    bold.textContent = heading;
    this.element.replaceChildren(bold, ...lines.flatMap((line) => [document.createElement("br"), line]));
    this.element.hidden = false;
    const { width, height } = this.element.getBoundingClientRect();
    const left = x + 16 + width > window.innerWidth ? x - 16 - width : x + 16;
    const top = y + 16 + height > window.innerHeight ? y - 16 - height : y + 16;
    this.element.style.left = `${Math.max(left, 4)}px`;
    this.element.style.top = `${Math.max(top, 4)}px`;
  }

  lines(found, time) {
    if (found.task) return this.taskLines(found.task, found.row);
    if (found.idle) return [`idle, ${found.idle.phase}`, found.row.name, ...this.span(found.idle)];
    return this.memoryLines(found.row, time);
  }

  taskLines(task, row) {
    const of = task.microbatch === null ? "" : ` of microbatch ${task.microbatch}`;
    const { stepNames } = row.schedule;
    const step = stepNames ? `, ${stepNames[task.step]}` : "";
    return [
      `${this.data.kinds[task.kind]}${of}`,
      `${this.data.jobs[task.job]}, stage ${task.stage} on ${row.name}${step}`,
      ...this.span(task),
    ];
  }

  span({ start, end }) {
    return [`${this.ticks(start)} to ${this.ticks(end)} ${this.data.time.unit}`, `lasts ${this.ticks(end - start)} ${this.data.time.unit}`];
  }

  /** The level, and what each layer adds to it. */
  memoryLines(row, time) {
    const levels = row.memory.layers.map((layer) => levelAt(layer.profiles[row.device], time));
    const whole = levels[levels.length - 1];
    const capacity = row.memory.capacities[row.device];
    const share = capacity ? ` of ${this.memory(row, capacity)} (${this.amount.format((100 * whole) / capacity)} %)` : "";
    const parts = row.memory.layers.map((layer, index) => {
      const part = levels[index] - (index ? levels[index - 1] : 0);
      const name = layer.job === null ? "resident" : this.data.jobs[layer.job];
      return part ? `${name} ${this.memory(row, part)}` : "";
    });
    return [`${this.memory(row, whole)}${share}`, `${row.name} at ${this.ticks(Math.round(time))} ${this.data.time.unit}`, ...parts.filter(Boolean)];
  }

  memory(row, level) {
    return `${this.amount.format(level / row.memory.amount)} ${row.memory.unit}`;
  }

  ticks(time) {
    return this.time.format(time / this.data.time.ticks);
  }
}
