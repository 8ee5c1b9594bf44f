// Making and placing elements, for HTML and for SVG.

const SVG = "http://www.w3.org/2000/svg";

/** element("button", {class: "option", onclick}, "Yes"): properties beginning with `on` are listeners. */
export const element = (name, attributes = {}, ...children) =>
  filled(document.createElement(name), attributes, children);

export const drawn = (name, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, name), attributes, children);

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child != null && child !== false));
  return made;
}

/** Make these the children, moving nothing that is in its place already: focus and scroll stay. */
export function arrange(parent, children) {
  let at = parent.firstChild;
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** A count that is hidden when there is nothing to count. */
export function count(badge, number) {
  badge.hidden = !number;
  badge.textContent = number ? String(number) : "";
}
