// The graph: an SVG laid out once by Graphviz, and here only restyled, moment by moment.

/** The pen width of a contribution, on the scale of the still pictures. */
function penWidth(contribution, { thinnest, thickest, at_one, per_decade }) {
  const size = Math.abs(contribution) || 0;
  return size ? Math.min(thickest, Math.max(thinnest, at_one + per_decade * Math.log10(size))) : thinnest;
}

const PIECE = 60; // nodes and edges in a piece of the drawing
const LONG_LINE = 900; // longer ones have longer dashes

function graphPicture(svg, data, stage) {
  const drawn = svg.querySelector("g.graph");
  const [width, height] = svg.dataset.size.split(" ").map(Number);
  const transform = drawn.getAttribute("transform");
  const [, left, top] = /translate\(([-\d.]+)[ ,]+([-\d.]+)/.exec(transform).map(Number);
  const halo = shape("rect", { class: "gr-halo", rx: 9 });
  const overlay = shape("g", { transform });
  const root = h("div", { class: "gr-canvas", role: "group", "aria-label": "Graph" });
  // A drawing is painted as a whole: of pieces, a step repaints two or three, and what moves none.
  const piece = (content, attributes) => root.append(shape("svg", { width, height, ...attributes }, content));
  while (drawn.firstElementChild) piece(shape("g", { transform }, ...[...drawn.children].slice(0, PIECE)));
  piece(overlay, { class: "gr-over", "aria-hidden": "true" });
  svg.remove();
  const frame = h("div", { class: "gr-frame" }, root);
  stage.prepend(frame);
  const view = cameraOf(frame, root, width, height);

  const groups = [...root.querySelectorAll("g.edge[id]")];
  const lengths = groups.map((group) => group.querySelector("path").getTotalLength()); // before anything is written
  const still = (group) => [...group.classList].filter((name) => /^gr-(?!folded|level|leaf|parameter|way|faded)/.test(name)); // its marks without a script
  const boxOf = new Map(); // the box of each node: its own, or that of the folded scope it is in
  const boxes = [...root.querySelectorAll("g.node[id]")].map((group) => {
    const { name, members = [Number(group.id.slice(1))], speaker = members[0] } = data.folds[group.id] ?? {};
    const button = h(group.querySelector("rect"), { tabindex: -1, role: "button" });
    const area = ["x", "y", "width", "height"].map((side) => Number(button.getAttribute(side)));
    const texts = [".gr-value", ".gr-gradient"].flatMap((part) => [...group.querySelectorAll(part)]);
    for (const text of group.querySelectorAll("text")) text.ariaHidden = true; // the button's label says it
    if (!name) group.dataset.node = speaker;
    group.classList.toggle("gr-leaf", !name && !data.nodes[speaker].op);
    group.classList.toggle("gr-parameter", !name && !data.nodes[speaker].op && Boolean(data.nodes[speaker].scope));
    group.append(shape("circle", { class: "gr-stop", cx: area[0], cy: area[1], r: 5 }));
    group.append(shape("text", { class: "gr-flag", x: area[0] + area[2], y: area[1] + 4 }, "⇄"));
    const box = { group, button, area, name, members, speaker, texts, flags: still(group) };
    for (const member of members) boxOf.set(member, box);
    return box;
  });
  boxes.sort((one, other) => one.members[0] - other.members[0]);

  const lineOf = new Map(); // the line of each use
  const lines = groups.map((group, i) => {
    const [path, arrow, text] = ["path", "polygon", "text"].map((tag) => group.querySelector(tag));
    const length = lengths[i];
    if (length > LONG_LINE) path.style.setProperty("--dash", length / LONG_LINE); // many dashes take long to paint
    const bare = path.getAttribute("d").replace(/^M[^LC]*L/, "M");
    path.removeAttribute("stroke-width");
    const tip = arrow.getAttribute("points").trim().split(/\s+/)[1]; // without an arrowhead the line goes on to here
    const { uses, adds, inside } = data.lines[group.id] ?? { uses: [group.id.slice(1)], adds: true, inside: [] };
    const targets = uses.map((use) => parseInt(use, 10));
    const faded = group.classList.contains("gr-faded"); // no way that is shown leads over it
    const line = { group, path, text, uses, adds, inside, faded, targets, bare, whole: bare.replace("M", `M${tip}L`), flags: still(group) };
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
      // Squeezed if wider than its box: a digit is 8.4 wide, a gradient's 6.7.
      if (words[i].length * (i ? 6.7 : 8.4) > box.area[2]) h(text, { textLength: box.area[2] - 6, lengthAdjust: "spacingAndGlyphs" });
      else text.removeAttribute("textLength");
    });
    const parts = [box.name ? `${box.name}, ${members.length} nodes folded` : data.nodes[speaker].label];
    if (!box.name) parts.push(data.nodes[speaker].text ?? "input");
    parts.push(value !== null ? `value ${words[0]}` : reached ? "" : "not reached yet");
    if (value !== null && gradient !== null) parts.push(`gradient ${words[1]}`);
    parts.push(arose ? "the first nan, or inf, arose here" : "", any(changed) ? "another winner" : "", any(breaks) ? "breakpoint" : "");
    box.button.ariaLabel = parts.filter(Boolean).join(", ");
  }

  function showLine(line, snapshot) {
    const total = look.total(line, snapshot);
    const [text, result] = look.lineWords(line, snapshot, data.nodes);
    const flags = look.lineMarks(line, snapshot, data.nodes).map((mark) => `gr-${mark}`);
    if (!restyle(line, flags, text + result)) return;
    line.path.setAttribute("d", total === null ? line.whole : line.bare);
    line.path.style.strokeWidth = total === null || !line.adds || line.faded || look.isMixed(line, snapshot) ? "" : `${penWidth(total, data.scale)}px`;
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

  const placed = ([x, y, ...size]) => [x + left, y + top, ...size];
  const reveal = (...members) => view.reveal(members.filter((member) => boxOf.has(member)).map((member) => placed(boxOf.get(member).area)));
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
  return { show, pulse, follow, view, walk, boxAt, nodeOf, focusNode: (node) => focus(boxOf.get(node)) };
}
