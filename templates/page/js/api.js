// The wire protocol, asked from a page: every request carries the marker that no other page can send.

const SECRET = "agentcore-page";
const MARKER = "x-agentcore-page";
const REGION = "x-agentcore-region";
export const SESSION = "x-amzn-bedrock-agentcore-runtime-session-id";

/** A refusal, as the service words it. `status` is 0 where nobody answered. */
export class ApiError extends Error {
  constructor(message, { status = 0, type = "", requestId = "", detail = "" } = {}) {
    super(message);
    Object.assign(this, { status, type, requestId, detail });
  }
}

/** Who wants to know whether the server answers. */
export const reach = new EventTarget();

export function keepSecret(secret) {
  sessionStorage.setItem(SECRET, secret);
}

export function hasSecret() {
  return sessionStorage.getItem(SECRET) !== null;
}

/** The answer to a request, whose status is 2xx. `region` is for paths that no ARN is in. Raises ApiError. */
export async function send(method, path, { query = {}, headers = {}, body, signal, region } = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== ""));
  const url = `api/${path}${search.size ? `?${search}` : ""}`;
  const marked = { ...headers, ...(region ? { [REGION]: region } : {}), [MARKER]: sessionStorage.getItem(SECRET) ?? "" };
  const given = { method, headers: marked, body, signal, cache: "no-store", credentials: "same-origin", redirect: "error" };
  let response;
  try {
    response = await answered(url, given, method === "GET" ? 3 : 1);
  } catch (error) {
    if (signal?.aborted) throw error;
    tell("gone");
    throw new ApiError("The server does not answer.");
  }
  if (response.ok) {
    tell("here");
    return response;
  }
  tell(response.status === 403 && path.startsWith("_local/") ? "shut-out" : "here");
  throw await refusal(response);
}

/** An answer; what may be asked twice is asked again where the browser gave up: a machine's network may just have changed. */
export async function answered(url, given, tries) {
  try {
    return await fetch(url, given);
  } catch (error) {
    if (tries === 1 || given.signal?.aborted) throw error;
    await new Promise((resolve) => setTimeout(resolve, 250));
    return answered(url, given, tries - 1);
  }
}

function tell(state) {
  reach.dispatchEvent(new CustomEvent("state", { detail: state }));
}

async function refusal(response) {
  const text = await response.text().catch(() => "");
  let said = {};
  try {
    said = JSON.parse(text.replace(/^data: /, "")) ?? {};
  } catch {
    // not one of the service's own refusals
  }
  const about = said.error && typeof said.error === "object" ? said.error : said;
  const detail = about.detail ?? about.data?.detail ?? "";
  return new ApiError(String(about.message ?? said.Message ?? `The server answers with status ${response.status}.`), {
    status: response.status,
    type: response.headers.get("x-amzn-errortype") ?? "",
    requestId: response.headers.get("x-amzn-requestid") ?? "",
    detail: typeof detail === "string" ? detail : JSON.stringify(detail),
  });
}

/** A JSON answer. `body` is what is sent as JSON. */
export async function json(method, path, { body, headers = {}, ...rest } = {}) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { ...headers, "content-type": "application/json" } };
  const response = await send(method, path, { headers, ...rest, ...sent });
  return response.json();
}

export function get(path, query, signal, region) {
  return json("GET", path, { query, signal, region });
}

/** All items of a list that comes in pages, `most` at most. Tokens go in the query or, with `body`, in the body. */
export async function everything(path, key, { body, query = {}, most = 1000, ...rest } = {}) {
  const items = [];
  let nextToken;
  do {
    const page = body
      ? await json("POST", path, { ...rest, query, body: { ...body, maxResults: 100, nextToken } })
      : await json("POST", path, { ...rest, query: { ...query, maxResults: 100, nextToken } });
    items.push(...(page[key] ?? []));
    nextToken = page.nextToken;
  } while (nextToken && items.length < most);
  return items;
}

/** Segments of a path, each percent-encoded by itself: an ARN is one of them. */
export function path(...segments) {
  return segments.map(encodeURIComponent).join("/");
}
