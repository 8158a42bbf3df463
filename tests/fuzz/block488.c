/* The first byte is the size of the pieces; a header must parse the same whatever the pieces are. */
#include "core/block488.h"
#include "fuzz.h"

static size_t feed(grat__block *b, const uint8_t *data, size_t n, size_t piece)
{
    size_t pos = 0;

    grat__block_init(b);
    while (pos < n && b->state == GRAT__BLOCK_HEADER) {
        size_t len = n - pos < piece ? n - pos : piece, took = grat__block_feed(b, data + pos, len);

        HOLDS(took <= len);
        pos += took;
        if (took < len) break;
    }
    return pos;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    grat__block whole, pieces;
    size_t a, b;

    if (!n) return 0;
    a = feed(&whole, data + 1, n - 1, n);
    b = feed(&pieces, data + 1, n - 1, 1 + data[0] % 16);
    HOLDS(whole.state == pieces.state);
    if (whole.state == GRAT__BLOCK_DATA) {
        HOLDS(a == b);
        HOLDS(whole.length == pieces.length && whole.indefinite == pieces.indefinite);
        HOLDS(whole.header_size == a);
    }
    if (whole.state == GRAT__BLOCK_BAD) HOLDS(whole.why != NULL);
    return 0;
}
