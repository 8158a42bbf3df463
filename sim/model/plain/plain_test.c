#include "sim/model/peer_test.h"

TEST(text_queries_and_chains)
{
    peer p;
    if (!peer_open(&p, "plain", NULL)) return;
    static const char *const script[] = {
        "> *IDN?", "< GRATICULE,PLAIN,0,1",
        "> :ECHO? a b", "< a b",
        "> *idn?;*OPC?\r", "< GRATICULE,PLAIN,0,1;1",
        "> :NONE? 1", "> :SYST:ERR?", "< -113,\"Undefined header; keyword cannot be found\"",
        "> :SYST:ERR:NEXT?", "< 0,\"No error\"",
        "> :TEXT? 40", "< abcdefghijklmnopqrstuvwxyz0123456789abcd",
        "> :NONE?;:ECHO? x;:NONE?", "< x",
        "> ", "> *ESE 32;*ESE?", "< 32",
        NULL};
    peer_play(&p, script);
    peer_close(&p);
}

TEST(blocks_carry_the_pattern)
{
    peer p;
    if (!peer_open(&p, "plain", NULL)) return;
    peer_send(&p, ":BLOCK? 1500000;*OPC?");
    TRUE(peer_read(&p, 1000));
    EQ(p.n, 11 + 1500000 + 3);
    MEM(p.reply, "#9001500000", 11);
    for (uint32_t i = 0; i < 1500000; i += 977) EQ(p.reply[11 + i], (i * 7 + (i >> 8)) & 255);
    MEM(p.reply + 11 + 1500000, ";1\n", 3);
    STR(peer_ask(&p, ":BLOCK? 0"), "#9000000000");
    STR(peer_ask(&p, "*IDN?"), "GRATICULE,PLAIN,0,1");
    peer_close(&p);
}

TEST(a_delay_is_kept_and_order_too)
{
    peer p;
    const uint8_t *data;
    bool last;
    if (!peer_open(&p, "plain", NULL)) return;
    peer_send(&p, ":DELAY? 60");
    peer_send(&p, "*OPC?");
    int64_t now = grat_now_ns();
    EQ(sim_port_peek(p.port, now, &data, &last), 0);
    TRUE(sim_port_next(p.port) > now + 40000000);
    TRUE(peer_read(&p, 500));
    STR((char *)p.reply, "60\n");
    TRUE(peer_read(&p, 500));
    STR((char *)p.reply, "1\n");
    EQ(sim_port_next(p.port), INT64_MAX);
    peer_close(&p);
}

TEST(lines_end_by_lf_or_end_or_close)
{
    peer p;
    if (!peer_open(&p, "plain", "needs-lf=0")) return;
    sim_port_input(p.port, "*ID", 3, false);
    sim_port_input(p.port, "N?", 2, false);
    TRUE(!sim_port_pending(p.port));
    sim_port_input_closed(p.port);
    TRUE(peer_read(&p, 100));
    sim_port *m = sim_port_new(p.in, SIM_PORT_MESSAGE);
    sim_port_input(m, "*IDN?", 5, true);
    TRUE(sim_port_pending(m));
    sim_port_clear(m);
    TRUE(!sim_port_pending(m));
    sim_port_free(m);
    peer_close(&p);
}

TEST(quirks_of_the_wire)
{
    peer p;
    if (!peer_open(&p, "plain", "wake-up,unknown-reply=1,needs-lf,vxi-max-recv=1500")) return;
    STR(peer_ask(&p, "*IDN?"), "");
    STR(peer_ask(&p, "*IDN?"), "GRATICULE,PLAIN,0,1");
    STR(peer_ask(&p, ":WHAT?"), "command error");
    EQ(sim_instrument_max_recv(p.in), 1500);
    sim_port_input(p.port, "*IDN?", 5, false);
    sim_port_input_closed(p.port);
    TRUE(!sim_port_pending(p.port));
    peer_close(&p);
}

TEST(bad_names_are_refused_with_a_sentence)
{
    char err[256] = "";
    TRUE(!sim_instrument_new("ds9999", NULL, 1, err));
    TRUE(strstr(err, "ds9999") != NULL && strstr(err, "grat sim --list") != NULL);
    TRUE(!sim_instrument_new("plain", "colour=red", 1, err));
    TRUE(strstr(err, "colour") != NULL && strstr(err, "grat sim --list") != NULL);
    TRUE(!sim_instrument_new("ds1104z", "ch1=sawtooth", 1, err));
    TRUE(strstr(err, "sawtooth") != NULL);
}

TEST(a_paced_link_takes_its_time)
{
    peer p;
    if (!peer_open(&p, "plain", "link=100Mbit")) return;
    int64_t before = grat_now_ns();
    peer_send(&p, ":BLOCK? 1000000");
    TRUE(peer_read(&p, 1000));
    EQ(p.n, 1000012);
    int64_t took = grat_now_ns() - before;
    TRUE(took > 75000000 && took < 300000000);
    peer_close(&p);
}

TEST(service_requests_follow_the_message_available_bit)
{
    peer p;
    if (!peer_open(&p, "plain", NULL)) return;
    peer_send(&p, "*SRE 16");
    TRUE(!sim_instrument_rqs(p.in));
    peer_send(&p, "*IDN?");
    TRUE(sim_instrument_rqs(p.in));
    EQ(sim_instrument_poll(p.in, true), 16 + 64);
    EQ(sim_instrument_poll(p.in, true), 16);
    TRUE(peer_read(&p, 100));
    EQ(sim_instrument_poll(p.in, false), 0);
    peer_close(&p);
}

int main(void)
{
    RUN(text_queries_and_chains);
    RUN(blocks_carry_the_pattern);
    RUN(a_delay_is_kept_and_order_too);
    RUN(lines_end_by_lf_or_end_or_close);
    RUN(quirks_of_the_wire);
    RUN(bad_names_are_refused_with_a_sentence);
    RUN(a_paced_link_takes_its_time);
    RUN(service_requests_follow_the_message_available_bit);
    return TEST_RESULT();
}
