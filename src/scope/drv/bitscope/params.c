/* Calibration files: INI as ScopeThing writes it. A section is named after the connection, the key "x1" has eleven
 * numbers: la lb lc ha hb hc scale offset safe_low safe_high ab_offset. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/str.h"
#include "scope/drv/bitscope/bitscope.h"

#define FILE_MAX (1u << 20)
#define NUMBERS 11

static const char *next_line(const char *p)
{
    p += strcspn(p, "\n");
    return *p ? p + 1 : p;
}

/* "[name]" and nothing else on the line. */
static bool is_section(const char *line, const char *name)
{
    size_t n = strlen(name), all = strcspn(line, "\r\n");
    while (all && (line[all - 1] == ' ' || line[all - 1] == '\t')) all--;
    if (line[0] != '[') return false;
    return !name[0] || (all == n + 2 && strncmp(line + 1, name, n) == 0 && line[all - 1] == ']');
}

static bool read_numbers(const char *text, size_t n, double v[NUMBERS])
{
    char word[40];
    unsigned count = 0;
    for (const char *p = text, *end = text + n; p < end;) {
        while (p < end && isspace((unsigned char)*p)) p++;
        size_t k = 0;
        while (p + k < end && !isspace((unsigned char)p[k])) k++;
        if (!k) break;
        if (count == NUMBERS || k >= sizeof word) return false;
        memcpy(word, p, k);
        word[k] = '\0';
        if (!grat__parse_double(word, &v[count++])) return false;
        p += k;
    }
    return count == NUMBERS;
}

static bool plausible(const bs_params *p)
{
    return p->scale > 1 && p->scale < 1000 && p->offset < 0 && p->safe_low < p->safe_high && p->la > 0 && p->ha > 0;
}

bool bs_params_parse(const char *text, const char *section, bs_params *out)
{
    bool inside = false, found = false;
    for (const char *line = text; *line; line = next_line(line)) {
        double v[NUMBERS];
        size_t n = strcspn(line, "\n"), key = strcspn(line, "=:\n");
        if (line[0] == '[') inside = is_section(line, section);
        if (!inside || key >= n) continue;
        size_t word = strcspn(line, " \t=:");
        if (word != 2 || strncasecmp(line, "x1", 2) != 0 || !read_numbers(line + key + 1, n - key - 1, v)) continue;
        bs_params p = {.plane = true, .la = v[0], .lb = v[1], .lc = v[2], .ha = v[3], .hb = v[4], .hc = v[5],
                       .scale = v[6], .offset = v[7], .safe_low = v[8], .safe_high = v[9], .ab_offset = v[10]};
        if (!plausible(&p)) continue;
        *out = p;
        found = true;
    }
    return found;
}

static bool config_path(char *out, size_t cap, const char *below)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int n = -1;
    if (config && *config) n = snprintf(out, cap, "%s/%s", config, below);
    else if (home && *home) n = snprintf(out, cap, "%s/.config/%s", home, below);
    return n > 0 && (size_t)n < cap;
}

/* The whole text, to be freed; NULL when there is no such file. */
static char *read_all(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    struct stat st;
    char *text = NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < FILE_MAX) text = calloc(1, (size_t)st.st_size + 1);
    if (text && read(fd, text, (size_t)st.st_size) < 0) {
        free(text);
        text = NULL;
    }
    close(fd);
    return text;
}

/* ScopeThing's name for the same connection. */
static void other_name(const char *resource, char *out, size_t cap)
{
    const char *rest = strstr(resource, "::");
    out[0] = '\0';
    if (!rest || !grat__strcasestarts(resource, "BITSCOPE")) return;
    rest += 2;
    const char *colons = strstr(rest, "::");
    if (rest[0] == '/') snprintf(out, cap, "file:%s", rest);
    else if (colons && strstr(colons + 2, "::"))
        snprintf(out, cap, "socket://%.*s:%.*s", (int)(colons - rest), rest, (int)strcspn(colons + 2, ":"), colons + 2);
    else if (colons)
        snprintf(out, cap, "bitscope-server://%.*s:%s", (int)(colons - rest), rest, colons + 2);
}

grat_err bs_params_load(const char *resource, bs_params *out, char *from, size_t cap, grat_op *op)
{
    static const char *const files[] = {"scopething/analog.conf", "graticule/bitscope.conf"};
    char path[512], other[320], device[340];
    (void)op;
    *out = bs_vendor_params;
    from[0] = '\0';
    other_name(resource, other, sizeof other);
    /* The fork with the UDP client writes serial ports in another way. */
    snprintf(device, sizeof device, "socket://%s", strncmp(other, "file:", 5) == 0 ? other + 5 : "");
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        if (!config_path(path, sizeof path, files[i])) continue;
        char *text = read_all(path);
        if (!text) continue;
        bool found = bs_params_parse(text, resource, out) || (other[0] && bs_params_parse(text, other, out)) ||
                     (device[9] && bs_params_parse(text, device, out));
        if (found) grat__strcpy(from, cap, path);
        free(text);
    }
    return GRAT_OK;
}

/* The text without the section. */
static grat_err copy_others(grat__buf *b, const char *text, const char *section)
{
    bool inside = false;
    grat_err e = GRAT_OK;
    for (const char *line = text; !e && *line; line = next_line(line)) {
        if (line[0] == '[') inside = is_section(line, section);
        if (!inside) e = grat__buf_put(b, line, (size_t)(next_line(line) - line));
    }
    if (!e && b->len && b->data[b->len - 1] != '\n') e = grat__buf_put(b, "\n", 1);
    return e;
}

grat_err bs_params_save(const char *resource, const bs_params *p, char *to, size_t cap, grat_op *op)
{
    const double v[NUMBERS] = {p->la,    p->lb,     p->lc,       p->ha,        p->hb,       p->hc,
                               p->scale, p->offset, p->safe_low, p->safe_high, p->ab_offset};
    grat__buf b;
    char number[40];
    if (!config_path(to, cap, "graticule"))
        return grat_op_fail(op, GRAT_ENODEV, "calibration: neither XDG_CONFIG_HOME nor HOME says where to keep it");
    mkdir(to, 0777);
    config_path(to, cap, "graticule/bitscope.conf");
    char *old = read_all(to);
    grat__buf_init(&b, 2 * FILE_MAX);
    grat_err e = old ? copy_others(&b, old, resource) : GRAT_OK;
    free(old);
    if (!e) e = grat__buf_printf(&b, "[%s]\nx1 =", resource);
    for (unsigned i = 0; !e && i < NUMBERS; i++) {
        snprintf(number, sizeof number, "%.9g", v[i]);
        for (char *c = number; *c; c++) *c = *c == ',' ? '.' : *c;
        e = grat__buf_printf(&b, " %s", number);
    }
    if (!e) e = grat__buf_puts(&b, "\n");
    e = e ? grat_op_fail(op, e, "calibration: out of memory") : grat_save(to, b.data, b.len, op);
    grat__buf_free(&b);
    return e;
}
