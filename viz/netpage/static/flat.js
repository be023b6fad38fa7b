// A network on flat arrays: every value and gradient from the formulas of Python's table, in Python's order, so that the
// bits are Python's. No steps are kept. No DOM in here.
// One closure holds the whole file; it is not indented.
const flat = (() => {

const { real } = numbers;

const raw = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer;
const whole = (text) => new Int32Array(raw(text));
const reals = (text) => new Float64Array(raw(text));

// The rows of the table in the order of their numbers; a leaf, 0, has none.
function rowsOf({ operations, seed }) {
  const nodes = Object.keys(operations).map((op) => ({ op, label: op, value: 0 }));
  return [null, ...engine.decode({ operations, seed, nodes }).nodes.map(({ op, label }) => ({ ...op, name: label }))];
}

/** Who reads each node: those of node n stand in `list` from `at[n]` to `at[n + 1]`. */
function usersOf(count, from, args) {
  const at = new Int32Array(count + 1);
  for (const arg of args) if (arg >= 0) at[arg + 1] += 1;
  for (let n = 0; n < count; n++) at[n + 1] += at[n];
  const [next, list] = [at.slice(), new Int32Array(at[count])];
  for (let n = 0; n < count; n++) for (let i = from[n]; i < from[n + 1]; i++) if (args[i] >= 0) list[next[args[i]]++] = n;
  return { at, list };
}

/** A graph with the users of its nodes. */
const assembled = (graph) => ({ ...graph, count: graph.ops.length, users: usersOf(graph.ops.length, graph.from, graph.args) });

/** The JSON of `viz.netpage.data` made ready. @param {any} data `Net` of contract.js */
function opened(data) {
  const [rows, ops] = [rowsOf(data), new Uint8Array(raw(data.ops))];
  const from = new Int32Array(ops.length + 1);
  ops.forEach((op, n) => (from[n + 1] = from[n] + (op ? rows[op].inputs.length : 0)));
  const args = whole(data.args);
  const values = new Float64Array(ops.length);
  let leaf = 0;
  for (const x of reals(data.leaves)) {
    while (ops[leaf]) leaf += 1;
    values[leaf++] = x;
  }
  const graph = assembled({ rows, ops, from, args, constants: reals(data.constants), output: data.output, seed: real(data.seed) });
  forward(graph, values);
  return { graph, values, gradients: backward(graph, values) };
}

/** What a node's formulas are functions of: its operands, then itself. */
function operands({ from, args, constants }, values, n) {
  const at = [];
  for (let i = from[n]; i < from[n + 1]; i++) at.push(args[i] >= 0 ? values[args[i]] : constants[~args[i]]);
  at.push(values[n]);
  return at;
}

/** Every value anew, or, where leaves were edited, what hangs on them; answers how many were computed. */
function forward(graph, values, edited = null) {
  const { count, rows, ops, users } = graph;
  const stale = new Uint8Array(count);
  const spread = (n) => {
    for (let i = users.at[n]; i < users.at[n + 1]; i++) stale[users.list[i]] = 1;
  };
  if (edited) edited.forEach(spread);
  let made = 0;
  for (let n = 0; n < count; n++) {
    if (!ops[n] || (edited && !stale[n])) continue;
    const x = rows[ops[n]].evaluate(operands(graph, values, n));
    made += 1;
    if (Object.is(x, values[n])) continue;
    values[n] = x;
    if (edited) spread(n);
  }
  return made;
}

/** Every gradient; null where no path leads to. */
function backward(graph, values) {
  const gradients = new Array(graph.count).fill(null);
  gradients[graph.output] = graph.seed;
  for (let n = graph.count - 1; n >= 0; n--) if (graph.ops[n] && gradients[n] !== null) hand(graph, values, n, gradients);
  return gradients;
}

/** A node hands its gradient to its operands. */
function hand(graph, values, n, gradients) {
  const { from, args, rows, ops } = graph;
  const at = operands(graph, values, n);
  for (let i = from[n]; i < from[n + 1]; i++) {
    const source = args[i];
    if (source < 0) continue;
    gradients[source] = engine.sent(rows[ops[n]].partials[i - from[n]], at, gradients[n], gradients[source] ?? null).after;
  }
}

return { opened, assembled, operands, forward, backward, hand, whole };

})();
