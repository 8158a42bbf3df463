/* Changing stacks, and telling the sanitizers about it. */
#ifndef GRAT_CORE_TASK_SWITCH_H
#define GRAT_CORE_TASK_SWITCH_H

#include <setjmp.h>
#include <stddef.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#define GRAT__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GRAT__ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define GRAT__TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GRAT__TSAN 1
#endif
#endif

/* A place to run: the waiting thread's own stack, or a task's. */
typedef struct grat__stack {
    ucontext_t context;
    jmp_buf jump;            /* where it left, when it has */
    int left;
    void *memory;            /* lowest usable byte; NULL for the thread's own */
    size_t size;
    const void *asan_bottom; /* of the thread's own stack, as ASan knows it */
    size_t asan_size;
    void *asan_fake, *tsan_fiber;
} grat__stack;

/* The thread's own stack, before the first switch away from it. */
void grat__stack_adopt(grat__stack *s);
/* 0, or -1 when memory is short. `entry` must end by grat__stack_switch with `last`. */
int grat__stack_new(grat__stack *s, size_t size, void (*entry)(void));
void grat__stack_free(grat__stack *s);
/* Prepares a used stack for another run. */
void grat__stack_reset(grat__stack *s, void (*entry)(void));
/* Goes from one to the other; returns when somebody switches back. `last`: `from` will never be resumed. */
void grat__stack_switch(grat__stack *from, grat__stack *to, int last);
/* To be called first of all on a new stack: `from` is where it was entered from. */
void grat__stack_entered(grat__stack *from);

#endif
