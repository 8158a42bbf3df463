#include <graticule/graticule.h>

#include "temp.h"
#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static grat_op op;

static int16_t value_at(uint64_t index)
{
    return (int16_t)(index * 2654435761u >> 12);
}

/* Two channels and a logic one; the samples follow from their index. */
static grat_record *make(uint64_t first, size_t count, double dt)
{
    grat_sample_type types[] = {GRAT_I16, GRAT_U8, GRAT_U8};
    grat_record *r = grat_record_new(3, types, count);
    r->dt = dt;
    r->first = first;
    r->utc_ns = 1700000000123456789;
    memcpy(r->trace[0].name, "A", 2), memcpy(r->trace[0].unit, "V", 2);
    memcpy(r->trace[1].name, "B", 2), memcpy(r->trace[1].unit, "A", 2);
    memcpy(r->trace[2].name, "D0", 3), r->trace[2].logic = true;
    r->trace[0].scale = 0.001, r->trace[0].offset = -0.25, r->trace[1].scale = 2;
    r->trace[0].raw_min = -32767, r->trace[0].raw_max = 32767;
    for (size_t i = 0; i < count; i++) {
        int16_t v = value_at(first + i);
        ((int16_t *)r->trace[0].raw)[i] = v;
        ((uint8_t *)r->trace[1].raw)[i] = (uint8_t)v;
        ((uint8_t *)r->trace[2].raw)[i] = v & 1;
    }
    return r;
}

static grat_writer *open_writer(const char *name, bool growing, bool pack)
{
    grat_writer *w = NULL;
    static grat_meta meta = {.identity = {"ACME", "X1", "S42", "1.0"}, .resource = "SIM::x"};
    grat_writer_options opt = {.size = sizeof opt, .growing = growing, .pack = pack};
    if (grat_writer_open_with(test_path(name), NULL, &meta, &opt, &op, &w)) TEST_FAIL("%s", op.text);
    return w;
}

static void put(grat_writer *w, uint64_t first, size_t count, double dt)
{
    grat_record *r = make(first, count, dt);
    if (grat_writer_record(w, r, &op)) TEST_FAIL("%s", op.text);
    grat_record_unref(r);
}

typedef struct check {
    uint64_t samples, next, wrong, pieces, gaps;
    size_t longest;
    grat_trace trace[3];
    int64_t utc_ns;
} check;

static bool on_piece(void *user, grat_record *r)
{
    check *k = user;
    k->pieces++;
    if (r->flags & GRAT_REC_GAP_BEFORE) k->gaps++;
    else k->wrong += r->first != k->next;
    for (size_t i = 0; i < r->count && r->traces == 3; i++) {
        int16_t v = value_at(r->first + i);
        k->wrong += ((int16_t *)r->trace[0].raw)[i] != v || ((uint8_t *)r->trace[1].raw)[i] != (uint8_t)v ||
                    ((uint8_t *)r->trace[2].raw)[i] != (v & 1);
    }
    k->samples += r->count;
    k->next = r->first + r->count;
    k->utc_ns = r->utc_ns;
    if (r->count > k->longest) k->longest = r->count;
    memcpy(k->trace, r->trace, sizeof k->trace);
    return true;
}

static check read_back(const char *name)
{
    check k = {0};
    grat_meta meta;
    if (grat_read_pieces(test_path(name), &meta, on_piece, &k, &op)) TEST_FAIL("%s", op.text);
    STR(meta.identity.model, "X1");
    EQ(k.wrong, 0);
    return k;
}

static void round_trip(const char *name, bool growing, bool pack)
{
    grat_writer *w = open_writer(name, growing, pack);
    put(w, 0, 3000, 1e-4);
    put(w, 3000, 700000, 1e-4);
    put(w, 703000, 5, 1e-4);
    put(w, 800000, 100000, 1e-4);
    if (grat_writer_finish(w, &op)) TEST_FAIL("%s", op.text);
    check k = read_back(name);
    EQ(k.samples, 803005);
    EQ(k.gaps, 1);
    TRUE(k.longest <= 1 << 20);
    STR(k.trace[1].unit, "A");
    TRUE(k.trace[2].logic && !k.trace[1].logic);
    TRUE(k.trace[0].scale == 0.001 && k.trace[0].offset == -0.25 && k.trace[0].raw_max == 32767);
    TRUE(k.utc_ns == 1700000000123456789);
}

TEST(what_is_written_comes_back)
{
    round_trip("plain.h5", false, false);
    round_trip("packed.h5", false, true);
    round_trip("growing.h5", true, false);
    round_trip("growing-packed.h5", true, true);
}

TEST(packing_makes_it_smaller)
{
    struct stat plain, packed;
    EQ(stat(test_path("plain.h5"), &plain), 0);
    EQ(stat(test_path("packed.h5"), &packed), 0);
    TRUE(packed.st_size < plain.st_size);
}

TEST(one_record_when_there_is_no_gap)
{
    grat_record *r = NULL;
    grat_writer *w = open_writer("one.h5", false, false);
    put(w, 0, 1500000, 1e-6);
    EQ(grat_writer_finish(w, &op), GRAT_OK);
    EQ(grat_read_file(test_path("one.h5"), NULL, &r, &op), GRAT_OK);
    TRUE(r && r->count == 1500000 && ((int16_t *)r->trace[0].raw)[1499999] == value_at(1499999));
    grat_record_unref(r);
    EQ(grat_read_file(test_path("plain.h5"), NULL, &r, &op), GRAT_EPARSE);
}

TEST(it_can_be_read_while_it_grows)
{
    grat_writer *w = open_writer("live.h5", true, false);
    TRUE(access(test_path("live.h5"), F_OK) != 0);
    put(w, 0, 10, 1e-3);
    EQ(grat_writer_flush(w, &op), GRAT_OK);
    EQ(read_back("live.h5").samples, 10);
    put(w, 10, 5000, 1e-3);
    TRUE(read_back("live.h5").samples >= 10);
    EQ(grat_writer_flush(w, &op), GRAT_OK);
    EQ(read_back("live.h5").samples, 5010);
    EQ(grat_writer_finish(w, &op), GRAT_OK);
    EQ(read_back("live.h5").samples, 5010);
}

/* The child tells after each flush how much is safe; what it writes behind it may or may not be there. */
static void child(int fd)
{
    grat_writer *w = open_writer("killed.h5", true, false);
    for (uint64_t next = 0, n = 1;; n = n * 7 % 70001 + 1) {
        put(w, next, n, 1e-5);
        next += n;
        if (n % 3) continue;
        if (grat_writer_flush(w, &op) || write(fd, &next, sizeof next) != sizeof next) _exit(1);
    }
}

TEST(a_killed_writer_leaves_what_it_flushed)
{
    for (unsigned i = 0; i < 5; i++) {
        int fd[2];
        uint64_t safe = 0, more;
        EQ(pipe(fd), 0);
        pid_t pid = fork();
        if (!pid) child(fd[1]);
        close(fd[1]);
        for (unsigned k = 0; k < 2 + 5 * i && read(fd[0], &more, sizeof more) == sizeof more; k++) safe = more;
        usleep(i * 7000);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        while (read(fd[0], &more, sizeof more) == sizeof more) safe = more;
        close(fd[0]);
        check k = read_back("killed.h5");
        TRUE(safe > 0 && k.samples >= safe);
    }
}

static bool on_trigger(void *user, grat_record *r)
{
    unsigned *seen = user;
    EQ(r->number, *seen);
    TRUE(r->trigger_offset == *seen * 1.5e-10);
    EQ(r->trigger_stamp, *seen * 1000);
    ++*seen;
    return true;
}

TEST(what_triggers_tell)
{
    grat_writer *w = open_writer("triggers.h5", false, false);
    unsigned seen = 0;
    for (unsigned i = 0; w && i < 100; i++) {
        grat_record *r = make(0, 50, 1e-6);
        r->number = i;
        r->trigger_offset = i * 1.5e-10;
        r->trigger_stamp = i * 1000;
        EQ(grat_writer_record(w, r, &op), GRAT_OK);
        grat_record_unref(r);
    }
    EQ(grat_writer_finish(w, &op), GRAT_OK);
    EQ(grat_read_pieces(test_path("triggers.h5"), NULL, on_trigger, &seen, &op), GRAT_OK);
    EQ(seen, 100);
}

TEST(foreign_bytes_are_refused)
{
    grat_record *r = NULL;
    FILE *f = fopen(test_path("no.h5"), "w");
    fputs("\x89HDF\r\n\x1a\n and nothing more", f);
    fclose(f);
    EQ(grat_read_file(test_path("no.h5"), NULL, &r, &op), GRAT_EPARSE);
    grat_writer *w = NULL;
    EQ(grat_writer_open("-", "h5", NULL, &op, &w), GRAT_ENOTSUP);
}

/* What was written before the disk was full is there afterwards. */
TEST(a_full_disk_keeps_it)
{
    struct rlimit was, small = {8 << 20, 8 << 20};
    getrlimit(RLIMIT_FSIZE, &was);
    small.rlim_max = was.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    grat_writer *w = open_writer("full.h5", true, false);
    setrlimit(RLIMIT_FSIZE, &small);
    uint64_t first = 0;
    grat_err err = GRAT_OK;
    for (; !err && first < 4000000; first += 50000) {
        grat_record *r = make(first, 50000, 1e-6);
        err = grat_writer_record(w, r, &op);
        if (!err) err = grat_writer_flush(w, &op);
        grat_record_unref(r);
    }
    setrlimit(RLIMIT_FSIZE, &was); /* as the space that is kept for the end */
    EQ(err, GRAT_ENOSPC);
    EQ(grat_writer_finish(w, &op), GRAT_ENOSPC);
    check k = {0};
    if (grat_read_pieces(test_path("full.h5"), NULL, on_piece, &k, &op)) TEST_FAIL("%s", op.text);
    EQ(k.wrong, 0);
    TRUE(k.samples >= 300000);
}

/* Each in turn is made wrong; nothing mends it, so nothing is waited for. */
TEST(a_wrong_checksum_is_no_wait)
{
    static const char *const blocks[] = {"EAHD", "EAIB"};
    grat_writer *w = open_writer("sum.h5", true, false);
    for (unsigned i = 0; i < 40; i++) put(w, i * 1000, 1000, 1e-3);
    EQ(grat_writer_finish(w, &op), GRAT_OK);
    FILE *f = fopen(test_path("sum.h5"), "rb");
    static char good[1 << 20], bad[1 << 20];
    size_t n = fread(good, 1, sizeof good, f);
    fclose(f);
    alarm(20);
    unsigned tried = 0;
    for (unsigned b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        check k = {0};
        memcpy(bad, good, n);
        char *at = memmem(bad, n, blocks[b], 4);
        if (!at) continue;
        at[7] ^= 0x55;
        f = fopen(test_path("bad.h5"), "wb");
        fwrite(bad, 1, n, f);
        fclose(f);
        tried++;
        if (!grat_read_pieces(test_path("bad.h5"), NULL, on_piece, &k, &op)) TEST_FAIL("%s: read", blocks[b]);
    }
    alarm(0);
    EQ(tried, 2);
}

int main(void)
{
    grat_op_init(&op, INT64_MAX, NULL);
    RUN(what_is_written_comes_back);
    RUN(packing_makes_it_smaller);
    RUN(one_record_when_there_is_no_gap);
    RUN(it_can_be_read_while_it_grows);
    RUN(a_killed_writer_leaves_what_it_flushed);
    RUN(what_triggers_tell);
    RUN(foreign_bytes_are_refused);
    RUN(a_wrong_checksum_is_no_wait);
    RUN(a_full_disk_keeps_it);
    return TEST_RESULT();
}
