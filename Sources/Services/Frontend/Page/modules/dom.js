// Elements without markup as text: what comes from the bank is only ever set as text.

/// A new HTML element. Attributes that are null or false are left out, true is an empty one, functions are listeners of
/// the event of that name; children are elements or texts, null is left out.
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/// The same for SVG.
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/// Sets text only where it changes, so that a screen reader is not told the same again.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
