// What can be read of an SVG as it stands on the screen: the smallest text, and every text that meets what it should not.
() => {
  const svg = document.querySelector('svg');
  const seen = (e) => {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    return style.visibility !== 'hidden' && style.display !== 'none' && Number(style.opacity) > 0 && box.width > 0;
  };
  const scaleOf = (e) => Math.hypot(e.getScreenCTM().a, e.getScreenCTM().b);
  const texts = [...svg.querySelectorAll('text')].filter((t) => t.textContent.trim() && seen(t));
  const sizes = texts.flatMap((t) =>
    [t, ...t.querySelectorAll('tspan')].map((e) => parseFloat(getComputedStyle(e).fontSize) * scaleOf(t)));

  // The ink of a text: without leading, and one unit less on each side.
  const inks = texts.map((t) => {
    const box = t.getBoundingClientRect(), unit = scaleOf(t);
    return {text: t.textContent.trim(), left: box.left + unit, right: box.right - unit,
      top: box.top + 0.18 * box.height, bottom: box.bottom - 0.2 * box.height};
  });
  const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const found = [];
  inks.forEach((a, i) => inks.slice(i + 1).forEach((b) => {
    if (meets(a, b)) found.push(`${a.text} on ${b.text}`);
  }));

  // What is painted under a plate that a text stands on is not seen there.
  const order = new Map([...svg.querySelectorAll('*')].map((e, k) => [e, k]));
  const plates = [...svg.querySelectorAll('rect, path, circle')].filter((e) => {
    const style = getComputedStyle(e);
    return seen(e) && style.fill !== 'none' && Number(style.fillOpacity) === 1 && !e.closest('defs');
  });
  inks.forEach((ink, k) => {
    const under = plates.filter((e) => order.get(e) < order.get(texts[k])).filter((e) => {
      const box = e.getBoundingClientRect();
      return box.left <= ink.left && ink.right <= box.right && box.top <= ink.top && ink.bottom <= box.bottom;
    });
    ink.plate = Math.max(-1, ...under.map((e) => order.get(e)));
  });

  // Every stroke that is seen, point by point: lines, borders, marks; not the pale frames of scopes behind all that.
  const strokes = [...svg.querySelectorAll('path, line, polyline, polygon, rect, circle, ellipse')].filter((e) => {
    const style = getComputedStyle(e);
    return !e.closest('defs, clipPath, marker, pattern, .cluster') && seen(e) && style.stroke !== 'none'
      && Number(style.strokeOpacity) > 0 && parseFloat(style.strokeWidth) > 0;
  });
  for (const stroke of strokes) {
    const matrix = stroke.getScreenCTM(), unit = scaleOf(stroke);
    const half = parseFloat(getComputedStyle(stroke).strokeWidth) * unit / 2;
    const around = stroke.getBoundingClientRect();
    const near = inks.filter((ink) => meets(ink, {left: around.left - half, right: around.right + half,
      top: around.top - half, bottom: around.bottom + half}));
    if (!near.length) continue;
    const length = stroke.getTotalLength(), met = new Set();
    for (let s = 0; s <= length; s += 1.5 / unit) {
      const p = stroke.getPointAtLength(s).matrixTransform(matrix);
      for (const ink of near)
        if (ink.plate <= order.get(stroke) && p.x > ink.left - half && p.x < ink.right + half && p.y > ink.top - half && p.y < ink.bottom + half) met.add(ink);
    }
    const name = stroke.closest('g')?.querySelector(':scope > title')?.textContent ?? stroke.tagName;
    for (const ink of met) found.push(`${ink.text} on a stroke of ${name}`);
  }

  const outside = svg.getBoundingClientRect();
  for (const ink of inks)
    if (ink.left < outside.left - 1 || ink.right > outside.right + 1 || ink.top < outside.top - 1 || ink.bottom > outside.bottom + 1)
      found.push(`${ink.text} outside`);
  return {least: Math.min(...sizes), texts: texts.length, width: outside.width, height: outside.height, overlaps: found};
}
