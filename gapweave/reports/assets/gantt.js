"use strict";
// Draws the chart of a page with plotly, and on top of it what plotly would be slow at: the lines between tasks,
// the numbers of the microbatches where they fit, and the way of one microbatch through all stages.
(() => {
  const SMALLEST_SEPARATED = 4; // pixels; narrower boxes get no line between them
  const chart = document.getElementById("chart");
  const figure = JSON.parse(document.getElementById("chart-data").textContent);
  const root = document.documentElement;
  const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
  const canvas = document.createElement("canvas");
  canvas.className = "overlay";
  let palette;
  let followed = []; // tasks of the microbatch under the pointer

  // ---- colours -------------------------------------------------------------------------------------------------

  function themeName() {
    return root.dataset.theme || (systemIsDark.matches ? "dark" : "light");
  }

  /** Replace the names of colours in traces and layout; arrays of data are passed on as they are. */
  function coloured(value) {
    if (typeof value === "string") return value.startsWith("@") ? palette[value] : value;
    if (Array.isArray(value)) return isRecord(value[0]) ? value.map(coloured) : value;
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, coloured(part)]));
  }

  function isRecord(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
  }

  // ---- tasks, found by row and by microbatch -------------------------------------------------------------------

  const rows = new Map();
  const microbatches = new Map();

  function index() {
    figure.data.forEach((trace, number) => {
      if (!trace.meta || trace.meta.job === undefined) return;
      trace.base.forEach((start, i) => {
        const [microbatch, , , end, schedule, step] = trace.customdata[i];
        const y = trace.y[i];
        const task = { start, end, y, height: trace.width, microbatch, trace: number };
        add(rows, y, task);
        if (microbatch !== null) add(microbatches, keyOf(trace, schedule, step, microbatch), task);
      });
    });
    for (const tasks of rows.values()) tasks.sort((a, b) => a.start - b.start);
    for (const tasks of microbatches.values()) tasks.sort((a, b) => a.start - b.start);
  }

  function add(groups, key, task) {
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(task);
  }

  function keyOf(trace, schedule, step, microbatch) {
    return [trace.meta.job, schedule, step, microbatch].join();
  }

  /** First task of a row that ends after a time; tasks of a row do not overlap. */
  function firstAfter(tasks, time) {
    let low = 0;
    let high = tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tasks[middle].end > time) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  // ---- the overlay ---------------------------------------------------------------------------------------------

  /** What part of the page shows what span of time. */
  function view() {
    const { l, r, t, b } = figure.layout.margin;
    const [begin, end] = chart.layout.xaxis.range.map(Number);
    const width = chart.clientWidth - l - r;
    return { left: l, top: t, width, height: chart.clientHeight - t - b, begin, end, scale: width / (end - begin) };
  }

  function drawOverlay() {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = chart.clientWidth * ratio;
    canvas.height = chart.clientHeight * ratio;
    const at = view();
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.beginPath();
    pen.rect(at.left, at.top, at.width, at.height);
    pen.clip();
    for (const tasks of rows.values()) drawRow(pen, at, tasks);
    drawFollowed(pen, at);
  }

  function drawRow(pen, at, tasks) {
    const first = firstAfter(tasks, at.begin);
    const visible = tasks.slice(first, firstAfter(tasks, at.end) + 1);
    if (!visible.length || at.width / visible.length < SMALLEST_SEPARATED) return;
    const size = Math.min(12, Math.floor(tasks[0].height * 0.62));
    pen.font = `${size}px ${figure.layout.font.family}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (const task of visible) {
      if (chart.data[task.trace].visible === "legendonly") continue;
      const box = boxOf(task, at);
      if (box.width < SMALLEST_SEPARATED) continue;
      pen.fillStyle = palette["@paper"];
      pen.fillRect(box.x - 0.5, box.y, 1, task.height);
      if (task.microbatch !== null && size >= 8) writeNumber(pen, at, task, box, size);
    }
  }

  function writeNumber(pen, at, task, box, size) {
    const text = String(task.microbatch);
    if (box.width < text.length * size * 0.58 + 3) return;
    pen.fillStyle = palette[figure.data[task.trace].meta.ink];
    const from = Math.max(box.x, at.left);
    const to = Math.min(box.x + box.width, at.left + at.width);
    const fitsInView = to - from >= text.length * size * 0.58 + 3;
    const middle = fitsInView ? (from + to) / 2 : box.x + box.width / 2;
    pen.fillText(text, middle, box.y + task.height / 2 + 0.5);
  }

  function drawFollowed(pen, at) {
    if (!followed.length) return;
    const boxes = followed.map((task) => boxOf(task, at));
    pen.strokeStyle = palette["@ink"];
    pen.lineWidth = 1;
    pen.globalAlpha = 0.75;
    pen.beginPath();
    for (const box of boxes) pen.lineTo(box.x + box.width / 2, box.y + box.height / 2);
    pen.stroke();
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    for (const box of boxes) pen.strokeRect(box.x, box.y, Math.max(box.width, 2), box.height);
  }

  function boxOf(task, at) {
    const x = at.left + (task.start - at.begin) * at.scale;
    return { x, y: at.top + task.y - task.height / 2, width: (task.end - task.start) * at.scale, height: task.height };
  }

  // ---- what the reader does ------------------------------------------------------------------------------------

  function follow(event) {
    const point = event.points[0];
    const meta = point.data.meta;
    if (!meta || meta.job === undefined) return;
    const [microbatch, , , , schedule, step] = point.customdata;
    followed = microbatches.get(keyOf(point.data, schedule, step, microbatch)) || [];
    drawOverlay();
  }

  function unfollow() {
    followed = [];
    drawOverlay();
  }

  /** The wheel scrolls the page; with Ctrl it zooms, which plotly does. */
  function keepWheelForThePage(event) {
    if (!event.ctrlKey && !event.metaKey) event.stopImmediatePropagation();
  }

  function switchTheme() {
    root.dataset.theme = themeName() === "dark" ? "light" : "dark";
    draw();
  }

  async function draw() {
    palette = figure.palettes[themeName()];
    const config = { displaylogo: false, responsive: true, scrollZoom: true, modeBarButtonsToRemove: BUTTONS_LEFT_OUT };
    await Plotly.react(chart, coloured(figure.data), coloured(figure.layout), config);
  }

  // The camera would leave out what the overlay draws; pictures come from `gapweave show -o chart.svg`.
  const BUTTONS_LEFT_OUT = ["toImage", "select2d", "lasso2d", "autoScale2d", "hoverClosestCartesian", "hoverCompareCartesian", "toggleSpikelines"];

  async function start() {
    index();
    chart.addEventListener("wheel", keepWheelForThePage, { capture: true });
    await draw();
    // Below legend and hover labels, above the bars.
    const layers = chart.querySelectorAll(".main-svg");
    layers[0].parentNode.insertBefore(canvas, layers[layers.length - 1]);
    for (const change of ["plotly_afterplot", "plotly_relayouting"]) chart.on(change, drawOverlay);
    chart.on("plotly_hover", follow);
    chart.on("plotly_unhover", unfollow);
    drawOverlay();
    document.getElementById("theme").addEventListener("click", switchTheme);
    systemIsDark.addEventListener("change", draw);
    root.dataset.ready = "yes";
  }

  start();
})();
