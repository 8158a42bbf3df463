/* The services of LXI as the Avahi daemon knows them. Its library can only block, so it runs in a worker; it is loaded
 * at the first use, and that it is missing is no error. Our own queries run beside it: what both find is merged. */
#include "discover/mdns_cache.h"

#ifdef GRAT_HAVE_AVAHI
#include "core/lazy.h"
#include "core/offload.h"
#include "core/str.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/address.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/simple-watch.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AVAHI_MAP(X)                                                                                                   \
    X(avahi_simple_poll_new) X(avahi_simple_poll_get) X(avahi_simple_poll_iterate) X(avahi_simple_poll_free)           \
    X(avahi_client_new) X(avahi_client_free) X(avahi_service_browser_new) X(avahi_service_resolver_new)                \
    X(avahi_service_resolver_free) X(avahi_string_list_find) X(avahi_string_list_get_text)                             \
    X(avahi_string_list_get_size) X(avahi_address_snprint) X(avahi_strerror)

static struct {
#define POINTER(name) __typeof__(name) *name##_;
    AVAHI_MAP(POINTER)
#undef POINTER
} lib;

static bool loaded;

static void load(void)
{
    void *library = dlopen("libavahi-client.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    loaded = true;
#define TAKE(name) loaded = grat__lazy_take(library, #name, &lib.name##_) && loaded;
    AVAHI_MAP(TAKE)
#undef TAKE
}

enum { MAX_SERVICES = 512, EARLY_MS = 40 };

typedef struct answer {
    grat__mdns_service service;
    char address[80];
} answer;

typedef struct browse {
    grat__search *search;
    int64_t end_ns;
    AvahiClient *client;
    unsigned n, unfinished;
    bool lost;
    char error[120];
    answer answer[MAX_SERVICES];
} browse;

typedef struct lookup {
    browse *with;
    grat__mdns_kind kind;
} lookup;

static void txt_value(AvahiStringList *txt, const char *key, char *out, size_t cap)
{
    AvahiStringList *pair = lib.avahi_string_list_find_(txt, key);
    if (!pair) return;
    const char *text = (const char *)lib.avahi_string_list_get_text_(pair);
    size_t n = lib.avahi_string_list_get_size_(pair), skip = strlen(key) + 1;
    if (n > skip) snprintf(out, cap, "%.*s", (int)(n - skip), text + skip);
}

static void on_resolved(AvahiServiceResolver *r, AvahiIfIndex interface, AvahiProtocol protocol,
                        AvahiResolverEvent event, const char *name, const char *type, const char *domain,
                        const char *host, const AvahiAddress *a, uint16_t port, AvahiStringList *txt,
                        AvahiLookupResultFlags flags, void *user)
{
    lookup *l = user;
    browse *b = l->with;
    (void)protocol, (void)name, (void)type, (void)domain, (void)host, (void)flags;
    b->unfinished--;
    if (event == AVAHI_RESOLVER_FOUND && b->n < MAX_SERVICES) {
        char device[IF_NAMESIZE];
        answer *to = &b->answer[b->n++];
        *to = (answer){.service = {.kind = l->kind, .port = port}};
        grat_identity *id = &to->service.identity;
        txt_value(txt, "Manufacturer", id->vendor, sizeof id->vendor);
        txt_value(txt, "Model", id->model, sizeof id->model);
        txt_value(txt, "SerialNumber", id->serial, sizeof id->serial);
        txt_value(txt, "FirmwareVersion", id->firmware, sizeof id->firmware);
        lib.avahi_address_snprint_(to->address, sizeof to->address, a);
        if (a->proto == AVAHI_PROTO_INET6 && grat__strcasestarts(to->address, "fe80:") &&
            if_indextoname((unsigned)interface, device)) {
            size_t n = strlen(to->address);
            snprintf(to->address + n, sizeof to->address - n, "%%%s", device);
        }
    }
    lib.avahi_service_resolver_free_(r);
    free(l);
}

static void on_browsed(AvahiServiceBrowser *br, AvahiIfIndex interface, AvahiProtocol protocol,
                       AvahiBrowserEvent event, const char *name, const char *type, const char *domain,
                       AvahiLookupResultFlags flags, void *user)
{
    lookup *of = user;
    (void)br, (void)flags;
    if (event == AVAHI_BROWSER_ALL_FOR_NOW || event == AVAHI_BROWSER_FAILURE) of->with->unfinished--;
    if (event != AVAHI_BROWSER_NEW) return;
    lookup *l = malloc(sizeof *l);
    if (!l) return;
    *l = *of;
    if (lib.avahi_service_resolver_new_(of->with->client, interface, protocol, name, type, domain, AVAHI_PROTO_UNSPEC,
                                        0, on_resolved, l))
        of->with->unfinished++;
    else
        free(l);
}

static void on_client(AvahiClient *client, AvahiClientState state, void *user)
{
    browse *b = user;
    (void)client;
    if (state == AVAHI_CLIENT_FAILURE) b->lost = true;
}

static void turn_until(browse *b, AvahiSimplePoll *poll)
{
    while (b->unfinished && !b->lost) {
        int64_t left_ms = (b->end_ns - grat_now_ns()) / 1000000 - EARLY_MS;
        if (left_ms <= 0 || lib.avahi_simple_poll_iterate_(poll, (int)left_ms)) return;
    }
}

static void work(void *arg)
{
    browse *b = arg;
    int error = 0;
    lookup types[GRAT__MDNS_KINDS];
    AvahiSimplePoll *poll = lib.avahi_simple_poll_new_();
    if (!poll) return;
    b->client = lib.avahi_client_new_(lib.avahi_simple_poll_get_(poll), 0, on_client, b, &error);
    if (!b->client) snprintf(b->error, sizeof b->error, "%s", lib.avahi_strerror_(error));
    for (unsigned i = 0; b->client && i < GRAT__MDNS_KINDS; i++) {
        types[i] = (lookup){b, (grat__mdns_kind)i};
        if (lib.avahi_service_browser_new_(b->client, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, grat__mdns_types[i], NULL,
                                           0, on_browsed, &types[i]))
            b->unfinished++;
    }
    if (b->client) turn_until(b, poll);
    if (b->client) lib.avahi_client_free_(b->client);
    lib.avahi_simple_poll_free_(poll);
}

static grat_err run(void *user, grat_op *op)
{
    grat__search *s = *(grat__search **)user;
    browse *b = calloc(1, sizeof *b);
    if (!b) return grat_op_fail(op, GRAT_ENOMEM, "out of memory");
    b->search = s;
    b->end_ns = grat__search_end(s);
    grat_err e = grat__offload(op, work, b, free);
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) {
        grat__search_explain(s, "avahi: the daemon did not answer in time");
        return e;
    }
    for (unsigned i = 0; !e && i < b->n; i++) {
        char resource[GRAT__FIND_TEXT];
        grat__seen seen;
        if (grat__mdns_seen(&b->answer[i].service, b->answer[i].address, &seen, resource)) {
            seen.via = "avahi";
            grat__search_saw(s, &seen);
        }
    }
    if (b->error[0]) grat__search_explain(s, "avahi: %s; own queries are sent instead", b->error);
    else grat__search_explain(s, "avahi: %u service%s", b->n, b->n == 1 ? "" : "s");
    free(b);
    return e;
}

static void start(grat__search *s)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (!loaded) {
        grat__search_explain(s, "avahi: libavahi-client.so.3 is not installed; own queries are sent instead");
        return;
    }
    grat__search **ctx = malloc(sizeof(grat__search *));
    if (!ctx) return;
    *ctx = s;
    grat__search_task(s, run, ctx);
}
#else
static void start(grat__search *s)
{
    grat__search_explain(s, "avahi: this build has none; own queries are sent instead");
}
#endif

const grat__source grat__source_avahi = {.name = "avahi", .bit = GRAT_FIND_MDNS, .start = start};
