#include <graticule/graticule.h>

#include "test.h"

TEST(values)
{
    grat_sample_type types[] = {GRAT_U8, GRAT_I16};
    grat_record *r = grat_record_new(2, types, 3);
    TRUE(r);
    uint8_t *a = r->trace[0].raw;
    a[0] = 127, a[2] = 227;
    r->trace[0].scale = 0.04, r->trace[0].offset = -127 * 0.04;
    int16_t *b = r->trace[1].raw;
    b[1] = -5;
    double v[3];
    grat_trace_values(&r->trace[0], 0, 3, v);
    NEAR(v[0], 0, 1e-12);
    NEAR(v[2], 4, 1e-12);
    float f[1];
    grat_trace_values_f32(&r->trace[1], 1, 1, f);
    NEAR(f[0], -5, 0);
    grat_record_ref(r);
    EQ(r->refs, 2);
    grat_record_unref(r);
    grat_record_unref(r);
    TRUE(!grat_record_new(GRAT_MAX_CHANNELS + 1, types, 1));
}

int main(void)
{
    RUN(values);
    return TEST_RESULT();
}
