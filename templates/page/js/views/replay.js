// A turn that is sent again, into another session.

import { h } from "../dom.js";
import { newSessionId } from "../invoke.js";
import { go } from "../router.js";
import * as runtime from "../runtime.js";
import { ask, choice, field } from "../widgets.js";
import { said } from "../turn.js";

const NEW = "new";
let waiting = null;

/** The payload that a chat was opened to send, once. */
export function takeReplay() {
  const payload = waiting;
  waiting = null;
  return payload;
}

/** Ask which session gets the payload, and go to the chat that sends it there. */
export async function replayInto(whose, payload) {
  const [{ sessions }, endpoints] = await Promise.all([
    runtime.sessionsOf(whose.arn),
    runtime.endpoints(whose.arn).catch(() => []),
  ]);
  const others = sessions.filter((each) => runtime.isAlive(each) && each.session_id !== whose.session_id);
  const names = endpoints.length ? endpoints.map((each) => each.name) : [whose.endpoint];
  const select = choice([
    ...names.map((name) => [`${NEW} ${name}`, `a new session at ${name}`]),
    ...others.map((each) => [`${each.endpoint} ${each.session_id}`, `${each.name} (version ${each.version ?? "?"}, ${each.endpoint})`]),
  ]);
  ask("Replay this turn", {
    fields: [h("pre", { class: "quote" }, said(payload)), field("Into", select)],
    verb: "Send",
    async act() {
      const [first, second] = select.value.split(/ (.*)/s);
      const [endpoint, id] = first === NEW ? [second, newSessionId()] : [first, second];
      waiting = payload;
      go(["chat", whose.arn, endpoint, id]);
    },
  });
}
