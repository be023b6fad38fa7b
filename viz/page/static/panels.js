// Beside the graph: the inputs, and Predict.

/** The inputs, one line each: name, field, slider, and the gradient so far. */
function inputsPanel(data, part, change) {
  const typed = (x) => Number(x.toPrecision(12)) || x; // without the dust of binary fractions; -0 stays
  const rows = data.nodes.flatMap(({ op, label, scope, value: recorded }, node) => {
    if (op) return [];
    const id = `gr-${(serial += 1)}`;
    const reach = Math.ceil(2 * Math.min(1e6, Math.max(1, Math.abs(recorded) || 0)));
    const field = h("input", { id, class: "gr-field", type: "text", role: "spinbutton", autocomplete: "off", placeholder: numeral(recorded) });
    const gradient = h("span");
    const name = [...scope ?? [], scope ? label.replace(` #${node}`, "") : label].join(" / "); // in its scope it is the only one
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
  // What people give comes before what a layer keeps, and constants come last.
  const kept = ({ node }) => (data.nodes[node].constant ? 2 : data.nodes[node].scope ? 1 : 0);
  rows.sort((one, other) => kept(one) - kept(other));
  const rowOf = new Map(rows.map((row) => [row.node, row]));
  part.inputs.append(...rows.map(({ line }) => line));
  part.leaves.hidden = part.drawer.hidden = !rows.length;

  function show(values, gradients, checks, isShown) {
    for (const row of rows) {
      const { text = "", title = "", agrees = true } = checks.get(row.node) ?? {};
      if (row.check.textContent !== text) row.check.replaceChildren(text);
      h(row.check, { title }).classList.toggle("gr-off", !agrees);
      if (!Object.is(values[row.node], row.now)) row.take(values[row.node]);
      row.line.classList.toggle("gr-edited", !Object.is(row.now, row.recorded));
      // That no path leads to it is said once: at its box, if it has one.
      const said = gradients[row.node] === noPath && isShown(row.node) ? "" : look.gradientText(gradients[row.node]);
      if (row.gradient.textContent !== said) row.gradient.textContent = said;
    }
    part.reset.disabled = rows.every(({ now, recorded }) => Object.is(now, recorded));
  }
  return { rows, show, slider: (node) => rowOf.get(node).slide("gr-slide"), field: (node) => rowOf.get(node)?.field };
}

/** Predict: the question, and what became of the last answer. */
function quizPanel(part, answer, asking = quiz.question) {
  part.answer.id = `gr-${(serial += 1)}`;
  part.question.htmlFor = part.answer.id;
  part.ask.addEventListener("submit", (event) => {
    event.preventDefault();
    if (part.answer.value.trim()) answer(part.answer.value);
    part.answer.select();
  });

  function question(state, step) {
    part.refuse.hidden = step.phase === "forward";
    part.question.replaceChildren(asking(state, step), h("b", {}, "?"));
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
