#include "scope/list.h"

#include "scope/drv/rigol-1000z/rigol.h"

const grat_driver *const grat__drivers[] = {
    &grat__rigol_1000z,
    NULL,
};
