#include "acquire/mean.h"

#include <string.h>

static grat_err start(grat__mean *m, const grat_record *r, grat_op *op)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < r->traces; i++) types[i] = r->trace[i].logic ? r->trace[i].type : GRAT_F32;
    grat_record *s = grat_record_new(r->traces, types, r->count);
    if (!s) return grat_op_fail(op, GRAT_ENOMEM, "cannot average: out of memory; ask for fewer samples");
    s->first = r->first, s->t0 = r->t0, s->dt = r->dt;
    s->mono_ns = r->mono_ns, s->utc_ns = r->utc_ns, s->utc_uncertainty_ns = r->utc_uncertainty_ns;
    for (unsigned i = 0; i < r->traces; i++) {
        grat_trace *t = &s->trace[i];
        void *raw = t->raw;
        *t = r->trace[i];
        t->raw = raw;
        t->type = types[i];
        if (t->logic) memcpy(raw, r->trace[i].raw, r->count * grat_sample_size(t->type));
    }
    m->sum = s;
    return GRAT_OK;
}

static bool same_shape(const grat_record *a, const grat_record *b)
{
    if (a->count != b->count || a->traces != b->traces || a->dt != b->dt) return false;
    for (unsigned i = 0; i < a->traces; i++) {
        const grat_trace *s = &a->trace[i], *t = &b->trace[i];
        if (strcmp(s->name, t->name) || s->logic != t->logic || s->scale != t->scale || s->offset != t->offset)
            return false;
    }
    return true;
}

/* A float holds sums of 8-bit codes exactly up to 65,536 records. */
static void add(float *to, const grat_trace *t, size_t n)
{
    switch (t->type) {
    case GRAT_U8:
        for (size_t i = 0; i < n; i++) to[i] += ((const uint8_t *)t->raw)[i];
        break;
    case GRAT_I8:
        for (size_t i = 0; i < n; i++) to[i] += ((const int8_t *)t->raw)[i];
        break;
    case GRAT_U16:
        for (size_t i = 0; i < n; i++) to[i] += ((const uint16_t *)t->raw)[i];
        break;
    case GRAT_I16:
        for (size_t i = 0; i < n; i++) to[i] += ((const int16_t *)t->raw)[i];
        break;
    case GRAT_F32:
        for (size_t i = 0; i < n; i++) to[i] += ((const float *)t->raw)[i];
        break;
    }
}

grat_err grat__mean_add(grat__mean *m, const grat_record *r, grat_op *op)
{
    grat_err err = m->sum ? GRAT_OK : start(m, r, op);
    if (err) return err;
    if (!same_shape(m->sum, r))
        return grat_op_fail(op, GRAT_EINSTR, "cannot average: the instrument changed its record or its scale between "
                            "two acquisitions; leave its controls alone meanwhile");
    for (unsigned i = 0; i < r->traces; i++)
        if (!r->trace[i].logic) add(m->sum->trace[i].raw, &r->trace[i], r->count);
    m->sum->flags |= r->flags;
    m->n++;
    return GRAT_OK;
}

grat_record *grat__mean_take(grat__mean *m)
{
    grat_record *s = m->sum;
    if (!s) return NULL;
    const float factor = 1.0f / (float)m->n;
    for (unsigned i = 0; i < s->traces; i++) {
        float *p = s->trace[i].raw;
        for (size_t k = 0; k < s->count && !s->trace[i].logic; k++) p[k] *= factor;
    }
    *m = (grat__mean){0};
    return s;
}
