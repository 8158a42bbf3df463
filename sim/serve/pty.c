#include "sim/serve/pty.h"

#include "core/str.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A link's target must be there, its name must be free or a link. */
static grat_err make_link(sim_pty *p, const char *link, grat_op *op)
{
    char cwd[PATH_MAX], full[PATH_MAX * 2];
    struct stat st;
    if (link[0] == '/') snprintf(full, sizeof full, "%s", link);
    else if (!getcwd(cwd, sizeof cwd)) return grat_op_fail(op, GRAT_EIO, "%s: no current directory", link);
    else snprintf(full, sizeof full, "%s/%s", cwd, link);
    if (!grat__strcpy(p->path, sizeof p->path, full))
        return grat_op_fail(op, GRAT_EINVAL, "%.80s…: the path of the port is too long", full);
    if (lstat(full, &st) == 0 && (!S_ISLNK(st.st_mode) || unlink(full) < 0))
        return grat_op_fail(op, GRAT_EBUSY, "%s: exists and is no link; choose another name", full);
    if (symlink(p->slave_path, full) < 0)
        return grat_op_fail(op, errno == EACCES ? GRAT_EACCES : GRAT_EIO, "%s: cannot make the link: %s", full,
                            strerrordesc_np(errno));
    p->linked = true;
    return GRAT_OK;
}

static bool make_raw(int fd)
{
    struct termios2 t;
    if (ioctl(fd, TCGETS2, &t) < 0) return false;
    t.c_iflag = t.c_oflag = t.c_lflag = 0;
    t.c_cflag = CS8 | CREAD | CLOCAL | B9600;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    return ioctl(fd, TCSETS2, &t) == 0;
}

grat_err sim_pty_open(sim_pty *p, const char *link, grat_op *op, int *master)
{
    *p = (sim_pty){.slave = -1};
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    bool ok = fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 &&
              ptsname_r(fd, p->slave_path, sizeof p->slave_path) == 0;
    if (ok) p->slave = open(p->slave_path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    grat_err e = GRAT_OK;
    if (!ok || p->slave < 0 || !make_raw(p->slave))
        e = grat_op_fail(op, GRAT_EIO, "no pseudo terminal: %s", strerrordesc_np(errno));
    grat__strcpy(p->path, sizeof p->path, p->slave_path);
    if (!e && link && *link) e = make_link(p, link, op);
    if (e) {
        sim_pty_close(p);
        if (fd >= 0) close(fd);
        return e;
    }
    *master = fd;
    return GRAT_OK;
}

void sim_pty_close(sim_pty *p)
{
    if (p->linked) unlink(p->path);
    p->linked = false;
    if (p->slave >= 0) close(p->slave);
    p->slave = -1;
}

unsigned sim_pty_baud(int master, unsigned *bits)
{
    struct termios2 t;
    *bits = 10;
    if (ioctl(master, TCGETS2, &t) < 0) return 9600;
    if (t.c_cflag & CSTOPB) *bits = 11;
    return t.c_ospeed ? t.c_ospeed : 1;
}

void sim_pty_release(const sim_pty *p)
{
    int exclusive = 0;
    if (p->slave < 0 || ioctl(p->slave, TIOCGEXCL, &exclusive) < 0 || !exclusive) return;
    if (flock(p->slave, LOCK_EX | LOCK_NB) < 0) return; /* its client lives */
    ioctl(p->slave, TIOCNXCL);
    flock(p->slave, LOCK_UN);
}
