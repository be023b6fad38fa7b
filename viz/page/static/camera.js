// Zoom, pan and fit, by CSS: nothing is painted anew.

/** `settle` is told of every new place: scale, left and top. */
function cameraOf(frame, canvas, wide, high, settle = (_) => {}) {
  let [scale, x, y] = [1, 0, 0];
  let touched = false; // by a person: then a new size leaves it alone
  let moved = 0;
  const pointers = new Map();
  let area = [0, 0, 600, 400]; // the part of the frame in which boxes come into view

  function set(toScale, toX, toY, gliding = false) {
    [scale, x, y] = [toScale, toX, toY];
    canvas.classList.toggle("gr-gliding", gliding);
    canvas.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    settle([scale, x, y]);
  }

  /** As it was arranged for a frame, unless a hand has set it. */
  function open(plan) {
    area = plan.area;
    if (!touched) set(plan.scale, plan.x, plan.y);
  }

  /** All of it, however small. */
  function fit() {
    touched = false;
    const [left, top, width, height] = area;
    const whole = Math.min(width / wide, height / high, MOST);
    set(whole, left + (width - wide * whole) / 2, top + (height - high * whole) / 2);
  }

  const middle = () => [area[0] + area[2] / 2, area[1] + area[3] / 2];
  function zoom(factor, atX = middle()[0], atY = middle()[1]) {
    touched = true;
    const to = Math.min(6, Math.max(0.05, scale * factor));
    set(to, atX - ((atX - x) * to) / scale, atY - ((atY - y) * to) / scale);
  }

  function pan(byX, byY) {
    touched = true;
    set(scale, x + byX, y + byY);
  }

  /** Bring boxes [x, y, width, height] into view, moving no more than needed. */
  function reveal(boxes) {
    const shift = (side, offset) => {
      const [start, space] = [area[side], area[side + 2]];
      const low = Math.min(...boxes.map((box) => box[side] * scale + offset)) - start;
      const up = Math.max(...boxes.map((box) => (box[side] + box[side + 2]) * scale + offset)) - start;
      const edge = Math.min(36, space / 8);
      if (low >= 4 && up <= space - 4) return 0;
      if (up - low > space - 2 * edge) return edge - low;
      return low < 4 ? space * 0.25 - low : space * 0.75 - up;
    };
    const [byX, byY] = [shift(0, x), shift(1, y)];
    if (byX || byY) set(scale, Math.round(x + byX), Math.round(y + byY), true);
  }

  const at = ({ clientX, clientY }) => [clientX, clientY];
  /** @type {(point: number[]) => [number, number]} */
  const inside = ([atX, atY], { left, top } = frame.getBoundingClientRect()) => [atX - left, atY - top];
  frame.addEventListener("pointerdown", (event) => {
    moved = 0;
    if (!event.button && event.target?.localName !== "input") pointers.set(event.pointerId, at(event));
  });
  frame.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    const by = [now[0] - before[0], now[1] - before[1]];
    moved += Math.hypot(...by);
    pointers.set(event.pointerId, now);
    if (moved < 5) return;
    frame.setPointerCapture(event.pointerId);
    const hold = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (!hold) return pan(...by);
    const apart = (point) => Math.hypot(point[0] - hold[0], point[1] - hold[1]) || 1;
    zoom(apart(now) / apart(before), ...inside(hold));
  });
  for (const name of ["pointerup", "pointercancel"]) frame.addEventListener(name, (event) => pointers.delete(event.pointerId));
  const onWheel = (event) => {
    // A plain wheel scrolls what is around us; a page of its own has nothing to scroll.
    const alone = window.top === window && document.scrollingElement.scrollHeight <= innerHeight;
    if (!event.ctrlKey && !event.metaKey && !alone) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), ...inside(at(event)));
  };
  frame.addEventListener("wheel", onWheel, { passive: false });
  return { fit, open, zoom, pan, reveal, dragged: () => moved >= 5 };
}
