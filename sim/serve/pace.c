#include "sim/serve/pace.h"

#define NS_PER_S 1000000000.0
#define SLICE_NS 20000000    /* a rate is kept in pieces of this time */

void sim_pace_init(sim_pace *p, sim_faults *f, sim_fault_id segments, int64_t now_ns)
{
    *p = (sim_pace){.start_ns = now_ns};
    if (sim_fault(f, segments)) p->segment = (size_t)sim_fault_argument(f, segments);
    if (sim_fault(f, SIM_FAULT_DRIBBLE)) p->rate = sim_fault_argument(f, SIM_FAULT_DRIBBLE);
}

size_t sim_pace_allow(sim_pace *p, int64_t now_ns, size_t n, int64_t *until_ns)
{
    *until_ns = INT64_MAX;
    if (p->rate) {
        double rate = (double)p->rate / NS_PER_S;
        double due = (double)(now_ns - p->start_ns) * rate;
        /* Idle time is not saved up. */
        if (due > (double)p->sent + rate * SLICE_NS) {
            p->start_ns = now_ns;
            p->sent = 0;
            due = rate * SLICE_NS;
        }
        double may = due - (double)p->sent;
        if (may < 1) {
            *until_ns = p->start_ns + (int64_t)(((double)p->sent + 1) / rate) + 1;
            return 0;
        }
        if (may < (double)n) n = (size_t)may;
    }
    return p->segment && n > p->segment ? p->segment : n;
}
