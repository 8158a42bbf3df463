#include <graticule/graticule.h>

#include "format/format.h"
#include "format/num.h"
#include "temp.h"
#include "test.h"

#include <locale.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The font library keeps its configuration until the process ends. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}

static grat_op op;

static grat_record *make(size_t count, double t0, double dt)
{
    grat_sample_type types[] = {GRAT_U8, GRAT_I16, GRAT_U8};
    grat_record *r = grat_record_new(3, types, count);
    r->t0 = t0, r->dt = dt;
    memcpy(r->trace[0].name, "1", 2), memcpy(r->trace[0].unit, "V", 2);
    memcpy(r->trace[1].name, "2", 2), memcpy(r->trace[1].unit, "V", 2);
    memcpy(r->trace[2].name, "D0", 3), r->trace[2].logic = true;
    r->trace[0].scale = 0.04, r->trace[0].offset = -5.12;
    r->trace[1].scale = 0.001;
    for (size_t i = 0; i < count; i++) {
        ((uint8_t *)r->trace[0].raw)[i] = (uint8_t)(i * 7);
        ((int16_t *)r->trace[1].raw)[i] = (int16_t)((int)(i * 37 % 2001) - 1000);
        ((uint8_t *)r->trace[2].raw)[i] = i >> 2 & 1;
    }
    return r;
}

static void write_file(const char *name, const grat_meta *meta, grat_record **records, unsigned n)
{
    grat_writer *w = NULL;
    EQ(grat_writer_open(test_path(name), NULL, meta, &op, &w), GRAT_OK);
    if (!w) return;
    for (unsigned i = 0; i < n; i++) EQ(grat_writer_record(w, records[i], &op), GRAT_OK);
    if (grat_writer_finish(w, &op) != GRAT_OK) TEST_FAIL("%s", op.text);
}

static char *slurp(const char *name)
{
    static char text[1 << 20];
    FILE *f = fopen(test_path(name), "rb");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f) fclose(f);
    memset(text + n, 0, sizeof text - n);
    return text;
}

TEST(csv_bytes)
{
    grat_record *r = make(4, -8e-9, 4e-9);
    write_file("a.csv", NULL, &r, 1);
    STR(slurp("a.csv"), "time_s,ch1_V,ch2_V,D0\n"
                        "-0.000000008,-5.12,-1.000,0\n"
                        "-0.000000004,-4.84,-0.963,0\n"
                        "0.000000000,-4.56,-0.926,0\n"
                        "0.000000004,-4.28,-0.889,0\n");
    grat_record_unref(r);
}

TEST(csv_header_carries_the_settings)
{
    grat_record *r = make(1, 0, 1e-6);
    grat_meta meta = {.identity = {"RIGOL", "DS1104Z", "DS1ZA1", "00.04.04"}, .has_settings = true};
    meta.settings.timebase = 1e-3;
    memcpy(meta.settings.trigger_source, "1", 2);
    meta.settings.channel[0] = (grat_channel_settings){.scale = 1, .probe = 10, .coupling = GRAT_AC};
    meta.settings.channel[1] = (grat_channel_settings){.scale = 0.5, .probe = 1, .coupling = GRAT_DC, .offset = -0.25};
    write_file("h.csv", &meta, &r, 1);
    STR(slurp("h.csv"), "time_s (DS1104Z DS1ZA1 00.04.04 1ms/div delay 0s 1MSa/s trigger 1 rising 0V),"
                        "ch1_V (1V/div AC 10X offset 0V),ch2_V (500mV/div DC 1X offset -250mV),D0 (threshold 0V)\n"
                        "0.000000,-5.12,-1.000,0\n");
    grat_record_unref(r);
}

TEST(events_of_a_trigger_in_words)
{
    char text[600];
    grat_settings s = {.terms = 4};
    s.term[0] = (grat_trigger_term){.event = GRAT_EVENT_PULSE, .source = "1", .slope = GRAT_FALLING, .level = 0.5,
                                    .least = 1e-6, .most = 5e-6};
    s.term[1] = (grat_trigger_term){.event = GRAT_EVENT_WINDOW, .source = "2", .slope = GRAT_BELOW, .level = -1,
                                    .upper = 1, .least = 1e-5};
    s.term[2] = (grat_trigger_term){.event = GRAT_EVENT_TIMEOUT, .source = "3", .slope = GRAT_EITHER, .least = 1e-3};
    s.term[3] = (grat_trigger_term){.event = GRAT_EVENT_EDGE, .source = "D0", .slope = GRAT_ABOVE, .or_else = true};
    grat__trigger_text(&s, text, sizeof text);
    STR(text, "1:pulse:falling@500mV,1us..5us & 2:outside@-1V..1V,10us.. & 3:timeout:either@0V,1ms | D0:above@0V");
    grat__trigger_text(&s, text, 20);
    EQ(strlen(text), 19);
    s.terms = 0;
    grat__trigger_text(&s, text, sizeof text);
    STR(text, "");
}

typedef struct seen {
    unsigned pieces;
    uint64_t first[4], samples;
    size_t count[4];
    unsigned number[4], flags[4];
    double t0, dt;
} seen;

static bool on_piece(void *user, grat_record *r)
{
    seen *k = user;
    if (k->pieces < 4) {
        k->first[k->pieces] = r->first, k->count[k->pieces] = r->count;
        k->number[k->pieces] = r->number, k->flags[k->pieces] = r->flags;
    }
    k->pieces++;
    k->samples += r->count;
    k->t0 = r->t0, k->dt = r->dt;
    return true;
}

/* A last row without its end counts when its number is whole, which the decimals tell. */
TEST(csv_cut_in_a_number)
{
    static const struct {
        const char *text;
        size_t count;
        double last;
    } rows[] = {
        {"time_s,ch1_V\n0,1.25\n1,-13.50\n2,14.75", 3, 14.75},
        {"time_s,ch1_V\n0,1.25\n1,-13.50\n2,14.7", 2, -13.5},
        {"time_s,ch1_V\n0,1.25\n1,-13.50\n2,1", 2, -13.5},
        {"time_s,ch1_V\n0,1.25\n1,-13.50\n2,", 2, -13.5},
        {"time_s,ch1_V\n0,125\n1,-1350\n2,14", 2, -1350},
        {"time_s,ch1_V\n0,125\n1,-1350\n2,1475\n", 3, 1475},
        {"time_s,ch1_V,D0\n0,1.25,0\n1,-13.50,1\n2,14.75,1", 3, 14.75},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        grat_record *r = NULL;
        double v = 0;
        EQ(grat_read_file(test_file("cut.csv", rows[k].text), NULL, &r, &op), GRAT_OK);
        EQ(r ? r->count : 0, rows[k].count);
        if (r) grat_trace_values(&r->trace[0], r->count - 1, 1, &v);
        NEAR(v, rows[k].last, 1e-6);
        grat_record_unref(r);
    }
}

TEST(times_beyond_any_count)
{
    seen k = {0};
    static const char text[] = "time_s,ch1_V\n0,1\n1e-9,2\n2e-9,3\n1e300,4\n";
    EQ(grat_read_pieces(test_file("far.csv", text), NULL, on_piece, &k, &op), GRAT_OK);
    EQ(k.pieces, 2);
    EQ(k.first[1], 0);
    grat__axis x = {0};
    grat_record r = {.number = 0};
    EQ(grat__axis_take(&x, (double[]){NAN, 1, 2}, sizeof(double), 3, &r), 1);
    EQ(r.first, 0);
    EQ(k.count[0] * 10 + k.count[1], 31);
    EQ(grat_read_pieces(test_file("far.csv", "time_s,ch1_V\n0,1\nnan,2\n"), NULL, on_piece, &k, &op), GRAT_EPARSE);
    EQ(grat_read_pieces(test_file("far.csv", "time_s,ch1_V\n0,1\ninf,2\n"), NULL, on_piece, &k, &op), GRAT_EPARSE);
}

/* Rows without times keep their place where samples are missing. */
TEST(lost_rows_are_filled)
{
    static const char *const names[] = {"lost.wav", "lost.npy"};
    for (unsigned i = 0; i < 2; i++) {
        grat_record *r[2] = {make(100, 0, 1e-3), make(50, 0, 1e-3)}, *back = NULL;
        grat_writer_options opt = {.size = sizeof opt, .raw = true};
        grat_writer *w = NULL;
        r[1]->first = 130;
        EQ(grat_writer_open_with(test_path(names[i]), NULL, NULL, &opt, &op, &w), GRAT_OK);
        for (unsigned n = 0; n < 2; n++) EQ(grat_writer_record(w, r[n], &op), GRAT_OK);
        EQ(grat_writer_finish(w, &op), GRAT_OK);
        EQ(grat_read_file(test_path(names[i]), NULL, &back, &op), GRAT_OK);
        EQ(back ? back->count : 0, 180);
        double before[3], lost[3], after[3], want[2];
        for (unsigned k = 0; k < 3 && back && back->count == 180; k++) {
            grat_trace_values(&r[0]->trace[k], 99, 1, &want[0]);
            grat_trace_values(&r[1]->trace[k], 0, 1, &want[1]);
            grat_trace_values(&back->trace[k], 99, 1, &before[k]);
            grat_trace_values(&back->trace[k], 129, 1, &lost[k]);
            grat_trace_values(&back->trace[k], 130, 1, &after[k]);
            NEAR(before[k], want[0], 1e-4);
            NEAR(lost[k], want[0], 1e-4);
            NEAR(after[k], want[1], 1e-4);
        }
        grat_record_unref(back);
        r[1]->first = 100000000000;
        EQ(grat_writer_open_with(test_path(names[i]), NULL, NULL, &opt, &op, &w), GRAT_OK);
        EQ(grat_writer_record(w, r[0], &op), GRAT_OK);
        EQ(grat_writer_record(w, r[1], &op), GRAT_ETOOBIG);
        grat_writer_abort(w);
        grat_record_unref(r[0]);
        grat_record_unref(r[1]);
    }
}

/* With many channels the comment is long; what was flushed is there whatever came next and was not. */
TEST(wav_between_two_flushes)
{
    grat_sample_type types[20];
    for (unsigned i = 0; i < 20; i++) types[i] = GRAT_I16;
    grat_writer *w = NULL;
    grat_writer_options opt = {.size = sizeof opt, .growing = true};
    EQ(grat_writer_open_with(test_path("many.wav"), NULL, NULL, &opt, &op, &w), GRAT_OK);
    grat_record *r = grat_record_new(20, types, 100000);
    r->dt = 1e-3;
    for (unsigned i = 0; i < 20; i++) snprintf(r->trace[i].name, sizeof r->trace[i].name, "%u", i + 1);
    EQ(grat_writer_record(w, r, &op), GRAT_OK);
    EQ(grat_writer_flush(w, &op), GRAT_OK);
    r->first += r->count;
    EQ(grat_writer_record(w, r, &op), GRAT_OK);
    seen k = {0};
    if (grat_read_pieces(test_path("many.wav"), NULL, on_piece, &k, &op)) TEST_FAIL("%s", op.text);
    EQ(k.samples, 100000);
    EQ(grat_writer_finish(w, &op), GRAT_OK);
    k = (seen){0};
    EQ(grat_read_pieces(test_path("many.wav"), NULL, on_piece, &k, &op), GRAT_OK);
    EQ(k.samples, 200000);
    grat_record_unref(r);
}

TEST(csv_numbers_acquisitions)
{
    grat_record *r[2] = {make(1, 0, 1e-3), make(1, 0, 1e-3)};
    r[1]->number = 1;
    write_file("n.csv", &(grat_meta){.acquisitions = 2}, r, 2);
    STR(slurp("n.csv"), "record,time_s,ch1_V,ch2_V,D0\n0,0.000,-5.12,-1.000,0\n1,0.000,-5.12,-1.000,0\n");
    grat_record *back = NULL;
    EQ(grat_read_file(test_path("n.csv"), NULL, &back, &op), GRAT_EPARSE);
    grat_record_unref(r[0]);
    grat_record_unref(r[1]);
}

/* The quick row writer and the general one must agree: two byte channels against the same as 16 bits. */
TEST(csv_quick_path_agrees)
{
    static const double dts[] = {4e-9, 1e-3, 0.25, 1, 8e-10, 2e-7, 1.0 / 3e6, 5e3};
    for (size_t k = 0; k < sizeof dts / sizeof *dts; k++) {
        grat_sample_type narrow[] = {GRAT_U8, GRAT_I8}, wide[] = {GRAT_U16, GRAT_I16};
        grat_record *a = grat_record_new(2, narrow, 900), *b = grat_record_new(2, wide, 900);
        a->t0 = b->t0 = -450 * dts[k], a->dt = b->dt = dts[k];
        for (unsigned j = 0; j < 2; j++) {
            a->trace[j].scale = b->trace[j].scale = j ? 1.0 / 3 : 0.02;
            a->trace[j].offset = b->trace[j].offset = j ? 0 : -1.3;
            a->trace[j].name[0] = b->trace[j].name[0] = (char)('1' + j);
        }
        for (int i = 0; i < 900; i++) {
            ((uint8_t *)a->trace[0].raw)[i] = (uint8_t)i;
            ((uint16_t *)b->trace[0].raw)[i] = (uint8_t)i;
            ((int8_t *)a->trace[1].raw)[i] = (int8_t)(i * 3);
            ((int16_t *)b->trace[1].raw)[i] = (int8_t)(i * 3);
        }
        write_file("q1.csv", NULL, &a, 1);
        char *first = strdup(slurp("q1.csv"));
        write_file("q2.csv", NULL, &b, 1);
        STR(slurp("q2.csv"), first);
        free(first);
        grat_record_unref(a);
        grat_record_unref(b);
    }
}

/* Every time of the quick row writer, which counts digits, against one that is made for its row alone. */
TEST(csv_times_count_on)
{
    static const struct {
        double t0, dt;
        uint64_t first;
    } rows[] = {
        {-1e-5, 1e-9, 0},          {-0.012345, 4e-9, 0},      {0, 1e-6, 99990000},     {0, 1e-9, 604799999990000},
        {-0.5, 5e-5, 0},           {-3, 1, 0},                {0, 0.0123456, 7},       {-1.2e-7, 1e-12, 0},
        {0.0001234567, 1e-3, 0},   {-15, 0.25, 0},            {-100, 0.1, 0},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        grat_sample_type type = GRAT_I16;
        grat_record *r = grat_record_new(1, &type, 20011);
        r->t0 = rows[k].t0, r->dt = rows[k].dt, r->first = rows[k].first;
        r->trace[0].name[0] = '1';
        for (size_t i = 0; i < r->count; i++) ((int16_t *)r->trace[0].raw)[i] = (int16_t)(i * 31);
        write_file("c.csv", NULL, &r, 1);
        grat__timebase tb;
        grat__timebase_init(&tb, r->t0, r->dt);
        TRUE(tb.exact);
        const char *p = strchr(slurp("c.csv"), '\n') + 1;
        size_t wrong = 0;
        for (size_t i = 0; i < r->count; i++) {
            char want[64];
            size_t n = grat__put_time(want, &tb, r->first + i);
            n += (size_t)snprintf(want + n, sizeof want - n, ",%d\n", (int16_t)(i * 31));
            if (strncmp(p, want, n) != 0) {
                if (!wrong++) TEST_FAIL("case %zu, row %zu: %.30s instead of %s", k, i, p, want);
                p = strchr(p, '\n') + 1;
            } else {
                p += n;
            }
        }
        STR(p, "");
        grat_record_unref(r);
    }
}

/* .json and .raw are read by Jansson. */
static bool can_be_read(const char *name)
{
    FILE *f = fopen(test_path("look.json"), "w");
    if (f) fputs("{}", f), fclose(f);
    bool text = strstr(name, ".raw") || strstr(name, ".json");
    return !text || grat_read_file(test_path("look.json"), NULL, &(grat_record *){NULL}, &op) != GRAT_ENOTSUP;
}

static void round_trip(const char *name)
{
    if (!can_be_read(name)) return;
    grat_record *r = make(5000, -0.01, 4e-6), *back = NULL;
    write_file(name, NULL, &r, 1);
    grat_meta meta;
    if (grat_read_file(test_path(name), &meta, &back, &op) != GRAT_OK) TEST_FAIL("%s: %s", name, op.text);
    if (back) {
        EQ(back->count, r->count);
        EQ(back->traces, r->traces);
        NEAR(back->t0, r->t0, 1e-15);
        NEAR(back->dt, r->dt, 1e-18);
        static double a[5000], b[5000];
        for (unsigned j = 0; j < 3; j++) {
            STR(back->trace[j].name, r->trace[j].name);
            STR(back->trace[j].unit, r->trace[j].unit);
            EQ(back->trace[j].logic, r->trace[j].logic);
            grat_trace_values(&r->trace[j], 0, 5000, a);
            grat_trace_values(&back->trace[j], 0, 5000, b);
            double worst = 0;
            for (int i = 0; i < 5000; i++) worst = fmax(worst, fabs(a[i] - b[i]));
            NEAR(worst, 0, 1e-6);
        }
    }
    grat_record_unref(back);
    grat_record_unref(r);
}

TEST(round_trips)
{
    round_trip("r.csv");
    round_trip("r.npy");
    round_trip("r.npz");
    round_trip("r.raw");
    round_trip("r.json");
    round_trip("r.wav");
    round_trip("r.vcd");
    round_trip("r.sr");
}

TEST(stretches_of_one_acquisition)
{
    static const char *const names[] = {"s.csv", "s.npy", "s.npz", "s.wav", "s.vcd", "s.sr"};
    for (int k = 0; k < 6; k++) {
        grat_record *r[3], *back = NULL;
        for (unsigned i = 0; i < 3; i++) r[i] = make(1000, 0, 1e-6), r[i]->first = 1000 * i;
        write_file(names[k], NULL, r, 3);
        EQ(grat_read_file(test_path(names[k]), NULL, &back, &op), GRAT_OK);
        if (back) EQ(back->count, 3000);
        grat_record_unref(back);
        for (unsigned i = 0; i < 3; i++) grat_record_unref(r[i]);
    }
}

TEST(json_bytes)
{
    grat_record *r = make(2, 0, 1e-6);
    r->flags = GRAT_REC_CUT;
    write_file("a.json", NULL, &r, 1);
    STR(slurp("a.json"), "{\"identity\":{\"vendor\":\"\",\"model\":\"\",\"serial\":\"\",\"firmware\":\"\"},"
                         "\"resource\":"
                         "\"\",\"settings\":null,\"records\":[\n{\"number\":0,\"first\":0,\"count\":2,"
                         "\"utc_ns\":0,\"t0\":0,"
                         "\"dt\":1e-06,\"flags\":[\"cut\"],\"channels\":["
                         "{\"name\":\"1\",\"unit\":\"V\",\"logic\":false,\"values\":[-5.12,-4.84]},"
                         "{\"name\":\"2\",\"unit\":\"V\",\"logic\":false,\"values\":[-1.000,-0.963]},"
                         "{\"name\":\"D0\",\"unit\":\"\",\"logic\":true,\"values\":[0,0]}]}]}\n");
    grat_record_unref(r);
}

/* A gap within an acquisition, and another acquisition. */
TEST(pieces_keep_gaps_and_acquisitions)
{
    static const char *const names[] = {"pieces.csv", "pieces.npy", "pieces.h5", "pieces.raw",
                                        "pieces.json"};
    for (unsigned i = 0; i < 5; i++) {
        grat_writer *w = NULL;
        grat_meta two = {.acquisitions = 2};
        if (!can_be_read(names[i]) ||
            grat_writer_open(test_path(names[i]), NULL, &two, &op, &w) == GRAT_ENOTSUP) continue;
        grat_record *r[3] = {make(100, -0.02, 1e-3), make(50, -0.02, 1e-3), make(30, -0.02, 1e-3)};
        seen k = {0};
        grat_meta meta;
        r[1]->first = 150;
        r[2]->number = 1;
        for (unsigned n = 0; n < 3 && w; n++) {
            EQ(grat_writer_record(w, r[n], &op), GRAT_OK);
            grat_record_unref(r[n]);
        }
        EQ(grat_writer_finish(w, &op), GRAT_OK);
        EQ(grat_read_pieces(test_path(names[i]), &meta, on_piece, &k, &op), GRAT_OK);
        EQ(k.pieces, 3);
        TRUE(k.first[0] == 0 && k.count[0] == 100 && k.first[1] == 150 && k.count[1] == 50);
        TRUE(k.first[2] == 0 && k.count[2] == 30 && k.number[2] == 1 && k.number[1] == 0);
        TRUE(k.flags[0] == 0 && k.flags[1] == GRAT_REC_GAP_BEFORE && k.flags[2] == 0);
        NEAR(k.t0, -0.02, 1e-9);
        NEAR(k.dt, 1e-3, 1e-12);
        EQ(meta.acquisitions, i == 0 ? 0 : 2);
    }
}

/* A head that needs 64 bits; with the comment in the head, in the head of the small form only, and at the end. */
TEST(wav_beyond_its_limit)
{
    static const char *const unit[] = {"V", "degrees_C_long", ""};
    for (unsigned c = 0; c < 3; c++) {
        unsigned traces = c == 2 ? 20 : 4;
        grat_sample_type types[20];
        for (unsigned i = 0; i < traces; i++) types[i] = GRAT_I16;
        grat_writer *w = NULL;
        grat_writer_options opt = {.size = sizeof opt, .growing = true};
        grat__wav_riff_most = 100000;
        EQ(grat_writer_open_with(test_path("big.wav"), NULL, NULL, &opt, &op, &w), GRAT_OK);
        uint64_t written = 0;
        for (unsigned n = 0; n < 10; n++, written += 2000) {
            grat_record *r = grat_record_new(traces, types, 2000);
            r->dt = 1e-3, r->first = written;
            for (unsigned i = 0; i < traces; i++) {
                snprintf(r->trace[i].name, sizeof r->trace[i].name, "%u", i + 1);
                snprintf(r->trace[i].unit, sizeof r->trace[i].unit, "%s", unit[c]);
                r->trace[i].scale = 0.25;
                for (unsigned k = 0; k < 2000; k++) ((int16_t *)r->trace[i].raw)[k] = (int16_t)(n * 1000 + k + i);
            }
            EQ(grat_writer_record(w, r, &op), GRAT_OK);
            grat_record_unref(r);
            EQ(grat_writer_flush(w, &op), GRAT_OK);
            seen k = {0};
            EQ(grat_read_pieces(test_path("big.wav"), NULL, on_piece, &k, &op), GRAT_OK);
            EQ(k.samples, (n + 1) * 2000);
            bool big = (n + 1) * 2000ull * 2 * traces + 4000 > 100000;
            const uint8_t *head = (const uint8_t *)slurp("big.wav");
            if ((n + 1) * 2000ull * 2 * traces > 100000 || !big) EQ(memcmp(head, big ? "RF64" : "RIFF", 4), 0);
        }
        EQ(grat_writer_finish(w, &op), GRAT_OK);
        const uint8_t *head = (const uint8_t *)slurp("big.wav");
        EQ(memcmp(head, "RF64\xff\xff\xff\xffWAVEds64\x1c\0\0", 20), 0);
        EQ(grat__le64(head + 28), 20000ull * 2 * traces);
        EQ(grat__le64(head + 36), 20000);
        EQ(memcmp(head + 48, "fmt ", 4), 0);
        grat_record *back = NULL;
        EQ(grat_read_file(test_path("big.wav"), NULL, &back, &op), GRAT_OK);
        if (back) EQ(((int16_t *)back->trace[traces - 1].raw)[19999], (int16_t)(9000 + 1999 + (int)traces - 1));
        if (back) NEAR(back->trace[0].scale, 0.25, 0);
        struct stat st;
        EQ(stat(test_path("big.wav"), &st), 0);
        EQ(grat__le64(head + 20), st.st_size - 8);
        grat_record_unref(back);
    }
    grat__wav_riff_most = 4294967295u;
}

/* As many samples as fit below the limit; then it is whole. */
static int fill_up(const char *name, uint64_t *flushed)
{
    grat_writer *w = NULL;
    grat_writer_options opt = {.size = sizeof opt, .growing = true};
    grat_err err = grat_writer_open_with(test_path(name), NULL, NULL, &opt, &op, &w);
    for (unsigned n = 0; n < 1000 && !err; n++) {
        grat_record *r = make(5000, 0, 1e-3);
        r->first = n * 5000ull;
        err = grat_writer_record(w, r, &op);
        grat_record_unref(r);
        if (!err && n == 3) err = grat_writer_flush(w, &op), *flushed = 20000;
    }
    return w ? grat_writer_finish(w, &op) : err;
}

TEST(a_full_disk_leaves_a_growing_file_whole)
{
    static const char *const names[] = {"full.csv", "full.npy", "full.wav"};
    for (unsigned i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (!pid) {
            uint64_t flushed = 0;
            signal(SIGXFSZ, SIG_IGN);
            setrlimit(RLIMIT_FSIZE, &(struct rlimit){6000000, 6000000});
            _exit(fill_up(names[i], &flushed) == GRAT_ENOSPC && flushed ? 0 : 1);
        }
        int status;
        waitpid(pid, &status, 0);
        TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        seen k = {0};
        if (grat_read_pieces(test_path(names[i]), NULL, on_piece, &k, &op)) TEST_FAIL("%s", op.text);
        /* At most the buffers are missing of what the limit allows. */
        if (k.samples < 60000) TEST_FAIL("%s: %llu samples", names[i], (unsigned long long)k.samples);
    }
}

TEST(raw_bytes_and_their_description)
{
    grat_record *r[2] = {make(3, 0, 1e-3), make(2, 0, 1e-3)};
    r[1]->first = 10;
    write_file("r.raw", NULL, r, 2);
    static const uint8_t want[] = {0, 0x18, 0xfc, 0, 7, 0x3d, 0xfc, 0, 14, 0x62, 0xfc, 0,
                                   0, 0x18, 0xfc, 0, 7, 0x3d, 0xfc, 0};
    MEM(slurp("r.raw"), want, sizeof want);
    const char *text = slurp("r.raw.json");
    TRUE(strstr(text, "{\"graticule_raw\":1,\"complete\":true,\"samples\":5,\"lost\":7,"
                      "\"sample_interval\":0.001,") == text);
    TRUE(strstr(text, "\"columns\":[{\"name\":\"1\",\"unit\":\"V\",\"type\":\"u1\",\"logic\":false,") != NULL);
    TRUE(strstr(text, "\"segments\":[{\"row\":0,\"first\":0,\"number\":0,\"t0\":0},"
                      "{\"row\":3,\"first\":10,\"number\":0,\"t0\":0}],\"identity\":") != NULL);
    grat_record_unref(r[0]);
    grat_record_unref(r[1]);
}

static void expect_refusal(const char *description, size_t n, const char *why)
{
    static const uint8_t samples[16];
    grat_meta meta = {0};
    seen k = {0};
    grat_reading to = {.meta = &meta, .fn = on_piece, .user = &k};
    grat__raw_files f = {.path = "x.raw", .text = (const uint8_t *)description, .length = strlen(description),
                         .data = samples, .size = n};
    grat_err err = grat__raw_read(&f, &to, &op);
    if (!why) EQ(err, GRAT_OK);
    else if (!err || !strstr(op.text, why)) TEST_FAIL("%s: %d %s", description, err, op.text);
}

#define COLUMN "{\"name\":\"A\",\"type\":\"i2\",\"scale\":1,\"offset\":0}"
#define HEAD "{\"graticule_raw\":1,\"samples\":4,\"sample_interval\":1e-3,\"bytes_per_row\":2,\"columns\":[" COLUMN "]"
#define SEGMENT(row, first) "{\"row\":" #row ",\"first\":" #first ",\"number\":0,\"t0\":0}"
TEST(descriptions_that_cannot_be)
{
    if (!can_be_read("x.raw")) return;
    expect_refusal(HEAD ",\"segments\":[" SEGMENT(0, 0) "]}", 8, NULL);
    expect_refusal(HEAD ",\"segments\":[" SEGMENT(0, 0) "," SEGMENT(3, 7) "]}", 8, NULL);
    expect_refusal(HEAD ",\"segments\":[" SEGMENT(0, 0) "]}", 7, "has more samples than the file");
    expect_refusal(HEAD ",\"segments\":[" SEGMENT(0, 0) "," SEGMENT(4, 7) "]}", 8, "has segments that cannot be");
    expect_refusal(HEAD ",\"segments\":[" SEGMENT(0, 0) "," SEGMENT(3, 2) "]}", 8, "has segments that cannot be");
    expect_refusal(HEAD ",\"segments\":[" SEGMENT(1, 0) "]}", 8, "has segments that cannot be");
    expect_refusal(HEAD ",\"segments\":[]}", 8, "has segments that cannot be");
    expect_refusal(HEAD "}", 8, "has segments that cannot be");
    expect_refusal("{\"graticule_raw\":2}", 8, "is of something else");
    expect_refusal("{\"graticule_raw\":1,\"columns\":[{}]}", 8, "lacks the columns");
    expect_refusal("[1", 8, "it is no JSON");
}

TEST(plots)
{
    grat_writer *w = NULL;
    if (grat_writer_open(test_path("p.png"), NULL, NULL, &op, &w) == GRAT_ENOTSUP) return;
    grat_record *r = make(20000, -0.01, 1e-6);
    grat_writer_abort(w);
    write_file("p.png", NULL, &r, 1);
    MEM(slurp("p.png"), "\x89PNG\r\n\x1a\n", 8);
    write_file("p.svg", NULL, &r, 1);
    TRUE(strstr(slurp("p.svg"), "<svg") != NULL);
    grat_record_unref(r);
}

TEST(mistakes)
{
    grat_writer *w = NULL;
    EQ(grat_writer_open(test_path("x.doc"), NULL, NULL, &op, &w), GRAT_EFORMAT);
    TRUE(strstr(op.text, "csv, npy, npz, wav, h5, raw, json, vcd, sr, png, svg") != NULL);
    EQ(grat_writer_open(test_path("x.csv"), "doc", NULL, &op, &w), GRAT_EFORMAT);
    EQ(grat_writer_open("-", NULL, NULL, &op, &w), GRAT_EFORMAT);
    EQ(grat_writer_open(test_path("x.csv"), NULL, NULL, &op, &w), GRAT_OK);
    EQ(grat_writer_finish(w, &op), GRAT_ENODATA);
    TRUE(access(test_path("x.csv"), F_OK) != 0);
    EQ(grat_writer_open(test_path("x.csv"), NULL, NULL, &op, &w), GRAT_OK);
    grat_record *a = make(4, 0, 1), *b = make(4, 0, 1);
    b->trace[1].name[0] = '3';
    EQ(grat_writer_record(w, a, &op), GRAT_OK);
    EQ(grat_writer_record(w, b, &op), GRAT_EINVAL);
    EQ(grat_writer_record(w, a, &op), GRAT_EINVAL);
    EQ(grat_writer_finish(w, &op), GRAT_EINVAL);
    TRUE(access(test_path("x.csv"), F_OK) != 0);
    grat_record_unref(a);
    grat_record_unref(b);
}

/* Every cut of a good file must be refused or read, never crash. */
TEST(damaged_files)
{
    static const char *const names[] = {"d.csv", "d.npy", "d.npz", "d.wav", "d.vcd", "d.sr"};
    for (int k = 0; k < 6; k++) {
        grat_record *r = make(20, 0, 1e-6);
        write_file(names[k], NULL, &r, 1);
        char *whole = slurp(names[k]);
        for (long cut = 1; cut < 20000; cut += cut < 6000 ? 97 : 977) {
            grat_record *back = NULL;
            FILE *f = fopen(test_path("cut"), "wb");
            fwrite(whole, 1, (size_t)cut, f);
            fclose(f);
            char to[400];
            snprintf(to, sizeof to, "%s/cut%s", test_folder(), strchr(names[k], '.'));
            rename(test_path("cut"), to);
            if (grat_read_file(to, NULL, &back, &op) == GRAT_OK) TRUE(back != NULL);
            grat_record_unref(back);
            unlink(to);
        }
        grat_record_unref(r);
    }
}

/* One with a decimal comma: installed, or made for this test where the sources of locales are there. */
static bool set_comma(void)
{
    char command[300];
    if (setlocale(LC_ALL, "de_DE.UTF-8")) return true;
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s >/dev/null 2>&1", test_path("comma"));
    setenv("LOCPATH", test_folder(), 1);
    return system(command) == 0 && setlocale(LC_ALL, "comma");
}

static void write_each(const char *before)
{
    static const char *const endings[] = {"csv", "json", "raw", "sr", "vcd", "wav", "npy", "npz"};
    grat_record *r[2] = {make(50, -0.0125, 1e-6 / 3), make(50, -0.0125, 1e-6 / 3)};
    grat_meta meta = {.has_settings = true, .acquisitions = 2, .identity.model = "X"};
    char name[40];
    meta.settings.channel[0].scale = 0.25, meta.settings.channel[0].probe = 1.5, meta.settings.timebase = 2.5e-3;
    r[1]->number = 1;
    for (unsigned i = 0; i < 8; i++) {
        snprintf(name, sizeof name, "%s.%s", before, endings[i]);
        write_file(name, &meta, r, i < 5 ? 2 : 1);
    }
    grat_writer_options raw = {.size = sizeof raw, .raw = true};
    grat_writer *w = NULL;
    meta.acquisitions = 1;
    snprintf(name, sizeof name, "%s-raw.npy", before);
    EQ(grat_writer_open_with(test_path(name), NULL, &meta, &raw, &op, &w), GRAT_OK);
    EQ(w ? grat_writer_record(w, r[0], &op) : GRAT_EIO, GRAT_OK);
    EQ(w ? grat_writer_finish(w, &op) : GRAT_EIO, GRAT_OK);
    grat_record_unref(r[0]);
    grat_record_unref(r[1]);
}

static int with_comma(void)
{
    static const char *const names[] = {".csv", ".json", ".raw", ".raw.json", ".sr", ".vcd", ".wav", ".npy", ".npz",
                                        "-raw.npy"};
    static char with[1 << 20];
    char name[40];
    test_bad = 0;
    if (!set_comma()) return puts("note: there is no locale with a decimal comma"), 0;
    snprintf(name, sizeof name, "%.1f", 0.5);
    STR(name, "0,5");
    write_each("comma");
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(name, sizeof name, "comma%s", names[i]);
        memcpy(with, slurp(name), sizeof with);
        snprintf(name, sizeof name, "point%s", names[i]);
        if (memcmp(with, slurp(name), sizeof with) != 0) TEST_FAIL("%s depends on the locale", names[i]);
    }
    round_trip("r.csv");
    round_trip("r.json");
    round_trip("r.sr");
    return test_bad;
}

/* In a process of its own, as the locale is the process's. */
TEST(no_file_depends_on_the_locale)
{
    int status = -1;
    write_each("point");
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        status = with_comma();
        fflush(stdout);
        _exit(status);
    }
    EQ(waitpid(pid, &status, 0), pid);
    EQ(status, 0);
}

int main(void)
{
    grat_op_init(&op, 60000, NULL);
    RUN(csv_bytes);
    RUN(csv_header_carries_the_settings);
    RUN(events_of_a_trigger_in_words);
    RUN(csv_cut_in_a_number);
    RUN(times_beyond_any_count);
    RUN(lost_rows_are_filled);
    RUN(wav_between_two_flushes);
    RUN(csv_numbers_acquisitions);
    RUN(csv_quick_path_agrees);
    RUN(csv_times_count_on);
    RUN(round_trips);
    RUN(no_file_depends_on_the_locale);
    RUN(stretches_of_one_acquisition);
    RUN(json_bytes);
    RUN(pieces_keep_gaps_and_acquisitions);
    RUN(wav_beyond_its_limit);
    RUN(a_full_disk_leaves_a_growing_file_whole);
    RUN(raw_bytes_and_their_description);
    RUN(descriptions_that_cannot_be);
    RUN(plots);
    RUN(mistakes);
    RUN(damaged_files);
    return TEST_RESULT();
}
