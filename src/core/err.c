#include <graticule/graticule.h>

#define MESSAGE(name, value, message) [value] = message,
#define NAME(name, value, message) [value] = #name,
static const char *const messages[] = {GRAT_ERR_MAP(MESSAGE)};
static const char *const names[] = {GRAT_ERR_MAP(NAME)};

const char *grat_strerror(grat_err err)
{
    size_t i = (size_t)err;
    return i < sizeof messages / sizeof *messages && messages[i] ? messages[i] : "unknown error";
}

const char *grat_err_name(grat_err err)
{
    size_t i = (size_t)err;
    return i < sizeof names / sizeof *names && names[i] ? names[i] : "EUNKNOWN";
}
