// The graph: one SVG, laid out once by Graphviz; here it is only restyled for a moment, moved and enlarged.

const READABLE = 0.8;
const LARGEST = 6;

// The pen width of a contribution, on the same fixed scale as in every still picture.
function penWidth(contribution, { thinnest, thickest, at_one, per_decade }) {
  const size = Math.abs(contribution);
  if (Number.isNaN(size) || size === 0) return thinnest;
  if (size === Infinity) return thickest;
  return Math.min(thickest, Math.max(thinnest, at_one + per_decade * Math.log10(size)));
}

const gradientText = (gradient) =>
  gradient === null ? "–" : gradient === engine.NO_PATH ? "no path" : engine.number(gradient);

// A Map from edge "target_position" to whether it was refused, for every use that a gradient came to.
function decisions(run) {
  const found = new Map();
  for (const { edge, local } of run.steps) if (edge) found.set(`${edge.target}_${edge.position}`, local === null);
  return found;
}

function graphPicture(svg, data, act) {
  const root = svg.querySelector("g.graph");
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  const [, , wide, high] = (svg.getAttribute("viewBox") || "0 0 100 100").split(/[ ,]+/).map(Number);
  svg.removeAttribute("viewBox");
  for (const child of [...root.children]) if (child.localName !== "g") child.remove();
  const overlay = shape("g", { class: "gr-overlay", "aria-hidden": "true" });
  const halo = shape("rect", { class: "gr-halo", rx: 9 });
  overlay.append(halo);
  root.append(overlay);
  const camera = shape("g", { class: "gr-camera" });
  svg.append(camera);
  camera.append(root);
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", "Graph");

  const nodes = new Map(); // number -> node
  const boxes = []; // nodes and folded scopes
  const edges = [];
  const folds = data.folds || {};
  for (const group of root.querySelectorAll("g.node")) {
    const found = /^([ns])(\d+)$/.exec(group.id);
    if (!found) continue;
    const drawn = group.querySelector("rect");
    const area = ["x", "y", "width", "height"].map((name) => Number(drawn.getAttribute(name)));
    const middle = area[0] + area[2] / 2;
    const texts = [...group.querySelectorAll("text")];
    const folded = found[1] === "s";
    const fold = folded ? folds[group.id] || { name: "", members: [], shown: null } : null;
    const pair = folded && fold.shown === null ? [null, null] : texts.slice(-2);
    pair.forEach((text, i) => text && h(text, { class: i ? "gr-gradient" : "gr-value", x: middle, "text-anchor": "middle" }));
    const box = { group, area, fold, value: pair[0], gradient: pair[1], number: folded ? fold.shown : Number(found[2]), state: "" };
    h(group, { tabindex: -1, role: "button" });
    if (folded) {
      group.classList.add("gr-fold");
    } else {
      nodes.set(box.number, box);
      group.dataset.node = box.number;
      if (!data.nodes[box.number].op) group.classList.add("gr-leaf");
      group.append(shape("circle", { class: "gr-stop", cx: area[0], cy: area[1], r: 5 }));
      group.append(shape("text", { class: "gr-flag", x: area[0] + area[2], y: area[1] + 3, "text-anchor": "middle" }, "⇄"));
    }
    boxes.push(box);
  }
  for (const [id, fold] of Object.entries(folds)) {
    const box = boxes.find((candidate) => candidate.group.id === id);
    for (const member of fold.members) nodes.set(member, box);
  }
  const lines = data.lines || {};
  const byUse = new Map();
  for (const group of root.querySelectorAll("g.edge")) {
    const found = /^e(\d+)_(\d+)$/.exec(group.id);
    const uses = found ? [`${found[1]}_${found[2]}`] : lines[group.id];
    if (!uses) continue;
    const path = group.querySelector("path");
    const arrow = group.querySelector("polygon, polyline");
    const text = group.querySelector("text");
    const tip = arrow ? arrow.getAttribute("points").trim().split(/\s+/)[1] : null;
    const line = path.getAttribute("d");
    const edge = { group, path, arrow, text, uses, line, whole: tip ? line.replace("M", `M${tip}L`) : line, state: "" };
    group.dataset.use = uses[0];
    if (text && text.getAttribute("text-anchor") !== "middle") {
      const { x, width } = text.getBBox();
      if (width) h(text, { x: x + width / 2, "text-anchor": "middle" });
    }
    edges.push(edge);
    for (const use of uses) byUse.set(use, edge);
  }
  // Words of nodes that were laid out left-aligned stay where they are; only what changes is centred.

  function showNode(box, moment, context) {
    const { values, gradients, current } = moment;
    const members = box.fold ? box.fold.members : [box.number];
    const reached = members.every((member) => values[member] !== null);
    const now = members.includes(current.node);
    const number = box.number;
    const value = number === null || values[number] === null ? null : values[number];
    const gradient = number === null ? null : gradients[number];
    const dead = members.every((member) => gradients[member] === engine.NO_PATH);
    const texts = [value === null ? "" : engine.number(value), reached ? gradientText(gradient) : ""];
    const flags = [
      !reached && "gr-unreached",
      now && "gr-current",
      dead && "gr-dead",
      gradient === 0 && "gr-zero",
      gradient === null && "gr-none",
      value !== null && !Number.isFinite(value) && "gr-strange",
      members.some((member) => context.breaks.has(member)) && "gr-breaks",
      members.some((member) => context.changed.has(member)) && "gr-changed",
      members.some((member) => context.edited.has(member)) && "gr-edited",
    ].filter(Boolean);
    const state = `${texts}|${flags}`;
    if (state === box.state) return;
    box.state = state;
    if (box.value) [box.value.textContent, box.gradient.textContent] = texts;
    setFlags(box, flags);
    box.group.setAttribute("aria-label", describe(box, texts, context));
    if (now) box.group.setAttribute("aria-current", "step");
    else box.group.removeAttribute("aria-current");
  }

  function describe(box, [value, gradient], { breaks, changed }) {
    const node = box.fold ? null : data.nodes[box.number];
    const parts = [node ? node.label : `${box.fold.name}, ${box.fold.members.length} nodes folded`];
    if (node) parts.push(node.op ? node.text : "input");
    parts.push(value ? `value ${value}` : "not reached yet");
    if (value) parts.push(gradient === "–" ? "no gradient yet" : gradient === "no path" ? gradient : `gradient ${gradient}`);
    if (changed.has(box.number)) parts.push("winner changed");
    if (breaks.has(box.number)) parts.push("breakpoint");
    return parts.join(", ");
  }

  function setFlags(thing, flags) {
    for (const flag of thing.flags || []) if (!flags.includes(flag)) thing.group.classList.remove(flag);
    thing.group.classList.add(...flags);
    thing.flags = flags;
  }

  function showEdge(edge, moment) {
    const flows = edge.uses.map((use) => moment.flows.get(use)).filter(Boolean);
    const sent = flows.filter((flow) => flow.local !== null);
    const { current, values } = moment;
    const carried = edge.uses.every((use) => values[use.split("_")[0]] !== null);
    const now = current.edge
      ? edge.uses.includes(`${current.edge.target}_${current.edge.position}`)
      : current.phase === "forward" && edge.uses.some((use) => Number(use.split("_")[0]) === current.node);
    const total = sent.reduce((sum, flow) => sum + flow.contribution, 0);
    const kind = sent.length ? (total > 0 ? "gr-positive" : total < 0 ? "gr-negative" : "gr-nil") : flows.length ? "gr-lost" : carried ? "gr-carried" : "gr-idle";
    let words = "";
    if (sent.length === 1 && edge.uses.length === 1) words = `${engine.number(sent[0].local)} × ${engine.number(sent[0].upstream)} = `;
    else if (sent.length) words = `${sent.length} of ${edge.uses.length} uses: `;
    else if (flows.length) words = refusal(edge.uses[0]);
    const result = sent.length ? engine.number(total) : "";
    const state = [kind, now, words, result].join("|");
    if (state === edge.state) return;
    edge.state = state;
    setFlags(edge, now ? [kind, current.edge ? "gr-now" : "gr-feeds"] : [kind]);
    edge.path.setAttribute("d", sent.length ? edge.line : edge.whole);
    edge.path.style.strokeWidth = sent.length ? `${penWidth(total, data.scale)}px` : "";
    if (edge.text) edge.text.replaceChildren(words, ...(result ? [shape("tspan", { "font-weight": "bold" }, result)] : []));
  }

  function refusal(use) {
    const [target, position] = use.split("_").map(Number);
    return data.nodes[target].refusals[position];
  }

  function show(moment, context) {
    for (const box of boxes) showNode(box, moment, context);
    for (const edge of edges) showEdge(edge, moment);
    const box = nodes.get(moment.current.node);
    halo.style.display = box ? "" : "none";
    if (box) {
      const [x, y, width, height] = box.area;
      Object.assign(halo.style, { x: `${x - 4}px`, y: `${y - 4}px`, width: `${width + 8}px`, height: `${height + 8}px` });
    }
  }

  // A dot runs along the edges of a step, the way the number goes: with the values, or back with the gradient.
  function pulse(step) {
    if (calm()) return;
    const chosen = step.edge ? [byUse.get(`${step.edge.target}_${step.edge.position}`)] : [];
    if (step.phase === "forward")
      (data.nodes[step.node].args || []).forEach((_, position) => chosen.push(byUse.get(`${step.node}_${position}`)));
    for (const { path } of chosen.filter(Boolean)) {
      const dot = shape("circle", { class: step.edge ? (step.local === null ? "gr-dot gr-lost" : "gr-dot gr-back") : "gr-dot", r: 4.5 });
      overlay.append(dot);
      const length = path.getTotalLength();
      const run = step.local === null && step.edge ? 0.3 : 1; // a refused gradient turns round
      let start = null;
      const move = (time) => {
        start ??= time;
        const part = Math.min(1, (time - start) / 420) * run;
        if (part >= run || !dot.isConnected) return dot.remove();
        const eased = part * part * (3 - 2 * part);
        const at = path.getPointAtLength(length * (step.edge ? 1 - eased : eased));
        h(dot, { cx: at.x, cy: at.y });
        requestAnimationFrame(move);
      };
      requestAnimationFrame(move);
    }
  }

  const view = cameraOf(svg, camera, wide, high);
  const [, shiftX, shiftY] = /translate\(([-\d.]+)[ ,]+([-\d.]+)\)/.exec(root.getAttribute("transform") || "") || [0, 0, 0];
  const place = ([x, y, width, height]) => [x + Number(shiftX), y + Number(shiftY), width, height];

  function follow(step) {
    const seen = [nodes.get(step.node), step.edge && nodes.get(step.edge.target)].filter(Boolean);
    view.reveal(seen.map((box) => place(box.area)));
  }

  let focusable = null;
  function stop(box) {
    if (focusable) focusable.group.setAttribute("tabindex", -1);
    focusable = box;
    box.group.setAttribute("tabindex", 0);
  }
  const boxAt = (target) => boxes.find((box) => box.group === target.closest?.("g.node"));

  function walk(by) {
    const at = boxes.indexOf(boxAt(document.activeElement) || focusable);
    focus(boxes[(at + by + boxes.length) % boxes.length]);
  }

  function focus(box) {
    stop(box);
    box.group.focus({ preventScroll: true });
    view.reveal([place(box.area)]);
  }

  svg.addEventListener("focusin", (event) => {
    const box = boxAt(event.target);
    if (box) stop(box);
  });
  svg.addEventListener("click", (event) => {
    if (view.dragged()) return;
    const box = boxAt(event.target);
    if (box) return act(event.shiftKey ? "stop" : "jump", box);
    const edge = event.target.closest("g.edge");
    if (edge?.dataset.use) act("flow", edge.dataset.use);
  });
  boxes.sort((a, b) => (a.number ?? a.fold.members[0]) - (b.number ?? b.fold.members[0]));
  if (boxes.length) stop(boxes[0]);
  return { show, pulse, follow, view, walk, boxAt, focusNode: (number) => nodes.has(number) && focus(nodes.get(number)), size: [wide, high] };
}

// Zoom, pan and fit, by wheel, drag, pinch and the methods returned.
function cameraOf(svg, layer, wide, high) {
  let [scale, x, y] = [1, 0, 0];
  let touched = false; // by a person: then a new size of the window leaves it alone
  let moved = 0;
  let flight = 0;
  const pointers = new Map();
  const space = () => [svg.clientWidth || 600, svg.clientHeight || 400];

  function set(newScale, newX, newY) {
    [scale, x, y] = [newScale, newX, newY];
    layer.setAttribute("transform", `matrix(${scale} 0 0 ${scale} ${x} ${y})`);
  }

  function glide(newX, newY) {
    cancelAnimationFrame(flight);
    if (calm() || document.hidden) return set(scale, newX, newY);
    const [fromX, fromY] = [x, y];
    let start = null;
    const move = (time) => {
      start ??= time;
      const part = Math.min(1, (time - start) / 260);
      const eased = 1 - (1 - part) ** 3;
      set(scale, fromX + (newX - fromX) * eased, fromY + (newY - fromY) * eased);
      if (part < 1) flight = requestAnimationFrame(move);
    };
    flight = requestAnimationFrame(move);
  }

  function fit(least = 0) {
    cancelAnimationFrame(flight);
    const [width, height] = space();
    const whole = Math.min(width / (wide + 16), height / (high + 16), 2);
    const size = Math.max(whole, least);
    const start = (room, length) => (length * size <= room ? (room - length * size) / 2 : 8);
    set(size, start(width, wide), high * size <= height ? (height - high * size) / 2 : (height - high * size) / 2);
  }

  function zoom(factor, atX = space()[0] / 2, atY = space()[1] / 2) {
    cancelAnimationFrame(flight);
    touched = true;
    const size = Math.min(LARGEST, Math.max(0.05, scale * factor));
    set(size, atX - ((atX - x) * size) / scale, atY - ((atY - y) * size) / scale);
  }

  function pan(byX, byY) {
    touched = true;
    set(scale, x + byX, y + byY);
  }

  // Bring these areas into view, moving no more than needed.
  function reveal(areas) {
    if (!areas.length) return;
    const [width, height] = space();
    const shift = (low, up, room) => {
      const edge = Math.min(36, room / 8);
      if (up - low > room - 2 * edge) return edge - low; // too long: its start
      if (low < edge) return Math.max(edge, room * 0.3) - low;
      if (up > room - edge) return Math.min(room - edge, room * 0.7) - up;
      return 0;
    };
    const spans = (one, other, at) => {
      const low = Math.min(...areas.map((area) => area[one] * scale + at));
      return [low, Math.max(...areas.map((area) => (area[one] + area[other]) * scale + at))];
    };
    const byX = shift(...spans(0, 2, x), width);
    const byY = shift(...spans(1, 3, y), height);
    if (byX || byY) glide(x + byX, y + byY);
  }

  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    moved = 0;
  });
  svg.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const others = [...pointers].filter(([id]) => id !== event.pointerId);
    const by = [now[0] - before[0], now[1] - before[1]];
    moved += Math.abs(by[0]) + Math.abs(by[1]);
    if (moved > 4 && !svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, now);
    if (!others.length) {
      if (moved > 4) pan(...by);
      return;
    }
    const hold = others[0][1];
    const apart = (point) => Math.hypot(point[0] - hold[0], point[1] - hold[1]) || 1;
    const { left, top } = svg.getBoundingClientRect();
    zoom(apart(now) / apart(before), hold[0] - left, hold[1] - top);
  });
  for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, (event) => pointers.delete(event.pointerId));
  svg.addEventListener(
    "wheel",
    (event) => {
      // A plain wheel belongs to whoever scrolls the page around us; a page of its own has nothing to scroll.
      const alone = window.top === window && document.scrollingElement.scrollHeight <= innerHeight;
      if (!event.ctrlKey && !event.metaKey && !alone) return;
      event.preventDefault();
      const { left, top } = svg.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - left, event.clientY - top);
    },
    { passive: false },
  );
  const resized = () => touched || fit(READABLE);
  return { fit: () => ((touched = false), fit()), resized, zoom, pan, reveal, dragged: () => moved > 4 };
}
