/* Frames of a BitScope's stream "All" (TraceMode 1): token, count, A, B, and a byte of logic when any is on. Believed:
 * two drivers describe them so, and BitLib sets the mode up; no instrument was seen to send them. */
#ifndef GRAT_BITSCOPE_FRAMES_H
#define GRAT_BITSCOPE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRAT__BS_FRAME_MAX 5

typedef struct grat__bs_frames {
    uint8_t token;
    unsigned size;           /* bytes of a frame: 4, with logic 5 */
    bool in_step, begun;
    bool gap;                /* since the last frame that was given out bytes were skipped */
    uint8_t next;            /* count of the next frame */
    uint8_t lost;            /* frames that are missing, modulo 256 */
    uint8_t held[3 * GRAT__BS_FRAME_MAX];
    unsigned held_n;
} grat__bs_frames;

typedef struct grat__bs_frame {
    uint8_t a, b, logic;
    bool gap;                /* frames are missing before it: `lost`, or 256 more, or 512 … */
    uint8_t lost;
} grat__bs_frame;

/* Takes bytes from *data until a frame is there, which is believed once the next one follows it in order. False when
 * more bytes are needed. */
bool grat__bs_frames_take(grat__bs_frames *f, const uint8_t **data, size_t *n, grat__bs_frame *out);
/* Bytes were lost here: what is held is not the beginning of what comes. */
void grat__bs_frames_break(grat__bs_frames *f);

#endif
