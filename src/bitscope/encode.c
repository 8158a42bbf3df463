#include "bitscope/vm.h"

#include <math.h>
#include <string.h>

#define MOST_STEPS 3 /* an n each; beyond that a new address is shorter */

void grat__bs_put(grat__bs_regs *r, enum grat__bs_reg reg, uint32_t value)
{
    unsigned address = (unsigned)reg & 0xff, bytes = (unsigned)reg >> 8;
    for (unsigned i = 0; i < bytes; i++) {
        r->value[address + i] = (uint8_t)(value >> 8 * i);
        r->used[address + i] = true;
    }
}

uint32_t grat__bs_fixed(double x, unsigned bits, bool is_signed)
{
    double scaled = nearbyint(ldexp(x, (int)bits)), most = ldexp(1, is_signed ? 15 : 16) - 1;
    double least = is_signed ? -most - 1 : 0;
    if (!(scaled > least)) scaled = least;
    if (scaled > most) scaled = most;
    return (uint32_t)(int32_t)scaled & 0xffff;
}

typedef struct writer {
    char *out;
    size_t n;
    int r0;       /* what the VM's R0 holds, -1 = unknown */
} writer;

static void digits(writer *w, unsigned byte)
{
    static const char hex[] = "0123456789abcdef";
    if (w->r0 == (int)byte) return;
    w->r0 = (int)byte;
    if (byte == 0) {
        w->out[w->n++] = '[';
        return;
    }
    w->out[w->n++] = hex[byte >> 4];
    w->out[w->n++] = hex[byte & 15];
}

static int next_used(const grat__bs_regs *r, int from)
{
    while (from < 256 && !r->used[from]) from++;
    return from < 256 ? from : -1;
}

size_t grat__bs_encode(const grat__bs_regs *r, const char *tail, char out[GRAT__BS_PROGRAM_MAX])
{
    writer w = {.out = out, .r0 = -1};
    int r1 = -100; /* what the VM's R1 holds */
    for (int at = next_used(r, 0), after; at >= 0; at = after) {
        after = next_used(r, at + 1);
        if (at - r1 > MOST_STEPS || at < r1) {
            w.r0 = -1;
            digits(&w, (unsigned)at);
            w.out[w.n++] = '@';
        } else {
            for (; r1 < at; r1++) w.out[w.n++] = 'n';
        }
        digits(&w, r->value[at]);
        w.out[w.n++] = after < 0 ? 's' : 'z';
        r1 = at + 1;
    }
    size_t room = GRAT__BS_PROGRAM_MAX - 1 - w.n, n = strlen(tail);
    if (n > room) n = room;
    memcpy(out + w.n, tail, n);
    out[w.n + n] = '\0';
    return w.n + n;
}
