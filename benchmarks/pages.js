// What can be read of a stepper's page as it stands on the screen: the smallest text, how much of the frame is free for the
// graph, which boxes are not wholly in it, and what lies on what it should not.
() => {
  const FREE = '.gr-frame, .gr-frame *, .gr-pool, .gr-pool *';
  const seen = (e) => {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    return style.visibility !== 'hidden' && style.display !== 'none' && Number(style.opacity) > 0 && box.width > 1 && box.height > 1;
  };
  const scaleOf = (e) => (e.getScreenCTM ? Math.hypot(e.getScreenCTM().a, e.getScreenCTM().b) : 1);
  const root = document.querySelector('.gradroute');
  const frame = (document.querySelector('.gr-frame') ?? root).getBoundingClientRect();
  const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const holds = (a, b) => b.left >= a.left - 1 && b.right <= a.right + 1 && b.top >= a.top - 1 && b.bottom <= a.bottom + 1;

  // Every text: the elements with words of their own.
  const said = [...root.querySelectorAll('*')].filter((e) =>
    [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && !e.closest('option') && seen(e));
  const sizes = said.map((e) => [parseFloat(getComputedStyle(e).fontSize) * scaleOf(e.closest('text') ?? e), e.textContent.trim().slice(0, 24)]);
  const least = sizes.reduce((a, b) => (b[0] < a[0] ? b : a), [Infinity, '']);

  let free = 0, all = 0;
  for (let x = 5; x < innerWidth; x += 10) for (let y = 5; y < innerHeight; y += 10) {
    all += 1;
    if (document.elementFromPoint(x, y)?.matches(FREE)) free += 1;
  }

  const groups = [...root.querySelectorAll('.gr-canvas g.node[id]')].filter((g) => seen(g.querySelector('rect')));
  const boxes = groups.map((g) => ({id: g.id, ...['left', 'right', 'top', 'bottom'].reduce((o, k) => ({...o, [k]: g.querySelector('rect').getBoundingClientRect()[k]}), {})}));
  const outside = boxes.filter((box) => !holds(frame, box));
  const covered = boxes.filter((box) => {
    const points = [[box.left + 3, box.top + 3], [box.right - 3, box.top + 3], [box.left + 3, box.bottom - 3], [box.right - 3, box.bottom - 3], [(box.left + box.right) / 2, (box.top + box.bottom) / 2]];
    return points.some(([x, y]) => x > frame.left && x < frame.right && y > frame.top && y < frame.bottom && !document.elementFromPoint(x, y)?.closest('.gr-frame'));
  });

  // The ink of the words at lines, without leading and one unit less on each side, against boxes, lines and each other.
  const words = [...root.querySelectorAll('.gr-canvas g.edge[id] text')].filter((t) => t.textContent.trim() && seen(t)).map((t) => {
    const box = t.getBoundingClientRect(), unit = scaleOf(t);
    return {text: t.textContent.trim(), line: t.closest('g.edge'), left: box.left + unit, right: box.right - unit, top: box.top + 0.18 * box.height, bottom: box.bottom - 0.2 * box.height};
  });
  const found = [];
  words.forEach((a, i) => {
    for (const b of words.slice(i + 1)) if (meets(a, b)) found.push(`${a.text} on ${b.text}`);
    for (const box of boxes) if (meets(a, box)) found.push(`${a.text} on the box ${box.id}`);
  });
  for (const path of root.querySelectorAll('.gr-canvas g.edge[id] path')) {
    const unit = scaleOf(path), half = parseFloat(getComputedStyle(path).strokeWidth) * unit / 2, matrix = path.getScreenCTM();
    const around = path.getBoundingClientRect();
    const near = words.filter((w) => meets(w, {left: around.left - half, right: around.right + half, top: around.top - half, bottom: around.bottom + half}));
    if (!near.length) continue;
    const met = new Set(), length = path.getTotalLength();
    for (let s = 0; s <= length; s += 1.5 / unit) {
      const p = path.getPointAtLength(s).matrixTransform(matrix);
      for (const w of near) if (p.x > w.left - half && p.x < w.right + half && p.y > w.top - half && p.y < w.bottom + half) met.add(w);
    }
    for (const w of met) found.push(`${w.text} on the line ${path.closest('g').id}`);
  }
  return {least: least[0], smallest: least[1], texts: sizes.length, small: sizes.filter(([size]) => size < 10.45).length, free: free / all,
    boxes: boxes.length, outside: outside.length, covered: covered.map(({id}) => id), overlaps: found};
}
