// What people type as a number: `1/2`, `0.7*3`, `-(2 − 3)`, `1.2e-7`, `2·10^-3`. It is parsed by the grammar below and
// never run as a script, which the page's policy forbids. No DOM in here, and nothing of a graph.

const arithmetic = (() => {
  const SIGNS = { "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/", "⁄": "/", "∞": "inf" };
  const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"; // as in 10⁻⁷
  const TOKEN = /\s*(?:((?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?)|(inf(?:inity)?|nan)|(\*\*|[-+*/^()]))/iy;
  const LONGEST = 200; // characters: deeper than this no bracket can stand
  const NAMED = { inf: Infinity, nan: NaN };

  const plain = (text) =>
    text
      .replace(/[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+/g, (run) => `^(${[...run].map((c) => ({ "⁻": "-", "⁺": "+" })[c] ?? RAISED.indexOf(c)).join("")})`)
      .replace(/[−–×·⋅∗÷∕⁄∞]/g, (c) => SIGNS[c]);

  /** The tokens of a text, numbers as numbers; null where something else stands in it. */
  function tokens(text) {
    const found = [];
    TOKEN.lastIndex = 0;
    for (let rest = text.trimEnd(); TOKEN.lastIndex < rest.length; ) {
      const match = TOKEN.exec(rest);
      if (!match) return null;
      const [, digits, name, sign] = match;
      found.push(digits ? Number(digits.replace(",", ".")) : name ? NAMED[name.toLowerCase().slice(0, 3)] : sign === "**" ? "^" : sign);
    }
    return found;
  }

  /**
   * The number that a text means, null where it means none.
   *
   * sum = product (("+" | "-") product)*        product = signed (("*" | "/") signed)*
   * signed = ("+" | "-") signed | power         power = atom ["^" signed]         atom = number | "(" sum ")"
   * @param {string} text
   */
  function parse(text) {
    const row = text.length > LONGEST ? null : tokens(plain(text));
    if (!row?.length) return null;
    let at = 0;
    const next = (...signs) => signs.includes(row[at]) && row[at++];

    function sum() {
      let left = product();
      for (let sign; (sign = next("+", "-")); ) left = sign === "+" ? left + product() : left - product();
      return left;
    }
    function product() {
      let left = signed();
      for (let sign; (sign = next("*", "/")); ) left = sign === "*" ? left * signed() : left / signed();
      return left;
    }
    function signed() {
      const sign = next("+", "-");
      if (sign) return sign === "-" ? -signed() : signed();
      const base = atom();
      return next("^") ? base ** signed() : base;
    }
    function atom() {
      if (typeof row[at] === "number") return row[at++];
      if (!next("(")) throw null;
      const inner = sum();
      if (!next(")")) throw null;
      return inner;
    }

    try {
      const value = sum();
      return at === row.length ? value : null;
    } catch (stop) {
      if (stop === null) return null;
      throw stop;
    }
  }

  /** A number in so many significant digits, as people write it. */
  const figures = (x, digits) => (Number.isFinite(x) ? String(Number(x.toPrecision(digits))) : String(x)).replaceAll("-", numbers.minus());

  return { parse, figures };
})();
