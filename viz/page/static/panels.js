// Beside the graph: the inputs, the grid of a pool, Predict.

/** The inputs, one line each: name, field, slider, and the gradient so far. */
function inputsPanel(data, part, change) {
  const typed = (x) => Number(x.toPrecision(12)) || x; // without the dust of binary fractions; -0 stays
  const rows = data.nodes.flatMap(({ op, label, scope, value: recorded }, node) => {
    if (op) return [];
    const id = `gr-${(serial += 1)}`;
    const reach = Math.ceil(2 * Math.min(1e6, Math.max(1, Math.abs(recorded) || 0)));
    const field = h("input", { id, class: "gr-field", type: "text", role: "spinbutton", autocomplete: "off", placeholder: numeral(recorded) });
    const gradient = h("span");
    const name = [...scope ?? [], label].join(" / ");
    const line = h("div", { class: "gr-input" }, h("label", { for: id, title: name }, name), field);
    const check = h("small", { class: "gr-check" });
    const row = { node, recorded, field, line, gradient, check, slides: [] };
    const write = (isWhole) => {
      const whole = String(packed(typed(row.now)));
      const brief = row.now && Number.isFinite(row.now) ? numeral(row.now).replaceAll("−", "-") : whole;
      field.value = isWhole ? whole : brief;
      field.title = brief === whole ? "" : whole; // a field says so where it does not say all
    };
    row.take = (x, source) => {
      row.now = x;
      if (source !== field) write(false);
      h(field, { "aria-valuenow": packed(typed(x)), "aria-invalid": false });
      for (const slide of row.slides) if (source !== slide) slide.value = x;
    };
    const set = (x, source) => (row.take(x, source), change({ [node]: x }));
    row.slide = (kind) => {
      const slide = h("input", { class: kind, type: "range", min: -reach, max: reach, step: reach / 100, tabindex: -1, "aria-hidden": "true" });
      slide.addEventListener("input", () => set(typed(slide.valueAsNumber), slide));
      row.slides.push(slide);
      if (row.now !== undefined) slide.value = row.now;
      return slide;
    };
    line.append(row.slide(""), gradient, check);
    field.addEventListener("input", () => {
      const x = arithmetic.parse(field.value);
      if (x === null) h(field, { "aria-invalid": true }); // what is no number changes nothing
      else set(x, field);
    });
    field.addEventListener("focusin", () => {
      if (!field.title) return;
      write(true);
      field.select(); // what was selected is, still
    });
    field.addEventListener("blur", () => {
      row.take(row.now);
      if (field.parentElement !== line) line.firstElementChild.after(field); // it was over its box
    });
    field.addEventListener("keydown", (event) => {
      const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      set(typed((row.now || 0) + way * (event.shiftKey ? 1 : event.altKey ? 0.01 : 0.1)));
      write(true);
    });
    row.take(recorded);
    return [row];
  });
  // What people give comes before what a layer keeps.
  const kept = ({ node }) => (data.nodes[node].scope ? 1 : 0);
  rows.sort((one, other) => kept(one) - kept(other));
  const rowOf = new Map(rows.map((row) => [row.node, row]));
  part.inputs.append(...rows.map(({ line }) => line));
  part.leaves.hidden = part.drawer.hidden = !rows.length;

  function show(values, gradients, checks) {
    for (const row of rows) {
      const { text = "", title = "", agrees = true } = checks.get(row.node) ?? {};
      if (row.check.textContent !== text) row.check.replaceChildren(text);
      h(row.check, { title }).classList.toggle("gr-off", !agrees);
      if (!Object.is(values[row.node], row.now)) row.take(values[row.node]);
      row.line.classList.toggle("gr-edited", !Object.is(row.now, row.recorded));
      if (row.shown !== gradients[row.node]) row.gradient.textContent = look.gradientText((row.shown = gradients[row.node]));
    }
    part.reset.disabled = rows.every(({ now, recorded }) => Object.is(now, recorded));
  }
  return { rows, show, slider: (node) => rowOf.get(node).slide("gr-slide"), field: (node) => rowOf.get(node)?.field };
}

/** The grid of a pool at each step. */
function gridPanel(grid, part) {
  const ink = (k) => `var(--gr-window-${k % grid.colours})`;
  const many = grid.windows.length > 16;
  const small = Math.max(grid.cells.length, grid.cells[0].length) > 6;
  function table(rows, caption) {
    const cells = rows.map((row) => row.map(() => ["gr-value", "gr-sum"].map((name) => h("span", { class: name }))));
    const lines = cells.map((row) => h("tr", {}, ...row.map((spans) => h("td", {}, ...spans))));
    const element = h("table", {}, h("caption", {}, caption), h("tbody", {}, ...lines));
    part.boards.append(h("div", { class: small ? "gr-small" : "" }, element));
    return { element, cells };
  }
  const { element, cells } = table(grid.cells, "input, with the gradient routed here");
  const blanks = Array.from({ length: grid.shape[0] }, () => Array(grid.shape[1]).fill());
  const outputs = table(blanks, "output, with the gradient that arrived").cells;
  const frames = grid.windows.map(({ frame, letter }, k) => {
    const outline = h("div", { class: "gr-window", "aria-hidden": "true" }, letter);
    const places = { "--r": frame[0], "--c": frame[1], "--h": frame[2], "--w": frame[3], "--i": `${many ? 2 : 2 + (k % 3) * 3}px`, "--ink": ink(k) };
    for (const [name, value] of Object.entries(places)) outline.style.setProperty(name, value);
    element.after(outline);
    return outline;
  });
  part.title.textContent = grid.title;
  part.pool.hidden = false;

  /** Whether the largest number of a window stands in several of its cells: the first of the equals takes it. */
  function tied(k, values) {
    const { uses, output, choice } = grid.windows[k];
    const equal = uses.filter(([at]) => {
      const [r, c] = at.split(",").map(Number);
      const [node, value] = grid.cells[r][c];
      return values[output] !== null && (node === null ? value : values[node]) === values[output];
    });
    return choice && equal.length > 1;
  }

  function coloured(x, k) {
    const piece = h("b", {}, x);
    piece.style.color = ink(k);
    return piece;
  }
  function fill([value, sum], now, text, pieces) {
    value.textContent = text;
    value.style.fontSize = text.length > 5 ? "12px" : "";
    sum.replaceChildren(...pieces);
    value.parentElement.classList.toggle("gr-now", now);
  }

  function show(snapshot) {
    const { values, gradients, flows, current } = snapshot;
    const arrived = new Map(); // by cell: [contribution, window]
    grid.windows.forEach(({ letter, uses, members, output, place: [r, c] }, k) => {
      for (const [at, use] of uses) {
        const sent = use.map((one) => flows.get(one)?.contribution ?? null).filter((x) => x !== null);
        if (sent.length) arrived.set(at, [...(arrived.get(at) ?? []), [sent.reduce((sum, x) => sum + x), k]]);
      }
      const now = members.includes(current.edge ? current.edge.target : current.node);
      frames[k].classList.toggle("gr-now", now);
      frames[k].hidden = many && !now;
      frames[k].textContent = now && tied(k, values) ? `${letter} tie` : letter;
      // An output that leads nowhere is no node of this graph.
      const [value, gradient] = output === null ? [null, null] : [values[output], gradients[output]];
      outputs[r][c][0].parentElement.style.setProperty("--ink", ink(k));
      const arrow = gradient === null ? [] : [coloured(look.gradientText(gradient), k)];
      fill(outputs[r][c], output === current.node, value === null ? "·" : numeral(value), arrow);
    });
    grid.cells.forEach((row, r) => row.forEach(([node, value], c) => {
      const parts = arrived.get(`${r},${c}`) ?? [];
      const pieces = parts.flatMap(([x, k], i) => [i ? (x < 0 ? " − " : " + ") : "", coloured(numeral(i ? Math.abs(x) : x), k)]);
      // What the pool sent: a cell used elsewhere too has a gradient of its own.
      if (parts.length > (small ? 1 : 3)) pieces.splice(0, Infinity, "Σ");
      if (parts.length > 1) pieces.push(" = ", h("strong", {}, numeral(parts.reduce((sum, [x]) => sum + x, 0))));
      const known = node === null ? value : values[node];
      fill(cells[r][c], node === current.node, known === null ? "·" : numeral(known), pieces);
      cells[r][c][0].parentElement.classList.toggle("gr-won", parts.length > 0);
    }));
  }
  return { show };
}

/** Predict: the question, and what became of the last answer. */
function quizPanel(part, answer) {
  part.answer.id = `gr-${(serial += 1)}`;
  part.question.htmlFor = part.answer.id;
  part.ask.addEventListener("submit", (event) => {
    event.preventDefault();
    if (part.answer.value.trim()) answer(part.answer.value);
    part.answer.select();
  });

  function question(state, step) {
    part.refuse.hidden = step.phase === "forward";
    part.question.replaceChildren(quiz.question(state, step), h("b", {}, "?"));
  }

  /** What is said of the last answer: in bold, and what follows. */
  function words({ data, verdict: { kind, truth, answer: given, sentence, nothing } }) {
    const denied = given.trim().toLowerCase() === noPath;
    const why = `${sentence}${nothing ? ` (${data.sentences[noPath]})` : ""} `;
    if (kind === "right") return ["Right. ", why];
    if (kind === "told") return [`${truth}. `, why];
    if (kind === "wrong") return [denied ? `There is a path: ${truth}. ` : `Not ${given}, but ${truth}. `, why];
    if (kind === "again") return [denied ? "There is a path. " : `Not ${given}. `, "Try once more."];
    return [`“${given}” is no number. `, "Type one, such as 2.5, 1/2 or -0.7*3."];
  }

  function verdict(state) {
    if (!state.verdict) return part.verdict.replaceChildren();
    const { kind } = state.verdict;
    const [opening, rest] = words(state);
    const score = kind === "unread" || kind === "again" ? [] : [h("small", {}, `${state.right} of ${state.asked} right`)];
    part.verdict.className = kind === "right" ? "gr-right" : "gr-wrong";
    part.verdict.replaceChildren(h("b", {}, opening), rest, ...score);
  }

  let known;
  function show(state, before) {
    h(part.predict, { "aria-pressed": state.predicting });
    part.quiz.hidden = !state.predicting;
    if (!state.predicting) return;
    if (state.verdict !== before?.verdict || !before?.predicting) verdict(state);
    const target = quiz.target(state);
    part.ask.hidden = !target;
    if (target?.index !== known) part.answer.value = "";
    known = target?.index;
    if (target) question(state, target);
  }
  return { show };
}
