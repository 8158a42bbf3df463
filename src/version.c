#include <graticule/graticule.h>

const char *grat_version(void)
{
    return GRAT_VERSION;
}
