// A list of any length: only the rows that are seen are in the document.

import { h, set } from "./dom.js";

const OVERSCAN = 6; // rows beyond each edge

export class VirtualList {
  #items = [];
  #rows = new Map(); // index -> element
  #idle = []; // elements without a row
  #frame = 0;

  /** `make()` gives an empty row, `show(row, item, index)` fills one. Rows are `height` pixels high, below a head of `head`. */
  constructor(scroller, { height, head = 0, make, show }) {
    Object.assign(this, { scroller, height, head, make, show });
    this.space = h("div", { class: "space", role: "presentation" });
    scroller.append(this.space);
    scroller.addEventListener("scroll", () => this.#later(), { passive: true });
    new ResizeObserver(() => this.#later()).observe(scroller);
  }

  get items() {
    return this.#items;
  }

  set items(items) {
    this.#items = items;
    this.space.style.setProperty("height", `${items.length * this.height}px`);
    this.#later();
  }

  /** Indexes of the first row that is seen, and behind the last. */
  get range() {
    const top = Math.max(0, this.scroller.scrollTop);
    const first = Math.floor(top / this.height);
    return [first, Math.min(this.#items.length, Math.ceil((top + this.scroller.clientHeight - this.head) / this.height))];
  }

  /** Bring a row into sight, and into the document. */
  reveal(index) {
    const top = index * this.height;
    const room = this.scroller.clientHeight - this.head;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (top + this.height > this.scroller.scrollTop + room) this.scroller.scrollTop = top + this.height - room;
    this.draw();
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  row(index) {
    return this.#rows.get(index);
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const [first, end] = this.range;
    const from = Math.max(0, first - OVERSCAN);
    const to = Math.min(this.#items.length, end + OVERSCAN);
    for (const [index, row] of this.#rows) {
      if (index < from || index >= to) {
        this.#rows.delete(index);
        this.#idle.push(row);
      }
    }
    for (let index = from; index < to; index += 1) this.#place(index);
    for (const row of this.#idle.splice(0)) row.remove();
  }

  #place(index) {
    let row = this.#rows.get(index);
    if (!row) {
      row = this.#idle.pop() ?? this.make();
      row.style.setProperty("transform", `translateY(${index * this.height}px)`);
      this.#rows.set(index, row);
      if (row.parentNode !== this.space) this.space.append(row);
    }
    set(row, "data-index", index);
    this.show(row, this.#items[index], index);
  }
}
