/* How fast bytes may leave: small segments and a byte rate, when a fault asks for them. */
#ifndef SIM_PACE_H
#define SIM_PACE_H

#include "sim/serve/faults.h"

typedef struct sim_pace {
    size_t segment;          /* most bytes in one send(), 0 = no limit */
    uint64_t rate;           /* bytes a second, 0 = no limit */
    int64_t start_ns;
    uint64_t sent;           /* since start */
} sim_pace;

/* Draws the faults for a connection. */
void sim_pace_init(sim_pace *p, sim_faults *f, sim_fault_id segments, int64_t now_ns);
/* How many of n bytes may be sent now; 0 sets *until_ns. */
size_t sim_pace_allow(sim_pace *p, int64_t now_ns, size_t n, int64_t *until_ns);
static inline void sim_pace_sent(sim_pace *p, size_t n)
{
    p->sent += n;
}

#endif
