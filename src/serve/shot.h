/* A record on its way to the viewers: shared, immutable, with what makes any view of it cheap. And the frames made
 * from it, little-endian:
 *   0  "GRF1"                   4  u32 number of the shot       8  u16 traces      10 u16 flags (grat_record_flag)
 *   12 u32 columns              16 f64 from, to: the view, seconds from the trigger
 *   32 f64 begin, end: what the record holds                    48 f64 dt          56 u64 samples in each trace
 *   64 u32 number of the viewer's view                          68 u32 0
 * then for each trace, 64 bytes and its data, padded to 8:
 *   0  char name[8]             8  char unit[8]                 16 u8 kind (0 envelope, 1 samples), u8 logic, u16 0
 *   20 u32 points               24 f64 scale, offset: value = code * scale + offset
 *   40 f64 at, step: time of the first point (the middle of its column) and between two
 *   56 u32 bytes of data        60 u32 0
 *   envelope: i16 low, high for each column; samples: i16 each
 * A spectrum is "GRS1", then the same first 16 bytes with traces = 1 and columns = points, 16 f64 from, to in hertz,
 * 32 char name[8], 40 f64 resolution in hertz, 48 f64 0, 56 u64 samples used, 64 u32 0, 68 u32 0, and f32 dB (of 1 V
 * rms, or of 1 unit) for each point. */
#ifndef GRAT_SERVE_SHOT_H
#define GRAT_SERVE_SHOT_H

#include "serve/pyramid.h"

#define SERVE_MAX_COLUMNS 4096u
#define SERVE_SPECTRUM_POINTS 1024u

typedef struct serve_shot {
    int refs;
    uint32_t number;
    grat_record *record;    /* owned */
    double origin;          /* is time 0 of its frames: where a piece of a long recording lies is not shown */
    serve_pyramid pyramid[GRAT_MAX_CHANNELS];
} serve_shot;

typedef struct serve_view {
    double from, to;        /* seconds from the trigger; equal: the whole record */
    uint32_t columns;
    uint32_t number;
} serve_view;

/* Takes the reference to the record over, also on failure. NULL when memory is short. */
serve_shot *serve_shot_new(grat_record *r, uint32_t number);
serve_shot *serve_shot_ref(serve_shot *s);
void serve_shot_unref(serve_shot *s);

/* A frame, with `lead` unused bytes before it; *n is its size without them. Freed with free(); NULL when memory is
 * short. A view of any numbers gives a frame: what lies outside the record is left out. */
uint8_t *serve_frame(const serve_shot *s, const serve_view *view, size_t lead, size_t *n);
/* The power spectrum (Hann window) of the last power of two of samples, at most 65536 of them, spread over the record
 * as it is; NULL when the trace does not exist or is too short. */
uint8_t *serve_spectrum(const serve_shot *s, unsigned trace, size_t lead, size_t *n);

#endif
