// The same payload to two sessions, or two versions, side by side.

import { fill, h, set } from "../dom.js";
import { composer, Conversation } from "../conversation.js";
import { newSessionId } from "../invoke.js";
import { latest } from "../live.js";
import { note } from "../router.js";
import * as runtime from "../runtime.js";
import { worded } from "../speech.js";
import { choice, errorBox, noAgent, rechoose } from "../widgets.js";

const NEW = "new";

export async function show(root, { query, signal }) {
  const errors = errorBox();
  fill(root, h("header", { class: "bar" }, h("h1", {}, "Compare")), errors.element);
  try {
    const known = await runtime.agents(signal);
    if (!known.length) {
      root.append(noAgent());
      return;
    }
    const given = ["a", "b"].map((side) => ({ arn: query[side], endpoint: query[`${side}e`], session: query[`${side}s`] }));
    const sides = given.map((it, at) => new Side("AB"[at], known, it, signal, (loads) => void meanwhile(loads)));
    const verdict = h("p", { class: "verdict", role: "status" });
    const write = composer({
      onSend: (text) => void meanwhile(both(sides.map((side) => side.word(text)))),
      onStop: () => sides.forEach((side) => side.talk.stop()),
    });
    let works = 0;
    /** Nothing is sent while `work` goes on: neither to a side whose agent is being loaded, nor beside another message. */
    async function meanwhile(work) {
      works += 1;
      write.busy = true;
      try {
        await work;
        errors.tell(null);
      } catch (error) {
        if (!signal.aborted) errors.tell(error);
      }
      works -= 1;
      write.busy = works > 0;
    }
    async function both(payloads) {
      verdict.textContent = "";
      const turns = await Promise.all(sides.map((side, at) => side.talk.send(payloads[at])));
      const failed = turns.flatMap((turn, at) => (turn.hasFailed ? [sides[at].name] : []));
      const same = !failed.length && turns[0].text === turns[1].text;
      if (failed.length) fill(verdict, `No answer to compare: ${failed.join(" and ")} failed.`);
      else fill(verdict, same ? "The answers are the same." : `The answers differ${where(turns[0].text, turns[1].text)}.`);
      set(verdict, "class", same ? "verdict good" : "verdict differs");
      for (const turn of turns) set(turn.element, "class", same ? "turn" : "turn differs");
    }
    root.append(h("div", { class: "sides" }, sides.map((side) => side.element)));
    await Promise.all(sides.map((side, at) => side.load(given[at])));
    root.append(verdict, write.element);
    write.focus();
  } catch (error) {
    if (!signal.aborted) errors.tell(error);
  }
}

/** Where two texts part. */
function where(one, other) {
  const lines = [one.split("\n"), other.split("\n")];
  const at = lines[0].findIndex((line, number) => line !== lines[1][number]);
  return Math.max(lines[0].length, lines[1].length) > 1 ? ` from line ${(at < 0 ? lines[0].length : at) + 1}` : "";
}

class Side {
  /** `onLoad(promise)` hears when another agent was chosen, which is there when the promise is kept. */
  constructor(name, known, { arn }, signal, onLoad) {
    this.name = name;
    this.signal = signal;
    this.latest = latest();
    const first = known.some((it) => it.agentRuntimeArn === arn) ? arn : known[0].agentRuntimeArn;
    this.agents = choice(known.map((it) => [it.agentRuntimeArn, it.agentRuntimeName]), first, () => onLoad(this.load()));
    this.whom = choice([], "", () => this.#begin());
    set(this.agents, "aria-label", `Agent of ${name}`);
    set(this.whom, "aria-label", `Session of ${name}`);
    this.talk = new Conversation({}, { label: `Conversation of ${name}`, signal });
    this.element = h("section", { class: "side", "aria-label": `Side ${name}` }, h("div", { class: "bar small" }, h("strong", {}, name), this.agents, this.whom), this.talk.element);
  }

  word(text) {
    return worded(text, this.protocol, this.talk.sessionId);
  }

  /** Talk with the agent that is chosen. */
  async load({ endpoint = "DEFAULT", session = NEW } = {}) {
    const arn = this.agents.value;
    const isLatest = this.latest();
    const asked = Promise.all([
      runtime.agent(arn, undefined, this.signal),
      runtime.endpoints(arn, this.signal),
      runtime.sessionsOf(arn, this.signal),
    ]);
    const [details, endpoints, page] = await asked.catch((error) => {
      if (isLatest()) this.agents.value = this.talk.arn ?? arn;
      throw error;
    });
    if (!isLatest()) return;
    this.protocol = details.protocolConfiguration?.serverProtocol ?? "HTTP";
    const living = page.sessions.filter(runtime.isAlive);
    rechoose(this.whom, [
      ...endpoints.map((it) => [`${it.name} ${NEW}`, `new session, ${it.name} (version ${it.liveVersion ?? it.targetVersion})`]),
      ...living.map((it) => [`${it.endpoint} ${it.session_id}`, `${it.name} (version ${it.version ?? "?"})`]),
    ], `${endpoint} ${session}`);
    this.#begin();
  }

  #begin() {
    const [endpoint, session] = this.whom.value.split(/ (.*)/s);
    Object.assign(this.talk, { arn: this.agents.value, endpoint });
    this.talk.clear(session === NEW ? newSessionId() : session);
    const side = this.name.toLowerCase();
    note({ [side]: this.agents.value, [`${side}e`]: endpoint, [`${side}s`]: session });
  }
}
