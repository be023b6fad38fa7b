// As little of a browser's document as the page's scripts ask of one: elements, events, a clock that is wound by hand. It
// lays out nothing and paints nothing. Stands before the scripts (tests/test_whole_page.py puts them together).

const VOID = /^(input|meta|br)$/;
const SPACES = { svg: "http://www.w3.org/2000/svg", math: "http://www.w3.org/1998/Math/MathML" };
const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', nbsp: "\u00a0" };
const decoded = (text) => text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (all, hex, digits, name) =>
  hex ? String.fromCodePoint(parseInt(hex, 16)) : digits ? String.fromCodePoint(digits) : ENTITIES[name] ?? all);

/** A selector, read: for each of its kinds the parts of the path, the last one first. */
const selectors = new Map();
function wanted(selector) {
  if (!selectors.has(selector)) {
    const part = (text) => ({
      tag: /^[\w-]+/.exec(text)?.[0],
      names: [...text.matchAll(/\.([\w-]+)/g)].map(([, name]) => name),
      known: [...text.matchAll(/#([\w-]+)|\[([\w-]+)(?:=([^\]]*))?\]/g)].map(([, id, name, value]) => (id ? ["id", id] : [name, value])),
    });
    selectors.set(selector, selector.split(",").map((one) => one.trim().split(/\s+/).reverse().map(part)));
  }
  return selectors.get(selector);
}

class Leaf {
  nodeType = 3;
  constructor(data) { this.data = data; }
  get textContent() { return this.data; }
  remove() { this.parentElement?.childNodes.splice(this.parentElement.childNodes.indexOf(this), 1); this.parentElement = null; }
}

class Style {
  fontSize = ""; strokeWidth = ""; color = ""; left = ""; top = ""; transform = "";
  setProperty(name, value) { this[name] = String(value); }
  getPropertyValue(name) { return this[name] ?? ""; }
}

class Element {
  nodeType = 1;
  childNodes = [];
  parentElement = null;
  style = new Style();
  heard = [];
  clientWidth = 600;
  clientHeight = 400;

  constructor(localName, namespaceURI = "http://www.w3.org/1999/xhtml") {
    Object.assign(this, { localName, namespaceURI, given: new Map() });
    const dashed = (name) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    this.dataset = new Proxy({}, {
      get: (_, name) => this.getAttribute(dashed(String(name))) ?? undefined,
      set: (_, name, value) => (this.setAttribute(dashed(String(name)), value), true),
    });
    this.classList = {
      add: (...names) => (this.className = [...new Set([...this.names, ...names])].join(" ")),
      remove: (...names) => (this.className = this.names.filter((name) => !names.includes(name)).join(" ")),
      toggle: (name, on) => (on ? this.classList.add(name) : this.classList.remove(name)),
      contains: (name) => this.names.includes(name),
      [Symbol.iterator]: () => this.names[Symbol.iterator](),
    };
  }

  // -- Attributes
  get names() { return this.given.get("class")?.split(" ").filter(Boolean) ?? []; }
  get className() { return this.getAttribute("class") ?? ""; }
  set className(names) { this.setAttribute("class", names); }
  get attributes() { return [...this.given].map(([name, value]) => ({ name, value })); }
  getAttribute(name) { return this.given.get(name) ?? null; }
  setAttribute(name, value) { this.given.set(name, String(value)); }
  removeAttribute(name) { this.given.delete(name); }

  // -- The tree
  get children() { return this.childNodes.filter(({ nodeType }) => nodeType === 1); }
  get firstElementChild() { return this.children[0] ?? null; }
  get lastElementChild() { return this.children.at(-1) ?? null; }
  get isConnected() { return this.getRootNode() === document; }
  getRootNode() { return this.parentElement ? this.parentElement.getRootNode() : this === document.documentElement ? document : this; }
  contains(other) { return other === this || Boolean(other?.parentElement && this.contains(other.parentElement)); }
  insert(place, nodes) {
    const made = nodes.map((node) => (typeof node === "object" ? node : new Leaf(String(node))));
    for (const node of made) { node.remove(); node.parentElement = this; }
    this.childNodes.splice(place(), 0, ...made);
  }
  append(...nodes) { this.insert(() => this.childNodes.length, nodes); }
  prepend(...nodes) { this.insert(() => 0, nodes); }
  after(...nodes) { this.parentElement.insert(() => this.parentElement.childNodes.indexOf(this) + 1, nodes); }
  remove() { Leaf.prototype.remove.call(this); }
  replaceChildren(...nodes) { for (const node of [...this.childNodes]) node.remove(); this.append(...nodes); }
  get textContent() { return this.childNodes.map((node) => node.textContent).join(""); }
  set textContent(text) { this.replaceChildren(...(text === "" ? [] : [text])); }
  set innerHTML(markup) { this.replaceChildren(...read(markup).childNodes); }

  // -- Finding
  matches(selector) {
    return wanted(selector).some(([last, ...before]) => {
      if (!this.fits(last)) return false;
      let around = this.parentElement;
      for (const outer of before) {
        while (around && !around.fits(outer)) around = around.parentElement;
        if (!around) return false;
        around = around.parentElement;
      }
      return true;
    });
  }
  fits({ tag, names, known }) {
    if (tag && this.localName !== tag) return false;
    if (names.length) {
      const own = this.names;
      if (!names.every((name) => own.includes(name))) return false;
    }
    return known.every(([name, value]) => (value === undefined ? this.given.has(name) : this.given.get(name) === value));
  }
  closest(selector) { return this.matches(selector) ? this : this.parentElement?.closest(selector) ?? null; }
  * below() {
    for (const child of this.childNodes) if (child.nodeType === 1) { yield child; yield* child.below(); }
  }
  querySelectorAll(selector) {
    const found = [];
    for (const one of this.below()) if (one.matches(selector)) found.push(one);
    return found;
  }
  querySelector(selector) {
    for (const one of this.below()) if (one.matches(selector)) return one;
    return null;
  }

  // -- Events, focus, and what would be laid out
  addEventListener(name, react, { signal = null, capture = false } = {}) {
    const entry = { name, react, capture };
    this.heard.push(entry);
    signal?.addEventListener("abort", () => this.heard.splice(this.heard.indexOf(entry), 1));
  }
  fire(name, given = {}) {
    const path = [];
    for (let one = this; one; one = one.parentElement) path.push(one);
    path.push(window);
    const event = { type: name, target: this, defaultPrevented: false, stopped: false, composedPath: () => path, ...given };
    event.preventDefault = () => (event.defaultPrevented = true);
    event.stopPropagation = () => (event.stopped = true);
    for (const [order, capture] of [[[...path].reverse(), true], [path, false]])
      for (const one of order) for (const entry of [...one.heard]) if (!event.stopped && entry.name === name && entry.capture === capture) entry.react(event);
    return event;
  }
  focus() { if (document.activeElement !== this) { document.activeElement?.fire?.("blur"); document.activeElement = this; this.fire("focusin"); } }
  blur() { if (document.activeElement === this) { this.fire("blur"); document.activeElement = body; } }
  select() { this.focus(); this.selected = true; }
  showModal() { this.open = true; }
  close() { this.open = false; }
  setPointerCapture() {}
  getBoundingClientRect() { return { left: 0, top: 0, width: 600, height: 400, bottom: 400, right: 600, ...this.area }; }
  getTotalLength() { return document.lengths?.[this.parentElement.id] ?? 100; }
  getPointAtLength(length) { return { x: length, y: 2 * length }; }
  animate(frames, timing) {
    const played = { element: this, frames, timing };
    document.played.push(played);
    return played;
  }
}

// What an element remembers beside its attributes, and what it says where nobody has set it.
const REFLECTED = { id: "", type: "text", title: "", value: "", placeholder: "", min: "", max: "", step: "", tabindex: "" };
for (const [name, usual] of Object.entries(REFLECTED)) {
  Object.defineProperty(Element.prototype, name, {
    get() {
      const said = this[`own ${name}`] ?? this.getAttribute(name) ?? usual;
      return name === "value" && this.type === "range" ? String(Math.min(this.max, Math.max(this.min, said))) : said;
    },
    set(value) { if (name === "value") this["own value"] = String(value); else this.setAttribute(name, value); },
  });
}
for (const name of ["hidden", "disabled"]) {
  Object.defineProperty(Element.prototype, name, { get() { return this.given.has(name); }, set(on) { on ? this.setAttribute(name, "") : this.removeAttribute(name); } });
}
for (const name of ["Label", "Pressed", "ValueText", "Hidden"]) {
  const attribute = `aria-${name.toLowerCase()}`;
  Object.defineProperty(Element.prototype, `aria${name}`, { get() { return this.getAttribute(attribute); }, set(value) { this.setAttribute(attribute, value); } });
}
Object.defineProperty(Element.prototype, "valueAsNumber", { get() { return this.value === "" ? NaN : Number(this.value); } });
Object.defineProperty(Element.prototype, "htmlFor", { set(value) { this.setAttribute("for", value); } });

/** The elements of some markup, in one that holds them. */
function read(markup) {
  const root = new Element("div");
  let here = root;
  for (const [, text, closing, tag, given, single] of markup.matchAll(/([^<]+)|<(\/?)([\w-]+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*(\/?)>/g)) {
    if (text !== undefined) here.append(decoded(text));
    else if (closing) here = here.parentElement ?? root;
    else {
      const element = new Element(tag, SPACES[tag] ?? here.namespaceURI);
      for (const [, name, value = ""] of given.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)) element.setAttribute(name, decoded(value));
      here.append(element);
      if (!single && !VOID.test(tag)) here = element;
    }
  }
  return root;
}

const heard = () => ({ heard: [], addEventListener: Element.prototype.addEventListener, fire(name) { for (const entry of [...this.heard]) if (entry.name === name) entry.react({ type: name }); } });
const [html, body] = ["html", "body"].map((name) => new Element(name));
html.append(body);
const media = { ...heard(), dark: false, calm: false };
const timers = new Map();

Object.assign(globalThis, {
  Node: { TEXT_NODE: 3 },
  HTMLElement: Element,
  window: heard(),
  innerHeight: 800,
  document: {
    documentElement: html, body, activeElement: body, played: [], scrollingElement: { scrollHeight: 800 },
    createElement: (name) => new Element(name),
    createElementNS: (space, name) => new Element(name, space),
    createTextNode: (text) => new Leaf(text),
    querySelector: (selector) => html.querySelector(selector),
    querySelectorAll: (selector) => html.querySelectorAll(selector),
  },
  DOMParser: class { parseFromString(markup) { return read(markup); } },
  matchMedia: (query) => ({ matches: /reduced-motion/.test(query) ? media.calm : media.dark, addEventListener: (...given) => media.addEventListener(...given) }),
  MutationObserver: class { observe() {} disconnect() {} },
  ResizeObserver: class { constructor(react) { document.resized = react; } observe() {} disconnect() { document.resized = null; } },
  getComputedStyle: (element) => ({ display: element.closest(element.names.includes("gr-stop") ? ".gr-breaks" : ".gr-changed") ? "inline" : "none" }),
  setTimeout: (react, after) => (timers.set((timers.last = (timers.last ?? 0) + 1), { react, after }), timers.last),
  clearTimeout: (number) => timers.delete(number),
});
window.top = window.parent = window;
globalThis.KeyboardEvent = class { constructor(type, { key }) { Object.assign(this, { type, key }); } };
Object.defineProperty(globalThis, "navigator", { value: { clipboard: { writeText: async (text) => { document.copied = text; } } } });
globalThis.location = { hash: "", href: "file:///steps.html#old" };
globalThis.parent = { document };
