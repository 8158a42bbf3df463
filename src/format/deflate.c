#include "format/deflate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 122880, TOKENS = BLOCK, HASH_BITS = 13, WINDOW = 32768, LONGEST = 258 };
enum { BITS_MAX = 15, LITERAL_BITS = 14 };
enum { LITERALS = 286, DISTANCES = 30, LENGTHS = 19, END = 256, LENGTH_BITS = 7 };
#define TAIL 16              /* bytes that are written at once, and the end */

/* Bits in the order of the stream, the first lowest. */
typedef struct code {
    uint32_t bits;
    uint32_t n;
} code;

struct grat__deflate {
    uint32_t place[1 << HASH_BITS];      /* of the last sample with this hash, + 1 */
    uint32_t token[TOKENS];              /* 0: a sample as it is; else length << 16 | distance */
    size_t tokens;
    uint32_t literal_count[LITERALS], distance_count[DISTANCES];
    uint32_t byte_count[4][256];         /* by the place in the sample: one counter twice in a row is slow */
    code literal[LITERALS], distance[DISTANCES], length[LONGEST + 1];
    uint8_t length_symbol[LONGEST + 1], length_extra[LONGEST + 1];
    uint16_t length_base[LONGEST + 1];
    uint8_t near_symbol[256], far_symbol[256];
    uint16_t distance_base[DISTANCES];
    uint8_t distance_extra[DISTANCES];
};

/* ---- the tables of RFC 1951, 3.2.5 ---------------------------------------------------------------- */

static void make_lengths(grat__deflate *d)
{
    unsigned length = 3;
    for (unsigned symbol = 0; symbol < 28; symbol++) {
        unsigned extra = symbol < 8 ? 0 : symbol / 4 - 1, base = length;
        for (unsigned i = 0; i < 1u << extra && length <= LONGEST; i++, length++) {
            d->length_symbol[length] = (uint8_t)symbol;
            d->length_extra[length] = (uint8_t)extra;
            d->length_base[length] = (uint16_t)base;
        }
    }
    d->length_symbol[LONGEST] = 28;
    d->length_extra[LONGEST] = 0;
    d->length_base[LONGEST] = LONGEST;
}

static void make_distances(grat__deflate *d)
{
    unsigned distance = 0;
    for (unsigned symbol = 0; symbol < DISTANCES; symbol++) {
        unsigned extra = symbol < 4 ? 0 : symbol / 2 - 1;
        d->distance_base[symbol] = (uint16_t)(distance + 1);
        d->distance_extra[symbol] = (uint8_t)extra;
        for (unsigned i = 0; i < 1u << extra; i++, distance++) {
            if (distance < 256) d->near_symbol[distance] = (uint8_t)symbol;
            d->far_symbol[distance >> 7 & 255] = (uint8_t)symbol;
        }
    }
}

grat__deflate *grat__deflate_new(void)
{
    grat__deflate *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    make_lengths(d);
    make_distances(d);
    return d;
}

void grat__deflate_free(grat__deflate *d)
{
    free(d);
}

static inline unsigned distance_symbol(const grat__deflate *d, uint32_t distance)
{
    return distance <= 256 ? d->near_symbol[distance - 1] : d->far_symbol[(distance - 1) >> 7];
}

/* ---- repetitions ---------------------------------------------------------------------------------- */

static inline uint32_t four(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static inline uint32_t hash(uint32_t v)
{
    return v * 0x9e3779b1u >> (32 - HASH_BITS);
}

/* How many bytes from p and q on are the same, at most `most`; the first four are. */
static inline uint32_t same(const uint8_t *p, const uint8_t *q, uint32_t most)
{
    uint32_t n = 4;
    for (; n + 8 <= most; n += 8) {
        uint64_t a, b;
        memcpy(&a, p + n, 8);
        memcpy(&b, q + n, 8);
        if (a != b) break;
    }
    while (n < most && p[n] == q[n]) n++;
    return n;
}

static inline void put_match(grat__deflate *d, uint32_t length, uint32_t distance)
{
    d->token[d->tokens++] = length << 16 | distance;
    d->literal_count[END + 1 + d->length_symbol[length]]++;
    d->distance_count[distance_symbol(d, distance)]++;
}

static inline void put_literal(grat__deflate *d, const uint8_t *p, uint32_t step)
{
    d->token[d->tokens++] = 0;
    for (uint32_t i = 0; i < step; i++) d->byte_count[i][p[i]]++;
}

/* The samples from `from` to `to` become tokens; n bytes are there in all. */
static inline __attribute__((always_inline)) void parse(grat__deflate *d, const uint8_t *in, size_t from, size_t to,
                                                        uint32_t step)
{
    uint32_t again = 0;      /* the distance that matched last */
    size_t p = from;
    while (p + 4 <= to && p + step <= to) {
        uint32_t v = four(in + p), h = hash(v), place = d->place[h], distance = 0;
        d->place[h] = (uint32_t)p + 1;
        if (again && four(in + p - again) == v) distance = again;
        else if (place && p + 1 - place <= WINDOW && four(in + place - 1) == v) distance = (uint32_t)(p + 1 - place);
        if (!distance) {
            put_literal(d, in + p, step);
            p += step;
            continue;
        }
        uint32_t most = to - p < LONGEST ? (uint32_t)(to - p) : LONGEST;
        uint32_t length = same(in + p, in + p - distance, most);
        length -= length % step;
        put_match(d, length, distance);
        again = distance;
        size_t end = p + length;
        /* Of long ones only the end is remembered: what follows them is found by the distance. */
        for (p = length > 32 ? end - 4 * step : p + step; p < end; p += step)
            if (p + 4 <= to) d->place[hash(four(in + p))] = (uint32_t)p + 1;
    }
    for (; p < to; p += step) put_literal(d, in + p, step);
}

/* ---- codes ---------------------------------------------------------------------------------------- */

typedef struct leaf {
    uint32_t count;
    uint16_t symbol;
} leaf;

static int by_count(const void *a, const void *b)
{
    const leaf *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? -1 : 1;
    return (int)x->symbol - (int)y->symbol;
}

/* How many codes of each length are best (Huffman), none longer than `most`: leaves come sorted, n >= 2. */
static void best_lengths(const leaf *leaves, unsigned n, unsigned most, unsigned of_length[BITS_MAX + 1])
{
    uint32_t weight[2 * LITERALS];
    uint16_t parent[2 * LITERALS], depth[2 * LITERALS];
    unsigned leaf_at = 0, node_at = n, nodes = n;
    for (unsigned i = 0; i < n; i++) weight[i] = leaves[i].count;
    while (nodes < 2 * n - 1) {
        uint32_t sum = 0;
        for (int k = 0; k < 2; k++) {
            bool leaf_next = leaf_at < n && (node_at == nodes || weight[leaf_at] <= weight[node_at]);
            unsigned take = leaf_next ? leaf_at++ : node_at++;
            sum += weight[take];
            parent[take] = (uint16_t)nodes;
        }
        weight[nodes++] = sum;
    }
    int over = 0;
    memset(of_length, 0, (BITS_MAX + 1) * sizeof *of_length);
    depth[nodes - 1] = 0;
    for (unsigned i = nodes - 1; i-- > 0;) {
        depth[i] = (uint16_t)(depth[parent[i]] + 1);
        if (depth[i] > most) depth[i] = (uint16_t)most, over++;
        if (i < n) of_length[depth[i]]++;
    }
    /* Those that were cut short make room by lengthening the next shorter ones. */
    for (; over > 0; over -= 2) {
        unsigned bits = most - 1;
        while (!of_length[bits]) bits--;
        of_length[bits]--;
        of_length[bits + 1] += 2;
        of_length[most]--;
    }
}

static uint32_t reversed(uint32_t v, unsigned n)
{
    uint32_t r = 0;
    for (unsigned i = 0; i < n; i++) r |= (v >> i & 1) << (n - 1 - i);
    return r;
}

static void make_codes(const uint32_t *count, unsigned symbols, unsigned most, code *out)
{
    leaf leaves[LITERALS];
    unsigned n = 0, of_length[BITS_MAX + 1] = {0};
    memset(out, 0, symbols * sizeof *out);
    for (unsigned i = 0; i < symbols; i++)
        if (count[i]) leaves[n++] = (leaf){count[i], (uint16_t)i};
    if (n < 2) {
        out[n ? leaves[0].symbol : 0].n = 1;
        return;
    }
    qsort(leaves, n, sizeof *leaves, by_count);
    best_lengths(leaves, n, most, of_length);
    unsigned at = 0;
    for (unsigned bits = most; bits > 0; bits--)
        for (unsigned i = 0; i < of_length[bits]; i++) out[leaves[at++].symbol].n = bits;
    uint32_t next[BITS_MAX + 2] = {0};
    for (unsigned bits = 1; bits <= most; bits++) next[bits + 1] = (next[bits] + of_length[bits]) << 1;
    for (unsigned i = 0; i < symbols; i++)
        if (out[i].n) out[i].bits = reversed(next[out[i].n]++, out[i].n);
}

/* ---- the stream ----------------------------------------------------------------------------------- */

typedef struct writer {
    uint8_t *p;
    uint64_t held;
    unsigned n;
} writer;

static inline void put(writer *w, uint32_t bits, unsigned n)
{
    w->held |= (uint64_t)bits << w->n;
    w->n += n;
}

/* Fewer than 8 bits are held afterwards. */
static inline void settle(writer *w)
{
    uint64_t v = w->held;
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    memcpy(w->p, &v, 8);
    w->p += w->n >> 3;
    w->held >>= w->n & ~7u;
    w->n &= 7;
}

static void put_head(writer *w, const grat__deflate *d, bool last)
{
    static const uint8_t order[LENGTHS] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    uint32_t count[LENGTHS] = {0};
    code lengths[LENGTHS];
    for (unsigned i = 0; i < LITERALS; i++) count[d->literal[i].n]++;
    for (unsigned i = 0; i < DISTANCES; i++) count[d->distance[i].n]++;
    make_codes(count, LENGTHS, LENGTH_BITS, lengths);
    put(w, last, 1);
    put(w, 2, 2);
    put(w, LITERALS - 257, 5);
    put(w, DISTANCES - 1, 5);
    put(w, LENGTHS - 4, 4);
    for (unsigned i = 0; i < LENGTHS; i++, settle(w)) put(w, lengths[order[i]].n, 3);
    for (unsigned i = 0; i < LITERALS; i++, settle(w))
        put(w, lengths[d->literal[i].n].bits, lengths[d->literal[i].n].n);
    for (unsigned i = 0; i < DISTANCES; i++, settle(w))
        put(w, lengths[d->distance[i].n].bits, lengths[d->distance[i].n].n);
}

/* An upper limit, in bytes. */
static uint64_t block_size(const grat__deflate *d)
{
    uint64_t bits = 3 + 14 + 3 * LENGTHS + LENGTH_BITS * (LITERALS + DISTANCES);
    for (unsigned i = 0; i < LITERALS; i++)
        bits += (uint64_t)d->literal_count[i] * (d->literal[i].n + (i > 264 ? 5 : 0));
    for (unsigned i = 0; i < DISTANCES; i++)
        bits += (uint64_t)d->distance_count[i] * (d->distance[i].n + d->distance_extra[i]);
    return bits / 8 + 1;
}

/* Symbol and extra bits of each length, in one. */
static void join_lengths(grat__deflate *d)
{
    for (unsigned length = 3; length <= LONGEST; length++) {
        const code *c = &d->literal[END + 1 + d->length_symbol[length]];
        d->length[length].bits = c->bits | (length - d->length_base[length]) << c->n;
        d->length[length].n = c->n + d->length_extra[length];
    }
}

static inline __attribute__((always_inline)) const uint8_t *put_tokens(writer *w, const grat__deflate *d,
                                                                       const uint8_t *in, uint32_t step)
{
    for (size_t i = 0; i < d->tokens; i++, settle(w)) {
        uint32_t token = d->token[i], length = token >> 16, distance = token & 0xffff;
        if (!length) {
            /* Four of 14 bits fit beside the seven that may be held. */
            for (uint32_t k = 0; k < step; k++) put(w, d->literal[in[k]].bits, d->literal[in[k]].n);
            in += step;
            continue;
        }
        unsigned symbol = distance_symbol(d, distance);
        put(w, d->length[length].bits, d->length[length].n);
        put(w, d->distance[symbol].bits, d->distance[symbol].n);
        settle(w);
        put(w, distance - d->distance_base[symbol], d->distance_extra[symbol]);
        in += length;
    }
    return in;
}

static void parse_steps(grat__deflate *d, const uint8_t *in, size_t from, size_t to, unsigned step)
{
    switch (step) {
    case 1: parse(d, in, from, to, 1); break;
    case 2: parse(d, in, from, to, 2); break;
    case 3: parse(d, in, from, to, 3); break;
    default: parse(d, in, from, to, 4);
    }
}

static void put_steps(writer *w, const grat__deflate *d, const uint8_t *in, unsigned step)
{
    switch (step) {
    case 1: put_tokens(w, d, in, 1); break;
    case 2: put_tokens(w, d, in, 2); break;
    case 3: put_tokens(w, d, in, 3); break;
    default: put_tokens(w, d, in, 4);
    }
}

size_t grat__deflate_all(grat__deflate *d, const uint8_t *in, size_t n, unsigned step, uint8_t *out, size_t cap)
{
    writer w = {.p = out};
    memset(d->place, 0, sizeof d->place);
    for (size_t at = 0, to; at < n || !n; at = to) {
        to = n - at < BLOCK ? n : at + BLOCK;
        d->tokens = 0;
        memset(d->literal_count, 0, sizeof d->literal_count);
        memset(d->distance_count, 0, sizeof d->distance_count);
        memset(d->byte_count, 0, sizeof d->byte_count);
        parse_steps(d, in, at, to, step);
        for (unsigned i = 0; i < 4 * 256; i++) d->literal_count[i % 256] += d->byte_count[i / 256][i % 256];
        d->literal_count[END] = 1;
        make_codes(d->literal_count, LITERALS, LITERAL_BITS, d->literal);
        make_codes(d->distance_count, DISTANCES, BITS_MAX, d->distance);
        if ((size_t)(w.p - out) + block_size(d) + TAIL > cap) return 0;
        join_lengths(d);
        put_head(&w, d, to == n);
        put_steps(&w, d, in + at, step);
        put(&w, d->literal[END].bits, d->literal[END].n);
        settle(&w);
        if (!n) break;
    }
    if (w.n) w.n += 8, settle(&w);
    return (size_t)(w.p - out);
}
