// The stepper as a state: what is looked at and what was changed. `act` is the one function from a state and an action to
// the next state; nothing here knows of a document, so a list of actions can be replayed anywhere.

const stepper = (() => {
  const { useOf } = engine;
  const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

  const last = ({ run }) => run.steps.length - 1;
  const stepOf = ({ run, index }) => run.steps[index];
  /** Whether an action would lead beyond the first or the last step. */
  const isEnd = (state, name) => (name === "next" && state.index === last(state)) || (name === "back" && state.index === 0);
  /** The last fact that is known after a step. */
  const factOf = ({ last, index }) => last ?? index;

  function moved(state, to) {
    const index = Math.max(0, Math.min(last(state), to));
    return { ...state, missed: null, verdict: null, index, fact: factOf(state.run.steps[index]) };
  }

  /** The same moment where something else is seen: at the last step that is told by then. */
  function viewed(state, data) {
    if (data === state.data) return state;
    const run = seeing.seen(engine.run(data, state.leaves));
    const past = run.steps.filter((step) => factOf(step) <= state.fact);
    return { ...state, data, run, index: Math.max(0, past.length - 1) };
  }

  /** To a step as addresses and Python count them: where the page shows all that it was asked for; from the end, if negative. */
  function turned(state, to) {
    const home = viewed(state, state.home);
    return viewed(moved(home, to < 0 ? last(home) + 1 + to : to), state.data);
  }

  /** What is known now. After the last step of what is inside of a scope the pass goes on outside. */
  const moment = ({ data, run, index, fact }) => engine.snapshot(run, index, !data.isInside || fact === run.facts.length - 1);

  const placeOf = (state) => viewed(state, state.home).index;

  /** The state in which a graph is opened; `start` counts from the end where it is negative. */
  function initial(data, { start = 0, theme = "auto" } = {}) {
    const ready = engine.decode(data);
    const recorded = seeing.seen(engine.run(ready));
    const looking = { breaks: new Set(), playing: false, speed: 1, theme, checking: false };
    const asking = { predicting: false, right: 0, asked: 0, verdict: null, missed: null };
    return turned({ data: ready, home: ready, recorded, run: recorded, leaves: {}, ...looking, ...asking }, start);
  }

  /** To a node's step in this phase; from there to its next, round and round. */
  function jumped(state, members) {
    const { run, index } = state;
    const own = run.steps.filter(({ node }) => members.includes(node));
    const here = own.includes(run.steps[index]);
    const next = own.find((step) => (here ? step.index > index : step.phase === run.steps[index].phase));
    return moved(state, (next ?? own[0]).index);
  }

  function toggled(state, node) {
    const breaks = new Set(state.breaks);
    if (!breaks.delete(node)) breaks.add(node);
    return { ...state, breaks };
  }

  /** With other numbers in some leaves; one goes on looking at the same step. */
  function edited(state, changes) {
    const { data, recorded, index } = state;
    const leaves = { ...state.leaves, ...changes };
    for (const [leaf, value] of Object.entries(leaves)) if (Object.is(value, recorded.values[leaf])) delete leaves[leaf];
    const mark = ({ phase, node, edge }) => `${phase} ${node} ${edge && useOf(edge)}`;
    const [was, atEnd] = [mark(stepOf(state)), index === last(state)];
    const now = { ...state, leaves, run: seeing.seen(engine.run(data, leaves)) };
    return moved(now, atEnd ? last(now) : now.run.steps.find((step) => mark(step) === was)?.index ?? index);
  }

  /** The places of the operands to which a path leads at these numbers. */
  const taken = ({ partials }, at) => partials.flatMap((partial, place) => (engine.branch(partial, at).end.formula === null ? [] : [place]));

  /** How a node that decides is told. */
  function decision({ nodes }, { label, args }, takes, at) {
    if (args.length === 1) return `${label} is ${takes.length ? "on" : "off"}`;
    const names = takes.map((one) => (typeof args[one] === "number" ? nodes[args[one]].label : numbers.numeral(at[one])));
    return `${label} takes ${names.join(", ") || "none"}`;
  }

  /**
   * What the edits have changed: the nodes that decide unlike when they were recorded, how a sentence tells them, and the
   * output as it was and is. While Predict asks, only what is computed is told.
   */
  function news({ data, recorded, run, leaves, predicting, index }) {
    const [changed, told] = [new Set(), []];
    if (!Object.keys(leaves).length) return { changed, told, output: null };
    const hidden = (place) => predicting && place > engine.reached(run, index);
    data.nodes.forEach((node, place) => {
      if (!node.op?.partials.some(({ test }) => test) || hidden(place)) return; // only what decides takes another route
      const [now, before] = [run, recorded].map((one) => engine.operands(one, place));
      const takes = taken(node.op, now);
      if (takes.join() === taken(node.op, before).join()) return;
      changed.add(place);
      told.push(decision(data, node, takes, now));
    });
    if (told.length > 3) told.splice(3, Infinity, `${told.length - 3} more`);
    return { changed, told, output: hidden(data.output) ? null : [recorded, run].map((one) => one.values[data.output]) };
  }

  /** On to where Predict can ask: what is made inside of folded boxes is told. */
  function onward(state) {
    let now = state;
    while (now.index < last(now) && !quiz.target(now)) now = moved(now, now.index + 1);
    return now;
  }

  /** An answer to Predict: what is no number is asked for again, and so is a wrong one, once, before it is told. */
  function answered(state, answer) {
    const step = quiz.target(state);
    if (!step) return state;
    const verdict = quiz.judged(step, answer);
    if (verdict.kind === "unread") return { ...state, verdict };
    if (verdict.kind === "wrong" && state.missed !== step) return { ...state, missed: step, verdict: { ...verdict, kind: "again" } };
    const right = state.right + Number(verdict.kind === "right");
    return { ...onward(moved({ ...state, right, asked: state.asked + 1 }, step.index)), verdict };
  }

  /** What differences say of each leaf, while they are asked for; they would tell what Predict hides. */
  function checks(state) {
    if (!state.checking || state.predicting) return new Map();
    const leaves = state.data.nodes.flatMap(({ op, constant }, place) => (op || constant ? [] : [place]));
    const own = leaves.filter((place) => !state.data.nodes[place].scope);
    const first = [...own, ...leaves.filter((place) => !own.includes(place))].slice(0, checking.MOST);
    return new Map(first.map((place) => [place, checking.said(state, place)]));
  }

  // -- Actions

  const playing = (state) => ({ ...state, playing: state.index < last(state) && !state.breaks.has(stepOf(state).node) });
  const paced = (state, by) => ({ ...state, speed: SPEEDS[Math.max(0, Math.min(5, SPEEDS.indexOf(state.speed) + by))] });
  const asking = (state) => (state.index === last(state) ? moved(state, 0) : state);

  const ACTIONS = {
    go: (state, { to }) => moved(state, to),
    turn: (state, { to }) => turned(state, to),
    view: (state, { data }) => viewed(state, data),
    first: (state) => moved(state, 0),
    back: (state) => moved(state, state.index - 1),
    next: (state) => (state.predicting && quiz.target(state) ? state : moved(state, state.index + 1)), // Predict asks for it first
    last: (state) => moved(state, last(state)),
    beat: (state) => (state.playing ? playing(moved(state, state.index + 1)) : state),
    play: (state, _, was) => (was ? state : { ...(state.index === last(state) ? moved(state, 0) : state), playing: true, predicting: false }),
    pause: (state) => state,
    jump: (state, { members }) => jumped(state, members),
    stop: (state, { node = stepOf(state).node }) => toggled(state, node),
    edit: (state, { changes }) => edited(state, changes),
    reset: (state) => edited(state, Object.fromEntries(Object.keys(state.leaves).map((leaf) => [leaf, state.recorded.values[leaf]]))),
    predict: (state) => (state.predicting ? { ...state, predicting: false, verdict: null } : onward({ ...asking(state), predicting: true })),
    answer: (state, { text }) => (state.predicting ? answered(state, text) : state),
    check: (state) => ({ ...state, checking: !state.checking }),
    theme: (state) => ({ ...state, theme: { auto: "light", light: "dark", dark: "auto" }[state.theme] }),
    slower: (state) => paced(state, -1),
    faster: (state) => paced(state, 1),
    pace: (state, { speed }) => ({ ...state, speed }),
  };
  const PASSIVE = new Set(["beat", "view", "theme", "slower", "faster", "pace", "edit", "check"]); // Play goes on

  /** The state after an action, `{ do: "next" }`, `{ do: "go", to: 7 }`, `{ do: "edit", changes: { 0: 2.5 } }`, … */
  function act(state, action) {
    const quiet = PASSIVE.has(action.do) ? state : { ...state, playing: false };
    return ACTIONS[action.do](quiet, action, state.playing);
  }

  return { initial, act, last, step: stepOf, placeOf, moment, isEnd, news, checks, SPEEDS };
})();
