// Small helpers for the page: elements, clean copies of markup, icons, the host's theme.

const SVG = "http://www.w3.org/2000/svg";
const ALLOWED = new Set(
  ("svg g path rect polygon polyline ellipse text tspan math mrow mi mo mn mtext mspace mstyle mpadded mfrac " +
    "msqrt mroot msup msub msubsup munder mover munderover mtable mtr mtd merror").split(" "),
);
const ATTRIBUTES = new Set(
  ("id class d x y rx width height points cx cy ry transform viewBox text-anchor font-weight fill stroke " +
    "stroke-width stroke-dasharray font-size display mathvariant columnalign stretchy fence separator form " +
    "lspace rspace displaystyle intent arg").split(" "),
);

// An element with properties and children; text always becomes a text node, never markup.
function h(tag, properties = {}, ...children) {
  const element = typeof tag === "string" ? document.createElement(tag) : tag;
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const shape = (tag, properties, ...children) => h(document.createElementNS(SVG, tag), properties, ...children);

// A copy of parsed markup that holds only harmless elements and attributes: no links, no scripts, no handlers.
function cleaned(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || !ALLOWED.has(node.localName)) return null;
  const copy = document.createElementNS(node.namespaceURI, node.localName);
  for (const { name, value } of node.attributes) if (ATTRIBUTES.has(name)) copy.setAttribute(name, value);
  for (const child of node.childNodes) {
    const inner = cleaned(child);
    if (inner) copy.append(inner);
  }
  return copy;
}

// The first element `selector` of some markup, cleaned. A parsed document is inert: nothing in it runs or loads.
function parsed(markup, selector) {
  const found = new DOMParser().parseFromString(markup, "text/html").querySelector(selector);
  return found ? cleaned(found) : null;
}

const ICONS = {
  first: "M4 4h2v12H4zM16 4v12L7 10z",
  back: "M14 4v12L5 10z",
  next: "M6 4v12l9-6z",
  last: "M14 4h2v12h-2zM4 4v12l9-6z",
  play: "M5 3v14l12-7z",
  pause: "M5 4h4v12H5zM11 4h4v12h-4z",
  stop: "M7 2h6l5 5v6l-5 5H7l-5-5V7z",
  theme: "M10 2a8 8 0 1 0 0 16zM11 2.1v15.8A8 8 0 0 0 11 2.1z",
  plus: "M9 4h2v5h5v2h-5v5H9v-5H4V9h5z",
  minus: "M4 9h12v2H4z",
  fit: "M3 3h5v2H5v3H3zM12 3h5v5h-2V5h-3zM3 12h2v3h3v2H3zM15 12h2v5h-5v-2h3z",
};

function icon(name) {
  return shape("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, shape("path", { d: ICONS[name] }));
}

function button(label, name, act, text = "") {
  const made = h("button", { type: "button", "aria-label": label, title: label, onclick: act });
  made.append(name ? icon(name) : "", text);
  return made;
}

function relabel(made, label, name) {
  made.setAttribute("aria-label", label);
  made.title = label;
  made.replaceChildren(icon(name));
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Whether the page or notebook around us is dark; null when it does not say.
function hostIsDark() {
  const documents = [document];
  try {
    if (parent.document !== document) documents.push(parent.document); // an output of a notebook: its own page
  } catch {
    /* a host of another origin keeps its looks to itself */
  }
  for (const { body, documentElement: root } of documents) {
    if (!body) continue;
    if (body.dataset.jpThemeLight) return body.dataset.jpThemeLight === "false";
    const classes = [...body.classList, ...root.classList];
    if (classes.includes("vscode-light")) return false;
    if (classes.some((name) => ["vscode-dark", "vscode-high-contrast", "dark", "dark-theme"].includes(name))) return true;
    const named = root.dataset.theme || body.dataset.theme;
    if (named === "dark" || named === "light") return named === "dark";
  }
  return null;
}

function watchHost(react) {
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", react);
  const observer = new MutationObserver(react);
  const watched = { attributes: true, attributeFilter: ["class", "data-theme", "data-jp-theme-light"] };
  const documents = [document];
  try {
    if (parent.document !== document) documents.push(parent.document);
  } catch {
    /* see above */
  }
  for (const { body, documentElement } of documents) {
    observer.observe(documentElement, watched);
    if (body) observer.observe(body, watched);
  }
  return () => {
    media.removeEventListener("change", react);
    observer.disconnect();
  };
}
