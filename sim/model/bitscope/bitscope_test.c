/* The BitScope Micro from the side of its bytes: the conversations that ScopeThing and BitLib have with one. */
#include "sim/model/peer_test.h"

static const char trace_a[] = "05@80z7fz01z[zzz14@01z[z21@12z[zzzzf2z[znne6z02z[zz28z[zn04zz[z04z[zn01z[znzz64@e9z6bz"
                              "1bz94z02z80z7b@80zs>UD";
static const char dump_native[] = "16@01z[z01z[zzze8z03z05z30@[s>A";

/* What comes within `ms`, until it has n bytes. */
static size_t collect(peer *p, size_t n, int ms)
{
    int64_t end = grat_now_ns() + ms * 1000000LL;
    p->n = 0;
    while (p->n < n && grat_now_ns() < end) {
        const uint8_t *data;
        bool last;
        sim_instrument_step(p->in, grat_now_ns());
        size_t got = sim_port_peek(p->port, grat_now_ns(), &data, &last);
        if (!got) {
            peer_sleep_ms(p, 1);
            continue;
        }
        if (got > n - p->n) got = n - p->n;
        memcpy(p->reply + p->n, data, got);
        p->n += got;
        sim_port_consume(p->port, got);
    }
    p->reply[p->n] = '\0';
    return p->n;
}

static void put(peer *p, const char *text)
{
    sim_port_input(p->port, text, strlen(text), false);
}

static bool quiet(peer *p)
{
    peer_sleep_ms(p, 3);
    return !sim_port_pending(p->port);
}

/* Sends and wants exactly the echo and what is behind it. */
static void talk(peer *p, const char *send, const char *behind)
{
    char want[8192];
    snprintf(want, sizeof want, "%s%s", send, behind);
    put(p, send);
    collect(p, strlen(want), 1000);
    STR((const char *)p->reply, want);
    TRUE(quiet(p));
}

/* "CC\rTTTTTTTT\r" and an address, where the code has one. */
static unsigned status(peer *p, uint32_t *stamp, uint32_t *address)
{
    unsigned code = 99;
    unsigned t = 0, a = 0;
    if (collect(p, 12, 3000) != 12 || sscanf((char *)p->reply, "%2x\r%8x\r", &code, &t) != 2) TEST_FAIL("no packet");
    if (code != 2 && (collect(p, 9, 100) != 9 || sscanf((char *)p->reply, "%8x\r", &a) != 1)) TEST_FAIL("no address");
    if (stamp) *stamp = t;
    if (address) *address = a;
    return code;
}

static void echo_of(peer *p, const char *send)
{
    put(p, send);
    EQ(collect(p, strlen(send), 1000), strlen(send));
    STR((char *)p->reply, send);
}

TEST(registers)
{
    peer p;
    TRUE(peer_open(&p, "bitscope", NULL));
    talk(&p, "!", "");
    talk(&p, "?", "\rBS000501\r");
    talk(&p, "2e@28z[s", "");
    talk(&p, "2e@p", "\r28\r");
    talk(&p, "np", "\r00\r");
    /* Both ways of writing a byte; digits shift; a residue is stored again; the address is a residue too. */
    talk(&p, "[50]@[a6]s50@p", "\ra6\r");
    talk(&p, "50@z50@p", "\r50\r");
    talk(&p, "50@123sp", "\r23\r");
    talk(&p, "50@7fzznz50@nnp", "\r00\r");
    talk(&p, "np", "\r7f\r");
    talk(&p, "50@05s+p", "\r06\r");
    talk(&p, "-p", "\r05\r");
    talk(&p, "50@#51@ls51@p", "\r05\r");
    put(&p, "\x01\n\r\x80(");
    EQ(collect(&p, 2, 20), 1);
    STR((char *)p.reply, "(");
    peer_close(&p);
}

TEST(eeprom_and_identity)
{
    peer p;
    TRUE(peer_open(&p, "bitscope", "serial=DEMO1234,version=BS000502"));
    talk(&p, "?", "\rBS000502\r");
    talk(&p, "[11]@[30]sr", "\r44\r");
    talk(&p, "[24]sr", "\rff\r");
    talk(&p, "[10]@[5a]s[11]@[80]sw", "\r5a\r");
    talk(&p, "[10]@[00]s[11]@r", "\r5a\r");
    peer_close(&p);
}

TEST(triggered_trace)
{
    peer p;
    uint32_t t0, t1, address;
    char at[64];
    TRUE(peer_open(&p, "bitscope", "a=sine:1kHz:2V:1.65V,noise=0"));
    echo_of(&p, trace_a);
    int64_t began = grat_now_ns();
    EQ(status(&p, &t0, NULL), 2);
    EQ(status(&p, &t1, &address), 0);
    double ms = (double)(grat_now_ns() - began) / 1e6;
    TRUE(ms > 0.9 && ms < 500);
    EQ((t1 - t0) / 40, address);
    TRUE(address >= 1000 && address < 2300);
    snprintf(at, sizeof at, "08@%02xz%02xz[z", (address - 1000) & 0xff, (address - 1000) >> 8);
    echo_of(&p, at);
    echo_of(&p, dump_native);
    EQ(collect(&p, 2000, 1000), 2000);
    TRUE(quiet(&p));
    double worst = 0;
    for (int i = 0; i < 1000; i++) {
        int16_t word = (int16_t)(p.reply[2 * i] << 8 | p.reply[2 * i + 1]);
        double volts = (word + 32768) / 65536.0 * 3.33 - 0.016;   /* ScopeThing's registers give −0.016 … 3.317 */
        double want = 1.65 + sin(2 * M_PI * (i - 250) / 1000.0);
        if (fabs(volts - want) > worst) worst = fabs(volts - want);
        if (word & 15) TEST_FAIL("sample %d has low bits: %04x", i, (unsigned)word & 0xffff);
    }
    TRUE(worst < 0.02);
    peer_close(&p);
}

int main(void)
{
    RUN(registers);
    RUN(eeprom_and_identity);
    RUN(triggered_trace);
    return TEST_RESULT();
}
