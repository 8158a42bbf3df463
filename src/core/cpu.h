/* What the processor can do beyond the least that is built for. */
#ifndef GRAT_CORE_CPU_H
#define GRAT_CORE_CPU_H

#ifdef __x86_64__
#include <stdbool.h>
#include <stdlib.h>

/* AVX2 is there and may be used: GRATICULE_AVX2=0 forbids it, as on an older processor, to test what runs there. It is
 * read once in each file. */
static inline bool grat__has_avx2(void)
{
    static signed char known;   /* 0: not asked yet */
    signed char k = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (!k) {
        const char *text = getenv("GRATICULE_AVX2");
        bool forbidden = text && text[0] == '0' && !text[1];
        k = !forbidden && __builtin_cpu_supports("avx2") ? 1 : -1;
        __atomic_store_n(&known, k, __ATOMIC_RELAXED);
    }
    return k > 0;
}
#endif

#endif
