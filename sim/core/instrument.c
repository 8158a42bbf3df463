#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "sim/core/model.h"

/* The VXI-11 receive limit that DS1000Z units advertise. */
#define DEFAULT_MAX_RECV 1500
#define NS_PER_MS 1000000
#define MOST_NOTE 160            /* one line of the start log */
#define NOTE_NS 1000000          /* how long it may wait for a quiet moment */
#define OFFER_NS 1000000         /* input that was not taken is offered again */

/* UTC less CLOCK_MONOTONIC: of several looks the one that took the least time. */
static int64_t utc_now_less_monotonic(void)
{
    int64_t best = INT64_MAX, out = 0;
    for (unsigned i = 0; i < 8; i++) {
        int64_t before = grat_now_ns(), utc = grat_utc_ns(), after = grat_now_ns();
        if (after - before >= best) continue;
        best = after - before;
        out = utc - before - best / 2;
    }
    return out;
}

/* The epoch is a second ago unless the instruments of a world share one. */
static bool clock_options(sim_instrument *in, char err[256])
{
    double ppm = 0;
    uint64_t epoch;
    const char *text = sim_option(&in->options, "epoch", NULL);
    in->epoch_ns = grat_now_ns() - 1000000000;
    if (text && (!grat__parse_u64(text, &epoch) || epoch > INT64_MAX)) {
        snprintf(err, 256, "option epoch: \"%.40s\" is no time in nanoseconds", text);
        return false;
    }
    if (text) in->epoch_ns = (int64_t)epoch;
    in->epoch_utc_ns = in->epoch_ns + utc_now_less_monotonic();
    if (!sim_option_number(&in->options, "clock-error", "ppm", &ppm, err) ||
        !sim_option_number(&in->options, "clock-offset", "s", &in->ahead, err))
        return false;
    in->fast = ppm * 1e-6;
    if (fabs(ppm) <= 1e4 && fabs(in->ahead) <= 80000) return true;
    snprintf(err, 256, "option clock-error or clock-offset: more than 10000 ppm or 80000 s");
    return false;
}

double sim_own_seconds(const sim_instrument *in, int64_t now_ns)
{
    return (double)(now_ns - in->epoch_ns) * 1e-9 * (1 + in->fast);
}

int64_t sim_own_to_ns(const sim_instrument *in, double own)
{
    return in->epoch_ns + (int64_t)(own / (1 + in->fast) * 1e9);
}

double sim_own_utc(const sim_instrument *in, double own)
{
    return (double)in->epoch_utc_ns * 1e-9 + own + in->ahead;
}

bool sim_input_signal(const sim_instrument *in, const char *key, const char *usual, sim_signal *out, char err[256])
{
    char name[32];
    snprintf(name, sizeof name, "%.20s-delay", key);
    if (!sim_signal_parse(out, sim_option(&in->options, key, usual), err)) return false;
    if (sim_option_number(&in->options, name, "s", &out->delay, err)) return true;
    sim_signal_free(out);
    return false;
}

static bool common_options(sim_instrument *in, char err[256])
{
    const sim_options *o = &in->options;
    double max_recv = DEFAULT_MAX_RECV, link = 0;
    const char *timing = sim_option(o, "timing", "none");
    if (!grat__strcaseeq(timing, "none") && !grat__strcaseeq(timing, "ds1000z")) {
        snprintf(err, 256, "option timing: \"%.40s\" is unknown; use none or ds1000z", timing);
        return false;
    }
    if (grat__strcaseeq(timing, "ds1000z")) in->query_ns = NS_PER_MS;
    if (!sim_option_number(o, "vxi-max-recv", "", &max_recv, err) || !sim_option_number(o, "link", "bit", &link, err) ||
        !sim_option_number(o, "reconnect-hang", "", &in->max_connects, err) ||
        !sim_option_bool(o, "needs-lf", &in->needs_lf, err) || !sim_option_bool(o, "wake-up", &in->asleep, err) ||
        !sim_option_bool(o, "unknown-reply", &in->unknown_reply, err))
        return false;
    if (max_recv < 1 || max_recv > 1u << 30 || link < 0) {
        snprintf(err, 256, "option %s: out of range", link < 0 ? "link" : "vxi-max-recv");
        return false;
    }
    in->max_recv = (uint32_t)max_recv;
    in->bytes_per_ns = link / 8e9;
    if (!clock_options(in, err)) return false;
    const char *log = sim_option(o, "start-log", NULL);
    if (log) in->start_log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log && in->start_log < 0) snprintf(err, 256, "option start-log: %.150s cannot be written", log);
    return !log || in->start_log >= 0;
}

sim_instrument *sim_instrument_create(const sim_model *model, const char *options, const grat_sim_entry *known,
                                      uint64_t seed, char err[256])
{
    sim_instrument *in = calloc(1, sizeof *in);
    void *priv = calloc(1, model->priv_size ? model->priv_size : 1);
    if (!in || !priv) {
        snprintf(err, 256, "the simulated %s: out of memory", model->name);
        free(in);
        free(priv);
        return NULL;
    }
    in->model = model;
    in->seed = seed;
    in->status.esr = SIM_ESR_PON;
    in->start_log = -1;
    if (sim_options_parse(&in->options, options, known, err) && common_options(in, err) && model->open(priv, in, err)) {
        in->priv = priv;
        return in;
    }
    if (in->start_log >= 0) close(in->start_log);
    free(in);
    free(priv);
    return NULL;
}

void sim_instrument_free(sim_instrument *in)
{
    if (!in) return;
    if (in->model->close) in->model->close(in->priv);
    sim_store_clear(&in->store);
    sim_flush_notes(in);
    if (in->start_log >= 0) close(in->start_log);
    free(in->priv);
    free(in);
}

bool sim_instrument_is_bytes(const sim_instrument *in)
{
    return in->model->input != NULL;
}

const char *sim_instrument_idn(const sim_instrument *in)
{
    return in->idn;
}

unsigned sim_instrument_raw_port(const sim_instrument *in)
{
    return in->model->raw_port;
}

void sim_instrument_usb_id(const sim_instrument *in, uint16_t *vid, uint16_t *pid)
{
    *vid = (uint16_t)(in->model->usb_vid ? in->model->usb_vid : 0x1209);
    *pid = (uint16_t)(in->model->usb_vid ? in->model->usb_pid : 0x0001);
}

uint32_t sim_instrument_max_recv(const sim_instrument *in)
{
    return in->max_recv;
}

int64_t sim_instrument_step(sim_instrument *in, int64_t now_ns)
{
    if (in->noted && now_ns >= in->noted_ns + NOTE_NS) sim_flush_notes(in);
    int64_t next = in->model->step ? in->model->step(in->priv, now_ns) : INT64_MAX;
    if (in->noted && next > in->noted_ns + NOTE_NS) next = in->noted_ns + NOTE_NS;
    if (in->model->input && sim_port_offer(in, now_ns) && next > now_ns + OFFER_NS) next = now_ns + OFFER_NS;
    return next;
}

uint8_t sim_instrument_poll(sim_instrument *in, bool mav)
{
    sim_status *s = &in->status;
    sim_status_update(s, mav);
    uint8_t stb = (uint8_t)(sim_status_byte(s, mav) | (s->rqs ? SIM_STB_RQS : 0));
    s->rqs = false;
    return stb;
}

uint8_t sim_instrument_stb(sim_instrument *in)
{
    bool mav = sim_instrument_mav(in), rqs = sim_instrument_rqs(in);
    return (uint8_t)(sim_status_byte(&in->status, mav) | (rqs ? SIM_STB_RQS : 0));
}

bool sim_instrument_rqs(sim_instrument *in)
{
    sim_status_update(&in->status, sim_instrument_mav(in));
    return in->status.rqs;
}

/* Written when there is nothing more urgent: a start is not to wait for the line about the one before. */
void sim_note_start(sim_instrument *in, const char *command, int64_t now_ns)
{
    if (in->start_log < 0) return;
    if (in->noted + MOST_NOTE > sizeof in->note) sim_flush_notes(in);
    int n = snprintf(in->note + in->noted, MOST_NOTE, "%lld %.60s %.60s\n", (long long)now_ns,
                     sim_option(&in->options, "serial", "0"), command);
    in->noted += (size_t)n;
    in->noted_ns = now_ns;
}

void sim_flush_notes(sim_instrument *in)
{
    if (in->noted && write(in->start_log, in->note, in->noted) < 0) in->noted = 0;
    in->noted = 0;
}

void sim_instrument_trigger(sim_instrument *in)
{
    sim_note_start(in, "trigger", grat_now_ns());
    if (in->model->trigger) in->model->trigger(in->priv);
}

void sim_instrument_on_pulse(sim_instrument *in, sim_pulse_fn fn, void *bench)
{
    in->pulse = fn;
    in->bench = bench;
}

void sim_instrument_edge(sim_instrument *in, const char *line, int64_t now_ns)
{
    const char *mine = sim_option(&in->options, "trigger-in", NULL);
    if (!mine || !in->model->pulse || strcmp(mine, line) != 0) return;
    sim_note_start(in, "edge", now_ns);
    in->model->pulse(in->priv, now_ns);
}

void sim_send_pulse(const sim_instrument *in, int64_t now_ns)
{
    const char *line = sim_option(&in->options, "trigger-out", NULL);
    if (line && in->pulse) in->pulse(in->bench, line, now_ns);
}

void sim_instrument_query_error(sim_instrument *in, int code)
{
    sim_status_error(&in->status, code);
}
