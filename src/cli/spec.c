/* The knobs of an acquisition. */
#include "cli/cli.h"

#include <graticule/binding.h>
#include <math.h>
#include <string.h>
#include <strings.h>

static grat_err parse_range(const cli_args *a, grat_request *q, grat_op *op)
{
    double range = cli_amount(a, "range", NAN), low = cli_amount(a, "low", NAN), high = cli_amount(a, "high", NAN);
    if (isnan(low) != isnan(high))
        return grat_op_fail(op, GRAT_EINVAL, "--low and --high: one is missing; give both, or --range");
    if (!isnan(range) && !isnan(low))
        return grat_op_fail(op, GRAT_EINVAL, "--range and --low: they say the same; give one of them");
    if (!isnan(range)) low = -range / 2, high = range / 2;
    if (isnan(low)) return GRAT_OK;
    if (!(low < high)) return grat_op_fail(op, GRAT_EINVAL, "--range: the upper end must be above the lower end");
    q->has_range = true;
    q->low = low;
    q->high = high;
    return GRAT_OK;
}

static grat_err parse_type(const cli_args *a, grat_request *q, grat_op *op)
{
    int average = cli_has(a, "average"), peak = cli_has(a, "peak"), hires = cli_has(a, "hires");
    if (average + peak + hires > 1)
        return grat_op_fail(op, GRAT_EINVAL, "--average, --peak and --hires: only one of them is possible");
    if (average) {
        q->acq = GRAT_ACQ_AVERAGE;
        q->averages = (unsigned)cli_amount(a, "average", 1);
    }
    if (peak) q->acq = GRAT_ACQ_PEAK;
    if (hires) q->acq = GRAT_ACQ_HIRES;
    return GRAT_OK;
}

static grat_err parse_numbers(const cli_args *a, grat_request *q, grat_op *op)
{
    double samples = cli_amount(a, "samples", 0), pre = cli_amount(a, "pre", -1), count = cli_amount(a, "count", 0);
    double segments = cli_amount(a, "segments", 0);
    q->period = cli_amount(a, "period", 0);
    q->probe = cli_amount(a, "probe", 0);
    q->hair = cli_has(a, "hair");
    q->wait = cli_amount(a, "wait", 0);
    if (cli_has(a, "wait") && !(q->wait > 0))
        return grat_op_fail(op, GRAT_EINVAL, "--wait: it must be longer than nothing");
    if (cli_has(a, "period") && !(q->period > 0))
        return grat_op_fail(op, GRAT_EINVAL, "--period: it must be longer than nothing");
    if (cli_has(a, "probe") && !(q->probe > 0))
        return grat_op_fail(op, GRAT_EINVAL, "--probe: it must be above 0; 10 means 10X");
    if (cli_has(a, "samples") && !(samples >= 1 && samples <= 1e15))
        return grat_op_fail(op, GRAT_EINVAL, "--samples: it must be at least 1 and at most 1e15");
    if (cli_has(a, "pre") && !(pre >= 0 && pre <= 1))
        return grat_op_fail(op, GRAT_EINVAL, "--pre: it must be between 0%% and 100%%, such as 25%%");
    if (count > 1e9) return grat_op_fail(op, GRAT_EINVAL, "--count: at most 1000000000");
    if (segments > 1e9) return grat_op_fail(op, GRAT_EINVAL, "--segments: at most 1000000000");
    q->samples = (uint64_t)samples;
    q->pre = pre;
    q->count = (unsigned)count;
    q->segments = (unsigned)segments;
    q->ets = cli_has(a, "ets");
    return GRAT_OK;
}

static grat_err check_counts(const grat_request *q, grat_op *op)
{
    if (q->segments && q->count)
        return grat_op_fail(op, GRAT_EINVAL,
                            "--segments and --count: both say how many acquisitions; give one of them");
    if (q->current && (q->count > 1 || q->segments))
        return grat_op_fail(op, GRAT_EINVAL, "--current and --count: what is on the screen can be read once");
    return GRAT_OK;
}

grat_err cli_parse_request(const cli_args *a, grat_request *q, grat_op *op)
{
    const char *coupling = cli_value(a, "coupling"), *v;
    grat_err e = GRAT_OK;
    grat_request_init(q);
    if (coupling) q->coupling = *coupling == 'd' ? GRAT_DC : *coupling == 'a' ? GRAT_AC : GRAT_GND;
    q->memory = cli_has(a, "memory");
    q->current = cli_has(a, "current");
    for (int i = 0; !e && (v = cli_value_nth(a, "channels", i)); i++) e = grat_request_channels(q, v, op);
    if (!e && (v = cli_value(a, "trigger"))) e = grat_request_trigger(q, v, op);
    if (!e) e = parse_range(a, q, op);
    if (!e) e = parse_type(a, q, op);
    if (!e) e = parse_numbers(a, q, op);
    if (!e && q->wait > 0) q->trigger = GRAT_TRIG_AUTO;
    if (!e && (v = cli_value(a, "downsample"))) e = grat_request_downsample(q, v, op);
    return e ? e : check_counts(q, op);
}

const cli_option cli_acquire_options[] = {
    {"channels", 'c', CLI_TEXT, "LIST", "channels to read: 1,2 or 1-4 or D0-D7; A,B,L0-L7", NULL},
    {"period", 'p', CLI_AMOUNT, "TIME", "how much time to see, such as 2ms", "s"},
    {"samples", 's', CLI_AMOUNT, "N", "at least so many samples over the period, such as 10kS", "S"},
    {"range", 'r', CLI_AMOUNT, "VOLTS", "volts to see, around zero: 5V is -2.5 V to 2.5 V", "V"},
    {"low", 0, CLI_AMOUNT, "VOLTS", "lowest voltage to see, with --high", "V"},
    {"high", 0, CLI_AMOUNT, "VOLTS", "highest voltage to see, with --low", "V"},
    {"coupling", 0, CLI_CHOICE, "KIND", "dc, ac or gnd", "dc ac gnd"},
    {"probe", 0, CLI_AMOUNT, "RATIO", "attenuation of the probe: 10 is 10X", ""},
    {"trigger", 't', CLI_TEXT, "SPEC",
     "1:rising@0.5V, D3:falling, none or auto; 1:pulse@0.5V,1us..5us, 1:window@-1V..1V, 1:runt@0.2V..0.8V, "
     "1:timeout@0.5V,1ms; joined by & and |; +10us at its end: so much later", NULL},
    {"wait", 0, CLI_AMOUNT, "TIME", "without a trigger for so long it goes by itself", "s"},
    {"hair", 0, CLI_FLAG, NULL, "trigger on short pulses too, where the instrument can", NULL},
    {"pre", 0, CLI_AMOUNT, "PERCENT", "how much to keep from before the trigger, such as 25%", "%"},
    {"memory", 'm', CLI_FLAG, NULL, "the whole acquisition memory, not the points on the screen", NULL},
    {"current", 0, CLI_FLAG, NULL, "what is on the screen now, without a new acquisition", NULL},
    {"count", 'n', CLI_COUNT, "N", "so many acquisitions one after another", NULL},
    {"segments", 0, CLI_COUNT, "N", "so many acquisitions in one run of the memory", NULL},
    {"downsample", 0, CLI_TEXT, "N:MODE", "N samples become one: 16:aggregate (max and min), decimate, average", NULL},
    {"ets", 0, CLI_FLAG, NULL, "equivalent-time sampling of a signal that repeats", NULL},
    {"average", 0, CLI_COUNT, "N", "average over so many triggers", NULL},
    {"peak", 0, CLI_FLAG, NULL, "peak detection", NULL},
    {"hires", 0, CLI_FLAG, NULL, "high resolution", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};
