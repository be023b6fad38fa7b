// A unit's own scalar graph by a fixed template: left what it read, right who read it, and what flowed back over each line.

const inside = (() => {
  const { numeral } = numbers;
  const MOST = 10; // boxes of a column, those over whose lines most flows
  const [WIDE, HIGH, GAP, LEAD, BEND] = [136, 50, 10, 150, 70];
  const LINE = LEAD + BEND;

  const box = (state, n) => {
    const { name, value, gradient } = words.facts(state, n);
    return { n, name, value, gradient };
  };

  /** A line's words, and its mark: the stepper's `local × upstream = contribution`. */
  function line(slope, upstream, sent, known) {
    if (!known) return { mark: "waiting", text: "" };
    if (slope === null || sent === null) return { mark: "refused", text: slope === null ? "no path" : "no gradient" };
    return { mark: sent > 0 ? "positive" : sent < 0 ? "negative" : "zero", text: `${numeral(slope)} × ${numeral(upstream)} = ${numeral(sent)}`, size: Math.abs(sent) };
  }

  const largest = (lines) => [...lines].sort((a, b) => (b.size ?? -1) - (a.size ?? -1)).slice(0, MOST).sort((a, b) => a.box.n - b.box.n);

  /** What is drawn of a unit: itself, what it read and who read it, each with a line; how many are left out. */
  function of(state, n) {
    const { net, values, gradients } = state;
    const gradient = gradients[n];
    const isKnown = (one, kind) => walking.isKnown(state, one, kind);
    // What is sent may be all that the other gets: it is told when both gradients are known.
    const isSent = (one) => isKnown(n, "gradient") && isKnown(one, "gradient");
    const read = units.reads(net, values, n).filter(() => isKnown(n, "value")).map(({ cell, slope }) => {
      const sent = slope === null || gradient === null ? null : units.handed(net, values, n, gradient)[cell] ?? null;
      return { box: box(state, cell), ...line(slope, gradient, sent, isSent(cell)) };
    });
    const readers = units.senders(net, values, gradients, n).map(({ unit, slope, upstream, sent }) => ({
      box: box(state, unit),
      ...line(upstream === null ? 0 : slope, upstream, sent, isSent(unit)),
    }));
    const [left, right] = [read, readers].map(largest);
    return { unit: box(state, n), left, right, more: [read.length - left.length, readers.length - right.length] };
  }

  function boxed({ n, name, value, gradient }, x, y, current) {
    const text = (said, dy, kind = "") => shape("text", { x: x + WIDE / 2, y: y + dy, class: kind, "text-anchor": "middle", "aria-hidden": "true" }, said);
    const later = "not computed yet";
    const label = `${name}, value ${value ?? later}, gradient ${gradient ?? later}`;
    const rect = shape("rect", { x, y, width: WIDE, height: HIGH, rx: 10, role: "button", tabindex: 0, "aria-label": label });
    const marks = ["node", ...(current ? ["gr-current"] : []), ...(gradient === "no path" ? ["gr-no-path"] : [])];
    return shape("g", { class: marks.join(" "), "data-unit": n }, rect, text(name, 14), text(value ?? "·", 30, "gr-value"), text(gradient ?? "–", 45, "gr-gradient"));
  }

  /** A line with its words over a straight lead at the column's box, then one bend; its head shows where gradient flows. */
  function lined({ mark, text }, [x0, y0], [x1, y1], isRight) {
    const [from, to] = isRight ? [x0, x0 + BEND] : [x0 + LEAD, x1];
    const half = (from + to) / 2;
    const path = shape("path", { d: `M${x0} ${y0}H${from}C${half} ${y0} ${half} ${y1} ${to} ${y1}H${x1}` });
    const head = shape("polygon", { points: `${x0} ${y0} ${x0 + 10} ${y0 - 4} ${x0 + 10} ${y0 + 4}` });
    const [x, y, anchor] = isRight ? [x1 - 6, y1 - 5, "end"] : [x0 + 12, y0 - 5, "start"];
    return shape("g", { class: `edge gr-${mark}` }, path, head, shape("text", { x, y, "text-anchor": anchor }, text));
  }

  /** The SVG of what is drawn. */
  function drawn({ unit, left, right }) {
    const rows = Math.max(left.length, right.length, 1);
    const high = rows * (HIGH + GAP) - GAP;
    const first = left.length ? WIDE + LINE : 0;
    const wide = first + WIDE + (right.length ? WIDE + LINE : 0);
    const top = (column, k) => (high - column.length * (HIGH + GAP) + GAP) / 2 + k * (HIGH + GAP);
    const middle = high / 2;
    const lines = [
      ...left.map((one, k) => lined(one, [WIDE, top(left, k) + HIGH / 2], [first, middle], 0)),
      ...right.map((one, k) => lined(one, [first + WIDE, middle], [first + WIDE + LINE, top(right, k) + HIGH / 2], 1)),
    ];
    const boxes = [
      ...left.map(({ box: one }, k) => boxed(one, 0, top(left, k), false)),
      boxed(unit, first, middle - HIGH / 2, true),
      ...right.map(({ box: one }, k) => boxed(one, first + WIDE + LINE, top(right, k), false)),
    ];
    return shape("svg", { width: wide + 4, height: high + 4, viewBox: `-2 -2 ${wide + 4} ${high + 4}`, role: "group" }, ...lines, ...boxes);
  }

  return { of, drawn };
})();
