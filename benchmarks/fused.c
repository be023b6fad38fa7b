/* micrograd's demo network, 2-H-H-1 with hinge loss, by hand: value and gradient of the mean over the samples.
   H neurons a layer, L samples at a time; parameters neuron by neuron, weights then bias. */
#include <string.h>

static double block(const double *p, const double *x0, const double *x1, const double *y, int n, double *g) {
    const double *w1 = p, *w2 = p + H * 3, *w3 = p + H * 3 + H * (H + 1);
    double *g1 = g, *g2 = g + H * 3, *g3 = g + H * 3 + H * (H + 1);
    double a[H][L], b[H][L], s[L], u[L], d[H][L], total = 0;
    for (int j = 0; j < H; j++)
        for (int l = 0; l < L; l++) {
            double t = w1[3 * j + 2] + w1[3 * j] * x0[l] + w1[3 * j + 1] * x1[l];
            a[j][l] = t > 0 ? t : 0;
        }
    for (int i = 0; i < H; i++) {
        double t[L];
        for (int l = 0; l < L; l++) t[l] = w2[i * (H + 1) + H];
        for (int j = 0; j < H; j++)
            for (int l = 0; l < L; l++) t[l] += w2[i * (H + 1) + j] * a[j][l];
        for (int l = 0; l < L; l++) b[i][l] = t[l] > 0 ? t[l] : 0;
    }
    for (int l = 0; l < L; l++) s[l] = w3[H];
    for (int i = 0; i < H; i++)
        for (int l = 0; l < L; l++) s[l] += w3[i] * b[i][l];
    for (int l = 0; l < L; l++) {
        double loss = 1 - y[l] * s[l];
        u[l] = l < n && loss > 0 ? -y[l] : 0;
        if (l < n && loss > 0) total += loss;
    }
    memset(d, 0, sizeof d);
    for (int l = 0; l < L; l++) g3[H] += u[l];
    for (int i = 0; i < H; i++) {
        double t[L], sum = 0;
        for (int l = 0; l < L; l++) sum += u[l] * b[i][l];
        g3[i] += sum;
        for (int l = 0; l < L; l++) t[l] = b[i][l] > 0 ? u[l] * w3[i] : 0;
        sum = 0;
        for (int l = 0; l < L; l++) sum += t[l];
        g2[i * (H + 1) + H] += sum;
        for (int j = 0; j < H; j++) {
            double dot = 0;
            for (int l = 0; l < L; l++) dot += t[l] * a[j][l];
            g2[i * (H + 1) + j] += dot;
            for (int l = 0; l < L; l++) d[j][l] += t[l] * w2[i * (H + 1) + j];
        }
    }
    for (int j = 0; j < H; j++) {
        double sx = 0, sy = 0, sb = 0;
        for (int l = 0; l < L; l++) {
            double t = a[j][l] > 0 ? d[j][l] : 0;
            sx += t * x0[l];
            sy += t * x1[l];
            sb += t;
        }
        g1[3 * j] += sx;
        g1[3 * j + 1] += sy;
        g1[3 * j + 2] += sb;
    }
    return total;
}

/* x: three rows (first coordinate, second coordinate, label) of n samples; g: the gradient of the mean. */
double value_and_grad(const double *p, const double *x, int n, double *g) {
    enum { P = H * 3 + H * (H + 1) + H + 1 };
    double total = 0;
    memset(g, 0, P * sizeof(double));
    for (int i = 0; i < n; i += L) {
        double x0[L] = {0}, x1[L] = {0}, y[L] = {0};
        int m = n - i < L ? n - i : L;
        memcpy(x0, x + i, m * sizeof(double));
        memcpy(x1, x + n + i, m * sizeof(double));
        memcpy(y, x + 2 * n + i, m * sizeof(double));
        total += block(p, x0, x1, y, m, g);
    }
    for (int k = 0; k < P; k++) g[k] /= n;
    return total / n;
}
