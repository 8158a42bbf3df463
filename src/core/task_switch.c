/* The checked longjmp takes another stack for a mistake. */
#undef _FORTIFY_SOURCE

#include "core/task_switch.h"

#include <sys/mman.h>
#include <unistd.h>

#ifdef GRAT__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
/* Instrumented frames are several times as large. */
#define STACK_FACTOR 8
#elif defined GRAT__TSAN
#include <sanitizer/tsan_interface.h>
#define STACK_FACTOR 4
#else
#define STACK_FACTOR 1
#endif

void grat__stack_adopt(grat__stack *s)
{
    *s = (grat__stack){0};
#ifdef GRAT__TSAN
    s->tsan_fiber = __tsan_get_current_fiber();
#endif
}

void grat__stack_reset(grat__stack *s, void (*entry)(void))
{
#ifdef GRAT__ASAN
    __asan_unpoison_memory_region(s->memory, s->size);
#endif
    s->asan_fake = NULL;
    s->left = 0;
    getcontext(&s->context);
    s->context.uc_stack.ss_sp = s->memory;
    s->context.uc_stack.ss_size = s->size;
    s->context.uc_link = NULL;
    makecontext(&s->context, entry, 0);
#ifdef GRAT__TSAN
    if (s->tsan_fiber) __tsan_destroy_fiber(s->tsan_fiber);
    s->tsan_fiber = __tsan_create_fiber(0);
#endif
}

/* Below the stack lies a page that cannot be touched: an overflow is a crash, not another task's data. */
int grat__stack_new(grat__stack *s, size_t size, void (*entry)(void))
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t n = size * STACK_FACTOR;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    char *m = mmap(NULL, n + page, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (m == MAP_FAILED) return -1;
    if (mprotect(m, page, PROT_NONE)) {
        munmap(m, n + page);
        return -1;
    }
    *s = (grat__stack){.memory = m + page, .size = n};
    grat__stack_reset(s, entry);
    return 0;
}

void grat__stack_free(grat__stack *s)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (!s->memory) return;
#ifdef GRAT__ASAN
    __asan_unpoison_memory_region(s->memory, s->size);
#endif
#ifdef GRAT__TSAN
    __tsan_destroy_fiber(s->tsan_fiber);
#endif
    munmap((char *)s->memory - page, s->size + page);
    s->memory = NULL;
}

#if defined GRAT__ASAN || defined GRAT__TSAN
void grat__stack_switch(grat__stack *from, grat__stack *to, int last)
{
#ifdef GRAT__ASAN
    __sanitizer_start_switch_fiber(last ? NULL : &from->asan_fake, to->memory ? to->memory : to->asan_bottom,
                                   to->memory ? to->size : to->asan_size);
#endif
#ifdef GRAT__TSAN
    __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
    (void)last;
    swapcontext(&from->context, &to->context);
#ifdef GRAT__ASAN
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(from->asan_fake, &bottom, &size);
    if (!to->memory) to->asan_bottom = bottom, to->asan_size = size; /* a task comes back from where it left to */
#endif
}
#else
/* A context is entered once as a context (which calls the kernel for the signal mask) and from then on by jumps. */
void grat__stack_switch(grat__stack *from, grat__stack *to, int last)
{
    (void)last;
    if (_setjmp(from->jump)) return;
    from->left = 1;
    if (to->left) _longjmp(to->jump, 1);
    setcontext(&to->context);
}
#endif

void grat__stack_entered(grat__stack *from)
{
#ifdef GRAT__ASAN
    __sanitizer_finish_switch_fiber(NULL, &from->asan_bottom, &from->asan_size);
#endif
    (void)from;
}
