// Stands behind the engine's scripts in one module (tests/test_parity.py puts them together). Each line of input is a
// job, each line of output its answer; numbers travel as the hexadecimal digits of their bits.

const view = new DataView(new ArrayBuffer(8));

function bits(x) {
  if (x === null || x === engine.noPath) return x;
  if (Number.isNaN(x)) return "nan";
  view.setFloat64(0, x);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

function real(text) {
  if (text === "nan") return NaN;
  view.setBigUint64(0, BigInt(`0x${text}`));
  return view.getFloat64(0);
}

// Where a job brings Python's results of library functions, formulas get those, so that all the rest must be the same.
const own = { ...primitives };
let replayed = null;
for (const name of Object.keys(own).filter((word) => word === "**" || (/^[a-z]/.test(word) && !/^(neg|not|and|or|if)$/.test(word)))) {
  const answer = (key) => {
    if (!replayed.has(key)) throw new Error(`Python never called ${key}`);
    return replayed.get(key);
  };
  const replaying = (args) => (replayed === null || name === "abs" || name === "sqrt" ? own[name](...args) : answer([name, ...args.map(bits)].join(" ")));
  primitives[name] = own[name].length === 1 ? (x) => replaying([x]) : (x, y) => replaying([x, y]);
}

const edgeOf = (edge) => edge && [edge.source, edge.target, edge.position];

function stepOf(told, step, math) {
  const facts = [step.before, step.after, step.local, step.upstream, step.contribution].map(bits);
  const known = [step.index, step.phase, step.node, edgeOf(step.edge), ...facts, step.sentence];
  return math ? [...known, mathematics.mathml(told, step)] : known;
}

function snapshotOf(told, index) {
  const { values, gradients, flows, current } = engine.snapshot(told, index);
  const arrived = [...flows].map(([key, flow]) => [key, ...[flow.local, flow.upstream, flow.contribution].map(bits)]);
  return [values.map(bits), gradients.map(bits), arrived, current.index];
}

// Milliseconds that a whole run takes, and a moment of it, on the average.
function timing(data) {
  replayed = null;
  const start = performance.now();
  const told = Array.from({ length: 20 }, () => engine.run(data)).at(-1);
  const between = performance.now();
  for (let k = 0; k < 100; k++) engine.snapshot(told, Math.floor((k * told.steps.length) / 100));
  return [(between - start) / 20, (performance.now() - between) / 100];
}

function answer(job) {
  if (job.numbers) return job.numbers.map((text) => numbers.numeral(real(text)));
  if (job.functions) return job.functions.map(([name, ...args]) => bits(own[name](...args.map(real))));
  const data = engine.decode(job.page);
  if (job.timing) return timing(data);
  return job.runs.map(({ leaves, calls, snapshots, math }) => {
    replayed = calls && new Map(Object.entries(calls).map(([key, result]) => [key, real(result)]));
    const edited = Object.fromEntries(Object.entries(leaves).map(([node, text]) => [node, real(text)]));
    const told = engine.run(data, edited);
    const mine = Object.keys(calls ?? {}).map((key) => key.split(" ")).map(([name, ...args]) => bits(own[name](...args.map(real))));
    return { steps: told.steps.map((step) => stepOf(told, step, math)), snapshots: snapshots.map((k) => snapshotOf(told, k)), mine };
  });
}

await answering(answer);
