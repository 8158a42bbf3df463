#include "cli/files_out.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What a recording leaves of a disk. */
#define ROOM_LEFT ((uint64_t)64 << 20)

int cli_files_name(cli_files *f, cli *c)
{
    const char *path, *word = c->args.command->name;
    f->c = c;
    f->format = cli_value(&c->args, "format");
    f->options.size = sizeof f->options;
    grat_op_init(&f->op, INT64_MAX, NULL);
    while ((path = cli_value_nth(&c->args, "output", (int)f->count))) {
        if (f->count == CLI_MAX_FILES) return cli_usage("%s: at most %d files at once", word, CLI_MAX_FILES);
        if (strcmp(path, "-") == 0 && !f->format)
            return cli_usage("%s: -o -: which format? Add --format=csv", word);
        if (strcmp(path, "-") == 0 && c->json)
            return cli_usage("%s: -o - and --json: both want standard output; choose one", word);
        if (strlen(path) > CLI_MAX_NAME)
            return cli_usage("%s: the name %.60s… is too long: at most %d bytes", word, path, CLI_MAX_NAME);
        f->path[f->count++] = path;
    }
    return CLI_DONE;
}

static bool in_parts(const cli_files *f)
{
    return f->split_bytes || f->split_seconds > 0;
}

/* run.h5 -> run-0003.h5 */
static void part_name(const cli_files *f, unsigned i, unsigned part, char *out, size_t cap)
{
    const char *path = f->path[i], *ext = cli_extension(path);
    if (!part || strcmp(path, "-") == 0) {
        snprintf(out, cap, "%s", path);
        return;
    }
    size_t stem = strlen(path) - (*ext ? strlen(ext) + 1 : 0);
    snprintf(out, cap, "%.*s-%04u%s", (int)stem, path, part, path + stem);
}

void cli_files_abort(cli_files *f)
{
    for (unsigned i = 0; i < f->count; i++) {
        grat_writer_abort(f->writer[i]);
        f->writer[i] = NULL;
    }
}

static grat_err open_part(cli_files *f, unsigned *which, grat_op *op)
{
    char path[1200];
    for (unsigned i = 0; i < f->count; i++) {
        part_name(f, i, f->part, path, sizeof path);
        grat_err err = grat_writer_open_with(path, f->format, &f->meta, &f->options, op, &f->writer[i]);
        if (!err) continue;
        f->writer[i] = NULL;
        *which = i;
        return err;
    }
    return GRAT_OK;
}

int cli_files_open(cli_files *f)
{
    unsigned which = 0;
    if (!f->count) {
        cli_dated_name(f->dated, sizeof f->dated, f->meta.identity.model, f->format ? f->format : "csv");
        f->path[f->count++] = f->dated;
    }
    if (in_parts(f)) f->part = f->first_part = 1;
    if (!open_part(f, &which, &f->c->op)) return CLI_DONE;
    int status = cli_fail(f->c, f->path[which]);
    cli_files_abort(f);
    return status;
}

static void note_channels(cli_files *f, const grat_record *r)
{
    size_t used = 0;
    for (unsigned i = 0; i < r->traces && used < sizeof f->channels; i++)
        used += (size_t)snprintf(f->channels + used, sizeof f->channels - used, "%s%s", i ? "," : "",
                                 r->trace[i].name);
}

uint64_t cli_files_bytes(const cli_files *f)
{
    uint64_t bytes = f->bytes;
    for (unsigned i = 0; i < f->count; i++) bytes += f->writer[i] ? grat_writer_size(f->writer[i]) : 0;
    return bytes;
}

uint64_t cli_files_room(const cli_files *f, bool *low)
{
    char dir[1200] = ".";
    const char *path = f->path[0], *slash = strrchr(path, '/');
    struct statvfs st;
    *low = false;
    if (strcmp(path, "-") == 0) return UINT64_MAX;
    if (slash) snprintf(dir, sizeof dir, "%.*s", (int)(slash - path + 1), path);
    if (statvfs(dir, &st) != 0) return UINT64_MAX;
    uint64_t room = (uint64_t)st.f_bavail * st.f_frsize, size = (uint64_t)st.f_blocks * st.f_frsize;
    *low = room < (size / 16 < ROOM_LEFT ? size / 16 : ROOM_LEFT);
    return room;
}

static grat_err finish_part(cli_files *f)
{
    grat_err first = GRAT_OK;
    grat_op told = f->op;
    f->bytes = cli_files_bytes(f);
    for (unsigned i = 0; i < f->count; i++) {
        grat_writer *w = f->writer[i];
        f->writer[i] = NULL;
        grat_err err = w ? grat_writer_finish(w, &f->op) : GRAT_OK;
        if (err && !first) first = err, told = f->op;
    }
    f->op = told;
    return first;
}

/* A file with a description beside it. */
static bool is_raw(const cli_files *f, const char *path)
{
    const char *ext = cli_extension(path);
    if (f->format) return strcasecmp(f->format, "raw") == 0;
    return strcasecmp(ext, "raw") == 0 || strcasecmp(ext, "bin") == 0;
}

/* Parts that ended longer ago than is kept. */
static void drop_old(cli_files *f, double now)
{
    char path[1200];
    unsigned old = 0, ended = f->part - f->first_part;
    if (!(f->keep_seconds > 0)) return;
    while (old < ended && now - f->part_end[old] >= f->keep_seconds) old++;
    for (unsigned part = f->first_part; part < f->first_part + old; part++) {
        for (unsigned i = 0; i < f->count; i++) {
            part_name(f, i, part, path, sizeof path - sizeof ".json");
            if (strcmp(path, "-") == 0) continue;
            unlink(path);
            if (!is_raw(f, path)) continue;
            memcpy(path + strlen(path), ".json", sizeof ".json");
            unlink(path);
        }
    }
    f->first_part += old;
    memmove(f->part_end, f->part_end + old, (ended - old) * sizeof *f->part_end);
}

/* Of the part that ends; only a ring wants it. */
static bool note_end(cli_files *f, double now)
{
    unsigned ended = f->part - f->first_part;
    if (!(f->keep_seconds > 0)) return true;
    if (ended == f->part_room) {
        unsigned room = f->part_room ? 2 * f->part_room : 64;
        double *more = realloc(f->part_end, room * sizeof *more);
        if (!more) return grat_op_fail(&f->op, GRAT_ENOMEM, "out of memory: too many parts"), false;
        f->part_end = more;
        f->part_room = room;
    }
    f->part_end[ended] = now;
    return true;
}

static bool next_part(cli_files *f, double now)
{
    unsigned which;
    if (finish_part(f) || !note_end(f, now)) return false;
    f->part++;
    f->part_began = now;
    drop_old(f, now);
    return open_part(f, &which, &f->op) == GRAT_OK;
}

/* Seconds of signal; acquisitions of their own go by the clock. */
static double time_of(const cli_files *f, const grat_record *r)
{
    return f->meta.acquisitions > 1 ? (double)r->mono_ns / 1e9 : (double)r->first * r->dt;
}

static bool part_is_over(const cli_files *f, const grat_record *r)
{
    uint64_t more = 0;
    if (f->split_seconds > 0 && time_of(f, r) - f->part_began >= f->split_seconds * (1 - 1e-9)) return true;
    if (!f->split_bytes) return false;
    for (unsigned i = 0; i < r->traces; i++) more += r->count * grat_sample_size(r->trace[i].type);
    return cli_files_bytes(f) - f->bytes + more > f->split_bytes;
}

bool cli_files_record(cli_files *f, grat_record *r)
{
    bool ok = true, first = !f->channels[0];
    if (first) note_channels(f, r);
    if (first) f->part_began = time_of(f, r);
    else if (f->part && part_is_over(f, r)) ok = next_part(f, time_of(f, r));
    for (unsigned i = 0; ok && i < f->count; i++) ok = grat_writer_record(f->writer[i], r, &f->op) == GRAT_OK;
    if (!ok) f->failed = true, f->full = f->op.err == GRAT_ENOSPC;
    return ok;
}

bool cli_files_flush(cli_files *f)
{
    bool ok = !f->failed;
    for (unsigned i = 0; ok && i < f->count; i++) ok = grat_writer_flush(f->writer[i], &f->op) == GRAT_OK;
    if (!ok && !f->failed) f->failed = true, f->full = f->op.err == GRAT_ENOSPC;
    return ok;
}

/* Of what a full disk ended, not even the beginning may be there. */
static bool is_there(const cli_files *f, unsigned i, unsigned part, char path[1200])
{
    part_name(f, i, part, path, 1200);
    return !f->failed || strcmp(path, "-") == 0 || access(path, F_OK) == 0;
}

static bool any_there(const cli_files *f)
{
    char path[1200];
    for (unsigned part = f->first_part; part <= f->part; part++) {
        for (unsigned i = 0; i < f->count; i++)
            if (is_there(f, i, part, path)) return true;
    }
    return false;
}

int cli_files_finish(cli_files *f)
{
    cli *c = f->c;
    free(f->part_end);
    f->part_end = NULL;
    f->part_room = 0;
    grat_op why = f->op;
    bool failed = f->failed;
    if (failed && !f->options.growing) {
        cli_files_abort(f);
        c->op = why;
        return cli_fail(c, c->args.command->name);
    }
    if (finish_part(f) && !failed) why = f->op, f->full = f->op.err == GRAT_ENOSPC;
    else if (!failed) return CLI_DONE;
    f->failed = true;
    bool some = any_there(f);
    if (f->full && f->until_full && some) return CLI_DONE;
    c->op = why;
    int status = cli_fail(c, f->path[0]);
    return f->full && f->options.growing && some ? CLI_INCOMPLETE : status;
}

void cli_files_print(const cli_files *f)
{
    char path[1200];
    for (unsigned part = f->first_part; part <= f->part; part++) {
        for (unsigned i = 0; i < f->count; i++) {
            if (is_there(f, i, part, path) && strcmp(path, "-") != 0) printf("%s\n", path);
        }
    }
}

void cli_files_json(const cli_files *f, cli_json *j)
{
    char path[1200];
    cli_json_open(j, "files", '[');
    for (unsigned part = f->first_part; part <= f->part; part++) {
        for (unsigned i = 0; i < f->count; i++) {
            if (is_there(f, i, part, path)) cli_json_str(j, NULL, path);
        }
    }
    cli_json_close(j, ']');
}
