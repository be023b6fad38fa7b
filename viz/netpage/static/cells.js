// The cells of a map on a canvas: a shade for each size, a colour for each sign, a number where there is room. Of what has
// changed, only the cells that look otherwise are painted again.

const cells = (() => {
  const { numeral } = numbers;
  const SIZE = 10.5; // pixels: no figures are smaller
  const BARE = 0.1; // of the cells of a map: if more have no room for their figures, all go by colour
  const OFF = 0.35; // of a number: what the figures of a cell may leave out

  /** A number in so many figures that they fit; empty where that would say another number. */
  function brief(x, fits) {
    if (x === 0) return "0";
    if (!Number.isFinite(x)) return numeral(x);
    for (const figures of [3, 2, 1]) {
      const text = String(Number(x.toPrecision(figures))).replace("-", "−");
      if (fits(text)) return Math.abs(Number(text.replace("−", "-")) - x) <= OFF * Math.abs(x) ? text : "";
    }
    return "";
  }

  /** How cells of a map look: by its largest number, and whether there is room for figures. */
  function looksOf(known, side, font, pen) {
    const largest = known.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
    const texts = new Map();
    if (side >= plan.LEAST) {
      pen.font = font;
      for (const x of known) texts.set(x, brief(x, (text) => pen.measureText(text).width <= side - 2));
      const without = known.filter((x) => !texts.get(x)).length;
      if (without > BARE * known.length) texts.clear();
    }
    return { largest, texts };
  }

  /** The look of a cell: fill, ink, edge, text, bar (for a minus without figures); one string tells it from others. */
  function lookOf(x, kind, { largest, texts }, inks) {
    if (x === undefined) return { fill: null, edge: null };
    const text = texts.get(x) ?? "";
    const shade = Math.min(8, Math.round((8 * Math.abs(x)) / (largest || 1)));
    const pick = () => {
      if (Number.isNaN(x)) return inks.strange[0];
      if (x === 0) return inks.zero[0];
      if (kind === "gradient") return inks[x > 0 ? "positive" : "negative"][Number.isFinite(x) ? shade : 8];
      return x > 0 ? inks.value[Number.isFinite(x) ? shade : 8] : text ? inks.lost[0] : inks.muted[Math.round(0.7 * shade)];
    };
    const [fill, ink] = pick();
    const edge = kind === "gradient" || x === 0 ? inks[kind === "gradient" ? "path" : "faint"][0][0] : null;
    return { fill, ink, edge, text, bar: !text && x < 0 };
  }

  function paintOne(pen, x, y, side, look, inks) {
    pen.clearRect(x - 0.5, y - 0.5, side + 1, side + 1);
    const inset = side > 12 ? 1 : 0.5;
    if (look === "none") {
      pen.strokeStyle = inks.unread[0][0];
      pen.lineWidth = 1;
      pen.setLineDash([2, 2]);
      pen.strokeRect(x + 1.5, y + 1.5, side - 3, side - 3);
      pen.setLineDash([]);
    } else if (look === "dot") {
      const dot = Math.min(3, side / 4);
      pen.fillStyle = inks.path[0][0];
      pen.fillRect(x + (side - dot) / 2, y + (side - dot) / 2, dot, dot);
    } else if (look === "later") {
      pen.strokeStyle = inks.faint[0][0];
      pen.lineWidth = 0.75;
      pen.strokeRect(x + inset + 0.4, y + inset + 0.4, side - 2 * inset - 0.8, side - 2 * inset - 0.8);
    } else {
      pen.fillStyle = look.fill;
      pen.fillRect(x + inset, y + inset, side - 2 * inset, side - 2 * inset);
      if (look.edge) {
        pen.strokeStyle = look.edge;
        pen.lineWidth = 0.75;
        pen.strokeRect(x + inset + 0.4, y + inset + 0.4, side - 2 * inset - 0.8, side - 2 * inset - 0.8);
      }
      pen.fillStyle = look.ink;
      if (look.text) pen.fillText(look.text, x + side / 2, y + side / 2 + 0.5);
      else if (look.bar) pen.fillRect(x + 0.25 * side, y + side / 2 - Math.max(0.5, side / 16), side / 2, Math.max(1, side / 8));
    }
  }

  /** A painter of one map and kind of number; it answers how many cells it has painted. */
  function painterOf(canvas, kind) {
    const pen = canvas.getContext("2d");
    let painted = [];
    let [before, font] = ["", ""];
    return function paint(map, column, ratio, inks, numberOf) {
      const frame = [column.side, column.across, column.between, ratio, inks.zero[0][0]].join();
      if (frame !== before) {
        [before, painted] = [frame, []];
        [canvas.width, canvas.height] = [column.wide, column.high].map((length) => Math.ceil(length * ratio));
        Object.assign(canvas.style, { width: `${column.wide}px`, height: `${column.high}px` });
        pen.setTransform(ratio, 0, 0, ratio, 0, 0);
        font = `${kind === "gradient" ? "bold " : ""}${SIZE}px ${getComputedStyle(canvas).getPropertyValue("--gr-font")}`;
        [pen.textAlign, pen.textBaseline] = ["center", "middle"];
      }
      const numbers = Array.from(map.nodes, (n) => (n < 0 ? undefined : numberOf(n)));
      const looks = looksOf(numbers.filter((x) => typeof x === "number"), column.side, font, pen);
      let count = 0;
      numbers.forEach((x, at) => {
        const look = x === undefined ? "none" : x === null ? "dot" : x === "later" ? x : lookOf(x, kind, looks, inks);
        const key = typeof look === "string" ? look : Object.values(look).join();
        if (painted[at] === key) return;
        painted[at] = key;
        count += 1;
        const [left, top] = plan.corner(map, column, at);
        paintOne(pen, left, top, column.side, look, inks);
      });
      return count;
    };
  }

  return { brief, painterOf };
})();
