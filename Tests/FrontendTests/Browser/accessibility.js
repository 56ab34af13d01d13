// What can be told of a view by looking at its elements: returns a list of complaints, in words.

const complaints = [];
const isVisible = (element) => element.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true });
const named = (element) => {
  const text = element.outerHTML;
  return text.slice(0, text.indexOf(">") + 1);
};

const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
const twice = new Set(ids.filter((id, index) => ids.indexOf(id) !== index));
for (const id of twice) complaints.push(`two elements have id ${id}`);

const namesIn = (element, attribute) => (element.getAttribute(attribute) ?? "").split(" ");
for (const element of document.querySelectorAll("[aria-labelledby], [aria-describedby], label[for]")) {
  const names = ["aria-labelledby", "aria-describedby", "for"].flatMap((attribute) => namesIn(element, attribute));
  for (const id of names.filter(Boolean)) {
    if (!document.getElementById(id)) complaints.push(`${named(element)} names ${id}, which is not there`);
  }
}

const labelOf = (element) => [
  element.getAttribute("aria-label"),
  ...[...(element.labels ?? [])].map((label) => label.textContent),
  ...namesIn(element, "aria-labelledby").map((id) => document.getElementById(id)?.textContent),
].filter(Boolean).join(" ").trim();
for (const input of document.querySelectorAll("input, select, textarea")) {
  if (!labelOf(input)) complaints.push(`${named(input)} has no label`);
}
for (const control of document.querySelectorAll("a, button, [role=button], summary")) {
  const name = labelOf(control) || control.textContent.trim();
  if (isVisible(control) && !name) complaints.push(`${named(control)} has no name`);
}

const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(({ tagName }) => Number(tagName[1]));
if (levels.filter((level) => level === 1).length !== 1) complaints.push(`headings are ${levels}: there must be one h1`);
const skips = levels.some((level, index) => level > (levels[index - 1] ?? 0) + 1);
if (skips) complaints.push(`headings skip a level: ${levels}`);
for (const landmark of ["header", "nav", "main", "footer"]) {
  if (!document.querySelector(landmark)) complaints.push(`there is no ${landmark}`);
}
if (!document.documentElement.lang) complaints.push("the page names no language");

// Contrast (WCAG 2.2, 1.4.3) of every text that is seen, over the first colour that is behind it.
const colour = (text) => {
  const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
  return { red, green, blue, alpha };
};
const over = (top, bottom) => Object.fromEntries(["red", "green", "blue"].map((part) =>
  [part, top[part] * top.alpha + bottom[part] * (1 - top.alpha)]));
const behind = (element) => {
  const layers = [];
  for (let one = element; one; one = one.parentElement) {
    const found = colour(getComputedStyle(one).backgroundColor);
    if (found.alpha > 0) layers.push(found);
    if (found.alpha === 1) break;
  }
  return layers.reverse().reduce((bottom, top) => over(top, bottom), { red: 255, green: 255, blue: 255 });
};
const luminance = ({ red, green, blue }) => {
  const [r, g, b] = [red, green, blue].map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};
const check = (element, front, back) => {
  const { fontSize, fontWeight } = getComputedStyle(element);
  const size = parseFloat(fontSize);
  const needed = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5;
  const found = contrast(over(front, back), back);
  if (found < needed) complaints.push(`"${element.textContent.trim().slice(0, 40)}" has contrast ${found.toFixed(2)}`);
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.textContent.trim() || !isVisible(element) || element.closest("svg, noscript")) continue;
  check(element, colour(getComputedStyle(element).color), behind(element));
}
for (const text of document.querySelectorAll(".flow-picture .node text")) {
  const body = text.closest(".node").querySelector(".body");
  check(text, colour(getComputedStyle(text).fill), colour(getComputedStyle(body).fill));
}
return [...new Set(complaints)];
