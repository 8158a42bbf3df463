#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "sim/model/models.h"
#include "sim/model/rigol-1000z/rigol.h"

#define NS_PER_MS 1000000
/* Lag of :TRIG:STAT? behind run control, 100-150 ms on 00.04.04.SP4. */
#define REAL_LAG_MS 120

double rg_seconds(const rg *g, int64_t now_ns)
{
    return sim_own_seconds(g->in, now_ns);
}

/* The guide's defaults, and the state that an owner printed after *RST with 00.04.04.SP4. */
static void defaults(rg *g)
{
    for (unsigned i = 0; i < RG_CHANNELS; i++)
        g->ch[i] = (rg_channel){.on = i == 0, .coupling = RG_COUP_DC, .scale = 1, .probe = 10};
    g->timebase = 1e-6, g->delay = 0, g->tim_mode = 0;
    g->zoom = false, g->zoom_scale = 5e-7, g->zoom_delay = 0;
    g->acq = RG_ACQ_NORM, g->averages = 2, g->mdep = 0;
    g->trig_mode = 0, g->trig_coupling = 1, g->sweep = g->sweep_before = RG_SWEEP_AUTO;
    g->level = 0, g->holdoff = 16e-9, g->noise_reject = false;
    g->trig_source = 0, g->trig_slope = RG_SLOPE_POS;
    g->wav_source = 0, g->wav_mode = RG_WAV_NORM, g->wav_format = RG_FMT_BYTE;
    g->wav_start = 1, g->wav_stop = RG_SCREEN_POINTS;
    g->la_on = false;
    for (unsigned i = 0; i < RG_DIGITALS; i++) g->digital[i] = false;
    g->threshold[0] = g->threshold[1] = 1.4;
    g->grid = 0, g->draw_type = 0, g->grid_brightness = 50, g->wave_brightness = 50;
    g->shot_colour_off = g->shot_invert = false;
    g->measured = 0, g->meas_source = 0;
}

void rg_reset(void *p)
{
    rg *g = p;
    int64_t now = grat_now_ns();
    defaults(g);
    if (g->real_time) g->in->busy_until_ns = now + 5000 * (int64_t)NS_PER_MS;
    rg_run_start(g, false, now);
}

static bool open_signals(rg *g, char err[256])
{
    static const char *const keys[RG_CHANNELS] = {"ch1", "ch2", "ch3", "ch4"};
    static const char *const usual[RG_CHANNELS] = {
        "sine:1kHz:2V:0V", "square:1kHz:3V:1.5V", "uart:9600:Graticule ", "noise:0.2V"};
    for (unsigned i = 0; i < RG_CHANNELS; i++)
        if (!sim_input_signal(g->in, keys[i], usual[i], &g->signal[i], err)) return false;
    return true;
}

static bool open_options(rg *g, char err[256])
{
    const sim_options *o = &g->in->options;
    bool silent = true, setting = true;
    double lag_ms = 0;
    g->real_time = grat__strcaseeq(sim_option(o, "timing", "none"), "ds1000z");
    if (g->real_time) lag_ms = REAL_LAG_MS;
    g->no_shot_args = grat__strcaseeq(sim_option(o, "screenshot-args", ""), "none");
    g->noise = -1;
    g->bandwidth = g->row->bandwidth;
    if (!sim_option_number(o, "noise", "V", &g->noise, err) ||
        !sim_option_number(o, "bandwidth", "Hz", &g->bandwidth, err) ||
        !sim_option_number(o, "status-lag-ms", "", &lag_ms, err) ||
        !sim_option_bool(o, "png-bad-crc", &g->png_bad_crc, err) ||
        !sim_option_bool(o, "raw-points-stuck", &g->raw_stuck, err) ||
        !sim_option_bool(o, "busy-slow-screenshot", &g->slow_shot, err) ||
        !sim_option_bool(o, "paint-time", &g->paint_time, err) ||
        !sim_option_bool(o, "silent-mdep", &silent, err) || !sim_option_bool(o, "count-is-setting", &setting, err) ||
        !sim_option_bool(o, "clear-keeps-average", &g->keep_average, err))
        return false;
    g->loud_mdep = !silent;
    g->count_taken = !setting;
    g->lag_ns = (int64_t)(rg_limit(lag_ms, 0, 1e5) * NS_PER_MS);
    return true;
}

static void close_rigol(void *p)
{
    rg *g = p;
    for (unsigned i = 0; i < RG_CHANNELS; i++) sim_signal_free(&g->signal[i]);
}

/* Something to look at: two channels at a timebase that suits the usual signals. */
static bool demo(rg *g, char err[256])
{
    bool running = true;
    if (!sim_option_bool(&g->in->options, "running", &running, err)) return false;
    defaults(g);
    g->ch[1].on = true;
    g->timebase = 200e-6;
    int64_t now = grat_now_ns();
    rg_capture_now(g, now);
    if (running) rg_run_start(g, false, now);
    return true;
}

static bool open_rigol(void *p, sim_instrument *in, char err[256])
{
    rg *g = p;
    g->in = in;
    g->row = in->model->row;
    snprintf(in->idn, sizeof in->idn, "RIGOL TECHNOLOGIES,%s,%.60s,%.60s", g->row->idn,
             sim_option(&in->options, "serial", g->row->serial), sim_option(&in->options, "fw", "00.04.04.SP4"));
    if (open_options(g, err) && open_signals(g, err) && demo(g, err)) return true;
    close_rigol(p);
    return false;
}

static const sim_command *const tables[] = {
    rg_control_commands, rg_vertical_commands, rg_horizontal_commands, rg_waveform_commands, rg_trigger_commands,
    rg_logic_commands,   rg_measure_commands,  rg_display_commands,    rg_system_commands,   rg_source_commands,
    rg_other_commands,   NULL,
};

#define ROW(id, sn, a, d, gen, bw, tb)                                                                                 \
    (&(const rg_model){.idn = id, .serial = sn, .analog = a, .digital = d, .generators = gen, .bandwidth = bw,         \
                       .min_timebase = tb})
#define MODEL(n, t, r)                                                                                                 \
    {                                                                                                                  \
        .name = n, .text = t, .row = r, .priv_size = sizeof(rg), .raw_port = 5555, .usb_vid = 0x1ab1,                  \
        .usb_pid = 0x04ce, .tables = tables,                                                                           \
        .open = open_rigol, .close = close_rigol, .reset = rg_reset, .step = rg_step, .trigger = rg_run_trigger        \
    }

const sim_model sim_rigol_1000z_models[SIM_RIGOL_1000Z_MODELS] = {
    MODEL("ds1054z", "Rigol DS1054Z, 4 channels, 50 MHz", ROW("DS1054Z", "DS1ZA224210859", 4, 0, 0, 50e6, 5e-9)),
    MODEL("ds1074z", "Rigol DS1074Z, 4 channels, 70 MHz", ROW("DS1074Z", "DS1ZA164457681", 4, 0, 0, 70e6, 5e-9)),
    MODEL("ds1104z", "Rigol DS1104Z, 4 channels, 100 MHz", ROW("DS1104Z", "DS1ZA171509445", 4, 0, 0, 100e6, 5e-9)),
    MODEL("ds1104z-s", "Rigol DS1104Z-S, 4 channels, 100 MHz, 2 generators",
          ROW("DS1104Z-S", "DS1ZC171509446", 4, 0, 2, 100e6, 5e-9)),
    MODEL("ds1104z-plus", "Rigol DS1104Z Plus, 4 + 16 channels, 100 MHz",
          ROW("DS1104Z Plus", "DS1ZC171509447", 4, 16, 0, 100e6, 5e-9)),
    MODEL("mso1074z", "Rigol MSO1074Z, 4 + 16 channels, 70 MHz",
          ROW("MSO1074Z", "DS1ZD171509448", 4, 16, 0, 70e6, 5e-9)),
    MODEL("mso1104z", "Rigol MSO1104Z, 4 + 16 channels, 100 MHz",
          ROW("MSO1104Z", "DS1ZD171509449", 4, 16, 0, 100e6, 5e-9)),
    MODEL("mso1104z-s", "Rigol MSO1104Z-S, 4 + 16 channels, 100 MHz, 2 generators",
          ROW("MSO1104Z-S", "DS1ZD171509450", 4, 16, 2, 100e6, 5e-9)),
    MODEL("ds1202z-e", "Rigol DS1202Z-E, 2 channels, 200 MHz",
          ROW("DS1202Z-E", "DS1ZE171509451", 2, 0, 0, 200e6, 2e-9)),
};
