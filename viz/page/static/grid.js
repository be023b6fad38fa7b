// The grid of a pool beside the graph: of pages that are given one.

/** The grid of a pool at each step. */
function gridPanel(grid, part) {
  const ink = (k) => `var(--gr-window-${k % grid.colours})`;
  const many = grid.windows.length > 16;
  const small = Math.max(grid.cells.length, grid.cells[0].length) > 6;
  function table(rows, caption) {
    const cells = rows.map((row) => row.map(() => ["gr-value", "gr-sum"].map((name) => h("span", { class: name }))));
    const lines = cells.map((row) => h("tr", {}, ...row.map((spans) => h("td", {}, ...spans))));
    const element = h("table", {}, h("caption", {}, caption), h("tbody", {}, ...lines));
    part.boards.append(h("div", { class: small ? "gr-small" : "" }, element));
    return { element, cells };
  }
  const { element, cells } = table(grid.cells, "input, with the gradient routed here");
  const blanks = Array.from({ length: grid.shape[0] }, () => Array(grid.shape[1]).fill());
  const outputs = table(blanks, "output, with the gradient that arrived").cells;
  const frames = grid.windows.map(({ frame, letter }, k) => {
    const outline = h("div", { class: "gr-window", "aria-hidden": "true" }, letter);
    const places = { "--r": frame[0], "--c": frame[1], "--h": frame[2], "--w": frame[3], "--i": `${many ? 2 : 2 + (k % 3) * 3}px`, "--ink": ink(k) };
    for (const [name, value] of Object.entries(places)) outline.style.setProperty(name, value);
    element.after(outline);
    return outline;
  });
  part.title.textContent = grid.title;
  part.pool.hidden = false;

  /** Whether the largest number of a window stands in several of its cells: the first of the equals takes it. */
  function tied(k, values) {
    const { uses, output, choice } = grid.windows[k];
    const equal = uses.filter(([at]) => {
      const [r, c] = at.split(",").map(Number);
      const [node, value] = grid.cells[r][c];
      return values[output] !== null && (node === null ? value : values[node]) === values[output];
    });
    return choice && equal.length > 1;
  }

  function coloured(x, k) {
    const piece = h("b", {}, x);
    piece.style.color = ink(k);
    return piece;
  }
  function fill([value, sum], now, text, pieces) {
    value.textContent = text;
    value.style.fontSize = text.length > 5 ? "12px" : "";
    sum.replaceChildren(...pieces);
    value.parentElement.classList.toggle("gr-now", now);
  }

  function show(snapshot) {
    const { values, gradients, flows, current } = snapshot;
    const arrived = new Map(); // by cell: [contribution, window]
    grid.windows.forEach(({ letter, uses, members, output, place: [r, c] }, k) => {
      for (const [at, use] of uses) {
        const sent = use.map((one) => flows.get(one)?.contribution ?? null).filter((x) => x !== null);
        if (sent.length) arrived.set(at, [...(arrived.get(at) ?? []), [sent.reduce((sum, x) => sum + x), k]]);
      }
      const now = members.includes(current.edge ? current.edge.target : current.node);
      frames[k].classList.toggle("gr-now", now);
      frames[k].hidden = many && !now;
      frames[k].textContent = now && tied(k, values) ? `${letter} tie` : letter;
      // An output that leads nowhere is no node of this graph.
      const [value, gradient] = output === null ? [null, null] : [values[output], gradients[output]];
      outputs[r][c][0].parentElement.style.setProperty("--ink", ink(k));
      const arrow = gradient === null ? [] : [coloured(look.gradientText(gradient), k)];
      fill(outputs[r][c], output === current.node, value === null ? "·" : numeral(value), arrow);
    });
    grid.cells.forEach((row, r) => row.forEach(([node, value], c) => {
      const parts = arrived.get(`${r},${c}`) ?? [];
      const pieces = parts.flatMap(([x, k], i) => [i ? (x < 0 ? " − " : " + ") : "", coloured(numeral(i ? Math.abs(x) : x), k)]);
      // What the pool sent: a cell used elsewhere too has a gradient of its own.
      if (parts.length > (small ? 1 : 3)) pieces.splice(0, Infinity, "Σ");
      if (parts.length > 1) pieces.push(" = ", h("strong", {}, numeral(parts.reduce((sum, [x]) => sum + x, 0))));
      const known = node === null ? value : values[node];
      fill(cells[r][c], node === current.node, known === null ? "·" : numeral(known), pieces);
      cells[r][c][0].parentElement.classList.toggle("gr-won", parts.length > 0);
    }));
  }
  return { show };
}
