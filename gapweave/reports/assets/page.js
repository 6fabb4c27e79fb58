"use strict";

/** The chart of a page: plotly has the axes, the texts and the zoom, a canvas has what is between them. */
class Chart {
  constructor(element, data) {
    this.element = element;
    this.data = data;
    this.root = document.documentElement;
    this.systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
    this.followed = [];
    this.rows = new ChartRows(data);
    this.painter = new Painter(this.rows, data.figure.layout.font.family);
    this.legend = new Legend(document.getElementById("legend"), data, () => this.refresh());
    this.tooltip = new Tooltip(data);
  }

  async start() {
    this.element.addEventListener("wheel", Chart.leaveWheelToThePage, { capture: true });
    await this.draw();
    // Above the grid, below titles and what plotly draws while zooming.
    const layers = this.element.querySelectorAll(".main-svg");
    layers[0].after(this.painter.canvas);
    this.element.on("plotly_afterplot", () => this.paint());
    this.element.on("plotly_relayouting", (change) => this.followDrag(change));
    this.element.addEventListener("mousemove", (event) => this.point(event));
    this.element.addEventListener("mouseleave", () => this.leave());
    this.systemIsDark.addEventListener("change", () => this.draw());
    document.getElementById("theme").addEventListener("click", () => this.switchTheme());
    document.getElementById("everything").addEventListener("click", () => this.seeEverything());
    this.refresh();
    this.root.dataset.ready = "yes";
  }

  get themeName() {
    return this.root.dataset.theme || (this.systemIsDark.matches ? "dark" : "light");
  }

  get palette() {
    return this.data.palettes[this.themeName];
  }

  async draw() {
    const { data, layout } = this.data.figure;
    const config = { displayModeBar: false, responsive: true, scrollZoom: true, showTips: false };
    await Plotly.react(this.element, data, this.coloured(layout), config);
    this.legend.refresh(this.palette);
  }

  /** Replace the names of colours by the theme's colours. */
  coloured(value) {
    if (typeof value === "string") return value.startsWith("@") ? this.palette[value] : value;
    if (Array.isArray(value)) return value.map((part) => this.coloured(part));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, this.coloured(part)]));
  }

  refresh() {
    this.legend.refresh(this.palette);
    this.paint();
  }

  /** range: what is visible, in the axis' unit. */
  paint(range = this.element.layout.xaxis.range) {
    const { l, r, t, b } = this.data.figure.layout.margin;
    const pageWidth = this.element.clientWidth;
    const pageHeight = this.element.clientHeight;
    const [begin, end] = range.map((time) => Number(time) * this.data.time.ticks);
    this.view = { left: l, top: t, width: pageWidth - l - r, height: pageHeight - t - b, begin, end, pageWidth, pageHeight };
    this.painter.draw(this.view, { palette: this.palette, hidden: this.legend.hidden, followed: this.followed });
  }

  /** Move with the axes; while a span to zoom to is being marked, they stand still. */
  followDrag(change) {
    if (this.element.querySelector(".zoombox")) return;
    const range = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    this.paint(range.includes(undefined) ? undefined : range);
  }

  /** Tell about what is under the pointer, and follow its microbatch. */
  point(event) {
    const { left, top } = this.element.getBoundingClientRect();
    const x = event.clientX - left - this.view.left;
    const time = this.view.begin + (x / this.view.width) * (this.view.end - this.view.begin);
    const found = 0 <= x && x < this.view.width ? this.rows.at(time, event.clientY - top - this.view.top) : null;
    const isHidden = found && found.task && this.legend.hidden.has(found.task.group);
    if (!found || isHidden || event.buttons) return this.leave();
    this.tooltip.show(found, time, event.clientX, event.clientY);
    const { task } = found;
    this.follow(task && task.microbatch !== null ? this.rows.microbatches.get(task.way) : []);
  }

  leave() {
    this.tooltip.hide();
    this.follow([]);
  }

  follow(tasks) {
    if (tasks === this.followed || (!tasks.length && !this.followed.length)) return;
    this.followed = tasks;
    this.paint();
  }

  switchTheme() {
    this.root.dataset.theme = this.themeName === "dark" ? "light" : "dark";
    this.draw();
  }

  seeEverything() {
    Plotly.relayout(this.element, { "xaxis.range": this.data.figure.layout.xaxis.range.slice() });
  }

  /** The wheel scrolls the page; with Ctrl it zooms, which plotly does. */
  static leaveWheelToThePage(event) {
    if (!event.ctrlKey && !event.metaKey) event.stopImmediatePropagation();
  }
}

new Chart(document.getElementById("chart"), JSON.parse(document.getElementById("chart-data").textContent)).start();
