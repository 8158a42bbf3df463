/* What the web server parses itself: headers (Host, Origin, Cookie, Authorization), names of files, and JSON bodies as
 * settings, as recordings and as messages of a viewer, with the picture that follows. The first byte chooses. */
#include "serve/gate.h"
#include "serve/server.h"

#include <math.h>

#include "fuzz.h"

static void headers(const char *text)
{
    static const char *const names[] = {"bench.lab", NULL};
    static const serve_gate local = {.loopback = true};
    static const serve_gate beyond = {.names = names, .token = "0123456789abcdef", .cookie = "graticule_8190",
                                      .session = "0123456789abcdef0123456789abcdef", .tls = true};
    char origin[700];
    bool in = serve_gate_host(&local, text);
    if (in) HOLDS(serve_gate_host(&beyond, text));
    if (in) HOLDS(strchr(text, '/') == NULL && strchr(text, '@') == NULL);
    snprintf(origin, sizeof origin, "http://%s", text);
    HOLDS(serve_gate_origin(&local, origin, text));
    if (*text) HOLDS(!serve_gate_origin(&beyond, origin, text));
    if (serve_gate_origin(&local, text, "localhost")) HOLDS(!*text || strcasecmp(text, "http://localhost") == 0);
    if (serve_gate_known(&beyond, text, NULL)) HOLDS(strstr(text, beyond.session) != NULL);
    if (serve_gate_known(&beyond, NULL, text)) HOLDS(strstr(text, beyond.token) != NULL);
    if (serve_gate_file(text)) HOLDS(strchr(text, '/') == NULL && text[0] != '.' && strlen(text) <= 120);
}

static grat_record *record(void)
{
    static const grat_sample_type types[2] = {GRAT_U8, GRAT_F32};
    grat_record *r = grat_record_new(2, types, 3000);
    HOLDS(r);
    r->dt = 1e-6;
    r->t0 = -1e-3;
    return r;
}

static void body(const char *text, size_t n)
{
    grat_caps caps = {.analog = 4, .digital = 16};
    grat_settings s = {0};
    serve_log_plan plan;
    unsigned mask = 0;
    grat_op op;
    for (unsigned i = 0; i < 4; i++) snprintf(caps.analog_name[i], 8, "%u", i + 1);
    for (unsigned i = 0; i < 16; i++) snprintf(caps.digital_name[i], 8, "D%u", i);
    grat_op_init(&op, 1000, NULL);
    json_t *o = serve_json_parse(text, n, &op);
    if (!o) {
        HOLDS(op.text[0]);
        return;
    }
    if (serve_settings_parse(o, &caps, &s, &mask, &op) == GRAT_OK) {
        HOLDS(mask && isfinite(s.timebase) && isfinite(s.channel[3].scale) && isfinite(s.trigger_level));
        json_t *back = serve_settings_json(&s, &caps);
        HOLDS(json_is_object(back));
        json_decref(back);
    } else {
        HOLDS(op.text[0]);
    }
    if (serve_log_parse(o, &plan, &op) == GRAT_OK) HOLDS(plan.rate >= 0 && plan.duration >= 0 && plan.format[0]);
    viewer v = {.view = {.columns = 1200}};
    serve_viewer_message(&v, o);
    HOLDS(v.view.columns <= SERVE_MAX_COLUMNS && isfinite(v.view.from) && isfinite(v.view.to));
    grat_record *r = record();
    serve_shot *shot = serve_shot_new(r, 1);
    size_t size = 0;
    uint8_t *frame = serve_frame(shot, &v.view, 0, &size);
    HOLDS(frame && size >= 72 && size < 200000);
    free(frame);
    serve_shot_unref(shot);
    json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char text[600];
    if (n == 0) return 0;
    if (data[0] == '{') {
        body((const char *)data, n);
        return 0;
    }
    if (n >= sizeof text) return 0;
    memcpy(text, data, n);
    text[n] = '\0';
    headers(text);
    return 0;
}
