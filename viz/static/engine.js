// The numbers of the page: every value and gradient, step by step, from the formulas of Python's table of operations.
// No DOM in here. Sums, products and comparisons are IEEE, in Python's order, so the bits are Python's.
const engine = (() => {
  /**
   * One use of a node: `source` is operand number `position` of `target`.
   * @typedef {{source: number, target: number, position: number}} Edge
   */

  /** In the gradients of the last moment: no path leads to this node. */
  const noPath = "no path";

  // ---- Numbers as text ------------------------------------------------------------------------------------------

  /**
   * A positive number as digits and exponent, rounded as Python does: JavaScript rounds an exact tie up, Python to even.
   * @param {number} x
   * @param {number} digits
   */
  function rounded(x, digits) {
    const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
    const rest = x.toExponential(60).slice(digits + 1, 62); // what was cut off; all of it, but for miracles
    const last = Number(mantissa.at(-1));
    const up = last % 2 === 1 && /^50*$/.test(rest);
    return [up ? mantissa.slice(0, -1) + (last - 1) : mantissa, Number(exponent)];
  }

  /** A whole number; a tie goes to the even one. */
  function whole(x) {
    const floor = Math.floor(x);
    const rest = x - floor;
    return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
  }

  /**
   * A short, readable form of a number, exactly that of `autodiff.notation.number`.
   * @param {number} x
   * @returns {string}
   */
  function number(x) {
    if (x === 0) return "0";
    if (Number.isNaN(x)) return "nan";
    if (x < 0) return `-${number(-x)}`;
    if (x === Infinity) return "inf";
    if (x >= 1e3 && x < 999999.5) return String(whole(x));
    const plain = x >= 1e-3 && x < 1e3;
    const [mantissa, exponent] = rounded(x, plain ? 4 : 3);
    return plain ? String(Number(`${mantissa}e${exponent}`)) : `${Number(mantissa)}e${exponent}`;
  }

  // ---- Arithmetic with pairs of numbers: twice the precision, for what JavaScript's Math lacks or rounds too roughly --

  /** @typedef {[number, number]} Pair the sum of a number and a much smaller one */

  /** @returns {Pair} a + b, exactly */
  function sum(a, b) {
    const s = a + b;
    const part = s - a;
    return [s, a - (s - part) + (b - part)];
  }

  /** The two halves of the bits of a number. */
  function halves(a) {
    const shifted = 134217729 * a; // 2 ** 27 + 1
    const high = shifted - (shifted - a);
    return [high, a - high];
  }

  /** @returns {Pair} a * b, exactly */
  function product(a, b) {
    const p = a * b;
    const [a1, a2] = halves(a);
    const [b1, b2] = halves(b);
    return [p, a1 * b1 - p + a1 * b2 + a2 * b1 + a2 * b2];
  }

  /** @returns {Pair} */
  function plus(a, b) {
    const [s, rest] = sum(a[0], b[0]);
    return sum(s, rest + (a[1] + b[1]));
  }

  /** @returns {Pair} */
  function times(a, b) {
    const [p, rest] = product(a[0], b[0]);
    return sum(p, rest + (a[0] * b[1] + a[1] * b[0]));
  }

  /** @returns {Pair} */
  function over(a, b) {
    const q = a[0] / b[0];
    const rest = plus(a, times(b, [-q, 0]));
    return sum(q, rest[0] / b[0]);
  }

  const minus = ([high, low]) => [-high, -low];

  /** x * 2 ** k in two factors, for 2 ** k alone may lie outside of float64. */
  const scaled = (x, k) => x * 2 ** (k >> 1) * 2 ** (k - (k >> 1));

  const LN2 = [0.6931471805599453, 2.3190468138462996e-17];

  /**
   * e ** x * 2 ** shift.
   * @param {Pair} x
   * @returns {Pair}
   */
  function exponential(x, shift = 0) {
    const k = Math.round(x[0] / LN2[0]);
    const rest = plus(x, times(LN2, [-k, 0]));
    let series = [1, 0];
    for (let n = 24; n > 0; n--) series = plus([1, 0], over(times(rest, series), [n, 0]));
    return [scaled(series[0], k + shift), scaled(series[1], k + shift)];
  }

  /** (e ** |x| + sign * e ** -|x|) / 2 */
  function hyperbolic(x, sign) {
    if (x > 711) return Infinity;
    const half = exponential([x, 0], -1);
    if (x > 40) return half[0] + half[1]; // the other half is beyond the last bit
    const other = over([0.25 * sign, 0], half);
    const [high, low] = plus(half, other);
    return high + low;
  }

  function sinh(x) {
    if (!(Math.abs(x) > 1e-8)) return x;
    return Math.sign(x) * hyperbolic(Math.abs(x), -1);
  }

  const cosh = (x) => (Number.isNaN(x) ? x : hyperbolic(Math.abs(x), 1));

  function tanh(x) {
    if (!(Math.abs(x) > 1e-8)) return x;
    if (Math.abs(x) > 22) return Math.sign(x);
    const e = exponential([2 * x, 0]);
    const [high, low] = over(plus(e, [-1, 0]), plus(e, [1, 0]));
    return high + low;
  }

  const TWO_BY_ROOT_PI = [1.1283791670955126, 1.533545961316588e-17];
  const ROOT_PI = [1.772453850905516, -7.666586499825799e-17];

  /** @returns {Pair} erf(x) for |x| < 2.5: the series 2/sqrt(pi) * (x - x^3/3 + x^5/(2! 5) - ...) */
  function erfSeries(x) {
    const square = minus(product(x, x));
    let power = [1, 0];
    let total = [1, 0];
    for (let n = 1; Math.abs(power[0]) > 1e-26; n++) {
      power = over(times(power, square), [n, 0]);
      total = plus(total, over(power, [2 * n + 1, 0]));
    }
    return times(times(total, [x, 0]), TWO_BY_ROOT_PI);
  }

  /** erfc(x) for x >= 2.5: e^(-x^2) / sqrt(pi) / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...)))) */
  function erfcTail(x) {
    if (x > 27.5) return 0;
    let fraction = x;
    for (let n = 80; n > 1; n--) fraction = x + n / 2 / fraction;
    const e = exponential(minus(product(x, x)), 200); // kept away from the least numbers until the end
    const [high, low] = over(e, times(ROOT_PI, sum(x, 0.5 / fraction)));
    return scaled(high + low, -200);
  }

  function erf(x) {
    if (!(x !== 0)) return x;
    if (Math.abs(x) >= 2.5) return Math.sign(x) * (1 - erfcTail(Math.abs(x)));
    const [high, low] = erfSeries(x);
    return high + low;
  }

  function erfc(x) {
    if (Number.isNaN(x)) return x;
    if (Math.abs(x) >= 2.5) return x > 0 ? erfcTail(x) : 2 - erfcTail(-x);
    const [high, low] = plus([1, 0], minus(erfSeries(x)));
    return high + low;
  }

  function hypot(x, y) {
    const [small, large] = [Math.abs(x), Math.abs(y)].sort((a, b) => a - b);
    if (!(small > 0 && large < Infinity)) return Math.hypot(x, y);
    const k = -Math.floor(Math.log2(large));
    const [a, b] = [scaled(large, k), scaled(small, k)]; // of the order of 1: their squares neither end nor vanish
    const [high, low] = plus(product(a, a), product(b, b));
    const root = Math.sqrt(high);
    const [square, rest] = product(root, root);
    return scaled(root + (high - square - rest + low) / (2 * root), -k);
  }

  /** C's pow, which differs from JavaScript's where the base is 1 or -1. */
  function power(x, y) {
    if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
    return Math.pow(x, y);
  }

  /** What formulas may call: the functions of `autodiff.ieee`. */
  const { abs, exp, log, log1p, expm1, sqrt, sin, cos, tan, asin, acos, atan, atan2 } = Math;
  const functions = {
    abs, exp, log, log1p, expm1, sqrt, sin, cos, tan, asin, acos, atan, atan2,
    sinh, cosh, tanh, erf, erfc, hypot, power,
  };

  // ---- Formulas: trees of lists become functions of [operands..., out] -----------------------------------------------

  const OPERATORS = {
    "+": (x, y) => x + y,
    "-": (x, y) => x - y,
    "*": (x, y) => x * y,
    "/": (x, y) => x / y,
    "<": (x, y) => Number(x < y),
    "<=": (x, y) => Number(x <= y),
    ">": (x, y) => Number(x > y),
    ">=": (x, y) => Number(x >= y),
    "==": (x, y) => Number(x === y),
    "!=": (x, y) => Number(x !== y),
    neg: (x) => -x,
    pos: (x) => x,
    not: (x) => Number(x === 0),
  };

  // As in Python, a nan counts as true.
  const CHOICES = {
    if: (test, body, orelse) => (at) => (test(at) !== 0 ? body(at) : orelse(at)),
    and: (...parts) => (at) => parts.reduce((found, part) => (found !== 0 ? part(at) : found), 1),
    or: (...parts) => (at) => parts.reduce((found, part) => (found !== 0 ? found : part(at)), 0),
  };

  /**
   * The function of a formula.
   * @param {any} tree nested lists, as `autodiff.notation.as_data` writes them
   * @param {string[]} names what stands at which place of its argument
   * @returns {(at: number[]) => number}
   */
  function compiled(tree, names) {
    if (typeof tree === "number") return () => tree;
    if (typeof tree === "string") {
      const place = names.indexOf(tree);
      return (at) => at[place];
    }
    const [sign, ...trees] = tree;
    const parts = trees.map((part) => compiled(part, names));
    if (Object.hasOwn(CHOICES, sign)) return CHOICES[sign](...parts);
    const apply = OPERATORS[sign] ?? functions[sign === "**" ? "power" : sign];
    if (!apply) throw new Error(`unknown function '${sign}'`);
    const [first, second] = parts;
    return second ? (at) => apply(first(at), second(at)) : (at) => apply(first(at));
  }

  /** A condition: whether it holds at given numbers, and the words of the comparison that decides it. */
  function condition(test, names) {
    if (test.not) {
      const inner = condition(test.not, names);
      return { holds: (at) => !inner.holds(at), words: (at, holds) => inner.words(at, !holds) };
    }
    const parts = (test.any ?? test.all)?.map((part) => condition(part, names));
    if (parts) {
      // Of an "or" that holds, or an "and" that fails, one part decides; else the first speaks for all.
      return {
        holds: (at) => (test.any ? parts.some((part) => part.holds(at)) : parts.every((part) => part.holds(at))),
        words: (at, holds) => (parts.find((part) => part.holds(at) === holds) ?? parts[0]).words(at, holds),
      };
    }
    const [compare, left, right] = [test.compare, test.compare[1], test.compare[2]].map((tree) => compiled(tree, names));
    const undecided = (at) => [left(at), right(at)].some(Number.isNaN);
    return {
      holds: (at) => compare(at) !== 0,
      words: (at, holds) => (holds ? test.holds : undecided(at) ? test.nan : test.fails),
    };
  }

  /** A partial: a tree of conditions whose ends are formulas. */
  function decision(partial, names) {
    if (partial.test) {
      const [then, orelse] = [partial.then, partial.else].map((branch) => decision(branch, names));
      return { test: condition(partial.test, names), then, else: orelse };
    }
    return partial.formula === null ? partial : { ...partial, at: compiled(partial.formula, names) };
  }

  const decoded = new WeakSet();

  /**
   * The data of a page made ready for `run`: texts such as "nan" become numbers, formulas functions.
   * @param {object} data what `viz.pagedata.page_data` answered, read from its JSON
   */
  function decode(data) {
    if (decoded.has(data)) return data;
    const operations = new Map();
    for (const [name, op] of Object.entries(data.operations)) {
      const names = [...op.inputs, "out"];
      const partials = op.partials.map((partial) => decision(partial, names));
      operations.set(name, { ...op, evaluate: compiled(op.value, names), partials });
    }
    const nodes = data.nodes.map((node) => ({
      ...node,
      value: real(node.value),
      op: node.op === undefined ? null : operations.get(node.op),
      args: (node.args ?? []).map((arg) => (Array.isArray(arg) ? [real(arg[0])] : arg)),
    }));
    const ready = { ...data, nodes };
    decoded.add(ready);
    return ready;
  }

  const INFINITE = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  const real = (x) => (typeof x === "string" ? INFINITE[x] : x);

  // ---- Steps ----------------------------------------------------------------------------------------------------------

  /** One fact; the fields are those of Python's `Step`. The sentence is made when it is read: most are never shown. */
  class Step {
    #told;
    constructor(told, index, phase, node, facts) {
      this.#told = told;
      const unknown = { edge: null, before: null, after: null, local: null, upstream: null, contribution: null };
      Object.assign(this, { index, phase, node }, unknown, facts);
    }

    get sentence() {
      return sentence(this.#told, this);
    }
  }

  /**
   * Every step of the graph, forward, then backward, with every choice decided anew.
   * @param {object} data what `decode` answered
   * @param {Object<number, number>} leaves numbers of leaves that differ from those in `data`
   * @returns {{data: object, values: Float64Array, steps: Step[], forward: number}}
   */
  function run(data, leaves = {}) {
    const ready = decode(data);
    const told = { data: ready, values: new Float64Array(ready.nodes.length), steps: [], forward: ready.nodes.length };
    const add = (phase, node, facts) => told.steps.push(new Step(told, told.steps.length, phase, node, facts));
    ready.nodes.forEach((node, place) => {
      const value = node.op ? node.op.evaluate(operands(told, place)) : leaves[place] ?? node.value;
      told.values[place] = value;
      add("forward", place, { after: value });
    });
    backward(told, add);
    return told;
  }

  /** The numbers of a node's operands, then its own: what its formulas are functions of. */
  function operands({ data, values }, place) {
    const at = data.nodes[place].args.map((arg) => (typeof arg === "number" ? values[arg] : arg[0]));
    at.push(values[place]);
    return at;
  }

  function backward(told, add) {
    const { nodes, output } = told.data;
    const gradients = new Array(nodes.length).fill(null);
    gradients[output] = 1;
    add("backward", output, { after: 1 });
    for (let target = nodes.length - 1; target >= 0; target--) {
      const { op, args } = nodes[target];
      if (op === null || gradients[target] === null) continue;
      const at = operands(told, target);
      args.forEach((source, position) => {
        if (typeof source !== "number") return;
        const facts = contribution(op.partials[position], at, gradients[target], gradients[source]);
        gradients[source] = facts.after;
        add("backward", source, { edge: { source, target, position }, ...facts });
      });
    }
  }

  /** What one use adds to the gradient of its operand. Where there is no path nothing is multiplied. */
  function contribution(partial, at, upstream, before) {
    const { end } = branch(partial, at);
    if (end.formula === null) return { before, after: before, upstream };
    const local = localOf(end, at);
    const flow = end.formula === 0 ? 0 : local * upstream; // a slope of 0 by its formula stops even inf
    return { before, after: before === null ? flow : before + flow, local, upstream, contribution: flow };
  }

  const localOf = (end, at) => (end.formula === null ? null : end.at(at));

  /** The end of a partial that applies, and the condition to tell of: the last that held, or the first. */
  function branch(partial, at) {
    let told = null;
    let end = partial;
    while (end.test) {
      const holds = end.test.holds(at);
      if (told === null || holds) told = { test: end.test, holds };
      end = holds ? end.then : end.else;
    }
    return { end, told };
  }

  /**
   * What is known after a step: null stands for not reached yet, `noPath` for a gradient that never comes.
   * @param {object} told what `run` answered
   * @param {number} index of a step; negative ones count from the end
   */
  function moment(told, index) {
    const { steps, values } = told;
    const last = index < 0 ? index + steps.length : index;
    const now = { values: [], gradients: [], flows: new Map(), current: steps[last] };
    for (let place = 0; place < values.length; place++) {
      now.values.push(place <= last ? values[place] : null); // the forward steps are the nodes in order
      now.gradients.push(null);
      if (place <= last) decide(told, place, now.flows);
    }
    for (let i = told.forward; i <= last; i++) {
      const { node, after, edge, local, upstream, contribution } = steps[i];
      now.gradients[node] = after;
      if (edge) now.flows.set(edgeKey(edge), { local, upstream, contribution });
    }
    if (last === steps.length - 1) now.gradients = now.gradients.map((gradient) => gradient ?? noPath);
    return now;
  }

  /** A choice is known as soon as it is computed: which operand was taken, before any gradient. */
  function decide(told, place, flows) {
    const { op, args } = told.data.nodes[place];
    if (!op?.chooses) return;
    const at = operands(told, place);
    args.forEach((source, position) => {
      const local = localOf(branch(op.partials[position], at).end, at);
      if (typeof source === "number") flows.set(edgeKey({ source, target: place, position }), { local, upstream: null, contribution: null });
    });
  }

  /** @param {Edge} edge */
  const edgeKey = ({ source, target, position }) => `${source}-${target}-${position}`;

  // ---- Sentences: the very ones of `autodiff.words`, filled in -------------------------------------------------------

  const said = (template, words) => template.replace(/\{(\w+)\}/g, (_, word) => words[word]);

  /** All slots at once: a name that looks like a slot is not filled again. */
  const fill = (template, parts, out = "") =>
    template.replace(/\{([0-9]+|out)\}/g, (slot, key) => (key === "out" ? out : parts[key] ?? slot));

  /** The template with these operands; a negative number among signs is put in brackets. */
  function filled(template, parts, out = "") {
    const bracket = (x, i) => (x.startsWith("-") && template !== `{${i}}` ? `(${x})` : x);
    const ready = template.endsWith(")") ? parts : parts.map(bracket);
    return fill(template, ready, template === "{out}" || out.endsWith(")") ? out : `(${out})`);
  }

  function reason(at, { test, holds }) {
    const texts = at.map(number);
    return fill(test.words(at, holds), texts, texts.at(-1));
  }

  /** What decided a choice, in the words of its first conditional partial. */
  function choice(op, at) {
    const told = op.chooses && op.partials.map((partial) => branch(partial, at).told).find((found) => found);
    return told ? reason(at, told) : "";
  }

  const names = ({ nodes }, place) =>
    nodes[place].args.map((arg) => (typeof arg === "number" ? nodes[arg].label : number(arg[0])));

  function sentence(told, step) {
    const { nodes, sentences } = told.data;
    const name = nodes[step.node].label;
    if (step.phase === "forward") return forwardSentence(told, step.node, name);
    if (!step.edge) return said(sentences.seed, { name });
    if (step.local === null) return refusal(told, step.edge, name);
    const [before, after, local, upstream] = [step.before ?? 0, step.after, step.local, step.upstream].map(number);
    const template = step.before === null ? sentences.first : sentences.more;
    return said(template, { name, before, after, local, upstream }) + slope(told, step.edge, local);
  }

  function forwardSentence(told, place, name) {
    const { nodes, sentences } = told.data;
    const { op } = nodes[place];
    const value = number(told.values[place]);
    if (!op) return said(sentences.leaf, { name, value });
    const at = operands(told, place);
    const words = { name, value, call: filled(op.call, at.slice(0, -1).map(number)), reason: choice(op, at) };
    return said(words.reason ? sentences.choice : sentences.forward, words);
  }

  /** The end of the partial that applied to a use, with what decided it. */
  function use({ data, values }, { target, position }) {
    const { op } = data.nodes[target];
    const at = operands({ data, values }, target);
    return { op, at, ...branch(op.partials[position], at) };
  }

  function slope(told, edge, local) {
    const { op, at, end, told: decided } = use(told, edge);
    if (!end.arithmetic && !decided && !end.name) return ""; // a slope that is always 1, or -1
    const { sentences } = told.data;
    const operand = names(told.data, edge.target);
    const call = filled(op.call, operand);
    const text = filled(end.text, operand, call);
    const words = {
      call: op.notation === "call" ? call : `(${call})`,
      operand: operand[edge.position],
      formula: text === local ? text : said(sentences.value, { formula: text, local }),
    };
    if (end.arithmetic || !decided) return said(sentences.slope, words);
    return said(sentences.since, { ...words, reason: reason(at, decided) });
  }

  function refusal(told, edge, name) {
    const { op, at, told: decided } = use(told, edge);
    const { nodes, sentences } = told.data;
    const target = nodes[edge.target].label;
    if (!decided) return said(sentences.never, { name, target });
    return said(op.inputs.length === 1 ? sentences.dead : sentences.refused, { name, target, reason: reason(at, decided) });
  }

  // ---- Steps in mathematical notation ----------------------------------------------------------------------------------

  const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Co}\p{Zl}\p{Zp}]/gu; // controls, marks of direction, half characters

  /** Text as characters, whatever it contains: unseen ones are written out, long text is cut. */
  function escaped(text, limit = 60) {
    const shown = [...text.slice(0, 2 * limit + 2)];
    const cut = shown.length > limit ? [...shown.slice(0, limit - 1), "…"] : shown;
    const seen = cut.join("").replace(UNSEEN, (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`);
    return seen.replace(/[&<>"']/g, (c) => ENTITIES[c]);
  }

  const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;
  const sign = (text) => `<mo>${text}</mo>`;
  const bracketed = (markup) => row(sign("("), markup, sign(")"));
  const identifier = (text) => `<mi>${escaped(text)}</mi>`;
  const words = (text) => `<mtext>${escaped(text, 400).replace(/^ | $/g, "&#xA0;")}</mtext>`;
  const equation = (parts) => parts.filter((part, i) => part !== parts[i - 1]).join(sign("="));

  /** The markup of a number. */
  function numeral(x) {
    const text = number(x);
    if (text.startsWith("-")) return row(sign("&#x2212;"), numeral(-x));
    const [mantissa, exponent] = text.split("e");
    if (exponent) return row(`<mn>${mantissa}</mn>`, sign("&#x22C5;"), `<msup><mn>10</mn>${numeral(Number(exponent))}</msup>`);
    return text === "inf" ? "<mi>∞</mi>" : text === "nan" ? "<mi>nan</mi>" : `<mn>${text}</mn>`;
  }

  /** A template of markup, filled; what is not a single sign gets brackets as a base, a negative also after a sign. */
  function notation(template, parts, others) {
    const marked = (part, before) => {
      const negative = part.startsWith("<mrow><mo>&#x2212;");
      const joined = negative && /<mo>(\+|&#x2212;|&#x22C5;)<\/mo>(<mrow>)*$/.test(before);
      return joined || (/<msup>$/.test(before) && part.startsWith("<mrow>")) ? bracketed(part) : part;
    };
    return template.replace(/\{([0-9]+|out|up)\}/g, (slot, key, place) =>
      marked(others[key] ?? parts[key], template.slice(0, place)));
  }

  const partsOf = ({ nodes }, place) =>
    nodes[place].args.map((arg) => (typeof arg === "number" ? identifier(nodes[arg].label) : numeral(arg[0])));

  /** An operation applied: as a formula where it is written with a sign, else `max(a, b)`. */
  function applied(op, parts) {
    if (op.notation !== "call") return notation(op.math, parts, {});
    return row(`<mi mathvariant="normal">${escaped(op.symbol)}</mi>`, sign("&#x2061;"), bracketed(parts.join(sign(","))));
  }

  const derivative = (of, by) => `<mfrac>${row("<mi>∂</mi>", of)}${row("<mi>∂</mi>", by)}</mfrac>`;

  /**
   * A step in mathematical notation, with its numbers put in: a whole `<math>` element, all labels as text.
   * @param {object} told what `run` answered
   * @param {Step} step
   * @returns {string}
   */
  function mathml(told, step) {
    const lines = step.phase === "forward" ? [forwardMath(told, step)] : backwardMath(told, step);
    const cells = lines.map((line) => `<mtr><mtd>${row(line)}</mtd></mtr>`).join("");
    const inside = lines.length > 1 ? `<mtable columnalign="left">${cells}</mtable>` : row(lines[0]);
    return `<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">${inside}</math>`;
  }

  function forwardMath(told, { node, after }) {
    const { op, label } = told.data.nodes[node];
    if (!op) return equation([identifier(label), numeral(after)]);
    const at = operands(told, node);
    const [letters, numbers] = [partsOf(told.data, node), at.slice(0, -1).map(numeral)];
    const cases = op.math.includes("<mtable"); // the case that applies is told by the reason
    const formula = (parts) => (cases ? applied(op, parts) : notation(op.math, parts, {}));
    const decided = choice(op, at);
    const parts = [identifier(label), applied(op, letters), formula(letters), formula(numbers), numeral(after)];
    return equation(parts) + (decided ? words(`, since ${decided}`) : "");
  }

  function backwardMath(told, step) {
    const { nodes, output } = told.data;
    const loss = identifier(nodes[output].label);
    const gradient = derivative(loss, identifier(nodes[step.node].label));
    if (!step.edge) return [equation([gradient, numeral(1)])];
    if (step.local === null) return [words(step.sentence)];
    const flow = row(gradient, sign(step.before === null ? "=" : "+="), product_(told, step, loss));
    if (step.before === null) return [flow];
    const running = notation("{0}<mo>+</mo>{1}", [step.before, step.contribution].map(numeral), {});
    return [flow, equation([gradient, running, numeral(step.after)])];
  }

  /** Local times upstream: as derivatives, as the formula, with numbers, and what it comes to. */
  function product_(told, { edge, local, upstream, contribution }, loss) {
    const { op, at, end, told: decided } = use(told, edge);
    const [letters, numbers] = [partsOf(told.data, edge.target), at.map(numeral)];
    const target = identifier(told.data.nodes[edge.target].label);
    const call = op.notation === "call" ? applied(op, letters) : bracketed(applied(op, letters));
    const up = numeral(upstream);
    const parts = [
      row(derivative(call, letters[edge.position]), sign("&#x22C5;"), derivative(loss, target)),
      notation(end.flow, letters, { up, out: target }),
      notation(end.flow, numbers, { up, out: numbers.at(-1) }),
      notation("<mrow>{0}<mo>&#x22C5;</mo>{up}</mrow>", [numeral(local)], { up }),
      numeral(contribution),
    ];
    return equation(parts) + (decided && !end.arithmetic ? words(`, since ${reason(at, decided)}`) : "");
  }

  return { number, decode, run, moment, mathml, noPath, edgeKey, functions };
})();
