#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pico/shared.h"

#define CALL(u) (&(u)->lib->shared)
enum { INFO_VARIANT = 3, INFO_SERIAL = 4 };

/* ---- units that are looked for by opening them all -------------------------------------------------------- */

#define UNITS 8
/* Two who do so would take them from each other. */
static pthread_mutex_t looking = PTHREAD_MUTEX_INITIALIZER;

uint32_t grat__pico_look_up(const grat__pico_lib *lib, const grat__pico_lookup *by, const char *serial, int16_t *handle)
{
    int16_t other[UNITS];
    unsigned n = 0;
    uint32_t st = GRAT__PICO_OK;
    pthread_mutex_lock(&looking);
    for (*handle = 0; n < UNITS;) {
        char own[64] = "";
        int16_t h = 0;
        st = by->open(lib, &h);
        if (st || h <= 0) break;
        if (!serial || (by->text(lib, h, INFO_SERIAL, own, sizeof own) && strcmp(own, serial) == 0)) {
            *handle = h;
            break;
        }
        other[n++] = h;
    }
    /* One that cannot be opened is not told from the one that is looked for, but for the others there is a reason. */
    if (*handle > 0) st = GRAT__PICO_OK;
    else if (!st || n) st = GRAT__PICO_NOT_FOUND;
    while (n) by->close(lib, other[--n]);
    pthread_mutex_unlock(&looking);
    return st;
}

void grat__pico_look_around(const grat__pico_lib *lib, const grat__pico_lookup *by, grat__pico_list *out)
{
    int16_t open[UNITS];
    unsigned n = 0;
    pthread_mutex_lock(&looking);
    for (int16_t h = 0; n < UNITS && !by->open(lib, &h) && h > 0;) {
        char serial[64] = "", variant[32] = "", entry[120];
        open[n++] = h;
        by->text(lib, h, INFO_SERIAL, serial, sizeof serial);
        by->text(lib, h, INFO_VARIANT, variant, sizeof variant);
        snprintf(entry, sizeof entry, "%s[%s]", serial, variant);
        grat__pico_take_serials(out, lib->series->name, entry);
    }
    while (n) by->close(lib, open[--n]);
    pthread_mutex_unlock(&looking);
}

static uint32_t open_next(const grat__pico_lib *lib, int16_t *handle)
{
    return lib->narrow.OpenNext ? lib->narrow.OpenNext(handle) : GRAT__PICO_NOT_FOUND;
}

static void close_one(const grat__pico_lib *lib, int16_t handle)
{
    lib->shared.CloseUnit(handle);
}

static bool text_of(const grat__pico_lib *lib, int16_t handle, uint32_t what, char *out, size_t cap)
{
    int8_t text[128] = {0};
    int16_t size = 0;
    if (lib->shared.GetUnitInfo(handle, text, sizeof text - 1, &size, what)) return false;
    snprintf(out, cap, "%s", (char *)text);
    return true;
}

const grat__pico_lookup grat__pico_next_unit = {open_next, close_one, text_of};

/* ---- calls ------------------------------------------------------------------------------------------------- */

uint32_t grat__pico_close_unit(grat__pico_unit *u)
{
    return CALL(u)->CloseUnit(u->handle);
}

uint32_t grat__pico_stop(grat__pico_unit *u)
{
    return grat__pico_say(u, "Stop", CALL(u)->Stop(u->handle));
}

uint32_t grat__pico_info(const grat__pico_unit *u, uint32_t what, char *out, size_t cap)
{
    int8_t text[128] = {0};
    int16_t size = 0;
    uint32_t st = CALL(u)->GetUnitInfo(u->handle, text, sizeof text - 1, &size, what);
    if (!st) snprintf(out, cap, "%s", (char *)text);
    return st;
}

void grat__pico_enumerate_units(const grat__pico_lib *lib, grat__pico_list *out)
{
    int8_t serials[4096] = "-v";
    int16_t count = 0, length = sizeof serials - 1;
    if (!lib->shared.EnumerateUnits) {
        grat__pico_look_around(lib, &grat__pico_next_unit, out);
        return;
    }
    if (lib->shared.EnumerateUnits(&count, serials, &length) || count <= 0) return;
    serials[sizeof serials - 1] = 0;
    grat__pico_take_serials(out, lib->series->name, (const char *)serials);
}

uint32_t grat__pico_flash(grat__pico_unit *u, int times)
{
    if (!CALL(u)->FlashLed) return grat__pico_say(u, "FlashLed", GRAT__PICO_UNSUPPORTED);
    return grat__pico_say(u, "FlashLed", CALL(u)->FlashLed(u->handle, (int16_t)times));
}

uint32_t grat__pico_set_resolution(grat__pico_unit *u, int number)
{
    if (!CALL(u)->SetDeviceResolution) return grat__pico_say(u, "SetDeviceResolution", GRAT__PICO_UNSUPPORTED);
    return grat__pico_say(u, "SetDeviceResolution", CALL(u)->SetDeviceResolution(u->handle, number));
}

uint32_t grat__pico_is_ready(grat__pico_unit *u, bool *ready)
{
    int16_t yes = 0;
    uint32_t st = CALL(u)->IsReady(u->handle, &yes);
    *ready = yes != 0;
    return grat__pico_say(u, "IsReady", st);
}

int32_t grat__pico_source(const grat__pico_unit *u, int source)
{
    return source == GRAT__PICO_EXT ? u->lib->series->external : source;
}

double grat__pico_exact(float ns)
{
    double exact = (double)ns, tenth = nearbyint(exact * 10) / 10;
    return tenth > 0 && fabs(tenth - exact) <= 2e-7 * exact ? tenth : exact;
}

uint32_t grat__pico_stream_buffers(grat__pico_unit *u, const grat__pico_streaming *s)
{
    uint32_t st = GRAT__PICO_OK;
    for (unsigned k = 0; !st && k < GRAT__PICO_INPUTS; k++) {
        if (!s->max[k]) continue;
        grat__pico_buffer b = {k, s->max[k], s->min[k], s->length, 0, s->mode};
        st = u->lib->series->ops->buffer(u, &b);
    }
    return st;
}

void grat__pico_end_streaming(grat__pico_unit *u, const grat__pico_streaming *s)
{
    for (unsigned k = 0; k < GRAT__PICO_INPUTS; k++)
        if (s->max[k]) u->lib->series->ops->buffer(u, &(grat__pico_buffer){.input = k, .mode = s->mode});
}
