// Helpers: elements, harmless copies of markup, the theme around us.

const { numeral, real, packed } = numbers;
const { noPath, useOf } = engine;
const { fill } = telling;
const HARMLESS = /^(m[a-z]+|svg|g|path|rect|poly\w+|ellipse|text|tspan)$/;
let serial = 0;

/** An element with attributes and children; text becomes text, never markup. */
function h(tag, attributes = {}, ...children) {
  const element = typeof tag === "string" ? document.createElement(tag) : tag;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const shape = (tag, ...rest) => h(document.createElementNS("http://www.w3.org/2000/svg", tag), ...rest);

/** A copy of SVG or MathML without links, scripts, styles and handlers. */
function cleaned(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (!HARMLESS.test(node.localName) || node.namespaceURI.endsWith("xhtml")) return "";
  const copy = document.createElementNS(node.namespaceURI, node.localName);
  for (const { name, value } of node.attributes) if (!/^on|href|style|src/.test(name)) copy.setAttribute(name, value);
  copy.append(...[...node.childNodes].map(cleaned));
  return copy;
}

/** All `selector` of some markup that stand in no other, cleaned. A parsed document is inert: nothing in it runs or loads. */
function parsed(markup, selector) {
  const found = new DOMParser().parseFromString(markup, "text/html").querySelectorAll(selector);
  return [...found].filter((one) => !one.parentElement.closest(selector)).map(cleaned);
}

/** Our document and, in a notebook's output, the one around it. */
function documents() {
  try {
    return [...new Set([document, parent.document])];
  } catch {
    return [document]; // that one is of another origin
  }
}

/** Whether the host looks dark: a notebook says so, or the system. */
function hostIsDark() {
  for (const { body, documentElement } of documents()) {
    const looks = [body, documentElement].map((part) => `${part.className} ${part.dataset.theme} ${part.dataset.jpThemeLight}`);
    const words = looks.join();
    if (/\b(dark|vscode-high-contrast|false)\b/.test(words)) return true;
    if (/\b(light|true)\b/.test(words)) return false;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function watchHost(react, signal) {
  const observer = new MutationObserver(react);
  for (const { body, documentElement } of documents())
    for (const part of [body, documentElement]) observer.observe(part, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", react, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
}
