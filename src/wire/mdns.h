/* DNS messages as multicast DNS and DNS-SD use them (RFC 1035 section 4, RFC 6762, RFC 6763), for both sides.
 *
 * Shapes
 *   Names stay in wire form without compression: a length byte and its label, again and again, then the empty root
 *   label; at most 255 bytes. So labels may hold any byte, dots and UTF-8 too.
 *   A message is 12 bytes of header, then questions, answers, authorities and additionals.
 *
 * Bounds: a compression pointer must lead backwards from where the name began or last jumped, so no name is a circle; a
 * name of more than 255 bytes and a record beyond the message are EPROTO. Nothing is allocated by the reader. */
#ifndef GRAT_WIRE_MDNS_H
#define GRAT_WIRE_MDNS_H

#include "core/buf.h"

#define GRAT__MDNS_PORT 5353
#define GRAT__MDNS_GROUP4 "224.0.0.251"
#define GRAT__MDNS_GROUP6 "ff02::fb"
#define GRAT__MDNS_MAX 9000       /* RFC 6762 section 17 */
#define GRAT__MDNS_FIT 1440       /* fits every Ethernet, IPv6 too */

enum { GRAT__DNS_A = 1, GRAT__DNS_PTR = 12, GRAT__DNS_TXT = 16, GRAT__DNS_AAAA = 28, GRAT__DNS_SRV = 33,
       GRAT__DNS_NSEC = 47, GRAT__DNS_ANY = 255 };
enum { GRAT__DNS_IN = 1, GRAT__DNS_TOP = 0x8000 };  /* top bit of the class: unicast wanted, or flush the cache */
enum { GRAT__DNS_RESPONSE = 0x8000, GRAT__DNS_AUTHORITATIVE = 0x0400, GRAT__DNS_TRUNCATED = 0x0200,
       GRAT__DNS_OPCODE = 0x7800 };
enum { GRAT__DNS_QUESTION, GRAT__DNS_ANSWER, GRAT__DNS_AUTHORITY, GRAT__DNS_ADDITIONAL };

typedef struct grat__dns_name {
    uint8_t n;               /* bytes, with the root label; 0 = no name */
    uint8_t b[255];
} grat__dns_name;

/* "_lxi._tcp.local": labels between dots; "\." is a dot in a label. False when a label or the name is too long. */
bool grat__dns_name_from(grat__dns_name *out, const char *text);
/* One label of any bytes, then the labels of the other name. */
bool grat__dns_name_join(grat__dns_name *out, const void *label, size_t n, const grat__dns_name *rest);
/* Dots and backslashes in labels are escaped, control characters become "?". Returns out. */
char *grat__dns_name_text(const grat__dns_name *name, char *out, size_t cap);
/* Without regard to the case of ASCII letters. */
bool grat__dns_name_eq(const grat__dns_name *a, const grat__dns_name *b);
/* The name behind its first label; false for the root. */
bool grat__dns_name_rest(const grat__dns_name *name, grat__dns_name *out);

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct grat__dns_reader {
    const uint8_t *data;
    size_t n, at;
    uint16_t id, flags;
    uint16_t left[4];        /* entries not yet read, by section */
} grat__dns_reader;

typedef struct grat__dns_record {
    int section;
    grat__dns_name name;
    uint16_t type, klass;    /* klass with its top bit */
    uint32_t ttl;            /* 0 in questions, as the rest */
    const uint8_t *data;     /* borrowed from the message */
    size_t n;
    size_t data_at;          /* where it begins in the message, for names in it */
} grat__dns_record;

/* EPROTO when the header is not whole. */
grat_err grat__dns_begin(grat__dns_reader *r, const void *data, size_t n);
/* The next question or record; ENODATA behind the last; EPROTO leaves nothing more to read. */
grat_err grat__dns_next(grat__dns_reader *r, grat__dns_record *out);

typedef struct grat__dns_srv {
    uint16_t priority, weight, port;
    grat__dns_name target;
} grat__dns_srv;

/* What a record holds, of a PTR and an SRV; EPROTO when it is not that. */
grat_err grat__dns_get_ptr(const grat__dns_reader *r, const grat__dns_record *rec, grat__dns_name *out);
grat_err grat__dns_get_srv(const grat__dns_reader *r, const grat__dns_record *rec, grat__dns_srv *out);
/* The value of a key of a TXT (RFC 6763 section 6: without regard to case, the first one counts). False when it is not
 * there; what does not fit is cut. */
bool grat__dns_txt_value(const void *txt, size_t n, const char *key, char *out, size_t cap);

/* ---- writing -------------------------------------------------------------------------------- */

/* Builds one message of at most `max` bytes; names are compressed. A part that does not fit is left out whole, with
 * ETOOBIG, and the message stays good. */
typedef struct grat__dns_writer {
    grat__buf buf;
    uint16_t known[64];      /* where names begin that later ones may point at */
    unsigned n_known;
} grat__dns_writer;

grat_err grat__dns_start(grat__dns_writer *w, uint16_t id, uint16_t flags, size_t max);
void grat__dns_free(grat__dns_writer *w);
grat_err grat__dns_put_question(grat__dns_writer *w, const grat__dns_name *name, uint16_t type, uint16_t klass);

typedef struct grat__dns_head {
    const grat__dns_name *name;
    uint16_t klass;
    uint32_t ttl;
    int section;             /* sections must come in order */
} grat__dns_head;
grat_err grat__dns_put_ptr(grat__dns_writer *w, const grat__dns_head *h, const grat__dns_name *target);
grat_err grat__dns_put_srv(grat__dns_writer *w, const grat__dns_head *h, uint16_t port, const grat__dns_name *target);
/* A, AAAA, TXT and others whose data hold no name. */
grat_err grat__dns_put_bytes(grat__dns_writer *w, const grat__dns_head *h, uint16_t type, const void *data, size_t n);
/* Appends "key=value" to the data of a TXT; ETOOBIG beyond 255 bytes. */
grat_err grat__dns_put_pair(grat__buf *txt, const char *key, const char *value);

#endif
