/* The bench of simulated instruments, as `grat sim` serves it and SIM:: resources open it. */
#ifndef GRATICULE_SIM_H
#define GRATICULE_SIM_H

#include <graticule/graticule.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One instrument and where it listens. Strings are borrowed until grat_sim_new returns. */
typedef struct grat_sim_instrument {
    const char *model;       /* "ds1104z" */
    const char *address;     /* IPv4 or IPv6 address to bind; NULL = 127.0.0.1, +1 for each further one */
    const char *wires;       /* comma list of NAME or NAME:ARGUMENT: see grat_sim_wires; NULL = the usual ones */
    const char *options;     /* key=value,… of the model: see grat_sim_help */
    const char *faults;      /* fault spec: name[@probability][:arg],… or NULL */
    unsigned raw_port;       /* 0 = the model's own (5555 for Rigol) */
    unsigned vxi_port;       /* core port, 0 = any */
    bool no_portmapper;      /* serve VXI-11 on vxi_port only */
} grat_sim_instrument;

/* A bench: instruments with their servers. */
typedef struct grat_sim grat_sim;
/* Binds everything; EACCES or EBUSY name the port. Serves once grat_sim_run is called. */
GRAT_API grat_err grat_sim_new(const grat_sim_instrument *list, unsigned n, uint64_t seed, grat_op *op, grat_sim **out);
/* One resource string per endpoint; NULL after the last. Valid until grat_sim_free. */
GRAT_API const char *grat_sim_resource(const grat_sim *sim, unsigned index);
/* What is still to be done by the user before an instrument can be reached (a USB device attached); "" for nothing,
 * NULL after the last instrument. Valid until grat_sim_free. */
GRAT_API const char *grat_sim_hint(const grat_sim *sim, unsigned instrument);
/* A file of instruments that share signals (docs/reference/world.md has its keys): each signal stands there once and
 * reaches inputs of several instruments, each with its own delay, noise and clock. EPARSE names line and column;
 * ENOTSUP when built without libyaml. The list has `*n` entries and lives as long as the world. */
typedef struct grat_sim_world grat_sim_world;
GRAT_API grat_err grat_sim_world_load(const char *path, grat_op *op, grat_sim_world **out);
GRAT_API const grat_sim_instrument *grat_sim_world_list(const grat_sim_world *w, unsigned *n);
GRAT_API void grat_sim_world_free(grat_sim_world *w);
/* Serves until stopped is fired. Single-threaded. */
GRAT_API grat_err grat_sim_run(grat_sim *sim, grat_cancel *stopped, grat_op *op);
/* Closes every connection and port. */
GRAT_API void grat_sim_free(grat_sim *sim);
/* Names and one-line descriptions of the models, the model options and the faults; NULL name after the last. */
typedef struct grat_sim_entry { const char *name, *text; } grat_sim_entry;
GRAT_API const grat_sim_entry *grat_sim_models(void);
/* SIM::ps5444d …: inside this process only, on no wire. */
GRAT_API const grat_sim_entry *grat_sim_picoscopes(void);
GRAT_API const grat_sim_entry *grat_sim_options(void);
GRAT_API const grat_sim_entry *grat_sim_faults(void);
GRAT_API const grat_sim_entry *grat_sim_wires(void);

#ifdef __cplusplus
}
#endif
#endif
