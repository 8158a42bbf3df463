/* The one place where the library waits. */
#ifndef GRAT_CORE_WAIT_H
#define GRAT_CORE_WAIT_H

#include <graticule/graticule.h>

/* Waits until fd shows one of `events` (POLLIN, POLLOUT), an error or a hang-up. ETIMEOUT or ECANCELED with the
 * sentence set, else GRAT_OK. */
grat_err grat__op_wait(grat_op *op, int fd, short events);
/* Resets err, count, reason and text before a call; ETIMEOUT or ECANCELED when it must not even start. */
grat_err grat__op_begin(grat_op *op);
/* Bytes have moved: puts off the deadline of an operation that has idle_ns. */
void grat__op_moved(grat_op *op);
/* A child operation: parent's cancel and at most max_ms of its time. */
void grat__op_child(grat_op *child, const grat_op *parent, int64_t max_ms);
/* Copies the child's error and sentence to the parent and returns the error. */
grat_err grat__op_adopt(grat_op *op, const grat_op *child);

#endif
