/* Files of a test: in a folder of its own, made at first use, removed with all that is in it at exit. */
#ifndef GRAT_TEMP_H
#define GRAT_TEMP_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char test_folder_name[80];
static pid_t test_folder_owner;

static int test_remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

/* A child of fork that exits leaves the folder to its parent. */
static void test_remove_folder(void)
{
    if (getpid() == test_folder_owner) nftw(test_folder_name, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *test_folder(void)
{
    if (!test_folder_name[0]) {
        const char *base = getenv("TMPDIR");
        int n = snprintf(test_folder_name, sizeof test_folder_name, "%s/grat-test-XXXXXX", base ? base : "/tmp");
        if (n >= (int)sizeof test_folder_name || !mkdtemp(test_folder_name)) {
            perror(test_folder_name);
            exit(1);
        }
        test_folder_owner = getpid();
        atexit(test_remove_folder);
    }
    return test_folder_name;
}

/* A name in the folder, good until the fourth call after this one. */
static inline const char *test_path(const char *name)
{
    static char path[4][160];
    static unsigned turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", test_folder(), name);
    return p;
}

/* A file of that name with this text; its path. */
static inline const char *test_file(const char *name, const char *text)
{
    const char *path = test_path(name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f)) {
        perror(path);
        exit(1);
    }
    return path;
}

#endif
