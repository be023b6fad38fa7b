// Stands behind the scripts that know of no document in one module (tests/test_arithmetic.py puts them together): what
// each text means as a number, and which words ask for the numbers of a graph.

const told = (x) => (x === null ? null : Object.is(x, -0) ? "-0" : String(x));

function answer({ texts, data, numbers, digits }) {
  if (texts) return texts.map((text) => told(arithmetic.parse(text)));
  if (numbers) return numbers.map((x) => arithmetic.figures(x, digits));
  const state = stepper.initial(data);
  return state.run.steps.map((step) => (step.edge || data.nodes[step.node].op ? quiz.question(state, step) : ""));
}

await answering(answer);
