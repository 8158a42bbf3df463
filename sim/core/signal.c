#include "sim/core/signal.h"

#include <graticule/graticule.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "sim/core/hash.h"

#define MAX_FILE_SAMPLES (16u << 20)
#define UART_FRAME 10          /* start, 8 data, stop */
#define NOISE_RATE 4e9         /* independent noise values per second */
#define SETTLED 30.0           /* time constants after which a step is over */

/* sin(2 pi x): the quarter that it is in, and there the series up to z^11; wrong by 6e-8 at most. */
static inline double sine_of(double x)
{
    const double whole = 0x1.8p52; /* beside it a number is rounded */
    double u = x - 0.25, z, y;
    u -= u + whole - whole;
    z = 2 * M_PI * (0.25 - fabs(u));
    y = z * z;
    return z * (1 + y * (-1 / 6.0 + y * (1 / 120.0 + y * (-1 / 5040.0 + y * (1 / 362880.0 + y * (-1 / 39916800.0))))));
}

static bool quantity(const char *text, const char *unit, double *out, char err[256])
{
    grat_op op;
    grat_op_init(&op, 0, NULL);
    if (!*text || grat_parse_quantity(text, unit, out, &op) == GRAT_OK) return true;
    snprintf(err, 256, "signal: %.200s", op.text);
    return false;
}

static bool load_file(sim_signal *s, const char *path, char err[256])
{
    FILE *f = fopen(path, "re");
    if (!f) {
        snprintf(err, 256, "signal: %.150s cannot be opened; give a text file with one number a line", path);
        return false;
    }
    char line[64];
    size_t cap = 0;
    while (s->count < MAX_FILE_SAMPLES && fgets(line, sizeof line, f)) {
        double v;
        if (!grat__parse_double(line, &v)) continue;
        if (s->count == cap) {
            cap = cap ? cap * 2 : 1024;
            float *more = realloc(s->sample, cap * sizeof *more);
            if (!more) break;
            s->sample = more;
        }
        s->sample[s->count++] = (float)v;
    }
    fclose(f);
    if (s->count) return true;
    snprintf(err, 256, "signal: %.150s holds no numbers; give a text file with one number a line", path);
    return false;
}

static bool parse_file(sim_signal *s, const char *rest, char err[256])
{
    char path[256];
    const char *colon = strrchr(rest, ':');
    if (!colon || !grat__strcpy(path, sizeof path, rest)) {
        snprintf(err, 256, "signal: file needs a path and a rate; write file:PATH:RATE");
        return false;
    }
    path[colon - rest] = '\0';
    s->frequency = 1e6;
    return quantity(colon + 1, "S/s", &s->frequency, err) && s->frequency > 0 && load_file(s, path, err);
}

/* Cuts the next ':' field off *rest. */
static const char *field(char **rest)
{
    char *start = *rest, *colon = strchr(start, ':');
    if (colon) *colon = '\0', *rest = colon + 1;
    else *rest = start + strlen(start);
    return start;
}

static bool parse_uart(sim_signal *s, char *rest, char err[256])
{
    s->frequency = 9600;
    s->amplitude = 3.3;
    if (!quantity(field(&rest), "", &s->frequency, err)) return false;
    const char *text = field(&rest);
    if (!*text) text = "Graticule ";
    if (!grat__strcpy(s->text, sizeof s->text, text)) {
        snprintf(err, 256, "signal: the uart text is longer than %zu characters", sizeof s->text - 1);
        return false;
    }
    s->count = strlen(s->text);
    if (!quantity(field(&rest), "V", &s->amplitude, err)) return false;
    s->offset = s->amplitude / 2;
    return true;
}

static bool parse_wave(sim_signal *s, char *rest, char err[256])
{
    double degrees = 0;
    if (s->shape != SIM_DC && s->shape != SIM_NOISE && !quantity(field(&rest), "Hz", &s->frequency, err)) return false;
    double *first = s->shape == SIM_DC ? &s->offset : &s->amplitude;
    if (!quantity(field(&rest), "V", first, err) || !quantity(field(&rest), "V", &s->offset, err)) return false;
    if (!quantity(field(&rest), "", &degrees, err)) return false;
    s->phase = degrees / 360;
    return true;
}

bool sim_signal_parse(sim_signal *s, const char *spec, char err[256])
{
    static const char *const names[] = {
        [SIM_DC] = "dc",       [SIM_SINE] = "sine", [SIM_SQUARE] = "square", [SIM_TRIANGLE] = "triangle",
        [SIM_NOISE] = "noise", [SIM_UART] = "uart", [SIM_FILE] = "file",
    };
    char copy[512];
    if (!grat__strcpy(copy, sizeof copy, spec)) {
        snprintf(err, 256, "signal: the description is longer than %zu characters", sizeof copy - 1);
        return false;
    }
    char *rest = copy;
    const char *name = field(&rest);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (!grat__strcaseeq(name, names[i])) continue;
        *s = (sim_signal){.shape = (sim_shape)i, .frequency = 1e3, .amplitude = i == SIM_NOISE ? 0.1 : 2};
        bool ok = i == SIM_FILE ? parse_file(s, rest, err)
                : i == SIM_UART ? parse_uart(s, rest, err)
                                : parse_wave(s, rest, err);
        if (ok && s->frequency > 0 && isfinite(s->frequency)) return true;
        if (ok) snprintf(err, 256, "signal: the frequency in \"%.100s\" is not positive", spec);
        sim_signal_free(s);
        return false;
    }
    snprintf(err, 256, "signal: \"%.60s\" is unknown; use dc, sine, square, triangle, noise, uart or file", name);
    return false;
}

void sim_signal_free(sim_signal *s)
{
    free(s->sample);
    *s = (sim_signal){0};
}

sim_filter sim_filter_for(const sim_signal *s, double bandwidth_hz)
{
    sim_filter f = {.gain = 1, .settle = 1};
    if (!(bandwidth_hz > 0)) return f;
    f.tau = 1 / (2 * M_PI * bandwidth_hz);
    double ratio = s->frequency / bandwidth_hz;
    f.gain = 1 / sqrt(1 + ratio * ratio);
    f.shift = atan(ratio) / (2 * M_PI);
    f.settle = tanh(1 / (4 * f.tau * s->frequency));
    return f;
}

static double decay(const sim_filter *f, double since)
{
    return f->tau > 0 && since < SETTLED * f->tau ? exp(-since / f->tau) : 0;
}

static double square_of(const sim_signal *s, const sim_filter *f, double x)
{
    bool high = x < 0.5;
    double since = (high ? x : x - 0.5) / s->frequency;
    double v = 1 - (1 + f->settle) * decay(f, since);
    return high ? v : -v;
}

/* The level of bit n of the endless text: least significant bit first, a frame of idle after each round. */
static int uart_bit(const sim_signal *s, int64_t n)
{
    int64_t round = (int64_t)(s->count + 1) * UART_FRAME;
    n %= round;
    if (n < 0) n += round;
    size_t byte = (size_t)(n / UART_FRAME);
    int bit = (int)(n % UART_FRAME);
    if (byte == s->count || bit == UART_FRAME - 1) return 1;
    return bit == 0 ? 0 : (unsigned char)s->text[byte] >> (bit - 1) & 1;
}

static double uart_of(const sim_signal *s, const sim_filter *f, double t)
{
    double at = t * s->frequency, n = floor(at);
    int now = uart_bit(s, (int64_t)n), before = uart_bit(s, (int64_t)n - 1);
    double v = now ? 1 : -1;
    if (now != before) v -= 2 * v * decay(f, (at - n) / s->frequency);
    return v;
}

static double file_of(const sim_signal *s, double t)
{
    double at = fmod(floor(t * s->frequency), (double)s->count);
    if (at < 0) at += (double)s->count;
    return s->sample[(size_t)at];
}

double sim_signal_value(const sim_signal *s, const sim_filter *f, double t)
{
    t -= s->delay;
    double x = t * s->frequency + s->phase, half = s->amplitude / 2;
    switch (s->shape) {
    case SIM_DC: return s->offset;
    case SIM_SINE: return s->offset + half * f->gain * sine_of(x - f->shift);
    case SIM_SQUARE: return s->offset + half * square_of(s, f, x - floor(x));
    case SIM_TRIANGLE: x -= floor(x + 0.25); return s->offset + half * (x < 0.25 ? 4 * x : 2 - 4 * x);
    case SIM_NOISE: return s->offset + s->amplitude * sim_gauss(sim_mix((uint64_t)(int64_t)(t * NOISE_RATE)));
    case SIM_UART: return s->offset + half * uart_of(s, f, t);
    case SIM_FILE: return file_of(s, t);
    }
    return 0;
}

/* Between its edges a square wave stays as it is: so many of the next times need no look. One step is kept back, for
 * times are rounded. */
static size_t steady(const sim_signal *s, const sim_filter *f, const double *t, size_t n)
{
    double x = (t[0] - s->delay) * s->frequency + s->phase;
    x -= floor(x);
    double since = (x < 0.5 ? x : x - 0.5) / s->frequency, until = 0.5 / s->frequency - since;
    if (n < 4 || (f->tau > 0 && since < SETTLED * f->tau)) return 0;
    double step = (t[n - 1] - t[0]) / (double)(n - 1), steps = until / step - 2;
    if (!(steps > 0)) return 0;
    return steps < (double)n ? (size_t)steps : n - 1;
}

SIM_WIDE static void sine_values(const sim_signal *s, const sim_filter *f, double *v, size_t n)
{
    const double delay = s->delay, frequency = s->frequency, phase = s->phase, shift = f->shift, offset = s->offset;
    const double most = s->amplitude / 2 * f->gain;
    for (size_t i = 0; i < n; i++) v[i] = offset + most * sine_of((v[i] - delay) * frequency + phase - shift);
}

void sim_signal_values(const sim_signal *s, const sim_filter *f, double *v, size_t n)
{
    switch (s->shape) {
    case SIM_DC:
        for (size_t i = 0; i < n; i++) v[i] = s->offset;
        break;
    case SIM_SINE:
        sine_values(s, f, v, n);
        break;
    case SIM_SQUARE:
        for (size_t i = 0; i < n; i++) {
            size_t same = steady(s, f, v + i, n - i);
            double now = sim_signal_value(s, f, v[i]);
            for (; same; same--) v[i++] = now;
            v[i] = now;
        }
        break;
    default:
        for (size_t i = 0; i < n; i++) v[i] = sim_signal_value(s, f, v[i]);
    }
}

double sim_signal_step(const sim_signal *s)
{
    switch (s->shape) {
    case SIM_DC: return 0;
    case SIM_NOISE: return 1e-6;
    case SIM_UART: return 1 / (4 * s->frequency);
    case SIM_FILE: return 1 / s->frequency;
    default: return 1 / (64 * s->frequency);
    }
}

double sim_signal_mean(const sim_signal *s)
{
    if (s->shape != SIM_FILE && s->shape != SIM_UART) return s->offset;
    double sum = 0;
    if (s->shape == SIM_FILE) {
        for (size_t i = 0; i < s->count; i++) sum += s->sample[i];
        return sum / (double)s->count;
    }
    int64_t bits = (int64_t)(s->count + 1) * UART_FRAME;
    for (int64_t n = 0; n < bits; n++) sum += uart_bit(s, n) ? 0.5 : -0.5;
    return s->offset + s->amplitude * sum / (double)bits;
}
