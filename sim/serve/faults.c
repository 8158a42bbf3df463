#include "sim/serve/faults.h"

#include "core/str.h"
#include "sim/core/hash.h"

#include <stdio.h>
#include <string.h>

static const grat_sim_entry entries[] = {
#define FAULT_ENTRY(id, name, argument, text) {name, text},
    SIM_FAULT_MAP(FAULT_ENTRY)
#undef FAULT_ENTRY
    {NULL, NULL},
};

static const uint64_t default_argument[] = {
#define FAULT_ARGUMENT(id, name, argument, text) argument,
    SIM_FAULT_MAP(FAULT_ARGUMENT)
#undef FAULT_ARGUMENT
};

const grat_sim_entry *grat_sim_faults(void)
{
    return entries;
}

static bool parse_one(sim_faults *f, char *text, char err[256])
{
    double probability = 1;
    char *argument = strchr(text, ':');
    if (argument) *argument++ = '\0';
    char *at = strchr(text, '@');
    if (at) *at++ = '\0';
    unsigned id = 0;
    while (entries[id].name && !grat__strcaseeq(entries[id].name, text)) id++;
    if (!entries[id].name) {
        snprintf(err, 256, "fault \"%.60s\": unknown; grat sim --list names them", text);
        return false;
    }
    if (at && (!grat__parse_double(at, &probability) || !(probability >= 0 && probability <= 1))) {
        snprintf(err, 256, "fault %s: \"%.40s\" is no probability; use 0 to 1", text, at);
        return false;
    }
    uint64_t value = default_argument[id];
    if (argument && !grat__parse_u64(argument, &value)) {
        snprintf(err, 256, "fault %s: \"%.40s\" is no whole number", text, argument);
        return false;
    }
    if (probability > 0 && !(f->item[id].probability > 0)) f->count++;
    f->item[id].probability = probability;
    f->item[id].argument = value;
    return true;
}

bool sim_faults_parse(sim_faults *f, const char *spec, uint64_t seed, char err[256])
{
    *f = (sim_faults){.state = sim_mix(seed)};
    for (const char *p = spec ? spec : ""; *p;) {
        char one[128];
        size_t n = strcspn(p, ",");
        size_t keep = n < sizeof one - 1 ? n : sizeof one - 1;
        memcpy(one, p, keep);
        one[keep] = '\0';
        if (keep && !parse_one(f, one, err)) return false;
        p += n + (p[n] == ',');
    }
    return true;
}

bool sim_fault(sim_faults *f, sim_fault_id id)
{
    double p = f->item[id].probability;
    if (!(p > 0)) return false;
    if (p >= 1) return true;
    f->state = sim_mix(f->state);
    return sim_unit(f->state) < p;
}
