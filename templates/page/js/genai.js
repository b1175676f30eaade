// What a span says of a model's, a tool's or an agent's work, read as `agentcore traces show` reads it (formats/genai.py has
// the conventions by name); a test holds the two against each other.

import { ERROR, plain, plainAll } from "./otlp.js";

const WORK = {
  chat: "model", text_completion: "model", generate_content: "model", embeddings: "model", LLM: "model", EMBEDDING: "model",
  completion: "model", execute_tool: "tool", TOOL: "tool", tool: "tool", invoke_agent: "agent", create_agent: "agent",
  AGENT: "agent", agent: "agent",
};
const SAYS_WORK = ["gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind", "llm.request.type"];
const MODEL = ["gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "embedding.model_name"];
const TOKENS_IN = ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"];
const TOKENS_OUT = ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion"];
const TOOL = ["gen_ai.tool.name", "tool.name", "traceloop.entity.name"];
const AGENT = ["gen_ai.agent.name", "agent.name", "traceloop.entity.name"];
const INPUT = ["input.value", "traceloop.entity.input"];
const OUTPUT = ["output.value", "traceloop.entity.output"];
const EVENT_ROLES = {
  "gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant",
  "gen_ai.tool.message": "tool", "gen_ai.choice": "assistant",
};
const INDEXED = [
  ["gen_ai.prompt.", ".content", ".role", "user"],
  ["llm.input_messages.", ".message.content", ".message.role", "user"],
  ["gen_ai.completion.", ".content", ".role", "assistant"],
  ["llm.output_messages.", ".message.content", ".message.role", "assistant"],
];
const INDEX_MAX = 200;

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const first = (attributes, names) => names.map((name) => attributes[name]).find((value) => value !== undefined && value !== null) ?? null;
const textOf = (value) => (value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
const countOf = (value) => Math.max(0, Math.trunc(Number(value ?? 0)) || 0);

function jsonOf(value) {
  if (typeof value !== "string" || !/^[{[]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

export function workOf(attributes) {
  for (const name of SAYS_WORK) {
    if (typeof attributes[name] === "string" && Object.hasOwn(WORK, attributes[name])) return WORK[attributes[name]];
  }
  if ("gen_ai.tool.name" in attributes) return "tool";
  return "gen_ai.request.model" in attributes ? "model" : "other";
}

/** `{work, name, model, input_tokens, output_tokens, arguments, result, messages: [{role, text, is_answer}], error}`. */
export function factsOf(span, records = []) {
  const attributes = plainAll(span.attributes);
  const work = workOf(attributes);
  const messages = [...messagesOf(attributes, span, records)];
  const said = (is) => messages.find((each) => each.is_answer === is)?.text ?? "";
  const isTool = work === "tool";
  return {
    work,
    name: textOf(first(attributes, isTool ? TOOL : AGENT)),
    model: textOf(first(attributes, MODEL)),
    input_tokens: countOf(first(attributes, TOKENS_IN)),
    output_tokens: countOf(first(attributes, TOKENS_OUT)),
    arguments: isTool ? textOf(first(attributes, ["gen_ai.tool.call.arguments", "tool.parameters", ...INPUT])) || said(false) : "",
    result: isTool ? textOf(first(attributes, ["gen_ai.tool.call.result", ...OUTPUT])) || said(true) : "",
    messages: isTool ? [] : messages,
    error: errorOf(attributes, span),
  };
}

function* messagesOf(attributes, span, records) {
  const system = attributes["gen_ai.system_instructions"];
  if (system !== undefined && system !== null) yield { role: "system", text: partsOf(jsonOf(system)), is_answer: false };
  yield* newer(attributes);
  yield* indexed(attributes);
  for (const event of span.events ?? []) yield* ofEvent(event.name ?? "", plainAll(event.attributes));
  for (const record of records) {
    const named = plainAll(record.attributes);
    yield* ofRecord(record.eventName || textOf(named["event.name"]), jsonOf(plain(record.body)), named);
  }
  if (workOf(attributes) === "tool") return;
  for (const [names, role] of [[INPUT, "user"], [OUTPUT, "assistant"]]) {
    const value = first(attributes, names);
    if (value !== null) yield { role, text: textOf(value), is_answer: role === "assistant" };
  }
}

function* newer(attributes) {
  for (const [name, is] of [["gen_ai.input.messages", false], ["gen_ai.output.messages", true]]) {
    const said = jsonOf(attributes[name]);
    for (const each of Array.isArray(said) ? said : []) yield messageOf(each, is ? "assistant" : "user", is);
  }
}

function* indexed(attributes) {
  for (const [before, content, role, usual] of INDEXED) {
    for (let number = 0; number < INDEX_MAX; number += 1) {
      const said = attributes[`${before}${number}${content}`];
      if (said === undefined || said === null) break;
      yield { role: textOf(attributes[`${before}${number}${role}`] ?? usual), text: textOf(said), is_answer: usual === "assistant" };
    }
  }
}

function* ofEvent(name, attributes) {
  yield* newer(attributes);
  if (!Object.hasOwn(EVENT_ROLES, name)) return;
  const is = name === "gen_ai.choice";
  const said = attributes[is ? "message" : "content"] ?? attributes[is ? "gen_ai.completion" : "gen_ai.prompt"] ?? null;
  const text = partsOf(jsonOf(said));
  if (text || said !== null) yield { role: textOf(attributes.role) || EVENT_ROLES[name], text, is_answer: is };
}

function* ofRecord(name, body, attributes) {
  if (!isObject(body)) {
    yield* newer(attributes);
    return;
  }
  if (Object.hasOwn(EVENT_ROLES, name)) {
    yield* ofEvent(name, body);
    return;
  }
  yield* newer({ ...attributes, ...body });
  for (const [side, is] of [["input", false], ["output", true]]) {
    const told = body[side]?.messages;
    for (const each of Array.isArray(told) ? told : []) yield messageOf(each, is ? "assistant" : "user", is);
  }
}

function messageOf(said, usual, is) {
  if (!isObject(said)) return { role: usual, text: textOf(said), is_answer: is };
  let content = jsonOf(said.parts ?? said.content ?? said.message);
  if (isObject(content)) content = jsonOf(content.message ?? content.content ?? content);
  return { role: textOf(said.role) || usual, text: partsOf(content), is_answer: is };
}

function partsOf(content) {
  return Array.isArray(content) ? content.map(partOf).filter(Boolean).join("\n") : partOf(content);
}

function partOf(part) {
  if (!isObject(part)) return textOf(part);
  for (const [name, call] of [["toolUse", part.toolUse], ["tool_call", part]]) {
    if (isObject(call) && (name in part || part.type === name) && call.name) return `${call.name}(${textOf(call.input ?? call.arguments)})`;
  }
  for (const name of ["toolResult", "response", "result"]) {
    if (name in part) return partsOf(isObject(part[name]) ? (part[name].content ?? part[name]) : part[name]);
  }
  for (const name of ["text", "content"]) {
    if (typeof part[name] === "string") return part[name];
  }
  return textOf(part);
}

function errorOf(attributes, span) {
  if (span.status?.code !== ERROR) return "";
  const told = (span.events ?? []).filter((event) => event.name === "exception").map((event) => plainAll(event.attributes));
  const said = told.map((each) => ["type", "message"].map((name) => textOf(each[`exception.${name}`])).join(": "));
  return said.at(-1) || span.status.message || textOf(attributes["error.type"]) || "failed";
}
