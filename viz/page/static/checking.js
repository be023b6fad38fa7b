// Gradients checked by differences: an input is moved by ±h, and what the output does is set beside its gradient. No DOM.

const checking = (() => {
  const { numeral } = numbers;
  const STEP = 1e-5; // of the input, or of 1
  const AGREE = 1e-4; // of the gradient: rounding, and the bend of the curve
  const MOST = 64; // inputs; of more the first

  /** What everything decides that decides: for each condition its branch. */
  function decisions(told) {
    return told.data.nodes.flatMap(({ op }, place) => {
      if (!op?.partials.some(({ test }) => test)) return [];
      const at = engine.operands(told, place);
      return op.partials.map((partial) => [place, engine.branch(partial, at).end]);
    });
  }

  /** The first node that decides otherwise there than here; null: none does. */
  function otherwise(here, there) {
    const found = here.findIndex(([, end], i) => there[i][1] !== end);
    return found < 0 ? null : here[found][0];
  }

  /** The output, and its decisions, with other numbers in the leaves. */
  function at(data, leaves) {
    const told = engine.evaluated(data, leaves);
    return { y: told.values[data.output], decided: decisions(told) };
  }

  /**
   * What moving a leaf by ±h does to the output: its slope, or, where anything decides otherwise on one side however near,
   * the slopes below and above (`node` decides); `jumps` where the output does.
   */
  function moved({ data, leaves, run }, leaf) {
    const x = run.values[leaf];
    const here = at(data, leaves);
    let h = STEP * (x === 0 ? 1 : Math.max(Math.abs(x), 1e-3));
    let [below, above, node] = [null, null, null];
    for (let tries = 0; tries < 4; tries++) {
      if (tries) h /= 10;
      [below, above] = [x - h, x + h].map((to) => ({ x: to, ...at(data, { ...leaves, [leaf]: to }) }));
      node = otherwise(here.decided, below.decided) ?? otherwise(here.decided, above.decided);
      if (node === null) break;
    }
    const rise = (from, to) => (data.seed * (to.y - from.y)) / (to.x - from.x);
    const middle = { x, y: here.y };
    const half = at(data, { ...leaves, [leaf]: x + (above.x - x) / 2 }).y;
    const lower = at(data, { ...leaves, [leaf]: x - (x - below.x) / 2 }).y;
    const [whole, halved] = [Math.abs(above.y - below.y), Math.abs(half - lower)];
    const jumps = whole > 1e-9 * Math.max(1, Math.abs(here.y)) && halved > 0.75 * whole;
    return { h, noise: (4e-16 * Math.abs(data.seed * here.y)) / h, slope: rise(below, above), sides: [rise(below, middle), rise(middle, above)], node, jumps };
  }

  const nearWithin = (noise) => (x, y) => Object.is(x, y) || Math.abs(x - y) <= AGREE * Math.max(Math.abs(x), Math.abs(y)) + 1e-9 + noise;

  /** What is said beside the gradient of a leaf, in short and at length, and whether it agrees; null: nothing can be. */
  function said(state, leaf) {
    const { data, run } = state;
    const given = engine.snapshot(run, -1).gradients[leaf];
    const gradient = given === engine.noPath ? 0 : given;
    const { h, noise, slope, sides: [below, above], node, jumps } = moved(state, leaf);
    if (!Number.isFinite(slope)) return null;
    const near = nearWithin(noise);
    const [name, output] = [leaf, data.output].map((one) => data.nodes[one].called);
    const ratio = `${data.seed === 1 ? "" : `${numeral(data.seed)} × `}Δ${output}/Δ${name}`;
    const moves = `${name} moved by ±${numeral(h)}`;
    if (jumps) return { text: `${output} jumps here: no slope`, title: moves, agrees: true };
    if (node === null || near(below, above)) return { text: `${ratio} = ${numeral(slope)}`, title: moves, agrees: near(slope, gradient) };
    const taken = near(gradient, above) ? "the one above" : near(gradient, below) ? "the one below" : near(gradient, (above + below) / 2) ? "the middle" : "neither";
    const text = `kink at ${data.nodes[node].called}: ${ratio} is ${numeral(below)} below and ${numeral(above)} above; the rule takes ${taken}, ${numeral(gradient)}`;
    return { text, title: moves, agrees: true };
  }

  return { said, MOST };
})();
