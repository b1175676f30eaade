// The lines of a log as they are written: any number of them, and the end is followed until somebody scrolls up.

import { button, h, set, setText } from "./dom.js";
import { count } from "./format.js";
import { poll } from "./live.js";
import { logs } from "./runtime.js";
import { VirtualList } from "./virtual.js";

const HEIGHT = 20;
const LINES_MAX = 100_000;
const STAMP = /^\d{4}-\d\d-\d\dT[\d:.]+Z/;

export class LogView {
  #lines = [];
  #rest = "";
  #wanted = "";
  #seen = { top: 0, height: 0 };

  constructor(label = "Log") {
    this.scroller = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": label, tabindex: 0 });
    this.follow = h("input", { type: "checkbox", checked: true });
    this.total = h("span", { class: "faint" });
    const filter = h("input", { type: "search", placeholder: "Filter lines", "aria-label": "Filter lines", "data-filter": "" });
    filter.addEventListener("input", () => this.#filter(filter.value));
    this.list = new VirtualList(this.scroller, {
      height: HEIGHT,
      make: () => h("div", { class: "line" }, h("span", { class: "stamp" }), h("span", {})),
      show: (row, line) => show(row, line),
    });
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.follow.addEventListener("change", () => this.follow.checked && this.list.toEnd());
    const bar = h("div", { class: "bar small" }, filter, this.total, h("span", { class: "grow" }), h("label", { class: "check" }, this.follow, "Follow"), button("Clear", () => this.clear(), { title: "Take these lines out of sight; the file keeps them" }));
    this.element = h("div", { class: "column" }, bar, this.scroller);
  }

  /** Who goes up in lines that are still there wants to read them; a list that grows below moves nobody up. */
  #scrolled() {
    const { scrollTop: top, scrollHeight: height } = this.scroller;
    if (top < this.#seen.top && height >= this.#seen.height) this.follow.checked = false;
    this.#seen = { top, height };
  }

  add(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    if (!lines.length) return;
    for (const line of lines) this.#lines.push(line);
    if (this.#lines.length > LINES_MAX) this.#lines.splice(0, this.#lines.length - LINES_MAX);
    this.#draw();
  }

  clear() {
    this.#lines = [];
    this.#draw();
  }

  #filter(text) {
    this.#wanted = text.toLowerCase();
    this.#draw();
  }

  #draw() {
    const shown = this.#wanted ? this.#lines.filter((line) => line.toLowerCase().includes(this.#wanted)) : this.#lines;
    this.list.items = shown;
    setText(this.total, this.#wanted ? `${count(shown.length)} of ${count(this.#lines.length)} lines` : `${count(this.#lines.length)} lines`);
    if (this.follow.checked) requestAnimationFrame(() => this.list.toEnd());
  }
}

function show(row, line) {
  const stamp = STAMP.exec(line)?.[0] ?? "";
  setText(row.firstChild, stamp ? stamp.slice(11, 23) : "");
  set(row.firstChild, "title", stamp || null);
  const text = line.slice(stamp ? stamp.length + 1 : 0);
  setText(row.lastChild, text);
  set(row, "class", /\b(ERROR|CRITICAL|Traceback|Exception)\b/.test(text) ? "line bad" : /\bWARN(ING)?\b/.test(text) ? "line warn" : "line");
}

/** Add what is written into a log until the view goes; `log()` names it as soon as it is known. */
export function follow(view, log, signal, tell) {
  let [at, name] = [0, undefined];
  return poll(signal, 500, async () => {
    if (log() !== name) [at, name] = [0, log()];
    if (!name) return;
    for (let more = true; more; ) {
      const { text, next, is_start: isNew } = await logs(name, at, signal);
      more = next > at && text.length > 0;
      if (isNew && at) view.clear();
      at = next;
      view.add(text);
    }
  }, tell);
}
