/* Heads of requests, whole, in pieces, and such as nobody should send. */
#include "test.h"

#include "wire/http_head.h"

static grat_err parse(const char *text, grat__http_head *h, size_t *used)
{
    return grat__http_head_parse((const uint8_t *)text, strlen(text), h, used);
}

TEST(a_whole_head)
{
    grat__http_head h;
    size_t used = 0;
    const char *text = "GET /stream?token=abc&x=1 HTTP/1.1\r\nHost:  localhost:8080 \r\nAccept: */*\r\n"
                       "ORIGIN: http://a\r\nAuthorization: Bearer abc\r\n\r\nrest";
    EQ(parse(text, &h, &used), GRAT_OK);
    EQ(used, strlen(text) - 4);
    STR(h.method, "GET");
    STR(h.path, "/stream");
    STR(h.query, "token=abc&x=1");
    STR(h.host, "localhost:8080");
    STR(h.origin, "http://a");
    STR(h.authorization, "Bearer abc");
    for (size_t n = 0; n < strlen(text) - 4; n++)
        EQ(grat__http_head_parse((const uint8_t *)text, n, &h, &used), GRAT_ESHORT);
    EQ(parse("GET / HTTP/1.0\n\n", &h, &used), GRAT_OK);
    STR(h.query, "");
}

TEST(malformed)
{
    static const char *const bad[] = {
        "\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET x HTTP/1.1\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/1.1x\r\n\r\n", "GET /\x01 HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\n folded: x\r\n\r\n", "VERYLONGMETHODNAME / HTTP/1.1\r\n\r\n"};
    grat__http_head h;
    size_t used;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (parse(bad[i], &h, &used) != GRAT_EPROTO) TEST_FAIL("taken: %s", bad[i]);
    }
    char big[GRAT__HTTP_HEAD_MAX + 1];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    EQ(parse(big, &h, &used), GRAT_ETOOBIG);
    memcpy(big, "GET /", 5);
    memcpy(big + 600, " HTTP/1.1\r\n\r\n", 13);
    EQ(parse(big, &h, &used), GRAT_EPROTO);
}

TEST(fields_of_a_query)
{
    char out[8];
    TRUE(grat__http_query("a=1&token=xyz&b=", "token", out, sizeof out));
    STR(out, "xyz");
    TRUE(grat__http_query("a=1&b=", "b", out, sizeof out));
    STR(out, "");
    TRUE(!grat__http_query("atoken=1&token", "token", out, sizeof out));
    TRUE(!grat__http_query("token=12345678", "token", out, sizeof out));
    TRUE(!grat__http_query("", "token", out, sizeof out));
}

TEST(names_of_this_computer)
{
    static const char *const good[] = {"localhost", "LOCALHOST:80", "127.0.0.1", "127.3.2.1:8080", "[::1]",
                                       "[::1]:8080"};
    static const char *const bad[] = {"", "evil.example", "127.0.0.1.evil.example", "localhost.evil", "127.0.0",
                                      "127.0.0.", "192.168.1.1", "[::1", "[::2]", "localhost:80x",
                                      "127.0.0.1111", "[::1]x"};
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++)
        if (!grat__http_host_is_local(good[i])) TEST_FAIL("refused: %s", good[i]);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        if (grat__http_host_is_local(bad[i])) TEST_FAIL("taken: %s", bad[i]);
}

int main(void)
{
    RUN(a_whole_head);
    RUN(malformed);
    RUN(fields_of_a_query);
    RUN(names_of_this_computer);
    return TEST_RESULT();
}
