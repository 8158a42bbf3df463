#include <math.h>

#include "sim/core/store.h"
#include "sim/model/rigol-1000z/rigol.h"

#define LEVEL_DIVISIONS 5

static const char modes[] =
    "EDGE|PULSe|RUNT|WINDows|NEDGe|SLOPe|VIDeo|PATTern|DELay|TIMeout|DURation|SHOLd|RS232|IIC|SPI";
static const char couplings[] = "AC|DC|LFReject|HFReject";
static const char sweeps[] = "AUTO|NORMal|SINGle";
static const char slopes[] = "POSitive|NEGative|RFALl";

static void restart(sim_call *c)
{
    rg *g = c->model;
    if (g->run.state != RG_STOP) rg_run_start(g, g->run.single, c->now_ns);
}

static void status_get(sim_call *c)
{
    static const char *const names[] = {
        [RG_STOP] = "STOP", [RG_RUN] = "RUN", [RG_WAIT] = "WAIT", [RG_TD] = "TD", [RG_AUTO] = "AUTO"};
    sim_put(c, "%s", names[rg_shown_state(c->model, c->now_ns)]);
}

static void position_get(sim_call *c)
{
    const rg *g = c->model;
    if (!g->rec.valid || g->rec.forced) sim_put(c, "-2");
    else if (g->rec.start_s > 0) sim_put(c, "-1");
    else sim_put(c, "%.0f", -g->rec.start_s * g->rec.rate);
}

static void mode_get(sim_call *c)
{
    const rg *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(modes, g->trig_mode, word));
}

static void mode_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, modes);
    if (w >= 0) g->trig_mode = w;
}

static void coupling_get(sim_call *c)
{
    const rg *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(couplings, g->trig_coupling, word));
}

static void coupling_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, couplings);
    if (w >= 0) g->trig_coupling = w;
}

static void sweep_get(sim_call *c)
{
    const rg *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(sweeps, g->sweep, word));
}

static void sweep_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, sweeps);
    if (w < 0) return;
    if (w == RG_SWEEP_SING && g->sweep != RG_SWEEP_SING) g->sweep_before = g->sweep;
    g->sweep = w;
    if (g->run.state != RG_STOP) rg_run_start(g, w == RG_SWEEP_SING, c->now_ns);
}

static void holdoff_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%.6e", g->holdoff);
}

static void holdoff_set(sim_call *c)
{
    rg *g = c->model;
    double v;
    if (sim_arg_number(c, 0, &v)) g->holdoff = rg_limit(v, 16e-9, 10);
}

static void reject_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%d", g->noise_reject);
}

static void reject_set(sim_call *c)
{
    rg *g = c->model;
    sim_arg_bool(c, 0, &g->noise_reject);
}

static void source_get(sim_call *c)
{
    const rg *g = c->model;
    char name[8];
    sim_put(c, "%s", rg_source_name(g->trig_source, name));
}

static void source_set(sim_call *c)
{
    rg *g = c->model;
    int s = rg_source_arg(c, 0);
    if (s < 0 || s == RG_SRC_MATH) return;
    g->trig_source = s;
    restart(c);
}

static void slope_get(sim_call *c)
{
    const rg *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(slopes, g->trig_slope, word));
}

static void slope_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, slopes);
    if (w < 0) return;
    g->trig_slope = w;
    restart(c);
}

static void level_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%.6e", g->level);
}

static void level_set(sim_call *c)
{
    rg *g = c->model;
    double v;
    if (!sim_arg_number(c, 0, &v)) return;
    if (g->trig_source < RG_CHANNELS) {
        const rg_channel *ch = &g->ch[g->trig_source];
        double reach = LEVEL_DIVISIONS * ch->scale;
        v = rg_limit(rg_snap(v, ch->scale / 50), -reach - ch->offset, reach - ch->offset);
    }
    g->level = v + 0.0;
    restart(c);
}

#define KEPT(pattern, spec) {":TRIGger:" pattern, sim_store_get, sim_store_set, spec}
#define SOURCES "wCHAN1|CHAN2|CHAN3|CHAN4|D0|D1|D2|D3|D4|D5|D6|D7|D8|D9|D10|D11|D12|D13|D14|D15"

/* Video, setup/hold and the serial buses are kept only: there the simulated scope goes on triggering on the edge
 * settings. The other types are in event.c. */
const sim_command rg_trigger_commands[] = {
    {":TRIGger:STATus", status_get, NULL, NULL},
    {":TRIGger:POSition", position_get, NULL, NULL},
    {":TRIGger:MODE", mode_get, mode_set, NULL},
    {":TRIGger:COUPling", coupling_get, coupling_set, NULL},
    {":TRIGger:SWEep", sweep_get, sweep_set, NULL},
    {":TRIGger:HOLDoff", holdoff_get, holdoff_set, NULL},
    {":TRIGger:NREJect", reject_get, reject_set, NULL},
    {":TRIGger:EDGe:SOURce", source_get, source_set, NULL},
    {":TRIGger:EDGe:SLOPe", slope_get, slope_set, NULL},
    {":TRIGger:EDGe:LEVel", level_get, level_set, NULL},
    KEPT("PULSe:SOURce", SOURCES),
    KEPT("PULSe:WHEN", "wPGReater|PLESs|NGReater|NLESs|PGLess|NGLess"),
    KEPT("PULSe:WIDTh", "e1e-6"),
    KEPT("PULSe:UWIDth", "e2e-6"),
    KEPT("PULSe:LWIDth", "e1e-6"),
    KEPT("PULSe:LEVel", "e0"),
    KEPT("SLOPe:SOURce", SOURCES),
    KEPT("SLOPe:WHEN", "wPGReater|PLESs|NGReater|NLESs|PGLess|NGLess"),
    KEPT("SLOPe:TIME", "e1e-6"),
    KEPT("SLOPe:TUPPer", "e2e-6"),
    KEPT("SLOPe:TLOWer", "e1e-6"),
    KEPT("SLOPe:WINDow", "wTA|TB|TAB"),
    KEPT("SLOPe:ALEVel", "e2"),
    KEPT("SLOPe:BLEVel", "e0"),
    KEPT("VIDeo:SOURce", SOURCES),
    KEPT("VIDeo:POLarity", "wPOSitive|NEGative"),
    KEPT("VIDeo:MODE", "wALINes|ODDField|EVENfield|LINE"),
    KEPT("VIDeo:LINE", "i1"),
    KEPT("VIDeo:STANdard", "wPALSecam|NTSC|480P|576P"),
    KEPT("VIDeo:LEVel", "e0"),
    KEPT("PATTern:PATTern", "tX,X,X,X"),
    KEPT("PATTern:LEVel", "e0"),
    KEPT("DURation:SOURce", SOURCES),
    KEPT("DURation:TYPe", "tX,X,X,X"),
    KEPT("DURation:WHEN", "wGREater|LESS|GLESs"),
    KEPT("DURation:TUPPer", "e2e-6"),
    KEPT("DURation:TLOWer", "e1e-6"),
    KEPT("TIMeout:SOURce", SOURCES),
    KEPT("TIMeout:SLOPe", "wPOSitive|NEGative|RFALl"),
    KEPT("TIMeout:TIMe", "e16e-9"),
    KEPT("RUNT:SOURce", SOURCES),
    KEPT("RUNT:POLarity", "wPOSitive|NEGative"),
    KEPT("RUNT:WHEN", "wNONE|GREater|LESS|GLESs"),
    KEPT("RUNT:WUPPer", "e2e-6"),
    KEPT("RUNT:WLOWer", "e1e-6"),
    KEPT("RUNT:ALEVel", "e2"),
    KEPT("RUNT:BLEVel", "e0"),
    KEPT("WINDows:SOURce", SOURCES),
    KEPT("WINDows:SLOPe", "wPOSitive|NEGative|RFALl"),
    KEPT("WINDows:POSition", "wEXIT|ENTER|TIMe"),
    KEPT("WINDows:TIMe", "e1e-6"),
    KEPT("WINDows:ALEVel", "e2"),
    KEPT("WINDows:BLEVel", "e0"),
    KEPT("DELay:SA", SOURCES),
    KEPT("DELay:SLOPA", "wPOSitive|NEGative"),
    KEPT("DELay:SB", SOURCES),
    KEPT("DELay:SLOPB", "wPOSitive|NEGative"),
    KEPT("DELay:TYPe", "wGREater|LESS|GLESs|GOUT"),
    KEPT("DELay:TUPPer", "e2e-6"),
    KEPT("DELay:TLOWer", "e1e-6"),
    KEPT("SHOLd:DSrc", SOURCES),
    KEPT("SHOLd:CSrc", SOURCES),
    KEPT("SHOLd:SLOPe", "wPOSitive|NEGative"),
    KEPT("SHOLd:PATTern", "wH|L"),
    KEPT("SHOLd:TYPe", "wSETup|HOLd|SETHOLd"),
    KEPT("SHOLd:STIMe", "e1e-6"),
    KEPT("SHOLd:HTIMe", "e1e-6"),
    KEPT("NEDGe:SOURce", SOURCES),
    KEPT("NEDGe:SLOPe", "wPOSitive|NEGative"),
    KEPT("NEDGe:IDLE", "e1e-6"),
    KEPT("NEDGe:EDGE", "i2"),
    KEPT("NEDGe:LEVel", "e0"),
    KEPT("RS232:SOURce", SOURCES),
    KEPT("RS232:WHEN", "wSTARt|ERRor|PARity|DATA"),
    KEPT("RS232:PARity", "wEVEN|ODD"),
    KEPT("RS232:STOP", "i1"),
    KEPT("RS232:DATA", "i90"),
    KEPT("RS232:WIDTh", "i8"),
    KEPT("RS232:BAUD", "t9600"),
    KEPT("RS232:BUSer", "i9600"),
    KEPT("RS232:LEVel", "e0"),
    KEPT("IIC:SCL", SOURCES),
    KEPT("IIC:SDA", SOURCES),
    KEPT("IIC:WHEN", "wSTARt|RESTart|STOP|NACKnowledge|ADDRess|DATA|ADATa"),
    KEPT("IIC:AWIDth", "i7"),
    KEPT("IIC:ADDRess", "i0"),
    KEPT("IIC:DIRection", "wREAD|WRITe|RWRite"),
    KEPT("IIC:DATA", "i0"),
    KEPT("IIC:CLEVel", "e0"),
    KEPT("IIC:DLEVel", "e0"),
    KEPT("SPI:SCL", SOURCES),
    KEPT("SPI:SDA", SOURCES),
    KEPT("SPI:WHEN", "wCS|TIMeout"),
    KEPT("SPI:WIDTh", "i8"),
    KEPT("SPI:DATA", "i0"),
    KEPT("SPI:TIMeout", "e1e-6"),
    KEPT("SPI:SLOPe", "wPOSitive|NEGative"),
    KEPT("SPI:CLEVel", "e0"),
    KEPT("SPI:DLEVel", "e0"),
    KEPT("SPI:SLEVel", "e0"),
    KEPT("SPI:MODE", "wHIGH|LOW"),
    KEPT("SPI:CS", SOURCES),
    {NULL, NULL, NULL, NULL},
};
