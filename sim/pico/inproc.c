/* SIM::ps5444d: the simulated units inside a process, in the place of the vendor's libraries. */
#include <stdio.h>
#include <string.h>

#include <graticule/sim.h>

#include "sim/pico/unit.h"

enum { MODELS_MAX = 64 };

void *ps2000_find(const char *name);
void *ps2000a_find(const char *name);
void *ps3000_find(const char *name);
void *ps4000_find(const char *name);
void *ps3000a_find(const char *name);
void *ps4000a_find(const char *name);
void *ps5000_find(const char *name);
void *ps5000a_find(const char *name);
void *ps6000_find(const char *name);
void *ps6000a_find(const char *name);
void *psospa_find(const char *name);

/* Declared in src/pico/pico.h. */
void *grat__pico_sim_symbol(const char *name);
bool grat__pico_sim_add(const char *model, char library[16], char serial[32], char why[200]);
void grat__pico_sim_remove(const char *serial);
bool grat__pico_sim_knows(const char *model);

void *grat__pico_sim_symbol(const char *name)
{
    void *(*const find[])(const char *) = {ps2000a_find, ps3000a_find, ps4000a_find, ps5000a_find, ps6000a_find,
                                           psospa_find, ps2000_find, ps3000_find, ps4000_find, ps5000_find,
                                           ps6000_find};
    for (size_t i = 0; i < sizeof find / sizeof *find; i++) {
        void *p = find[i](name);
        if (p) return p;
    }
    return NULL;
}

bool grat__pico_sim_add(const char *model, char library[16], char serial[32], char why[200])
{
    const ps_unit *u = ps_add(model, why);
    if (!u) return false;
    snprintf(library, 16, "%s", u->model->library);
    snprintf(serial, 32, "%s", u->serial);
    return true;
}

void grat__pico_sim_remove(const char *serial)
{
    ps_remove(serial);
}

bool grat__pico_sim_knows(const char *model)
{
    return ps_knows(model);
}

const grat_sim_entry *grat_sim_picoscopes(void)
{
    static char name[MODELS_MAX][16], text[MODELS_MAX][64];
    static grat_sim_entry list[MODELS_MAX + 1];
    for (unsigned i = 0; i < MODELS_MAX && ps_model_at(i, name[i], text[i]); i++)
        list[i] = (grat_sim_entry){name[i], text[i]};
    return list;
}
