#include <graticule/graticule.h>

#include "test.h"

static const char *normal(const char *text)
{
    static char out[4][600];
    static unsigned i;
    grat_op op;
    grat_resource r;
    char *o = out[i++ % 4];
    grat_op_init(&op, 0, NULL);
    if (grat_resource_parse(text, &r, &op)) return snprintf(o, 600, "!%zu", op.count), o;
    grat_resource_format(&r, o, 600);
    /* The normal form must be a fixed point. */
    grat_resource again;
    char twice[600];
    if (grat_resource_parse(o, &again, &op)) return "normal form does not parse";
    grat_resource_format(&again, twice, sizeof twice);
    STR(twice, o);
    return o;
}

TEST(tcpip)
{
    STR(normal("TCPIP::192.168.1.5::INSTR"), "TCPIP0::192.168.1.5::inst0::INSTR");
    STR(normal("tcpip2::scope.local"), "TCPIP2::scope.local::inst0::INSTR");
    STR(normal("TCPIP::host::gpib0,7::INSTR"), "TCPIP0::host::gpib0,7::INSTR");
    STR(normal("TCPIP::host::hislip0,4881::INSTR"), "TCPIP0::host::hislip0,4881::INSTR");
    STR(normal("TCPIP::ada@host::hislip0::INSTR"), "TCPIP0::ada@host::hislip0::INSTR");
    STR(normal("tcpip::ada@lab@[::1]::HiSLIP0,4881"), "TCPIP0::ada@lab@[::1]::HiSLIP0,4881::INSTR");
    STR(normal("TCPIP::host,4000::inst0::INSTR"), "TCPIP0::host,4000::inst0::INSTR");
    STR(normal("TCPIP::host::5555::SOCKET"), "TCPIP0::host::5555::SOCKET");
    STR(normal("TCPIP::[::1]::inst0::INSTR"), "TCPIP0::[::1]::inst0::INSTR");
    STR(normal("TCPIP::[fe80::1%eth0]::5025::SOCKET"), "TCPIP0::[fe80::1%eth0]::5025::SOCKET");
    STR(normal("TCPIP::[::1],4000::inst0::INSTR"), "TCPIP0::[::1],4000::inst0::INSTR");
}

TEST(other_buses)
{
    STR(normal("USB::0x1AB1::0x04CE::DS1ZA1::INSTR"), "USB0::0x1AB1::0x04CE::DS1ZA1::INSTR");
    STR(normal("USB0::6833::1230::DS1ZA1::0::INSTR"), "USB0::0x1AB1::0x04CE::DS1ZA1::0::INSTR");
    STR(normal("USB::1::2::S::RAW"), "USB0::0x0001::0x0002::S::RAW");
    STR(normal("ASRL1::INSTR"), "ASRL1::INSTR");
    STR(normal("asrl/dev/ttyUSB0::instr"), "ASRL/dev/ttyUSB0::INSTR");
    STR(normal("GPIB::7"), "GPIB0::7::INSTR");
    STR(normal("GPIB1::7::3::INSTR"), "GPIB1::7::3::INSTR");
    STR(normal("GPIB0::INTFC"), "GPIB0::INTFC");
    STR(normal("PRLGX-TCPIP0::host::1234::INTFC"), "PRLGX-TCPIP0::host::1234::INTFC");
    STR(normal("PRLGX-ASRL::/dev/ttyACM0::INTFC"), "PRLGX-ASRL0::/dev/ttyACM0::INTFC");
    STR(normal("VICP::host::INSTR"), "VICP0::host::INSTR");
}

TEST(our_own)
{
    STR(normal("BITSCOPE"), "BITSCOPE");
    STR(normal("BITSCOPE::/dev/ttyUSB0"), "BITSCOPE::/dev/ttyUSB0");
    STR(normal("socket:///dev/ttyUSB0"), "BITSCOPE::/dev/ttyUSB0");
    STR(normal("bitscope-server://pi:16385"), "BITSCOPE::pi::16385");
    STR(normal("bitscope-server://pi"), "BITSCOPE::pi::16385");
    STR(normal("bitscope-server://[fe80::1]:15500"), "BITSCOPE::[fe80::1]::15500");
    STR(normal("BITSCOPE::pi"), "BITSCOPE::pi::16385");
    STR(normal("socket://pi:4000"), "BITSCOPE::pi::4000::SOCKET");
    STR(normal("BITSCOPE::pi::4000::socket"), "BITSCOPE::pi::4000::SOCKET");
    STR(normal("file:/dev/ttyUSB1"), "BITSCOPE::/dev/ttyUSB1");
    STR(normal("/dev/ttyUSB1"), "BITSCOPE::/dev/ttyUSB1");
    STR(normal("/tmp/port"), "BITSCOPE::/tmp/port");
    STR(normal("PICO::ps5000a::AB123"), "PICO::ps5000a::AB123");
    STR(normal("PICO"), "PICO");
    STR(normal("sim::ds1104z?ch1=sine:1kHz:2V"), "SIM::ds1104z?ch1=sine:1kHz:2V");
}

TEST(errors_point_at_the_part)
{
    STR(normal(""), "!0");
    STR(normal("FOO::x"), "!0");
    STR(normal("TCPIPX::host"), "!0");
    STR(normal("TCPIP::"), "!7");
    STR(normal("TCPIP::host::70000::SOCKET"), "!13");
    STR(normal("TCPIP::host::0::SOCKET"), "!13");
    STR(normal("TCPIP::host::inst0::WHAT"), "!20");
    STR(normal("TCPIP::ho st::inst0"), "!9");
    STR(normal("TCPIP::ada@host::inst0::INSTR"), "!10");
    STR(normal("TCPIP::@host::hislip0::INSTR"), "!7");
    STR(normal("TCPIP::ada@::hislip0::INSTR"), "!11");
    STR(normal("GPIB::31::INSTR"), "!6");
    STR(normal("USB::0x1AB1::zz::S"), "!13");
    STR(normal("SIM"), "!3");
    STR(normal("PICO::a::b::c"), "!12");
}

int main(void)
{
    RUN(tcpip);
    RUN(other_buses);
    RUN(our_own);
    RUN(errors_point_at_the_part);
    return TEST_RESULT();
}
