#include "transport/gpib/lib.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static grat__gpib lib;
static bool loaded;
static char why[200];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *open_library(void)
{
    const char *named = getenv("GRATICULE_GPIB");
    if (named && *named) return dlopen(named, RTLD_NOW | RTLD_LOCAL);
    void *h = dlopen("libgpib.so.0", RTLD_NOW | RTLD_LOCAL);
    return h ? h : dlopen("libgpib.so", RTLD_NOW | RTLD_LOCAL);
}

static bool resolve(void *h)
{
    const struct {
        const char *name;
        void *at;
    } rows[] = {
        {"ibdev", &lib.ibdev},     {"ibonl", &lib.ibonl},     {"ibrd", &lib.ibrd},     {"ibwrt", &lib.ibwrt},
        {"ibrsp", &lib.ibrsp},     {"ibclr", &lib.ibclr},     {"ibtrg", &lib.ibtrg},   {"ibloc", &lib.ibloc},
        {"ibtmo", &lib.ibtmo},     {"ibeot", &lib.ibeot},     {"ibeos", &lib.ibeos},   {"ibask", &lib.ibask},
        {"ibconfig", &lib.ibconfig}, {"ibwait", &lib.ibwait}, {"ibsic", &lib.ibsic},   {"ibsre", &lib.ibsre},
        {"ibcmd", &lib.ibcmd},     {"ibcac", &lib.ibcac},     {"ibgts", &lib.ibgts},   {"iblines", &lib.iblines},
        {"ibrsv", &lib.ibrsv},
        {"ibln", &lib.ibln},       {"ThreadIberr", &lib.ThreadIberr}, {"ThreadIbcnt", &lib.ThreadIbcnt},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        void *f = dlsym(h, rows[i].name);
        if (!f) return false;
        memcpy(rows[i].at, &f, sizeof f);
    }
    return true;
}

static void load(void)
{
    setenv("IB_NO_ERROR", "1", 0); /* it would print on standard error */
    void *h = open_library();
    const char *e = h ? NULL : dlerror();
    strncpy(why, e ? e : "it lacks functions of linux-gpib 4", sizeof why - 1);
    loaded = h && resolve(h);
}

const grat__gpib *grat__gpib_load(grat_op *op)
{
    pthread_once(&once, load);
    if (loaded) return &lib;
    grat_op_fail(op, GRAT_ENODEV, "GPIB: linux-gpib is not installed (%.120s); install its library and driver, or map "
                                  "the board to an adapter in the configuration", why);
    return NULL;
}

int grat__gpib_timeout(int64_t ms)
{
    static const int64_t codes[] = {0, 1, 1, 1, 1, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000, 300000};
    if (ms < 1) ms = 1;
    for (int i = 5; i < (int)(sizeof codes / sizeof *codes); i++) {
        if (codes[i] >= ms) return i;
    }
    return IBTMO_MAX;
}

grat_err grat__gpib_error(const grat__gpib_call *c, const char *what, grat_op *op)
{
    static const struct {
        int err;
        grat_err code;
        const char *text;
    } rows[] = {
        {IBERR_ECIC, GRAT_EIO, "this board is not the controller in charge; another one is on the bus"},
        {IBERR_ENOL, GRAT_EIO, "nobody listens at this address; is the instrument on, and its address right?"},
        {IBERR_EADR, GRAT_EIO, "the board is not addressed as it should be"},
        {IBERR_EARG, GRAT_ENODEV, "linux-gpib does not know this board or device; look at gpib.conf"},
        {IBERR_ESAC, GRAT_ENOTSUP, "this board is not the system controller"},
        {IBERR_EABO, GRAT_ETIMEOUT, "timed out"},
        {IBERR_ENEB, GRAT_ENODEV, "there is no such board; look at gpib.conf and run gpib_config"},
        {IBERR_EOIP, GRAT_EBUSY, "a call of another thread is still in progress"},
        {IBERR_ECAP, GRAT_ENOTSUP, "the board cannot do this"},
        {IBERR_EBUS, GRAT_EIO, "commands cannot be sent; is any instrument on the bus switched on?"},
        {IBERR_ESRQ, GRAT_EIO, "SRQ is stuck on; some instrument that nobody has opened asks for service"},
        {IBERR_ECNF, GRAT_ENODEV, "gpib.conf does not fit"},
        {IBERR_ETAB, GRAT_ENODEV, "gpib.conf does not fit"},
    };
    if (c->sta & IBSTA_TIMO) return grat_op_fail(op, GRAT_ETIMEOUT, "%s: timed out", what);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].err == c->err) return grat_op_fail(op, rows[i].code, "%s: %s", what, rows[i].text);
    }
    if (c->err == IBERR_EDVR || c->err == IBERR_EFSO)
        return grat_op_fail(op, c->cnt == 2 ? GRAT_ENODEV : c->cnt == 13 ? GRAT_EACCES : GRAT_EIO, "%s: %s (%s)", what,
                            c->cnt == 2    ? "no GPIB driver; run gpib_config"
                            : c->cnt == 13 ? "permission denied; join the group gpib"
                                           : "the driver failed",
                            strerrordesc_np(c->cnt) ? strerrordesc_np(c->cnt) : "unknown error");
    return grat_op_fail(op, GRAT_EIO, "%s: error %d of linux-gpib", what, c->err);
}
