"use strict";

/**
 * One row of a chart: what a device does, or how much memory it holds, over time.
 * Its tasks, sorted by start, do not overlap; places are in pixels from the top of the plot.
 */
class Row {
  constructor(schedule, track, device) {
    this.schedule = schedule;
    this.device = device;
    this.name = schedule.devices[device];
    this.height = track.box;
    this.y = track.top + (device + 0.5) * track.pitch - track.box / 2;
    this.pitch = track.pitch;
    this.tasks = [];
    this.idle = [];
    this.memory = null;
  }

  contains(y) {
    const margin = (this.pitch - this.height) / 2;
    return this.y - margin <= y && y < this.y + this.height + margin;
  }
}

/** First index of intervals, sorted by start, that ends after a time. */
function firstAfter(intervals, time) {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (intervals[middle].end > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The interval that contains a time, if there is one. */
function intervalAt(intervals, time) {
  const found = intervals[firstAfter(intervals, time)];
  return found && found.start <= time ? found : null;
}

/** The level of a profile, pairs [time, level], at a time. */
function levelAt(profile, time) {
  let low = 0;
  let high = profile.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (profile[middle][0] > time) high = middle;
    else low = middle + 1;
  }
  return profile[Math.max(low - 1, 0)][1];
}

/** All rows of a chart, and the tasks of each microbatch. */
class ChartRows {
  constructor(data) {
    this.gantt = [];
    this.memory = [];
    this.microbatches = new Map();
    data.schedules.forEach((schedule, number) => this.addSchedule(schedule, number, data.columns));
  }

  addSchedule(schedule, number, columns) {
    const rows = schedule.devices.map((_, device) => new Row(schedule, schedule.track, device));
    for (const values of schedule.tasks) {
      const task = Object.fromEntries(columns.map((column, index) => [column, values[index]]));
      task.row = rows[task.device];
      task.group = `${task.job}-${task.kind}`;
      task.way = [number, task.job, task.step, task.microbatch].join();
      task.row.tasks.push(task);
      if (!this.microbatches.has(task.way)) this.microbatches.set(task.way, []);
      this.microbatches.get(task.way).push(task);
    }
    for (const [device, start, end, phase] of schedule.idle) rows[device].idle.push({ start, end, phase });
    for (const row of rows) row.tasks.sort((a, b) => a.start - b.start);
    this.gantt.push(...rows);
    if (schedule.memory) this.addMemory(schedule);
  }

  addMemory(schedule) {
    schedule.devices.forEach((_, device) => {
      const row = new Row(schedule, schedule.memory.track, device);
      row.memory = schedule.memory;
      this.memory.push(row);
    });
  }

  /** The task, idle interval or memory row at a place, as {row, task, idle}. */
  at(time, y) {
    const row = this.gantt.find((one) => one.contains(y)) || this.memory.find((one) => one.contains(y));
    if (!row) return null;
    if (row.memory) return time <= row.memory.end ? { row } : null;
    if (time < row.schedule.begin || time >= row.schedule.end) return null;
    const task = intervalAt(row.tasks, time);
    if (task) return { row, task };
    const idle = intervalAt(row.idle, time);
    return idle ? { row, idle } : null;
  }
}
