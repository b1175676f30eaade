// OpenTelemetry's spans in JSON, and the tree that they make: each below its parent, in the order of time.

export const ERROR = 2;
const CALLS = "agentcore.runtime"; // the scope of the spans that the runtime makes of a call
const SERVER = 2;

/** An attribute's value as JavaScript has it. Integers come as text where they are of 64 bits. */
export function plain(value) {
  if (!value) return null;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.intValue !== undefined) return Number(value.intValue);
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(plain);
  if (value.kvlistValue) return plainAll(value.kvlistValue.values);
  return value.bytesValue ?? null;
}

export function plainAll(attributes) {
  return Object.fromEntries((attributes ?? []).map((each) => [each.key ?? "", plain(each.value)]));
}

/** Rows of a trace, parents first: `{span, scope, level, records, children, start, end}`; times are seconds since the first. */
export function rowsOf(whole) {
  const nodes = nodesOf(whole);
  const first = nodes.reduce((least, node) => (node.began < least ? node.began : least), nodes[0]?.began ?? 0n);
  for (const node of nodes) {
    node.start = Number(node.began - first) / 1e9;
    node.end = Math.max(node.start, Number(node.ended - first) / 1e9);
  }
  const rows = [];
  const add = (node, level) => {
    const left = [[node, level]];
    while (left.length) {
      const [next, depth] = left.pop();
      next.level = depth;
      rows.push(next);
      for (const child of [...next.children].reverse()) left.push([child, depth + 1]);
    }
  };
  for (const root of rootsOf(nodes)) add(root, 1);
  return rows;
}

function nodesOf(whole) {
  const records = Map.groupBy(whole.records ?? [], (record) => record.spanId ?? "");
  const nodes = (whole.trace?.resourceSpans ?? []).flatMap((resource) =>
    (resource.scopeSpans ?? []).flatMap((group) =>
      (group.spans ?? []).map((span) => ({
        span,
        scope: group.scope?.name ?? "",
        resource: resource.resource,
        records: records.get(span.spanId) ?? [],
        began: BigInt(span.startTimeUnixNano ?? 0),
        ended: BigInt(span.endTimeUnixNano ?? 0),
        children: [],
      })),
    ),
  );
  return nodes.sort((one, other) => (one.began < other.began ? -1 : one.began > other.began ? 1 : one.ended > other.ended ? -1 : 1));
}

/** Those without a parent. One whose parent is missing goes below the call that it began in. */
function rootsOf(nodes) {
  const byId = new Map(nodes.map((node) => [node.span.spanId, node]));
  const calls = nodes.filter((node) => node.scope === CALLS && node.span.kind === SERVER);
  const roots = [];
  for (const node of nodes) {
    let parent = byId.get(node.span.parentSpanId ?? "");
    if (!parent && !calls.includes(node)) parent = calls.findLast((call) => call.began <= node.began && node.began <= call.ended);
    if (!parent || leadsTo(parent, node)) {
      roots.push(node);
    } else {
      node.parent = parent;
      parent.children.push(node);
    }
  }
  return roots;
}

/** Whether the parents of a node lead to another: spans are told by others, and may go in a circle. */
function leadsTo(node, other) {
  for (let above = node; above; above = above.parent) {
    if (above === other) return true;
  }
  return false;
}
