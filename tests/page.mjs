// Stands behind the page's scripts in one module, after tests/document.mjs: a page is opened, used, and looked at. Each
// line of input opens a page or is a list of acts; the answer tells what is seen in the end.

let handle = null;
const find = (selector, place = 0) => document.querySelectorAll(selector)[place];
const keyed = (key) => {
  const parts = key.split("+");
  const last = key.endsWith("+") ? "+" : parts.at(-1);
  return { key: last === "Space" ? " " : last, shiftKey: parts.includes("Shift"), altKey: parts.includes("Alt"), ctrlKey: parts.includes("Control"), metaKey: false };
};

const ACTS = {
  press: (...keys) => { for (const key of keys) document.activeElement.fire("keydown", keyed(key)); },
  click: (selector, place = 0, more = {}) => { find(selector, place).fire("click", { shiftKey: false, ...more }); },
  fill: (selector, text, place = 0) => { const field = find(selector, place); field.value = text; field.fire("input"); },
  focus: (selector, place = 0) => find(selector, place).focus(),
  submit: (text) => { find("[data-part=answer]").value = text; find("[data-part=ask]").fire("submit"); },
  hover: (selector, place = 0, pointerType = "mouse") => { find(selector, place).fire("pointerover", { pointerType }); },
  leave: () => { find("[data-part=stage]").fire("pointerleave", { pointerType: "mouse" }); },
  fire: (selector, name, given = {}, place = 0) => { find(selector, place).fire(name, given); },
  tick: (times = 1) => { for (let i = 0; i < times; i++) { const due = [...timers]; timers.clear(); for (const [, { react }] of due) react(); } },
  resize: (width, height) => { for (const stage of document.querySelectorAll(".gr-stage")) Object.assign(stage, { clientWidth: width, clientHeight: height }); document.resized(); },
  area: (selector, area) => { find(selector).area = area; },
  system: (dark) => { media.dark = dark; for (const { react } of [...media.heard]) react(); },
  motion: (on) => { media.calm = !on; },
  finish: () => { for (const played of document.played) played.onfinish(); },
  edit: (changes, tell) => handle.edit(changes, tell),
  go: (to) => handle.go(to),
  address: (hash) => { location.hash = hash; window.fire("hashchange"); },
  frame: (foreign) => {
    const heard = [];
    document.outer = { heard, focused: 0 };
    window.parent = { focus: () => (document.outer.focused += 1), postMessage: (told) => heard.push(JSON.parse(told).method) };
    window.frameElement = foreign ? null : { dispatchEvent: (event) => heard.push(event.key) };
  },
  alone: () => { window.parent = window; document.outer = null; },
  destroy: () => handle.destroy(),
};

function open({ data, options, hash = "" }) {
  location.hash = hash;
  if (find(".gradroute")) handle.destroy();
  timers.clear();
  document.activeElement = body;
  document.played = [];
  document.told = [];
  document.moved = [];
  handle = mount(body, data, { ...options, onChange: (told) => document.told.push(told), onStep: (index) => document.moved.push(index) });
}

function more() {
  const active = document.activeElement;
  const at = (part) => find(`[data-part=${part}]`);
  const tip = at("tip");
  const words = (one) => one?.textContent;
  return {
    active: active?.dataset?.do ?? active?.dataset?.part ?? (active?.localName === "rect" ? active.parentElement.id : active?.id || active?.className || active?.localName),
    selected: Boolean(active?.selected),
    view: find(".gr-canvas")?.style.transform, gliding: find(".gr-canvas")?.classList.contains("gr-gliding"), look: [find(".gradroute")?.dataset.look, html.dataset.look],
    theme: find("[data-do=theme]") && [find("[data-do=theme]").ariaLabel, find("[data-do=theme]").title],
    timers: [...timers.values()].map(({ after }) => after),
    dots: document.played.map(({ element, frames, timing }) => [element.className, frames.length, timing.duration, frames[0].transform, frames.at(-1).transform, element.isConnected]),
    changes: document.told, values: handle.values(),
    details: tip && { hidden: tip.hidden, title: words(tip.querySelector("b")), terms: tip.querySelectorAll("dt").map(words), texts: tip.querySelectorAll("dd").map(words), place: [tip.style.left, tip.style.top] },
    quiz: at("quiz") && { hidden: at("quiz").hidden, pressed: find("[data-do=predict]").ariaPressed, question: words(at("question")), refuse: at("refuse").hidden, ask: at("ask").hidden, answer: at("answer").value, verdict: words(at("verdict")), kind: at("verdict").className, labelled: at("question").getAttribute("for") === at("answer").id && Boolean(at("answer").id) },
    keys: Boolean(at("keys")?.open), dashes: document.querySelectorAll("g.edge[id] path").map((path) => path.style["--dash"] ?? null),
    pieces: document.querySelectorAll("svg g").filter((one) => one.children.some((child) => child.id)).map((one) => one.children.length),
    listening: window.heard.length, outer: document.outer ?? null, copied: [at("copied").value, document.copied ?? null], address: handle.address(), moved: document.moved,
  };
}

/** Every text on the page, and every attribute that is read out, shown or kept, without the places of a drawing. */
function everything() {
  const found = [];
  for (const one of html.below()) {
    found.push(...one.childNodes.filter(({ nodeType }) => nodeType === 3).map(({ data }) => data));
    found.push(...one.attributes.filter(({ name }) => /^(aria-|title|placeholder|alt|data-(?!size|node))/.test(name)).map(({ value }) => value));
    if (one.localName === "input") found.push(one.value);
  }
  return found;
}

/** What is told, with the numbers that JSON does not have. */
const revived = (told) =>
  Array.isArray(told) ? told.map(revived)
  : told && typeof told === "object" ? Object.fromEntries(Object.entries(told).map(([key, x]) => [key, revived(x)]))
  : told === "NaN" ? NaN : told;

function answer(told) {
  const job = revived(told);
  if (job.open) open(job.open);
  let event = null;
  for (const [act, ...given] of job.acts ?? []) event = ACTS[act](...given);
  void event;
  if (job.everything) return { ...seen(), ...more(), everything: everything() };
  return find(".gradroute") ? { ...seen(), ...more() } : { gone: true, listening: window.heard.length };
}

await answering(answer);
