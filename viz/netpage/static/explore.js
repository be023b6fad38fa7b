// The network on a page: what people do becomes actions, and each part paints the state that comes of them.

const STEP = 1400; // milliseconds a layer at speed 1
const KINDS = ["value", "gradient"];
const ARROWS = { ArrowRight: { right: 1 }, ArrowLeft: { right: -1 }, ArrowDown: { down: 1 }, ArrowUp: { down: -1 } };
// Words of its own in the stepper's list of keys.
const HELP = "Click a cell, or focus a map with Tab and use the arrow keys: the unit tells what it read and won, and from whom it got its gradient.";

/** The maps on the stage: an element for each, that takes the focus, and over all of them frames and a veil. */
function boardOf({ part }, state) {
  const { net } = state;
  const titles = net.maps.map((map) => map.name);
  const board = net.maps.flatMap((map, m) =>
    KINDS.map((kind) => {
      const canvas = h("canvas");
      const [channels, rows, columns] = map.shape;
      const label = `${words.mapName(net, map)}, ${kind}s, ${words.counted(channels, "map")} of ${rows} by ${columns}`;
      const element = h("div", { class: "gn-map", tabindex: 0, role: "application", "aria-roledescription": "map of cells", "aria-label": label, "data-map": m, "data-kind": kind }, canvas);
      return { map, m, kind, element, paint: cells.painterOf(canvas, map, kind) };
    }),
  );
  const over = shape("svg", { "aria-hidden": "true" });
  const named = KINDS.flatMap(() => titles.map((title) => h("div", { class: "gn-title", "aria-hidden": "true" }, title)));
  const heads = [["gn-value", "values", ", forward →"], ["gn-gradient", `gradient of ${state.data.name}`, ", backward ←"]].map(([name, text, way]) => h("div", { class: `gn-head ${name}` }, text, h("span", {}, way)));
  part.sheet.append(...heads, ...named, ...board.map(({ element }) => element), over);
  let [arranged, made] = [null, ""];

  function settle() {
    const size = [part.board.clientWidth, part.board.clientHeight];
    if (made === size.join()) return;
    made = size.join();
    arranged = plan.arranged(net.maps, titles, size[0], size[1]);
    const put = (element, [left, top], more = {}) => Object.assign(element.style, { left: `${left}px`, top: `${top}px`, ...more });
    part.sheet.classList.toggle("gn-narrow", arranged.narrow);
    Object.assign(part.sheet.style, { width: `${arranged.wide}px`, height: `${arranged.high}px` });
    h(over, { width: arranged.wide, height: arranged.high });
    heads.forEach((head, k) => put(head, arranged.heads[k]));
    named.forEach((title, k) => {
      const [column, kind] = [arranged.columns[k % titles.length], KINDS[Math.floor(k / titles.length)]];
      const [left, top] = column[kind];
      const wide = arranged.narrow ? column.title : column.title + 18;
      title.hidden = arranged.narrow && kind === "gradient";
      put(title, [arranged.narrow ? left : left + column.wide / 2 - wide / 2, top - 4], { width: `${wide}px`, transform: "translateY(-100%)" });
    });
    for (const { m, kind, element } of board) put(element, arranged.columns[m][kind]);
  }

  /** Where a node stands on the sheet: corner and side. */
  function boxOf(n, kind) {
    const [m, at] = [net.home[n], net.place[n]];
    const [column, [x, y]] = [arranged.columns[m], plan.corner(net.maps[m], arranged.columns[m], at)];
    return [column[kind][0] + x, column[kind][1] + y, column.side];
  }

  /** Scrolls to a cell that is out of sight. */
  function follow(n, kind, stage) {
    const [x, y, side] = boxOf(n, kind);
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = stage;
    const out = (at, from, length) => at < from + 8 || at + side > from + length - 8;
    if (out(x, scrollLeft, clientWidth) || out(y, scrollTop, clientHeight)) stage.scrollTo({ left: x - clientWidth / 2, top: y - clientHeight / 2 });
  }

  function paint(now, inks) {
    const numberOf = (kind) => (n) => (!walking.isKnown(now, n, kind) ? "later" : kind === "value" ? now.values[n] : now.gradients[n]);
    return board.reduce((count, { m, kind, paint: one }) => count + one(arranged.columns[m], devicePixelRatio || 1, inks, numberOf(kind)), 0);
  }

  return { board, over, settle, boxOf, follow, paint, element: (m, kind) => board[2 * m + KINDS.indexOf(kind)].element, arranged: () => arranged };
}

const rectangle = ([x, y, side], grown = 0) => `M${x - grown} ${y - grown}h${side + 2 * grown}v${side + 2 * grown}h${-side - 2 * grown}z`;

/** Cells of one channel as one frame where they fill it, else a frame each. */
function framesOf(net, boxOf, nodes, kind) {
  const groups = new Map();
  for (const n of nodes) {
    const [, rows, columns] = net.maps[net.home[n]].shape;
    const key = `${net.home[n]} ${Math.floor(net.place[n] / (rows * columns))}`;
    groups.set(key, [...(groups.get(key) ?? []), boxOf(n, kind)]);
  }
  return [...groups.values()].flatMap((boxes) => {
    const side = boxes[0][2];
    const [left, top] = [0, 1].map((k) => Math.min(...boxes.map((box) => box[k])));
    const [right, bottom] = [0, 1].map((k) => Math.max(...boxes.map((box) => box[k] + side)));
    const whole = Math.round(((right - left) * (bottom - top)) / side / side) === boxes.length;
    return whole ? [`M${left} ${top}H${right}V${bottom}H${left}z`] : boxes.map((box) => rectangle(box));
  });
}

/** What lies over the maps: a veil over all that is not on the way of the picked unit, frames around what it is about. */
function showOver({ over, boxOf, arranged }, state) {
  const { net, values, gradients, unit, index, predicting } = state;
  const known = (n, kind) => net.home[n] >= 0 && walking.isKnown(state, n, kind);
  const made = [];
  const frame = (name, nodes, kind) => {
    const paths = framesOf(net, boxOf, nodes.filter((n) => known(n, kind)), kind);
    if (paths.length) made.push(shape("path", { class: `gn-frame ${name}`, d: paths.join("") }));
  };
  if (known(unit, "value")) {
    const way = units.way(net, values, unit);
    for (const kind of KINDS) {
      if (!known(unit, kind)) continue;
      const lit = (n) => way.has(n) && (kind === "value" || gradients[n] !== null);
      const holes = net.maps.flatMap((map, m) => {
        const { wide, high, [kind]: [x, y] } = arranged().columns[m];
        const outside = map.layer > net.maps[net.home[unit]].layer;
        return outside ? [] : [`M${x - 1} ${y - 1}h${wide + 2}v${high + 2}h${-wide - 2}z`, ...[...map.nodes].filter((n) => n >= 0 && lit(n)).map((n) => rectangle(boxOf(n, kind)))];
      });
      made.push(shape("path", { class: "gn-veil", d: holes.join("") }));
    }
    const chosen = units.winner(net, values, unit);
    const read = units.behind(net, unit).ends;
    frame("gn-read", read, "value");
    if (chosen !== null) frame("gn-won", [chosen], "value");
    if (known(unit, "gradient") && gradients[unit] !== null) {
      if (!arranged().narrow) made.push(...wayOf(state, unit, boxOf).filter(() => index === state.run.steps.length - 1));
      frame("gn-read", units.reads(net, values, unit).filter(({ slope }) => slope !== null).map(({ cell }) => cell), "gradient");
      frame("gn-from", units.senders(net, values, gradients, unit).filter(({ sent }) => sent !== null).map((one) => one.unit), "gradient");
    }
  }
  for (const kind of KINDS) made.push(shape("path", { class: "gn-frame gn-unit", d: rectangle(boxOf(unit, kind), 1) }));
  const step = predicting && quiz.target(state);
  if (step && step.index > index) made.push(shape("path", { class: "gn-frame gn-ask", d: rectangle(boxOf(step.node, step.edge ? "gradient" : "value"), 2) }));
  over.replaceChildren(...made);
}

/** The way of a unit's gradient, from one to the one that gets it, as long as there is one: a line with a casing. */
function wayOf({ net, values }, unit, boxOf) {
  const made = [];
  for (let n = unit, next; ; n = next) {
    const heirs = units.reads(net, values, n).filter(({ slope }) => slope !== null);
    if (heirs.length !== 1) return made;
    next = heirs[0].cell;
    const [[x, y, side], [left, top, size]] = [boxOf(n, "gradient"), boxOf(next, "gradient")];
    const [start, end] = [[x, y + side / 2], [left + size, top + size / 2]];
    const half = (start[0] - end[0]) / 2;
    const d = `M${start}C${start[0] - half} ${start[1]} ${end[0] + half} ${end[1]} ${end}`;
    made.push(shape("path", { class: "gn-casing", d }), shape("path", { class: "gn-frame gn-read", d }));
    made.push(shape("path", { class: "gn-head", d: `M${end[0]} ${end[1]}l7 -4v8z` }));
  }
}

/** What is told of the picked unit, forwards and backwards. */
function showFacts({ part }, state) {
  const { name, value, gradient, made, read, won, got, heirs } = words.facts(state, state.unit);
  const line = (...texts) => texts.filter(Boolean).join("; ");
  part.sentence.replaceChildren(
    h("div", {}, h("h3", { class: "gn-value" }, value === null ? name : `${name} = ${value}`), h("p", {}, line(read, won) && `It ${line(read, won)}.`), h("p", {}, `${made}.`)),
    h("div", {}, h("h3", { class: "gn-gradient" }, gradient === null || gradient === engine.noPath ? "gradient" : `gradient = ${gradient}`), h("p", {}, heirs && `It ${heirs}.`), h("p", {}, `${got}.`)),
  );
}

/** The number of the cell that one points at. */
function hinterOf({ root, part }, { boxOf }, stateOf) {
  return (n, kind) => {
    part.tip.hidden = n === null;
    if (n === null) return;
    const state = stateOf();
    numbers.write(state.data.figures);
    const { name, value, gradient } = words.facts(state, n);
    const pair = (term, text) => [h("dt", {}, term), h("dd", {}, text ?? "not computed yet")];
    part.tip.replaceChildren(h("b", {}, name), h("dl", {}, ...pair("value", value), ...pair("gradient", gradient)));
    const [frame, sheet] = [root, part.sheet].map((one) => one.getBoundingClientRect());
    const [x, y, side] = boxOf(n, kind);
    const own = part.tip.getBoundingClientRect();
    const [left, top] = [sheet.left - frame.left + x + side + 10, sheet.top - frame.top + y + side + 8];
    part.tip.style.left = `${Math.max(4, Math.min(frame.width - own.width - 4, left))}px`;
    part.tip.style.top = `${top + own.height < frame.height ? top : top - own.height - side - 16}px`;
  };
}

/** @param {HTMLElement} element @param {any} given @param {Record<string, any>} options */
export function explore(element, given, { theme = "auto", start = -1, page = false } = {}) {
  const shell = shellOf(given.shell);
  const { root, part, buttons, keys } = shell;
  element.replaceChildren(root);
  numbers.write(given.figures);
  let state = walking.initial(given, { start, theme });
  let timer;
  const pictured = boardOf(shell, state);
  const asked = quizPanel(part, (text) => dispatch({ do: "answer", text }), words.question);
  const hint = hinterOf(shell, pictured, () => state);
  part.whole.hidden = !document.fullscreenEnabled;

  const own = {
    menu(on = part.menu.hidden) {
      part.menu.hidden = !on;
      part.more.ariaExpanded = on;
      root.classList.toggle("gr-open", on);
    },
    whole: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
    focus: () => pictured.element(state.net.home[state.unit], "value").focus(),
    keys: () => part.keys.showModal(),
    close: () => part.keys.close(),
  };
  const STEPPERS = /^(first|back|play|next|last|predict|refuse|give|theme|slower|faster)$/;
  const means = (name) => Boolean(own[name]) || STEPPERS.test(name);
  for (const [name, button] of Object.entries(buttons)) button.hidden ||= !means(name);
  for (const row of part.keys.querySelectorAll("tr")) {
    const known = [...row.querySelectorAll("[data-name]")].map(({ dataset }) => dataset.name);
    row.hidden = known.length ? !known.every(means) : !row.querySelector("kbd").textContent.startsWith("Esc");
  }
  part.keys.querySelector("p").textContent = HELP;

  function paint(before) {
    numbers.write(state.data.figures);
    if (state.theme !== before?.theme) showTheme(shell, state, page);
    pictured.settle();
    pictured.painted = pictured.paint(state, state.data.looks[root.dataset.look]);
    showOver(pictured, state);
    showPlace(shell, state);
    const step = stepper.step(state);
    part.phase.textContent = step.phase;
    const text = words.layer(state, step);
    if (part.layer.textContent !== text) part.layer.textContent = text;
    part.card.classList.toggle("gn-asks", state.predicting);
    showFacts(shell, state);
    asked.show(state, before);
    hint(null);
    if (state.unit !== before?.unit) pictured.follow(state.unit, "value", part.board);
    else if (state.index !== before.index) pictured.follow(step.node, step.edge ? "gradient" : "value", part.board);
  }

  function dispatch(action) {
    const before = state;
    numbers.write(state.data.figures);
    state = walking.act(state, action);
    clearTimeout(timer);
    if (state.playing) timer = setTimeout(() => dispatch({ do: "beat" }), STEP / state.speed);
    paint(before);
  }

  function perform(name) {
    if (own[name]) own[name]();
    else if (name === "refuse" || name === "give") dispatch({ do: "answer", text: name === "give" ? "" : engine.noPath });
    else dispatch({ do: name });
    if (!root.contains(document.activeElement)) root.focus({ preventScroll: true });
    if (state.predicting && /^(next|predict|refuse|give)$/.test(name)) part.answer.focus();
  }

  const ended = new AbortController();
  const on = (where, name, react, capture = false) => where.addEventListener(name, react, { signal: ended.signal, capture });

  /** The cell at a point of a map. */
  function cellAt(event) {
    const one = pictured.board.find(({ element: own }) => own.contains(event.target));
    if (!one) return null;
    const box = one.element.getBoundingClientRect();
    const at = plan.placeAt(one.map, pictured.arranged().columns[one.m], event.clientX - box.left, event.clientY - box.top);
    return at >= 0 && one.map.nodes[at] >= 0 ? { n: one.map.nodes[at], kind: one.kind } : null;
  }

  function onKey(event) {
    const { key } = event;
    const [target] = event.composedPath();
    if (event.ctrlKey || event.metaKey || event.altKey || part.keys.open || !(page || root.contains(target))) return;
    const typed = target.matches?.("input, select, textarea") ? target.type : "";
    if (typed && key === "Escape") return root.focus();
    if (key === "Escape") return part.menu.hidden ? around.handBack(root) : own.menu(false);
    if (typed && (target !== part.slider || /^Arrow(Up|Down)$/.test(key))) return;
    const map = target.closest?.(".gn-map");
    if (map && ARROWS[key]) {
      event.preventDefault();
      event.stopPropagation();
      const m = Number(map.dataset.map);
      dispatch(state.net.home[state.unit] === m ? { do: "walk", ...ARROWS[key] } : { do: "pick", unit: state.net.maps[m].nodes.find((n) => n >= 0) });
      return hint(state.unit, map.dataset.kind);
    }
    const { name } = (keys[key] ?? keys[key.toLowerCase()])?.dataset ?? {};
    if (!name || !means(name) || (/^( |Enter)$/.test(key) && target.closest?.("button"))) return;
    if (!event.shiftKey && !event.repeat && stepper.isEnd(state, name)) return around.handBack(root, event); // slides go on
    event.preventDefault();
    event.stopPropagation();
    perform(name);
  }

  on(window, "keydown", onKey, true); // before a notebook takes it
  on(root, "click", (event) => {
    if (event.target === part.keys) part.keys.close(); // beside the dialog
    if (!part.menu.hidden && !event.target.closest(".gr-bar")) own.menu(false);
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (name) return perform(name);
    const cell = cellAt(event);
    if (cell) dispatch({ do: "pick", unit: cell.n });
  });
  on(part.stage, "pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const cell = cellAt(event);
    hint(cell && cell.n, cell?.kind);
  });
  on(part.stage, "pointerleave", () => hint(null));
  on(part.slider, "input", () => dispatch({ do: "go", to: part.slider.valueAsNumber }));
  on(part.speed, "input", () => dispatch({ do: "pace", speed: Number(part.speed.value) }));
  watchHost(() => state.theme === "auto" && (showTheme(shell, state, page), paint(state)), ended.signal);
  new ResizeObserver(() => paint(state)).observe(part.stage);
  showTheme(shell, state, page);
  paint();
  return { state: () => state, painted: () => pictured.painted, dispatch };
}
