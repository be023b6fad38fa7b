// The page of a network as a state: which layer one is at, which unit is picked, what was changed. `act` is the one
// function from a state and an action to the next state; what is the stepper's is left to it. No DOM in here.

const walking = (() => {
  /** The layers' maps, in order. */
  const layersOf = ({ maps }) => maps.filter((map) => !units.isWeight(map));

  /** A layer's cell that tells most: the largest gradient's, else its first. */
  function marked({ nodes }, gradients) {
    const known = [...nodes].filter((n) => n >= 0);
    const size = (n) => (gradients[n] === null ? -1 : Math.abs(gradients[n]));
    return known.reduce((best, n) => (size(n) > size(best) ? n : best), known[0]);
  }

  /** A step for each layer forwards, and one for each backwards; `node` is the cell that Predict asks for. */
  function stepsOf({ net, values, gradients }) {
    const layers = layersOf(net);
    const steps = layers.map((map) => ({ phase: "forward", map, node: marked(map, gradients), edge: null }));
    const back = layers.map((map, at) => ({ phase: "backward", map, node: steps[at].node, edge: true })).reverse();
    return [...steps, ...back].map((step, index) => {
      const after = (step.edge ? gradients : values)[step.node];
      return { ...step, index, after, before: null, local: step.edge && after === null ? null : 1 };
    });
  }

  const running = (state) => {
    const steps = stepsOf(state);
    for (const step of steps) Object.defineProperty(step, "sentence", { get: () => words.answer(state, step) });
    const nodes = Object.fromEntries(steps.map(({ node }) => [node, { op: state.net.graph.rows[state.net.graph.ops[node]] }]));
    return { ...state, run: { steps, ahead: steps.length / 2 }, data: { ...state.data, nodes } };
  };

  /** The unit that is picked at first: of those that chose the one with the largest gradient, else the output. */
  function first({ net, gradients, choosing }) {
    const chose = choosing.filter((n) => gradients[n] !== null);
    return chose.reduce((best, n) => (Math.abs(gradients[n]) > Math.abs(gradients[best]) ? n : best), chose[0] ?? net.graph.output);
  }

  /** The state in which a network is opened; `start` counts from the end where it is negative. */
  function initial(data, { start = -1, theme = "auto" } = {}) {
    const { net, values, gradients } = units.opened(data);
    for (const map of net.maps) map.recorded = map.pool;
    const { figures, sentences, looks, name } = data;
    const looking = { index: 0, playing: false, speed: 1, theme, breaks: new Set() };
    const asking = { predicting: false, right: 0, asked: 0, verdict: null, missed: null };
    const choosing = choosingIn(net);
    const won = winners({ net, choosing }, values);
    const changing = { was: { values, gradients, won }, won, choosing, edits: new Map(), turned: [], ...SETTLED };
    const state = running({ net, values, gradients, ...changing, data: { figures, sentences, looks, name }, ...looking, ...asking });
    return { ...state, unit: first(state), index: start < 0 ? state.run.steps.length + start : start };
  }

  /** Whether a cell's number is computed by now: "value" or "gradient". Weights have a value from the beginning. */
  function isKnown({ net, run, index }, n, kind) {
    const map = net.maps[net.home[n]];
    const weight = units.isWeight(map);
    if (kind === "value") return weight || index >= map.layer;
    return index >= Math.min(run.steps.length - 1, 2 * run.ahead - 1 - map.layer + Number(weight));
  }

  /** The cell of the same map so many rows and columns on; over an edge of a channel to the next one. */
  function beside({ net }, n, down, right) {
    const { nodes, shape: [channels, rows, columns] } = net.maps[net.home[n]];
    let at = net.place[n];
    do {
      const [channel, row, column] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
      const [r, c] = [row + down, column + right];
      const to = channel + (r < 0 || c < 0 ? -1 : r >= rows || c >= columns ? 1 : 0);
      if (to < 0 || to >= channels) return n;
      at = (to * rows + ((r + rows) % rows)) * columns + ((c + columns) % columns);
    } while (nodes[at] < 0);
    return nodes[at];
  }

  /** Whom each unit that chooses one of several cells has chosen. */
  function winners({ net, choosing }, values) {
    return new Map(choosing.map((n) => [n, units.winner(net, values, n)]));
  }

  /** The units whose choice is another one there than here. */
  const turned = (here, there) => [...there.keys()].filter((n) => here.get(n) !== there.get(n));

  /** With other numbers in some leaves: what hangs on them is computed anew, and every gradient. */
  function edited(state, changes) {
    const { net } = state;
    const [values, edits] = [state.values.slice(), new Map(state.edits)];
    for (const [n, x] of changes) {
      values[n] = x;
      edits.set(n, x);
      if (Object.is(x, state.was.values[n])) edits.delete(n);
    }
    const made = flat.forward(net.graph, values, changes.map(([n]) => n));
    const won = winners(state, values);
    const news = { edits, made, won, wish: null, refused: "", flashing: turned(state.won, won), turned: turned(state.was.won, won) };
    return running({ ...state, ...news, values, gradients: flat.backward(net.graph, values), verdict: null, missed: null });
  }

  const choosingIn = (net) => layersOf(net).flatMap(({ nodes }) => [...nodes].filter((n) => n >= 0 && units.kindOf(net, n) === "choice"));

  /** With another kernel, stride or padding of a pool; where that cannot be, its reason is told. */
  function reshaped(state, map, wish) {
    const refused = pools.refusal(state.net, map, wish);
    const made = refused ? null : pools.reshaped(state.net, map, wish);
    if (!made) return { ...state, flashing: [], wish, refused: refused || "cells that nothing was computed from are not in the graph" };
    const { net, number, moved } = made;
    const mapped = (known) => new Map([...known].map(([n, x]) => [number[n], x]));
    const chosen = (won) => new Map([...won].map(([n, cell]) => [number[n], cell === null ? null : number[cell]]));
    const was = { values: moved(state.was.values, NaN), gradients: moved(state.was.gradients, null), won: chosen(state.was.won) };
    const values = Float64Array.from(moved(state.values, 0));
    const count = flat.forward(net.graph, values);
    const choosing = choosingIn(net);
    const [won, before] = [winners({ net, choosing }, values), chosen(state.won)];
    const news = { edits: mapped(state.edits), made: count, won, flashing: turned(before, won), turned: turned(was.won, won) };
    return running({ ...state, ...news, net, was, choosing, values, gradients: flat.backward(net.graph, values), unit: number[state.unit], wish: null, refused: "", verdict: null, missed: null });
  }

  const isReshaped = ({ pool, recorded }) => Boolean(pool) && pools.SIDES.some((side) => pool[side] !== recorded[side]);

  /** All as it was recorded. */
  function reset(state) {
    const back = state.net.maps.map((_, m) => m).filter((m) => isReshaped(state.net.maps[m]));
    const now = back.reduce((one, m) => reshaped(one, one.net.maps[m], one.net.maps[m].recorded), state);
    return edited(now, [...now.edits.keys()].map((n) => [n, now.was.values[n]]));
  }

  /** The map of the picked unit, if its pool can be another one. */
  const poolOf = ({ net, unit }) => (net.maps[net.home[unit]].pool ? net.maps[net.home[unit]] : null);

  /** A leaf's number so much larger; a tenth more of 0.2 is 0.3. */
  const nudged = (state, by) => edited(state, [[state.unit, Number((state.values[state.unit] + by).toPrecision(12))]]);

  const SETTLED = { flashing: [], wish: null, refused: "" };

  const ACTIONS = {
    pick: (state, { unit }) => ({ ...state, ...SETTLED, unit }),
    walk: (state, { down = 0, right = 0 }) => ({ ...state, ...SETTLED, unit: beside(state, state.unit, down, right) }),
    edit: (state, { changes }) => edited(state, changes),
    nudge: (state, { by }) => (isLeaf(state, state.unit) ? nudged(state, by) : state),
    reshape: (state, { wish }) => reshaped(state, poolOf(state), wish),
    reset,
  };

  /** The state after an action: `{ do: "pick", unit: 7 }`, `{ do: "walk", down: 1 }`, or one of the stepper's. */
  function act(state, action) {
    const own = Object.hasOwn(ACTIONS, action.do);
    return own ? ACTIONS[action.do](state, action) : stepper.act(state, action);
  }

  /** Whether a cell's number is given, not computed: it can be changed. */
  const isLeaf = ({ net }, n) => !net.graph.ops[n];

  const knows = (name) => Object.hasOwn(ACTIONS, name);

  return { initial, act, knows, isKnown, isLeaf, isReshaped, poolOf };
})();
