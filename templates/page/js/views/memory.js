// What is in the memories: actors, their sessions and events, and the records that are kept beyond them.

import { json, everything, path } from "../api.js";
import { badge, button, command, empty, facts, fill, h, set } from "../dom.js";
import { count, moment } from "../format.js";
import { latest } from "../live.js";
import { note } from "../router.js";
import * as runtime from "../runtime.js";
import { choice, errorBox, field, tabs } from "../widgets.js";

const SHOWN = 300;

export async function show(root, { query, signal }) {
  const errors = errorBox();
  const content = h("div", { class: "column" });
  fill(root, h("header", { class: "bar" }, h("h1", {}, "Memory")), errors.element, content);
  const guarded = async (work) => {
    try {
      errors.tell(null);
      await work();
    } catch (error) {
      if (!signal.aborted) errors.tell(error);
    }
  };
  await guarded(async () => {
    const memories = await runtime.memories(signal);
    if (!memories.length) {
      fill(content, empty("There is no memory.", "A project gets one by ", command("memory:"), " in its .agentcore.yaml and a deploy."));
      return;
    }
    const chosen = memories.find((it) => it.id === query.id) ?? memories[0];
    const select = choice(memories.map((it) => [it.id, it.id]), chosen.id, (id) => open(memories.find((it) => it.id === id)));
    set(select, "aria-label", "Memory");
    root.querySelector("header").append(h("span", { class: "grow" }), select, button("Reload", () => open(memories.find((it) => it.id === select.value))));
    await open(chosen);
  });

  function open(memory) {
    note({ id: memory.id });
    const box = new Memory(memory, signal, guarded);
    fill(content, box.about, box.tabs.strip, box.tabs.panels);
    return guarded(() => box.load());
  }
}

class Memory {
  constructor(memory, signal, guarded) {
    this.memory = memory;
    this.at = path("memories", memory.id);
    this.rest = { signal, region: memory.region };
    this.guarded = guarded;
    this.latestPick = latest();
    this.latestSearch = latest();
    this.about = h("div", { class: "card" });
    this.actors = new Picker("Actors", (actor) => guarded(() => this.#pickActor(actor)));
    this.sessions = new Picker("Sessions", (session) => guarded(() => this.#pickSession(session)));
    this.events = h("div", { class: "events", role: "region", "aria-label": "Events", tabindex: 0 }, empty("Choose an actor, then a session."));
    this.records = h("div", { class: "events", role: "region", "aria-label": "Records", tabindex: 0 });
    this.namespace = h("input", { type: "text", value: "/", required: true, spellcheck: "false" });
    this.words = h("input", { type: "search", placeholder: "What to search for", "data-filter": "" });
    const find = h(
      "form",
      { class: "inline", on: { submit: (event) => (event.preventDefault(), guarded(() => this.#find())) } },
      field("Search", this.words, "Nothing lists all records."),
      field("Namespace path", this.namespace, "Records of it, and of those below it."),
      h("button", { type: "submit", class: "primary" }, "Find"),
    );
    this.tabs = tabs("Memory", [
      ["events", "Events", h("div", { class: "picks" }, this.actors.element, this.sessions.element, this.events)],
      ["records", "Records", h("div", { class: "column pad" }, find, this.records)],
    ], "events");
  }

  async load() {
    const { memory } = await json("GET", `${this.at}/details`, this.rest);
    fill(this.about, facts([
      ["Status", badge(memory.status)],
      ["Name", memory.name],
      ["Events are kept", memory.eventExpiryDuration && `${count(memory.eventExpiryDuration)} days`],
      ["Strategies", (memory.strategies ?? []).map((it) => `${it.name} (${it.type})`).join(", ")],
      ["Description", memory.description],
      ["Id", h("code", {}, memory.id)],
    ]));
    const actors = await everything(`${this.at}/actors`, "actorSummaries", { body: {}, ...this.rest });
    this.actors.fill(actors.map((it) => [it.actorId, it.actorId]), "No actor has events here.");
    await this.#find();
  }

  async #pickActor(actor) {
    this.actor = actor;
    const isLatest = this.latestPick();
    this.sessions.fill([], "Loading…");
    const sessions = await everything(`${this.at}/${path("actor", actor)}/sessions`, "sessionSummaries", { body: {}, ...this.rest });
    if (!isLatest()) return;
    this.sessions.fill(sessions.map((it) => [it.sessionId, it.sessionId]), "This actor has no session.");
    fill(this.events, empty("Choose a session."));
  }

  async #pickSession(session) {
    const at = `${this.at}/${path("actor", this.actor, "sessions", session)}`;
    const isLatest = this.latestPick();
    const events = await everything(at, "events", { body: { includePayloads: true }, ...this.rest, most: SHOWN });
    if (!isLatest()) return;
    fill(this.events, events.length ? events.reverse().map(eventCard) : empty("This session has no event."));
  }

  async #find() {
    const query = this.words.value.trim();
    const namespacePath = this.namespace.value.trim() || "/";
    const isLatest = this.latestSearch();
    const found = query
      ? (await json("POST", `${this.at}/retrieve`, { ...this.rest, body: { namespacePath, searchCriteria: { searchQuery: query, topK: 50 } } })).memoryRecordSummaries
      : await everything(`${this.at}/memoryRecords`, "memoryRecordSummaries", { body: { namespacePath }, ...this.rest, most: SHOWN });
    if (!isLatest()) return;
    fill(this.records, found.length ? found.map(recordCard) : empty(query ? "No record has a word of it." : "There is no record in this namespace."));
  }
}

/** A list of which one is chosen, by the arrows too. */
class Picker {
  constructor(title, onPick) {
    this.onPick = onPick;
    this.list = h("div", { class: "picker", role: "listbox", "aria-label": title, tabindex: 0, "aria-orientation": "vertical" });
    this.element = h("div", { class: "pick" }, h("h2", {}, title), this.list);
    this.list.addEventListener("click", (event) => this.#choose(event.target.closest("[role=option]")));
    this.list.addEventListener("keydown", (event) => this.#press(event));
  }

  fill(choices, none) {
    const rows = choices.map(([value, text], at) => h("div", { role: "option", id: `${this.list.getAttribute("aria-label").toLowerCase()}-${at}`, "data-value": value, "aria-selected": "false", title: text }, text));
    fill(this.list, rows.length ? rows : h("p", { class: "faint" }, none));
    if (rows.length === 1) this.#choose(rows[0]);
  }

  #press(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const rows = [...this.list.querySelectorAll("[role=option]")];
    const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    this.#choose(rows[Math.max(0, Math.min(rows.length - 1, at + step))]);
    event.preventDefault();
  }

  #choose(row) {
    if (!row) return;
    for (const each of this.list.querySelectorAll("[role=option]")) set(each, "aria-selected", String(each === row));
    set(this.list, "aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
    void this.onPick(row.dataset.value);
  }
}

function eventCard(event) {
  const about = [moment(event.eventTimestamp), event.branch?.name ? `branch ${event.branch.name}` : "", ...Object.entries(event.metadata ?? {}).map(([name, value]) => `${name}=${value.stringValue ?? ""}`)];
  return h("article", { class: "card" }, h("div", { class: "faint" }, about.filter(Boolean).join(", ")), (event.payload ?? []).map(payloadOf), h("code", { class: "faint" }, event.eventId));
}

function payloadOf(part) {
  if (part.conversational) {
    const { role, content } = part.conversational;
    return h("div", { class: `message ${role === "ASSISTANT" ? "answer" : ""}` }, h("strong", {}, role.toLowerCase()), h("pre", {}, content?.text ?? JSON.stringify(content)));
  }
  const value = part.json?.content ?? part.blob ?? part;
  return h("pre", {}, typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

function recordCard(record) {
  const score = record.score === undefined ? null : badge(`score ${record.score.toFixed(3)}`, "plain");
  return h(
    "article",
    { class: "card" },
    h("div", { class: "faint" }, (record.namespaces ?? []).join(", "), " ", moment(record.createdAt), " ", score),
    h("pre", {}, record.content?.text ?? ""),
    h("code", { class: "faint" }, record.memoryRecordId),
  );
}
