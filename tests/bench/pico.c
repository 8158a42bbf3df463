/* PicoScopes behind the stand-in libraries (GRATICULE_PICO_PATH): what the host's work costs.
 *
 * pico values                  ns a sample: volts as float, a copy of as many bytes; 16:1 extremes, a copy of as many
 * pico stream RESOURCE RATE SECONDS   percent of a core, samples a second, lost
 * pico bare LIBRARY RATE SECONDS      the same for a loop that only polls the library: what the stand-in itself costs
 * pico segments RESOURCE N     us of the host for a segment of a rapid block */
#include <graticule/graticule.h>

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define SAMPLES (1u << 22)
#define ROUNDS 15
#define GROUP 16

static double now(void)
{
    return (double)grat_now_ns() * 1e-9;
}

static double cpu(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

/* ---- arithmetic ------------------------------------------------------------------------------------- */

static grat_trace trace;
static char *from, *to;
static float *low, *high;

static void volts(void)
{
    grat_trace_values_f32(&trace, 0, SAMPLES, low);
}

static void copy_volts(void)
{
    memcpy(to, from, SAMPLES * (sizeof(int16_t) + sizeof(float)) / 2);
}

static void extremes(void)
{
    grat_trace_envelope(&trace, 0, SAMPLES / GROUP, GROUP, low, high);
}

static void copy_extremes(void)
{
    memcpy(to, from, (SAMPLES * sizeof(int16_t) + SAMPLES / GROUP * 2 * sizeof(float)) / 2);
}

static int values(void)
{
    void (*const contestant[])(void) = {volts, copy_volts, extremes, copy_extremes};
    double best[4] = {1e9, 1e9, 1e9, 1e9};
    int16_t *raw = malloc(SAMPLES * sizeof *raw);
    from = malloc(SAMPLES * 8);
    to = malloc(SAMPLES * 8);
    low = malloc(SAMPLES * sizeof *low);
    high = malloc(SAMPLES * sizeof *high);
    if (!raw || !from || !to || !low || !high) return 1;
    for (unsigned i = 0; i < SAMPLES; i++) raw[i] = (int16_t)(i * 2654435761u >> 16);
    memset(from, 1, SAMPLES * 8);
    trace = (grat_trace){.type = GRAT_I16, .scale = 1e-4, .offset = 0.1, .raw = raw};
    for (int r = 0; r < ROUNDS; r++) {
        for (int c = 0; c < 4; c++) {
            double t = now();
            contestant[c]();
            t = now() - t;
            if (t < best[c]) best[c] = t;
        }
    }
    for (int c = 0; c < 4; c++) printf("%.4f ", best[c] / SAMPLES * 1e9);
    printf("\n");
    return 0;
}

/* ---- through the library ------------------------------------------------------------------------------ */

static grat_scope *open_scope(const char *resource)
{
    grat_op op;
    grat_session *s;
    grat_scope *sc;
    grat_op_init(&op, 10000, NULL);
    if (grat_open(resource, NULL, &op, &s) || grat_scope_open(s, &op, &sc)) {
        fprintf(stderr, "%s: %s\n", resource, op.text);
        exit(1);
    }
    return sc;
}

static uint64_t seen;
static bool count(void *user, grat_record *r)
{
    (void)user;
    seen += r->count;
    return true;
}

static int stream(const char *resource, double rate, double seconds)
{
    grat_scope *sc = open_scope(resource);
    grat_op op;
    grat_request q;
    grat_log_totals t = {0};
    grat_log_options o = {.size = sizeof o, .duration = seconds};
    grat_log_sink sink = {.fn = count, .totals = &t};
    grat_request_init(&q);
    q.any_channel = q.channel[0] = true;
    q.samples = 10000;
    q.period = 10000 / rate;
    grat_op_init(&op, 600000, NULL);
    double c = cpu(), w = now();
    if (grat_log(sc, &q, &o, &sink, &op)) {
        fprintf(stderr, "%s\n", op.text);
        return 1;
    }
    w = now() - w;
    printf("%.2f %.0f %llu\n", (cpu() - c) / w * 100, (double)seen / w, (unsigned long long)t.lost);
    grat_scope_close(sc);
    return 0;
}

static int segments(const char *resource, unsigned n)
{
    grat_scope *sc = open_scope(resource);
    grat_op op;
    grat_request q;
    grat_request_init(&q);
    q.any_channel = q.channel[0] = true;
    q.samples = 1000;
    q.period = 8e-6;
    q.trigger = GRAT_TRIG_NONE;
    q.segments = n;
    double best = 1e9;
    for (int r = 0; r < 5; r++) {
        grat_op_init(&op, 60000, NULL);
        double t = now();
        if (grat_capture(sc, &q, count, NULL, &op)) {
            fprintf(stderr, "%s\n", op.text);
            return 1;
        }
        t = now() - t - n * (q.period + 1e-6);
        if (t < best) best = t;
    }
    printf("%.3f %llu\n", best / n * 1e6, (unsigned long long)seen);
    grat_scope_close(sc);
    return 0;
}

/* ---- the stand-in alone ---------------------------------------------------------------------------------- */

typedef void (*ready_fn)(int16_t, int32_t, uint32_t, int16_t, uint32_t, int16_t, int16_t, void *);
static void on_pico_stream(int16_t h, int32_t n, uint32_t start, int16_t over, uint32_t at, int16_t triggered,
                           int16_t end, void *user)
{
    (void)h, (void)start, (void)over, (void)at, (void)triggered, (void)end, (void)user;
    seen += (uint64_t)n;
}

#define BARE_RING 4194304
static int bare(const char *path, double rate, double seconds)
{
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    uint32_t (*open_unit)(int16_t *, int8_t *, int32_t), (*set)(int16_t, int32_t, int16_t, int32_t, int32_t, float);
    uint32_t (*buffer)(int16_t, int32_t, int16_t *, int32_t, uint32_t, int32_t), (*poll)(int16_t, ready_fn, void *);
    uint32_t (*run)(int16_t, uint32_t *, int32_t, uint32_t, uint32_t, int16_t, uint32_t, int32_t, uint32_t);
    uint32_t ps = (uint32_t)llround(1e12 / rate);
    int16_t h = 0, *ring = calloc(BARE_RING, sizeof *ring);
    if (!lib || !ring) return 1;
    *(void **)&open_unit = dlsym(lib, "ps5000aOpenUnit");
    *(void **)&set = dlsym(lib, "ps5000aSetChannel");
    *(void **)&buffer = dlsym(lib, "ps5000aSetDataBuffer");
    *(void **)&run = dlsym(lib, "ps5000aRunStreaming");
    *(void **)&poll = dlsym(lib, "ps5000aGetStreamingLatestValues");
    if (open_unit(&h, NULL, 0) || set(h, 1, 0, 1, 7, 0) || buffer(h, 0, ring, BARE_RING, 0, 0) ||
        run(h, &ps, 1, 0, BARE_RING, 0, 1, 0, BARE_RING))
        return 1;
    double c = cpu(), w = now(), end = w + seconds;
    while (now() < end) {
        nanosleep(&(struct timespec){0, 2000000}, NULL);
        poll(h, on_pico_stream, NULL);
    }
    w = now() - w;
    printf("%.2f %.0f 0\n", (cpu() - c) / w * 100, (double)seen / w);
    return 0;
}

static double number(const char *text)
{
    double v = 0;
    grat_op op;
    grat_op_init(&op, 0, NULL);
    grat_parse_quantity(text, "", &v, &op);
    return v;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "values") == 0) return values();
    if (argc == 5 && strcmp(argv[1], "stream") == 0) return stream(argv[2], number(argv[3]), number(argv[4]));
    if (argc == 5 && strcmp(argv[1], "bare") == 0) return bare(argv[2], number(argv[3]), number(argv[4]));
    if (argc == 4 && strcmp(argv[1], "segments") == 0) return segments(argv[2], (unsigned)number(argv[3]));
    fprintf(stderr, "pico values | stream RESOURCE RATE SECONDS | bare LIBRARY RATE SECONDS | segments RESOURCE N\n");
    return 2;
}
