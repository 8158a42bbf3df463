/* Worlds: one signal at several instruments, and what is wrong with a file. */
#include "sim/model/peer_test.h"
#include "temp.h"

#include <graticule/sim.h>
#include <unistd.h>

static grat_err load(const char *text, grat_op *op, grat_sim_world **w)
{
    grat_op_init(op, 1000, NULL);
    return grat_sim_world_load(test_file("world.yaml", text), op, w);
}

static double ask(peer *p, const char *query)
{
    return strtod(peer_ask(p, query), NULL);
}

/* Seconds of the day from "h,m,s". */
static double time_of(peer *p)
{
    double h, m, s;
    EQ(sscanf(peer_ask(p, "SYST:TIME?"), "%lf,%lf,%lf", &h, &m, &s), 3);
    return h * 3600 + m * 60 + s;
}

/* A ramp of 4 V/s at all: the delay is seen as volts, the clock errors as seconds. */
TEST(one_source_at_the_inputs_of_several)
{
    grat_sim_world *w = NULL;
    grat_op op;
    peer p[3];
    unsigned n;
    EQ(load("instruments:\n"
            "  - {model: dmm, serial: A, inputs: {ch1: ramp}}\n"
            "  - model: dmm\n"
            "    clock-error: 10000ppm\n"
            "    inputs: {ch1: {signal: ramp, delay: 100ms}}\n"
            "  - {model: dmm, clock-error: -10000ppm, clock-offset: 2s, inputs: {ch1: 'dc:3'}}\n"
            "signals: {ramp: 'triangle:0.01Hz:200V'}\n", &op, &w), GRAT_OK);
    if (!w) return;
    const grat_sim_instrument *list = grat_sim_world_list(w, &n);
    EQ(n, 3);
    for (unsigned i = 0; i < n; i++) {
        STR(list[i].model, "dmm");
        TRUE(peer_open(&p[i], "dmm", list[i].options));
        peer_send(&p[i], "CONF:VOLT:DC 1000;:VOLT:NPLC .02");
    }
    double volts = ask(&p[0], "READ?"), later = ask(&p[1], "READ?");
    NEAR(volts - later, 0.4, 0.2);
    TRUE(volts > 3.9);
    NEAR(ask(&p[2], "READ?"), 3, 1e-6);
    double gained = time_of(&p[1]) - time_of(&p[0]), lost = time_of(&p[2]) - time_of(&p[0]);
    if (gained > -1 && lost > 0) { /* not at midnight */
        TRUE(gained > 0.0095 && gained < 0.4);
        TRUE(lost < 1.9905 && lost > 1.6);
    }
    for (unsigned i = 0; i < n; i++) peer_close(&p[i]);
    grat_sim_world_free(w);
}

TEST(errors_name_line_and_column)
{
    static const struct {
        const char *text, *where;
    } bad[] = {
        {"instruments: [\n", ":2:1: "},
        {"", "empty"},
        {"instruments: []\n", "needs instruments"},
        {"instruments:\n  - {serial: A}\n", ":2:5: an instrument needs its model"},
        {"instruments:\n  - {model: dmm, inputs: {ch1: none}}\n", ":2:32: there is no signal"},
        {"instruments:\n  - {model: dmm, inputs: {ch9: 'dc:3'}}\n", ":2:32: option \"ch9\" is unknown"},
        {"instruments:\n  - {model: dmm, serial: B,\n     inputs: {ch1: 'sinus:1kHz:2V'}}\n", ":3:20: signal: \"sinus"},
        {"instruments:\n  - {model: dmm, inputs: {ch1: {signal: 'dc:3', delay: 3parsec}}}\n", ":2:56: option ch1-"},
        {"instruments:\n  - {model: dmm, wires: foo}\n", ":2:25: wire \"foo\""},
        {"instruments:\n  - {model: dmm, address: nowhere}\n", ":2:27: "},
        {"instruments:\n  - {model: dmm, inputs: {ch1: {}}}\n", ":2:32: an input is given"},
        {"instruments:\n  - {model: dmm}\n  - {model: dmn}\n", ":3:13: model \"dmn\""},
        {"instruments:\n  - {model: dmm, clock-error: fast}\n", ":2:31: option clock-error"},
        {"instruments:\n  - {model: dmm, faults: earthquake}\n", ":2:26: fault \"earthquake\""},
        {"start-log: /nowhere/log\ninstruments:\n  - {model: dmm}\n", ":1:12: option start-log"},
        {"instruments:\n  - {model: dmm, inputs: {ch1: {volts: 2}}}\n", ":2:33: an input's keys"},
        {"instruments:\n  - {model: dmm, noise: [1]}\n", ":2:25: an option is written"},
        {"instruments:\n  - {model: dmm, noise: '1,2'}\n", "a comma cannot be"},
        {"instruments:\n  - {model: dmm, colour: red}\n", ":2:18: an instrument's keys"},
        {"benches: {}\n", ":1:1: a world's keys"},
        {"- dmm\n", ":1:1: a world's keys"},
    };
    grat_op op;
    grat_sim_world *w = NULL;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        EQ(load(bad[i].text, &op, &w), GRAT_EPARSE);
        if (!strstr(op.text, bad[i].where)) TEST_FAIL("%u: %s", i, op.text);
    }
    EQ(grat_sim_world_load("/nowhere/world.yaml", &op, &w), GRAT_EIO);
    TRUE(!w);
}

int main(void)
{
    RUN(one_source_at_the_inputs_of_several);
    RUN(errors_name_line_and_column);
    return TEST_RESULT();
}
