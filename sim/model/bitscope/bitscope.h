/* The simulated BitScope Micro (BS05): a virtual machine of byte commands over 256 registers. Facts and their marks:
 * docs/reference/bitscope.md. Time is counted in ticks of 25 ns since the power came on. */
#ifndef SIM_MODEL_BITSCOPE_H
#define SIM_MODEL_BITSCOPE_H

#include "sim/core/model.h"
#include "sim/core/signal.h"

#define BS_TICK_NS 25
#define BS_TICK_S 25e-9
#define BS_MEMORY 12288      /* bytes of capture memory */
#define BS_PINS 6            /* L0 … L5; L7 and L6 are the comparators of A and B */
#define BS_TABLE 1024        /* bytes of wave table, and points of the play buffer */
#define BS_SPAN (55.0 / 3)   /* volts that the input takes, of which */
#define BS_ZERO 0.41         /* this fraction is below zero */
#define BS_LOGIC_VOLTS 3.3

enum bs_register {
    BS_R_TRIGGER_LOGIC = 0x05,
    BS_R_TRIGGER_MASK = 0x06,
    BS_R_SPOCK = 0x07,
    BS_R_SAMPLE_ADDRESS = 0x08,
    BS_R_SAMPLE_COUNTER = 0x0b,
    BS_R_EEPROM_DATA = 0x10,
    BS_R_EEPROM_ADDRESS = 0x11,
    BS_R_CLOCK_SCALE = 0x14,
    BS_R_DUMP_REPEAT = 0x16,
    BS_R_DUMP_SEND = 0x18,
    BS_R_DUMP_SKIP = 0x1a,
    BS_R_DUMP_COUNT = 0x1c,
    BS_R_DUMP_MODE = 0x1e,
    BS_R_TRACE_MODE = 0x21,
    BS_R_TRACE_DELAY = 0x22,
    BS_R_TRACE_INTRO = 0x26,
    BS_R_TRACE_OUTRO = 0x2a,
    BS_R_TIMEOUT = 0x2c,
    BS_R_CLOCK_TICKS = 0x2e,
    BS_R_DUMP_CHAN = 0x30,
    BS_R_BUFFER_MODE = 0x31,
    BS_R_TRIGGER_INTRO = 0x32,
    BS_R_TRIGGER_OUTRO = 0x34,
    BS_R_STREAM_IDENT = 0x36,
    BS_R_ANALOG_ENABLE = 0x37,
    BS_R_DIGITAL_ENABLE = 0x38,
    BS_R_PRELUDE = 0x3a,
    BS_R_TRIGGER_VALUE = 0x44,
    BS_R_CMD = 0x46,
    BS_R_MODE = 0x47,
    BS_R_SIZE = 0x4a,
    BS_R_INDEX = 0x4c,
    BS_R_ADDRESS = 0x4e,
    BS_R_CLOCK = 0x50,
    BS_R_MODULO = 0x52,
    BS_R_LEVEL = 0x54,
    BS_R_OFFSET = 0x56,
    BS_R_RATIO = 0x5a,
    BS_R_CONVERTER_LO = 0x64,
    BS_R_CONVERTER_HI = 0x66,
    BS_R_TRIGGER_LEVEL = 0x68,
    BS_R_REST = 0x78,
    BS_R_KITCHEN_SINK_A = 0x7b,
    BS_R_KITCHEN_SINK_B = 0x7c,
    BS_R_RISE = 0x82,        /* Rise, Fall, Control; the next clock 6 further */
    BS_R_MAP = 0x94,
};

/* What is connected to an input: a signal, or a wire from a pin. */
typedef struct bs_input {
    sim_signal signal;
    sim_filter filter;
    int wire;                /* L0 … L7, -1 = the signal */
} bs_input;

/* What `>` loads and what `U` applies; other registers count when their command comes. */
typedef struct bs_loaded {
    uint8_t logic, mask, option;
} bs_loaded;

typedef struct bs_applied {
    double low, high;        /* volts at the ends of the converter's range */
    double level;            /* of the comparators, volts */
    uint8_t sink_a, sink_b;
    uint8_t map[8];
    uint16_t rest;
} bs_applied;

typedef struct bs_trace {
    bool running, triggered, resets;
    uint8_t mode, kind, buffer, analog, digital;
    uint32_t range;          /* addresses of the buffer */
    uint32_t address;        /* of sample 0 */
    int64_t start, period;   /* ticks */
    int64_t intro, outro, low_run, high_run;  /* samples */
    int64_t next;            /* the next sample to be looked at */
    int64_t low_seen, high_seen;
    int64_t gap_at, gap;     /* samples from gap_at on are `gap` ticks late (TraceDelay) */
    int64_t end;             /* samples of the whole trace, once triggered */
    int64_t timeout;         /* tick at which it ends whatever happens, INT64_MAX for never */
    int64_t reset;           /* tick of the power failure, when it `resets` */
} bs_trace;

typedef struct bs_dump {
    bool running;
    uint8_t mode, channel, buffer;
    uint32_t start, step, range;
    uint32_t count, repeat, send, skip;
    uint64_t done, total;    /* samples */
    uint64_t stall_at;
} bs_dump;

typedef struct bs_stream {
    bool running;
    uint8_t mode, token, analog, digital;
    int64_t start, period;   /* ticks a frame */
    int64_t frames;
} bs_stream;

typedef enum { BS_STOPPED, BS_PLAYING, BS_PAUSED, BS_CLOCKING } bs_generating;

typedef struct bs_generator {
    bs_generating state;
    bool once;
    int64_t start, paused;   /* ticks */
    uint32_t clock, modulo;
    uint8_t table[BS_TABLE];
    double play[BS_TABLE];   /* fractions of 3.3 V */
    uint16_t rise[3], fall[3];
    bool on[3];              /* clocks 1 to 3 */
} bs_generator;

/* Faults of the device itself, as probabilities. */
typedef struct bs_faults {
    double lost_echo, wrong_echo, stall, reset, open_garbage;
    uint64_t state;
} bs_faults;

typedef struct bs_vm {
    sim_instrument *in;
    int64_t epoch_ns;        /* of tick 0 */
    uint32_t first_stamp;    /* of tick 0 */
    int64_t now;             /* ticks, as of the command being executed */
    uint8_t reg[256], r0, r1, r2, eeprom[256];
    uint32_t address;        /* capture address */
    bool silent;             /* a stall: nothing is answered until '!' */
    char version[9];
    bs_loaded loaded;
    bs_applied applied;
    uint8_t memory[BS_MEMORY];
    bs_trace trace;
    bs_dump dump;
    bs_stream stream;
    bs_generator gen;
    bs_input analog[2], pin[BS_PINS];
    double noise;            /* volts rms */
    double error[2];         /* volts that A and B read too high */
    bs_faults faults;
} bs_vm;

static inline uint32_t bs_word(const bs_vm *v, unsigned at)
{
    return (uint32_t)(v->reg[at] | v->reg[at + 1] << 8);
}

static inline uint32_t bs_word3(const bs_vm *v, unsigned at)
{
    return bs_word(v, at) | (uint32_t)v->reg[at + 2] << 16;
}

/* ---- vm.c */
void bs_emit(bs_vm *v, const void *data, size_t n);
bool bs_draw(bs_vm *v, double probability);
/* Power-up state; signals, EEPROM and wiring stay. */
void bs_power_up(bs_vm *v);

/* ---- input.c: everything about voltages is a function of the tick. */
bool bs_inputs_open(bs_vm *v, const sim_options *o, char err[256]);
void bs_inputs_close(bs_vm *v);
/* `U`: converter range, levels, switches and pin functions take effect. */
void bs_apply(bs_vm *v);
void bs_apply_map(bs_vm *v);
double bs_volts(const bs_vm *v, unsigned channel, int64_t tick);
/* 12 bits, clipped. */
uint32_t bs_convert(const bs_vm *v, unsigned channel, int64_t tick);
/* Bits 0 … 7 of L0 … L7, of those that `care` names. `sampled`: bits 7 and 6 compare with TriggerValue. */
uint8_t bs_logic(const bs_vm *v, int64_t tick, uint8_t care, bool sampled);

/* ---- trace.c */
void bs_trace_start(bs_vm *v);
/* Goes on to v->now; ends the trace and sends its packet when it is complete. */
void bs_trace_advance(bs_vm *v);
/* Ends it without a packet, or with the packet of a cancel, which comes also when none runs. */
void bs_trace_abort(bs_vm *v);
void bs_trace_cancel(bs_vm *v);
/* The next tick at which something happens. */
int64_t bs_trace_next(const bs_vm *v);

/* ---- dump.c */
void bs_dump_start(bs_vm *v);
void bs_dump_csv(bs_vm *v);
void bs_stream_start(bs_vm *v);
/* Emits what there is room for. */
void bs_dump_advance(bs_vm *v);
void bs_stream_advance(bs_vm *v);

/* ---- gen.c */
void bs_gen_synthesize(bs_vm *v);
void bs_gen_translate(bs_vm *v);
void bs_gen_command(bs_vm *v);
void bs_gen_stop(bs_vm *v);
void bs_table_write(bs_vm *v);
void bs_table_read(bs_vm *v);
double bs_gen_volts(const bs_vm *v, int64_t tick);
/* `clock` 0 … 2. */
bool bs_clock_high(const bs_vm *v, unsigned clock, int64_t tick);

#endif
