#include "sync/sync_int.h"

#include <math.h>

#include "test.h"

#define S 1000000000LL

TEST(time_of_day)
{
    grat__sync_clock k = {0};
    int64_t noon = 20000 * 86400 * S + 43200 * S;
    TRUE(grat__sync_clock_take(&k, "12,00,01.50", noon, noon + S / 100));
    TRUE(fabs(k.offset - (1.505 - 0.005)) < 1e-6);
    TRUE(fabs(k.uncertainty - 0.01) < 1e-6);
    /* over midnight */
    k = (grat__sync_clock){0};
    TRUE(grat__sync_clock_take(&k, "23,59,59.000", noon + 43200 * S, noon + 43200 * S));
    TRUE(fabs(k.offset + 0.9995) < 1e-6);
    TRUE(!grat__sync_clock_take(&k, "12,00", noon, noon));
    TRUE(!grat__sync_clock_take(&k, "noon", noon, noon));
    TRUE(!grat__sync_clock_take(&k, "24,00,00", noon, noon));
    TRUE(!grat__sync_clock_take(&k, "-1,00,00", noon, noon));
    TRUE(!grat__sync_clock_take(&k, "1e300", noon, noon));
    TRUE(!grat__sync_clock_take(&k, "", noon, noon));
    TRUE(!grat__sync_clock_take(&k, "1,2,3,4", noon, noon));
}

TEST(the_fastest_answer_counts)
{
    grat__sync_clock k = {0};
    int64_t t = 1700000000 * S;
    TRUE(grat__sync_clock_take(&k, "1700000000.500000", t, t + S));
    TRUE(k.uncertainty > 0.49 && fabs(k.offset) < 1e-3);
    TRUE(grat__sync_clock_take(&k, "1700000010.250000", t + 10 * S, t + 10 * S + S / 1000));
    TRUE(k.uncertainty < 0.001 && fabs(k.offset - 0.2495) < 1e-5);
    for (unsigned i = 0; i < 40; i++) grat__sync_clock_take(&k, "1700000020.5", t + 20 * S, t + 21 * S);
    TRUE(k.uncertainty < 0.001);
    for (unsigned i = 0; i < 40; i++) grat__sync_clock_take(&k, "1700000020.500", t + 20 * S, t + 21 * S);
    TRUE(k.uncertainty > 0.4);
}

int main(void)
{
    RUN(time_of_day);
    RUN(the_fastest_answer_counts);
    return TEST_RESULT();
}
