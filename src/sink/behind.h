/* A thread that writes a regular file behind its producer, so that making the bytes and handing them to the system
 * overlap. One piece is on its way at a time. */
#ifndef GRAT_SINK_BEHIND_H
#define GRAT_SINK_BEHIND_H

#include <stddef.h>
#include <stdint.h>

typedef struct grat__behind grat__behind;

/* NULL when no thread can be started: write without it then. The descriptor stays the caller's. */
grat__behind *grat__behind_new(int fd);
/* Waits for the piece before, then starts on this one, which must stay as it is until the next put or drain. Returns
 * 0, or the errno with which an earlier piece failed; this one is then not written. */
int grat__behind_put(grat__behind *b, const uint8_t *piece, size_t n);
/* Waits until all is written; 0 or an errno. */
int grat__behind_drain(grat__behind *b);
/* Drains and ends the thread. NULL is allowed. */
void grat__behind_free(grat__behind *b);

#endif
