#include "serve/knobs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct word {
    const char *text;
    int value;
} word;
static const word couplings[] = {{"dc", GRAT_DC}, {"ac", GRAT_AC}, {"gnd", GRAT_GND}, {NULL, 0}};
static const word acqs[] = {{"normal", GRAT_ACQ_NORMAL}, {"average", GRAT_ACQ_AVERAGE}, {"peak", GRAT_ACQ_PEAK},
                            {"hires", GRAT_ACQ_HIRES}, {NULL, 0}};
static const word slopes[] = {{"rising", GRAT_RISING}, {"falling", GRAT_FALLING}, {"either", GRAT_EITHER},
                              {"above", GRAT_ABOVE}, {"below", GRAT_BELOW}, {NULL, 0}};
static const word sweeps[] = {{"auto", GRAT_SWEEP_AUTO}, {"normal", GRAT_SWEEP_NORMAL}, {"single", GRAT_SWEEP_SINGLE},
                              {NULL, 0}};

static const char *text_of(const word *w, int value)
{
    for (; w->text; w++) {
        if (w->value == value) return w->text;
    }
    return "";
}

/* JSON knows no infinity. */
static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

/* What an instrument says is not always UTF-8. */
static json_t *string(const char *s)
{
    json_t *j = json_string(s);
    if (j) return j;
    char plain[400];
    size_t n = 0;
    for (; s[n] && n < sizeof plain - 1; n++) plain[n] = (unsigned char)s[n] < 0x80 ? s[n] : '?';
    return json_stringn(plain, n);
}

/* ---- out --------------------------------------------------------------------------------------------- */

json_t *serve_identity_json(const grat_identity *id)
{
    json_t *o = json_object();
    json_object_set_new(o, "vendor", string(id->vendor));
    json_object_set_new(o, "model", string(id->model));
    json_object_set_new(o, "serial", string(id->serial));
    json_object_set_new(o, "firmware", string(id->firmware));
    return o;
}

json_t *serve_caps_json(const grat_caps *caps)
{
    json_t *o = json_object(), *a = json_array(), *d = json_array();
    for (unsigned i = 0; i < caps->analog && i < 4; i++) json_array_append_new(a, string(caps->analog_name[i]));
    for (unsigned i = 0; i < caps->digital && i < 16; i++) json_array_append_new(d, string(caps->digital_name[i]));
    json_object_set_new(o, "analog", a);
    json_object_set_new(o, "digital", d);
    json_object_set_new(o, "horizontal_divisions", number(caps->horizontal_divisions));
    json_object_set_new(o, "vertical_divisions", number(caps->vertical_divisions));
    json_object_set_new(o, "bandwidth", number(caps->bandwidth_hz));
    json_object_set_new(o, "max_rate", number(caps->max_rate[1]));
    json_object_set_new(o, "max_depth", json_integer((json_int_t)caps->max_depth[1]));
    json_object_set_new(o, "min_timebase", number(caps->min_timebase));
    json_object_set_new(o, "max_timebase", number(caps->max_timebase));
    json_object_set_new(o, "min_scale", number(caps->min_scale));
    json_object_set_new(o, "max_scale", number(caps->max_scale));
    json_object_set_new(o, "driver", string(caps->driver ? caps->driver : ""));
    return o;
}

static json_t *channel_json(const grat_channel_settings *c)
{
    json_t *o = json_object();
    json_object_set_new(o, "enabled", json_boolean(c->enabled));
    json_object_set_new(o, "scale", number(c->scale));
    json_object_set_new(o, "offset", number(c->offset));
    json_object_set_new(o, "probe", number(c->probe));
    json_object_set_new(o, "coupling", string(text_of(couplings, (int)c->coupling)));
    json_object_set_new(o, "bandwidth_limit", json_boolean(c->bandwidth_limit));
    json_object_set_new(o, "invert", json_boolean(c->invert));
    json_object_set_new(o, "unit", string(c->unit[0] ? c->unit : "V"));
    return o;
}

json_t *serve_settings_json(const grat_settings *s, const grat_caps *caps)
{
    json_t *o = json_object(), *c = json_object(), *d = json_object(), *lines = json_object(), *t = json_object();
    for (unsigned i = 0; i < caps->analog && i < 4; i++)
        json_object_set_new(c, caps->analog_name[i], channel_json(&s->channel[i]));
    for (unsigned i = 0; i < caps->digital && i < 16; i++)
        json_object_set_new(lines, caps->digital_name[i], json_boolean(s->digital[i]));
    json_object_set_new(d, "on", json_boolean(s->digital_on));
    json_object_set_new(d, "lines", lines);
    json_object_set_new(d, "threshold", json_pack("[oo]", number(s->threshold[0]), number(s->threshold[1])));
    json_object_set_new(t, "type", string(s->trigger_type));
    json_object_set_new(t, "source", string(s->trigger_source));
    json_object_set_new(t, "slope", string(text_of(slopes, (int)s->trigger_slope)));
    json_object_set_new(t, "level", number(s->trigger_level));
    json_object_set_new(o, "channels", c);
    json_object_set_new(o, "digital", d);
    json_object_set_new(o, "trigger", t);
    json_object_set_new(o, "timebase", number(s->timebase));
    json_object_set_new(o, "delay", number(s->delay));
    json_object_set_new(o, "acq", string(text_of(acqs, (int)s->acq)));
    json_object_set_new(o, "averages", json_integer(s->averages));
    json_object_set_new(o, "depth", json_integer((json_int_t)s->depth));
    json_object_set_new(o, "rate", number(s->rate));
    json_object_set_new(o, "sweep", string(text_of(sweeps, (int)s->sweep)));
    json_object_set_new(o, "holdoff", number(s->holdoff));
    return o;
}

/* ---- in ---------------------------------------------------------------------------------------------- */

json_t *serve_json_parse(const void *text, size_t n, grat_op *op)
{
    json_error_t e;
    size_t depth = 0, deepest = 0;
    if (n > SERVE_JSON_MAX) {
        grat_op_fail(op, GRAT_ETOOBIG, "JSON: %zu bytes are more than %u", n, SERVE_JSON_MAX);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        char c = ((const char *)text)[i];
        if (c == '{' || c == '[') depth++;
        if ((c == '}' || c == ']') && depth) depth--;
        if (depth > deepest) deepest = depth;
    }
    json_t *o = deepest <= 16 ? json_loadb(text, n, JSON_REJECT_DUPLICATES, &e) : NULL;
    if (json_is_object(o)) return o;
    if (deepest > 16) grat_op_fail(op, GRAT_EPARSE, "JSON: nested too deep");
    else if (!o) grat_op_fail(op, GRAT_EPARSE, "JSON: line %d, column %d: %.200s", e.line, e.column, e.text);
    else grat_op_fail(op, GRAT_EPARSE, "JSON: an object is wanted");
    json_decref(o);
    return NULL;
}

static grat_err take_number(const json_t *v, const char *key, double *out, grat_op *op)
{
    if (!json_is_number(v) || !isfinite(json_number_value(v)))
        return grat_op_fail(op, GRAT_EINVAL, "%.60s: a number is wanted", key);
    *out = json_number_value(v);
    return GRAT_OK;
}

/* The instrument would take it for its least, and say no. */
static grat_err take_positive(const json_t *v, const char *key, double *out, grat_op *op)
{
    grat_err err = take_number(v, key, out, op);
    if (err || *out > 0) return err;
    return grat_op_fail(op, GRAT_EINVAL, "%.60s: a number above 0 is wanted", key);
}

static grat_err take_whole(const json_t *v, const char *key, uint64_t *out, grat_op *op)
{
    double x = 0;
    grat_err err = take_number(v, key, &x, op);
    if (err) return err;
    if (x < 0 || x > 9e15 || floor(x) < x)
        return grat_op_fail(op, GRAT_EINVAL, "%.60s: a whole number from 0 is wanted", key);
    *out = (uint64_t)x;
    return GRAT_OK;
}

static grat_err take_bool(const json_t *v, const char *key, bool *out, grat_op *op)
{
    if (!json_is_boolean(v)) return grat_op_fail(op, GRAT_EINVAL, "%.60s: true or false is wanted", key);
    *out = json_is_true(v);
    return GRAT_OK;
}

static grat_err take_word(const json_t *v, const word *w, const char *key, int *out, grat_op *op)
{
    const char *s = json_string_value(v);
    for (const word *k = w; s && k->text; k++) {
        if (strcasecmp(k->text, s) != 0) continue;
        *out = k->value;
        return GRAT_OK;
    }
    return grat_op_fail(op, GRAT_EINVAL, "%.60s: a word is wanted, such as \"%s\" or \"%s\"", key, w[0].text,
                        w[1].text);
}

static grat_err unknown(const char *key, grat_op *op)
{
    return grat_op_fail(op, GRAT_EINVAL, "%.60s: there is no such setting; see /api/openapi.json", key);
}

static grat_err take_channel(const json_t *o, grat_channel_settings *c, unsigned *mask, grat_op *op)
{
    const char *key;
    json_t *v;
    grat_err err = GRAT_OK;
    json_object_foreach((json_t *)(uintptr_t)o, key, v) {
        int w = 0;
        if (strcmp(key, "enabled") == 0) {
            err = take_bool(v, key, &c->enabled, op);
            *mask |= GRAT_SET_CHANNELS;
        } else if (strcmp(key, "scale") == 0) {
            err = take_positive(v, key, &c->scale, op);
            *mask |= GRAT_SET_SCALE;
        } else if (strcmp(key, "offset") == 0) {
            err = take_number(v, key, &c->offset, op);
            *mask |= GRAT_SET_OFFSET;
        } else if (strcmp(key, "probe") == 0) {
            err = take_positive(v, key, &c->probe, op);
            *mask |= GRAT_SET_PROBE;
        } else if (strcmp(key, "coupling") == 0) {
            err = take_word(v, couplings, key, &w, op);
            if (!err) c->coupling = (grat_coupling)w;
            *mask |= GRAT_SET_COUPLING;
        } else if (strcmp(key, "bandwidth_limit") == 0) {
            err = take_bool(v, key, &c->bandwidth_limit, op);
            *mask |= GRAT_SET_BANDWIDTH;
        } else if (strcmp(key, "invert") == 0) {
            err = take_bool(v, key, &c->invert, op);
            *mask |= GRAT_SET_INVERT;
        } else {
            err = unknown(key, op);
        }
        if (err) return err;
    }
    return GRAT_OK;
}

static int index_of(const char names[][8], unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++) {
        if (strcasecmp(names[i], name) == 0) return (int)i;
    }
    return -1;
}

static grat_err take_channels(const json_t *o, const grat_caps *caps, grat_settings *s, unsigned *mask, grat_op *op)
{
    const char *key;
    json_t *v;
    if (!json_is_object(o)) return grat_op_fail(op, GRAT_EINVAL, "channels: an object is wanted");
    json_object_foreach((json_t *)(uintptr_t)o, key, v) {
        int i = index_of(caps->analog_name, caps->analog < 4 ? caps->analog : 4, key);
        if (i < 0 || !json_is_object(v))
            return grat_op_fail(op, GRAT_EINVAL, "channels: \"%.20s\": no such channel, or no object", key);
        grat_err err = take_channel(v, &s->channel[i], mask, op);
        if (err) return err;
    }
    return GRAT_OK;
}

static grat_err take_lines(const json_t *o, const grat_caps *caps, grat_settings *s, grat_op *op)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)o, key, v) {
        int i = index_of(caps->digital_name, caps->digital < 16 ? caps->digital : 16, key);
        if (i < 0) return grat_op_fail(op, GRAT_EINVAL, "digital: \"%.20s\": no such line", key);
        grat_err err = take_bool(v, key, &s->digital[i], op);
        if (err) return err;
    }
    return GRAT_OK;
}

static grat_err take_digital(const json_t *o, const grat_caps *caps, grat_settings *s, unsigned *mask, grat_op *op)
{
    const char *key;
    json_t *v;
    if (!json_is_object(o)) return grat_op_fail(op, GRAT_EINVAL, "digital: an object is wanted");
    json_object_foreach((json_t *)(uintptr_t)o, key, v) {
        grat_err err;
        if (strcmp(key, "on") == 0) {
            err = take_bool(v, key, &s->digital_on, op);
            *mask |= GRAT_SET_CHANNELS;
        } else if (strcmp(key, "lines") == 0) {
            err = json_is_object(v) ? take_lines(v, caps, s, op) : unknown(key, op);
            *mask |= GRAT_SET_CHANNELS;
        } else if (strcmp(key, "threshold") == 0 && json_array_size(v) == 2) {
            err = take_number(json_array_get(v, 0), key, &s->threshold[0], op);
            if (!err) err = take_number(json_array_get(v, 1), key, &s->threshold[1], op);
            *mask |= GRAT_SET_THRESHOLD;
        } else {
            err = unknown(key, op);
        }
        if (err) return err;
    }
    return GRAT_OK;
}

static grat_err take_trigger(const json_t *o, grat_settings *s, unsigned *mask, grat_op *op)
{
    const char *key;
    json_t *v;
    int w = 0;
    if (!json_is_object(o)) return grat_op_fail(op, GRAT_EINVAL, "trigger: an object is wanted");
    *mask |= GRAT_SET_TRIGGER;
    json_object_foreach((json_t *)(uintptr_t)o, key, v) {
        grat_err err = GRAT_OK;
        if (strcmp(key, "level") == 0) {
            err = take_number(v, key, &s->trigger_level, op);
        } else if (strcmp(key, "slope") == 0) {
            err = take_word(v, slopes, key, &w, op);
            if (!err) s->trigger_slope = (grat_slope)w;
        } else if (strcmp(key, "source") == 0) {
            const char *name = json_string_value(v);
            if (!name || strlen(name) >= 8) return grat_op_fail(op, GRAT_EINVAL, "source: a channel is wanted");
            snprintf(s->trigger_source, sizeof s->trigger_source, "%s", name);
        } else if (strcmp(key, "type") != 0 || strcmp(json_is_string(v) ? json_string_value(v) : "", "edge") != 0) {
            err = unknown(key, op);
        }
        if (err) return err;
    }
    return GRAT_OK;
}

static grat_err take_top(const char *key, const json_t *v, grat_settings *s, unsigned *mask, grat_op *op)
{
    int w = 0;
    uint64_t n = 0;
    grat_err err;
    if (strcmp(key, "timebase") == 0) {
        *mask |= GRAT_SET_TIMEBASE;
        return take_positive(v, key, &s->timebase, op);
    }
    if (strcmp(key, "delay") == 0) {
        *mask |= GRAT_SET_DELAY;
        return take_number(v, key, &s->delay, op);
    }
    if (strcmp(key, "holdoff") == 0) {
        *mask |= GRAT_SET_HOLDOFF;
        return take_number(v, key, &s->holdoff, op);
    }
    if (strcmp(key, "depth") == 0) {
        *mask |= GRAT_SET_DEPTH;
        return take_whole(v, key, &s->depth, op);
    }
    if (strcmp(key, "averages") == 0) {
        *mask |= GRAT_SET_ACQ;
        err = take_whole(v, key, &n, op);
        if (!err) s->averages = n > 65536 ? 65536 : (unsigned)n;
        return err;
    }
    if (strcmp(key, "acq") == 0) {
        *mask |= GRAT_SET_ACQ;
        err = take_word(v, acqs, key, &w, op);
        if (!err) s->acq = (grat_acq_type)w;
        return err;
    }
    if (strcmp(key, "sweep") != 0) return unknown(key, op);
    *mask |= GRAT_SET_SWEEP;
    err = take_word(v, sweeps, key, &w, op);
    if (!err) s->sweep = (grat_sweep)w;
    return err;
}

grat_err serve_settings_parse(const json_t *o, const grat_caps *caps, grat_settings *s, unsigned *mask, grat_op *op)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)o, key, v) {
        grat_err err;
        if (strcmp(key, "channels") == 0) err = take_channels(v, caps, s, mask, op);
        else if (strcmp(key, "digital") == 0) err = take_digital(v, caps, s, mask, op);
        else if (strcmp(key, "trigger") == 0) err = take_trigger(v, s, mask, op);
        else err = take_top(key, v, s, mask, op);
        if (err) return err;
    }
    return *mask ? GRAT_OK : grat_op_fail(op, GRAT_EINVAL, "settings: nothing to set");
}

grat_err serve_log_parse(const json_t *o, serve_log_plan *out, grat_op *op)
{
    const char *key;
    json_t *v;
    *out = (serve_log_plan){.format = "csv"};
    json_object_foreach((json_t *)(uintptr_t)o, key, v) {
        grat_err err = GRAT_OK;
        const char *text = json_string_value(v);
        if (strcmp(key, "action") == 0) continue;
        if (strcmp(key, "format") == 0) {
            bool known = false;
            for (const char *const *f = grat_formats(); text && *f; f++) known = known || strcmp(*f, text) == 0;
            if (!known || strlen(text) >= sizeof out->format)
                return grat_op_fail(op, GRAT_EINVAL, "format: there is none of this name");
            snprintf(out->format, sizeof out->format, "%s", text);
        } else if (strcmp(key, "rate") == 0) err = take_number(v, key, &out->rate, op);
        else if (strcmp(key, "period") == 0) err = take_number(v, key, &out->period, op);
        else if (strcmp(key, "duration") == 0) err = take_number(v, key, &out->duration, op);
        else if (strcmp(key, "samples") == 0) err = take_whole(v, key, &out->samples, op);
        else err = unknown(key, op);
        if (err) return err;
    }
    if (out->rate < 0 || out->period < 0 || out->duration < 0)
        return grat_op_fail(op, GRAT_EINVAL, "recording: a rate or time below 0");
    return GRAT_OK;
}
