#include "scope/list.h"

#include "scope/drv/bitscope/bitscope.h"
#include "scope/drv/picoscope/picoscope.h"
#include "scope/drv/rigol-1000z/rigol.h"

const grat_driver *const grat__drivers[] = {
    &grat__rigol_1000z,
    &grat__bitscope,
    &grat__picoscope,
    NULL,
};
