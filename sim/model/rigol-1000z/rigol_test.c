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

int main(void)
{
    RUN(sigrok_opens);
    return TEST_RESULT();
}
