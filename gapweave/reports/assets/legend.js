"use strict";

/** Buttons that show and hide tasks: one for each job, one for each of its kinds, and one for idle time. */
class Legend {
  /** onChange is called after `hidden`, a set of groups such as "0-F" and "idle", has changed. */
  constructor(element, data, onChange) {
    this.element = element;
    this.hidden = new Set();
    this.onChange = onChange;
    data.jobs.forEach((name, job) => {
      const own = data.groups.filter((group) => group.job === job);
      if (!own.length) return;
      const box = element.appendChild(document.createElement("div"));
      box.className = "group";
      box.append(this.button(name, own.map(({ kind }) => `${job}-${kind}`), "job"));
      for (const { kind } of own) {
        box.append(this.swatched(`${kind} ${data.kinds[kind]}`, `${job}-${kind}`, `@job-${job}-${kind}`, kind === "O"));
      }
    });
    element.append(this.swatched("idle", "idle", "@idle-hatch", true));
    if (data.schedules.some((schedule) => schedule.stepNames)) {
      const note = element.appendChild(document.createElement("span"));
      note.className = "note";
      note.textContent = "a foot marks every other step; a torn edge begins before or goes on after";
    }
  }

  button(text, groups, className) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = className;
    button.textContent = text;
    button.dataset.groups = groups.join();
    button.addEventListener("click", () => this.toggle(groups));
    return button;
  }

  swatched(text, group, colour, hatched) {
    const button = this.button(text, [group], "kind");
    const swatch = document.createElement("span");
    swatch.className = hatched ? "swatch hatched" : "swatch full";
    swatch.dataset.colour = colour;
    button.prepend(swatch);
    return button;
  }

  /** Show all of some groups if one of them is hidden, else hide them. */
  toggle(groups) {
    const show = groups.some((group) => this.hidden.has(group));
    for (const group of groups) {
      if (show) this.hidden.delete(group);
      else this.hidden.add(group);
    }
    this.onChange();
  }

  refresh(palette) {
    for (const button of this.element.querySelectorAll("button")) {
      const shown = button.dataset.groups.split(",").some((group) => !this.hidden.has(group));
      button.setAttribute("aria-pressed", String(shown));
    }
    for (const swatch of this.element.querySelectorAll(".swatch")) {
      swatch.style.setProperty("--swatch", palette[swatch.dataset.colour]);
    }
  }
}
