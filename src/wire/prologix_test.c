#include "wire/prologix.h"

#include "test.h"

static const char *escape(const void *data, size_t n)
{
    static char out[64];
    grat__buf b;
    grat__buf_init(&b, 1000);
    EQ(grat__prlgx_escape(&b, data, n), GRAT_OK);
    memcpy(out, b.data, b.len);
    out[b.len] = '\0';
    grat__buf_free(&b);
    return out;
}

TEST(escaping)
{
    STR(escape("*IDN?", 5), "*IDN?");
    STR(escape("a\r\n\033+b", 6), "a\033\r\033\n\033\033\033+b");
    STR(escape("++ver", 5), "\033+\033+ver");
    grat__buf b;
    grat__buf_init(&b, 4);
    EQ(grat__prlgx_escape(&b, "++++", 4), GRAT_ETOOBIG);
    grat__buf_free(&b);
}

/* Each event as D or C and its line between bars. */
static const char *lines(const char *in, size_t n)
{
    static char out[200];
    size_t at = 0;
    grat__prlgx_lines l;
    grat__prlgx_lines_init(&l, 16);
    for (size_t i = 0; i < n; i++) {
        grat__prlgx_event e = grat__prlgx_lines_feed(&l, (uint8_t)in[i]);
        if (e == GRAT__PRLGX_MORE) continue;
        out[at++] = e == GRAT__PRLGX_DATA ? 'D' : 'C';
        memcpy(out + at, l.line.data, l.line.len);
        at += l.line.len;
        out[at++] = '|';
    }
    out[at] = '\0';
    grat__prlgx_lines_free(&l);
    return out;
}
#define LINES(s) lines(s, sizeof s - 1)

TEST(lines_to_the_adapter)
{
    STR(LINES("++addr 5\n*IDN?\r\n++read eoi\r"), "C++addr 5|D*IDN?|C++read eoi|");
    STR(LINES("\n\r\n\r"), "");
    STR(LINES("\033+\033+ver\n"), "D++ver|");
    STR(LINES("\033++ver\n"), "D++ver|");
    STR(LINES("+\033+ver\n"), "D++ver|");
    STR(LINES("a\033\nb\033\rc\033\033d\n"), "Da\nb\rc\033d|");
    STR(LINES("+1\n"), "D+1|");
    STR(LINES("++\n"), "C++|");
    STR(LINES("0123456789abcdefXYZ\n++ver\n"), "D0123456789abcdef|C++ver|");
    STR(LINES("++ver"), "");
}

/* Feeds in pieces of `step`; 'E' at a certain end, '?' at a possible one, the data in between. */
static const char *answer(const char *in, size_t n, size_t step)
{
    static char out[200];
    size_t at = 0;
    grat__prlgx_answer a;
    grat__prlgx_mark mark;
    grat__prlgx_answer_init(&a);
    for (size_t i = 0; i < n;) {
        size_t m = n - i < step ? n - i : step;
        size_t k = grat__prlgx_answer_feed(&a, (const uint8_t *)in + i, m, &mark);
        memcpy(out + at, in + i, k);
        at += k;
        i += k;
        if (mark == GRAT__PRLGX_END) out[at++] = 'E', i++;
        if (mark == GRAT__PRLGX_PERHAPS) {
            i++;
            if (i < n) grat__prlgx_answer_data(&a, GRAT__PRLGX_MARK);
            out[at++] = i < n ? '\032' : '?';
        }
    }
    out[at] = '\0';
    return out;
}
#define ANSWER(s, want)                                                                                                \
    do {                                                                                                               \
        for (size_t step_ = 1; step_ < 9; step_++) STR(answer(s, sizeof s - 1, step_), want);                          \
    } while (0)

TEST(where_an_answer_ends)
{
    ANSWER("ACME,1\n\032", "ACME,1\nE");
    ANSWER("ACME,1\032", "ACME,1E");
    ANSWER("#13a\032b\n\032", "#13a\032b\nE");
    ANSWER("C1:WF ALL,#215\032\032345\037789012345\n\032", "C1:WF ALL,#215\032\032345\037789012345\nE");
    ANSWER("#10\n\032", "#10\nE");
    ANSWER("a#1\032", "a#1E");
    ANSWER("#H1F\032", "#H1FE");
    ANSWER("#1x\032", "#1xE");
    ANSWER("\200\032\032b\032", "\200\032\032b?");
    ANSWER("#0\032a\032", "#0\032a?");
    ANSWER("", "");
}

TEST(versions)
{
    grat__prlgx_kind k;
    TRUE(grat__prlgx_version("Prologix GPIB-ETHERNET Controller version 01.06.06.00", &k));
    EQ(k, GRAT__PRLGX_ETHERNET);
    TRUE(grat__prlgx_version("Prologix GPIB-USB Controller version 6.107", &k));
    EQ(k, GRAT__PRLGX_USB);
    TRUE(grat__prlgx_version("AR488 GPIB controller, ver. 0.53.03", &k));
    EQ(k, GRAT__PRLGX_AR488);
    TRUE(!grat__prlgx_version("5 96", &k));
    TRUE(grat__prlgx_is_error("Unrecognized command"));
    TRUE(!grat__prlgx_is_error("1"));
}

int main(void)
{
    RUN(escaping);
    RUN(lines_to_the_adapter);
    RUN(where_an_answer_ends);
    RUN(versions);
    return TEST_RESULT();
}
