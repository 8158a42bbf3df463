/* Libraries that are loaded when they are needed. */
#ifndef GRAT_CORE_LAZY_H
#define GRAT_CORE_LAZY_H

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* The function `name` into the pointer at `slot`; false: there is none, also without a library. A data pointer becomes
 * a function pointer as POSIX describes for dlsym. */
static inline bool grat__lazy_take(void *library, const char *name, void *slot)
{
    void *symbol = library ? dlsym(library, name) : NULL;
    memcpy(slot, &symbol, sizeof symbol);
    return symbol != NULL;
}

#endif
