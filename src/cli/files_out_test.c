/* Parts of a recording, kept in a ring. */
#include "cli/files_out.h"

#include "temp.h"
#include "test.h"

#include <string.h>

const char *cli_value(const cli_args *a, const char *name)
{
    (void)a, (void)name;
    return NULL;
}

const char *cli_value_nth(const cli_args *a, const char *name, int n)
{
    (void)a, (void)name, (void)n;
    return NULL;
}

int cli_usage(const char *fmt, ...)
{
    (void)fmt;
    return CLI_USAGE;
}

int cli_fail(cli *c, const char *what)
{
    TEST_FAIL("%s: %s", what, c->op.text);
    return CLI_USAGE;
}

const char *cli_extension(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : "";
}

void cli_dated_name(char *out, size_t cap, const char *model, const char *extension)
{
    snprintf(out, cap, "%s.%s", model, extension);
}

void cli_json_open(cli_json *j, const char *key, char bracket)
{
    (void)j, (void)key, (void)bracket;
}

void cli_json_close(cli_json *j, char bracket)
{
    (void)j, (void)bracket;
}

void cli_json_str(cli_json *j, const char *key, const char *value)
{
    (void)j, (void)key, (void)value;
}

static bool part_is_there(unsigned part, const char *more)
{
    char name[40];
    snprintf(name, sizeof name, "ring-%04u.raw%s", part, more);
    return access(test_path(name), F_OK) == 0;
}

/* A part a second, many more than a ring by time may have; the last so many seconds are there, and no others. */
static void ring(unsigned parts, double keep, unsigned least, unsigned most)
{
    static cli c;
    cli_files f = {.c = &c, .count = 1, .split_bytes = 1, .keep_seconds = keep};
    char path[200];
    grat_sample_type type = GRAT_U8;
    snprintf(path, sizeof path, "%s", test_path("ring.raw"));
    f.path[0] = path;
    f.options.size = sizeof f.options;
    f.options.growing = true;
    grat_op_init(&c.op, INT64_MAX, NULL);
    grat_op_init(&f.op, INT64_MAX, NULL);
    EQ(cli_files_open(&f), CLI_DONE);
    for (unsigned i = 0; i < parts; i++) {
        grat_record *r = grat_record_new(1, &type, 10);
        r->dt = 0.1, r->first = i * 10ull;
        r->trace[0].name[0] = 'A';
        if (!cli_files_record(&f, r)) TEST_FAIL("%s", f.op.text);
        grat_record_unref(r);
    }
    EQ(cli_files_finish(&f), CLI_DONE);
    unsigned there = 0, oldest = 0;
    for (unsigned part = 1; part <= parts; part++) {
        if (part_is_there(part, "") && !there++) oldest = part;
        EQ(part_is_there(part, ".json"), part_is_there(part, ""));
    }
    if (there < least || there > most) TEST_FAIL("%u parts of %u", there, parts);
    EQ(oldest, parts - there + 1);
    EQ(f.first_part, oldest);
}

TEST(a_ring_of_few_parts)
{
    ring(30, 5, 6, 7);
}

TEST(a_ring_of_more_parts_than_expected)
{
    ring(2600, 1200, 1200, 1202);
}

int main(void)
{
    RUN(a_ring_of_few_parts);
    RUN(a_ring_of_more_parts_than_expected);
    return TEST_RESULT();
}
