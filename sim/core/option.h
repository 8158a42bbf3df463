/* The key=value,key=value options of a simulated instrument. */
#ifndef SIM_OPTION_H
#define SIM_OPTION_H

#include <graticule/sim.h>

#define SIM_MAX_OPTIONS 48

typedef struct sim_options {
    unsigned count;
    const char *key[SIM_MAX_OPTIONS], *value[SIM_MAX_OPTIONS];
    char text[4096];
} sim_options;

/* A key that `known` (ended by a NULL name) does not list fails with a sentence that lists them. A bare key is 1. */
bool sim_options_parse(sim_options *o, const char *text, const grat_sim_entry *known, char err[256]);
/* The last value given, or `otherwise`. */
const char *sim_option(const sim_options *o, const char *key, const char *otherwise);
/* False with a sentence when the value is not a number (a quantity of `unit`) or not a boolean; *out is left alone
 * when the key is not given. */
bool sim_option_number(const sim_options *o, const char *key, const char *unit, double *out, char err[256]);
bool sim_option_bool(const sim_options *o, const char *key, bool *out, char err[256]);

#endif
