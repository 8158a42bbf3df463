/* The inside of a run: what the files of this directory share. */
#ifndef GRAT_SYNC_SYNC_INT_H
#define GRAT_SYNC_SYNC_INT_H

#include <graticule/sync.h>

#define GRAT__SYNC_TRIPS 16

/* An instrument's clock against the computer's, from bracketed readings: the fastest answer counts. */
typedef struct grat__sync_clock {
    bool known;
    double offset, uncertainty; /* seconds */
    unsigned age;               /* readings since the one that counts */
} grat__sync_clock;

typedef struct grat__sync_item {
    char *name, *resource;      /* as given; result.resource is the normal form once it is open */
    char *step[7];              /* copies of the recipe's texts */
    grat_sync_member spec;      /* points to them */
    grat_session *session;
    grat_scope *scope;          /* when the recipe has calls of the driver; owns the session then */
    const grat_open_options *open;
    grat_sync_step at;          /* the step that the task is in */
    bool alive;                 /* takes part in the present run */
    bool dirty;                 /* the last run ended somewhere in between: abort before arming */
    bool slow;                  /* each write is acknowledged by the wire */
    int64_t trip[GRAT__SYNC_TRIPS]; /* the last round trips */
    unsigned trips;
    grat__sync_clock clock;
    grat_op op;
    double *value;
    uint8_t *reply;
    char text[GRAT_TEXT_MAX];
    grat_sync_result result;
} grat__sync_item;

/* Each is a task for one item. */
grat_err grat__sync_open(void *item, grat_op *op);
grat_err grat__sync_arm(void *item, grat_op *op);
grat_err grat__sync_start(void *item, grat_op *op);
grat_err grat__sync_read(void *item, grat_op *op);
grat_err grat__sync_abort(void *item, grat_op *op);

/* One reading: the text, and UTC before and after. False when the text is no time. */
bool grat__sync_clock_take(grat__sync_clock *k, const char *text, int64_t before_ns, int64_t after_ns);

#endif
