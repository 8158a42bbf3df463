#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/model.h"

#define MAX_LINE (2u << 20)
#define MAX_REPLY (64u << 20)
#define MAX_RESPONSES 4096       /* unread responses that a client may pile up on one port */
#define MAX_BYTES (1u << 20)      /* unread bytes of a byte stream */
#define SEGMENT 1460             /* what a paced link delivers at least in one piece */
#define DEAF_NS 5000000000
#define SECOND_NS 1000000000

typedef struct response {
    struct response *next;
    int64_t ready_ns;
    grat__buf head, tail;        /* around a repeated pattern; without one everything is in `head` */
    const uint8_t *pattern;
    size_t pattern_len;
    uint64_t body, done;
} response;

struct sim_port {
    sim_instrument *in;
    sim_port *next;
    sim_port_kind kind;
    grat__buf input;
    size_t scanned;              /* bytes of `input` in which no line ends */
    bool overrun;                /* the rest of the line is thrown away */
    bool unread;                 /* sent, but the client has not said that it has it */
    response *first, *last;
    unsigned responses;
    int64_t last_ready_ns;
    grat__buf bytes;             /* a byte stream's answers, of which bytes_at have left */
    size_t bytes_at;
};

static void note_connect(sim_instrument *in)
{
    int64_t now = grat_now_ns();
    if (now - in->connect_second_ns > SECOND_NS) in->connect_second_ns = now, in->connects = 0;
    if (in->max_connects > 0 && ++in->connects > in->max_connects) in->deaf_until_ns = now + DEAF_NS;
}

sim_port *sim_port_new(sim_instrument *in, sim_port_kind kind)
{
    sim_port *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->in = in;
    p->kind = kind;
    grat__buf_init(&p->input, MAX_LINE);
    grat__buf_init(&p->bytes, MAX_BYTES);
    p->next = in->ports;
    in->ports = p;
    note_connect(in);
    if (!in->model->input) return p;
    sim_port *before = in->talker;
    in->talker = p;
    if (in->model->opened) in->model->opened(in->priv);
    if (before) in->talker = before;
    return p;
}

static void drop_first(sim_port *p)
{
    response *r = p->first;
    p->first = r->next;
    if (!p->first) p->last = NULL;
    p->responses--;
    grat__buf_free(&r->head);
    grat__buf_free(&r->tail);
    free(r);
}

void sim_port_drop_output(sim_port *p)
{
    while (p->first) drop_first(p);
    p->last_ready_ns = 0;
    p->bytes.len = p->bytes_at = 0;
}

void sim_port_free(sim_port *p)
{
    if (!p) return;
    sim_port **at = &p->in->ports;
    while (*at != p) at = &(*at)->next;
    *at = p->next;
    if (p->in->talker == p) p->in->talker = NULL;
    sim_port_drop_output(p);
    grat__buf_free(&p->bytes);
    grat__buf_free(&p->input);
    free(p);
}

void sim_port_clear(sim_port *p)
{
    sim_port_drop_output(p);
    grat__buf_drop(&p->input, p->input.len);
    p->scanned = 0;
    p->overrun = false;
}

bool sim_instrument_mav(const sim_instrument *in)
{
    for (const sim_port *p = in->ports; p; p = p->next)
        if (p->first || p->unread) return true;
    return false;
}

static void enqueue(sim_port *p, response *r, const sim_call *c)
{
    sim_instrument *in = p->in;
    int64_t start = c->now_ns > in->busy_until_ns ? c->now_ns : in->busy_until_ns;
    r->ready_ns = start + c->delay_ns + in->query_ns;
    if (r->ready_ns < p->last_ready_ns) r->ready_ns = p->last_ready_ns;
    p->last_ready_ns = r->ready_ns;
    if (p->last) p->last->next = r;
    else p->first = r;
    p->last = r;
    p->responses++;
    sim_status_update(&in->status, true);
}

static bool deaf(sim_instrument *in, int64_t now)
{
    bool lost = in->asleep || now < in->deaf_until_ns;
    in->asleep = false;
    return lost;
}

static void run_line(sim_port *p, char *line)
{
    response *r = calloc(1, sizeof *r);
    if (!r) return;
    grat__buf_init(&r->head, MAX_REPLY);
    grat__buf_init(&r->tail, MAX_REPLY);
    sim_call c = {.now_ns = grat_now_ns(), .out = &r->head};
    sim_execute(p->in, line, &c);
    if (c.pattern) {
        /* sim_execute joined what follows the body to the head; the model marked where the body is. */
        r->pattern = c.pattern, r->pattern_len = c.pattern_len, r->body = c.pattern_bytes;
        size_t body_at = c.body_at;
        grat__buf_put(&r->tail, r->head.data + body_at, r->head.len - body_at);
        r->head.len = body_at;
    }
    bool answer = r->head.len || r->body;
    if (answer && (deaf(p->in, c.now_ns) || p->responses >= MAX_RESPONSES)) answer = false;
    if (answer && grat__buf_puts(r->body ? &r->tail : &r->head, "\n") == GRAT_OK) {
        enqueue(p, r, &c);
        return;
    }
    grat__buf_free(&r->head);
    grat__buf_free(&r->tail);
    free(r);
}

/* Length of the definite block that starts at data[i] == '#', as far as it can be known; 0 when it is none. Such a
 * block may hold any byte, so no line ends inside. */
static size_t block_length(const uint8_t *data, size_t n, size_t i)
{
    if (i == 0 || (data[i - 1] != ' ' && data[i - 1] != ',') || i + 1 >= n) return 0;
    size_t digits = (size_t)(data[i + 1] - '0'), length = 0;
    if (digits < 1 || digits > 9) return 0;
    for (size_t k = 0; k < digits; k++) {
        if (i + 2 + k >= n || !isdigit(data[i + 2 + k])) return 0;
        length = length * 10 + (size_t)(data[i + 2 + k] - '0');
    }
    return length < MAX_LINE / 2 ? 2 + digits + length : 0;
}

/* Offset of the LF that ends the first line, or `len` when more must come. */
static size_t line_end(sim_port *p)
{
    const uint8_t *data = p->input.data;
    size_t i = p->scanned, n = p->input.len;
    while (i < n && data[i] != '\n') {
        size_t block = data[i] == '#' ? block_length(data, n, i) : 0;
        if (block > n - i) break;
        i += block ? block : 1;
    }
    if (i >= n || data[i] != '\n') {
        size_t keep = n > 12 ? n - 12 : 0;   /* a block's header may still be incomplete */
        p->scanned = i < keep ? i : keep;
        return n;
    }
    return i;
}

static void execute_first(sim_port *p, size_t length, size_t drop)
{
    char *line = malloc(length + 1);
    if (line) {
        memcpy(line, p->input.data, length);
        line[length] = '\0';
    }
    grat__buf_drop(&p->input, drop);
    p->scanned = 0;
    if (line && !p->overrun) run_line(p, line);
    p->overrun = false;
    free(line);
}

static void run_lines(sim_port *p)
{
    for (;;) {
        size_t end = line_end(p);
        if (end == p->input.len) return;
        execute_first(p, end, end + 1);
    }
}

/* ---- streams of bytes ------------------------------------------------------------------------------------- */

size_t sim_emit_held(const sim_instrument *in)
{
    const sim_port *p = in->talker;
    return p ? p->bytes.len - p->bytes_at : 0;
}

size_t sim_emit_room(const sim_instrument *in)
{
    return MAX_BYTES - sim_emit_held(in);
}

void sim_emit(sim_instrument *in, const void *data, size_t n)
{
    sim_port *p = in->talker;
    if (!p || n > sim_emit_room(in)) return;
    if (p->bytes_at == p->bytes.len) p->last_ready_ns = grat_now_ns() + in->query_ns;
    if (p->bytes_at && p->bytes.len + n > MAX_BYTES) {
        grat__buf_drop(&p->bytes, p->bytes_at);
        p->bytes_at = 0;
    }
    grat__buf_put(&p->bytes, data, n);
}

static void offer(sim_port *p, int64_t now_ns)
{
    sim_instrument *in = p->in;
    sim_port *before = in->talker;
    in->talker = p;
    size_t taken = in->model->input(in->priv, p->input.data, p->input.len, now_ns);
    if (!taken && before) in->talker = before;
    grat__buf_drop(&p->input, taken);
}

bool sim_port_offer(sim_instrument *in, int64_t now_ns)
{
    bool left = false;
    for (sim_port *p = in->ports; p; p = p->next) {
        if (p->input.len) offer(p, now_ns);
        left = left || p->input.len;
    }
    return left;
}

/* What a full input cannot hold is lost, as on a line without flow control. */
static void input_bytes(sim_port *p, const uint8_t *data, size_t n)
{
    size_t room = MAX_LINE - p->input.len;
    if (n && grat__buf_put(&p->input, data, n < room ? n : room) == GRAT_OK) offer(p, grat_now_ns());
}

/* ---- messages in ---------------------------------------------------------------------------------------- */

void sim_port_input(sim_port *p, const void *data, size_t n, bool end)
{
    const uint8_t *from = data;
    if (p->in->model->input) {
        input_bytes(p, data, n);
        return;
    }
    while (n) {
        size_t piece = n < MAX_LINE / 4 ? n : MAX_LINE / 4;
        if (grat__buf_put(&p->input, from, piece) != GRAT_OK) {
            sim_status_error(&p->in->status, -363);
            grat__buf_drop(&p->input, p->input.len);
            p->scanned = 0;
            p->overrun = true;
            continue;
        }
        from += piece, n -= piece;
        run_lines(p);
    }
    if (end && p->kind == SIM_PORT_MESSAGE && p->input.len) execute_first(p, p->input.len, p->input.len);
}

void sim_port_input_closed(sim_port *p)
{
    if (p->in->model->input) return;
    if (p->input.len && !p->in->needs_lf) execute_first(p, p->input.len, p->input.len);
}

/* How many bytes of the response the link has carried by now. */
static uint64_t carried(const sim_port *p, const response *r, int64_t now)
{
    if (!(p->in->bytes_per_ns > 0)) return UINT64_MAX;
    return SEGMENT + (uint64_t)((double)(now - r->ready_ns) * p->in->bytes_per_ns);
}

size_t sim_port_peek(sim_port *p, int64_t now_ns, const uint8_t **data, bool *last)
{
    const response *r = p->first;
    size_t waiting = p->bytes.len - p->bytes_at;
    *last = false;
    if (waiting && now_ns >= p->last_ready_ns) {
        *data = p->bytes.data + p->bytes_at;
        *last = true;
        return waiting;
    }
    if (!r || now_ns < r->ready_ns) return 0;
    sim_flush_notes(p->in);
    uint64_t total = r->head.len + r->body + r->tail.len, at = r->done, piece;
    if (at < r->head.len) {
        *data = r->head.data + at;
        piece = r->head.len - at;
    } else if (at - r->head.len < r->body) {
        uint64_t in_body = at - r->head.len;
        size_t phase = (size_t)(in_body % r->pattern_len);
        *data = r->pattern + phase;
        piece = r->pattern_len - phase;
        if (piece > r->body - in_body) piece = r->body - in_body;
    } else {
        *data = r->tail.data + (at - r->head.len - r->body);
        piece = total - at;
    }
    uint64_t limit = carried(p, r, now_ns);
    if (limit <= at) return 0;
    if (piece > limit - at) piece = limit - at;
    *last = at + piece == total;
    return (size_t)piece;
}

void sim_port_consume(sim_port *p, size_t n)
{
    response *r = p->first;
    if (p->bytes.len && (p->bytes_at += n) == p->bytes.len) p->bytes_at = p->bytes.len = 0;
    if (!r) return;
    r->done += n;
    if (r->done < r->head.len + r->body + r->tail.len) return;
    int64_t now = grat_now_ns();
    drop_first(p);
    if (p->in->bytes_per_ns > 0 && p->first && p->first->ready_ns < now) p->first->ready_ns = now;
    sim_status_update(&p->in->status, sim_instrument_mav(p->in));
}

int64_t sim_port_next(const sim_port *p)
{
    const response *r = p->first;
    if (p->bytes.len) return p->last_ready_ns;
    if (!r) return INT64_MAX;
    if (!(p->in->bytes_per_ns > 0) || r->done < SEGMENT) return r->ready_ns;
    return r->ready_ns + (int64_t)((double)r->done / p->in->bytes_per_ns) + 1;
}

uint64_t sim_port_left(const sim_port *p)
{
    const response *r = p->first;
    return r ? r->head.len + r->body + r->tail.len - r->done : 0;
}

void sim_port_unread(sim_port *p, bool unread)
{
    p->unread = unread;
}

bool sim_port_pending(const sim_port *p)
{
    return p->first || p->bytes.len;
}
