/* What every server of one instrument is given. Borrowed, outlives the servers. */
#ifndef SIM_SITE_H
#define SIM_SITE_H

#include "sim/core/instrument.h"
#include "sim/serve/addr.h"
#include "sim/serve/faults.h"
#include "sim/serve/loop.h"

typedef struct sim_site {
    sim_loop *loop;
    sim_instrument *in;
    sim_faults *faults;
    const sim_addr *addr;
} sim_site;

#endif
