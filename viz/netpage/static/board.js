// The maps on the stage, and over them what a picked unit is about: frames, its way, and a veil over all that is not on it.

const KINDS = ["value", "gradient"];

/** The maps on the stage: an element for each, that takes the focus, and over all of them frames and a veil. */
function boardOf({ part }, state) {
  let { net } = state;
  const titles = net.maps.map((map) => map.name);
  const board = net.maps.flatMap((map, m) =>
    KINDS.map((kind) => {
      const canvas = h("canvas");
      const [channels, rows, columns] = map.shape;
      const label = `${words.mapName(net, map)}, ${kind}s, ${words.counted(channels, "map")} of ${rows} by ${columns}`;
      const element = h("div", { class: `gn-map gn-${map.kind}`, tabindex: 0, role: "application", "aria-roledescription": "map of cells", "aria-label": label, "data-map": m, "data-kind": kind }, canvas);
      return { m, kind, element, paint: cells.painterOf(canvas, kind) };
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
    ({ net } = now); // a pool may be another one
    const numberOf = (kind) => (n) => (!walking.isKnown(now, n, kind) ? "later" : kind === "value" ? now.values[n] : now.gradients[n]);
    return board.reduce((count, { m, kind, paint: one }) => count + one(net.maps[m], arranged.columns[m], devicePixelRatio || 1, inks, numberOf(kind)), 0);
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
  const { net, values, gradients, unit, index, predicting, flashing, turned } = state;
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
  frame("gn-turned", turned.filter((n) => !flashing.includes(n)), "value");
  frame("gn-flash", flashing, "value");
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
