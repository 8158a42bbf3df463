/* GPIB sessions over a library that stands in for linux-gpib (GRATICULE_GPIB names it). No hardware is behind it. */
#include <graticule/sync.h>

#include "test.h"

#include <pthread.h>
#include <unistd.h>

static grat_op *fresh(int64_t ms)
{
    static grat_op op;
    grat_op_init(&op, ms, NULL);
    return &op;
}

static grat_session *session(const char *resource)
{
    grat_session *s = NULL;
    grat_op *op = fresh(3000);
    EQ(grat_open(resource, NULL, op, &s), GRAT_OK);
    if (!s) fprintf(stderr, "%s\n", op->text);
    return s;
}

static void alive(grat_session *s, const char *serial)
{
    char line[100] = "", want[60];
    snprintf(want, sizeof want, "GRATICULE,PLAIN,%s,1", serial);
    grat_op *op = fresh(4000);
    EQ(grat_query(s, "*IDN?", line, sizeof line, op), GRAT_OK);
    if (op->err) fprintf(stderr, "%s\n", op->text);
    STR(line, want);
}

TEST(messages)
{
    static uint8_t got[100000];
    char text[64];
    grat_session *a = session("GPIB0::5::INSTR"), *b = session("GPIB0::7::3::INSTR");
    alive(a, "0");
    alive(b, "7");
    static const size_t sizes[] = {0, 1, 16384, 16385, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        snprintf(text, sizeof text, ":BLOCK? %zu", sizes[i]);
        grat_op *op = fresh(5000);
        EQ(grat_query_block(a, text, got, sizeof got, op), GRAT_OK);
        EQ(op->count, sizes[i]);
        bool same = true;
        for (size_t k = 0; k < op->count; k++) same = same && got[k] == (uint8_t)(k * 7 + (k >> 8));
        TRUE(same);
    }
    /* written in pieces */
    static char longer[40000] = ":ECHO? ", back[40010];
    memset(longer + 7, 'z', 35000);
    EQ(grat_query(a, longer, back, sizeof back, fresh(5000)), GRAT_OK);
    EQ(strlen(back), 35000);
    /* an answer that takes longer than one call */
    EQ(grat_query(a, ":DELAY? 700", text, sizeof text, fresh(3000)), GRAT_OK);
    STR(text, "700");
    grat_close(a);
    grat_close(b);
}

TEST(timeouts_and_recovery)
{
    static uint8_t got[100000];
    char text[64];
    grat_session *a = session("GPIB0::5::INSTR");
    for (int i = 0; i < 3; i++) {
        EQ(grat_query(a, ":NOSUCH?", text, sizeof text, fresh(120)), GRAT_ETIMEOUT);
        alive(a, "0");
    }
    for (int i = 0; i < 20; i++) {
        grat_op op;
        grat_op_init(&op, 0, NULL);
        op.deadline_ns = grat_now_ns() + i * 300000;
        grat_err e = grat_query_block(a, ":BLOCK? 100000", got, sizeof got, &op);
        TRUE(e == GRAT_OK || e == GRAT_ETIMEOUT);
        alive(a, "0");
    }
    grat_close(a);
}

static void *fire(void *arg)
{
    usleep(100000);
    grat_cancel_fire(arg);
    return NULL;
}

TEST(cancel)
{
    char text[64];
    pthread_t th;
    grat_op op;
    grat_session *a = session("GPIB0::5::INSTR");
    grat_cancel *c = grat_cancel_new();
    grat_op_init(&op, 10000, c);
    int64_t before = grat_now_ns();
    pthread_create(&th, NULL, fire, c);
    EQ(grat_query(a, ":DELAY? 5000", text, sizeof text, &op), GRAT_ECANCELED);
    TRUE(grat_now_ns() - before < 2000000000);
    pthread_join(th, NULL);
    grat_cancel_free(c);
    alive(a, "0");
    grat_close(a);
}

TEST(service_requests)
{
    uint8_t stb = 0;
    grat_session *a = session("GPIB0::5::INSTR");
    EQ(grat_srq_wait(a, fresh(100)), GRAT_EINVAL);
    EQ(grat_srq_enable(a, true, fresh(1000)), GRAT_OK);
    EQ(grat_puts(a, "*CLS;*ESE 1;*SRE 32", fresh(1000)), GRAT_OK);
    EQ(grat_srq_wait(a, fresh(50)), GRAT_ETIMEOUT);
    EQ(grat_puts(a, "*OPC", fresh(1000)), GRAT_OK);
    EQ(grat_srq_wait(a, fresh(3000)), GRAT_OK);
    EQ(grat_read_stb(a, &stb, fresh(1000)), GRAT_OK);
    EQ(stb & 0x60, 0x60);
    EQ(grat_srq_enable(a, false, fresh(1000)), GRAT_OK);
    EQ(grat_trigger(a, fresh(1000)), GRAT_OK);
    for (int mode = GRAT_REN_OFF; mode <= GRAT_REN_LOCAL; mode++)
        EQ(grat_control_ren(a, (grat_ren)mode, fresh(1000)), GRAT_OK);
    EQ(grat_control_ren(a, (grat_ren)7, fresh(1000)), GRAT_EINVAL);
    alive(a, "0");
    grat_close(a);
}

/* Both by one group execute trigger; a third, alone on another wire, by its own. */
TEST(a_group_starts_by_one_trigger)
{
    static const char *const resources[] = {"GPIB0::11::INSTR", "GPIB0::12::INSTR", "SIM::dmm?ch1=dc:3"};
    grat_sync_member m[3] = {0};
    char room[20];
    grat_sync *y = NULL;
    for (unsigned i = 0; i < 3; i++) {
        m[i] = (grat_sync_member){.size = sizeof m[i], .resource = resources[i]};
        EQ(grat_recipe_parse("trigger", room, sizeof room, &m[i].recipe, fresh(1000)), GRAT_OK);
        m[i].recipe.setup = "CONF:VOLT 10\nVOLT:NPLC 0.2";
    }
    grat_op *op = fresh(8000);
    EQ(grat_sync_open(m, 3, NULL, op, &y), GRAT_OK);
    for (unsigned run = 0; y && run < 3; run++) {
        op = fresh(8000);
        EQ(grat_sync_run(y, 0, op), GRAT_OK);
        for (unsigned i = 0; i < 3; i++) {
            const grat_sync_result *r = grat_sync_get(y, i);
            EQ(r->err, GRAT_OK);
            EQ(r->values, 1);
            if (r->values) NEAR(r->value[0], i + 1, 1e-6);
        }
        EQ(grat_sync_get(y, 0)->sent_ns, grat_sync_get(y, 1)->sent_ns);
        TRUE(grat_sync_get(y, 0)->acknowledged && grat_sync_get(y, 2)->sent_ns != grat_sync_get(y, 1)->sent_ns);
    }
    grat_sync_close(y);
}

TEST(nobody_there)
{
    uint8_t stb;
    grat_session *s = session("GPIB0::9::INSTR");
    grat_op *op = fresh(2000);
    EQ(grat_puts(s, "*RST", op), GRAT_EIO);
    TRUE(strstr(op->text, "nobody listens"));
    grat_close(s);
    s = session("GPIB0::9::INSTR");
    op = fresh(2000);
    EQ(grat_read_stb(s, &stb, op), GRAT_EIO);
    TRUE(strstr(op->text, "serial poll"));
    grat_close(s);
    op = fresh(1000);
    EQ(grat_open("GPIB1::5::INSTR", NULL, op, &s), GRAT_ENODEV);
    TRUE(strstr(op->text, "no such board"));
    EQ(grat_open("GPIB2::5::INSTR", NULL, op, &s), GRAT_ENODEV);
    TRUE(strstr(op->text, "gpib_config"));
    EQ(grat_open("GPIB1::INTFC", NULL, op, &s), GRAT_ENODEV);
}

TEST(the_board)
{
    grat_value v;
    grat_session *f = session("GPIB0::INTFC"), *a = session("GPIB0::5::INSTR");
    grat_bus_args args = {.what = GRAT_BUS_IFC, .secondary = -1};
    EQ(grat_bus(f, &args, fresh(1000)), GRAT_OK);
    args = (grat_bus_args){.what = GRAT_BUS_ATN, .mode = 1};
    EQ(grat_bus(f, &args, fresh(1000)), GRAT_OK);
    EQ(grat_attr_get(f, GRAT_ATTR_GPIB_ATN, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 1);
    args.mode = 0;
    EQ(grat_bus(f, &args, fresh(1000)), GRAT_OK);
    EQ(grat_attr_get(f, GRAT_ATTR_GPIB_ATN, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 0);
    args = (grat_bus_args){.what = GRAT_BUS_COMMAND, .data = "\x3f\x25\x08", .size = 3};
    grat_op *op = fresh(1000);
    EQ(grat_bus(f, &args, op), GRAT_OK);
    EQ(op->count, 3);
    args = (grat_bus_args){.what = GRAT_BUS_PASS_CONTROL, .primary = 7, .secondary = 3};
    EQ(grat_bus(f, &args, fresh(1000)), GRAT_OK);
    EQ(grat_bus(a, &args, fresh(1000)), GRAT_ENOTSUP);
    EQ(grat_attr_get(f, GRAT_ATTR_GPIB_NDAC, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, -1);
    EQ(grat_attr_get(f, GRAT_ATTR_GPIB_CIC, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 1);
    EQ(grat_attr_get(a, GRAT_ATTR_GPIB_PRIMARY, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 5);
    EQ(grat_attr_get(a, GRAT_ATTR_GPIB_READDRESS, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 1);
    EQ(grat_attr_set(a, GRAT_ATTR_GPIB_UNADDRESS, 0, fresh(1000)), GRAT_OK);
    EQ(grat_attr_set(a, GRAT_ATTR_GPIB_UNADDRESS, 1, fresh(1000)), GRAT_ENOTSUP);
    EQ(grat_clear(f, fresh(1000)), GRAT_OK);
    grat_close(f);
    alive(a, "0");
    grat_close(a);
}

int main(void)
{
    if (!getenv("GRATICULE_GPIB")) {
        /* without the library: a clear sentence */
        grat_session *s;
        grat_op *op = fresh(1000);
        EQ(grat_open("GPIB0::5::INSTR", NULL, op, &s), GRAT_ENODEV);
        TRUE(strstr(op->text, "linux-gpib is not installed"));
        return TEST_RESULT();
    }
    RUN(messages);
    RUN(timeouts_and_recovery);
    RUN(cancel);
    RUN(service_requests);
    RUN(a_group_starts_by_one_trigger);
    RUN(nobody_there);
    RUN(the_board);
    return TEST_RESULT();
}
