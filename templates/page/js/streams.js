// What comes in pieces: server-sent events, and AWS's event streams. Bytes in, whole messages out.

/** Server-sent events (WHATWG HTML, section "Server-sent events"). */
export class SseParser {
  #decoder = new TextDecoder();
  #rest = "";
  #data = [];
  #event = "";
  #id = null;
  #retry = null;

  feed(bytes) {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    const held = text.endsWith("\r") ? "\r" : ""; // its "\n" may still come
    const lines = text.slice(0, text.length - held.length).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() + held;
    return lines.map((line) => this.#line(line)).filter((event) => event !== null);
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.#retry = Number(value);
    return null;
  }

  #dispatch() {
    const [data, event] = [this.#data, this.#event];
    [this.#data, this.#event] = [[], ""];
    if (!data.length) return null;
    return { data: data.join("\n"), event: event || "message", id: this.#id, retry: this.#retry };
  }
}

const LENGTHS = { 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }; // of headers' values, by their type
const SIZED = [6, 7];
const OVERHEAD = 16;

/** `application/vnd.amazon.eventstream`. Checksums are not looked at: TCP has done that between here and the server. */
export class EventStreamParser {
  #pending = new Uint8Array();

  /** Messages: `headers` by their names, and `content`, the payload's JSON. Raises RangeError for what is no such stream. */
  feed(bytes) {
    this.#pending = joined([this.#pending, bytes]);
    const messages = [];
    for (;;) {
      const view = viewOf(this.#pending);
      if (view.byteLength < 12) return messages;
      const total = view.getUint32(0);
      if (total < OVERHEAD) throw new RangeError("this is no event stream");
      if (view.byteLength < total) return messages;
      messages.push(message(this.#pending.subarray(0, total)));
      this.#pending = this.#pending.slice(total);
    }
  }
}

function message(frame) {
  const end = 12 + viewOf(frame).getUint32(4);
  const text = new TextDecoder().decode(frame.subarray(end, frame.length - 4));
  return { headers: headersOf(frame.subarray(12, end)), content: text ? JSON.parse(text) : {} };
}

function headersOf(bytes) {
  const view = viewOf(bytes);
  const headers = {};
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + bytes[at];
    const name = new TextDecoder().decode(bytes.subarray(at + 1, nameEnd));
    const kind = bytes[nameEnd];
    const start = nameEnd + (SIZED.includes(kind) ? 3 : 1);
    const end = start + (SIZED.includes(kind) ? view.getUint16(nameEnd + 1) : (LENGTHS[kind] ?? 0));
    headers[name] = new TextDecoder().decode(bytes.subarray(start, end));
    at = end;
  }
  return headers;
}

function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function joined(parts) {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The pieces of an answer's body as they come. */
export async function* pieces(response) {
  const reader = response.body.getReader();
  let isWhole = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isWhole = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!isWhole) reader.cancel().catch(() => {});
  }
}
