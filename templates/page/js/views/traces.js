// The traces of all calls, newest first.

import { empty, fill, h, set } from "../dom.js";
import { ago, count, duration } from "../format.js";
import { Grid } from "../grid.js";
import { poll } from "../live.js";
import { note, route } from "../router.js";
import * as runtime from "../runtime.js";
import { choice, errorBox, rechoose } from "../widgets.js";

const SHOWN = 500;

export function show(root, { query, signal }) {
  const errors = errorBox();
  const traces = traceGrid({ withSession: true });
  let arn = query.agent ?? "";
  let wanted = "";
  const agents = choice([["", "All agents"]], "", (value) => {
    arn = value;
    note({ agent: arn });
    traces.forget();
  });
  const filter = h("input", { type: "search", placeholder: "Filter by id, session or model", "aria-label": "Filter traces", "data-filter": "" });
  filter.addEventListener("input", () => traces.filter((wanted = filter.value)));
  set(agents, "aria-label", "Agent");
  fill(root, h("header", { class: "bar" }, h("h1", {}, "Traces"), h("span", { class: "grow" }), filter, agents), errors.element, traces.element);
  return poll(signal, 1000, async () => {
    const known = await runtime.agents(signal);
    rechoose(agents, [["", "All agents"], ...known.map((it) => [it.agentRuntimeArn, it.agentRuntimeName])], arn);
    await traces.ask({ runtime_arn: arn, limit: SHOWN }, signal);
  }, errors.tell);
}

/** A grid of traces. `ask(query, signal)` brings it up to date. */
export function traceGrid({ withSession }) {
  let [page, wanted] = [{ traces: [], now: 0 }, ""];
  const columns = [
    { name: "Began", width: "8.5rem", show: (trace) => ago(trace.started_at, page.now) },
    { name: "Took", width: "6rem", align: "right", show: (trace) => duration(trace.seconds) },
    { name: "Session", width: "minmax(10rem, 2fr)", show: (trace) => trace.session_id },
    { name: "Agent", width: "minmax(9rem, 2fr)", show: (trace) => trace.runtime_arn.split("/").pop() },
    { name: "Spans", width: "4.5rem", align: "right", show: (trace) => count(trace.spans) },
    { name: "Errors", width: "4.5rem", align: "right", show: (trace) => [trace.errors ? count(trace.errors) : "", "bad"] },
    { name: "Tools", width: "4.5rem", align: "right", show: (trace) => (trace.tools ? count(trace.tools) : "") },
    { name: "Tokens", width: "8rem", align: "right", show: tokens },
    { name: "Models", width: "minmax(8rem, 2fr)", show: (trace) => trace.models.join(", ") },
  ].filter((column) => withSession || !["Session", "Agent"].includes(column.name));
  const grid = new Grid({ label: "Traces", key: (trace) => trace.trace_id, address: (trace) => route(["traces", trace.trace_id]), columns });
  const none = empty("No trace yet.", "Each call makes one, with what the agent did where it is instrumented.");
  none.hidden = true;
  const draw = () => {
    const words = wanted.toLowerCase();
    const shown = page.traces.filter((it) => `${it.trace_id} ${it.session_id} ${it.runtime_arn} ${it.models.join(" ")}`.toLowerCase().includes(words));
    grid.items = shown;
    none.hidden = shown.length > 0;
    grid.element.hidden = !shown.length;
  };
  return {
    element: h("div", { class: "column" }, none, grid.element),
    filter(text) {
      wanted = text;
      draw();
    },
    forget() {
      page = { ...page, traces: [] };
      draw();
    },
    async ask(query, signal) {
      page = await runtime.traces(query, signal);
      draw();
    },
  };
}

function tokens(trace) {
  return trace.input_tokens || trace.output_tokens ? `${count(trace.input_tokens)} / ${count(trace.output_tokens)}` : "";
}
