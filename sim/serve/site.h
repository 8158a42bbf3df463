/* What every server of one instrument is given, and what it gives to the bench. */
#ifndef SIM_SITE_H
#define SIM_SITE_H

#include "sim/core/instrument.h"
#include "sim/serve/addr.h"
#include "sim/serve/faults.h"
#include "sim/serve/loop.h"

#define SIM_RESOURCE_MAX 160

/* Borrowed, outlives the servers; `want` only until the open has returned. */
typedef struct sim_site {
    sim_loop *loop;
    sim_instrument *in;
    sim_faults *faults;
    const sim_addr *addr;
    const grat_sim_instrument *want;
    const char *resources;   /* of this instrument, as noted so far, separated by blanks */
    struct grat_sim *bench;
    unsigned index;          /* of the instrument on the bench */
} sim_site;

/* What a wire can be opened for: SCPI messages, an instrument that is a stream of bytes, both. */
typedef enum sim_carries { SIM_CARRIES_MESSAGES, SIM_CARRIES_BYTES, SIM_CARRIES_BOTH } sim_carries;

/* One kind of server; each is listed in sim.c, in the order in which they are opened. */
typedef struct sim_wire_kind {
    const char *name;        /* as --wires names it: NAME or NAME:ARGUMENT */
    const char *text;        /* one line for grat sim --list; says what the argument is */
    bool by_default;         /* when no wires are named, for what it carries */
    sim_carries carries;
    /* Binds and notes its resource. `arg` is NULL when there was none. */
    grat_err (*open)(const sim_site *site, const char *arg, grat_op *op, void **server);
    void (*close)(void *server);
    void (*turn)(void *server);  /* before each wait; may be NULL */
} sim_wire_kind;

/* Whether an instrument of this model can be served by the wires of this text; NULL is the usual ones. */
grat_err sim_wires_check(const char *text, const char *model, grat_op *op);
/* Adds a resource string to what the bench prints and its identification names. */
void sim_note_resource(const sim_site *site, const char *resource);
/* What a user must do before the instrument can be reached; see grat_sim_hint. */
void sim_note_hint(const sim_site *site, const char *text);
/* The server of this kind on an earlier instrument of the bench, for those that several share; NULL after the last. */
void *sim_earlier_server(const sim_site *site, const sim_wire_kind *kind, unsigned i);

#endif
