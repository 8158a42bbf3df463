#include <stdio.h>

#include "scope/drv/picoscope/picoscope.h"

static void describe_analog(const pk_scope *b, grat_trace *t, unsigned channel)
{
    const pk_input *in = &b->setup.input[channel];
    double probe = b->set.channel[channel].probe, full = pk_range_volts(in->range);
    snprintf(t->name, sizeof t->name, "%c", 'A' + (int)channel);
    snprintf(t->unit, sizeof t->unit, "%s", b->set.channel[channel].unit);
    t->scale = full / b->setup.max * probe;
    t->offset = -in->offset * probe;
    t->raw_min = -b->setup.max;
    t->raw_max = b->setup.max;
    t->range_low = (-full - in->offset) * probe;
    t->range_high = (full - in->offset) * probe;
}

grat_record *pk_new_record(const pk_scope *b, size_t count)
{
    grat_sample_type types[PK_ANALOG + PK_LINES];
    unsigned n = 0, k = 0;
    for (unsigned i = 0; i < PK_ANALOG; i++)
        if (b->setup.input[i].on) types[n++] = GRAT_I16;
    for (unsigned i = 0; i < PK_LINES; i++)
        if (b->setup.lines >> i & 1) types[n++] = GRAT_U8;
    grat_record *r = grat_record_new(n, types, count);
    if (!r) return NULL;
    r->dt = b->setup.dt;
    for (unsigned i = 0; i < PK_ANALOG; i++)
        if (b->setup.input[i].on) describe_analog(b, &r->trace[k++], i);
    for (unsigned i = 0; i < PK_LINES; i++) {
        if (!(b->setup.lines >> i & 1)) continue;
        grat_trace *t = &r->trace[k++];
        snprintf(t->name, sizeof t->name, "D%u", i);
        t->logic = true;
        t->scale = 1;
        t->raw_max = 1;
        t->range_high = 1;
    }
    return r;
}

int16_t *pk_analog_raw(grat_record *r, const pk_setup *s, unsigned channel)
{
    unsigned k = 0;
    for (unsigned i = 0; i < channel; i++) k += s->input[i].on;
    return r->trace[k].raw;
}

void pk_put_port(grat_record *r, const pk_setup *s, unsigned port, const int16_t *words, size_t n)
{
    unsigned k = 0;
    for (unsigned i = 0; i < PK_ANALOG; i++) k += s->input[i].on;
    for (unsigned i = 0; i < PK_LINES; i++) {
        if (!(s->lines >> i & 1)) continue;
        uint8_t *out = r->trace[k++].raw;
        if (i / 8 != port) continue;
        for (size_t j = 0; j < n; j++) out[j] = words[j] >> i % 8 & 1;
    }
}
