/* One-line assertions: a test file is a list of functions and a main that runs them.
 *   TEST(name) { … }      int main(void) { RUN(name); return TEST_RESULT(); } */
#ifndef GRAT_TEST_H
#define GRAT_TEST_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_checks, test_failures, test_bad;

#define TEST(name) static void name(void)
#define RUN(name)                                                                                                      \
    do {                                                                                                               \
        test_bad = 0;                                                                                                  \
        name();                                                                                                        \
        printf("%s %s\n", test_bad ? "FAIL" : "ok  ", #name);                                                          \
    } while (0)
#define TEST_FAIL(...)                                                                                                 \
    do {                                                                                                               \
        test_failures++, test_bad = 1;                                                                                 \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                                \
        fprintf(stderr, __VA_ARGS__);                                                                                  \
        fputc('\n', stderr);                                                                                           \
    } while (0)
#define TRUE(x)                                                                                                        \
    do {                                                                                                               \
        test_checks++;                                                                                                 \
        if (!(x)) TEST_FAIL("not true: %s", #x);                                                                       \
    } while (0)
#define EQ(a, b)                                                                                                       \
    do {                                                                                                               \
        long long a_ = (long long)(a), b_ = (long long)(b);                                                            \
        test_checks++;                                                                                                 \
        if (a_ != b_) TEST_FAIL("%s = %lld, wanted %s = %lld", #a, a_, #b, b_);                                        \
    } while (0)
#define STR(a, b)                                                                                                      \
    do {                                                                                                               \
        const char *a_ = (a), *b_ = (b);                                                                               \
        test_checks++;                                                                                                 \
        if (strcmp(a_, b_) != 0) TEST_FAIL("%s = \"%s\", wanted \"%s\"", #a, a_, b_);                                  \
    } while (0)
#define MEM(a, b, n)                                                                                                   \
    do {                                                                                                               \
        test_checks++;                                                                                                 \
        if (memcmp((a), (b), (n)) != 0) TEST_FAIL("%s and %s differ", #a, #b);                                         \
    } while (0)
#define NEAR(a, b, tolerance)                                                                                          \
    do {                                                                                                               \
        double a_ = (a), b_ = (b);                                                                                     \
        test_checks++;                                                                                                 \
        if (!(fabs(a_ - b_) <= (tolerance))) TEST_FAIL("%s = %.12g, wanted %.12g", #a, a_, b_);                        \
    } while (0)
#define TEST_RESULT()                                                                                                  \
    (printf("%d checks, %d failed\n", test_checks, test_failures), test_failures || !test_checks ? 1 : 0)

#endif
