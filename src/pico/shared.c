#include <math.h>
#include <stdio.h>

#include "pico/shared.h"

#define CALL(u) (&(u)->lib->shared)

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
