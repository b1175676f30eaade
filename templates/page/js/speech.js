// The words in an answer, found as `agentcore chat` finds them: a test holds the two against each other.

const PIECES = ["text", "content", "delta", "token", "chunk"];
const MEMBERS = ["result", "response", "output", "answer", "completion", "message", "text", "content", "artifacts", "parts"];
const SDK_ERROR = "An error occurred during streaming";
const KEPT = 1000;

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** The words in a whole answer; the JSON itself where none are found. */
export function spoken(value) {
  return wordsOf(value) ?? JSON.stringify(value, null, 2);
}

function wordsOf(value) {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    const pieces = value.map(wordsOf);
    return pieces.length && !pieces.includes(null) ? pieces.join("") : null;
  }
  if (!isObject(value)) return null;
  for (const name of MEMBERS) {
    const words = Object.hasOwn(value, name) ? wordsOf(value[name]) : null;
    if (words !== null) return words;
  }
  return null;
}

/** The words of a stream, event by event: of the first kind of piece that comes, since some agents send words twice. */
export class Speech {
  #kind = null;
  #silent = [];

  words(value) {
    const [kind, words] = pieceOf(value);
    if (kind === null) {
      if (this.#silent.length < KEPT) this.#silent.push(value);
      return "";
    }
    if (kind === "lines") {
      const begins = this.#kind === null ? "" : "\n";
      this.#kind ??= "lines";
      return this.#kind === "lines" ? begins + words : "";
    }
    const before = this.#kind;
    if (before === null || before === "lines") this.#kind = kind;
    return kind === this.#kind ? (before === "lines" ? "\n" : "") + words : "";
  }

  /** The events themselves, where none had words. */
  rest() {
    if (this.#kind !== null || !this.#silent.length) return "";
    if (this.#silent.length === 1) return spoken(this.#silent[0]);
    return this.#silent.map((value) => JSON.stringify(value)).join("\n");
  }
}

function pieceOf(value) {
  if (typeof value === "string") return ["text", value];
  if (!isObject(value)) return [null, ""];
  if (value.type === "TEXT_MESSAGE_CONTENT" && typeof value.delta === "string") return ["AG-UI", value.delta];
  if (typeof value.data === "string") return ["Strands", value.data];
  const delta = (value.event ?? value)?.contentBlockDelta?.delta?.text;
  if (typeof delta === "string") return ["Converse", delta];
  const name = PIECES.find((each) => typeof value[each] === "string");
  if (name) return [name, value[name]];
  const words = wordsOf(value);
  return words === null ? [null, ""] : ["lines", words];
}

/** What went wrong, where a value says that the agent failed; null where it says no such thing. */
export function faultOf(value) {
  if (!isObject(value)) return null;
  if (Object.hasOwn(value, "jsonrpc") && isObject(value.error)) {
    const { message, code, data } = value.error;
    const more = data === undefined || data === null || data === "" ? "" : `: ${typeof data === "string" ? data : JSON.stringify(data)}`;
    return `the agent answers with an error: ${message} (JSON-RPC ${code})${more}`;
  }
  if (value.type === "RUN_ERROR") return `the agent failed: ${value.message || value.code}`;
  if (value.message === SDK_ERROR && Object.hasOwn(value, "error_type")) {
    return `the agent failed midway: ${value.error_type}: ${value.error}`;
  }
  return null;
}

/** What a text becomes for an agent of this protocol. Raises SyntaxError for what is not meant for it. */
export function worded(text, protocol, thread) {
  if (/^\s*[{[]/.test(text)) {
    JSON.parse(text);
    return text;
  }
  if (protocol === "MCP") throw new SyntaxError('an MCP agent takes JSON-RPC, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"} for one');
  return JSON.stringify(requestOf(text, protocol, thread));
}

function requestOf(text, protocol, thread) {
  const id = () => crypto.randomUUID();
  if (protocol === "A2A") {
    const message = { kind: "message", role: "user", messageId: id(), parts: [{ kind: "text", text }] };
    return { jsonrpc: "2.0", id: id(), method: "message/send", params: { message } };
  }
  if (protocol === "AGUI") {
    const messages = [{ id: id(), role: "user", content: text }];
    return { threadId: thread, runId: id(), messages, state: {}, tools: [], context: [], forwardedProps: {} };
  }
  return { prompt: text };
}
