// Parts that several views have: errors, tabs, dialogs, menus of choices.

import { button, command, empty, fill, freshId, h, set } from "./dom.js";
import { isLocal } from "./runtime.js";

/** Where a view tells of errors. `tell(error)` shows one, `tell(null)` takes it away. */
export function errorBox() {
  const element = h("div", { class: "alert", role: "alert", hidden: true });
  let shown = "";
  return {
    element,
    tell(error) {
      const key = error ? `${error.message}\n${error.requestId}` : "";
      if (key === shown) return;
      shown = key;
      set(element, "hidden", !error);
      fill(element, error ? errorText(error) : []);
    },
  };
}

/** What went wrong, with the request id that the logs have. */
export function errorText(error) {
  return [
    h("strong", {}, error.type || (error.status === undefined ? "This page failed" : "Failed")),
    " ",
    h("span", {}, error.message),
    error.detail ? h("pre", {}, error.detail) : null,
    error.requestId ? h("div", { class: "faint" }, "request id ", h("code", {}, error.requestId)) : null,
  ];
}

/** The words where there is nothing to talk with. */
export function noAgent() {
  return empty("No agent is deployed.", "In a project's folder: ", command(isLocal() ? "agentcore deploy --local" : "agentcore deploy"));
}

/** A form's field with its label. */
export function field(label, control, hint) {
  const id = control.id || freshId("field");
  set(control, "id", id);
  const note = hint ? h("small", { id: `${id}-hint` }, hint) : null;
  if (note) set(control, "aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: id }, label), control, note);
}

/** A choice; `choices` are pairs of value and text. */
export function choice(choices, value, onChange) {
  const select = h("select", {}, choices.map(([each, text]) => h("option", { value: each, selected: each === value }, text)));
  if (onChange) select.addEventListener("change", () => onChange(select.value));
  return select;
}

/** Put other choices into a select, and leave chosen what was. */
export function rechoose(select, choices, value = select.value) {
  const key = JSON.stringify(choices);
  if (select.dataset.choices === key) return;
  set(select, "data-choices", key);
  fill(select, choices.map(([each, text]) => h("option", { value: each }, text)));
  if (choices.some(([each]) => each === value)) select.value = value;
}

/** Tabs by their names; `panels` are `[key, title, element, onShow]`. Arrows go from tab to tab. */
export function tabs(label, panels, chosen, onChoose) {
  const strip = h("div", { class: "tabs", role: "tablist", "aria-label": label });
  const made = panels.map(([key, title, panel, onShow]) => {
    const id = freshId("tab");
    const tab = button(title, () => show(key), { role: "tab", id, "aria-controls": `${id}-panel` });
    set(panel, "id", `${id}-panel`);
    set(panel, "role", "tabpanel");
    set(panel, "aria-labelledby", id);
    strip.append(tab);
    return { key, tab, panel, onShow };
  });
  function show(key) {
    for (const each of made) {
      const is = each.key === key;
      set(each.tab, "aria-selected", String(is));
      set(each.tab, "tabindex", is ? 0 : -1);
      set(each.panel, "hidden", !is);
      if (is) each.onShow?.();
    }
    onChoose?.(key);
  }
  strip.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = made.findIndex((each) => each.tab === document.activeElement);
    const next = made[(at + step + made.length) % made.length];
    next.tab.focus();
    show(next.key);
    event.preventDefault();
  });
  show(made.some((each) => each.key === chosen) ? chosen : made[0].key);
  return { strip, panels: made.map((each) => each.panel), show };
}

/** Ask something in a dialog. `act` gets nothing but its own fields; it closes the dialog unless it fails. */
export function ask(title, { text, fields = [], verb, danger = false, act }) {
  const box = errorBox();
  const id = freshId("dialog");
  const go = h("button", { type: "submit", class: danger ? "danger" : "primary" }, verb);
  const form = h(
    "form",
    { on: { submit: submit } },
    h("h2", { id }, title),
    text ? h("p", {}, text) : null,
    fields,
    box.element,
    h("div", { class: "actions" }, button("Cancel", () => dialog.close()), go),
  );
  const dialog = h("dialog", { "aria-labelledby": id, on: { close: () => dialog.remove() } }, form);
  async function submit(event) {
    event.preventDefault();
    set(go, "disabled", true);
    try {
      await act();
      dialog.close();
    } catch (error) {
      box.tell(error);
      set(go, "disabled", false);
    }
  }
  document.body.append(dialog);
  dialog.showModal();
}

/** A dialog that only shows something. */
export function tellIn(title, ...content) {
  const id = freshId("dialog");
  const dialog = h(
    "dialog",
    { "aria-labelledby": id, on: { close: () => dialog.remove() } },
    h("h2", { id }, title),
    content,
    h("div", { class: "actions" }, button("Close", () => dialog.close(), { autofocus: true })),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Say something shortly, to those who see and to those who listen. */
export function announce(text) {
  const place = document.getElementById("said");
  fill(place, h("span", {}, text));
  setTimeout(() => place.textContent === text && fill(place), 4000);
}
