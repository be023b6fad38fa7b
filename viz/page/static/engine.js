// Every value and gradient of the page, step by step, from the formulas of Python's table.
// No DOM in here. Sums, products and comparisons are IEEE, in Python's order, so the bits are Python's.
// One closure holds the whole file; it is not indented.
const engine = (() => {

// In the gradients of the last snapshot: no path leads to this node.
const noPath = "no path";

// -- Numbers as text

// A positive number as digits and exponent. JavaScript rounds an exact tie up, Python to even.
function rounded(x, digits) {
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const cut = x.toExponential(60).slice(digits + 1, 62);
  const odd = Number(mantissa.at(-1)) % 2 === 1;
  const even = odd && /^50*$/.test(cut) ? mantissa.slice(0, -1) + (mantissa.at(-1) - 1) : mantissa;
  return [even, Number(exponent)];
}

/** A short, readable form of a number, exactly that of `autodiff.language.notation.numeral`. */
function numeral(x) {
  if (x === 0) return "0";
  if (Number.isNaN(x)) return "nan";
  if (x < 0) return `-${numeral(-x)}`;
  if (x === Infinity) return "inf";
  const plain = x >= 1e-3 && x < 999999.5;
  const [mantissa, exponent] = rounded(x, !plain ? 3 : x < 1e3 ? 4 : String(Math.floor(x)).length);
  return plain ? String(Number(`${mantissa}e${exponent}`)) : `${Number(mantissa)}e${exponent}`;
}

// -- Functions that JavaScript lacks, or rounds too roughly, in pairs: a number, and a small one to add

function sum(a, b) {
  const s = a + b;
  const part = s - a;
  return [s, a - (s - part) + (b - part)];
}

// The upper half of the bits: products of halves are exact.
const upper = (a) => 134217729 * a - (134217729 * a - a);

function product(a, b) {
  const [p, a1, b1] = [a * b, upper(a), upper(b)];
  return [p, a1 * b1 - p + a1 * (b - b1) + (a - a1) * b1 + (a - a1) * (b - b1)];
}

function plus(a, b) {
  const [s, rest] = sum(a[0], b[0]);
  return sum(s, rest + (a[1] + b[1]));
}

function times(a, b) {
  const [p, rest] = product(a[0], b[0]);
  return sum(p, rest + (a[0] * b[1] + a[1] * b[0]));
}

function over(a, b) {
  const q = a[0] / b[0];
  return sum(q, plus(a, times(b, [-q, 0]))[0] / b[0]);
}

/** @type {(pair: number[]) => number[]} */
const minus = ([high, low]) => [-high, -low];
/** @type {(pair: number[]) => number} */
const total = ([high, low]) => high + low;

// x * 2 ** k in two factors, for 2 ** k alone may lie outside of float64.
const scaled = (x, k) => x * 2 ** (k >> 1) * 2 ** (k - (k >> 1));

const ONE = [1, 0];
const LN2 = [0.6931471805599453, 2.3190468138462996e-17];
const ROOT_PI = [1.772453850905516, -7.666586499825799e-17];
const TWO_BY_ROOT_PI = [1.1283791670955126, 1.533545961316588e-17];

// The pair of e ** x * 2 ** shift.
function exponential(x, shift = 0) {
  const k = Math.round(x[0] / LN2[0]);
  const rest = plus(x, times(LN2, [-k, 0]));
  let series = ONE;
  for (let n = 24; n > 0; n--) series = plus(ONE, over(times(rest, series), [n, 0]));
  return series.map((part) => scaled(part, k + shift));
}

function tanh(x) {
  if (!(Math.abs(x) > 1e-8)) return x;
  if (Math.abs(x) > 22) return Math.sign(x);
  const e = exponential([2 * x, 0]);
  return total(over(plus(e, [-1, 0]), plus(e, ONE)));
}

// erf of a small x: 2/sqrt(pi) (x - x^3/3 + x^5/(2! 5) - ...)
function erfSeries(x) {
  const square = minus(product(x, x));
  let power = ONE;
  let series = ONE;
  for (let n = 1; Math.abs(power[0]) > 1e-26; n++) {
    power = over(times(power, square), [n, 0]);
    series = plus(series, over(power, [2 * n + 1, 0]));
  }
  return times(times(series, [x, 0]), TWO_BY_ROOT_PI);
}

// erfc of a large x: e^(-x^2) / sqrt(pi) / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...))))
function erfcTail(x) {
  if (x > 27.5) return 0;
  let fraction = x;
  for (let n = 80; n > 1; n--) fraction = x + n / 2 / fraction;
  const e = exponential(minus(product(x, x)), 200); // kept away from the least numbers until the end
  return scaled(total(over(e, times(ROOT_PI, sum(x, 0.5 / fraction)))), -200);
}

function erf(x) {
  if (!(x !== 0 && Math.abs(x) < 2.5)) return x === 0 ? x : Math.sign(x) * (1 - erfcTail(Math.abs(x)));
  return total(erfSeries(x));
}

function erfc(x) {
  if (Math.abs(x) >= 2.5) return x > 0 ? erfcTail(x) : 2 - erfcTail(-x);
  return total(plus(ONE, minus(erfSeries(x))));
}

// C's pow (JavaScript's differs at base ±1), with squares and cubes as in Python.
function power(x, y) {
  if (y === 2) return x * x;
  if (y === 3) return x * x * x;
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);
}

// What formulas may call: the functions of `autodiff.language.ieee`.
const functions = { tanh, erf, erfc, power };
for (const name of "abs exp log log1p expm1 sqrt sin cos tan asin acos atan atan2 sinh cosh hypot".split(" "))
  functions[name] = Math[name];

// -- Formulas: trees of lists become functions of [operands..., out]

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

// The function of a tree of `autodiff.language.notation.as_data`; `names` are those of the function's argument.
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

// A condition: whether it holds, and the words of the comparison that decides it.
function condition(test, names) {
  if (test.not) {
    const inner = condition(test.not, names);
    return { holds: (at) => !inner.holds(at), words: (at, holds) => inner.words(at, !holds) };
  }
  const parts = (test.any ?? test.all)?.map((part) => condition(part, names));
  if (parts) {
    // Of an "or" that holds, or an "and" that fails, one part decides; else the first speaks for all.
    const decisive = (at, holds) => parts.find((part) => part.holds(at) === holds);
    return {
      holds: (at) => (test.any ? Boolean(decisive(at, true)) : !decisive(at, false)),
      words: (at, holds) => (decisive(at, holds) ?? parts[0]).words(at, holds),
    };
  }
  const [compare, ...sides] = [test.compare, ...test.compare.slice(1)].map((tree) => compiled(tree, names));
  const strict = ["<", ">"].includes(test.compare[0]) && test.compare.every((side) => typeof side === "string");
  const undecided = (x, y) => Number.isNaN(x) || Number.isNaN(y) || (strict && x === y); // x ≥ x would tell nothing
  const fails = (at) => (undecided(sides[0](at), sides[1](at)) ? test.nan : test.fails);
  return { holds: (at) => compare(at) !== 0, words: (at, holds) => (holds ? test.holds : fails(at)) };
}

// A partial: a tree of conditions whose ends are formulas.
function decision(partial, names) {
  if (partial.test) {
    const [then, orelse] = [partial.then, partial.else].map((branch) => decision(branch, names));
    return { test: condition(partial.test, names), then, else: orelse };
  }
  return { ...partial, local: partial.formula === null ? () => null : compiled(partial.formula, names) };
}

const INFINITE = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const real = (x) => (typeof x === "string" ? INFINITE[x] : x);
const decoded = new WeakMap(); // from data, and from what was made of it, to what was made of it

/**
 * The JSON of `viz.page.data.page_data` made ready: texts such as "nan" become numbers, formulas functions, the name of
 * an operation its row (null for a leaf).
 * @param {any} data `Facts` of contract.js, or what was made of them
 */
function decode(data) {
  if (decoded.has(data)) return decoded.get(data);
  const rows = new Map();
  for (const [name, op] of Object.entries(data.operations)) {
    const names = [...op.inputs, "out"];
    const partials = op.partials.map((partial) => decision(partial, names));
    rows.set(name, { ...op, evaluate: compiled(op.value, names), partials });
  }
  const nodes = data.nodes.map((node) => ({
    ...node,
    value: real(node.value),
    op: rows.get(node.op) ?? null,
    args: (node.args ?? []).map((arg) => (Array.isArray(arg) ? arg.map(real) : arg)),
  }));
  const ready = { ...data, nodes, seed: real(data.seed) };
  decoded.set(data, ready).set(ready, ready);
  return ready;
}

// -- Steps

const UNKNOWN = { edge: null, before: null, after: null, local: null, upstream: null, contribution: null };

// One fact, as Python's `Step`. Its sentence is made when it is read: most are never shown.
class Step {
  constructor(told, phase, node, facts) {
    this.told = told;
    Object.assign(this, { index: told.steps.length, phase, node }, UNKNOWN, facts);
  }

  get sentence() {
    return sentence(this.told, this);
  }
}

/** Every step, with every choice decided anew; `leaves` are numbers by node. */
function run(data, leaves = {}) {
  const ready = decode(data);
  const told = { data: ready, values: new Float64Array(ready.nodes.length), steps: [], forward: ready.nodes.length };
  ready.nodes.forEach(({ op, value }, place) => {
    told.values[place] = op ? op.evaluate(operands(told, place)) : leaves[place] ?? value;
    told.steps.push(new Step(told, "forward", place, { after: told.values[place] }));
  });
  backward(told);
  return told;
}

// What a node's formulas are functions of: its operands, then itself.
function operands({ data, values }, place) {
  const at = data.nodes[place].args.map((arg) => (typeof arg === "number" ? values[arg] : arg[0]));
  at.push(values[place]);
  return at;
}

function backward(told) {
  const { nodes, output } = told.data;
  const gradients = new Array(nodes.length).fill(null);
  const add = (node, facts) => {
    gradients[node] = facts.after;
    told.steps.push(new Step(told, "backward", node, facts));
  };
  add(output, { after: told.data.seed });
  for (let target = nodes.length - 1; target >= 0; target--) {
    const { op, args } = nodes[target];
    if (op === null || gradients[target] === null) continue;
    const at = operands(told, target);
    args.forEach((source, position) => {
      if (typeof source !== "number") return;
      const facts = sent(op.partials[position], at, gradients[target], gradients[source]);
      add(source, { edge: { source, target, position }, ...facts });
    });
  }
}

// What one use adds to its operand's gradient. Without a path nothing is multiplied.
function sent(partial, at, upstream, before) {
  const { end } = branch(partial, at);
  const local = end.local(at);
  if (local === null) return { before, after: before, upstream };
  const contribution = end.formula === 0 ? 0 : local * upstream; // a slope that is 0 by its formula stops even inf
  return { before, after: before === null ? contribution : before + contribution, local, upstream, contribution };
}

// The end of a partial that applies, and the condition told of: the last that held, or the first.
function branch(partial, at) {
  let decided = null;
  let end = partial;
  while (end.test) {
    const holds = end.test.holds(at);
    if (decided === null || holds) decided = { test: end.test, holds };
    end = holds ? end.then : end.else;
  }
  return { end, decided };
}

/** The key of a use in the flows of a snapshot. */
const useOf = ({ target, position }) => `${target}_${position}`;

/** What is known after a step: null where nothing is yet, `noPath` where no gradient ever comes. */
function snapshot(told, index) {
  const { steps, values } = told;
  const last = index < 0 ? index + steps.length : index;
  const flows = new Map();
  let gradients = new Array(values.length).fill(null);
  for (let place = 0; place <= Math.min(last, values.length - 1); place++) decide(told, place, flows);
  for (let i = told.forward; i <= last; i++) {
    const { node, after, edge, local, upstream, contribution } = steps[i];
    gradients[node] = after;
    if (edge) flows.set(useOf(edge), { local, upstream, contribution });
  }
  if (last === steps.length - 1) gradients = gradients.map((gradient) => gradient ?? noPath);
  const reached = Array.from(values, (value, place) => (place <= last ? value : null));
  const flowing = [...flows.values()].some(({ contribution }) => contribution !== null);
  return { values: reached, gradients, flows, flowing, current: steps[last] };
}

// A choice is known once computed, before any gradient.
function decide(told, target, flows) {
  const { op, args } = told.data.nodes[target];
  if (!op?.choice) return;
  const at = operands(told, target);
  args.forEach((arg, position) => {
    if (typeof arg !== "number") return;
    const local = branch(op.partials[position], at).end.local(at);
    flows.set(useOf({ target, position }), { local, upstream: null, contribution: null });
  });
}

// -- Sentences: the very ones of `autodiff.facts.words`, filled in

const said = (template, words) => template.replace(/\{(\w+)\}/g, (_, word) => words[word]);

// All slots at once: a name that looks like a slot is not filled again.
const fill = (template, parts, out) =>
  template.replace(/\{([0-9]+|out)\}/g, (slot, key) => (key === "out" ? out : parts[key] ?? slot));

// The template with these operands; a negative number among signs is put in brackets.
function filled(template, parts, out = "") {
  const bracket = (x, i) => (x.startsWith("-") && template !== `{${i}}` && !template.endsWith(")") ? `(${x})` : x);
  return fill(template, parts.map(bracket), template === "{out}" || out.endsWith(")") ? out : `(${out})`);
}

// What is said of an operand among equals of which one is taken.
function tie({ partials, rivals, ties: [first, last] }, at, position) {
  const equals = rivals.filter((place) => at[place] === at[position]);
  const taken = equals.filter((place) => branch(partials[place], at).end.formula !== null);
  if (equals.length < 2 || taken.length !== 1 || !equals.includes(position)) return "";
  return taken[0] === equals[0] ? first : taken[0] === equals.at(-1) ? last : "";
}

function reason(op, at, position, { test, holds }) {
  const texts = at.map(numeral);
  return tie(op, at, position) || fill(test.words(at, holds), texts.slice(0, -1), texts.at(-1));
}

// What decided a choice: that equals tied, else the words of its first conditional partial.
function choice(op, at) {
  if (!op.choice) return "";
  const tied = op.rivals.map((place) => tie(op, at, place)).find(Boolean);
  const decided = op.partials.map((partial) => branch(partial, at).decided).find(Boolean);
  return tied ?? (decided ? reason(op, at, -1, decided) : "");
}

const parts = ({ nodes }, place, label, constant) =>
  nodes[place].args.map((arg) => (typeof arg === "number" ? label(nodes[arg].label) : constant(arg[0])));

function sentence(told, step) {
  const { nodes, sentences } = told.data;
  const name = nodes[step.node].label;
  if (step.phase === "forward") return computed(told, step.node, name);
  if (!step.edge) return said(step.after === 1 ? sentences.seed : sentences.given, { name, value: numeral(step.after) });
  if (step.local === null) return refusal(told, step.edge, name);
  const [before, after, local, upstream] = [step.before ?? 0, step.after, step.local, step.upstream].map(numeral);
  const template = step.before === null ? sentences.first : sentences.more;
  return said(template, { name, before, after, local, upstream }) + slope(told, step.edge, local);
}

function computed(told, place, name) {
  const { nodes, sentences } = told.data;
  const { op } = nodes[place];
  const value = numeral(told.values[place]);
  if (!op) return said(sentences.leaf, { name, value });
  const at = operands(told, place);
  const words = { name, value, call: filled(op.call, at.slice(0, -1).map(numeral)), reason: choice(op, at) };
  return said(words.reason ? sentences.choice : sentences.forward, words);
}

// The end of the partial that applied to a use, with what decided it.
function use(told, { target, position }) {
  const { op } = told.data.nodes[target];
  const at = operands(told, target);
  return { op, at, ...branch(op.partials[position], at) };
}

function slope(told, edge, local) {
  const { op, at, end, decided } = use(told, edge);
  if (!end.arithmetic && !decided && !end.name) return ""; // a slope that is always 1, or -1
  const { sentences } = told.data;
  const names = parts(told.data, edge.target, String, numeral);
  const call = filled(op.call, names);
  const text = filled(end.text, names, call);
  const words = {
    call: op.notation === "call" ? call : `(${call})`,
    operand: names[edge.position],
    formula: text === local ? text : said(sentences.value, { formula: text, local }),
  };
  if (end.arithmetic || !decided) return said(sentences.slope, words);
  return said(sentences.since, { ...words, reason: reason(op, at, edge.position, decided) });
}

function refusal(told, edge, name) {
  const { op, at, decided } = use(told, edge);
  const { nodes, sentences } = told.data;
  const words = { name, target: nodes[edge.target].label, reason: decided && reason(op, at, edge.position, decided) };
  if (!decided) return said(sentences.never, words);
  return said(words.reason.startsWith("tie: ") ? sentences.tied : op.inputs.length === 1 ? sentences.off : sentences.refused, words);
}

// -- Steps in mathematical notation: MathML, in which every label is text

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Co}\p{Zl}\p{Zp}]/gu; // controls, marks of direction, half characters

function escaped(text, limit = 60) {
  const letters = [...text];
  const shown = letters.length > limit ? `${letters.slice(0, limit - 1).join("")}…` : text;
  const seen = shown.replace(UNSEEN, (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`);
  return seen.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;
const sign = (text) => `<mo>${text}</mo>`;
const bracketed = (markup) => row(sign("("), markup, sign(")"));
const identifier = (text) => `<mi>${escaped(text)}</mi>`;
const words = (text) => `<mtext>${escaped(text, 400).replace(/^ /, "&#xA0;")}</mtext>`;
const bare = (markup) => markup?.replace(/<\/?mrow>/g, "");
const equation = (parts) => parts.filter((part, i) => bare(part) !== bare(parts[i - 1])).join(sign("="));
const derivative = (of, by) => `<mfrac>${row("<mo>∂</mo>", of)}${row("<mo>∂</mo>", by)}</mfrac>`;
const MINUS = sign("&#x2212;");
const DOT = sign("&#x22C5;");
const LONG = 500; // characters of markup, in a formula that would not fit on a line

function mathNumeral(x) {
  const text = numeral(x);
  if (text.startsWith("-")) return row(MINUS, mathNumeral(-x));
  const [mantissa, exponent] = text.split("e");
  const tens = exponent && `<msup><mn>10</mn>${mathNumeral(Number(exponent))}</msup>`;
  if (exponent) return mantissa === "1" ? tens : row(`<mn>${mantissa}</mn>`, DOT, tens);
  return /\d/.test(text) ? `<mn>${text}</mn>` : `<mi>${text === "inf" ? "∞" : text}</mi>`;
}

// A template of markup, filled. A part with a sign gets brackets as a base, a negative number after a sign.
function notation(template, parts, others = {}) {
  const fits = (part, before) => {
    const negative = part.startsWith(`<mrow>${MINUS}`);
    if (negative && /<mo>(\+|&#x2212;|&#x22C5;)<\/mo>(<mrow>)*$/.test(before)) return false;
    return !(before.endsWith("<msup>") && /^<m(row|sup)>/.test(part));
  };
  return template.replace(/\{([0-9]+|out|up)\}/g, (_slot, key, place) => {
    const part = others[key] ?? parts[key];
    return fits(part, template.slice(0, place)) ? part : bracketed(part);
  });
}

// An operation applied: as a formula where it is written with a sign, else as in max(a, b).
function applied(op, parts) {
  if (op.notation !== "call") return notation(op.math, parts);
  const name = `<mi mathvariant="normal">${escaped(op.symbol)}</mi>`;
  return row(name, sign("&#x2061;"), bracketed(parts.join(sign(","))));
}

/** A step in mathematical notation, with its numbers put in: a `<math>` element. */
function mathml(told, step) {
  const lines = step.phase === "forward" ? [forwardMath(told, step)] : backwardMath(told, step);
  const cells = lines.map((line) => `<mtr><mtd>${row(line)}</mtd></mtr>`).join("");
  const table = `<mtable displaystyle="true" columnalign="left">${cells}</mtable>`;
  return `<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">${table}</math>`;
}

function forwardMath(told, { node, after }) {
  const { op, label } = told.data.nodes[node];
  if (!op) return equation([identifier(label), mathNumeral(after)]);
  const at = operands(told, node);
  const [letters, numbers] = [parts(told.data, node, identifier, mathNumeral), at.slice(0, -1).map(mathNumeral)];
  const plain = !op.math.includes("<mtable") && op.math.length < LONG; // which case applied is told by the reason
  const formula = (operands) => (plain ? notation(op.math, operands) : applied(op, operands));
  const decided = choice(op, at);
  const chain = [identifier(label), applied(op, letters), formula(letters), formula(numbers), mathNumeral(after)];
  return equation(chain) + (decided && words(` since ${decided}`));
}

// A gradient is the output's derivative, if the pass begins with 1.
function gradientMath({ data: { nodes, output, seed } }, node) {
  const name = identifier(nodes[node].label);
  return seed === 1 ? derivative(identifier(nodes[output].label), name) : row(name, words(".grad"));
}

function backwardMath(told, step) {
  const gradient = gradientMath(told, step.node);
  if (!step.edge) return [equation([gradient, mathNumeral(step.after)])];
  if (step.local === null) return [words(step.sentence)];
  const flow = row(gradient, sign(step.before === null ? "=" : "+="), flowMath(told, step));
  if (step.before === null) return [flow];
  const running = notation("{0}<mo>+</mo>{1}", [step.before, step.contribution].map(mathNumeral));
  return [flow, equation([gradient, running, mathNumeral(step.after)])];
}

// Local times upstream: derivatives, formula, numbers, result.
function flowMath(told, { edge, local, upstream, contribution }) {
  const { op, at, end, decided } = use(told, edge);
  const [letters, numbers] = [parts(told.data, edge.target, identifier, mathNumeral), at.map(mathNumeral)];
  const out = identifier(told.data.nodes[edge.target].label);
  const call = op.notation === "call" ? applied(op, letters) : bracketed(applied(op, letters));
  const up = mathNumeral(upstream);
  const chain = [
    row(derivative(call, letters[edge.position]), DOT, gradientMath(told, edge.target)),
    notation(end.flow, letters, { up, out }),
    ...(end.flow.length < LONG ? [notation(end.flow, numbers, { up, out: numbers.at(-1) })] : []),
    notation(`<mrow>{0}${DOT}{up}</mrow>`, [mathNumeral(local)], { up }),
    mathNumeral(contribution),
  ];
  return equation(chain) + (decided && !end.arithmetic ? words(` since ${reason(op, at, edge.position, decided)}`) : "");
}

return { numeral, decode, run, snapshot, mathml, noPath, useOf, fill, parts, functions };

})();
