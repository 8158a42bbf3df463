#include "cli/cli.h"
#include "test.h"

static const cli_option capture_options[] = {
    {"output", 'o', CLI_FILE, "FILE", "", NULL},
    {"format", 'f', CLI_CHOICE, "FORMAT", "", "csv npy"},
    {"count", 'n', CLI_COUNT, "N", "", NULL},
    {"period", 'p', CLI_AMOUNT, "TIME", "", "s"},
    {"memory", 'm', CLI_FLAG, NULL, "", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};
static const cli_command capture = {.name = "capture", .args = "[RESOURCE]", .options = capture_options, .max_args = 1};
static const cli_command convert = {.name = "convert", .args = "FILE FILE", .min_args = 2, .max_args = 2};

const cli_option cli_globals[] = {
    {"json", 'j', CLI_FLAG, NULL, "", NULL},
    {"help", 'h', CLI_FLAG, NULL, "", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};
const cli_command *const cli_commands[] = {&capture, &convert, NULL};

const cli_command *cli_find_command(const char *name)
{
    return strcmp(name, "capture") == 0 ? &capture : strcmp(name, "convert") == 0 ? &convert : NULL;
}

const char *cli_nearest_command(const char *name)
{
    static const char *const names[] = {"capture", "convert", NULL};
    return cli_nearest(name, names);
}

static cli_args a;

static bool parse(int n, const char *const *words)
{
    char *argv[16] = {(char *)(uintptr_t)"grat"};
    for (int i = 0; i < n; i++) argv[i + 1] = (char *)(uintptr_t)words[i];
    return cli_args_parse(&a, n + 1, argv);
}
#define PARSE(...) parse(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

TEST(options_stand_anywhere)
{
    TRUE(PARSE("-j", "capture", "-o", "x.csv", "SIM::ds1104z", "--period=2ms", "-om.npy"));
    STR(a.command->name, "capture");
    EQ(a.args, 1);
    STR(a.arg[0], "SIM::ds1104z");
    TRUE(cli_has(&a, "json"));
    STR(cli_value_nth(&a, "output", 0), "x.csv");
    STR(cli_value(&a, "output"), "m.npy");
    NEAR(cli_amount(&a, "period", 0), 2e-3, 1e-15);
    TRUE(!cli_value_nth(&a, "output", 2));
}

TEST(letters_combine)
{
    TRUE(PARSE("capture", "-jmn", "3"));
    TRUE(cli_has(&a, "memory") && cli_has(&a, "json"));
    STR(cli_value(&a, "count"), "3");
    TRUE(PARSE("capture", "-n=4"));
    STR(cli_value(&a, "count"), "4");
}

TEST(two_dashes_end_the_options)
{
    TRUE(PARSE("capture", "--", "--json"));
    STR(a.arg[0], "--json");
    TRUE(!cli_has(&a, "json"));
    TRUE(PARSE("convert", "-", "x.csv"));
    STR(a.arg[0], "-");
}

TEST(unknown_words_get_the_nearest)
{
    TRUE(!PARSE("captrue"));
    STR(a.error, "captrue: unknown command; did you mean capture?");
    TRUE(!PARSE("capture", "--outptu", "x"));
    STR(a.error, "--outptu: unknown option; did you mean --output?");
    TRUE(!PARSE("capture", "--zzzzzz"));
    STR(a.error, "--zzzzzz: unknown option; see grat capture --help");
    TRUE(!PARSE("capture", "-z"));
    TRUE(!PARSE("capture", "--a-word-that-is-longer-than-any-option-in-the-table-could-be"));
}

TEST(values_are_checked)
{
    TRUE(!PARSE("capture", "--format", "xls"));
    TRUE(!PARSE("capture", "--count", "0"));
    TRUE(!PARSE("capture", "--count", "-3"));
    TRUE(!PARSE("capture", "--count", "99999999999999999999"));
    TRUE(!PARSE("capture", "--period", "2V"));
    TRUE(!PARSE("capture", "--period"));
    STR(a.error, "--period: a value is missing: --period=TIME");
    TRUE(!PARSE("capture", "--memory=yes"));
    TRUE(!PARSE("capture", "-o"));
}

TEST(arguments_are_counted)
{
    TRUE(!PARSE("convert", "a.csv"));
    TRUE(!PARSE("capture", "a", "b"));
    TRUE(PARSE("convert", "--help"));
}

TEST(nearest)
{
    static const char *const words[] = {"capture", "convert", "query", "screenshot", NULL};
    STR(cli_nearest("screnshot", words), "screenshot");
    STR(cli_nearest("qeury", words), "query");
    STR(cli_nearest("screen", words), "screenshot");
    TRUE(!cli_nearest("zebra", words));
    TRUE(!cli_nearest("", words));
}

int main(void)
{
    RUN(options_stand_anywhere);
    RUN(letters_combine);
    RUN(two_dashes_end_the_options);
    RUN(unknown_words_get_the_nearest);
    RUN(values_are_checked);
    RUN(arguments_are_counted);
    RUN(nearest);
    return TEST_RESULT();
}
