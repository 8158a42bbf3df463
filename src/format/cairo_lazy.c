#define GRAT__CAIRO_DECLARE_ONLY
#include "format/cairo_lazy.h"

#include "core/lazy.h"

grat__cairo_api grat__cairo;

bool grat__cairo_load(void)
{
    static bool tried, loaded;
    if (tried) return loaded;
    tried = true;
    void *library = dlopen("libcairo.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) return false;
    loaded = true;
#define TAKE(name) loaded = grat__lazy_take(library, #name, &grat__cairo.name##_) && loaded;
    GRAT__CAIRO_MAP(TAKE)
#undef TAKE
    return loaded;
}
