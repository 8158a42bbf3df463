/* The envelopes of grat serve, for N rounds: bench_serve build|view|read SAMPLES [N]
 *   build  4 traces of so many samples: their pyramids and one frame of 1200 columns
 *   view   a frame of 1200 columns of some part of them, the pyramids being there, at 14 depths of zoom
 *   read   the same samples are read once, by the fastest means: the limit
 * Prints seconds: the best round, and the best one of the slowest depth. */
#include "serve/shot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t sink;

static grat_record *make(size_t count)
{
    static const grat_sample_type types[4] = {GRAT_U8, GRAT_U8, GRAT_U8, GRAT_U8};
    grat_record *r = grat_record_new(4, types, count);
    uint32_t seed = 1;
    if (!r) exit(1);
    r->dt = 1e-9;
    for (unsigned t = 0; t < 4; t++) {
        r->trace[t].scale = 0.04;
        snprintf(r->trace[t].name, sizeof r->trace[t].name, "%u", t + 1);
        for (size_t i = 0; i < count; i++) {
            seed = seed * 1664525u + 1013904223u;
            ((uint8_t *)r->trace[t].raw)[i] = (uint8_t)(seed >> 24);
        }
    }
    return r;
}

static uint64_t read_all(const void *raw, size_t n)
{
    const uint64_t *v = raw;
    uint64_t a[8] = {0};
    for (size_t i = 0; i + 8 <= n / 8; i += 8) {
        for (unsigned k = 0; k < 8; k++) a[k] ^= v[i + k];
    }
    return a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] ^ a[5] ^ a[6] ^ a[7];
}

static void frame(const serve_shot *s, const serve_view *v)
{
    size_t n = 0;
    uint8_t *p = serve_frame(s, v, 0, &n);
    if (!p) exit(1);
    sink += p[n / 2];
    free(p);
}

static double whole_number(const char *text)
{
    grat_op op;
    double v = 0;
    grat_op_init(&op, 0, NULL);
    grat_parse_quantity(text, "S", &v, &op);
    return v;
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    size_t count = (size_t)whole_number(argv[2]);
    int rounds = argc > 3 ? (int)whole_number(argv[3]) : 10;
    grat_record *r = make(count);
    serve_view whole = {.columns = 1200};
    serve_shot *s = serve_shot_new(grat_record_ref(r), 1);
    double best = 1e9, least[14], worst = 0, all = (double)count * r->dt;
    uint32_t seed = 5;
    if (!s) return 1;
    for (unsigned k = 0; k < 14; k++) least[k] = 1e9;
    for (int k = 0; k < rounds; k++) {
        int64_t t = grat_now_ns();
        if (strcmp(argv[1], "build") == 0) {
            serve_shot *one = serve_shot_new(grat_record_ref(r), 2);
            if (!one) return 1;
            frame(one, &whole);
            serve_shot_unref(one);
        } else if (strcmp(argv[1], "view") == 0) {
            seed = seed * 1664525u + 1013904223u;
            double from = all * (seed >> 8) / (1 << 24) / 2, width = all / 2 / (double)(1u << k % 14);
            serve_view v = {.from = from, .to = from + width, .columns = 1200};
            frame(s, &v);
        } else {
            for (unsigned i = 0; i < 4; i++) sink ^= read_all(r->trace[i].raw, count);
        }
        double took = (double)(grat_now_ns() - t) * 1e-9;
        if (took < best) best = took;
        if (took < least[k % 14]) least[k % 14] = took;
    }
    for (int k = 0; k < 14 && k < rounds; k++) {
        if (least[k] > worst) worst = least[k];
    }
    printf("%.9f %.9f %llu\n", best, worst, (unsigned long long)(sink & 1));
    serve_shot_unref(s);
    grat_record_unref(r);
    return 0;
}
