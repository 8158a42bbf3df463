/* Pictures on a pseudo terminal of our own, and how it is left: after an end, a cancel and a kill. */
#include "test.h"

#include <graticule/graticule.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

typedef struct seen {
    char data[1 << 20];
    size_t n;
} seen;

static seen all;
static int master, slave;

static pid_t owner;
static bool late;

/* A guardian that gets no processor at first. */
__attribute__((visibility("default"))) int close(int fd)
{
    if (owner && late && getpid() != owner) {
        late = false;
        nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
    }
    return (int)syscall(SYS_close, fd);
}

static void child(const char *kind, uint64_t frames)
{
    grat_op op;
    grat_live_out to = {.kind = GRAT_LIVE_TERMINAL, .target = kind};
    grat_live_options o = {.size = sizeof o, .rate = 20, .frames = frames, .out = &to, .outs = 1,
                           .source = GRAT_LIVE_SCREEN};
    close(master);
    setsid();
    owner = getpid();
    ioctl(slave, TIOCSCTTY, 0);
    grat_op_init(&op, 30000, NULL);
    _exit(grat_live("SIM::ds1102e", NULL, &o, NULL, &op) != GRAT_OK);
}

/* Reads until `text` has come, answers the question of what it can. */
static bool until(const char *text, const char *answer)
{
    bool answered = false;
    for (unsigned i = 0; i < 2000; i++) {
        struct pollfd p = {.fd = master, .events = POLLIN};
        if (memmem(all.data, all.n, text, strlen(text))) return true;
        if (!answered && answer && memmem(all.data, all.n, "\033[c", 3)) {
            answered = write(master, answer, strlen(answer)) > 0;
            continue;
        }
        if (poll(&p, 1, 10) <= 0) continue;
        ssize_t n = read(master, all.data + all.n, sizeof all.data - all.n);
        if (n > 0) all.n += (size_t)n;
        if (all.n == sizeof all.data) all.n = 0;
    }
    return false;
}

static void one(const char *kind, const char *answer, const char *mark, int how)
{
    struct termios before, during, after;
    struct winsize size = {.ws_row = 20, .ws_col = 60, .ws_xpixel = 480, .ws_ypixel = 320};
    all.n = 0;
    if (openpty(&master, &slave, NULL, NULL, &size) < 0) {
        TEST_FAIL("no pseudo terminal");
        return;
    }
    tcgetattr(slave, &before);
    pid_t pid = fork();
    if (!pid) child(kind, how ? 0 : 3);
    TRUE(until("\033[?1049h", answer));
    TRUE(until(mark, NULL));
    tcgetattr(slave, &during);
    if (how) {
        TRUE(!(during.c_lflag & ICANON));
        kill(pid, how);
    }
    TRUE(until("\033[?1049l", NULL));
    TRUE(memmem(all.data, all.n, "\033[?25h", 6) != NULL);
    waitpid(pid, NULL, 0);
    /* The guardian of one that was killed may need a moment. */
    for (unsigned i = 0; i < 500; i++) {
        tcgetattr(slave, &after);
        if (after.c_lflag == before.c_lflag) break;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    EQ(after.c_lflag, before.c_lflag);
    EQ(after.c_cc[VSUSP], before.c_cc[VSUSP]);
    close(master);
    close(slave);
}

TEST(what_it_can)
{
    one("auto", "\033[?6c", "\xe2\x96\x80", 0);
    one("auto", "\033[?62;4c", "\033P0;1q", 0);
    one("auto", "\033_Gi=31;OK\033\\\033[?62c", "\033_Ga=T", 0);
    one("blocks", NULL, "\033[38;", 0);
}

TEST(however_it_ends)
{
    one("blocks", NULL, "\xe2\x96\x80", SIGKILL);
    one("sixel", NULL, "\033P0;1q", SIGTERM);
}

TEST(killed_before_the_guardian_runs)
{
    late = true;
    one("blocks", NULL, "\xe2\x96\x80", SIGKILL);
    late = false;
}

TEST(without_a_terminal)
{
    int status = 1;
    pid_t pid = fork();
    if (!pid) {
        grat_op op;
        grat_live_out to = {.kind = GRAT_LIVE_TERMINAL, .target = "auto"};
        grat_live_options o = {.size = sizeof o, .frames = 1, .out = &to, .outs = 1, .source = GRAT_LIVE_SCREEN};
        setsid();
        grat_op_init(&op, 30000, NULL);
        _exit(grat_live("SIM::ds1102e", NULL, &o, NULL, &op) != GRAT_ENOTSUP);
    }
    waitpid(pid, &status, 0);
    EQ(status, 0);
}

int main(void)
{
    RUN(what_it_can);
    RUN(however_it_ends);
    RUN(killed_before_the_guardian_runs);
    RUN(without_a_terminal);
    return TEST_RESULT();
}
