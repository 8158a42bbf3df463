/* What the capture memory and the stream give out. */
#include <stdio.h>

#include "sim/model/bitscope/bitscope.h"

enum { RAW = 0, NATIVE = 5, CHANNEL_LOGIC = 128, CHANNEL_DIAGNOSTIC = 255 };
enum { STREAM_TEST = 0, STREAM_ALL = 1, STREAM_RAW = 2, STREAM_TWO = 3, STREAM_ONE = 4 };
#define CHUNK 4096           /* samples */
#define BACKLOG 16384        /* bytes of a stream that may wait for the link, in the device and in its adapter */
#define KEEP_FREE (1u << 18) /* bytes of output left for echoes */

static bool wide(uint8_t buffer)
{
    return buffer == 4 || buffer == 5;
}

static uint8_t byte_at(const bs_vm *v, const bs_dump *d, uint32_t at)
{
    bool dual = d->buffer == 2 || d->buffer == 3;
    if (wide(d->buffer)) return v->memory[2 * at] ^ 0x80;
    return v->memory[dual && d->channel >= CHANNEL_LOGIC ? BS_MEMORY / 2 + at : at];
}

/* Appends sample i; returns its bytes. */
static size_t sample(const bs_vm *v, const bs_dump *d, uint64_t i, uint8_t *out)
{
    uint64_t at = i % d->count;
    if (d->channel == CHANNEL_DIAGNOSTIC) {
        out[0] = (uint8_t)at, out[1] = 0;
        return d->mode == NATIVE ? 2 : 1;
    }
    if (d->mode != RAW && d->mode != NATIVE) at = at / d->send * (d->send + d->skip) + at % d->send;
    uint32_t address = (uint32_t)((d->start + at * d->step) % d->range);
    out[0] = byte_at(v, d, address);
    if (d->mode != NATIVE) return 1;
    out[0] ^= 0x80;
    out[1] = wide(d->buffer) ? v->memory[2 * address + 1] : 0;
    return 2;
}

static void prepare(bs_vm *v)
{
    bs_dump *d = &v->dump;
    uint32_t repeat = bs_word(v, BS_R_DUMP_REPEAT), send = bs_word(v, BS_R_DUMP_SEND);
    *d = (bs_dump){
        .mode = v->reg[BS_R_DUMP_MODE], .channel = v->reg[BS_R_DUMP_CHAN], .buffer = v->reg[BS_R_BUFFER_MODE],
        .step = 1, .count = bs_word(v, BS_R_DUMP_COUNT), .repeat = repeat ? repeat : 1, .send = send ? send : 1,
        .skip = bs_word(v, BS_R_DUMP_SKIP), .stall_at = UINT64_MAX,
    };
    d->range = d->buffer >= 2 && d->buffer <= 5 ? BS_MEMORY / 2 : BS_MEMORY;
    d->start = v->address % d->range;
    d->total = (uint64_t)d->count * d->repeat;
    /* Chopped buffers: A on even addresses, B on odd ones. */
    if (d->channel < 2 && (d->buffer == 1 || d->buffer == 3 || d->buffer == 5)) {
        d->start = (d->start & ~1u) + d->channel;
        d->step = 2;
    }
}

void bs_dump_start(bs_vm *v)
{
    prepare(v);
    v->dump.running = v->dump.total > 0;
    if (bs_draw(v, v->faults.stall)) v->dump.stall_at = v->dump.total / 2;
    bs_dump_advance(v);
}

void bs_dump_advance(bs_vm *v)
{
    bs_dump *d = &v->dump;
    uint8_t out[2 * CHUNK];
    while (d->running && sim_emit_room(v->in) > KEEP_FREE + sizeof out) {
        size_t n = 0;
        for (unsigned i = 0; i < CHUNK && d->done < d->total && d->done < d->stall_at; i++)
            n += sample(v, d, d->done++, out + n);
        bs_emit(v, out, n);
        if (d->done < d->total && d->done < d->stall_at) continue;
        d->running = false;
        if (d->done < d->total) v->silent = true;
    }
}

/* The old text form: "\rDDAA,DDAA,…\r", DD the logic byte and AA the analog one. */
void bs_dump_csv(bs_vm *v)
{
    prepare(v);
    bs_dump analog = v->dump, logic = v->dump;
    logic.channel = CHANNEL_LOGIC;
    analog.mode = logic.mode = RAW;
    bs_emit(v, "\r", 1);
    for (uint64_t i = 0; i < analog.total && i < 0x10000; i++) {
        uint8_t a[2], b[2];
        char text[8];
        sample(v, &logic, i, a);
        sample(v, &analog, i, b);
        int n = snprintf(text, sizeof text, i + 1 < analog.total ? "%02x%02x," : "%02x%02x", a[0], b[0]);
        bs_emit(v, text, (size_t)n);
    }
    bs_emit(v, "\r", 1);
}

/* ---- streaming ----------------------------------------------------------------------------------------------- */

void bs_stream_start(bs_vm *v)
{
    static const uint8_t ticks_a_frame[] = {[STREAM_TEST] = 1, [STREAM_ALL] = 4, [STREAM_RAW] = 1, [STREAM_TWO] = 3,
                                            [STREAM_ONE] = 2};
    bs_stream *s = &v->stream;
    *s = (bs_stream){.running = true, .mode = v->reg[BS_R_TRACE_MODE], .token = v->reg[BS_R_STREAM_IDENT],
                     .analog = v->reg[BS_R_ANALOG_ENABLE], .digital = v->reg[BS_R_DIGITAL_ENABLE], .start = v->now};
    if (s->mode > STREAM_ONE) s->mode = STREAM_RAW;
    uint32_t ticks = bs_word(v, BS_R_CLOCK_TICKS);
    s->period = (int64_t)(ticks < 15 ? 15 : ticks) * ticks_a_frame[s->mode];
    bs_trace_abort(v);
}

/* 12 bits, signed, above the token's nibble; low byte first. */
static size_t put_word(const bs_vm *v, unsigned channel, int64_t tick, uint8_t *out)
{
    uint32_t word = (bs_convert(v, channel, tick) << 4 ^ 0x8000) | (v->stream.token & 15);
    out[0] = (uint8_t)word, out[1] = (uint8_t)(word >> 8);
    return 2;
}

static size_t frame(const bs_vm *v, int64_t k, uint8_t *out)
{
    const bs_stream *s = &v->stream;
    int64_t tick = s->start + k * s->period;
    unsigned channel = (s->analog & 3) == 2;
    size_t n = 0;
    switch (s->mode) {
    case STREAM_TEST: out[0] = (uint8_t)k; return 1;
    case STREAM_ALL:
        out[n++] = s->token;
        out[n++] = (uint8_t)k;
        out[n++] = (uint8_t)(bs_convert(v, 0, tick) >> 4);
        out[n++] = (uint8_t)(bs_convert(v, 1, tick) >> 4);
        if (s->digital) out[n++] = bs_logic(v, tick, s->digital, false);
        return n;
    case STREAM_TWO: n = put_word(v, 0, tick, out); return n + put_word(v, 1, tick, out + n);
    case STREAM_ONE: return put_word(v, channel, tick, out);
    default: out[0] = (uint8_t)(bs_convert(v, channel, tick) >> 4); return 1;
    }
}

/* Frames for which there is no room are lost; the count in each frame of "All" goes on. */
void bs_stream_advance(bs_vm *v)
{
    bs_stream *s = &v->stream;
    uint8_t out[1024];
    if (!s->running) return;
    int64_t due = (v->now - s->start) / s->period;
    if (sim_emit_held(v->in) > BACKLOG) s->frames = due;
    while (s->frames < due && sim_emit_room(v->in) > KEEP_FREE + sizeof out) {
        size_t n = 0;
        while (s->frames < due && n + 8 <= sizeof out) n += frame(v, s->frames++, out + n);
        bs_emit(v, out, n);
    }
    if (s->frames < due) s->frames = due;
}
