#include "bitscope/frames.h"

#include <string.h>

#define SURE 3 /* frames in order that make a beginning */

static void drop(grat__bs_frames *f, unsigned n)
{
    f->held_n -= n;
    memmove(f->held, f->held + n, f->held_n);
}

/* `count` frames, of the last only the head, from here on. */
static bool in_order(const grat__bs_frames *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *p = f->held + (size_t)i * f->size;
        if (p[0] != f->token || p[1] != (uint8_t)(f->held[1] + i)) return false;
    }
    return true;
}

static void find_step(grat__bs_frames *f)
{
    if (!in_order(f, SURE)) {
        f->gap = true;
        drop(f, 1);
        return;
    }
    if (f->begun && f->held[1] != f->next) {
        f->lost = (uint8_t)(f->held[1] - f->next);
        f->gap = true;
    }
    f->gap = f->gap && f->begun;
    f->next = f->held[1];
    f->in_step = f->begun = true;
}

static void give(grat__bs_frames *f, grat__bs_frame *out)
{
    *out = (grat__bs_frame){.a = f->held[2], .b = f->held[3], .logic = f->size > 4 ? f->held[4] : 0, .gap = f->gap,
                            .lost = f->lost};
    f->gap = false;
    f->lost = 0;
    f->next++;
    drop(f, f->size);
}

bool grat__bs_frames_take(grat__bs_frames *f, const uint8_t **data, size_t *n, grat__bs_frame *out)
{
    for (;;) {
        unsigned need = f->in_step ? f->size + 2 : SURE * f->size;
        unsigned k = f->held_n < need ? need - f->held_n : 0;
        if (k > *n) k = (unsigned)*n;
        if (k) memcpy(f->held + f->held_n, *data, k);
        f->held_n += k;
        *data += k;
        *n -= k;
        if (f->held_n < need) return false;
        if (!f->in_step) {
            find_step(f);
        } else if (f->held[1] == f->next && in_order(f, 2)) {
            give(f, out);
            return true;
        } else {
            f->in_step = false;
        }
    }
}

void grat__bs_frames_break(grat__bs_frames *f)
{
    f->in_step = false;
    f->gap = f->begun;
    f->held_n = 0;
}
