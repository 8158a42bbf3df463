/* Pictures of an instrument as a stream of frames: one session, one thread that asks and one that decodes or draws, so
 * that the next picture is on its way while the last one becomes a frame. An instrument that goes away is sought again,
 * at first every 0.25 s, later every 4 s, for as long as the feed lives. */
#ifndef GRAT_VIDEO_FEED_H
#define GRAT_VIDEO_FEED_H

#include "video/yuv.h"

typedef struct grat__feed grat__feed;

typedef struct grat__feed_options {
    const char *resource;              /* borrowed, like what `open` points to, until the feed is closed */
    const grat_open_options *open;     /* may be NULL */
    enum { GRAT__FEED_FASTEST, GRAT__FEED_SCREEN, GRAT__FEED_DRAW } source;
    const char *recipe;                /* of a screen: only those with this in their name; NULL: the fastest */
    unsigned width, height;            /* of a drawing */
    const grat_request *request;       /* what the instrument is set to before it is drawn; NULL: nothing */
    int64_t period_ns;   /* pictures are asked for at most so often, and an untaken frame is replaced by a newer one;
                          * 0: as often as can be, and none is left out */
} grat__feed_options;

typedef struct grat__feed_state {
    uint64_t in, dropped, bad, reconnects, bytes;
    bool lost;
    char source[48];     /* the recipe's name, or "draw" */
} grat__feed_state;

/* Opens the instrument, tries its kinds of pictures, and has a first frame in *first (initialised here, freed by the
 * caller; all later frames have its size). */
grat_err grat__feed_open(const grat__feed_options *o, grat__yuv *first, grat_op *op, grat__feed **out);
void grat__feed_close(grat__feed *f);
/* Exchanges *frame for a newer one; false when there is none. *asked_ns: when its picture was asked for. */
bool grat__feed_take(grat__feed *f, grat__yuv *frame, int64_t *asked_ns);
/* Readable when there is a newer frame. */
int grat__feed_fd(const grat__feed *f);
void grat__feed_get(grat__feed *f, grat__feed_state *out);

#endif
