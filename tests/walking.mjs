// Stands behind those of the network page's scripts that know of no document: a network is opened, and actions lead on; the
// answer tells each state, its numbers as bytes.

const bytesOf = (numbers) => Buffer.from(Float64Array.from(numbers).buffer).toString("base64");

function seen(state, before) {
  const { net, values, gradients, unit, index, predicting, verdict, right, asked, run, made } = state;
  const step = stepper.step(state);
  const target = predicting ? quiz.target(state) : null;
  const cells = [...net.home.keys()].filter((n) => net.home[n] >= 0);
  return {
    ...{ unit, index, predicting, verdict, right, asked, made },
    steps: run.steps.map(({ phase, map, node }) => [phase, map.name, node]),
    name: words.nameOf(net, unit),
    facts: words.facts(state, unit),
    layer: words.layer(state, step),
    question: target && words.question(state, target),
    target: target && target.node,
    news: words.news(state),
    maps: before && net.maps.map(({ nodes }) => [...nodes]),
    flashing: state.flashing,
    known: ["value", "gradient"].map((kind) => cells.filter((n) => walking.isKnown(state, n, kind))),
    way: before ? null : [...units.way(net, values, unit)],
    values: bytesOf(values),
    gradients: bytesOf(gradients.map((x) => x ?? 0)),
    reached: gradients.flatMap((x, n) => (x === null ? [] : [n])),
    secrets: target && secrets(state, cells, target),
  };
}

/** The hidden numbers, by how they are written, that stand in anything that is said: of any unit, in its graph, of all. */
function secrets(state, cells, target) {
  const [hidden, known] = [new Set(), new Set()];
  for (const { values, gradients } of [state, state.was]) for (const n of cells) for (const [kind, x] of [["value", values[n]], ["gradient", gradients[n]]]) {
    if (x !== null) (walking.isKnown(state, n, kind) ? known : hidden).add(numbers.numeral(Math.abs(x)));
  }
  const within = cells.map((n) => inside.of(state, n));
  const boxes = within.flatMap(({ unit, left, right }) => [unit, ...[...left, ...right].flatMap(({ box, text }) => [text, ...Object.values(box).slice(1)])]);
  const texts = [...boxes, ...cells.flatMap((n) => Object.values(words.facts(state, n))), words.layer(state, stepper.step(state)), words.question(state, target), words.news(state)];
  const shown = new Set(texts.join(" ").match(/\d+(?:\.\d+)?(?:e[−-]?\d+)?/g));
  return { told: [...shown].filter((x) => hidden.has(x) && !known.has(x) && x.length > 3), hidden: hidden.size };
}

const sides = ({ wide, narrow, columns }) => ({ wide, narrow, columns: columns.map(({ side, wide: own, high, value, gradient }) => ({ side, own, high, value, gradient })) });

function answer({ data, actions = [], units: asked = null, size = null, brief = null, within = null }) {
  numbers.write(data?.figures);
  if (brief) return brief.map(([x, room]) => cells.brief(x, (text) => text.length <= room));
  let state = walking.initial(data);
  if (within) return within.map(([n, ...acts]) => inside.of(acts.reduce(walking.act, state), n));
  if (size) return sides(plan.arranged(state.net.maps, state.net.maps.map(({ name }) => name), ...size));
  if (asked) return asked.map((n) => words.facts({ ...state, unit: n }, n));
  const told = [seen(state)];
  const originals = state.net.maps.map(({ nodes }) => nodes);
  // A leaf is called by the number that it had at first.
  const now = ({ leaf, ...action }) => (leaf ? { ...action, changes: [[moved(leaf[0]), leaf[1]]] } : action);
  const moved = (n) => state.net.maps.flatMap(({ nodes }, m) => [...nodes].filter((_, at) => originals[m][at] === n))[0];
  for (const action of actions.map((one) => () => now(one))) told.push(seen((state = walking.act(state, action())), true));
  return told;
}

await answering(answer);
