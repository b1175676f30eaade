// The agents: all of them, or one with its versions and endpoints.

import { badge, button, facts, fill, h } from "../dom.js";
import { ago, count, moment, tail } from "../format.js";
import { Grid, table } from "../grid.js";
import { poll } from "../live.js";
import { go, route } from "../router.js";
import * as runtime from "../runtime.js";
import { errorBox, noAgent } from "../widgets.js";

export function show(root, { segments, signal }) {
  return segments[1] ? one(root, segments[1], signal) : all(root, signal);
}

function all(root, signal) {
  const errors = errorBox();
  const grid = new Grid({
    label: "Agents",
    key: (agent) => agent.agentRuntimeArn,
    address: (agent) => route(["agents", agent.agentRuntimeArn]),
    columns: [
      { name: "Agent", width: "minmax(14rem, 3fr)", show: (agent) => agent.agentRuntimeName },
      { name: "Status", width: "8rem", show: (agent) => [agent.status, `state ${agent.status.toLowerCase()}`] },
      { name: "Version", width: "6rem", align: "right", show: (agent) => agent.agentRuntimeVersion },
      { name: "Living sessions", width: "9rem", align: "right", show: (agent) => count(agent.living) },
      { name: "Changed", width: "10rem", show: (agent) => ago(Date.parse(agent.lastUpdatedAt) / 1000, agent.now) },
      { name: "Region", width: "8rem", show: (agent) => runtime.regionOf(agent.agentRuntimeArn) },
      { name: "Description", width: "minmax(8rem, 4fr)", show: (agent) => agent.description },
    ],
  });
  const none = noAgent();
  none.hidden = true;
  fill(root, h("header", { class: "bar" }, h("h1", {}, "Agents")), errors.element, none, grid.element);
  return poll(signal, 1000, async () => {
    const known = await runtime.agents(signal);
    const { sessions, now } = await runtime.sessions(known, signal);
    const living = Map.groupBy(sessions.filter(runtime.isAlive), (session) => session.arn);
    grid.items = known.map((agent) => ({ ...agent, now, living: living.get(agent.agentRuntimeArn)?.length ?? 0 }));
    none.hidden = known.length > 0;
    grid.element.hidden = !known.length;
  }, errors.tell);
}

function one(root, arn, signal) {
  const errors = errorBox();
  const about = h("div", { class: "card" });
  const versions = h("div", {});
  const endpoints = h("div", {});
  const drift = h("div", {});
  fill(
    root,
    h(
      "header",
      { class: "bar" },
      h("h1", {}, tail(arn).replace(/-[A-Za-z0-9]{10}$/, "")),
      h("span", { class: "grow" }),
      h("a", { class: "button", href: route(["sessions"], { agent: arn }) }, "Sessions"),
      h("a", { class: "button", href: route(["traces"], { agent: arn }) }, "Traces"),
      button("Compare", () => go(["compare"], { a: arn, b: arn })),
      h("a", { class: "button primary", href: route(["chat", arn, "DEFAULT"]) }, "Chat"),
    ),
    errors.element,
    h("div", { class: "page" }, about, drift, h("h2", {}, "Endpoints"), endpoints, h("h2", {}, "Versions"), versions),
  );
  return poll(signal, 2000, async () => {
    const [details, listed, led] = await Promise.all([
      runtime.agent(arn, undefined, signal),
      runtime.versions(arn, signal),
      runtime.endpoints(arn, signal),
    ]);
    const key = JSON.stringify([details, listed, led]);
    if (about.dataset.shown === key) return;
    about.dataset.shown = key;
    fill(about, describe(details));
    fill(endpoints, table("Endpoints", ["Endpoint", "Status", "Live version", "Target version", "Changed", ""], led.map((it) => endpointRow(it, arn))));
    fill(versions, table("Versions", ["Version", "Status", "Changed", "Description"], newestFirst(listed).map(versionRow)));
    fill(drift, details.drift ? h("div", { class: "alert" }, h("strong", {}, "Drift "), details.drift) : null);
  }, errors.tell);
}

function newestFirst(listed) {
  return [...listed].sort((a, b) => Number(b.agentRuntimeVersion) - Number(a.agentRuntimeVersion));
}

function describe(details) {
  const lifecycle = details.lifecycleConfiguration ?? {};
  const code = details.agentRuntimeArtifact?.codeConfiguration;
  const names = Object.keys(details.environmentVariables ?? {}).sort();
  return facts([
    ["Status", badge(details.status)],
    ["Reason", details.failureReason],
    ["Version", details.agentRuntimeVersion],
    ["Protocol", details.protocolConfiguration?.serverProtocol ?? "HTTP"],
    ["Idle timeout", lifecycle.idleRuntimeSessionTimeout && `${count(lifecycle.idleRuntimeSessionTimeout)} s`],
    ["Longest life", lifecycle.maxLifetime && `${count(lifecycle.maxLifetime)} s`],
    ["Artifact", code ? `${code.runtime}, ${(code.entryPoint ?? []).join(" ")}` : details.agentRuntimeArtifact?.containerConfiguration?.containerUri],
    ["Network", details.networkConfiguration?.networkMode],
    ["Callers", details.authorizerConfiguration ? "with a bearer token" : "signed by IAM"],
    ["Variables", names.length ? names.join(", ") : null],
    ["Made", moment(details.createdAt)],
    ["Changed", moment(details.lastUpdatedAt)],
    ["Description", details.description],
    ["ARN", h("code", {}, details.agentRuntimeArn)],
  ]);
}

function endpointRow(endpoint, arn) {
  return [
    endpoint.name,
    badge(endpoint.status),
    endpoint.liveVersion,
    endpoint.targetVersion,
    moment(endpoint.lastUpdatedAt),
    h("a", { href: route(["chat", arn, endpoint.name]), "aria-label": `Chat with ${endpoint.name}` }, "Chat"),
  ];
}

function versionRow(version) {
  return [version.agentRuntimeVersion, badge(version.status), moment(version.lastUpdatedAt), version.description];
}
