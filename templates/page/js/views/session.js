// One session: its facts, its transcript, log, traces, and what can be done to it.

import { badge, button, empty, facts, fill, h, set, setText } from "../dom.js";
import { Conversation } from "../conversation.js";
import { execPanel } from "../exec.js";
import { ago, clock, count, moment, size } from "../format.js";
import { poll } from "../live.js";
import { follow, LogView } from "../logs.js";
import { go, note, route } from "../router.js";
import * as runtime from "../runtime.js";
import { announce, ask, errorBox, tabs } from "../widgets.js";
import { replayInto } from "./replay.js";
import { traceGrid } from "./traces.js";

export function show(root, { segments, query, signal }) {
  const [, arn, endpoint, id] = segments;
  const whose = { arn, endpoint, session_id: id };
  let session = null;
  const errors = errorBox();
  const title = h("h1", {}, id);
  const state = h("span", {});
  const about = h("div", { class: "card" });
  const log = new LogView("Log of the session");
  const conversation = new Conversation({ arn, endpoint, sessionId: id }, { label: "Transcript", signal, onReplay: (payload) => replayInto(whose, payload) });
  const unkept = empty("No turn is kept.", "Turns are kept while a page is open: the next one will be here.");
  const spans = traceGrid({ withSession: false });
  const buttons = [
    h("a", { class: "button", href: route(["chat", arn, endpoint, id]) }, "Chat"),
    button("Compare", () => go(["compare"], { a: arn, ae: endpoint, as: id, b: arn, be: endpoint })),
    runtime.can("stop") ? button("Stop…", () => stop(whose), { class: "danger" }) : null,
  ];
  const panels = [
    runtime.can("transcript") ? ["transcript", "Transcript", h("div", { class: "column" }, unkept, conversation.element)] : null,
    ["logs", "Log", log.element],
    ["traces", "Traces", h("div", { class: "column" }, spans.element)],
    runtime.can("exec") ? ["exec", "Exec", execPanel(() => whose, signal)] : null,
  ].filter(Boolean);
  const shown = tabs("Session", panels, query.tab, (tab) => note({ tab }));
  fill(root, h("header", { class: "bar" }, title, state, h("span", { class: "grow" }), buttons), errors.element, about, shown.strip, shown.panels);

  let kept = "";
  const turns = async () => {
    const key = `${session?.started_at} ${session?.last_used_at} ${session?.invocations} ${session?.state}`;
    if (key === kept || !session || !runtime.isAlive(session) || !runtime.can("transcript")) return;
    const { turns: told } = await runtime.transcript(whose, signal);
    kept = told.some((turn) => !turn.status) ? "" : key;
    conversation.clear(id);
    conversation.recall(told, moment);
    unkept.hidden = told.length > 0;
  };
  follow(log, () => session?.log, signal, errors.tell);
  return poll(signal, 1000, async () => {
    const page = await runtime.sessionsOf(arn, signal);
    const same = page.sessions.filter((each) => each.endpoint === endpoint && each.session_id === id);
    session = same.sort((one, other) => other.started_at - one.started_at)[0] ?? null;
    const alive = session && runtime.isAlive(session);
    const vitals = alive && runtime.can("vitals") ? await runtime.vitals(whose, signal).catch(gone) : {};
    setText(title, session?.name ?? id);
    const word = !session ? "not started" : alive && vitals.health === "HealthyBusy" ? "HealthyBusy" : session.state;
    if (state.textContent !== word) fill(state, badge(word));
    describe(about, session, vitals, page.now, { arn, endpoint, id });
    await Promise.all([turns(), spans.ask({ runtime_arn: arn, endpoint, session_id: id, limit: 200 }, signal)]);
  }, errors.tell);
}

/** A session that ended between two questions. */
function gone(error) {
  if (error.status !== 404) throw error;
  return {};
}

function describe(about, session, vitals, now, { arn, endpoint, id }) {
  const pairs = [
    ["Version", session?.version, "version"],
    ["Calls", session && count(session.invocations), "calls"],
    ["Last used", session && ago(session.last_used_at, now), "last-used"],
    ["Health", vitals.health, "health"],
    ["Idle left", clock(vitals.idle_left), "idle"],
    ["Life left", clock(vitals.life_left), "life"],
    ["Memory", size(vitals.memory_bytes), "memory"],
    ["Processor", vitals.cpu_seconds === undefined || vitals.cpu_seconds === null ? null : `${vitals.cpu_seconds.toFixed(2)} s`, "processor"],
    ["Storage", session && size(session.storage_bytes), "storage"],
    ["Started", session && moment(session.started_at)],
    ["Start", session?.warm === true ? "from the warm parent" : session?.warm === false ? `new interpreter (${session.cold_reason})` : null],
    ["Isolation", session?.sandbox],
    ["Ended", session?.ended_at && `${ago(session.ended_at, now)}: ${session.end_reason}`, "ended"],
    ["Endpoint", endpoint],
    ["Agent", h("a", { href: route(["agents", arn]) }, arn.split("/").pop())],
    ["Id", h("code", {}, id)],
    ["Warning", session?.warnings?.join(" ")],
  ];
  const names = pairs.filter(([, value]) => value).map(([name]) => name).join();
  if (about.dataset.names !== names) {
    set(about, "data-names", names);
    fill(about, facts(pairs));
    return;
  }
  for (const [, value, key] of pairs) if (key && value) setText(about.querySelector(`[data-fact="${key}"]`), value);
}

function stop(session) {
  ask("Stop this session", {
    text: "What it remembers is gone, but for its storage. Its next call starts it afresh.",
    verb: "Stop",
    danger: true,
    async act() {
      await runtime.stop(session);
      announce("The session is stopped.");
    },
  });
}
