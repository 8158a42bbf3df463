#include "discover/mdns_cache.h"

#include "test.h"

enum { MOST = 8 };
static grat__address store[MOST], *list[MOST];
static unsigned n;

static grat__address *add(const char *resource, const char *host, const char *model, const char *serial)
{
    grat__address *a = list[n] = &store[n];
    n++;
    *a = (grat__address){.ask = GRAT__ASK_HOST, .openable = true, .rank = 2};
    snprintf(a->resource, sizeof a->resource, "%s", resource);
    snprintf(a->host, sizeof a->host, "%s", host);
    snprintf(a->identity.model, sizeof a->identity.model, "%s", model);
    snprintf(a->identity.serial, sizeof a->identity.serial, "%s", serial);
    return a;
}

/* "0012": the group of each. */
static const char *groups(void)
{
    static char out[MOST + 1];
    grat__merge(list, n);
    for (unsigned i = 0; i < n; i++) out[i] = (char)('0' + list[i]->group);
    out[n] = '\0';
    return out;
}

TEST(by_serial_number)
{
    n = 0;
    add("a", "10.0.0.1", "DS1", "X1");
    add("usb", "", "DS1 Series", "x1");
    add("b", "10.0.0.2", "DS1", "X2");
    add("c", "10.0.0.3", "DS2", "X2");
    STR(groups(), "0023");
}

TEST(an_answer_outweighs_the_serial_number)
{
    n = 0;
    add("a", "10.0.0.1", "DS1", "X1");
    add("usb", "", "DS2", "X1")->state = GRAT__ANSWERED;
    STR(groups(), "01");
}

TEST(no_serial_number_is_no_identity)
{
    n = 0;
    add("a", "10.0.0.1", "DS1", "0");
    add("b", "10.0.0.2", "DS1", "0");
    add("c", "10.0.0.3", "DS1", "");
    add("d", "10.0.0.4", "DS1", "");
    STR(groups(), "0123");
}

TEST(by_host)
{
    n = 0;
    add("vxi", "10.0.0.1", "", "");
    add("hislip", "10.0.0.1", "", "");
    add("other", "10.0.0.2", "", "");
    add("raw", "10.0.0.1", "DS1", "X1");
    STR(groups(), "0020");
}

TEST(several_instruments_on_a_host)
{
    n = 0;
    add("raw", "10.0.0.1", "DS1", "X1");
    add("raw2", "10.0.0.1", "DS1", "X2");
    add("vxi", "10.0.0.1", "", "");
    STR(groups(), "012");
}

TEST(gateway_devices_stay_apart)
{
    n = 0;
    add("gpib0,7", "10.0.0.1", "", "")->ask = GRAT__ASK_ALWAYS;
    add("gpib0,9", "10.0.0.1", "", "")->ask = GRAT__ASK_ALWAYS;
    STR(groups(), "01");
}

TEST(one_question_a_host)
{
    n = 0;
    grat__address *raw = add("raw", "10.0.0.1", "", ""), *vxi = add("vxi", "10.0.0.1", "", "");
    add("other", "10.0.0.2", "", "");
    raw->rank = 5;
    TRUE(!grat__should_ask(list, n, 0));
    TRUE(grat__should_ask(list, n, 1));
    TRUE(grat__should_ask(list, n, 2));
    vxi->guess = true;
    TRUE(grat__should_ask(list, n, 0));
    TRUE(!grat__should_ask(list, n, 1));
    vxi->guess = false;
    vxi->state = GRAT__ASKING;
    TRUE(!grat__should_ask(list, n, 0));
    vxi->state = GRAT__SILENT;
    TRUE(grat__should_ask(list, n, 0));
    vxi->state = GRAT__ANSWERED;
    TRUE(!grat__should_ask(list, n, 0));
    raw->ask = GRAT__ASK_ALWAYS;
    TRUE(grat__should_ask(list, n, 0));
    raw->ask = GRAT__ASK_NEVER;
    TRUE(!grat__should_ask(list, n, 0));
}

TEST(announced_serials_tell_instruments_apart)
{
    n = 0;
    add("a", "10.0.0.1", "DS1", "X1")->state = GRAT__ANSWERED;
    add("b", "10.0.0.1", "DS1", "X2");
    TRUE(grat__should_ask(list, n, 1));
    grat__address *no = add("c", "10.0.0.1", "DS1", "X1");
    TRUE(!grat__should_ask(list, n, 2));
    no->openable = false;
    no->identity.serial[1] = '3';
    TRUE(!grat__should_ask(list, n, 2));
}

/* ---- services --------------------------------------------------------------------------------- */

static const char *resource_of(grat__mdns_kind kind, unsigned port, const char *vendor, const char *address)
{
    static char text[GRAT__FIND_TEXT];
    grat__mdns_service v = {.kind = kind, .port = (uint16_t)port};
    grat__seen seen;
    snprintf(v.identity.vendor, sizeof v.identity.vendor, "%s", vendor);
    snprintf(v.identity.model, sizeof v.identity.model, "M");
    return grat__mdns_seen(&v, address, &seen, text) ? text : "";
}

TEST(services_as_resources)
{
    STR(resource_of(GRAT__MDNS_VXI11, 111, "", "10.0.0.1"), "TCPIP0::10.0.0.1::inst0::INSTR");
    STR(resource_of(GRAT__MDNS_HISLIP, 4880, "", "10.0.0.1"), "TCPIP0::10.0.0.1::hislip0::INSTR");
    STR(resource_of(GRAT__MDNS_HISLIP, 4881, "", "fe80::1%eth0"), "TCPIP0::[fe80::1%eth0]::hislip0,4881::INSTR");
    STR(resource_of(GRAT__MDNS_RAW, 5025, "", "10.0.0.1"), "TCPIP0::10.0.0.1::5025::SOCKET");
    STR(resource_of(GRAT__MDNS_RAW, 0, "", "10.0.0.1"), "");
    STR(resource_of(GRAT__MDNS_TELNET, 5024, "A", "10.0.0.1"), "");
    STR(resource_of(GRAT__MDNS_HTTP, 80, "", "10.0.0.1"), "");
    STR(resource_of(GRAT__MDNS_LXI, 80, "Keysight", "10.0.0.1"), "TCPIP0::10.0.0.1::inst0::INSTR");
    STR(resource_of(GRAT__MDNS_LXI, 80, "LeCroy", "10.0.0.1"), "VICP0::10.0.0.1::INSTR");
}

/* A responder that answers a question with nothing beside it is asked for the rest. */
TEST(what_is_missing_is_asked_for)
{
    static const uint8_t lone[] =
        "\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00"
        "\x07_hislip\x04_tcp\x05local\x00" "\x00\x0c\x00\x01\x00\x00\x00\x0a\x00\x05" "\x02" "DM\xc0\x0c";
    static grat__mdns_cache c;
    grat__dns_writer w;
    grat__dns_reader r;
    grat__dns_record rec;
    char text[300];
    grat__mdns_take(&c, lone, sizeof lone - 1, 0);
    EQ(c.services, 1);
    grat__dns_start(&w, 1, 0, GRAT__MDNS_FIT);
    EQ(grat__mdns_ask_missing(&c, &w), 2);
    grat__dns_begin(&r, w.buf.data, w.buf.len);
    EQ(grat__dns_next(&r, &rec), GRAT_OK);
    EQ(rec.type, GRAT__DNS_SRV);
    STR(grat__dns_name_text(&rec.name, text, sizeof text), "DM._hislip._tcp.local");
    grat__dns_free(&w);
    /* the same as a query, and cut: neither adds anything */
    uint8_t bad[sizeof lone];
    memcpy(bad, lone, sizeof lone);
    bad[2] = 0;
    bad[43] = 'x';
    grat__mdns_take(&c, bad, sizeof lone - 1, 0);
    EQ(c.services, 1);
    grat__mdns_take(&c, lone, sizeof lone - 4, 0);
    EQ(c.malformed, 1);
}

int main(void)
{
    RUN(by_serial_number);
    RUN(an_answer_outweighs_the_serial_number);
    RUN(no_serial_number_is_no_identity);
    RUN(by_host);
    RUN(several_instruments_on_a_host);
    RUN(gateway_devices_stay_apart);
    RUN(one_question_a_host);
    RUN(announced_serials_tell_instruments_apart);
    RUN(services_as_resources);
    RUN(what_is_missing_is_asked_for);
    return TEST_RESULT();
}
