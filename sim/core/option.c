#include "sim/core/option.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"

static bool known_key(const grat_sim_entry *known, const char *key)
{
    for (; known->name; known++)
        if (strcmp(known->name, key) == 0) return true;
    return false;
}

bool sim_options_parse(sim_options *o, const char *text, const grat_sim_entry *known, char err[256])
{
    o->count = 0;
    if (!grat__strcpy(o->text, sizeof o->text, text ? text : "")) {
        snprintf(err, 256, "options: longer than %zu characters", sizeof o->text - 1);
        return false;
    }
    for (char *p = o->text; *p;) {
        char *key = p + strspn(p, " "), *next = key + strcspn(key, ",");
        p = *next ? next + 1 : next;
        *next = '\0';
        if (!*key) continue;
        if (o->count == SIM_MAX_OPTIONS) {
            snprintf(err, 256, "options: more than %d", SIM_MAX_OPTIONS);
            return false;
        }
        char *equals = strchr(key, '=');
        if (equals) *equals = '\0';
        if (!known_key(known, key)) {
            snprintf(err, 256, "option \"%.40s\" is unknown; grat sim --list shows them", key);
            return false;
        }
        o->key[o->count] = key;
        o->value[o->count++] = equals ? equals + 1 : "1";
    }
    return true;
}

const char *sim_option(const sim_options *o, const char *key, const char *otherwise)
{
    for (unsigned i = o->count; i-- > 0;)
        if (strcmp(o->key[i], key) == 0) return o->value[i];
    return otherwise;
}

bool sim_option_number(const sim_options *o, const char *key, const char *unit, double *out, char err[256])
{
    const char *text = sim_option(o, key, NULL);
    if (!text) return true;
    grat_op op;
    grat_op_init(&op, 0, NULL);
    if (grat_parse_quantity(text, unit, out, &op) == GRAT_OK) return true;
    snprintf(err, 256, "option %s: %.200s", key, op.text);
    return false;
}

bool sim_option_bool(const sim_options *o, const char *key, bool *out, char err[256])
{
    const char *text = sim_option(o, key, NULL);
    if (!text || grat__parse_bool(text, out)) return true;
    snprintf(err, 256, "option %s: \"%.40s\" is neither 0 nor 1", key, text);
    return false;
}
