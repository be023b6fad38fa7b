// Two runs of one graph, stepped together: a half for each, under one row of controls. Only pages of comparisons have it.

const APART_FROM = 1100; // milliseconds a step at speed 1
const SHIFT = { ArrowRight: [-60, 0], ArrowLeft: [60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };

/** The steps of both, in the order in which they come; one that only one run has stands where it would in the other. */
function merged(runs) {
  const found = new Map();
  runs.forEach((run, half) => {
    const count = run.values.length;
    for (const { index, phase, node, edge, given, last = index } of run.steps) {
      const way = edge ? [-edge.target, edge.position] : [-count, 0]; // as a pass goes back
      const order = given ? -1 : phase === "forward" ? last : count + (count + way[0]) * 1000 + way[1];
      const key = `${given ? "" : `${phase} ${node}`} ${edge ? engine.useOf(edge) : ""}`;
      if (!found.has(key)) found.set(key, { order, own: [null, null] });
      found.get(key).own[half] = index;
    }
  });
  let at = [0, 0]; // a run without a step stays where it is
  return [...found.values()].sort((one, other) => one.order - other.order).map(({ own, order }) => {
    at = own.map((index, half) => index ?? at[half]);
    const step = runs[1].steps[own[1] ?? -1] ?? runs[0].steps[own[0]];
    return { own, at, order, step };
  });
}

const SIGNS = { positive: ({ contribution }) => contribution > 0, negative: ({ contribution }) => contribution < 0, refused: ({ local }) => local === null };
const agree = (x, y) => Object.is(x, y) || x === y;

/** What the steps of this place differ in, or that they do not. */
function differing({ own, step }, runs) {
  if (own.includes(null)) return "";
  const [was, is] = own.map((index, half) => runs[half].steps[index].after);
  const name = `${step.box?.called ?? runs[1].data.nodes[step.node].called}${step.phase === "backward" ? ".grad" : ""}`;
  if (step.given || was === null || is === null) return "";
  return agree(was, is) ? "As before." : `${name} was ${numeral(was)}, is ${numeral(is)}.`;
}

/** What a half says of a place: its own step, or that nothing comes over this line in it. */
function saidOf({ own, step }, half, run) {
  if (own[half] !== null) return run.steps[own[half]].sentence;
  const { nodes } = run.data;
  return `${step.box?.called ?? nodes[step.node].called} gets nothing from ${step.by?.called ?? nodes[step.edge.target].called}, which no gradient reaches here`;
}

/** A half: its graph, and the card that tells of it. */
function halfOf(title, data, svgs, legend) {
  const make = (name, attributes = {}) => h("div", { class: name, ...attributes });
  const [stage, card, told] = [make("gr-stage"), make("gr-card"), make("gr-told", { tabindex: 0, role: "region", "aria-label": `${title}: this step` })];
  const [phase, sentence, news] = [h("span", { class: "gr-phase" }), h("span", { class: "gr-said" }), h("p", { class: "gr-news" })];
  told.append(h("p", { role: "status" }, h("b", {}, title), " ", phase, " ", sentence), news);
  card.append(told, legend ?? "");
  stage.append(card);
  const note = h("span");
  const unused = { side: h("div"), pool: h("div", { hidden: "" }), boards: h("div"), fold: h("button"), leave: h("button"), opened: h("div") };
  const section = h("section", { class: "gr-half", "aria-label": title }, stage);
  return { section, phase, sentence, news, note, picture: () => fittedPicture(svgs, engine.decode(data), { stage, card, note, ...unused }, null) };
}

/**
 * In each box of the second half: what its numbers were, where they are others. Answers the nodes whose numbers differ.
 * @param {any} frame @param {any} shown @param {any} snapshots @param {boolean} isLater
 */
function marked(frame, shown, snapshots, isLater) {
  const [was, is] = snapshots;
  const changed = new Set();
  for (const group of frame.querySelectorAll("g.node[id]")) {
    const { members = [Number(group.id.slice(1))], speaker = members[0] } = shown.folds[group.id] ?? {};
    if (speaker === null) continue;
    const [before, now] = [was, is].map(({ values, gradients }) => look.words(values[speaker], gradients[speaker]));
    const others = before.map((word, i) => word !== now[i] && was.values[speaker] !== null);
    if (others.includes(true)) for (const member of members) changed.add(member);
    if (!isLater) continue;
    [".gr-value", ".gr-gradient"].forEach((kind, i) => {
      const text = group.querySelector(kind);
      const told = others[i] ? [now[i], shape("tspan", { class: "gr-was" }, ` was ${before[i]}`)] : [now[i]];
      if (text && text.textContent !== told.map((part) => part.textContent ?? part).join("")) text.replaceChildren(...told);
      if (text && others[i]) text.removeAttribute("textLength");
    });
    const [button] = group.getElementsByTagName("rect");
    const label = button.ariaLabel.split(", before: ")[0];
    button.ariaLabel = others.includes(true) ? `${label}, before: ${before.filter((_, i) => others[i]).join(", ")}` : label;
  }
  return changed;
}

/** @param {HTMLElement} element @param {any} told @param {any} svgs */
export function compareRuns(element, { halves, titles, causes, shell: markup, theme, start }, svgs, page = true) {
  const shell = shellOf(markup);
  const { root, part, keys } = shell;
  root.classList.add("gr-pair");
  element.replaceChildren(root);
  const copies = () => [...svgs].map((svg) => svg.cloneNode(true));
  numbers.write(halves[0].figures);
  const both = halves.map((data, half) => halfOf(titles[half], data, copies(), half ? null : part.legend));
  part.halves.append(...both.map(({ section }) => section));
  const pictures = both.map(({ picture }) => picture());
  let state = { index: 0, playing: false, speed: 1, theme };
  let [views, runs, places, last] = [[], [], [], 0];
  let timer;

  /** The steps are those of what is seen in the layout that fits; the moment stays. */
  function see() {
    const data = pictures.map((picture) => picture.now().layout.data);
    if (data.every((view, half) => view === views[half])) return;
    const was = places[state.index]?.order;
    [views, runs] = [data, data.map((view) => seeing.seen(engine.run(view)))];
    places = merged(runs);
    last = places.length - 1;
    const index = was === undefined ? (start < 0 ? last + 1 + start : start) : places.filter(({ order }) => order <= was).length - 1;
    state.index = Math.max(0, Math.min(last, index));
    for (const [mark, is] of Object.entries(SIGNS))
      for (const one of root.querySelectorAll(`.gr-legend .gr-${mark}`)) one.hidden = !runs.some(({ facts }) => facts.some((fact) => fact.edge && is(fact)));
    for (const one of root.querySelectorAll(".gr-legend .gr-note")) one.textContent = pictures[1].now().layout.folded ? "scopes are folded" : both[1].note.textContent;
  }
  part.whole.hidden = !document.fullscreenEnabled;

  part.menu.append(part.legend.cloneNode(true)); // where a card has no room for it

  function paint(before) {
    const place = places[state.index];
    numbers.write(halves[0].figures);
    const steps = places.map(({ step }) => step);
    showPlace(shell, { run: { steps, ahead: steps.filter(({ phase }) => phase === "forward").length }, ...state });
    const snapshots = runs.map((run, half) => engine.snapshot(run, place.at[half]));
    both.forEach(({ phase, sentence, news }, half) => {
      const [picture, run, shown] = [pictures[half], runs[half], views[half]];
      const context = { breaks: new Set(), changed: new Set(), edited: half ? marked(picture.now().frame, shown, snapshots, false) : new Set() };
      picture.show(snapshots[half], context);
      if (half) marked(picture.now().frame, shown, snapshots, true);
      phase.textContent = place.step.phase;
      const said = saidOf(place, half, run);
      if (sentence.textContent !== said) sentence.textContent = said;
      if (half) news.textContent = state.index || !causes.length ? differing(place, runs) : causes.join(" ");
      if (before !== undefined && state.index === before + 1 && place.own[half] !== null) picture.now().pulse(runs[half].steps[place.own[half]]);
      picture.now().follow(place.step);
    });
  }

  function go(to, playing = false) {
    const before = state.index;
    const index = Math.max(0, Math.min(last, to));
    state = { ...state, index, playing: playing && index < last };
    clearTimeout(timer);
    if (state.playing) timer = setTimeout(() => go(state.index + 1, true), APART_FROM / state.speed);
    paint(before);
  }

  function resized() {
    for (const picture of pictures) picture.resized();
    see();
    paint();
  }

  function opened(on = part.menu.hidden) {
    part.menu.hidden = !on;
    part.more.ariaExpanded = on;
    root.classList.toggle("gr-open", on);
  }

  const half = () => Math.max(0, both.findIndex(({ section }) => section.contains(root.getRootNode().activeElement)));
  const each = (act) => () => pictures.forEach((picture) => act(picture.now()));
  const pace = (by) => {
    const speeds = [...part.speed.options].map(({ value }) => Number(value));
    state.speed = speeds[Math.max(0, Math.min(speeds.length - 1, speeds.indexOf(state.speed) + by))];
    paint();
  };
  const acts = {
    first: () => go(0),
    last: () => go(last),
    back: () => go(state.index - 1),
    next: () => go(state.index + 1),
    play: () => (state.playing ? go(state.index) : go(state.index === last ? 0 : state.index, true)),
    slower: () => pace(-1),
    faster: () => pace(1),
    menu: () => opened(),
    whole: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
    in: each(({ view }) => view.zoom(1.3)),
    out: each(({ view }) => view.zoom(1 / 1.3)),
    fit: each(({ view }) => view.fit()),
    up: () => pictures[half()].now().walk(-1),
    down: () => pictures[half()].now().walk(1),
    focus: () => pictures[half()].now().focusNode(places[state.index].step.node),
    keys: () => part.keys.showModal(),
    close: () => part.keys.close(),
    theme() {
      state.theme = { auto: "light", light: "dark", dark: "auto" }[state.theme];
      showTheme(shell, state, page);
    },
    jump() {
      const box = pictures[half()].now().boxAt(root.getRootNode().activeElement);
      if (box) visit(box);
    },
  };

  /** To a box's step in this phase; from there to its next, round and round. */
  function visit({ members }) {
    const own = places.flatMap(({ step }, index) => (members.includes(step.node) ? [index] : []));
    const here = own.includes(state.index);
    const phase = places[state.index].step.phase;
    go(own.find((index) => (here ? index > state.index : places[index].step.phase === phase)) ?? own[0] ?? state.index);
  }

  function onKey(event) {
    const { key, shiftKey } = event;
    const [target] = event.composedPath();
    if (event.ctrlKey || event.metaKey || event.altKey || part.keys.open || !(page || root.contains(target))) return;
    if (key === "Escape") return part.menu.hidden ? around.handBack(root) : opened(false);
    const kind = target.matches?.("input, select") ? target.type : "";
    if (kind && (target !== part.slider || /^Arrow(Up|Down)$/.test(key))) return;
    const { name } = (keys[key] ?? keys[key.toLowerCase()])?.dataset ?? {};
    if (!acts[name] || (/^( |Enter)$/.test(key) && target.closest?.("button"))) return;
    const isOver = (name === "next" && state.index === last) || (name === "back" && state.index === 0);
    if (!shiftKey && !event.repeat && isOver) return around.handBack(root, event); // slides go on
    event.preventDefault();
    event.stopPropagation();
    if (shiftKey && SHIFT[key]) pictures[half()].now().view.pan(...SHIFT[key]);
    else acts[name]();
  }

  window.addEventListener("keydown", onKey, true);
  root.addEventListener("click", ({ target }) => {
    if (target === part.keys) part.keys.close();
    if (!part.menu.hidden && !target.closest(".gr-menu, [data-do=menu]")) opened(false);
    const name = target.closest("[data-do]")?.dataset.do;
    if (name) return acts[name]?.();
    pictures.forEach((picture) => {
      const box = picture.now().boxAt(target);
      if (box && picture.now().frame.contains(target) && !picture.now().view.dragged()) visit(box);
    });
  });
  part.slider.addEventListener("input", () => go(part.slider.valueAsNumber));
  part.speed.addEventListener("input", () => (state.speed = Number(part.speed.value)));
  const ended = new AbortController();
  watchHost(() => state.theme === "auto" && showTheme(shell, state, page), ended.signal);
  new ResizeObserver(resized).observe(part.halves);
  showTheme(shell, state, page);
  resized();
}
