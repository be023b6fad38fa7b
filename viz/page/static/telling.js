// Steps in words: the very sentences of `autodiff.facts.words`, filled in.
// One closure holds the whole file; it is not indented.
const telling = (() => {

const { numeral } = numbers;
const { branch, operands } = engine;

const said = (template, words) => template.replace(/\{(\w+)\}/g, (_, word) => words[word]);

// All slots at once: a name that looks like a slot is not filled again.
const fill = (template, parts, out) =>
  template.replace(/\{([0-9]+|out)\}/g, (slot, key) => (key === "out" ? out : parts[key] ?? slot));

// The template with these operands; a negative number among signs is put in brackets.
function filled(template, parts, out = "") {
  const bracket = (x, i) => (/^[-−]/.test(x) && template !== `{${i}}` && !template.endsWith(")") ? `(${x})` : x);
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
  nodes[place].args.map((arg) => (typeof arg === "number" ? label(nodes[arg].called) : constant(arg[0])));

function sentence(told, step) {
  const { nodes, sentences } = told.data;
  if (step.box || step.by || step.given) return together(told, step);
  const name = nodes[step.node].called;
  if (step.phase === "forward") return computed(told, step.node, name);
  if (!step.edge) return said(step.after === 1 ? sentences.seed : sentences.given, { name, value: numeral(step.after) });
  if (step.local === null) return refusal(told, step.edge, name);
  const [before, after, local, upstream] = [step.before ?? 0, step.after, step.local, step.upstream].map(numeral);
  const template = step.before === null ? sentences.first : sentences.more;
  return said(template, { name, before, after, local, upstream }) + slope(told, step.edge, local);
}

const MOST = 8; // leaves that a sentence names

// What is seen of several facts, at a box or at a line.
function together({ data, values }, { given, phase, node, box, by, count, several, before, after, contribution }) {
  const { sentences, nodes } = data;
  if (given) return said(sentences.inputs, { names: inputs(data, values, given) });
  const [was, is, sum] = [before, after, contribution].map((x) => (x === null ? "" : numeral(x)));
  const words = { name: box?.called ?? nodes[node].called, before: was, after: is, value: is, sum, target: by?.called, count };
  if (phase === "forward") return said(after === null ? sentences.unspoken : sentences.inside, words);
  if (!several && contribution === null) return said(sentences.unreached, words);
  const template = several ? sentences.several : before === null ? sentences.arrives : sentences.joins;
  return said(template, words) + (count > 1 ? said(sentences.uses, words) : "");
}

function inputs({ nodes, sentences }, values, given) {
  const names = given.slice(0, MOST).map((node) => `${nodes[node].called} = ${numeral(values[node])}`);
  const inside = nodes.filter(({ op, constant }) => !op && !constant).length - given.length;
  if (given.length > MOST) names.push(said(sentences["more inputs"], { count: given.length - MOST }));
  if (inside) names.push(said(sentences["inner inputs"], { count: inside }));
  return names.join(", ");
}

function computed(told, place, name) {
  const { nodes, sentences } = told.data;
  const { op, constant } = nodes[place];
  const value = numeral(told.values[place]);
  if (!op) return said(constant ? sentences.constant : sentences.leaf, { name, value });
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
  const words = { name, target: nodes[edge.target].called, reason: decided && reason(op, at, edge.position, decided) };
  if (!decided) return said(sentences.never, words);
  return said(words.reason.startsWith("tie: ") ? sentences.tied : op.inputs.length === 1 ? sentences.off : sentences.refused, words);
}

return { sentence, fill, parts, choice, reason, use };

})();
