// A table of any length that is walked through by the arrow keys: one stop of Tab, Enter opens the row.

import { freshId, h, set, setText } from "./dom.js";
import { VirtualList } from "./virtual.js";

const HEIGHT = 37;
const GAP = 1; // rem between columns

export class Grid {
  #active = -1;
  #keys = [];

  /** `columns`: `{name, width, show(item) -> text, or [text, class]}`; the first is a link to `address(item)`. */
  constructor({ label, columns, key, address, hint }) {
    Object.assign(this, { columns, key, address });
    const id = freshId("grid");
    this.id = id;
    const head = h("div", { class: "row head", role: "row", "aria-rowindex": 1 });
    head.append(...columns.map((column) => h("span", { role: "columnheader", class: column.align ?? "" }, column.name)));
    this.element = h(
      "div",
      { class: "grid", role: "grid", id, tabindex: 0, "aria-label": label, "aria-colcount": columns.length, "data-hint": hint },
      head,
    );
    const widths = columns.map((column) => column.width);
    this.element.style.setProperty("--columns", widths.join(" "));
    this.element.style.setProperty("--least", `${widths.reduce((sum, width) => sum + parseFloat(width.replace("minmax(", "")) + GAP, 3)}rem`);
    this.list = new VirtualList(this.element, {
      height: HEIGHT,
      head: HEIGHT,
      make: () => this.#make(),
      show: (row, item, index) => this.#show(row, item, index),
    });
    this.element.addEventListener("keydown", (event) => this.#press(event));
    this.element.addEventListener("click", (event) => this.#click(event));
    this.element.addEventListener("focus", () => this.#active < 0 && this.list.items.length && this.#move(0));
  }

  /** The items, which keep their order; the active row stays on its item. */
  set items(items) {
    const held = this.#keys[this.#active];
    this.#keys = items.map(this.key);
    const at = held === undefined ? -1 : this.#keys.indexOf(held);
    this.#active = at >= 0 ? at : Math.min(this.#active, items.length - 1);
    set(this.element, "aria-rowcount", items.length + 1);
    this.list.items = items;
  }

  /** The items that are seen. */
  get seen() {
    return this.list.items.slice(...this.list.range);
  }

  redraw() {
    this.list.draw();
  }

  #make() {
    const row = h("div", { class: "row", role: "row" });
    this.columns.forEach((column, number) => {
      const cell = h("span", { role: "gridcell", class: column.align ?? "" });
      if (number === 0) cell.append(h("a", { tabindex: -1 }));
      row.append(cell);
    });
    return row;
  }

  #show(row, item, index) {
    set(row, "id", `${this.id}-${index}`);
    set(row, "aria-rowindex", index + 2);
    set(row, "aria-selected", String(index === this.#active));
    if (index === this.#active) set(this.element, "aria-activedescendant", row.id);
    this.columns.forEach((column, number) => {
      const [text, kind = ""] = [column.show(item)].flat();
      const cell = row.children[number];
      const holder = number === 0 ? cell.firstChild : cell;
      if (number === 0) set(holder, "href", this.address(item));
      setText(holder, text);
      set(holder, "title", String(text ?? "").length > 24 ? text : null);
      if (number > 0) set(cell, "class", [column.align, kind].filter(Boolean).join(" ") || null);
    });
  }

  #click(event) {
    const row = event.target.closest("[data-index]");
    if (!row) return;
    this.#move(Number(row.dataset.index));
    if (!event.target.closest("a") && !String(getSelection())) this.#open();
  }

  #press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const last = this.list.items.length - 1;
    const page = Math.max(1, Math.floor(this.element.clientHeight / HEIGHT) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) {
      this.#move(Math.max(0, Math.min(last, this.#active + steps[event.key])));
    } else if (event.key === "Enter") {
      this.#open();
    } else {
      return;
    }
    event.preventDefault();
  }

  #move(index) {
    if (index < 0 || index >= this.list.items.length) return;
    this.#active = index;
    this.list.reveal(index);
  }

  #open() {
    const item = this.list.items[this.#active];
    if (item !== undefined) location.hash = this.address(item);
  }
}

/** An ordinary table, for a few rows. Cells are texts or elements. */
export function table(label, heads, rows) {
  return h(
    "div",
    { class: "scrolls", tabindex: 0, role: "region", "aria-label": label },
    h(
      "table",
      {},
      h("caption", { class: "unseen" }, label),
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell))))),
    ),
  );
}
