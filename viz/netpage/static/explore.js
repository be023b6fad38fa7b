// The network on a page: what people do becomes actions, and each part paints the state that comes of them.

const STEP = 1400; // milliseconds a layer at speed 1
const ARROWS = { ArrowRight: { right: 1 }, ArrowLeft: { right: -1 }, ArrowDown: { down: 1 }, ArrowUp: { down: -1 } };
// Words of its own in the stepper's list of keys.
const HELP = "Click a cell, or focus a map with Tab and use the arrow keys: the unit tells what it read and won, and from whom it got its gradient. Drag from cell to cell, and its window slides. An input or a weight that is picked can be changed below, and the kernel, stride and padding of a max pool; Paint draws on the input.";

/** What is told of the picked unit, forwards and backwards. */
function showFacts({ part }, state) {
  const { name, value, gradient, made, read, won, got, heirs } = words.facts(state, state.unit);
  const line = (...texts) => texts.filter(Boolean).join("; ");
  part.sentence.replaceChildren(
    h("div", {}, h("h3", { class: "gn-value" }, value === null ? name : `${name} = ${value}`), h("p", {}, line(read, won) && `It ${line(read, won)}.`), h("p", {}, `${made}.`)),
    h("div", {}, h("h3", { class: "gn-gradient" }, gradient === null || gradient === engine.noPath ? "gradient" : `gradient = ${gradient}`), h("p", {}, heirs && `It ${heirs}.`), h("p", {}, `${got}.`)),
  );
}

/** The picked unit's own graph. */
function showInside({ part }, state) {
  const told = inside.of(state, state.unit);
  const left = told.more.map((count, side) => (count > 0 ? `${count} more ${side ? "read it" : "that it read"}` : "")).filter(Boolean);
  part.within.textContent = `Inside ${told.unit.name}`;
  part.scalar.replaceChildren(inside.drawn(told));
  part.how.textContent = `${words.facts(state, state.unit).made}.${left.length ? ` Not drawn: ${left.join(", ")}.` : ""}`;
}

/** What was changed, and where a number can be. */
function showChanges({ root, part, buttons }, state, painting) {
  const { net, unit, edits, values } = state;
  root.classList.toggle("gn-painting", painting);
  h(buttons.paint, { "aria-pressed": painting });
  buttons.paint.hidden = buttons.image.hidden = !imageMap(state);
  part.reset.disabled = !edits.size && !net.maps.some(walking.isReshaped);
  const pool = walking.poolOf(state);
  part.shape.hidden = !pool;
  if (pool) for (const side of pools.SIDES) if (document.activeElement !== part[side]) part[side].value = String((state.wish ?? pool.pool)[side]);
  part.news.textContent = words.news(state);
  part.change.hidden = !walking.isLeaf(state, unit);
  part.changed.textContent = words.nameOf(net, unit);
  if (document.activeElement !== part.number || arithmetic.parse(part.number.value) !== values[unit]) part.number.value = String(values[unit]);
}

/** The map that an image goes to: the first input of some rows and columns. */
const imageMap = ({ net }) => net.maps.find(({ kind, shape: [, rows, columns] }) => kind === "input" && rows > 1 && columns > 1);

/** The numbers of an image for an input: shrunk to its cells, from 0 to 1; as dark around as the input was. */
async function pixelsOf(file, state) {
  const map = imageMap(state);
  const [channels, rows, columns] = map.shape;
  const pen = h("canvas", { width: columns, height: rows }).getContext("2d");
  const bitmap = await createImageBitmap(file, { resizeWidth: columns, resizeHeight: rows, resizeQuality: "high" });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, columns, rows);
  pen.drawImage(bitmap, 0, 0);
  const { data } = pen.getImageData(0, 0, columns, rows);
  const light = (at) => (0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2]) / 255;
  const corners = [0, columns - 1, (rows - 1) * columns, rows * columns - 1];
  const mean = (numberOf) => corners.reduce((sum, at) => sum + numberOf(at), 0) / 4;
  const turn = mean(light) > 0.5 !== mean((at) => state.was.values[map.nodes[at]] ?? 0) > 0.5;
  return [...map.nodes].flatMap((n, at) => {
    const [channel, place] = [Math.floor(at / (rows * columns)), at % (rows * columns)];
    const x = channels === 3 ? data[4 * place + channel] / 255 : light(place);
    return n < 0 ? [] : [[n, Number((turn ? 1 - x : x).toPrecision(3))]];
  });
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

  let painting = false;
  let pointed = "value"; // the kind of the map in which people pick
  const own = {
    paint: () => ((painting = !painting), paint(state)),
    image: () => part.file.click(),
    inside() {
      part.inside.showModal();
      within();
    },
    outside: () => part.inside.close(),
    edit() {
      part.number.focus();
      part.number.select();
    },
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
  const means = (name) => Boolean(own[name]) || STEPPERS.test(name) || walking.knows(name);
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
    part.sheet.dataset.painted = pictured.paint(state, state.data.looks[root.dataset.look]);
    showOver(pictured, state);
    showPlace(shell, state);
    const step = stepper.step(state);
    part.phase.textContent = step.phase;
    const text = words.layer(state, step);
    if (part.layer.textContent !== text) part.layer.textContent = text;
    part.card.classList.toggle("gn-asks", state.predicting);
    showFacts(shell, state);
    showChanges(shell, state, painting);
    asked.show(state, before);
    hint(null);
    if (state.unit !== before?.unit) pictured.follow(state.unit, pointed, part.board);
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

  /** Another number in the leaf that is picked; what is none is not taken. */
  function changed(x) {
    if (x !== null && !Object.is(x, state.values[state.unit])) dispatch({ do: "edit", changes: [[state.unit, x]] });
    else part.number.value = String(state.values[state.unit]);
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
    const at = plan.placeAt(state.net.maps[one.m], pictured.arranged().columns[one.m], event.clientX - box.left, event.clientY - box.top);
    const n = at < 0 ? -1 : state.net.maps[one.m].nodes[at];
    return n < 0 ? null : { n, kind: one.kind };
  }

  function onKey(event) {
    const { key } = event;
    const [target] = event.composedPath();
    const into = target.closest?.("[data-unit]");
    if (into && /^( |Enter)$/.test(key)) return enter(into);
    if (event.ctrlKey || event.metaKey || event.altKey || part.keys.open || part.inside.open || !(page || root.contains(target))) return;
    const typed = target.matches?.("input, select, textarea") ? target.type : "";
    if (typed && key === "Escape") return root.focus();
    if (key === "Escape") return part.menu.hidden ? around.handBack(root) : own.menu(false);
    if (typed && (target !== part.slider || /^Arrow(Up|Down)$/.test(key))) return;
    const map = target.closest?.(".gn-map");
    if (map && ARROWS[key]) {
      event.preventDefault();
      event.stopPropagation();
      const m = Number(map.dataset.map);
      pointed = map.dataset.kind;
      dispatch(state.net.home[state.unit] === m ? { do: "walk", ...ARROWS[key] } : { do: "pick", unit: state.net.maps[m].nodes.find((n) => n >= 0) });
      return hint(state.unit, map.dataset.kind);
    }
    if (map && key === "Enter") return own.inside();
    const { name } = (keys[key] ?? keys[key.toLowerCase()])?.dataset ?? {};
    if (!name || !means(name) || (/^( |Enter)$/.test(key) && target.closest?.("button"))) return;
    if (!event.shiftKey && !event.repeat && stepper.isEnd(state, name)) return around.handBack(root, event); // slides go on
    event.preventDefault();
    event.stopPropagation();
    perform(name);
  }

  on(window, "keydown", onKey, true); // before a notebook takes it
  on(root, "click", (event) => {
    for (const dialog of [part.keys, part.inside]) if (event.target === dialog) dialog.close(); // beside it
    if (!part.menu.hidden && !event.target.closest(".gr-menu, [data-do=menu]")) own.menu(false);
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (name) return perform(name);
    const into = event.target.closest("[data-unit]");
    if (into) enter(into);
  });

  /** From one unit's graph to another's. */
  function enter({ dataset }) {
    dispatch({ do: "pick", unit: Number(dataset.unit) });
    within();
  }

  function within() {
    showInside(shell, state);
    part.scalar.querySelector(".gr-current rect").focus();
  }

  /** The brush: the number that cells get which it comes over. */
  let brush = null;
  function touched(event) {
    const cell = cellAt(event);
    if (!cell) return cell;
    pointed = cell.kind;
    const isInput = state.net.maps[state.net.home[cell.n]].kind === "input";
    if (painting && isInput && walking.isLeaf(state, cell.n)) {
      const most = Math.max(1, ...state.net.maps[state.net.home[cell.n]].nodes.map((n) => (n < 0 ? 0 : state.was.values[n])));
      brush ??= state.values[cell.n] === most ? 0 : most;
      if (state.values[cell.n] !== brush) dispatch({ do: "edit", changes: [[cell.n, brush]] });
    } else if (brush === null && cell.n !== state.unit) dispatch({ do: "pick", unit: cell.n });
    return cell;
  }

  on(part.stage, "pointerdown", (event) => {
    brush = null;
    touched(event);
  });
  on(part.stage, "pointermove", (event) => {
    const cell = event.buttons ? touched(event) : cellAt(event); // a window slides over what it reads
    if (event.pointerType !== "touch") hint(cell && cell.n, cell?.kind);
  });
  on(part.change, "submit", (event) => event.preventDefault());
  on(part.number, "change", () => changed(arithmetic.parse(part.number.value)));
  on(part.number, "keydown", ({ key, shiftKey, altKey }) => {
    const way = { ArrowUp: 1, ArrowDown: -1 }[key];
    if (way) dispatch({ do: "nudge", by: way * (shiftKey ? 1 : altKey ? 0.01 : 0.1) });
    else if (key === "Enter") changed(arithmetic.parse(part.number.value));
  });
  on(part.shape, "submit", (event) => event.preventDefault());
  on(part.shape, "change", () => dispatch({ do: "reshape", wish: Object.fromEntries(pools.SIDES.map((side) => [side, part[side].valueAsNumber])) }));
  const dropped = async (file) => file && imageMap(state) && dispatch({ do: "edit", changes: await pixelsOf(file, state) });
  on(part.file, "change", () => dropped(part.file.files[0]));
  on(root, "dragover", (event) => event.preventDefault());
  on(root, "drop", (event) => {
    event.preventDefault();
    dropped([...event.dataTransfer.files].find(({ type }) => type.startsWith("image/")));
  });
  on(part.stage, "pointerleave", () => hint(null));
  on(part.slider, "input", () => dispatch({ do: "go", to: part.slider.valueAsNumber }));
  on(part.speed, "input", () => dispatch({ do: "pace", speed: Number(part.speed.value) }));
  watchHost(() => state.theme === "auto" && (showTheme(shell, state, page), paint(state)), ended.signal);
  new ResizeObserver(() => paint(state)).observe(part.stage);
  showTheme(shell, state, page);
  paint();
}
