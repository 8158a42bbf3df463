#include "sim/core/status.h"

#include "test.h"

TEST(errors_come_back_in_order_and_overflow_is_marked)
{
    sim_status s = {0};
    EQ(sim_status_next_error(&s), 0);
    for (int i = 0; i < SIM_ERRORS + 5; i++) sim_status_error(&s, i ? -222 : -113);
    EQ(s.errors, SIM_ERRORS);
    EQ(sim_status_next_error(&s), -113);
    for (int i = 2; i < SIM_ERRORS; i++) EQ(sim_status_next_error(&s), -222);
    EQ(sim_status_next_error(&s), -350);
    EQ(sim_status_next_error(&s), 0);
    EQ(s.esr, SIM_ESR_CME | SIM_ESR_EXE);
}

TEST(a_new_reason_raises_rqs_once)
{
    sim_status s = {.sre = SIM_STB_MAV};
    sim_status_update(&s, false);
    TRUE(!s.rqs);
    sim_status_update(&s, true);
    TRUE(s.rqs);
    s.rqs = false;
    sim_status_update(&s, true);
    TRUE(!s.rqs);
    sim_status_update(&s, false);
    sim_status_update(&s, true);
    TRUE(s.rqs);
    EQ(sim_status_byte(&s, true), SIM_STB_MAV);
}

TEST(clear_forgets_events_and_errors)
{
    sim_status s = {.ese = 32, .sre = 32};
    sim_status_error(&s, -113);
    sim_status_update(&s, false);
    TRUE(s.rqs);
    EQ(sim_status_byte(&s, false), SIM_STB_EAV | SIM_STB_ESB);
    sim_status_clear(&s);
    EQ(sim_status_byte(&s, false), 0);
    TRUE(!s.rqs);
}

int main(void)
{
    RUN(errors_come_back_in_order_and_overflow_is_marked);
    RUN(a_new_reason_raises_rqs_once);
    RUN(clear_forgets_events_and_errors);
    return TEST_RESULT();
}
