/* Where a file's bytes go. A file sink writes to an unnamed (or dot-named) temporary in the target's directory and
 * gives it its name only when it is complete; an existing file is replaced in one step. Devices, pipes and standard
 * output are written as they come. */
#ifndef GRAT_SINK_SINK_H
#define GRAT_SINK_SINK_H

#include <graticule/backend.h>

grat_err grat__out_file(const char *path, grat_op *op, grat_out **out);
grat_err grat__out_stdout(grat_op *op, grat_out **out);
/* The number of bytes one reserve can hand out. */
#define GRAT__OUT_BUFFER ((size_t)1 << 20)
/* At least n (<= GRAT__OUT_BUFFER) bytes of the buffer to write into; NULL when flushing failed. *room may be NULL. */
uint8_t *grat__out_reserve(grat_out *o, size_t n, size_t *room, grat_op *op);
/* That many of the reserved bytes are in use now. */
void grat__out_advance(grat_out *o, size_t n);
/* Hands on what is buffered. */
grat_err grat__out_flush(grat_out *o, grat_op *op);
bool grat__out_seekable(const grat_out *o);
/* For libraries that write by themselves: the descriptor of a regular file that this sink made, else -1; and the
 * (temporary) name under which it can be opened, NULL on failure. */
int grat__out_fd(const grat_out *o);
const char *grat__out_path(grat_out *o, grat_op *op);
/* Bytes in the file so far, with those on their way. */
uint64_t grat__out_size(const grat_out *o);
/* As the caller gave it, for sentences. */
const char *grat__out_name(const grat_out *o);
void grat__out_options_set(grat_out *o, const grat_writer_options *opt);
/* Hands on what is buffered and gives the file its name now; from here on an abort leaves what there is. */
grat_err grat__out_show(grat_out *o, grat_op *op);
/* After a failure, of a file that was shown: usable again behind the bytes that were certainly written, at least those
 * of the last show. Only whole pieces of reserve or write are there. */
grat_err grat__out_cut(grat_out *o, grat_op *op);
uint64_t grat__out_tell(const grat_out *o);
/* What is behind the position does not count in the size. */
void grat__out_size_here(grat_out *o);
/* Of a file that grows, when its head says how long it is: makes it longer than it needs, so that what the head says of
 * the next flush lies within the length that the disk has when the power fails. The end takes that away. */
void grat__out_reach(grat_out *o);
/* The file ends at the position. */
grat_err grat__out_truncate(grat_out *o, grat_op *op);
/* Completes the file under its name. Frees the sink also on an error, when nothing is left behind. */
grat_err grat__out_commit(grat_out *o, grat_op *op);
/* Frees the sink and leaves nothing behind. NULL is allowed. */
void grat__out_abort(grat_out *o);

#endif
