/* A thread that writes a regular file behind its producer, so that making the bytes and handing them to the system
 * overlap. */
#ifndef GRAT_SINK_BEHIND_H
#define GRAT_SINK_BEHIND_H

#include <stddef.h>
#include <stdint.h>

/* So many pieces are on their way at most. */
#define GRAT__BEHIND_DEPTH 3

typedef struct grat__behind grat__behind;

/* NULL when no thread can be started: write without it then. The descriptor stays the caller's. */
grat__behind *grat__behind_new(int fd);
/* Waits until fewer than GRAT__BEHIND_DEPTH are on their way, then hands this piece on, which must stay as it is until
 * as many puts more, or a drain. Returns 0, or the errno with which an earlier piece failed; this one is then not
 * written. */
int grat__behind_put(grat__behind *b, const uint8_t *piece, size_t n);
/* Waits until all is written; 0 or an errno. */
int grat__behind_drain(grat__behind *b);
/* After a failure: bytes of the piece that failed and of those behind it. */
uint64_t grat__behind_unwritten(grat__behind *b);
/* Drains and ends the thread. NULL is allowed. */
void grat__behind_free(grat__behind *b);

#endif
