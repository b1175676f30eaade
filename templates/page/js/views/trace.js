// One trace as a waterfall, with the detail of the span that is chosen.

import { badge, facts, fill, freshId, h, set, setText } from "../dom.js";
import { count, duration, moment, pretty } from "../format.js";
import { factsOf } from "../genai.js";
import { poll } from "../live.js";
import { plainAll, rowsOf } from "../otlp.js";
import { route } from "../router.js";
import * as runtime from "../runtime.js";
import { errorBox } from "../widgets.js";
import { VirtualList } from "../virtual.js";

const HEIGHT = 30;

export function show(root, { segments, signal }) {
  const id = segments[1];
  const errors = errorBox();
  const summary = h("div", { class: "bar small" });
  const detail = h("section", { class: "detail", "aria-label": "Span", tabindex: 0 }, h("p", { class: "faint" }, "Choose a span."));
  const fall = new Waterfall((row) => fill(detail, describe(row)));
  fill(root, h("header", { class: "bar" }, h("h1", {}, "Trace"), h("code", { class: "faint" }, id)), errors.element, summary, h("div", { class: "sides trace" }, fall.element, detail));
  let known = "";
  return poll(signal, 1500, async () => {
    const whole = await runtime.trace(id, signal);
    const rows = rowsOf(whole);
    const key = `${rows.length} ${whole.records?.length}`;
    if (key === known) return;
    known = key;
    for (const row of rows) row.facts = factsOf(row.span, row.records);
    fill(summary, summarise(rows, whole.dropped));
    fall.rows = rows;
  }, errors.tell);
}

function summarise(rows, dropped) {
  const models = rows.filter((row) => row.facts.work === "model");
  const sum = (name) => models.reduce((total, row) => total + row.facts[name], 0);
  const call = rows.map((row) => plainAll(row.span.attributes)).find((each) => each["session.id"] && each["aws.resource.arn"]);
  const session = call && route(["sessions", call["aws.resource.arn"], call["aws.endpoint.name"] ?? "DEFAULT", call["session.id"]]);
  return facts([
    ["Began", rows.length ? moment(Number(rows[0].began) / 1e9) : null],
    ["Took", duration(Math.max(0, ...rows.map((row) => row.end)))],
    ["Spans", count(rows.length)],
    ["Tokens", models.length ? `${count(sum("input_tokens"))} in, ${count(sum("output_tokens"))} out` : null],
    ["Session", session && h("a", { href: session }, h("code", {}, call["session.id"]))],
    ["Left out", dropped ? `${count(dropped)} spans that had no room` : null],
  ]);
}

/** The rows are a tree: up and down move, left and right close and open. */
class Waterfall {
  #all = [];
  #closed = new Set();
  #at = -1;

  constructor(onChoose) {
    this.onChoose = onChoose;
    this.id = freshId("span");
    this.element = h("div", { class: "waterfall", role: "treegrid", tabindex: 0, "aria-label": "Spans", "aria-colcount": 3 });
    this.list = new VirtualList(this.element, { height: HEIGHT, make, show: (row, item, index) => this.#show(row, item, index) });
    this.element.addEventListener("keydown", (event) => this.#press(event));
    this.element.addEventListener("click", (event) => {
      const row = event.target.closest("[data-index]");
      if (!row) return;
      this.#choose(Number(row.dataset.index));
      if (event.target.closest(".twig")) this.#toggle();
    });
    this.element.addEventListener("focus", () => this.#at < 0 && this.#choose(0));
  }

  set rows(rows) {
    const isFirst = !this.#all.length;
    const chosen = this.list.items[this.#at]?.span.spanId;
    this.#all = rows;
    this.total = Math.max(1e-9, ...rows.map((row) => row.end));
    this.#lay();
    this.#at = this.list.items.findIndex((row) => row.span.spanId === chosen);
    if (isFirst && rows.length) this.#choose(0);
  }

  #lay() {
    const shown = [];
    let under = Infinity; // the level of a closed row: what is deeper is not shown
    for (const row of this.#all) {
      if (row.level > under) continue;
      under = this.#closed.has(row.span.spanId) ? row.level : Infinity;
      shown.push(row);
    }
    set(this.element, "aria-rowcount", shown.length);
    this.list.items = shown;
  }

  #show(row, item, index) {
    const [name, time, line] = row.children;
    const isClosed = this.#closed.has(item.span.spanId);
    const hasChildren = item.children.length > 0;
    set(row, "id", `${this.id}-${index}`);
    set(row, "aria-level", item.level);
    set(row, "aria-rowindex", index + 1);
    set(row, "aria-expanded", hasChildren ? String(!isClosed) : null);
    set(row, "aria-selected", String(index === this.#at));
    set(row, "class", `span ${item.facts.work}${item.facts.error ? " bad" : ""}`);
    name.style.setProperty("padding-left", `${Math.min(item.level - 1, 20) * 14}px`);
    setText(name.children[0], hasChildren ? (isClosed ? "▸" : "▾") : "");
    setText(name.children[1], item.span.name || item.facts.work);
    set(name, "title", item.span.name);
    setText(name.children[2], noteOf(item.facts, item.span.name ?? ""));
    setText(time, duration(item.end - item.start));
    const bar = line.firstChild;
    bar.style.setProperty("left", `${(item.start / this.total) * 100}%`);
    bar.style.setProperty("width", `${((item.end - item.start) / this.total) * 100}%`);
    if (index === this.#at) set(this.element, "aria-activedescendant", row.id);
  }

  #press(event) {
    const last = this.list.items.length - 1;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity };
    const item = this.list.items[this.#at];
    if (event.key in steps) this.#choose(Math.max(0, Math.min(last, this.#at + steps[event.key])));
    else if (["ArrowLeft", "ArrowRight", "Enter", " "].includes(event.key) && item) this.#turn(event.key, item);
    else return;
    event.preventDefault();
  }

  #turn(key, item) {
    const isClosed = this.#closed.has(item.span.spanId);
    if (key === "ArrowLeft" && (isClosed || !item.children.length)) this.#choose(this.list.items.indexOf(item.parent));
    else if (item.children.length && !(key === "ArrowRight" && !isClosed)) this.#toggle();
  }

  #toggle() {
    const id = this.list.items[this.#at].span.spanId;
    if (!this.#closed.delete(id)) this.#closed.add(id);
    this.#lay();
  }

  #choose(index) {
    if (index < 0 || index >= this.list.items.length) return;
    this.#at = index;
    this.list.reveal(index);
    this.onChoose(this.list.items[index]);
  }
}

function make() {
  return h(
    "div",
    { role: "row" },
    h("span", { role: "gridcell", class: "name" }, h("span", { class: "twig", "aria-hidden": "true" }), h("span", {}), h("span", { class: "faint" })),
    h("span", { role: "gridcell", class: "right" }),
    h("span", { role: "gridcell", class: "track", "aria-hidden": "true" }, h("span", { class: "bar-of-time" })),
  );
}

function noteOf(known, name) {
  const named = known.work === "model" ? known.model : known.work === "tool" ? known.name : "";
  const spent = known.input_tokens || known.output_tokens ? `${count(known.input_tokens)} in, ${count(known.output_tokens)} out` : "";
  return [named && !name.includes(named) ? named : "", spent].filter(Boolean).join("  ");
}

function describe(row) {
  const { span, facts: known } = row;
  const attributes = plainAll(span.attributes);
  return [
    h("h2", {}, span.name || known.work, " ", known.work === "other" ? null : badge(known.work, "plain")),
    known.error ? h("div", { class: "alert" }, known.error) : null,
    facts([
      ["Took", duration(row.end - row.start)],
      ["Began", `${duration(row.start)} into the trace`],
      ["Model", known.model],
      ["Tokens in", known.input_tokens ? count(known.input_tokens) : null],
      ["Tokens out", known.output_tokens ? count(known.output_tokens) : null],
      [known.work === "tool" ? "Tool" : "Agent", known.name],
      ["Scope", row.scope],
      ["Span id", h("code", {}, span.spanId)],
    ]),
    known.arguments ? block("Arguments", pretty(known.arguments)) : null,
    known.result ? block("Result", pretty(known.result)) : null,
    known.messages.length ? [h("h3", {}, "Messages"), known.messages.map((each) => h("div", { class: `message ${each.is_answer ? "answer" : ""}` }, h("strong", {}, each.role), h("pre", {}, pretty(each.text))))] : null,
    listed("Attributes", attributes),
    (span.events ?? []).map((event) => listed(`Event ${event.name ?? ""}`, plainAll(event.attributes))),
    span.status?.message ? block("Status", span.status.message) : null,
  ];
}

function block(title, text) {
  return [h("h3", {}, title), h("pre", {}, text)];
}

function listed(title, attributes) {
  const names = Object.keys(attributes).sort();
  if (!names.length) return null;
  const rows = names.map((name) => h("div", {}, h("dt", {}, name), h("dd", {}, typeof attributes[name] === "string" ? attributes[name] : JSON.stringify(attributes[name]))));
  return h("details", { open: true }, h("summary", {}, title), h("dl", { class: "facts attributes" }, rows));
}
