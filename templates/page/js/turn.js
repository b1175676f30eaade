// One turn of a conversation: what was sent, the answer as it comes, and the raw view of both.

import { ApiError } from "./api.js";
import { button, fill, h, set, setText } from "./dom.js";
import { duration, hexDump, pretty, size } from "./format.js";
import { recalled } from "./invoke.js";
import { route } from "./router.js";
import { table } from "./grid.js";
import { errorText, tabs } from "./widgets.js";

const SHOWN_MAX = 200_000; // characters of an answer; the rest is in the raw view's count

export class Turn {
  #text = "";
  #frame = 0;
  hasFailed = false;

  /** `onReplay(payload)`: where the turn can be sent again. */
  constructor(payload, { onReplay, at } = {}) {
    this.payload = payload;
    this.answer = h("div", { class: "words", "aria-live": "polite", "aria-atomic": "false" });
    this.meta = h("div", { class: "meta" });
    this.raw = h("details", { class: "raw", hidden: true }, h("summary", {}, "Raw"));
    this.element = h(
      "article",
      { class: "turn", "aria-label": "Turn" },
      h("div", { class: "asked" }, said(payload)),
      h("div", { class: "answered" }, this.answer, this.meta, this.raw),
    );
    if (at) this.meta.append(h("span", {}, at));
    this.replay = onReplay ? button("Replay…", () => onReplay(payload), { class: "quiet", title: "Send this again, into another session" }) : null;
  }

  /** More words of the answer; the document is changed once a frame. */
  say(words) {
    if (this.#text.length < SHOWN_MAX) this.#text += words.slice(0, SHOWN_MAX - this.#text.length);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#write();
    });
  }

  #write() {
    const shown = this.answer.firstChild;
    if (shown && this.#text.startsWith(shown.data)) shown.appendData(this.#text.slice(shown.length));
    else setText(this.answer, this.#text);
  }

  wait() {
    set(this.element, "aria-busy", "true");
    fill(this.meta, h("span", { class: "waiting" }, "waiting for the answer"));
  }

  /** The end of the answer: what came, as `invoke` gives it. */
  finish(came) {
    this.#write();
    set(this.element, "aria-busy", null);
    fill(
      this.meta,
      h("span", {}, `${duration(came.seconds)}, first byte ${duration(came.firstSeconds)}`),
      h("span", {}, size(came.size)),
      came.requestId ? h("span", {}, "request ", h("code", {}, came.requestId)) : null,
      this.replay,
    );
    if (came.error) this.fail(came.error);
    this.#showRaw(came);
  }

  /** The turn as the runtime kept it. */
  recall(kept) {
    const about = { type: kept.content_type, status: kept.status, requestId: kept.request_id };
    const refused = () => new ApiError(messageOf(kept.answer), { ...about, type: `Status ${kept.status}` });
    const came = kept.status < 400 ? recalled(kept.answer, about) : { text: "", error: refused() };
    this.say(came.text);
    this.#write();
    const words = [
      kept.status ? size(kept.answer_bytes) : "not answered yet",
      kept.cut ? `cut at ${size(kept.kept_bytes)}` : "",
    ];
    this.meta.append(...words.filter(Boolean).map((text) => h("span", {}, text)));
    if (kept.request_id && !came.error) this.meta.append(h("span", {}, "request ", h("code", {}, kept.request_id)));
    if (kept.trace_id) this.meta.append(h("a", { href: route(["traces", kept.trace_id]) }, "Trace"));
    if (this.replay && !kept.cut) this.meta.append(this.replay);
    if (came.error) this.fail(came.error);
  }

  fail(error) {
    this.hasFailed = true;
    set(this.element, "aria-busy", null);
    const box = h("div", { class: "alert", role: "alert" }, errorText(error));
    if (this.meta.querySelector(".waiting")) fill(this.meta, this.replay);
    this.answer.after(box);
  }

  /** It was not waited for. */
  leave() {
    this.#write();
    set(this.element, "aria-busy", null);
    fill(this.meta, h("span", {}, "stopped here; the agent may go on"), this.replay);
  }

  get text() {
    return this.#text;
  }

  #showRaw(came) {
    const headers = h("div", {}, table("Headers", ["Header", "Value"], came.headers.map(([name, value]) => [h("code", {}, name), value])));
    const events = h("div", {}, came.eventsSeen ? eventTable(came) : h("p", { class: "faint" }, "The answer is no stream of server-sent events."));
    const kept = came.bytes.length < came.size ? `the first ${size(came.bytes.length)} of ${size(came.size)}` : size(came.size);
    const bytes = h("div", {}, h("p", { class: "faint" }, kept), h("pre", { tabindex: 0 }, hexDump(came.bytes.subarray(0, 16_384))));
    const sent = h("pre", { tabindex: 0 }, pretty(this.payload));
    const made = tabs("Raw answer", [
      ["headers", `Headers (${came.headers.length})`, headers],
      ["events", `Events (${came.eventsSeen})`, events],
      ["bytes", "Bytes", bytes],
      ["sent", "Sent", h("div", {}, sent)],
    ]);
    set(this.raw, "hidden", false);
    fill(this.raw, h("summary", {}, "Raw"), h("p", { class: "faint" }, `Status ${came.status}`), made.strip, made.panels);
  }
}

function eventTable(came) {
  const rows = came.events.map((event, number) => [number + 1, event.event, event.id ?? "", h("code", {}, event.data)]);
  const more = came.eventsSeen - came.events.length;
  return [table("Events", ["#", "Event", "Id", "Data"], rows), more ? h("p", { class: "faint" }, `and ${more} more`) : null];
}

function messageOf(answer) {
  try {
    return String(JSON.parse(answer).message ?? answer);
  } catch {
    return answer;
  }
}

/** What was sent, as a person wrote it where it is a prompt. */
export function said(payload) {
  try {
    const value = JSON.parse(payload);
    if (typeof value?.prompt === "string" && Object.keys(value).length === 1) return value.prompt;
    return JSON.stringify(value, null, 2);
  } catch {
    return payload;
  }
}
