// Stands behind the page's scripts but ui.js in one module (tests/test_parts.py puts them together), with as little of a
// document as the camera and the theme ask of it. Each job is a list of acts; the answer tells what each has led to.

globalThis.innerHeight = 800;

/** What hears of events. */
function heard(own = {}) {
  const reacts = new Map();
  const addEventListener = (name, react) => reacts.set(name, [...(reacts.get(name) ?? []), react]);
  const fire = (name, event) => (reacts.get(name) ?? []).forEach((react) => react(event));
  return { ...own, addEventListener, fire };
}

function surroundings(tall, around) {
  globalThis.window = {};
  window.top = around ? {} : window;
  globalThis.document = { scrollingElement: { scrollHeight: tall } };
}

function camera({ wide, high, left, top, tall = 800, around = false, acts }) {
  surroundings(tall, around);
  const captured = [];
  const frame = heard({ getBoundingClientRect: () => ({ left, top }), setPointerCapture: (id) => captured.push(id) });
  const flags = new Set();
  const toggle = (name, on) => (on ? flags.add(name) : flags.delete(name));
  const canvas = { classList: { toggle }, style: { transform: "translate(0px, 0px) scale(1)" } };
  const view = cameraOf(frame, canvas, wide, high);
  let size = [];
  return acts.map(([act, ...given]) => {
    let prevented = false;
    const event = { preventDefault: () => (prevented = true), ...given[0] };
    if (act === "resized") view.open(arranged({ wide, high, boxes: [], points: [] }, size, [0, 0]));
    else if (act === "size") size = given;
    else if (act in view) view[act](...given);
    else frame.fire(act, event);
    const [x, y, scale] = canvas.style.transform.match(/-?[\d.]+(e-?\d+)?/g).map(Number);
    return { x, y, scale, gliding: flags.has("gr-gliding"), dragged: view.dragged(), prevented, captured: [...captured] };
  });
}

/** Whether a host of these parts looks dark: of each document the looks of its body and of its root. */
function host({ documents: [own, around], system }) {
  const part = ({ name = "", ...dataset } = {}) => ({ className: name, dataset });
  const made = ({ body, root }) => ({ body: part(body), documentElement: part(root) });
  globalThis.document = made(own);
  globalThis.parent = around === "foreign" ? Object.defineProperty({}, "document", { get() { throw new Error("of another origin"); } }) : { document: around ? made(around) : document };
  globalThis.matchMedia = (query) => ({ matches: query === "(prefers-color-scheme: dark)" && system });
  return hostIsDark();
}

/** What watches a host reacts to, and what is left of it once it is ended. */
function watched() {
  const [told, observers] = [[], []];
  globalThis.MutationObserver = class {
    constructor(react) { Object.assign(this, { react, parts: [] }); observers.push(this); }
    observe(part, { attributes }) { this.parts.push([part, attributes]); }
    disconnect() { this.parts = []; }
  };
  const [body, documentElement, media] = [{}, {}, heard()];
  globalThis.document = { body, documentElement };
  globalThis.parent = { document };
  globalThis.matchMedia = () => media;
  const ended = new AbortController();
  watchHost(() => told.push("changed"), ended.signal);
  const seen = observers[0].parts.map(([part, attributes]) => [part === body ? "body" : "root", attributes]);
  media.fire("change");
  observers[0].react();
  ended.abort();
  return { seen, told: told.length, left: observers[0].parts.length };
}

const JOBS = {
  camera,
  arranged: ({ graph, stage, card }) => arranged(graph, stage, card),
  chosen: ({ layouts, stage, card, wish }) => layouts.indexOf(chosen(layouts, stage, card, wish)[0]),
  corner: ({ graph, camera, stage, card, known }) => corner(graph, camera, stage, card, known) ?? null,
  host,
  watched,
  pens: ({ numbers, scale }) => numbers.map((x) => penWidth(x === "nan" ? NaN : Number(x), scale)),
};

function answer({ job, ...given }) {
  return JOBS[job](given);
}

await answering(answer);
