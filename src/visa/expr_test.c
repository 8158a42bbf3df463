#include "visa_int.h"
#include "test.h"

#include <time.h>

/* Some attributes stand for all. */
bool visa__attr_by_name(const char *name, ViAttr *attr, bool *global)
{
    static const struct {
        const char *name;
        ViAttr attr;
        bool global;
    } table[] = {
        {"VI_ATTR_ASRL_BAUD", (ViAttr)VI_ATTR_ASRL_BAUD, true},
        {"VI_ATTR_GPIB_SECONDARY_ADDR", (ViAttr)VI_ATTR_GPIB_SECONDARY_ADDR, true},
        {"VI_ATTR_MANF_ID", (ViAttr)VI_ATTR_MANF_ID, true},
        {"VI_ATTR_INTF_TYPE", (ViAttr)VI_ATTR_INTF_TYPE, true},
        {"VI_ATTR_RSRC_CLASS", (ViAttr)VI_ATTR_RSRC_CLASS, true},
        {"VI_ATTR_MODEL_NAME", (ViAttr)VI_ATTR_MODEL_NAME, true},
        {"VI_ATTR_TMO_VALUE", (ViAttr)VI_ATTR_TMO_VALUE, false},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].name, name) == 0) {
            *attr = table[i].attr;
            *global = table[i].global;
            return true;
        }
    return false;
}

static int asked;

/* A resource with some attributes, and without the others. */
static bool answer(void *user, ViAttr attr, visa_value *out)
{
    (void)user;
    asked++;
    out->is_text = attr >> 31;
    switch (attr) {
    case VI_ATTR_ASRL_BAUD: out->number = 9600; return true;
    case VI_ATTR_GPIB_SECONDARY_ADDR: out->number = 3; return true;
    case VI_ATTR_MANF_ID: out->number = 0xFF6; return true;
    case VI_ATTR_VXI_LA: out->number = 5; return true;
    case VI_ATTR_SLOT: out->number = 2; return true;
    case VI_ATTR_INTF_TYPE: out->number = VI_INTF_TCPIP; return true;
    case VI_ATTR_RSRC_CLASS: memcpy(out->text, "INSTR", 6); return true;
    default: return false;
    }
}

/* 1 matches, 0 does not, -1 is malformed. */
static int match(const char *text, const char *resource)
{
    visa_expr *e = NULL;
    ViStatus status = visa__expr_new(text, &e);
    int r;

    if (status != VI_SUCCESS) {
        EQ(status, VI_ERROR_INV_EXPR);
        return -1;
    }
    r = visa__expr_match(e, resource, answer, NULL);
    visa__expr_free(e);
    return r;
}

TEST(examples)
{
    EQ(match("GPIB[0-9]*::?*INSTR", "GPIB0::2::INSTR"), 1);
    EQ(match("GPIB[0-9]*::?*INSTR", "GPIB1::1::1::INSTR"), 1);
    EQ(match("GPIB[0-9]*::?*INSTR", "GPIB-VXI0::8::INSTR"), 0);
    EQ(match("GPIB[^0]::?*INSTR", "GPIB1::1::1::INSTR"), 1);
    EQ(match("GPIB[^0]::?*INSTR", "GPIB0::2::INSTR"), 0);
    EQ(match("GPIB[^0]::?*INSTR", "GPIB12::8::INSTR"), 0);
    EQ(match("ASRL1+::INSTR", "ASRL1::INSTR"), 1);
    EQ(match("ASRL1+::INSTR", "ASRL11::INSTR"), 1);
    EQ(match("ASRL1+::INSTR", "ASRL2::INSTR"), 0);
    EQ(match("(GPIB|VXI)?*INSTR", "GPIB0::2::INSTR"), 1);
    EQ(match("(GPIB|VXI)?*INSTR", "VXI0::2::INSTR"), 1);
    EQ(match("(GPIB|VXI)?*INSTR", "TCPIP0::h::inst0::INSTR"), 0);
    EQ(match("?*", "TCPIP0::h::inst0::INSTR"), 1);
    EQ(match("/?*", "TCPIP0::h::inst0::INSTR"), 1);
    EQ(match("?*INSTR", "TCPIP0::h::5025::SOCKET"), 0);
    EQ(match("?*::INSTR", "USB0::0x1AB1::0x04CE::DS1::0::INSTR"), 1);
    EQ(match("ASRL*", "ASRL1::INSTR"), 0);
    EQ(match("ASRL*", "ASRLLL"), 1);
    EQ(match("ASRL*", "ASR"), 1);
    EQ(match("TCPIP::?*::INSTR", "TCPIP0::h::inst0::INSTR"), 0);
    EQ(match("ASRL?*INSTR{VI_ATTR_ASRL_BAUD == 9600}", "ASRL1::INSTR"), 1);
    EQ(match("ASRL?*INSTR{VI_ATTR_ASRL_BAUD == 9601}", "ASRL1::INSTR"), 0);
    EQ(match("GPIB[0-9]*::?*::?*::INSTR {VI_ATTR_GPIB_SECONDARY_ADDR > 0 && VI_ATTR_GPIB_SECONDARY_ADDR < 10}",
             "GPIB0::5::3::INSTR"), 1);
    EQ(match("?*VXI?*INSTR{VI_ATTR_MANF_ID == 0xFF6 && !(VI_ATTR_VXI_LA == 0 || VI_ATTR_SLOT <= 0)}",
             "GPIB-VXI0::8::INSTR"), 1);
    EQ(match("?*VXI?INSTR{VI_ATTR_MANF_ID == 0xFF6 && !(VI_ATTR_VXI_LA == 0 || VI_ATTR_SLOT <= 0)}",
             "GPIB-VXI0::8::INSTR"), 0);
}

TEST(whole_and_case)
{
    EQ(match("tcpip?*inst0::instr", "TCPIP0::Host::inst0::INSTR"), 1);
    EQ(match("TCPIP?*HOST?*", "TCPIP0::host::inst0::INSTR"), 1);
    EQ(match("[a-c]SRL1", "ASRL1"), 1);
    EQ(match("[^a]SRL1", "ASRL1"), 0);
    EQ(match("INSTR", "X::INSTR"), 0);
    EQ(match("X", "X::INSTR"), 0);
    EQ(match("VXI|GPIB", "GPIB"), 1);
    EQ(match("VXI|GPIB", "VXIPIB"), 0);
    EQ(match("a|b|c(d|e)*f", "B"), 1);
    EQ(match("a|b|c(d|e)*f", "CDEEDF"), 1);
    EQ(match("a|b|c(d|e)*f", "CDGF"), 0);
    EQ(match("(ab)+", "ababab"), 1);
    EQ(match("(ab)+", ""), 0);
    EQ(match("(a|b+)*c", "aabbbac"), 1);
    EQ(match("((a*)*)*b", "aaab"), 1);
}

TEST(literals)
{
    EQ(match("a\\?b", "a?b"), 1);
    EQ(match("a\\?b", "axb"), 0);
    EQ(match("a\\*", "a*"), 1);
    EQ(match("a\\{b", "a{b"), 1);
    EQ(match("a.b", "a.b"), 1);
    EQ(match("a.b", "axb"), 0);
    EQ(match("^a$", "^a$"), 1);
    EQ(match("[.]", "x"), 0);
    EQ(match("[a-]", "-"), 1);
    EQ(match("[]a]", "]"), 1);
    EQ(match("[^]a]", "]"), 0);
    EQ(match("[\\]a]", "]"), 1);
    EQ(match("[{]a", "{a"), 1);
    EQ(match("TCPIP0::\\[?*\\]::?*", "TCPIP0::[fe80::1]::inst0::INSTR"), 1);
}

TEST(malformed)
{
    static const char *const bad[] = {
        "", "*", "+a", "a|*", "(*a)", "[a", "[]", "[^]", "a]", "(a", "a)", "a\\", "[z-a]", "a}", "a{", "a{}", "{1}",
        "a{VI_ATTR_NONE == 1}", "a{VI_ATTR_TMO_VALUE == 1}", "a{VI_ATTR_SLOT = 1}", "a{VI_ATTR_SLOT == }",
        "a{VI_ATTR_SLOT == 1", "a{VI_ATTR_SLOT == 1}x", "a{VI_ATTR_SLOT == 1 VI_ATTR_SLOT}", "a{(VI_ATTR_SLOT == 1}",
        "a{VI_ATTR_SLOT == 1)}", "a{VI_ATTR_SLOT == 0x}", "a{VI_ATTR_SLOT == 09}", "a{VI_ATTR_SLOT == 1.5}",
        "a{VI_ATTR_SLOT == \"1\"}", "a{VI_ATTR_RSRC_CLASS == 1}", "a{VI_ATTR_RSRC_CLASS < \"A\"}",
        "a{VI_ATTR_RSRC_CLASS == \"A}", "a{VI_ATTR_SLOT == 99999999999999999999}", "a{VI_ATTR_SLOT & 1}",
        "a{VI_ATTR_SLOT == 1 || }", "a{!}", "a{VI_ATTR_RSRC_CLASS}", "a{!VI_ATTR_RSRC_CLASS}", "a{&& 1}",
    };
    char deep[200], wide[2000];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int r = match(bad[i], "a");

        if (r != -1) fprintf(stderr, "\"%s\"\n", bad[i]);
        EQ(r, -1);
    }
    memset(deep, '(', sizeof(deep));
    deep[sizeof(deep) - 1] = 0;
    EQ(match(deep, "a"), -1);
    deep[0] = 'a', deep[1] = '{';
    EQ(match(deep, "a"), -1);
    memset(deep + 2, '!', sizeof(deep) - 3);
    EQ(match(deep, "a"), -1);
    memset(wide, 'a', sizeof(wide));
    wide[sizeof(wide) - 1] = 0;
    EQ(match(wide, wide), -1);
    wide[1024] = 0;
    EQ(match(wide, wide), 1);
}

TEST(attribute_values)
{
    EQ(match("a{VI_ATTR_INTF_TYPE == VI_INTF_TCPIP}", "a"), 1);
    EQ(match("a{6 == VI_ATTR_INTF_TYPE}", "a"), 1);
    EQ(match("a{VI_ATTR_INTF_TYPE != 6}", "a"), 0);
    EQ(match("a{VI_ATTR_MANF_ID == 07766}", "a"), 1);
    EQ(match("a{VI_ATTR_MANF_ID == 4086}", "a"), 1);
    EQ(match("a{VI_ATTR_SLOT > -1}", "a"), 1);
    EQ(match("a{VI_ATTR_SLOT>=2&&VI_ATTR_SLOT<=2}", "a"), 1);
    EQ(match("a{VI_ATTR_RSRC_CLASS == \"INSTR\"}", "a"), 1);
    EQ(match("a{VI_ATTR_RSRC_CLASS != \"RAW\"}", "a"), 1);
    EQ(match("a{VI_ATTR_RSRC_CLASS == \"}\"}", "a"), 0);
    EQ(match("a{ ( VI_ATTR_SLOT == 2 ) } ", "a"), 1);
    /* The order of && and ||, and of ! and a comparison. */
    EQ(match("a{1 == 1 || 1 == 1 && 1 == 0}", "a"), 1);
    EQ(match("a{(1 == 1 || 1 == 1) && 1 == 0}", "a"), 0);
    EQ(match("a{!VI_ATTR_SLOT == 0}", "a"), 1);
    EQ(match("a{!(VI_ATTR_SLOT == 0)}", "a"), 1);
    /* What the resource does not have. */
    EQ(match("a{VI_ATTR_PXI_SLOTPATH == \"x\" || VI_ATTR_MEM_BASE >= 0}", "a"), 0);
    EQ(match("a{VI_ATTR_MODEL_NAME == \"x\"}", "a"), 0);
    EQ(match("a{VI_ATTR_MODEL_NAME != \"x\"}", "a"), 0);
    EQ(match("a{!(VI_ATTR_MODEL_NAME == \"x\")}", "a"), 1);
}

TEST(asks_only_what_it_needs)
{
    asked = 0;
    EQ(match("b{VI_ATTR_SLOT == 2}", "a"), 0);
    EQ(asked, 0);
    EQ(match("a{VI_ATTR_SLOT == 3 && VI_ATTR_SLOT == 2}", "a"), 0);
    EQ(asked, 1);
    EQ(match("a{VI_ATTR_SLOT == 2 || VI_ATTR_SLOT == 3}", "a"), 1);
    EQ(asked, 2);
}

/* Expressions that take exponential time in a matcher that goes back. */
TEST(linear_time)
{
    char text[1025], subject[2001], chain[1025];
    size_t n = 0;
    clock_t start = clock();

    memset(subject, 'a', sizeof(subject));
    subject[sizeof(subject) - 1] = 0;
    for (n = 0; n + 2 < sizeof(text); n += 2) memcpy(text + n, "a*", 2);
    memcpy(text + n - 2, "b", 2);
    EQ(match(text, subject), 0);
    EQ(match("(((((a*)*)*)*)*)*b", subject), 0);
    EQ(match("(a|a|a|a)*(a|aa)*b", subject), 0);
    memcpy(chain, "a{1==1", 7);
    for (n = 6; n + 7 < sizeof(chain); n += 6) memcpy(chain + n, "&&1==1", 6);
    memcpy(chain + n, "}", 2);
    EQ(match(chain, "a"), 1);
    TRUE((double)(clock() - start) / CLOCKS_PER_SEC < 5);
}

int main(void)
{
    RUN(examples);
    RUN(whole_and_case);
    RUN(literals);
    RUN(malformed);
    RUN(attribute_values);
    RUN(asks_only_what_it_needs);
    RUN(linear_time);
    return TEST_RESULT();
}
