/* Tasks as the waiting functions see them. A task runs on a stack of its own in the thread that waits for its group;
 * where blocking code would sleep in poll, the task gives the thread back. */
#ifndef GRAT_CORE_TASK_H
#define GRAT_CORE_TASK_H

#include <graticule/graticule.h>

#include <poll.h>

/* True inside a task: descriptors must then be used without blocking, and waits go through grat__task_poll. */
bool grat__in_task(void);
/* The present task was cancelled by grat_task_cancel. False outside of tasks. */
bool grat__task_cancelled(void);
/* ppoll for a task, with an absolute end (INT64_MAX = none). A cancel of the task ends it with 0. */
int grat__task_poll(struct pollfd *fds, nfds_t n, int64_t until_ns);
/* Lets the other tasks of the group run; nothing outside of tasks. */
void grat__task_yield(void);

#endif
