// Steps in mathematical notation: MathML, in which every label is text.
// One closure holds the whole file; it is not indented.
const mathematics = (() => {

const { numeral } = numbers;
const { operands } = engine;
const { parts, choice, reason, use } = telling;

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
const identified = ({ notation }) => (label) => notation?.[label] ?? `<mi>${escaped(label)}</mi>`;
const words = (text) => `<mtext>${escaped(text, 400).replace(/^ /, "&#xA0;")}</mtext>`;
const bare = (markup) => markup?.replace(/<\/?mrow>/g, "");
const equation = (parts) => parts.filter((part, i) => bare(part) !== bare(parts[i - 1])).join(sign("="));
const derivative = (of, by) => `<mfrac>${row("<mo>∂</mo>", of)}${row("<mo>∂</mo>", by)}</mfrac>`;
const MINUS = sign("&#x2212;");
const DOT = sign("&#x22C5;");
const LONG = 500; // characters of markup, in a formula that would not fit on a line

function mathNumeral(x) {
  if (x < 0) return row(MINUS, mathNumeral(-x));
  const text = numeral(x);
  const [mantissa, exponent] = text.replace("−", "-").split("e");
  const tens = exponent && `<msup><mn>10</mn>${mathNumeral(Number(exponent))}</msup>`;
  if (exponent) return mantissa === "1" ? tens : row(`<mn>${mantissa}</mn>`, DOT, tens);
  return /\d/.test(text) ? `<mn>${text}</mn>` : `<mi>${text === "inf" ? "∞" : text}</mi>`;
}

// A template of markup, filled. A part with a sign gets brackets as a base, a negative number after a sign.
function notation(template, parts, others = {}) {
  const fits = (part, before) => {
    const negative = part.startsWith(`<mrow>${MINUS}`);
    if (negative && /<mo>(\+|&#x2212;|&#x22C5;)<\/mo>(<mrow>)*$/.test(before)) return false;
    return !(before.endsWith("<msup>") && /^<m(row|sup|subsup)>/.test(part));
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
  const lines = step.box || step.by || step.given ? summary(told, step) : step.phase === "forward" ? [forwardMath(told, step)] : backwardMath(told, step);
  return whole(lines);
}

function whole(lines) {
  const cells = lines.map((line) => `<mtr><mtd>${row(line)}</mtd></mtr>`).join("");
  const table = `<mtable displaystyle="true" columnalign="left">${cells}</mtable>`;
  return `<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">${table}</math>`;
}

// What is seen of several facts.
function summary({ data }, { phase, node, given, several, before, after, contribution }) {
  if (given || several || after === null || (phase === "backward" && contribution === null)) return [];
  if (phase === "forward") return [equation([identified(data)(data.nodes[node].called), mathNumeral(after)])];
  const gradient = gradientMath({ data }, node);
  if (before === null) return [equation([gradient, mathNumeral(after)])];
  return [equation([gradient, notation("{0}<mo>+</mo>{1}", [before, contribution].map(mathNumeral)), mathNumeral(after)])];
}

function forwardMath(told, { node, after }) {
  const { op, called: label } = told.data.nodes[node];
  const identifier = identified(told.data);
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
function gradientMath({ data }, node) {
  const { nodes, output, seed } = data;
  const identifier = identified(data);
  const name = identifier(nodes[node].called);
  return seed === 1 ? derivative(identifier(nodes[output].called), name) : row(name, words(".grad"));
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
  const identifier = identified(told.data);
  const [letters, numbers] = [parts(told.data, edge.target, identifier, mathNumeral), at.map(mathNumeral)];
  const out = identifier(told.data.nodes[edge.target].called);
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

/** The gradient of a step's node as the sum of what has arrived over its uses: symbols first, then numbers. */
function sum(told, index) {
  const { data, facts, stops, steps } = told;
  const { node } = steps[index];
  const [identifier, name] = [identified(data), data.nodes[node].called];
  const arrived = facts.filter((fact) => fact.edge?.source === node && (stops ? stops[fact.index] : fact.index) <= index && fact.local !== null);
  const gradient = engine.snapshot(told, index).gradients[node];
  const [start, plus] = [gradientMath(told, node), sign("+")];
  const known = gradient === null || gradient === engine.noPath ? null : gradient;
  if (!arrived.length) {
    const nothing = known === null ? data.sentences[engine.noPath] : numeral(known);
    const text = gradient === null ? `${name}.grad: –` : known === null ? `${name}: ${nothing}` : `${name}.grad = ${nothing}`;
    return { text, math: whole([gradient === null ? row(start, words(": –")) : known === null ? words(text) : equation([start, mathNumeral(known)])]) };
  }
  const by = arrived.map(({ edge }) => data.nodes[edge.target].called);
  const numbers = arrived.map(({ local, upstream }) => [local, upstream]);
  const signed = (x) => (x < 0 ? `(${numeral(x)})` : numeral(x));
  const symbols = arrived.map(({ edge }, i) => row(derivative(identifier(by[i]), identifier(name)), DOT, gradientMath(told, edge.target)));
  const products = numbers.map((pair) => notation(`{0}${DOT}{1}`, pair.map(mathNumeral)));
  const terms = products.map((product, i) => (i && numbers[i][0] < 0 ? bracketed(product) : product));
  return {
    text: `${name}.grad = ${by.map((one) => `∂${one}/∂${name} × ${one}.grad`).join(" + ")} = ${numbers.map((pair) => pair.map(signed).join(" × ")).join(" + ")} = ${numeral(known)}`,
    math: whole([equation([start, row(symbols.join(plus)), row(terms.join(plus)), mathNumeral(known)])]),
  };
}

return { mathml, sum };

})();
