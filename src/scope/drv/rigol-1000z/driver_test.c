/* The driver against a small instrument that lives behind the session calls, which this file defines itself. */
#include "scope/drv/rigol-1000z/rigol.h"

#include "core/str.h"
#include "test.h"

#define MS 1000000LL

static struct fake {
    struct entry { char header[48], value[160]; } entry[128];
    unsigned entries, sets, recoveries, blocks;
    const char *snap, *snap_to;   /* a header that takes another value */
    const char *ignore;           /* a header that is dropped without a word */
    const char *refuse;           /* the same of one depth */
    int64_t trigger_after_ms;     /* after SING; < 0 = never */
    int64_t stop_after_ms;        /* somebody presses STOP so long after SING, 0 = nobody */
    int64_t lag_ms, sing_ns;
    bool stuck;                   /* the RAW preamble says 1200 points */
    bool running, fresh;          /* fresh: the record is one that SING made */
    unsigned empty_blocks, silent_blocks;
    size_t cut_at;                /* the cancel fires after so many points of a channel, 0 = never */
    const char *cut_source;
    uint64_t depth;
    grat_cancel *cancel;
    char log[16384];
} f;
static rigol r;
static grat_op op;

static char *slot(const char *header)
{
    for (unsigned i = 0; i < f.entries; i++)
        if (strcmp(f.entry[i].header, header) == 0) return f.entry[i].value;
    if (f.entries == 128) abort();
    snprintf(f.entry[f.entries].header, sizeof f.entry[0].header, "%s", header);
    return f.entry[f.entries++].value;
}

static void put(const char *header, const char *value)
{
    snprintf(slot(header), sizeof f.entry[0].value, "%s", value);
}

static const char *status(void)
{
    int64_t t = (grat_now_ns() - f.sing_ns) / MS;
    if (!f.sing_ns) return f.running ? "TD" : "STOP";
    if (t < f.lag_ms) return "STOP";
    if (f.stop_after_ms && t >= f.stop_after_ms) return "STOP";
    if (f.trigger_after_ms >= 0 && t >= f.trigger_after_ms) {
        f.fresh = true;
        return "STOP";
    }
    return "WAIT";
}

static void take(const char *header, const char *value)
{
    f.sets++;
    if (strcmp(header, "SING") == 0) {
        f.sing_ns = grat_now_ns(), f.fresh = false;
        put("TRIG:SWE", "SING");
    } else if (strcmp(header, "TFOR") == 0) {
        f.trigger_after_ms = 0;
    } else if (strcmp(header, "RUN") == 0 || strcmp(header, "STOP") == 0) {
        f.running = header[0] == 'R', f.sing_ns = 0;
    } else if (strcmp(header, "ACQ:MDEP") == 0 && (!f.running || (f.refuse && strcmp(value, f.refuse) == 0))) {
        return;
    } else if (f.snap && strcmp(header, f.snap) == 0 && strcmp(value, f.snap_to) != 0) {
        put(header, f.snap_to);
        f.snap = NULL;
    } else if (!f.ignore || strcmp(header, f.ignore) != 0) {
        put(header, value);
    }
}

static void preamble(char *out, size_t cap)
{
    bool raw = strcmp(slot("WAV:MODE"), "RAW") == 0;
    if (raw)
        snprintf(out, cap, "0,2,%llu,1,1.000000e-06,-3.000000e-03,0,2.628906e-02,-57,96",
                 (unsigned long long)(f.stuck ? 1200 : f.depth));
    else
        snprintf(out, cap, "0,0,1200,1,2.000000e-05,-1.456000e-02,0,4.000000e-02,-75,127");
}

grat_err grat_query(grat_session *s, const char *command, char *buf, size_t cap, grat_op *o)
{
    char line[256], *save = line, *part;
    (void)s;
    if (grat_op_check(o)) return o->err;
    snprintf(line, sizeof line, "%s", command);
    snprintf(f.log + strlen(f.log), sizeof f.log - strlen(f.log), "%s\n", command);
    buf[0] = '\0';
    while ((part = strsep(&save, ";"))) {
        part += *part == ':';
        char *arg = strpbrk(part, " ?");
        bool query = arg && *arg == '?';
        if (arg) *arg++ = '\0';
        if (!query)
            take(part, arg ? arg : "");
        else if (strcmp(part, "*OPC") == 0)
            snprintf(buf, cap, "1");
        else if (strcmp(part, "TRIG:STAT") == 0)
            snprintf(buf, cap, "%s", status());
        else if (strcmp(part, "TRIG:POS") == 0)
            snprintf(buf, cap, "%s", f.fresh ? "600" : "-2");
        else if (strcmp(part, "WAV:PRE") == 0)
            preamble(buf, cap);
        else
            snprintf(buf, cap, "%s", slot(part));
    }
    return o->err = GRAT_OK;
}

grat_err grat_query_block(grat_session *s, const char *command, void *buf, size_t cap, grat_op *o)
{
    uint64_t start = 0, stop = 0;
    uint8_t *out = buf;
    (void)s, (void)command;
    f.blocks++;
    o->count = 0;
    if (f.empty_blocks && f.empty_blocks--) return o->err = GRAT_OK;
    if (f.silent_blocks && f.silent_blocks--) return o->err = GRAT_ETIMEOUT;
    grat__parse_u64(slot("WAV:STAR"), &start);
    grat__parse_u64(slot("WAV:STOP"), &stop);
    size_t n = (size_t)(stop - start + 1), i;
    if (n > 250000 || n > cap) return grat_op_fail(o, GRAT_ETOOBIG, "chunk of %zu", n);
    for (i = 0; i < n; i++) {
        if (f.cut_at && i + start > f.cut_at && strcmp(slot("WAV:SOUR"), f.cut_source) == 0) {
            grat_cancel_fire(f.cancel);
            o->count = i;
            return grat_op_fail(o, GRAT_ECANCELED, "cancelled");
        }
        out[i] = (uint8_t)((i + start - 1) % 251 + 1);
    }
    o->count = n;
    return o->err = GRAT_OK;
}

grat_err grat_recover(grat_session *s, grat_op *o)
{
    (void)s;
    f.recoveries++;
    return o->err = GRAT_OK;
}

bool grat_needs_recovery(const grat_session *s)
{
    (void)s;
    return op.err == GRAT_ETIMEOUT;
}

static void reset(const char *model)
{
    static const char *const start[][2] = {
        {"TIM:SCAL", "5.0000000e-04"}, {"TIM:OFFS", "0.0000000e+00"}, {"ACQ:TYPE", "NORM"}, {"ACQ:AVER", "2"},
        {"ACQ:MDEP", "AUTO"}, {"ACQ:SRAT", "1.000000e+09"}, {"TRIG:SWE", "AUTO"}, {"TRIG:MODE", "EDGE"},
        {"TRIG:HOLD", "1.600000e-08"}, {"TRIG:EDG:SOUR", "CHAN1"}, {"TRIG:EDG:SLOP", "POS"},
        {"TRIG:EDG:LEV", "0.000000e+00"}, {"LA:STAT", "0"}, {"LA:POD1:THR", "1.400000e+00"},
        {"LA:POD2:THR", "1.400000e+00"}, {"WAV:STAR", "1"}, {"WAV:STOP", "1200"}, {"WAV:MODE", "NORM"}};
    static const char *const channel[][2] = {{"SCAL", "1.000000e+00"}, {"OFFS", "0.000000e+00"}, {"PROB", "10.000000"},
                                             {"COUP", "DC"}, {"BWL", "OFF"}, {"INV", "0"}, {"UNIT", "VOLT"},
                                             {"DISP", "0"}};
    char header[32];
    grat_caps caps;
    memset(&f, 0, sizeof f);
    f.trigger_after_ms = 20, f.lag_ms = 5, f.depth = 5999968;
    for (size_t i = 0; i < sizeof start / sizeof start[0]; i++)
        put(start[i][0], start[i][1]);
    for (int n = 1; n <= 4; n++)
        for (size_t i = 0; i < 8; i++) {
            snprintf(header, sizeof header, "CHAN%d:%s", n, channel[i][0]);
            put(header, channel[i][1]);
        }
    for (int i = 0; i < 16; i++) {
        snprintf(header, sizeof header, "LA:DIG%d:DISP", i);
        put(header, "0");
    }
    put("CHAN1:DISP", "1");
    r = (rigol){0};
    grat_op_init(&op, 5000, NULL);
    const grat_identity id = {.vendor = "RIGOL TECHNOLOGIES", .firmware = "00.04.04.SP3"};
    grat_identity named = id;
    grat__strcpy(named.model, sizeof named.model, model);
    EQ(grat__rigol_1000z.open(&r, NULL, &named, &caps, &op), GRAT_OK);
}

TEST(preamble_is_strict)
{
    rigol_preamble p;
    TRUE(!rigol_preamble_parse("0,2,5999968,1,1.000000e-06,-3.000000e+00,0,2.628906e-02,-57,96", &p));
    EQ(p.points, 5999968);
    EQ(p.yorigin, -57);
    EQ(p.yref, 96);
    TRUE(!rigol_preamble_parse("0,2,600,2,0.000001,-0.000006,0,0.008000,50,127", &p));
    TRUE(rigol_preamble_parse("0,2,600,2,1e-6,0,0,0.008,50", &p));
    TRUE(rigol_preamble_parse("0,2,600,2,1e-6,0,0,0.008,50,127,1", &p));
    TRUE(rigol_preamble_parse("0,2,600,2,1e-6,0,0,0.008,50,300", &p));
    TRUE(rigol_preamble_parse("0,2,-1,2,1e-6,0,0,0.008,50,127", &p));
    TRUE(rigol_preamble_parse("0,2,600,2,0,0,0,0.008,50,127", &p));
    TRUE(rigol_preamble_parse("0,2,600,2,1e-6,0,0,nan,50,127", &p));
    TRUE(rigol_preamble_parse("0,2,600,2,1e-6,0,0,,50,127", &p));
    TRUE(rigol_preamble_parse("", &p));
}

TEST(reads_all_settings)
{
    grat_settings s;
    reset("MSO1104Z");
    put("ACQ:MDEP", "12000");
    put("LA:DIG9:DISP", "1");
    put("TRIG:EDG:SOUR", "CHAN3");
    EQ(rigol_get(&r, &s, &op), GRAT_OK);
    TRUE(s.channel[0].enabled && !s.channel[1].enabled);
    NEAR(s.channel[3].probe, 10, 0);
    STR(s.channel[0].unit, "V");
    EQ(s.depth, 12000);
    TRUE(s.digital[9] && !s.digital[8]);
    STR(s.trigger_source, "3");
    STR(s.trigger_type, "edge");
    EQ(s.sweep, GRAT_SWEEP_AUTO);
    NEAR(s.timebase, 500e-6, 1e-12);
}

TEST(a_shifted_reply_recovers_and_fails)
{
    grat_settings s;
    reset("DS1104Z");
    put("CHAN2:SCAL", "RIGOL TECHNOLOGIES");
    EQ(rigol_get(&r, &s, &op), GRAT_EPROTO);
    EQ(f.recoveries, 1);
}

TEST(sets_in_order_and_only_what_differs)
{
    grat_settings s;
    reset("DS1104Z");
    rigol_get(&r, &s, &op);
    f.log[0] = '\0', f.sets = 0;
    EQ(rigol_set(&r, &s, ~0u & ~GRAT_SET_DEPTH, &op), GRAT_OK);
    EQ(f.sets, 0);
    s.channel[0].scale = 0.5;
    s.channel[0].offset = -1.5;
    s.channel[1].enabled = true;
    s.timebase = 1e-3;
    EQ(rigol_set(&r, &s, GRAT_SET_CHANNELS | GRAT_SET_SCALE | GRAT_SET_OFFSET | GRAT_SET_TIMEBASE, &op), GRAT_OK);
    const char *a = strstr(f.log, ":CHAN2:DISP 1;*OPC?\n"), *b = strstr(f.log, ":CHAN1:SCAL 0.5;*OPC?\n");
    const char *c = strstr(f.log, ":CHAN1:OFFS -1.5;*OPC?\n"), *d = strstr(f.log, ":TIM:SCAL 0.001;*OPC?\n");
    TRUE(a && b && c && d && a < b && b < c && c < d);
    EQ(f.sets, 4);
}

TEST(a_snapped_value_is_named_and_all_is_put_back)
{
    grat_settings s;
    reset("DS1104Z");
    rigol_get(&r, &s, &op);
    s.channel[0].scale = 0.5;
    s.timebase = 30e-9;
    f.snap = "TIM:SCAL", f.snap_to = "5.0000000e-08";
    EQ(rigol_set(&r, &s, GRAT_SET_SCALE | GRAT_SET_TIMEBASE, &op), GRAT_ERANGE);
    TRUE(strstr(op.text, "50 n"));
    STR(slot("CHAN1:SCAL"), "1.000000e+00");
    STR(slot("TIM:SCAL"), "5.0000000e-04");
}

TEST(depth_is_set_while_running_and_checked)
{
    grat_settings s;
    reset("DS1104Z");
    rigol_get(&r, &s, &op);
    s.depth = 120000;
    EQ(rigol_set(&r, &s, GRAT_SET_DEPTH, &op), GRAT_OK);
    STR(slot("ACQ:MDEP"), "120000");
    TRUE(!f.running);
    s.depth = 6000;
    f.ignore = "ACQ:MDEP";
    EQ(rigol_set(&r, &s, GRAT_SET_DEPTH, &op), GRAT_ERANGE);
    TRUE(strstr(op.text, "120 k"));
}

TEST(with_lines_a_depth_of_another_row_will_do)
{
    grat_settings s;
    reset("MSO1104Z");
    put("ACQ:MDEP", "AUTO");
    rigol_get(&r, &s, &op);
    s.digital_on = s.digital[0] = true;
    s.depth = 3000;
    f.refuse = "3000";
    EQ(rigol_set(&r, &s, GRAT_SET_CHANNELS | GRAT_SET_DEPTH, &op), GRAT_OK);
    STR(slot("ACQ:MDEP"), "6000");
    s.depth = 60000;
    f.ignore = "ACQ:MDEP";
    EQ(rigol_set(&r, &s, GRAT_SET_DEPTH, &op), GRAT_ERANGE);
    TRUE(strstr(op.text, "60 k"));
}

TEST(pods_and_channels_exclude_each_other)
{
    grat_settings s;
    reset("MSO1104Z");
    rigol_get(&r, &s, &op);
    s.digital_on = s.digital[3] = true;
    s.channel[3].enabled = true;
    EQ(rigol_set(&r, &s, GRAT_SET_CHANNELS, &op), GRAT_ERANGE);
    EQ(f.sets, 0);
}

TEST(a_stale_stop_is_not_a_record)
{
    grat_request q = {.size = sizeof q, .trigger = GRAT_TRIG_EDGE};
    reset("DS1104Z");
    f.lag_ms = 150, f.trigger_after_ms = 250;
    EQ(rigol_acquire(&r, &q, &op), GRAT_OK);
    TRUE(f.fresh);
    TRUE(!r.forced);
}

TEST(no_trigger_times_out_or_is_forced)
{
    grat_request q = {.size = sizeof q, .trigger = GRAT_TRIG_EDGE};
    grat_record *rec = NULL;
    reset("DS1104Z");
    f.trigger_after_ms = -1;
    grat_op_init(&op, 200, NULL);
    EQ(rigol_acquire(&r, &q, &op), GRAT_ETIMEOUT);
    TRUE(strstr(op.text, "no trigger"));
    reset("DS1104Z");
    f.trigger_after_ms = -1;
    q.trigger = GRAT_TRIG_KEEP; /* the sweep is AUTO */
    EQ(rigol_acquire(&r, &q, &op), GRAT_OK);
    TRUE(r.forced);
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_OK);
    EQ(rec ? rec->flags & GRAT_REC_FORCED : 0, GRAT_REC_FORCED);
    grat_record_unref(rec);
}

TEST(a_stop_by_hand_is_not_a_record)
{
    grat_request q = {.size = sizeof q, .trigger = GRAT_TRIG_EDGE};
    grat_record *rec = NULL;
    reset("DS1104Z");
    f.trigger_after_ms = -1, f.stop_after_ms = 40;
    EQ(rigol_acquire(&r, &q, &op), GRAT_EINSTR);
    TRUE(strstr(op.text, "stopped before a trigger came") != NULL);
    TRUE(rigol_fetch(&r, &q, &rec, &op) != GRAT_OK);
    TRUE(!rec);
    f.stop_after_ms = 0, f.trigger_after_ms = 40;
    grat_op_init(&op, 2000, NULL);
    EQ(rigol_acquire(&r, &q, &op), GRAT_OK);
}

TEST(a_record_that_single_did_not_make_is_refused)
{
    grat_request q = {.size = sizeof q};
    grat_record *rec = NULL;
    reset("DS1104Z");
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_ENODATA);
    TRUE(!rec);
}

TEST(screen_points)
{
    grat_request q = {.size = sizeof q, .current = true};
    grat_record *rec = NULL;
    double v[2];
    reset("DS1104Z");
    put("CHAN1:OFFS", "-3.000000e+00");
    put("WAV:STAR", "500");
    put("WAV:STOP", "700");
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_OK);
    if (!rec) return;
    EQ(rec->count, 1200);
    EQ(rec->traces, 1);
    EQ(rec->flags, GRAT_REC_PREVIEW);
    STR(rec->trace[0].name, "1");
    STR(rec->trace[0].unit, "V");
    NEAR(rec->dt, 20e-6, 1e-15);
    NEAR(rec->t0, -14.56e-3, 1e-12);
    grat_trace_values(&rec->trace[0], 0, 2, v);
    NEAR(v[0], (1 + 75 - 127) * 0.04, 1e-12);
    NEAR(rec->trace[0].range_low, -1, 1e-12);
    NEAR(rec->trace[0].range_high, 7, 1e-12);
    grat_record_unref(rec);
}

TEST(memory_comes_in_legal_chunks_and_the_window_goes_back)
{
    grat_request q = {.size = sizeof q, .current = true, .memory = true};
    grat_record *rec = NULL;
    reset("DS1104Z");
    f.depth = 600001;
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_OK);
    if (!rec) return;
    EQ(rec->count, 600001);
    EQ(f.blocks, 3);
    const uint8_t *raw = rec->trace[0].raw;
    int bad = 0;
    for (size_t i = 0; i < rec->count; i++)
        bad += raw[i] != i % 251 + 1;
    EQ(bad, 0);
    EQ(rec->flags, 0);
    STR(slot("WAV:MODE"), "NORM");
    STR(slot("WAV:STOP"), "1200");
    grat_record_unref(rec);
}

TEST(a_preamble_stuck_at_1200_points_is_not_believed)
{
    grat_request q = {.size = sizeof q, .current = true, .memory = true};
    grat_record *rec = NULL;
    reset("DS1104Z");
    f.stuck = true;
    put("ACQ:MDEP", "12000");
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_OK);
    EQ(rec ? rec->count : 0, 12000);
    grat_record_unref(rec);
    rec = NULL;
    put("ACQ:MDEP", "AUTO");
    put("ACQ:SRAT", "5.000000e+06");
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_OK);
    EQ(rec ? rec->count : 0, 30000);
    grat_record_unref(rec);
}

TEST(a_running_instrument_is_held_and_runs_again)
{
    grat_request q = {.size = sizeof q, .current = true, .memory = true};
    grat_record *rec = NULL;
    reset("DS1104Z");
    f.depth = 3000;
    f.running = true;
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_OK);
    TRUE(f.running);
    TRUE(strstr(f.log, ":STOP;*OPC?"));
    grat_record_unref(rec);
}

TEST(bad_blocks_get_one_retry)
{
    grat_request q = {.size = sizeof q, .current = true};
    grat_record *rec = NULL;
    reset("DS1104Z");
    f.empty_blocks = 1;
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_OK);
    grat_record_unref(rec);
    rec = NULL;
    reset("DS1104Z");
    f.silent_blocks = 1;
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_OK);
    EQ(f.recoveries, 1);
    grat_record_unref(rec);
    rec = NULL;
    reset("DS1104Z");
    f.empty_blocks = 2;
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_ENODATA);
    TRUE(!rec);
}

static void cut(const char *source, size_t at, grat_record **rec)
{
    grat_request q = {.size = sizeof q, .current = true, .memory = true};
    reset("DS1104Z");
    put("CHAN2:DISP", "1");
    f.depth = 300000;
    f.cut_source = source;
    f.cut_at = at;
    f.cancel = grat_cancel_new();
    grat_op_init(&op, 5000, f.cancel);
    EQ(rigol_fetch(&r, &q, rec, &op), GRAT_ECANCELED);
    grat_cancel_free(f.cancel);
    STR(slot("WAV:MODE"), "NORM");
}

TEST(a_cancel_keeps_what_is_complete)
{
    grat_record *rec = NULL;
    cut("CHAN2", 100, &rec);
    EQ(rec ? rec->traces : 0, 1);
    EQ(rec ? rec->count : 0, 300000);
    EQ(rec ? rec->flags : 0, GRAT_REC_CUT);
    grat_record_unref(rec);
    rec = NULL;
    cut("CHAN1", 260000, &rec);
    EQ(rec ? rec->count : 0, 260000);
    grat_record_unref(rec);
}

TEST(digital_lines_from_pods)
{
    grat_request q = {.size = sizeof q, .current = true, .memory = true};
    grat_record *rec = NULL;
    reset("MSO1104Z");
    put("CHAN1:DISP", "0");
    put("LA:STAT", "1");
    put("LA:DIG1:DISP", "1");
    put("LA:DIG6:DISP", "1");
    put("LA:DIG15:DISP", "1");
    f.depth = 1000;
    EQ(rigol_fetch(&r, &q, &rec, &op), GRAT_OK);
    EQ(f.blocks, 2);
    if (!rec) return;
    EQ(rec->traces, 3);
    STR(rec->trace[1].name, "D6");
    int bad = 0;
    for (size_t i = 0; i < rec->count; i++) {
        unsigned byte = (unsigned)(i % 251 + 1);
        bad += ((uint8_t *)rec->trace[0].raw)[i] != (byte >> 1 & 1);
        bad += ((uint8_t *)rec->trace[1].raw)[i] != (byte >> 6 & 1);
        bad += ((uint8_t *)rec->trace[2].raw)[i] != (byte >> 7 & 1);
    }
    EQ(bad, 0);
    grat_record_unref(rec);
}

int main(void)
{
    RUN(preamble_is_strict);
    RUN(reads_all_settings);
    RUN(a_shifted_reply_recovers_and_fails);
    RUN(sets_in_order_and_only_what_differs);
    RUN(a_snapped_value_is_named_and_all_is_put_back);
    RUN(depth_is_set_while_running_and_checked);
    RUN(with_lines_a_depth_of_another_row_will_do);
    RUN(pods_and_channels_exclude_each_other);
    RUN(a_stale_stop_is_not_a_record);
    RUN(no_trigger_times_out_or_is_forced);
    RUN(a_stop_by_hand_is_not_a_record);
    RUN(a_record_that_single_did_not_make_is_refused);
    RUN(screen_points);
    RUN(memory_comes_in_legal_chunks_and_the_window_goes_back);
    RUN(a_preamble_stuck_at_1200_points_is_not_believed);
    RUN(a_running_instrument_is_held_and_runs_again);
    RUN(bad_blocks_get_one_retry);
    RUN(a_cancel_keeps_what_is_complete);
    RUN(digital_lines_from_pods);
    return TEST_RESULT();
}
