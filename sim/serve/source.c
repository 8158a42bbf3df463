#include "sim/serve/source.h"

#include "core/block488.h"

#include <string.h>

#define NS_PER_MS 1000000
#define HELD_MAX (256u << 20)

enum change {
    DOUBLE_NEWLINE = 1,
    NO_NEWLINE = 2,
    BLOCK_SHORT = 4,
    BLOCK_LONG = 8,
    BLOCK_SAMPLES = 16,
    BLOCK_ZERO = 32,
};

/* Faults that rewrite a response; `block` ones need a definite block. */
static const struct {
    sim_fault_id id;
    sim_wire wire;
    bool block;
    unsigned change;
} rewrites[] = {
    {SIM_FAULT_RAW_DOUBLE_NEWLINE, SIM_WIRE_RAW, false, DOUBLE_NEWLINE},
    {SIM_FAULT_RAW_NO_NEWLINE, SIM_WIRE_RAW, false, NO_NEWLINE},
    {SIM_FAULT_RAW_BLOCK_SHORT, SIM_WIRE_RAW, true, BLOCK_SHORT},
    {SIM_FAULT_RAW_BLOCK_LONG, SIM_WIRE_RAW, true, BLOCK_LONG},
    {SIM_FAULT_RAW_BLOCK_SAMPLES, SIM_WIRE_RAW, true, BLOCK_SAMPLES},
    {SIM_FAULT_RAW_BLOCK_ZERO, SIM_WIRE_RAW, true, BLOCK_ZERO},
    {SIM_FAULT_VXI_NO_NEWLINE, SIM_WIRE_VXI, false, NO_NEWLINE},
    {SIM_FAULT_VXI_BLOCK_SHORT, SIM_WIRE_VXI, true, BLOCK_SHORT},
    {SIM_FAULT_VXI_BLOCK_LONG, SIM_WIRE_VXI, true, BLOCK_LONG},
    {SIM_FAULT_VXI_BLOCK_ZERO, SIM_WIRE_VXI, true, BLOCK_ZERO},
    {SIM_FAULT_HISLIP_NO_NEWLINE, SIM_WIRE_HISLIP, false, NO_NEWLINE},
    {SIM_FAULT_HISLIP_BLOCK_SHORT, SIM_WIRE_HISLIP, true, BLOCK_SHORT},
    {SIM_FAULT_HISLIP_BLOCK_LONG, SIM_WIRE_HISLIP, true, BLOCK_LONG},
    {SIM_FAULT_HISLIP_BLOCK_ZERO, SIM_WIRE_HISLIP, true, BLOCK_ZERO},
};

/* The other faults of a wire's responses. */
static const struct {
    sim_fault_id delay, block_short, block_long, stall, drop;
} of_wire[] = {
    [SIM_WIRE_RAW] = {SIM_FAULT_RAW_DELAY, SIM_FAULT_RAW_BLOCK_SHORT, SIM_FAULT_RAW_BLOCK_LONG, SIM_FAULT_RAW_STALL,
                      SIM_FAULT_RAW_DROP},
    [SIM_WIRE_VXI] = {SIM_FAULT_VXI_DELAY, SIM_FAULT_VXI_BLOCK_SHORT, SIM_FAULT_VXI_BLOCK_LONG, SIM_FAULTS,
                      SIM_FAULTS},
    [SIM_WIRE_HISLIP] = {SIM_FAULT_HISLIP_DELAY, SIM_FAULT_HISLIP_BLOCK_SHORT, SIM_FAULT_HISLIP_BLOCK_LONG,
                         SIM_FAULT_HISLIP_STALL, SIM_FAULT_HISLIP_DROP},
};

bool sim_source_init(sim_source *s, sim_instrument *in, sim_port_kind kind, sim_faults *faults)
{
    *s = (sim_source){.faults = faults, .wire = kind == SIM_PORT_STREAM ? SIM_WIRE_RAW : SIM_WIRE_VXI};
    grat__buf_init(&s->buf, HELD_MAX);
    s->port = sim_port_new(in, kind);
    return s->port != NULL;
}

void sim_source_free(sim_source *s)
{
    sim_port_free(s->port);
    s->port = NULL;
    grat__buf_free(&s->buf);
}

static bool parse_block(const uint8_t *data, size_t n, grat__block *b)
{
    grat__block_init(b);
    if (!n || data[0] != '#') return false;
    grat__block_feed(b, data, n);
    return b->state == GRAT__BLOCK_DATA && !b->indefinite;
}

/* Draws what happens to the response that starts with these bytes. */
static void begin(sim_source *s, int64_t now, const uint8_t *data, size_t n)
{
    grat__block b;
    sim_faults *f = s->faults;
    s->open = true;
    s->pos = 0;
    s->cut_at = UINT64_MAX;
    s->changes = 0;
    s->not_before_ns = s->startup_ns;
    if (!f->count || s->wire == SIM_WIRE_BARE) return;
    bool block = parse_block(data, n, &b);
    sim_fault_id delay = of_wire[s->wire].delay, stall = of_wire[s->wire].stall, drop = of_wire[s->wire].drop;
    if (sim_fault(f, delay)) {
        int64_t until = now + (int64_t)sim_fault_argument(f, delay) * NS_PER_MS;
        if (until > s->not_before_ns) s->not_before_ns = until;
    }
    for (size_t i = 0; i < sizeof rewrites / sizeof *rewrites; i++) {
        if (rewrites[i].wire != s->wire || (rewrites[i].block && !block)) continue;
        if (sim_fault(f, rewrites[i].id)) s->changes |= rewrites[i].change;
    }
    if (!block || stall == SIM_FAULTS) return;
    if (sim_fault(f, stall)) s->cut_at = b.header_size, s->drop = false;
    if (sim_fault(f, drop)) s->cut_at = b.header_size + b.length / 2, s->drop = true;
}

static size_t argument(const sim_source *s, sim_fault_id id)
{
    uint64_t a = sim_fault_argument(s->faults, id);
    return a < HELD_MAX / 2 ? (size_t)a : HELD_MAX / 2;
}

/* Takes the trailing newline off; true when there was one. */
static bool chomp(grat__buf *b)
{
    bool newline = b->len && b->data[b->len - 1] == '\n';
    if (newline) b->len--;
    return newline;
}

static void halve_header(grat__buf *buf, const grat__block *b)
{
    char header[12];
    size_t n = grat__block_header(header, b->length / 2, (unsigned)(buf->data[1] - '0'));
    if (n == b->header_size) memcpy(buf->data, header, n);
}

static void rewrite(sim_source *s)
{
    grat__block b;
    grat__buf *buf = &s->buf;
    bool block = parse_block(buf->data, buf->len, &b), newline = chomp(buf);
    if (block && s->changes & BLOCK_SHORT) {
        size_t less = argument(s, of_wire[s->wire].block_short);
        size_t most = buf->len - b.header_size;
        buf->len -= less < most ? less : most;
    }
    if (block && s->changes & BLOCK_LONG) {
        size_t more = argument(s, of_wire[s->wire].block_long);
        if (grat__buf_reserve(buf, more) == GRAT_OK) {
            memset(buf->data + buf->len, 'x', more);
            buf->len += more;
        }
    }
    if (block && s->changes & BLOCK_SAMPLES) halve_header(buf, &b);
    if (block && s->changes & BLOCK_ZERO) buf->len = 0, grat__buf_puts(buf, "#9000000000");
    if (newline && !(s->changes & NO_NEWLINE)) grat__buf_puts(buf, "\n");
    if (s->changes & DOUBLE_NEWLINE) grat__buf_puts(buf, "\n");
    s->held = true;
    s->buf_at = 0;
    if (!buf->len) s->held = s->open = false;
}

/* Collects the whole response; true when it is complete. */
static bool gather(sim_source *s, int64_t now)
{
    const uint8_t *data;
    bool last = false;
    size_t n;
    while (!last && (n = sim_port_peek(s->port, now, &data, &last)) > 0) {
        if (grat__buf_put(&s->buf, data, n) != GRAT_OK) s->broken = true;
        sim_port_consume(s->port, n);
    }
    return last;
}

/* Throws the rest of the response away. */
static void discard(sim_source *s, int64_t now)
{
    const uint8_t *data;
    bool last = false;
    size_t n;
    while (!last && (n = sim_port_peek(s->port, now, &data, &last)) > 0) sim_port_consume(s->port, n);
    if (last) s->open = false;
}

static size_t limit(sim_source *s, int64_t now, size_t n, bool *last)
{
    if (s->cut_at - s->pos >= n) return n;
    *last = false;
    n = (size_t)(s->cut_at - s->pos);
    if (n) return n;
    if (s->drop) s->broken = true;
    else discard(s, now);
    return 0;
}

size_t sim_source_peek(sim_source *s, int64_t now_ns, const uint8_t **data, bool *last)
{
    *last = false;
    size_t n = s->held ? 0 : sim_port_peek(s->port, now_ns, data, last);
    if (!s->open && n) begin(s, now_ns, *data, n);
    if (!s->open || s->broken || now_ns < s->not_before_ns) return 0;
    if (s->changes && !s->held) {
        if (!gather(s, now_ns)) return 0;
        rewrite(s);
    }
    if (s->held) {
        *data = s->buf.data + s->buf_at;
        n = s->buf.len - s->buf_at;
        *last = true;
    }
    if (n) n = limit(s, now_ns, n, last);
    s->peek_n = n;
    s->peek_last = *last;
    return n;
}

void sim_source_consume(sim_source *s, size_t n)
{
    bool done = s->peek_last && n == s->peek_n;
    s->pos += n;
    if (s->held) s->buf_at += n;
    else sim_port_consume(s->port, n);
    if (!done) return;
    s->open = s->held = false;
    s->changes = 0;
    grat__buf_free(&s->buf);
}

uint64_t sim_source_left(const sim_source *s)
{
    return s->held ? s->buf.len - s->buf_at : sim_port_left(s->port);
}

int64_t sim_source_next(const sim_source *s)
{
    int64_t next = s->held ? 0 : sim_port_next(s->port);
    if (s->open && s->not_before_ns > next) return s->not_before_ns;
    return next;
}

bool sim_source_pending(const sim_source *s)
{
    return s->held || sim_port_pending(s->port);
}

void sim_source_clear(sim_source *s)
{
    sim_port_clear(s->port);
    s->open = s->held = false;
    s->changes = 0;
    grat__buf_free(&s->buf);
}
