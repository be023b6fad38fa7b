// Stands behind engine.js and look.js in one module (tests/test_look.py puts them together): for each job, the marks and
// the words of every box and line at every step.

function linesOf(data) {
  const known = new Set(Object.values(data.lines).flatMap(({ uses }) => uses));
  const single = data.nodes.flatMap((node, target) =>
    (node.args ?? []).flatMap((arg, position) => (Array.isArray(arg) ? [] : [`${target}_${position}`])));
  const rest = single.filter((use) => !known.has(use)).map((use) => [`e${use}`, { uses: [use], adds: true }]);
  return [...Object.entries(data.lines), ...rest];
}

function answer(data) {
  const told = engine.run(data);
  return told.steps.map((_, index) => {
    const snapshot = engine.snapshot(told, index);
    const boxes = told.data.nodes.map((_, node) => {
      const [value, gradient] = [snapshot.values[node], snapshot.gradients[node]];
      return [look.numberMarks(value, gradient), look.words(value, gradient)];
    });
    const lines = linesOf(data).map(([name, { uses, adds }]) => {
      const targets = uses.map((use) => parseInt(use, 10));
      const inside = Object.values(data.folds).find(({ members }) => members.includes(targets[0]))?.members ?? [];
      const line = { uses, adds, inside, targets };
      return [name, look.lineMarks(line, snapshot, told.data.nodes), look.lineWords(line, snapshot, told.data.nodes).join("")];
    });
    return { boxes, lines: Object.fromEntries(lines.map(([name, ...facts]) => [name, facts])) };
  });
}

await answering(answer);
