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

/* ScopeThing's registers for 0 … 3.3 V give −0.016 … 3.317. */
static double native_volts(const peer *p, unsigned i)
{
    int16_t word = (int16_t)(p->reply[2 * i] << 8 | p->reply[2 * i + 1]);
    return (word + 32768) / 65536.0 * 3.333 - 0.016;
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
        double volts = native_volts(&p, (unsigned)i);
        double want = 1.65 + sin(2 * M_PI * (i - 250) / 1000.0);
        if (fabs(volts - want) > worst) worst = fabs(volts - want);
        if (word & 15) TEST_FAIL("sample %d has low bits: %04x", i, (unsigned)word & 0xffff);
    }
    TRUE(worst < 0.02);
    peer_close(&p);
}


/* Programs the dump of n samples that end at `address`, in ScopeThing's words. */
static void dump(peer *p, uint32_t address, uint32_t range, unsigned n, const char *mode_channel)
{
    char text[128];
    uint32_t from = (address + range - n) % range;
    bool native = mode_channel[0] == '5';
    snprintf(text, sizeof text, "08@%02xz%02xz[z16@01z[z01z[zzz%02xz%02xz%sz30@%s>A", from & 0xff, from >> 8,
             n & 0xff, n >> 8, native ? "05" : "[", mode_channel + 1);
    echo_of(p, text);
    EQ(collect(p, native ? 2 * n : n, 1000), native ? 2 * n : n);
    TRUE(quiet(p));
}

/* Whole periods of what crosses 1.65 V upwards, in samples. */
static double period_of(const peer *p, unsigned n, unsigned *crossings)
{
    int first = -1, last = -1, count = 0;
    for (unsigned i = 1; i < n; i++) {
        if (!(native_volts(p, i - 1) < 1.65 && native_volts(p, i) >= 1.65)) continue;
        if (first < 0) first = (int)i;
        last = (int)i, count++;
    }
    *crossings = (unsigned)count;
    return count > 1 ? (double)(last - first) / (count - 1) : 0;
}

TEST(logic_trace)
{
    peer p;
    uint32_t address, t0, t1;
    TRUE(peer_open(&p, "bitscope", "l0=square:10kHz:3.3V:1.65V,l1=dc:0V,l2=dc:0V,l3=dc:3.3V,l5=square:20kHz:5V:2.5V"));
    echo_of(&p, "05@01zfez01z[zzz14@01z[z21@0ez[zzzz11z[znn43z[zzz28z[znz04z[z04z[znzffzn[zz64@e9z6bz1bz94z02z80z7b@c0z"
                "[s>UD");
    EQ(status(&p, &t0, NULL), 2);
    EQ(status(&p, &t1, &address), 0);
    EQ(t1 - t0, 40 * address);
    dump(&p, address, 12288, 100, "080s");
    unsigned wrong = 0;
    for (unsigned i = 0; i < 100; i++) {
        /* L0 rises at sample 25 and falls 50 later; the comparators see A above the level or below. */
        bool high = i >= 25 && i < 75;
        if ((p.reply[i] & 1) != high || !(p.reply[i] & 8) || p.reply[i] & 0x16) wrong++;
    }
    EQ(wrong, 0);
    peer_close(&p);
}

TEST(mixed_trace)
{
    peer p;
    uint32_t address;
    uint8_t analog[100];
    TRUE(peer_open(&p, "bitscope", "a=square:20kHz:2V:1.65V,l1=square:20kHz:3.3V:1.65V:180,noise=0"));
    echo_of(&p, "05@80z7fz01z[zzz14@01z[z21@01z[zzzz11z[znn43z[zzz28z[zn02z04z[z04z[zn01z7fzn[zz64@e9z6bz1bz94z02z80z"
                "7b@c0z80s>UD");
    EQ(status(&p, NULL, NULL), 2);
    EQ(status(&p, NULL, &address), 0);
    dump(&p, address, 6144, 100, "0[s");
    memcpy(analog, p.reply, 100);
    dump(&p, address, 6144, 100, "080s");
    for (unsigned i = 0; i < 100; i++) {
        bool high = (i + 25) % 50 < 25;
        double volts = analog[i] / 256.0 * 3.33 - 0.016;
        NEAR(volts, high ? 2.65 : 0.65, 0.03);
        EQ(p.reply[i] & 0x82, high ? 0 : 2);   /* L7 is not enabled */
    }
    peer_close(&p);
}

TEST(timeout_and_cancel)
{
    static const char head[] = "05@80z7fz01z[zzz14@01z[z21@12z[zzzz11z[znn43z";
    static const char tail[] = "90z01zn04zz[z04z[zn01z[znzz64@e9z6bz1bz94za7z95z7b@80zs>UD";
    peer p;
    char text[256];
    uint32_t t0, t1, address;
    TRUE(peer_open(&p, "bitscope", "a=sine:1kHz:1V:1.65V"));
    snprintf(text, sizeof text, "%s[za0z06z%s", head, tail);
    echo_of(&p, text);
    EQ(status(&p, &t0, NULL), 2);
    EQ(status(&p, &t1, &address), 1);
    EQ(t1 - t0, 17 * 400 + 0x6a0 * 256);   /* TraceIntro, then the timeout */
    EQ(address, 1103);
    snprintf(text, sizeof text, "%s[zzz%s", head, tail);
    echo_of(&p, text);
    EQ(status(&p, &t0, NULL), 2);
    peer_sleep_ms(&p, 5);
    EQ(sim_port_pending(p.port), 0);
    echo_of(&p, "K");
    EQ(status(&p, &t1, &address), 3);
    NEAR((t1 - t0) / 400.0, address, 1);
    TRUE(address >= 500);
    dump(&p, address, 6144, 100, "5[s");
    /* Nothing runs: an echo and a packet all the same. */
    echo_of(&p, "K");
    EQ(status(&p, &t1, &address), 3);
    /* A reset ends a trace without a word, and so does a stop. */
    echo_of(&p, text);
    EQ(status(&p, &t0, NULL), 2);
    talk(&p, "!", "");
    echo_of(&p, "D");
    EQ(status(&p, &t0, NULL), 2);
    talk(&p, ".", "");
    talk(&p, "?", "\rBS000501\r");
    peer_close(&p);
}

TEST(chopped_trace)
{
    peer p;
    uint32_t address, t0, t1;
    TRUE(peer_open(&p, "bitscope", "a=square:200Hz:2V:1.65V,b=dc:2.5V,noise=0,timestamp=4294967000"));
    echo_of(&p, "05@80z7fz01z[zzz14@01z[z21@13z[zzzzecz01znnd4z05z[zz90z01zn05z04z[z04z[zn03z[znzz64@e9z6bz1bz94z02z80z"
                "7b@80zs>UD");
    EQ(status(&p, &t0, NULL), 2);
    EQ(status(&p, &t1, &address), 0);
    EQ((uint32_t)(t1 - t0) % 400, 0);   /* through the wrap of the tick count */
    EQ((uint32_t)(t1 - t0) / 400 % 6144, address);
    uint32_t start = ((address & ~1u) + 6144 - 2000) % 6144;
    for (int channel = 0; channel < 2; channel++) {
        char text[80];
        snprintf(text, sizeof text, "08@%02xz%02xz[z16@01z[z01z[zzze8z03z05z30@%s>A", start & 0xff, start >> 8,
                 channel ? "01s" : "[s");
        echo_of(&p, text);
        EQ(collect(&p, 2000, 1000), 2000);
        for (unsigned i = 0; i < 1000; i++) {
            double want = channel ? 2.5 : i % 250 < 125 ? 2.65 : 0.65;
            if (channel || (i % 125 > 1 && i % 125 < 123)) NEAR(native_volts(&p, i), want, 0.03);
        }
    }
    peer_close(&p);
}

/* BitLib's forced trace: mask ff with a FALSE filter, which must not hold it up. */
TEST(forced_trace_of_the_vendor)
{
    peer p;
    uint32_t address, t0, t1;
    TRUE(peer_open(&p, "bitscope", "a=dc:1V,noise=0"));
    talk(&p, "37@01s64@6asn22sn95snabsfc@c0sU", "");
    talk(&p, "05@00snffsn01sn00sn00sn00s14@01sn00s21@00sn00sn00sn00sn00sn80sn0", "");
    talk(&p, "0s2a@f4sn01sn00sn00sn28sn00s31@00sn01sn00sn02sn00s3a@00sn00s7b@0", "");
    talk(&p, "0s>", "");
    talk(&p, "U", "");
    echo_of(&p, "D");
    EQ(status(&p, &t0, NULL), 2);
    EQ(status(&p, &t1, &address), 0);
    EQ(address, 128 + 4 + 500);
    EQ(t1 - t0, address * 40);
    /* It reads from address − (N − 1): the sample behind the record must be one too. */
    talk(&p, "08@85sn00sn00s16@01sn00sn01sn00sn00sn00snf4sn01sn00s30@00s>", "");
    echo_of(&p, "A");
    EQ(collect(&p, 500, 1000), 500);
    unsigned wrong = 0;
    for (unsigned i = 1; i < 500; i++) wrong += p.reply[i] != p.reply[0] || !p.reply[i];
    EQ(wrong, 0);
    peer_close(&p);
}

/* 1000 samples of A at 100 kHz, no trigger wanted. */
static void capture_a(peer *p)
{
    uint32_t address;
    echo_of(p, "05@[zffz01z[zzz14@01z[z21@12z[zzzz[z[znne8z03z[zz90z01zn04z[zz01z[zn01z[znzz64@e9z6bz1bz94z02z80z"
               "7b@[s>UD");
    EQ(status(p, NULL, NULL), 2);
    EQ(status(p, NULL, &address), 0);
    dump(p, address, 6144, 1000, "5[s");
}

TEST(waveform_generator)
{
    peer p;
    unsigned n;
    TRUE(peer_open(&p, "bitscope", "a=l4,noise=0"));
    talk(&p, "46@[zz5a@[z80z[zsY", "");
    talk(&p, "46@[zznne8z03z[zzzz54@ffzz[zznn25z06z01z[sX", "");
    talk(&p, "46@02z[z04z80z50@28z[ze8z03z5e@0az[z01z[z78@[z7fsZ", "");
    talk(&p, "7c@40sU", "");
    capture_a(&p);
    NEAR(period_of(&p, 1000, &n), 100, 0.2);
    EQ(n >= 9 && n <= 10, 1);
    double low = 9, high = -9;
    for (unsigned i = 0; i < 1000; i++) low = fmin(low, native_volts(&p, i)), high = fmax(high, native_volts(&p, i));
    NEAR(low, 0, 0.03);
    NEAR(high, 3.3, 0.03);
    talk(&p, "46@01z[sZ7c@[sU", "");
    capture_a(&p);
    period_of(&p, 1000, &n);
    EQ(n, 0);
    /* A quarter of 1234.5 Hz is high, 1 V to 2 V. */
    talk(&p, "46@[z03z5a@[z40z[zsY", "");
    talk(&p, "46@[zznnecz03z[zzzz54@93z4dz5dzf4znn18z38z0bz[sX", "");
    talk(&p, "46@02z[z04z80z50@63z01zecz03z5e@0az[z01z[z78@[z7fsZ", "");
    talk(&p, "7c@40sU", "");
    capture_a(&p);
    unsigned above = 0;
    for (unsigned i = 0; i < 1000; i++) above += native_volts(&p, i) > 1.5;
    NEAR(above, 250, 20);
    NEAR(period_of(&p, 1000, &n), 1e5 / 1234.5, 0.2);
    peer_close(&p);
}

TEST(wave_table_by_hand)
{
    peer p;
    char text[4096] = "46@00z01z4a@01z00z4e@00zz";
    TRUE(peer_open(&p, "bitscope", "a=l4,noise=0"));
    for (unsigned i = 0; i < 1024; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, i % 2 ? "W" : "%02xW", i / 4 & 0xff);
    }
    talk(&p, text, "");
    talk(&p, "4e@p", "\r00\r");
    echo_of(&p, "4e@10z00z4a@08z00zR");
    EQ(collect(&p, 8, 100), 8);
    MEM(p.reply, "\x04\x04\x04\x04\x05\x05\x05\x05", 8);
    peer_close(&p);
}

TEST(clock_generator)
{
    peer p;
    unsigned n, above = 0;
    TRUE(peer_open(&p, "bitscope", "a=l5,noise=0"));
    talk(&p, "46@03z[z50@20z4ez82@[zz10z27z80z99@12sZ", "");
    capture_a(&p);
    NEAR(period_of(&p, 1000, &n), 50, 0.1);
    for (unsigned i = 0; i < 1000; i++) above += native_volts(&p, i) > 1.65;
    NEAR(above, 500, 26);
    talk(&p, "46@01z[sZ99@[sZ", "");
    capture_a(&p);
    period_of(&p, 1000, &n);
    EQ(n, 0);
    peer_close(&p);
}

TEST(streaming)
{
    peer p;
    TRUE(peer_open(&p, "bitscope", "a=dc:1.65V,b=dc:0V,l1=dc:3.3V,noise=0"));
    echo_of(&p, "64@e9z6bz1bz94z21@01s2e@40sn01s36@a5s37@03s38@02sU>T");
    EQ(collect(&p, 500, 1000), 500);
    for (unsigned i = 0; i < 500; i += 5) {
        EQ(p.reply[i], 0xa5);
        EQ(p.reply[i + 1], i / 5);
        NEAR(p.reply[i + 2], 128, 2);
        NEAR(p.reply[i + 3], 1, 1);
        EQ(p.reply[i + 4], 2);
    }
    put(&p, "K!.");
    for (int quiet_ms = 0; quiet_ms < 3; quiet_ms++) {
        while (collect(&p, 4096, 5) > 0) continue;
    }
    talk(&p, "?", "\rBS000501\r");
    peer_close(&p);
}

TEST(sample_rates)
{
    /* TraceMode, BufferMode, ticks and scale asked; ticks of a sample that come. */
    static const struct {
        unsigned mode, buffer, ticks, scale, want;
    } rows[] = {
        {18, 4, 40, 1, 40}, {18, 4, 20, 1, 40}, {18, 4, 400, 3, 400}, {0, 0, 40, 17, 680}, {0, 0, 10, 1, 15},
        {4, 0, 10, 1, 10},  {4, 0, 40, 1, 14},  {11, 0, 2, 1, 2},     {14, 0, 5, 4, 5},    {13, 0, 1, 1, 1},
        {20, 0, 2, 1, 2},   {3, 3, 40, 100, 4000},
    };
    peer p;
    char text[128];
    uint32_t t0, t1, address;
    TRUE(peer_open(&p, "bitscope", NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "06@ffs08@00zzz14@%02xz%02xz21@%02xs2a@f4z01z[zz%02xz%02xz31@%02xs32@[zz01z[z>D",
                 rows[i].scale & 0xff, rows[i].scale >> 8, rows[i].mode, rows[i].ticks & 0xff, rows[i].ticks >> 8,
                 rows[i].buffer);
        echo_of(&p, text);
        EQ(status(&p, &t0, NULL), 2);
        EQ(status(&p, &t1, &address), 0);
        EQ(t1 - t0, 502 * rows[i].want);
        EQ(address, 502);
    }
    peer_close(&p);
}

/* A gap of 1 ms behind the trigger. */
TEST(trace_delay)
{
    peer p;
    uint32_t t0, t1;
    TRUE(peer_open(&p, "bitscope", NULL));
    echo_of(&p, "06@ffs14@01z[z21@12s22@e8z03z[zz2a@64z[z[zz28z[z31@04s34@01z[z>D");
    EQ(status(&p, &t0, NULL), 2);
    EQ(status(&p, &t1, NULL), 0);
    EQ(t1 - t0, 102 * 40 + 40000);
    peer_close(&p);
}

TEST(faults)
{
    peer p;
    uint32_t stamp;
    TRUE(peer_open(&p, "bitscope", "lost-echo=1"));
    put(&p, "2e@?");
    EQ(collect(&p, 10, 50), 10);
    STR((char *)p.reply, "\rBS000501\r");
    peer_close(&p);
    TRUE(peer_open(&p, "bitscope", "wrong-echo=0.5"));
    put(&p, "................................................................");
    EQ(collect(&p, 64, 50), 64);
    unsigned wrong = 0;
    for (unsigned i = 0; i < 64; i++) wrong += p.reply[i] != '.';
    TRUE(wrong > 10 && wrong < 54);
    peer_close(&p);
    TRUE(peer_open(&p, "bitscope", "open-garbage=1"));
    EQ(collect(&p, 100, 20), 64);
    talk(&p, "!", "");
    peer_close(&p);
    /* A dump that breaks off; a reset brings the machine back. */
    TRUE(peer_open(&p, "bitscope", "stall=1"));
    echo_of(&p, "1c@64z[s>A");
    EQ(collect(&p, 100, 30), 50);
    put(&p, "?");
    EQ(collect(&p, 1, 20), 0);
    talk(&p, "!?", "\rBS000501\r");
    peer_close(&p);
    /* A power failure in mid-trace: no packet, registers at their power-up values. */
    TRUE(peer_open(&p, "bitscope", "mid-reset=1"));
    echo_of(&p, "05@80s06@7fs07@01s2e@90s50@77s>D");
    EQ(status(&p, &stamp, NULL), 2);
    peer_sleep_ms(&p, 5);
    TRUE(quiet(&p));
    talk(&p, "50@p", "\r00\r");
    peer_close(&p);
    TRUE(peer_open(&p, "bitscope", "latency=20ms"));
    int64_t began = grat_now_ns();
    put(&p, "?");
    EQ(collect(&p, 11, 1000), 11);
    TRUE(grat_now_ns() - began >= 20000000);
    peer_close(&p);
}

int main(void)
{
    RUN(registers);
    RUN(eeprom_and_identity);
    RUN(triggered_trace);
    RUN(logic_trace);
    RUN(mixed_trace);
    RUN(timeout_and_cancel);
    RUN(chopped_trace);
    RUN(forced_trace_of_the_vendor);
    RUN(waveform_generator);
    RUN(wave_table_by_hand);
    RUN(clock_generator);
    RUN(streaming);
    RUN(sample_rates);
    RUN(trace_delay);
    RUN(faults);
    return TEST_RESULT();
}
