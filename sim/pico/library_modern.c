/* The exported calls of ps6000a and psospa: one object of this file for each, by PICO_LIBRARY and PICO_ID (6, 7). */
#include "sim/pico/table_modern.h"
#include "sim/pico/library_shared.h"

/* ---- units -------------------------------------------------------------------------------------------- */

#if PICO_ID == 6
EXPORT API(OpenUnit)(int16_t *h, int8_t *serial, int32_t resolution)
{
    return ps_open(library, h, serial, resolution);
}

#else
EXPORT API(OpenUnit)(int16_t *h, int8_t *serial, int32_t resolution, void *details)
{
    if (details) memset(details, 0, 49);
    return ps_open(library, h, serial, resolution);
}
#endif

EXPORT API(GetAdcLimits)(int16_t h, int32_t resolution, int16_t *min, int16_t *max)
{
    BEGIN(h, GetAdcLimits);
    unsigned bits = resolution == 0 ? 8 : resolution == 10 ? 10 : resolution == 1 ? 12 : 0;
    if (!bits) return ps_leave(u, PS_INVALID_RESOLUTION);
    int16_t most = ps_max_at(u, bits);
    if (min) *min = (int16_t)-most;
    if (max) *max = most;
    return ps_leave(u, PS_OK);
}

/* ---- inputs ---------------------------------------------------------------------------------------------- */

#if PICO_ID == 7
/* A range of the list that goes from -v to v, or -1. */
static int32_t range_of(int64_t low, int64_t high, int32_t type)
{
    for (int32_t i = 0; i < 12; i++)
        if (type == 1 && high == -low && (double)high == nearbyint(ps_range_volts(i) * 1e9)) return i;
    return -1;
}
#define RANGE_ARGS int64_t low, int64_t high, int32_t type
#define RANGE range_of(low, high, type)
#else
#define RANGE_ARGS int32_t range
#define RANGE range
#endif

EXPORT API(SetChannelOn)(int16_t h, int32_t channel, int32_t coupling, RANGE_ARGS, double offset, int32_t limit)
{
    BEGIN(h, SetChannelOn);
    if (limit != 0 && limit != 20000000 && limit != 200000000) return ps_leave(u, PS_INVALID_BANDWIDTH);
    ps_input in = {.enabled = true, .coupling = coupling, .range = RANGE, .offset = offset};
    return ps_leave(u, ps_set_channel(u, channel, &in));
}

EXPORT API(SetChannelOff)(int16_t h, int32_t channel)
{
    BEGIN(h, SetChannelOff);
    return ps_leave(u, ps_set_channel(u, channel, &(ps_input){.range = 8, .coupling = 1}));
}

#if PICO_ID == 6
EXPORT API(SetDigitalPortOn)(int16_t h, int32_t port, int16_t *levels, int16_t n, int32_t hysteresis)
{
    BEGIN(h, SetDigitalPortOn);
    if (!levels || n != 8 || hysteresis < 0 || hysteresis > 3) return ps_leave(u, PS_INVALID_PARAMETER);
    return ps_leave(u, ps_set_port(u, port, true));
}
#else
EXPORT API(SetDigitalPortOn)(int16_t h, int32_t port, double volts)
{
    BEGIN(h, SetDigitalPortOn);
    return ps_leave(u, fabs(volts) <= 8 ? ps_set_port(u, port, true) : PS_INVALID_PARAMETER);
}
#endif

EXPORT API(SetDigitalPortOff)(int16_t h, int32_t port)
{
    BEGIN(h, SetDigitalPortOff);
    return ps_leave(u, ps_set_port(u, port, false));
}

EXPORT API(GetAnalogueOffsetLimits)(int16_t h, RANGE_ARGS, int32_t coupling, double *max, double *min)
{
    BEGIN(h, GetAnalogueOffsetLimits);
    int32_t n = RANGE;
    (void)coupling;
    if (n < u->model->range_first || n > u->model->range_last) return ps_leave(u, PS_INVALID_VOLTAGE_RANGE);
    if (max) *max = ps_offset_limit(n);
    if (min) *min = -ps_offset_limit(n);
    return ps_leave(u, PS_OK);
}

/* ---- time and memory --------------------------------------------------------------------------------------- */

EXPORT API(GetTimebase)(int16_t h, uint32_t n, uint64_t samples, double *ns, uint64_t *max, uint64_t segment)
{
    BEGIN(h, GetTimebase);
    double v = 0;
    if (segment >= u->segments) return ps_leave(u, PS_SEGMENT_OUT_OF_RANGE);
    uint32_t status = ps_timebase(u, n, samples, &v, max);
    if (!status && ns) *ns = v;
    return ps_leave(u, status);
}

#if PICO_ID == 7
EXPORT API(NearestSampleIntervalStateless)(int16_t h, uint32_t flags, double want, uint8_t faster, int32_t resolution,
                                           uint32_t *n, double *got)
#else
EXPORT API(NearestSampleIntervalStateless)(int16_t h, uint32_t flags, double want, int32_t resolution, uint32_t *n,
                                           double *got)
#endif
{
    BEGIN(h, NearestSampleIntervalStateless);
    (void)flags, (void)resolution;
    uint32_t best = 0;
    double dt = 0;
#if PICO_ID == 7
    for (uint32_t p = 200; p <= 3200; p *= 2) {
        double v = ps_interval(u, p);
        if (v > 0 && (!best || v <= want * (1 + 1e-9))) best = p, dt = v;
    }
    double steps = faster ? floor(want / 6.4e-9 * (1 + 1e-9)) : nearbyint(want / 6.4e-9);
    if (steps >= 1) best = (uint32_t)fmin(steps, 600000) * 6400, dt = best / 1e12;
#else
    for (uint32_t i = 0; i < 5; i++) {
        double v = ps_interval(u, i);
        if (v > 0 && (!best || v <= want)) best = i, dt = v;
    }
    double steps = nearbyint(want * 156.25e6);
    if (steps >= 1) best = (uint32_t)fmin(steps, 4e9) + 4, dt = (best - 4) / 156.25e6;
#endif
    if (!(dt > 0)) return ps_leave(u, PS_INVALID_SAMPLE_INTERVAL);
    if (n) *n = best;
    if (got) *got = dt;
    return ps_leave(u, PS_OK);
}

EXPORT API(MemorySegments)(int16_t h, uint64_t n, uint64_t *max)
{
    BEGIN(h, MemorySegments);
    uint32_t status = n > UINT32_MAX ? PS_TOO_MANY_SEGMENTS : ps_set_segments(u, (uint32_t)n);
    if (!status && max) *max = u->model->memory / (ps_bits(u) > 8 ? 2 : 1) / n;
    return ps_leave(u, status);
}

EXPORT API(MemorySegmentsBySamples)(int16_t h, uint64_t samples, uint64_t *max)
{
    BEGIN(h, MemorySegmentsBySamples);
    if (!samples) return ps_leave(u, PS_INVALID_PARAMETER);
    uint64_t n = ps_depth(u) * u->segments / samples;
    if (!n) return ps_leave(u, PS_TOO_MANY_SAMPLES);
    if (n > u->model->segments) n = u->model->segments;
    if (max) *max = n;
    return ps_leave(u, ps_set_segments(u, (uint32_t)n));
}

EXPORT API(GetMaximumAvailableMemory)(int16_t h, uint64_t *max, int32_t resolution)
{
    BEGIN(h, GetMaximumAvailableMemory);
    if (max) *max = u->model->memory / (resolution ? 2 : 1);
    return ps_leave(u, PS_OK);
}

EXPORT API(QueryMaxSegmentsBySamples)(int16_t h, uint64_t samples, uint32_t channels, uint64_t *max, int32_t resolution)
{
    BEGIN(h, QueryMaxSegmentsBySamples);
    if (!samples || !channels || !max) return ps_leave(u, PS_INVALID_PARAMETER);
    uint64_t n = u->model->memory / (resolution ? 2 : 1) / channels / samples;
    *max = n < u->model->segments ? n : u->model->segments;
    return ps_leave(u, PS_OK);
}

EXPORT API(SetNoOfCaptures)(int16_t h, uint64_t n)
{
    BEGIN(h, SetNoOfCaptures);
    if (!n || n > UINT32_MAX) return ps_leave(u, PS_INVALID_PARAMETER);
    u->captures = (uint32_t)n;
    return ps_leave(u, PS_OK);
}

static uint32_t captures(const ps_unit *u, uint64_t *n)
{
    uint32_t v = 0;
    if (!n) return PS_NULL_PARAMETER;
    uint32_t status = ps_captures(u, &v);
    *n = v;
    return status;
}

EXPORT API(GetNoOfCaptures)(int16_t h, uint64_t *n)
{
    BEGIN(h, GetNoOfCaptures);
    return ps_leave(u, captures(u, n));
}

EXPORT API(GetNoOfProcessedCaptures)(int16_t h, uint64_t *n)
{
    BEGIN(h, GetNoOfProcessedCaptures);
    return ps_leave(u, captures(u, n));
}

/* ---- triggers ------------------------------------------------------------------------------------------------ */

EXPORT API(SetSimpleTrigger)(int16_t h, int16_t enable, int32_t source, int16_t threshold, int32_t direction,
                             uint64_t delay, uint32_t auto_us)
{
    BEGIN(h, SetSimpleTrigger);
    ps_trigger t = {.on = enable != 0, .source = ps_source(u, source), .threshold = threshold, .direction = direction,
                    .delay = delay, .auto_s = auto_us * 1e-6};
    return ps_leave(u, ps_simple_trigger(u, &t));
}

EXPORT API(SetTriggerDelay)(int16_t h, uint64_t delay)
{
    BEGIN(h, SetTriggerDelay);
    if (delay > PS_MAX_DELAY) return ps_leave(u, PS_DELAY);
    u->trigger.delay = delay;
    return ps_leave(u, PS_OK);
}

#include "sim/pico/classic_trigger.h"

#if PICO_ID == 6
EXPORT API(SetTriggerChannelProperties)(int16_t h, void *list, int16_t n, int16_t aux, uint32_t auto_us)
#else
EXPORT API(SetTriggerChannelProperties)(int16_t h, void *list, int16_t n, uint32_t auto_us)
#endif
{
    BEGIN(h, SetTriggerChannelProperties);
#if PICO_ID == 6
    (void)aux;
#endif
    u->trigger.auto_s = auto_us * 1e-6;
    return ps_leave(u, set_properties(u, list, n, 12));
}

/* A port as a source stands for the pattern of its lines. */
EXPORT API(SetTriggerChannelConditions)(int16_t h, void *list, int16_t n, int32_t info)
{
    BEGIN(h, SetTriggerChannelConditions);
    term own[16];
    if (!list || n < 0 || n > 16) return ps_leave(u, list_conditions(u, list, n, info));
    for (int16_t i = 0; i < n; i++) {
        memcpy(&own[i], (const uint8_t *)list + (size_t)i * sizeof *own, sizeof *own);
        if (own[i].source == 0x80 || own[i].source == 0x81) own[i].source = SOURCE_DIGITAL;
    }
    return ps_leave(u, list_conditions(u, own, n, info));
}

EXPORT API(SetTriggerChannelDirections)(int16_t h, void *list, int16_t n)
{
    BEGIN(h, SetTriggerChannelDirections);
    return ps_leave(u, list_directions(u, list, n, 12));
}

EXPORT API(SetTriggerDigitalPortProperties)(int16_t h, int32_t port, void *list, int16_t n)
{
    BEGIN(h, SetTriggerDigitalPortProperties);
    if (port != 0x80 && port != 0x81) return ps_leave(u, PS_INVALID_CHANNEL);
    return ps_leave(u, set_lines(u, list, n, port == 0x80 ? 0 : 8, 8));
}

EXPORT API(GetTriggerTimeOffset)(int16_t h, int64_t *time, int32_t *units, uint64_t segment)
{
    BEGIN(h, GetTriggerTimeOffset);
    int64_t fs = 0;
    uint32_t status = ps_offset(u, segment, &fs);
    if (!status && time) memcpy(time, &fs, sizeof fs);
    if (!status && units) *units = 0;
    return ps_leave(u, status);
}

EXPORT API(GetValuesTriggerTimeOffsetBulk)(int16_t h, int64_t *times, int32_t *units, uint64_t from, uint64_t to)
{
    BEGIN(h, GetValuesTriggerTimeOffsetBulk);
    uint32_t status = times && units ? PS_OK : PS_NULL_PARAMETER;
    for (uint64_t i = from; !status && i <= to; i++) {
        status = ps_offset(u, i, &times[i - from]);
        units[i - from] = 0;
    }
    return ps_leave(u, status);
}

/* One struct of 48 bytes a segment. */
EXPORT API(GetTriggerInfo)(int16_t h, void *out, uint64_t first, uint64_t count)
{
    BEGIN(h, GetTriggerInfo);
    uint32_t status = out ? PS_OK : PS_NULL_PARAMETER;
    for (uint64_t i = first; !status && i < first + count; i++) {
        uint8_t row[48] = {0};
        int64_t fs;
        uint32_t flags = i == 0 ? 0x01000000 : 0;
        if ((status = ps_offset(u, i, &fs))) break;
        uint64_t index = (uint64_t)u->pre, stamp = (uint64_t)(u->base + u->start[i] + u->pre) & ((1ull << 56) - 1);
        double time = (double)fs;
        if (u->untimed) {
            flags |= 0x02000104;
            stamp = 0x1234567;
            time = 1e9;
        }
        memcpy(row, &flags, 4);
        memcpy(row + 4, &i, 8);
        memcpy(row + 12, &index, 8);
        memcpy(row + 20, &time, 8);
        memcpy(row + 40, &stamp, 8);
        memcpy((uint8_t *)out + (size_t)(i - first) * sizeof row, row, sizeof row);
    }
    return ps_leave(u, status);
}

/* ---- buffers and blocks ---------------------------------------------------------------------------------------- */

enum { CLEAR_ALL = 1, ADD_BUFFER = 2, CLEAR_OTHERS = 0x7000, INT8 = 0, INT16 = 1 };

/* The vendor's RAW is none of its other modes. */
static int mode_of(int32_t mode)
{
    return mode == INT32_MIN ? 0 : mode == 1 || mode == 2 || mode == 4 ? mode : -1;
}

static void clear_all(ps_unit *u)
{
    memset(u->buffer, 0, (size_t)u->segments * PS_INPUTS * sizeof *u->buffer);
    memset(u->queue, 0, sizeof u->queue);
}

/* Waits for a stream as well, when it is of the first segment. */
static uint32_t add_buffer(ps_unit *u, int32_t channel, uint64_t segment, const ps_buffer *b)
{
    int i = ps_input_index(u, channel);
    if (i < 0) return PS_INVALID_CHANNEL;
    if (b->mode < 0) return PS_INVALID_RATIO_MODE;
    if (!b->max || !b->length) return PS_NULL_PARAMETER;
    if (b->max == b->min) return PS_SAME_POINTER;
    ps_queue *q = &u->queue[i];
    if (segment == 0) {
        for (unsigned k = 0; k < PS_INPUTS; k++) {
            const ps_queue *other = &u->queue[k];
            if (other->n && other->buffer[other->first % PS_QUEUE].length != b->length) return PS_UNEQUAL_BUFFERS;
        }
        if (q->n < PS_QUEUE) q->buffer[(q->first + q->n++) % PS_QUEUE] = *b;
    }
    return u->state == PS_STREAM ? PS_OK : ps_set_buffer(u, channel, segment, b);
}

static uint32_t register_buffer(ps_unit *u, int32_t channel, uint64_t segment, const ps_buffer *b, int32_t action)
{
    if (!action || action & ~(CLEAR_ALL | ADD_BUFFER | CLEAR_OTHERS)) return PS_INVALID_ACTION;
    if (action & CLEAR_ALL) clear_all(u);
    if (action & CLEAR_OTHERS) {
        int i = ps_input_index(u, channel);
        if (i < 0) return PS_INVALID_CHANNEL;
        u->queue[i].n = 0;
        if (segment < u->segments) u->buffer[segment * PS_INPUTS + (unsigned)i] = (ps_buffer){0};
    }
    return action & ADD_BUFFER ? add_buffer(u, channel, segment, b) : PS_OK;
}

EXPORT API(SetDataBuffer)(int16_t h, int32_t channel, void *buffer, PS_LENGTH n, int32_t type, uint64_t segment,
                          int32_t mode, int32_t action)
{
    BEGIN(h, SetDataBuffer);
    if (type != INT8 && type != INT16) return ps_leave(u, PS_DATATYPE_INVALID);
    ps_buffer b = {.max = buffer, .length = (uint64_t)n, .mode = mode_of(mode), .bytes = type == INT8};
    return ps_leave(u, register_buffer(u, channel, segment, &b, action));
}

EXPORT API(SetDataBuffers)(int16_t h, int32_t channel, void *max, void *min, PS_LENGTH n, int32_t type,
                           uint64_t segment, int32_t mode, int32_t action)
{
    BEGIN(h, SetDataBuffers);
    if (type != INT8 && type != INT16) return ps_leave(u, PS_DATATYPE_INVALID);
    ps_buffer b = {.max = max, .min = min, .length = (uint64_t)n, .mode = mode_of(mode), .bytes = type == INT8};
    return ps_leave(u, register_buffer(u, channel, segment, &b, action));
}

EXPORT API(RunBlock)(int16_t h, uint64_t pre, uint64_t post, uint32_t n, double *ms, uint64_t segment,
                     ps_block_ready ready, void *user)
{
    BEGIN(h, RunBlock);
    if (pre > INT64_MAX / 4 || post > INT64_MAX / 4) return ps_leave(u, PS_TOO_MANY_SAMPLES);
    ps_block b = {.pre = (int64_t)pre, .post = (int64_t)post, .timebase = n, .segment = segment, .ready = ready,
                  .user = user};
    uint32_t status = ps_start_block(u, &b);
    if (!status && ms) *ms = (double)(pre + post) * u->dt * 1e3;
    return ps_leave(u, status);
}

static uint32_t read_values(ps_unit *u, ps_values *v, uint64_t *n)
{
    if (!n) return PS_NULL_PARAMETER;
    v->n = *n;
    if (v->mode < 0) return PS_INVALID_RATIO_MODE;
    uint32_t status = ps_read(u, v);
    if (!status) *n = v->n;
    return status;
}

EXPORT API(GetValues)(int16_t h, uint64_t start, uint64_t *n, uint64_t ratio, int32_t mode, uint64_t segment,
                      int16_t *overflow)
{
    BEGIN(h, GetValues);
    ps_values v = {start, 0, segment, segment, ratio, mode_of(mode), overflow};
    return ps_leave(u, read_values(u, &v, n));
}

EXPORT API(GetValuesBulk)(int16_t h, uint64_t start, uint64_t *n, uint64_t from, uint64_t to, uint64_t ratio,
                          int32_t mode, int16_t *overflow)
{
    BEGIN(h, GetValuesBulk);
    ps_values v = {start, 0, from, to, ratio, mode_of(mode), overflow};
    return ps_leave(u, read_values(u, &v, n));
}

/* ---- streaming --------------------------------------------------------------------------------------------------- */

EXPORT API(RunStreaming)(int16_t h, double *interval, int32_t units, uint64_t pre, uint64_t post, int16_t auto_stop,
                         uint64_t ratio, int32_t mode)
{
    BEGIN(h, RunStreaming);
    if (!interval) return ps_leave(u, PS_NULL_PARAMETER);
    if (units < 0 || units > 5) return ps_leave(u, PS_TIME_UNITS);
    if (mode_of(mode) < 0) return ps_leave(u, PS_INVALID_RATIO_MODE);
    ps_stream s = {*interval * ps_unit_s[units], pre, post, 0, auto_stop != 0, ratio, mode_of(mode)};
    uint32_t status = ps_start_stream(u, &s);
    if (status) return ps_leave(u, status);
    *interval = s.dt / ps_unit_s[units];
    ps_run_stream(u);
    return ps_leave(u, PS_OK);
}

/* One struct of 30 bytes for each channel; 12 bytes that say whether it is over. */
EXPORT API(GetStreamingLatestValues)(int16_t h, void *info, uint64_t n, void *trigger)
{
    BEGIN(h, GetStreamingLatestValues);
    uint32_t status = u->state == PS_STREAM ? PS_OK : PS_INVALID_CALL, worst = PS_OK;
    int16_t ended = 0, triggered = 0;
    uint64_t at = 0;
    if (!info || !trigger) status = PS_NULL_PARAMETER;
    for (uint64_t k = 0; k < n && !status; k++) {
        uint8_t *row = (uint8_t *)info + k * 30;
        int32_t channel;
        ps_chunk c;
        uint64_t number;
        memcpy(&channel, row, 4);
        int i = ps_input_index(u, channel);
        uint32_t one = i < 0 ? PS_INVALID_CHANNEL : ps_poll_queue(u, (unsigned)i, &c, &number);
        if (one && one != PS_WAITING_FOR_BUFFERS) status = one;
        if (status) break;
        worst = one ? one : worst;
        int32_t start = (int32_t)c.start;
        memcpy(row + 12, &c.samples, 4);
        memcpy(row + 16, &number, 8);
        memcpy(row + 24, &start, 4);
        memcpy(row + 28, &c.overflow, 2);
        ended = c.auto_stop;
        if (c.triggered) at = c.trigger_at, triggered = 1;
    }
    if (!status) {
        memcpy(trigger, &at, 8);
        memcpy((uint8_t *)trigger + 8, &triggered, 2);
        memcpy((uint8_t *)trigger + 10, &ended, 2);
    }
    return ps_leave(u, status ? status : worst);
}

EXPORT API(NoOfStreamingValues)(int16_t h, uint64_t *n)
{
    BEGIN(h, NoOfStreamingValues);
    if (!n) return ps_leave(u, PS_NULL_PARAMETER);
    *n = u->out;
    return ps_leave(u, PS_OK);
}

/* ---- the generator: nothing changes before it is applied ---------------------------------------------- */

EXPORT API(SigGenWaveform)(int16_t h, int32_t wave, int16_t *points, uint64_t n)
{
    BEGIN(h, SigGenWaveform);
    static const int32_t known[] = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x400, 0x2001, 0x2002};
    if (wave == 0x10000000) {
        if (!points || n < 10 || n > 40960) return ps_leave(u, points ? PS_SIG_GEN_PARAM : PS_NULL_PARAMETER);
        int16_t *own = malloc(n * sizeof *own);
        if (!own) return ps_leave(u, PS_MEMORY_FAIL);
        memcpy(own, points, n * sizeof *own);
        free(u->generator.set_points);
        u->generator.set_points = own;
        u->generator.set_n = (int32_t)n;
        u->generator.set_wave = -1;
        return ps_leave(u, PS_OK);
    }
    for (int i = 0; i < (int)(sizeof known / sizeof *known); i++) {
        if (known[i] != wave) continue;
        u->generator.set_wave = i;
        return ps_leave(u, PS_OK);
    }
    return ps_leave(u, PS_SIGGEN_WAVE_NOT_SUPPORTED);
}

EXPORT API(SigGenRange)(int16_t h, double pp, double offset)
{
    BEGIN(h, SigGenRange);
    u->generator.set_pp = pp;
    u->generator.set_offset = offset;
    return ps_leave(u, PS_OK);
}

EXPORT API(SigGenFrequency)(int16_t h, double hz)
{
    BEGIN(h, SigGenFrequency);
    u->generator.set_hz = hz;
    return ps_leave(u, hz > 0 ? PS_OK : PS_SIG_GEN_PARAM);
}

EXPORT API(SigGenFrequencySweep)(int16_t h, double stop, double step, double dwell, int32_t way)
{
    BEGIN(h, SigGenFrequencySweep);
    u->generator.set_stop = stop;
    u->generator.set_step = step;
    u->generator.set_dwell = dwell;
    u->generator.set_way = way;
    return ps_leave(u, way >= 0 && way <= 3 ? PS_OK : PS_SIG_GEN_PARAM);
}

EXPORT API(SigGenTrigger)(int16_t h, int32_t type, int32_t source, uint64_t cycles, uint64_t auto_ps)
{
    BEGIN(h, SigGenTrigger);
    (void)auto_ps;
    u->generator.set_source = source;
    u->generator.set_falling = type == 1;
    u->generator.set_cycles = (unsigned)cycles;
    return ps_leave(u, type >= 0 && type <= 3 && source >= 0 && source <= 5 ? PS_OK : PS_SIG_GEN_PARAM);
}

EXPORT API(SigGenSoftwareTriggerControl)(int16_t h, int32_t type)
{
    BEGIN(h, SigGenSoftwareTriggerControl);
    (void)type;
    return ps_leave(u, ps_fire(u));
}

static uint32_t apply(ps_unit *u, bool on, bool sweep, bool triggered)
{
    if (on && u->generator.set_wave != 8 && !(u->generator.set_hz > 0)) return PS_SIGGEN_FREQUENCY_MISSING;
    u->generator.wave = on ? u->generator.set_wave : 8;
    u->generator.pp = on ? u->generator.set_pp : 0;
    u->generator.offset = on ? u->generator.set_offset : 0;
    u->generator.hz = u->generator.set_hz;
    u->generator.stop = sweep ? u->generator.set_stop : u->generator.hz;
    u->generator.step = u->generator.set_step;
    u->generator.dwell = u->generator.set_dwell;
    u->generator.way = sweep ? u->generator.set_way : 0;
    u->generator.falling = u->generator.set_falling;
    u->generator.threshold = 0;
    u->generator.source = triggered ? u->generator.set_source : 0;
    u->generator.cycles = triggered ? u->generator.set_cycles : 0;
    if (u->generator.set_points) {
        free(u->generator.points);
        u->generator.points = u->generator.set_points;
        u->generator.n = u->generator.set_n;
        u->generator.set_points = NULL;
    }
    return ps_generate(u);
}

#if PICO_ID == 6
EXPORT API(SigGenApply)(int16_t h, int16_t on, int16_t sweep, int16_t triggered, int16_t clock, int16_t override,
                        double *hz, double *stop, double *step, double *dwell)
#else
EXPORT API(SigGenApply)(int16_t h, int16_t on, int16_t sweep, int16_t triggered, double *hz, double *stop, double *step,
                        double *dwell)
#endif
{
    BEGIN(h, SigGenApply);
#if PICO_ID == 6
    (void)clock, (void)override;
#endif
    uint32_t status = apply(u, on != 0, sweep != 0, triggered != 0);
    if (!status && hz) *hz = u->generator.hz;
    if (!status && stop) *stop = u->generator.stop;
    if (!status && step) *step = u->generator.step;
    if (!status && dwell) *dwell = u->generator.dwell;
    return ps_leave(u, status);
}

#include "sim/pico/symbols.h"
