import { el, setText } from "./dom.js";

/// The button below rows that asks for older ones by `ask`, one press at a time. `ask` gives the row to go on reading at:
/// the first that came, or the last that is there; null when the rows are others by now. Whoever pressed has the focus
/// on it when the button goes, as there are no more.
///
/// Returns {element, show}: `show(hasOlder, text)` shows the button, and `text` in its place unless that is empty.
export function olderButton(ask) {
  const button = el("button", { type: "button", id: "show-older", class: "button quiet", hidden: true }, "Show older");
  const end = el("p", { class: "list-end", hidden: true });
  let isAsking = false;
  button.addEventListener("click", async () => {
    if (isAsking) return;
    isAsking = true;
    button.setAttribute("aria-disabled", "true");
    const hadFocus = document.activeElement === button;
    const row = await ask();
    isAsking = false;
    button.removeAttribute("aria-disabled");
    // Unless it is elsewhere by now: a button that is hidden may have it until the page is drawn.
    const isLeft = hadFocus && [button, document.body].includes(document.activeElement);
    if (!isLeft || !button.hidden || !row) return;
    row.setAttribute("tabindex", "-1");
    row.focus();
  });
  return {
    element: el("div", { class: "older" }, button, end),
    show(hasOlder, text) {
      button.hidden = !hasOlder;
      end.hidden = !text;
      setText(end, text);
    },
  };
}
