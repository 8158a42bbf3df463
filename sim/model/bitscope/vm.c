/* Commands, registers, identity, EEPROM. */
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "sim/core/hash.h"
#include "sim/model/bitscope/bitscope.h"
#include "sim/model/models.h"

#define ROOM (1u << 19)      /* bytes: more than any one command answers */
#define LOOK_AGAIN_TICKS 40000
#define FIRST_STAMP 0x02800000u

void bs_emit(bs_vm *v, const void *data, size_t n)
{
    if (!v->silent) sim_emit(v->in, data, n);
}

bool bs_draw(bs_vm *v, double probability)
{
    if (!(probability > 0)) return false;
    v->faults.state = sim_mix(v->faults.state);
    return sim_unit(v->faults.state) < probability;
}

static void echo(bs_vm *v, uint8_t c)
{
    if (bs_draw(v, v->faults.lost_echo)) return;
    if (bs_draw(v, v->faults.wrong_echo)) c ^= 0x11;
    bs_emit(v, &c, 1);
}

static void print_byte(bs_vm *v, uint8_t value)
{
    char text[8];
    bs_emit(v, text, (size_t)snprintf(text, sizeof text, "\r%02x\r", value));
}

void bs_power_up(bs_vm *v)
{
    memset(v->reg, 0, sizeof v->reg);
    v->r0 = v->r1 = v->r2 = 0;
    v->address = 0;
    v->loaded = (bs_loaded){0};
    v->trace.running = v->dump.running = v->stream.running = v->silent = false;
    bs_gen_stop(v);
    bs_apply(v);
}

/* ---- one function per command ------------------------------------------------------------------------------ */

static void clear_data(bs_vm *v)
{
    v->r0 = 0;
}

static void nothing(bs_vm *v)
{
    (void)v;
}

static void set_address(bs_vm *v)
{
    v->r1 = v->r0;
}

static void set_source(bs_vm *v)
{
    v->r2 = v->r0;
}

static void store(bs_vm *v)
{
    v->reg[v->r1] = v->r0;
}

static void store_next(bs_vm *v)
{
    v->reg[v->r1++] = v->r0;
}

static void next(bs_vm *v)
{
    v->r1++;
}

static void load(bs_vm *v)
{
    v->r0 = v->reg[v->r2];
}

static void increment(bs_vm *v)
{
    v->reg[v->r1]++;
}

static void decrement(bs_vm *v)
{
    v->reg[v->r1]--;
}

static void print(bs_vm *v)
{
    print_byte(v, v->reg[v->r1]);
}

static void identify(bs_vm *v)
{
    char text[16];
    bs_emit(v, text, (size_t)snprintf(text, sizeof text, "\r%s\r", v->version));
}

static void stop(bs_vm *v)
{
    bs_trace_abort(v);
    v->stream.running = false;
}

static void soft_reset(bs_vm *v)
{
    stop(v);
    bs_gen_stop(v);
}

static void counter(bs_vm *v)
{
    for (unsigned i = 0; i < 3; i++) v->reg[BS_R_SAMPLE_COUNTER + i] = (uint8_t)(v->address >> 8 * i);
}

static void load_capture(bs_vm *v)
{
    v->loaded = (bs_loaded){v->reg[BS_R_TRIGGER_LOGIC], v->reg[BS_R_TRIGGER_MASK], v->reg[BS_R_SPOCK]};
    v->address = bs_word3(v, BS_R_SAMPLE_ADDRESS);
}

static void cancel(bs_vm *v)
{
    v->stream.running = false;
    bs_trace_cancel(v);
}

static void eeprom_read(bs_vm *v)
{
    v->reg[BS_R_EEPROM_DATA] = v->eeprom[v->reg[BS_R_EEPROM_ADDRESS]];
    print_byte(v, v->reg[BS_R_EEPROM_DATA]);
}

static void eeprom_write(bs_vm *v)
{
    v->eeprom[v->reg[BS_R_EEPROM_ADDRESS]] = v->reg[BS_R_EEPROM_DATA];
    print_byte(v, v->reg[BS_R_EEPROM_DATA]);
}

static void (*const commands[128])(bs_vm *v) = {
    ['['] = clear_data,        [']'] = nothing,          ['@'] = set_address,    ['s'] = store,
    ['z'] = store_next,        ['n'] = next,             ['p'] = print,          ['?'] = identify,
    ['!'] = soft_reset,        ['.'] = stop,             ['<'] = counter,        ['>'] = load_capture,
    ['U'] = bs_apply,          ['D'] = bs_trace_start,   ['K'] = cancel,         ['A'] = bs_dump_start,
    ['S'] = bs_dump_csv,       ['T'] = bs_stream_start,  ['R'] = bs_table_read,  ['W'] = bs_table_write,
    ['Y'] = bs_gen_synthesize, ['X'] = bs_gen_translate, ['Z'] = bs_gen_command, ['r'] = eeprom_read,
    ['w'] = eeprom_write,      ['#'] = set_source,       ['l'] = load,           ['+'] = increment,
    ['-'] = decrement,
};

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* An unknown printable byte is echoed; an unprintable one is ignored. */
static void execute(bs_vm *v, uint8_t c)
{
    if (c <= ' ' || c > '~') return;
    if (c == '!') v->silent = v->dump.running = false;
    echo(v, c);
    int d = digit(c);
    if (d >= 0) v->r0 = (uint8_t)(v->r0 << 4 | d);
    else if (commands[c]) commands[c](v);
}

static void advance(bs_vm *v, int64_t now_ns)
{
    int64_t now = (now_ns - v->epoch_ns) / BS_TICK_NS;
    if (now > v->now) v->now = now;
    bs_trace_advance(v);
    bs_stream_advance(v);
    bs_dump_advance(v);
}

/* A dump keeps the machine busy: only a reset gets through, over whatever waits before it. */
static size_t take(void *p, const uint8_t *data, size_t n, int64_t now_ns)
{
    bs_vm *v = p;
    size_t i = 0;
    /* Whoever asked for the dump gets all of it. */
    if (v->dump.running && !memchr(data, '!', n)) return 0;
    advance(v, now_ns);
    while (i < n) {
        const uint8_t *reset = v->dump.running ? memchr(data + i, '!', n - i) : NULL;
        if (reset) i = (size_t)(reset - data);
        else if (v->dump.running || sim_emit_room(v->in) <= ROOM) break;
        execute(v, data[i++]);
    }
    return i;
}

static int64_t step(void *p, int64_t now_ns)
{
    bs_vm *v = p;
    advance(v, now_ns);
    int64_t at = bs_trace_next(v), soon = v->now + LOOK_AGAIN_TICKS;
    if ((v->stream.running || v->dump.running) && at > soon) at = soon;
    return at == INT64_MAX ? INT64_MAX : v->epoch_ns + at * BS_TICK_NS + BS_TICK_NS;
}

static void opened(void *p)
{
    bs_vm *v = p;
    uint8_t junk[64];
    if (!bs_draw(v, v->faults.open_garbage)) return;
    for (size_t i = 0; i < sizeof junk; i++) junk[i] = (uint8_t)sim_mix(v->faults.state + i);
    sim_emit(v->in, junk, sizeof junk);
}

static bool open_faults(bs_vm *v, const sim_options *o, char err[256])
{
    struct {
        const char *name;
        double *value;
    } rows[] = {
        {"lost-echo", &v->faults.lost_echo}, {"wrong-echo", &v->faults.wrong_echo},
        {"stall", &v->faults.stall},         {"mid-reset", &v->faults.reset},
        {"open-garbage", &v->faults.open_garbage},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!sim_option_number(o, rows[i].name, "", rows[i].value, err)) return false;
        if (*rows[i].value >= 0 && *rows[i].value <= 1) continue;
        snprintf(err, 256, "option %s: not a probability; use 0 to 1", rows[i].name);
        return false;
    }
    return true;
}

static bool open_identity(bs_vm *v, const sim_options *o, char err[256])
{
    const char *serial = sim_option(o, "serial", "SIM00001");
    memset(v->eeprom, 0xff, sizeof v->eeprom);
    if (!grat__strcpy(v->version, sizeof v->version, sim_option(o, "version", "BS000501")) || strlen(serial) > 8) {
        snprintf(err, 256, "option version or serial: longer than 8 characters");
        return false;
    }
    memset(v->eeprom + 0x30, ' ', 16);
    memcpy(v->eeprom + 0x30, serial, strlen(serial));
    memcpy(v->eeprom + 0x38, "Graticul", 8);
    snprintf(v->in->idn, sizeof v->in->idn, "BitScope,%s,%s,01", v->version, serial);
    return true;
}

static bool open_vm(void *p, sim_instrument *in, char err[256])
{
    bs_vm *v = p;
    const sim_options *o = &in->options;
    double latency = 0, stamp = FIRST_STAMP;
    v->in = in;
    v->epoch_ns = grat_now_ns();
    v->faults.state = sim_mix(in->seed);
    if (!open_identity(v, o, err) || !open_faults(v, o, err) || !sim_option_number(o, "latency", "s", &latency, err) ||
        !sim_option_number(o, "timestamp", "", &stamp, err) || !bs_inputs_open(v, o, err))
        return false;
    in->query_ns = (int64_t)(latency * 1e9);
    v->first_stamp = (uint32_t)(int64_t)stamp;
    bs_power_up(v);
    return true;
}

static void close_vm(void *p)
{
    bs_inputs_close(p);
}

const sim_model sim_bitscope_model = {
    .name = "bitscope",
    .text = "BitScope Micro (BS05): bytes over a serial port, TCP, or UDP as behind a bitscope-server",
    .priv_size = sizeof(bs_vm),
    .raw_port = 16385,
    .open = open_vm,
    .close = close_vm,
    .step = step,
    .input = take,
    .opened = opened,
};
