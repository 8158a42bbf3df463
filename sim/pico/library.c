/* The exported calls: one object of this file for each library, by PICO_LIBRARY, PICO_ID and PICO_WIDE (ps6000). */
#if PICO_ID == 1
#include "sim/pico/table_narrow.h"
#elif PICO_WIDE
#include "sim/pico/table_wide.h"
#else
#include "sim/pico/table.h"
#endif
#include "sim/pico/library_shared.h"

/* ---- units -------------------------------------------------------------------------------------------- */

#if PICO_ID == 5
EXPORT API(OpenUnit)(int16_t *h, int8_t *serial, int32_t resolution)
{
    return ps_open(library, h, serial, resolution);
}
#elif PICO_ID == 1
EXPORT API(OpenUnit)(int16_t *h)
{
    return ps_open(library, h, NULL, 0);
}

#ifndef PICO_BARE
EXPORT API(OpenUnitEx)(int16_t *h, int8_t *serial)
{
    return ps_open(library, h, serial, 0);
}

EXPORT API(SetExtTriggerRange)(int16_t h, int32_t range)
{
    BEGIN(h, SetExtTriggerRange);
    if (u->model->clock != PS_10M) return ps_leave(u, PS_NOT_SUPPORTED);
    if (range != 5 && range != 8) return ps_leave(u, PS_INVALID_VOLTAGE_RANGE);
    u->ext_range = range;
    return ps_leave(u, PS_OK);
}

EXPORT API(SetBwFilter)(int16_t h, int32_t channel, int16_t enable)
{
    BEGIN(h, SetBandwidthFilter);
    (void)enable;
    return ps_leave(u, channel >= 0 && channel < (int32_t)u->model->channels ? PS_OK : PS_INVALID_CHANNEL);
}
#endif
#else
EXPORT API(OpenUnit)(int16_t *h, int8_t *serial)
{
    return ps_open(library, h, serial, 0);
}
#endif

#if PICO_ID >= 3 && !PICO_WIDE
EXPORT API(ChangePowerSource)(int16_t h, uint32_t state)
{
    BEGIN(h, ChangePowerSource);
    uint32_t have = u->usb_powered ? PS_POWER_NOT_CONNECTED : PS_POWER_CONNECTED;
    if (state != have) return ps_leave(u, PS_POWER_REQUEST_INVALID);
    u->power = 0;
    if (u->usb_powered)
        for (unsigned i = 2; i < u->model->channels; i++) u->input[i].enabled = false;
    return ps_leave(u, PS_OK);
}

EXPORT API(CurrentPowerSource)(int16_t h)
{
    BEGIN(h, CurrentPowerSource);
    if (!u->model->power) return ps_leave(u, PS_OK);
    return ps_leave(u, u->usb_powered ? PS_POWER_NOT_CONNECTED : PS_POWER_CONNECTED);
}

EXPORT API(SetBandwidthFilter)(int16_t h, int32_t channel, int32_t limit)
{
    BEGIN(h, SetBandwidthFilter);
    bool ok = channel >= 0 && channel < (int32_t)u->model->channels && limit >= 0 && limit <= 3;
    return ps_leave(u, ok ? PS_OK : PS_INVALID_PARAMETER);
}
#endif

#if PICO_ID == 4
EXPORT API(OpenUnitWithResolution)(int16_t *h, int8_t *serial, int32_t resolution)
{
    return ps_open(library, h, serial, resolution);
}
#endif

/* ---- inputs ---------------------------------------------------------------------------------------- */

#if PICO_ID == 1
EXPORT API(SetChannel)(int16_t h, int32_t channel, int16_t enabled, int16_t dc, int32_t range)
{
    BEGIN(h, SetChannel);
    ps_input in = {.enabled = enabled != 0, .coupling = dc != 0, .range = range};
    return ps_leave(u, ps_set_channel(u, channel, &in));
}
#else
#if PICO_WIDE
EXPORT API(SetChannel)(int16_t h, int32_t channel, int16_t enabled, int32_t coupling, int32_t range, float offset,
                       int32_t limit)
#else
EXPORT API(SetChannel)(int16_t h, int32_t channel, int16_t enabled, int32_t coupling, int32_t range, float offset)
#endif
{
    BEGIN(h, SetChannel);
#if PICO_WIDE
    if (limit < 0 || limit > 2) return ps_leave(u, PS_INVALID_BANDWIDTH);
#endif
    ps_input in = {.enabled = enabled != 0, .coupling = coupling, .range = range, .offset = (double)offset};
    return ps_leave(u, ps_set_channel(u, channel, &in));
}

#if PICO_ID != 4 && !PICO_WIDE
EXPORT API(SetDigitalPort)(int16_t h, int32_t port, int16_t enabled, int16_t level)
{
    BEGIN(h, SetDigitalPort);
    (void)level;
    return ps_leave(u, ps_set_port(u, port, enabled != 0));
}
#endif

EXPORT API(GetAnalogueOffset)(int16_t h, int32_t range, int32_t coupling, float *max, float *min)
{
    BEGIN(h, GetAnalogueOffset);
    float limit = (float)ps_offset_limit(range);
    (void)coupling;
    if (range < u->model->range_first || range > u->model->range_last) return ps_leave(u, PS_INVALID_VOLTAGE_RANGE);
    if (max) *max = limit;
    if (min) *min = -limit;
    return ps_leave(u, PS_OK);
}
#endif

#if !PICO_WIDE && !defined PICO_BARE
EXPORT API(GetChannelInformation)(int16_t h, int32_t info, int32_t probe, int32_t *ranges, int32_t *n, int32_t channel)
{
    BEGIN(h, GetChannelInformation);
    (void)probe;
    if (!n) return ps_leave(u, PS_NULL_PARAMETER);
    if (info != 0) return ps_leave(u, PS_INVALID_PARAMETER);
    if (channel < 0 || channel >= (int32_t)u->model->channels) return ps_leave(u, PS_INVALID_CHANNEL);
    int32_t have = u->model->range_last - u->model->range_first + 1, room = ranges ? *n : have;
    for (int32_t i = 0; ranges && i < have && i < room; i++) ranges[i] = u->model->range_first + i;
    *n = have < room ? have : room;
    return ps_leave(u, PS_OK);
}
#endif

#if PICO_ID != 1 && !PICO_WIDE
EXPORT API(MaximumValue)(int16_t h, int16_t *value)
{
    BEGIN(h, MaximumValue);
    if (!value) return ps_leave(u, PS_NULL_PARAMETER);
    *value = ps_max(u);
    return ps_leave(u, PS_OK);
}

EXPORT API(MinimumValue)(int16_t h, int16_t *value)
{
    BEGIN(h, MinimumValue);
    if (!value) return ps_leave(u, PS_NULL_PARAMETER);
    *value = (int16_t)-ps_max(u);
    return ps_leave(u, PS_OK);
}

EXPORT API(GetMaxSegments)(int16_t h, uint32_t *n)
{
    BEGIN(h, GetMaxSegments);
    if (!n) return ps_leave(u, PS_NULL_PARAMETER);
    *n = u->model->segments;
    return ps_leave(u, PS_OK);
}
#endif

EXPORT API(MemorySegments)(int16_t h, PS_SEGMENT n, PS_COUNT *max)
{
    BEGIN(h, MemorySegments);
    uint32_t status = ps_set_segments(u, n);
    if (!status && max) *max = (PS_COUNT)fmin((double)u->model->memory / (ps_bits(u) > 8 ? 2 : 1) / n, INT32_MAX);
    return ps_leave(u, status);
}

EXPORT API(SetNoOfCaptures)(int16_t h, PS_SEGMENT n)
{
    BEGIN(h, SetNoOfCaptures);
    if (!n) return ps_leave(u, PS_INVALID_PARAMETER);
    u->captures = n;
    return ps_leave(u, PS_OK);
}

#ifndef PICO_BARE
static uint32_t captures(const ps_unit *u, PS_SEGMENT *out)
{
    uint32_t n = 0, status = out ? ps_captures(u, &n) : PS_NULL_PARAMETER;
    if (!status) *out = (PS_SEGMENT)n;
    return status;
}

EXPORT API(GetNoOfCaptures)(int16_t h, PS_SEGMENT *n)
{
    BEGIN(h, GetNoOfCaptures);
    return ps_leave(u, captures(u, n));
}
#endif

#if PICO_ID != 1
EXPORT API(GetNoOfProcessedCaptures)(int16_t h, uint32_t *n)
{
    BEGIN(h, GetNoOfProcessedCaptures);
    return ps_leave(u, captures(u, n));
}
#endif

static uint32_t timebase(const ps_unit *u, uint32_t n, PS_COUNT samples, double *ns, PS_COUNT *max)
{
    uint64_t room = 0;
    uint32_t status = ps_timebase(u, n, samples > 0 ? (uint64_t)samples : 0, ns, &room);
    if (!status && max) *max = room > INT32_MAX ? INT32_MAX : (PS_COUNT)room;
    return status;
}

#if PICO_ID <= 3
#define OVERSAMPLE int16_t oversample,
#define IGNORE_OVERSAMPLE (void)oversample
#else
#define OVERSAMPLE
#define IGNORE_OVERSAMPLE (void)0
#endif

EXPORT API(GetTimebase)(int16_t h, uint32_t n, PS_COUNT samples, int32_t *ns, OVERSAMPLE PS_COUNT *max,
                        PS_SEGMENT segment)
{
    BEGIN(h, GetTimebase);
    double v = 0;
    IGNORE_OVERSAMPLE;
    uint32_t status = segment < u->segments ? timebase(u, n, samples, &v, max) : PS_SEGMENT_OUT_OF_RANGE;
    if (!status && ns) *ns = (int32_t)fmin(v, INT32_MAX);
    return ps_leave(u, status);
}

EXPORT API(GetTimebase2)(int16_t h, uint32_t n, PS_COUNT samples, float *ns, OVERSAMPLE PS_COUNT *max,
                         PS_SEGMENT segment)
{
    BEGIN(h, GetTimebase2);
    double v = 0;
    IGNORE_OVERSAMPLE;
    uint32_t status = segment < u->segments ? timebase(u, n, samples, &v, max) : PS_SEGMENT_OUT_OF_RANGE;
    if (!status && ns) *ns = (float)v;
    return ps_leave(u, status);
}

/* ---- triggers --------------------------------------------------------------------------------------- */

EXPORT API(SetSimpleTrigger)(int16_t h, int16_t enable, int32_t source, int16_t threshold, int32_t direction,
                             uint32_t delay, int16_t auto_ms)
{
    BEGIN(h, SetSimpleTrigger);
    ps_trigger t = {.on = enable != 0, .source = ps_source(u, source), .threshold = threshold, .direction = direction,
                    .delay = delay, .auto_s = auto_ms > 0 ? auto_ms * 1e-3 : 0};
    return ps_leave(u, ps_simple_trigger(u, &t));
}

EXPORT API(SetTriggerDelay)(int16_t h, uint32_t delay)
{
    BEGIN(h, SetTriggerDelay);
    if (delay > PS_MAX_DELAY) return ps_leave(u, PS_DELAY);
    u->trigger.delay = delay;
    return ps_leave(u, PS_OK);
}

EXPORT API(IsTriggerOrPulseWidthQualifierEnabled)(int16_t h, int16_t *trigger, int16_t *width)
{
    BEGIN(h, IsTriggerOrPulseWidthQualifierEnabled);
    if (trigger) *trigger = u->trigger.on;
    if (width) *width = u->trigger.width.on;
    return ps_leave(u, PS_OK);
}

#include "sim/pico/classic_trigger.h"

static uint32_t trigger_offset(const ps_unit *u, PS_SEGMENT segment, int64_t *time, int32_t *units)
{
    int64_t fs = 0;
    uint32_t status = ps_offset(u, segment, &fs);
    if (status) return status;
    if (time) memcpy(time, &fs, sizeof fs);
    if (units) *units = 0;
    return PS_OK;
}

EXPORT API(GetTriggerTimeOffset64)(int16_t h, int64_t *time, int32_t *units, PS_SEGMENT segment)
{
    BEGIN(h, GetTriggerTimeOffset64);
    return ps_leave(u, trigger_offset(u, segment, time, units));
}

EXPORT API(GetTriggerTimeOffset)(int16_t h, uint32_t *upper, uint32_t *lower, int32_t *units, PS_SEGMENT segment)
{
    BEGIN(h, GetTriggerTimeOffset);
    int64_t t = 0;
    uint32_t status = trigger_offset(u, segment, &t, units);
    if (!status && upper) *upper = (uint32_t)((uint64_t)t >> 32);
    if (!status && lower) *lower = (uint32_t)t;
    return ps_leave(u, status);
}

/* One 8-byte time and one 4-byte unit a segment. */
EXPORT API(GetValuesTriggerTimeOffsetBulk64)(int16_t h, int64_t *times, int32_t *units, PS_SEGMENT from,
                                             PS_SEGMENT to)
{
    BEGIN(h, GetValuesTriggerTimeOffsetBulk64);
    uint32_t status = PS_OK;
    for (uint32_t i = from; !status && i <= to; i++)
        status = trigger_offset(u, i, times ? times + (i - from) : NULL, units ? units + (i - from) : NULL);
    return ps_leave(u, status);
}

EXPORT API(GetValuesTriggerTimeOffsetBulk)(int16_t h, uint32_t *upper, uint32_t *lower, int32_t *units, PS_SEGMENT from,
                                           PS_SEGMENT to)
{
    BEGIN(h, GetValuesTriggerTimeOffsetBulk);
    uint32_t status = PS_OK;
    for (uint32_t i = from; !status && i <= to; i++) {
        int64_t t = 0;
        status = trigger_offset(u, i, &t, units ? units + (i - from) : NULL);
        if (!status && upper) upper[i - from] = (uint32_t)((uint64_t)t >> 32);
        if (!status && lower) lower[i - from] = (uint32_t)t;
    }
    return ps_leave(u, status);
}

/* ---- buffers, block mode ------------------------------------------------------------------------------ */

#if PICO_ID == 1
#ifdef PICO_BARE
/* Buffers are for all modes. */
static int mode_of(int32_t mode)
{
    return mode == 0 || mode == 1 || mode == 2 || mode == 4 ? mode : -1;
}

EXPORT API(SetDataBuffers)(int16_t h, int32_t channel, int16_t *max, int16_t *min, int32_t length)
{
    BEGIN(h, SetDataBuffers);
    ps_buffer b = {.max = max, .min = min, .length = length > 0 ? (uint64_t)length : 0, .mode = PS_ANY_MODE};
    return ps_leave(u, ps_set_buffer(u, channel, 0, &b));
}

EXPORT API(SetDataBuffer)(int16_t h, int32_t channel, int16_t *buffer, int32_t length)
{
    return API(SetDataBuffers)(h, channel, buffer, NULL, length);
}
#else
/* Its AVERAGE has the number of a mode that it has not got; -1 is none. */
static int mode_of(int32_t mode)
{
    return mode == 2 ? 4 : mode == 0 || mode == 1 ? mode : -1;
}

EXPORT API(SetDataBufferWithMode)(int16_t h, int32_t channel, int16_t *buffer, int32_t length, int32_t mode)
{
    BEGIN(h, SetDataBuffer);
    ps_buffer b = {.max = buffer, .length = length > 0 ? (uint64_t)length : 0, .mode = mode_of(mode)};
    return ps_leave(u, ps_set_buffer(u, channel, 0, &b));
}

EXPORT API(SetDataBuffer)(int16_t h, int32_t channel, int16_t *buffer, int32_t length)
{
    return API(SetDataBufferWithMode)(h, channel, buffer, length, 0);
}

EXPORT API(SetDataBuffersWithMode)(int16_t h, int32_t channel, int16_t *max, int16_t *min, int32_t length, int32_t mode)
{
    BEGIN(h, SetDataBuffers);
    ps_buffer b = {.max = max, .min = min, .length = length > 0 ? (uint64_t)length : 0, .mode = mode_of(mode)};
    return ps_leave(u, ps_set_buffer(u, channel, 0, &b));
}

EXPORT API(SetDataBuffers)(int16_t h, int32_t channel, int16_t *max, int16_t *min, int32_t length)
{
    return API(SetDataBuffersWithMode)(h, channel, max, min, length, 1);
}
#endif

EXPORT API(SetDataBufferBulk)(int16_t h, int32_t channel, int16_t *buffer, int32_t length, uint16_t segment)
{
    BEGIN(h, SetDataBufferBulk);
    ps_buffer b = {.max = buffer, .length = length > 0 ? (uint64_t)length : 0};
    return ps_leave(u, ps_set_buffer(u, channel, segment, &b));
}
#elif PICO_WIDE
/* AVERAGE and DECIMATE have each other's number here. */
static int mode_of(int32_t mode)
{
    return mode == 2 ? 4 : mode == 4 ? 2 : mode == 0 || mode == 1 ? mode : -1;
}

EXPORT API(SetDataBuffersBulk)(int16_t h, int32_t channel, int16_t *max, int16_t *min, uint32_t length,
                               uint32_t segment, int32_t mode)
{
    BEGIN(h, SetDataBuffers);
    ps_buffer b = {.max = max, .min = min, .length = length, .mode = mode_of(mode)};
    return ps_leave(u, ps_set_buffer(u, channel, segment, &b));
}

EXPORT API(SetDataBufferBulk)(int16_t h, int32_t channel, int16_t *buffer, uint32_t length, uint32_t segment,
                              int32_t mode)
{
    return API(SetDataBuffersBulk)(h, channel, buffer, NULL, length, segment, mode);
}

EXPORT API(SetDataBuffers)(int16_t h, int32_t channel, int16_t *max, int16_t *min, uint32_t length, int32_t mode)
{
    return API(SetDataBuffersBulk)(h, channel, max, min, length, 0, mode);
}

EXPORT API(SetDataBuffer)(int16_t h, int32_t channel, int16_t *buffer, uint32_t length, int32_t mode)
{
    return API(SetDataBuffersBulk)(h, channel, buffer, NULL, length, 0, mode);
}
#else
#define mode_of(mode) (mode)
EXPORT API(SetDataBuffer)(int16_t h, int32_t channel, int16_t *buffer, int32_t length, PS_SEGMENT segment, int32_t mode)
{
    BEGIN(h, SetDataBuffer);
    ps_buffer b = {.max = buffer, .length = length > 0 ? (uint64_t)length : 0, .mode = mode};
    return ps_leave(u, ps_set_buffer(u, channel, segment, &b));
}

EXPORT API(SetDataBuffers)(int16_t h, int32_t channel, int16_t *max, int16_t *min, int32_t length, PS_SEGMENT segment,
                           int32_t mode)
{
    BEGIN(h, SetDataBuffers);
    ps_buffer b = {.max = max, .min = min, .length = length > 0 ? (uint64_t)length : 0, .mode = mode};
    return ps_leave(u, ps_set_buffer(u, channel, segment, &b));
}

#if PICO_ID != 4
EXPORT API(SetUnscaledDataBuffers)(int16_t h, int32_t channel, int8_t *max, int8_t *min, int32_t length,
                                   PS_SEGMENT segment, int32_t mode)
{
    BEGIN(h, SetUnscaledDataBuffers);
    ps_buffer b = {.max = max, .min = min, .length = length > 0 ? (uint64_t)length : 0, .mode = mode, .bytes = true};
    return ps_leave(u, ps_set_buffer(u, channel, segment, &b));
}
#endif
#endif

EXPORT API(RunBlock)(int16_t h, PS_COUNT pre, PS_COUNT post, uint32_t n, OVERSAMPLE int32_t *ms, PS_SEGMENT segment,
                     ps_block_ready ready, void *user)
{
    BEGIN(h, RunBlock);
    IGNORE_OVERSAMPLE;
    ps_block b = {.pre = pre, .post = post, .timebase = n, .segment = segment, .ready = ready, .user = user};
    uint32_t status = ps_start_block(u, &b);
    if (!status && ms) *ms = (int32_t)fmin((pre + (double)post) * u->dt * 1e3, INT32_MAX);
    return ps_leave(u, status);
}

EXPORT API(GetValues)(int16_t h, uint32_t start, uint32_t *n, uint32_t ratio, PS_MODE mode, PS_SEGMENT segment,
                      int16_t *overflow)
{
    BEGIN(h, GetValues);
    if (!n) return ps_leave(u, PS_NULL_PARAMETER);
    ps_values v = {start, *n, segment, segment, ratio, mode_of(mode), overflow};
    uint32_t status = ps_read(u, &v);
    if (!status) *n = (uint32_t)v.n;
    return ps_leave(u, status);
}

#if PICO_ID == 1
EXPORT API(GetValuesBulk)(int16_t h, uint32_t *n, uint16_t from, uint16_t to, int16_t *overflow)
#else
EXPORT API(GetValuesBulk)(int16_t h, uint32_t *n, uint32_t from, uint32_t to, uint32_t ratio, int32_t mode,
                          int16_t *overflow)
#endif
{
    BEGIN(h, GetValuesBulk);
    if (!n) return ps_leave(u, PS_NULL_PARAMETER);
#if PICO_ID == 1
    ps_values v = {0, *n, from, to, 1, 0, overflow};
#else
    ps_values v = {0, *n, from, to, ratio, mode_of(mode), overflow};
#endif
    uint32_t status = ps_read(u, &v);
    if (!status) *n = (uint32_t)v.n;
    return ps_leave(u, status);
}

EXPORT API(SetEts)(int16_t h, int32_t mode, int16_t cycles, int16_t interleave, int32_t *ps)
{
    BEGIN(h, SetEts);
    return ps_leave(u, ps_set_ets(u, mode, cycles, interleave, ps));
}

EXPORT API(SetEtsTimeBuffer)(int16_t h, int64_t *fs, PS_COUNT n)
{
    BEGIN(h, SetEtsTimeBuffer);
    u->ets.times = n > 0 ? fs : NULL;
    u->ets.upper = u->ets.lower = NULL;
    u->ets.length = n > 0 ? (int32_t)n : 0;
    return ps_leave(u, PS_OK);
}

EXPORT API(SetEtsTimeBuffers)(int16_t h, uint32_t *upper, uint32_t *lower, PS_COUNT n)
{
    BEGIN(h, SetEtsTimeBuffers);
    u->ets.times = NULL;
    u->ets.upper = n > 0 ? upper : NULL;
    u->ets.lower = n > 0 ? lower : NULL;
    u->ets.length = n > 0 ? (int32_t)n : 0;
    return ps_leave(u, PS_OK);
}

#if PICO_ID == 3 && !PICO_WIDE
EXPORT API(GetMaxEtsValues)(int16_t h, int16_t *cycles, int16_t *interleave)
{
    BEGIN(h, GetMaxEtsValues);
    if (!u->model->ets_interleave) return ps_leave(u, PS_ETS_NOT_SUPPORTED);
    if (cycles) *cycles = (int16_t)u->model->ets_cycles;
    if (interleave) *interleave = (int16_t)u->model->ets_interleave;
    return ps_leave(u, PS_OK);
}
#endif

EXPORT API(GetMaxDownSampleRatio)(int16_t h, uint32_t n, uint32_t *max, PS_MODE mode, PS_SEGMENT segment)
{
    BEGIN(h, GetMaxDownSampleRatio);
    (void)mode;
    (void)segment;
    if (!max) return ps_leave(u, PS_NULL_PARAMETER);
    *max = n;
    return ps_leave(u, PS_OK);
}

/* ---- streaming ---------------------------------------------------------------------------------------- */

typedef struct streaming {
    uint32_t *interval;
    int32_t units;
    uint32_t pre, post;
    int16_t auto_stop;
    uint32_t ratio;
    int mode;
    uint32_t overview;
} streaming;

static uint32_t run_streaming(int16_t h, const streaming *r)
{
    BEGIN(h, RunStreaming);
    if (!r->interval) return ps_leave(u, PS_NULL_PARAMETER);
    if (r->units < 0 || r->units > 5 || !r->overview) return ps_leave(u, PS_INVALID_PARAMETER);
    double unit = ps_unit_s[r->units];
    ps_stream s = {*r->interval * unit, r->pre, r->post, r->overview, r->auto_stop != 0, r->ratio, r->mode};
    uint32_t status = ps_start_stream(u, &s);
    if (status) return ps_leave(u, status);
    *r->interval = (uint32_t)nearbyint(s.dt / unit);
    u->dt = *r->interval * unit;
    ps_run_stream(u);
    return ps_leave(u, PS_OK);
}

#if PICO_ID == 1
EXPORT API(RunStreaming)(int16_t h, uint32_t *interval, int32_t units, uint32_t pre, uint32_t post, int16_t auto_stop,
                         uint32_t ratio, uint32_t overview)
{
    return run_streaming(h, &(streaming){interval, units, pre, post, auto_stop, ratio, ratio > 1, overview});
}
#endif
#if PICO_ID != 1 || !defined PICO_BARE
#if PICO_ID == 1
EXPORT API(RunStreamingEx)(int16_t h, uint32_t *interval, int32_t units, uint32_t pre, uint32_t post, int16_t auto_stop,
                           uint32_t ratio, int16_t mode, uint32_t overview)
#else
EXPORT API(RunStreaming)(int16_t h, uint32_t *interval, int32_t units, uint32_t pre, uint32_t post, int16_t auto_stop,
                         uint32_t ratio, int32_t mode, uint32_t overview)
#endif
{
    return run_streaming(h, &(streaming){interval, units, pre, post, auto_stop, ratio, mode_of(mode), overview});
}
#endif

EXPORT API(GetStreamingLatestValues)(int16_t h, ps_streaming_ready ready, void *user)
{
    BEGIN(h, GetStreamingLatestValues);
    ps_chunk c;
    bool have;
    if (u->state != PS_STREAM) return ps_leave(u, PS_INVALID_CALL);
    uint32_t status = ps_poll(u, &c, &have);
    if (have && ready) {
        ps_in_callback = true;
        ready(h, c.samples, c.start, c.overflow, c.trigger_at, c.triggered, c.auto_stop, user);
        ps_in_callback = false;
    }
    return ps_leave(u, status);
}

EXPORT API(NoOfStreamingValues)(int16_t h, uint32_t *n)
{
    BEGIN(h, NoOfStreamingValues);
    if (!n) return ps_leave(u, PS_NULL_PARAMETER);
    *n = (uint32_t)u->out;
    return ps_leave(u, PS_OK);
}

/* ---- signal generator -------------------------------------------------------------------------------- */

#define GENERATOR_TAIL                                                                                                 \
    int32_t sweep, PS_OPERATION operation, uint32_t shots, uint32_t sweeps, int32_t type, int32_t source,              \
        int16_t threshold

typedef struct wave {
    int32_t offset_uv;
    uint32_t pp_uv;
    int number;
    double hz, stop, step, dwell;
    int operation, source;
    uint32_t shots, sweeps;
    int way, edge;
    int16_t threshold;
} wave;

/* None, noise, bits; ps5000 has no bits. */
#ifdef PICO_BARE
#define MOST_OPERATION 1
#else
#define MOST_OPERATION 2
#endif

/* Seen at the inputs whose signal is `gen`. */
static uint32_t generate(ps_unit *u, const wave *w)
{
    if (w->shots && w->sweeps) return PS_SHOTS_SWEEPS;
    if (w->number > 8 || w->operation < 0 || w->operation > MOST_OPERATION || w->source < 0 ||
        w->source > PS_GEN_SOFTWARE || w->edge < 0 || w->edge > 1)
        return PS_SIG_GEN_PARAM;
    u->generator.offset = w->offset_uv / 1e6;
    u->generator.pp = w->pp_uv / 1e6;
    u->generator.wave = w->operation ? 8 + w->operation : w->number;
    u->generator.hz = w->hz;
    u->generator.stop = w->stop;
    u->generator.step = w->step;
    u->generator.dwell = w->dwell;
    u->generator.cycles = w->shots ? w->shots : w->sweeps;
    u->generator.source = w->source;
    u->generator.way = w->way;
    u->generator.falling = w->edge == 1;
    u->generator.threshold = w->threshold * 5.0 / INT16_MAX;
    return ps_generate(u);
}

EXPORT API(SetSigGenBuiltIn)(int16_t h, int32_t offset, uint32_t pp, PS_WAVE number, PS_HZ start, PS_HZ stop,
                             PS_HZ step, PS_HZ dwell, GENERATOR_TAIL)
{
    BEGIN(h, SetSigGenBuiltIn);
    wave w = {offset, pp, number, (double)start, (double)stop, (double)step, (double)dwell, operation, source, shots,
              sweeps, sweep, type, threshold};
    return ps_leave(u, number < 0 ? PS_SIG_GEN_PARAM : generate(u, &w));
}

EXPORT API(SigGenSoftwareControl)(int16_t h, int16_t state)
{
    BEGIN(h, SigGenSoftwareControl);
    return ps_leave(u, state ? ps_fire(u) : PS_OK);
}

#ifdef PICO_BARE
#define POINTS 8192
#else
#define POINTS 32768
#endif
#define POINTS_MIN 10
#ifdef PICO_BARE
#define DAC_HZ 125e6
#else
static const double dac_hz[] = {20e6, 20e6, 100e6, 80e6, 100e6};
#define DAC_HZ (PICO_WIDE ? 200e6 : dac_hz[PICO_ID - 1])
#endif

EXPORT API(SigGenArbitraryMinMaxValues)(int16_t h, int16_t *min, int16_t *max, uint32_t *least, uint32_t *most)
{
    BEGIN(h, SigGenArbitraryMinMaxValues);
    if (min) *min = (int16_t)u->points_low;
    if (max) *max = (int16_t)u->points_high;
    if (least) *least = POINTS_MIN;
    if (most) *most = POINTS;
    return ps_leave(u, PS_OK);
}

EXPORT API(SigGenFrequencyToPhase)(int16_t h, double hz, int32_t index, uint32_t n, uint32_t *phase)
{
    BEGIN(h, SigGenFrequencyToPhase);
    double v = hz * 4294967296.0 / DAC_HZ * n / POINTS;
    if (!phase) return ps_leave(u, PS_NULL_PARAMETER);
    if (index != 0 || n < POINTS_MIN || n > POINTS || !(v >= 1) || v > UINT32_MAX) return ps_leave(u, PS_SIG_GEN_PARAM);
    *phase = (uint32_t)nearbyint(v);
    return ps_leave(u, PS_OK);
}

EXPORT API(SetSigGenArbitrary)(int16_t h, int32_t offset, uint32_t pp, uint32_t start, uint32_t stop, uint32_t step,
                               uint32_t dwell, int16_t *points, int32_t n, int32_t sweep, PS_OPERATION operation,
                               int32_t index, uint32_t shots, uint32_t sweeps, int32_t type, int32_t source,
                               int16_t threshold)
{
    BEGIN(h, SetSigGenArbitrary);
    (void)operation;
    if (!points) return ps_leave(u, PS_NULL_PARAMETER);
    if (index != 0 || n < POINTS_MIN || n > POINTS || !start) return ps_leave(u, PS_SIG_GEN_PARAM);
    int16_t *own = malloc((size_t)n * sizeof *own);
    if (!own) return ps_leave(u, PS_MEMORY_FAIL);
    bool fits = true;
    for (int32_t i = 0; i < n; i++) {
        double part = (points[i] - u->points_low) / (double)(u->points_high - u->points_low);
        fits = fits && part >= 0 && part <= 1;
        own[i] = (int16_t)fmin(fmax(part * 65535 - 32768, INT16_MIN), INT16_MAX);
    }
    double hz = DAC_HZ / 4294967296.0 * POINTS / n;
    wave w = {offset, pp, -1, start * hz, stop * hz, step * hz, dwell / DAC_HZ, 0, source, shots, sweeps,
              sweep, type, threshold};
    uint32_t status = fits ? generate(u, &w) : PS_SIG_GEN_PARAM;
    free(status ? own : u->generator.points);
    if (!status) {
        u->generator.points = own;
        u->generator.n = n;
    }
    return ps_leave(u, status);
}

#if PICO_ID == 1 && !defined PICO_BARE
EXPORT API(SigGenOff)(int16_t h)
{
    BEGIN(h, SigGenOff);
    return ps_leave(u, generate(u, &(wave){.number = 8}));
}
#endif

#if (PICO_ID != 1 && PICO_ID != 4) || defined PICO_BARE
EXPORT API(SetSigGenBuiltInV2)(int16_t h, int32_t offset, uint32_t pp, PS_WAVE number, double start, double stop,
                               double step, double dwell, GENERATOR_TAIL)
{
    BEGIN(h, SetSigGenBuiltInV2);
    wave w = {offset, pp, number, start, stop, step, dwell, operation, source, shots, sweeps, sweep, type, threshold};
    return ps_leave(u, number < 0 ? PS_SIG_GEN_PARAM : generate(u, &w));
}
#endif

#if PICO_ID == 3 || PICO_ID == 5
/* One struct of 32 bytes a segment. */
EXPORT API(GetTriggerInfoBulk)(int16_t h, void *out, uint32_t from, uint32_t to)
{
    BEGIN(h, GetTriggerInfoBulk);
    uint32_t status = out ? PS_OK : PS_NULL_PARAMETER;
    for (uint32_t i = from; !status && i <= to; i++) {
        uint8_t row[32] = {0};
        int64_t fs;
        uint32_t flags = i == 0 ? 0x01000000 : 0, index = (uint32_t)u->pre;
        if ((status = ps_offset(u, i, &fs))) break;
        uint64_t stamp = (uint64_t)(u->base + u->start[i] + u->pre) & ((1ull << 56) - 1);
        if (u->untimed) {
            flags |= 0x02000104;
            fs = stamp = 0x1234567;
        }
        memcpy(row, &flags, 4);
        memcpy(row + 4, &i, 4);
        if (PICO_ID == 5 || PICO_WIDE) memcpy(row + 8, &index, 4);
        memcpy(row + 12, &fs, 8);
        memcpy(row + 24, &stamp, 8);
        memcpy((uint8_t *)out + (size_t)(i - from) * sizeof row, row, sizeof row);
    }
    return ps_leave(u, status);
}
#endif

#include "sim/pico/symbols.h"
