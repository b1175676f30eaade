// One call of an agent: its answer as it comes, and all that came, for the raw view.

import { ApiError, path, send, SESSION } from "./api.js";
import { faultOf, Speech, spoken } from "./speech.js";
import { joined, pieces, SseParser } from "./streams.js";

const BYTES_KEPT = 65_536;
const EVENTS_KEPT = 1_000;

/** Ids have 33 characters at least. */
export function newSessionId() {
  return `page-${crypto.randomUUID()}`;
}

/**
 * InvokeAgentRuntime, with a bearer `token` for agents that take one. `onWords(text)` hears what each piece adds. Gives what came:
 * `{status, headers, requestId, events, eventsSeen, bytes, size, text, seconds, firstSeconds, error}`; raises ApiError for a refusal.
 */
export async function invoke({ arn, endpoint, sessionId, payload, token, onWords, signal }) {
  const began = performance.now();
  const response = await send("POST", `${path("runtimes", arn)}/invocations`, {
    query: { qualifier: endpoint },
    headers: {
      [SESSION]: sessionId,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: payload,
    signal,
  });
  const came = {
    status: response.status,
    headers: [...response.headers],
    requestId: response.headers.get("x-amzn-requestid") ?? "",
    type: response.headers.get("content-type") ?? "",
    events: [],
    eventsSeen: 0,
    kept: [],
    size: 0,
    text: "",
    error: null,
  };
  const reader = readerOf(came, onWords);
  try {
    for await (const piece of pieces(response)) {
      came.firstSeconds ??= (performance.now() - began) / 1000;
      keep(came, piece);
      reader.take(piece);
    }
    reader.end();
  } catch (error) {
    if (signal?.aborted) throw error;
    came.error = new ApiError("The answer broke off before its end.", { status: came.status, requestId: came.requestId });
  }
  came.seconds = (performance.now() - began) / 1000;
  came.bytes = joined(came.kept);
  return came;
}

/** What reads an answer's words out of its pieces, by its `type`; faults that it tells of become the `error`. */
function readerOf(came, onWords) {
  return came.type.startsWith("text/event-stream") ? readEvents(came, onWords) : readWhole(came, onWords);
}

/** The words, and the fault, of an answer that was kept as text. */
export function recalled(text, { type, status, requestId }) {
  const came = { type, status, requestId, events: [], eventsSeen: 0, text: "", error: null };
  const reader = readerOf(came, () => {});
  reader.take(new TextEncoder().encode(text));
  reader.end();
  return came;
}

function keep(came, piece) {
  const room = BYTES_KEPT - Math.min(BYTES_KEPT, came.size);
  if (room) came.kept.push(piece.slice(0, room));
  came.size += piece.length;
}

function readEvents(came, onWords) {
  const parser = new SseParser();
  const speech = new Speech();
  const say = (words) => {
    if (!words) return;
    came.text += words;
    onWords(words);
  };
  return {
    take(piece) {
      for (const event of parser.feed(piece)) {
        came.eventsSeen += 1;
        if (came.events.length < EVENTS_KEPT) came.events.push(event);
        const value = valueOf(event.data);
        const fault = faultOf(value);
        if (fault) came.error = failed(came, fault);
        else say(speech.words(value));
      }
    },
    end: () => say(speech.rest()),
  };
}

function readWhole(came, onWords) {
  const decoder = new TextDecoder();
  const isJson = /[/+]json\b/.test(came.type);
  let text = "";
  const grow = (words) => {
    text += words;
    if (!isJson && words) onWords(words);
  };
  return {
    take: (piece) => grow(decoder.decode(piece, { stream: true })),
    end() {
      grow(decoder.decode());
      came.text = text;
      if (!isJson) return;
      const value = valueOf(text);
      const fault = faultOf(value);
      if (fault) came.error = failed(came, fault);
      came.text = spoken(value);
      if (!fault) onWords(came.text);
    },
  };
}

function failed(came, message) {
  return new ApiError(message, { status: came.status, requestId: came.requestId });
}

function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
