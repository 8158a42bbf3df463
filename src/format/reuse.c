#include "format/reuse.h"

static grat_record *find(grat__reuse *u, unsigned traces, const grat_trace *like, size_t n)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < GRAT__REUSED; i++)
        if (u->record[i] && __atomic_load_n(&u->record[i]->refs, __ATOMIC_ACQUIRE) == 1 && u->room[i] >= n)
            return u->record[i];
    unsigned at = u->turn++ % GRAT__REUSED;
    grat_record_unref(u->record[at]);
    for (unsigned i = 0; i < traces; i++) types[i] = like[i].type;
    u->room[at] = n;
    return u->record[at] = grat_record_new(traces, types, n);
}

grat_record *grat__reuse_take(grat__reuse *u, unsigned traces, const grat_trace *like, size_t n)
{
    grat_record *r = find(u, traces, like, n);
    if (!r) return NULL;
    for (unsigned i = 0; i < traces; i++) {
        void *raw = r->trace[i].raw;
        r->trace[i] = like[i];
        r->trace[i].raw = raw;
    }
    r->count = n;
    r->first = r->trigger_stamp = 0;
    r->t0 = r->dt = r->trigger_offset = 0;
    r->mono_ns = r->utc_ns = r->utc_uncertainty_ns = 0;
    r->flags = r->number = 0;
    return r;
}

void grat__reuse_free(grat__reuse *u)
{
    for (unsigned i = 0; i < GRAT__REUSED; i++) grat_record_unref(u->record[i]);
}
