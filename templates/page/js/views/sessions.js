// The sessions of all agents or of one, living and ended.

import { button, command, empty, fill, h, set } from "../dom.js";
import { ago, clock, count, many, size } from "../format.js";
import { Grid } from "../grid.js";
import { each, poll } from "../live.js";
import { note, route } from "../router.js";
import * as runtime from "../runtime.js";
import { announce, ask, choice, errorBox, rechoose } from "../widgets.js";

export function show(root, { query, signal }) {
  const errors = errorBox();
  const vitals = new Map(); // by session
  const said = { agent: query.agent ?? "", text: query.text ?? "", ended: query.ended === "yes" };
  let page = { sessions: [], now: 0 };
  const grid = new Grid({ label: "Sessions", key: keyOf, address: addressOf, columns: columns(vitals, () => page.now) });
  const total = h("span", { class: "faint", role: "status" });
  const none = empty("No session is alive.", "A call starts one: ", command(`agentcore invoke ${runtime.isLocal() ? "--local " : ""}--session-id conv1`), ", or the chat here.");
  const filter = h("input", { type: "search", placeholder: "Filter by name, id or state", value: said.text, "aria-label": "Filter sessions", "data-filter": "" });
  const agents = choice([["", "All agents"]], "", (value) => change({ agent: value }));
  const ended = h("input", { type: "checkbox", checked: said.ended, id: "ended" });
  const clear = button("Clear", () => clearAll(page.sessions.filter((it) => matches(it, said) && runtime.isAlive(it))), { class: "danger", title: "Stop every living session that is listed" });
  set(agents, "aria-label", "Agent");
  filter.addEventListener("input", () => change({ text: filter.value }));
  ended.addEventListener("change", () => change({ ended: ended.checked }));
  fill(
    root,
    h("header", { class: "bar" }, h("h1", {}, "Sessions"), total, h("span", { class: "grow" }), filter, agents, h("label", { class: "check", for: "ended" }, ended, "Ended"), runtime.can("stop") ? clear : null),
    errors.element,
    none,
    grid.element,
  );
  none.hidden = true;

  function change(to) {
    Object.assign(said, to);
    note({ agent: said.agent, text: said.text, ended: said.ended ? "yes" : "" });
    draw();
  }
  function draw() {
    const listed = page.sessions.filter((session) => (said.ended || runtime.isAlive(session)) && matches(session, said));
    grid.items = listed;
    const alive = listed.filter(runtime.isAlive).length;
    fill(total, `${many(alive, "session")} alive${listed.length > alive ? `, ${count(listed.length - alive)} ended` : ""}`);
    none.hidden = listed.length > 0;
    grid.element.hidden = !listed.length;
    set(clear, "disabled", alive === 0);
  }
  return poll(signal, 1000, async () => {
    const known = await runtime.agents(signal);
    rechoose(agents, [["", "All agents"], ...known.map((it) => [it.agentRuntimeArn, it.agentRuntimeName])], said.agent);
    page = await runtime.sessions(known, signal);
    draw();
    if (runtime.can("vitals")) {
      await each(grid.seen.filter(runtime.isAlive), async (session) => vitals.set(keyOf(session), await runtime.vitals(session, signal)));
      grid.redraw();
    }
  }, errors.tell);
}

function columns(vitals, now) {
  const of = (session) => vitals.get(keyOf(session)) ?? {};
  return [
    { name: "Session", width: "minmax(12rem, 3fr)", show: (session) => session.name },
    { name: "Agent", width: "minmax(9rem, 2fr)", show: (session) => session.agent },
    { name: "State", width: "8rem", show: (session) => stateOf(session, of(session)) },
    { name: "Version", width: "5rem", align: "right", show: (session) => session.version },
    { name: "Calls", width: "5rem", align: "right", show: (session) => count(session.invocations) },
    { name: "Last used", width: "7.5rem", align: "right", show: (session) => ago(session.last_used_at, now()) },
    { name: "Idle left", width: "7rem", align: "right", show: (session) => clock(of(session).idle_left) },
    { name: "Life left", width: "7rem", align: "right", show: (session) => clock(of(session).life_left) },
    { name: "Memory", width: "6rem", align: "right", show: (session) => size(of(session).memory_bytes) },
    { name: "Processor", width: "6rem", align: "right", show: (session) => processor(of(session).cpu_seconds) },
    { name: "End", width: "minmax(6rem, 2fr)", show: (session) => session.end_reason },
  ];
}

function processor(seconds) {
  return seconds === undefined || seconds === null ? "" : `${seconds.toFixed(2)}s`;
}

function stateOf(session, vitals) {
  const isBusy = vitals.health === "HealthyBusy" && runtime.isAlive(session);
  return isBusy ? ["HealthyBusy", "state healthybusy"] : [session.state, `state ${session.state.split(" ")[0]}`];
}

function keyOf(session) {
  return `${session.arn} ${session.endpoint} ${session.session_id} ${session.started_at}`;
}

function addressOf(session) {
  return route(["sessions", session.arn, session.endpoint, session.session_id]);
}

function matches(session, { agent, text }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = `${session.name} ${session.session_id} ${session.state} ${session.agent} ${session.endpoint}`.toLowerCase();
  return (!agent || session.arn === agent) && words.every((word) => all.includes(word));
}

function clearAll(sessions) {
  ask("Clear the sessions", {
    text: `${many(sessions.length, "living session")} will be stopped: what they remember is gone, but for their storage.`,
    verb: "Stop them",
    danger: true,
    async act() {
      await each(sessions, (session) => runtime.stop(session));
      announce("The sessions are stopped.");
    },
  });
}
