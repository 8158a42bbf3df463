/* The virtual machine inside a BitScope (VM01B; "VM Specification", and what ScopeThing and BitLib were seen to send).
 * 256 registers of one byte; a command is one character; every character is executed and then echoed, and the echo is
 * the only flow control. All registers of several bytes have the lowest byte first. */
#ifndef GRAT_BITSCOPE_VM_H
#define GRAT_BITSCOPE_VM_H

#include <graticule/bitscope.h>

/* ---- registers ------------------------------------------------------------------------------- */

/* X(name, address, bytes): the names are those of VM01B and of ScopeThing. */
#define GRAT__BS_MAP(X)                                                                                               \
    X(TriggerLogic, 0x05, 1) X(TriggerMask, 0x06, 1) X(SpockOption, 0x07, 1) X(SampleAddress, 0x08, 3)                 \
    X(SampleCounter, 0x0b, 3) X(EepromData, 0x10, 1) X(EepromAddress, 0x11, 1) X(ClockScale, 0x14, 2)                  \
    X(DumpRepeat, 0x16, 2) X(DumpSend, 0x18, 2) X(DumpSkip, 0x1a, 2) X(DumpCount, 0x1c, 2) X(DumpMode, 0x1e, 1)        \
    X(TraceOption, 0x20, 1) X(TraceMode, 0x21, 1) X(TraceDelay, 0x22, 4) X(TraceIntro, 0x26, 2)                        \
    X(TraceOutro, 0x2a, 2) X(Timeout, 0x2c, 2) X(ClockTicks, 0x2e, 2) X(DumpChan, 0x30, 1) X(BufferMode, 0x31, 1)      \
    X(TriggerIntro, 0x32, 2) X(TriggerOutro, 0x34, 2) X(StreamIdent, 0x36, 1) X(AnalogEnable, 0x37, 1)                 \
    X(DigitalEnable, 0x38, 1) X(SnoopEnable, 0x39, 1) X(Prelude, 0x3a, 2) X(StampIdent, 0x3c, 1)                       \
    X(TriggerTime, 0x40, 4) X(TriggerValue, 0x44, 2) X(Cmd, 0x46, 1) X(Mode, 0x47, 1) X(Option, 0x48, 2)               \
    X(Size, 0x4a, 2) X(Index, 0x4c, 2) X(Address, 0x4e, 2) X(Clock, 0x50, 2) X(Modulo, 0x52, 2) X(Level, 0x54, 2)      \
    X(Offset, 0x56, 2) X(Mask, 0x58, 2) X(Ratio, 0x5a, 4) X(Mark, 0x5e, 2) X(Space, 0x60, 2) X(ConverterLo, 0x64, 2)   \
    X(ConverterHi, 0x66, 2) X(TriggerLevel, 0x68, 2) X(LogicControl, 0x74, 1) X(Rest, 0x78, 2)                         \
    X(KitchenSinkA, 0x7b, 1) X(KitchenSinkB, 0x7c, 1) X(Rise, 0x82, 2) X(Fall, 0x84, 2) X(Control, 0x86, 1)            \
    X(Rise2, 0x88, 2) X(Fall2, 0x8a, 2) X(Control2, 0x8c, 1) X(Rise3, 0x8e, 2) X(Fall3, 0x90, 2)                       \
    X(Control3, 0x92, 1) X(Map0, 0x94, 1) X(Map1, 0x95, 1) X(Map2, 0x96, 1) X(Map3, 0x97, 1) X(Map4, 0x98, 1)          \
    X(Map5, 0x99, 1) X(Map6, 0x9a, 1) X(Map7, 0x9b, 1) X(PrimaryClockN, 0xf7, 1) X(PrimaryClockM, 0xf8, 2)             \
    X(LedRed, 0xfa, 1) X(LedGreen, 0xfb, 1) X(LedYellow, 0xfc, 1)

/* Address and width in one word, so that a register is one argument. */
enum grat__bs_reg {
#define GRAT__BS_ENUM(name, address, bytes) GRAT__BS_##name = (address) | (bytes) << 8,
    GRAT__BS_MAP(GRAT__BS_ENUM)
#undef GRAT__BS_ENUM
};

/* Values that say what the generators do. */
enum { GRAT__BS_SINK_WAVE = 0x40, GRAT__BS_MAP_CLOCK = 0x12, GRAT__BS_CMD_WAVE = 2, GRAT__BS_CMD_CLOCK = 3 };

/* What is to be stored, in any order. */
typedef struct grat__bs_regs {
    uint8_t value[256];
    bool used[256];
} grat__bs_regs;
/* The low bytes of `value`; more than the register holds is cut. */
void grat__bs_put(grat__bs_regs *r, enum grat__bs_reg reg, uint32_t value);
/* round(x * 2^bits), halves to even, at most what 16 bits hold. */
uint32_t grat__bs_fixed(double x, unsigned bits, bool is_signed);

#define GRAT__BS_PROGRAM_MAX 1800
/* The shortest string that stores them, in rising order of address: the VM's R0 keeps the last byte, so that an equal
 * one needs no digits; up to three registers are stepped over with n; the last store is s. `tail` follows. Returns the
 * length; the text is terminated. */
size_t grat__bs_encode(const grat__bs_regs *r, const char *tail, char out[GRAT__BS_PROGRAM_MAX]);

/* ---- the link ---------------------------------------------------------------------------------- */

typedef struct grat__bs_pipe {
    void *user;
    grat_err (*write)(void *user, const void *data, size_t n, grat_op *op);
    /* Until n bytes are there; op->count. */
    grat_err (*read)(void *user, void *buf, size_t n, grat_op *op);
    /* At least one byte, at most n, as soon as there are some; op->count. Only for streams. */
    grat_err (*some)(void *user, void *buf, size_t n, grat_op *op);
    /* Goes on behind bytes that were lost; as optional as `some`. */
    void (*skip)(void *user);
    /* Throws away what has arrived; mends the wire where it can. */
    grat_err (*clear)(void *user, grat_op *op);
    size_t window;           /* bytes that may be sent ahead of their echo */
} grat__bs_pipe;

typedef struct grat__bs_packet {
    unsigned code;           /* GRAT__BS_WAITING … */
    uint32_t time;           /* 25 ns ticks, wraps */
    uint32_t address;        /* of the next sample; 0 in WAITING */
} grat__bs_packet;
enum { GRAT__BS_DONE = 0, GRAT__BS_AUTO = 1, GRAT__BS_WAITING = 2, GRAT__BS_STOPPED = 3 };

typedef struct grat__bs_vm {
    grat__bs_pipe pipe;
    bool lost;               /* out of step: grat__bs_ready first */
    char version[9];         /* "BS000501" */
    uint8_t held[24];        /* the beginning of a status packet */
    size_t held_n;
    unsigned long trips;     /* times that an echo was waited for */
    unsigned long resyncs;
    unsigned long revived;   /* times that a generator was started again after a reset */
} grat__bs_vm;

/* In step: asks for the version without a reset, and resets when that is not answered as it should be. *reset (may be
 * NULL) tells. Every other call fails with EPROTO while vm->lost, and sets it on a failure that leaves bytes behind. */
grat_err grat__bs_ready(grat__bs_vm *vm, bool *reset, grat_op *op);
/* Stops everything and finds the beginning of the input again: `!`, silence, `?`. With `revive` a generator that runs
 * by its registers, which a reset leaves (believed), is started again: its wave is in the play buffer. Else they are
 * cleared. */
grat_err grat__bs_resync(grat__bs_vm *vm, bool revive, grat_op *op);
/* Without a reset: reads away what is under way and asks `?`. The memory is as it was. */
grat_err grat__bs_regain(grat__bs_vm *vm, grat_op *op);
/* Sends and reads the echo meanwhile. */
grat_err grat__bs_send(grat__bs_vm *vm, const void *text, size_t n, grat_op *op);
grat_err grat__bs_store(grat__bs_vm *vm, const grat__bs_regs *r, const char *tail, grat_op *op);
/* What follows the echo; ESHORT when the instrument stops in the middle. */
grat_err grat__bs_read(grat__bs_vm *vm, void *buf, size_t n, grat_op *op);
/* One command with the answer "\rXX\r": p, r, w. */
grat_err grat__bs_hex(grat__bs_vm *vm, const char *text, uint8_t *out, grat_op *op);
grat_err grat__bs_get(grat__bs_vm *vm, enum grat__bs_reg reg, uint32_t *out, grat_op *op);
/* The next status packet of a trace. A timeout or cancel of the wait leaves the link in step. */
grat_err grat__bs_status(grat__bs_vm *vm, grat__bs_packet *out, grat_op *op);
/* K. The trace may have ended while it was under way: its packet then comes first and is the one that is returned. */
grat_err grat__bs_cancel(grat__bs_vm *vm, grat__bs_packet *out, grat_op *op);
/* `T`. The link counts as lost from now on, so that whoever comes next stops the stream. */
grat_err grat__bs_stream(grat__bs_vm *vm, grat_op *op);
/* Of a stream: at least one byte; *waited tells that none was there. ESHORT when nothing comes any more. EPROTO: bytes
 * were lost here, more will come. */
grat_err grat__bs_stream_read(grat__bs_vm *vm, void *buf, size_t n, bool *waited, grat_op *op);
/* K, silence, ?; a reset where that does not help. */
grat_err grat__bs_stream_end(grat__bs_vm *vm, grat_op *op);
/* EEPROM 0x30..0x37, "" when it holds no text. */
grat_err grat__bs_serial(grat__bs_vm *vm, char out[9], grat_op *op);

#endif
