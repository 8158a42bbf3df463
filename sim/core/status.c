#include "sim/core/status.h"

void sim_status_clear(sim_status *s)
{
    s->esr = 0;
    s->errors = 0;
    s->rqs = false;
    s->summary = false;
}

static uint8_t event_bit(int code)
{
    if (code <= -100 && code > -200) return SIM_ESR_CME;
    if (code <= -200 && code > -300) return SIM_ESR_EXE;
    if (code <= -400 && code > -500) return SIM_ESR_QYE;
    return SIM_ESR_DDE;
}

void sim_status_error(sim_status *s, int code)
{
    s->esr |= event_bit(code);
    if (s->errors < SIM_ERRORS) s->error[s->errors++] = code;
    else s->error[SIM_ERRORS - 1] = -350;
}

int sim_status_next_error(sim_status *s)
{
    if (!s->errors) return 0;
    int code = s->error[0];
    s->errors--;
    for (unsigned i = 0; i < s->errors; i++) s->error[i] = s->error[i + 1];
    return code;
}

const char *sim_error_text(int code)
{
    static const struct {
        int code;
        const char *text;
    } texts[] = {
        {0, "No error"},
        {-104, "Data type error"},
        {-109, "Missing parameter"},
        {-113, "Undefined header; keyword cannot be found"},
        {-114, "Header suffix out of range"},
        {-211, "Trigger ignored"},
        {-213, "Init ignored"},
        {-214, "Trigger deadlock"},
        {-221, "Settings conflict"},
        {-222, "Data out of range"},
        {-224, "Illegal parameter value"},
        {-230, "Data corrupt or stale"},
        {-350, "Queue overflow"},
        {-363, "Input buffer overrun"},
        {-410, "Query INTERRUPTED"},
        {-420, "Query UNTERMINATED"},
    };
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].code == code) return texts[i].text;
    return "Device-specific error";
}

uint8_t sim_status_byte(const sim_status *s, bool mav)
{
    return (uint8_t)((s->errors ? SIM_STB_EAV : 0) | (mav ? SIM_STB_MAV : 0) | (s->esr & s->ese ? SIM_STB_ESB : 0));
}

void sim_status_update(sim_status *s, bool mav)
{
    bool reason = (sim_status_byte(s, mav) & s->sre & ~SIM_STB_RQS) != 0;
    if (reason && !s->summary) s->rqs = true;
    if (!reason) s->rqs = false;
    s->summary = reason;
}
