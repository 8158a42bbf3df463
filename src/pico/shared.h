/* Operations that several interfaces have in common: shared.c for all but the oldest, classic.c for ps4000 too. */
#ifndef GRAT_PICO_SHARED_H
#define GRAT_PICO_SHARED_H

#include "pico/pico.h"

/* Twice the step of an 8-bit converter. */
#define PICO_HYSTERESIS 512
/* The modern interface has it under this number, as a source of conditions. */
#define PICO_WIDTH 0x10000000
enum { PICO_CLEAR = 1, PICO_ADD = 2, PICO_TRUE = 1 };

/* Of libraries that open the next unit only and have no list: units are looked for by opening all of them. `open`: a
 * status, and a handle above 0 with OK. */
typedef struct grat__pico_lookup {
    uint32_t (*open)(const grat__pico_lib *lib, int16_t *handle);
    void (*close)(const grat__pico_lib *lib, int16_t handle);
    bool (*text)(const grat__pico_lib *lib, int16_t handle, uint32_t what, char *out, size_t cap);
} grat__pico_lookup;
uint32_t grat__pico_look_up(const grat__pico_lib *lib, const grat__pico_lookup *by, const char *serial,
                            int16_t *handle);
void grat__pico_look_around(const grat__pico_lib *lib, const grat__pico_lookup *by, grat__pico_list *out);
/* With OpenUnit(handle), as ps5000 has it. */
extern const grat__pico_lookup grat__pico_next_unit;

uint32_t grat__pico_close_unit(grat__pico_unit *u);
uint32_t grat__pico_stop(grat__pico_unit *u);
uint32_t grat__pico_info(const grat__pico_unit *u, uint32_t what, char *out, size_t cap);
void grat__pico_enumerate_units(const grat__pico_lib *lib, grat__pico_list *out);
uint32_t grat__pico_flash(grat__pico_unit *u, int times);
uint32_t grat__pico_set_resolution(grat__pico_unit *u, int number);
uint32_t grat__pico_is_ready(grat__pico_unit *u, bool *ready);
/* The vendor's number of a source of triggers. */
int32_t grat__pico_source(const grat__pico_unit *u, int source);

uint32_t grat__pico_ets(grat__pico_unit *u, uint32_t interleave, double *dt);
uint32_t grat__pico_ets_times(grat__pico_unit *u, int64_t *times, uint32_t n);
uint32_t grat__pico_ranges(grat__pico_unit *u, unsigned *mask, double offset[16]);
uint32_t grat__pico_set_trigger(grat__pico_unit *u, const grat__pico_trigger *t);
uint32_t grat__pico_poll(grat__pico_unit *u, grat__pico_streaming *s, grat__pico_sink sink, void *user);
uint32_t grat__pico_wave_out(grat__pico_unit *u, grat__pico_wave *w);
uint32_t grat__pico_fire(grat__pico_unit *u);
/* With stamps where the library tells them; classic and wide. */
uint32_t grat__pico_offsets(grat__pico_unit *u, uint32_t from, uint32_t to, grat__pico_when *out);
/* Gives the rings of a stream to the library, and takes them back. */
uint32_t grat__pico_stream_buffers(grat__pico_unit *u, const grat__pico_streaming *s);
void grat__pico_end_streaming(grat__pico_unit *u, const grat__pico_streaming *s);
#define PICO_SHARED_OPS                                                                                                \
    .calls_back = true, .close = grat__pico_close_unit, .stop = grat__pico_stop, .info = grat__pico_info,              \
    .enumerate = grat__pico_enumerate_units, .flash = grat__pico_flash, .resolution = grat__pico_set_resolution,       \
    .is_ready = grat__pico_is_ready, .end_streaming = grat__pico_end_streaming
/* Of all of those that call back while they are polled. */
#define PICO_COMMON_OPS                                                                                                \
    .ets = grat__pico_ets, .ets_times = grat__pico_ets_times, .trigger = grat__pico_set_trigger,                       \
    .poll = grat__pico_poll, .wave = grat__pico_wave_out, .fire = grat__pico_fire

/* Of the status in the information on a trigger: time or stamp were not to be had. */
static inline bool grat__pico_is_untimed(uint32_t flags)
{
    return (flags & 0x02000000) && (flags & 0xf);
}
static inline bool grat__pico_is_unstamped(uint32_t flags)
{
    return (flags & 0x02000000) && (flags & 0x100);
}

/* Of GetTimebase2: a float has 24 bits; clocks are multiples of 0.1 ns. */
double grat__pico_exact(float ns);

#endif
