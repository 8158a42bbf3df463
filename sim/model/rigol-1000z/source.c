#include <stdio.h>

#include "sim/core/store.h"
#include "sim/model/rigol-1000z/rigol.h"

static bool present(sim_call *c)
{
    const rg *g = c->model;
    if (g->row->generators && c->number[0] >= 1 && c->number[0] <= g->row->generators) return true;
    sim_error(c, g->row->generators ? -114 : -113);
    return false;
}

static void get(sim_call *c)
{
    if (present(c)) sim_store_get(c);
}

static void set(sim_call *c)
{
    if (present(c)) sim_store_set(c);
}

static void phase_set(sim_call *c)
{
    present(c);
}

#define KEPT(pattern, spec) {":SOURce#:" pattern, get, set, spec}

const sim_command rg_source_commands[] = {
    KEPT("OUTPut#[:STATe]", "b0"),
    KEPT("OUTPut#:IMPedance", "wOMEG|FIFTy"),
    KEPT("FUNCtion[:SHAPe]", "wSINusoid|SQUare|RAMP|PULSe|NOISe|DC|EXTernal|SINC|"
                             "EXPRise|EXPFall|ECG|GAUSs|LORentz|HAVersine"),
    KEPT("FUNCtion:RAMP:SYMMetry", "e50"),
    KEPT("FREQuency[:FIXed]", "e1000"),
    KEPT("VOLTage[:LEVel][:IMMediate][:AMPLitude]", "e5"),
    KEPT("VOLTage[:LEVel][:IMMediate]:OFFSet", "e0"),
    KEPT("PULSe:DCYCle", "e20"),
    KEPT("PHASe[:ADJust]", "e0"),
    {":SOURce#:PHASe:INITiate", NULL, phase_set, NULL},
    KEPT("MOD[:STATe]", "b0"),
    KEPT("MOD:TYPe", "wAM|FM"),
    KEPT("APPLy", "tSIN,1.000000e+03,5.000000e+00,0.000000e+00,0.000000e+00"),
    {NULL, NULL, NULL, NULL},
};
