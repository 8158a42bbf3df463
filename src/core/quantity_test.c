#include "core/str.h"
#include "test.h"

static double parse(const char *text, const char *unit)
{
    grat_op op;
    grat_op_init(&op, 0, NULL);
    double v;
    return grat_parse_quantity(text, unit, &v, &op) ? NAN : v;
}

TEST(quantities)
{
    NEAR(parse("2ms", "s"), 2e-3, 1e-18);
    NEAR(parse("10kS", "S"), 1e4, 0);
    NEAR(parse("1MS/s", "S/s"), 1e6, 0);
    NEAR(parse("500mV", "V"), 0.5, 1e-16);
    NEAR(parse("-1.5", "V"), -1.5, 0);
    NEAR(parse("1e-3", "s"), 1e-3, 0);
    NEAR(parse("1.5e3 mV", "V"), 1.5, 1e-15);
    NEAR(parse("1h", "s"), 3600, 0);
    NEAR(parse("2min", "s"), 120, 0);
    NEAR(parse("7d", "s"), 604800, 0);
    NEAR(parse("25%", "%"), 0.25, 0);
    NEAR(parse("25", "%"), 0.25, 0);
    NEAR(parse("0.25", "%"), 0.25, 0);
    NEAR(parse("1.5 MSa/s", "S/s"), 1.5e6, 0);
    NEAR(parse("2MHz", "S/s"), 2e6, 0);
    NEAR(parse("12Mpts", "S"), 12e6, 0);
    NEAR(parse("3us", "s"), 3e-6, 1e-20);
    NEAR(parse("3\xc2\xb5s", "s"), 3e-6, 1e-20);
    NEAR(parse("1k", ""), 1000, 0);
}

TEST(not_quantities)
{
    TRUE(isnan(parse("", "s")));
    TRUE(isnan(parse("ms", "s")));
    TRUE(isnan(parse("2mx", "s")));
    TRUE(isnan(parse("2m", "s")));
    TRUE(isnan(parse("2 M", "s")));
    TRUE(isnan(parse("2V", "s")));
    TRUE(isnan(parse("1..2", "s")));
    TRUE(isnan(parse("inf", "s")));
    TRUE(isnan(parse("1e999", "s")));
}

TEST(formatting)
{
    char s[32];
    STR(grat_format_quantity(s, sizeof s, 0.002, "s"), "2 ms");
    STR(grat_format_quantity(s, sizeof s, 0.5, "V"), "500 mV");
    STR(grat_format_quantity(s, sizeof s, 1e9, "S/s"), "1 GS/s");
    STR(grat_format_quantity(s, sizeof s, 0, "V"), "0 V");
    STR(grat_format_quantity(s, sizeof s, -0.0, "V"), "0 V");
    STR(grat_format_quantity(s, sizeof s, 12, ""), "12");
}

TEST(strict_numbers)
{
    double d;
    uint64_t u;
    int i;
    bool b;
    TRUE(grat__parse_double(" 1.000000e+00 \n", &d) && d == 1);
    TRUE(!grat__parse_double("1.0x", &d));
    TRUE(grat__parse_u64("1200", &u) && u == 1200);
    TRUE(!grat__parse_u64("-1", &u));
    TRUE(!grat__parse_u64("99999999999999999999", &u));
    TRUE(grat__parse_int("-75", &i) && i == -75);
    TRUE(grat__parse_bool("On", &b) && b);
    TRUE(!grat__parse_bool("yes!", &b));
    char s[4];
    TRUE(!grat__strcpy(s, sizeof s, "abcd"));
    STR(s, "abc");
}

int main(void)
{
    RUN(quantities);
    RUN(not_quantities);
    RUN(formatting);
    RUN(strict_numbers);
    return TEST_RESULT();
}
