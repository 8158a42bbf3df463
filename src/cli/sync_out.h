/* What grat sync writes: rows or objects of one run after the other. */
#ifndef GRAT_CLI_SYNC_OUT_H
#define GRAT_CLI_SYNC_OUT_H

#include "cli/cli.h"

#include <graticule/sync.h>

typedef struct sync_out {
    FILE *f;             /* NULL: standard output takes lines for a person */
    const char *path;
    bool json;           /* the file is one JSON document */
    cli_json doc;
    int64_t to_utc_ns;   /* CLOCK_REALTIME less CLOCK_MONOTONIC, of this run */
} sync_out;

/* CLI_DONE when the ending of the path is one that there is: .csv, .json or those of HDF5. */
int sync_out_named(const char *path);
bool sync_out_is_h5(const char *path);
/* The ending of the path chooses: .csv or .json. */
int sync_out_open(sync_out *o, const char *path, const grat_bench *b);
/* One run: to the file, flushed. False when it cannot be written. */
bool sync_out_run(sync_out *o, const grat_sync *y, uint64_t run);
/* The same as one JSON object, or as lines for a person. */
void sync_out_object(const sync_out *o, cli_json *j, const grat_sync *y, uint64_t run);
void sync_out_lines(const sync_out *o, const grat_sync *y);
int sync_out_close(sync_out *o);

/* Members of the benches and resources that the arguments name; freed with free(). NULL after saying why. */
grat_sync_member *sync_members(cli *c, int from, grat_bench *out);

#endif
