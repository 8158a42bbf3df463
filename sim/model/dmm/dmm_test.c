#include "sim/model/peer_test.h"
#include "temp.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

static double number(peer *p, const char *query)
{
    return strtod(peer_ask(p, query), NULL);
}

TEST(dmm_conf_and_read)
{
    peer p;
    if (!peer_open(&p, "dmm", "ch1=dc:1.25V,load=470")) return;
    static const char *const script[] = {
        "> *IDN?", "< GRATICULE,DMM,0,1.0",
        "> CONF:VOLT:DC 10", "> CONF?", "< \"VOLT +1.00000000E+01,+1.00000000E-05\"",
        "> VOLT:DC:NPLC 0.02;:INIT;:FETC?", "< +1.25000000E+00",
        "> FETCH?", "< +1.25000000E+00",
        "> SAMP:COUN 3;:READ?", "< +1.25000000E+00,+1.25000000E+00,+1.25000000E+00",
        "> DATA:POIN?", "< +3",
        "> CONF:RES;:RES:NPLC .2;:READ?", "< +4.70000000E+02",
        "> CONF:RES 100;:RES:NPLC .2;:READ?", "< +9.90000000E+37",
        "> CONF:VOLT 5000;:SYST:ERR?", "< -222,\"Data out of range\"",
        "> *RST;:FETC?;:SYST:ERR?", "< -230,\"Data corrupt or stale\"",
        NULL};
    peer_play(&p, script);
    peer_close(&p);
}

TEST(dmm_integration_takes_its_time)
{
    peer p;
    if (!peer_open(&p, "dmm", "ch1=sine:50Hz:2V:0V")) return;
    peer_send(&p, "CONF:VOLT:AC;:VOLT:AC:NPLC 10");
    int64_t before = grat_now_ns();
    double v = number(&p, "INIT;*OPC?;:FETC?");
    (void)v;
    TRUE(grat_now_ns() - before >= 200000000);
    v = number(&p, "FETC?");
    TRUE(fabs(v - sqrt(0.5)) < 0.01);
    peer_close(&p);
}

TEST(dmm_triggers)
{
    peer p;
    if (!peer_open(&p, "dmm", "ch1=dc:2V")) return;
    static const char *const script[] = {
        "> CONF:VOLT;:VOLT:NPLC .02;:TRIG:SOUR BUS", "> READ?;:SYST:ERR?", "< -214,\"Trigger deadlock\"",
        "> *TRG;:SYST:ERR?", "< -211,\"Trigger ignored\"",
        "> INIT;:STAT:OPER:COND?", "< 32", "> INIT;:SYST:ERR?", "< -213,\"Init ignored\"",
        "> *TRG;:FETC?", "< +2.00000000E+00", "> STAT:OPER:COND?", "< 0",
        "> INIT;:ABOR;:STAT:OPER:COND?", "< 0",
        NULL};
    peer_play(&p, script);
    peer_send(&p, "INIT;:FETC?");
    TRUE(!peer_read(&p, 20));
    sim_port_clear(p.port);
    STR(peer_ask(&p, "ABOR;:STAT:OPER:COND?"), "0");
    peer_send(&p, "TRIG:SOUR EXT");
    peer_send(&p, "READ?");
    TRUE(!peer_read(&p, 20)); /* nothing at the input */
    peer_close(&p);
    if (!peer_open(&p, "dmm", "ch1=dc:2V,ext=10ms")) return;
    STR(peer_ask(&p, "VOLT:NPLC .02;:TRIG:SOUR EXT;:READ?"), "+2.00000000E+00");
    peer_close(&p);
}

TEST(starts_are_logged_as_they_arrive)
{
    peer p;
    char options[300], line[100] = "", serial[20], command[40];
    long long at = 0;
    const char *path = test_path("starts");
    snprintf(options, sizeof options, "serial=A7,start-log=%s", path);
    if (!peer_open(&p, "dmm", options)) return;
    int64_t before = grat_now_ns();
    peer_send(&p, "VOLT:NPLC .02;:TRIG:SOUR BUS;:INIT");
    peer_send(&p, "*TRG");
    int64_t after = grat_now_ns();
    peer_close(&p);
    FILE *f = fopen(path, "r");
    for (unsigned i = 0; i < 2; i++) {
        TRUE(fgets(line, sizeof line, f) && sscanf(line, "%lld %19s %39s", &at, serial, command) == 3);
        TRUE(at >= before && at <= after);
        STR(serial, "A7");
        STR(command, i ? "trigger" : ":INITiate[:IMMediate]");
    }
    TRUE(!fgets(line, sizeof line, f));
    fclose(f);
}

TEST(psu_regulates)
{
    peer p;
    if (!peer_open(&p, "psu", "load=10")) return;
    static const char *const script[] = {
        "> *IDN?", "< GRATICULE,PSU,0,1.0",
        "> VOLT 5;CURR 1;:MEAS:VOLT?", "< +0.00000000E+00",
        "> OUTP ON;:MEAS:VOLT?;:MEAS:CURR?", "< +5.00000000E+00;+5.00000000E-01",
        "> VOLT 20;:MEAS:VOLT?;:MEAS:CURR?", "< +1.00000000E+01;+1.00000000E+00",
        "> INST:NSEL 2;:VOLT?", "< +0.00000000E+00", "> APPL 3,0.1;:MEAS:CURR?", "< +1.00000000E-01",
        "> VOLT? MAX", "< +3.00000000E+01", "> VOLT 31;:SYST:ERR?", "< -222,\"Data out of range\"",
        "> INST OUTP1;:INST?", "< OUTP1",
        "> VOLT:TRIG 4;:INIT;:VOLT?", "< +2.00000000E+01", "> *TRG;:VOLT?", "< +4.00000000E+00",
        "> *TRG;:SYST:ERR?", "< -211,\"Trigger ignored\"",
        NULL};
    peer_play(&p, script);
    peer_close(&p);
}

TEST(fgen_settings)
{
    peer p;
    if (!peer_open(&p, "fgen", NULL)) return;
    static const char *const script[] = {
        "> *IDN?", "< GRATICULE,FGEN,0,1.0",
        "> SOUR1:FUNC SQU;:FREQ 1e6;:VOLT 2;:VOLT:OFFS 0.5;:OUTP ON;:APPL?",
        "< \"SQU +1.00000000000000E+06,+2.00000000000000E+00,+5.00000000000000E-01\"",
        "> OUTP?", "< 1", "> FUNC RAMP;:SYST:ERR?;:FREQ?", "< -221,\"Settings conflict\";+2.00000000000000E+05",
        "> VOLT 11;:SYST:ERR?", "< -222,\"Data out of range\"",
        "> VOLT:OFFS 4.5;:SYST:ERR?", "< -221,\"Settings conflict\"",
        "> APPL:SIN 2e3,1;:FUNC?", "< SIN",
        "> *TRG;:SYST:ERR?", "< -211,\"Trigger ignored\"",
        "> BURS:STAT 1;:TRIG:SOUR BUS;:STAT:OPER:COND?", "< 32", "> *TRG;:SYST:ERR?", "< 0,\"No error\"",
        NULL};
    peer_play(&p, script);
    peer_close(&p);
}

int main(void)
{
    RUN(dmm_conf_and_read);
    RUN(dmm_integration_takes_its_time);
    RUN(dmm_triggers);
    RUN(starts_are_logged_as_they_arrive);
    RUN(psu_regulates);
    RUN(fgen_settings);
    return TEST_RESULT();
}
