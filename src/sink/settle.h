/* Asks the system to put a file onto the disk, in a thread of its own: a disk that is slow does not hold up who
 * writes. */
#ifndef GRAT_SINK_SETTLE_H
#define GRAT_SINK_SETTLE_H

typedef struct grat__settle grat__settle;

/* Works on a duplicate of the descriptor. `dir`: of the directory that names the file, which is put onto the disk once,
 * and closed; -1 = none. NULL when there is no thread to be had: it is done without then. */
grat__settle *grat__settle_new(int fd, int dir);
/* Returns at once. While one is under way, the next begins when it is done, and further ones are part of that. */
void grat__settle_ask(grat__settle *s);
/* What was asked for is still done, after the return. NULL is allowed. */
void grat__settle_free(grat__settle *s);

#endif
