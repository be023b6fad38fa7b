// The graph: an SVG laid out once by Graphviz, and here only restyled, moment by moment.

/** The pen width of a contribution, on the scale of the still pictures. */
function penWidth(contribution, { thinnest, thickest, at_one, per_decade }) {
  const size = Math.abs(contribution) || 0;
  return size ? Math.min(thickest, Math.max(thinnest, at_one + per_decade * Math.log10(size))) : thinnest;
}

const PIECE = 60; // nodes and edges in a piece of the drawing
const MANY = 150; // boxes: of more, lines are not kept clear of the card
const FLAT = [40, 104]; // pixels: how high the card is below a graph that leaves no corner to it, and where it is tall
const LONG_LINE = 900; // longer ones have longer dashes

/** The points that the bends of a line are drawn by. */
const bendsOf = (path) => [...path.getAttribute("d").matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

/** What is known of a layout before it is shown: its size, its boxes and points of its lines. */
function layoutOf(svg) {
  const [wide, high] = svg.dataset.size.split(" ").map(Number);
  const drawn = svg.querySelector("g.graph");
  const transform = drawn.getAttribute("transform");
  const shift = /translate\(([-\d.]+)[ ,]+([-\d.]+)/.exec(transform).slice(1).map(Number);
  const boxes = [...svg.querySelectorAll("g.node[id]")].map((group) => {
    const [x, y, ...size] = ["x", "y", "width", "height"].map((side) => Number(group.querySelector("rect").getAttribute(side)));
    return [x + shift[0], y + shift[1], ...size];
  });
  // From one bend of a line to the next.
  const points = [...(boxes.length > MANY ? [] : svg.querySelectorAll("g.edge[id] path"))].flatMap((path) => {
    const bends = bendsOf(path).map(([x, y]) => [x + shift[0], y + shift[1]]);
    return bends.flatMap(([x, y], i) => {
      const [ax, ay] = bends[Math.max(0, i - 1)];
      const parts = Math.ceil(Math.hypot(x - ax, y - ay) / 24) || 1;
      return Array.from({ length: parts }, (_, k) => [x + ((ax - x) * k) / parts, y + ((ay - y) * k) / parts]);
    });
  });
  svg.remove(); // nothing of it is seen before it is needed
  return { drawn, transform, shift, wide, high, boxes, points, kind: svg.dataset.kind };
}

/** The drawing of an inside with the nodes and names of another one that looks alike. */
function renamed(svg, from, { seen, names, frames }) {
  const placeOf = new Map(from.seen.map((node, place) => [node, place]));
  for (const group of svg.querySelectorAll("[id]")) {
    const place = placeOf.get(parseInt(group.id.slice(1), 10));
    group.id = group.id.replace(/\d+/, String(seen[place]));
    if (group.id[0] === "n") group.querySelector("tspan").textContent = names[place];
  }
  svg.querySelectorAll(".cluster").forEach((group, place) => group.querySelector("text")?.replaceChildren(frames[place]));
}

/** One layout of the graph, painted at moments. */
function graphPicture(layout, data, stage, settle, slider) {
  const { drawn, transform, shift: [left, top], wide: width, high: height } = layout;
  const halo = shape("rect", { class: "gr-halo", rx: 9 });
  const overlay = shape("g", { transform });
  const root = h("div", { class: "gr-canvas", role: "group", "aria-label": layout.name ? `Inside of ${layout.name}` : "Graph" });
  // A drawing is painted as a whole: of pieces, a step repaints two or three, and what moves none.
  const piece = (content, attributes) => root.append(shape("svg", { width, height, ...attributes }, content));
  while (drawn.firstElementChild) piece(shape("g", { transform }, ...[...drawn.children].slice(0, PIECE)));
  piece(overlay, { class: "gr-over", "aria-hidden": "true" });
  const frame = h("div", { class: "gr-frame" }, root);
  stage.prepend(frame);
  const view = cameraOf(frame, root, width, height, settle);

  const groups = [...root.querySelectorAll("g.edge[id]")];
  const still = (group) => [...group.classList].filter((name) => /^gr-(?!folded|level|leaf|parameter|constant|way|faded)/.test(name)); // its marks without a script
  const boxOf = new Map(); // the box of each node: its own, or that of the folded scope it is in
  const boxes = [...root.querySelectorAll("g.node[id]")].map((group) => {
    const { name, called, inside = null, members = [Number(group.id.slice(1))], speaker = members[0] } = data.folds[group.id] ?? {};
    const button = h(group.querySelector("rect"), { tabindex: -1, role: "button" });
    const area = ["x", "y", "width", "height"].map((side) => Number(button.getAttribute(side)));
    const texts = [".gr-value", ".gr-gradient"].flatMap((part) => [...group.querySelectorAll(part)]);
    for (const text of group.querySelectorAll("text")) text.ariaHidden = true; // the button's label says it
    if (!name) group.dataset.node = speaker;
    group.classList.toggle("gr-leaf", !name && !data.nodes[speaker].op);
    group.classList.toggle("gr-parameter", !name && !data.nodes[speaker].op && Boolean(data.nodes[speaker].scope));
    group.append(shape("circle", { class: "gr-stop", cx: area[0], cy: area[1], r: 5 }));
    group.append(shape("text", { class: "gr-flag", x: area[0] + area[2], y: area[1] + 4 }, "⇄"));
    const box = { group, button, area, name, called, inside, members, speaker, texts, flags: still(group) };
    if (group.dataset.slide && slider) {
      const [x, y, wide] = group.dataset.slide.split(" ").map(Number);
      root.append(placed(slider(speaker), [x + left, y + top, wide]));
    }
    for (const member of members) boxOf.set(member, box);
    return box;
  });
  boxes.sort((one, other) => one.members[0] - other.members[0]);

  const lineOf = new Map(); // the line of each use
  const lines = groups.map((group) => {
    const [path, arrow, text] = ["path", "polygon", "text"].map((tag) => group.querySelector(tag));
    // About as long as it is: to ask the browser would make it lay all out, once more than it has to.
    const length = bendsOf(path).reduce((sum, [x, y], i, all) => sum + Math.hypot(x - all[i && i - 1][0], y - all[i && i - 1][1]), 0);
    if (length > LONG_LINE) path.style.setProperty("--dash", length / LONG_LINE); // many dashes take long to paint
    const bare = path.getAttribute("d").replace(/^M[^LC]*L/, "M");
    path.removeAttribute("stroke-width");
    const tip = arrow.getAttribute("points").trim().split(/\s+/)[1]; // without an arrowhead the line goes on to here
    const { uses, adds, difference } = data.lines[group.id] ?? { uses: [group.id.slice(1)], adds: true };
    const targets = uses.map((use) => parseInt(use, 10));
    const { name, members } = boxOf.get(targets[0]);
    const inside = name ? members : []; // of the folded scope that it leads into
    const faded = group.classList.contains("gr-faded"); // no way that is shown leads over it
    // Where the short words stand, if there is room for them, and how much; and where all of them do.
    const [full, short = ["x", "y"].map((side) => text?.getAttribute(side) ?? 0)] = ["full", "short"].map((name) => text?.dataset[name]?.split(" "));
    const room = Number(text?.dataset.wide ?? (text ? 99 : 0));
    const line = { group, path, uses, adds, difference, inside, faded, targets, bare, whole: bare.replace("M", `M${tip}L`), flags: still(group), text, short, room, full };
    for (const use of uses) lineOf.set(use, line);
    return line;
  });

  /** Give a box or line these classes, for the last; false if nothing is new. */
  function restyle(thing, flags, state) {
    const known = `${flags}|${state}`;
    if (thing.state === known) return false;
    thing.group.classList.remove(...thing.flags);
    thing.group.classList.add(...flags);
    Object.assign(thing, { state: known, flags });
    return true;
  }

  function showBox(box, { values, gradients, current, origin }, { breaks, changed, edited }) {
    const { members, speaker } = box;
    const reached = members.every((member) => values[member] !== null);
    const [value, gradient] = speaker === null ? [null, null] : [values[speaker], gradients[speaker]];
    const any = (set) => members.some((member) => set.has(member));
    const arose = members.includes(origin);
    const flags = Object.entries({ current: members.includes(current.node), origin: arose, breaks: any(breaks), changed: any(changed), edited: any(edited) })
      .flatMap(([flag, holds]) => (holds ? [`gr-${flag}`] : []));
    if (speaker !== null) flags.push(...look.numberMarks(value, gradient).map((mark) => `gr-${mark}`));
    if (!restyle(box, flags, `${value}|${gradient}|${reached}`)) return;
    const words = speaker === null ? [] : look.words(value, gradient);
    box.texts.forEach((text, i) => {
      text.textContent = words[i];
      // Squeezed if wider than its box: a figure is 7.8 wide, a gradient's 6.9.
      const room = Number(text.dataset.room ?? box.area[2]);
      const [fits, squeezed] = text.dataset.room ? [room + 1, room] : [room, room - 6];
      if (words[i].length * (i ? 6.9 : 7.8) > fits) h(text, { textLength: squeezed, lengthAdjust: "spacingAndGlyphs" });
      else text.removeAttribute("textLength");
    });
    const folded = `${members.length} nodes folded${box.inside === null ? "" : ", opens"}`;
    const parts = [box.name ? members[1] ? `${box.name}, ${folded}` : box.name : data.nodes[speaker].label];
    if (!box.name) parts.push(data.nodes[speaker].text ?? "input");
    parts.push(value !== null ? `value ${words[0]}` : reached ? "" : "not reached yet");
    if (value !== null && gradient !== null) parts.push(`gradient ${words[1]}`);
    parts.push(arose ? "the first nan, or inf, arose here" : "", any(changed) ? "another winner" : "", any(breaks) ? "breakpoint" : "");
    box.button.ariaLabel = parts.filter(Boolean).join(", ");
  }

  function showLine(line, snapshot) {
    const total = look.total(line, snapshot);
    const marks = look.lineMarks(line, snapshot, data.nodes);
    const told = look.lineWords(line, snapshot, data.nodes);
    const isFull = marks.includes("now") && told.join("").length <= line.full?.[2]; // an edit may make it too long
    const [text, result] = isFull ? told : look.shortWords(told, line.room);
    const flags = marks.map((mark) => `gr-${mark}`);
    if (!restyle(line, flags, text + result)) return;
    line.path.setAttribute("d", total === null ? line.whole : line.bare);
    line.path.style.strokeWidth = total === null || !line.adds || line.faded || look.isMixed(line, snapshot) ? "" : `${penWidth(total, data.scale)}px`;
    if (!line.text) return;
    const [x, y] = isFull ? line.full : line.short;
    h(line.text, { x, y });
    line.text.replaceChildren(text, shape("tspan", { "font-weight": "bold" }, result));
  }

  function show(snapshot, context) {
    for (const box of boxes) showBox(box, snapshot, context);
    for (const line of lines) showLine(line, snapshot);
    const [x, y, wide, high] = boxOf.get(snapshot.current.node).area;
    h(halo, { width: wide + 8, height: high + 8 }).style.transform = `translate(${x - 4}px, ${y - 4}px)`;
    if (!halo.isConnected) overlay.append(halo);
  }

  /** A dot runs along the edges of a step: a value's forth, a gradient's back. */
  function pulse(step) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const back = step.edge !== null;
    const uses = back ? [useOf(step.edge)] : step.phase === "forward" ? data.nodes[step.node].args.map((_, i) => `${step.node}_${i}`) : [];
    for (const line of new Set(uses.map((use) => lineOf.get(use)).filter(Boolean))) {
      const lost = back && step.local === null;
      const dot = shape("circle", { class: `gr-dot${lost ? " gr-refused" : back ? " gr-back" : ""}`, r: 4.5 });
      overlay.append(dot);
      const length = line.path.getTotalLength();
      // A refused gradient does not arrive.
      const frames = Array.from({ length: lost ? 9 : 25 }, (_, i) => {
        const { x, y } = line.path.getPointAtLength((length * (back ? 24 - i : i)) / 24);
        return { transform: `translate(${x}px, ${y}px)` };
      });
      dot.animate(frames, { duration: lost ? 200 : 420, easing: "ease-in-out" }).onfinish = () => dot.remove();
    }
  }

  const onCanvas = ([x, y, ...size]) => [x + left, y + top, ...size];
  const reveal = (...members) => view.reveal(members.filter((member) => boxOf.has(member)).map((member) => onCanvas(boxOf.get(member).area)));
  const nodeOf = (box) => box.speaker ?? box.members.at(-1);
  const boxAt = (target) => boxes.find(({ group }) => group === target?.closest?.("g.node"));

  // One node is a Tab stop; the arrow keys walk from there.
  let stop = boxes[0];
  function tabTo(box) {
    h(stop.button, { tabindex: -1 });
    stop = box;
    h(stop.button, { tabindex: 0 });
  }
  function focus(box) {
    box.button.focus({ preventScroll: true });
    reveal(box.members[0]);
  }
  const walk = (by) => focus(boxes[(boxes.indexOf(stop) + by + boxes.length) % boxes.length]);
  tabTo(stop);
  root.addEventListener("focusin", ({ target }) => tabTo(boxAt(target) ?? stop));
  const follow = (step) => reveal(step.node, step.edge ? step.edge.target : step.node);
  const lineAt = (target) => lines.find(({ group }) => group === target?.closest?.("g.edge"));

  /** A field over the value of an input, for as long as it has the focus. */
  function over(box, field) {
    const [x, y, wide, high] = onCanvas(box.area);
    root.append(placed(field, [x - 8, y + high / 2 - 13, wide + 16]));
  }
  const shows = (node) => boxOf.has(node) && !boxOf.get(node).name;
  return { show, shows, pulse, follow, view, walk, boxAt, lineAt, nodeOf, over, frame, layout, focusNode: (node) => focus(boxOf.get(node)) };
}

/** An element over the graph, in the graph's own points. */
function placed(element, [x, y, wide]) {
  Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${wide}px` });
  return element;
}

/** The graph in whichever of its layouts fits the stage, and the card beside it. */
function fittedPicture(svgs, data, { stage, side, pool, boards, card, fold, note, leave, opened }, slider) {
  const inside = ({ dataset }) => dataset.kind > "" && dataset.kind !== "folded";
  const folded = data.folded && engine.inView(data, { ...data.folded, unseen: data.unseen });
  const layouts = svgs.filter((svg) => !inside(svg)).map(layoutOf).map((one) => ({ ...one, data: one.kind ? folded : data, folded: Boolean(one.kind) }));
  const known = new Map();
  const open = []; // the scopes that are opened, each in the one before
  let wish = null; // to see scopes folded, or open
  let picture, plan, at, last;
  const flat = () => FLAT[Number(card.classList.contains("gr-tall"))];
  let measured = { room: [600, 400], size: [0, 0] };

  /** The card goes to the emptiest corner; where there is none, it lies flat below the graph. @param {any} camera */
  function settle(camera) {
    const { room, size } = measured;
    const free = plan.at && corner(picture.layout, camera, room, size, at);
    const isFlat = !free && size[0] > 0;
    card.classList.toggle("gr-flat", isFlat);
    picture.frame.style.bottom = isFlat ? `${flat()}px` : "";
    if ((at = free)) placed(card, [free[0] + BESIDE, free[1] + BESIDE, size[0] - 2 * BESIDE]);
  }

  /** The room there is for the graph and the card; the card needs none where it stands below the graph or the grid. */
  function measure(aside) {
    (aside ? side : stage).append(card);
    card.classList.remove("gr-flat");
    card.style.width = ""; // as wide as it was placed, it would stay as it was in a smaller frame
    const [wide, high] = [card.offsetWidth || 0, card.offsetHeight || 0];
    const isBelow = getComputedStyle(card).position === "static";
    const size = isBelow ? [0, 0] : [wide + 2 * BESIDE, high + 2 * BESIDE];
    measured = { size, room: [stage.clientWidth || 600, (stage.clientHeight || 400) - (isBelow && !aside ? high : 0)] };
    return open.length ? chosen([open.at(-1)], measured.room, measured.size) : chosen(layouts, measured.room, measured.size, wish);
  }

  /** What stands in a folded scope, laid out: its own drawing, or that of one that looks alike. */
  function insideOf({ inside: place, called, members }) {
    const own = data.insides[place];
    const svg = svgs.find(({ dataset }) => dataset.kind === String(own.like ?? place)).cloneNode(true);
    if (own.like !== null) renamed(svg, data.insides[own.like], own);
    const seen = new Set(own.seen);
    const unseen = [...data.nodes.keys()].filter((node) => !seen.has(node));
    return { ...layoutOf(svg), name: called, from: members[0], data: engine.inView(data, { ...own, unseen, isInside: true }) };
  }

  /** Open a folded scope, or, without one, leave the one that is opened; answers a node of the folded scope. */
  function enter(box) {
    const left = box ? null : open.pop();
    if (box) open.push(insideOf(box));
    leave.hidden = !open.length;
    stage.classList.toggle("gr-inside", open.length > 0);
    opened.textContent = open.map(({ name }) => name).join(" › ");
    return left?.from;
  }

  function resized() {
    let [layout, found] = measure(false);
    if (!found.whole && measured.size[0] && !pool.hidden && boards.offsetHeight + 40 + measured.size[1] < side.clientHeight) {
      const beside = measure(true);
      if (beside[1].whole) [layout, found] = beside;
      else measure(false);
    }
    plan = found;
    if (picture?.layout !== layout) {
      const isSame = picture?.layout.data === layout.data; // else it is shown as a new state
      picture?.frame.remove();
      if (!known.has(layout)) known.set(layout, graphPicture(layout, layout.data, stage, settle, slider));
      picture = known.get(layout);
      stage.prepend(picture.frame);
      if (last && isSame) picture.show(...last);
    }
    if (!plan.at) plan.area = [0, 0, measured.room[0], measured.room[1] - flat()];
    picture.view.open(plan);
    fold.hidden = open.length > 0 || !folded;
    fold.ariaPressed = Boolean(layout.folded);
    const says = [layout.folded ? "folded (o)" : "", Object.values(layout.data.folds).some(({ inside }) => inside !== null) ? "click opens" : "", plan.whole ? "" : "drag to move"];
    note.textContent = says.filter(Boolean).join(", ");
  }

  return {
    now: () => picture, // whichever is seen
    show: (...given) => picture.show(...(last = given)),
    resized,
    enter,
    isInside: () => open.length > 0,
    fold: () => (wish = !picture.layout.folded),
  };
}
