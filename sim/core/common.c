#include <math.h>
#include <string.h>

#include "sim/core/model.h"

static void idn_get(sim_call *c)
{
    sim_put(c, "%s", c->in->idn);
}

static void esr_get(sim_call *c)
{
    sim_put(c, "%u", c->in->status.esr);
    c->in->status.esr = 0;
}

static void ese_get(sim_call *c)
{
    sim_put(c, "%u", c->in->status.ese);
}

static bool byte_arg(sim_call *c, uint8_t *out)
{
    double v;
    if (!sim_arg_number(c, 0, &v)) return false;
    if (v < 0 || v > 255) {
        sim_error(c, -222);
        return false;
    }
    *out = (uint8_t)lrint(v);
    return true;
}

static void ese_set(sim_call *c)
{
    byte_arg(c, &c->in->status.ese);
}

static void sre_get(sim_call *c)
{
    sim_put(c, "%u", c->in->status.sre);
}

static void sre_set(sim_call *c)
{
    if (byte_arg(c, &c->in->status.sre)) c->in->status.sre &= (uint8_t)~SIM_STB_RQS;
}

static void stb_get(sim_call *c)
{
    sim_status *s = &c->in->status;
    uint8_t stb = sim_status_byte(s, sim_instrument_mav(c->in));
    sim_put(c, "%u", stb & s->sre ? stb | SIM_STB_RQS : stb);
}

static void opc_get(sim_call *c)
{
    if (c->in->pending_until_ns > c->now_ns) c->delay_ns += c->in->pending_until_ns - c->now_ns;
    sim_put(c, "1");
}

static void opc_set(sim_call *c)
{
    c->in->status.esr |= SIM_ESR_OPC;
}

static void cls_set(sim_call *c)
{
    sim_status_clear(&c->in->status);
}

static void rst_set(sim_call *c)
{
    sim_store_clear(&c->in->store);
    c->in->stored = 0;
    c->in->pending_until_ns = 0;
    if (c->in->model->reset) c->in->model->reset(c->model);
}

static void trg_set(sim_call *c)
{
    sim_instrument_trigger(c->in);
}

static void nothing(sim_call *c)
{
    (void)c;
}

static void tst_get(sim_call *c)
{
    sim_put(c, "0");
}

static void error_get(sim_call *c)
{
    int code = sim_status_next_error(&c->in->status);
    sim_put(c, "%d,\"%s\"", code, sim_error_text(code));
}

const sim_command sim_common_commands[] = {
    {"*IDN", idn_get, NULL},
    {"*OPC", opc_get, opc_set},
    {"*WAI", NULL, nothing},
    {"*CLS", NULL, cls_set},
    {"*RST", NULL, rst_set},
    {"*ESR", esr_get, NULL},
    {"*ESE", ese_get, ese_set},
    {"*SRE", sre_get, sre_set},
    {"*STB", stb_get, NULL},
    {"*TRG", NULL, trg_set},
    {"*TST", tst_get, NULL},
    {"*SAV", NULL, nothing},
    {"*RCL", NULL, nothing},
    {":SYSTem:ERRor[:NEXT]", error_get, NULL},
    {NULL},
};
