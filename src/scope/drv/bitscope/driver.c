#include "scope/drv/bitscope/bitscope.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool match(const grat_identity *id)
{
    return strcmp(id->vendor, "BitScope") == 0 && strncmp(id->model, "BS0005", 6) == 0;
}

static void fill_caps(grat_caps *k)
{
    /* max_rate: of the shot modes; two channels share the ADC. */
    *k = (grat_caps){.analog = BS_ANALOG, .digital = BS_LOGIC, .generators = 1, .horizontal_divisions = BS_DIVISIONS,
                     .vertical_divisions = BS_SCREEN, .bandwidth_hz = 20e6, .max_rate = {0, 20e6, 5e6},
                     .max_depth = {0, BS_MEMORY, BS_MEMORY / 2 - 1}, .min_timebase = 2 * BS_TICK / BS_DIVISIONS,
                     .max_timebase = 40.0 * BS_MAX_SCALE * BS_TICK * BS_MEMORY / BS_DIVISIONS,
                     .min_scale = 0.05 / BS_SCREEN, .max_scale = 55.0 / 3 / BS_SCREEN};
    for (unsigned i = 0; i < BS_ANALOG; i++) snprintf(k->analog_name[i], sizeof k->analog_name[i], "%c", 'A' + (int)i);
    for (unsigned i = 0; i < BS_LOGIC; i++) snprintf(k->digital_name[i], sizeof k->digital_name[i], "L%u", i);
}

static grat_err open_driver(void *p, grat_session *s, const grat_identity *id, grat_caps *caps, grat_op *op)
{
    bs_scope *b = p;
    (void)id;
    b->s = s;
    b->vm = (grat__bs_vm){.pipe = grat__bs_session_pipe(s)};
    fill_caps(caps);
    grat_err e = bs_params_load(grat_session_resource(s), &b->params, b->params_from, sizeof b->params_from, op);
    if (!e) e = bs_generator_read(b, op);
    bs_default_settings(&b->params, &b->set);
    return e;
}

/* A trace that still runs would answer the next program. */
static void close_driver(void *p)
{
    bs_scope *b = p;
    grat_op op;
    grat_op_init(&op, 1000, NULL);
    if (b->stream.running) bs_stream_stop(b, &op);
    if (b->trace.armed) bs_cancel(b, &op);
}

static void describe_modes(grat_line_fn fn, void *user)
{
    char text[200], a[32], c[32];
    for (const bs_mode *m = bs_modes; m->name; m++) {
        double slowest = (double)m->max * (m->divides ? BS_MAX_SCALE : 1) * BS_TICK;
        grat_format_quantity(a, sizeof a, 1 / (m->min * BS_TICK), "S/s");
        grat_format_quantity(c, sizeof c, 1 / slowest, "S/s");
        snprintf(text, sizeof text, "%-16s %s to %s, %u conversions%s%s", m->name, c, a, m->range,
                 m->analog ? m->wide ? ", 12 bit" : ", 8 bit" : "", m->analog == 2 ? ", A and B in turn" : "");
        fn(user, "mode", text);
    }
    grat_format_quantity(a, sizeof a, 1 / bs_stream_dt(0), "S/s");
    grat_format_quantity(c, sizeof c, 1 / bs_stream_dt(INFINITY), "S/s");
    snprintf(text, sizeof text, "%-16s %s to %s, 8 bit; only to log, its frames are not confirmed", "stream", c, a);
    fn(user, "mode", text);
}

static grat_err describe(void *p, grat_line_fn fn, void *user, grat_op *op)
{
    bs_scope *b = p;
    char text[300], f[32];
    grat_err e = bs_generator_read(b, op);
    if (e) return e;
    fn(user, "firmware", b->vm.version);
    describe_modes(fn, user);
    if (b->params_from[0])
        snprintf(text, sizeof text, "%s", b->params_from);
    else
        snprintf(text, sizeof text, "none; the vendor's model");
    fn(user, "calibration", text);
    snprintf(text, sizeof text, "%.3g V to %.3g V", b->params.safe_low, b->params.safe_high);
    fn(user, "safe range", text);
    grat_format_quantity(f, sizeof f, b->gen.frequency, "Hz");
    if (b->gen.what == BS_GEN_OFF) snprintf(text, sizeof text, "off");
    else if (b->gen.what == BS_GEN_CLOCK) snprintf(text, sizeof text, "clock, %s on L5", f);
    else snprintf(text, sizeof text, "wave, %s, %.3g V to %.3g V on L4", f, b->gen.low, b->gen.high);
    fn(user, "generator", text);
    snprintf(text, sizeof text, "%lu round trips, %lu resynchronisations, generator restarted %lu times",
             b->vm.trips, b->vm.resyncs, b->vm.revived);
    fn(user, "link", text);
    return GRAT_OK;
}

const grat_driver grat__bitscope = {
    .name = "bitscope",
    .priv_size = sizeof(bs_scope),
    .match = match,
    .open = open_driver,
    .close = close_driver,
    .get = bs_get,
    .set = bs_set,
    .plan = bs_request_plan,
    .run = bs_run,
    .state = bs_state,
    .acquire = bs_acquire,
    .fetch = bs_fetch,
    .cancel = bs_cancel,
    .describe = describe,
    .calibrate = bs_calibrate,
    .log_mode = bs_log_mode,
    .log_next = bs_log_next,
    .generator_set = bs_generator_set,
    .generator_get = bs_generator_get,
};
