// Where each map stands: columns from left to right, values above and gradients below; in a narrow place one below the
// other, values left and gradients right. Cells are as large as there is room for, never too small to be hit. No DOM.

const plan = (() => {
  const SIDES = [36, 30, 27, 24, 20, 17, 14, 12, 10, 9]; // pixels
  const FIGURES = 30; // so large a cell has room for a number
  const LEAST = 27; // so large one has room for some
  const NARROW = 620;
  const [GAP, BETWEEN, TITLE, HEAD, MARGIN] = [20, 6, 30, 20, 10];

  /** Cells of a side, in as many rows of channels as there is height for. */
  function sized({ shape: [channels, rows, columns] }, side, high) {
    const between = rows * columns > 1 ? BETWEEN : 2;
    const deep = Math.max(1, Math.min(channels, Math.floor((high + between) / (rows * side + between))));
    const across = Math.ceil(channels / deep);
    return { side, across, between, wide: across * (columns * side + between) - between, high: Math.ceil(channels / across) * (rows * side + between) - between };
  }

  /** The largest cells, from a place in the list on, with which a map is no higher than this. */
  function fitting(map, first, high) {
    const found = SIDES.slice(first).map((side) => sized(map, side, high)).find((one) => one.high <= high && one.wide <= 2.4 * high);
    return found ?? sized(map, SIDES.at(-1), high);
  }

  const lettered = (title) => Math.max(...title.split(" ").map((word) => Math.min(word.length, 16))) * 6.8;
  const together = (columns) => columns.reduce((sum, { wide, least }) => sum + Math.max(wide, least) + GAP, -GAP);

  /** Columns that fill a width: all cells alike at first, then numbers where they take least. */
  function columnsOf(maps, titles, wide, high) {
    const least = titles.map(lettered);
    const all = (first) => maps.map((map, k) => ({ ...fitting(map, first, high), least: least[k] }));
    const first = SIDES.findIndex((_, k) => together(all(k)) <= wide);
    let found = all(first < 0 ? SIDES.length - 1 : first);
    const small = maps.map((_, k) => k).sort((a, b) => maps[a].nodes.length - maps[b].nodes.length);
    for (const goal of [FIGURES, ...SIDES.slice(3)]) {
      for (const k of small) {
        const more = found.map((one, at) => (at === k && one.side < goal ? { ...fitting(maps[k], SIDES.indexOf(goal), high), least: least[k] } : one));
        if (more[k].side === goal && together(more) <= wide) found = more;
      }
    }
    return found;
  }

  /** @param {any[]} maps @param {string[]} titles */
  function arranged(maps, titles, wide, high) {
    return wide < NARROW ? stacked(maps, wide) : beside(maps, titles, wide, high);
  }

  function beside(maps, titles, wide, high) {
    const row = Math.max(120, (high - 2 * (TITLE + HEAD) - 2 * MARGIN) / 2);
    const columns = columnsOf(maps, titles, wide - 2 * MARGIN, row);
    const deep = Math.max(...columns.map((one) => one.high));
    const [upper, lower] = [MARGIN + HEAD + TITLE, MARGIN + 2 * (HEAD + TITLE) + deep];
    let x = MARGIN;
    const placed = columns.map((one) => {
      const own = Math.max(one.wide, one.least);
      const left = x + (own - one.wide) / 2;
      x += own + GAP;
      const tops = [upper, lower].map((top) => top + (deep - one.high) / 2);
      return { ...one, title: own, value: [left, tops[0]], gradient: [left, tops[1]] };
    });
    return { columns: placed, narrow: false, wide: Math.max(wide, x - GAP + MARGIN), high: lower + deep + MARGIN, heads: [[MARGIN, MARGIN], [MARGIN, MARGIN + HEAD + TITLE + deep]] };
  }

  function stacked(maps, wide) {
    const half = (wide - 2 * MARGIN - GAP) / 2;
    let y = MARGIN + HEAD;
    const placed = maps.map((map) => {
      const [channels, rows, columns] = map.shape;
      const sides = SIDES.filter((side) => columns * side <= half && side <= FIGURES);
      const side = sides.find((one) => Math.ceil(channels / Math.floor((half + BETWEEN) / (columns * one + BETWEEN))) * (rows * one + BETWEEN) <= 260) ?? sides.at(-1) ?? SIDES.at(-1);
      const across = Math.max(1, Math.min(channels, Math.floor((half + BETWEEN) / (columns * side + BETWEEN))));
      const between = rows * columns > 1 ? BETWEEN : 2;
      const one = { side, across, between, least: 0, wide: across * (columns * side + between) - between, high: Math.ceil(channels / across) * (rows * side + between) - between };
      const top = y + 20;
      y = top + one.high + 12;
      return { ...one, title: half, value: [MARGIN, top], gradient: [MARGIN + half + GAP, top] };
    });
    return { columns: placed, narrow: true, wide: Math.max(wide, ...placed.map((one) => one.gradient[0] + one.wide + MARGIN)), high: y + MARGIN, heads: [[MARGIN, MARGIN], [MARGIN + half + GAP, MARGIN]] };
  }

  /** The corner of a cell, by its place in its map. */
  function corner({ shape: [, rows, columns] }, { side, across, between }, at) {
    const channel = Math.floor(at / (rows * columns));
    const [row, column] = [Math.floor(at / columns) % rows, at % columns];
    return [(channel % across) * (columns * side + between) + column * side, Math.floor(channel / across) * (rows * side + between) + row * side];
  }

  /** The place in its map of the cell at a point; -1 where there is none. */
  function placeAt({ shape: [channels, rows, columns] }, { side, across, between }, x, y) {
    const [wide, high] = [columns * side + between, rows * side + between];
    const channel = Math.floor(y / high) * across + Math.floor(x / wide);
    const [row, column] = [Math.floor((y % high) / side), Math.floor((x % wide) / side)];
    const inside = x >= 0 && y >= 0 && Math.floor(x / wide) < across && channel < channels && row < rows && column < columns;
    return inside ? (channel * rows + row) * columns + column : -1;
  }

  return { arranged, corner, placeAt, LEAST };
})();
