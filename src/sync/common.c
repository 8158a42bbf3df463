/* The records of one run, aligned and on one axis. */
#include "sync/sync_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SURE_95 1.96

/* What the captures say of the rate together. Each has the same expectation in it (that rates are small), which may
 * count only once. */
static void add_rate(grat__sync_item *i, const grat_alignment *a)
{
    double usual = 1 / (GRAT__USUAL_RATE * GRAT__USUAL_RATE), u = a->rate_uncertainty / SURE_95;
    double all = 1 / (u * u), own = all - usual;
    if (own > 0) {
        i->rate_weight += own;
        i->rate_sum += all * a->rate;
    }
    all = i->rate_weight + usual;
    i->result.rate = i->rate_sum / all;
    i->result.rate_uncertainty = SURE_95 / sqrt(all);
}

grat_err grat_sync_align(grat_sync *y, unsigned reference, const char *channel, grat_op *op)
{
    grat__sync_item *ref = grat__sync_item_of(y, reference);
    grat_err first = GRAT_OK;
    if (!ref) return grat_op_fail(op, GRAT_EINVAL, "align: there is no member %u", reference + 1);
    if (!ref->result.record && ref->result.err)
        return grat_op_fail(op, GRAT_ENODATA, "align: the reference %.60s failed; choose another one", ref->spec.name);
    if (!ref->result.record)
        return grat_op_fail(op, GRAT_ENODATA, "align: the reference %.60s has no record; is it a scope that was read?",
                            ref->spec.name);
    ref->result.alignment = (grat_alignment){.size = sizeof ref->result.alignment, .likeness = 1};
    ref->result.aligned = true;
    grat__sync_item *i;
    for (unsigned k = 0; (i = grat__sync_item_of(y, k)); k++) {
        if (i == ref || !i->result.record) continue;
        grat_op one;
        grat_err e = grat_op_check(op);
        if (e) return e;
        grat_op_init(&one, 0, NULL);
        e = grat_align(ref->result.record, i->result.record, channel, &one, &i->result.alignment);
        i->result.aligned = !e;
        if (!e) add_rate(i, &i->result.alignment);
        if (e && !i->result.err) snprintf(i->text, sizeof i->text, "%s", one.text);
        if (e && !first) first = grat_op_fail(op, e, "%.60s: %.240s", i->spec.name, one.text);
    }
    return first;
}

/* MEMBER.CHANNEL, or mK.CHANNEL of the K-th member when that is too long. */
static void name_trace(grat_trace *t, const char *member, unsigned index, const char *channel)
{
    char name[64];
    if (snprintf(name, sizeof name, "%.40s.%.15s", member, channel) >= (int)sizeof t->name)
        snprintf(name, sizeof name, "m%u.%.10s", index + 1, channel);
    snprintf(t->name, sizeof t->name, "%.15s", name);
}

typedef struct chosen {
    const grat__sync_item *item[GRAT_MAX_CHANNELS];
    unsigned index[GRAT_MAX_CHANNELS];
    const grat_record *record[GRAT_MAX_CHANNELS];
    const grat_alignment *alignment[GRAT_MAX_CHANNELS];
    unsigned n, traces;
} chosen;

/* The whole records; when some are aligned, those. */
static grat_err choose(grat_sync *y, chosen *c, grat_op *op)
{
    grat__sync_item *i;
    bool some = false;
    for (unsigned k = 0; (i = grat__sync_item_of(y, k)); k++) some = some || i->result.aligned;
    for (unsigned k = 0; (i = grat__sync_item_of(y, k)); k++) {
        const grat_sync_result *r = &i->result;
        if (!r->record || (some && !r->aligned)) continue;
        if (c->traces + r->record->traces > GRAT_MAX_CHANNELS)
            return grat_op_fail(op, GRAT_ETOOBIG, "resample: more than %d channels; switch some off",
                                GRAT_MAX_CHANNELS);
        c->item[c->n] = i;
        c->index[c->n] = k;
        c->record[c->n] = r->record;
        c->alignment[c->n++] = r->aligned ? &r->alignment : NULL;
        c->traces += r->record->traces;
    }
    return c->n ? GRAT_OK : grat_op_fail(op, GRAT_ENODATA, "resample: no member has a record");
}

static void move_traces(grat_record *to, unsigned *at, const grat_record *from, const char *member, unsigned index)
{
    for (unsigned k = 0; k < from->traces; k++) {
        void *keep = to->trace[*at].raw;
        to->trace[*at] = from->trace[k];
        to->trace[*at].raw = keep;
        memcpy(keep, from->trace[k].raw, from->count * sizeof(float));
        name_trace(&to->trace[(*at)++], member, index, from->trace[k].name);
    }
}

grat_err grat_sync_resample(grat_sync *y, grat_op *op, grat_record **out)
{
    chosen c = {0};
    grat_axis axis;
    grat_sample_type types[GRAT_MAX_CHANNELS];
    unsigned at = 0;
    grat_err e = choose(y, &c, op);
    if (!e) e = grat_common_axis(c.record, c.alignment, c.n, op, &axis);
    if (e) return e;
    for (unsigned k = 0; k < c.traces; k++) types[k] = GRAT_F32;
    grat_record *all = grat_record_new(c.traces, types, axis.count);
    if (!all) return grat_op_fail(op, GRAT_ENOMEM, "resample: out of memory");
    for (unsigned k = 0; k < c.n && !e; k++) {
        grat_record *one;
        e = grat_op_check(op);
        if (!e) e = grat_resample(c.record[k], c.alignment[k], &axis, op, &one);
        if (e) break;
        if (!k) {
            all->t0 = one->t0, all->dt = one->dt, all->mono_ns = one->mono_ns, all->utc_ns = one->utc_ns;
            all->utc_uncertainty_ns = one->utc_uncertainty_ns;
        }
        all->flags |= one->flags;
        move_traces(all, &at, one, c.item[k]->spec.name, c.index[k]);
        grat_record_unref(one);
    }
    if (e) grat_record_unref(all);
    else *out = all;
    return e;
}
