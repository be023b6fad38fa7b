// Numbers as text: short ones for people, and those for JSON, which has no nan and no infinity.
// One closure holds the whole file; it is not indented.
const numbers = (() => {

const MOST = 999999.5; // what is larger has an exponent
const NOISE = 1e-7; // of a number: so far off are decimals that were a float32

let figures = { digits: 4, least: 1e-3, minus: "-" };

/** Numbers are written so from now on, as `autodiff.language.notation.Figures` says. */
const write = (wanted) => { figures = wanted ?? figures; };

// A positive number as digits and exponent. JavaScript rounds an exact tie up, Python to even.
function rounded(x, digits) {
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const cut = x.toExponential(60).slice(digits + 1, 62);
  const odd = Number(mantissa.at(-1)) % 2 === 1;
  const even = odd && /^50*$/.test(cut) ? mantissa.slice(0, -1) + (mantissa.at(-1) - 1) : mantissa;
  return [even, Number(exponent)];
}

// A mantissa's digits with the point where the exponent puts it.
function fixed(mantissa, exponent) {
  const figures = mantissa.replace(".", "");
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${figures}`;
  const [whole, rest] = [figures.slice(0, exponent + 1), figures.slice(exponent + 1)];
  return whole.padEnd(exponent + 1, "0") + (rest && `.${rest}`);
}

// Without the zeros at its end, if it is the number itself and no rounded one.
function short(text, x, unit = 1) {
  const exact = Math.abs(Number(text) * unit - x) <= NOISE * x;
  return exact && text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A short, readable form of a number, exactly that of `autodiff.language.notation.numeral`. */
function numeral(x) {
  const { digits, least, minus } = figures;
  if (x === 0) return "0";
  if (Number.isNaN(x)) return "nan";
  if (x < 0) return minus + numeral(-x);
  if (x === Infinity) return "inf";
  const plain = x >= least && x < MOST;
  const [mantissa, exponent] = rounded(x, plain ? Math.max(digits, String(Math.floor(x)).length) : digits);
  if (plain) return short(fixed(mantissa, exponent), x);
  return `${short(mantissa, x, Number(`1e${exponent}`))}e${exponent < 0 ? minus : ""}${Math.abs(exponent)}`;
}

const TEXTS = { nan: NaN, inf: Infinity, "-inf": -Infinity, "-0": -0 };

/** A number that came as JSON, of which "nan", "inf" and "-inf" are text. */
const real = (x) => (typeof x === "string" ? TEXTS[x] : x);

/** A number as JSON can hold it; JavaScript's would lose the sign of -0. */
const packed = (x) => Object.keys(TEXTS).find((text) => Object.is(TEXTS[text], x)) ?? x;

/** How a negative number begins. */
const minus = () => figures.minus;

return { numeral, minus, real, packed, write };

})();
