/* micrograd's README graph by hand: value and gradient of n samples, (a, b) in rows or in two columns. */
#if ROWS
#define AT(v, i, k) v[2 * (i) + (k)]
#else
#define AT(v, i, k) v[(k) * n + (i)]
#endif

void value_and_grad(const double *restrict x, long n, double *restrict y, double *restrict g) {
    for (long i = 0; i < n; i++) {
        double a = AT(x, i, 0), b = AT(x, i, 1);
        double sum = b + a, less = b - a, plus = sum > 0, minus = less > 0;
        double c = 2 * (2 * (a + b) + 1) + 1 - a;
        double d = 4 * (3 * (a * b + b * b * b) + plus * sum) + minus * less;
        double e = c - d, f = e * e, up = e - 20 / (f * e);
        y[i] = f / 2 + 10 / f;
        AT(g, i, 0) = up * (3 - 4 * (3 * b + plus) + minus);
        AT(g, i, 1) = up * (4 - 4 * (3 * (a + 3 * b * b) + plus) - minus);
    }
}
