/* Where pictures come from: the instrument's own screen, or our drawing of what it measures. One connection. */
#ifndef GRAT_VIDEO_SOURCE_H
#define GRAT_VIDEO_SOURCE_H

#include "screen/recipe.h"
#include "video/draw.h"
#include "video/feed.h"

/* What one request brought. */
typedef struct grat__packet {
    uint8_t *data;            /* a picture file, or NULL and … */
    size_t size;
    grat_glance glance;       /* … a glance at this scope */
    grat_caps caps;
    int64_t asked_ns;
} grat__packet;
void grat__packet_drop(grat__packet *p);
static inline bool grat__packet_full(const grat__packet *p)
{
    return p->data || p->glance.record;
}

typedef struct grat__source {
    const grat__feed_options *opt;
    grat_session *session;    /* owned by `scope` when there is one */
    grat_scope *scope;
    grat_identity identity;
    bool draws;
    const grat__recipe *recipe;   /* when it does not draw */
    int64_t usual_ns;         /* of one picture */
    bool ahead;               /* the link is the limit: ask before the end of the last answer has come, … */
    bool no_ahead;            /* … unless that went wrong once */
    unsigned width, height;   /* of the first picture */
    char name[48];
} grat__source;

/* The first time the kind of picture is chosen by trying; *first (initialised here) is a first frame. */
grat_err grat__source_open(grat__source *s, const grat__feed_options *opt, grat__yuv *first, grat_op *op);
/* After a loss: of the same kind, chosen anew for another instrument in the place of the old one. */
grat_err grat__source_reopen(grat__source *s, grat_op *op);
/* Leaves what reopening needs. */
void grat__source_close(grat__source *s);
/* ENODATA: the instrument waits for its trigger. */
grat_err grat__source_fetch(grat__source *s, grat__packet *out, grat_op *op);

/* The other half, for a thread of its own: packets become frames. */
typedef struct grat__show {
    grat__draw *draw;
    grat_caps caps;           /* of `draw` */
} grat__show;
/* False when the picture cannot be decoded. */
bool grat__show_packet(grat__show *w, const grat__packet *p, grat__yuv *to);
void grat__show_free(grat__show *w);

#endif
