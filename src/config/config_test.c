#include "config/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char path[] = "/tmp/grat-config-XXXXXX";
static grat_op op;

static void file(const char *text)
{
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
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
            "benches: {lab: [ds1104z]}\n"
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
    STR(failure("aliases:\n  a: [1\n"), ":3: did not find expected ',' or ']'");
    STR(failure("x: 1\naliases: scope\n"), ":2: an alias is written as name: RESOURCE");
    STR(failure("aliases:\n  ok: A\n  bad: [1, 2]\n"), ":3: an alias is written as name: RESOURCE");
    STR(failure("aliases:\n  bad:\n"), ":2: an alias is written as name: RESOURCE");
    STR(failure("resources: A\n"), ":1: resources: must be a list of resource strings, each behind a dash");
    STR(failure("\nresources:\n  - {a: b}\n"), ":3: resources: must be a list of resource strings, each behind a dash");
    STR(failure("boards: []\n"), ":1: a board is written as GPIB1: RESOURCE or ASRL3: /dev/ttyUSB0");
    STR(failure("default: {}\n"), ":1: default: must be an alias or a RESOURCE");
    STR(failure("- a\n- b\n"), ":1: the file must hold keys such as default: and aliases:");
    STR(failure("just text\n"), ":1: the file must hold keys such as default: and aliases:");
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
    int fd = mkstemp(path);
    if (fd < 0) return 1;
    close(fd);
    setenv("GRATICULE_CONFIG", path, 1);
    RUN(everything);
    RUN(empty);
    RUN(mistakes);
    RUN(missing);
    RUN(lookups);
    RUN(changes_are_seen);
    unlink(path);
    return TEST_RESULT();
}
