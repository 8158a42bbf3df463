#include <stdio.h>

#include "scope/drv/picoscope/picoscope.h"

static void describe_analog(const pk_scope *b, grat_trace *t, unsigned channel)
{
    const grat__pico_input *in = &b->setup.input[channel];
    double probe = b->set.channel[channel].probe, full = pk_range_volts(in->range);
    snprintf(t->name, sizeof t->name, "%c", 'A' + (int)channel);
    snprintf(t->unit, sizeof t->unit, "%s", b->set.channel[channel].unit);
    t->scale = full / b->setup.max * probe;
    t->offset = 0 - in->offset * probe;
    t->raw_min = -b->setup.max;
    t->raw_max = b->setup.max;
    t->range_low = (-full - in->offset) * probe;
    t->range_high = (full - in->offset) * probe;
}

static void describe_line(grat_trace *t, unsigned line)
{
    snprintf(t->name, sizeof t->name, "D%u", line);
    t->logic = true;
    t->scale = 1;
    t->raw_max = 1;
    t->range_high = 1;
}

unsigned pk_traces(const pk_setup *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < PK_ANALOG; i++) n += s->input[i].on;
    for (unsigned i = 0; i < PK_LINES; i++) n += s->lines >> i & 1;
    return n * pk_sides(s);
}

static void name_side(grat_trace *t, unsigned side)
{
    size_t n = 0;
    while (t->name[n]) n++;
    snprintf(t->name + n, sizeof t->name - n, "%s", side ? ".min" : ".max");
}

grat_record *pk_new_record(const pk_scope *b, size_t count)
{
    const pk_setup *s = &b->setup;
    grat_sample_type types[2 * (PK_ANALOG + PK_LINES)];
    unsigned n = 0, k = 0, sides = pk_sides(s);
    for (unsigned i = 0; i < PK_ANALOG * sides; i++)
        if (s->input[i / sides].on) types[n++] = GRAT_I16;
    for (unsigned i = 0; i < PK_LINES * sides; i++)
        if (s->lines >> i / sides & 1) types[n++] = GRAT_U8;
    grat_record *r = grat_record_new(n, types, count);
    if (!r) return NULL;
    r->dt = s->dt * s->ratio;
    for (unsigned i = 0; i < PK_ANALOG * sides; i++)
        if (s->input[i / sides].on) describe_analog(b, &r->trace[k++], i / sides);
    for (unsigned i = 0; i < PK_LINES * sides; i++)
        if (s->lines >> i / sides & 1) describe_line(&r->trace[k++], i / sides);
    for (unsigned i = 0; sides == 2 && i < k; i++) name_side(&r->trace[i], i & 1);
    return r;
}

int16_t *pk_analog_raw(grat_record *r, const pk_setup *s, unsigned channel, bool low)
{
    unsigned k = low;
    for (unsigned i = 0; i < channel; i++) k += s->input[i].on ? pk_sides(s) : 0;
    return r->trace[k].raw;
}

void pk_put_port(grat_record *r, const pk_setup *s, const pk_words *w)
{
    unsigned k = w->low, sides = pk_sides(s);
    for (unsigned i = 0; i < PK_ANALOG; i++) k += s->input[i].on ? sides : 0;
    for (unsigned i = 0; i < PK_LINES; i++) {
        if (!(s->lines >> i & 1)) continue;
        uint8_t *out = (uint8_t *)r->trace[k].raw + w->at;
        k += sides;
        if (i / 8 != w->port) continue;
        for (size_t j = 0; j < w->n; j++) out[j] = w->words[j] >> i % 8 & 1;
    }
}
