#include "config/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include "temp.h"
#include "test.h"

static const char *path;
static grat_op op;

static void file(const char *text)
{
    path = test_file("config.yaml", text);
}

static grat_err load(const char *text, grat_config **c)
{
    file(text);
    grat_op_init(&op, 1000, NULL);
    return grat_config_load(&op, c);
}

/* The sentence behind the path. */
static const char *failure(const char *text)
{
    grat_config *c = NULL;
    if (!load(text, &c)) {
        grat_config_free(c);
        return "no failure";
    }
    EQ(op.err, GRAT_EPARSE);
    return strncmp(op.text, path, strlen(path)) == 0 ? op.text + strlen(path) : op.text;
}

TEST(everything)
{
    grat_config *c;
    const char *name;
    EQ(load("default: scope\n"
            "benches: {lab: [meter]}\n"
            "aliases:\n  Scope: TCPIP::10.0.0.5::INSTR\n  meter: scope\n"
            "resources:\n  - USB::1::2::A::INSTR\n"
            "boards: {GPIB1: 'PRLGX-TCPIP::10.0.0.9::1234::INTFC', asrl3: /dev/ttyUSB0}\n", &c), GRAT_OK);
    STR(grat_config_path(c), path);
    STR(grat_config_default(c), "scope");
    STR(grat_config_alias(c, "SCOPE"), "TCPIP::10.0.0.5::INSTR");
    STR(grat_config_alias(c, "meter"), "scope");
    TRUE(grat_config_alias(c, "other") == NULL);
    STR(grat_config_board(c, "gpib1"), "PRLGX-TCPIP::10.0.0.9::1234::INTFC");
    STR(grat_config_board(c, "ASRL3"), "/dev/ttyUSB0");
    STR(grat_config_entry(c, 0, &name), "TCPIP::10.0.0.5::INSTR");
    STR(name, "Scope");
    STR(grat_config_entry(c, 1, &name), "scope");
    STR(grat_config_entry(c, 2, &name), "USB::1::2::A::INSTR");
    TRUE(name == NULL);
    TRUE(grat_config_entry(c, 3, &name) == NULL);
    grat_config_free(c);
}

TEST(empty)
{
    static const char *const texts[] = {"", "# nothing\n", "aliases:\nresources: ~\nboards:\ndefault:\n", "---\n"};
    const char *name;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        grat_config *c;
        EQ(load(texts[i], &c), GRAT_OK);
        TRUE(grat_config_default(c) == NULL && grat_config_entry(c, 0, &name) == NULL);
        grat_config_free(c);
    }
}

TEST(mistakes)
{
    STR(failure("aliases:\n  a: [1\n"), ":3:1: did not find expected ',' or ']'");
    STR(failure("default: x\naliases: scope\n"), ":2:10: an alias is written as name: RESOURCE");
    STR(failure("aliases:\n  ok: A\n  bad: [1, 2]\n"), ":3:3: an alias is written as name: RESOURCE");
    STR(failure("aliases:\n  bad:\n"), ":2:3: an alias is written as name: RESOURCE");
    STR(failure("resources: A\n"), ":1:12: resources: must be a list of resource strings, each behind a dash");
    STR(failure("\nresources:\n  - {a: b}\n"),
        ":3:5: resources: must be a list of resource strings, each behind a dash");
    STR(failure("boards: []\n"), ":1:9: a board is written as GPIB1: RESOURCE or ASRL3: /dev/ttyUSB0");
    STR(failure("default: {}\n"), ":1:10: default: must be an alias or a RESOURCE");
    STR(failure("- a\n- b\n"), ":1:1: the file must hold keys such as default: and aliases:");
    STR(failure("just text\n"), ":1:1: the file must hold keys such as default: and aliases:");
}

TEST(security)
{
    static const char why[] = "security: is written as NAME: {ca: FILE, user: NAME, password-file: FILE, "
                              "tls: require}, with user-cert and user-key";
    static char text[1200], secret[300], want[300];
    grat__config_security s;
    snprintf(secret, sizeof secret, "%s.secret", path);
    FILE *f = fopen(secret, "w");
    TRUE(f && fputs("open sesame\n", f) >= 0 && !fclose(f) && !chmod(secret, 0600));
    snprintf(text, sizeof text, "security:\n  scope: {ca: /a.pem, user: ada, password-file: %s, tls: require}\n"
             "  \"TCPIP::h::hislip0::INSTR\": {user-cert: c, user-key: k, tls: insecure}\n  none: {}\n", secret);
    file(text);
    TRUE(grat__config_security_at(0, false, &s, &op));
    STR(s.name, "scope");
    STR(s.ca, "/a.pem");
    STR(s.user, "ada");
    STR(s.password, "open sesame");
    EQ(s.tls, GRAT_TLS_REQUIRE);
    TRUE(!s.insecure);
    TRUE(grat__config_security_at(1, false, &s, &op));
    STR(s.cert, "c");
    STR(s.key, "k");
    STR(s.password, "");
    EQ(s.tls, GRAT_TLS_REQUIRE);
    TRUE(s.insecure);
    TRUE(grat__config_security_at(2, false, &s, &op));
    EQ(s.tls, GRAT_TLS_AUTO);
    TRUE(!grat__config_security_at(3, false, &s, &op) && !op.err);
    chmod(secret, 0640);
    TRUE(grat__config_security_at(0, true, &s, &op));
    STR(s.password, "");
    TRUE(!grat__config_security_at(0, false, &s, &op));
    EQ(op.err, GRAT_EACCES);
    unlink(secret);
    TRUE(!grat__config_security_at(0, false, &s, &op));
    EQ(op.err, GRAT_EIO);
    snprintf(want, sizeof want, ":1:16: %s", why);
    STR(failure("security: {a: {tsl: require}}\n"), want);
    STR(failure("security: {a: {tls: always}}\n"), want);
    STR(failure("security: {a: {ca: [x]}}\n") , want);
    snprintf(want, sizeof want, ":1:12: %s", why);
    STR(failure("security: {a: b}\n"), want);
    snprintf(want, sizeof want, ":1:11: %s", why);
    STR(failure("security: [a]\n"), want);
}

/* ---- instruments and benches -------------------------------------------------------------------- */

#define INSTRUMENTS                                                                                                    \
    "instruments:\n"                                                                                                   \
    "  meter: {resource: 'TCPIP::10.0.0.7::INSTR', identity: 34461A, setup: ['CONF:VOLT:DC 10', 'VOLT:NPLC 1']}\n"     \
    "  second: {read: 'FETC?', recipe: trigger, resource: 'GPIB::7::INSTR', ready-mask: 16, abort: }\n"

TEST(benches)
{
    grat_config *c;
    EQ(load("benches:\n  lab: [second, meter, old, 'USB::1::2::A::INSTR']\n"
            "  rack: {members: [Meter, {resource: 'SIM::dmm', name: inner, recipe: 'A|B?|C'}], reference: inner,\n"
            "         wiring: [out of A feeds EXT of B]}\n" INSTRUMENTS "aliases: {old: 'TCPIP::a::INSTR'}\n", &c),
       GRAT_OK);
    const grat_bench *b = grat_config_bench(c, 0);
    STR(b->name, "lab");
    EQ(b->members, 4);
    TRUE(!b->reference && !b->wiring);
    const grat_sync_member *m = &b->member[0];
    STR(m->name, "second");
    STR(m->recipe.read, "FETC?");
    STR(m->recipe.start, "@trigger");
    EQ(m->recipe.ready_mask, 16);
    TRUE(!m->recipe.abort);
    STR(b->member[1].recipe.setup, "CONF:VOLT:DC 10\nVOLT:NPLC 1");
    STR(b->member[1].recipe.start, "INITiate");
    STR(b->member[1].identity, "34461A");
    STR(b->member[2].resource, "old");
    STR(b->member[3].resource, "USB::1::2::A::INSTR");
    STR(grat_config_alias(c, "METER"), "TCPIP::10.0.0.7::INSTR");
    b = grat_config_bench(c, 1);
    EQ(b->members, 2);
    STR(b->reference, "inner");
    STR(b->wiring[0], "out of A feeds EXT of B");
    TRUE(!b->wiring[1]);
    STR(b->member[1].recipe.read, "B?");
    STR(b->member[1].recipe.ready, "*OPC?");
    TRUE(!grat_config_bench(c, 2));
    grat_config_free(c);
}

TEST(mistakes_in_benches)
{
    STR(failure("instruments: {a: {resource: A, colour: red}}\n"), ":1:32: an instrument's keys are name resource kind "
        "identity recipe setup arm ready ready-mask start read abort clock stamp");
    STR(failure("instruments:\n  a:\n    kind: dmm\n"), ":3:5: an instrument needs its resource:");
    STR(failure("instruments: {a: {resource: A, recipe: fast}}\n"),
        ":1:40: fast: no recipe; it is init, read, trigger, "
        "external, scope, memory or 'START|READ|ABORT'");
    STR(failure("instruments: {a: {resource: A, ready-mask: -1}}\n"), ":1:44: ready-mask: must be a whole number");
    STR(failure("instruments: {a: {resource: A, setup: [[1]]}}\n"),
        ":1:40: a command is a text; put it between quotes");
    STR(failure("aliases: {A: B}\ninstruments: {a: {resource: A}}\n"), ":2:15: this name is taken; choose another");
    STR(failure("benches:\n  x: [one]\n"),
        ":2:7: neither an instrument, an alias nor a resource; is it spelled as above?");
    STR(failure("default: a\nsecurty: {}\n"), ":2:1: there is no such key: they are default, aliases, resources, "
        "boards, security, instruments and benches");
    STR(failure("benches: {x: []}\n"), ":1:14: a bench has 1 to 256 members");
    STR(failure("benches: {x: y}\n"), ":1:14: a bench is a list of members, or its keys are members reference wiring");
    STR(failure("benches: {x: ['A::B', 'a::b']}\n"), ":1:23: this member is there twice");
    STR(failure("benches: {x: {members: ['A::B'], reference: c}}\n"), ":1:45: reference: must be the name of a member");
}

TEST(missing)
{
    grat_config *c = NULL;
    char there[64];
    snprintf(there, sizeof there, "%s", path);
    grat_op_init(&op, 1000, NULL);
    setenv("GRATICULE_CONFIG", "/nowhere/x.yaml", 1);
    EQ(grat_config_load(&op, &c), GRAT_EIO);
    STR(op.text, "/nowhere/x.yaml: the configuration cannot be read: No such file or directory");
    EQ(grat_config_load_file("/nowhere/y.yaml", &op, &c), GRAT_EIO);
    TRUE(strstr(op.text, "/nowhere/y.yaml"));
    setenv("GRATICULE_CONFIG", "/", 1);
    EQ(grat_config_load(&op, &c), GRAT_EIO);
    unsetenv("GRATICULE_CONFIG");
    setenv("XDG_CONFIG_HOME", "/nowhere", 1);
    EQ(grat_config_load(&op, &c), GRAT_OK);
    STR(grat_config_path(c), "/nowhere/graticule/config.yaml");
    grat_config_free(c);
    setenv("GRATICULE_CONFIG", there, 1);
}

TEST(lookups)
{
    char out[GRAT__CONFIG_TEXT] = "";
    file("aliases: {a: b, b: C, round: about, about: round}\nboards: {ASRL3: /dev/x}\n");
    TRUE(grat__config_alias("A", out, &op));
    STR(out, "C");
    TRUE(!grat__config_alias("c", out, &op) && !op.err);
    TRUE(!grat__config_alias("round", out, &op));
    EQ(op.err, GRAT_EPARSE);
    TRUE(grat__config_board("asrl3", out, &op));
    STR(out, "/dev/x");
    TRUE(!grat__config_board("asrl4", out, &op) && !op.err);
}

TEST(changes_are_seen)
{
    char out[GRAT__CONFIG_TEXT] = "";
    file("aliases: {a: one}\n");
    TRUE(grat__config_alias("a", out, &op));
    file("aliases: {a: three}\n");
    TRUE(grat__config_alias("a", out, &op));
    STR(out, "three");
    file("aliases: [");
    TRUE(!grat__config_alias("a", out, &op));
    EQ(op.err, GRAT_EPARSE);
    file("aliases: {a: four}\n");
    TRUE(grat__config_alias("a", out, &op));
    STR(out, "four");
}

int main(void)
{
    file("");
    setenv("GRATICULE_CONFIG", path, 1);
    RUN(everything);
    RUN(empty);
    RUN(mistakes);
    RUN(security);
    RUN(benches);
    RUN(mistakes_in_benches);
    RUN(missing);
    RUN(lookups);
    RUN(changes_are_seen);
    return TEST_RESULT();
}
