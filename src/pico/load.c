#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pico/pico.h"

#define VENDOR_DIR "/opt/picoscope/lib"

const grat__pico_series grat__pico_all[] = {
    {"ps2000a", true, false, false, true, 4},
    {"ps3000a", true, false, false, true, 4},
    {"ps4000a", false, false, true, false, 8},
    {"ps5000a", false, true, false, false, 4},
    {NULL, false, false, false, false, 0},
};
#define SERIES 4

static struct {
    grat__pico_lib lib;
    void *handle;
} loaded[SERIES];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

/* A file that is there and does not load is worth a sentence; one that is not there is not. */
static void *try_file(const char *dir, const char *file, char *why, size_t cap)
{
    char path[600];
    snprintf(path, sizeof path, "%s%s%s", dir ? dir : "", dir ? "/" : "", file);
    void *h = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (h) return h;
    const char *text = dlerror();
    bool there = dir ? access(path, F_OK) == 0 : text && !strstr(text, "No such file");
    if (!there || why[0]) return NULL;
    bool arch = text && (strstr(text, "wrong ELF class") || strstr(text, "ELF header") || strstr(text, "machine"));
    snprintf(why, cap, "%s%s", text ? text : path, arch ? "; install the vendor's package for this architecture" : "");
    return NULL;
}

static void *search(const char *name, char *why, size_t cap)
{
    const char *mine = getenv("GRATICULE_PICO_PATH"), *dirs[] = {mine && *mine ? mine : NULL, NULL, VENDOR_DIR};
    static const char *const endings[] = {".so.2", ".so"};
    for (unsigned d = 0; d < 3; d++) {
        for (unsigned e = 0; e < 2; e++) {
            char file[40];
            if (d == 0 && !dirs[0]) continue;
            snprintf(file, sizeof file, "lib%s%s", name, endings[e]);
            void *h = try_file(dirs[d], file, why, cap);
            if (h) return h;
        }
    }
    return NULL;
}

static const char *resolve(void *handle, const grat__pico_series *s, grat__pico_calls *out)
{
    char symbol[80];
    void *p;
    const char *lacking = NULL;
#define RESOLVE(member, called, mandatory, args)                                                                       \
    snprintf(symbol, sizeof symbol, "%s%s", s->name, called);                                                          \
    p = dlsym(handle, symbol);                                                                                         \
    memcpy(&out->member, &p, sizeof p);                                                                                \
    if (!p && (mandatory)) lacking = called;
    GRAT__PICO_CALLS(RESOLVE)
#undef RESOLVE
    return lacking;
}

const grat__pico_lib *grat__pico_load(const grat__pico_series *series, char *why, size_t cap, bool *missing)
{
    size_t i = (size_t)(series - grat__pico_all);
    grat__pico_lib *lib = &loaded[i].lib;
    why[0] = '\0';
    *missing = false;
    pthread_mutex_lock(&guard);
    if (!loaded[i].handle) {
        void *h = search(series->name, why, cap);
        const char *lacking = h ? resolve(h, series, &lib->call) : NULL;
        if (lacking)
            snprintf(why, cap, "lib%s: it lacks %s%s; update the PicoSDK", series->name, series->name, lacking);
        /* It stays loaded all the same: it may have started threads. */
        if (h && !lacking) loaded[i].handle = h;
        lib->series = series;
    }
    bool ok = loaded[i].handle != NULL;
    pthread_mutex_unlock(&guard);
    if (!ok && !why[0]) *missing = true;
    return ok ? lib : NULL;
}
