// Every value and gradient of the page, step by step, from the formulas of Python's table.
// No DOM in here. Sums, products and comparisons are IEEE, in Python's order, so the bits are Python's.
// One closure holds the whole file; it is not indented.
const engine = (() => {

const { real } = numbers;

// In the gradients of the last snapshot: no path leads to this node.
const noPath = "no path";

// -- Formulas: trees of lists become functions of [operands..., out]

// The function of a tree of `autodiff.language.notation.as_data`; `names` are those of the function's argument.
function compiled(tree, names) {
  if (typeof tree === "number") return () => tree;
  if (typeof tree === "string") {
    const place = names.indexOf(tree);
    return (at) => at[place];
  }
  const [sign, ...trees] = tree;
  const [first, second, ...more] = trees.map((part) => compiled(part, names));
  if (sign === "pos") return first;
  if (sign === "if") return (at) => (first(at) !== 0 ? second(at) : more[0](at)); // the other branch is not computed
  if (!Object.hasOwn(primitives, sign)) throw new Error(`unknown function '${sign}'`);
  const apply = primitives[sign];
  if (!second) return (at) => apply(first(at));
  const two = (left, right) => (at) => apply(left(at), right(at));
  return apply.length === 2 ? more.reduce(two, two(first, second)) : (at) => apply(...[first, second, ...more].map((part) => part(at)));
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

const decoded = new WeakMap(); // from data, and from what was made of it, to what was made of it

/**
 * The same graph where these scopes are folded and these nodes have no box: sentences call what is folded by its scope.
 * @param {any} data @param {any} shown
 */
function inView(data, { folds = {}, lines = {}, unseen = [], isInside = false }) {
  const nodes = data.nodes.map((node) => ({ ...node, called: node.label }));
  for (const { called, members, speaker } of Object.values(folds))
    for (const member of members) nodes[member].called = member === speaker ? called : `${called} › ${nodes[member].label}`;
  const ready = { ...data, nodes, folds, lines, unseen, isInside };
  decoded.set(ready, ready);
  return ready;
}

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
  const ready = inView({ ...data, nodes, seed: real(data.seed) }, data);
  decoded.set(data, ready);
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
    return telling.sentence(this.told, this);
  }

  get uses() {
    const { edge } = /** @type {any} */ (this);
    return edge ? [useOf(edge)] : [];
  }
}

/** Every value, with every choice decided anew; `leaves` are numbers by node. */
function evaluated(data, leaves = {}, told = { data, values: new Float64Array(data.nodes.length) }) {
  for (let place = 0; place < data.nodes.length; place++) {
    const { op, value } = data.nodes[place];
    told.values[place] = op ? op.evaluate(operands(told, place)) : leaves[place] ?? value;
  }
  return told;
}

/** Every step, with every choice decided anew; `leaves` are numbers by node. */
function run(data, leaves = {}) {
  const ready = decode(data);
  numbers.write(ready.figures);
  const [count, steps] = [ready.nodes.length, []];
  // `facts` are told by the steps themselves, unless what is seen of them makes other steps (seeing.js).
  const told = { data: ready, values: new Float64Array(count), steps, facts: steps, stops: null, forward: count, ahead: count };
  evaluated(ready, leaves, told);
  for (const [place, node] of ready.nodes.entries()) if (node.constant) node.called = numbers.numeral(told.values[place]);
  for (let place = 0; place < count; place++) steps.push(new Step(told, "forward", place, { after: told.values[place] }));
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
      if (typeof source !== "number" || nodes[source].constant) return;
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

/** The last node that is computed after a step. */
const reached = ({ steps, forward }, index) => Math.min(steps[index].last ?? index, forward - 1);

/** What is known after a step: null where nothing is yet, `noPath` where no gradient ever comes, once the pass has ended. */
function snapshot(told, index, isOver = true) {
  const { steps, facts, stops, values, data } = told;
  const last = index < 0 ? index + steps.length : index;
  const computed = reached(told, last);
  const isTold = stops ? (i) => stops[i] <= last : (i) => i <= last;
  const flows = new Map();
  let gradients = new Array(values.length).fill(null);
  for (let place = 0; place <= computed; place++) decide(told, place, flows);
  const end = stops ? facts.length : last + 1; // of steps that are facts those told come first
  for (let i = told.forward; i < end; i++) {
    if (!isTold(i)) continue;
    const { node, after, edge, local, upstream, contribution } = facts[i];
    if (!edge) gradients[node] = after;
    else if (contribution !== null) gradients[node] = gradients[node] === null ? contribution : gradients[node] + contribution;
    if (edge) flows.set(useOf(edge), { local, upstream, contribution });
  }
  if (isOver && last === steps.length - 1) gradients = gradients.map((gradient, place) => gradient ?? (data.nodes[place].constant ? null : noPath));
  const open = openStill(told, flows);
  const known = Array.from(values, (value, place) => (place <= computed || (stops && !data.nodes[place].op) ? value : null));
  const flowing = [...flows.values()].some(({ contribution }) => contribution !== null);
  return { values: known, gradients, flows, open, flowing, origin: origin(facts, end, isTold), current: steps[last] };
}

// The node at which the first nan arose, else the first inf; null: all is finite.
function origin(facts, end, isTold) {
  let inf = null;
  for (let i = 0; i < end; i++) {
    const { node, after } = facts[i];
    if (!isTold(i)) continue;
    if (Number.isNaN(after)) return node;
    if (inf === null && Math.abs(after) === Infinity) inf = node;
  }
  return inf;
}

// The nodes that something can reach still: a use is not refused, and leads to another of them.
function openStill({ data }, flows) {
  const open = new Set([data.output]);
  for (let target = data.nodes.length - 1; target >= 0; target--) {
    if (!open.has(target)) continue;
    data.nodes[target].args.forEach((arg, position) => {
      if (typeof arg === "number" && flows.get(useOf({ target, position }))?.local !== null) open.add(arg);
    });
  }
  return open;
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

return { decode, inView, evaluated, run, reached, snapshot, operands, sent, branch, noPath, useOf };

})();
