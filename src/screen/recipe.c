#include "screen/recipe.h"

#include "core/str.h"

#include <string.h>

/* Order matters within one instrument: the first row is the best, the others are for firmware that refuses it. */
static const grat__recipe recipes[] = {
    {.name = "rigol-1000z-png", .vendor = "*rigol*", .model = "DS1*Z*|MSO1*Z*",
     .ask = ":DISP:DATA? ON,OFF,PNG", .gives = GRAT_IMG_PNG, .timeout_ms = 15000},
    /* the first firmware takes no arguments and knows only this */
    {.name = "rigol-1000z-bmp", .vendor = "*rigol*", .model = "DS1*Z*|MSO1*Z*",
     .ask = ":DISP:DATA?", .gives = GRAT_IMG_BMP, .timeout_ms = 60000},
    {.name = "rigol-1000z-jpeg", .vendor = "*rigol*", .model = "DS1*Z*|MSO1*Z*",
     .ask = ":DISP:DATA? ON,OFF,JPEG", .gives = GRAT_IMG_JPEG, .timeout_ms = 15000},
    {.name = "rigol-1000z-bmp8", .vendor = "*rigol*", .model = "DS1*Z*|MSO1*Z*",
     .ask = ":DISP:DATA? ON,OFF,BMP8", .gives = GRAT_IMG_BMP, .timeout_ms = 30000},
    {.name = "rigol-1000e", .vendor = "*rigol*", .model = "DS1???E*|DS1???D*|DS1???CA*|DS1???B*",
     .ask = ":LCD:DATA?", .reply = GRAT__REPLY_RAW, .gives = GRAT_IMG_BMP, .timeout_ms = 15000},
    {.name = "rigol-2000", .vendor = "*rigol*", .model = "DS2*|MSO2*|DS4*|MSO4*|DS6*",
     .ask = ":DISP:DATA?", .gives = GRAT_IMG_BMP, .timeout_ms = 20000},
    /* sends BMP also when PNG is asked for */
    {.name = "rigol-5000", .vendor = "*rigol*", .model = "MSO5*|MSO7*|DS7*|MSO8*|DS8*",
     .ask = ":DISP:DATA?", .gives = GRAT_IMG_BMP, .timeout_ms = 20000},
    {.name = "rigol-dho-png", .vendor = "*rigol*", .model = "DHO*|MHO*",
     .ask = ":DISP:DATA? PNG", .gives = GRAT_IMG_PNG, .timeout_ms = 15000},
    {.name = "rigol-dho-bmp", .vendor = "*rigol*", .model = "DHO*|MHO*",
     .ask = ":DISP:DATA? BMP", .gives = GRAT_IMG_BMP, .timeout_ms = 15000},
    {.name = "rigol-any", .vendor = "*rigol*", .model = "*",
     .ask = ":DISP:DATA?", .gives = GRAT_IMG_BMP, .timeout_ms = 20000},

    {.name = "siglent-sds-png", .vendor = "*siglent*", .model = "SDS2*Plus|SDS*HD|SDS5*|SDS6*|SDS7*|SDS3*",
     .ask = "PRIN? PNG", .reply = GRAT__REPLY_RAW, .gives = GRAT_IMG_PNG, .timeout_ms = 10000},
    {.name = "siglent-sds-bmp", .vendor = "*siglent*", .model = "SDS2*Plus|SDS*HD|SDS5*|SDS6*|SDS7*|SDS3*",
     .ask = "PRIN? BMP", .reply = GRAT__REPLY_RAW, .gives = GRAT_IMG_BMP, .timeout_ms = 10000},
    {.name = "siglent-sds", .vendor = "*siglent*", .model = "*",
     .ask = "SCDP", .reply = GRAT__REPLY_RAW, .gives = GRAT_IMG_BMP, .timeout_ms = 20000},

    {.name = "keysight-x-png", .vendor = "*keysight*|*agilent*", .model = "?SO-X*|?SOX*",
     .before = ":HARDcopy:INKSaver OFF", .ask = ":DISPlay:DATA? PNG, COLor", .gives = GRAT_IMG_PNG,
     .timeout_ms = 15000},
    {.name = "keysight-x-bmp", .vendor = "*keysight*|*agilent*", .model = "?SO-X*|?SOX*",
     .before = ":HARDcopy:INKSaver OFF", .ask = ":DISPlay:DATA? BMP, COLor", .gives = GRAT_IMG_BMP,
     .timeout_ms = 15000},
    {.name = "keysight-dso", .vendor = "*keysight*|*agilent*", .model = "?SO5*|?SO6*|?SO7*",
     .ask = ":DISPlay:DATA? BMP, SCReen, COLor", .gives = GRAT_IMG_BMP, .timeout_ms = 20000},

    {.name = "tektronix-mso5", .vendor = "*tektronix*", .model = "MSO2?|MSO2?B|MSO4?|MSO4?B|MSO5?*|MSO6?*|LPD64*",
     .before = "HEADER 0\nSAVE:IMAGE \"C:/graticule.png\"\n?*OPC?",
     .ask = "FILESYSTEM:READFILE \"C:/graticule.png\"", .after = "FILESYSTEM:DELETE \"C:/graticule.png\"",
     .reply = GRAT__REPLY_RAW, .gives = GRAT_IMG_PNG, .timeout_ms = 20000},
    {.name = "tektronix-tds3000", .vendor = "*tektronix*", .model = "TDS3*|TDS 3*",
     .before = "HEADER 0\nHARDCOPY:FORMAT BMPCOLOR\nHARDCOPY:COMPRESSION OFF\nHARDCOPY:LAYOUT PORTRAIT\n"
               "HARDCOPY:PORT GPIB",
     .keep = "HARDCOPY:FORMAT\nHARDCOPY:COMPRESSION\nHARDCOPY:LAYOUT\nHARDCOPY:PORT",
     .ask = "HARDCOPY START", .reply = GRAT__REPLY_RAW, .gives = GRAT_IMG_BMP, .timeout_ms = 30000},
    {.name = "tektronix-2000", .vendor = "*tektronix*", .model = "TDS*|TBS*|TPS*|DPO*|MSO*|MDO*",
     .before = "SAVE:IMAGE:FILEFORMAT PNG\nHARDCOPY:INKSAVER OFF", .ask = "HARDCOPY START",
     .reply = GRAT__REPLY_RAW, .gives = GRAT_IMG_PNG, .timeout_ms = 20000},

    {.name = "rs-rth", .vendor = "*rohde*", .model = "RTH*",
     .before = ":HCOPy:LANGuage PNG\n:MMEMory:NAME '/media/SD/Rohde-Schwarz/RTH/Screenshots/graticule.png'\n"
               ":HCOPy:IMMediate\n?*OPC?",
     .ask = ":MMEMory:DATA? '/media/SD/Rohde-Schwarz/RTH/Screenshots/graticule.png'",
     .after = ":MMEMory:DELete '/media/SD/Rohde-Schwarz/RTH/Screenshots/graticule.png'",
     .gives = GRAT_IMG_PNG, .timeout_ms = 20000},
    {.name = "rs-rtb", .vendor = "*rohde*|*hameg*", .model = "RTB*|RTM*|RTA*|HMO*",
     .before = "HCOPy:FORMat PNG", .ask = "HCOPy:DATA?", .gives = GRAT_IMG_PNG, .timeout_ms = 15000},
    {.name = "rs-rtb-language", .vendor = "*rohde*|*hameg*", .model = "RTB*|RTM*|RTA*|HMO*",
     .before = "HCOPy:LANGuage PNG", .ask = "HCOPy:DATA?", .gives = GRAT_IMG_PNG, .timeout_ms = 15000},

    /* INR bit 1: the screen dump has ended */
    {.name = "lecroy", .vendor = "*lecroy*", .model = "*",
     .before = "CHDR OFF\n*CLS\n?INR?\nHCSU DEV,PNG,DEST,FILE,DIR,'D:\\HardCopy',AREA,FULLSCREEN,FILE,'graticule'\n"
               "SCDP\n~2 INR?",
     .ask = "TRFL? DISK,HDD,FILE,'D:\\HardCopy\\graticule--00000.png'",
     .after = "DELF DISK,HDD,FILE,'D:\\HardCopy\\graticule--00000.png'",
     .reply = GRAT__REPLY_EMBEDDED, .gives = GRAT_IMG_PNG, .timeout_ms = 30000},

    {.name = "generic-display-data", .ask = ":DISP:DATA?", .gives = GRAT_IMG_BMP, .timeout_ms = 4000},
    {.name = "generic-display-data-png", .ask = ":DISP:DATA? PNG", .gives = GRAT_IMG_PNG, .timeout_ms = 4000},
    {.name = "generic-hcopy", .ask = "HCOP:DATA?", .gives = GRAT_IMG_PNG, .timeout_ms = 4000},
    {.name = "generic-scdp", .ask = "SCDP", .reply = GRAT__REPLY_RAW, .gives = GRAT_IMG_BMP, .timeout_ms = 4000},
    {.name = "generic-hardcopy", .ask = "HARDCOPY START", .reply = GRAT__REPLY_RAW, .gives = GRAT_IMG_PNG,
     .timeout_ms = 4000},
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

static bool serves(const grat__recipe *r, const grat_identity *id)
{
    return r->vendor && grat__glob(r->vendor, id->vendor) && grat__glob(r->model, id->model);
}

static bool listed(const grat__recipe *r, const grat__recipe *const *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(list[i]->ask, r->ask) == 0 && list[i]->reply == r->reply && !r->before == !list[i]->before &&
            (!r->before || strcmp(r->before, list[i]->before) == 0))
            return true;
    return false;
}

/* 0: gives what is wanted, 1: the same family, 2: a wider pattern that also fits. */
static unsigned rank(const grat__recipe *r, const grat__recipe *best, grat_image_kind want)
{
    bool family = best->model == r->model || (best->model && r->model && strcmp(best->model, r->model) == 0);
    return !family ? 2 : r->gives == want ? 0 : 1;
}

unsigned grat__recipes_for(const grat_identity *id, grat_image_kind want, const grat__recipe *out[GRAT__RECIPES_MAX])
{
    const grat__recipe *best = NULL;
    unsigned n = 0;
    for (unsigned i = 0; i < RECIPES && !best; i++)
        if (serves(&recipes[i], id)) best = &recipes[i];
    for (unsigned pass = 0; pass < 3; pass++) {
        for (unsigned i = 0; i < RECIPES && n < GRAT__RECIPES_MAX; i++) {
            const grat__recipe *r = &recipes[i];
            if (best ? !serves(r, id) : r->vendor != NULL) continue;
            if (rank(r, best ? best : r, want) == pass && !listed(r, out, n)) out[n++] = r;
        }
    }
    return n;
}

const char *grat__script_line(const char *script, char *line, size_t cap)
{
    if (!script || !*script) return NULL;
    size_t n = strcspn(script, "\n"), keep = n < cap - 1 ? n : cap - 1;
    memcpy(line, script, keep);
    line[keep] = '\0';
    return script[n] ? script + n + 1 : script + n;
}
