#include "wire/http_head.h"

#include <string.h>

#include "core/str.h"

static bool copy(char *out, size_t cap, const char *from, size_t n)
{
    if (n >= cap || memchr(from, '\0', n)) return false;
    memcpy(out, from, n);
    out[n] = '\0';
    return true;
}

static bool is_visible(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 127) return false;
    return n > 0;
}

/* "GET /path?query HTTP/1.1" */
static bool request_line(const char *s, size_t n, grat__http_head *out)
{
    const char *end = s + n, *space = memchr(s, ' ', n);
    if (!space || !is_visible(s, (size_t)(space - s))) return false;
    const char *target = space + 1, *last = memchr(target, ' ', (size_t)(end - target));
    if (!last || !is_visible(target, (size_t)(last - target)) || target[0] != '/') return false;
    if (end - last != 9 || memcmp(last, " HTTP/1.", 8) != 0 || last[8] < '0' || last[8] > '9') return false;
    const char *mark = memchr(target, '?', (size_t)(last - target)), *path_end = mark ? mark : last;
    return copy(out->method, sizeof out->method, s, (size_t)(space - s)) &&
           copy(out->path, sizeof out->path, target, (size_t)(path_end - target)) &&
           (!mark || copy(out->query, sizeof out->query, mark + 1, (size_t)(last - mark - 1)));
}

static bool field(const char *s, size_t n, grat__http_head *out)
{
    const struct {
        const char *name;
        char *to;
        size_t cap;
    } known[] = {{"host", out->host, sizeof out->host}, {"origin", out->origin, sizeof out->origin},
                 {"authorization", out->authorization, sizeof out->authorization}};
    char name[32];
    const char *colon = memchr(s, ':', n), *end = s + n;
    if (!colon || !is_visible(s, (size_t)(colon - s))) return false;
    if (!copy(name, sizeof name, s, (size_t)(colon - s))) return true;   /* none that matters */
    const char *value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t')) value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) end--;
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
        if (!grat__strcaseeq(name, known[i].name)) continue;
        if (known[i].to[0]) return false;
        return copy(known[i].to, known[i].cap, value, (size_t)(end - value));
    }
    return true;
}

grat_err grat__http_head_parse(const uint8_t *data, size_t n, grat__http_head *out, size_t *used)
{
    const char *at = (const char *)data, *end = at + (n < GRAT__HTTP_HEAD_MAX ? n : GRAT__HTTP_HEAD_MAX);
    *out = (grat__http_head){0};
    for (bool first = true;; first = false) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        if (!lf) return n >= GRAT__HTTP_HEAD_MAX ? GRAT_ETOOBIG : GRAT_ESHORT;
        size_t len = (size_t)(lf - at);
        if (len && at[len - 1] == '\r') len--;
        if (!len && first) return GRAT_EPROTO;
        if (!len) {
            *used = (size_t)(lf + 1 - (const char *)data);
            return GRAT_OK;
        }
        if (first ? !request_line(at, len, out) : !field(at, len, out)) return GRAT_EPROTO;
        at = lf + 1;
    }
}

bool grat__http_query(const char *query, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);
    while (*query) {
        size_t len = strcspn(query, "&");
        if (len > n && query[n] == '=' && memcmp(query, name, n) == 0)
            return copy(out, cap, query + n + 1, len - n - 1);
        query += len + (query[len] == '&');
    }
    return false;
}

bool grat__http_host_is_local(const char *host)
{
    char name[64];
    unsigned dots = 0, digits = 0;
    size_t n = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (n > strlen(host) || !copy(name, sizeof name, host, n)) return false;
    const char *rest = host + n;
    if (*rest && (*rest != ':' || strspn(rest + 1, "0123456789") != strlen(rest + 1))) return false;
    if (grat__strcaseeq(name, "localhost") || strcmp(name, "[::1]") == 0) return true;
    if (strncmp(name, "127.", 4) != 0) return false;
    for (const char *c = name; *c; c++) {
        if (*c == '.') dots++, digits = 0;
        else if (*c < '0' || *c > '9' || ++digits > 3) return false;
    }
    return dots == 3 && digits > 0;
}
