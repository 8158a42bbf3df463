#include "wire/mdns.h"

#include "test.h"

static grat__dns_name name(const char *text)
{
    grat__dns_name n = {0};
    TRUE(grat__dns_name_from(&n, text));
    return n;
}

static const char *text(const grat__dns_name *n)
{
    static char out[1100];
    return grat__dns_name_text(n, out, sizeof out);
}

/* RFC 6763 section 13's kind of answer, by hand: PTR with SRV, TXT and A behind it, compressed as responders do. */
static const uint8_t answer[] =
    "\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x03"
    /* 12 */ "\x04_lxi\x04_tcp\x05local\x00" "\x00\x0c\x00\x01\x00\x00\x00\x0a\x00\x08"
    /* 39 */ "\x05My.DM\xc0\x0c"
    "\xc0\x27" "\x00\x21\x80\x01\x00\x00\x00\x0a\x00\x0b" "\x00\x00\x00\x00\x00\x50" "\x02" "dm\xc0\x16"
    "\xc0\x27" "\x00\x10\x80\x01\x00\x00\x00\x0a\x00\x13" "\x09txtvers=1" "\x08Model=D1"
    "\xc0\x41" "\x00\x01\x80\x01\x00\x00\x00\x0a\x00\x04" "\x0a\x00\x00\x05";

TEST(reads_an_answer)
{
    grat__dns_reader r;
    grat__dns_record rec;
    grat__dns_name ptr;
    grat__dns_srv srv;
    char value[32];
    EQ(grat__dns_begin(&r, answer, sizeof answer - 1), GRAT_OK);
    EQ(r.flags, GRAT__DNS_RESPONSE | GRAT__DNS_AUTHORITATIVE);
    EQ(grat__dns_next(&r, &rec), GRAT_OK);
    EQ(rec.section, GRAT__DNS_ANSWER);
    STR(text(&rec.name), "_lxi._tcp.local");
    EQ(rec.ttl, 10);
    EQ(grat__dns_get_ptr(&r, &rec, &ptr), GRAT_OK);
    STR(text(&ptr), "My\\.DM._lxi._tcp.local");
    EQ(grat__dns_next(&r, &rec), GRAT_OK);
    EQ(rec.section, GRAT__DNS_ADDITIONAL);
    EQ(rec.klass, GRAT__DNS_IN | GRAT__DNS_TOP);
    TRUE(grat__dns_name_eq(&rec.name, &ptr));
    EQ(grat__dns_get_srv(&r, &rec, &srv), GRAT_OK);
    EQ(srv.port, 80);
    STR(text(&srv.target), "dm.local");
    EQ(grat__dns_get_ptr(&r, &rec, &ptr), GRAT_EPROTO);
    EQ(grat__dns_next(&r, &rec), GRAT_OK);
    TRUE(grat__dns_txt_value(rec.data, rec.n, "model", value, sizeof value));
    STR(value, "D1");
    TRUE(!grat__dns_txt_value(rec.data, rec.n, "mode", value, sizeof value));
    EQ(grat__dns_next(&r, &rec), GRAT_OK);
    TRUE(grat__dns_name_eq(&rec.name, &srv.target));
    EQ(rec.n, 4);
    EQ(rec.data[0], 10);
    EQ(grat__dns_next(&r, &rec), GRAT_ENODATA);
}

TEST(every_cut_is_malformed)
{
    for (size_t n = 0; n < sizeof answer - 1; n++) {
        grat__dns_reader r;
        grat__dns_record rec;
        grat_err e = grat__dns_begin(&r, answer, n);
        while (!e) e = grat__dns_next(&r, &rec);
        EQ(e, GRAT_EPROTO);
    }
}

static grat_err first(const char *body, size_t n)
{
    uint8_t m[300] = {[7] = 1};
    grat__dns_reader r;
    grat__dns_record rec;
    memcpy(m + 12, body, n);
    grat__dns_begin(&r, m, 12 + n);
    return grat__dns_next(&r, &rec);
}

TEST(bad_names)
{
#define TAIL "\x00\x01\x00\x01\x00\x00\x00\x0a\x00\x00"
    EQ(first("\x01" "a\x00" TAIL, 13), GRAT_OK);
    EQ(first("\xc0\x0c" TAIL, 12), GRAT_EPROTO);           /* points at itself */
    EQ(first("\x01" "a\xc0\x0c" TAIL, 14), GRAT_EPROTO);   /* a circle through its own label */
    EQ(first("\xc0\x20" TAIL, 12), GRAT_EPROTO);           /* forwards */
    EQ(first("\xc0\x00" TAIL, 12), GRAT_EPROTO);           /* into the header */
    EQ(first("\x41" "a\x00" TAIL, 13), GRAT_EPROTO);       /* a label type that does not exist */
    EQ(first("\x05" "a\x00" TAIL, 4), GRAT_EPROTO);        /* a label beyond the end */
#undef TAIL
    char longest[300];
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        longest[n++] = 60;
        memset(longest + n, 'x', 60);
        n += 60;
    }
    memcpy(longest + n, "\x09" "012345678\x00\x00\x01\x00\x01\x00\x00\x00\x0a\x00\x00", 21);
    EQ(first(longest, n + 21), GRAT_OK);                   /* 244 + 11 = 255 */
    memcpy(longest + n, "\x0a" "0123456789\x00\x00\x01\x00\x01\x00\x00\x00\x0a\x00\x00", 22);
    EQ(first(longest, n + 22), GRAT_EPROTO);
}

TEST(names)
{
    grat__dns_name n = name("_LXI._tcp.local"), joined, rest;
    grat__dns_name same = name("_lxi._tcp.LOCAL");
    TRUE(grat__dns_name_eq(&n, &same));
    TRUE(grat__dns_name_join(&joined, "A.B\\C\x01", 6, &n));
    STR(text(&joined), "A\\.B\\\\C?._LXI._tcp.local");
    TRUE(grat__dns_name_rest(&joined, &rest) && grat__dns_name_eq(&rest, &n));
    TRUE(!grat__dns_name_from(&n, "a..b"));
    TRUE(!grat__dns_name_from(&n, "0123456789012345678901234567890123456789012345678901234567890123.local"));
    TRUE(!grat__dns_name_join(&joined, "", 0, &n));
    n = name("");
    TRUE(!grat__dns_name_rest(&n, &rest));
}

TEST(writes_compressed)
{
    static const uint8_t address[4] = {10, 0, 0, 5};
    grat__dns_writer w;
    grat__dns_name service = name("_lxi._tcp.local"), instance = name("My\\.DM._lxi._tcp.local");
    grat__dns_name host = name("dm.local");
    grat__buf txt;
    grat__buf_init(&txt, 400);
    grat__dns_put_pair(&txt, "txtvers", "1");
    grat__dns_put_pair(&txt, "Model", "D1");
    EQ(grat__dns_start(&w, 0, GRAT__DNS_RESPONSE | GRAT__DNS_AUTHORITATIVE, GRAT__MDNS_FIT), GRAT_OK);
    grat__dns_head ptr = {&service, GRAT__DNS_IN, 10, GRAT__DNS_ANSWER};
    grat__dns_head own = {&instance, GRAT__DNS_IN | GRAT__DNS_TOP, 10, GRAT__DNS_ADDITIONAL};
    grat__dns_head a = {&host, GRAT__DNS_IN | GRAT__DNS_TOP, 10, GRAT__DNS_ADDITIONAL};
    EQ(grat__dns_put_ptr(&w, &ptr, &instance), GRAT_OK);
    EQ(grat__dns_put_srv(&w, &own, 80, &host), GRAT_OK);
    EQ(grat__dns_put_bytes(&w, &own, GRAT__DNS_TXT, txt.data, txt.len), GRAT_OK);
    EQ(grat__dns_put_bytes(&w, &a, GRAT__DNS_A, address, 4), GRAT_OK);
    EQ(w.buf.len, sizeof answer - 1);
    if (w.buf.len == sizeof answer - 1) MEM(w.buf.data, answer, w.buf.len);
    grat__buf_free(&txt);
    grat__dns_free(&w);
}

TEST(what_does_not_fit_is_left_out)
{
    grat__dns_writer w;
    grat__dns_name service = name("_lxi._tcp.local"), other = name("other._lxi._tcp.local");
    grat__dns_reader r;
    grat__dns_record rec;
    unsigned n = 0;
    EQ(grat__dns_start(&w, 7, 0, 60), GRAT_OK);
    EQ(grat__dns_put_question(&w, &service, GRAT__DNS_PTR, GRAT__DNS_IN), GRAT_OK);
    EQ(grat__dns_put_question(&w, &other, GRAT__DNS_SRV, GRAT__DNS_IN), GRAT_OK);
    EQ(grat__dns_put_question(&w, &other, GRAT__DNS_TXT, GRAT__DNS_IN), GRAT_OK);
    grat__dns_name far = name("another.local");
    EQ(grat__dns_put_question(&w, &far, GRAT__DNS_A, GRAT__DNS_IN), GRAT_ETOOBIG);
    EQ(grat__dns_begin(&r, w.buf.data, w.buf.len), GRAT_OK);
    EQ(r.id, 7);
    while (!grat__dns_next(&r, &rec)) n++;
    EQ(n, 3);
    EQ(r.at, w.buf.len);
    grat__dns_free(&w);
}

TEST(txt_pairs)
{
    char value[8], all[300];
    grat__buf txt;
    grat__buf_init(&txt, 1000);
    memset(all, 'v', 260);
    all[260] = '\0';
    EQ(grat__dns_put_pair(&txt, "k", all), GRAT_ETOOBIG);
    EQ(txt.len, 0);
    grat__dns_put_pair(&txt, "Model", "123456789");
    grat__dns_put_pair(&txt, "model", "second");
    TRUE(grat__dns_txt_value(txt.data, txt.len, "Model", value, sizeof value));
    STR(value, "1234567");
    TRUE(grat__dns_txt_value("\x03key\xff", 5, "KEY", value, sizeof value));
    STR(value, "");
    TRUE(!grat__dns_txt_value("\x09key=a", 6, "key", value, sizeof value));
    grat__buf_free(&txt);
}

int main(void)
{
    RUN(reads_an_answer);
    RUN(every_cut_is_malformed);
    RUN(bad_names);
    RUN(names);
    RUN(writes_compressed);
    RUN(what_does_not_fit_is_left_out);
    RUN(txt_pairs);
    return TEST_RESULT();
}
