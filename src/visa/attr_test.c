/* Every attribute of VPP-4.3 from outside: where it exists, its width, access, default and range. */
#include "sessions_test.h"

typedef enum type { BOOL, U8, U16, I16, U32, U64, TEXT } type;

#define MOST 6
#define END_MARK INT64_MIN
#define UNKNOWN (INT64_MIN + 1) /* no default that could be named */

typedef struct row {
    const char *name;
    ViAttr attr;
    type type;
    bool writable;
    unsigned classes;
    int64_t first;
    int64_t good[MOST], bad[MOST]; /* up to the first END_MARK */
} row;

#define A(name) #name, (ViAttr)(name)
#define V(...) {__VA_ARGS__, END_MARK}
#define NO {END_MARK}
#define RO(name, type, classes, first) {#name, (ViAttr)(name), type, false, classes, first, NO, NO}
#define SWITCH(name, classes, first) {#name, (ViAttr)(name), BOOL, true, classes, first, V(0, 1), V(2, -1)}

static const row rows[] = {
    RO(VI_ATTR_RSRC_CLASS, TEXT, ANY, UNKNOWN),
    RO(VI_ATTR_RSRC_NAME, TEXT, ANY, UNKNOWN),
    RO(VI_ATTR_RSRC_IMPL_VERSION, U32, ANY, UNKNOWN),
    RO(VI_ATTR_RSRC_LOCK_STATE, U32, ANY, VI_NO_LOCK),
    {A(VI_ATTR_MAX_QUEUE_LENGTH), U32, true, ANY, 50, V(1, 1000, 0xFFFFFFFF), V(0)},
    {A(VI_ATTR_USER_DATA_32), U32, true, ANY, 0, V(1, 0xFFFFFFFF), NO},
    {A(VI_ATTR_USER_DATA_64), U64, true, ANY, 0, V(1, -1, 0x123456789ABCDEF0), NO},
    {A(VI_ATTR_TMO_VALUE), U32, true, IO, 2000, V(0, 1, 0xFFFFFFFE, 0xFFFFFFFF), NO},
    RO(VI_ATTR_RM_SESSION, U32, ANY, UNKNOWN),
    RO(VI_ATTR_INTF_INST_NAME, TEXT, ANY, UNKNOWN),
    RO(VI_ATTR_RSRC_SPEC_VERSION, U32, ANY, 0x00700200),
    RO(VI_ATTR_INTF_TYPE, U16, IO, UNKNOWN),
    RO(VI_ATTR_RSRC_MANF_NAME, TEXT, ANY, UNKNOWN),
    RO(VI_ATTR_RSRC_MANF_ID, U16, ANY, UNKNOWN),
    RO(VI_ATTR_INTF_NUM, U16, IO, 0),
    {A(VI_ATTR_TRIG_ID), I16, true, LAN | LINE, -1, V(-1, 0xFFFF, 0xFFFFFFFF), V(0, 1, -2, 26)},

    SWITCH(VI_ATTR_SEND_END_EN, IO, 1),
    {A(VI_ATTR_TERMCHAR), U8, true, IO, 10, V(0, 13, 255), V(256, -1)},
    {A(VI_ATTR_IO_PROT), U16, true, IO, 1, V(1, 4), V(0, 2, 3, 5)},
    SWITCH(VI_ATTR_DMA_ALLOW_EN, IO, 0),
    {A(VI_ATTR_RD_BUF_OPER_MODE), U16, true, IO, 3, V(1, 3), V(0, 2, 4)},
    RO(VI_ATTR_RD_BUF_SIZE, U32, IO, UNKNOWN),
    {A(VI_ATTR_WR_BUF_OPER_MODE), U16, true, IO, 2, V(1, 2), V(0, 3)},
    RO(VI_ATTR_WR_BUF_SIZE, U32, IO, UNKNOWN),
    SWITCH(VI_ATTR_SUPPRESS_END_EN, LAN | LINE, 0),
    SWITCH(VI_ATTR_SUPPRESS_END_EN, SOCK, 1),
    SWITCH(VI_ATTR_TERMCHAR_EN, IO, 0),
    SWITCH(VI_ATTR_FILE_APPEND_EN, IO, 0),

    RO(VI_ATTR_TCPIP_ADDR, TEXT, LAN | SOCK, UNKNOWN),
    RO(VI_ATTR_TCPIP_HOSTNAME, TEXT, LAN | SOCK, UNKNOWN),
    RO(VI_ATTR_TCPIP_PORT, U16, SOCK | HISLIP, UNKNOWN),
    RO(VI_ATTR_TCPIP_DEVICE_NAME, TEXT, LAN, UNKNOWN),
    SWITCH(VI_ATTR_TCPIP_NODELAY, SOCK, 1),
    SWITCH(VI_ATTR_TCPIP_KEEPALIVE, SOCK, 0),
    RO(VI_ATTR_TCPIP_IS_HISLIP, BOOL, VXI, 0),
    RO(VI_ATTR_TCPIP_IS_HISLIP, BOOL, HISLIP, 1),
    RO(VI_ATTR_TCPIP_SERVER_CERT_ISSUER_NAME, TEXT, HISLIP, UNKNOWN),
    RO(VI_ATTR_TCPIP_SERVER_CERT_SUBJECT_NAME, TEXT, HISLIP, UNKNOWN),
    RO(VI_ATTR_TCPIP_SERVER_CERT_EXPIRATION_DATE, TEXT, HISLIP, UNKNOWN),
    RO(VI_ATTR_TCPIP_SERVER_CERT_IS_PERPETUAL, BOOL, HISLIP, 0),
    RO(VI_ATTR_TCPIP_SASL_MECHANISM, TEXT, HISLIP, UNKNOWN),
    RO(VI_ATTR_TCPIP_TLS_CIPHER_SUITE, TEXT, HISLIP, UNKNOWN),
    {A(VI_ATTR_TCPIP_HISLIP_OVERLAP_EN), BOOL, true, HISLIP, UNKNOWN, NO, V(2, -1)},
    RO(VI_ATTR_TCPIP_HISLIP_VERSION, U32, HISLIP, UNKNOWN),
    {A(VI_ATTR_TCPIP_HISLIP_MAX_MESSAGE_KB), U32, true, HISLIP, 1024, V(64, 1024), NO},
    {A(VI_ATTR_TCPIP_HISLIP_ENCRYPTION_EN), BOOL, true, HISLIP, 0, V(0), V(2, -1)},

    {A(VI_ATTR_ASRL_BAUD), U32, true, LINE, 9600, V(115200, 9600), V(0)},
    {A(VI_ATTR_ASRL_DATA_BITS), U16, true, LINE, 8, V(8), V(4, 9)}, /* a pseudo terminal has no other */
    {A(VI_ATTR_ASRL_PARITY), U16, true, LINE, 0, V(0), V(5)},
    {A(VI_ATTR_ASRL_STOP_BITS), U16, true, LINE, 10, V(10, 20), V(0, 1, 11)},
    {A(VI_ATTR_ASRL_FLOW_CNTRL), U16, true, LINE, 0, V(0, 1), V(8)},
    RO(VI_ATTR_ASRL_AVAIL_NUM, U32, LINE, 0),
    RO(VI_ATTR_ASRL_CTS_STATE, I16, LINE, UNKNOWN),
    RO(VI_ATTR_ASRL_DSR_STATE, I16, LINE, UNKNOWN),
    RO(VI_ATTR_ASRL_DCD_STATE, I16, LINE, UNKNOWN),
    RO(VI_ATTR_ASRL_RI_STATE, I16, LINE, UNKNOWN),
    {A(VI_ATTR_ASRL_END_IN), U16, true, LINE, 2, V(0, 1, 2), V(3, 4)},
    {A(VI_ATTR_ASRL_END_OUT), U16, true, LINE, 0, V(0, 1, 2, 3), V(4)},
    {A(VI_ATTR_ASRL_REPLACE_CHAR), U8, true, LINE, 0, V(1, 255), V(256)},
    {A(VI_ATTR_ASRL_XON_CHAR), U8, true, LINE, 0x11, V(1, 255), V(256)},
    {A(VI_ATTR_ASRL_XOFF_CHAR), U8, true, LINE, 0x13, V(1, 255), V(256)},
    SWITCH(VI_ATTR_ASRL_DISCARD_NULL, LINE, 0),
    {A(VI_ATTR_ASRL_BREAK_LEN), I16, true, LINE, 250, V(1, 500), V(0, 501, -1)},

    RO(VI_ATTR_MANF_NAME, TEXT, NONE, 0),
    RO(VI_ATTR_MODEL_NAME, TEXT, NONE, 0),
    RO(VI_ATTR_MANF_ID, U16, NONE, 0),
    RO(VI_ATTR_MODEL_CODE, U16, NONE, 0),
    RO(VI_ATTR_4882_COMPLIANT, BOOL, NONE, 0),
    RO(VI_ATTR_USB_SERIAL_NUM, TEXT, NONE, 0),
    RO(VI_ATTR_USB_INTFC_NUM, I16, NONE, 0),
    RO(VI_ATTR_USB_PROTOCOL, I16, NONE, 0),
    RO(VI_ATTR_USB_MAX_INTR_SIZE, U16, NONE, 0),
    RO(VI_ATTR_USB_BULK_OUT_PIPE, I16, NONE, 0),
    RO(VI_ATTR_USB_END_IN, U16, NONE, 0),
    RO(VI_ATTR_USB_CTRL_PIPE, I16, NONE, 0),
    RO(VI_ATTR_GPIB_PRIMARY_ADDR, U16, NONE, 0),
    RO(VI_ATTR_GPIB_SECONDARY_ADDR, U16, NONE, 0),
    RO(VI_ATTR_GPIB_READDR_EN, BOOL, NONE, 0),
    RO(VI_ATTR_GPIB_UNADDR_EN, BOOL, NONE, 0),
    RO(VI_ATTR_GPIB_REN_STATE, I16, NONE, 0),
    RO(VI_ATTR_GPIB_ATN_STATE, I16, NONE, 0),
    RO(VI_ATTR_GPIB_CIC_STATE, BOOL, NONE, 0),
    RO(VI_ATTR_GPIB_SYS_CNTRL_STATE, BOOL, NONE, 0),
    RO(VI_ATTR_DEV_STATUS_BYTE, U8, NONE, 0),
    RO(VI_ATTR_EVENT_TYPE, U32, NONE, 0),
    RO(VI_ATTR_JOB_ID, U32, NONE, 0),
    RO(VI_ATTR_RET_COUNT_64, U64, NONE, 0),
    RO(VI_ATTR_FDC_CHNL, U16, NONE, 0),
    RO(VI_ATTR_WIN_BASE_ADDR_64, U64, NONE, 0),
    RO(VI_ATTR_MEM_SIZE_32, U32, NONE, 0),
    RO(VI_ATTR_SLOT, I16, NONE, 0),
    RO(VI_ATTR_PXI_SLOTPATH, TEXT, NONE, 0),
    RO(VI_ATTR_PXI_MEM_BASE_BAR5_64, U64, NONE, 0),
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static size_t width(type t)
{
    static const size_t widths[] = {2, 1, 2, 2, 4, 8, VI_FIND_BUFLEN};

    return widths[t];
}

/* The value, after the bytes behind it were seen to be untouched. */
static ViStatus get(ViSession vi, const row *r, int64_t *out)
{
    unsigned char room[VI_FIND_BUFLEN + 8];
    ViStatus status;
    size_t n = width(r->type);

    memset(room, 0xA5, sizeof(room));
    status = viGetAttribute(vi, r->attr, room);
    *out = 0;
    if (status != VI_SUCCESS) n = 0;
    for (size_t i = n; i < sizeof(room); i++)
        if (room[i] != 0xA5) {
            TEST_FAIL("%s: byte %zu was written", r->name, i);
            break;
        }
    if (status != VI_SUCCESS) return status;
    if (r->type == TEXT) {
        TRUE(memchr(room, 0, VI_FIND_BUFLEN) != NULL);
        for (size_t i = 0; room[i]; i++) TRUE(room[i] < 0x80);
        return status;
    }
    for (size_t i = n; i-- > 0;) *out = (int64_t)((uint64_t)*out << 8 | room[i]);
    if (r->type == I16) *out = (int16_t)*out;
    return status;
}

static void complain(const char *session, const row *r, const char *what, int64_t have, int64_t want)
{
    TEST_FAIL("%s of the %s: %s %lld, wanted %lld", r->name, session, what, (long long)have, (long long)want);
}

#define SAME(what, have, want)                                                                                         \
    do {                                                                                                               \
        int64_t have_ = (have), want_ = (want);                                                                        \
        test_checks++;                                                                                                 \
        if (have_ != want_) complain(sessions[i].name, r, what, have_, want_);                                         \
    } while (0)

/* Some rows share an attribute, with different classes. */
static bool elsewhere(const row *r, unsigned class)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].attr == r->attr && (rows[i].classes & class)) return true;
    return false;
}

TEST(where_and_how_wide)
{
    open_all();
    for (size_t i = 0; i < SESSIONS; i++)
        for (const row *r = rows; r < rows + ROWS; r++) {
            int64_t value;
            ViStatus status = get(*sessions[i].session, r, &value);

            if (r->classes & sessions[i].class) {
                SAME("reading gives", status, VI_SUCCESS);
                if (r->first != UNKNOWN && status == VI_SUCCESS) SAME("the default is", value, r->first);
            } else if (!elsewhere(r, sessions[i].class)) {
                SAME("reading gives", status, VI_ERROR_NSUP_ATTR);
                SAME("writing gives", viSetAttribute(*sessions[i].session, r->attr, 0), VI_ERROR_NSUP_ATTR);
            }
        }
    close_all();
}

static int64_t narrowed(type t, int64_t v)
{
    switch (t) {
    case I16: return (int16_t)v;
    case U32: return (uint32_t)v;
    default: return v;
    }
}

static void write_all(size_t i, const row *r)
{
    ViSession vi = *sessions[i].session;
    int64_t value, after;

    for (const int64_t *v = r->good; *v != END_MARK; v++) {
        SAME("writing a good value gives", viSetAttribute(vi, r->attr, (ViAttrState)*v), VI_SUCCESS);
        get(vi, r, &value);
        SAME("a good value is read back as", value, narrowed(r->type, *v));
    }
    for (const int64_t *v = r->bad; *v != END_MARK; v++) {
        get(vi, r, &value);
        SAME("writing a bad value gives", viSetAttribute(vi, r->attr, (ViAttrState)*v), VI_ERROR_NSUP_ATTR_STATE);
        get(vi, r, &after);
        SAME("a bad value changes it to", after, value);
    }
    if (!r->writable) {
        SAME("writing gives", viSetAttribute(vi, r->attr, 1), VI_ERROR_ATTR_READONLY);
        return;
    }
    /* Bytes above the width of the attribute, as callers with other headers leave them. */
    if (r->type != U64 && r->good[0] != END_MARK) {
        SAME("writing with garbage above gives",
             viSetAttribute(vi, r->attr, (ViAttrState)r->good[0] | 0xABCD000000000000), VI_SUCCESS);
        get(vi, r, &value);
        SAME("garbage above is read back as", value, narrowed(r->type, r->good[0]));
    }
}

TEST(access_and_range)
{
    open_all();
    for (size_t i = 0; i < SESSIONS; i++)
        for (const row *r = rows; r < rows + ROWS; r++)
            if (r->classes & sessions[i].class) write_all(i, r);
    close_all();
}

TEST(values_of_the_session)
{
    char text[VI_FIND_BUFLEN];
    ViUInt32 version, rm;
    ViUInt16 number;

    open_all();
    EQ(viGetAttribute(bench.lan, VI_ATTR_RSRC_CLASS, text), VI_SUCCESS);
    STR(text, "INSTR");
    EQ(viGetAttribute(bench.sock, VI_ATTR_RSRC_CLASS, text), VI_SUCCESS);
    STR(text, "SOCKET");
    EQ(viGetAttribute(bench.sock, VI_ATTR_RSRC_NAME, text), VI_SUCCESS);
    TRUE(strncmp(text, "TCPIP0::", 8) == 0 && strstr(text, bench.address) == text + 8);
    EQ(viGetAttribute(bench.sock, VI_ATTR_TCPIP_ADDR, text), VI_SUCCESS);
    STR(text, bench.address);
    EQ(viGetAttribute(bench.sock, VI_ATTR_TCPIP_PORT, &number), VI_SUCCESS);
    EQ(number, 5555);
    EQ(viGetAttribute(bench.lan, VI_ATTR_INTF_TYPE, &number), VI_SUCCESS);
    EQ(number, VI_INTF_TCPIP);
    EQ(viGetAttribute(bench.sock, VI_ATTR_INTF_TYPE, &number), VI_SUCCESS);
    EQ(number, VI_INTF_TCPIP);
    EQ(viGetAttribute(bench.lan, VI_ATTR_RM_SESSION, &rm), VI_SUCCESS);
    EQ(rm, bench.rm);
    EQ(viGetAttribute(bench.rm, VI_ATTR_RSRC_MANF_NAME, text), VI_SUCCESS);
    TRUE(text[0] != 0);
    EQ(viGetAttribute(bench.rm, VI_ATTR_RSRC_IMPL_VERSION, &version), VI_SUCCESS);
    TRUE(version != 0);
    EQ(viGetAttribute(bench.rm, VI_ATTR_RSRC_MANF_ID, &number), VI_SUCCESS);
    TRUE(number <= 0x3FFF);
    close_all();
}

TEST(changing_conditions)
{
    ViSession other;

    open_all();
    /* The length of the queue is fixed by the first enabling. */
    EQ(viSetAttribute(bench.lan, VI_ATTR_MAX_QUEUE_LENGTH, 7), VI_SUCCESS);
    EQ(viEnableEvent(bench.lan, VI_EVENT_IO_COMPLETION, VI_QUEUE, VI_NULL), VI_SUCCESS);
    EQ(viSetAttribute(bench.lan, VI_ATTR_MAX_QUEUE_LENGTH, 8), VI_ERROR_ATTR_READONLY);
    /* Local ones belong to the session, and stay writable under another's lock. */
    EQ(viOpen(bench.rm, wire("inst0"), VI_NULL, VI_NULL, &other), VI_SUCCESS);
    EQ(viSetAttribute(bench.lan, VI_ATTR_TMO_VALUE, 123), VI_SUCCESS);
    ViUInt32 tmo = 0;
    EQ(viGetAttribute(other, VI_ATTR_TMO_VALUE, &tmo), VI_SUCCESS);
    EQ(tmo, 2000);
    EQ(viLock(other, VI_EXCLUSIVE_LOCK, VI_TMO_IMMEDIATE, VI_NULL, VI_NULL), VI_SUCCESS);
    EQ(viSetAttribute(bench.lan, VI_ATTR_TMO_VALUE, 124), VI_SUCCESS);
    EQ(viGetAttribute(bench.lan, VI_ATTR_TMO_VALUE, &tmo), VI_SUCCESS);
    EQ(tmo, 124);
    ViUInt32 state = 0;
    EQ(viGetAttribute(bench.lan, VI_ATTR_RSRC_LOCK_STATE, &state), VI_SUCCESS);
    EQ(state, VI_EXCLUSIVE_LOCK);
    /* The sizes of the formatted buffers follow viSetBuf. */
    ViUInt32 size = 0;
    EQ(viSetBuf(other, VI_READ_BUF | VI_WRITE_BUF, 8192), VI_SUCCESS);
    EQ(viGetAttribute(other, VI_ATTR_RD_BUF_SIZE, &size), VI_SUCCESS);
    EQ(size, 8192);
    EQ(viGetAttribute(other, VI_ATTR_WR_BUF_SIZE, &size), VI_SUCCESS);
    EQ(size, 8192);
    close_all();
}

TEST(bad_handles_and_pointers)
{
    ViUInt32 v = 0xA5A5A5A5;

    open_all();
    EQ(viGetAttribute(0, VI_ATTR_TMO_VALUE, &v), VI_ERROR_INV_OBJECT);
    EQ(viGetAttribute(bench.rm + 1000, VI_ATTR_TMO_VALUE, &v), VI_ERROR_INV_OBJECT);
    EQ(viSetAttribute(0, VI_ATTR_TMO_VALUE, 1), VI_ERROR_INV_OBJECT);
    EQ(viGetAttribute(bench.lan, 0x3FFF7000, &v), VI_ERROR_NSUP_ATTR);
    EQ(viSetAttribute(bench.lan, 0x3FFF7000, 1), VI_ERROR_NSUP_ATTR);
    EQ(v, 0xA5A5A5A5);
    TRUE(viGetAttribute(bench.lan, VI_ATTR_TMO_VALUE, NULL) < VI_SUCCESS);
    close_all();
    EQ(viGetAttribute(bench.lan, VI_ATTR_TMO_VALUE, &v), VI_ERROR_INV_OBJECT);
}

TEST(status_texts)
{
#define S(x) {#x, (ViStatus)(x)}
    static const struct {
        const char *name;
        ViStatus status;
    } codes[] = {
        S(VI_SUCCESS), S(VI_SUCCESS_EVENT_EN), S(VI_SUCCESS_EVENT_DIS), S(VI_SUCCESS_QUEUE_EMPTY),
        S(VI_SUCCESS_TERM_CHAR), S(VI_SUCCESS_MAX_CNT), S(VI_SUCCESS_DEV_NPRESENT), S(VI_SUCCESS_TRIG_MAPPED),
        S(VI_SUCCESS_QUEUE_NEMPTY), S(VI_SUCCESS_NCHAIN), S(VI_SUCCESS_NESTED_SHARED),
        S(VI_SUCCESS_NESTED_EXCLUSIVE), S(VI_SUCCESS_SYNC), S(VI_WARN_QUEUE_OVERFLOW), S(VI_WARN_CONFIG_NLOADED),
        S(VI_WARN_NULL_OBJECT), S(VI_WARN_NSUP_ATTR_STATE), S(VI_WARN_UNKNOWN_STATUS), S(VI_WARN_NSUP_BUF),
        S(VI_WARN_EXT_FUNC_NIMPL), S(VI_WARN_SERVER_CERT_UNTRUSTED), S(VI_ERROR_SYSTEM_ERROR),
        S(VI_ERROR_INV_OBJECT), S(VI_ERROR_RSRC_LOCKED), S(VI_ERROR_INV_EXPR), S(VI_ERROR_RSRC_NFOUND),
        S(VI_ERROR_INV_RSRC_NAME), S(VI_ERROR_INV_ACC_MODE), S(VI_ERROR_TMO), S(VI_ERROR_CLOSING_FAILED),
        S(VI_ERROR_INV_DEGREE), S(VI_ERROR_INV_JOB_ID), S(VI_ERROR_NSUP_ATTR), S(VI_ERROR_NSUP_ATTR_STATE),
        S(VI_ERROR_ATTR_READONLY), S(VI_ERROR_INV_LOCK_TYPE), S(VI_ERROR_INV_ACCESS_KEY), S(VI_ERROR_INV_EVENT),
        S(VI_ERROR_INV_MECH), S(VI_ERROR_HNDLR_NINSTALLED), S(VI_ERROR_INV_HNDLR_REF), S(VI_ERROR_INV_CONTEXT),
        S(VI_ERROR_QUEUE_OVERFLOW), S(VI_ERROR_NENABLED), S(VI_ERROR_ABORT), S(VI_ERROR_RAW_WR_PROT_VIOL),
        S(VI_ERROR_RAW_RD_PROT_VIOL), S(VI_ERROR_OUTP_PROT_VIOL), S(VI_ERROR_INP_PROT_VIOL), S(VI_ERROR_BERR),
        S(VI_ERROR_IN_PROGRESS), S(VI_ERROR_INV_SETUP), S(VI_ERROR_QUEUE_ERROR), S(VI_ERROR_ALLOC),
        S(VI_ERROR_INV_MASK), S(VI_ERROR_IO), S(VI_ERROR_INV_FMT), S(VI_ERROR_NSUP_FMT), S(VI_ERROR_LINE_IN_USE),
        S(VI_ERROR_LINE_NRESERVED), S(VI_ERROR_NSUP_MODE), S(VI_ERROR_SRQ_NOCCURRED), S(VI_ERROR_INV_SPACE),
        S(VI_ERROR_INV_OFFSET), S(VI_ERROR_INV_WIDTH), S(VI_ERROR_NSUP_OFFSET), S(VI_ERROR_NSUP_VAR_WIDTH),
        S(VI_ERROR_WINDOW_NMAPPED), S(VI_ERROR_RESP_PENDING), S(VI_ERROR_NLISTENERS), S(VI_ERROR_NCIC),
        S(VI_ERROR_NSYS_CNTLR), S(VI_ERROR_NSUP_OPER), S(VI_ERROR_INTR_PENDING), S(VI_ERROR_ASRL_PARITY),
        S(VI_ERROR_ASRL_FRAMING), S(VI_ERROR_ASRL_OVERRUN), S(VI_ERROR_TRIG_NMAPPED), S(VI_ERROR_NSUP_ALIGN_OFFSET),
        S(VI_ERROR_USER_BUF), S(VI_ERROR_RSRC_BUSY), S(VI_ERROR_NSUP_WIDTH), S(VI_ERROR_INV_PARAMETER),
        S(VI_ERROR_INV_PROT), S(VI_ERROR_INV_SIZE), S(VI_ERROR_WINDOW_MAPPED), S(VI_ERROR_NIMPL_OPER),
        S(VI_ERROR_INV_LENGTH), S(VI_ERROR_INV_MODE), S(VI_ERROR_SESN_NLOCKED), S(VI_ERROR_MEM_NSHARED),
        S(VI_ERROR_LIBRARY_NFOUND), S(VI_ERROR_NSUP_INTR), S(VI_ERROR_INV_LINE), S(VI_ERROR_FILE_ACCESS),
        S(VI_ERROR_FILE_IO), S(VI_ERROR_NSUP_LINE), S(VI_ERROR_NSUP_MECH), S(VI_ERROR_INTF_NUM_NCONFIG),
        S(VI_ERROR_CONN_LOST), S(VI_ERROR_MACHINE_NAVAIL), S(VI_ERROR_NPERMISSION), S(VI_ERROR_SERVER_CERT),
    };
    char text[VI_FIND_BUFLEN];

    open_all();
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        memset(text, 0xA5, sizeof(text));
        if (viStatusDesc(bench.rm, codes[i].status, text) != VI_SUCCESS) TEST_FAIL("%s is not known", codes[i].name);
        test_checks++;
        TRUE(memchr(text, 0, sizeof(text)) != NULL && strlen(text) > 3);
    }
    EQ(viStatusDesc(bench.rm, (ViStatus)0xBFFF7777, text), VI_WARN_UNKNOWN_STATUS);
    TRUE(strcasestr(text, "BFFF7777") != NULL);
    memset(text, 0, sizeof(text));
    viStatusDesc(0, VI_ERROR_TMO, text);
    TRUE(text[0] != 0);
    close_all();
}

int main(void)
{
    start();
    RUN(where_and_how_wide);
    RUN(access_and_range);
    RUN(values_of_the_session);
    RUN(changing_conditions);
    RUN(bad_handles_and_pointers);
    RUN(status_texts);
    stop();
    return TEST_RESULT();
}
