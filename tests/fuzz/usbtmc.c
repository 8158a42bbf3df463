/* USBTMC from both ends: bulk-IN transfers cut anywhere, bulk-OUT headers, control answers, interrupt packets. */
#include "wire/usbtmc.h"

#include "fuzz.h"

static void headers(const uint8_t *d, size_t n)
{
    grat__tmc_header a, b;
    uint8_t out[GRAT__TMC_HEADER];
    if (grat__tmc_get_header(d, n, &a) != GRAT_OK) return;
    grat__tmc_put_header(out, &a);
    HOLDS(grat__tmc_get_header(out, sizeof out, &b) == GRAT_OK);
    HOLDS(a.msg == b.msg && a.tag == b.tag && a.size == b.size && a.attributes == b.attributes && a.term == b.term);
    HOLDS(b.tag_ok == (b.tag != 0));
}

static void answers(const uint8_t *d, size_t n)
{
    grat__tmc_answer a, b;
    grat__tmc_caps caps;
    uint8_t out[8], tag, stb;
    for (unsigned request = 0; request < 256; request++) {
        if (grat__tmc_get_answer((uint8_t)request, d, n, &a) != GRAT_OK) continue;
        size_t k = grat__tmc_put_answer((uint8_t)request, out, &a);
        if (k && k <= 8) HOLDS(grat__tmc_get_answer((uint8_t)request, out, k, &b) == GRAT_OK && b.status == a.status);
    }
    grat__tmc_get_caps(d, n, true, &caps);
    grat__tmc_get_notice(d, n, &tag, &stb);
}

/* The first byte says how the rest is cut, the second how much room there is and which tags are taken. */
static void bulk_in(const uint8_t *d, size_t n)
{
    grat__tmc_in in;
    const char *why = NULL;
    if (n < 2) return;
    size_t piece = d[0] % 64 + 1u;
    grat__tmc_in_init(&in, d[1], d[1]);
    in.flags = d[0] & 64 ? GRAT__TMC_ANY_TAG : 0;
    for (size_t at = 2; at < n; at += piece) {
        size_t k = n - at < piece ? n - at : piece;
        grat__tmc_slice s;
        if (grat__tmc_in_feed(&in, d + at, k, &s, &why) != GRAT_OK) {
            HOLDS(why != NULL);
            return;
        }
        HOLDS(s.n <= k && (!s.n || (s.data >= d + at && s.data + s.n <= d + at + k)));
        HOLDS(in.got <= in.cap && in.seen >= in.got);
        if (grat__tmc_in_complete(&in)) HOLDS(grat__tmc_in_missing(&in) == 0);
        else HOLDS(grat__tmc_in_missing(&in) > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    headers(data, n);
    answers(data, n);
    bulk_in(data, n);
    return 0;
}
