#include "format/ahead.h"

#include "temp.h"
#include "test.h"

#include <string.h>

enum { SAMPLES = 3 << 20, PIECE = 50000 };

static const grat_trace two[2] = {{.name = "1", .type = GRAT_U8, .scale = 2},
                                  {.name = "2", .type = GRAT_I16, .scale = 3}};

typedef struct taken {
    uint64_t next;           /* sample */
    unsigned pieces, wrong, most;
    grat_record *kept[40];   /* every third */
    unsigned keeps;
} taken;

static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)(i * 7 + (i >> 8));
}

static int16_t word_at(uint64_t i)
{
    return (int16_t)(i * 31 - 5);
}

/* Bytes of the first trace, then words of the second. */
static const char *make_file(void)
{
    const char *path = test_path("two.bin");
    FILE *f = fopen(path, "wb");
    for (uint64_t i = 0; f && i < SAMPLES; i++) fputc(byte_at(i), f);
    for (uint64_t i = 0; f && i < SAMPLES; i++) {
        int16_t v = word_at(i);
        fwrite(&v, sizeof v, 1, f);
    }
    if (f) fclose(f);
    return path;
}

static bool right(const grat_record *r)
{
    const uint8_t *bytes = r->trace[0].raw;
    bool ok = r->trace[0].scale == 2 && r->trace[1].scale == 3;
    for (size_t i = 0; i < r->count; i++) {
        int16_t v;
        memcpy(&v, (const uint8_t *)r->trace[1].raw + 2 * i, 2);
        ok = ok && bytes[i] == byte_at(r->first + i) && v == word_at(r->first + i);
    }
    return ok;
}

static bool take(void *user, grat_record *r)
{
    taken *t = user;
    t->wrong += r->first != t->next || !right(r);
    t->next = r->first + r->count;
    if (t->pieces % 3 == 0 && t->keeps < 40) t->kept[t->keeps++] = grat_record_ref(r);
    return ++t->pieces != t->most;
}

static grat_err read_two(const char *path, taken *t, grat_op *op)
{
    grat_meta meta;
    const grat_reading to = {.meta = &meta, .fn = take, .user = t};
    const grat__ahead_file file = {.path = path, .traces = 2, .trace = two, .bytes = 3 * SAMPLES};
    grat__ahead *a = grat__ahead_open(&file, &to, op);
    if (!a) return op->err;
    grat_err err = GRAT_OK;
    for (uint64_t at = 0; at < SAMPLES && grat__ahead_wanted(a) && !err; at += PIECE) {
        grat_record *r;
        size_t n = SAMPLES - at < PIECE ? SAMPLES - at : PIECE;
        const uint64_t from[] = {at, SAMPLES + 2 * at};
        err = grat__ahead_take(a, n, op, &r);
        if (err) break;
        r->first = at;
        /* Some are there already. */
        for (size_t i = 0; i < n && at % 7 == 0; i++) {
            int16_t v = word_at(at + i);
            ((uint8_t *)r->trace[0].raw)[i] = byte_at(at + i);
            memcpy((uint8_t *)r->trace[1].raw + 2 * i, &v, 2);
        }
        grat__ahead_start(a, at % 7 ? from : NULL);
    }
    if (!err) err = grat__ahead_drain(a, op);
    grat__ahead_close(a);
    return err;
}

static void let_go(taken *t)
{
    for (unsigned i = 0; i < t->keeps; i++) {
        TRUE(right(t->kept[i]));
        grat_record_unref(t->kept[i]);
    }
}

TEST(pieces_come_whole_and_in_order)
{
    static const char *const threads[] = {"1", "2", "8"};
    const char *path = make_file();
    for (unsigned i = 0; i < 3; i++) {
        taken t = {0};
        grat_op op;
        grat_op_init(&op, INT64_MAX, NULL);
        setenv("GRATICULE_THREADS", threads[i], 1);
        EQ(read_two(path, &t, &op), GRAT_OK);
        EQ(t.next, SAMPLES);
        EQ(t.wrong, 0);
        EQ(t.pieces, (SAMPLES + PIECE - 1) / PIECE);
        let_go(&t);
    }
}

TEST(who_has_enough_gets_no_more)
{
    const char *path = make_file();
    taken t = {.most = 5};
    grat_op op;
    grat_op_init(&op, INT64_MAX, NULL);
    setenv("GRATICULE_THREADS", "4", 1);
    EQ(read_two(path, &t, &op), GRAT_OK);
    EQ(t.pieces, 5);
    EQ(t.next, 5 * PIECE);
    EQ(t.wrong, 0);
    let_go(&t);
}

TEST(a_file_that_becomes_shorter_is_told)
{
    const char *path = make_file();
    taken t = {0};
    grat_op op;
    grat_op_init(&op, INT64_MAX, NULL);
    setenv("GRATICULE_THREADS", "2", 1);
    EQ(truncate(path, 2 * SAMPLES + 1), 0);
    EQ(read_two(path, &t, &op), GRAT_EIO);
    TRUE(strstr(op.text, "it became shorter"));
    /* Whatever was handed over was right. */
    EQ(t.wrong, 0);
    TRUE(t.next > 0 && t.next <= SAMPLES / 2 + PIECE);
    let_go(&t);
}

TEST(a_cancelled_read_ends)
{
    const char *path = make_file();
    grat_cancel *cancel = grat_cancel_new();
    taken t = {0};
    grat_op op;
    grat_op_init(&op, INT64_MAX, cancel);
    grat_cancel_fire(cancel);
    EQ(read_two(path, &t, &op), GRAT_ECANCELED);
    EQ(t.pieces, 0);
    grat_cancel_free(cancel);
}

int main(void)
{
    RUN(pieces_come_whole_and_in_order);
    RUN(who_has_enough_gets_no_more);
    RUN(a_file_that_becomes_shorter_is_told);
    RUN(a_cancelled_read_ends);
    return TEST_RESULT();
}
