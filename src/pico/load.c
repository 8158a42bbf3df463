#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pico/pico.h"

#define VENDOR_DIR "/opt/picoscope/lib"

static const int8_t flexible_5000[] = {4, 3, 2, 1, 0, -1}, flexible_6000[] = {1, 10, 0, -1},
                    flexible_ospa[] = {4, 3, 2, 1, 10, 0, -1};

const grat__pico_series grat__pico_all[] = {
    {.name = "ps2000a", .ops = &grat__pico_classic_ops, .trigger = GRAT__PICO_MEMBERS, .oversample = true,
     .short_wave = true, .ets = true, .external = 4, .port_volts = 5},
    {.name = "ps3000a", .ops = &grat__pico_classic_ops, .trigger = GRAT__PICO_MEMBERS_V2, .oversample = true,
     .short_wave = true, .ets = true, .external = 4, .port_volts = 5},
    {.name = "ps4000a", .ops = &grat__pico_classic_ops, .trigger = GRAT__PICO_LIST, .double_generator = true,
     .external = 8},
    {.name = "ps5000a", .ops = &grat__pico_classic_ops, .trigger = GRAT__PICO_LIST_V2, .ets = true, .external = 4,
     .port_volts = 5, .resolutions = flexible_5000},
    {.name = "ps6000a", .ops = &grat__pico_modern_ops, .external = 1001, .port_volts = 8, .resolutions = flexible_6000},
    {.name = "psospa", .ops = &grat__pico_modern_ops, .nanovolts = true, .external = 1001, .port_volts = 8,
     .resolutions = flexible_ospa},
    {.name = "ps2000", .ops = &grat__pico_old_ops, .ets = true, .few_directions = true, .external = 4},
    {.name = "ps3000", .ops = &grat__pico_old_ops, .ets = true, .few_directions = true, .plain_generator = true,
     .external = 4},
    {.name = "ps4000", .ops = &grat__pico_narrow_ops, .trigger = GRAT__PICO_MEMBERS, .ets = true, .external = 4},
    {.name = "ps5000", .ops = &grat__pico_narrow_ops, .trigger = GRAT__PICO_MEMBERS, .ets = true, .bare = true,
     .few_directions = true, .external = 4},
    {.name = "ps6000", .ops = &grat__pico_wide_ops, .trigger = GRAT__PICO_MEMBERS, .short_wave = true, .ets = true,
     .external = 4},
    {.name = NULL},
};
#define SERIES 11

static struct {
    grat__pico_lib lib;
    void *handle;
} loaded[SERIES], simulated[SERIES];
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

static void *find(void *handle, const char *symbol)
{
    return handle ? dlsym(handle, symbol) : grat__pico_sim_symbol(symbol);
}

/* Without a handle from the simulated libraries. The call that is missing, or NULL. */
static const char *resolve(void *handle, grat__pico_lib *out)
{
    const grat__pico_series *s = out->series;
    char symbol[80];
    void *p;
    const char *lacking = NULL;
#define RESOLVE(set, member, called, mandatory)                                                                        \
    snprintf(symbol, sizeof symbol, "%s%s", s->name, called);                                                          \
    p = find(handle, symbol);                                                                                          \
    memcpy(&out->set.member, &p, sizeof p);                                                                            \
    if (!p && (mandatory)) lacking = called;
#define SHARED(member, called, mandatory, args) RESOLVE(shared, member, called, mandatory)
#define COMMON(member, called, mandatory, args) RESOLVE(common, member, called, mandatory)
#define CLASSIC(member, called, mandatory, args) RESOLVE(call, member, called, mandatory)
#define NARROW(member, called, mandatory, args) RESOLVE(narrow, member, called, mandatory)
#define WIDE(member, called, mandatory, args) RESOLVE(wide, member, called, mandatory)
#define MODERN(member, called, mandatory, args) RESOLVE(modern, member, called, mandatory)
#define OLD(member, called, mandatory, type, args) RESOLVE(old, member, called, mandatory)
    if (s->ops != &grat__pico_old_ops) {
        GRAT__PICO_SHARED(SHARED)
    }
    if (s->ops != &grat__pico_old_ops && s->ops != &grat__pico_modern_ops) {
        GRAT__PICO_COMMON(COMMON)
    }
    if (s->ops == &grat__pico_classic_ops) {
        GRAT__PICO_CLASSIC(CLASSIC)
    } else if (s->ops == &grat__pico_narrow_ops) {
        GRAT__PICO_NARROW(NARROW)
    } else if (s->ops == &grat__pico_wide_ops) {
        GRAT__PICO_WIDE(WIDE)
        RESOLVE(call, TriggerOffsets, "GetValuesTriggerTimeOffsetBulk64", 0)
        RESOLVE(call, TriggerInfo, "GetTriggerInfoBulk", 0)
        RESOLVE(call, SetSigGenBuiltInV2, "SetSigGenBuiltInV2", 0)
        RESOLVE(call, SetSigGenBuiltInV2Short, "SetSigGenBuiltInV2", 0)
    } else if (s->ops == &grat__pico_modern_ops) {
        GRAT__PICO_MODERN(MODERN)
    } else {
        GRAT__PICO_OLD(OLD)
    }
#undef RESOLVE
#undef SHARED
#undef COMMON
#undef NARROW
#undef WIDE
#undef CLASSIC
#undef MODERN
#undef OLD
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
        lib->series = series;
        const char *lacking = h ? resolve(h, lib) : NULL;
        if (lacking)
            snprintf(why, cap, "lib%s: it lacks %s%s; update the PicoSDK", series->name, series->name, lacking);
        /* It stays loaded all the same: it may have started threads. */
        if (h && !lacking) loaded[i].handle = h;
    }
    bool ok = loaded[i].handle != NULL;
    pthread_mutex_unlock(&guard);
    if (!ok && !why[0]) *missing = true;
    return ok ? lib : NULL;
}

const grat__pico_lib *grat__pico_load_simulated(const grat__pico_series *series)
{
    grat__pico_lib *lib = &simulated[series - grat__pico_all].lib;
    pthread_mutex_lock(&guard);
    if (!lib->series) {
        lib->series = series;
        lib->simulated = true;
        resolve(NULL, lib);
    }
    pthread_mutex_unlock(&guard);
    return lib;
}
