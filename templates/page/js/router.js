// Routes in the part of the address behind "#": `#/sessions/ARN/ENDPOINT/ID?tab=logs`, each segment percent-encoded.

/** The address of a route; members of the query without a value are left out. */
export function route(segments, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = new URLSearchParams(given);
  return `#/${segments.map(encodeURIComponent).join("/")}${search.size ? `?${search}` : ""}`;
}

/** The segments and the query of an address; what is no percent-encoding leads nowhere. */
export function parsed(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  try {
    const segments = path.split("/").filter(Boolean).map(decodeURIComponent);
    return { segments, query: Object.fromEntries(new URLSearchParams(search)) };
  } catch {
    return { segments: [], query: {} };
  }
}

/** Change the query of this address without leaving the view. */
export function note(query) {
  const here = parsed(location.hash);
  history.replaceState(null, "", route(here.segments, { ...here.query, ...query }));
}

export function go(segments, query) {
  location.hash = route(segments, query);
}
