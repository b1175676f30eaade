// Elements, built from a list of tags and attributes that are allowed. Text is only ever text: there is no way in here,
// and no other module makes elements, by which what an agent says could become markup.

const TAGS = new Set(
  ("a article aside button caption code dd details dialog div dl dt fieldset footer form h1 h2 h3 header input label legend li nav " +
    "ol option output p pre section select small span strong summary table tbody td textarea th thead time tr ul").split(" "),
);
const ATTRIBUTES = new Set(
  ("autocomplete autofocus checked class cols colspan datetime disabled for hidden href id inputmode max maxlength min name open " +
    "placeholder readonly required role rows scope selected spellcheck step tabindex title type value").split(" "),
);
const FIXED = ["aria-", "data-"];

let numbers = 0;

/** A new id, for what names another element. */
export function freshId(prefix = "e") {
  numbers += 1;
  return `${prefix}-${numbers}`;
}

/** An element. `given` holds attributes and `on`, its listeners; children are elements, texts, lists of both, or nothing. */
export function h(tag, given = {}, ...children) {
  if (!TAGS.has(tag)) throw new Error(`no such element here: ${tag}`);
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else {
      set(element, name, value);
    }
  }
  append(element, children);
  return element;
}

/** Set an attribute, or remove it where the value is null, undefined or false. Links lead only within the page. */
export function set(element, name, value) {
  if (!ATTRIBUTES.has(name) && !FIXED.some((prefix) => name.startsWith(prefix))) throw new Error(`no such attribute here: ${name}`);
  if (name === "href" && value && !String(value).startsWith("#/")) throw new Error("a link that leads out of the page");
  if (value === null || value === undefined || value === false) {
    element.removeAttribute(name);
  } else if (name === "value" && "value" in element) {
    element.value = value;
  } else {
    const text = value === true ? "" : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Change an element's text where it is another one. */
export function setText(element, text) {
  const wanted = String(text ?? "");
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** Put these in the place of all that an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

export function button(text, onClick, given = {}) {
  return h("button", { type: "button", ...given, on: { click: onClick } }, text);
}

/** A list of facts; those without a value are left out. */
export function facts(pairs) {
  const list = h("dl", { class: "facts" });
  for (const [name, value, key] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    list.append(h("div", {}, h("dt", {}, name), h("dd", key ? { "data-fact": key } : {}, value)));
  }
  return list;
}

/** What a state is called, with its colour. */
export function badge(text, kind = kindOf(text)) {
  return h("span", { class: `badge ${kind}` }, text);
}

const GOOD = new Set(["ready", "active", "healthy", "ok", "completed"]);
const BUSY = new Set(["creating", "updating", "provisioning", "stopping", "healthybusy", "deleting"]);
const BAD = new Set(["create_failed", "update_failed", "delete_failed", "error", "unhealthy"]);

export function kindOf(state) {
  const name = String(state).toLowerCase();
  if (GOOD.has(name)) return "good";
  if (BUSY.has(name)) return "busy";
  return BAD.has(name) ? "bad" : "plain";
}

/** Where there is nothing to show: why, and what to do. */
export function empty(title, ...more) {
  return h("div", { class: "empty" }, h("p", {}, h("strong", {}, title)), more.length ? h("p", {}, more) : null);
}

export function command(text) {
  return h("code", {}, text);
}
