/* Measures the newest shot in a thread of its own: long records take longer than a picture may. */
#ifndef GRAT_SERVE_METER_H
#define GRAT_SERVE_METER_H

#include <jansson.h>

#include "serve/shot.h"

/* Called by another thread: something is there to be fetched. Must not block. */
typedef void (*serve_wake_fn)(void *user);

typedef struct serve_meter serve_meter;

/* NULL when memory or threads are short. */
serve_meter *serve_meter_new(serve_wake_fn wake, void *user);
/* Ends its thread: nobody is woken any more. */
void serve_meter_stop(serve_meter *m);
void serve_meter_free(serve_meter *m);
/* Somebody looks at the measurements, or nobody. */
void serve_meter_want(serve_meter *m, bool wanted);
/* The newest shot; an earlier one that still waits is left out. Takes a reference of its own. */
void serve_meter_give(serve_meter *m, serve_shot *s);
/* When it differs from *version: a copy of the last measurements as JSON, freed by the caller, and *version is set. */
char *serve_meter_text(serve_meter *m, uint32_t *version);

/* {trace: {measurement: [value or null, unit]}}; a new reference. */
json_t *serve_measure(const grat_record *r);

#endif
