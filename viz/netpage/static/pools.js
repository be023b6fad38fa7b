// A max pool with another kernel, stride or padding: its windows are made anew, as Python would record them. No DOM.

const pools = (() => {
  const SIDES = ["kernel", "stride", "padding"];
  const most = (length, { kernel, stride, padding }) => Math.floor((length + 2 * padding - kernel) / stride) + 1;

  /** Why a pool cannot be so; empty where it can. */
  function refusal({ maps }, map, wish) {
    const [, rows, columns] = map.shape;
    const [, high, wide] = maps[map.pool.source].shape;
    if (!SIDES.every((side) => Number.isInteger(wish[side])) || wish.kernel < 1 || wish.stride < 1 || wish.padding < 0) return "kernel and stride are whole numbers from 1, padding from 0";
    if (2 * wish.padding > wish.kernel) return "padding is at most half of the kernel";
    const made = [high, wide].map((length) => most(length, wish));
    return made[0] === rows && made[1] === columns ? "" : `that makes ${Math.max(0, made[0])} × ${Math.max(0, made[1])} windows, and what reads ${map.name} needs ${rows} × ${columns}`;
  }

  /** The nodes that each window reads, row by row; padding is left out. */
  function windowsOf({ maps }, map, { kernel, stride, padding }) {
    const source = maps[map.pool.source];
    const [[, rows, columns], [, high, wide]] = [map.shape, source.shape];
    const inside = (index, length) => Array.from({ length: kernel }, (_, k) => index * stride - padding + k).filter((at) => at >= 0 && at < length);
    return Array.from(map.nodes, (_, at) => {
      const [channel, row, column] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
      return inside(row, high).flatMap((i) => inside(column, wide).map((j) => source.nodes[(channel * high + i) * wide + j]));
    });
  }

  /** The graph with these windows instead of a map's, and what number each node has in it. */
  function rebuilt({ graph, known, isUnit, ...net }, map, windows) {
    const dropped = new Set([...map.nodes].flatMap((n) => [n, ...units.behind({ graph, known, isUnit, ...net }, n).inner]));
    const first = Math.min(...dropped);
    const number = new Int32Array(graph.count).fill(-1);
    const [ops, from, args] = [[], [0], []];
    const [max, same] = ["maximum", "identity"].map((name) => graph.rows.findIndex((row) => row?.name === name));
    const push = (op, operands) => {
      args.push(...operands);
      from.push(args.length);
      return ops.push(op) - 1;
    };
    for (let n = 0; n < graph.count; n++) {
      if (n === first)
        map.nodes.forEach((unit, at) => {
          const [head, ...rest] = windows[at].map((cell) => number[cell]);
          number[unit] = rest.length ? rest.reduce((last, cell) => push(max, [last, cell]), head) : push(same, [head]);
        });
      if (!dropped.has(n)) number[n] = push(graph.ops[n], [...graph.args.subarray(graph.from[n], graph.from[n + 1])].map((arg) => (arg < 0 ? arg : number[arg])));
    }
    return { number, graph: flat.assembled({ ...graph, ops: Uint8Array.from(ops), from: Int32Array.from(from), args: Int32Array.from(args), output: number[graph.output] }) };
  }

  /** The network with another pool: itself, and how numbers by node become those of it. */
  function reshaped(net, map, wish) {
    const windows = windowsOf(net, map, wish);
    const first = Math.min(...[...map.nodes].map((n) => units.behind(net, n).inner.at(-1) ?? n));
    if (windows.flat().some((n) => n < 0 || n >= first)) return null;
    const { number, graph } = rebuilt(net, map, windows);
    const maps = net.maps.map((one) => ({ ...one, nodes: one.nodes.map((n) => (n < 0 ? n : number[n])), pool: one === map ? { ...one.pool, ...wish } : one.pool }));
    const moved = (known, empty) => {
      const found = new Array(graph.count).fill(empty);
      known.forEach((x, n) => number[n] >= 0 && (found[number[n]] = x));
      return found;
    };
    return { net: units.netOf(graph, maps), number, moved };
  }

  return { SIDES, refusal, reshaped };
})();
