/* The exported calls: one object of this file for each library, by PICO_LIBRARY and PICO_ID. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/pico/table.h"
#include "sim/pico/unit.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define API(name) JOIN(PICO_LIBRARY, name)
#define EXPORT __attribute__((visibility("default"))) uint32_t

#define DECLARE(name, how, args) EXPORT API(name) args;
PS_COMMON(DECLARE)
PS_OWN(DECLARE)

/* ---- what is not simulated ------------------------------------------------------------------------ */

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#define DEFINE_REAL(name, args)
#define DEFINE_NOP(name, args) EXPORT API(name) args { return PS_OK; }
#define DEFINE_NO(name, args) EXPORT API(name) args { return PS_NOT_SUPPORTED; }
#define DEFINE(name, how, args) DEFINE_##how(name, args)
PS_COMMON(DEFINE)
PS_OWN(DEFINE)
#pragma GCC diagnostic pop

/* ---- in and out of a call --------------------------------------------------------------------------- */

static const char library[] = TEXT(PICO_LIBRARY);
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static ps_unit *find_unit(int16_t h)
{
    unsigned n;
    ps_unit *u = ps_units(library, &n);
    for (unsigned i = 0; i < n; i++)
        if (h > 0 && u[i].handle == h) return &u[i];
    return NULL;
}

static ps_unit *enter(int16_t h, const char *call, uint32_t *status)
{
    *status = PS_USER_CALLBACK;
    if (ps_in_callback) return NULL;
    ps_unit *u = find_unit(h);
    *status = PS_INVALID_HANDLE;
    if (!u) return NULL;
    *status = PS_DRIVER_FUNCTION;
    if (atomic_flag_test_and_set(&u->busy)) return NULL;
    *status = ps_fault_of(u, call);
    bool free_call = strcmp(call, "ChangePowerSource") == 0 || strcmp(call, "GetUnitInfo") == 0 ||
                     strcmp(call, "CloseUnit") == 0 || strcmp(call, "CurrentPowerSource") == 0;
    if (u->unplugged && strcmp(call, "CloseUnit") == 0) *status = PS_OK;
    if (!*status && u->power && !free_call) *status = u->power;
    if (!*status) return u;
    atomic_flag_clear(&u->busy);
    return NULL;
}

static uint32_t leave(ps_unit *u, uint32_t status)
{
    atomic_flag_clear(&u->busy);
    return status;
}

#define BEGIN(h, call)                                                                                                 \
    uint32_t begun;                                                                                                    \
    ps_unit *u = enter(h, #call, &begun);                                                                              \
    if (!u) return begun

/* ---- units -------------------------------------------------------------------------------------------- */

static uint32_t set_segments(ps_unit *u, uint32_t n)
{
    ps_buffer *b = calloc((size_t)n * PS_INPUTS, sizeof *b);
    if (!b) return 2;
    free(u->buffer);
    u->buffer = b;
    u->segments = n;
    u->has_data = false;
    u->done = 0;
    return PS_OK;
}

static uint32_t open_this(ps_unit *u, int16_t handle, int resolution)
{
    if (set_segments(u, 1)) return 2;
    u->handle = handle;
    u->resolution = resolution;
    u->captures = 1;
    u->first_ns = 0;
    u->trigger = (ps_trigger){0};
    u->opened_ns = ps_now();
    u->state = PS_IDLE;
    for (unsigned i = 0; i < PS_INPUTS; i++) {
        int16_t *keep = u->input[i].table;
        u->input[i] = (ps_input){.enabled = i < u->model->channels, .range = 8, .coupling = 1, .table = keep};
    }
    u->usb_powered = u->ask_power && u->model->power;
    u->power = u->usb_powered ? PS_POWER_NOT_CONNECTED : 0;
    return u->power;
}

static uint32_t open_unit(int16_t *h, const int8_t *serial, int resolution)
{
    unsigned n;
    ps_unit *all = ps_units(library, &n);
    if (!h) return PS_NULL_PARAMETER;
    *h = 0;
    if (resolution < 0 || resolution > 4) return PS_INVALID_RESOLUTION;
    for (unsigned i = 0; i < n; i++) {
        ps_unit *u = &all[i];
        if (u->handle || u->unplugged || (serial && strcmp(u->serial, (const char *)serial) != 0)) continue;
        uint32_t injected = ps_fault_of(u, "OpenUnit");
        if (injected) {
            *h = -1;
            return injected;
        }
        *h = (int16_t)(i + 1);
        return open_this(u, *h, resolution);
    }
    return PS_NOT_FOUND;
}

static uint32_t open_locked(int16_t *h, const int8_t *serial, int resolution)
{
    pthread_mutex_lock(&opening);
    uint32_t status = open_unit(h, serial, resolution);
    pthread_mutex_unlock(&opening);
    return status;
}

#if PICO_ID == 5
EXPORT API(OpenUnit)(int16_t *h, int8_t *serial, int32_t resolution)
{
    return open_locked(h, serial, resolution);
}
#else
EXPORT API(OpenUnit)(int16_t *h, int8_t *serial)
{
    return open_locked(h, serial, 0);
}
#endif

EXPORT API(CloseUnit)(int16_t h)
{
    BEGIN(h, CloseUnit);
    ps_stop(u);
    u->handle = 0;
    return leave(u, PS_OK);
}

EXPORT API(EnumerateUnits)(int16_t *count, int8_t *serials, int16_t *length)
{
    unsigned n;
    char text[1024] = "";
    size_t used = 0;
    if (!count || !length) return PS_NULL_PARAMETER;
    bool variants = serials && *length > 2 && memcmp(serials, "-v", 3) == 0;
    ps_unit *all = ps_units(library, &n);
    *count = 0;
    for (unsigned i = 0; i < n && used < sizeof text; i++) {
        if (all[i].handle || all[i].unplugged) continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s%s", used ? "," : "", all[i].serial,
                                 variants ? "[" : "", variants ? all[i].model->variant : "", variants ? "]" : "");
        ++*count;
    }
    if (serials && *length > 0 && (size_t)*length <= used) return PS_SERIAL_BUFFER_TOO_SMALL;
    if (serials && *length > 0) memcpy(serials, text, used + 1);
    *length = (int16_t)used;
    return *count ? PS_OK : PS_NOT_FOUND;
}

static const char *info_text(const ps_unit *u, uint32_t info)
{
    switch (info) {
    case 0:
        return TEXT(PICO_LIBRARY) " simulated, 0.1.0.0";
    case 1:
        return "3.0";
    case 2:
        return "1 1";
    case 3:
        return u ? u->model->variant : NULL;
    case 4:
        return u ? u->serial : NULL;
    case 5:
        return "01Jan24";
    case 6:
        return "0.0";
    case 7:
    case 8:
        return "1";
    case 9:
    case 10:
        return "1.0.0.0";
    case 14:
        return "";
    default:
        return NULL;
    }
}

static uint32_t unit_info(const ps_unit *u, int8_t *text, int cap, int16_t *size, uint32_t info)
{
    const char *s = info_text(u, info);
    if (!s) return PS_INVALID_INFO;
    int need = (int)strlen(s) + 1;
    if (size) *size = (int16_t)need;
    if (!text) return PS_OK;
    if (cap > 0) snprintf((char *)text, (size_t)cap, "%s", s);
    return cap < need ? PS_STRING_TOO_SMALL : PS_OK;
}

EXPORT API(GetUnitInfo)(int16_t h, int8_t *text, int16_t cap, int16_t *size, uint32_t info)
{
    if (!h) return info == 0 || info == 14 ? unit_info(NULL, text, cap, size, info) : PS_INVALID_HANDLE;
    BEGIN(h, GetUnitInfo);
    return leave(u, unit_info(u, text, cap, size, info));
}

EXPORT API(FlashLed)(int16_t h, int16_t start)
{
    BEGIN(h, FlashLed);
    (void)start;
    return leave(u, PS_OK);
}

EXPORT API(PingUnit)(int16_t h)
{
    BEGIN(h, PingUnit);
    return leave(u, u->state == PS_IDLE ? PS_OK : PS_BUSY);
}

#if PICO_ID >= 3
EXPORT API(ChangePowerSource)(int16_t h, uint32_t state)
{
    BEGIN(h, ChangePowerSource);
    uint32_t have = u->usb_powered ? PS_POWER_NOT_CONNECTED : PS_POWER_CONNECTED;
    if (state != have) return leave(u, PS_POWER_REQUEST_INVALID);
    u->power = 0;
    if (u->usb_powered)
        for (unsigned i = 2; i < u->model->channels; i++) u->input[i].enabled = false;
    return leave(u, PS_OK);
}

EXPORT API(CurrentPowerSource)(int16_t h)
{
    BEGIN(h, CurrentPowerSource);
    if (!u->model->power) return leave(u, PS_OK);
    return leave(u, u->usb_powered ? PS_POWER_NOT_CONNECTED : PS_POWER_CONNECTED);
}

EXPORT API(SetBandwidthFilter)(int16_t h, int32_t channel, int32_t limit)
{
    BEGIN(h, SetBandwidthFilter);
    bool ok = channel >= 0 && channel < (int32_t)u->model->channels && limit >= 0 && limit <= 3;
    return leave(u, ok ? PS_OK : PS_INVALID_PARAMETER);
}
#endif

#if PICO_ID >= 4
EXPORT API(SetDeviceResolution)(int16_t h, int32_t resolution)
{
    BEGIN(h, SetDeviceResolution);
    if (resolution < 0 || resolution > 4 || (PICO_ID == 4 && resolution != 1)) return leave(u, PS_INVALID_RESOLUTION);
    if (PICO_ID == 5 && resolution == 4 && ps_enabled(u) > 1) return leave(u, PS_CHANNELS_FOR_RESOLUTION);
    if (PICO_ID == 5 && resolution == 3 && ps_enabled(u) > 2) return leave(u, PS_CHANNELS_FOR_RESOLUTION);
    u->resolution = resolution;
    u->has_data = false;
    return leave(u, PS_OK);
}

EXPORT API(GetDeviceResolution)(int16_t h, int32_t *out)
{
    BEGIN(h, GetDeviceResolution);
    if (!out) return leave(u, PS_NULL_PARAMETER);
    *out = PICO_ID == 4 ? 1 : u->resolution;
    return leave(u, PS_OK);
}

EXPORT API(IsLedFlashing)(int16_t h, int16_t *out)
{
    BEGIN(h, IsLedFlashing);
    if (out) *out = 0;
    return leave(u, PS_OK);
}
#endif
#if PICO_ID == 4
EXPORT API(OpenUnitWithResolution)(int16_t *h, int8_t *serial, int32_t resolution)
{
    return open_locked(h, serial, resolution);
}
#endif

/* ---- inputs ---------------------------------------------------------------------------------------- */

EXPORT API(SetChannel)(int16_t h, int32_t channel, int16_t enabled, int32_t coupling, int32_t range, float offset)
{
    BEGIN(h, SetChannel);
    if (channel < 0 || channel >= (int32_t)u->model->channels) return leave(u, PS_INVALID_CHANNEL);
    if (enabled && u->usb_powered && channel > 1) return leave(u, PS_CHANNEL_DISABLED_USB);
    if (range < u->model->range_first || range > u->model->range_last) return leave(u, PS_INVALID_VOLTAGE_RANGE);
    if (fabs((double)offset) > (range < 5 ? 0.25 : range < 8 ? 2.5 : 20)) return leave(u, PS_INVALID_OFFSET);
    if (u->state != PS_IDLE) return leave(u, PS_DEVICE_SAMPLING);
    ps_input *in = &u->input[channel];
    in->enabled = enabled != 0;
    in->coupling = coupling;
    in->range = range;
    in->offset = (double)offset;
    return leave(u, PS_OK);
}

#if PICO_ID != 4
EXPORT API(SetDigitalPort)(int16_t h, int32_t port, int16_t enabled, int16_t level)
{
    BEGIN(h, SetDigitalPort);
    int i = port < 0x80 ? -1 : ps_input_index(u, port);
    (void)level;
    if (i < 0) return leave(u, PS_INVALID_CHANNEL);
    u->input[i].enabled = enabled != 0;
    return leave(u, PS_OK);
}
#endif

EXPORT API(GetAnalogueOffset)(int16_t h, int32_t range, int32_t coupling, float *max, float *min)
{
    BEGIN(h, GetAnalogueOffset);
    float limit = range < 5 ? 0.25f : range < 8 ? 2.5f : 20.0f;
    (void)coupling;
    if (range < u->model->range_first || range > u->model->range_last) return leave(u, PS_INVALID_VOLTAGE_RANGE);
    if (max) *max = limit;
    if (min) *min = -limit;
    return leave(u, PS_OK);
}

EXPORT API(GetChannelInformation)(int16_t h, int32_t info, int32_t probe, int32_t *ranges, int32_t *n, int32_t channel)
{
    BEGIN(h, GetChannelInformation);
    (void)probe;
    if (!n) return leave(u, PS_NULL_PARAMETER);
    if (info != 0) return leave(u, PS_INVALID_PARAMETER);
    if (channel < 0 || channel >= (int32_t)u->model->channels) return leave(u, PS_INVALID_CHANNEL);
    int32_t have = u->model->range_last - u->model->range_first + 1, room = ranges ? *n : have;
    for (int32_t i = 0; ranges && i < have && i < room; i++) ranges[i] = u->model->range_first + i;
    *n = have < room ? have : room;
    return leave(u, PS_OK);
}

EXPORT API(MaximumValue)(int16_t h, int16_t *value)
{
    BEGIN(h, MaximumValue);
    if (!value) return leave(u, PS_NULL_PARAMETER);
    *value = ps_max(u);
    return leave(u, PS_OK);
}

EXPORT API(MinimumValue)(int16_t h, int16_t *value)
{
    BEGIN(h, MinimumValue);
    if (!value) return leave(u, PS_NULL_PARAMETER);
    *value = (int16_t)-ps_max(u);
    return leave(u, PS_OK);
}

EXPORT API(GetMaxSegments)(int16_t h, uint32_t *n)
{
    BEGIN(h, GetMaxSegments);
    if (!n) return leave(u, PS_NULL_PARAMETER);
    *n = u->model->segments;
    return leave(u, PS_OK);
}

EXPORT API(MemorySegments)(int16_t h, uint32_t n, int32_t *max)
{
    BEGIN(h, MemorySegments);
    if (!n || n > u->model->segments) return leave(u, PS_TOO_MANY_SEGMENTS);
    if (u->state != PS_IDLE) return leave(u, PS_DEVICE_SAMPLING);
    uint32_t status = set_segments(u, n);
    if (max) *max = (int32_t)fmin((double)u->model->memory / (ps_bits(u) > 8 ? 2 : 1) / n, INT32_MAX);
    return leave(u, status);
}

EXPORT API(SetNoOfCaptures)(int16_t h, uint32_t n)
{
    BEGIN(h, SetNoOfCaptures);
    if (!n) return leave(u, PS_INVALID_PARAMETER);
    u->captures = n;
    return leave(u, PS_OK);
}

static uint32_t captures_done(ps_unit *u, uint32_t *n)
{
    if (!n) return PS_NULL_PARAMETER;
    if (!u->done) return PS_NO_CAPTURES;
    *n = u->done;
    return PS_OK;
}

EXPORT API(GetNoOfCaptures)(int16_t h, uint32_t *n)
{
    BEGIN(h, GetNoOfCaptures);
    return leave(u, captures_done(u, n));
}

EXPORT API(GetNoOfProcessedCaptures)(int16_t h, uint32_t *n)
{
    BEGIN(h, GetNoOfProcessedCaptures);
    return leave(u, captures_done(u, n));
}

static uint32_t timebase(const ps_unit *u, uint32_t n, int32_t samples, double *ns, int32_t *max)
{
    double dt = ps_enabled(u) ? ps_interval(u, n) : 0;
    if (!ps_enabled(u)) return PS_INVALID_CHANNEL;
    if (!(dt > 0)) return PS_INVALID_TIMEBASE;
    if (samples > 0 && (uint64_t)samples > ps_depth(u)) return PS_TOO_MANY_SAMPLES;
    *ns = dt * 1e9;
    if (max) *max = (int32_t)fmin((double)ps_depth(u), INT32_MAX);
    return PS_OK;
}

#if PICO_ID <= 3
#define OVERSAMPLE int16_t oversample,
#define IGNORE_OVERSAMPLE (void)oversample
#else
#define OVERSAMPLE
#define IGNORE_OVERSAMPLE (void)0
#endif

EXPORT API(GetTimebase)(int16_t h, uint32_t n, int32_t samples, int32_t *ns, OVERSAMPLE int32_t *max, uint32_t segment)
{
    BEGIN(h, GetTimebase);
    double v = 0;
    IGNORE_OVERSAMPLE;
    uint32_t status = segment < u->segments ? timebase(u, n, samples, &v, max) : PS_SEGMENT_OUT_OF_RANGE;
    if (!status && ns) *ns = (int32_t)fmin(v, INT32_MAX);
    return leave(u, status);
}

EXPORT API(GetTimebase2)(int16_t h, uint32_t n, int32_t samples, float *ns, OVERSAMPLE int32_t *max, uint32_t segment)
{
    BEGIN(h, GetTimebase2);
    double v = 0;
    IGNORE_OVERSAMPLE;
    uint32_t status = segment < u->segments ? timebase(u, n, samples, &v, max) : PS_SEGMENT_OUT_OF_RANGE;
    if (!status && ns) *ns = (float)v;
    return leave(u, status);
}

/* ---- triggers --------------------------------------------------------------------------------------- */

EXPORT API(SetSimpleTrigger)(int16_t h, int16_t enable, int32_t source, int16_t threshold, int32_t direction,
                             uint32_t delay, int16_t auto_ms)
{
    BEGIN(h, SetSimpleTrigger);
    if (!enable) {
        u->trigger = (ps_trigger){0};
        return leave(u, PS_OK);
    }
    int i = ps_input_index(u, source);
    bool external = source == (PICO_ID == 4 ? 8 : 4);
    if (!external && (i < 0 || i >= PS_CHANNELS || !u->input[i].enabled)) return leave(u, PS_INVALID_TRIGGER_CHANNEL);
    if (direction < 0 || direction > 4) return leave(u, PS_INVALID_PARAMETER);
    u->trigger = (ps_trigger){true, source, threshold, direction, delay, auto_ms};
    return leave(u, PS_OK);
}

EXPORT API(SetTriggerDelay)(int16_t h, uint32_t delay)
{
    BEGIN(h, SetTriggerDelay);
    u->trigger.delay = delay;
    return leave(u, PS_OK);
}

EXPORT API(IsTriggerOrPulseWidthQualifierEnabled)(int16_t h, int16_t *trigger, int16_t *width)
{
    BEGIN(h, IsTriggerOrPulseWidthQualifierEnabled);
    if (trigger) *trigger = u->trigger.on;
    if (width) *width = 0;
    return leave(u, PS_OK);
}

static uint32_t trigger_offset(const ps_unit *u, uint32_t segment, int64_t *time, int32_t *units)
{
    if (u->state == PS_BLOCK) return PS_DEVICE_SAMPLING;
    if (!u->has_data || segment >= u->done) return PS_NO_SAMPLES_AVAILABLE;
    if (time) memcpy(time, &u->offset_fs[segment], sizeof *time);
    if (units) *units = 0;
    return PS_OK;
}

EXPORT API(GetTriggerTimeOffset64)(int16_t h, int64_t *time, int32_t *units, uint32_t segment)
{
    BEGIN(h, GetTriggerTimeOffset64);
    return leave(u, trigger_offset(u, segment, time, units));
}

EXPORT API(GetTriggerTimeOffset)(int16_t h, uint32_t *upper, uint32_t *lower, int32_t *units, uint32_t segment)
{
    BEGIN(h, GetTriggerTimeOffset);
    int64_t t = 0;
    uint32_t status = trigger_offset(u, segment, &t, units);
    if (!status && upper) *upper = (uint32_t)((uint64_t)t >> 32);
    if (!status && lower) *lower = (uint32_t)t;
    return leave(u, status);
}

/* One 8-byte time and one 4-byte unit a segment. */
EXPORT API(GetValuesTriggerTimeOffsetBulk64)(int16_t h, int64_t *times, int32_t *units, uint32_t from, uint32_t to)
{
    BEGIN(h, GetValuesTriggerTimeOffsetBulk64);
    uint32_t status = PS_OK;
    for (uint32_t i = from; !status && i <= to; i++)
        status = trigger_offset(u, i, times ? times + (i - from) : NULL, units ? units + (i - from) : NULL);
    return leave(u, status);
}

EXPORT API(GetValuesTriggerTimeOffsetBulk)(int16_t h, uint32_t *upper, uint32_t *lower, int32_t *units, uint32_t from,
                                           uint32_t to)
{
    BEGIN(h, GetValuesTriggerTimeOffsetBulk);
    uint32_t status = PS_OK;
    for (uint32_t i = from; !status && i <= to; i++) {
        int64_t t = 0;
        status = trigger_offset(u, i, &t, units ? units + (i - from) : NULL);
        if (!status && upper) upper[i - from] = (uint32_t)((uint64_t)t >> 32);
        if (!status && lower) lower[i - from] = (uint32_t)t;
    }
    return leave(u, status);
}

/* ---- buffers, block mode ------------------------------------------------------------------------------ */

static uint32_t set_buffer(ps_unit *u, int32_t channel, uint32_t segment, ps_buffer b)
{
    int i = ps_input_index(u, channel);
    if (i < 0) return PS_INVALID_CHANNEL;
    if (segment >= u->segments) return PS_SEGMENT_OUT_OF_RANGE;
    if (b.mode != 0 && b.mode != 1 && b.mode != 2 && b.mode != 4) return PS_RATIO_MODE_NOT_SUPPORTED;
    if (!b.max || b.length <= 0) b = (ps_buffer){0};
    u->buffer[(size_t)segment * PS_INPUTS + (size_t)i] = b;
    return PS_OK;
}

EXPORT API(SetDataBuffer)(int16_t h, int32_t channel, int16_t *buffer, int32_t length, uint32_t segment, int32_t mode)
{
    BEGIN(h, SetDataBuffer);
    return leave(u, set_buffer(u, channel, segment, (ps_buffer){buffer, NULL, length, mode}));
}

EXPORT API(SetDataBuffers)(int16_t h, int32_t channel, int16_t *max, int16_t *min, int32_t length, uint32_t segment,
                           int32_t mode)
{
    BEGIN(h, SetDataBuffers);
    return leave(u, set_buffer(u, channel, segment, (ps_buffer){max, min, length, mode}));
}

EXPORT API(RunBlock)(int16_t h, int32_t pre, int32_t post, uint32_t n, OVERSAMPLE int32_t *ms, uint32_t segment,
                     ps_block_ready ready, void *user)
{
    BEGIN(h, RunBlock);
    double ns = 0;
    IGNORE_OVERSAMPLE;
    uint32_t status = PS_OK;
    if (pre < 0 || post < 0 || pre + (int64_t)post < 1) status = PS_INVALID_PARAMETER;
    else if (segment >= u->segments) status = PS_SEGMENT_OUT_OF_RANGE;
    else if (u->captures > u->segments) status = PS_NOT_ENOUGH_SEGMENTS;
    else if ((uint64_t)pre + (uint64_t)post > ps_depth(u)) status = PS_TOO_MANY_SAMPLES;
    else status = timebase(u, n, 0, &ns, NULL);
    if (status) return leave(u, status);
    ps_stop(u);
    u->dt = ns / 1e9;
    u->pre = pre;
    u->post = post;
    u->block_cb = ready;
    u->user = user;
    if (ms) *ms = (int32_t)((double)(pre + post) * ns / 1e6);
    return leave(u, ps_run_block(u));
}

EXPORT API(IsReady)(int16_t h, int16_t *ready)
{
    BEGIN(h, IsReady);
    if (!ready) return leave(u, PS_NULL_PARAMETER);
    pthread_mutex_lock(&u->lock);
    *ready = u->ready;
    pthread_mutex_unlock(&u->lock);
    return leave(u, PS_OK);
}

EXPORT API(Stop)(int16_t h)
{
    BEGIN(h, Stop);
    ps_stop(u);
    return leave(u, PS_OK);
}

typedef struct values {
    uint32_t start, n, ratio;
    int32_t mode;
} values;

static uint32_t check_values(const ps_unit *u, const values *v, uint32_t segment)
{
    if (u->state != PS_IDLE) return PS_DEVICE_SAMPLING;
    if (segment >= u->segments) return PS_SEGMENT_OUT_OF_RANGE;
    if (!u->has_data || segment >= u->done) return PS_NO_SAMPLES_AVAILABLE;
    if (v->start >= (uint32_t)(u->pre + u->post)) return PS_STARTINDEX_INVALID;
    if (v->mode != 0 && !v->ratio) return PS_INVALID_SAMPLERATIO;
    for (int i = 0; i < PS_INPUTS; i++)
        if (u->buffer[(size_t)segment * PS_INPUTS + (size_t)i].length) return PS_OK;
    return PS_BUFFERS_NOT_SET;
}

/* Into every buffer that is registered for the segment. */
static uint32_t one_segment(ps_unit *u, const values *v, uint32_t segment, uint32_t *n, int16_t *overflow)
{
    uint32_t status = check_values(u, v, segment), ratio = v->mode ? v->ratio : 1;
    uint32_t there = (uint32_t)(u->pre + u->post) - (status ? 0 : v->start);
    if (status) return status;
    uint32_t most = (v->n < there ? v->n : there) / ratio;
    if (overflow) *overflow = 0;
    *n = most;
    for (int i = 0; i < PS_INPUTS; i++) {
        const ps_buffer *b = &u->buffer[(size_t)segment * PS_INPUTS + (size_t)i];
        uint32_t room = (uint32_t)b->length < most ? (uint32_t)b->length : most;
        if (!b->length || b->mode != v->mode || !u->input[i].enabled) continue;
        ps_reduce r = {i, u->start[segment] + v->start, room, ratio, v->mode};
        ps_reduced(u, &r, b->max, b->min);
        if (room < *n) *n = room;
        for (uint32_t k = 0; overflow && i < PS_CHANNELS && k < room; k++)
            if (b->max[k] >= ps_max(u) || b->max[k] <= -ps_max(u)) *overflow = (int16_t)(*overflow | 1 << i);
    }
    return PS_OK;
}

EXPORT API(GetValues)(int16_t h, uint32_t start, uint32_t *n, uint32_t ratio, int32_t mode, uint32_t segment,
                      int16_t *overflow)
{
    BEGIN(h, GetValues);
    if (!n) return leave(u, PS_NULL_PARAMETER);
    return leave(u, one_segment(u, &(values){start, *n, ratio, mode}, segment, n, overflow));
}

EXPORT API(GetValuesBulk)(int16_t h, uint32_t *n, uint32_t from, uint32_t to, uint32_t ratio, int32_t mode,
                          int16_t *overflow)
{
    BEGIN(h, GetValuesBulk);
    if (!n) return leave(u, PS_NULL_PARAMETER);
    values v = {0, *n, ratio, mode};
    uint32_t status = from < u->segments && to < u->segments ? PS_OK : PS_SEGMENT_OUT_OF_RANGE;
    for (uint32_t k = 0, i = from; !status; k++, i = (i + 1) % u->segments) {
        status = one_segment(u, &v, i, n, overflow ? overflow + k : NULL);
        if (i == to) break;
    }
    return leave(u, status);
}

EXPORT API(GetMaxDownSampleRatio)(int16_t h, uint32_t n, uint32_t *max, int32_t mode, uint32_t segment)
{
    BEGIN(h, GetMaxDownSampleRatio);
    (void)mode;
    (void)segment;
    if (!max) return leave(u, PS_NULL_PARAMETER);
    *max = n;
    return leave(u, PS_OK);
}

/* ---- streaming ---------------------------------------------------------------------------------------- */

EXPORT API(RunStreaming)(int16_t h, uint32_t *interval, int32_t units, uint32_t pre, uint32_t post, int16_t auto_stop,
                         uint32_t ratio, int32_t mode, uint32_t overview)
{
    BEGIN(h, RunStreaming);
    static const double second[] = {1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1};
    unsigned inputs = ps_enabled(u);
    if (!interval) return leave(u, PS_NULL_PARAMETER);
    if (units < 0 || units > 5 || !overview) return leave(u, PS_INVALID_PARAMETER);
    if (!inputs) return leave(u, PS_INVALID_CHANNEL);
    if (mode != 0 && !ratio) return leave(u, PS_INVALID_SAMPLERATIO);
    double grid = u->model->clock == PS_80M ? 12.5e-9 : u->model->clock == PS_500M ? 16e-9 : 8e-9;
    double dt = fmax(nearbyint(*interval * second[units] / grid), 1) * grid;
    if (!*interval || 2.0 * inputs / dt > u->model->stream_bytes * 1.001) return leave(u, PS_INVALID_SAMPLE_INTERVAL);
    ps_stop(u);
    *interval = (uint32_t)nearbyint(dt / second[units]);
    u->dt = *interval * second[units];
    u->run_ns = ps_now();
    if (!u->first_ns) u->first_ns = u->run_ns;
    u->base = (int64_t)nearbyint((double)(u->run_ns - u->first_ns) / 1e9 / u->dt);
    u->ratio = mode ? ratio : 1;
    u->mode = mode;
    u->overview = overview;
    u->delivered = u->out = 0;
    u->limit = auto_stop ? (uint64_t)pre + post : 0;
    u->auto_stopped = false;
    u->has_data = false;
    ps_prepare(u);
    u->state = PS_STREAM;
    return leave(u, PS_OK);
}

EXPORT API(GetStreamingLatestValues)(int16_t h, ps_streaming_ready ready, void *user)
{
    BEGIN(h, GetStreamingLatestValues);
    ps_chunk c;
    bool have;
    if (u->state != PS_STREAM) return leave(u, PS_INVALID_CALL);
    uint32_t status = ps_poll(u, &c, &have);
    if (have && ready) {
        ps_in_callback = true;
        ready(h, c.samples, c.start, 0, 0, 0, c.auto_stop, user);
        ps_in_callback = false;
    }
    return leave(u, status);
}

EXPORT API(NoOfStreamingValues)(int16_t h, uint32_t *n)
{
    BEGIN(h, NoOfStreamingValues);
    if (!n) return leave(u, PS_NULL_PARAMETER);
    *n = (uint32_t)u->out;
    return leave(u, PS_OK);
}

/* ---- signal generator -------------------------------------------------------------------------------- */

/* Seen at the inputs whose signal is `gen`. 2 V at most. */
static uint32_t generate(ps_unit *u, int32_t offset_uv, uint32_t pp_uv, int wave, double hz)
{
    if (fabs((double)offset_uv) + pp_uv / 2.0 > 2e6) return PS_OVER_VOLTAGE;
    u->generator.offset_uv = offset_uv;
    u->generator.pp_uv = pp_uv;
    u->generator.wave = wave;
    u->generator.hz = hz;
    return PS_OK;
}

#define GENERATOR_TAIL                                                                                                 \
    int32_t sweep, int32_t operation, uint32_t shots, uint32_t sweeps, int32_t type, int32_t source, int16_t threshold
#define IGNORE_TAIL                                                                                                    \
    ((void)stop, (void)step, (void)dwell, (void)sweep, (void)operation, (void)shots, (void)sweeps, (void)type,         \
     (void)source, (void)threshold)

EXPORT API(SetSigGenBuiltIn)(int16_t h, int32_t offset, uint32_t pp, PS_WAVE wave, PS_HZ start, PS_HZ stop, PS_HZ step,
                             PS_HZ dwell, GENERATOR_TAIL)
{
    BEGIN(h, SetSigGenBuiltIn);
    IGNORE_TAIL;
    return leave(u, generate(u, offset, pp, wave, (double)start));
}

#define POINTS 32768
#define POINTS_MIN 10
static const double dac_hz[] = {20e6, 100e6, 80e6, 100e6};
#define DAC_HZ dac_hz[PICO_ID - 2]

EXPORT API(SigGenArbitraryMinMaxValues)(int16_t h, int16_t *min, int16_t *max, uint32_t *least, uint32_t *most)
{
    BEGIN(h, SigGenArbitraryMinMaxValues);
    if (min) *min = INT16_MIN;
    if (max) *max = INT16_MAX;
    if (least) *least = POINTS_MIN;
    if (most) *most = POINTS;
    return leave(u, PS_OK);
}

EXPORT API(SigGenFrequencyToPhase)(int16_t h, double hz, int32_t index, uint32_t n, uint32_t *phase)
{
    BEGIN(h, SigGenFrequencyToPhase);
    double v = hz * 4294967296.0 / DAC_HZ * n / POINTS;
    if (!phase) return leave(u, PS_NULL_PARAMETER);
    if (index != 0 || n < POINTS_MIN || n > POINTS || !(v >= 1) || v > UINT32_MAX) return leave(u, PS_SIG_GEN_PARAM);
    *phase = (uint32_t)nearbyint(v);
    return leave(u, PS_OK);
}

EXPORT API(SetSigGenArbitrary)(int16_t h, int32_t offset, uint32_t pp, uint32_t start, uint32_t stop, uint32_t step,
                               uint32_t dwell, int16_t *points, int32_t n, int32_t sweep, int32_t operation,
                               int32_t index, uint32_t shots, uint32_t sweeps, int32_t type, int32_t source,
                               int16_t threshold)
{
    BEGIN(h, SetSigGenArbitrary);
    IGNORE_TAIL;
    if (!points) return leave(u, PS_NULL_PARAMETER);
    if (index != 0 || n < POINTS_MIN || n > POINTS || !start) return leave(u, PS_SIG_GEN_PARAM);
    int16_t *own = malloc((size_t)n * sizeof *own);
    if (!own) return leave(u, 2);
    memcpy(own, points, (size_t)n * sizeof *own);
    uint32_t status = generate(u, offset, pp, -1, start * DAC_HZ / 4294967296.0 * POINTS / n);
    free(status ? own : u->generator.points);
    if (!status) {
        u->generator.points = own;
        u->generator.n = n;
    }
    return leave(u, status);
}

#if PICO_ID != 4
EXPORT API(SetSigGenBuiltInV2)(int16_t h, int32_t offset, uint32_t pp, PS_WAVE wave, double start, double stop,
                               double step, double dwell, GENERATOR_TAIL)
{
    BEGIN(h, SetSigGenBuiltInV2);
    IGNORE_TAIL;
    return leave(u, generate(u, offset, pp, wave, start));
}
#endif
