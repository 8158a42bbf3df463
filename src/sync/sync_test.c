/* Benches of simulated multimeters on real wires: whole runs, and what one bad member does to the others. */
#include <graticule/sim.h>
#include <graticule/sync.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "temp.h"
#include "test.h"

enum { MOST = 64 };

static const char *extra = "";  /* options of all */
static const char *faults[3];   /* of the first of each wire */
static const char *const fast = "CONF:VOLT:DC 10\nVOLT:NPLC 0.2";

static struct {
    grat_sim *sim;
    grat_cancel *stop;
    pthread_t thread;
    grat_sim_instrument what[MOST];
    char address[MOST][20], options[MOST][200];
    char log[40];
    grat_sync_member member[MOST];
    char name[MOST][8];
    unsigned n;
    int64_t epoch_ns;
} bench;

static void *serve(void *unused)
{
    grat_op op;
    grat_op_init(&op, 600000, NULL);
    grat_sim_run(bench.sim, bench.stop, &op);
    return unused;
}

static double ppm(unsigned i)
{
    static const double errors[] = {100, -100, 37, 0, -5};
    return errors[i % 5];
}

/* n multimeters over the three wires in turn, at i + 1 volts; the starts go to bench.log. */
static bool begin(unsigned n, const char *recipe)
{
    static const char *const wires[] = {"raw", "vxi11", "hislip"};
    static unsigned runs;
    static char room[64];
    grat_op op;
    grat_recipe r;
    snprintf(bench.log, sizeof bench.log, "%s", test_file("starts", ""));
    runs++;
    bench.n = n;
    bench.epoch_ns = grat_now_ns();
    grat_op_init(&op, 10000, NULL);
    EQ(grat_recipe_parse(recipe, room, sizeof room, &r, &op), GRAT_OK);
    r.setup = fast;
    for (unsigned i = 0; i < n; i++) {
        snprintf(bench.address[i], sizeof bench.address[i], "127.%u.%u.%u", 71 + runs, (unsigned)getpid() % 250, i + 1);
        snprintf(bench.options[i], sizeof bench.options[i],
                 "ch1=dc:%u,serial=%u,start-log=%s,clock-offset=0.5s,clock-error=%g,epoch=%lld%s", i + 1, i, bench.log,
                 ppm(i), (long long)bench.epoch_ns, extra);
        snprintf(bench.name[i], sizeof bench.name[i], "m%u", i);
        bench.what[i] = (grat_sim_instrument){.model = "dmm", .address = bench.address[i], .wires = wires[i % 3],
                                              .options = bench.options[i], .no_portmapper = true,
                                              .faults = i < 3 ? faults[i] : NULL};
    }
    bench.stop = grat_cancel_new();
    if (grat_sim_new(bench.what, n, 1, &op, &bench.sim)) {
        TEST_FAIL("no bench: %s", op.text);
        return false;
    }
    for (unsigned i = 0; i < n; i++)
        bench.member[i] = (grat_sync_member){.size = sizeof(grat_sync_member), .name = bench.name[i],
                                             .resource = grat_sim_resource(bench.sim, i), .recipe = r};
    pthread_create(&bench.thread, NULL, serve, NULL);
    return true;
}

static void end(void)
{
    grat_cancel_fire(bench.stop);
    pthread_join(bench.thread, NULL);
    grat_sim_free(bench.sim);
    grat_cancel_free(bench.stop);
    unlink(bench.log);
}

static grat_sync *opened_within(int64_t ms)
{
    grat_sync *y = NULL;
    grat_op op;
    grat_op_init(&op, ms, NULL);
    if (grat_sync_open(bench.member, bench.n, NULL, &op, &y)) TEST_FAIL("%s", op.text);
    return y;
}

static grat_sync *opened(void)
{
    return opened_within(3000);
}

static void whole(const grat_sync *y, unsigned i)
{
    const grat_sync_result *r = grat_sync_get(y, i);
    EQ(r->err, GRAT_OK);
    STR(r->text, "");
    EQ(r->step, GRAT_SYNC_DONE);
    EQ(r->values, 1);
    if (r->values) TRUE(fabs(r->value[0] - (i + 1)) < 1e-6);
    STR(r->identity.model, "DMM");
}

/* When the simulator itself saw the start of each; false when there is not one line for each member. */
static bool arrivals(int64_t at[MOST])
{
    FILE *f = fopen(bench.log, "r");
    unsigned n = 0, i;
    long long ns;
    memset(at, 0, MOST * sizeof *at);
    while (f && fscanf(f, "%lld %u %*s", &ns, &i) == 2 && i < MOST) at[i] = ns, n++;
    if (f) fclose(f);
    return n == bench.n;
}

TEST(readings_of_all_and_the_start_is_where_it_is_said_to_be)
{
    int64_t at[MOST];
    if (!begin(9, "init")) return;
    for (unsigned i = 0; i < bench.n; i++) bench.member[i].recipe.clock = "SYST:TIME?";
    grat_sync *y = opened();
    grat_op op;
    grat_op_init(&op, 5000, NULL);
    EQ(grat_sync_run(y, 0, &op), GRAT_OK);
    TRUE(arrivals(at));
    for (unsigned i = 0; i < bench.n; i++) {
        const grat_sync_result *r = grat_sync_get(y, i);
        whole(y, i);
        EQ(r->acknowledged, i % 3 == 1);
        /* Both ends are certain where the wire acknowledges, elsewhere the lower one. */
        TRUE(at[i] >= r->sent_ns);
        if (r->acknowledged) TRUE(at[i] <= r->accepted_ns);
        TRUE(r->read_ns > at[i] && r->round_trip_ns > 0);
        TRUE(r->has_clock && fabs(r->clock_offset - 0.5) <= r->clock_uncertainty + 1e-4);
    }
    TRUE(grat_sync_send_spread_ns(y) > 0);
    TRUE(!grat_sync_get(y, bench.n));
    int64_t then = grat_now_ns() + 50000000;
    EQ(grat_sync_run(y, then, &op), GRAT_OK);
    for (unsigned i = 0; i < bench.n; i++) TRUE(grat_sync_get(y, i)->sent_ns >= then);
    grat_sync_close(y);
    end();
}

/* What a member's clock is ahead at a moment. */
static double truth(unsigned i, int64_t ns)
{
    return 0.5 + ppm(i) * 1e-6 * (double)(ns - bench.epoch_ns) / 1e9;
}

/* Clocks that are up to 100 ppm wrong, over real wires: the statements about offset, drift and start hold, and the
 * drift becomes known. */
TEST(clocks_are_modelled)
{
    enum { RUNS = 40 };
    int64_t at[MOST];
    unsigned off = 0, drifted = 0, early = 0;
    if (!begin(6, "init")) return;
    for (unsigned i = 0; i < bench.n; i++) {
        bench.member[i].recipe.clock = "SYST:TIME?";
        bench.member[i].recipe.stamp = i < 3 ? "SYST:TIME:SCAN?" : NULL;
    }
    grat_sync *y = opened();
    grat_op op;
    for (unsigned run = 0; y && run < RUNS; run++) {
        grat_op_init(&op, 5000, NULL);
        if (truncate(bench.log, 0)) TEST_FAIL("the log stays");
        EQ(grat_sync_run(y, grat_now_ns() + 30000000, &op), GRAT_OK);
        TRUE(arrivals(at));
        for (unsigned i = 0; i < bench.n; i++) {
            const grat_sync_result *r = grat_sync_get(y, i);
            off += fabs(r->clock_offset - truth(i, r->start_ns)) > r->clock_uncertainty + 5e-6;
            drifted += fabs(r->clock_drift - ppm(i) * 1e-6) > r->clock_drift_uncertainty;
            early += llabs(at[i] - r->start_ns) > r->uncertainty_ns + 5000;
            EQ(r->stamped, i < 3);
            TRUE(r->clock_uncertainty > 0 && r->clock_uncertainty < 0.1);
            if (run == RUNS - 1) TRUE(r->clock_drift_uncertainty < 190e-6);
        }
    }
    printf("     of %u: offset %u, drift %u, start %u outside\n", RUNS * bench.n, off, drifted, early);
    /* 1 in 20 or less; the runs of one bench are not independent, and a computer may be busy. */
    TRUE(off <= RUNS * bench.n / 50);
    TRUE(drifted <= RUNS * bench.n / 8);
    TRUE(early <= RUNS * bench.n / 8);
    grat_sync_close(y);
    end();
}

TEST(the_wires_trigger_starts_what_waits_for_it)
{
    static const char *const others[] = {"read", "INIT|FETC?|ABOR"};
    int64_t at[MOST];
    if (!begin(6, "trigger")) return;
    grat_sync *y = opened();
    grat_op op;
    grat_op_init(&op, 5000, NULL);
    for (unsigned run = 0; run < 3; run++) {
        EQ(grat_sync_run(y, 0, &op), GRAT_OK);
        for (unsigned i = 0; i < bench.n; i++) whole(y, i);
    }
    grat_sync_close(y);
    end();
    for (unsigned k = 0; k < 2; k++) {
        if (!begin(3, others[k])) return;
        y = opened();
        EQ(grat_sync_run(y, 0, &op), GRAT_OK);
        TRUE(arrivals(at));
        for (unsigned i = 0; i < bench.n; i++) whole(y, i);
        grat_sync_close(y);
        end();
    }
}

TEST(answers_of_several_numbers_and_of_none)
{
    if (!begin(3, "init")) return;
    bench.member[0].recipe.setup = "CONF:VOLT 10\nVOLT:NPLC 0.02\nSAMP:COUN 1000";
    bench.member[1].recipe.read = "FETC?;*OPC?;CONF?";
    bench.member[2].recipe.read = NULL;
    grat_sync *y = opened();
    grat_op op;
    grat_op_init(&op, 5000, NULL);
    EQ(grat_sync_run(y, 0, &op), GRAT_OK);
    const grat_sync_result *r = grat_sync_get(y, 0);
    EQ(r->values, 1000);
    for (size_t i = 0; i < r->values; i++) TRUE(fabs(r->value[i] - 1) < 1e-6);
    r = grat_sync_get(y, 1);
    EQ(r->values, 0);
    TRUE(r->reply && strncmp((const char *)r->reply, "+2.00000000E+00;1;\"VOLT", 23) == 0);
    r = grat_sync_get(y, 2);
    TRUE(r->step == GRAT_SYNC_DONE && !r->reply && !r->values && r->sent_ns > 0);
    grat_sync_close(y);
    end();
}

/* Takes connections and never says anything. */
static int mute(char resource[60])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EQ(bind(fd, (struct sockaddr *)&a, n), 0);
    EQ(listen(fd, 4), 0);
    getsockname(fd, (struct sockaddr *)&a, &n);
    snprintf(resource, 60, "TCPIP::127.0.0.1::%u::SOCKET", ntohs(a.sin_port));
    return fd;
}

/* Nothing is left behind in the instrument: asked by a session of its own. */
static void is_idle(const char *resource)
{
    grat_session *s = NULL;
    grat_op op;
    double v = -1;
    grat_op_init(&op, 3000, NULL);
    EQ(grat_open(resource, NULL, &op, &s), GRAT_OK);
    EQ(grat_query_number(s, "STAT:OPER:COND?", &v, &op), GRAT_OK);
    EQ((int)v, 0);
    grat_close(s);
}

/* Member 1 is not there, 2 has another identity, 3 a command that is none, 5 never answers: 0 and 4 are whole. */
TEST(members_that_cannot_take_part)
{
    char dead[60];
    if (!begin(6, "init")) return;
    int fd = mute(dead);
    bench.member[5].resource = dead;
    bench.member[1].resource = "TCPIP::127.0.0.1::1::SOCKET";
    bench.member[2].identity = "34461A";
    bench.member[3].recipe.setup = "CONF:VOLT\nCONF:NONSENSE";
    grat_sync *y = opened();
    grat_op op;
    grat_op_init(&op, 5000, NULL);
    EQ(grat_sync_run(y, 0, &op), GRAT_OK);
    whole(y, 0);
    whole(y, 4);
    EQ(grat_sync_get(y, 5)->err, GRAT_ETIMEOUT);
    EQ(grat_sync_get(y, 5)->step, GRAT_SYNC_OPEN);
    EQ(grat_sync_get(y, 1)->err, GRAT_EREFUSED);
    EQ(grat_sync_get(y, 1)->step, GRAT_SYNC_OPEN);
    EQ(grat_sync_get(y, 2)->err, GRAT_ENODEV);
    EQ(grat_sync_get(y, 3)->err, GRAT_EINSTR);
    EQ(grat_sync_get(y, 3)->step, GRAT_SYNC_SETUP);
    TRUE(strstr(grat_sync_get(y, 3)->text, "-113") != NULL);
    grat_sync_close(y);
    close(fd);
    for (unsigned i = 0; i < bench.n; i++) bench.member[i].identity = "34461A";
    EQ(grat_sync_open(bench.member, 1, NULL, &op, &y), GRAT_ENODEV);
    end();
}

/* Only the first gets a command; its trigger output starts the others, which wait for it. */
TEST(a_master_starts_the_others)
{
    const char *name, *text;
    grat_op op;
    extra = ",trigger-out=t,trigger-in=t";
    bool there = begin(6, "external");
    extra = "";
    if (!there) return;
    grat_recipe_nth(0, &name, &text, &bench.member[0].recipe);
    bench.member[0].recipe.setup = fast;
    grat_sync *y = opened();
    for (unsigned run = 0; y && run < 3; run++) {
        grat_op_init(&op, 5000, NULL);
        EQ(grat_sync_run(y, 0, &op), GRAT_OK);
        for (unsigned i = 0; i < bench.n; i++) {
            whole(y, i);
            EQ(grat_sync_get(y, i)->sent_ns > 0, i == 0);
        }
    }
    grat_sync_close(y);
    end();
}

/* Its trigger input sees a pulse while the others still wait for the time of the start: no reading of its counts. */
TEST(a_member_that_triggers_early)
{
    const char *name, *text;
    grat_op op;
    extra = ",ext=400ms";
    bool there = begin(4, "trigger");
    extra = "";
    if (!there) return;
    for (unsigned i = 0; grat_recipe_nth(i, &name, &text, &bench.member[1].recipe); i++)
        if (strcmp(name, "external") == 0) break;
    bench.member[1].recipe.setup = fast;
    grat_sync *y = opened();
    /* Not every time: the pulse may come before it was found ready, or the start first. */
    bool seen = false;
    for (unsigned run = 0; y && !seen && run < 8; run++) {
        grat_op_init(&op, 3000, NULL);
        grat_sync_run(y, grat_now_ns() + 600000000, &op);
        const grat_sync_result *r = grat_sync_get(y, 1);
        seen = r->err == GRAT_EBUSY;
        if (seen) TRUE(r->step == GRAT_SYNC_ARM && strstr(r->text, "before the start") && !r->sent_ns);
        for (unsigned i = 0; i < bench.n; i++)
            if (i != 1) whole(y, i);
    }
    TRUE(seen);
    grat_sync_close(y);
    end();
}

/* All in one thread, over the three wires. */
TEST(sixty_four_at_once)
{
    int64_t at[MOST];
    if (!begin(MOST, "init")) return;
    for (unsigned i = 0; i < bench.n; i++) bench.member[i].recipe.setup = "CONF:VOLT:DC 100\nVOLT:NPLC 0.2";
    grat_sync *y = opened_within(20000);
    grat_op op;
    for (unsigned run = 0; y && run < 2; run++) {
        grat_op_init(&op, 20000, NULL);
        if (truncate(bench.log, 0)) TEST_FAIL("the log stays");
        EQ(grat_sync_run(y, 0, &op), GRAT_OK);
        TRUE(arrivals(at));
        for (unsigned i = 0; i < bench.n; i++) whole(y, i);
    }
    grat_sync_close(y);
    end();
}

/* A supply has no FETCh?: that is said at once, not after the time of each run. */
TEST(a_member_without_fetch)
{
    if (!begin(2, "init")) return;
    bench.member[1].resource = "SIM::psu";
    bench.member[1].recipe.setup = NULL;
    int64_t began = grat_now_ns();
    grat_sync *y = opened_within(20000);
    grat_op op;
    grat_op_init(&op, 20000, NULL);
    EQ(grat_sync_run(y, 0, &op), GRAT_OK);
    TRUE(grat_now_ns() - began < 8000000000);
    whole(y, 0);
    EQ(grat_sync_get(y, 1)->err, GRAT_EINSTR);
    EQ(grat_sync_get(y, 1)->step, GRAT_SYNC_SETUP);
    TRUE(strstr(grat_sync_get(y, 1)->text, "-113") != NULL);
    grat_sync_close(y);
    end();
}

/* 0 never triggers, 1 is too slow and answers when nobody waits any more, 2 never gets ready: 3, 4, 5 are whole; and in
 * the next run, with more time, so is 1, with a new value. */
TEST(members_that_fail_later)
{
    if (!begin(6, "init")) return;
    bench.member[0].recipe.setup = "CONF:VOLT\nTRIG:SOUR EXT";
    bench.member[0].recipe.start = "INIT";
    bench.member[1].recipe.setup = "CONF:VOLT 10\nVOLT:NPLC 100";
    bench.member[2].recipe.ready = "STAT:OPER:COND?";
    bench.member[2].recipe.ready_mask = 32;
    grat_sync *y = opened();
    grat_op op;
    grat_op_init(&op, 1200, NULL);
    EQ(grat_sync_run(y, 0, &op), GRAT_ETIMEOUT);
    for (unsigned i = 3; i < 6; i++) whole(y, i);
    EQ(grat_sync_get(y, 0)->err, GRAT_ETIMEOUT);
    EQ(grat_sync_get(y, 0)->step, GRAT_SYNC_READ);
    EQ(grat_sync_get(y, 1)->err, GRAT_ETIMEOUT);
    EQ(grat_sync_get(y, 2)->err, GRAT_ETIMEOUT);
    EQ(grat_sync_get(y, 2)->step, GRAT_SYNC_ARM);
    EQ(grat_sync_get(y, 2)->sent_ns, 0);
    grat_op_init(&op, 4500, NULL);
    EQ(grat_sync_run(y, 0, &op), GRAT_ETIMEOUT);
    whole(y, 1);
    for (unsigned i = 3; i < 6; i++) whole(y, i);
    EQ(grat_sync_get(y, 0)->err, GRAT_ETIMEOUT);
    is_idle(bench.member[0].resource);
    grat_sync_close(y);
    end();
}

/* 0 and 2 now and then answer when nobody waits any more, 1 loses its connection: each has its error then and takes
 * part again; the others never notice. */
TEST(wires_that_fail_in_a_run)
{
    enum { RUNS = 12 };
    unsigned failed[3] = {0}, back[3] = {0};
    bool last[3] = {false};
    faults[0] = "raw-delay@0.1:1000", faults[1] = "vxi-reset@0.1", faults[2] = "hislip-delay@0.1:1000";
    bool there = begin(6, "init");
    memset(faults, 0, sizeof faults);
    if (!there) return;
    grat_sync *y = NULL;
    grat_op op;
    /* A wire may fail at the opening too: such a member stays out, as it should. */
    for (unsigned again = 0; !y && again < 20; again++) {
        y = opened_within(5000);
        for (unsigned i = 0; y && i < 3; i++) {
            if (!grat_sync_get(y, i)->err) continue;
            grat_sync_close(y);
            y = NULL;
        }
    }
    TRUE(y != NULL);
    for (unsigned run = 0; y && run < RUNS; run++) {
        grat_op_init(&op, 800, NULL);
        grat_err e = grat_sync_run(y, 0, &op);
        bool bad = false;
        for (unsigned i = 0; i < 3; i++) {
            const grat_sync_result *r = grat_sync_get(y, i);
            bool now = r->err != GRAT_OK;
            if (now) TRUE(r->text[0] && r->step > GRAT_SYNC_SETUP && !r->values);
            else whole(y, i);
            failed[i] += now;
            back[i] += last[i] && !now;
            last[i] = now;
            bad = bad || now;
        }
        EQ(e != GRAT_OK, bad);
        for (unsigned i = 3; i < 6; i++) whole(y, i);
    }
    printf("     failed %u %u %u, came back %u %u %u\n", failed[0], failed[1], failed[2], back[0], back[1], back[2]);
    TRUE(failed[0] + failed[1] + failed[2] > 0);
    TRUE(back[0] + back[1] + back[2] > 0);
    grat_sync_close(y);
    end();
}

/* A scope by its driver beside a multimeter: the record is new each time. */
TEST(a_scope_gives_its_record)
{
    if (!begin(2, "init")) return;
    grat_sim_instrument scope = {.model = "ds1104z", .address = "127.69.1.2", .wires = "raw", .no_portmapper = true,
                                 .options = "ch1=sine:1kHz:2V:0V"};
    grat_cancel_fire(bench.stop);
    pthread_join(bench.thread, NULL);
    grat_sim_free(bench.sim);
    grat_cancel_reset(bench.stop);
    bench.what[1] = scope;
    grat_op op;
    grat_op_init(&op, 10000, NULL);
    EQ(grat_sim_new(bench.what, 2, 1, &op, &bench.sim), GRAT_OK);
    pthread_create(&bench.thread, NULL, serve, NULL);
    const char *unused;
    for (unsigned i = 0; grat_recipe_nth(i, &unused, &unused, &bench.member[1].recipe); i++) continue;
    bench.member[0].resource = grat_sim_resource(bench.sim, 0);
    bench.member[1].resource = grat_sim_resource(bench.sim, 1);
    STR(bench.member[1].recipe.start, "@single");
    grat_sync *y = opened();
    for (unsigned run = 0; y && run < 2; run++) {
        grat_op_init(&op, 10000, NULL);
        EQ(grat_sync_run(y, 0, &op), GRAT_OK);
        whole(y, 0);
        const grat_sync_result *r = grat_sync_get(y, 1);
        TRUE(r->record && r->record->count >= 1000 && r->sent_ns > 0);
        STR(r->identity.model, "DS1104Z");
    }
    grat_sync_close(y);
    end();
}

/* Scopes that see one signal, each with its own clock, delay and noise. */
static void scopes(unsigned n, char options[][200])
{
    const char *unused;
    grat_op op;
    grat_recipe scope;
    grat_cancel_fire(bench.stop);
    pthread_join(bench.thread, NULL);
    grat_sim_free(bench.sim);
    grat_cancel_reset(bench.stop);
    for (unsigned i = 0; grat_recipe_nth(i, &unused, &unused, &scope); i++) continue;
    scope.setup = ":CHAN2:DISP OFF\n:CHAN1:SCAL 1\n:TRIG:EDG:LEV 1.5\n:TIM:SCAL 20e-6";
    for (unsigned i = 0; i < n; i++) {
        snprintf(options[i], 200, "ch1=uart:200000:G:3V,noise=0.1V,bandwidth=200kHz,epoch=%lld,"
                 "clock-error=%g,ch1-delay=%uns", (long long)bench.epoch_ns, ppm(i), i * 123);
        snprintf(bench.address[i], sizeof bench.address[i], "127.70.%u.%u", (unsigned)getpid() % 250, i + 1);
        snprintf(bench.name[i], sizeof bench.name[i], "s%u", i);
        bench.what[i] = (grat_sim_instrument){.model = "ds1104z", .address = bench.address[i], .wires = "raw",
                                              .no_portmapper = true, .options = options[i]};
    }
    grat_op_init(&op, 10000, NULL);
    EQ(grat_sim_new(bench.what, n, 1, &op, &bench.sim), GRAT_OK);
    pthread_create(&bench.thread, NULL, serve, NULL);
    for (unsigned i = 0; i < n; i++)
        bench.member[i] = (grat_sync_member){.size = sizeof(grat_sync_member), .name = bench.name[i],
                                             .resource = grat_sim_resource(bench.sim, i), .recipe = scope};
    bench.n = n;
}

/* 5 us a bit: the lag is a multiple of it, whichever edges they triggered on. */
static void is_aligned(const grat_sync_result *r, bool reference)
{
    double bit = 5e-6, off = r->alignment.lag - nearbyint(r->alignment.lag / bit) * bit;
    TRUE(r->aligned && r->record);
    /* Screen points are the nearest samples of the memory: they jitter by themselves. */
    if (r->record) TRUE(fabs(off) < 0.3 * r->record->dt);
    if (!reference) TRUE(r->rate_uncertainty > 0 && r->rate_uncertainty <= 196.1e-6);
}

TEST(records_are_aligned_and_kept)
{
    enum { N = 3 };
    char options[N][200], path[64], head[9] = "";
    grat_op op;
    if (!begin(1, "init")) return;
    scopes(N, options);
    grat_sync *y = opened_within(15000);
    if (!y) return;
    grat_sync_file *f = NULL;
    snprintf(path, sizeof path, "%s.h5", bench.log);
    grat_op_init(&op, 10000, NULL);
    grat_err has_h5 = grat_sync_file_open(path, &op, &f);
    if (has_h5) EQ(has_h5, GRAT_ENOTSUP);
    EQ(grat_sync_align(y, 0, "1", &op), GRAT_ENODATA);
    for (unsigned run = 0; y && run < 3; run++) {
        grat_record *common = NULL;
        grat_op_init(&op, 20000, NULL);
        EQ(grat_sync_run(y, 0, &op), GRAT_OK);
        EQ(grat_sync_align(y, N, "1", &op), GRAT_EINVAL);
        EQ(grat_sync_align(y, 0, "1", &op), GRAT_OK);
        for (unsigned i = 0; i < N; i++) is_aligned(grat_sync_get(y, i), i == 0);
        EQ(grat_sync_resample(y, &op, &common), GRAT_OK);
        if (common) EQ(common->traces, N);
        if (common) STR(common->trace[1].name, "s1.1");
        if (f) EQ(grat_sync_file_add(f, y, common, &op), GRAT_OK);
        grat_record_unref(common);
    }
    grat_op_init(&op, 10000, NULL);
    EQ(grat_sync_file_close(f, &op), GRAT_OK);
    FILE *h = fopen(path, "re");
    if (!has_h5) TRUE(h && fread(head, 1, 8, h) == 8 && memcmp(head + 1, "HDF", 3) == 0);
    if (h) fclose(h);
    unlink(path);
    grat_sync_close(y);
    end();
}

static void *fire_soon(void *cancel)
{
    usleep(300000);
    grat_cancel_fire(cancel);
    return NULL;
}

TEST(a_cancel_keeps_what_there_is)
{
    pthread_t thread;
    if (!begin(3, "init")) return;
    bench.member[2].recipe.setup = "CONF:VOLT\nTRIG:SOUR EXT";
    grat_cancel *c = grat_cancel_new();
    grat_sync *y = opened();
    grat_op op;
    grat_op_init(&op, 20000, c);
    pthread_create(&thread, NULL, fire_soon, c);
    int64_t began = grat_now_ns();
    EQ(grat_sync_run(y, 0, &op), GRAT_ECANCELED);
    TRUE(grat_now_ns() - began < 5000000000);
    pthread_join(thread, NULL);
    whole(y, 0);
    whole(y, 1);
    EQ(grat_sync_get(y, 2)->err, GRAT_ECANCELED);
    is_idle(bench.member[2].resource);
    grat_sync_close(y);
    grat_cancel_free(c);
    end();
}

TEST(bad_arguments)
{
    grat_sync_member m = {.size = sizeof m};
    grat_sync *y = NULL;
    grat_op op;
    char room[8];
    grat_recipe r;
    grat_op_init(&op, 1000, NULL);
    EQ(grat_sync_open(&m, 0, NULL, &op, &y), GRAT_EINVAL);
    EQ(grat_sync_open(&m, 1, NULL, &op, &y), GRAT_EINVAL);
    EQ(grat_recipe_parse("A|B", room, sizeof room, &r, &op), GRAT_EPARSE);
    EQ(grat_recipe_parse("A|B|C|D", room, sizeof room, &r, &op), GRAT_EPARSE);
    EQ(grat_recipe_parse("INIT|FETC?|ABOR", room, sizeof room, &r, &op), GRAT_ETOOBIG);
    TRUE(!y);
}

int main(void)
{
    RUN(readings_of_all_and_the_start_is_where_it_is_said_to_be);
    RUN(clocks_are_modelled);
    RUN(the_wires_trigger_starts_what_waits_for_it);
    RUN(answers_of_several_numbers_and_of_none);
    RUN(members_that_cannot_take_part);
    RUN(a_master_starts_the_others);
    RUN(a_member_that_triggers_early);
    RUN(sixty_four_at_once);
    RUN(a_member_without_fetch);
    RUN(members_that_fail_later);
    RUN(wires_that_fail_in_a_run);
    RUN(a_scope_gives_its_record);
    RUN(records_are_aligned_and_kept);
    RUN(a_cancel_keeps_what_there_is);
    RUN(bad_arguments);
    return TEST_RESULT();
}
