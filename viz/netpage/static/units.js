// Cells of a network's maps: what each was computed from, who read it, whom it chose, who sent it gradient. No DOM.
// One closure holds the whole file; it is not indented.
const units = (() => {

const SUMS = new Set("+−×/"); // signs of operations
const isWeight = ({ kind }) => kind === "weights" || kind === "bias";

/** A network: its graph, and where each node is a cell, of which map and at which place. */
function netOf(graph, maps) {
  const [home, place] = [new Int32Array(graph.count).fill(-1), new Int32Array(graph.count)];
  maps.forEach(({ nodes }, m) => nodes.forEach((n, at) => n >= 0 && ([home[n], place[n]] = [m, at])));
  const isUnit = (n) => home[n] >= 0 && !isWeight(maps[home[n]]);
  const known = { behind: new Map(), readers: new Map() }; // what was asked for already: it hangs on no number
  return { graph, maps, home, place, isUnit, known };
}

/** Sorts a network's data into what the rest works on. */
function opened(data) {
  const { graph, values, gradients } = flat.opened(data);
  return { net: netOf(graph, data.maps.map((map) => ({ ...map, nodes: flat.whole(map.nodes) }))), values, gradients };
}

// A walk from a node up to the next units; what it passes through, and where it ends.
function walked({ isUnit }, start, next) {
  const [inner, ends, stack] = [new Set(), new Set(), [start]];
  while (stack.length) {
    for (const n of next(stack.pop())) {
      if (isUnit(n)) ends.add(n);
      else if (!inner.has(n)) {
        inner.add(n);
        stack.push(n);
      }
    }
  }
  return { inner: [...inner].sort((a, b) => b - a), ends: [...ends].sort((a, b) => a - b) };
}

const asked = (known, n, make) => known.get(n) ?? known.set(n, make()).get(n);

/** The units that a node was computed from, and the nodes between, the last first. */
function behind(net, n) {
  const { from, args } = net.graph;
  const next = (one) => args.subarray(from[one], from[one + 1]).filter((arg) => arg >= 0);
  return asked(net.known.behind, n, () => walked(net, n, next));
}

/** The units that were computed from a node. */
function readers(net, n) {
  const { at, list } = net.graph.users;
  return asked(net.known.readers, n, () => walked(net, n, (one) => list.subarray(at[one], at[one + 1])).ends);
}

/** What a unit hands to each node behind it, of so much; nodes to which no path leads are missing. */
function handed(net, values, unit, upstream) {
  const found = { [unit]: upstream };
  for (const n of [unit, ...behind(net, unit).inner]) if (net.graph.ops[n] && (found[n] ?? null) !== null) flat.hand(net.graph, values, n, found);
  return found;
}

/** The units that a unit read, each with the slope towards it (null: no path). */
function reads(net, values, unit) {
  const slopes = handed(net, values, unit, 1);
  return behind(net, unit).ends.map((cell) => ({ cell, slope: slopes[cell] ?? null }));
}

/** Of each unit that read a node what it sent: its gradient, the slope, their product (null: no path, or no gradient). */
function senders(net, values, gradients, n) {
  return readers(net, n).map((unit) => {
    const upstream = gradients[unit];
    const [slope, sent] = [1, upstream].map((up) => (up === null ? null : handed(net, values, unit, up)[n] ?? null));
    return { unit, upstream, slope, sent };
  });
}

/** How a unit is computed: "choice" of one of several, "sum" of products, of one number ("one"), or else. */
function kindOf(net, unit) {
  const { graph } = net;
  const rows = [unit, ...behind(net, unit).inner].filter((n) => graph.ops[n]).map((n) => graph.rows[graph.ops[n]]);
  if (!rows.length) return "leaf";
  const { ends } = behind(net, unit);
  if (ends.length > 1 && rows.every(({ choice, inputs }) => choice && inputs.length > 1)) return "choice";
  if (ends.length && rows.every(({ symbol }) => SUMS.has(symbol))) return "sum";
  return graph.from[unit + 1] - graph.from[unit] === 1 ? "one" : "else";
}

/** All nodes that the gradient of a unit reaches: back from it, over paths alone. */
function way(net, values, unit) {
  const { graph } = net;
  const [seen, stack] = [new Set([unit]), [unit]];
  while (stack.length) {
    const n = stack.pop();
    if (!graph.ops[n]) continue;
    const [at, { partials }] = [flat.operands(graph, values, n), graph.rows[graph.ops[n]]];
    for (let i = graph.from[n]; i < graph.from[n + 1]; i++) {
      const arg = graph.args[i];
      if (arg < 0 || seen.has(arg) || engine.branch(partials[i - graph.from[n]], at).end.formula === null) continue;
      seen.add(arg);
      stack.push(arg);
    }
  }
  return seen;
}

/** Whom a unit chose of several that it read; null where it chose none. */
function winner(net, values, unit) {
  if (kindOf(net, unit) !== "choice") return null;
  const taken = reads(net, values, unit).filter(({ slope }) => slope !== null);
  return taken.length === 1 ? taken[0].cell : null;
}

return { opened, netOf, handed, behind, readers, reads, senders, kindOf, way, winner, isWeight };

})();
