/* To be preloaded: notes each write to the file whose name ends with POWER_FILE, and when it was put onto the disk,
 * into POWER_LOG, as records of three 64-bit numbers: kind, place, length; and the bytes. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

enum { WRITTEN = 1, CUT, SYNC_BEGINS, SYNC_ENDS };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* It ends with POWER_FILE, or is its temporary name. */
static bool is_name(const char *path)
{
    const char *word = getenv("POWER_FILE"), *at = word ? strstr(path, word) : NULL;
    return at && (!at[strlen(word)] || (at[strlen(word)] == '.' && at > path && at[-1] == '.'));
}

static bool is_named(int fd)
{
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return false;
    path[n] = '\0';
    return is_name(path);
}

static ino_t known;

static bool is_ours(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    if (!known && is_named(fd)) known = st.st_ino;
    return known && st.st_ino == known;
}

static void note(uint64_t kind, uint64_t at, uint64_t n, const void *bytes)
{
    static FILE *out;
    uint64_t head[3] = {kind, at, n};
    pthread_mutex_lock(&lock);
    if (!out && getenv("POWER_LOG")) out = fopen(getenv("POWER_LOG"), "wb");
    if (out) {
        fwrite(head, sizeof head, 1, out);
        if (n) fwrite(bytes, n, 1, out);
        fflush(out);
    }
    pthread_mutex_unlock(&lock);
}

/* A file without a name so far: what is in it was written before. */
static void note_all(int fd)
{
    static char piece[1 << 16];
    ssize_t n;
    struct stat st;
    if (known || fstat(fd, &st) != 0) return;
    known = st.st_ino;
    for (uint64_t at = 0; (n = pread(fd, piece, sizeof piece, (off_t)at)) > 0; at += (uint64_t)n)
        note(WRITTEN, at, (uint64_t)n, piece);
}

SHOWN int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    int (*next)(int, const char *, int, const char *, int);
    int fd;
    *(void **)&next = dlsym(RTLD_NEXT, "linkat");
    if (is_name(to) && sscanf(from, "/proc/self/fd/%d", &fd) == 1) note_all(fd);
    return next(from_dir, from, to_dir, to, flags);
}

SHOWN ssize_t write(int fd, const void *p, size_t n)
{
    ssize_t (*next)(int, const void *, size_t);
    *(void **)&next = dlsym(RTLD_NEXT, "write");
    bool ours = is_ours(fd);
    off64_t at = ours ? lseek64(fd, 0, SEEK_CUR) : 0;
    ssize_t done = next(fd, p, n);
    if (done > 0 && ours) note(WRITTEN, (uint64_t)at, (uint64_t)done, p);
    return done;
}

SHOWN ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    ssize_t (*next)(int, const void *, size_t, off64_t);
    *(void **)&next = dlsym(RTLD_NEXT, "pwrite64");
    ssize_t done = next(fd, p, n, at);
    if (done > 0 && is_ours(fd)) note(WRITTEN, (uint64_t)at, (uint64_t)done, p);
    return done;
}

/* libhdf5 calls them by their short names. */
SHOWN ssize_t short_pwrite(int fd, const void *p, size_t n, off64_t at) __asm__("pwrite");
ssize_t short_pwrite(int fd, const void *p, size_t n, off64_t at)
{
    return pwrite64(fd, p, n, at);
}

SHOWN int ftruncate64(int fd, off64_t n)
{
    int (*next)(int, off64_t);
    *(void **)&next = dlsym(RTLD_NEXT, "ftruncate64");
    int failed = next(fd, n);
    if (!failed && is_ours(fd)) note(CUT, (uint64_t)n, 0, NULL);
    return failed;
}

SHOWN int short_ftruncate(int fd, off64_t n) __asm__("ftruncate");
int short_ftruncate(int fd, off64_t n)
{
    return ftruncate64(fd, n);
}

SHOWN int fdatasync(int fd)
{
    int (*next)(int);
    *(void **)&next = dlsym(RTLD_NEXT, "fdatasync");
    bool ours = is_ours(fd);
    if (ours) note(SYNC_BEGINS, 0, 0, NULL);
    int failed = next(fd);
    if (ours) note(SYNC_ENDS, 0, 0, NULL);
    return failed;
}
