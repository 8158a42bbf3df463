#include "serve/folder.h"

#include "serve/gate.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LISTED 1000

bool serve_folder_open(serve_folder *f, const char *path)
{
    f->path = path;
    f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return f->fd >= 0;
}

void serve_folder_close(serve_folder *f)
{
    if (f->fd >= 0) close(f->fd);
    f->fd = -1;
}

static bool regular(const serve_folder *f, const char *name, struct stat *st)
{
    return serve_gate_file(name) && fstatat(f->fd, name, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode);
}

typedef struct entry {
    char name[128];
    long long size, modified;
} entry;

static int newest_first(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->modified != y->modified) return x->modified < y->modified ? 1 : -1;
    return strcmp(y->name, x->name);
}

json_t *serve_folder_list(const serve_folder *f)
{
    int copy = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    entry *all = malloc(MAX_LISTED * sizeof *all);
    size_t n = 0;
    json_t *list = all ? json_array() : NULL;
    for (struct dirent *e; list && d && n < MAX_LISTED && (e = readdir(d));) {
        struct stat st;
        if (!regular(f, e->d_name, &st)) continue;
        all[n].size = st.st_size;
        all[n].modified = st.st_mtime;
        snprintf(all[n++].name, sizeof all[0].name, "%.127s", e->d_name);
    }
    if (n) qsort(all, n, sizeof *all, newest_first);
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "name", all[i].name, "size", (json_int_t)all[i].size,
                                              "modified", (json_int_t)all[i].modified));
    }
    free(all);
    if (d) closedir(d);
    else if (copy >= 0) close(copy);
    return list;
}

int serve_folder_get(const serve_folder *f, const char *name)
{
    struct stat st;
    if (!regular(f, name, &st)) return -1;
    int fd = openat(f->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

bool serve_folder_delete(const serve_folder *f, const char *name)
{
    struct stat st;
    return regular(f, name, &st) && unlinkat(f->fd, name, 0) == 0;
}
