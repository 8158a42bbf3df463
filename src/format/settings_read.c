/* What grat__meta_json wrote. What is missing or makes no sense stays 0: none of it is needed for the samples. */
#include "core/str.h"
#include "format/format.h"
#include "format/jansson_lazy.h"
#include "format/words.h"

#include <string.h>

static int word(const json_t *from, const char *name, const char *const words[GRAT__WORDS])
{
    const char *text = json_string_value(json_object_get(from, name));
    for (int i = 0; text && i < GRAT__WORDS; i++)
        if (words[i] && *words[i] && strcmp(text, words[i]) == 0) return i;
    return 0;
}

static bool is_true(const json_t *from, const char *name)
{
    return json_is_true(json_object_get(from, name));
}

static unsigned count(const json_t *from, const char *name)
{
    uint64_t v = 0;
    return grat__json_count(from, name, UINT32_MAX, &v) ? (unsigned)v : 0;
}

static void take_channel(const json_t *from, grat_channel_settings *c)
{
    c->enabled = is_true(from, "enabled");
    c->bandwidth_limit = is_true(from, "bandwidth_limit");
    c->invert = is_true(from, "invert");
    grat__json_double(from, "scale", &c->scale);
    grat__json_double(from, "offset", &c->offset);
    grat__json_double(from, "probe", &c->probe);
    c->coupling = (grat_coupling)word(from, "coupling", grat__words_coupling);
    grat__json_text(from, "unit", c->unit, sizeof c->unit);
}

static void take_digital(const json_t *from, grat_settings *s)
{
    const json_t *on = json_object_get(from, "digital");
    s->digital_on = is_true(from, "digital_on");
    for (size_t i = 0; i < json_array_size(on); i++) {
        const json_t *v = json_array_get(on, i);
        if (json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) < 16)
            s->digital[json_integer_value(v)] = true;
    }
    grat__json_double(from, "threshold_low", &s->threshold[0]);
    grat__json_double(from, "threshold_high", &s->threshold[1]);
}

static void take_terms(const json_t *from, grat_settings *s)
{
    const json_t *terms = json_object_get(from, "trigger_terms");
    for (size_t i = 0; i < json_array_size(terms) && i < GRAT_TRIGGER_TERMS; i++) {
        const json_t *one = json_array_get(terms, i);
        grat_trigger_term *t = &s->term[i];
        t->event = (grat_event)word(one, "event", grat__words_event);
        t->slope = (grat_slope)word(one, "slope", grat__words_slope);
        if (!t->event) return;
        grat__json_text(one, "source", t->source, sizeof t->source);
        grat__json_double(one, "level", &t->level);
        grat__json_double(one, "upper", &t->upper);
        grat__json_double(one, "least", &t->least);
        grat__json_double(one, "most", &t->most);
        t->or_else = is_true(one, "or_else");
        s->terms++;
    }
}

static void take_settings(const json_t *from, grat_settings *s)
{
    const json_t *channels = json_object_get(from, "channels");
    double depth = 0;
    for (size_t i = 0; i < json_array_size(channels) && i < GRAT_MAX_ANALOG; i++)
        take_channel(json_array_get(channels, i), &s->channel[i]);
    grat__json_double(from, "timebase", &s->timebase);
    grat__json_double(from, "delay", &s->delay);
    grat__json_double(from, "rate", &s->rate);
    if (grat__json_double(from, "depth", &depth) && depth >= 0 && depth < 1e18) s->depth = (uint64_t)depth;
    s->acq = (grat_acq_type)word(from, "acquisition", grat__words_acquisition);
    s->averages = count(from, "averages");
    s->sweep = (grat_sweep)word(from, "sweep", grat__words_sweep);
    grat__json_text(from, "trigger_type", s->trigger_type, sizeof s->trigger_type);
    grat__json_text(from, "trigger_source", s->trigger_source, sizeof s->trigger_source);
    s->trigger_slope = (grat_slope)word(from, "trigger_slope", grat__words_slope);
    grat__json_double(from, "trigger_level", &s->trigger_level);
    s->trigger_hair = is_true(from, "trigger_hair");
    grat__json_double(from, "trigger_wait", &s->trigger_wait);
    grat__json_double(from, "holdoff", &s->holdoff);
    s->downsample = (grat_downsample)word(from, "downsample", grat__words_downsample);
    s->ratio = count(from, "ratio");
    s->ets = count(from, "ets");
    take_digital(from, s);
    take_terms(from, s);
}

void grat__json_meta(const json_t *root, grat_meta *meta)
{
    const json_t *id = json_object_get(root, "identity"), *settings = json_object_get(root, "settings");
    grat_identity *out = &meta->identity;
    grat__json_text(id, "vendor", out->vendor, sizeof out->vendor);
    grat__json_text(id, "model", out->model, sizeof out->model);
    grat__json_text(id, "serial", out->serial, sizeof out->serial);
    grat__json_text(id, "firmware", out->firmware, sizeof out->firmware);
    grat__json_text(root, "resource", meta->resource, sizeof meta->resource);
    meta->has_settings = json_is_object(settings);
    memset(&meta->settings, 0, sizeof meta->settings);
    if (meta->has_settings) take_settings(settings, &meta->settings);
}

void grat__meta_parse(const char *text, grat_meta *meta)
{
    grat_op op;
    grat_op_init(&op, INT64_MAX, NULL);
    json_t *root = grat__json_load("a description", text, strlen(text), &op);
    if (!root) return;
    grat__json_meta(root, meta);
    json_delete(root);
}
