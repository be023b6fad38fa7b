// The marks and words of boxes and lines at a moment, as `viz.graph.look` decides them; what a mark looks like is in the
// style sheet, which is made of the tables there.

const look = (() => {
  const { numeral } = numbers;
  const { noPath, useOf } = engine;

  const strange = (numbers) =>
    numbers.some(Number.isNaN) ? ["nan"] : numbers.some((x) => Math.abs(x) === Infinity) ? ["inf"] : [];

  /** The marks that a box's numbers give it (null: not reached; no gradient yet). */
  function numberMarks(value, gradient) {
    if (value === null) return ["unreached", "waiting"];
    const told = gradient === null ? ["waiting"] : gradient === noPath ? ["no-path"] : [];
    return [...strange(told.length ? [value] : [value, gradient]), ...told];
  }

  const gradientText = (gradient) => (gradient === null ? "–" : gradient === noPath ? "no path" : numeral(gradient));

  /** The words of a value and of a gradient. */
  const words = (value, gradient) => [value === null ? "·" : numeral(value), gradientText(gradient)];

  const sentOver = (uses, { flows }) =>
    uses.map((use) => flows.get(use)).filter((flow) => flow && flow.contribution !== null);

  /** The sum of what these uses sent; to different nodes, where a sum means nothing, nan. Null: nothing. */
  function total({ uses, adds }, snapshot) {
    const sent = sentOver(uses, snapshot).map(({ contribution }) => contribution);
    if (!sent.length) return null;
    return adds ? sent.reduce((sum, x) => sum + x, 0) : NaN;
  }

  /** What comes back to a score, p − y: what sends p, what sends −y, and the node of the log. */
  function difference([share, target, log], snapshot) {
    const [p, y] = [share, target].map((uses) => total({ uses, adds: true }, snapshot) ?? 0);
    return `${snapshot.gradients[log] === 1 ? "p − y = " : ""}${numeral(p)} ${y > 0 ? "+" : "−"} ${numeral(Math.abs(y))}`;
  }

  /** Whether these uses sent contributions of both signs: then the line is painted by neither. */
  function isMixed({ uses }, snapshot) {
    const sent = sentOver(uses, snapshot).map(({ contribution }) => contribution);
    return sent.some((part) => part < 0) && sent.some((part) => part > 0);
  }

  /** Why nothing can flow over these uses, each reason once; empty where something can, or is not known yet. */
  function refusal({ uses, inside = [] }, snapshot, nodes) {
    const known = uses.filter((use) => snapshot.flows.has(use));
    if (known.some((use) => !why(use, snapshot, nodes) && snapshot.gradients[parseInt(use)] !== noPath)) return "";
    return [...new Set(known.map((use) => why(use, snapshot, nodes) || ended(use, snapshot, nodes, inside)).filter(Boolean))].join("; ");
  }

  function why(use, snapshot, nodes) {
    const [target, position] = use.split("_");
    return snapshot.flows.get(use)?.local === null ? nodes[target].refusals[position] : "";
  }

  /** Where the gradient ended inside of the folded scope that a use leads into. */
  function ended(use, snapshot, nodes, inside) {
    const reached = new Set([parseInt(use)]);
    for (const member of inside) {
      for (const [position, arg] of nodes[member].args.entries()) {
        if (!reached.has(arg)) continue;
        const said = why(`${member}_${position}`, snapshot, nodes);
        if (said) return `${nodes[member].text}: ${said}`;
        reached.add(member);
      }
    }
    return "";
  }

  function lineMarks(line, snapshot, nodes) {
    const { current, flowing } = snapshot;
    const feeds = current.phase === "forward" && line.targets.includes(current.node);
    const now = current.edge && line.uses.includes(useOf(current.edge)) ? ["now"] : feeds ? ["feeds"] : [];
    const [sum, mixed] = [total(line, snapshot), isMixed(line, snapshot)];
    const kind = sum === null ? (line.uses.some((use) => why(use, snapshot, nodes)) && refusal(line, snapshot, nodes) ? "refused" : "") : !line.adds || mixed ? "several" : sum > 0 ? "positive" : sum < 0 ? "negative" : "zero";
    return [...now, ...(kind ? [kind] : []), ...(flowing ? ["settled"] : [])];
  }

  /** What stands at a line: text, and the number that it amounts to. */
  function lineWords(line, snapshot, nodes) {
    const { uses, adds, targets } = line;
    const sum = total(line, snapshot);
    if (sum === null) {
      const chosen = uses.length === 1 && snapshot.flows.has(uses[0]) && nodes[targets[0]].op?.choice;
      const taken = chosen && snapshot.open.has(targets[0]) && snapshot.gradients[targets[0]] !== noPath;
      return [refusal(line, snapshot, nodes) || (taken ? "taken" : ""), ""];
    }
    if (!adds) return [`${uses.length} uses`, ""];
    if (uses.length > 1) return [`${uses.length} uses, sum = `, numeral(sum)];
    if (line.difference) return [`${difference(line.difference, snapshot)} = `, numeral(sum)];
    if (line.inside.length) return ["", numeral(sum)];
    const { local, upstream } = snapshot.flows.get(uses[0]);
    return [`${numeral(local)} × ${numeral(upstream)} = `, numeral(sum)];
  }

  /**
   * So much of a line's words as there is room for at every line: what came, or why nothing can.
   * @param {any[]} words @param {number} room
   */
  function shortWords([text, result], room) {
    return result ? ["", room ? result : ""] : [text.length * 5 <= room + 2 ? text : "", ""];
  }

  return { numberMarks, gradientText, words, total, lineMarks, lineWords, shortWords, isMixed, difference };
})();
