#include "session/quirk.h"

#include "core/str.h"

#define MS 1000000

/* Sources: docs/reference/lan.md, the table of instruments. */
static const grat__quirk quirks[] = {
    {"siglent-new-gap", "*siglent*", "SDS*HD|SDS2*Plus|SDS3*|SDS5*|SDS6*|SDS7*", 5 * MS},
    {"siglent-gap", "*siglent*", "SDS*|SDG*", 50 * MS},
    /* no *OPC? either */
    {"rigol-1000e-gap", "*rigol*", "DS1???E*|DS1???D*|DS1???CA*", 100 * MS},
    /* loses what comes back to back; no figure is known */
    {"rigol-dg1000-gap", "*rigol*", "DG1022*|DG10??*", 50 * MS},
};

const grat__quirk *grat__quirk_of(const grat_identity *id)
{
    for (size_t i = 0; i < sizeof quirks / sizeof *quirks; i++)
        if (grat__glob(quirks[i].vendor, id->vendor) && grat__glob(quirks[i].model, id->model)) return &quirks[i];
    return NULL;
}
