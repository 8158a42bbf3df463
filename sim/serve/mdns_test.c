#include "sim/serve/mdns_item.h"

#include "test.h"

static sim_mdns_item item;
static grat_op op;

static void make(unsigned number)
{
    static sim_addr addr;
    grat_op_init(&op, 1000, NULL);
    EQ(sim_addr_parse(&addr, "127.0.0.5", &op), GRAT_OK);
    sim_mdns_plan plan = {.idn = "RIGOL TECHNOLOGIES,DS1104Z,DS1ZA1,00.04\n", .web = true, .addr = &addr,
                          .resources = "TCPIP0::127.0.0.5::inst0::INSTR TCPIP0::127.0.0.5::hislip0,4881::INSTR "
                                       "TCPIP0::127.0.0.5::5555::SOCKET ASRL/dev/pts/3::INSTR",
                          .number = number};
    EQ(sim_mdns_item_init(&item, &plan), GRAT_OK);
}

static sim_mdns_want ask(const char *name, uint16_t type)
{
    grat__dns_record q = {.section = GRAT__DNS_QUESTION, .type = type, .klass = GRAT__DNS_IN};
    sim_mdns_want want = {0};
    TRUE(grat__dns_name_from(&q.name, name));
    sim_mdns_match(&item, &q, &want);
    return want;
}

TEST(names_and_services)
{
    char text[300];
    make(1);
    STR(item.label, "RIGOL TECHNOLOGIES DS1104Z - DS1ZA1");
    STR(grat__dns_name_text(&item.host, text, sizeof text), "ds1104z-ds1za1.local");
    static const struct {
        const char *type;
        unsigned port;
    } wanted[] = {{"_lxi", 80}, {"_http", 80}, {"_vxi-11", 111}, {"_hislip", 4881}, {"_scpi-raw", 5555}};
    EQ(item.services, 5);
    for (unsigned i = 0; i < item.services; i++) {
        char full[80];
        snprintf(full, sizeof full, "%s._tcp.local", wanted[i].type);
        STR(grat__dns_name_text(&item.service[i].type, text, sizeof text), full);
        EQ(item.service[i].port, wanted[i].port);
    }
    sim_mdns_item_free(&item);
    make(3);
    STR(item.label, "RIGOL TECHNOLOGIES DS1104Z - DS1ZA1 #3");
    STR(grat__dns_name_text(&item.host, text, sizeof text), "ds1104z-ds1za1-3.local");
    sim_mdns_item_free(&item);
}

TEST(questions)
{
    make(1);
    EQ(ask("_HISLIP._tcp.local", GRAT__DNS_PTR).ptr, 1 << 3);
    EQ(ask("_hislip._tcp.local", GRAT__DNS_SRV).ptr, 0);
    EQ(ask("_services._dns-sd._udp.local", GRAT__DNS_PTR).meta, 31);
    EQ(ask("RIGOL TECHNOLOGIES DS1104Z - DS1ZA1._lxi._tcp.local", GRAT__DNS_TXT).txt, 1);
    EQ(ask("RIGOL TECHNOLOGIES DS1104Z - DS1ZA1._lxi._tcp.local", GRAT__DNS_ANY).srv, 1);
    TRUE(ask("ds1104z-ds1za1.local", GRAT__DNS_A).address);
    TRUE(!ask("ds1104z-ds1za1.local", GRAT__DNS_AAAA).address);
    sim_mdns_want none = ask("_ipp._tcp.local", GRAT__DNS_PTR), known = ask("_lxi._tcp.local", GRAT__DNS_PTR);
    TRUE(!sim_mdns_wants(&none));
    sim_mdns_known(&item, &item.service[0].instance, &known);
    TRUE(!sim_mdns_wants(&known));
    sim_mdns_item_free(&item);
}

/* Counts the records of an answer to one question by section, and returns the largest TTL. */
static uint32_t answer(const sim_mdns_style *style, unsigned count[4])
{
    grat__dns_writer w;
    grat__dns_reader r;
    grat__dns_record rec;
    uint32_t most = 0;
    sim_mdns_want want = ask("_lxi._tcp.local", GRAT__DNS_PTR);
    memset(count, 0, 4 * sizeof *count);
    grat__dns_start(&w, 0, GRAT__DNS_RESPONSE, GRAT__MDNS_FIT);
    sim_mdns_put(&item, &want, style, &w);
    EQ(grat__dns_begin(&r, w.buf.data, w.buf.len), GRAT_OK);
    while (!grat__dns_next(&r, &rec)) {
        count[rec.section]++;
        if (rec.ttl > most) most = rec.ttl;
        if (style->legacy) EQ(rec.klass, GRAT__DNS_IN);
    }
    grat__dns_free(&w);
    return most;
}

TEST(answers)
{
    unsigned count[4];
    make(1);
    EQ(answer(&(sim_mdns_style){0}, count), 4500);
    EQ(count[GRAT__DNS_ANSWER], 1);
    EQ(count[GRAT__DNS_ADDITIONAL], 3);
    EQ(answer(&(sim_mdns_style){.legacy = true}, count), 10);
    EQ(answer(&(sim_mdns_style){.goodbye = true}, count), 0);
    answer(&(sim_mdns_style){.bare = true}, count);
    EQ(count[GRAT__DNS_ADDITIONAL], 0);
    sim_mdns_item_free(&item);
}

int main(void)
{
    RUN(names_and_services);
    RUN(questions);
    RUN(answers);
    return TEST_RESULT();
}
