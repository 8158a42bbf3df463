#define GRAT__CAIRO_DECLARE_ONLY
#include "format/cairo_lazy.h"

#include <dlfcn.h>
#include <string.h>

grat__cairo_api grat__cairo;

/* A data pointer becomes a function pointer as POSIX describes for dlsym. */
static bool take(void *library, const char *name, void *slot)
{
    void *symbol = dlsym(library, name);
    memcpy(slot, &symbol, sizeof symbol);
    return symbol != NULL;
}

bool grat__cairo_load(void)
{
    static bool tried, loaded;
    if (tried) return loaded;
    tried = true;
    void *library = dlopen("libcairo.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) return false;
    loaded = true;
#define TAKE(name) loaded = take(library, #name, &grat__cairo.name##_) && loaded;
    GRAT__CAIRO_MAP(TAKE)
#undef TAKE
    return loaded;
}
