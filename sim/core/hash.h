/* Deterministic pseudo-random numbers: sample i of record r always has the same noise, in whatever order it is read. */
#ifndef SIM_HASH_H
#define SIM_HASH_H

#include <stdint.h>

/* The finaliser of splitmix64: every input bit reaches every output bit. */
static inline uint64_t sim_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* 0 … 1, 1 excluded. */
static inline double sim_unit(uint64_t hash)
{
    return (double)(hash >> 11) * 0x1p-53;
}

/* Nearly normal with standard deviation 1, and never beyond ±3.47: the sum of four uniform numbers. */
static inline double sim_gauss(uint64_t hash)
{
    uint32_t sum = (uint32_t)(hash & 0xffff) + (uint32_t)(hash >> 16 & 0xffff) + (uint32_t)(hash >> 32 & 0xffff) +
                   (uint32_t)(hash >> 48);
    return ((double)(int32_t)sum * 0x1p-16 - 2.0) * 1.7320508075688772;
}

#endif
