// What is said of a network's cells: their names, what each read and won, what it got from whom. No DOM.
// One closure holds the whole file; it is not indented.
const words = (() => {

const { numeral } = numbers;
const MOST = 12; // terms of a sum that are written out, the largest ones, and cells that are named
const NAMED = 3;
const NEAR = 1e-9;

const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
const listed = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

/** Where a cell stands in its map, as in Python: "[2, 0, 3]"; empty where there is but one. */
function placeOf({ shape: [channels, rows, columns], made, kind }, at) {
  const [channel, row, column] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
  const deep = kind === "weights" && made > 1 ? [[made, Math.floor(channel / (channels / made))], [channels / made, channel % (channels / made)]] : [[channels, channel]];
  const sides = [...deep, [rows, row], [columns, column]];
  const wide = sides.some(([side]) => side > 1) ? sides.filter(([side], k) => side > 1 || (k > deep.length - 1 && channels > 1 && kind !== "bias")) : [];
  return wide.length ? `[${wide.map(([, place]) => place).join(", ")}]` : "";
}

/** What a map is called: weights by their layer, too. */
function mapName({ maps }, map) {
  const layer = maps.find((one) => one.layer === map.layer && !units.isWeight(one));
  return units.isWeight(map) ? `${map.name} of ${layer.name}` : map.name;
}

const nameOf = (net, n) => mapName(net, net.maps[net.home[n]]) + placeOf(net.maps[net.home[n]], net.place[n]);

/** Several cells by their names, those of one map together: "relu 1[0, 1] and [0, 2]". */
function namesOf(net, cells) {
  const known = cells.filter((n) => net.home[n] >= 0);
  const named = known.slice(0, NAMED).map((n, k) => (k && net.home[n] === net.home[known[k - 1]] ? placeOf(net.maps[net.home[n]], net.place[n]) : nameOf(net, n)));
  return listed(known.length > NAMED ? [...named, `${known.length - NAMED} more`] : named);
}

const bracketed = (text) => (/^[-−]/.test(text) ? `(${text})` : text);

/** A sum in writing: terms are [text, number]; the largest ones first where there are many. */
function sumOf(terms, whole) {
  const some = terms.filter(([, x]) => x !== 0);
  const shown = some.length > MOST ? [...some].sort(([, x], [, y]) => Math.abs(y) - Math.abs(x)).slice(0, MOST) : some;
  const rest = some.filter((term) => !shown.includes(term)).reduce((sum, [, x]) => sum + x, 0);
  const texts = shown.map(([text], k) => (k && !/ [×] /.test(text) ? bracketed(text) : text));
  if (some.length > MOST) texts.push(`${bracketed(numeral(rest))} from ${some.length - MOST} smaller ones`);
  const zeros = terms.length - some.length;
  const note = zeros ? ` (${zeros} of ${counted(terms.length, "term")} ${zeros === 1 ? "is" : "are"} 0)` : "";
  if (!texts.length) return `${numeral(whole)}${terms.length ? ": " + (terms.length === 1 ? "its one term is 0" : `all ${terms.length} terms are 0`) : ""}`;
  return texts.length === 1 && !texts[0].includes("×") ? texts[0] + note : `${texts.join(" + ")} = ${numeral(whole)}${note}`;
}

const product = (slope, x) => (slope === 1 ? numeral(x) : `${bracketed(numeral(slope))} × ${bracketed(numeral(x))}`);

/** How a unit was computed from what it read, up to its own number. */
function made({ net, values }, n) {
  const [kind, parts, { graph }] = [units.kindOf(net, n), units.reads(net, values, n), net];
  if (kind === "leaf") return units.isWeight(net.maps[net.home[n]]) ? "a weight that is learned" : "an input";
  if (kind === "choice") {
    const call = `${graph.rows[graph.ops[n]].symbol}(${parts.map(({ cell }) => numeral(values[cell])).join(", ")})`;
    return `${call} = ${numeral(values[n])}`;
  }
  if (kind === "sum") {
    const terms = parts.map(({ cell, slope }) => [product(slope ?? 0, values[cell]), (slope ?? 0) * values[cell]]);
    const rest = values[n] - terms.reduce((sum, [, x]) => sum + x, 0);
    const bias = units.behind(net, n).inner.find((one) => net.home[one] >= 0 && net.maps[net.home[one]].kind === "bias");
    const added = bias === undefined ? 0 : values[bias];
    if (Math.abs(rest - added) <= NEAR * (1 + Math.abs(values[n]))) return sumOf(bias === undefined ? terms : [...terms, [numeral(added), added]], values[n]);
  }
  const at = flat.operands(graph, values, n);
  if (kind === "one" || !units.behind(net, n).inner.length) return `${telling.fill(graph.rows[graph.ops[n]].call, at.map(numeral))} = ${numeral(values[n])}`;
  return `${numeral(values[n])}, computed from ${namesOf(net, parts.map(({ cell }) => cell)) || "weights alone"}`;
}

/** What became of a unit among those that choose: which windows it won. */
function won(state, n) {
  const { net, values } = state;
  const choosing = units.readers(net, n).filter((unit) => units.kindOf(net, unit) === "choice" && walking.isKnown(state, unit, "value"));
  if (!choosing.length) return "";
  const taken = choosing.filter((unit) => units.winner(net, values, unit) === n);
  if (!taken.length) return choosing.length === 1 ? `lost in ${namesOf(net, choosing)}` : `lost in all ${choosing.length} of ${namesOf(net, choosing)}`;
  return `won ${namesOf(net, taken)}${choosing.length > taken.length ? `, lost ${choosing.length - taken.length} more` : ""}`;
}

/** Why a unit got nothing: those who read it have nothing themselves, or do not take it. */
function refusal(net, sent) {
  const deaf = sent.filter(({ upstream }) => upstream !== null);
  if (deaf.length) return `${namesOf(net, deaf.map(({ unit }) => unit))} ${deaf.length === 1 ? "does" : "do"} not take it`;
  return `to ${namesOf(net, sent.map(({ unit }) => unit))} there is none either`;
}

/** What a unit got from whom, the sum written out; why it got none. */
function got({ net, values, gradients, data }, n) {
  if (n === net.graph.output) return `${numeral(gradients[n])}, with which the way back begins`;
  const sent = units.senders(net, values, gradients, n);
  const flowing = sent.filter((one) => one.sent !== null).reverse();
  if (gradients[n] === null) return `${data.sentences["no path"]}; ${refusal(net, sent)}`;
  const sum = sumOf(flowing.map(({ slope, upstream, sent: x }) => [product(slope, upstream), x]), gradients[n]);
  return `${sum}, from ${namesOf(net, flowing.map(({ unit }) => unit))}`;
}

/** Whom a unit hands its gradient to. */
function heirs({ net, values, gradients }, n) {
  const parts = units.reads(net, values, n);
  const taken = parts.filter(({ slope }) => slope !== null);
  if (gradients[n] === null || !parts.length) return "";
  if (taken.length) return `hands it to ${namesOf(net, taken.map(({ cell }) => cell))}`;
  const { graph } = net;
  return graph.ops[n] && graph.from[n + 1] - graph.from[n] === 1 ? "is off and hands nothing on" : "hands nothing on";
}

/** All that is known of a cell at this step. */
function facts(state, n) {
  const { net, values, gradients, was } = state;
  const [value, gradient] = ["value", "gradient"].map((kind) => walking.isKnown(state, n, kind));
  const read = value ? units.behind(net, n).ends : [];
  const taken = value ? units.winner(net, values, n) : null;
  return {
    name: nameOf(net, n),
    value: value ? numeral(values[n]) + before(values[n], was.values[n]) : null,
    gradient: gradient ? (gradients[n] === null ? "no path" : numeral(gradients[n])) + before(gradients[n], was.gradients[n]) : null,
    made: value ? made(state, n) : "not computed yet",
    read: taken === null ? (read.length ? `reads ${namesOf(net, read)}` : "") : `takes ${nameOf(net, taken)}, the one it chose of ${counted(read.length, "cell")}`,
    won: value ? won(state, n) : "",
    got: gradient ? got(state, n) : "not computed yet",
    heirs: gradient ? heirs(state, n) : "",
  };
}

/** What a number was where the edits have changed it; empty where they have not. */
const before = (now, was) => (Object.is(now, was) ? "" : ` (was ${was === null ? "no path" : numeral(was)})`);

/** What the edits have changed, of what is known at this step: the output, and who chose another cell. */
function news(state) {
  const { net, values, was, edits, turned, won, data, refused } = state;
  const shaped = net.maps.filter(walking.isReshaped).map(({ name, pool: { kernel, stride, padding } }) => `${name} is ${kernel} × ${kernel}, stride ${stride}, padding ${padding} now`);
  if (refused) return `It cannot be so: ${refused}.`;
  if (!edits.size && !shaped.length) return "";
  const isKnown = (n) => walking.isKnown(state, n, "value");
  const other = turned.filter(isKnown);
  const choices = other.length === 1 ? `${nameOf(net, other[0])} now takes ${nameOf(net, won.get(other[0]))}` : `${other.length} of ${counted(state.choosing.filter(isKnown).length, "window")} chose another cell`;
  const { output } = net.graph;
  const said = [...shaped, ...(edits.size ? [`${counted(edits.size, "number")} changed`] : []), ...(other.length ? [choices] : []), ...(isKnown(output) ? [`${data.name}: ${numeral(was.values[output])} → ${numeral(values[output])}`] : [])];
  return `${said.join("; ")}.`;
}

/** What a step of a layer shows. */
function layer(state, { phase, map }) {
  const { net, values, gradients } = state;
  const known = [...map.nodes].filter((n) => n >= 0);
  if (phase === "forward") {
    if (map.kind === "input") return `${map.name}: ${counted(known.length, "cell")} that the network reads.`;
    const wins = new Set(known.map((n) => units.winner(net, values, n)).filter((n) => n !== null));
    const from = [...new Set(known.flatMap((n) => units.behind(net, n).ends.map((cell) => net.maps[net.home[cell]].name)))];
    const chose = wins.size ? `, which chose ${counted(wins.size, "cell")}` : "";
    return `${map.name}: ${counted(known.length, "cell")}, computed from ${listed(from) || "weights"}${chose}.`;
  }
  const reached = known.map((n) => gradients[n]).filter((x) => x !== null);
  const [zeros, lost] = [reached.filter((x) => x === 0).length, known.length - reached.length];
  const none = lost ? `; to the other${lost === 1 ? "" : ` ${lost}`} there is no path` : "";
  return `${map.name}: ${reached.length} of ${counted(known.length, "cell")} get${reached.length === 1 ? "s" : ""} gradient${zeros ? `, ${zeros} of them a computed 0` : ""}${none}.`;
}

/** The words that ask for the marked cell of a step: its sum, its choice, without the answer. */
function question(state, { phase, node }) {
  const { net } = state;
  const [said, what] = phase === "forward" ? [made(state, node), nameOf(net, node)] : [got(state, node), `gradient of ${nameOf(net, node)}`];
  const asks = said.includes(" = ") ? said.slice(0, said.lastIndexOf(" = ")) : "";
  if (asks) return `${what} = ${asks} = `;
  const from = phase === "backward" ? units.readers(net, node) : units.behind(net, node).ends;
  const upstream = phase === "backward" && from.length === 1 ? state.gradients[from[0]] : null;
  return `${what}, from ${namesOf(net, from) || "nothing"}${upstream === null ? "" : `, whose own is ${numeral(upstream)}`}: `;
}

/** What an answer is told with. */
const answer = (state, { phase, node }) => (phase === "forward" ? `${nameOf(state.net, node)}: ${made(state, node)}.` : `gradient of ${nameOf(state.net, node)}: ${got(state, node)}.`);

return { nameOf, mapName, facts, layer, news, question, answer, counted };

})();
