// What is seen of a pass where scopes are folded, or a part alone is shown: what happens to one box or line is one step, what
// happens out of sight is none, and the leaves are told at once. No DOM.

const seeing = (() => {
  /** A step of what is seen: one fact, or several of one box or line, told as the last of them but for what is its own. */
  const moment = (facts, own) => ({
    ...{ ...facts.at(-1), last: facts.at(-1).index, count: facts.length, uses: facts.flatMap(({ uses }) => uses), box: null, by: null, ...own },
    get sentence() {
      return telling.sentence(this.told, this);
    },
  });

  /** Where each node is seen: at itself, in a folded scope, or nowhere (null). */
  function placesOf({ nodes, folds, unseen }) {
    const places = nodes.map((_, node) => ({ key: `n${node}`, members: null }));
    for (const [key, fold] of Object.entries(folds)) for (const member of fold.members) places[member] = { key, ...fold, members: fold.plain ? null : fold.members };
    for (const node of unseen) places[node] = null;
    return places;
  }

  /** By what facts that are seen together are known; null of one that is not seen. */
  function keyOf({ phase, node, edge, index }, places, nodes) {
    const at = places[node];
    if (phase === "forward") return nodes[node].op ? at && at.key : "inputs";
    if (!at) return null;
    const by = edge && places[edge.target];
    if (by && by.key === at.key) return at.speaker === node ? index : null;
    return by && (at.members || by.members) ? `${at.key} ${by.key}` : index;
  }

  /** The facts that are seen together, in the order in which one sees them: with the last of them, and the inputs first. */
  function together({ steps, data, forward }, places) {
    const groups = new Map();
    for (const fact of steps) {
      const known = keyOf(fact, places, data.nodes);
      const key = known === null || typeof known === "number" ? known : `${fact.phase} ${known}`;
      if (key !== null) groups.set(key, [...(groups.get(key) ?? []), fact]);
    }
    const place = (facts) => (facts[0].index < forward && !data.nodes[facts[0].node].op ? -1 : facts.at(-1).index);
    return [...groups.values()].sort((one, other) => place(one) - place(other));
  }

  /** A run of the engine as it is seen: its steps, and of each fact the step that tells it. */
  function seen(run) {
    const { data, steps: facts } = run;
    if (!Object.keys(data.folds).length && !data.unseen.length) return run;
    const places = placesOf(data);
    const arrived = new Map(); // by node: contributions, by the index of their fact
    const groups = together(run, places);
    const steps = groups.map((group, index) => moment(group, { index, ...told(run, group, places, arrived) }));
    const stops = new Int32Array(facts.length).fill(-1);
    groups.forEach((group, index) => { for (const fact of group) stops[fact.index] = index; });
    let next = steps.length - 1; // what is out of sight is told with what is seen next
    for (let i = facts.length - 1; i >= 0; i--) {
      if (stops[i] < 0) stops[i] = next;
      else if (steps[stops[i]].last === i) next = stops[i];
    }
    return { ...run, facts, steps, stops, ahead: steps.filter(({ phase }) => phase === "forward").length };
  }

  /** What these facts tell together, beside what the last of them does. */
  function told({ data, values }, group, places, arrived) {
    const { node, phase, edge } = group.at(-1);
    const folded = (one) => (places[one]?.members ? places[one] : null);
    const box = folded(node);
    const spoken = box ? box.speaker : node;
    const shown = spoken ?? box.members.at(-1);
    if (phase === "forward" && !data.nodes[node].op) {
      const given = group.map((fact) => fact.node).filter((one) => places[one] && !folded(one) && !data.nodes[one].constant);
      return { node: given[0] ?? (box ? shown : places.findIndex(Boolean)), given, last: 0 };
    }
    if (phase === "forward") return box && { node: shown, box, after: spoken === null ? null : values[spoken] };
    if (!edge) return { node: shown };
    const [own, by] = [arrived.get(node) ?? [], folded(edge.target)];
    const sent = group.filter(({ contribution }) => contribution !== null).map(({ index, contribution }) => [index, contribution]);
    arrived.set(node, [...own, ...sent]);
    const unspoken = group.some((fact) => fact.node !== spoken);
    if (unspoken) return { node: shown, box, by: by ?? { called: data.nodes[edge.target].called }, several: true, before: null, after: null };
    return { by, count: sent.length, before: total(own), after: total([...own, ...sent]), contribution: total(sent) };
  }

  /** The sum of contributions in the order of their facts. */
  function total(parts) {
    const sorted = [...parts].sort(([one], [other]) => one - other).map(([, x]) => x);
    return sorted.length ? sorted.reduce((sum, x) => sum + x) : null;
  }

  return { seen };
})();
