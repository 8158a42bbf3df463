#include "discover/search.h"

#include "core/str.h"
#include "core/wait.h"
#include "transport/list.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ASKING = 16, ASK_MS = 2500, MAX_LINES = 1000 };
/* Looking for what is due compares every address with every other: not more often than this. */
#define REPORT_EVERY_NS 20000000LL
/* Addresses of one instrument come within this time of each other: a responder of multicast DNS may wait for 120 ms. */
#define SETTLE_NS 300000000LL

typedef struct job {
    struct job *next;
    void *ctx;
    grat_op op;
} job;

typedef struct members {
    grat__address *a[GRAT__FIND_MAX];
    unsigned n;
} members;

struct grat__search {
    grat_group *group;
    grat_op *op;             /* the caller's */
    grat_found_fn found;
    grat_explain_fn explain;
    void *user;
    bool silent;
    int64_t end_ns, report_ns;
    grat__address *address[GRAT__FIND_MAX];
    unsigned n, asking;
    job *jobs;
    members members;         /* of the instrument in hand */
    char *line[MAX_LINES];   /* not yet given to explain */
    unsigned lines;
};

static const grat__source *const sources[] = {
    &grat__source_config, &grat__source_vxi11, &grat__source_mdns, &grat__source_avahi,
    &grat__source_usb, &grat__source_gpib, &grat__source_serial, &grat__source_netfinder, &grat__source_bitscope,
    &grat__source_pico,
};

/* ---- for sources -------------------------------------------------------------------------------- */

void grat__search_explain(grat__search *s, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    if (!s->explain || s->lines == MAX_LINES) return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    s->line[s->lines] = strdup(text);
    if (s->line[s->lines]) s->lines++;
}

int64_t grat__search_end(const grat__search *s)
{
    return s->end_ns;
}

bool grat__search_own(grat__search *s, void *memory)
{
    job *j = calloc(1, sizeof *j);
    if (!j) {
        free(memory);
        return false;
    }
    *j = (job){.next = s->jobs, .ctx = memory};
    s->jobs = j;
    return true;
}

void grat__search_task(grat__search *s, grat_task_fn fn, void *ctx)
{
    if (!grat__search_own(s, ctx)) return;
    job *j = s->jobs;
    grat__op_child(&j->op, s->op, GRAT__FIND_WINDOW_NS / 1000000);
    if (s->end_ns < j->op.deadline_ns) j->op.deadline_ns = s->end_ns;
    grat_submit(s->group, fn, ctx, &j->op, NULL);
}

/* Wires that carry the end of a message before those that do not, and what the lab shares before what hangs on this
 * computer alone. */
static int rank(const grat_resource *r)
{
    switch (r->interface) {
    case GRAT_IF_TCPIP:
        if (r->rclass == GRAT_CLASS_SOCKET) return 5;
        return grat__strcasestarts(r->device, "hislip") ? 1 : 2;
    case GRAT_IF_USB:
        return 3;
    case GRAT_IF_GPIB:
        return 4;
    default:
        return 6;
    }
}

static void add_word(char *list, size_t cap, const char *word)
{
    size_t n = strlen(word), at = strlen(list);
    for (const char *p = list; (p = strstr(p, word)); p += n) {
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n])) return;
    }
    snprintf(list + at, cap - at, "%s%s", at ? " " : "", word);
}

/* Each word of a list; they are short literals. */
static void add_words(char *list, size_t cap, const char *words)
{
    while (*words) {
        char word[32];
        size_t n = strcspn(words, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, words);
        add_word(list, cap, word);
        words += n + (words[n] == ' ');
    }
}

/* s->n when it is new. */
static unsigned find_address(const grat__search *s, const char *normal)
{
    unsigned i = 0;
    while (i < s->n && !grat__strcaseeq(s->address[i]->resource, normal)) i++;
    return i;
}

static uint32_t hash_of(const char *host)
{
    uint32_t h = 2166136261u;
    for (; *host; host++) h = (h ^ (uint8_t)(*host | 0x20)) * 16777619u;
    return h;
}

static grat__address *new_address(grat__search *s, const char *normal, const grat_resource *r)
{
    grat__address *a = s->n < GRAT__FIND_MAX ? calloc(1, sizeof *a) : NULL;
    if (!a) return NULL;
    a->search = s;
    a->guess = true;
    a->seen_ns = grat_now_ns();
    grat__strcpy(a->resource, sizeof a->resource, normal);
    a->rank = 7;
    if (r) {
        a->rank = rank(r);
        a->openable = grat__transport_find(r) != NULL;
        if (r->interface == GRAT_IF_TCPIP || r->interface == GRAT_IF_VICP)
            grat__strcpy(a->host, sizeof a->host, r->host);
        a->host_hash = hash_of(a->host);
    }
    s->address[s->n++] = a;
    return a;
}

static grat_err ask(void *user, grat_op *op)
{
    grat__address *a = user;
    grat_open_options opt = {.size = sizeof opt, .io_timeout_ms = ASK_MS};
    grat_session *session;
    grat_identity id = {0};
    grat_err e = grat_open(a->resource, &opt, op, &session);
    if (!e) {
        e = grat_identify(session, &id, op);
        grat_close(session);
    }
    a->search->asking--;
    a->state = e ? GRAT__SILENT : GRAT__ANSWERED;
    if (!e) a->identity = id;
    if (e && e != GRAT_ECANCELED) {
        grat__strcpy(a->note, sizeof a->note, op->text);
        grat__search_explain(a->search, "%s is there but does not say who it is: %s", a->resource, op->text);
    }
    return e;
}

static void ask_one(grat__search *s, unsigned i)
{
    grat__address *a = s->address[i];
    bool should = grat__should_ask(s->address, s->n, i);
    a->queued = should && s->asking == MAX_ASKING;
    if (!should || a->queued) return;
    grat__op_child(&a->op, s->op, ASK_MS);
    a->state = GRAT__ASKING;
    s->asking++;
    if (grat_submit(s->group, ask, a, &a->op, NULL)) {
        a->state = GRAT__SILENT;
        s->asking--;
    }
}

static void ask_some(grat__search *s)
{
    for (unsigned i = 0; i < s->n && !s->silent; i++) ask_one(s, i);
}

void grat__search_saw(grat__search *s, const grat__seen *seen)
{
    char normal[GRAT__FIND_TEXT];
    grat_resource r;
    grat_op op;
    grat_op_init(&op, 0, NULL);
    bool parsed = grat_resource_parse(seen->resource, &r, &op) == GRAT_OK;
    if (parsed) grat_resource_format(&r, normal, sizeof normal);
    else grat__strcpy(normal, sizeof normal, seen->resource);
    unsigned at = find_address(s, normal);
    grat__address *a = at < s->n ? s->address[at] : new_address(s, normal, parsed ? &r : NULL);
    if (!a) return;
    add_word(a->via, sizeof a->via, seen->via);
    if (seen->name && !a->name[0]) grat__strcpy(a->name, sizeof a->name, seen->name);
    const char *note = parsed ? seen->note : op.text;
    if (note && !a->note[0]) grat__strcpy(a->note, sizeof a->note, note);
    if (!seen->guess) a->guess = false;
    if (seen->ask > a->ask) a->ask = seen->ask;
    if (seen->identity && a->state != GRAT__ANSWERED) a->identity = *seen->identity;
    if (!s->silent) ask_one(s, at);
}

/* ---- reporting ------------------------------------------------------------------------------------ */

static void flush_lines(grat__search *s)
{
    for (unsigned i = 0; i < s->lines; i++) {
        s->explain(s->user, s->line[i]);
        free(s->line[i]);
    }
    s->lines = 0;
}

static int by_rank(const void *x, const void *y)
{
    const grat__address *a = *(grat__address *const *)x, *b = *(grat__address *const *)y;
    bool silent_a = a->state == GRAT__SILENT, silent_b = b->state == GRAT__SILENT;
    if (silent_a != silent_b) return silent_a ? 1 : -1;
    if (a->rank != b->rank) return a->rank - b->rank;
    return strverscmp(a->resource, b->resource);
}

/* True when it is time to report this instrument. */
static bool due(const members *m, bool all)
{
    int64_t first = INT64_MAX;
    bool news = false, real = false;
    for (unsigned i = 0; i < m->n; i++) {
        const grat__address *a = m->a[i];
        if (!all && (a->state == GRAT__ASKING || a->queued)) return false;
        if (a->seen_ns < first) first = a->seen_ns;
        real = real || !a->guess || a->state == GRAT__ANSWERED;
        news = news || !a->reported || (a->state == GRAT__ANSWERED && !a->reported_identity);
    }
    return real && news && (all || grat_now_ns() >= first + SETTLE_NS);
}

static void report(grat__search *s)
{
    members *m = &s->members;
    const char *list[GRAT__FIND_MAX + 1];
    char via[128] = "";
    grat_found f = {.addresses = list};
    bool answered = false;
    unsigned n = 0;
    qsort(m->a, m->n, sizeof *m->a, by_rank);
    for (unsigned i = 0; i < m->n; i++) {
        grat__address *a = m->a[i];
        if (a->guess && a->state != GRAT__ANSWERED) continue;
        list[n++] = a->resource;
        add_words(via, sizeof via, a->via);
        if (!f.name && a->name[0]) f.name = a->name;
        if (!f.note && a->note[0]) f.note = a->note;
        f.again = f.again || a->reported;
        if (!answered && (a->identity.model[0] || a->state == GRAT__ANSWERED)) f.identity = a->identity;
        answered = answered || a->state == GRAT__ANSWERED;
        a->reported = true;
        a->reported_identity = a->state == GRAT__ANSWERED;
    }
    if (answered) f.note = NULL;
    list[n] = NULL;
    f.resource = list[0];
    f.via = via;
    if (s->found) s->found(s->user, &f);
}

static void report_due(grat__search *s, bool all)
{
    int64_t now = grat_now_ns();
    if (!all && now < s->report_ns) return;
    s->report_ns = now + REPORT_EVERY_NS;
    grat__merge(s->address, s->n);
    for (unsigned g = 0; g < s->n; g++) {
        members *m = &s->members;
        m->n = 0;
        for (unsigned i = g; s->address[g]->group == g && i < s->n; i++) {
            if (s->address[i]->group == g) m->a[m->n++] = s->address[i];
        }
        if (m->n && due(m, all)) report(s);
    }
}

/* ---- the search ----------------------------------------------------------------------------------- */

/* The next moment at which something may have settled. */
static int64_t next_settled(const grat__search *s)
{
    int64_t next = s->op->deadline_ns, now = grat_now_ns();
    for (unsigned i = 0; i < s->n; i++) {
        const grat__address *a = s->address[i];
        int64_t at = a->seen_ns + SETTLE_NS;
        if (at <= now) at = s->report_ns; /* perhaps put off by REPORT_EVERY_NS */
        if (!a->reported && at > now && at < next) next = at;
    }
    return next;
}

static grat_err run(grat__search *s)
{
    for (;;) {
        grat_op turn = *s->op;
        turn.deadline_ns = next_settled(s);
        grat_task *t = grat_wait_any(s->group, &turn);
        grat_task_free(t);
        if (!t && turn.err == GRAT_ENODATA && !s->asking) return GRAT_OK;
        if (grat_op_check(s->op)) return s->op->err;
        ask_some(s);
        flush_lines(s);
        report_due(s, false);
    }
}

static void free_search(grat__search *s)
{
    grat_group_free(s->group);
    for (job *j; (j = s->jobs);) {
        s->jobs = j->next;
        free(j->ctx);
        free(j);
    }
    for (unsigned i = 0; i < s->n; i++) free(s->address[i]);
    for (unsigned i = 0; i < s->lines; i++) free(s->line[i]);
    free(s);
}

grat_err grat_discover(const grat_discover_options *opt, grat_found_fn found, void *user, grat_op *op)
{
    grat_discover_options o = {0};
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (opt) memcpy(&o, opt, opt->size < sizeof o ? opt->size : sizeof o);
    grat__search *s = calloc(1, sizeof *s);
    if (s) s->group = grat_group_new();
    if (!s || !s->group) {
        free(s);
        return grat_op_fail(op, GRAT_ENOMEM, "discovery: out of memory or descriptors");
    }
    s->op = op;
    s->found = found;
    s->explain = o.explain;
    s->user = user;
    s->silent = o.silent;
    s->end_ns = grat_now_ns() + GRAT__FIND_WINDOW_NS;
    for (unsigned i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (!o.sources || (o.sources & sources[i]->bit)) sources[i]->start(s);
    }
    e = run(s);
    report_due(s, true);
    flush_lines(s);
    free_search(s);
    if (e == GRAT_ECANCELED) return grat_op_fail(op, e, "discovery was cancelled");
    op->err = GRAT_OK;
    op->text[0] = '\0';
    return GRAT_OK;
}
