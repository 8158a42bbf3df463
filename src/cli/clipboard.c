/* The clipboard of the desktop through wl-copy or xclip, or of the terminal through OSC 52. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int memory_file(const void *data, size_t n)
{
    const uint8_t *p = data;
    int fd = memfd_create("clipboard", MFD_CLOEXEC);
    if (fd < 0) return -1;
    while (n) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) {
            close(fd);
            return -1;
        }
        p += k;
        n -= (size_t)k;
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* The tools stay in the background to serve the clipboard: they must hold no pipe of ours. */
static void child(int in, const char *const *argv)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(in, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(127);
    setsid();
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static grat_err wait_child(pid_t pid, const char *tool, grat_op *op)
{
    for (;;) {
        int status;
        pid_t r = waitpid(pid, &status, WNOHANG);
        if (r == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0) return GRAT_OK;
        if (r == pid) return grat_op_fail(op, GRAT_ENOTSUP, "clipboard: %s failed; is it installed?", tool);
        if (r < 0 && errno != EINTR) return grat_op_fail(op, GRAT_EIO, "clipboard: %s: %s", tool, strerror(errno));
        grat_err e = grat_op_sleep_until(op, grat_now_ns() + 5000000);
        if (e) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return e;
        }
    }
}

grat_err cli_clipboard(const char *mime, const void *data, size_t n, grat_op *op)
{
    const char *wayland = getenv("WAYLAND_DISPLAY"), *x11 = getenv("DISPLAY");
    const char *const wl[] = {"wl-copy", "--type", mime, NULL};
    const char *const xc[] = {"xclip", "-selection", "clipboard", "-t", mime, "-i", NULL};
    const char *const *argv = wayland && *wayland ? wl : x11 && *x11 ? xc : NULL;
    if (!argv) return grat_op_fail(op, GRAT_ENOTSUP, "clipboard: neither WAYLAND_DISPLAY nor DISPLAY is set");
    int fd = memory_file(data, n);
    if (fd < 0) return grat_op_fail(op, GRAT_EIO, "clipboard: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) child(fd, argv);
    close(fd);
    if (pid < 0) return grat_op_fail(op, GRAT_EIO, "clipboard: %s", strerror(errno));
    return wait_child(pid, argv[0], op);
}

bool cli_clipboard_terminal(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = (const uint8_t *)text;
    size_t n = strlen(text);
    if (!isatty(STDERR_FILENO)) return false;
    fputs("\033]52;c;", stderr);
    for (size_t i = 0; i < n; i += 3) {
        unsigned b = i + 1 < n ? p[i + 1] : 0, d = i + 2 < n ? p[i + 2] : 0;
        unsigned v = (unsigned)p[i] << 16 | b << 8 | d;
        fputc(digits[v >> 18], stderr);
        fputc(digits[v >> 12 & 63], stderr);
        fputc(i + 1 < n ? digits[v >> 6 & 63] : '=', stderr);
        fputc(i + 2 < n ? digits[v & 63] : '=', stderr);
    }
    fputs("\a", stderr);
    return true;
}
