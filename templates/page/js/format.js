// Numbers, times and names as a person reads them.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `1.5 MB`; 1 kB is 1,000 bytes. */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return "";
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** A span of time, two units at most: `1h 5m`, `12s`, `2.31ms`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const amount = Math.max(0, seconds);
  if (amount < 1) return amount < 0.001 ? `${Math.round(amount * 1e6)}µs` : `${precise(amount * 1000)}ms`;
  if (amount < 60) return `${precise(amount)}s`;
  return clock(amount);
}

/** The same in whole seconds, for what counts down. */
export function clock(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
}

function precise(value) {
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value);
}

export function count(number) {
  return Number(number ?? 0).toLocaleString("en-US");
}

export function many(number, one, more = `${one}s`) {
  return `${count(number)} ${Number(number) === 1 ? one : more}`;
}

/** How long ago, by the runtime's clock. Both are seconds since the epoch. */
export function ago(then, now) {
  return then ? `${clock(now - then)} ago` : "";
}

/** Seconds since the epoch, of a time as either plane writes it: a number, or ISO 8601. */
export function seconds(time) {
  return typeof time === "number" ? time : Date.parse(time) / 1000;
}

export function moment(time) {
  const date = new Date(seconds(time) * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().replace("T", " ").slice(0, 19) + "Z";
}

/** JSON that is easy to read; anything else as it is. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The end of an ARN or of a path. */
export function tail(name) {
  return String(name).split("/").pop();
}

export function cut(text, most = 120) {
  const line = String(text ?? "").replace(/\s+/g, " ");
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

/** Bytes as hexadecimal and as characters, 16 in a line. */
export function hexDump(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.subarray(at, at + 16);
    const codes = Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const characters = Array.from(part, (byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${codes.padEnd(47)}  ${characters}`);
  }
  return lines.join("\n");
}
