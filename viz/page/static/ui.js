// The stepper: forwards and backwards through a graph, with inputs to edit.

const MOVES = { ArrowRight: [-60, 0], ArrowLeft: [60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
const BEAT = 1100; // milliseconds a step at speed 1

/** @param {HTMLElement} element @param {any} given @param {Record<string, any>} options */
export function mount(element, given, { svg, theme = "auto", grid, onChange, start = 0, page = false } = {}) {
  const data = engine.decode(given);
  const recorded = engine.run(data);
  const leaves = {}; // the numbers of edited leaves
  const context = { breaks: new Set(), changed: new Set(), edited: new Set() };
  let run = recorded;
  let index = 0;
  let moment, timer, predicting;
  let look = theme;

  const root = h("div", { class: "gradroute", tabindex: -1, "data-lm-suppress-shortcuts": "true" });
  root.innerHTML = given.shell; // without a word of the graph
  const collect = (kind) => Object.fromEntries([...root.querySelectorAll(`[data-${kind}]`)].map((one) => [one.dataset[kind], one]));
  const part = collect("part");
  const buttons = collect("do");
  const keys = collect("key");
  element.replaceChildren(root);
  const picture = graphPicture(typeof svg === "string" ? parsed(svg, "svg") : svg, data, part.stage);
  const { view } = picture;
  const inputs = inputsPanel(data, part, (changes) => edit(changes));
  const pool = grid && gridPanel(grid, part);
  const quiz = predictor(data, part, (to) => go(to));
  const last = () => run.steps.length - 1;
  const nodeOf = (box) => box.speaker ?? box.members.at(-1);
  const focused = () => picture.boxAt(root.getRootNode().activeElement);

  // ---- Steps

  function go(to) {
    const old = index;
    index = Math.max(0, Math.min(last(), to));
    show();
    if (index === old + 1) picture.pulse(run.steps[index]);
    picture.follow(run.steps[index]);
  }

  function show() {
    moment = engine.moment(run, index);
    part.tip.hidden = true;
    const step = run.steps[index];
    picture.show(moment, context);
    inputs.show(run.values, moment.gradients);
    pool?.show(moment);
    root.dataset.phase = step.phase;
    part.slider.max = last();
    part.slider.value = index;
    part.slider.ariaValueText = `${index} of ${last()}, ${step.phase}`;
    const share = (place) => `${(100 * place) / last()}%`;
    part.track.style.setProperty("--split", share(data.nodes.length - 0.5));
    part.track.style.setProperty("--at", share(index));
    part.count.textContent = `${index} / ${last()}`;
    part.phase.textContent = step.phase;
    if (part.sentence.textContent !== step.sentence) part.sentence.textContent = step.sentence;
    part.math.replaceChildren(parsed(engine.mathml(run, step), "math"));
    buttons.stop.ariaPressed = context.breaks.has(step.node);
    buttons.stop.title = `Breakpoint on ${data.nodes[step.node].label} (b)`;
    part.marks.replaceChildren(...run.steps.filter(({ node }) => context.breaks.has(node)).map((stopped) => {
      const mark = h("i");
      mark.style.left = share(stopped.index);
      return mark;
    }));
    if (predicting) quiz.ask(run, index);
  }

  function play(on) {
    clearTimeout(timer);
    timer = on ? setTimeout(beat, BEAT / part.speed.value) : 0;
    buttons.play.ariaLabel = on ? "Pause" : "Play";
  }

  function beat() {
    go(index + 1);
    play(index < last() && !context.breaks.has(run.steps[index].node));
  }

  /** To a node's step in this phase; from there to its next, round and round. */
  function jump({ members }) {
    const own = run.steps.filter(({ node }) => members.includes(node));
    const here = own.includes(run.steps[index]);
    const next = own.find((step) => (here ? step.index > index : step.phase === run.steps[index].phase));
    go((next ?? own[0]).index);
  }

  function toggleStop(node) {
    if (!context.breaks.delete(node)) context.breaks.add(node);
    show();
  }

  // ---- Inputs

  function edit(changes, tell = true) {
    for (const [leaf, value] of Object.entries(changes)) {
      leaves[leaf] = value;
      if (Object.is(value, recorded.values[leaf])) delete leaves[leaf];
    }
    const mark = ({ phase, node, edge }) => `${phase} ${node} ${edge && useOf(edge)}`;
    const [was, atEnd] = [mark(run.steps[index]), index === last()];
    run = engine.run(data, leaves);
    index = atEnd ? last() : Math.min(last(), run.steps.find((step) => mark(step) === was)?.index ?? index);
    context.edited = new Set(Object.keys(leaves).map(Number));
    tellRoutes();
    show();
    if (tell) onChange?.({ values: leafValues() });
  }

  /** Flag and tell every choice unlike the recorded one. */
  function tellRoutes() {
    const [before, now] = [recorded, run].map((one) => engine.moment(one, -1).flows);
    const refused = (flow) => flow && flow.local === null;
    const other = [...now].filter(([use, flow]) => refused(flow) !== refused(before.get(use)));
    context.changed = new Set(other.map(([use]) => parseInt(use, 10)));
    const routes = [...context.changed].map((node) => {
      const { label, args } = data.nodes[node];
      const winners = args.filter((_, position) => refused(now.get(`${node}_${position}`)) === false).map((arg) => data.nodes[arg].label);
      return `${label} ${winners.length ? `takes ${winners.join(", ")}` : "is off"}`;
    });
    if (routes.length > 3) routes.splice(3, Infinity, `${routes.length - 3} more`);
    const [old, present] = [recorded, run].map((one) => number(one.values[data.output]));
    part.news.replaceChildren(
      ...(routes.length ? [h("b", {}, "⇄ Another route: "), `now ${routes.join("; ")}. `] : []),
      ...(context.edited.size ? [`${data.nodes[data.output].label}: ${old} → ${present}`] : []),
    );
  }

  const leafValues = () => Object.fromEntries(inputs.rows.map(({ node }) => [node, run.values[node]]));

  // ---- Commands

  function setTheme(name) {
    look = name;
    const dark = name === "auto" ? hostIsDark() : name === "dark";
    for (const one of page ? [root, document.documentElement] : [root]) {
      if (one.dataset.look !== (dark ? "dark" : "light")) one.dataset.look = dark ? "dark" : "light";
    }
    h(buttons.theme, { "aria-label": `Theme: ${name}`, title: `Theme: ${name} (t)` });
  }

  function predict(on) {
    predicting = on;
    buttons.predict.ariaPressed = on;
    part.quiz.hidden = !on;
    if (!on) return;
    if (index === last()) go(0);
    quiz.ask(run, index);
    part.answer.focus();
  }

  const speed = (by) => (part.speed.selectedIndex = Math.max(0, Math.min(5, part.speed.selectedIndex + by)));
  const commands = {
    first: () => go(0),
    back: () => go(index - 1),
    next: () => (predicting ? part.answer.focus() : go(index + 1)),
    last: () => go(last()),
    play: (playing) => {
      predict(false);
      if (!playing && index === last()) go(0);
      play(!playing);
    },
    jump: () => focused() && jump(focused()),
    stop: () => toggleStop(focused() ? nodeOf(focused()) : run.steps[index].node),
    up: () => picture.walk(-1),
    down: () => picture.walk(1),
    focus: () => picture.focusNode(run.steps[index].node),
    edit: () => inputs.rows[0]?.field.select(),
    reset: () => edit(Object.fromEntries(Object.keys(leaves).map((leaf) => [leaf, recorded.values[leaf]]))),
    predict: () => predict(!predicting),
    refuse: () => quiz.check("no path"),
    give: () => quiz.check(""),
    theme: () => setTheme({ auto: "light", light: "dark", dark: "auto" }[look]),
    in: () => view.zoom(1.3),
    out: () => view.zoom(1 / 1.3),
    fit: () => view.fit(),
    slower: () => speed(-1),
    faster: () => speed(1),
    keys: () => part.keys.showModal(),
    close: () => part.keys.close(),
  };
  const passive = /^(theme|in|out|fit|slower|faster|up|down|focus)$/; // Play goes on

  function act(name) {
    const playing = Boolean(timer);
    if (!passive.test(name)) play(false);
    commands[name](playing);
    if (!root.contains(root.getRootNode().activeElement)) root.focus({ preventScroll: true });
  }

  function onKey(event) {
    const { key, shiftKey } = event;
    const [target] = event.composedPath();
    if (event.ctrlKey || event.metaKey || event.altKey || part.keys.open || !(page || root.contains(target))) return;
    const kind = target.matches?.("input, select, textarea") ? target.type : "";
    if (kind && key === "Escape") return root.focus();
    if (kind && (target !== part.slider || /Up|Down/.test(key))) return;
    const { name } = (keys[key] ?? keys[key.toLowerCase()])?.dataset ?? {};
    if (!name || (/^( |Enter)$/.test(key) && target.closest?.("button"))) return;
    event.preventDefault();
    event.stopPropagation();
    if (shiftKey && MOVES[key]) view.pan(...MOVES[key]);
    else act(name);
  }

  /** Details of a node. */
  function hint({ target, type, pointerType }) {
    const box = type === "pointerover" && pointerType !== "touch" ? picture.boxAt(target) : null;
    part.tip.hidden = !box || Boolean(box.name);
    if (part.tip.hidden) return;
    const { label, op, scope } = data.nodes[box.speaker];
    const [value, gradient] = [moment.values[box.speaker], moment.gradients[box.speaker]];
    const users = data.nodes.filter((node) => node.args.includes(box.speaker)).map((node) => node.label);
    const lines = {
      is: op ? fill(op.call, engine.parts(data, box.speaker, String, number)) : "an input",
      value: value === null ? "not reached yet" : number(value),
      gradient: gradient === null ? "none yet" : gradientText(gradient),
      "used by": users.slice(0, 5).join(", ") + (users.length > 5 ? ` and ${users.length - 5} more` : ""),
      in: scope?.join(" › "),
    };
    const pairs = Object.entries(lines).flatMap(([term, text]) => (text ? [h("dt", {}, term), h("dd", {}, text)] : []));
    part.tip.replaceChildren(h("b", {}, label), h("dl", {}, ...pairs));
    const [frame, at, own] = [root, box.group, part.tip].map((one) => one.getBoundingClientRect());
    const left = at.left - frame.left + (at.width - own.width) / 2;
    const top = at.bottom + 8 + own.height < frame.bottom ? at.bottom + 8 : at.top - own.height - 8;
    part.tip.style.left = `${Math.max(8, Math.min(frame.width - own.width - 8, left))}px`;
    part.tip.style.top = `${top - frame.top}px`;
  }

  const ended = new AbortController();
  const on = (where, name, react, capture = false) => where.addEventListener(name, react, { signal: ended.signal, capture });
  on(window, "keydown", onKey, true); // before a notebook takes it
  on(root, "click", ({ target, shiftKey }) => {
    if (target === part.keys) part.keys.close(); // beside the dialog
    const name = target.closest("[data-do]")?.dataset.do;
    if (name) return act(name);
    const [box, line] = [picture.boxAt(target), target.closest("g.edge[id]")];
    if (view.dragged() || !(box || line)) return;
    play(false);
    if (box) return shiftKey ? toggleStop(nodeOf(box)) : jump(box);
    const flow = run.steps.find(({ edge }) => edge && `e${useOf(edge)}` === line.id);
    if (flow) go(flow.index);
  });
  on(part.slider, "input", () => (play(false), go(part.slider.valueAsNumber)));
  on(part.stage, "pointerover", hint);
  on(part.stage, "pointerleave", hint);
  watchHost(() => look === "auto" && setTheme(look), ended.signal);
  const sizes = new ResizeObserver(() => {
    view.resized();
    picture.follow(run.steps[index]);
  });
  sizes.observe(part.stage);
  setTheme(theme);
  view.resized();
  go(start < 0 ? last() + 1 + start : start);

  function destroy() {
    play(false);
    ended.abort();
    sizes.disconnect();
    root.remove();
  }
  return { go, destroy, edit, values: leafValues };
}

// What JSON has not travels as text.
const packed = (x) => (Number.isFinite(x) ? x : { NaN: "nan", Infinity: "inf" }[x] ?? "-inf");
const unpacked = (x) => (typeof x === "number" ? x : { nan: NaN, inf: Infinity }[x] ?? -Infinity);

/** A widget: `values` goes to and from Python, by Python's names of the leaves. */
function render({ model, el }) {
  const [data, svg, grid, theme, start] = ["data", "svg", "grid", "theme", "start"].map((name) => model.get(name));
  const names = Object.entries(data.leaves);
  const handle = mount(el, data, { svg, grid, theme, start, onChange: ({ values }) => {
    model.set("values", Object.fromEntries(names.map(([leaf, name]) => [name, packed(values[leaf])])));
    model.save_changes();
  } });
  function pull() {
    const [given, present] = [model.get("values"), handle.values()];
    const wanted = names.filter(([, name]) => name in given).map(([leaf, name]) => [leaf, unpacked(given[name])]);
    const changes = wanted.filter(([leaf, value]) => !Object.is(value, present[leaf]));
    if (changes.length) handle.edit(Object.fromEntries(changes), false);
  }
  pull();
  model.on("change:values", pull);
  return () => (model.off("change:values", pull), handle.destroy());
}

export default { render };
