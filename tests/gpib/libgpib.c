/* A library with the calls of linux-gpib, whose board 0 has simulated instruments: address 5, 7 with the secondary
 * address 3, and two multimeters at 11 and 12, which ibln does not see. Board 1 does not exist, board 2 has no driver.
 * For tests: no hardware is behind it. */
#include <graticule/graticule.h>

#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define MAX_UD 64
#define FIRST_UD 16

enum { RQS = 0x800, SRQI = 0x1000, END = 0x2000, TIMO = 0x4000, ERR = 0x8000, CMPL = 0x100, CIC = 0x20 };
enum { DCAS = 1, DTAS = 2 };
enum { EDVR, ECIC, ENOL, EADR, EARG, ESAC, EABO, ENEB };

static struct {
    bool used, eot;
    int pad, sad, tmo;
} uds[MAX_UD];

static struct {
    int pad, sad;
    const char *resource;
    grat_session *s;
    bool pending;            /* a status byte that was polled by the wait */
    uint8_t stb;
} devices[] = {{5, 0, "SIM::plain", NULL, false, 0}, {7, 0x63, "SIM::plain?serial=7", NULL, false, 0},
               {11, 0, "SIM::dmm?serial=11,ch1=dc:1", NULL, false, 0},
               {12, 0, "SIM::dmm?serial=12,ch1=dc:2", NULL, false, 0}};
enum { DEVICES = sizeof devices / sizeof *devices };

static _Thread_local int thread_err, thread_cnt;
static int board_tmo = 11, ren = 1, atn;
static long calls;
static int states = CIC;     /* of the board: CIC, talker, listener, cleared, triggered */

static const int64_t tmo_ms[] = {0, 1, 1, 1, 1, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000};

static int fail(int err, int cnt)
{
    thread_err = err;
    thread_cnt = cnt;
    return ERR | CMPL;
}

static int done(int cnt)
{
    thread_cnt = cnt;
    return CMPL | (__atomic_load_n(&states, __ATOMIC_SEQ_CST) & CIC);
}

/* For tests: another controller's doing. */
EXPORT void libgpib_fake_states(int on, int off);
void libgpib_fake_states(int on, int off)
{
    __atomic_or_fetch(&states, on, __ATOMIC_SEQ_CST);
    __atomic_and_fetch(&states, ~off, __ATOMIC_SEQ_CST);
}

/* Cleared and triggered are told once. */
static int board_states(int mask)
{
    int now = __atomic_fetch_and(&states, ~(mask & (DCAS | DTAS)), __ATOMIC_SEQ_CST);
    thread_cnt = 0;
    return CMPL | now;
}

/* The instrument of a descriptor; -1 when nobody is at its address, -2 for a bad descriptor. */
static int device_of(int ud)
{
    __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    if (ud < FIRST_UD || ud >= FIRST_UD + MAX_UD || !uds[ud - FIRST_UD].used) return -2;
    for (int i = 0; i < DEVICES; i++) {
        if (devices[i].pad != uds[ud - FIRST_UD].pad || devices[i].sad != uds[ud - FIRST_UD].sad) continue;
        grat_op op;
        grat_open_options opt = {.size = sizeof opt, .no_sync = true};
        grat_op_init(&op, 1000, NULL);
        if (!devices[i].s && grat_open(devices[i].resource, &opt, &op, &devices[i].s)) return -1;
        return i;
    }
    return -1;
}

static int64_t timeout_of(int ud)
{
    return tmo_ms[uds[ud - FIRST_UD].tmo];
}

EXPORT int ibdev(int board, int pad, int sad, int tmo, int eoi, int eos);
EXPORT int ibonl(int ud, int on);
EXPORT int ibrd(int ud, void *buf, long n);
EXPORT int ibwrt(int ud, const void *buf, long n);
EXPORT int ibrsp(int ud, char *stb);
EXPORT int ibclr(int ud);
EXPORT int ibtrg(int ud);
EXPORT int ibloc(int ud);
EXPORT int ibtmo(int ud, int code);
EXPORT int ibeot(int ud, int on);
EXPORT int ibeos(int ud, int mode);
EXPORT int ibask(int ud, int option, int *value);
EXPORT int ibconfig(int ud, int option, int value);
EXPORT int ibwait(int ud, int mask);
EXPORT int ibsic(int ud);
EXPORT int ibsre(int ud, int on);
EXPORT int ibcmd(int ud, const void *bytes, long n);
EXPORT int ibcac(int ud, int synchronous);
EXPORT int ibgts(int ud, int shadow);
EXPORT int iblines(int ud, short *lines);
EXPORT int ibrsv(int ud, int byte);
EXPORT int ibln(int ud, int pad, int sad, short *found);
EXPORT int ThreadIberr(void);
EXPORT int ThreadIbcnt(void);

int ibdev(int board, int pad, int sad, int tmo, int eoi, int eos)
{
    (void)eos;
    if (board == 1) return fail(ENEB, 0), -1;
    if (board) return fail(EDVR, 2), -1;
    for (int i = 0; i < MAX_UD; i++) {
        if (uds[i].used) continue;
        uds[i].used = true;
        uds[i].eot = eoi;
        uds[i].pad = pad, uds[i].sad = sad, uds[i].tmo = tmo;
        return done(0), i + FIRST_UD;
    }
    return fail(EARG, 0), -1;
}

int ibonl(int ud, int on)
{
    if (device_of(ud) < -1) return fail(EARG, 0);
    if (!on) uds[ud - FIRST_UD].used = false;
    return done(0);
}

int ibrd(int ud, void *buf, long n)
{
    grat_op op;
    int d = device_of(ud);
    if (d < -1) return fail(EARG, 0);
    grat_op_init(&op, timeout_of(ud), NULL);
    if (d < 0) {
        grat_op_sleep_until(&op, op.deadline_ns);
        return fail(EABO, 0) | TIMO;
    }
    grat_err e = grat_io_read(devices[d].s, buf, (size_t)n, -1, false, &op);
    if (e) return fail(EABO, (int)op.count) | TIMO;
    return done((int)op.count) | (op.reason & GRAT_REASON_END ? END : 0);
}

int ibwrt(int ud, const void *buf, long n)
{
    grat_op op;
    int d = device_of(ud);
    if (d < -1) return fail(EARG, 0);
    if (d < 0) return fail(ENOL, 0);
    grat_op_init(&op, timeout_of(ud), NULL);
    grat_err e = grat_io_write(devices[d].s, buf, (size_t)n, uds[ud - FIRST_UD].eot, &op);
    return e ? fail(EABO, (int)op.count) | TIMO : done((int)n);
}

static bool poll_device(int d, uint8_t *stb)
{
    grat_op op;
    grat_op_init(&op, 1000, NULL);
    return grat_read_stb(devices[d].s, stb, &op) == GRAT_OK;
}

int ibrsp(int ud, char *stb)
{
    uint8_t v = 0;
    int d = device_of(ud);
    if (d < -1) return fail(EARG, 0);
    if (d < 0) return fail(EABO, 0);
    if (devices[d].pending) v = devices[d].stb;
    else if (!poll_device(d, &v)) return fail(EABO, 0);
    devices[d].pending = false;
    *stb = (char)v;
    return done(1);
}

int ibclr(int ud)
{
    grat_op op;
    int d = device_of(ud);
    grat_op_init(&op, 1000, NULL);
    if (d < 0) return fail(d == -1 ? ENOL : EARG, 0);
    return grat_clear(devices[d].s, &op) ? fail(EABO, 0) : done(0);
}

int ibtrg(int ud)
{
    grat_op op;
    int d = device_of(ud);
    grat_op_init(&op, 1000, NULL);
    if (d < 0) return fail(d == -1 ? ENOL : EARG, 0);
    return grat_trigger(devices[d].s, &op) ? fail(EABO, 0) : done(0);
}

int ibloc(int ud)
{
    return device_of(ud) < -1 ? fail(EARG, 0) : done(0);
}

int ibtmo(int ud, int code)
{
    if (ud == 0) board_tmo = code;
    else if (device_of(ud) > -2) uds[ud - FIRST_UD].tmo = code;
    return done(0);
}

int ibeot(int ud, int on)
{
    if (device_of(ud) > -2) uds[ud - FIRST_UD].eot = on;
    return done(0);
}

int ibeos(int ud, int mode)
{
    (void)ud;
    (void)mode;
    return done(0);
}

/* Board 0's own. */
static int board_pad, board_sad, board_status;

int ibask(int ud, int option, int *value)
{
    if (ud == 1) return fail(ENEB, 0);
    if (ud == 2) return fail(EDVR, 2);
    *value = option == 0xa || option == 6;
    if (!ud && option == 1) *value = board_pad;
    if (!ud && option == 2) *value = board_sad;
    if (!ud && option == 0x21) *value = board_status;
    return done(0);
}

int ibconfig(int ud, int option, int value)
{
    if (ud) return done(0);
    if (option == 2 && value && (value < 0x60 || value > 0x7e)) return fail(EARG, 0);
    if (option == 1) board_pad = value;
    if (option == 2) board_sad = value;
    return done(0);
}

int ibrsv(int ud, int byte)
{
    if (ud) return fail(EARG, 0);
    board_status = byte;
    return done(0);
}

/* Polls by itself, as the library does, and keeps the byte for ibrsp. */
int ibwait(int ud, int mask)
{
    int d = ud ? device_of(ud) : 0;
    grat_op op;
    if (!mask || d < 0) return ud ? done(0) : board_states(0);
    grat_op_init(&op, ud ? timeout_of(ud) : tmo_ms[board_tmo], NULL);
    for (;;) {
        uint8_t stb;
        if (!ud && __atomic_load_n(&states, __ATOMIC_SEQ_CST) & mask) return board_states(mask);
        if (!ud && !(mask & SRQI)) {
            if (grat_op_sleep_until(&op, grat_now_ns() + 5000000)) return board_states(mask) | TIMO;
            continue;
        }
        if (devices[d].pending) return done(0) | RQS | SRQI;
        if (devices[d].s && poll_device(d, &stb) && stb & 0x40) {
            devices[d].pending = true;
            devices[d].stb = stb;
        } else if (grat_op_sleep_until(&op, grat_now_ns() + 10000000)) {
            return done(0) | TIMO;
        }
    }
}

int ibsic(int ud)
{
    return ud ? fail(EARG, 0) : done(0);
}

int ibsre(int ud, int on)
{
    ren = on;
    return ud ? fail(EARG, 0) : done(0);
}

/* Bus commands: who listens, and the trigger for them. */
int ibcmd(int ud, const void *bytes, long n)
{
    bool listens[DEVICES] = {false};
    int primary = -1;
    for (long k = 0; k < n; k++) {
        int c = ((const unsigned char *)bytes)[k];
        if (c == 0x3f) memset(listens, 0, sizeof listens);
        if (c >= 0x20 && c < 0x3f) primary = c - 0x20;
        for (int i = 0; i < DEVICES; i++) {
            bool second = devices[i].sad && c == devices[i].sad && devices[i].pad == primary;
            if (second || (!devices[i].sad && c == 0x20 + devices[i].pad)) listens[i] = true;
            grat_op op;
            grat_op_init(&op, 1000, NULL);
            if (c == 0x08 && listens[i] && devices[i].s) grat_trigger(devices[i].s, &op);
        }
    }
    return ud ? fail(EARG, 0) : done((int)n);
}

int ibcac(int ud, int synchronous)
{
    (void)synchronous;
    atn = 1;
    return ud ? fail(EARG, 0) : done(0);
}

int ibgts(int ud, int shadow)
{
    (void)shadow;
    atn = 0;
    return ud ? fail(EARG, 0) : done(0);
}

/* This board does not see NDAC. */
int iblines(int ud, short *lines)
{
    *lines = (short)(0xf0 | (ren ? 0x1000 : 0) | (atn ? 0x4000 : 0));
    return ud ? fail(EARG, 0) : done(0);
}

int ibln(int ud, int pad, int sad, short *found)
{
    (void)ud;
    *found = (pad == 5 && !sad) || (pad == 7 && sad == 0x63);
    return done(0);
}

int ThreadIberr(void)
{
    return thread_err;
}

int ThreadIbcnt(void)
{
    return thread_cnt;
}
