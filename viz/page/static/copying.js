// What is copied: a step or the whole sum of a box as LaTeX and text, what is seen as SVG and PNG, and its address.

const copying = (() => {
  const GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho varsigma sigma tau upsilon phi chi psi omega".split(" ");
  const SIGNS = { "−": "-", "–": "-", "→": "\\to ", "…": "\\ldots ", "⋅": "\\cdot ", "×": "\\times ", "∂": "\\partial ", "∞": "\\infty ", "≥": "\\ge ", "≤": "\\le ", "≠": "\\ne ", "\u2061": "", "\u00a0": "~" };
  const LOOKS = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "paint-order", "font-family", "font-size", "font-weight", "text-anchor"];

  const escaped = (text) => text.replace(/[\\^~]/g, (c) => `\\char${c.charCodeAt(0)} `).replace(/[{}$&#%_]/g, "\\$&");
  function letter(c) {
    const code = c.charCodeAt(0);
    if (/[₀-₉]/.test(c)) return `_{${code - 8320}}`;
    return SIGNS[c] ?? (/[α-ω]/.test(c) ? `\\${GREEK[code - 945]} ` : null);
  }
  const written = (text) => [...escaped(text)].map((c) => letter(c) ?? c).join("");
  const worded = (text) => [...escaped(text)].map((c) => (letter(c) ? `$${letter(c)}$` : letter(c) ?? c)).join("");

  /** An element of MathML, and what is in it, as LaTeX. */
  function latex(element) {
    const parts = [...element.children].map(latex);
    const text = element.textContent;
    const kinds = {
      mi: () => ([...text].length > 1 ? `\\mathrm{${written(text)}}` : written(text)),
      mtext: () => `\\text{${worded(text)}}`,
      mfrac: () => `\\frac{${parts[0]}}{${parts[1]}}`,
      msqrt: () => `\\sqrt{${parts.join("")}}`,
      msup: () => `{${parts[0]}}^{${parts[1]}}`,
      msub: () => `{${parts[0]}}_{${parts[1]}}`,
      msubsup: () => `{${parts[0]}}_{${parts[1]}}^{${parts[2]}}`,
      mtable: () => `\\begin{array}{l${"l".repeat(element.children[0]?.children.length - 1 || 0)}}${parts.join("\\\\ ")}\\end{array}`,
      mtr: () => parts.join(" & "),
    };
    return kinds[element.localName]?.() ?? (parts.length ? parts.join("") : written(text));
  }

  const tex = (markup) => latex(new DOMParser().parseFromString(markup, "text/html").querySelector("math"));

  const WORDS = {
    "step text": ({ run, index }) => run.steps[index].sentence,
    "step LaTeX": ({ run, index }) => tex(mathematics.mathml(run, run.steps[index])),
    "sum text": ({ run, index }) => mathematics.sum(run, index).text,
    "sum LaTeX": ({ run, index }) => tex(mathematics.sum(run, index).math),
    link: (state) => location.href.replace(/#.*/, "") + around.address(state),
  };

  /** What one sees of the graph, as an SVG that needs no style sheet. */
  function svg(stage) {
    function copied(one) {
      if (one.nodeType === 3) return one.data;
      const look = getComputedStyle(one);
      if (look.display === "none") return "";
      const copy = shape(one.localName);
      for (const { name, value } of one.attributes) if (!/^(class|style|role|tabindex|id|(aria|data)-.*)$/.test(name)) copy.setAttribute(name, value);
      for (const name of LOOKS) copy.setAttribute(name, look.getPropertyValue(name));
      if (look.transform !== "none") copy.setAttribute("transform", look.transform);
      copy.append(...[...one.childNodes].map(copied));
      return copy;
    }
    const [frame, canvas] = [".gr-frame", ".gr-canvas"].map((name) => stage.querySelector(name));
    const [width, height] = [frame.clientWidth, frame.clientHeight];
    const paper = shape("rect", { width, height, fill: getComputedStyle(stage.closest(".gradroute")).backgroundColor });
    const pieces = [...canvas.querySelectorAll("svg")].filter((piece) => !piece.parentElement.closest("svg")).flatMap((piece) => [...piece.childNodes].map(copied));
    const whole = shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height }, paper, shape("g", { transform: getComputedStyle(canvas).transform.replace("none", "") }, ...pieces));
    return new XMLSerializer().serializeToString(whole);
  }

  /** An SVG as pixels, two for each. */
  async function png(text) {
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = h("canvas", { width: 2 * image.width, height: 2 * image.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done));
  }

  /** Copy one kind: texts stand in a field as well, for where nothing may be copied; SVG and PNG are saved too. */
  async function copy(kind, state, { stage, copied }) {
    const text = WORDS[kind]?.(state) ?? svg(stage);
    copied.value = text;
    copied.select();
    if (WORDS[kind]) return navigator.clipboard?.writeText(text).catch(() => document.execCommand("copy"));
    const file = kind === "PNG" ? await png(text) : new Blob([text], { type: "image/svg+xml" });
    const href = URL.createObjectURL(file);
    h("a", { href, download: `step.${kind.toLowerCase()}` }).click();
    URL.revokeObjectURL(href);
    const item = kind === "PNG" ? navigator.clipboard?.write([new ClipboardItem({ "image/png": file })]) : navigator.clipboard?.writeText(text);
    return item?.catch(() => {});
  }

  return { copy, WORDS };
})();
