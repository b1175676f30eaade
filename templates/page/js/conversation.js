// A conversation with one session: its turns, and what sends the next one.

import { fill, h, set } from "./dom.js";
import { invoke } from "./invoke.js";
import { Turn } from "./turn.js";

export class Conversation {
  #abort = null;

  /** `talk`: `{arn, endpoint, sessionId}`; `onReplay(payload)` as turns have it. */
  constructor(talk, { label = "Conversation", onReplay, signal, token = () => "" }) {
    Object.assign(this, talk, { onReplay, token });
    this.turns = [];
    this.element = h("div", { class: "conversation", role: "region", tabindex: 0, "aria-label": label });
    signal.addEventListener("abort", () => this.stop());
  }

  get isBusy() {
    return this.#abort !== null;
  }

  stop() {
    this.#abort?.abort();
  }

  clear(sessionId) {
    this.stop();
    this.sessionId = sessionId;
    this.turns = [];
    fill(this.element);
  }

  /** Turns that the runtime kept. */
  recall(kept, momentOf) {
    for (const each of kept) {
      const turn = this.#add(each.payload, momentOf(each.at));
      turn.recall(each);
    }
    this.#toEnd();
  }

  /** Send a payload; gives the turn when its answer is whole, failed or left. */
  async send(payload) {
    const turn = this.#add(payload);
    turn.wait();
    this.#toEnd();
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const { arn, endpoint, sessionId } = this;
      const came = await invoke({
        arn, endpoint, sessionId, payload, signal: abort.signal, token: this.token(),
        onWords: (words) => this.#keepAtEnd(() => turn.say(words)),
      });
      this.#keepAtEnd(() => turn.finish(came));
    } catch (error) {
      if (abort.signal.aborted) turn.leave();
      else this.#keepAtEnd(() => turn.fail(error));
    } finally {
      if (this.#abort === abort) this.#abort = null;
    }
    return turn;
  }

  #add(payload, at) {
    const turn = new Turn(payload, { onReplay: this.onReplay, at });
    set(turn.element, "aria-label", `Turn ${this.turns.length + 1}`);
    this.turns.push(turn);
    this.element.append(turn.element);
    return turn;
  }

  #keepAtEnd(change) {
    const isAtEnd = this.element.scrollTop + this.element.clientHeight > this.element.scrollHeight - 40;
    change();
    if (isAtEnd) requestAnimationFrame(() => this.#toEnd());
  }

  #toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }
}

/** What writes the next turn: text, or JSON as it is sent. `onSend(text)` may raise SyntaxError, which is shown. */
export function composer({ onSend, onStop, more = [] }) {
  const text = h("textarea", { rows: 2, placeholder: "Message", "aria-label": "Message", spellcheck: "false" });
  const isJson = h("input", { type: "checkbox" });
  const problem = h("span", { class: "bad", role: "alert" });
  const send = h("button", { type: "submit", class: "primary" }, "Send");
  const stop = h("button", { type: "button", disabled: true, on: { click: onStop } }, "Stop answer");
  const element = h(
    "form",
    { class: "composer", on: { submit: submit } },
    text,
    h("div", { class: "bar small" }, h("label", { class: "check" }, isJson, "JSON payload"), problem, h("span", { class: "grow" }), more, stop, send),
  );

  function submit(event) {
    event.preventDefault();
    if (send.disabled || !text.value.trim()) return;
    try {
      if (isJson.checked) JSON.parse(text.value);
      onSend(text.value);
      problem.textContent = "";
      if (!isJson.checked) text.value = "";
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problem.textContent = isJson.checked ? `This is no JSON: ${error.message}` : error.message;
    }
  }
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing && (event.ctrlKey || event.metaKey || (!event.shiftKey && !isJson.checked))) submit(event);
    if (event.key === "Escape") onStop();
  });
  isJson.addEventListener("change", () => {
    set(text, "rows", isJson.checked ? 8 : 2);
    set(text, "class", isJson.checked ? "code" : null);
    set(text, "aria-label", isJson.checked ? "JSON payload" : "Message");
    set(text, "placeholder", isJson.checked ? '{"prompt": "Hello"}' : "Message");
    if (isJson.checked && text.value.trim() && !/^\s*[{[]/.test(text.value)) text.value = JSON.stringify({ prompt: text.value }, null, 2);
    if (isJson.checked && !text.value.trim()) text.value = '{\n  "prompt": ""\n}';
    text.focus();
  });
  return {
    element,
    focus: () => text.focus(),
    set busy(is) {
      set(send, "disabled", is);
      set(stop, "disabled", !is);
    },
  };
}
