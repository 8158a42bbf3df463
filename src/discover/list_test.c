/* Plain lists: what is configured comes first, in the file's order, and what was found is remembered. */
#include <graticule/graticule.h>

#include <unistd.h>

#include "temp.h"
#include "test.h"

static const char *path;

static void file(const char *text)
{
    path = test_file("config.yaml", text);
}

TEST(configured_first)
{
    grat_list *l;
    grat_op op;
    file("aliases: {b: 'tcpip::127.99.0.2::instr', again: B, a: 'TCPIP::127.99.0.1::5025::SOCKET'}\n"
         "resources: ['TCPIP::127.99.0.2::inst0::INSTR', nonsense, 'SIM::plain']\n");
    grat_op_init(&op, 5000, NULL);
    EQ(grat_list_resources(0, &op, &l), GRAT_OK);
    STR(grat_list_item(l, 0), "TCPIP0::127.99.0.2::inst0::INSTR");
    STR(grat_list_item(l, 1), "TCPIP0::127.99.0.1::5025::SOCKET");
    STR(grat_list_item(l, 2), "SIM::plain");
    unsigned n = 0;
    for (const char *text; (text = grat_list_item(l, n)); n++) {
        for (unsigned i = 0; i < n; i++) TRUE(strcmp(grat_list_item(l, i), text) != 0);
    }
    TRUE(grat_list_item(l, n + 1) == NULL);
    grat_list_free(l);
}

/* The search of the test above is young enough; the configuration is read anew. */
TEST(remembered)
{
    grat_list *l;
    grat_op op;
    file("resources: ['SIM::ds1104z']\n");
    grat_op_init(&op, 5000, NULL);
    int64_t begin = grat_now_ns();
    EQ(grat_list_resources(60000, &op, &l), GRAT_OK);
    TRUE(grat_now_ns() - begin < 500000000);
    STR(grat_list_item(l, 0), "SIM::ds1104z");
    grat_list_free(l);
}

static void count(void *user, const grat_found *found)
{
    unsigned *n = user;
    TRUE(found->addresses[0] == found->resource);
    (*n)++;
}

/* Two resources in the process itself, asked who they are; one alias on top. */
TEST(only_one_source)
{
    grat_op op;
    unsigned n = 0;
    grat_discover_options opt = {.size = sizeof opt, .sources = GRAT_FIND_CONFIG};
    file("aliases: {me: 'SIM::ds1104z'}\nresources: ['SIM::ds1104z', 'SIM::mso1104z']\n");
    grat_op_init(&op, 5000, NULL);
    int64_t begin = grat_now_ns();
    EQ(grat_discover(&opt, count, &n, &op), GRAT_OK);
    EQ(n, 2);
    TRUE(grat_now_ns() - begin < 3000000000);
}

TEST(by_bus)
{
    grat_op op;
    grat_catalog *c = NULL;
    unsigned n = 0;
    grat_discover_options opt = {.size = sizeof opt, .sources = GRAT_FIND_CONFIG, .silent = true};
    file("aliases: {me: 'SIM::ds1104z'}\nresources: ['SIM::ds1104z', 'TCPIP::127.99.0.9::7::SOCKET', "
         "'USB::1::2::A::INSTR',"
         " 'PRLGX-ASRL1::/dev/none::INTFC', 'SIM::dmm']\n");
    grat_op_init(&op, 5000, NULL);
    EQ(grat_catalog_new(&opt, &op, &c), GRAT_OK);
    if (!c) return;
    for (const char *bus; (bus = grat_catalog_bus(c, n)); n++) {
        TRUE(grat_catalog_item(c, bus, 0) != NULL);
        TRUE(strpbrk(bus, "0123456789:") == NULL);
    }
    EQ(n, 4);
    STR(grat_catalog_item(c, "sim", 0)->resource, "SIM::ds1104z");
    STR(grat_catalog_item(c, "SIM", 0)->name, "me");
    STR(grat_catalog_item(c, "SIM", 1)->resource, "SIM::dmm");
    TRUE(grat_catalog_item(c, "SIM", 2) == NULL);
    STR(grat_catalog_item(c, "TCPIP", 0)->addresses[0], "TCPIP0::127.99.0.9::7::SOCKET");
    TRUE(grat_catalog_item(c, "USB", 0) && grat_catalog_item(c, "PRLGX-ASRL", 0) && !grat_catalog_item(c, "GPIB", 0));
    TRUE(grat_catalog_item(c, NULL, 4) && !grat_catalog_item(c, NULL, 5));
    grat_catalog_free(c);
    grat_catalog_free(NULL);
}

TEST(cancelled)
{
    grat_op op;
    grat_cancel *c = grat_cancel_new();
    grat_list *l = NULL;
    grat_op_init(&op, 5000, c);
    grat_cancel_fire(c);
    EQ(grat_discover(NULL, NULL, NULL, &op), GRAT_ECANCELED);
    EQ(grat_list_resources(0, &op, &l), GRAT_ECANCELED);
    TRUE(l == NULL);
    grat_cancel_free(c);
}

int main(void)
{
    file("");
    setenv("GRATICULE_CONFIG", path, 1);
    RUN(configured_first);
    RUN(remembered);
    RUN(only_one_source);
    RUN(by_bus);
    RUN(cancelled);
    return TEST_RESULT();
}
