/* The exported calls of ps2000 and ps3000: 0 is failure, and why is told by get_unit_info. */
#include "sim/pico/table_old.h"
#include "sim/pico/library_shared.h"

#define DECLARE(name, how, type, args) EXPORT_AS(type) API(name) args;
PS_COMMON(DECLARE)
PS_OWN(DECLARE)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#define DEFINE_REAL(name, type, args)
#define DEFINE_NO(name, type, args) EXPORT_AS(type) API(name) args { return 0; }
#define DEFINE(name, how, type, args) DEFINE_##how(name, type, args)
PS_COMMON(DEFINE)
PS_OWN(DEFINE)
#pragma GCC diagnostic pop

/* Of the last call that failed, of any unit. */
static _Atomic uint32_t last_status;
#define CHANNELS 4

#define BEGIN(h, call)                                                                                                 \
    uint32_t begun;                                                                                                    \
    ps_unit *u = ps_enter(library, h, #call, &begun);                                                                  \
    atomic_store(&last_status, begun);                                                                                 \
    if (!u) return 0

static int16_t leave(ps_unit *u, uint32_t status)
{
    atomic_store(&last_status, status);
    ps_leave(u, status);
    return status == PS_OK;
}

EXPORT_AS(int16_t) API(_open_unit)(void)
{
    int16_t h = 0;
    uint32_t status = ps_open(library, &h, NULL, 0);
    atomic_store(&last_status, status);
    return status && h > 0 ? -1 : h;
}

EXPORT_AS(int16_t) API(_close_unit)(int16_t h)
{
    BEGIN(h, CloseUnit);
    ps_stop(u);
    u->handle = 0;
    return leave(u, PS_OK);
}

/* The line of the error: the vendor's old numbers. */
static const char *error_text(void)
{
    static const struct {
        uint32_t status;
        const char *text;
    } rows[] = {{PS_OK, "0"}, {PS_MEMORY_FAIL, "2"}, {PS_NOT_FOUND, "3"}, {PS_NOT_RESPONDING, "5"}};
    uint32_t status = atomic_load(&last_status);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].status == status) return rows[i].text;
    return "6";
}

EXPORT_AS(int16_t) API(_get_unit_info)(int16_t h, int8_t *text, int16_t cap, int16_t line)
{
    if (!text || cap <= 0) return 0;
    if (line == 6) return (int16_t)snprintf((char *)text, (size_t)cap, "%s", error_text());
    BEGIN(h, GetUnitInfo);
    int16_t size = 0;
    uint32_t status = ps_info(library, u, text, cap, &size, (uint32_t)line);
    return leave(u, status == PS_STRING_TOO_SMALL ? PS_OK : status) ? size : 0;
}

EXPORT_AS(int16_t) API(_flash_led)(int16_t h)
{
    BEGIN(h, FlashLed);
    ps_flash(u, 6);
    return leave(u, PS_OK);
}

EXPORT_AS(int16_t) API(_set_channel)(int16_t h, int16_t channel, int16_t on, int16_t dc, int16_t range)
{
    BEGIN(h, SetChannel);
    ps_input in = {.enabled = on != 0, .coupling = dc != 0, .range = range};
    return leave(u, ps_set_channel(u, channel, &in));
}

EXPORT_AS(int16_t) API(_get_timebase)(int16_t h, int16_t n, int32_t samples, int32_t *ns, int16_t *units,
                                   int16_t oversample, int32_t *max)
{
    BEGIN(h, GetTimebase);
    double v = 0;
    uint64_t room = 0;
    (void)oversample;
    uint32_t status = n < 0 ? PS_INVALID_TIMEBASE
                            : ps_timebase(u, (uint32_t)n, samples > 0 ? (uint64_t)samples : 0, &v, &room);
    if (!status && v > INT32_MAX) status = PS_INVALID_TIMEBASE;
    if (!status && ns) *ns = (int32_t)nearbyint(v);
    if (!status && units) *units = 2;
    if (!status && max) *max = (int32_t)room;
    return leave(u, status);
}

static uint32_t set_trigger(ps_unit *u, int16_t source, int16_t threshold, int16_t falling, double percent, int16_t ms)
{
    if (percent < -100 || percent > 100) return PS_INVALID_PARAMETER;
    u->before = -percent / 100;
    /* 5 is no trigger. */
    ps_trigger t = {.on = source != 5, .source = ps_source(u, source), .threshold = threshold,
                    .direction = falling ? 3 : 2, .auto_s = ms > 0 ? ms * 1e-3 : 0};
    return ps_simple_trigger(u, &t);
}

EXPORT_AS(int16_t) API(_set_trigger)(int16_t h, int16_t source, int16_t threshold, int16_t falling, int16_t percent,
                                  int16_t ms)
{
    BEGIN(h, SetSimpleTrigger);
    return leave(u, set_trigger(u, source, threshold, falling, percent, ms));
}

EXPORT_AS(int16_t) API(_set_trigger2)(int16_t h, int16_t source, int16_t threshold, int16_t falling, float percent,
                                   int16_t ms)
{
    BEGIN(h, SetSimpleTrigger);
    return leave(u, set_trigger(u, source, threshold, falling, (double)percent, ms));
}

EXPORT_AS(int16_t) API(_run_block)(int16_t h, int32_t n, int16_t timebase, int16_t oversample, int32_t *ms)
{
    BEGIN(h, RunBlock);
    int64_t pre = u->before > 0 ? (int64_t)nearbyint(u->before * n) : 0;
    (void)oversample;
    /* A part of the block behind the trigger instead. */
    if (u->before < 0) u->trigger.delay = (uint64_t)nearbyint(-u->before * n);
    else if (u->trigger.simple) u->trigger.delay = 0;
    ps_block b = {.pre = pre, .post = n - pre, .timebase = (uint32_t)timebase};
    uint32_t status = n < 1 || timebase < 0 ? PS_INVALID_PARAMETER : ps_start_block(u, &b);
    if (!status && ms) *ms = (int32_t)(n * u->dt * 1e3);
    return leave(u, status);
}

EXPORT_AS(int16_t) API(_ready)(int16_t h)
{
    uint32_t begun;
    ps_unit *u = ps_enter(library, h, "IsReady", &begun);
    atomic_store(&last_status, begun);
    if (!u) return -1;
    pthread_mutex_lock(&u->lock);
    int16_t ready = u->ready;
    pthread_mutex_unlock(&u->lock);
    leave(u, PS_OK);
    return ready;
}

static uint32_t get_values(ps_unit *u, int16_t *const to[CHANNELS], int16_t *overflow, int32_t *n)
{
    int32_t channels = (int32_t)u->model->channels;
    for (int32_t i = 0; i < channels; i++) {
        ps_buffer own = {.max = u->input[i].enabled ? to[i] : NULL, .length = *n > 0 ? (uint64_t)*n : 0};
        ps_set_buffer(u, i, 0, &own);
    }
    ps_values v = {.n = *n > 0 ? (uint64_t)*n : 0, .ratio = 1, .overflow = overflow};
    uint32_t status = ps_read(u, &v);
    for (int32_t i = 0; i < channels; i++) ps_set_buffer(u, i, 0, &(ps_buffer){0});
    *n = status ? 0 : (int32_t)v.n;
    return status;
}

EXPORT_AS(int32_t) API(_get_values)(int16_t h, int16_t *a, int16_t *b, int16_t *c, int16_t *d, int16_t *overflow,
                                    int32_t n)
{
    BEGIN(h, GetValues);
    return leave(u, get_values(u, (int16_t *const[]){a, b, c, d}, overflow, &n)) ? n : 0;
}

EXPORT_AS(int32_t) API(_get_times_and_values)(int16_t h, int32_t *times, int16_t *a, int16_t *b, int16_t *c, int16_t *d,
                                              int16_t *overflow, int16_t units, int32_t n)
{
    BEGIN(h, GetValues);
    if (!times || units < 0 || units > 5) return leave(u, PS_INVALID_PARAMETER);
    u->ets.times = u->ets.interleave && n > 0 ? calloc((size_t)n, sizeof(int64_t)) : NULL;
    u->ets.length = u->ets.times ? n : 0;
    uint32_t status = get_values(u, (int16_t *const[]){a, b, c, d}, overflow, &n);
    double first = (double)u->trigger.delay - (double)u->pre;
    for (int32_t i = 0; i < n; i++) {
        double t = u->ets.times ? (double)u->ets.times[i] * 1e-15 : (i + first) * u->dt;
        times[i] = (int32_t)nearbyint(t / ps_unit_s[units]);
    }
    free(u->ets.times);
    u->ets.times = NULL;
    return leave(u, status) ? n : 0;
}

/* The interval in ps; 0 for off as well. */
EXPORT_AS(int32_t) API(_set_ets)(int16_t h, int16_t mode, int16_t cycles, int16_t interleave)
{
    BEGIN(h, SetEts);
    int32_t ps = 0;
    return leave(u, ps_set_ets(u, mode, cycles, interleave, &ps)) ? ps : 0;
}

EXPORT_AS(int16_t) API(_stop)(int16_t h)
{
    BEGIN(h, Stop);
    ps_stop(u);
    return leave(u, PS_OK);
}

/* ---- streaming: the buffers are the library's own ------------------------------------------------------ */

EXPORT_AS(int16_t) API(_run_streaming_ns)(int16_t h, uint32_t interval, int32_t units, uint32_t samples,
                                          int16_t auto_stop, uint32_t aggregate, uint32_t overview)
{
    BEGIN(h, RunStreaming);
    if (u->model->basic || units < 0 || units > 5 || !overview || overview > 10000000)
        return leave(u, PS_INVALID_PARAMETER);
    ps_stream s = {interval * ps_unit_s[units], 0, samples, overview, auto_stop != 0, aggregate, aggregate > 1};
    uint32_t status = ps_start_stream(u, &s);
    if (status) return leave(u, status);
    u->dt = interval * ps_unit_s[units];
    for (int i = 0; i < (int)u->model->channels; i++) {
        free(u->own[i]);
        u->own[i] = calloc(2 * (size_t)overview, sizeof(int16_t));
        if (!u->own[i]) return leave(u, PS_MEMORY_FAIL);
        ps_buffer b = {.max = u->own[i], .min = s.mode ? u->own[i] + overview : NULL, .length = overview,
                       .mode = s.mode};
        ps_set_buffer(u, i, 0, &b);
    }
    u->lost = u->overrun;
    ps_run_stream(u);
    return leave(u, PS_OK);
}

/* What a poll cannot tell: overview_buffer_status does. */
static void lose(int16_t h, uint32_t status)
{
    ps_unit *u;
    for (unsigned i = 0; (u = ps_unit_at(library, i)); i++)
        if (u->handle == h && (status == PS_BUFFER_STALL || status == PS_MEMORY_OVERFLOW)) u->lost = true;
}

EXPORT_AS(int16_t) API(_get_streaming_last_values)(int16_t h, ps_old_ready ready)
{
    uint32_t begun;
    ps_unit *u = ps_enter(library, h, "GetStreamingLatestValues", &begun);
    atomic_store(&last_status, begun);
    if (!u) lose(h, begun);
    if (!u) return 0;
    ps_chunk c;
    bool have;
    if (u->state != PS_STREAM) return leave(u, u->lost ? PS_OK : PS_INVALID_CALL);
    uint32_t status = ps_poll(u, &c, &have);
    if (status == PS_BUFFER_STALL) u->lost = true;
    if (have && ready) {
        int16_t *list[2 * CHANNELS] = {0};
        for (unsigned i = 0; i < u->model->channels; i++) {
            if (!u->input[i].enabled) continue;
            list[2 * i] = u->own[i] + c.start;
            if (u->mode) list[2 * i + 1] = u->own[i] + u->overview + c.start;
        }
        ps_in_callback = true;
        ready(list, c.overflow, c.trigger_at, c.triggered, c.auto_stop, (uint32_t)c.samples);
        ps_in_callback = false;
    }
    return leave(u, status) && have;
}

EXPORT_AS(int16_t) API(_overview_buffer_status)(int16_t h, int16_t *overrun)
{
    BEGIN(h, OverviewBufferStatus);
    if (!overrun) return leave(u, PS_NULL_PARAMETER);
    *overrun = u->lost;
    u->lost = false;
    return leave(u, PS_OK);
}

/* ---- events ------------------------------------------------------------------------------------------------ */

#include "sim/pico/classic_trigger.h"

/* Structs of 12 bytes: two levels, one hysteresis, the channel in 16 bits, the mode. */
EXPORT_AS(int16_t) API(SetAdvTriggerChannelProperties)(int16_t h, void *list, int16_t n, int32_t auto_ms)
{
    BEGIN(h, SetTriggerChannelProperties);
    const uint8_t *p = list;
    uint32_t status = n < 0 || (n && !list) ? PS_NULL_PARAMETER : u->model->basic && n ? PS_NOT_SUPPORTED : PS_OK;
    forget_levels(u);
    u->trigger.auto_s = auto_ms > 0 ? auto_ms * 1e-3 : 0;
    for (int16_t k = 0; k < n && !status; k++, p += 12) {
        struct {
            int16_t major, minor;
            uint16_t hysteresis;
            int16_t channel;
            int32_t mode;
        } row;
        memcpy(&row, p, 12);
        status = set_level(u, row.channel, &(level){row.major, row.hysteresis, row.minor, row.hysteresis});
        if (!status) u->trigger.event[ps_source(u, row.channel)].window = row.mode == 1;
    }
    return leave(u, status);
}

EXPORT_AS(int16_t) API(SetAdvTriggerChannelConditions)(int16_t h, void *list, int16_t n)
{
    BEGIN(h, SetTriggerChannelConditions);
    return leave(u, set_conditions(u, list, n, 6));
}

EXPORT_AS(int16_t) API(SetAdvTriggerChannelDirections)(int16_t h, int32_t a, int32_t b, int32_t c, int32_t d,
                                                       int32_t ext)
{
    BEGIN(h, SetTriggerChannelDirections);
    const int32_t way[] = {a, b, c, d, ext};
    for (unsigned i = 0; i < 5; i++)
        if (way[i] < 0 || way[i] > 4) return leave(u, PS_INVALID_TRIGGER_DIRECTION);
    for (unsigned i = 0; i < 4; i++) u->trigger.event[i].direction = way[i];
    u->trigger.event[PS_CHANNELS].direction = ext;
    return leave(u, PS_OK);
}

EXPORT_AS(int16_t) API(SetAdvTriggerDelay)(int16_t h, uint32_t delay, float percent)
{
    BEGIN(h, SetTriggerDelay);
    if (percent < -100 || percent > 100) return leave(u, PS_INVALID_PARAMETER);
    if (delay > PS_MAX_DELAY) return leave(u, PS_INVALID_PARAMETER);
    u->trigger.delay = delay;
    u->before = percent < 0 ? -(double)percent / 100 : 0;
    return leave(u, PS_OK);
}

EXPORT_AS(int16_t) API(SetPulseWidthQualifier)(int16_t h, void *list, int16_t n, int32_t direction, uint32_t lower,
                                               uint32_t upper, int32_t type)
{
    BEGIN(h, SetPulseWidthQualifier);
    if (list && (direction < 0 || direction > 4)) return leave(u, PS_INVALID_TRIGGER_DIRECTION);
    return leave(u, set_width(u, list, n, 5, &(width){direction, lower, upper, type}));
}

EXPORT_AS(int16_t) API(PingUnit)(int16_t h)
{
    BEGIN(h, PingUnit);
    return leave(u, u->state == PS_IDLE ? PS_OK : PS_BUSY);
}

/* ---- the generator -------------------------------------------------------------------------------------- */

/* hz: from, to, step, and the time of a step. */
static uint32_t generate(ps_unit *u, int32_t offset_uv, uint32_t pp_uv, int wave, const double hz[4])
{
    u->generator.offset = offset_uv / 1e6;
    u->generator.pp = pp_uv / 1e6;
    u->generator.wave = wave;
    u->generator.hz = hz[0];
    u->generator.stop = hz[1];
    u->generator.step = hz[2];
    u->generator.dwell = hz[3];
    u->generator.source = PS_GEN_FREE;
    u->generator.cycles = 0;
    return u->state == PS_IDLE ? ps_generate(u) : PS_BUSY;
}

#ifdef PICO_ps3000
#define LEVEL_UV 1000000

/* SQUARE TRIANGLE SINE. Of a sweep the dwell time is taken for ms. */
EXPORT_AS(int32_t) API(_set_siggen)(int16_t h, int16_t wave, int32_t start, int32_t stop, float step, int16_t dwell,
                                    int16_t repeat, int16_t dual)
{
    BEGIN(h, SetSigGenBuiltIn);
    static const int of[] = {1, 2, 0};
    (void)repeat;
    if (!u->model->basic || wave < 0 || wave > 2 || start < 0 || start > 1000000 || stop < 0 || stop > 1000000)
        return leave(u, PS_SIG_GEN_PARAM);
    u->generator.way = dual ? 2 : stop < start;
    double hz[] = {start, stop, (double)step, dwell * 1e-3}, off[4] = {0};
    uint32_t status = start ? generate(u, 0, 2 * LEVEL_UV, of[wave], hz) : generate(u, 0, 0, 8, off);
    return leave(u, status) ? start : 0;
}

EXPORT_AS(void) API(_release_stream_buffer)(int16_t h)
{
    (void)h;
}

EXPORT_AS(int16_t) API(_streaming_ns_get_interval_stateless)(int16_t h, int16_t channels, uint32_t *ns)
{
    BEGIN(h, GetInterval);
    if (u->model->basic || !ns || channels < 1 || channels > (int16_t)u->model->channels)
        return leave(u, PS_INVALID_PARAMETER);
    *ns = (uint32_t)ceil(2e9 * channels / u->model->stream_bytes);
    return leave(u, PS_OK);
}
#else
#define POINTS 4096
#define DAC_HZ 48e6

/* SINE SQUARE TRIANGLE RAMPUP RAMPDOWN DC GAUSSIAN SINC HALF_SINE */
EXPORT_AS(int16_t) API(_set_sig_gen_built_in)(int16_t h, int32_t offset, uint32_t pp, int32_t wave, float start,
                                           float stop, float step, float dwell, int32_t sweep, uint32_t sweeps)
{
    BEGIN(h, SetSigGenBuiltIn);
    static const int of[] = {0, 1, 2, 3, 4, 8, 6, 5, 7};
    (void)sweeps;
    u->generator.way = sweep;
    if (wave < 0 || wave > 8) return leave(u, PS_SIG_GEN_PARAM);
    return leave(u, generate(u, offset, pp, of[wave], (double[]){(double)start, (double)stop, (double)step,
                                                                 (double)dwell}));
}

EXPORT_AS(int16_t) API(_set_sig_gen_arbitrary)(int16_t h, int32_t offset, uint32_t pp, uint32_t start, uint32_t stop,
                                            uint32_t step, uint32_t dwell, uint8_t *points, int32_t n, int32_t sweep,
                                            uint32_t sweeps)
{
    BEGIN(h, SetSigGenArbitrary);
    (void)stop, (void)step, (void)dwell, (void)sweep, (void)sweeps;
    if (!points || n < 1 || n > POINTS || !start) return leave(u, PS_SIG_GEN_PARAM);
    int16_t *own = malloc((size_t)n * sizeof *own);
    if (!own) return leave(u, PS_MEMORY_FAIL);
    for (int32_t i = 0; i < n; i++) own[i] = (int16_t)((points[i] - 128) * 256);
    double hz = start * DAC_HZ / 4294967296.0 * POINTS / n;
    uint32_t status = generate(u, offset, pp, -1, (double[]){hz, hz, 0, 0});
    free(status ? own : u->generator.points);
    if (!status) {
        u->generator.points = own;
        u->generator.n = n;
    }
    return leave(u, status);
}
#endif

#ifdef PICO_INPROC
void *JOIN(PICO_LIBRARY, _find)(const char *name);
void *JOIN(PICO_LIBRARY, _find)(const char *name)
{
#define FIND(call, how, type, args)                                                                                    \
    if (strcmp(name, TEXT(PICO_LIBRARY) #call) == 0) {                                                                 \
        union {                                                                                                        \
            type(*f) args;                                                                                             \
            void *p;                                                                                                   \
        } both = {.f = API(call)};                                                                                     \
        return both.p;                                                                                                 \
    }
    PS_COMMON(FIND)
    PS_OWN(FIND)
    return NULL;
}
#endif
