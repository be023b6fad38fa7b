// Numbers as text: short ones for people, and those for JSON, which has no nan and no infinity.
// One closure holds the whole file; it is not indented.
const numbers = (() => {

// A positive number as digits and exponent. JavaScript rounds an exact tie up, Python to even.
function rounded(x, digits) {
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const cut = x.toExponential(60).slice(digits + 1, 62);
  const odd = Number(mantissa.at(-1)) % 2 === 1;
  const even = odd && /^50*$/.test(cut) ? mantissa.slice(0, -1) + (mantissa.at(-1) - 1) : mantissa;
  return [even, Number(exponent)];
}

/** A short, readable form of a number, exactly that of `autodiff.language.notation.numeral`. */
function numeral(x) {
  if (x === 0) return "0";
  if (Number.isNaN(x)) return "nan";
  if (x < 0) return `-${numeral(-x)}`;
  if (x === Infinity) return "inf";
  const plain = x >= 1e-3 && x < 999999.5;
  const [mantissa, exponent] = rounded(x, !plain ? 3 : x < 1e3 ? 4 : String(Math.floor(x)).length);
  return plain ? String(Number(`${mantissa}e${exponent}`)) : `${Number(mantissa)}e${exponent}`;
}

const INFINITE = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** A number that came as JSON, of which "nan", "inf" and "-inf" are text. */
const real = (x) => (typeof x === "string" ? INFINITE[x] : x);

/** A number as JSON can hold it. */
const packed = (x) => (Number.isFinite(x) ? x : Object.keys(INFINITE).find((text) => Object.is(INFINITE[text], x)));

return { numeral, real, packed };

})();
