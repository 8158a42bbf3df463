#include <graticule/graticule.h>
#include <stdio.h>
#include <string.h>

#include "core/block488.h"
#include "sim/core/store.h"
#include "sim/model/rigol-1000z/rigol.h"

#define SETUP_BYTES 2081
#define SETUP_NS 6000000000       /* restoring a set-up takes about 6 s */

static void grids_get(sim_call *c)
{
    sim_put(c, "%d", RG_DIVISIONS);
}

static void channels_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%u", g->row->analog);
}

static void setup_get(sim_call *c)
{
    const rg *g = c->model;
    uint8_t block[SETUP_BYTES] = "VZ8";
    char head[12];
    snprintf((char *)block + 4, 32, "%s", g->row->idn);
    memcpy(block + 64, g->ch, sizeof g->ch);
    grat__buf_put(c->out, head, grat__block_header(head, sizeof block, 9));
    grat__buf_put(c->out, block, sizeof block);
}

static void setup_set(sim_call *c)
{
    rg *g = c->model;
    if (g->real_time) g->in->busy_until_ns = c->now_ns + SETUP_NS;
}

static void nothing(sim_call *c)
{
    (void)c;
}

static void visa_get(sim_call *c)
{
    sim_put(c, "TCPIP::127.0.0.1::INSTR");
}

#define KEPT(pattern, spec) {pattern, sim_store_get, sim_store_set, spec}

const sim_command rg_system_commands[] = {
    {":SYSTem:GAM", grids_get, NULL, NULL},
    {":SYSTem:RAM", channels_get, NULL, NULL},
    {":SYSTem:SETup", setup_get, setup_set, NULL},
    {":SYSTem:OPTion:INSTall", NULL, nothing, NULL},
    {":SYSTem:OPTion:UNINSTall", NULL, nothing, NULL},
    KEPT(":SYSTem:AUToscale", "b1"),
    KEPT(":SYSTem:BEEPer", "b0"),
    KEPT(":SYSTem:LANGuage", "wENGLish|SCHinese|TCHinese"),
    KEPT(":SYSTem:LOCKed", "b0"),
    KEPT(":SYSTem:PON", "wLATest|DEFault"),
    {":LAN:VISA", visa_get, NULL, NULL},
    KEPT(":LAN:DHCP", "b1"),
    KEPT(":LAN:AUTOip", "b1"),
    KEPT(":LAN:MANual", "b0"),
    KEPT(":LAN:GATeway", "t127.0.0.1"),
    KEPT(":LAN:DNS", "t127.0.0.1"),
    KEPT(":LAN:MAC", "t00-19-AF-00-11-22"),
    KEPT(":LAN:IPADdress", "t127.0.0.1"),
    KEPT(":LAN:SMASk", "t255.0.0.0"),
    KEPT(":LAN:STATus", "tCONFIGURED"),
    {":LAN:APPLy", NULL, nothing, NULL},
    {":LAN:INITiate", NULL, nothing, NULL},
    {NULL, NULL, NULL, NULL},
};

const sim_command rg_other_commands[] = {
    KEPT(":CURSor:MODE", "wOFF|MANual|TRACk|AUTO|XY"),
    KEPT(":CURSor:MANual:TYPE", "wX|Y"),
    KEPT(":CURSor:MANual:SOURce", "tCHAN1"),
    KEPT(":CURSor:MANual:TUNit", "wS|HZ|DEGRee|PERCent"),
    KEPT(":CURSor:MANual:VUNit", "wPERCent|SOURce"),
    KEPT(":CURSor:MANual:AX", "i100"),
    KEPT(":CURSor:MANual:BX", "i500"),
    KEPT(":CURSor:MANual:AY", "i100"),
    KEPT(":CURSor:MANual:BY", "i300"),
    KEPT(":CURSor:TRACk:SOURce#", "tCHAN1"),
    KEPT(":CURSor:TRACk:AX", "i100"),
    KEPT(":CURSor:TRACk:BX", "i500"),
    KEPT(":CURSor:AUTO:ITEM", "wOFF|ITEM1|ITEM2|ITEM3|ITEM4|ITEM5"),
    KEPT(":CURSor:XY:AX", "i100"),
    KEPT(":CURSor:XY:BX", "i500"),
    KEPT(":CURSor:XY:AY", "i100"),
    KEPT(":CURSor:XY:BY", "i300"),
    KEPT(":MATH:DISPlay", "b0"),
    KEPT(":MATH:OPERator", "wADD|SUBTract|MULTiply|DIVision|AND|OR|XOR|NOT|FFT|INTG|DIFF|SQRT|LOG|LN|EXP|ABS|FILTer"),
    KEPT(":MATH:SOURce#", "tCHAN1"),
    KEPT(":MATH:LSOUrce#", "tCHAN1"),
    KEPT(":MATH:SCALe", "e1"),
    KEPT(":MATH:OFFSet", "e0"),
    KEPT(":MATH:INVert", "b0"),
    {":MATH:RESet", NULL, nothing, NULL},
    KEPT(":MATH:FFT:SOURce", "tCHAN1"),
    KEPT(":MATH:FFT:WINDow", "wRECTangle|BLACkman|HANNing|HAMMing|FLATtop|TRIangle"),
    KEPT(":MATH:FFT:SPLit", "b0"),
    KEPT(":MATH:FFT:UNIT", "wDB|VRMS"),
    KEPT(":MATH:FFT:HSCale", "e5e6"),
    KEPT(":MATH:FFT:HCENter", "e5e6"),
    KEPT(":MATH:FFT:MODE", "wTRACe|MEMory"),
    KEPT(":MATH:FILTer:TYPE", "wLPASs|HPASs|BPASs|BSTop"),
    KEPT(":MATH:FILTer:W#", "e1e6"),
    KEPT(":MATH:OPTion:STARt", "i0"),
    KEPT(":MATH:OPTion:END", "i1199"),
    KEPT(":MATH:OPTion:INVert", "b0"),
    KEPT(":MATH:OPTion:SENSitivity", "e0"),
    KEPT(":MATH:OPTion:DIStance", "i3"),
    KEPT(":MATH:OPTion:ASCale", "b0"),
    KEPT(":MASK:ENABle", "b0"),
    KEPT(":MASK:SOURce", "tCHAN1"),
    KEPT(":MASK:OPERate", "wSTOP|RUN"),
    KEPT(":MASK:MDISplay", "b0"),
    KEPT(":MASK:SOOutput", "b0"),
    KEPT(":MASK:X", "e0.24"),
    KEPT(":MASK:Y", "e0.48"),
    KEPT(":DECoder#:MODE", "wPARallel|UART|SPI|IIC"),
    KEPT(":DECoder#:DISPlay", "b0"),
    KEPT(":DECoder#:FORMat", "wASCii|HEX|DEC|BIN|LINE"),
    KEPT(":DECoder#:POSition", "i350"),
    KEPT(":ETABle#:DISP", "b0"),
    KEPT(":ETABle#:FORMat", "wHEX|DEC|ASCii"),
    KEPT(":REFerence:DISPlay", "b0"),
    KEPT(":REFerence#:ENABle", "b0"),
    KEPT(":REFerence#:SOURce", "tCHAN1"),
    KEPT(":REFerence#:VSCale", "e1"),
    KEPT(":REFerence#:VOFFset", "e0"),
    KEPT(":FUNCtion:WRECord:ENABle", "b0"),
    KEPT(":FUNCtion:WRECord:FEND", "i0"),
    KEPT(":FUNCtion:WRECord:FMAX", "i1000"),
    KEPT(":FUNCtion:WRECord:FINTerval", "e1e-7"),
    KEPT(":FUNCtion:WRECord:PROMpt", "b1"),
    KEPT(":FUNCtion:WRECord:OPERate", "wSTOP|RUN"),
    KEPT(":FUNCtion:WREPlay:FSTart", "i1"),
    KEPT(":FUNCtion:WREPlay:FEND", "i0"),
    KEPT(":FUNCtion:WREPlay:FMAX", "i0"),
    KEPT(":FUNCtion:WREPlay:FINTerval", "e1e-7"),
    KEPT(":FUNCtion:WREPlay:MODE", "wREPeat|SINGle"),
    KEPT(":FUNCtion:WREPlay:DIRection", "wFORWard|BACKward"),
    KEPT(":FUNCtion:WREPlay:OPERate", "wSTOP|PLAY|PAUSe"),
    KEPT(":FUNCtion:WREPlay:FCURrent", "i1"),
    {NULL, NULL, NULL, NULL},
};
