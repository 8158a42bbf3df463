#include "wire/prologix.h"

#include "fuzz.h"

/* What is escaped comes back as one line of data, unless it is empty. */
static void round_trip(const uint8_t *data, size_t n)
{
    grat__buf b;
    grat__prlgx_lines l;
    grat__buf_init(&b, 1 << 20);
    grat__prlgx_lines_init(&l, 1 << 20);
    HOLDS(grat__prlgx_escape(&b, data, n) == GRAT_OK);
    for (size_t i = 0; i < b.len; i++) HOLDS(grat__prlgx_lines_feed(&l, b.data[i]) == GRAT__PRLGX_MORE);
    grat__prlgx_event e = grat__prlgx_lines_feed(&l, '\n');
    HOLDS(e == (n ? GRAT__PRLGX_DATA : GRAT__PRLGX_MORE));
    HOLDS(l.line.len == n && (!n || memcmp(l.line.data, data, n) == 0));
    grat__prlgx_lines_free(&l);
    grat__buf_free(&b);
}

/* However the bytes are cut, the answer ends at the same place. */
static size_t end_of(const uint8_t *data, size_t n, size_t step)
{
    grat__prlgx_answer a;
    grat__prlgx_mark mark;
    size_t i = 0;
    grat__prlgx_answer_init(&a);
    while (i < n) {
        size_t m = n - i < step ? n - i : step;
        size_t k = grat__prlgx_answer_feed(&a, data + i, m, &mark);
        HOLDS(k <= m);
        HOLDS(mark == GRAT__PRLGX_NO_MARK ? k == m : data[i + k] == GRAT__PRLGX_MARK);
        i += k;
        if (mark == GRAT__PRLGX_END) return i;
        if (mark == GRAT__PRLGX_PERHAPS) grat__prlgx_answer_data(&a, data[i++]);
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    grat__prlgx_lines l;
    round_trip(data, n);
    grat__prlgx_lines_init(&l, 32);
    for (size_t i = 0; i < n; i++) {
        if (grat__prlgx_lines_feed(&l, data[i]) == GRAT__PRLGX_COMMAND) HOLDS(l.line.len >= 2);
        HOLDS(l.line.len <= 32);
    }
    grat__prlgx_lines_free(&l);
    size_t whole = end_of(data, n, n ? n : 1);
    HOLDS(end_of(data, n, 1) == whole && end_of(data, n, 7) == whole);
    return 0;
}
