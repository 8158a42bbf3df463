/* JSON that any parser takes: control characters escaped, bytes that are no UTF-8 read as Latin-1, NaN as null. */
#include "cli/cli.h"

#include <math.h>
#include <string.h>

static void put_string(FILE *f, const void *data, size_t n);

static void before(cli_json *j, const char *key)
{
    if (j->comma) fputc(',', j->f);
    j->comma = true;
    if (!key) return;
    put_string(j->f, key, strlen(key));
    fputc(':', j->f);
}

/* Length of the UTF-8 character at p, 0 when it is none. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    size_t k = 0;
    if (p[0] < 0x80) k = 1;
    if (p[0] >= 0xc2 && p[0] < 0xe0) k = 2;
    if ((p[0] & 0xf0) == 0xe0) k = 3;
    if (p[0] >= 0xf0 && p[0] < 0xf5) k = 4;
    if (!k || k > n) return 0;
    for (size_t i = 1; i < k; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
    }
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool beyond = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || beyond ? 0 : k;
}

static void put_string(FILE *f, const void *data, size_t n)
{
    const unsigned char *p = data;
    fputc('"', f);
    while (n) {
        size_t k = utf8_length(p, n);
        if (*p == '"' || *p == '\\') {
            fprintf(f, "\\%c", *p);
        } else if (*p == '\n') {
            fputs("\\n", f);
        } else if (*p < 0x20 || *p == 0x7f || !k) {
            fprintf(f, "\\u%04x", *p);
        } else {
            fwrite(p, 1, k, f);
        }
        p += k ? k : 1;
        n -= k ? k : 1;
    }
    fputc('"', f);
}

void cli_json_open(cli_json *j, const char *key, char bracket)
{
    before(j, key);
    fputc(bracket, j->f);
    j->depth++;
    j->comma = false;
}

void cli_json_close(cli_json *j, char bracket)
{
    fputc(bracket, j->f);
    j->comma = true;
    if (--j->depth > 0) return;
    fputc('\n', j->f);
    fflush(j->f);
    j->comma = false;
}

void cli_json_bytes(cli_json *j, const char *key, const void *value, size_t n)
{
    before(j, key);
    put_string(j->f, value, n);
}

void cli_json_str(cli_json *j, const char *key, const char *value)
{
    cli_json_bytes(j, key, value, strlen(value));
}

void cli_json_num(cli_json *j, const char *key, double value)
{
    before(j, key);
    if (isfinite(value)) {
        fprintf(j->f, "%.12g", value);
    } else {
        fputs("null", j->f);
    }
}

void cli_json_time(cli_json *j, const char *key, double value)
{
    before(j, key);
    fprintf(j->f, "%.15g", value);
}

void cli_json_u64(cli_json *j, const char *key, uint64_t value)
{
    before(j, key);
    fprintf(j->f, "%llu", (unsigned long long)value);
}

void cli_json_bool(cli_json *j, const char *key, bool value)
{
    before(j, key);
    fputs(value ? "true" : "false", j->f);
}

void cli_json_identity(cli_json *j, const grat_identity *id)
{
    cli_json_str(j, "vendor", id->vendor);
    cli_json_str(j, "model", id->model);
    cli_json_str(j, "serial", id->serial);
    cli_json_str(j, "firmware", id->firmware);
}

void cli_json_flags(cli_json *j, unsigned flags)
{
    static const char *const names[] = {"gap_before", "clipped", "cut", "forced", "preview"};
    cli_json_open(j, "flags", '[');
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (flags & 1u << i) cli_json_str(j, NULL, names[i]);
    }
    cli_json_close(j, ']');
}
