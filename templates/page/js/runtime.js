// The operations of the runtime that the page asks for: the service's own, and what the local one has beside them.

import { everything, get, json, path, send, SESSION } from "./api.js";
import { tail } from "./format.js";

let here = { target: "local", can: [], regions: [], version: "" };

/** What this page is of: `{target, can: [...], regions: [...], version}`. */
export async function about(signal) {
  here = await get("_local/page", {}, signal);
  return here;
}

/** Whether there is an operation for that here: not everything has one on AWS. */
export function can(what) {
  return here.can.includes(what);
}

export function isLocal() {
  return here.target === "local";
}

export function regionOf(arn) {
  return arn.split(":")[3];
}

/** The runtimes of all regions, by name. */
export async function agents(signal) {
  const found = await Promise.all(here.regions.map((region) => everything("runtimes", "agentRuntimes", { signal, region })));
  return found.flat().sort((one, other) => (one.agentRuntimeName < other.agentRuntimeName ? -1 : 1));
}

/** A runtime of an ARN, at a version or at its newest. */
export function agent(arn, version, signal) {
  return get(path("runtimes", tail(arn)), { version }, signal, regionOf(arn));
}

export function versions(arn, signal) {
  return everything(`${path("runtimes", tail(arn))}/versions`, "agentRuntimes", { signal, region: regionOf(arn) });
}

export function endpoints(arn, signal) {
  return everything(`${path("runtimes", tail(arn))}/runtime-endpoints`, "runtimeEndpoints", { signal, region: regionOf(arn) });
}

/** The sessions of a runtime, or of those that are `known`, newest use first: each with `arn` and `agent`; and `now`, the runtime's clock. */
export async function sessions(known, signal) {
  const names = new Map(known.map((runtime) => [runtime.agentRuntimeArn, runtime.agentRuntimeName]));
  const page = await get("_local/sessions", names.size === 1 ? { runtime_arn: known[0].agentRuntimeArn } : {}, signal);
  const found = page.sessions
    .map((session) => ({ ...session, arn: session.runtime_arn, agent: names.get(session.runtime_arn) }))
    .filter((session) => names.has(session.arn));
  found.sort((one, other) => other.last_used_at - one.last_used_at || (one.session_id < other.session_id ? -1 : 1));
  return { sessions: found, now: page.now };
}

export function sessionsOf(arn, signal) {
  return sessions([{ agentRuntimeArn: arn, agentRuntimeName: tail(arn) }], signal);
}

const ALIVE = new Set(["provisioning", "active", "idle", "stopping", "used lately", "maybe idled out"]);

export function isAlive(session) {
  return ALIVE.has(session.state);
}

function whose(session) {
  return { runtime_arn: session.arn, endpoint: session.endpoint, session_id: session.session_id };
}

export function vitals(session, signal) {
  return get("_local/vitals", whose(session), signal);
}

export function transcript(session, signal) {
  return get("_local/transcript", whose(session), signal);
}

export function logs(log, after, signal) {
  return get("_local/logs", { log, after }, signal);
}

export function traces(query, signal) {
  return get("_local/traces", query, signal);
}

export function trace(traceId, signal) {
  return get("_local/trace", { trace_id: traceId }, signal);
}

export function health(signal) {
  return get("_local/health", {}, signal);
}

export function advance(seconds) {
  return json("POST", "_local/clock", { body: { seconds } });
}

export function arm(fault, count) {
  return json("POST", "_local/faults", { body: { fault, count } });
}

export function stop(session) {
  return json("POST", `${path("runtimes", session.arn)}/stopruntimesession`, {
    query: { qualifier: session.endpoint },
    headers: { [SESSION]: session.session_id },
    body: {},
  });
}

/** InvokeAgentRuntimeCommand: its answer is an event stream. */
export function command(session, text, signal) {
  return send("POST", `${path("runtimes", session.arn)}/commands`, {
    query: { qualifier: session.endpoint },
    headers: { [SESSION]: session.session_id, "content-type": "application/json", accept: "application/vnd.amazon.eventstream" },
    body: JSON.stringify({ command: text }),
    signal,
  });
}

export function memories(signal) {
  return Promise.all(
    here.regions.map(async (region) => {
      const found = await everything("memories", "memories", { body: {}, signal, region });
      return found.map((memory) => ({ ...memory, region }));
    }),
  ).then((found) => found.flat());
}

/** What fails on purpose when asked to, and what that looks like; tests hold the list to the runtime's own. */
export const FAULTS = [
  ["throttle", "the next calls are refused with ThrottlingException"],
  ["slow-start", "the next session takes long to start"],
  ["create-failed", "the next deploy ends in CREATE_FAILED"],
  ["not-ready", "the next deploy stays in CREATING for a while"],
  ["not-found-after-ready", "a runtime that is READY is not found for a while"],
  ["ping-dead", "a session stops answering pings, and is ended"],
  ["role-unusable", "the role can't be assumed yet"],
  ["no-mmdsv2", "the runtime lacks what sessions need for their credentials"],
];
