#include "bitscope/vm.h"

#include "test.h"

#include "core/wait.h"

/* ---- a device by script: what must come, what is answered ------------------------------------------ */

typedef struct step {
    const char *expect, *reply;
    size_t reply_n;          /* 0 = strlen */
} step;

typedef struct script {
    const step *steps;
    unsigned at;
    char in[4096];           /* of the present step */
    size_t in_n;
    uint8_t out[8192];
    size_t out_n;
    bool wrong;
    unsigned clears;
} script;

static void answer(script *s)
{
    const step *st = &s->steps[s->at];
    if (!st->expect || s->in_n != strlen(st->expect)) return;
    size_t n = st->reply_n ? st->reply_n : strlen(st->reply);
    memcpy(s->out + s->out_n, st->reply, n);
    s->out_n += n;
    s->in_n = 0;
    s->at++;
}

static grat_err fake_write(void *user, const void *data, size_t n, grat_op *op)
{
    script *s = user;
    const char *p = data;
    op->count = n;
    for (size_t i = 0; i < n; i++) {
        const char *expect = s->steps[s->at].expect;
        if (!expect || expect[s->in_n] != p[i]) {
            if (!s->wrong) fprintf(stderr, "step %u, byte %zu: got '%c'\n", s->at, s->in_n, p[i]);
            s->wrong = true;
            return GRAT_OK;
        }
        s->in[s->in_n++] = p[i];
        answer(s);
    }
    return GRAT_OK;
}

static grat_err fake_read(void *user, void *buf, size_t n, grat_op *op)
{
    script *s = user;
    size_t k = n < s->out_n ? n : s->out_n;
    memcpy(buf, s->out, k);
    memmove(s->out, s->out + k, s->out_n - k);
    s->out_n -= k;
    op->count = k;
    return k == n ? GRAT_OK : grat_op_fail(op, GRAT_ETIMEOUT, "timed out");
}

static grat_err fake_clear(void *user, grat_op *op)
{
    script *s = user;
    (void)op;
    s->out_n = 0;
    s->clears++;
    return GRAT_OK;
}

static grat__bs_vm machine(script *s)
{
    return (grat__bs_vm){.pipe = {.user = s, .write = fake_write, .read = fake_read, .clear = fake_clear,
                                  .window = 4096},
                         .version = "BS000501"};
}

/* ---- strings: the conversations of ScopeThing, byte by byte ------------------------------------------ */

static const char *encoded(const grat__bs_regs *r, const char *tail)
{
    static char text[GRAT__BS_PROGRAM_MAX];
    grat__bs_encode(r, tail, text);
    return text;
}

#define P(name, value) grat__bs_put(&r, GRAT__BS_##name, value)

static grat__bs_regs trace_registers(void)
{
    grat__bs_regs r = {0};
    P(TriggerLogic, 0x80), P(TriggerMask, 0x7f), P(SpockOption, 1), P(SampleAddress, 0), P(ClockScale, 1);
    P(TraceMode, 18), P(TraceDelay, 0), P(TraceIntro, 242), P(TraceOutro, 742), P(Timeout, 0), P(ClockTicks, 40);
    P(BufferMode, 4), P(TriggerIntro, 4), P(TriggerOutro, 4), P(AnalogEnable, 1), P(DigitalEnable, 0), P(Prelude, 0);
    P(ConverterLo, 0x6be9), P(ConverterHi, 0x941b), P(TriggerLevel, 0x8002), P(KitchenSinkA, 0x80);
    P(KitchenSinkB, 0x80);
    return r;
}

TEST(trace_strings)
{
    grat__bs_regs r = trace_registers();
    STR(encoded(&r, ">UD"),
        "05@80z7fz01z[zzz14@01z[z21@12z[zzzzf2z[znne6z02z[zz28z[zn04zz[z04z[zn01z[znzz64@e9z6bz1bz94z02z80z7b@80zs>UD");
    P(TraceIntro, 17), P(TraceOutro, 67), P(ClockTicks, 400), P(TriggerLevel, 0x95a7);
    STR(encoded(&r, ">UD"),
        "05@80z7fz01z[zzz14@01z[z21@12z[zzzz11z[znn43z[zzz90z01zn04zz[z04z[zn01z[znzz64@e9z6bz1bz94za7z95z7b@80zs>UD");
    P(Timeout, 0x6a0);
    STR(encoded(&r, ""),
        "05@80z7fz01z[zzz14@01z[z21@12z[zzzz11z[znn43z[za0z06z90z01zn04zz[z04z[zn01z[znzz64@e9z6bz1bz94za7z95z7b@80zs");
    r = trace_registers();
    P(TriggerLogic, 1), P(TriggerMask, 0xfe), P(TraceMode, 14), P(TraceIntro, 17), P(TraceOutro, 67), P(BufferMode, 0);
    P(AnalogEnable, 0), P(DigitalEnable, 0xff), P(KitchenSinkA, 0xc0), P(KitchenSinkB, 0);
    STR(encoded(&r, ">UD"), "05@01zfez01z[zzz14@01z[z21@0ez[zzzz11z[znn43z[zzz28z[znz04z[z04z[znzffzn[zz64@e9z6bz1bz94z"
                            "02z80z7b@c0z[s>UD");
    r = trace_registers();
    P(TraceMode, 1), P(TraceIntro, 17), P(TraceOutro, 67), P(BufferMode, 2), P(DigitalEnable, 0x7f);
    P(KitchenSinkA, 0xc0);
    STR(encoded(&r, ">UD"), "05@80z7fz01z[zzz14@01z[z21@01z[zzzz11z[znn43z[zzz28z[zn02z04z[z04z[zn01z7fzn[zz64@e9z6bz"
                            "1bz94z02z80z7b@c0z80s>UD");
}

TEST(dump_strings)
{
    grat__bs_regs r = {0};
    P(DumpChan, 0), P(DumpMode, 5), P(DumpCount, 1000), P(DumpSkip, 0), P(DumpSend, 1), P(DumpRepeat, 1);
    P(SampleAddress, 0x1da);
    STR(encoded(&r, ">A"), "08@daz01z[z16@01z[z01z[zzze8z03z05z30@[s>A");
    P(SampleAddress, 0x652), P(DumpCount, 100);
    STR(encoded(&r, ">A"), "08@52z06z[z16@01z[z01z[zzz64z[z05z30@[s>A");
    P(SampleAddress, 0x0f), P(DumpMode, 0), P(DumpChan, 0x80);
    STR(encoded(&r, ">A"), "08@0fz[zz16@01z[z01z[zzz64z[zz30@80s>A");
    P(SampleAddress, 0x28), P(DumpCount, 1000), P(DumpMode, 5), P(DumpChan, 1);
    STR(encoded(&r, ">A"), "08@28z[zz16@01z[z01z[zzze8z03z05z30@01s>A");
}

TEST(generator_strings)
{
    grat__bs_regs r = {0};
    P(Cmd, 0), P(Mode, 0), P(Ratio, 0x8000);
    r.used[0x5c] = true, r.used[0x5d] = false;
    STR(encoded(&r, "Y"), "46@[zz5a@[z80z[sY");
    memset(&r, 0, sizeof r);
    P(Cmd, 0), P(Mode, 0), P(Size, 1000), P(Index, 0), P(Address, 0), P(Level, 0xffff), P(Offset, 0);
    P(Ratio, 0x00010625);
    STR(encoded(&r, "X"), "46@[zznne8z03z[zzzz54@ffzz[zznn25z06z01z[sX");
    memset(&r, 0, sizeof r);
    P(Cmd, 2), P(Mode, 0), P(Option, 0x8004), P(Clock, 40), P(Modulo, 1000), P(Mark, 10), P(Space, 1), P(Rest, 0x7f00);
    STR(encoded(&r, "Z"), "46@02z[z04z80z50@28z[ze8z03z5e@0az[z01z[z78@[z7fsZ");
    P(Clock, 355), P(Modulo, 1004);
    STR(encoded(&r, "Z"), "46@02z[z04z80z50@63z01zecz03z5e@0az[z01z[z78@[z7fsZ");
    memset(&r, 0, sizeof r);
    P(Cmd, 3), P(Mode, 0), P(Clock, 20000), P(Rise, 0), P(Fall, 10000), P(Control, 0x80), P(Map5, 0x12);
    STR(encoded(&r, "Z"), "46@03z[z50@20z4ez82@[zz10z27z80z99@12sZ");
    memset(&r, 0, sizeof r);
    P(Cmd, 1), P(Mode, 0), P(Map5, 0);
    STR(encoded(&r, "Z"), "46@01z[z99@[sZ");
}

TEST(fixed_point)
{
    EQ(grat__bs_fixed(1.0, 16, false), 0xffff);
    EQ(grat__bs_fixed(-0.1, 16, false), 0);
    EQ(grat__bs_fixed(0.5, 16, false), 0x8000);
    EQ(grat__bs_fixed(2.5 / 65536, 16, false), 2); /* halves to even */
    EQ(grat__bs_fixed(3.5 / 65536, 16, false), 4);
    EQ(grat__bs_fixed((1.5 - 1.65) / 3.3, 16, true), 0xf45d);
    EQ(grat__bs_fixed(-1, 16, true), 0x8000);
    EQ(grat__bs_fixed(2 / 3.3, 16, false), 0x9b27);
}

/* ---- conversations --------------------------------------------------------------------------------------- */

TEST(identify_and_read)
{
    static const step steps[] = {
        {"!", "late 0283c4e7\r!", 0},         {"?", "?\rBS000501\r", 0},
        {"7c@[s99@[s", "7c@[s99@[s", 0}, {"2e@p", "2e@p\r28\r", 0},
        {"np", "np\r00\r", 0},           {0}};
    script s = {.steps = steps};
    grat__bs_vm vm = machine(&s);
    grat_op op;
    uint32_t v;
    vm.version[0] = '\0';
    grat_op_init(&op, 2000, NULL);
    EQ(grat__bs_resync(&vm, false, &op), GRAT_OK);
    STR(vm.version, "BS000501");
    EQ(grat__bs_get(&vm, GRAT__BS_ClockTicks, &v, &op), GRAT_OK);
    EQ(v, 40);
    TRUE(!vm.lost && !s.wrong);
}

/* The link is asked before it is reset: a reset would stop a generator. */
TEST(gentle_first)
{
    static const step in_step[] = {{"?", "?\rBS000501\r", 0}, {0}};
    static const step out_of_step[] = {
        {"?", "\r00000", 0}, {"!", "5c2\r?\rBS000501\r!", 0}, {"?", "?\rBS000501\r", 0},
        {"7c@p", "7c@p\r80\r", 0}, {"99@p", "99@p\r00\r", 0}, {0}};
    script s = {.steps = in_step};
    grat__bs_vm vm = machine(&s);
    grat_op op;
    bool reset = true;
    vm.version[0] = '\0';
    grat_op_init(&op, 2000, NULL);
    EQ(grat__bs_ready(&vm, &reset, &op), GRAT_OK);
    TRUE(!reset && !s.wrong);
    s = (script){.steps = out_of_step};
    vm = machine(&s);
    vm.version[0] = '\0';
    EQ(grat__bs_ready(&vm, &reset, &op), GRAT_OK);
    TRUE(reset && !s.wrong);
    EQ(s.clears, 1);
}

/* What ran before the reset by its registers is started again. */
TEST(reset_with_a_generator)
{
    static const step wave[] = {
        {"!", "!", 0}, {"?", "?\rBS000501\r", 0}, {"7c@p", "7c@p\rc0\r", 0}, {"99@p", "99@p\r00\r", 0},
        {"46@02z[sZ", "46@02z[sZ", 0}, {"U", "U", 0}, {0}};
    static const step clock[] = {
        {"!", "!", 0}, {"?", "?\rBS000501\r", 0}, {"7c@p", "7c@p\r00\r", 0}, {"99@p", "99@p\r12\r", 0},
        {"46@03z[sZ", "46@03z[sZ", 0}, {0}};
    const step *const all[] = {wave, clock};
    for (unsigned i = 0; i < 2; i++) {
        script s = {.steps = all[i]};
        grat__bs_vm vm = machine(&s);
        grat_op op;
        grat_op_init(&op, 2000, NULL);
        EQ(grat__bs_resync(&vm, true, &op), GRAT_OK);
        EQ(vm.revived, 1);
        TRUE(!s.wrong && !s.steps[s.at].expect);
    }
}

TEST(trace_and_dump)
{
    static const char dump[] = "A" "\xb2\x60\xb2\x60\x00\x0d";
    static const step steps[] = {{">", ">", 0},
                                 {"D", "D02\r0282de98\r02\r0282de99\r00\r0283c4e7\r000005c2\r", 0},
                                 {"A", dump, sizeof dump - 1},
                                 {0}};
    script s = {.steps = steps};
    grat__bs_vm vm = machine(&s);
    grat__bs_packet p;
    uint8_t data[6];
    grat_op op;
    grat_op_init(&op, 2000, NULL);
    EQ(grat__bs_send(&vm, ">", 1, &op), GRAT_OK);
    EQ(grat__bs_send(&vm, "D", 1, &op), GRAT_OK);
    EQ(grat__bs_status(&vm, &p, &op), GRAT_OK);
    EQ(p.code, GRAT__BS_WAITING);
    EQ(p.time, 0x0282de98);
    EQ(grat__bs_status(&vm, &p, &op), GRAT_OK);
    EQ(p.code, GRAT__BS_WAITING);
    EQ(grat__bs_status(&vm, &p, &op), GRAT_OK);
    EQ(p.code, GRAT__BS_DONE);
    EQ(p.time, 0x0283c4e7);
    EQ(p.address, 0x5c2);
    EQ(grat__bs_send(&vm, "A", 1, &op), GRAT_OK);
    EQ(grat__bs_read(&vm, data, sizeof data, &op), GRAT_OK);
    MEM(data, dump + 1, 6);
    TRUE(!s.wrong && !vm.lost);
}

static void cancel_case(const char *before, const char *reply, unsigned code, uint32_t address)
{
    const step steps[] = {{"D", before, 0}, {"K", reply, 0}, {"?", "?\rBS000501\r", 0}, {0}};
    script s = {.steps = steps};
    grat__bs_vm vm = machine(&s);
    grat__bs_packet p = {0};
    grat_op op;
    grat_op_init(&op, 2000, NULL);
    EQ(grat__bs_send(&vm, "D", 1, &op), GRAT_OK);
    EQ(grat__bs_status(&vm, &p, &op), GRAT_OK);
    EQ(grat__bs_cancel(&vm, &p, &op), GRAT_OK);
    EQ(p.code, code);
    EQ(p.address, address);
    TRUE(!vm.lost && vm.held_n == 0);
    EQ(grat__bs_send(&vm, "?", 1, &op), GRAT_OK);
}

TEST(cancel_races)
{
    cancel_case("D02\r0284c74c\r", "K03\r02ffc3ac\r000006b6\r", GRAT__BS_STOPPED, 0x6b6);
    /* It was done while K was under way; K itself is then answered by its echo alone, or with a packet. */
    cancel_case("D02\r0284c74c\r", "00\r02ffc3ac\r000006b6\rK", GRAT__BS_DONE, 0x6b6);
    cancel_case("D02\r0284c74c\r", "00\r02ffc3ac\r000006b6\rK03\r02ffc400\r00000700\r", GRAT__BS_DONE, 0x6b6);
    /* A second wait packet. */
    cancel_case("D02\r0284c74c\r", "02\r0284c74d\rK03\r02ffc3ac\r000006b6\r", GRAT__BS_STOPPED, 0x6b6);
}

TEST(half_a_packet_is_kept)
{
    static const step steps[] = {{"D", "D02\r0284c74c\r00\r02f", 0}, {"K", "fc3ac\r000006b6\rK", 0}, {0}};
    script s = {.steps = steps};
    grat__bs_vm vm = machine(&s);
    grat__bs_packet p;
    grat_op op;
    grat_op_init(&op, 2000, NULL);
    grat__bs_send(&vm, "D", 1, &op);
    EQ(grat__bs_status(&vm, &p, &op), GRAT_OK);
    EQ(grat__bs_status(&vm, &p, &op), GRAT_ETIMEOUT);
    TRUE(!vm.lost);
    EQ(grat__bs_cancel(&vm, &p, &op), GRAT_OK);
    EQ(p.code, GRAT__BS_DONE);
    EQ(p.time, 0x02ffc3ac);
    EQ(p.address, 0x6b6);
}

static void bad_status(const char *reply)
{
    const step steps[] = {{"D", reply, 0}, {0}};
    script s = {.steps = steps};
    grat__bs_vm vm = machine(&s);
    grat__bs_packet p;
    grat_op op;
    grat_op_init(&op, 2000, NULL);
    grat__bs_send(&vm, "D", 1, &op);
    EQ(grat__bs_status(&vm, &p, &op), GRAT_EPROTO);
    TRUE(vm.lost);
    EQ(grat__bs_send(&vm, "D", 1, &op), GRAT_EPROTO);
}

TEST(malformed)
{
    bad_status("D04\r0284c74c\r");
    bad_status("D0x\r0284c74c\r");
    bad_status("D02 0284c74c\r");
    bad_status("D02\r0284C74c\r");
    bad_status("D00\r0284c74c\r0000 6b6\r");
    bad_status("D00\r0284c74c 000006b6\r");
}

TEST(wrong_echo_and_silence)
{
    static const step wrong[] = {{"ab", "aB", 0}, {0}};
    static const step silent[] = {{"ab", "a", 0}, {0}};
    script s = {.steps = wrong};
    grat__bs_vm vm = machine(&s);
    grat_op op;
    uint8_t data[4];
    grat_op_init(&op, 2000, NULL);
    EQ(grat__bs_send(&vm, "ab", 2, &op), GRAT_EPROTO);
    TRUE(vm.lost);
    s = (script){.steps = silent};
    vm = machine(&s);
    EQ(grat__bs_send(&vm, "ab", 2, &op), GRAT_ETIMEOUT);
    TRUE(vm.lost);
    vm.lost = false;
    EQ(grat__bs_read(&vm, data, 4, &op), GRAT_ESHORT);
    TRUE(vm.lost);
}

int main(void)
{
    RUN(trace_strings);
    RUN(dump_strings);
    RUN(generator_strings);
    RUN(fixed_point);
    RUN(identify_and_read);
    RUN(gentle_first);
    RUN(reset_with_a_generator);
    RUN(trace_and_dump);
    RUN(cancel_races);
    RUN(half_a_packet_is_kept);
    RUN(malformed);
    RUN(wrong_echo_and_silence);
    return TEST_RESULT();
}
