// The stepper on a page: what people do becomes actions, and each part paints the state that comes of them.

const MOVES = { ArrowRight: [-60, 0], ArrowLeft: [60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
const BEAT = 1100; // milliseconds a step at speed 1

/** The bar: where one is among the steps, and what is switched on. */
function showBar(shell, state) {
  const { part, buttons } = shell;
  const { data, run, breaks } = state;
  const step = stepper.step(state);
  const share = showPlace(shell, state);
  buttons.stop.ariaPressed = breaks.has(step.node);
  buttons.stop.title = `Breakpoint on ${data.nodes[step.node].label} (b)`;
  part.marks.replaceChildren(...run.steps.filter(({ node }) => breaks.has(node)).map((stopped) => {
    const mark = h("i");
    mark.style.left = share(stopped.index);
    return mark;
  }));
}

/** What happens in this step, in words and as a formula, and what the edits have changed. */
function showStory({ part }, state, { told, output }, snapshot) {
  const { data, run } = state;
  const step = stepper.step(state);
  part.phase.textContent = step.phase;
  const line = Object.values(data.lines).find(({ difference, uses }) => difference && step.uses.includes(uses[0]));
  const said = step.sentence + (line ? `: ${look.difference(line.difference, snapshot)}` : "");
  if (part.sentence.textContent !== said) part.sentence.textContent = said;
  part.math.replaceChildren(...parsed(mathematics.mathml(run, step), "math"));
  part.news.replaceChildren(
    ...(told.length ? [h("b", {}, "⇄ Another route: "), `now ${told.join("; ")}. `] : []),
    ...(output ? [`${data.nodes[data.output].label}: ${output.map(numeral).join(" → ")}`] : []),
  );
}

/** Which signs the lines bear that are drawn in the end: the legend tells of no others. */
function showLegend({ part }, { run }) {
  const kinds = { positive: ({ contribution }) => contribution > 0, negative: ({ contribution }) => contribution < 0, refused: ({ local }) => local === null };
  for (const [kind, is] of Object.entries(kinds)) part.legend.querySelector(`.gr-${kind}`).hidden = !run.facts.some((fact) => fact.edge && is(fact));
}

/** Details of the node or line that one points at. */
function hinter(shell, picture, stateOf) {
  const { root, part } = shell;
  /** All that a line says, and between what. */
  function told(line) {
    const { data } = stateOf();
    numbers.write(data.figures);
    const [source, target] = [data.nodes[line.targets[0]].args[Number(line.uses[0].split("_")[1])], line.targets[0]];
    const words = look.lineWords(line, stepper.moment(stateOf()), data.nodes).join("");
    return [`${data.nodes[target].label} → ${data.nodes[source].label}`, { "": words || "–" }];
  }
  function lines(place) {
    const { data } = stateOf();
    numbers.write(data.figures);
    const { op, scope, constant, text } = data.nodes[place];
    const snapshot = stepper.moment(stateOf());
    const [value, gradient] = [snapshot.values[place], snapshot.gradients[place]];
    const users = data.nodes.filter((node) => node.args.includes(place)).map((node) => node.label);
    return {
      is: op ? fill(op.call, telling.parts(data, place, String, numeral)) : text ?? "an input",
      value: value === null ? "not reached yet" : numeral(value),
      gradient: gradient === null ? constant ? "" : "none yet" : gradient === noPath ? data.sentences[noPath] : numeral(gradient),
      "used by": users.slice(0, 5).join(", ") + (users.length > 5 ? ` and ${users.length - 5} more` : ""),
      in: scope?.join(" › "),
    };
  }
  return ({ target, type, pointerType }) => {
    const pointed = type === "pointerover" && pointerType !== "touch";
    const [box, line] = pointed ? [picture.now().boxAt(target), picture.now().lineAt(target)] : [null, null];
    part.tip.hidden = !(line || (box && !box.name));
    if (part.tip.hidden) return;
    const [title, facts] = line ? told(line) : [stateOf().data.nodes[box.speaker].label, lines(box.speaker)];
    const pairs = Object.entries(facts).flatMap(([term, text]) => (text ? [...(term ? [h("dt", {}, term)] : []), h("dd", {}, text)] : []));
    part.tip.replaceChildren(h("b", {}, title), h("dl", {}, ...pairs));
    const [frame, at, own] = [root, (line ?? box).group, part.tip].map((one) => one.getBoundingClientRect());
    const left = at.left - frame.left + (at.width - own.width) / 2;
    const top = at.bottom + 8 + own.height < frame.bottom ? at.bottom + 8 : at.top - own.height - 8;
    part.tip.style.left = `${Math.max(8, Math.min(frame.width - own.width - 8, left))}px`;
    part.tip.style.top = `${top - frame.top}px`;
  };
}

/** The painters of a state: each part shows what it is made from. */
function paintersOf(shell, picture, { inputs, pool, asked }, page) {
  const { part } = shell;
  let checks = new Map();
  return function paint(state, before) {
    numbers.write(state.data.figures); // another page may be shown by the same script
    if (state.theme !== before?.theme) showTheme(shell, state, page);
    if (state.run !== before?.run) showLegend(shell, state);
    const news = stepper.news(state);
    const snapshot = stepper.moment(state);
    part.tip.hidden = true;
    const edited = new Set(Object.keys(state.leaves).map(Number));
    picture.show(snapshot, { breaks: state.breaks, changed: news.changed, edited });
    if (state.run !== before?.run || state.checking !== before?.checking || state.predicting !== before?.predicting) checks = stepper.checks(state);
    inputs.show(state.run.values, snapshot.gradients, checks, picture.now().shows);
    h(part.check, { "aria-pressed": state.checking }).hidden = state.predicting;
    pool?.show(snapshot);
    showBar(shell, state);
    showStory(shell, state, news, snapshot);
    asked.show(state, before);
    const moved = before && state.index !== before.index && state.data === before.data;
    if (moved && state.index === before.index + 1) picture.now().pulse(stepper.step(state));
    if (!before || moved || state.run !== before.run) picture.now().follow(stepper.step(state));
  };
}

/** What the buttons and keys do that is no action of a state: the camera, the focus, the dialog. */
function gestures(shell, picture, inputs, stateOf, arrange) {
  const { part } = shell;
  /** The inputs beside the graph, shown or not. */
  function drawn(on = !shell.root.classList.contains("gr-drawn")) {
    shell.root.classList.toggle("gr-drawn", on);
    part.drawer.ariaExpanded = on;
  }
  return {
    show: () => drawn(true),
    up: () => picture.now().walk(-1),
    down: () => picture.now().walk(1),
    focus: () => picture.now().focusNode(stepper.step(stateOf()).node),
    edit() {
      drawn(true);
      inputs.rows[0]?.field.select();
    },
    inputs: () => drawn(),
    menu() {
      const on = part.menu.hidden;
      part.menu.hidden = !on;
      part.more.ariaExpanded = on;
      shell.root.classList.toggle("gr-open", on);
    },
    whole: () => (document.fullscreenElement ? document.exitFullscreen() : shell.root.requestFullscreen()),
    fold() {
      if (part.fold.hidden) return;
      picture.fold();
      arrange();
    },
    open(box) {
      picture.enter(box);
      arrange();
      this.focus();
    },
    leave() {
      const node = picture.enter(null);
      arrange();
      picture.now().focusNode(node);
    },
    formula() {
      part.math.hidden = !part.math.hidden;
      part.formula.ariaPressed = !part.math.hidden;
      arrange();
    },
    in: () => picture.now().view.zoom(1.3),
    out: () => picture.now().view.zoom(1 / 1.3),
    fit: () => picture.now().view.fit(),
    keys: () => part.keys.showModal(),
    close: () => part.keys.close(),
    copying: () => part.copying.showModal(),
    shown: () => part.copying.close(),
  };
}

const PASSIVE = /^(in|out|fit|up|down|focus|inputs|menu|whole|fold|formula|open|leave)$/; // Play goes on

/** What people do, as actions. */
function listen(shell, picture, inputs, handle, page, ended) {
  const { root, part, keys } = shell;
  const { perform, dispatch, stateOf } = handle;
  const on = (where, name, react, capture = false) => where.addEventListener(name, react, { signal: ended.signal, capture });

  let knocked = ""; // at an end

  function onKey(event) {
    const { key, shiftKey } = event;
    const [target] = event.composedPath();
    if (event.ctrlKey || event.metaKey || event.altKey || part.keys.open || part.copying.open || !(page || root.contains(target))) return;
    const kind = target.matches?.("input, select, textarea") ? target.type : "";
    if (kind && (key === "Escape" || (key === "Enter" && target.classList.contains("gr-field")))) return root.focus();
    if (key === "Escape" && part.menu.hidden && !picture.isInside()) return around.handBack(root);
    if (key === "Escape") return perform(part.menu.hidden ? "leave" : "menu");
    if (kind && (target !== part.slider || /^Arrow(Up|Down)$/.test(key))) return;
    const { name } = (keys[key] ?? keys[key.toLowerCase()])?.dataset ?? {};
    if (!name || (/^( |Enter)$/.test(key) && target.closest?.("button"))) return;
    // Slides go on, at the first of a presenter's keys; another key is pressed at the end by mistake, but not twice.
    const isEnd = !shiftKey && !event.repeat && stepper.isEnd(stateOf(), name);
    const leaves = isEnd && (knocked === name || /^Page/.test(key));
    knocked = isEnd && !leaves ? name : "";
    if (leaves) return around.handBack(root, event);
    event.preventDefault();
    event.stopPropagation();
    if (shiftKey && MOVES[key]) picture.now().view.pan(...MOVES[key]);
    else perform(name);
  }

  on(window, "keydown", onKey, true); // before a notebook takes it
  on(root, "click", ({ target, shiftKey }) => {
    if (target === part.keys) part.keys.close(); // beside the dialog
    if (target === part.copying) part.copying.close();
    const kind = target.closest("[data-copy]")?.dataset.copy;
    if (kind) {
      numbers.write(stateOf().data.figures);
      return void copying.copy(kind, stateOf(), part);
    }
    if (!part.menu.hidden && !target.closest(".gr-menu, [data-do=menu]")) perform("menu");
    const name = target.closest("[data-do]")?.dataset.do;
    if (name) return perform(name);
    const [box, line] = [picture.now().boxAt(target), target.closest("g.edge[id]")];
    if (picture.now().view.dragged() || !(box || line)) return;
    const field = box && !box.name && !shiftKey && inputs.field(box.speaker);
    if (field) {
      dispatch({ do: "pause" });
      picture.now().over(box, field);
      return field.select();
    }
    if (box?.inside != null && !shiftKey) return perform("open", box);
    if (box) return dispatch(shiftKey ? { do: "stop", node: picture.now().nodeOf(box) } : { do: "jump", members: box.members });
    const flow = stateOf().run.steps.find(({ uses }) => uses.some((use) => `e${use}` === line.id));
    dispatch(flow ? { do: "go", to: flow.index } : { do: "pause" });
  });
  on(part.slider, "input", () => dispatch({ do: "go", to: part.slider.valueAsNumber }));
  on(part.speed, "input", () => dispatch({ do: "pace", speed: Number(part.speed.value) }));
  const hint = hinter(shell, picture, stateOf);
  on(part.stage, "pointerover", hint);
  on(part.stage, "pointerleave", hint);
}

/** @param {HTMLElement} element @param {any} given @param {Record<string, any>} options */
function mount(element, given, { svg, theme = "auto", grid, onChange, onStep, start = 0, page = false } = {}) {
  const shell = shellOf(given.shell);
  const { root, part } = shell;
  element.replaceChildren(root);
  let state = stepper.initial(given, { start, theme });
  let timer;
  part.whole.hidden = !document.fullscreenEnabled;
  const inputs = inputsPanel(state.data, part, (changes) => edit(changes));
  const board = grid && gridPanel(grid, part); // before the graph: it takes room
  const picture = fittedPicture(typeof svg === "string" ? parsed(svg, "svg") : [...svg], state.data, part, inputs.slider);
  picture.resized();
  state = stepper.act(state, { do: "view", data: picture.now().layout.data });
  const asked = quizPanel(part, (text) => dispatch({ do: "answer", text }));
  const paint = paintersOf(shell, picture, { inputs, asked, pool: board }, page);
  const own = gestures(shell, picture, inputs, () => state, arrange);
  const focused = () => picture.now().boxAt(root.getRootNode().activeElement);

  function dispatch(action) {
    const before = state;
    numbers.write(state.data.figures);
    state = stepper.act(state, action);
    clearTimeout(timer);
    if (state.playing) timer = setTimeout(() => dispatch({ do: "beat" }), BEAT / state.speed);
    paint(state, before);
    if (state.fact !== before.fact) onStep?.(stepper.placeOf(state));
    if (state.predicting !== before.predicting) arrange(); // the card has grown
  }

  /** Where the graph and the card stand; and steps are those of what is seen there. */
  function arrange() {
    part.card.classList.toggle("gr-tall", state.predicting || !part.math.hidden);
    picture.resized();
    const { data } = picture.now().layout;
    if (data !== state.data) dispatch({ do: "view", data });
  }

  /** What a button or a key is called. */
  function perform(name, box = focused()) {
    if (name === "jump" && box?.inside != null) name = "open";
    if (own[name]) {
      if (!PASSIVE.test(name)) dispatch({ do: "pause" });
      own[name](box);
    } else if (name === "jump") box && dispatch({ do: "jump", members: box.members });
    else if (name === "stop") dispatch(box ? { do: "stop", node: picture.now().nodeOf(box) } : { do: "stop" });
    else if (name === "refuse" || name === "give") dispatch({ do: "answer", text: name === "give" ? "" : noPath });
    else dispatch({ do: name });
    if (name === "check") own.show(); // where its answers stand
    if (!root.contains(root.getRootNode().activeElement)) root.focus({ preventScroll: true });
    if (state.predicting && /^(next|predict|refuse|give)$/.test(name)) part.answer.focus();
  }

  const values = () => Object.fromEntries(inputs.rows.map(({ node }) => [node, state.run.values[node]]));
  function edit(changes, tell = true) {
    dispatch({ do: "edit", changes });
    if (tell) onChange?.({ values: values() });
  }

  /** What the address of a page asks for. */
  function follow() {
    const { changes, step } = around.asked(location.hash, state.data);
    if (Object.keys(changes).length) edit(changes);
    if (step !== null) dispatch({ do: "turn", to: step });
  }

  const ended = new AbortController();
  listen(shell, picture, inputs, { perform, dispatch, stateOf: () => state }, page, ended);
  watchHost(() => state.theme === "auto" && showTheme(shell, state, page), ended.signal);
  const sizes = new ResizeObserver(() => {
    arrange();
    picture.now().follow(stepper.step(state));
  });
  sizes.observe(part.stage);
  showTheme(shell, state, page);
  paint(state);
  if (page) {
    follow();
    window.addEventListener("hashchange", follow, { signal: ended.signal });
  }

  function destroy() {
    dispatch({ do: "pause" });
    ended.abort();
    sizes.disconnect();
    root.remove();
  }
  return { go: (to) => dispatch({ do: "turn", to }), address: () => around.address(state), destroy, edit, values };
}
