#include "sim/model/peer_test.h"

/* What sigrok-cli 0.7.2 sends when it opens a DS1104Z. */
TEST(sigrok_opens)
{
    peer p;
    if (!peer_open(&p, "ds1104z", NULL)) return;
    static const char *const script[] = {
        "> *IDN?", "< RIGOL TECHNOLOGIES,DS1104Z,DS1ZA171509445,00.04.04.SP4",
        "> :CHAN1:DISP?", "< 1", "> :CHAN2:DISP?", "< 1", "> :CHAN3:DISP?", "< 0", "> :CHAN4:DISP?", "< 0",
        "> :TIM:SCAL?", "< 2.0000000e-04",
        "> :CHAN1:PROB?", "< 10.000000", "> :CHAN1:SCAL?", "< 1.000000e+00", "> :CHAN1:OFFS?", "< 0.000000e+00",
        "> :CHAN1:COUP?", "< DC",
        "> :TRIG:EDGE:SOUR?", "< CHAN1", "> :TIM:OFFS?", "< 0.0000000e+00", "> :TRIG:EDGE:SLOP?", "< POS",
        "> :TRIG:EDGE:LEV?", "< 0.000000e+00",
        "> :CHAN2:DISP OFF", "> *OPC?", "< 1", "> :TIM:SCAL 0.001000000", "> *OPC?", "< 1",
        "> :TIM:SCAL?", "< 1.0000000e-03",
        "> :WAV:BEG", "> *OPC?", "< 1", "> :WAV:RES", "> *OPC?", "< 1", "> WAV:XINC?", "< 1.000000e-05",
        "> :LA:STAT?",
        NULL};
    peer_play(&p, script);
    peer_close(&p);
}

/* The screen as sigrok reads it, against the signal: 2 Vpp at 1 kHz, rising through 0 V at the trigger. */
TEST(sigrok_reads_the_screen)
{
    peer p;
    if (!peer_open(&p, "ds1104z", NULL)) return;
    static const char *const script[] = {
        "> :RUN;*OPC?", "< 1", "> :WAV:FORM BYTE;*OPC?", "< 1", "> :WAV:MODE NORM", "> :WAV:SOUR CHAN1",
        "> :WAV:YINC?", "< 4.000000e-02", "> :WAV:YOR?", "< 0", "> :WAV:YREF?", "< 127", "> :WAV:START 1",
        "> :WAV:STOP 1200", "> :WAV:PRE?",
        "< 0,0,1200,1,2.000000e-06,-1.200000e-03,0,4.000000e-02,0,127", NULL};
    peer_play(&p, script);
    peer_send(&p, ":WAV:DATA?");
    TRUE(peer_read(&p, 100));
    EQ(p.n, 11 + 1200 + 1);
    MEM(p.reply, "#9000001200", 11);
    EQ(p.reply[p.n - 1], '\n');
    for (int i = 0; i < 1200; i++) {
        double t = -1.2e-3 + i * 2e-6, v = (p.reply[11 + i] - 127) * 0.04;
        NEAR(v, sin(2 * M_PI * 1e3 * t), 1.5 * 0.04);
    }
    peer_close(&p);
}

/* ds1054z's save-data in RAW: chunks of 250 000, scaled by the preamble only. */
TEST(ds1054z_reads_the_memory)
{
    peer p;
    if (!peer_open(&p, "ds1054z", "running=0,ch1=sine:10kHz:3V:0.5V")) return;
    static const char *const script[] = {
        "> :TRIGger:STATus?", "< STOP", "> :STOP", "> :WAVeform:SOURce CHAN1", "> :WAVeform:FORMat BYTE",
        "> :WAVeform:MODE RAW", "> :WAVeform:MODE?", "< RAW", "> :ACQuire:MDEPth?", "< AUTO", "> :ACQuire:SRATe?",
        "< 5.000000e+08", NULL};
    peer_play(&p, script);
    double f[10];
    const char *pre = peer_ask(&p, ":WAVeform:PREamble?");
    EQ(sscanf(pre, "%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", f, f + 1, f + 2, f + 3, f + 4, f + 5, f + 6, f + 7, f + 8,
              f + 9), 10);
    EQ(f[2], 1200000 - 32);
    TRUE(f[9] != 127);
    TRUE(fabs(f[7] - 0.04) > 1e-3);
    double worst = 0, points = f[2];
    for (double at = 1; at <= points; at += 250000) {
        char line[96];
        double stop = fmin(points, at + 249999);
        snprintf(line, sizeof line, ":WAVeform:STARt %.0f;:WAVeform:STOP %.0f", at, stop);
        peer_send(&p, line);
        peer_send(&p, ":WAVeform:DATA?");
        TRUE(peer_read(&p, 1000));
        EQ(p.n, 12 + (size_t)(stop - at + 1));
        for (double i = at; i <= stop; i += 37) {
            double v = (p.reply[11 + (size_t)(i - at)] - f[8] - f[9]) * f[7], t = f[5] + (i - 1) * f[4];
            double wanted = 0.5 + 1.5 * sin(2 * M_PI * 10e3 * t - asin(1.0 / 3));
            worst = fmax(worst, fabs(v - wanted));
        }
    }
    TRUE(worst < 1.5 * f[7]);
    peer_close(&p);
}

TEST(the_window_is_sticky_and_refuses_silently)
{
    peer p;
    if (!peer_open(&p, "ds1104z", "running=0")) return;
    static const char *const script[] = {
        "> :WAV:STAR 0", "> :WAV:STAR?", "< 1", "> :WAV:STOP 1201", "> :WAV:STOP?", "< 1200",
        "> :WAV:MODE RAW;:WAV:STOP 300000;STOP?", "< 300000", "> :WAV:STOP 1200001;STOP?", "< 300000",
        "> :WAV:STOP 1200000;STOP?", "< 1200000", "> :WAV:MODE NORM", "> :WAV:STOP?", "< 1200000",
        "> :SYST:ERR?", "< 0,\"No error\"", NULL};
    peer_play(&p, script);
    peer_send(&p, ":WAV:MODE RAW;:WAV:DATA?");
    TRUE(peer_read(&p, 1000));
    EQ(p.n, 12 + 250000);
    peer_send(&p, ":WAV:FORM WORD;:WAV:DATA?");
    TRUE(peer_read(&p, 1000));
    EQ(p.n, 12 + 250000);
    EQ(p.reply[12], 0);
    peer_send(&p, ":WAV:FORM ASC;STOP 2;:WAV:DATA?");
    TRUE(peer_read(&p, 1000));
    TRUE(p.n > 20 && p.reply[p.n - 2] == ',');
    MEM(p.reply, "#9", 2);
    peer_close(&p);
}

TEST(memory_depth_follows_the_guide)
{
    peer p;
    if (!peer_open(&p, "ds1104z", NULL)) return;
    static const char *const script[] = {
        "> :ACQ:MDEP 60000;MDEP?", "< 60000", "> :ACQ:SRAT?", "< 2.500000e+07",
        "> :ACQ:MDEP 12345;MDEP?", "< 60000", "> :SYST:ERR?", "< 0,\"No error\"",
        "> :CHAN3:DISP ON;:CHAN4:DISP ON;:ACQ:MDEP AUTO;:TIM:SCAL 100e-6;:ACQ:SRAT?", "< 2.500000e+08",
        "> :TIM:SCAL 30e-9;SCAL?", "< 5.0000000e-08",
        "> :STOP;:ACQ:MDEP 3000;MDEP?", "< AUTO", NULL};
    peer_play(&p, script);
    peer_close(&p);
}

/* A scope that is armed and never triggers keeps the record it had. */
TEST(single_waits_for_its_trigger)
{
    peer p;
    if (!peer_open(&p, "ds1104z", NULL)) return;
    peer_send(&p, ":STOP;:WAV:MODE NORM;:WAV:DATA?");
    TRUE(peer_read(&p, 100));
    uint8_t before[1211];
    memcpy(before, p.reply, sizeof before);
    STR(peer_ask(&p, ":TRIG:EDG:LEV 3;:SING;*OPC?"), "1");
    peer_sleep_ms(&p, 20);
    STR(peer_ask(&p, ":TRIG:STAT?"), "WAIT");
    STR(peer_ask(&p, ":TRIG:SWE?"), "SING");
    peer_send(&p, ":WAV:DATA?");
    TRUE(peer_read(&p, 100));
    MEM(p.reply, before, sizeof before);
    STR(peer_ask(&p, ":TFOR;*OPC?"), "1");
    peer_sleep_ms(&p, 20);
    STR(peer_ask(&p, ":TRIG:STAT?"), "STOP");
    STR(peer_ask(&p, ":TRIG:POS?"), "-2");
    STR(peer_ask(&p, ":TRIG:EDG:LEV 0.5;:SING;*OPC?"), "1");
    peer_sleep_ms(&p, 40);
    STR(peer_ask(&p, ":TRIG:STAT?"), "STOP");
    STR(peer_ask(&p, ":TRIG:POS?"), "600000");
    STR(peer_ask(&p, ":RUN;:TRIG:SWE?"), "AUTO");
    peer_sleep_ms(&p, 40);
    STR(peer_ask(&p, ":TRIG:STAT?"), "TD");
    STR(peer_ask(&p, ":TRIG:EDG:LEV 3;:TRIG:SWE NORM"), "");
    peer_sleep_ms(&p, 150);
    STR(peer_ask(&p, ":TRIG:STAT?"), "WAIT");
    STR(peer_ask(&p, ":TRIG:SWE AUTO"), "");
    peer_sleep_ms(&p, 80);
    STR(peer_ask(&p, ":TRIG:STAT?"), "AUTO");
    peer_close(&p);
}

TEST(the_status_lags)
{
    peer p;
    if (!peer_open(&p, "ds1104z", "status-lag-ms=120,running=0")) return;
    STR(peer_ask(&p, ":TRIG:EDG:LEV 3;:SING;:TRIG:STAT?"), "STOP");
    peer_sleep_ms(&p, 160);
    STR(peer_ask(&p, ":TRIG:STAT?"), "WAIT");
    STR(peer_ask(&p, ":STOP;:TRIG:STAT?"), "WAIT");
    peer_sleep_ms(&p, 130);
    STR(peer_ask(&p, ":TRIG:STAT?"), "STOP");
    peer_close(&p);
}

TEST(settings_interact)
{
    peer p;
    if (!peer_open(&p, "ds1104z", NULL)) return;
    static const char *const script[] = {
        "> :chan1:scal 0.3;SCAL?", "< 5.000000e-01", "> CHANnel1:RANGe 6;:CHAN1:SCAL?", "< 1.000000e+00",
        "> :CHAN1:VERN ON;RANG 6;SCAL?", "< 7.500000e-01", "> :CHAN1:VERN OFF;SCAL 1;SCAL?", "< 1.000000e+00",
        "> :CHAN1:OFFS -3;:WAV:PRE?", "< 0,0,1200,1,2.000000e-06,-1.200000e-03,0,4.000000e-02,-75,127",
        "> :CHAN1:PROB 1;SCAL?;OFFS?", "< 1.000000e-01;-3.000000e-01", "> :CHAN1:BWL ON",
        "> :SYST:ERR?", "< -224,\"Illegal parameter value\"", "> :CHAN1:BWL 20M;BWL?", "< 20M",
        "> :CHAN5:SCAL?", "> :ACQ:AVER 100;AVER?", "< 64", "> :TRIG:PULS:WIDT?", "< 1.000000e-06",
        "> :TRIG:PULS:WIDT 5e-6;WIDT?", "< 5.000000e-06", "> :CHAN1:SCAL?;*WAI", "< 1.000000e-01",
        "> :MATH:DISP?", "< 0", "> *RST;:TIM:SCAL?;:CHAN1:SCAL?;:CHAN2:DISP?;:TRIG:PULS:WIDT?",
        "< 1.0000000e-06;1.000000e+00;0;1.000000e-06", NULL};
    peer_play(&p, script);
    peer_close(&p);
}

TEST(measurements_are_those_of_the_signal)
{
    peer p;
    if (!peer_open(&p, "ds1104z", "running=0")) return;
    NEAR(peer_number(&p, ":MEASure:STATistic:item? CURRent,vpp,CHAN1"), 2, 0.15);
    NEAR(peer_number(&p, ":MEAS:ITEM? FREQ,CHAN1"), 1000, 5);
    NEAR(peer_number(&p, ":MEAS:ITEM? PER,CHAN2"), 1e-3, 5e-6);
    NEAR(peer_number(&p, ":MEAS:ITEM? VTOP,CHAN2"), 3, 0.06);
    NEAR(peer_number(&p, ":MEAS:ITEM? PDUT,CHAN2"), 0.5, 0.01);
    NEAR(peer_number(&p, ":MEAS:ITEM? VRMS,CHAN1"), sqrt(0.5), 0.02);
    STR(peer_ask(&p, ":MEAS:ITEM? VPP,CHAN3"), "9.9E37");
    peer_close(&p);
}

TEST(digital_lines_take_analogue_channels)
{
    peer p;
    if (!peer_open(&p, "mso1104z", "running=0,ch1=square:1kHz:3V:1.5V")) return;
    static const char *const script[] = {
        "> :LA:STAT?", "< 0", "> :CHAN4:DISP ON;:LA:STAT ON;:LA:DIG0:DISP ON;:LA:DIG0:DISP?;:LA:DIG1:DISP?", "< 1;0",
        "> :CHAN4:DISP?", "< 0", "> :LA:POD1:THR?", "< 1.400000e+00", "> :TRIG:EDG:LEV 1.4",
        "> :SING;*OPC?", "< 1", NULL};
    peer_play(&p, script);
    peer_sleep_ms(&p, 60);
    STR(peer_ask(&p, ":TRIG:STAT?"), "STOP");
    peer_send(&p, ":WAV:SOUR D0;:WAV:DATA?");
    TRUE(peer_read(&p, 100));
    EQ(p.n, 1212);
    EQ(p.reply[11 + 590], 0);
    EQ(p.reply[11 + 610], 1);
    EQ(p.reply[11 + 860], 0);
    peer_close(&p);
}

TEST(screenshots_come_in_every_spelling)
{
    peer p;
    if (!peer_open(&p, "ds1104z", "png-bad-crc=1")) return;
    peer_send(&p, ":DISPLAY:DATA?\r");
    TRUE(peer_read(&p, 1000));
    EQ(p.n, 1152066);
    MEM(p.reply, "#9001152054BM\x36\x94\x11\0", 17);
    peer_send(&p, "display:data? on,0,png");
    TRUE(peer_read(&p, 1000));
    MEM(p.reply + 11, "\x89PNG\r\n\x1a\n", 8);
    TRUE(p.n < 100000);
    peer_send(&p, ":DISPlay:DATA? ON,OFF,PNG");
    TRUE(peer_read(&p, 1000));
    peer_send(&p, ":DISP:DATA? ON,0,JPEG");
    TRUE(peer_read(&p, 1000));
    MEM(p.reply + 11, "\xff\xd8", 2);
    peer_close(&p);
}

/* Arms with these settings and says whether it has fired soon after. */
static bool fires(const char *options, const char *settings)
{
    peer p;
    if (!peer_open(&p, "ds1104z", options)) return false;
    peer_send(&p, ":STOP;:TIM:SCAL 50e-6;:TRIG:SWE NORM");
    peer_send(&p, settings);
    STR(peer_ask(&p, ":SYST:ERR?"), "0,\"No error\"");
    STR(peer_ask(&p, ":SING;*OPC?"), "1");
    peer_sleep_ms(&p, 40);
    char state[8];
    snprintf(state, sizeof state, "%s", peer_ask(&p, ":TRIG:STAT?"));
    bool fired = strcmp(state, "STOP") == 0 && strcmp(peer_ask(&p, ":TRIG:POS?"), "-2") != 0;
    if (!fired) STR(state, "WAIT");
    peer_close(&p);
    return fired;
}

static void fire_cases(const char *options, const char *const (*rows)[2])
{
    for (; (*rows)[0]; rows++) {
        bool wanted = (*rows)[1][0] == 'y';
        test_checks++;
        if (fires(options, (*rows)[0]) != wanted) TEST_FAIL("%s: %s wanted", (*rows)[0], wanted ? "a trigger" : "none");
    }
}

TEST(trigger_types_of_one_level)
{
    static const char *const rows[][2] = {
        {":TRIG:MODE PULS;:TRIG:PULS:WHEN PGR;WIDT 400e-6", "y"},
        {":TRIG:MODE PULS;:TRIG:PULS:WHEN PGR;WIDT 600e-6", "n"},
        {":TRIG:MODE PULS;:TRIG:PULS:WHEN NLES;WIDT 600e-6", "y"},
        {":TRIG:MODE PULS;:TRIG:PULS:WHEN NLES;WIDT 400e-6", "n"},
        {":TRIG:MODE PULS;:TRIG:PULS:WHEN PGL;LWID 490e-6;UWID 510e-6", "y"},
        {":TRIG:MODE PULS;:TRIG:PULS:WHEN NGL;LWID 510e-6;UWID 900e-6", "n"},
        {":TRIG:MODE PULS;:TRIG:PULS:WHEN PGR;WIDT 400e-6;LEV 3", "n"},
        {":TRIG:MODE TIM;:TRIG:TIM:SLOP POS;TIM 400e-6", "y"},
        {":TRIG:MODE TIM;:TRIG:TIM:SLOP NEG;TIM 600e-6", "n"},
        {":TRIG:MODE TIM;:TRIG:TIM:SLOP RFAL;TIM 600e-6", "n"},
        {":TRIG:MODE DEL;:TRIG:DEL:SA CHAN1;SB CHAN2;TYP GLES;TLOW 200e-6;TUPP 300e-6", "y"},
        {":TRIG:MODE DEL;:TRIG:DEL:SA CHAN1;SB CHAN2;TYP GRE;TLOW 300e-6", "n"},
        {":TRIG:MODE DEL;:TRIG:DEL:SA CHAN1;SB CHAN2;TYP GOUT;TLOW 200e-6;TUPP 300e-6", "n"},
        {":TRIG:MODE PATT;:TRIG:PATT:PATT H,H,X,X", "y"},
        {":TRIG:MODE PATT;:TRIG:PATT:PATT H,X,H,X", "n"},
        {":TRIG:MODE PATT;:TRIG:PATT:PATT H,R,X,X", "y"},
        {":TRIG:MODE PATT;:TRIG:PATT:PATT L,R,X,X", "n"},
        {":TRIG:MODE DUR;:TRIG:DUR:TYP H,H,X,X;WHEN GRE;TLOW 200e-6", "y"},
        {":TRIG:MODE DUR;:TRIG:DUR:TYP H,H,X,X;WHEN GRE;TLOW 300e-6", "n"},
        {NULL, NULL},
    };
    /* CH2 rises a quarter of a period behind CH1. */
    fire_cases("ch1=square:1kHz:2V:0V,ch2=square:1kHz:2V:0V:-90,ch3=dc:-1V,ch4=dc:0V", rows);
}

TEST(trigger_types_of_two_levels)
{
    static const char *const triangle[][2] = {
        /* 2 V in half a millisecond: 250 us from -0.5 V to 0.5 V. */
        {":TRIG:MODE SLOP;:TRIG:SLOP:ALEV 0.5;BLEV -0.5;WHEN PGL;TLOW 240e-6;TUPP 260e-6", "y"},
        {":TRIG:MODE SLOP;:TRIG:SLOP:ALEV 0.5;BLEV -0.5;WHEN PGR;TIME 260e-6", "n"},
        {":TRIG:MODE SLOP;:TRIG:SLOP:ALEV 0.5;BLEV -0.5;WHEN NLES;TIME 260e-6", "y"},
        {":TRIG:MODE WIND;:TRIG:WIND:ALEV 0.5;BLEV -0.5;POS EXIT", "y"},
        {":TRIG:MODE WIND;:TRIG:WIND:ALEV 3;BLEV -3;POS EXIT", "n"},
        {":TRIG:MODE WIND;:TRIG:WIND:ALEV 0.8;BLEV -0.8;POS TIM;TIM 300e-6", "y"},
        {":TRIG:MODE WIND;:TRIG:WIND:ALEV 0.2;BLEV -0.2;POS TIM;TIM 300e-6", "n"},
        {":TRIG:MODE RUNT;:TRIG:RUNT:ALEV 2;BLEV 0;WHEN NONE", "y"},
        {":TRIG:MODE RUNT;:TRIG:RUNT:ALEV 0.5;BLEV 0;WHEN NONE", "n"},
        {":TRIG:MODE RUNT;:TRIG:RUNT:ALEV 2;BLEV 0;WHEN GRE;WLOW 400e-6", "y"},
        {":TRIG:MODE RUNT;:TRIG:RUNT:ALEV 2;BLEV 0;WHEN LESS;WUPP 400e-6", "n"},
        {":TRIG:MODE RUNT;:TRIG:RUNT:POL NEG;ALEV 0;BLEV -2;WHEN NONE", "y"},
        {NULL, NULL},
    };
    fire_cases("ch1=triangle:1kHz:2V:0V", triangle);
}

TEST(nth_edge_counts_after_a_pause)
{
    static const char *const rows[][2] = {
        /* "U" is five pulses of a bit each at 9600 baud; then the frame of idle. */
        {":TRIG:MODE NEDG;:TRIG:NEDG:LEV 1.5;SLOP NEG;IDLE 1e-3;EDGE 5", "y"},
        {":TRIG:MODE NEDG;:TRIG:NEDG:LEV 1.5;SLOP NEG;IDLE 1e-3;EDGE 6", "n"},
        {":TRIG:MODE NEDG;:TRIG:NEDG:LEV 1.5;SLOP NEG;IDLE 3e-3;EDGE 5", "n"},
        {NULL, NULL},
    };
    fire_cases("ch1=uart:9600:U", rows);
}

/* The record's middle is the edge that ends the pulse. */
TEST(a_pulse_trigger_is_where_the_pulse_ends)
{
    peer p;
    if (!peer_open(&p, "ds1104z", "ch1=square:1kHz:2V:0V,noise=0")) return;
    peer_send(&p, ":STOP;:TIM:SCAL 50e-6;:TRIG:MODE PULS;:TRIG:PULS:WHEN PGR;WIDT 400e-6;:SING");
    peer_sleep_ms(&p, 30);
    STR(peer_ask(&p, ":TRIG:STAT?"), "STOP");
    peer_send(&p, ":WAV:SOUR CHAN1;:WAV:MODE NORM;:WAV:FORM BYTE;:WAV:DATA?");
    TRUE(peer_read(&p, 500));
    TRUE(p.n >= 12 + 1200);
    unsigned wrong = 0;
    for (unsigned i = 0; i < 1200; i++) {
        if (i + 2 < 600 && p.reply[11 + i] < 140) wrong++;
        if (i > 602 && p.reply[11 + i] > 115) wrong++;
    }
    EQ(wrong, 0);
    peer_close(&p);
}

int main(void)
{
    RUN(sigrok_opens);
    RUN(sigrok_reads_the_screen);
    RUN(ds1054z_reads_the_memory);
    RUN(the_window_is_sticky_and_refuses_silently);
    RUN(memory_depth_follows_the_guide);
    RUN(single_waits_for_its_trigger);
    RUN(trigger_types_of_one_level);
    RUN(trigger_types_of_two_levels);
    RUN(nth_edge_counts_after_a_pause);
    RUN(a_pulse_trigger_is_where_the_pulse_ends);
    RUN(the_status_lags);
    RUN(settings_interact);
    RUN(measurements_are_those_of_the_signal);
    RUN(digital_lines_take_analogue_channels);
    RUN(screenshots_come_in_every_spelling);
    return TEST_RESULT();
}
