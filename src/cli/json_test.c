#include "cli/cli.h"
#include "test.h"

static char *text;
static size_t length;

static cli_json begin(void)
{
    free(text);
    text = NULL;
    return (cli_json){.f = open_memstream(&text, &length)};
}

TEST(a_document)
{
    cli_json j = begin();
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "a", "b");
    cli_json_open(&j, "list", '[');
    cli_json_num(&j, NULL, 1.5);
    cli_json_num(&j, NULL, NAN);
    cli_json_num(&j, NULL, -INFINITY);
    cli_json_close(&j, ']');
    cli_json_open(&j, "none", '{');
    cli_json_close(&j, '}');
    cli_json_bool(&j, "yes", true);
    cli_json_close(&j, '}');
    fclose(j.f);
    STR(text, "{\"a\":\"b\",\"list\":[1.5,null,null],\"none\":{},\"yes\":true}\n");
}

static const char *string(const char *value, size_t n)
{
    cli_json j = begin();
    cli_json_bytes(&j, NULL, value, n);
    fclose(j.f);
    return text;
}

TEST(strings)
{
    STR(string("a\"\\\n\t\x7f", 6), "\"a\\\"\\\\\\n\\u0009\\u007f\"");
    STR(string("\xc2\xb5s", 3), "\"\xc2\xb5s\"");
    STR(string("\xb5s", 2), "\"\\u00b5s\"");
    STR(string("\xe2\x82", 2), "\"\\u00e2\\u0082\"");
    STR(string("\xed\xa0\x80", 3), "\"\\u00ed\\u00a0\\u0080\"");
    STR(string("a\0b", 3), "\"a\\u0000b\"");
    STR(string("", 0), "\"\"");
}

int main(void)
{
    RUN(a_document);
    RUN(strings);
    free(text);
    return TEST_RESULT();
}
