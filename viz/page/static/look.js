// The marks and words of boxes and lines at a moment, as `viz.graph.look` decides them; what a mark looks like is in the
// style sheet, which is made of the tables there.

const look = (() => {
  const { number, noPath, useOf } = engine;

  const strange = (numbers) =>
    numbers.some(Number.isNaN) ? ["nan"] : numbers.some((x) => Math.abs(x) === Infinity) ? ["inf"] : [];

  /** The marks that a box's numbers give it (null: not reached; no gradient yet). */
  function numberMarks(value, gradient) {
    if (value === null) return ["unreached", "waiting"];
    const told = gradient === null ? ["waiting"] : gradient === noPath ? ["no-path"] : [];
    return [...strange(told.length ? [value] : [value, gradient]), ...told];
  }

  const gradientText = (gradient) => (gradient === null ? "–" : gradient === noPath ? "no path" : number(gradient));

  /** The words of a value and of a gradient. */
  const words = (value, gradient) => [value === null ? "·" : number(value), gradientText(gradient)];

  const sentOver = (uses, { flows }) =>
    uses.map((use) => flows.get(use)).filter((flow) => flow && flow.contribution !== null);

  /** The sum of what these uses sent; to different nodes, where a sum means nothing, the largest. Null: nothing. */
  function total({ uses, adds }, moment) {
    const sent = sentOver(uses, moment).map(({ contribution }) => contribution);
    if (!sent.length) return null;
    return sent.reduce((sum, x) => (adds ? sum + x : Math.abs(x) > Math.abs(sum) ? x : sum));
  }

  /** Why nothing can flow over any of these uses; empty where something can, or where it is not known yet. */
  function refusal({ uses }, { flows }, nodes) {
    const known = uses.filter((use) => flows.has(use));
    if (!known.length || known.some((use) => flows.get(use).local !== null)) return "";
    const [target, position] = known[0].split("_");
    return nodes[target].refusals[position];
  }

  function lineMarks(line, moment, nodes) {
    const { current, flowing } = moment;
    const feeds = current.phase === "forward" && line.targets.includes(current.node);
    const now = current.edge && line.uses.includes(useOf(current.edge)) ? ["now"] : feeds ? ["feeds"] : [];
    const sum = total(line, moment);
    const kind = sum === null ? (refusal(line, moment, nodes) ? "refused" : "") : sum > 0 ? "positive" : sum < 0 ? "negative" : "zero";
    return [...now, ...(kind ? [kind] : []), ...(flowing ? ["settled"] : [])];
  }

  /** What stands at a line: text, and the number that it amounts to. */
  function lineWords(line, moment, nodes) {
    const { uses, adds, targets } = line;
    const sum = total(line, moment);
    if (sum === null) {
      const taken = uses.length === 1 && moment.flows.has(uses[0]) && nodes[targets[0]].op?.chooses;
      return [refusal(line, moment, nodes) || (taken ? "taken" : ""), ""];
    }
    if (uses.length > 1) return [`${uses.length} uses, ${adds ? "sum" : "largest"} = `, number(sum)];
    const { local, upstream } = moment.flows.get(uses[0]);
    return [`${number(local)} × ${number(upstream)} = `, number(sum)];
  }

  return { numberMarks, gradientText, words, total, lineMarks, lineWords };
})();
