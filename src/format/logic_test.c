/* The formats for logic data: value change dump and sigrok's session. */
#include <graticule/graticule.h>

#include "temp.h"
#include "test.h"

#include <inttypes.h>
#include <sys/resource.h>
#include <unistd.h>

static grat_op op;

/* `logic` wires, then `analog` channels; sample i of wire k is bit k of i. */
static grat_record *make(unsigned logic, unsigned analog, size_t count, double dt)
{
    grat_sample_type types[GRAT_MAX_CHANNELS] = {0};
    for (unsigned k = 0; k < logic + analog; k++) types[k] = k < logic ? GRAT_U8 : GRAT_I16;
    grat_record *r = grat_record_new(logic + analog, types, count);
    r->dt = dt;
    for (unsigned k = 0; k < logic; k++) {
        snprintf(r->trace[k].name, sizeof r->trace[k].name, "D%u", k);
        r->trace[k].logic = true;
        for (size_t i = 0; i < count; i++) ((uint8_t *)r->trace[k].raw)[i] = i >> k & 1;
    }
    for (unsigned k = logic; k < logic + analog; k++) {
        snprintf(r->trace[k].name, sizeof r->trace[k].name, "%u", k - logic + 1);
        memcpy(r->trace[k].unit, "V", 2);
        r->trace[k].scale = 0.5;
        for (size_t i = 0; i < count; i++) ((int16_t *)r->trace[k].raw)[i] = (int16_t)(i / 2);
    }
    return r;
}

static void write_file(const char *name, grat_record **records, unsigned n)
{
    grat_writer *w = NULL;
    EQ(grat_writer_open(test_path(name), NULL, NULL, &op, &w), GRAT_OK);
    for (unsigned i = 0; w && i < n; i++)
        if (grat_writer_record(w, records[i], &op)) TEST_FAIL("%s", op.text);
    if (w && grat_writer_finish(w, &op)) TEST_FAIL("%s", op.text);
}

static grat_record *read_file(const char *name)
{
    grat_record *r = NULL;
    if (grat_read_file(test_path(name), NULL, &r, &op)) TEST_FAIL("%s: %s", name, op.text);
    return r;
}

/* The text behind its first line, which names the version. */
static const char *body(const char *name)
{
    static char text[1 << 20];
    FILE *f = fopen(test_path(name), "rb");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f) fclose(f);
    text[n] = '\0';
    const char *line = strchr(text, '\n');
    return line ? line + 1 : text;
}

TEST(vcd_bytes)
{
    grat_record *r = make(2, 1, 5, 1e-6);
    r->t0 = -2e-6;
    write_file("a.vcd", &r, 1);
    STR(body("a.vcd"), "$comment graticule t0=-2e-06 dt=1e-06 $end\n$timescale 1 us $end\n"
                       "$scope module graticule $end\n$var wire 1 ! D0 $end\n$var wire 1 \" D1 $end\n"
                       "$var real 64 # ch1_V $end\n$upscope $end\n$enddefinitions $end\n"
                       "#0\n0!\n0\"\nr0 #\n#1\n1!\n#2\n0!\n1\"\nr0.5 #\n#3\n1!\n#4\n0!\n0\"\nr1 #\n#5\n");
    grat_record_unref(r);
}

TEST(vcd_time_units)
{
    static const struct {
        double dt;
        const char *scale, *last;
    } rows[] = {
        {1e-6, "$timescale 1 us $end", "\n#8\n"},     {4e-9, "$timescale 1 ns $end", "\n#32\n"},
        {25e-9, "$timescale 1 ns $end", "\n#200\n"},  {1e-8, "$timescale 10 ns $end", "\n#8\n"},
        {2e-10, "$timescale 100 ps $end", "\n#16\n"}, {0.5, "$timescale 100 ms $end", "\n#40\n"},
        {1, "$timescale 1 s $end", "\n#8\n"},         {200, "$timescale 100 s $end", "\n#16\n"},
        {6.75e-7, "$timescale 1 ns $end", "\n#5400\n"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        grat_record *r = make(1, 0, 8, rows[k].dt), *back;
        write_file("t.vcd", &r, 1);
        const char *text = body("t.vcd");
        if (!strstr(text, rows[k].scale)) TEST_FAIL("%g: no %s in %.200s", rows[k].dt, rows[k].scale, text);
        if (!strstr(text, rows[k].last)) TEST_FAIL("%g: no %s in %.400s", rows[k].dt, rows[k].last, text);
        back = read_file("t.vcd");
        if (back) NEAR(back->dt, rows[k].dt, rows[k].dt * 1e-12);
        if (back) EQ(back->count, 8);
        grat_record_unref(back);
        grat_record_unref(r);
    }
    /* A third of a microsecond is no multiple of anything. */
    grat_record *r = make(1, 0, 3000, 1e-6 / 3), *back;
    write_file("t.vcd", &r, 1);
    back = read_file("t.vcd");
    if (back) EQ(back->count, 3000);
    for (size_t i = 0; back && i < 3000; i++) EQ(((uint8_t *)back->trace[0].raw)[i], i & 1);
    grat_record_unref(back);
    grat_record_unref(r);
}

TEST(vcd_of_others)
{
    static const char text[] = "$date today $end\n$timescale 10ns $end\n$scope module top $end\n"
                               "$var reg 1 ab clk $end\n"
                               "$var wire 8 cd bus [7:0] $end\n$var real 64 e volt $end\n$upscope $end\n"
                               "$enddefinitions $end\n#100\n$dumpvars\n0ab\nb1010 cd\nr1.5 e\n$end\n#130\n1ab\n#140\n"
                               "0ab\nr-2 e\n";
    FILE *f = fopen(test_path("o.vcd"), "w");
    fputs(text, f);
    fclose(f);
    grat_record *r = read_file("o.vcd");
    if (!r) return;
    EQ(r->traces, 2);
    EQ(r->count, 5);
    NEAR(r->dt, 1e-7, 1e-18);
    NEAR(r->t0, 1e-6, 1e-15);
    MEM(r->trace[0].raw, "\0\0\0\1\0", 5);
    NEAR(((float *)r->trace[1].raw)[3], 1.5, 0);
    NEAR(((float *)r->trace[1].raw)[4], -2, 0);
    grat_record_unref(r);
}

TEST(gaps)
{
    grat_record *r[2] = {make(1, 1, 4, 1e-6), make(1, 1, 4, 1e-6)}, *back;
    r[1]->first = 7;
    r[1]->flags = GRAT_REC_GAP_BEFORE;
    write_file("g.vcd", r, 2);
    TRUE(strstr(body("g.vcd"), "\n#4\nx!\n#7\n0!\n") != NULL);
    back = read_file("g.vcd");
    if (back) EQ(back->count, 11);
    grat_record_unref(back);
    write_file("g.sr", r, 2);
    back = read_file("g.sr");
    if (back) {
        EQ(back->count, 11);
        MEM(back->trace[0].raw, "\0\1\0\1\1\1\1\0\1\0\1", 11);
        for (int i = 0; i < 11; i++) EQ(isnan(((float *)back->trace[1].raw)[i]), i >= 4 && i < 7);
    }
    grat_record_unref(back);
    r[1]->first = 1ull << 40;
    grat_writer *w = NULL;
    EQ(grat_writer_open(test_path("g.sr"), NULL, NULL, &op, &w), GRAT_OK);
    EQ(grat_writer_record(w, r[0], &op), GRAT_OK);
    EQ(grat_writer_record(w, r[1], &op), GRAT_ETOOBIG);
    grat_writer_abort(w);
    grat_record_unref(r[0]);
    grat_record_unref(r[1]);
}

TEST(sr_shapes)
{
    static const struct {
        unsigned logic, analog;
    } rows[] = {{1, 0}, {8, 0}, {9, 0}, {16, 2}, {17, 1}, {0, 1}, {0, 4}, {28, 4}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        grat_record *r = make(rows[k].logic, rows[k].analog, 3000, 1e-3), *back;
        write_file("s.sr", &r, 1);
        back = read_file("s.sr");
        if (back) {
            EQ(back->traces, r->traces);
            EQ(back->count, 3000);
            for (unsigned j = 0; j < r->traces; j++) {
                float a, b;
                STR(back->trace[j].name, r->trace[j].name);
                for (size_t i = 0; i < 3000; i += 7) {
                    grat_trace_values_f32(&r->trace[j], i, 1, &a);
                    grat_trace_values_f32(&back->trace[j], i, 1, &b);
                    if (a != b) TEST_FAIL("%u+%u: channel %u sample %zu: %g, wanted %g", rows[k].logic, rows[k].analog,
                                          j, i, (double)b, (double)a);
                }
            }
        }
        grat_record_unref(back);
        grat_record_unref(r);
    }
    grat_record *slow = make(1, 0, 3, 2);
    grat_writer *w = NULL;
    EQ(grat_writer_open(test_path("slow.sr"), NULL, NULL, &op, &w), GRAT_OK);
    EQ(grat_writer_record(w, slow, &op), GRAT_ERANGE);
    grat_writer_abort(w);
    grat_record_unref(slow);
}

/* Twenty million samples in pieces: more than one chunk, and no more memory than a few of them. */
enum { PIECES = 40, PIECE = 500000 };

typedef struct seen {
    uint64_t samples, wrong;
    unsigned pieces;
} seen;

static bool on_piece(void *user, grat_record *r)
{
    seen *k = user;
    k->wrong += r->first != k->samples || r->traces != 9 || r->dt != 1e-6;
    for (size_t i = 0; i < r->count && !k->wrong; i += 7) {
        size_t at = (r->first + i) % PIECE;
        k->wrong += ((uint8_t *)r->trace[3].raw)[i] != (at >> 3 & 1);
        k->wrong += ((float *)r->trace[8].raw)[i] != (float)(int16_t)(at / 2) * 0.5f;
    }
    k->samples += r->count;
    k->pieces++;
    return true;
}

TEST(sr_long_log)
{
    struct rusage before, after;
    grat_writer *w = NULL;
    grat_record *r = make(8, 1, PIECE, 1e-6);
    setenv("GRATICULE_THREADS", "2", 1);
    EQ(grat_writer_open(test_path("long.sr"), NULL, NULL, &op, &w), GRAT_OK);
    for (unsigned i = 0; i < 12; i++, r->first += PIECE) EQ(grat_writer_record(w, r, &op), GRAT_OK);
    getrusage(RUSAGE_SELF, &before);
    for (unsigned i = 12; i < PIECES; i++, r->first += PIECE) EQ(grat_writer_record(w, r, &op), GRAT_OK);
    EQ(grat_writer_finish(w, &op), GRAT_OK);
    getrusage(RUSAGE_SELF, &after);
    TRUE(after.ru_maxrss - before.ru_maxrss < 8192);
    seen k = {0};
    EQ(grat_read_pieces(test_path("long.sr"), NULL, on_piece, &k, &op), GRAT_OK);
    EQ(k.samples, (uint64_t)PIECES * PIECE);
    EQ(k.wrong, 0);
    TRUE(k.pieces >= PIECES / 2);
    before = after;
    getrusage(RUSAGE_SELF, &after);
#ifndef __SANITIZE_ADDRESS__
    TRUE(after.ru_maxrss - before.ru_maxrss < 16384); /* the sanitizer keeps what was freed for a while */
#endif
    grat_record *back = read_file("long.sr");
    if (back) {
        EQ(back->count, (size_t)PIECES * PIECE);
        size_t wrong = 0;
        for (size_t i = 0; i < back->count; i += 11) {
            size_t at = i % PIECE;
            wrong += ((uint8_t *)back->trace[3].raw)[i] != (at >> 3 & 1);
            wrong += ((float *)back->trace[8].raw)[i] != (float)(int16_t)(at / 2) * 0.5f;
        }
        EQ(wrong, 0);
    }
    grat_record_unref(back);
    grat_record_unref(r);
}

static uint64_t sum_of(const char *name)
{
    uint64_t sum = 14695981039346656037u;
    FILE *f = fopen(test_path(name), "rb");
    for (int c; f && (c = getc(f)) != EOF;) sum = (sum ^ (uint64_t)c) * 1099511628211u;
    if (f) fclose(f);
    return sum;
}

/* The same bytes whatever the number of threads; with gaps and short records between long ones. */
TEST(threads)
{
    static const char *const names[] = {"t.sr", "t.vcd"}, *const threads[] = {"1", "2", "7"};
    static const unsigned logic[] = {9, 0, 1}, analog[] = {0, 2, 0};
    for (unsigned c = 0; c < 18; c++) {
        static uint64_t first_sum;
        unsigned t = c % 3, shape = c / 6;
        const char *name = names[c / 3 % 2];
        grat_writer *w = NULL;
        uint64_t at = 0;
        setenv("GRATICULE_THREADS", threads[t], 1);
        EQ(grat_writer_open(test_path(name), NULL, NULL, &op, &w), GRAT_OK);
        for (unsigned i = 0; i < 6; i++) {
            grat_record *r = make(logic[shape], analog[shape], i % 2 ? 1000 + i : shape == 1 ? 40000 : 300000, 1e-6);
            if (i == 3) at += 1234;
            r->first = at;
            r->number = i >= 4;
            EQ(grat_writer_record(w, r, &op), GRAT_OK);
            at += r->count;
            grat_record_unref(r);
        }
        EQ(grat_writer_finish(w, &op), GRAT_OK);
        if (!t) first_sum = sum_of(name);
        else TRUE(sum_of(name) == first_sum);
    }
    unsetenv("GRATICULE_THREADS");
}

/* Sample by sample, against the writer, which goes by words of 64. Anything but 0 is high. */
TEST(vcd_every_change)
{
    static const double dts[] = {1e-6, 0.123456789};
    static char want[400000];
    for (unsigned c = 0; c < 8; c++) {
        unsigned wires = c / 2 ? 1 + c / 2 * 2 : 1, n = 5000 + c;
        uint64_t units = c % 2 ? 123456789 : 1;
        uint32_t random = 7 + c;
        size_t used = 0;
        grat_record *r = make(wires, 0, n, dts[c % 2]);
        for (unsigned i = 0; i < n; i++) {
            bool any = false;
            for (unsigned k = 0; k < wires; k++) {
                uint8_t *raw = r->trace[k].raw;
                random = random * 1664525 + 1013904223;
                raw[i] = i && random >> 28 ? raw[i - 1] : (uint8_t)(random >> 20 & 0x81);
                if (i && (raw[i] != 0) == (raw[i - 1] != 0)) continue;
                if (!any) used += (size_t)snprintf(want + used, sizeof want - used, "#%" PRIu64 "\n", units * i);
                any = true;
                used += (size_t)snprintf(want + used, sizeof want - used, "%d%c\n", raw[i] != 0, '!' + (int)k);
            }
        }
        used += (size_t)snprintf(want + used, sizeof want - used, "#%" PRIu64 "\n", units * n);
        write_file("e.vcd", &r, 1);
        const char *begin = strstr(body("e.vcd"), "$enddefinitions $end\n");
        TRUE(begin && strcmp(begin + strlen("$enddefinitions $end\n"), want) == 0);
        grat_record_unref(r);
    }
}

static uint64_t little(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    while (n--) v = v << 8 | p[n];
    return v;
}

/* The entries of an archive as Python's zipfile finds them: the directory ends where the end records begin. */
static size_t entries_before_the_end(const char *name)
{
    FILE *f = fopen(test_path(name), "rb");
    uint8_t end[98], h[46];
    size_t count = 0;
    long at = -1;
    if (f && fseek(f, -98, SEEK_END) == 0) at = ftell(f);
    if (at >= 0 && fread(end, 1, 98, f) == 98 && memcmp(end, "PK\6\6", 4) == 0 && memcmp(end + 76, "PK\5\6", 4) == 0) {
        uint64_t size = little(end + 40, 8), start = little(end + 48, 8), members = little(end + 32, 8);
        uint64_t place = start;
        for (; place < start + size && fseek(f, (long)place, SEEK_SET) == 0 && fread(h, 1, 46, f) == 46; count++) {
            if (memcmp(h, "PK\1\2", 4) != 0) break;
            place += 46 + little(h + 28, 2) + little(h + 30, 2) + little(h + 32, 2);
        }
        if (place != (uint64_t)at || count != members || start + size != (uint64_t)at) count = 0;
    }
    if (f) fclose(f);
    return count;
}

/* Through several moves of the tail, and directories of more than one block. */
TEST(sr_grows_as_a_whole_archive)
{
    enum { CHANNELS = GRAT_MAX_CHANNELS, COUNT = 1 << 17 };
    grat_writer *w = NULL;
    grat_writer_options opt = {.size = sizeof opt, .growing = true};
    grat_record *r = make(0, CHANNELS, COUNT, 1e-6);
    size_t least = 0, few = 0;
    uint32_t random = 1;
    for (unsigned k = 0; k < CHANNELS; k++) memset(r->trace[k].raw, (int)k, COUNT * 2);
    /* Noise: what cannot be packed fills the room before the tail. */
    for (size_t i = 0; i < 2 * COUNT; i++, random = random * 1664525 + 1013904223)
        ((int16_t *)r->trace[i % 2].raw)[i / 2] = (int16_t)(random >> 16);
    EQ(grat_writer_open_with(test_path("grow.sr"), NULL, NULL, &opt, &op, &w), GRAT_OK);
    for (unsigned i = 0; i < 48; i++, r->first += COUNT) {
        EQ(grat_writer_record(w, r, &op), GRAT_OK);
        size_t n = i ? entries_before_the_end("grow.sr") : 3;
        few += n < least;
        if (i % 3 == 0) EQ(grat_writer_flush(w, &op), GRAT_OK);
        if (i % 3 == 0) least = 3 + (i / 4 + 1) * CHANNELS, n = entries_before_the_end("grow.sr");
        few += n < least;
    }
    EQ(few, 0);
    EQ(grat_writer_finish(w, &op), GRAT_OK);
    EQ(entries_before_the_end("grow.sr"), 3 + 12 * CHANNELS);
    grat_record_unref(r);
}

int main(void)
{
    grat_op_init(&op, 60000, NULL);
    RUN(vcd_bytes);
    RUN(vcd_time_units);
    RUN(vcd_every_change);
    RUN(vcd_of_others);
    RUN(gaps);
    RUN(sr_shapes);
    RUN(sr_long_log);
    RUN(sr_grows_as_a_whole_archive);
    RUN(threads);
    return TEST_RESULT();
}
