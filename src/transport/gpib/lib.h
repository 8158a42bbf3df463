/* linux-gpib as it is found at run time: libgpib.so.0, or the library that GRATICULE_GPIB names. Its calls can only
 * block, so each runs by grat__offload. Declared here after the library's documentation (linux-gpib 4.3). */
#ifndef GRAT_TRANSPORT_GPIB_LIB_H
#define GRAT_TRANSPORT_GPIB_LIB_H

#include <graticule/graticule.h>

enum grat__ibsta {
    IBSTA_RQS = 0x800, IBSTA_SRQI = 0x1000, IBSTA_END = 0x2000, IBSTA_TIMO = 0x4000, IBSTA_ERR = 0x8000,
    IBSTA_ATN = 0x10, IBSTA_TACS = 0x8, IBSTA_LACS = 0x4, IBSTA_CIC = 0x20, IBSTA_REM = 0x40,
    IBSTA_DCAS = 0x1, IBSTA_DTAS = 0x2,
};

enum grat__iberr {
    IBERR_EDVR, IBERR_ECIC, IBERR_ENOL, IBERR_EADR, IBERR_EARG, IBERR_ESAC, IBERR_EABO, IBERR_ENEB,
    IBERR_EOIP = 10, IBERR_ECAP = 11, IBERR_EFSO = 12, IBERR_EBUS = 14, IBERR_ESTB = 15, IBERR_ESRQ = 16,
    IBERR_ECNF = 17, IBERR_ETAB = 20,
};

/* Timeout codes: 0 none, 1 10 us … 17 1000 s. */
enum { IBTMO_NONE = 0, IBTMO_300MS = 10, IBTMO_1S = 11, IBTMO_MAX = 17 };

typedef struct grat__gpib {
    int (*ibdev)(int board, int pad, int sad, int timeout, int eoi, int eos);
    int (*ibonl)(int ud, int on);
    int (*ibrd)(int ud, void *buf, long n);
    int (*ibwrt)(int ud, const void *buf, long n);
    int (*ibrsp)(int ud, char *stb);
    int (*ibclr)(int ud);
    int (*ibtrg)(int ud);
    int (*ibloc)(int ud);
    int (*ibtmo)(int ud, int code);
    int (*ibeot)(int ud, int on);
    int (*ibeos)(int ud, int mode);
    int (*ibask)(int ud, int option, int *value);
    int (*ibconfig)(int ud, int option, int value);
    int (*ibwait)(int ud, int mask);
    int (*ibsic)(int ud);
    int (*ibsre)(int ud, int on);
    int (*ibcmd)(int ud, const void *bytes, long n);
    int (*ibcac)(int ud, int synchronous);
    int (*ibgts)(int ud, int shadow);
    int (*iblines)(int ud, short *lines);
    int (*ibrsv)(int ud, int byte);
    int (*ibln)(int ud, int pad, int sad, short *found);
    int (*ThreadIberr)(void);
    int (*ThreadIbcnt)(void);
} grat__gpib;

/* Loaded once. NULL with ENODEV and a sentence when there is none. */
const grat__gpib *grat__gpib_load(grat_op *op);

/* One call, made in a thread of its own, with what it left behind. */
typedef struct grat__gpib_call grat__gpib_call;
typedef int (*grat__gpib_fn)(const grat__gpib *lib, grat__gpib_call *c);
struct grat__gpib_call {
    const grat__gpib *lib;
    grat__gpib_fn fn;
    int ud;
    int a, b;                /* arguments */
    uint8_t *data;           /* of a read or a write; owned by the call */
    size_t n;
    bool eot;                /* of a write: EOI with the last byte */
    short word;
    int value;
    char byte;
    int sta, err, cnt;       /* after the call */
};

/* The shortest code that lasts at least so long. */
int grat__gpib_timeout(int64_t ms);
/* The sentence of a failed call; `what` is who was called. */
grat_err grat__gpib_error(const grat__gpib_call *c, const char *what, grat_op *op);

#endif
