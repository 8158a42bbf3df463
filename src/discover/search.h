/* One search: sources run as tasks of one group and say what they see; an address is asked who it is where that does
 * no harm; addresses of one instrument are put together and reported.
 *
 * All of it runs in the thread that called grat_discover; sources call only what is listed under "for sources". */
#ifndef GRAT_DISCOVER_SEARCH_H
#define GRAT_DISCOVER_SEARCH_H

#include <graticule/graticule.h>

#define GRAT__FIND_TEXT 600
#define GRAT__FIND_MAX 1024       /* addresses in one search */
#define GRAT__FIND_WINDOW_NS 1000000000LL /* LXI: a device answers within 1 s */

/* Who may be sent *IDN?. Of a host one address is asked, unless several instruments are announced there: some serve one
 * client only. */
typedef enum grat__ask { GRAT__ASK_NEVER, GRAT__ASK_HOST, GRAT__ASK_ALWAYS } grat__ask;

typedef struct grat__seen {
    const char *resource;
    const char *via;         /* a literal */
    const char *name;        /* alias or NULL */
    const grat_identity *identity; /* as announced, may be NULL */
    const char *note;        /* may be NULL */
    grat__ask ask;
    bool guess;              /* dropped unless it answers or another source names it */
} grat__seen;

typedef enum grat__asked { GRAT__NOT_ASKED, GRAT__ASKING, GRAT__ANSWERED, GRAT__SILENT } grat__asked;

typedef struct grat__search grat__search;

typedef struct grat__address {
    grat__search *search;
    char resource[GRAT__FIND_TEXT];  /* normal form */
    char host[256];          /* of LAN addresses, else "" */
    uint32_t host_hash;      /* equal for equal hosts */
    char via[64];
    char name[64];
    char note[200];
    grat_identity identity;  /* announced, then answered */
    grat__ask ask;
    grat__asked state;
    bool guess;
    bool queued;             /* will be asked when others have answered */
    bool openable;           /* this version has a transport for it */
    int rank;                /* the lower the better */
    int64_t seen_ns;
    bool reported, reported_identity;
    unsigned group;          /* index of the instrument's first address */
    grat_op op;              /* of the question */
} grat__address;

/* ---- for sources ------------------------------------------------------------------------------ */

typedef struct grat__source {
    const char *name;
    unsigned bit;            /* grat_source */
    void (*start)(grat__search *s);  /* submits tasks, does not wait */
} grat__source;

extern const grat__source grat__source_config, grat__source_vxi11, grat__source_mdns, grat__source_avahi,
    grat__source_usb, grat__source_gpib, grat__source_serial, grat__source_netfinder, grat__source_bitscope,
    grat__source_pico;

/* A task of the search; `ctx` was allocated by malloc and is freed when the search ends. The operation ends
 * GRAT__FIND_WINDOW_NS after the search began. */
void grat__search_task(grat__search *s, grat_task_fn fn, void *ctx);
/* Memory by malloc that is freed when the search has ended; false after freeing it at once. */
bool grat__search_own(grat__search *s, void *memory);
/* When answers are not waited for any more. */
int64_t grat__search_end(const grat__search *s);
void grat__search_saw(grat__search *s, const grat__seen *seen);
/* A line for grat list --explain. */
void grat__search_explain(grat__search *s, const char *fmt, ...) GRAT_PRINTF(2, 3);

/* ---- putting together (merge.c) ------------------------------------------------------------- */

/* Sets `group` of each: the same for all addresses of one instrument. */
void grat__merge(grat__address *const *a, unsigned n);
/* Both name the same instrument by their serial numbers. */
bool grat__same_identity(const grat_identity *a, const grat_identity *b);
/* Whether `i` is to be asked now: see grat__ask. */
bool grat__should_ask(grat__address *const *a, unsigned n, unsigned i);

#endif
