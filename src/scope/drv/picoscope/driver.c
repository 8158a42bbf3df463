#include <stdio.h>
#include <string.h>

#include "scope/drv/picoscope/picoscope.h"
#include "session/pico.h"

#define CLOSE_MS 3000
#define FLASHES 10

static bool match(const grat_identity *id)
{
    return strcmp(id->vendor, "Pico Technology") == 0;
}

static void fill_caps(const pk_scope *b, grat_caps *k)
{
    const pk_limits *l = &b->limits;
    bool plain = b->u->lib->series->plain_generator;
    *k = (grat_caps){.analog = l->analog, .digital = l->ports ? PK_LINES : 0,
                     .generators = !plain || grat__pico_is_basic(b->u),
                     .horizontal_divisions = PK_DIVISIONS, .vertical_divisions = PK_SCREEN,
                     .min_scale = 2 * pk_range_volts(l->range_first) / PK_SCREEN,
                     .max_scale = 2 * pk_range_volts(l->range_last) / PK_SCREEN,
                     .min_timebase = l->min_dt[1] / PK_DIVISIONS, .max_timebase = 1e6,
                     .features = GRAT_FEATURE_TERMS | GRAT_FEATURE_DOWNSAMPLE | GRAT_FEATURE_SEGMENTS |
                                 GRAT_FEATURE_DELAY | GRAT_FEATURE_STREAM_TRIGGER |
                                 (plain ? 0 : GRAT_FEATURE_GENERATOR) |
                                 (b->u->lib->series->ets ? GRAT_FEATURE_ETS : 0)};
    for (unsigned i = 1; i <= l->analog; i++) {
        k->max_rate[i] = 1 / l->min_dt[i];
        k->max_depth[i] = l->max_depth[i];
    }
    for (unsigned i = 0; i < l->analog; i++) snprintf(k->analog_name[i], sizeof k->analog_name[i], "%c", 'A' + (int)i);
}

static grat_err open_driver(void *p, grat_session *s, const grat_identity *id, grat_caps *caps, grat_op *op)
{
    pk_scope *b = p;
    grat_settings first;
    (void)id;
    b->s = s;
    b->u = grat__pico_session_unit(s);
    b->generator = (grat_generator){.size = sizeof b->generator};
    if (!b->u) return grat_op_fail(op, GRAT_ENODEV, "this PicoScope is not behind the vendor's library");
    grat_err e = pk_read_limits(b, op);
    if (e) return e;
    fill_caps(b, caps);
    pk_default_settings(b, &first);
    b->set = first;
    return pk_set(b, &first, GRAT_SET_CHANNELS | GRAT_SET_TIMEBASE, op);
}

static void close_driver(void *p)
{
    pk_scope *b = p;
    grat_op op;
    grat_op_init(&op, CLOSE_MS, NULL);
    pk_run(b, GRAT_STOP, &op);
    pk_forget(b);
}

static uint32_t flash_work(grat__pico_unit *u, void *args)
{
    (void)args;
    return u->lib->series->ops->flash(u, FLASHES);
}

static grat_err flash(void *p, grat_op *op)
{
    pk_scope *b = p;
    return grat__pico_must(b->u, &(grat__pico_job){.fn = flash_work}, op);
}

static grat_err describe(void *p, grat_line_fn fn, void *user, grat_op *op)
{
    const pk_scope *b = p;
    static const unsigned bits[] = {[0] = 8, [1] = 12, [2] = 14, [3] = 15, [4] = 16, [10] = 10};
    char text[80], low[24], high[24];
    (void)op;
    fn(user, "library", b->u->lib->series->name);
    if (b->u->usb[0]) fn(user, "USB", b->u->usb);
    if (b->u->calibrated[0]) fn(user, "calibrated", b->u->calibrated);
    if (b->u->power) fn(user, "power", b->u->power == GRAT__PICO_POWER_CONNECTED ? "supply"
                                       : b->u->power == GRAT__PICO_USB3_ON_USB2  ? "USB 3 unit on a USB 2 port"
                                                                                 : "USB, without its supply");
    grat_format_quantity(low, sizeof low, pk_range_volts(b->limits.range_first), "V");
    grat_format_quantity(high, sizeof high, pk_range_volts(b->limits.range_last), "V");
    snprintf(text, sizeof text, "+-%s to +-%s", low, high);
    fn(user, "ranges", text);
    if (b->setup.resolution >= 0) {
        snprintf(text, sizeof text, "%u bit", bits[b->setup.resolution]);
        fn(user, "resolution", text);
    }
    snprintf(text, sizeof text, "%u", b->limits.segments);
    fn(user, "segments", text);
    return GRAT_OK;
}

const grat_driver grat__picoscope = {
    .name = "picoscope",
    .priv_size = sizeof(pk_scope),
    .match = match,
    .open = open_driver,
    .close = close_driver,
    .get = pk_get,
    .set = pk_set,
    .plan = pk_plan,
    .run = pk_run,
    .state = pk_state,
    .acquire = pk_acquire,
    .fetch = pk_fetch,
    .cancel = pk_cancel,
    .describe = describe,
    .log_next = pk_log_next,
    .generator_set = pk_generator_set,
    .generator_get = pk_generator_get,
    .flash = flash,
};
