/* Locks of resources: between the sessions of this process by a shared state, between processes by a file for each
 * normal form, and in the device where the wire has locks.
 *
 * The file's open-file-description locks vanish with their process: byte 0 is write-locked by the process that has the
 * exclusive lock, byte 1 read-locked by every process with a shared one, byte 2 write-locked while somebody changes the
 * state. The file's content is the key of the shared lock. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { EXCLUSIVE_BYTE, SHARED_BYTE, GUARD_BYTE };

#define POLL_NS 10000000
#define GUARD_NS 100000000         /* longer than a process holds byte 2, unless it is stopped */
#define GUARD_POLL_NS 500000
/* Not for programs: byte 2 is held, so nothing is known yet. */
#define GUARDED VI_ERROR_IN_PROGRESS
#define KEY_MAX 255

struct visa_shared {
    visa_shared *next;
    unsigned refs;                /* under `list` */
    char name[VI_FIND_BUFLEN];
    int fd;                       /* -1: this process alone knows the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    _Atomic(visa_session *) owner; /* of the exclusive lock */
    _Atomic unsigned sharers;     /* sessions of this process with the shared lock */
    char key[KEY_MAX + 1];        /* while sharers > 0 */
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static visa_shared *list;

/* ---- the file ------------------------------------------------------------------------------------- */

static int open_in(const char *folder, const char *name)
{
    char path[512];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof path) return -1;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        /* Other users of a common folder must be able to lock too. */
        if (fd >= 0) (void)!fchmod(fd, 0666);
    }
    return fd;
}

static int open_file(const char *resource)
{
    const char *folders[] = {getenv("XDG_RUNTIME_DIR"), "/run/lock", "/tmp"};
    uint64_t hash = 14695981039346656037u;
    char name[64];
    for (const char *p = resource; *p; p++) hash = (hash ^ (unsigned char)*p) * 1099511628211u; /* FNV-1a */
    snprintf(name, sizeof name, "graticule-visa-%016llx.lock", (unsigned long long)hash);
    for (unsigned i = 0; i < sizeof folders / sizeof *folders; i++) {
        int fd = folders[i] && folders[i][0] == '/' ? open_in(folders[i], name) : -1;
        if (fd >= 0) return fd;
    }
    return -1;
}

static bool set(visa_shared *sh, int byte, short type)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return sh->fd < 0 || fcntl(sh->fd, F_OFD_SETLK, &l) == 0;
}

/* Another process has bytes first … first + n - 1. */
static bool others(visa_shared *sh, int first, int n)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = n};
    return sh->fd >= 0 && fcntl(sh->fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

static void read_key(visa_shared *sh, char key[KEY_MAX + 1])
{
    ssize_t n = sh->fd < 0 ? 0 : pread(sh->fd, key, KEY_MAX, 0);
    key[n < 0 ? 0 : n] = '\0';
}

static bool write_key(visa_shared *sh, const char *key)
{
    size_t n = strlen(key);
    return sh->fd < 0 || (ftruncate(sh->fd, 0) == 0 && pwrite(sh->fd, key, n, 0) == (ssize_t)n);
}

/* ---- the shared state ------------------------------------------------------------------------------- */

visa_shared *visa__shared_get(const char *name)
{
    pthread_mutex_lock(&list_lock);
    visa_shared *sh = list;
    while (sh && strcmp(sh->name, name) != 0) sh = sh->next;
    if (!sh && (sh = calloc(1, sizeof *sh))) {
        pthread_condattr_t monotonic;
        snprintf(sh->name, sizeof sh->name, "%s", name);
        sh->fd = open_file(name);
        pthread_mutex_init(&sh->lock, NULL);
        pthread_condattr_init(&monotonic);
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
        pthread_cond_init(&sh->changed, &monotonic);
        pthread_condattr_destroy(&monotonic);
        sh->next = list;
        list = sh;
    }
    if (sh) sh->refs++;
    pthread_mutex_unlock(&list_lock);
    return sh;
}

void visa__shared_put(visa_shared *sh)
{
    if (!sh) return;
    pthread_mutex_lock(&list_lock);
    bool last = --sh->refs == 0;
    visa_shared **at = &list;
    while (last && *at != sh) at = &(*at)->next;
    if (last) *at = sh->next;
    pthread_mutex_unlock(&list_lock);
    if (!last) return;
    if (sh->fd >= 0) close(sh->fd);
    pthread_cond_destroy(&sh->changed);
    pthread_mutex_destroy(&sh->lock);
    free(sh);
}

/* The locks are of the open files, which both have: closing here leaves the parent its own. */
void visa__lock_forked(void)
{
    list_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    for (const visa_shared *sh = list; sh; sh = sh->next)
        if (sh->fd >= 0) close(sh->fd);
    list = NULL;
}

ViStatus visa__lock_check(visa_session *s)
{
    visa_shared *sh = s->shared;
    visa_session *owner = sh->owner;
    if (owner) return owner == s ? VI_SUCCESS : VI_ERROR_RSRC_LOCKED;
    if (sh->sharers && !s->sharing) return VI_ERROR_RSRC_LOCKED;
    return others(sh, EXCLUSIVE_BYTE, s->sharing ? 1 : 2) ? VI_ERROR_RSRC_LOCKED : VI_SUCCESS;
}

ViUInt32 visa__lock_state(visa_session *s)
{
    visa_shared *sh = s->shared;
    if (sh->owner || others(sh, EXCLUSIVE_BYTE, 1)) return VI_EXCLUSIVE_LOCK;
    return sh->sharers || others(sh, SHARED_BYTE, 1) ? VI_SHARED_LOCK : VI_NO_LOCK;
}

/* ---- taking ---------------------------------------------------------------------------------------------- */

/* One try; VI_ERROR_RSRC_LOCKED and GUARDED: wait and try again. All with sh->lock. */
static ViStatus try_exclusive(visa_session *s)
{
    visa_shared *sh = s->shared;
    if (s->exclusive) {
        s->exclusive++;
        return VI_SUCCESS_NESTED_EXCLUSIVE;
    }
    if (sh->owner || (sh->sharers && !s->sharing)) return VI_ERROR_RSRC_LOCKED;
    if (!set(sh, GUARD_BYTE, F_WRLCK)) return GUARDED;
    bool got = (s->sharing || !others(sh, SHARED_BYTE, 1)) && set(sh, EXCLUSIVE_BYTE, F_WRLCK);
    set(sh, GUARD_BYTE, F_UNLCK);
    if (!got) return VI_ERROR_RSRC_LOCKED;
    sh->owner = s;
    s->exclusive = 1;
    return VI_SUCCESS;
}

static void new_key(char key[KEY_MAX + 1])
{
    static _Atomic unsigned count;
    snprintf(key, KEY_MAX + 1, "graticule-%d-%llx-%u", (int)getpid(), (unsigned long long)grat_utc_ns(), count++);
}

/* The first of this process: the file tells whether another one shares already, and its key. */
static ViStatus first_sharer(visa_session *s, const char *key)
{
    visa_shared *sh = s->shared;
    char mine[KEY_MAX + 1];
    if (others(sh, EXCLUSIVE_BYTE, 1)) return VI_ERROR_RSRC_LOCKED;
    if (others(sh, SHARED_BYTE, 1)) {
        read_key(sh, mine);
        if (!key) return VI_ERROR_RSRC_LOCKED;
        if (strcmp(key, mine) != 0) return VI_ERROR_INV_ACCESS_KEY;
    } else {
        if (key) snprintf(mine, sizeof mine, "%s", key);
        else new_key(mine);
        if (!write_key(sh, mine)) return VI_ERROR_SYSTEM_ERROR;
    }
    if (!set(sh, SHARED_BYTE, F_RDLCK)) return VI_ERROR_RSRC_LOCKED;
    memcpy(sh->key, mine, sizeof mine);
    return VI_SUCCESS;
}

static ViStatus try_shared(visa_session *s, const char *key)
{
    visa_shared *sh = s->shared;
    if (s->sharing) {
        if (key && strcmp(key, sh->key) != 0) return VI_ERROR_INV_ACCESS_KEY;
        s->sharing++;
        return VI_SUCCESS_NESTED_SHARED;
    }
    if (sh->owner && sh->owner != s) return VI_ERROR_RSRC_LOCKED;
    if (sh->sharers) {
        if (!key) return VI_ERROR_RSRC_LOCKED;
        if (strcmp(key, sh->key) != 0) return VI_ERROR_INV_ACCESS_KEY;
        if (!sh->owner && others(sh, EXCLUSIVE_BYTE, 1)) return VI_ERROR_RSRC_LOCKED;
    } else {
        if (!set(sh, GUARD_BYTE, F_WRLCK)) return GUARDED;
        ViStatus st = first_sharer(s, key);
        set(sh, GUARD_BYTE, F_UNLCK);
        if (st) return st;
    }
    sh->sharers++;
    s->sharing = 1;
    return VI_SUCCESS;
}

static void drop_exclusive(visa_session *s)
{
    if (--s->exclusive) return;
    set(s->shared, EXCLUSIVE_BYTE, F_UNLCK);
    s->shared->owner = NULL;
    pthread_cond_broadcast(&s->shared->changed);
}

static void drop_shared(visa_session *s)
{
    if (--s->sharing) return;
    if (--s->shared->sharers == 0) set(s->shared, SHARED_BYTE, F_UNLCK);
    pthread_cond_broadcast(&s->shared->changed);
}

/* The lock of the device, which other computers see. Where the wire has none the others are enough. */
static ViStatus device_lock(visa_session *s, const char *key, int64_t deadline_ns)
{
    visa_call *c;
    int64_t wait_ms = deadline_ns == INT64_MAX ? INT32_MAX : (deadline_ns - grat_now_ns()) / 1000000;
    ViStatus st = visa__call_begin(s, LANE_ALL, &c);
    if (st) return st;
    if (wait_ms < 0) wait_ms = 0;
    grat_op_init(&c->op, wait_ms + 2000, c->cancel);
    grat_err e = key ? grat_lock_shared(s->wire, key, wait_ms, &c->op) : grat_lock(s->wire, wait_ms, &c->op);
    st = visa__call_status(c, e);
    visa__call_end(c);
    if (e == GRAT_ELOCKED && wait_ms) st = VI_ERROR_TMO;
    if (e == GRAT_ENOTSUP) return VI_SUCCESS;
    if (!st && key) s->device_shared = true;
    else if (!st) s->device_exclusive = true;
    return st;
}

/* Releases one; the device's own locks are released in any order that it takes. */
static void device_unlock(visa_session *s, _Atomic bool *held)
{
    visa_call *c;
    if (!atomic_exchange(held, false)) return;
    if (s->closing || visa__call_begin(s, LANE_ALL, &c)) return;
    grat_unlock(s->wire, &c->op);
    visa__call_end(c);
}

static int64_t next_try(int64_t deadline_ns)
{
    int64_t t = grat_now_ns() + POLL_NS;
    return t < deadline_ns ? t : deadline_ns;
}

/* Waits in steps, since nothing tells when another process lets go. `used` gets the key of the shared lock. */
static ViStatus take_here(visa_session *s, ViAccessMode type, const char *key, int64_t deadline_ns, char *used)
{
    visa_shared *sh = s->shared;
    ViStatus st;
    bool waited = false;
    int64_t guard = grat_now_ns() + GUARD_NS;
    pthread_mutex_lock(&sh->lock);
    for (;;) {
        st = s->closing ? VI_ERROR_INV_OBJECT : type == VI_EXCLUSIVE_LOCK ? try_exclusive(s) : try_shared(s, key);
        if (st != VI_ERROR_RSRC_LOCKED && st != GUARDED) break;
        bool unknown = st == GUARDED;
        if (grat_now_ns() >= (unknown && guard > deadline_ns ? guard : deadline_ns)) {
            st = waited ? VI_ERROR_TMO : VI_ERROR_RSRC_LOCKED;
            break;
        }
        waited = waited || !unknown;
        int64_t t = unknown ? grat_now_ns() + GUARD_POLL_NS : next_try(deadline_ns);
        struct timespec until = {t / 1000000000, t % 1000000000};
        pthread_cond_timedwait(&sh->changed, &sh->lock, &until);
    }
    memcpy(used, sh->key, sizeof sh->key);
    pthread_mutex_unlock(&sh->lock);
    return st;
}

static void undo(visa_session *s, ViAccessMode type)
{
    pthread_mutex_lock(&s->shared->lock);
    /* Another thread may have given it up already. */
    if (type == VI_EXCLUSIVE_LOCK && s->exclusive) drop_exclusive(s);
    if (type == VI_SHARED_LOCK && s->sharing) drop_shared(s);
    pthread_mutex_unlock(&s->shared->lock);
}

ViStatus visa__lock_take(visa_session *s, ViAccessMode type, ViUInt32 timeout, const char *key, char *out)
{
    char used[KEY_MAX + 1];
    int64_t deadline = timeout == VI_TMO_INFINITE ? INT64_MAX : grat_now_ns() + (int64_t)timeout * 1000000;
    if (type != VI_EXCLUSIVE_LOCK && type != VI_SHARED_LOCK) return VI_ERROR_INV_LOCK_TYPE;
    if (key && strlen(key) > KEY_MAX) return VI_ERROR_INV_ACCESS_KEY;
    ViStatus st = take_here(s, type, type == VI_SHARED_LOCK ? key : NULL, deadline, used);
    if (st == VI_SUCCESS) {
        st = device_lock(s, type == VI_SHARED_LOCK ? used : NULL, deadline);
        if (st) undo(s, type);
    }
    if (st >= 0 && type == VI_SHARED_LOCK) visa__text_out(out, used);
    return st;
}

static ViStatus drop(visa_session *s)
{
    ViStatus st = VI_SUCCESS;
    bool exclusive_gone = false, shared_gone = false;
    pthread_mutex_lock(&s->shared->lock);
    if (!s->exclusive && !s->sharing) st = VI_ERROR_SESN_NLOCKED;
    else if (s->exclusive == 1) exclusive_gone = true;
    else if (!s->exclusive && s->sharing == 1) shared_gone = true;
    pthread_mutex_unlock(&s->shared->lock);
    if (st) return st;
    /* The device first: when others get the lock here it must be free there. */
    if (exclusive_gone) device_unlock(s, &s->device_exclusive);
    if (shared_gone) device_unlock(s, &s->device_shared);
    pthread_mutex_lock(&s->shared->lock);
    if (s->exclusive) drop_exclusive(s);
    else if (s->sharing) drop_shared(s);
    if (s->exclusive) st = VI_SUCCESS_NESTED_EXCLUSIVE;
    else if (s->sharing) st = VI_SUCCESS_NESTED_SHARED;
    pthread_mutex_unlock(&s->shared->lock);
    return st;
}

void visa__lock_drop_all(visa_session *s)
{
    pthread_mutex_lock(&s->shared->lock);
    while (s->exclusive) drop_exclusive(s);
    while (s->sharing) drop_shared(s);
    pthread_mutex_unlock(&s->shared->lock);
}

void visa__lock_wake(visa_session *s)
{
    pthread_mutex_lock(&s->shared->lock);
    pthread_cond_broadcast(&s->shared->changed);
    pthread_mutex_unlock(&s->shared->lock);
}

VISA_API ViStatus viLock(ViSession vi, ViAccessMode type, ViUInt32 timeout, ViConstKeyId requestedKey,
                         ViChar accessKey[])
{
    SESSION_OR_RETURN(s, vi);
    ViStatus st = visa__exception(s, "viLock", visa__lock_take(s, type, timeout, requestedKey, accessKey));
    visa__session_put(s);
    return st;
}

VISA_API ViStatus viUnlock(ViSession vi)
{
    SESSION_OR_RETURN(s, vi);
    ViStatus st = visa__exception(s, "viUnlock", drop(s));
    visa__session_put(s);
    return st;
}
