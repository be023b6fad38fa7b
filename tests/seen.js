// Everything that one sees on a page, as data: what tests/test_whole_page.py compares with Python's facts.
function seen() {
  const at = (part) => document.querySelector(`[data-part=${part}]`);
  const doing = (name) => document.querySelector(`[data-do=${name}]`);
  const all = (where, selector, tell) => [...where.querySelectorAll(selector)].map(tell);
  const area = (rect) => ["x", "y", "width", "height"].map((side) => Number(rect.getAttribute(side)));
  const box = (group) => ({
    id: group.id, node: group.dataset.node ?? null, marks: [...group.classList].filter((name) => name.startsWith("gr-")),
    label: group.querySelector("rect").ariaLabel, tab: group.querySelector("rect").getAttribute("tabindex"),
    area: area(group.querySelector("rect")), hidden: all(group, "text", (text) => text.ariaHidden),
    words: all(group, ".gr-value, .gr-gradient", (text) => [text.textContent, text.getAttribute("textLength"), text.dataset.room ?? null]),
    stop: [...group.querySelectorAll(".gr-stop, .gr-flag")].map((one) => getComputedStyle(one).display !== "none"),
  });
  const line = (group) => ({
    id: group.id, marks: [...group.classList].filter((name) => name.startsWith("gr-")), text: group.querySelector("text")?.textContent ?? null,
    room: group.querySelector("text")?.dataset.wide ?? null, full: group.querySelector("text")?.dataset.full ?? null, bold: group.querySelector("tspan")?.textContent ?? null, pen: group.querySelector("path").style.strokeWidth,
    way: group.querySelector("path").getAttribute("d"), tip: group.querySelector("polygon").getAttribute("points"),
  });
  const cell = (td) => ({
    marks: [...td.classList], value: td.children[0].textContent, size: td.children[0].style.fontSize,
    sum: td.children[1].textContent, inks: all(td.children[1], "b", (piece) => piece.style.color), ink: td.style.getPropertyValue("--ink"),
    bold: all(td.children[1], "strong", (piece) => piece.textContent),
  });
  const frame = (div) => ({
    text: div.textContent, now: div.classList.contains("gr-now"), hidden: div.hidden,
    place: ["--r", "--c", "--h", "--w", "--i", "--ink"].map((name) => div.style.getPropertyValue(name)),
  });
  const halo = document.querySelector(".gr-halo");
  return {
    folded: doing("fold").ariaPressed === "true",
    boxes: all(document, ".gr-canvas g.node[id]", box), lines: all(document, ".gr-canvas g.edge[id]", line),
    halo: [halo.style.transform, halo.getAttribute("width"), halo.getAttribute("height")],
    phase: document.querySelector(".gradroute").dataset.phase, told: at("phase").textContent, sentence: at("sentence").textContent,
    math: at("math").firstElementChild?.localName, news: at("news").textContent, count: at("count").textContent,
    slider: [at("slider").max, at("slider").value, at("slider").ariaValueText],
    track: ["--split", "--at"].map((name) => at("track").style.getPropertyValue(name)),
    marks: all(at("marks"), "i", (mark) => mark.style.left), speed: at("speed").value, tip: at("tip").hidden,
    play: doing("play").ariaLabel, stop: [doing("stop").ariaPressed, doing("stop").title],
    inputs: all(at("inputs"), ".gr-input", (row) => ({
      name: row.querySelector("label").textContent, title: row.querySelector("label").title, value: row.querySelector("[role=spinbutton]").value, whole: row.querySelector("[role=spinbutton]").title,
      slide: [...["min", "max", "step"].map((name) => row.querySelector("[type=range]").getAttribute(name)), row.querySelector("[type=range]").value],
      empty: row.querySelector("[role=spinbutton]").placeholder, gradient: row.querySelector("span").textContent, check: row.querySelector("small").textContent, edited: row.classList.contains("gr-edited"),
    })),
    leaves: at("leaves").hidden, reset: at("reset").disabled, pool: at("pool").hidden, title: at("title").textContent,
    boards: all(at("boards"), "table", (table) => all(table, "tr", (row) => all(row, "td", cell))),
    small: all(at("boards"), "table", (table) => table.parentElement.className),
    frames: all(at("boards"), ".gr-window", frame),
  };
}
