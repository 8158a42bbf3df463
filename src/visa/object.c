/* The handle table: every object of the library by its number. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 256
/* Away from 0 and from small numbers that a program may have by mistake. */
#define FIRST_HANDLE 0x00100001u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t fewer = PTHREAD_COND_INITIALIZER;
static unsigned waiting;
static visa_object *slots[SLOTS];
static ViObject next_handle = FIRST_HANDLE;

/* A child of fork has none of our threads, and the wires are its parent's: it begins with nothing, and no handle of the
 * parent's is known there. Locks may have been held by threads that it does not have. */
static void in_child(void)
{
    lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    fewer = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    waiting = 0;
    memset(slots, 0, sizeof slots);
    visa__lock_forked();
    visa__async_forked();
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, in_child);
}

static visa_object **place(ViObject handle)
{
    visa_object **at = &slots[handle % SLOTS];
    while (*at && (*at)->handle != handle) at = &(*at)->next;
    return at;
}

ViStatus visa__object_add(visa_object *o)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&lock);
    do {
        o->handle = next_handle++;
        if (!next_handle) next_handle = FIRST_HANDLE;
    } while (*place(o->handle));
    o->refs++;
    o->next = NULL;
    *place(o->handle) = o;
    pthread_mutex_unlock(&lock);
    return VI_SUCCESS;
}

visa_object *visa__object_get(ViObject handle, unsigned kinds, ViStatus *status)
{
    pthread_mutex_lock(&lock);
    visa_object *o = handle ? *place(handle) : NULL;
    *status = !o ? VI_ERROR_INV_OBJECT : !(o->kind & kinds) ? VI_ERROR_NSUP_OPER : VI_SUCCESS;
    if (*status) o = NULL;
    if (o) o->refs++;
    pthread_mutex_unlock(&lock);
    return o;
}

void visa__object_ref(visa_object *o)
{
    pthread_mutex_lock(&lock);
    o->refs++;
    pthread_mutex_unlock(&lock);
}

void visa__object_put(visa_object *o)
{
    if (!o) return;
    pthread_mutex_lock(&lock);
    bool last = --o->refs == 0;
    if (waiting) pthread_cond_broadcast(&fewer);
    pthread_mutex_unlock(&lock);
    if (last) o->destroy(o);
}

bool visa__object_remove(visa_object *o)
{
    pthread_mutex_lock(&lock);
    visa_object **at = place(o->handle);
    bool found = *at == o;
    if (found) *at = o->next;
    pthread_mutex_unlock(&lock);
    return found;
}

void visa__object_wait(visa_object *o, unsigned left)
{
    pthread_mutex_lock(&lock);
    waiting++;
    while (o->refs > left) pthread_cond_wait(&fewer, &lock);
    waiting--;
    pthread_mutex_unlock(&lock);
}

unsigned visa__object_list(unsigned kinds, bool (*want)(visa_object *o, void *user), void *user, visa_object **out,
                           unsigned room)
{
    unsigned n = 0;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < SLOTS; i++) {
        for (visa_object *o = slots[i]; o && n < room; o = o->next) {
            if (!(o->kind & kinds) || !want(o, user)) continue;
            o->refs++;
            out[n++] = o;
        }
    }
    pthread_mutex_unlock(&lock);
    return n;
}
