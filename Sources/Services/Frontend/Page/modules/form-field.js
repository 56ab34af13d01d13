import { el, setText } from "./dom.js";

/// A labelled field of a form, with room beside its label for a hint and below it for why it is refused. `attributes`
/// are those of the input; `id` is needed.
export function formField(label, attributes, hintText = "") {
  const { id } = attributes;
  const hint = el("p", { class: "hint", id: `${id}-hint` }, hintText);
  const problem = el("p", { class: "field-problem", id: `${id}-problem` });
  const input = el("input", { type: "text", ...attributes, "aria-describedby": `${id}-hint ${id}-problem` });
  return {
    input,
    element: el("div", { class: "field" }, el("label", { for: id }, label), input, hint, problem),
    hint: (text) => setText(hint, text),
    refuse(reason) {
      setText(problem, reason ?? "");
      input.setAttribute("aria-invalid", reason ? "true" : "false");
    },
  };
}

/// Shows beside each field why it is refused, puts the focus on the first that is, and tells whether there is one.
/// `checks` are pairs of a field and a reason, null where there is none.
export function refuseAny(checks) {
  for (const [field, reason] of checks) field.refuse(reason);
  const first = checks.find(([, reason]) => reason !== null);
  first?.[0].input.focus();
  return first !== undefined;
}
