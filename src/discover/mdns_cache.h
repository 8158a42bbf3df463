/* What the answers of multicast DNS add up to: instances of services with their host, port and identity. No sockets. */
#ifndef GRAT_DISCOVER_MDNS_CACHE_H
#define GRAT_DISCOVER_MDNS_CACHE_H

#include "discover/search.h"
#include "wire/mdns.h"

enum { GRAT__MDNS_SERVICES = 1024, GRAT__MDNS_HOSTS = 512 };

typedef enum grat__mdns_kind {
    GRAT__MDNS_LXI, GRAT__MDNS_VXI11, GRAT__MDNS_HISLIP, GRAT__MDNS_RAW, GRAT__MDNS_TELNET, GRAT__MDNS_HTTP,
    GRAT__MDNS_KINDS
} grat__mdns_kind;

typedef struct grat__mdns_service {
    grat__dns_name name, host;
    grat__mdns_kind kind;
    bool has_srv, has_txt, given;
    uint16_t port;
    grat_identity identity;  /* of its TXT */
} grat__mdns_service;

typedef struct grat__mdns_host {
    grat__dns_name name;
    char v4[16], v6[64];     /* text; "" = unknown; v6 with %interface where it needs one */
} grat__mdns_host;

typedef struct grat__mdns_cache {
    grat__mdns_service service[GRAT__MDNS_SERVICES];
    grat__mdns_host host[GRAT__MDNS_HOSTS];
    unsigned services, hosts, malformed;
} grat__mdns_cache;

/* "_lxi._tcp", … */
extern const char *const grat__mdns_types[GRAT__MDNS_KINDS];

/* Takes one message that came by the interface of this index (0 = unknown). Queries and nonsense are skipped. */
void grat__mdns_take(grat__mdns_cache *c, const void *data, size_t n, unsigned interface);
/* Puts questions for what is missing, as far as they fit; returns how many. */
unsigned grat__mdns_ask_missing(const grat__mdns_cache *c, grat__dns_writer *w);
/* The questions of the first packet: every service type. */
void grat__mdns_ask_all(grat__dns_writer *w);

/* One service whose host is known, as a resource; false when it makes none (port 0, telnet, plain web servers). */
bool grat__mdns_seen(const grat__mdns_service *v, const char *address, grat__seen *out, char resource[GRAT__FIND_TEXT]);
/* Says to the search what is complete, each once; `last` also what has no TXT. */
void grat__mdns_give(grat__mdns_cache *c, grat__search *s, bool last);

#endif
