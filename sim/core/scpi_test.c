#include "sim/core/scpi.h"

#include "sim/core/signal.h"
#include "test.h"

static unsigned number[SIM_SUFFIXES];

static bool match(const char *pattern, const char *header)
{
    return sim_header_match(pattern, header, strlen(header), number);
}

TEST(short_and_long_forms_match_and_nothing_between)
{
    TRUE(match(":WAVeform:DATA", "WAV:DATA"));
    TRUE(match(":WAVeform:DATA", "waveform:data"));
    TRUE(!match(":WAVeform:DATA", "WAVE:DATA"));
    TRUE(!match(":WAVeform:DATA", "WAV"));
    TRUE(!match(":WAVeform:DATA", "WAV:DATA:X"));
    TRUE(match(":TRIGger:EDGe:LEVel", "TRIG:EDG:LEV"));
    TRUE(match(":TRIGger:EDGe:LEVel", "TRIGger:EDGE:LEVel"));
    TRUE(match("*IDN", "*idn"));
}

TEST(optional_nodes_may_be_left_out)
{
    TRUE(match(":TIMebase[:MAIN]:SCALe", "TIM:SCAL"));
    TRUE(match(":TIMebase[:MAIN]:SCALe", "TIM:MAIN:SCAL"));
    TRUE(!match(":TIMebase[:MAIN]:SCALe", "TIM:MAIN"));
    TRUE(match(":SYSTem:ERRor[:NEXT]", "SYST:ERR"));
    TRUE(match(":SYSTem:ERRor[:NEXT]", "SYST:ERR:NEXT"));
    TRUE(match(":VOLTage[:LEVel][:IMMediate][:AMPLitude]", "VOLT:IMM"));
    TRUE(match(":VOLTage[:LEVel][:IMMediate]:OFFSet", "VOLT:LEV:IMM:OFFS"));
}

TEST(numeric_suffixes_are_read)
{
    TRUE(match(":CHANnel#:SCALe", "CHAN3:SCAL"));
    EQ(number[0], 3);
    TRUE(match(":CHANnel#:SCALe", "channel:scale"));
    EQ(number[0], 1);
    TRUE(match(":SOURce#:OUTPut#[:STATe]", "SOUR2:OUTP4:STAT"));
    EQ(number[0], 2);
    EQ(number[1], 4);
    TRUE(match(":LA:DIGital#:DISPlay", "LA:DIG15:DISP"));
    EQ(number[0], 15);
    TRUE(match(":TRIGger:RS232:BAUD", "TRIG:RS232:BAUD"));
    TRUE(!match(":CHANnel#:SCALe", "CHAN3X:SCAL"));
}

TEST(parameters_are_split_at_commas_outside_quotes)
{
    char text[16];
    sim_call c = {.args = "ON, 'a,b' ,PNG"};
    TRUE(sim_arg(&c, 0, text, sizeof text));
    STR(text, "ON");
    TRUE(sim_arg(&c, 1, text, sizeof text));
    STR(text, "a,b");
    TRUE(sim_arg(&c, 2, text, sizeof text));
    STR(text, "PNG");
    TRUE(!sim_arg(&c, 3, text, sizeof text));
}

TEST(words_answer_in_short_form)
{
    char word[24];
    const char *words = "NORMal|AVERages|PEAK";
    EQ(sim_word_index(words, "averages"), 1);
    EQ(sim_word_index(words, "NORM"), 0);
    EQ(sim_word_index(words, "NORMA"), -1);
    STR(sim_word(words, 1, word), "AVER");
    STR(sim_word(words, 2, word), "PEAK");
}

TEST(signals_follow_their_description)
{
    char err[256];
    sim_signal s;
    TRUE(sim_signal_parse(&s, "sine:1kHz:2V:0.5V", err));
    sim_filter f = sim_filter_for(&s, 0);
    NEAR(sim_signal_value(&s, &f, 0.25e-3), 1.5, 1e-6);
    NEAR(sim_signal_value(&s, &f, -0.25e-3), -0.5, 1e-6);
    f = sim_filter_for(&s, 1e3);
    NEAR(sim_signal_value(&s, &f, 0.375e-3), 0.5 + sqrt(0.5), 1e-5);
    TRUE(sim_signal_parse(&s, "square:1kHz:3V:1.5V", err));
    f = sim_filter_for(&s, 100e6);
    NEAR(sim_signal_value(&s, &f, 0.1e-3), 3, 1e-9);
    NEAR(sim_signal_value(&s, &f, 0.6e-3), 0, 1e-9);
    TRUE(sim_signal_parse(&s, "uart:1000:U", err));
    f = sim_filter_for(&s, 0);
    NEAR(sim_signal_value(&s, &f, 0.5e-3), 0, 1e-9);     /* start bit */
    NEAR(sim_signal_value(&s, &f, 1.5e-3), 3.3, 1e-9);   /* bit 0 of 'U' = 0x55 */
    NEAR(sim_signal_value(&s, &f, 2.5e-3), 0, 1e-9);
    NEAR(sim_signal_value(&s, &f, 9.5e-3), 3.3, 1e-9);   /* stop bit */
    TRUE(!sim_signal_parse(&s, "sawtooth:1kHz", err));
    TRUE(!sim_signal_parse(&s, "sine:0Hz", err));
}

/* Many at once are the same as one by one, on edges and between them. */
TEST(signals_by_the_piece)
{
    static const char *const specs[] = {"dc:1V", "sine:1kHz:2V:0.5V:30", "square:1kHz:3V:1.5V", "square:77kHz:1V",
                                        "square:1MHz:1V:0:90", "triangle:1kHz", "noise:0.1", "uart:9600:Ab"};
    char err[256];
    double v[1000];
    for (unsigned k = 0; k < sizeof specs / sizeof *specs; k++) {
        sim_signal s;
        TRUE(sim_signal_parse(&s, specs[k], err));
        s.delay = 1.7e-7;
        sim_filter f = sim_filter_for(&s, k % 2 ? 0 : 100e6);
        double step = k % 3 ? 1e-6 : 1.0 / 3e8, begin = 1234.000123;
        for (unsigned i = 0; i < 1000; i++) v[i] = begin + i * step;
        sim_signal_values(&s, &f, v, 1000);
        unsigned wrong = 0;
        for (unsigned i = 0; i < 1000; i++) wrong += fabs(v[i] - sim_signal_value(&s, &f, begin + i * step)) > 1e-12;
        EQ(wrong, 0);
        sim_signal_free(&s);
    }
}

int main(void)
{
    RUN(short_and_long_forms_match_and_nothing_between);
    RUN(optional_nodes_may_be_left_out);
    RUN(numeric_suffixes_are_read);
    RUN(parameters_are_split_at_commas_outside_quotes);
    RUN(words_answer_in_short_form);
    RUN(signals_follow_their_description);
    RUN(signals_by_the_piece);
    return TEST_RESULT();
}
