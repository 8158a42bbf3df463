/* The folder of recordings: what may be listed, fetched and deleted. A name never leads out of it. */
#ifndef GRAT_SERVE_FOLDER_H
#define GRAT_SERVE_FOLDER_H

#include <jansson.h>
#include <stdbool.h>

typedef struct serve_folder {
    int fd;
    const char *path;
} serve_folder;

bool serve_folder_open(serve_folder *f, const char *path);
void serve_folder_close(serve_folder *f);
/* [{"name", "size", "modified"}], the newest first, at most 1000; NULL when memory is short. */
json_t *serve_folder_list(const serve_folder *f);
/* A regular file, never through a link; -1 when there is none of this name. */
int serve_folder_get(const serve_folder *f, const char *name);
bool serve_folder_delete(const serve_folder *f, const char *name);

#endif
