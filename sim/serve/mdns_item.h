/* What one instrument announces by multicast DNS (RFC 6762, RFC 6763; names and TXT keys as LXI Device Specification
 * "LXI VXI-11 Discovery and Identification" has them), and which of it answers a question. No sockets. */
#ifndef SIM_MDNS_ITEM_H
#define SIM_MDNS_ITEM_H

#include "sim/serve/addr.h"
#include "wire/mdns.h"

enum { SIM_MDNS_SERVICES = 12 };

typedef struct sim_mdns_service {
    grat__dns_name type, instance;
    uint16_t port;
    bool web;                /* _http: its TXT names a path, not the instrument */
} sim_mdns_service;

typedef struct sim_mdns_item {
    char label[64];          /* "<Manufacturer> <Model> - <Serial>", of every service */
    grat__dns_name host;
    sim_mdns_service service[SIM_MDNS_SERVICES];
    unsigned services;
    uint8_t address[16];
    size_t address_size;     /* 4 or 16 */
    grat__buf txt, web_txt;
} sim_mdns_item;

typedef struct sim_mdns_plan {
    const char *idn;         /* four fields */
    const char *resources;   /* separated by blanks: what is served */
    bool web;                /* a web server on port 80 too */
    const sim_addr *addr;
    unsigned number;         /* > 1 when the same names are taken: the number-th of them */
} sim_mdns_plan;

grat_err sim_mdns_item_init(sim_mdns_item *m, const sim_mdns_plan *plan);
void sim_mdns_item_free(sim_mdns_item *m);

/* Bits of the services whose records are wanted. */
typedef struct sim_mdns_want {
    unsigned ptr, srv, txt, meta;
    bool address;
} sim_mdns_want;

/* Adds what this question asks of the item. */
void sim_mdns_match(const sim_mdns_item *m, const grat__dns_record *question, sim_mdns_want *want);
/* Takes away a PTR that the asker knows already. */
void sim_mdns_known(const sim_mdns_item *m, const grat__dns_name *target, sim_mdns_want *want);
void sim_mdns_all(const sim_mdns_item *m, sim_mdns_want *want);
bool sim_mdns_wants(const sim_mdns_want *want);

typedef struct sim_mdns_style {
    bool legacy;             /* TTL of 10 s at most, no cache flush */
    bool goodbye;            /* TTL 0 */
    bool bare;               /* nothing that was not asked for */
    bool port0;
} sim_mdns_style;

/* Puts the answers, and beside them what they will make the asker ask next. */
void sim_mdns_put(const sim_mdns_item *m, const sim_mdns_want *want, const sim_mdns_style *style, grat__dns_writer *w);

#endif
