/* What the calls of the three interfaces share: state, checks, statuses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/pico/unit.h"

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* ---- in and out of a call --------------------------------------------------------------------------- */

ps_unit *ps_enter(const char *library, int16_t h, const char *call, uint32_t *status)
{
    ps_unit *u = NULL;
    *status = PS_USER_CALLBACK;
    if (ps_in_callback) return NULL;
    for (unsigned i = 0; h > 0 && (u = ps_unit_at(library, i)) && u->handle != h;) i++;
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

uint32_t ps_leave(ps_unit *u, uint32_t status)
{
    atomic_flag_clear(&u->busy);
    return status;
}

/* ---- units -------------------------------------------------------------------------------------------- */

uint32_t ps_set_segments(ps_unit *u, uint32_t n)
{
    if (!n || n > u->model->segments) return PS_TOO_MANY_SEGMENTS;
    if (u->state != PS_IDLE) return PS_DEVICE_SAMPLING;
    ps_buffer *b = calloc((size_t)n * PS_INPUTS, sizeof *b);
    if (!b) return PS_MEMORY_FAIL;
    free(u->buffer);
    u->buffer = b;
    u->segments = n;
    u->has_data = false;
    u->done = 0;
    return PS_OK;
}

static uint32_t open_this(ps_unit *u, int16_t handle, int resolution)
{
    u->state = PS_IDLE;
    if (ps_set_segments(u, 1)) return PS_MEMORY_FAIL;
    u->resolution = resolution;
    u->captures = 1;
    u->first_ns = 0;
    u->trigger = (ps_trigger){0};
    u->ets = (ps_ets){.slot = u->ets.slot, .next = u->ets.next};
    u->opened_ns = ps_now();
    /* 500 mV or 5 V. */
    u->ext_range = u->model->clock == PS_10M ? 5 : 8;
    memset(u->queue, 0, sizeof u->queue);
    for (unsigned i = 0; i <= PS_INPUTS; i++) {
        int16_t *keep = u->input[i].table;
        u->input[i] = (ps_input){.enabled = i < u->model->channels, .range = 8, .coupling = 1, .table = keep};
    }
    u->usb_powered = u->ask_power && u->model->power;
    u->power = u->usb_powered ? PS_POWER_NOT_CONNECTED : 0;
    u->handle = handle;
    return u->power;
}

uint32_t ps_open(const char *library, int16_t *h, const int8_t *serial, int resolution)
{
    ps_unit *u;
    uint32_t status = PS_NOT_FOUND;
    if (!h) return PS_NULL_PARAMETER;
    *h = 0;
    if (resolution < 0 || (resolution > 4 && resolution != 10)) return PS_INVALID_RESOLUTION;
    pthread_mutex_lock(&opening);
    for (unsigned i = 0; (u = ps_unit_at(library, i)); i++) {
        if (u->handle || u->unplugged || (serial && strcmp(u->serial, (const char *)serial) != 0)) continue;
        static int16_t given;
        *h = -1;
        status = ps_fault_of(u, "OpenUnit");
        if (status) break;
        given = given == INT16_MAX ? 1 : (int16_t)(given + 1);
        *h = given;
        status = open_this(u, *h, resolution);
        break;
    }
    pthread_mutex_unlock(&opening);
    return status;
}

uint32_t ps_enumerate(const char *library, int16_t *count, int8_t *serials, int16_t *length)
{
    char text[1024] = "";
    size_t used = 0;
    const ps_unit *u;
    if (!count || !length) return PS_NULL_PARAMETER;
    bool variants = serials && *length > 2 && memcmp(serials, "-v", 3) == 0;
    *count = 0;
    for (unsigned i = 0; (u = ps_unit_at(library, i)) && used < sizeof text; i++) {
        if (u->handle || u->unplugged) continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s%s", used ? "," : "", u->serial,
                                 variants ? "[" : "", variants ? u->model->variant : "", variants ? "]" : "");
        ++*count;
    }
    if (serials && *length > 0 && (size_t)*length <= used) return PS_SERIAL_BUFFER_TOO_SMALL;
    if (serials && *length > 0) memcpy(serials, text, used + 1);
    *length = (int16_t)used;
    return *count ? PS_OK : PS_NOT_FOUND;
}

static const char *info_text(const char *library, const ps_unit *u, uint32_t info)
{
    static _Thread_local char version[48];
    switch (info) {
    case 0:
        snprintf(version, sizeof version, "%s simulated, 0.1.0.0", library);
        return version;
    case 1:
        return u && u->model->stream_bytes > 100e6 ? "3.0" : "2.0";
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

uint32_t ps_info(const char *library, const ps_unit *u, int8_t *text, int cap, int16_t *size, uint32_t info)
{
    const char *s = info_text(library, u, info);
    if (!s) return PS_INVALID_INFO;
    int need = (int)strlen(s) + 1;
    if (size) *size = (int16_t)need;
    if (!text) return PS_OK;
    if (cap > 0) snprintf((char *)text, (size_t)cap, "%s", s);
    return cap < need ? PS_STRING_TOO_SMALL : PS_OK;
}

void ps_flash(ps_unit *u, int times)
{
    u->flash_until = times < 0 ? INT64_MAX : ps_now() + times * 500000000LL;
}

int16_t ps_flashes(const ps_unit *u)
{
    return ps_now() < u->flash_until;
}

/* ---- inputs ---------------------------------------------------------------------------------------- */

double ps_offset_limit(int range)
{
    return range < 5 ? 0.25 : range < 8 ? 2.5 : 20;
}

uint32_t ps_set_channel(ps_unit *u, int32_t channel, const ps_input *in)
{
    if (channel < 0 || channel >= (int32_t)u->model->channels) return PS_INVALID_CHANNEL;
    if (in->enabled && u->usb_powered && channel > 1) return PS_CHANNEL_DISABLED_USB;
    if (in->range < u->model->range_first || in->range > u->model->range_last) return PS_INVALID_VOLTAGE_RANGE;
    if (fabs(in->offset) > ps_offset_limit(in->range)) return PS_INVALID_OFFSET;
    if (u->state != PS_IDLE) return PS_DEVICE_SAMPLING;
    ps_input *own = &u->input[channel];
    own->enabled = in->enabled;
    own->coupling = in->coupling;
    own->range = in->range;
    own->offset = in->offset;
    return PS_OK;
}

uint32_t ps_set_port(ps_unit *u, int32_t port, bool on)
{
    int i = port < 0x80 ? -1 : ps_input_index(u, port);
    if (i < 0) return PS_INVALID_CHANNEL;
    u->input[i].enabled = on;
    return PS_OK;
}

uint32_t ps_set_resolution(ps_unit *u, int resolution)
{
    unsigned n = ps_enabled(u);
    switch (u->model->clock) {
    case PS_5000:
        if (resolution < 0 || resolution > 4) return PS_INVALID_RESOLUTION;
        if ((resolution == 4 && n > 1) || (resolution == 3 && n > 2)) return PS_CHANNELS_FOR_RESOLUTION;
        break;
    case PS_5G:
        if (resolution != 0 && resolution != 1 && resolution != 10) return PS_INVALID_RESOLUTION;
        if ((resolution == 1 && n > 2) || (resolution == 10 && n > 4)) return PS_CHANNELS_IN_RESOLUTION;
        break;
    case PS_PICOSECONDS:
        if (resolution != 0 && resolution != 10) return PS_INVALID_RESOLUTION;
        break;
    default:
        if (resolution != 1) return PS_INVALID_RESOLUTION;
    }
    u->resolution = resolution;
    u->has_data = false;
    return PS_OK;
}

uint32_t ps_captures(const ps_unit *u, uint32_t *n)
{
    if (!u->done) return PS_NO_CAPTURES;
    *n = u->done;
    return PS_OK;
}

uint32_t ps_timebase(const ps_unit *u, uint32_t n, uint64_t samples, double *ns, uint64_t *max)
{
    double dt = ps_enabled(u) ? ps_interval(u, n) : 0;
    if (!ps_enabled(u)) return PS_INVALID_CHANNEL;
    if (!(dt > 0)) return PS_INVALID_TIMEBASE;
    if (samples > ps_depth(u)) return PS_TOO_MANY_SAMPLES;
    *ns = dt * 1e9;
    if (max) *max = ps_depth(u);
    return PS_OK;
}

/* ---- triggers --------------------------------------------------------------------------------------- */

int ps_source(const ps_unit *u, int32_t number)
{
    bool modern = u->model->clock == PS_5G || u->model->clock == PS_PICOSECONDS;
    if (number == 4 && strcmp(u->model->library, "ps3000") == 0 && !u->model->basic) return -1;
    if (number == (modern ? 1001 : u->model->clock == PS_80M ? 8 : 4)) return PS_CHANNELS;
    return number >= 0 && number < (int32_t)u->model->channels ? (int)number : -1;
}

uint32_t ps_simple_trigger(ps_unit *u, const ps_trigger *t)
{
    uint8_t line[sizeof u->trigger.line];
    memcpy(line, u->trigger.line, sizeof line);
    if (!t->on) {
        u->trigger = (ps_trigger){0};
        return PS_OK;
    }
    if (t->source < 0 || (t->source < PS_CHANNELS && !u->input[t->source].enabled)) return PS_INVALID_TRIGGER_CHANNEL;
    if (t->direction < 0 || t->direction > 4) return PS_INVALID_PARAMETER;
    if (t->delay > PS_MAX_DELAY) return PS_DELAY;
    u->trigger = *t;
    u->trigger.simple = true;
    memcpy(u->trigger.line, line, sizeof line);
    return PS_OK;
}

uint32_t ps_offset(const ps_unit *u, uint64_t segment, int64_t *fs)
{
    if (u->state == PS_BLOCK) return PS_DEVICE_SAMPLING;
    if (!u->has_data || segment >= u->done) return PS_NO_SAMPLES_AVAILABLE;
    *fs = u->offset_fs[segment];
    return PS_OK;
}

/* ---- blocks --------------------------------------------------------------------------------------------- */

uint32_t ps_set_buffer(ps_unit *u, int32_t channel, uint64_t segment, const ps_buffer *b)
{
    int i = ps_input_index(u, channel);
    if (i < 0) return PS_INVALID_CHANNEL;
    if (segment >= u->segments) return PS_SEGMENT_OUT_OF_RANGE;
    if (b->mode != 0 && b->mode != 1 && b->mode != 2 && b->mode != 4 && b->mode != PS_ANY_MODE)
        return PS_RATIO_MODE_NOT_SUPPORTED;
    u->buffer[segment * PS_INPUTS + (unsigned)i] = b->max && b->length ? *b : (ps_buffer){0};
    return PS_OK;
}

static double fastest(const ps_unit *u)
{
    double dt = 0;
    for (uint32_t n = 0; n < 16 && !(dt > 0); n++) dt = ps_interval(u, n);
    return dt;
}

/* What stands against equivalent time with these inputs. */
static uint32_t check_ets(const ps_unit *u)
{
    if (!u->model->ets_interleave || ps_bits(u) > u->model->bits) return PS_ETS_NOT_SUPPORTED;
    for (unsigned i = PS_CHANNELS; i < PS_INPUTS; i++)
        if (u->input[i].enabled) return PS_ETS_WITH_LINES;
    return ps_enabled(u) ? PS_OK : PS_INVALID_CHANNEL;
}

uint32_t ps_set_ets(ps_unit *u, int mode, int cycles, int interleave, int32_t *ps)
{
    const ps_model *m = u->model;
    if (ps) *ps = 0;
    if (u->state != PS_IDLE) return PS_DEVICE_SAMPLING;
    if (mode < 0 || mode > 2) return PS_INVALID_PARAMETER;
    u->ets.interleave = 0;
    if (mode == 0) return PS_OK;
    uint32_t status = check_ets(u);
    if (status) return status;
    bool old = m->clock == PS_DOUBLING;
    if (interleave < 1 || interleave > m->ets_interleave || cycles > m->ets_cycles ||
        cycles < (old ? 1 : 2) * interleave || cycles > (old ? 10 : 5) * interleave)
        return PS_INVALID_PARAMETER;
    ps_slot *slot = realloc(u->ets.slot, (size_t)interleave * sizeof *slot);
    if (slot) u->ets.slot = slot;
    ps_slot *next = realloc(u->ets.next, (size_t)interleave * sizeof *next);
    if (next) u->ets.next = next;
    if (!slot || !next) return PS_MEMORY_FAIL;
    u->ets.interleave = interleave;
    u->ets.cycles = cycles;
    if (ps) *ps = (int32_t)nearbyint(fastest(u) * 1e12 / interleave);
    return PS_OK;
}

uint32_t ps_start_block(ps_unit *u, const ps_block *b)
{
    double ns = 0;
    if (b->pre < 0 || b->post < 0 || b->pre + b->post < 1) return PS_INVALID_PARAMETER;
    if (b->segment >= u->segments) return PS_SEGMENT_OUT_OF_RANGE;
    if (u->captures > u->segments) return PS_NOT_ENOUGH_SEGMENTS;
    if ((uint64_t)b->pre + (uint64_t)b->post > ps_depth(u)) return PS_TOO_MANY_SAMPLES;
    uint32_t status = ps_timebase(u, b->timebase, 0, &ns, NULL);
    if (!status) status = ps_check_trigger(u);
    if (!status && u->ets.interleave) status = check_ets(u);
    if (status) return status;
    if (u->ets.interleave && (!u->trigger.on || !u->trigger.simple || u->captures > 1)) return PS_TRIGGER_ERROR;
    ps_stop(u);
    u->dt = u->ets.interleave ? fastest(u) : ns / 1e9;
    u->pre = b->pre;
    u->post = b->post;
    u->block_cb = b->ready;
    u->user = b->user;
    return ps_run_block(u);
}

static uint32_t check_values(const ps_unit *u, const ps_values *v, uint64_t segment)
{
    bool ets = u->ets.interleave && u->state == PS_BLOCK && u->ready;
    if (u->state != PS_IDLE && !ets) return PS_DEVICE_SAMPLING;
    if (segment >= u->segments) return PS_SEGMENT_OUT_OF_RANGE;
    if (!u->has_data || segment >= u->done) return PS_NO_SAMPLES_AVAILABLE;
    if (v->mode != 0 && u->ets.interleave) return PS_RATIO_MODE_NOT_SUPPORTED;
    if (v->start >= (uint64_t)(u->pre + u->post)) return PS_STARTINDEX_INVALID;
    if (v->mode != 0 && !v->ratio) return PS_INVALID_SAMPLERATIO;
    for (unsigned i = 0; i < PS_INPUTS; i++)
        if (u->buffer[segment * PS_INPUTS + i].length) return PS_OK;
    return PS_BUFFERS_NOT_SET;
}

/* Into every buffer that is registered for the segment. */
static uint32_t one_segment(ps_unit *u, const ps_values *v, uint64_t segment, uint64_t *n, int16_t *overflow)
{
    uint32_t status = check_values(u, v, segment);
    if (status) return status;
    uint64_t ratio = v->mode ? v->ratio : 1, there = (uint64_t)(u->pre + u->post) - v->start;
    uint64_t most = (v->n < there ? v->n : there) / ratio;
    int16_t over = 0;
    *n = most;
    for (unsigned i = 0; i < PS_INPUTS; i++) {
        const ps_buffer *b = &u->buffer[segment * PS_INPUTS + i];
        uint64_t room = b->length < most ? b->length : most;
        if (!b->length || (b->mode != v->mode && b->mode != PS_ANY_MODE) || !u->input[i].enabled) continue;
        ps_reduce r = {(int)i, u->start[segment] + (int64_t)v->start, (uint32_t)room, (uint32_t)ratio, v->mode};
        if (u->ets.interleave) ps_ets_values(u, (int)i, v->start, (uint32_t)room, b->max);
        else ps_reduced(u, &r, b, 0);
        if (room < *n) *n = room;
        if (i < PS_CHANNELS && u->input[i].clips) over = (int16_t)(over | 1 << i);
    }
    if (u->ets.interleave) ps_ets_times(u, v->start, *n);
    if (overflow) *overflow = over;
    return PS_OK;
}

uint32_t ps_read(ps_unit *u, ps_values *v)
{
    uint64_t n = v->n, least = UINT64_MAX;
    if (v->from >= u->segments || v->to >= u->segments) return PS_SEGMENT_OUT_OF_RANGE;
    if (u->half) v->n /= 2;
    u->half = false;
    for (uint64_t k = 0, i = v->from;; k++, i = (i + 1) % u->segments) {
        pthread_mutex_lock(&u->lock);
        uint32_t status = one_segment(u, v, i, &n, v->overflow ? v->overflow + k : NULL);
        pthread_mutex_unlock(&u->lock);
        if (status) return status;
        if (n < least) least = n;
        if (i == v->to) break;
    }
    v->n = least;
    return PS_OK;
}

/* ---- streaming ---------------------------------------------------------------------------------------- */

uint32_t ps_start_stream(ps_unit *u, ps_stream *s)
{
    unsigned inputs = ps_enabled(u);
    static const double grids[] = {[PS_500M] = 16e-9, [PS_1G] = 8e-9, [PS_80M] = 12.5e-9, [PS_5000] = 8e-9,
                                   [PS_5G] = 3.2e-9, [PS_PICOSECONDS] = 3.2e-9, [PS_DOUBLING] = 10e-9,
                                   [PS_4000] = 50e-9, [PS_4227] = 32e-9, [PS_10M] = 100e-9, [PS_6000] = 6.4e-9};
    double grid = grids[u->model->clock];
    if (!inputs) return PS_INVALID_CHANNEL;
    if (u->ets.interleave) return PS_ETS_MODE_SET;
    if (s->mode != 0 && s->mode != 1 && s->mode != 2 && s->mode != 4) return PS_RATIO_MODE_NOT_SUPPORTED;
    if (s->mode != 0 && !s->ratio) return PS_INVALID_SAMPLERATIO;
    double dt = fmax(nearbyint(s->dt / grid), 1) * grid;
    if (!(s->dt > 0) || 2.0 * inputs / dt > u->model->stream_bytes * 1.001) return PS_INVALID_SAMPLE_INTERVAL;
    uint32_t status = ps_check_trigger(u);
    if (status) return status;
    ps_stop(u);
    s->dt = dt;
    u->dt = dt;
    u->ratio = s->mode ? (uint32_t)s->ratio : 1;
    u->mode = s->mode;
    u->overview = s->overview;
    u->delivered = u->out = 0;
    for (unsigned i = 0; i < PS_INPUTS; i++) u->queue[i].out = u->queue[i].at = u->queue[i].first = 0;
    u->limit = s->auto_stop && !u->trigger.on ? s->pre + s->post : 0;
    u->stops = s->auto_stop;
    u->stream_post = (int64_t)s->post;
    u->searched = (int64_t)s->pre;
    u->trigger_at = -1;
    u->trigger_told = false;
    u->auto_stopped = false;
    u->has_data = false;
    return PS_OK;
}
