// Predict: which number is asked for, with the figures that it takes to find it, and what becomes of an answer. No DOM.

const quiz = (() => {
  const { numeral } = numbers;
  const { noPath } = engine;
  const { fill } = telling;
  const { parse, figures } = arithmetic;
  const WITHIN = 0.005; // of the number: a rounded answer is right
  const MOST = 17; // digits, of which no two floats have the same

  /** Whether a number is right: within half a percent, or the same as it is shown. */
  const agrees = (x, after) => Math.abs(x - after) < WITHIN * Math.abs(after) || numeral(x) === numeral(after);

  // What is made inside of a folded scope cannot be computed from what is seen.
  const isUnseen = ({ box, by }) => Boolean(box || by);
  const isWorthAsking = ({ data }) => ({ edge, phase, node }) => edge || (phase === "forward" && data.nodes[node].op);

  /** The step that is asked for; null at the end, and where something that cannot be asked for comes before it. */
  function target(state) {
    const asks = isWorthAsking(state);
    const next = state.run.steps.slice(state.index + 1).find((step) => isUnseen(step) || asks(step));
    return next && !isUnseen(next) ? next : null;
  }

  /**
   * Numbers as text with as few digits as it takes to find the number asked for, and whether these are more than usual:
   * 1234568 − 1234567 is not asked as 1.23e6 − 1.23e6.
   */
  function told(numbers, result, after) {
    const usual = numbers.map(numeral);
    const enough = (texts) => agrees(result(texts.map(parse)), after);
    if (enough(usual)) return { texts: usual, exact: false };
    for (let digits = 4; digits < MOST; digits++) {
      const texts = numbers.map((x) => figures(x, digits));
      if (enough(texts)) return { texts, exact: true };
    }
    return { texts: numbers.map((x) => figures(x, MOST)), exact: true };
  }

  /** The words that ask for the number of a step. */
  function question({ data, run }, step) {
    const { called: label, op, args } = data.nodes[step.node];
    if (step.edge) return contribution(data, step, label);
    const numbers = args.map((arg) => (Array.isArray(arg) ? arg[0] : run.values[arg]));
    const { texts } = told(numbers, (xs) => op.evaluate([...xs, step.after]), step.after);
    return `${label} = ${fill(op.call, texts)} = `;
  }

  function contribution(data, { edge, before, upstream, local, after }, label) {
    const by = data.nodes[edge.target].called;
    const sum = ([up, slope, sofar]) => sofar + slope * up;
    const { texts, exact } = local === null
      ? { texts: [upstream, 0, before ?? 0].map(numeral), exact: false }
      : told([upstream, local, before ?? 0], sum, after);
    const slope = exact ? `the local derivative is ${texts[1]}; ` : "";
    const sofar = before === null ? "nothing" : texts[2];
    return `${by}.grad is ${texts[0]}; ${slope}${label}.grad is ${sofar} so far. After this use in ${by}: ${label}.grad = `;
  }

  /**
   * What an answer to a step is worth: `kind` is "right", "wrong", "unread" (it is no number) or "told" (it was given up).
   * Where nothing flows the derivative is 0, so 0 is right there too.
   */
  function judged(step, answer) {
    const refused = Boolean(step.edge) && step.local === null; // what arrived before stays
    const nothing = refused && step.before === null;
    const truth = nothing ? noPath : numeral(step.after);
    const said = { answer, truth, sentence: step.sentence, nothing };
    if (!answer.trim()) return { kind: "told", ...said };
    if (step.edge && answer.trim().toLowerCase() === noPath) return { kind: refused ? "right" : "wrong", ...said };
    const x = parse(answer);
    if (x === null) return { kind: "unread", ...said };
    return { kind: agrees(x, nothing ? 0 : step.after) ? "right" : "wrong", ...said };
  }

  return { target, question, judged };
})();
