#include "serve/gate.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Splits "host:port" into the host; brackets go. False when it is malformed. */
static bool split(const char *text, char *host, size_t cap)
{
    const char *end, *port;
    bool v6 = text[0] == '[';
    if (v6) {
        text++;
        end = strchr(text, ']');
        if (!end) return false;
        port = end + 1;
    } else {
        end = text + strcspn(text, ":");
        port = end;
    }
    size_t n = (size_t)(end - text);
    if (n == 0 || n >= cap) return false;
    if (*port && (*port != ':' || strspn(port + 1, "0123456789") != strlen(port + 1) || strlen(port) > 6)) return false;
    memcpy(host, text, n);
    host[n] = '\0';
    return v6 == (strchr(host, ':') != NULL);
}

/* 1: loopback, 0: another address, -1: a name. */
static int address(const char *host)
{
    struct in_addr a4;
    struct in6_addr a6;
    if (inet_pton(AF_INET, host, &a4) == 1) return (ntohl(a4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, host, &a6) == 1) return IN6_IS_ADDR_LOOPBACK(&a6) != 0;
    return -1;
}

bool serve_gate_host(const serve_gate *g, const char *text)
{
    char host[256];
    if (!text || !split(text, host, sizeof host)) return false;
    int kind = address(host);
    if (kind >= 0) return kind == 1 || !g->loopback;
    if (strcasecmp(host, "localhost") == 0) return true;
    for (unsigned i = 0; g->names && g->names[i]; i++) {
        if (strcasecmp(host, g->names[i]) == 0) return true;
    }
    return false;
}

bool serve_gate_origin(const serve_gate *g, const char *origin, const char *host)
{
    const char *scheme = g->tls ? "https://" : "http://";
    if (!origin || !*origin) return true;
    size_t n = strlen(scheme);
    return host && strncasecmp(origin, scheme, n) == 0 && strcasecmp(origin + n, host) == 0;
}

bool serve_gate_fetch_site(const char *site, bool page)
{
    if (!site || !*site || page) return true;
    return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
}

/* Takes as long whatever differs. */
static bool same(const char *a, size_t an, const char *b)
{
    size_t bn = strlen(b);
    unsigned differ = an != bn;
    for (size_t i = 0; i < an; i++) differ |= (uint8_t)a[i] ^ (uint8_t)b[bn ? i % bn : 0];
    return !differ;
}

bool serve_gate_token(const serve_gate *g, const char *token)
{
    return g->token && token && same(token, strlen(token), g->token);
}

static bool cookie_holds(const serve_gate *g, const char *cookie)
{
    size_t n = strlen(g->cookie);
    while (n && *cookie) {
        cookie += strspn(cookie, "; ");
        size_t len = strcspn(cookie, ";");
        if (len > n && strncmp(cookie, g->cookie, n) == 0 && cookie[n] == '=' &&
            same(cookie + n + 1, len - n - 1, g->session))
            return true;
        cookie += len;
    }
    return false;
}

bool serve_gate_known(const serve_gate *g, const char *cookie, const char *authorization)
{
    if (!g->token) return true;
    if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
        return serve_gate_token(g, authorization + 7);
    return g->session[0] && cookie && cookie_holds(g, cookie);
}

bool serve_gate_file(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";
    size_t n = strlen(name);
    return n && n <= 120 && name[0] != '.' && strspn(name, allowed) == n;
}
