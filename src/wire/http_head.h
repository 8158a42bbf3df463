/* The head of an HTTP/1.x request (RFC 9112), as far as small servers of ours need it. No I/O. */
#ifndef GRAT_WIRE_HTTP_HEAD_H
#define GRAT_WIRE_HTTP_HEAD_H

#include <graticule/graticule.h>

enum { GRAT__HTTP_HEAD_MAX = 8192 };

/* Texts that are longer than their field make the request malformed. Fields that are not there are empty. */
typedef struct grat__http_head {
    char method[16];
    char path[256];            /* as sent, without the query */
    char query[512];           /* behind the '?' */
    char host[256];            /* with the port */
    char origin[256];
    char authorization[512];
} grat__http_head;

/* GRAT_OK: the head is whole, its first *used bytes. ESHORT: read on. EPROTO: malformed, or two Host fields. ETOOBIG:
 * more than GRAT__HTTP_HEAD_MAX bytes without an end. */
grat_err grat__http_head_parse(const uint8_t *data, size_t n, grat__http_head *out, size_t *used);
/* The value of a field of the query, copied as it is ("%" is not decoded); false when there is none or it is longer. */
bool grat__http_query(const char *query, const char *name, char *out, size_t cap);
/* True for names of this computer: localhost, 127.x.x.x, [::1], with or without a port. Another name that leads here is
 * that of an attacker who has changed what it stands for (DNS rebinding). */
bool grat__http_host_is_local(const char *host);

#endif
