// A chat with an agent, in a session of its own or in one that is there.

import { button, empty, fill, h, set } from "../dom.js";
import { composer, Conversation } from "../conversation.js";
import { moment } from "../format.js";
import { newSessionId } from "../invoke.js";
import { go, route } from "../router.js";
import * as runtime from "../runtime.js";
import { worded } from "../speech.js";
import { choice, errorBox, noAgent } from "../widgets.js";
import { replayInto, takeReplay } from "./replay.js";

export async function show(root, { segments, signal }) {
  const errors = errorBox();
  fill(root, h("header", { class: "bar" }, h("h1", {}, "Chat")), errors.element);
  try {
    const known = await runtime.agents(signal);
    if (!known.length) {
      root.append(noAgent());
    } else if (!segments[1]) {
      history.replaceState(null, "", route(["chat", known[0].agentRuntimeArn, "DEFAULT"]));
      await converse(root, known, [known[0].agentRuntimeArn, "DEFAULT"], signal);
    } else {
      await converse(root, known, segments.slice(1), signal);
    }
  } catch (error) {
    if (!signal.aborted) errors.tell(error);
  }
}

async function converse(root, known, [arn, endpoint = "DEFAULT", id], signal) {
  const [details, endpoints] = await Promise.all([runtime.agent(arn, undefined, signal), runtime.endpoints(arn, signal)]);
  const protocol = details.protocolConfiguration?.serverProtocol ?? "HTTP";
  const sessionId = id ?? newSessionId();
  const token = details.authorizerConfiguration ? h("input", { type: "password", "aria-label": "Bearer token", placeholder: "Bearer token", autocomplete: "off" }) : null;
  const talk = new Conversation({ arn, endpoint, sessionId }, {
    signal,
    onReplay: (payload) => replayInto({ arn, endpoint, session_id: sessionId }, payload),
    token: () => token?.value.trim() ?? "",
  });
  const agents = choice(known.map((it) => [it.agentRuntimeArn, it.agentRuntimeName]), arn, (value) => go(["chat", value, "DEFAULT"]));
  const points = choice(endpoints.map((it) => [it.name, `${it.name} (version ${it.liveVersion ?? it.targetVersion})`]), endpoint, (value) => go(["chat", arn, value]));
  set(agents, "aria-label", "Agent");
  set(points, "aria-label", "Endpoint");
  const session = h("a", { href: route(["sessions", arn, endpoint, sessionId]) }, "This session");
  set(session, "title", sessionId);
  const hint = empty(`Say something to ${details.agentRuntimeName}.`, protocol === "HTTP" ? 'Text is sent as {"prompt": text}; switch to JSON to send anything else.' : `It speaks ${protocol}.`);
  const send = async (payload) => {
    hint.hidden = true;
    write.busy = true;
    await talk.send(payload);
    write.busy = talk.isBusy;
  };
  const write = composer({ onSend: (text) => void send(worded(text, protocol, sessionId)), onStop: () => talk.stop() });
  fill(
    root,
    h("header", { class: "bar" }, h("h1", {}, "Chat"), agents, points, token, h("span", { class: "grow" }), session, button("New session", () => go(["chat", arn, endpoint, newSessionId()]))),
    hint,
    talk.element,
  );
  if (id && runtime.can("transcript")) {
    const { turns } = await runtime.transcript({ arn, endpoint, session_id: id }, signal).catch(() => ({ turns: [] })); // it may not live yet
    talk.recall(turns, moment);
    hint.hidden = turns.length > 0;
  }
  root.append(write.element);
  write.focus();
  const again = takeReplay();
  if (again !== null) await send(again);
}
