// Stands behind the scripts that know of no document in one module (tests/test_state.py puts them together): for each job, a
// graph and a list of actions, the states that come of them.

const texts = (record) => Object.fromEntries(Object.entries(record).map(([key, x]) => [key, String(x)]));

function seen(state) {
  const { index, playing, speed, theme, predicting, right, asked, verdict } = state;
  const { changed, told } = stepper.news(state);
  const target = quiz.target(state);
  return {
    ...{ index, playing, speed, theme, predicting, right, asked, verdict, told },
    last: stepper.last(state),
    breaks: [...state.breaks],
    leaves: texts(state.leaves),
    changed: [...changed],
    target: target && target.index,
    sentence: stepper.step(state).sentence,
    output: String(state.run.values[state.data.output]),
  };
}

function answer({ data, start, actions }) {
  let state = stepper.initial(data, { start });
  return [seen(state), ...actions.map((action) => seen((state = stepper.act(state, action))))];
}

await answering(answer);
