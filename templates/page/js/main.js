// The page: which view is shown, whether the server answers, and the keys that hold everywhere.

import { hasSecret, reach } from "./api.js";
import { command, fill, h, set, setText } from "./dom.js";
import { many } from "./format.js";
import { poll } from "./live.js";
import { parsed } from "./router.js";
import * as runtime from "./runtime.js";
import { advance, arm } from "./views/tricks.js";
import { table } from "./grid.js";
import { errorText, tellIn } from "./widgets.js";

const VIEWS = {
  agents: () => import("./views/agents.js"),
  sessions: () => import("./views/sessions.js"),
  session: () => import("./views/session.js"),
  traces: () => import("./views/traces.js"),
  trace: () => import("./views/trace.js"),
  memory: () => import("./views/memory.js"),
  chat: () => import("./views/chat.js"),
  compare: () => import("./views/compare.js"),
};
const TITLES = { agents: "Agents", sessions: "Sessions", session: "Session", traces: "Traces", trace: "Trace", memory: "Memory", chat: "Chat", compare: "Compare" };
const HOME = "agents";
const KEYS = [
  ["Tab", "to the next part of the page"],
  ["↑ ↓ Page Home End", "through a list; Enter opens the row"],
  ["← →", "through tabs; close and open a span"],
  ["Enter", "send a message; Shift+Enter makes a new line"],
  ["Ctrl+Enter", "send, from JSON too"],
  ["Escape", "close a dialog; stop an answer"],
  ["/", "filter"],
  ["?", "these keys"],
];

const main = document.getElementById("main");
const banner = document.getElementById("banner");
const status = document.getElementById("status");
let leave = new AbortController();

function nameOf(segments) {
  const [first = HOME, ...more] = segments;
  if (first === "sessions" && more.length === 3) return "session";
  if (first === "traces" && more.length === 1) return "trace";
  return Object.hasOwn(VIEWS, first) ? first : HOME;
}

/** A view; undefined where the browser gave up loading it though the server is there. A module that failed is not asked for
 * again, so the page starts anew. */
async function loaded(name, signal) {
  try {
    const view = await VIEWS[name]();
    sessionStorage.removeItem("agentcore-again");
    return view;
  } catch (error) {
    await runtime.about(signal);
    if (!startAgain()) throw error;
    return undefined;
  }
}

async function show() {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const asked = parsed(location.hash);
  const name = nameOf(asked.segments);
  for (const link of document.querySelectorAll("nav a")) {
    set(link, "aria-current", link.getAttribute("href") === `#/${asked.segments[0] ?? HOME}` ? "page" : null);
  }
  document.title = `${TITLES[name]} – agentcore`;
  try {
    const view = await loaded(name, signal);
    if (signal.aborted || !view) return;
    const root = h("div", { class: `view ${name}` });
    main.replaceChildren(root);
    if (document.activeElement === document.body || !document.contains(document.activeElement)) main.focus();
    await view.show(root, { ...asked, signal });
  } catch (error) {
    if (!signal.aborted) main.prepend(h("div", { class: "alert", role: "alert" }, errorText(error)));
  }
}

function reachable({ detail: state }) {
  set(banner, "hidden", state === "here");
  set(main, "class", state === "here" ? null : "stale");
  if (state === "gone") setText(banner, "The server does not answer: it ends with its last agent. Trying again…");
  if (state === "shut-out") fill(banner, "This page is not let in any more. In a terminal: ", command("agentcore open"));
}

async function tellStatus(signal) {
  const { target, version } = await runtime.about(signal);
  for (const part of document.querySelectorAll("[data-can]")) part.hidden = !runtime.can(part.dataset.can);
  if (!runtime.isLocal()) {
    setText(status, `agentcore ${version} · target ${target} · on AWS, sessions are those that this project has talked to`);
    return;
  }
  const health = await runtime.health(signal);
  const armed = Object.entries(health.faults ?? {}).map(([name, times]) => `${name} ×${times}`);
  const parts = [`local runtime ${health.version}`, many(health.sessions, "session"), `isolation: ${health.level}`];
  const text = [...parts, armed.length ? `armed: ${armed.join(", ")}` : ""].filter(Boolean).join(" · ");
  setText(status, text);
  set(status, "title", new Date(health.time * 1000).toISOString());
}

function press(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest?.("input, textarea, select, dialog")) return;
  if (event.key === "?") {
    tellIn("Keys", table("Keys", ["Key", "What it does"], KEYS.map(([key, what]) => [h("strong", {}, key), what])));
  } else if (event.key === "/") {
    document.querySelector("[data-filter]:not([hidden] *)")?.focus();
  } else {
    return;
  }
  event.preventDefault();
}

async function begin() {
  reach.addEventListener("state", reachable);
  if (!hasSecret()) {
    reachable({ detail: "shut-out" });
    main.replaceChildren();
    return;
  }
  addEventListener("hashchange", show);
  document.addEventListener("keydown", press);
  document.getElementById("clock").addEventListener("click", advance);
  document.getElementById("fault").addEventListener("click", arm);
  const always = new AbortController().signal;
  let isFirst = true;
  await poll(always, 2000, async () => {
    await tellStatus(always);
    if (isFirst) {
      isFirst = false;
      void show();
    }
  }, () => {});
}

void begin();
