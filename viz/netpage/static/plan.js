// Where each map stands: columns from left to right, values above and gradients below; in a narrow place one below the
// other, values left and gradients right. Cells are as large as there is room for, never too small to be hit. No DOM.

const plan = (() => {
  const ALL = [36, 30, 27, 24, 20, 17, 14, 12, 10, 9, 7, 6, 5]; // pixels
  const [LEAST_HIT, LARGE] = [9, 20]; // no smaller, but in maps of more rows or columns, which would not be seen whole
  const TALL = 260; // pixels: maps of a layer in a narrow place
  const SPREAD = 34; // pixels more between columns, where there is room
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

  const sidesOf = ({ shape: [, rows, columns] }) => ALL.filter((side) => side >= LEAST_HIT || Math.max(rows, columns) > LARGE);

  /** Cells of a side, in as many columns of channels as there is width for. */
  function across(map, side, wide) {
    const [channels, rows, columns] = map.shape;
    const between = rows * columns > 1 ? BETWEEN : 2;
    const count = Math.max(1, Math.min(channels, Math.floor((wide + between) / (columns * side + between))));
    return { side, across: count, between, wide: count * (columns * side + between) - between, high: Math.ceil(channels / count) * (rows * side + between) - between };
  }

  /** The largest cells, from a place in the list on, with which a map is no higher than this. */
  function fitting(map, first, high) {
    const SIDES = sidesOf(map);
    const found = SIDES.slice(first).map((side) => sized(map, side, high)).find((one) => one.high <= high && one.wide <= 2.4 * high);
    return found ?? sized(map, SIDES.at(-1), high);
  }

  const lettered = (title) => Math.max(...title.split(" ").map((word) => Math.min(word.length, 16))) * 6.8;
  const together = (columns) => columns.reduce((sum, { wide, least }) => sum + Math.max(wide, least) + GAP, -GAP);

  /** Columns that fill a width: all cells alike at first, then numbers where they take least. */
  function columnsOf(maps, titles, wide, high) {
    const least = titles.map(lettered);
    const all = (first) => maps.map((map, k) => ({ ...fitting(map, first, high), least: least[k] }));
    const first = ALL.findIndex((_, k) => together(all(k)) <= wide);
    let found = all(first < 0 ? ALL.length - 1 : first);
    const small = maps.map((_, k) => k).sort((a, b) => maps[a].nodes.length - maps[b].nodes.length);
    for (const goal of [FIGURES, ...ALL.slice(3)]) {
      for (const k of small) {
        const more = found.map((one, at) => (at === k && one.side < goal ? { ...fitting(maps[k], ALL.indexOf(goal), high), least: least[k] } : one));
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
    const gap = GAP + Math.max(0, Math.min(SPREAD, (wide - 2 * MARGIN - together(columns)) / columns.length));
    let x = MARGIN;
    const placed = columns.map((one) => {
      const own = Math.max(one.wide, one.least);
      const left = x + (own - one.wide) / 2;
      x += own + gap;
      const tops = [upper, lower].map((top) => top + (deep - one.high) / 2);
      return { ...one, title: own, value: [left, tops[0]], gradient: [left, tops[1]] };
    });
    return { columns: placed, narrow: false, wide: Math.max(wide, x - gap + MARGIN), high: lower + deep + MARGIN, heads: [[MARGIN, MARGIN], [MARGIN, MARGIN + HEAD + TITLE + deep]] };
  }

  function stacked(maps, wide) {
    const half = (wide - 2 * MARGIN - GAP) / 2;
    let y = MARGIN + HEAD;
    const placed = maps.map((map) => {
      const columns = map.shape[2];
      const isWide = columns * LEAST_HIT > half; // then its gradient stands below it
      const room = isWide ? wide - 2 * MARGIN : half;
      const sides = ALL.filter((side) => side >= LEAST_HIT && columns * side <= room && side <= FIGURES);
      const tried = (sides.length ? sides : [LEAST_HIT]).map((side) => across(map, side, room));
      const one = tried.find(({ high }) => high <= TALL) ?? tried.at(-1);
      const top = y + 20;
      const [left, lower] = isWide ? [MARGIN, top + one.high + 10] : [MARGIN + half + GAP, top];
      y = lower + one.high + 12;
      return { ...one, least: 0, title: room, value: [MARGIN, top], gradient: [left, lower] };
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
