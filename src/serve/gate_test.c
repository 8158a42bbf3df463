#include "serve/gate.h"

#include "test.h"

static const char *const names[] = {"bench.lab", NULL};
static const serve_gate local = {.loopback = true};
static const serve_gate open_one = {.names = names, .token = "0123456789abcdef", .cookie = "graticule_8190",
                                    .session = "feed", .tls = true};

TEST(hosts_of_a_loopback_server)
{
    TRUE(serve_gate_host(&local, "localhost:8190"));
    TRUE(serve_gate_host(&local, "LOCALHOST"));
    TRUE(serve_gate_host(&local, "127.0.0.1:8190"));
    TRUE(serve_gate_host(&local, "127.9.9.9"));
    TRUE(serve_gate_host(&local, "[::1]:8190"));
    TRUE(!serve_gate_host(&local, "evil.example:8190"));
    TRUE(!serve_gate_host(&local, "192.168.1.5:8190"));
    TRUE(!serve_gate_host(&local, "localhost.evil.example"));
    TRUE(!serve_gate_host(&local, "127.0.0.1.nip.example"));
    TRUE(!serve_gate_host(&local, "localhost:8190@evil"));
    TRUE(!serve_gate_host(&local, "localhost:123456"));
    TRUE(!serve_gate_host(&local, "::1"));
    TRUE(!serve_gate_host(&local, "[::1"));
    TRUE(!serve_gate_host(&local, "[localhost]"));
    TRUE(!serve_gate_host(&local, ""));
    TRUE(!serve_gate_host(&local, NULL));
}

TEST(hosts_of_an_open_server)
{
    TRUE(serve_gate_host(&open_one, "192.168.1.5:8190"));
    TRUE(serve_gate_host(&open_one, "[fe80::1]:8190"));
    TRUE(serve_gate_host(&open_one, "Bench.lab:8190"));
    TRUE(!serve_gate_host(&open_one, "evil.example"));
    TRUE(!serve_gate_host(&open_one, "bench.lab.evil.example"));
}

TEST(origins)
{
    TRUE(serve_gate_origin(&local, NULL, "localhost:8190"));
    TRUE(serve_gate_origin(&local, "", "localhost:8190"));
    TRUE(serve_gate_origin(&local, "http://localhost:8190", "localhost:8190"));
    TRUE(!serve_gate_origin(&local, "https://localhost:8190", "localhost:8190"));
    TRUE(!serve_gate_origin(&local, "http://localhost:8191", "localhost:8190"));
    TRUE(!serve_gate_origin(&local, "http://evil.example", "localhost:8190"));
    TRUE(!serve_gate_origin(&local, "null", "localhost:8190"));
    TRUE(!serve_gate_origin(&local, "http://localhost:8190.evil.example", "localhost:8190"));
    TRUE(serve_gate_origin(&open_one, "https://bench.lab", "bench.lab"));
    TRUE(serve_gate_fetch_site(NULL, false));
    TRUE(serve_gate_fetch_site("same-origin", false));
    TRUE(serve_gate_fetch_site("none", false));
    TRUE(!serve_gate_fetch_site("cross-site", false));
    TRUE(!serve_gate_fetch_site("same-site", false));
    TRUE(serve_gate_fetch_site("cross-site", true));
}

TEST(tokens_and_cookies)
{
    TRUE(serve_gate_known(&local, NULL, NULL));
    TRUE(!serve_gate_known(&open_one, NULL, NULL));
    TRUE(serve_gate_known(&open_one, NULL, "Bearer 0123456789abcdef"));
    TRUE(!serve_gate_known(&open_one, NULL, "Bearer 0123456789abcdee"));
    TRUE(!serve_gate_known(&open_one, NULL, "Bearer 0123456789abcdef0"));
    TRUE(!serve_gate_known(&open_one, NULL, "Bearer "));
    TRUE(!serve_gate_known(&open_one, NULL, "Basic 0123456789abcdef"));
    TRUE(serve_gate_known(&open_one, "graticule_8190=feed", NULL));
    TRUE(serve_gate_known(&open_one, "a=b; graticule_8190=feed; c=d", NULL));
    TRUE(!serve_gate_known(&open_one, "graticule_8190=fee", NULL));
    TRUE(!serve_gate_known(&open_one, "graticule_8190=", NULL));
    TRUE(!serve_gate_known(&open_one, "xgraticule_8190=feed", NULL));
    TRUE(!serve_gate_known(&open_one, "graticule_819=feed", NULL));
    /* A wrong token is not made good by a cookie. */
    TRUE(!serve_gate_known(&open_one, "graticule_8190=feed", "Bearer wrong"));
    TRUE(!serve_gate_token(&local, ""));
}

TEST(file_names)
{
    TRUE(serve_gate_file("DS1104Z-2026-11-21T14-30-05.npy"));
    TRUE(!serve_gate_file(""));
    TRUE(!serve_gate_file(".."));
    TRUE(!serve_gate_file(".hidden"));
    TRUE(!serve_gate_file("../x"));
    TRUE(!serve_gate_file("a/b"));
    TRUE(!serve_gate_file("a\\b"));
    TRUE(!serve_gate_file("a%2fb"));
    TRUE(!serve_gate_file("a b"));
}

int main(void)
{
    RUN(hosts_of_a_loopback_server);
    RUN(hosts_of_an_open_server);
    RUN(origins);
    RUN(tokens_and_cookies);
    RUN(file_names);
    return TEST_RESULT();
}
