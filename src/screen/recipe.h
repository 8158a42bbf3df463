/* How each family gives its screen away: rows of data. A new model is a row in recipe.c. */
#ifndef GRAT_SCREEN_RECIPE_H
#define GRAT_SCREEN_RECIPE_H

#include <graticule/graticule.h>

typedef enum grat__reply {
    GRAT__REPLY_BLOCK,     /* an IEEE 488.2 definite block */
    GRAT__REPLY_RAW,       /* the bare picture, sized from its own header */
    GRAT__REPLY_EMBEDDED,  /* a block inside a message with text before and a checksum behind (LeCroy TRFL?) */
} grat__reply;

/* `before` and `after` are lines: a command; "?command" asks and ignores the answer (it waits for it);
 * "~mask command" asks until the integer answer has one of the mask's bits. */
typedef struct grat__recipe {
    const char *name;
    const char *vendor, *model;   /* globs over *IDN?, alternatives by '|'; NULL vendor: for unknown instruments */
    const char *before, *ask, *after;
    const char *keep;             /* lines: settings that are read before and written back after */
    grat__reply reply;
    grat_image_kind gives;        /* what the instrument sends when it does as told */
    unsigned timeout_ms;          /* for one attempt when another recipe is left to try */
} grat__recipe;

enum { GRAT__RECIPES_MAX = 16 };
/* The recipes to try, best first: those that give `want` directly, then the others of the same instrument; for an
 * unknown instrument the generic ones. Returns how many. */
unsigned grat__recipes_for(const grat_identity *id, grat_image_kind want, const grat__recipe *out[GRAT__RECIPES_MAX]);

/* Next line of a script: copies it and returns what follows, or NULL at the end. A line never exceeds cap - 1. */
const char *grat__script_line(const char *script, char *line, size_t cap);

/* Pure judgement of the bytes read so far of a raw picture. GRAT_OK: complete, *size bytes. ESHORT: read on.
 * EPROTO: this is no picture. */
grat_err grat__raw_progress(const uint8_t *data, size_t n, uint64_t *size);
/* Where the data of an embedded block are. ESHORT when it is cut. */
grat_err grat__embedded_block(const uint8_t *data, size_t n, size_t *offset, size_t *length);
/* Checks completeness, mends, converts, and fills *out, which takes the result's memory. `data` stays the caller's. */
grat_err grat__shot_finish(const uint8_t *data, size_t n, grat_image_kind want, grat_screenshot *out, grat_op *op);

/* Carries one recipe out; *data is the reply's payload, freed by the caller. */
grat_err grat__recipe_fetch(grat_session *s, const grat__recipe *r, uint8_t **data, size_t *n, grat_op *op);
/* The same for one that asks again and again: the next picture is asked for before the end of this one has come, where
 * the recipe is one question with a block for an answer; see grat__query_block_ahead. */
grat_err grat__recipe_fetch_ahead(grat_session *s, const grat__recipe *r, uint8_t **data, size_t *n, grat_op *op);

#endif
