/* The engine's arithmetic in C: the yardstick of gan_epochs.py, compiled there.

   One GAN after another, vectorized by the compiler over the sample; GANs dealt out to all cores.
   The logistic function is the same Padé approximant as in scripts/gan_training/logistic.py. */
#include <stdint.h>
#include <string.h>

static inline float complement(float u) /* 1 / (1 + e^u) */
{
    u = u < 87.0f ? u : 87.0f;
    u = u > -87.0f ? u : -87.0f;
    int32_t k = (int32_t)__builtin_rintf(u * 1.44269504f);
    float r = u - (float)k * 0.693147181f, s = r * r;
    float odd = r * (60.0f + s), even = 120.0f + s * 12.0f, below = even - odd, power;
    int32_t bits = (k + 127) << 23;
    memcpy(&power, &bits, sizeof power);
    return below / (below + power * (even + odd));
}

/* state: theta, phi_0, phi_1 as three rows of n; overwritten. */
void train(const float *restrict real, const float *restrict noise, int m,
           const float *rate_g, const float *rate_d, float *state, int n, int epochs)
{
#pragma omp parallel for schedule(dynamic, 16)
    for (int g = 0; g < n; g++) {
        float theta = state[g], phi0 = state[n + g], phi1 = state[2 * n + g];
        float step_g = rate_g[g] / m, step_d = rate_d[g] / m;
        for (int epoch = 0; epoch < epochs; epoch++) {
            float sum0 = 0, sum1 = 0, sum2 = 0;
            for (int i = 0; i < m; i++) {
                float y = noise[i] + theta;
                float doubt = complement(phi0 + phi1 * real[i]);
                float belief = complement(-(phi0 + phi1 * y));
                sum0 += belief - doubt;
                sum1 += belief * y - doubt * real[i];
            }
            phi0 -= step_d * sum0;
            phi1 -= step_d * sum1;
            float logit = phi0 + phi1 * theta;
            for (int i = 0; i < m; i++)
                sum2 += complement(logit + phi1 * noise[i]);
            theta += step_g * phi1 * sum2;
        }
        state[g] = theta, state[n + g] = phi0, state[2 * n + g] = phi1;
    }
}
