/* HiSLIP over TLS, with users, against the simulator. The certificates are made here by openssl. */
#include "temp.h"
#include "test.h"

#include "sim_bench.h"

#include <unistd.h>

static char good[160], other[160];
/* Of this process alone: others may run the same test. */
static char address[32], name[80], alternative[40];

/* `more` is appended to the wire's options. */
static void start(const char *cert, const char *more, const char *options)
{
    char wire[400];
    snprintf(wire, sizeof wire, "hislip:tls=%s:%s.key%s", cert, cert, more);
    grat_sim_instrument one = {.model = "plain", .address = address, .wires = wire, .options = options};
    bench_start(&one, 1);
}

static grat_open_options trusting(void)
{
    return (grat_open_options){.size = sizeof(grat_open_options), .tls_ca = good};
}

static grat_err open_with(const grat_open_options *o, grat_session **s)
{
    grat_op *op = fresh(5000);
    grat_err e = grat_open(name, o, op, s);
    if (e) EQ(strlen(op->text) > 0, 1);
    return e;
}

static int64_t encrypted(grat_session *s)
{
    grat_value v = {.number = -1};
    EQ(grat_attr_get(s, GRAT_ATTR_TLS, &v, fresh(1000)), GRAT_OK);
    return v.number;
}

static void works(grat_session *s)
{
    static uint8_t block[3000000];
    char text[256] = "";
    uint8_t stb;
    grat_value v;
    EQ(grat_query(s, "*IDN?", text, sizeof text, fresh(3000)), GRAT_OK);
    STR(text, "GRATICULE,PLAIN,0,1");
    grat_op *op = fresh(10000);
    EQ(grat_query_block(s, ":BLOCK? 3000000", block, sizeof block, op), GRAT_OK);
    EQ(op->count, sizeof block);
    EQ(block[2999999], (uint8_t)((2999999 & 0xFFFFF) * 7 + ((2999999 & 0xFFFFF) >> 8)));
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    EQ(grat_clear(s, fresh(2000)), GRAT_OK);
    EQ(grat_lock(s, 0, fresh(2000)), GRAT_OK);
    EQ(grat_unlock(s, fresh(2000)), GRAT_OK);
    EQ(grat_attr_get(s, GRAT_ATTR_TLS_PEER, &v, fresh(1000)), GRAT_OK);
    STR(v.text, encrypted(s) ? "/CN=scope" : "");
}

TEST(only_where_it_is_wanted)
{
    grat_session *s = NULL;
    grat_open_options o = trusting();
    start(good, "", NULL);
    EQ(open_with(&o, &s), GRAT_OK);
    EQ(encrypted(s), 0);
    works(s);
    grat_close(s);
    o.tls = GRAT_TLS_REQUIRE;
    EQ(open_with(&o, &s), GRAT_OK);
    EQ(encrypted(s), 1);
    works(s);
    grat_close(s);
    bench_stop();
}

TEST(mandatory_or_initial)
{
    static const char *const more[] = {"+mandatory", "+initial", "+mandatory+initial"};
    for (int i = 0; i < 3; i++) {
        grat_session *s = NULL;
        grat_open_options o = trusting();
        start(good, more[i], NULL);
        EQ(open_with(&o, &s), GRAT_OK);
        EQ(encrypted(s), 1);
        works(s);
        grat_close(s);
        o.tls = GRAT_TLS_NEVER;
        EQ(open_with(&o, &s), GRAT_EACCES);
        bench_stop();
    }
}

/* Encryption ends and begins again between messages, where it is not mandatory. */
TEST(encryption_ends)
{
    static const char *const more[] = {"", "+initial", "+user=ada:secret", "+mandatory"};
    for (int i = 0; i < 4; i++) {
        grat_session *s = NULL;
        grat_open_options o = trusting();
        bool may = i < 3;
        o.tls = GRAT_TLS_REQUIRE;
        if (i == 2) o.user = "ada", o.password = "secret";
        start(good, more[i], NULL);
        EQ(open_with(&o, &s), GRAT_OK);
        works(s);
        for (int k = 0; k < 3; k++) {
            EQ(grat_attr_set(s, GRAT_ATTR_TLS, 0, fresh(2000)), may ? GRAT_OK : GRAT_EACCES);
            EQ(encrypted(s), !may);
            works(s);
            EQ(grat_attr_set(s, GRAT_ATTR_TLS, 0, fresh(2000)), may ? GRAT_OK : GRAT_EACCES);
            EQ(grat_attr_set(s, GRAT_ATTR_TLS, 1, fresh(2000)), GRAT_OK);
            EQ(encrypted(s), 1);
            works(s);
        }
        /* An answer that has come is kept. */
        char text[64] = "";
        EQ(grat_io_write(s, "*IDN?", 5, true, fresh(1000)), GRAT_OK);
        grat_op_sleep_until(fresh(1000), grat_now_ns() + 50000000);
        EQ(grat_attr_set(s, GRAT_ATTR_TLS, 0, fresh(2000)), may ? GRAT_OK : GRAT_EACCES);
        EQ(grat_io_read(s, text, sizeof text - 1, -1, false, fresh(2000)), GRAT_OK);
        STR(text, "GRATICULE,PLAIN,0,1\n");
        works(s);
        grat_close(s);
        bench_stop();
    }
}

TEST(the_certificate_is_checked)
{
    grat_session *s = NULL;
    grat_open_options o = {.size = sizeof o, .tls = GRAT_TLS_REQUIRE};
    start(good, "", NULL);
    EQ(open_with(&o, &s), GRAT_ECERT);           /* not among the system's */
    o.tls_ca = other;
    EQ(open_with(&o, &s), GRAT_ECERT);
    o.tls_ca = "/nonexistent";
    EQ(open_with(&o, &s), GRAT_EINVAL);
    o.tls_ca = NULL;
    o.tls_insecure = true;
    EQ(open_with(&o, &s), GRAT_OK);
    EQ(encrypted(s), 1);
    grat_close(s);
    bench_stop();
    start(other, "", NULL);
    o = (grat_open_options){.size = sizeof o, .tls = GRAT_TLS_REQUIRE, .tls_ca = other};
    EQ(open_with(&o, &s), GRAT_ECERT);           /* trusted, but for another host */
    bench_stop();
}

TEST(no_tls_where_it_must_be)
{
    grat_session *s = NULL;
    grat_open_options o = {.size = sizeof o, .tls = GRAT_TLS_REQUIRE};
    grat_sim_instrument one = {.model = "plain", .address = address, .wires = "hislip"};
    bench_start(&one, 1);
    EQ(open_with(&o, &s), GRAT_ENOTSUP);
    o = (grat_open_options){.size = sizeof o, .user = "ada", .password = "secret"};
    EQ(open_with(&o, &s), GRAT_ENOTSUP);
    bench_stop();
}

TEST(users)
{
    grat_session *s = NULL;
    grat_open_options o = trusting();
    start(good, "+mandatory+user=ada:secret", NULL);
    EQ(open_with(&o, &s), GRAT_EACCES);
    o.user = "ada", o.password = "secret";
    EQ(open_with(&o, &s), GRAT_OK);
    works(s);
    grat_close(s);
    o.password = "wrong";
    EQ(open_with(&o, &s), GRAT_EACCES);
    o.user = NULL, o.password = "secret";
    char user[100];
    snprintf(user, sizeof user, "TCPIP0::ada@%s::hislip0::INSTR", address);
    EQ(grat_open(user, &o, fresh(5000), &s), GRAT_OK);
    STR(grat_session_resource(s), user);
    EQ(encrypted(s), 1);
    grat_close(s);
    memcpy(user + 8, "eve", 3);
    EQ(grat_open(user, &o, fresh(5000), &s), GRAT_EACCES);
    bench_stop();
}

static const char *text_of(grat_session *s, grat_attr a)
{
    static grat_value v;
    v = (grat_value){.text = "?"};
    EQ(grat_attr_get(s, a, &v, fresh(1000)), GRAT_OK);
    return v.text;
}

TEST(users_by_certificate)
{
    static const char *const only[] = {"+sasl=GSSAPI", "+sasl=NTLM", "+sasl=EXTERNAL", "+sasl=PLAIN"};
    static const grat_err refusal[] = {GRAT_ENOTSUP, GRAT_ENOTSUP, GRAT_EACCES, GRAT_EACCES};
    char more[200], key[170];
    grat_session *s = NULL;
    grat_open_options o = trusting();
    grat_value v;
    snprintf(more, sizeof more, "+mandatory+clients=%s", other);
    start(good, more, NULL);
    EQ(open_with(&o, &s), GRAT_EACCES);          /* none is shown */
    snprintf(key, sizeof key, "%s.key", good);
    o.tls_cert = good, o.tls_key = key;
    EQ(open_with(&o, &s), GRAT_EACCES);          /* not signed by who is trusted */
    snprintf(key, sizeof key, "%s.key", other);
    EQ(open_with(&o, &s), GRAT_EINVAL);          /* another key */
    o.tls_cert = other;
    EQ(open_with(&o, &s), GRAT_OK);
    works(s);
    STR(text_of(s, GRAT_ATTR_SASL_MECHANISM), "EXTERNAL");
    STR(text_of(s, GRAT_ATTR_TLS_ISSUER), "/CN=scope");
    TRUE(strncmp(text_of(s, GRAT_ATTR_TLS_CIPHER), "TLS_", 4) == 0);
    const char *end = text_of(s, GRAT_ATTR_TLS_EXPIRES);
    EQ(strlen(end), 20);
    EQ(end[19], 'Z');
    TRUE(strncmp(end, "20", 2) == 0);
    EQ(grat_attr_get(s, GRAT_ATTR_TLS_PERPETUAL, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 0);
    grat_close(s);
    bench_stop();
    for (int i = 0; i < 4; i++) {
        start(good, only[i], NULL);
        o = trusting();
        o.tls = GRAT_TLS_REQUIRE;
        EQ(open_with(&o, &s), refusal[i]);
        bench_stop();
    }
    /* In the clear there is nothing to tell. */
    start(good, "", NULL);
    o = trusting();
    EQ(open_with(&o, &s), GRAT_OK);
    STR(text_of(s, GRAT_ATTR_TLS_ISSUER), "");
    STR(text_of(s, GRAT_ATTR_TLS_CIPHER), "");
    STR(text_of(s, GRAT_ATTR_SASL_MECHANISM), "");
    grat_close(s);
    bench_stop();
}

/* Deadlines and cancels hold, and what was aborted does not harm what follows. */
TEST(aborted_blocks)
{
    static uint8_t buf[1000000];
    grat_session *s = NULL;
    grat_open_options o = trusting();
    o.tls = GRAT_TLS_REQUIRE;
    start(good, "", "link=400Mbit");
    EQ(open_with(&o, &s), GRAT_OK);
    char text[256];
    EQ(grat_query(s, "*IDN?", text, sizeof text, fresh(3000)), GRAT_OK);
    for (int i = 0; i < 40 && !test_bad; i++) {
        int64_t begin = grat_now_ns();
        grat_err e = grat_query_block(s, ":BLOCK? 1000000", buf, sizeof buf, fresh(1 + i % 5));
        TRUE(e == GRAT_OK || e == GRAT_ETIMEOUT);
        TRUE(grat_now_ns() - begin < 1000000000);
        EQ(grat_query(s, "*IDN?", text, sizeof text, fresh(5000)), GRAT_OK);
        STR(text, "GRATICULE,PLAIN,0,1");
    }
    EQ(encrypted(s), 1);
    grat_close(s);
    bench_stop();
}

/* A long message of ours meets a server that takes none: the deadline holds, and the session comes back. */
TEST(a_write_that_stalls)
{
    static char junk[900000];
    char text[256];
    grat_session *a = NULL, *b = NULL;
    grat_open_options o = trusting();
    o.tls = GRAT_TLS_REQUIRE;
    start(good, "", NULL);
    EQ(open_with(&o, &a), GRAT_OK);
    EQ(open_with(&o, &b), GRAT_OK);
    EQ(grat_lock(a, 0, fresh(2000)), GRAT_OK);
    memset(junk, 'x', sizeof junk);
    grat_err e = GRAT_OK;
    for (int i = 0; !e && i < 200; i++) e = grat_io_write(b, junk, sizeof junk, false, fresh(200));
    EQ(e, GRAT_ETIMEOUT);
    EQ(grat_query(a, "*IDN?", text, sizeof text, fresh(3000)), GRAT_OK);
    EQ(grat_clear(b, fresh(3000)), GRAT_OK);
    EQ(grat_unlock(a, fresh(2000)), GRAT_OK);
    EQ(grat_query(b, "*IDN?", text, sizeof text, fresh(3000)), GRAT_OK);
    STR(text, "GRATICULE,PLAIN,0,1");
    grat_close(a);
    grat_close(b);
    bench_stop();
}

static bool make_certificate(const char *path, const char *san)
{
    char command[600];
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=scope "
             "-addext subjectAltName=%s -keyout %s.key -out %s 2>/dev/null", san, path, path);
    return system(command) == 0;
}

int main(void)
{
    snprintf(good, sizeof good, "%s", test_path("good.pem"));
    snprintf(other, sizeof other, "%s", test_path("other.pem"));
    snprintf(address, sizeof address, "127.79.%u.%u", (unsigned)getpid() >> 8 & 255, (unsigned)getpid() & 255);
    snprintf(name, sizeof name, "TCPIP::%s::hislip0::INSTR", address);
    snprintf(alternative, sizeof alternative, "IP:%s", address);
    if (!make_certificate(good, alternative) || !make_certificate(other, "DNS:elsewhere.test")) {
        printf("skipped: there is no openssl to make a certificate\n");
        return 77;
    }
    RUN(only_where_it_is_wanted);
    RUN(mandatory_or_initial);
    RUN(encryption_ends);
    RUN(the_certificate_is_checked);
    RUN(no_tls_where_it_must_be);
    RUN(users);
    RUN(users_by_certificate);
    RUN(aborted_blocks);
    RUN(a_write_that_stalls);
    return TEST_RESULT();
}
