#include "cli/cli.h"
#include "test.h"

const cli_option cli_globals[] = {{NULL, 0, CLI_FLAG, NULL, NULL, NULL}};
static const cli_command command = {.name = "capture", .args = "", .shared = cli_acquire_options};
const cli_command *const cli_commands[] = {&command, NULL};

const cli_command *cli_find_command(const char *name)
{
    return strcmp(name, "capture") == 0 ? &command : NULL;
}

const char *cli_nearest_command(const char *name)
{
    (void)name;
    return NULL;
}

void grat_request_init(grat_request *q)
{
    *q = (grat_request){.size = sizeof *q, .pre = -1};
}

static grat_op op;
static grat_request q;

static grat_err request(int n, const char *const *words)
{
    static cli_args a;
    char *argv[16] = {(char *)(uintptr_t)"grat", (char *)(uintptr_t)"capture"};
    for (int i = 0; i < n; i++) argv[i + 2] = (char *)(uintptr_t)words[i];
    grat_op_init(&op, 0, NULL);
    if (!cli_args_parse(&a, n + 2, argv)) return GRAT_EPARSE;
    return cli_parse_request(&a, &q, &op);
}
#define REQUEST(...) request(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

TEST(downsampling)
{
    EQ(REQUEST("--downsample", "16:aggregate", "--segments", "10000"), GRAT_OK);
    EQ(q.ratio, 16);
    EQ(q.downsample, GRAT_DOWN_AGGREGATE);
    EQ(q.segments, 10000);
    EQ(REQUEST("--downsample", "1k:average"), GRAT_OK);
    EQ(q.ratio, 1000);
    EQ(q.downsample, GRAT_DOWN_AVERAGE);
    EQ(REQUEST("--downsample", "16"), GRAT_EPARSE);
    EQ(REQUEST("--downsample", "0:average"), GRAT_EPARSE);
    EQ(REQUEST("--downsample", "1.5:average"), GRAT_EPARSE);
    EQ(REQUEST("--downsample", "16:sum"), GRAT_EPARSE);
    EQ(REQUEST("--segments", "3", "--count", "3"), GRAT_EINVAL);
}

TEST(requests)
{
    EQ(REQUEST("--range", "5V", "--pre", "25%", "--samples=10kS", "--coupling", "ac", "--probe", "10", "-n", "3"),
       GRAT_OK);
    TRUE(q.has_range);
    NEAR(q.low, -2.5, 1e-12);
    NEAR(q.high, 2.5, 1e-12);
    NEAR(q.pre, 0.25, 1e-12);
    EQ(q.samples, 10000);
    EQ(q.coupling, GRAT_AC);
    EQ(q.count, 3);
    EQ(REQUEST("--low", "-1V", "--high", "4V", "--average", "16"), GRAT_OK);
    NEAR(q.high, 4, 1e-12);
    EQ(q.acq, GRAT_ACQ_AVERAGE);
    EQ(q.averages, 16);
}

TEST(requests_that_contradict)
{
    EQ(REQUEST("--low", "1V"), GRAT_EINVAL);
    EQ(REQUEST("--low", "2V", "--high", "1V"), GRAT_EINVAL);
    EQ(REQUEST("--range", "1V", "--low", "0V", "--high", "1V"), GRAT_EINVAL);
    EQ(REQUEST("--peak", "--hires"), GRAT_EINVAL);
    EQ(REQUEST("--pre", "150%"), GRAT_EINVAL);
    EQ(REQUEST("--pre", "250"), GRAT_EINVAL);
    EQ(REQUEST("--period", "0s"), GRAT_EINVAL);
    EQ(REQUEST("--current", "--count", "2"), GRAT_EINVAL);
}

int main(void)
{
    RUN(downsampling);
    RUN(requests);
    RUN(requests_that_contradict);
    return TEST_RESULT();
}
