#include "sink/sink.h"

#include "temp.h"
#include "test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static grat_op op;

static int files(void)
{
    int n = 0;
    DIR *d = opendir(test_folder());
    for (struct dirent *e; d && (e = readdir(d));) n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (d) closedir(d);
    return n;
}

static size_t slurp(const char *path, char *out, size_t cap)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(out, 1, cap - 1, f) : 0;
    if (f) fclose(f);
    out[n] = '\0';
    return n;
}

TEST(appears_at_commit_only)
{
    grat_out *o = NULL;
    EQ(grat__out_file(test_path("a"), &op, &o), GRAT_OK);
    EQ(grat_out_write(o, "hello", 5, &op), GRAT_OK);
    TRUE(access(test_path("a"), F_OK) != 0);
    EQ(grat__out_commit(o, &op), GRAT_OK);
    char text[32];
    slurp(test_path("a"), text, sizeof text);
    STR(text, "hello");
    EQ(files(), 1);
}

TEST(replaces_and_keeps_the_mode)
{
    TRUE(chmod(test_path("a"), 0640) == 0);
    EQ(grat_save(test_path("a"), "new", 3, &op), GRAT_OK);
    char text[32];
    slurp(test_path("a"), text, sizeof text);
    STR(text, "new");
    struct stat st;
    TRUE(stat(test_path("a"), &st) == 0);
    EQ(st.st_mode & 0777, 0640);
    EQ(files(), 1);
}

TEST(abort_leaves_the_old_file)
{
    grat_out *o = NULL;
    EQ(grat__out_file(test_path("a"), &op, &o), GRAT_OK);
    EQ(grat_out_write(o, "xxxxxxxx", 8, &op), GRAT_OK);
    grat__out_abort(o);
    char text[32];
    slurp(test_path("a"), text, sizeof text);
    STR(text, "new");
    EQ(files(), 1);
}

TEST(seeks_back_to_complete_a_header)
{
    grat_out *o = NULL;
    EQ(grat__out_file(test_path("a"), &op, &o), GRAT_OK);
    EQ(grat_out_write(o, "????rest", 8, &op), GRAT_OK);
    EQ(grat_out_seek(o, 0, &op), GRAT_OK);
    EQ(grat_out_write(o, "HEAD", 4, &op), GRAT_OK);
    EQ(grat__out_commit(o, &op), GRAT_OK);
    char text[32];
    slurp(test_path("a"), text, sizeof text);
    STR(text, "HEADrest");
}

TEST(sentences)
{
    EQ(grat_save("/nonexistent/x.csv", "x", 1, &op), GRAT_EIO);
    STR(op.text, "cannot write /nonexistent/x.csv: the directory does not exist; create it first");
    EQ(grat_save(test_folder(), "x", 1, &op), GRAT_EINVAL);
    EQ(grat_save("", "x", 1, &op), GRAT_EINVAL);
    EQ(grat_save("/dev/full", "x", 1, &op), GRAT_ENOSPC);
    TRUE(strstr(op.text, "the disk is full") != NULL);
    EQ(grat_save("/dev/null", "x", 1, &op), GRAT_OK);
}

/* In a child, since the limit stays. */
TEST(full_disk_leaves_nothing)
{
    int before = files();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {65536, 65536};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        static char big[1 << 20];
        grat_err err = grat_save(test_path("big"), big, sizeof big, &op);
        _exit(err == GRAT_ENOSPC ? 0 : 1);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    EQ(status, 0);
    EQ(files(), before);
}

static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

static grat_err fill(grat_out *o, uint64_t from, uint64_t count, grat_op *run)
{
    for (uint64_t i = 0; i < count;) {
        size_t room;
        uint8_t *to = grat__out_reserve(o, 1, &room, run);
        if (!to) return run->err;
        size_t n = 0;
        for (; n < room && i < count; i++) to[n++] = byte_at(from + i);
        grat__out_advance(o, n);
    }
    return GRAT_OK;
}

/* Long enough for the thread that writes behind; a flush, a large piece and a seek have to wait for it. */
TEST(long_file_is_whole_and_in_order)
{
    enum { large = 3 << 20 };
    grat_out *o = NULL;
    EQ(grat__out_file(test_path("long"), &op, &o), GRAT_OK);
    EQ(fill(o, 0, 20000000, &op), GRAT_OK);
    uint8_t *piece = malloc(large);
    for (size_t i = 0; i < large; i++) piece[i] = byte_at(20000000 + i);
    EQ(grat_out_write(o, piece, large, &op), GRAT_OK);
    EQ(fill(o, 20000000 + large, 9000001, &op), GRAT_OK);
    const uint64_t total = 20000000 + large + 9000001;
    EQ(grat__out_tell(o), total);
    EQ(grat_out_seek(o, 3, &op), GRAT_OK);
    EQ(grat_out_write(o, "HEAD", 4, &op), GRAT_OK);
    EQ(grat__out_commit(o, &op), GRAT_OK);
    free(piece);
    FILE *f = fopen(test_path("long"), "rb");
    uint64_t at = 0, wrong = 0;
    for (int c; f && (c = getc(f)) != EOF; at++) {
        uint8_t expected = at >= 3 && at < 7 ? (uint8_t)"HEAD"[at - 3] : byte_at(at);
        wrong += c != expected;
    }
    if (f) fclose(f);
    EQ(at, total);
    EQ(wrong, 0);
    unlink(test_path("long"));
}

/* The disk gets full when the thread writes: the next piece, or the end, must say so. */
TEST(disk_full_behind_leaves_nothing)
{
    int before = files();
    for (int late = 0; late < 2; late++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            struct rlimit limit = {8 << 20, 8 << 20};
            signal(SIGXFSZ, SIG_IGN);
            setrlimit(RLIMIT_FSIZE, &limit);
            grat_out *o = NULL;
            grat_err err = grat__out_file(test_path("full"), &op, &o);
            if (!err) err = fill(o, 0, late ? (8 << 20) + 1 : 64 << 20, &op);
            if (late && err) _exit(2);
            if (err) grat__out_abort(o);
            else err = grat__out_commit(o, &op);
            _exit(err == GRAT_ENOSPC ? 0 : 1);
        }
        int status = -1;
        waitpid(pid, &status, 0);
        EQ(status, 0);
    }
    EQ(files(), before);
}

TEST(kill_leaves_nothing)
{
    int before = files(), ready[2];
    TRUE(pipe(ready) == 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        grat_out *o = NULL;
        static char big[1 << 20];
        grat__out_file(test_path("killed"), &op, &o);
        grat_out_write(o, big, sizeof big, &op);
        (void)!write(ready[1], "x", 1);
        pause();
        _exit(0);
    }
    char c;
    TRUE(read(ready[0], &c, 1) == 1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    EQ(files(), before);
}

int main(void)
{
    grat_op_init(&op, 20000, NULL);
    RUN(appears_at_commit_only);
    RUN(replaces_and_keeps_the_mode);
    RUN(abort_leaves_the_old_file);
    RUN(seeks_back_to_complete_a_header);
    RUN(sentences);
    RUN(full_disk_leaves_nothing);
    RUN(long_file_is_whole_and_in_order);
    RUN(disk_full_behind_leaves_nothing);
    RUN(kill_leaves_nothing);
    return TEST_RESULT();
}
