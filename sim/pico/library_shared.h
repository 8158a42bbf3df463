/* The beginning of each library's source: its calls declared, those that are not simulated, and those that all but the
 * oldest have alike. Its table comes before. PICO_ID: 0 ps2000 and ps3000, 1 ps4000 and ps5000, 2 to 5 the classic
 * libraries, 6 and 7 the modern ones. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/pico/unit.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define API(name) JOIN(PICO_LIBRARY, name)
#ifdef PICO_INPROC
#define EXPORT_AS(type) type
#else
#define EXPORT_AS(type) __attribute__((visibility("default"))) type
#endif
#define EXPORT EXPORT_AS(uint32_t)

static const char library[] = TEXT(PICO_LIBRARY);

#if PICO_ID > 0
#define DECLARE(name, how, args) EXPORT API(name) args;
PS_COMMON(DECLARE)
PS_OWN(DECLARE)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#define DEFINE_REAL(name, args)
#define DEFINE_NOP(name, args) EXPORT API(name) args { return PS_OK; }
#define DEFINE_NO(name, args) EXPORT API(name) args { return PS_NOT_SUPPORTED; }
#define DEFINE(name, how, args) DEFINE_##how(name, args)
PS_COMMON(DEFINE)
PS_OWN(DEFINE)
#pragma GCC diagnostic pop

#define BEGIN(h, call) PS_BEGIN(h, call)

EXPORT API(CloseUnit)(int16_t h)
{
    BEGIN(h, CloseUnit);
    ps_stop(u);
    u->handle = 0;
    return ps_leave(u, PS_OK);
}

#ifndef PICO_BARE
EXPORT API(EnumerateUnits)(int16_t *count, int8_t *serials, int16_t *length)
{
    return ps_enumerate(library, count, serials, length);
}
#endif

EXPORT API(GetUnitInfo)(int16_t h, int8_t *text, int16_t cap, int16_t *size, uint32_t info)
{
    if (!h) return info == 0 || info == 14 ? ps_info(library, NULL, text, cap, size, info) : PS_INVALID_HANDLE;
    BEGIN(h, GetUnitInfo);
    return ps_leave(u, ps_info(library, u, text, cap, size, info));
}

EXPORT API(PingUnit)(int16_t h)
{
    BEGIN(h, PingUnit);
    return ps_leave(u, u->state == PS_IDLE ? PS_OK : PS_BUSY);
}

EXPORT API(Stop)(int16_t h)
{
    BEGIN(h, Stop);
    ps_stop(u);
    return ps_leave(u, PS_OK);
}

EXPORT API(IsReady)(int16_t h, int16_t *ready)
{
    BEGIN(h, IsReady);
    if (!ready) return ps_leave(u, PS_NULL_PARAMETER);
    pthread_mutex_lock(&u->lock);
    *ready = u->ready;
    pthread_mutex_unlock(&u->lock);
    return ps_leave(u, PS_OK);
}

#if PICO_ID != 7
EXPORT API(FlashLed)(int16_t h, int16_t start)
{
    BEGIN(h, FlashLed);
    ps_flash(u, start);
    return ps_leave(u, PS_OK);
}
#endif

#if PICO_ID == 1 || PICO_ID == 4 || PICO_ID == 5
EXPORT API(IsLedFlashing)(int16_t h, int16_t *out)
{
    BEGIN(h, IsLedFlashing);
    if (out) *out = ps_flashes(u);
    return ps_leave(u, PS_OK);
}
#endif

#if PICO_ID >= 4
EXPORT API(SetDeviceResolution)(int16_t h, int32_t resolution)
{
    BEGIN(h, SetDeviceResolution);
    return ps_leave(u, ps_set_resolution(u, resolution));
}

EXPORT API(GetDeviceResolution)(int16_t h, int32_t *out)
{
    BEGIN(h, GetDeviceResolution);
    if (!out) return ps_leave(u, PS_NULL_PARAMETER);
    *out = PICO_ID == 4 ? 1 : u->resolution;
    return ps_leave(u, PS_OK);
}
#endif
#endif
