// How a graph and the card of its story share a stage: pure, of numbers alone.

const MOST = 2; // times that a small graph is shown larger
const BESIDE = 8; // pixels between the card and the border

/**
 * Where the card stands over a graph that is shown so: the emptiest corner over no box; undefined if there is none.
 * @param {any} graph @param {any} camera @param {any} stage @param {any} card @param {any} [known]
 */
function corner(graph, camera, stage, card, known) {
  const [{ boxes, points }, [scale, x, y], [width, height], [wide, high]] = [graph, camera, stage, card];
  const places = [];
  for (const top of [height - high, 0]) for (const left of [width - wide, 0]) places.push([left, top]);
  const within = (left, top) => ([a, b, w = 0, h = 0]) =>
    a * scale + x + w * scale > left && a * scale + x < left + wide && b * scale + y + h * scale > top && b * scale + y < top + high;
  let [best, least] = [undefined, Infinity];
  for (const place of places) {
    const meets = within(...place);
    if (boxes.some(meets)) continue;
    // Where it stood already it stays, if that is as good.
    const met = points.filter(meets).length - (known?.join() === place.join() ? 2.5 : 0);
    if (met < least) [best, least] = [place, met];
  }
  return best;
}

/** How a graph opens: scale and place, the card's corner, the `area` [left, top, width, height] it is moved in, and whether it is whole. */
function arranged(graph, [width, height], [wide, high]) {
  const [low, narrow] = [height - high, width - wide];
  const areas = [[0, 0, width, height], [0, 0, width, low], [0, high, width, low], [0, 0, narrow, height], [wide, 0, narrow, height]];
  const found = [];
  for (const area of areas) {
    const scale = Math.min(area[2] / graph.wide, area[3] / graph.high, MOST);
    if (scale < 1 || found.some((one) => one.scale >= scale)) continue;
    const [x, y] = [area[0] + (area[2] - graph.wide * scale) / 2, area[1] + (area[3] - graph.high * scale) / 2];
    const at = corner(graph, [scale, x, y], [width, height], [wide, high]);
    if (at) found.push({ scale, x, y, at, area, whole: true });
  }
  if (found.length) return found.reduce((one, other) => (other.scale > one.scale ? other : one));
  // It is moved: from side to side above the card, up and down beside it, or, above a flat card, both.
  const moved = (area, at) => ({ scale: 1, x: area[0] + Math.max(0, (area[2] - graph.wide) / 2), y: area[1] + Math.max(0, (area[3] - graph.high) / 2), area, at, whole: false });
  if (graph.wide <= narrow) return moved(areas[3], [narrow, low]);
  if (graph.high <= low) return moved(areas[1], [narrow, low]);
  return moved(areas[0]);
}

/** Which of the layouts a stage takes: the first that is seen whole; a folded one after all others, or as it is wished. */
function chosen(layouts, stage, card, wish = null) {
  const order = layouts.filter(({ folded = false }) => wish === null || wish === folded);
  const tried = order.map((layout) => [layout, arranged(layout, stage, card)]);
  const good = ([{ folded }, { whole, at }]) => (whole ? 4 : 0) + (at ? 2 : 0) + (folded ? 0 : 1);
  return tried.reduce((one, other) => (good(other) > good(one) ? other : one));
}
