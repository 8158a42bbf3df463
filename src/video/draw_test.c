/* Beams and drawings against where the samples must lie. */
#include "test.h"

#include "video/beam.h"
#include "video/draw.h"

#include <math.h>

static grat_op op;

static unsigned glow(const grat__beam *b, unsigned x, unsigned y)
{
    return b->glow[(size_t)y * b->width + x];
}

/* The height where a column is brightest. */
static double brightest(const grat__beam *b, unsigned x)
{
    double sum = 0, weight = 0;
    for (unsigned y = 0; y < b->height; y++) {
        double g = pow(glow(b, x, y) / 255.0, 4);
        sum += g * (y + 0.5);
        weight += g;
    }
    return weight > 0 ? sum / weight : -1;
}

static grat_record *record_of(grat_sample_type type, size_t n)
{
    grat_record *r = grat_record_new(1, &type, n);
    if (!r) abort();
    return r;
}

TEST(a_line_where_it_must_be)
{
    grat__beam b;
    EQ(grat__beam_init(&b, 100, 80, &op), GRAT_OK);
    grat_record *r = record_of(GRAT_F32, 200);
    float *v = r->trace[0].raw;
    for (unsigned i = 0; i < 200; i++) v[i] = (float)i;
    grat__beam_trace(&b, &r->trace[0], 200, &(grat__beam_map){.x0 = 0, .dx = 0.5, .y0 = 70, .dy = -0.3});
    for (unsigned x = 1; x < 99; x++) NEAR(brightest(&b, x), 70 - 0.3 * 2 * (x + 0.5), 0.3);
    EQ(glow(&b, 50, 5), 0);
    grat_record_unref(r);
    grat__beam_free(&b);
}

/* A step: the level is brighter than the edge, and the edge has no holes. */
TEST(slow_is_bright_and_fast_is_dim)
{
    grat__beam b;
    EQ(grat__beam_init(&b, 128, 256, &op), GRAT_OK);
    grat_record *r = record_of(GRAT_U8, 128);
    uint8_t *v = r->trace[0].raw;
    for (unsigned i = 0; i < 128; i++) v[i] = i < 64 ? 20 : 230;
    grat__beam_trace(&b, &r->trace[0], 128, &(grat__beam_map){.x0 = 0.5, .dx = 1, .y0 = 0, .dy = 1});
    unsigned flat = glow(&b, 30, 20);
    for (unsigned y = 30; y < 220; y++) {
        unsigned edge = glow(&b, 63, y) > glow(&b, 64, y) ? glow(&b, 63, y) : glow(&b, 64, y);
        TRUE(edge > 40 && edge < flat / 2);
    }
    TRUE(flat > 200);
    grat_record_unref(r);
    grat__beam_free(&b);
}

/* One sample of a million is seen, in every type. */
TEST(a_spike_among_many)
{
    static const grat_sample_type types[] = {GRAT_U8, GRAT_I8, GRAT_U16, GRAT_I16, GRAT_F32};
    enum { N = 1000000, AT = 654321 };
    for (unsigned k = 0; k < 5; k++) {
        grat__beam b;
        EQ(grat__beam_init(&b, 700, 100, &op), GRAT_OK);
        grat_record *r = record_of(types[k], N);
        void *raw = r->trace[0].raw;
        if (types[k] == GRAT_U8) ((uint8_t *)raw)[AT] = 90;
        else if (types[k] == GRAT_I8) ((int8_t *)raw)[AT] = 90;
        else if (types[k] == GRAT_U16) ((uint16_t *)raw)[AT] = 90;
        else if (types[k] == GRAT_I16) ((int16_t *)raw)[AT] = 90;
        else ((float *)raw)[AT] = 90;
        grat__beam_trace(&b, &r->trace[0], N, &(grat__beam_map){.x0 = 0, .dx = 700.0 / N, .y0 = 95, .dy = -1});
        unsigned x = AT * 7 / 10000;
        TRUE(glow(&b, x, 50) > 24);
        TRUE(glow(&b, x, 6) > 24);
        TRUE(glow(&b, x, 95) > 200);
        EQ(glow(&b, x + 3, 50), 0);
        TRUE(glow(&b, 0, 95) > 200 && glow(&b, 699, 95) > 200);
        grat_record_unref(r);
        grat__beam_free(&b);
    }
}

/* Nothing that a record may hold leads out of the plane. */
TEST(whatever_comes)
{
    static const double odd[] = {0, 1e-9, 0.01, 1, 57, 1e9, 1e300, NAN, INFINITY};
    grat__beam b;
    EQ(grat__beam_init(&b, 65, 33, &op), GRAT_OK);
    grat_record *r = record_of(GRAT_F32, 500);
    float *v = r->trace[0].raw;
    for (unsigned i = 0; i < 500; i++) v[i] = i % 7 ? (float)odd[i % 9] * (i % 2 ? -1 : 1) : (float)(i % 40);
    for (unsigned k = 0; k < 9 * 9 * 9 * 2; k++) {
        double sign = k % 2 ? -1 : 1;
        grat__beam_map m = {.dx = odd[k / 2 % 9], .x0 = sign * odd[k / 18 % 9], .y0 = 16, .dy = -odd[k / 162 % 9]};
        grat__beam_trace(&b, &r->trace[0], k % 5 ? 500 : k % 3, &m);
    }
    grat_record_unref(r);
    grat__beam_free(&b);
}

/* ---- the whole picture ------------------------------------------------------------------------------- */

static grat_caps caps(void)
{
    grat_caps c = {.analog = 4, .digital = 16, .horizontal_divisions = 12, .vertical_divisions = 8};
    for (unsigned i = 0; i < 4; i++) snprintf(c.analog_name[i], sizeof c.analog_name[i], "%u", i + 1);
    return c;
}

static grat_glance square(void)
{
    static const grat_sample_type types[3] = {GRAT_U8, GRAT_U8, GRAT_U8};
    grat_glance g = {.state = GRAT_STATE_TRIGGERED};
    g.record = grat_record_new(3, types, 1200);
    if (!g.record) abort();
    g.record->dt = 1e-5;
    g.record->t0 = -6e-3;
    g.settings.timebase = 1e-3;
    g.settings.trigger_level = 0.5;
    g.settings.trigger_slope = GRAT_RISING;
    snprintf(g.settings.trigger_type, sizeof g.settings.trigger_type, "edge");
    snprintf(g.settings.trigger_source, sizeof g.settings.trigger_source, "1");
    for (unsigned k = 0; k < 3; k++) {
        grat_trace *t = &g.record->trace[k];
        uint8_t *v = t->raw;
        snprintf(t->name, sizeof t->name, k == 2 ? "D0" : "%u", k + 1);
        snprintf(t->unit, sizeof t->unit, k == 2 ? "" : "V");
        t->logic = k == 2;
        t->scale = k == 2 ? 1 : 0.01;
        t->range_low = k == 2 ? 0 : -2;
        t->range_high = k == 2 ? 1 : 2;
        for (unsigned i = 0; i < 1200; i++) v[i] = (uint8_t)(i / 150 % 2 ? k == 2 ? 1 : 100 : 0);
        g.settings.channel[k].enabled = k < 2;
        g.settings.channel[k].scale = 0.5;
    }
    return g;
}

static unsigned count(const grat__raster *r, unsigned from, unsigned to)
{
    unsigned n = 0;
    for (size_t i = 0; i < r->stride * r->height; i++) n += r->pixels[i] >= from && r->pixels[i] <= to;
    return n;
}

TEST(a_picture_of_a_scope)
{
    grat__draw *d = NULL;
    grat_caps c = caps();
    grat_glance g = square();
    EQ(grat__draw_new(800, 480, &c, &op, &d), GRAT_OK);
    const grat__raster *r = grat__draw_glance(d, &g);
    EQ(r->width, 800);
    EQ(r->height, 480);
    EQ(r->channels, 1);
    /* The ramps of channels 1 and 2 and of the logic lanes; none of those that are off. */
    TRUE(count(r, 64, 95) > 1000);
    TRUE(count(r, 96, 127) > 100);
    TRUE(count(r, 192, 223) > 300);
    EQ(count(r, 128, 191), 0);
    EQ(memcmp(r->palette[64 + 25], r->palette[96 + 25], 3) != 0, true);
    /* It fades: without a new trace there is less of it, and after some time nothing but read-outs. */
    unsigned before = count(r, 192, 223);
    grat_record *kept = g.record;
    static const grat_sample_type none[1] = {GRAT_U8};
    g.record = grat_record_new(0, none, 0);
    for (unsigned i = 0; i < 12; i++) r = grat__draw_glance(d, &g);
    TRUE(count(r, 192, 223) < before / 4);
    EQ(count(r, 96, 127), 0);
    grat_record_unref(g.record);
    grat_record_unref(kept);
    grat__draw_free(d);
}

/* Every size, and settings that no instrument has, stay inside. */
TEST(sizes_and_settings)
{
    static const unsigned sizes[][2] = {{320, 200}, {322, 400}, {640, 400}, {1600, 900}, {800, 200}, {320, 1000}};
    static const double odd[] = {0, -1, 1e-12, 1e12, NAN, INFINITY};
    for (unsigned k = 0; k < 6; k++) {
        grat__draw *d = NULL;
        grat_caps c = caps();
        grat_glance g = square();
        if (k == 3) c.horizontal_divisions = 0, c.analog = 2;
        EQ(grat__draw_new(sizes[k][0], sizes[k][1], &c, &op, &d), GRAT_OK);
        for (unsigned i = 0; i < 36; i++) {
            g.settings.timebase = odd[i % 6];
            g.settings.delay = odd[i / 6];
            g.settings.trigger_level = odd[i % 6];
            g.settings.channel[0].scale = odd[i / 6];
            g.record->trace[0].range_high = i % 4 ? odd[i / 6] : 2;
            g.record->t0 = i % 3 ? odd[i % 6] : -6e-3;
            g.state = (grat_scope_state)(i % 9);
            snprintf(g.settings.trigger_source, sizeof g.settings.trigger_source, "%u", i % 7);
            snprintf(g.settings.trigger_type, sizeof g.settings.trigger_type, i % 5 ? "edge" : "a-very-long-one");
            grat__draw_glance(d, &g);
        }
        grat_record_unref(g.record);
        grat__draw_free(d);
    }
}

int main(void)
{
    grat_op_init(&op, 60000, NULL);
    RUN(a_line_where_it_must_be);
    RUN(slow_is_bright_and_fast_is_dim);
    RUN(a_spike_among_many);
    RUN(whatever_comes);
    RUN(a_picture_of_a_scope);
    RUN(sizes_and_settings);
    return TEST_RESULT();
}
