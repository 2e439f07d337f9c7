/* The engine's arithmetic in C: the yardstick of gan_epochs.py, compiled there.

   One GAN after another, vectorized by the compiler over the sample; GANs dealt out to all cores.
   The logistic function is the same Padé approximant as in scripts/gan_training/lab/logistic.py. */
#include <stdint.h>
#include <string.h>

static inline double complement(double u) /* 1 / (1 + e^u) */
{
    u = u < 700.0 ? u : 700.0;
    u = u > -700.0 ? u : -700.0;
    int32_t k = (int32_t)__builtin_rint(u * 1.4426950408889634);
    double r = u - k * 0.6931471805599453, s = r * r;
    double odd = r * (15120.0 + s * (420.0 + s)), even = 30240.0 + s * (3360.0 + s * 30.0);
    double below = even - odd, power;
    int64_t bits = (int64_t)(k + 1023) << 52;
    memcpy(&power, &bits, sizeof power);
    return below / (below + power * (even + odd));
}

/* state: theta, phi_0, phi_1 as three rows of n; overwritten. */
void train(const double *restrict real, const double *restrict noise, int m,
           const double *rate_g, const double *rate_d, double *state, int n, int epochs)
{
#pragma omp parallel for schedule(dynamic, 16)
    for (int g = 0; g < n; g++) {
        double theta = state[g], phi0 = state[n + g], phi1 = state[2 * n + g];
        double step_g = rate_g[g] / m, step_d = rate_d[g] / m;
        for (int epoch = 0; epoch < epochs; epoch++) {
            double sum0 = 0, sum1 = 0, sum2 = 0;
            for (int i = 0; i < m; i++) {
                double y = noise[i] + theta;
                double doubt = complement(phi0 + phi1 * real[i]);
                double belief = complement(-(phi0 + phi1 * y));
                sum0 += belief - doubt;
                sum1 += belief * y - doubt * real[i];
            }
            phi0 -= step_d * sum0;
            phi1 -= step_d * sum1;
            double logit = phi0 + phi1 * theta;
            for (int i = 0; i < m; i++)
                sum2 += complement(logit + phi1 * noise[i]);
            theta += step_g * phi1 * sum2;
        }
        state[g] = theta, state[n + g] = phi0, state[2 * n + g] = phi1;
    }
}
