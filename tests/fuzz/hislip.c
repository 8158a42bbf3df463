/* Both HiSLIP parsers on the same bytes, in two ways of cutting them: they must see the same messages. The first byte
 * is the size of the pieces. */
#include "wire/hislip.h"

#include "fuzz.h"

typedef struct seen {
    unsigned messages;
    uint64_t sum;
    bool bad;
} seen;

static void note(seen *s, const grat__hislip_msg *m, size_t kept)
{
    s->messages++;
    s->sum = s->sum * 31 + m->type + m->control * 7u + m->parameter + m->length * 3 + kept;
    HOLDS(grat__hislip_type_text(m->type) && grat__hislip_fatal_text(m->control) &&
          grat__hislip_error_text(m->control));
}

static void small(const uint8_t *d, size_t n, size_t step, seen *out)
{
    grat__hislip_small s = {0};

    for (size_t at = 0; at < n && !s.in.bad;) {
        size_t used = grat__hislip_small_feed(&s, d + at, n - at < step ? n - at : step);

        HOLDS(used > 0 && used <= n - at);
        HOLDS(s.n <= GRAT__HISLIP_SMALL_MAX && s.payload[s.n] == 0);
        at += used;
        if (!s.complete) continue;
        note(out, &s.in.msg, s.n);
        grat__hislip_small_next(&s);
    }
    out->bad = s.in.bad;
}

static void payloads(const uint8_t *d, size_t n)
{
    grat__hislip_descriptor one;
    size_t at = 0;
    uint64_t size;
    char list[64] = "";

    while (grat__hislip_get_descriptor(d, n, &at, &one)) HOLDS(at <= n && one.data + one.n <= d + n);
    grat__hislip_get_size(d, n, &size);
    grat__hislip_is_plain(d, n, "a", "b");
    memcpy(list, d, n < sizeof list - 1 ? n : sizeof list - 1);
    grat__hislip_has_mechanism(list, "PLAIN");
}

static void headers(const uint8_t *d, size_t n)
{
    uint8_t again[GRAT__HISLIP_HEAD];
    grat__hislip_msg m;

    if (n < sizeof again || grat__hislip_get(d, &m) != GRAT_OK) return;
    grat__hislip_put(again, &m);
    HOLDS(memcmp(again, d, sizeof again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    seen whole = {0}, cut = {0};

    if (!n) return 0;
    small(data + 1, n - 1, n, &whole);
    small(data + 1, n - 1, 1 + data[0] % 40u, &cut);
    HOLDS(whole.messages == cut.messages && whole.sum == cut.sum && whole.bad == cut.bad);
    payloads(data + 1, n - 1);
    headers(data + 1, n - 1);
    return 0;
}
