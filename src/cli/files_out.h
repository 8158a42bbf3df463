/* The files that an acquisition or a recording goes into: what capture and log share. */
#ifndef GRAT_CLI_FILES_OUT_H
#define GRAT_CLI_FILES_OUT_H

#include "cli/cli.h"

#define CLI_MAX_FILES 8
/* Parts of a ring, by time. */
#define CLI_MAX_PARTS 1024
#define CLI_MAX_NAME 1100

typedef struct cli_files {
    cli *c;
    const char *path[CLI_MAX_FILES];   /* as given */
    unsigned count;
    const char *format;                /* for all of them; NULL = by the names */
    grat_meta meta;
    grat_writer_options options;
    double split_seconds;              /* a new part after so long … */
    uint64_t split_bytes;              /* … or so many bytes; both 0 = one file */
    double keep_seconds;               /* parts that are older are removed; 0 = none */
    bool until_full;                   /* a full disk is the end that was wanted */
    /* From here on for files_out.c, and to be read. */
    grat_writer *writer[CLI_MAX_FILES];
    char dated[160];
    char channels[160];                /* "1,2,D0" */
    unsigned part, first_part;         /* from 1; 0 = not in parts */
    double part_began;                 /* seconds of signal */
    double *part_end;                  /* of first_part to part - 1 */
    unsigned part_room;
    uint64_t bytes;                    /* in parts that are finished */
    grat_op op;                        /* of the writers: it must outlive a cancelled acquisition */
    bool failed, full;                 /* `full`: the disk is */
} cli_files;

/* Takes --output and --format; CLI_DONE or a status after saying why. */
int cli_files_name(cli_files *f, cli *c);
/* Opens them all, before the instrument is touched: a name that cannot be written fails first. */
int cli_files_open(cli_files *f);
/* False after a failure, which finish tells. */
bool cli_files_record(cli_files *f, grat_record *r);
/* Everything so far can be read by others. */
bool cli_files_flush(cli_files *f);
/* Completes them. After a full disk they are whole as far as they came: that is told, and CLI_INCOMPLETE. */
int cli_files_finish(cli_files *f);
/* Nothing is left behind of files that had no name yet. */
void cli_files_abort(cli_files *f);
uint64_t cli_files_bytes(const cli_files *f);
/* Bytes left on the file system of the first file, UINT64_MAX when unknown; *low when a recording should end. */
uint64_t cli_files_room(const cli_files *f, bool *low);
/* Names, one a line, or as the array "files". */
void cli_files_print(const cli_files *f);
void cli_files_json(const cli_files *f, cli_json *j);

#endif
