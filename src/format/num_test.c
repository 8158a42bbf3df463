#include "format/num.h"

#include "core/str.h"
#include "test.h"

static const char *fixed(int64_t v, unsigned decimals)
{
    static char text[GRAT__NUM_MAX + 1];
    text[grat__put_fixed(text, v, decimals)] = '\0';
    return text;
}

static const char *number(double v, unsigned digits)
{
    static char text[GRAT__NUM_MAX + 1];
    text[grat__put_double(text, v, digits)] = '\0';
    return text;
}

static const char *time_text(double t0, double dt, uint64_t index)
{
    static char text[GRAT__NUM_MAX + 1];
    grat__timebase tb;
    grat__timebase_init(&tb, t0, dt);
    text[grat__put_time(text, &tb, index)] = '\0';
    return text;
}

TEST(fixed_point)
{
    STR(fixed(0, 0), "0");
    STR(fixed(0, 3), "0.000");
    STR(fixed(-5, 3), "-0.005");
    STR(fixed(12345, 2), "123.45");
    STR(fixed(-12345, 0), "-12345");
    STR(fixed(INT64_MIN, 18), "-9.223372036854775808");
}

TEST(whole_numbers)
{
    static const uint64_t edges[] = {0, 1, 9, 10, 99, 100, 1000, 10203, 1002003, 10000000,
                                     99999999, 100000000, 9999999999999999u, 10000000000000000u, UINT64_MAX};
    for (unsigned i = 0; i < sizeof edges / sizeof *edges; i++) {
        char text[GRAT__NUM_MAX + 1], wanted[32];
        text[grat__put_u64(text, edges[i])] = '\0';
        snprintf(wanted, sizeof wanted, "%llu", (unsigned long long)edges[i]);
        STR(text, wanted);
    }
}

TEST(significant_digits)
{
    STR(number(0, 7), "0");
    STR(number(-0.0, 7), "0");
    STR(number(1, 7), "1");
    STR(number(-1.5, 7), "-1.5");
    STR(number(0.04, 7), "0.04");
    STR(number(9.9999999, 7), "10");
    STR(number(123456789, 3), "123000000");
    STR(number(1e-9, 7), "1e-09");
    STR(number(6.02214076e23, 9), "6.02214076e+23");
    STR(number(0.1, 17), "0.10000000000000001");
    STR(number(4e-9, 15), "4e-09");
    STR(number(NAN, 7), "nan");
    STR(number(-INFINITY, 7), "-inf");
}

/* Nine digits are enough for any float to come back. */
TEST(floats_survive)
{
    uint32_t x = 1;
    for (int i = 0; i < 100000; i++) {
        x = x * 1664525 + 1013904223;
        float f;
        memcpy(&f, &x, sizeof f);
        if (!isfinite(f)) continue;
        double back = 0;
        TRUE(grat__parse_double(number((double)f, 9), &back));
        if ((float)back != f) TEST_FAIL("%.9g came back as %.9g", (double)f, back);
    }
}

TEST(times_are_exact)
{
    STR(time_text(-0.024, 4e-9, 0), "-0.024000000");
    STR(time_text(-0.024, 4e-9, 1), "-0.023999996");
    STR(time_text(-0.024, 4e-9, 6000000), "0.000000000");
    STR(time_text(-0.024, 4e-9, 23999999), "0.071999996");
    STR(time_text(0, 1, 3600), "3600");
    STR(time_text(-6e-3, 8e-10, 1), "-0.0059999992");
    STR(time_text(0, 0.001, 123456789012), "123456789.012");
    STR(time_text(-1.5e-6, 5e-10, 3), "-0.0000014985");
}

TEST(decimals_follow_the_step)
{
    EQ(grat__step_decimals(0.04, -5.08), 2);
    EQ(grat__step_decimals(1, 0), 0);
    EQ(grat__step_decimals(0.03125, 0), 5);
    EQ(grat__step_decimals(1.0 / 3, 0), 4);
}

int main(void)
{
    RUN(fixed_point);
    RUN(whole_numbers);
    RUN(significant_digits);
    RUN(floats_survive);
    RUN(times_are_exact);
    RUN(decimals_follow_the_step);
    return TEST_RESULT();
}
