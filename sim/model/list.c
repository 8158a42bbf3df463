#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "sim/model/models.h"

static const grat_sim_entry options[] = {
    {"fw", "firmware in *IDN?, such as 00.04.04.SP4"},
    {"serial", "serial number in *IDN?"},
    {"version", "BitScope: what ? answers (default BS000501)"},
    {"a", "BitScope: signal on input A as for ch1, or a wire from a pin: l4 (generator), l5 (clock)"},
    {"b", "BitScope: the same for input B"},
    {"l0", "BitScope: signal on logic line L0, or a wire from another; high from 1.65 V"},
    {"l1", "the same for L1"},
    {"l2", "the same for L2"},
    {"l3", "the same for L3"},
    {"l4", "the same for L4, while the generator does not drive it"},
    {"l5", "the same for L5, while the clock does not drive it"},
    {"ab-offset", "BitScope: volts that A reads above B"},
    {"timestamp", "BitScope: tick count at power-up"},
    {"latency", "BitScope: answers leave so much later, as behind an FTDI latency timer (16ms)"},
    {"lost-echo", "BitScope: probability that an echo is lost"},
    {"wrong-echo", "BitScope: probability that an echo is another byte"},
    {"stall", "BitScope: probability that a dump stops half-way; then silence until a reset"},
    {"mid-reset", "BitScope: probability that a trace is ended by a power failure 0.5 ms after its start"},
    {"open-garbage", "BitScope: probability that 64 stray bytes wait at an open"},
    {"ch1", "signal on CH1: sine:1kHz:2V:0V, square:…, triangle:…, dc:1V, noise:0.1V, uart:9600:Hello, file:PATH:RATE"},
    {"ch2", "signal on CH2"},
    {"ch3", "signal on CH3"},
    {"ch4", "signal on CH4"},
    {"start-log", "file to which each start (INIT, READ?, SING, trigger) is added as it comes: time, serial, command"},
    {"load", "dmm: resistance between the terminals; psu: at each output (1 kOhm; 0 is open)"},
    {"mains", "dmm: line frequency, 50 Hz unless told"},
    {"ext", "dmm: period of the pulses at the external trigger input; without it none come"},
    {"clock-offset", "how much the instrument's time of day is ahead of the computer's UTC at the beginning"},
    {"clock-error", "how much its clock and its sampling are too fast, in ppm: 50, -20.5"},
    {"epoch", "when the time of the signals was 0, CLOCK_MONOTONIC in ns: the same for those that share signals"},
    {"trigger-out", "dmm: the line that its trigger output drives, any name: an edge as a measurement begins"},
    {"trigger-in", "dmm: the line at its external trigger input"},
    {"ch1-delay", "how much later the signal arrives at CH1: 12ns"},
    {"ch2-delay", "the same for CH2"},
    {"ch3-delay", "the same for CH3"},
    {"ch4-delay", "the same for CH4"},
    {"noise", "noise of every input, volts rms at the probe tip (default: 0.01 division)"},
    {"bandwidth", "input bandwidth (default: the model's)"},
    {"running", "0: starts stopped, with one record"},
    {"paint-time", "1: pictures of a DS1000Z show the computer's monotonic time in 0.1 ms: blocks, 32 bits"},
    {"timing", "none, or ds1000z: latencies and status lag of the real instrument"},
    {"link", "pace of the responses, such as 100Mbit"},
    {"status-lag-ms", ":TRIG:STAT? shows the state of so many ms ago"},
    {"screenshot-args", "none: :DISP:DATA? ignores its arguments and sends BMP"},
    {"png-bad-crc", "1: PNG text chunks with wrong CRCs (firmware 00.04.04.SP4)"},
    {"raw-points-stuck", "1: the preamble says 1200 points in RAW (firmware 00.04.02.SP4)"},
    {"needs-lf", "1: a line without LF waits for ever"},
    {"unknown-reply", "1: unknown queries are answered by \"command error\""},
    {"wake-up", "1: the first answer after power-up is lost"},
    {"busy-slow-screenshot", "1: a screenshot takes 8 s (PNG) or 60 s (BMP) while running"},
    {"vxi-max-recv", "maxRecvSize in VXI-11's create_link reply (default 1500)"},
    {"reconnect-hang", "deaf for 5 s after more than so many connects within a second"},
    {"silent-mdep", "0: an illegal memory depth queues -222 (default: ignored without an error)"},
    {"count-is-setting", "0: the preamble's count is the averages taken so far (default: the setting)"},
    {"clear-keeps-average", "1: :CLE does not restart averaging"},
    {NULL, NULL},
};

const grat_sim_entry *grat_sim_options(void)
{
    return options;
}

static const struct {
    const sim_model *models;
    unsigned n;
} families[] = {
    {&sim_plain_model, 1},
    {&sim_bitscope_model, 1},
    {&sim_dmm_model, 1},
    {&sim_psu_model, 1},
    {&sim_fgen_model, 1},
    {sim_rigol_1000z_models, SIM_RIGOL_1000Z_MODELS},
    {sim_screens_models, SIM_SCREENS_MODELS},
};
enum { FAMILIES = sizeof families / sizeof *families, MODELS_MAX = 64 };

/* The i-th of all models. */
static const sim_model *model_at(unsigned i)
{
    for (unsigned f = 0; f < FAMILIES; f++) {
        if (i < families[f].n) return &families[f].models[i];
        i -= families[f].n;
    }
    return NULL;
}

const grat_sim_entry *grat_sim_models(void)
{
    static grat_sim_entry list[MODELS_MAX + 1];
    const sim_model *m;
    for (unsigned i = 0; i < MODELS_MAX && (m = model_at(i)); i++) list[i] = (grat_sim_entry){m->name, m->text};
    return list;
}

static const sim_model *find_model(const char *name)
{
    const sim_model *m;
    for (unsigned i = 0; (m = model_at(i)); i++)
        if (grat__strcaseeq(name, m->name)) return m;
    return NULL;
}

bool sim_model_is_bytes(const char *model)
{
    const sim_model *m = find_model(model);
    return m && m->input;
}

sim_instrument *sim_instrument_new(const char *model, const char *text, uint64_t seed, char err[256])
{
    const sim_model *m = find_model(model);
    if (m) return sim_instrument_create(m, text, options, seed, err);
    snprintf(err, 256, "model \"%.40s\" is unknown; grat sim --list shows them", model);
    return NULL;
}
