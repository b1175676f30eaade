// A shell command in a session, with its output as it is written.

import { ApiError } from "./api.js";
import { button, h, set } from "./dom.js";
import { command } from "./runtime.js";
import { EventStreamParser, pieces } from "./streams.js";
import { errorText, field } from "./widgets.js";

const OUTPUT_MAX = 1_000_000; // characters that are kept in sight

export function execPanel(session, signal) {
  const input = h("input", { type: "text", name: "command", autocomplete: "off", spellcheck: "false", placeholder: "ls -la", required: true });
  const output = h("pre", { class: "output", role: "log", "aria-label": "Output", tabindex: 0 });
  const run = h("button", { type: "submit", class: "primary" }, "Run");
  const cancel = button("Stop", () => running?.abort(), { disabled: true });
  const form = h("form", { class: "inline", on: { submit: start } }, field("Command", input, "Runs in the session, as its user. A session that has ended is started anew."), run, cancel);
  let running = null;

  async function start(event) {
    event.preventDefault();
    running = new AbortController();
    signal.addEventListener("abort", () => running?.abort(), { once: true });
    set(run, "disabled", true);
    set(cancel, "disabled", false);
    write(`$ ${input.value}\n`, "typed");
    try {
      await relay(await command(session(), input.value, running.signal));
    } catch (error) {
      if (running.signal.aborted) write("stopped\n", "faint");
      else output.append(h("div", { class: "alert" }, errorText(error)));
    }
    set(run, "disabled", false);
    set(cancel, "disabled", true);
    running = null;
    input.select();
  }

  async function relay(response) {
    const parser = new EventStreamParser();
    for await (const piece of pieces(response)) {
      for (const { headers, content } of parser.feed(piece)) {
        if (headers[":message-type"] === "exception") {
          const about = { type: headers[":exception-type"], status: response.status, requestId: response.headers.get("x-amzn-requestid") };
          throw new ApiError(content.message ?? "The command failed.", about);
        }
        if (content.contentDelta?.stdout) write(content.contentDelta.stdout);
        if (content.contentDelta?.stderr) write(content.contentDelta.stderr, "bad");
        if (content.contentStop) write(`exit code ${content.contentStop.exitCode}${content.contentStop.status === "TIMED_OUT" ? ", timed out" : ""}\n`, "faint");
      }
    }
  }

  function write(text, kind = "") {
    output.append(h("span", { class: kind }, text));
    while (output.textContent.length > OUTPUT_MAX && output.firstChild) output.firstChild.remove();
    output.scrollTop = output.scrollHeight;
  }
  return h("div", { class: "column pad" }, form, output);
}
