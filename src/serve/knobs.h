/* Settings as JSON, both ways. The same names in GET and POST; docs in page/openapi.json. */
#ifndef GRAT_SERVE_KNOBS_H
#define GRAT_SERVE_KNOBS_H

#include <graticule/graticule.h>
#include <jansson.h>

/* New references; NULL when memory is short. */
json_t *serve_settings_json(const grat_settings *s, const grat_caps *caps);
json_t *serve_caps_json(const grat_caps *caps);
json_t *serve_identity_json(const grat_identity *id);

/* Changes in *s what `o` names, and sets its bits in *mask. An unknown name or a value of the wrong kind is EINVAL. */
grat_err serve_settings_parse(const json_t *o, const grat_caps *caps, grat_settings *s, unsigned *mask, grat_op *op);

/* A recording: {"format", "rate", "period", "samples", "duration"}. */
typedef struct serve_log_plan {
    char format[16];
    double rate, period, duration;
    uint64_t samples;
} serve_log_plan;
grat_err serve_log_parse(const json_t *o, serve_log_plan *out, grat_op *op);

/* Parses one object, at most 64 KiB and not deep; NULL with the reason in op. */
#define SERVE_JSON_MAX 65536u
json_t *serve_json_parse(const void *text, size_t n, grat_op *op);

#endif
