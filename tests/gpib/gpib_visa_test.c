/* GPIB through libvisa, over the library that stands in for linux-gpib: GPIB INSTR and GPIB INTFC. */
#include <visa.h>

#include "test.h"

#include <dlfcn.h>

static ViSession rm, inst, board;
static ViUInt32 count;
static ViUInt16 stb;

static void tell(ViSession vi, const char *line)
{
    EQ(viWrite(vi, (ViConstBuf)line, (ViUInt32)strlen(line), &count), VI_SUCCESS);
    EQ(count, strlen(line));
}

static void asks(ViSession vi, const char *question, const char *answer)
{
    char got[100] = "";
    tell(vi, question);
    EQ(viRead(vi, (ViPBuf)got, sizeof got - 1, &count), VI_SUCCESS);
    STR(got, answer);
}

static void alive(void)
{
    asks(inst, "*IDN?", "GRATICULE,PLAIN,0,1\n");
}

/* The attribute, in a variable of two bytes. */
static int attr(ViSession vi, ViAttr which)
{
    ViInt16 v = 0x5A5A;
    ViStatus st = viGetAttribute(vi, which, &v);
    return st ? (int)st : v;
}

static void begin(void)
{
    EQ(viOpenDefaultRM(&rm), VI_SUCCESS);
    EQ(viOpen(rm, "GPIB0::5::INSTR", VI_NULL, 3000, &inst), VI_SUCCESS);
    EQ(viOpen(rm, "GPIB0::INTFC", VI_NULL, 3000, &board), VI_SUCCESS);
}

static void end(void)
{
    EQ(viClose(rm), VI_SUCCESS);
}

TEST(messages)
{
    ViSession other;
    char got[200];
    begin();
    alive();
    EQ(viOpen(rm, "GPIB0::7::3::INSTR", VI_NULL, 3000, &other), VI_SUCCESS);
    asks(other, "*IDN?", "GRATICULE,PLAIN,7,1\n");
    EQ(attr(other, VI_ATTR_GPIB_SECONDARY_ADDR), 3);
    EQ(viQueryf(inst, ":ECHO? %d\n", "%199t", 77, got), VI_SUCCESS);
    STR(got, "77\n");
    EQ(viSetAttribute(inst, VI_ATTR_TMO_VALUE, 200), VI_SUCCESS);
    EQ(viRead(inst, (ViPBuf)got, 10, &count), VI_ERROR_TMO);
    alive();
    EQ(viOpen(rm, "GPIB1::5::INSTR", VI_NULL, 1000, &other), VI_ERROR_RSRC_NFOUND);
    end();
}

TEST(an_instrument)
{
    begin();
    EQ(attr(inst, VI_ATTR_INTF_TYPE), VI_INTF_GPIB);
    EQ(attr(inst, VI_ATTR_GPIB_PRIMARY_ADDR), 5);
    EQ(attr(inst, VI_ATTR_GPIB_SECONDARY_ADDR), -1);
    EQ(attr(inst, VI_ATTR_GPIB_READDR_EN), VI_TRUE);
    EQ(attr(inst, VI_ATTR_GPIB_UNADDR_EN), VI_FALSE);
    EQ(attr(inst, VI_ATTR_GPIB_REN_STATE), VI_STATE_ASSERTED);
    EQ(attr(inst, VI_ATTR_GPIB_CIC_STATE), (int)VI_ERROR_NSUP_ATTR);
    tell(inst, "*CLS;*ESE 1;*SRE 0");
    tell(inst, "*OPC");
    EQ(viReadSTB(inst, &stb), VI_SUCCESS);
    EQ(stb & 0x20, 0x20);
    EQ(viAssertTrigger(inst, VI_TRIG_PROT_DEFAULT), VI_SUCCESS);
    tell(inst, "*IDN?");
    EQ(viReadSTB(inst, &stb), VI_SUCCESS);
    EQ(stb & 0x10, 0x10);
    EQ(viClear(inst), VI_SUCCESS);
    EQ(viReadSTB(inst, &stb), VI_SUCCESS);
    EQ(stb & 0x10, 0);
    for (ViUInt16 mode = VI_GPIB_REN_DEASSERT; mode <= VI_GPIB_REN_ADDRESS_GTL; mode++)
        EQ(viGpibControlREN(inst, mode), VI_SUCCESS);
    EQ(viGpibControlREN(inst, 7), VI_ERROR_INV_MODE);
    EQ(viGpibControlATN(inst, VI_GPIB_ATN_ASSERT), VI_ERROR_NSUP_OPER);
    EQ(viGpibSendIFC(inst), VI_ERROR_NSUP_OPER);
    EQ(viGpibCommand(inst, (ViConstBuf) "\x3f", 1, &count), VI_ERROR_NSUP_OPER);
    EQ(viGpibPassControl(inst, 7, VI_NO_SEC_ADDR), VI_ERROR_NSUP_OPER);
    alive();
    end();
}

static int calls;

static ViStatus on_request(ViSession vi, ViEventType type, ViEvent event, ViAddr user)
{
    ViUInt16 byte = 0;
    (void)event;
    EQ(type, VI_EVENT_SERVICE_REQ);
    EQ(viReadSTB(vi, &byte), VI_SUCCESS);
    EQ(byte & 0x40, 0x40);
    __atomic_add_fetch((int *)user, 1, __ATOMIC_SEQ_CST);
    return VI_SUCCESS;
}

TEST(service_requests)
{
    ViEventType type;
    ViEvent event;
    begin();
    EQ(viEnableEvent(inst, VI_EVENT_SERVICE_REQ, VI_QUEUE, VI_NULL), VI_SUCCESS);
    tell(inst, "*CLS;*ESE 1;*SRE 32");
    EQ(viWaitOnEvent(inst, VI_EVENT_SERVICE_REQ, 50, &type, &event), VI_ERROR_TMO);
    tell(inst, "*OPC");
    EQ(viWaitOnEvent(inst, VI_EVENT_SERVICE_REQ, 3000, &type, &event), VI_SUCCESS);
    EQ(type, VI_EVENT_SERVICE_REQ);
    EQ(viClose(event), VI_SUCCESS);
    EQ(viWaitOnEvent(inst, VI_EVENT_SERVICE_REQ, 100, &type, &event), VI_ERROR_TMO);
    EQ(viReadSTB(inst, &stb), VI_SUCCESS);
    EQ(stb & 0x60, 0x60);
    EQ(viReadSTB(inst, &stb), VI_SUCCESS);
    EQ(stb & 0x60, 0x20);
    EQ(viDisableEvent(inst, VI_EVENT_SERVICE_REQ, VI_QUEUE), VI_SUCCESS);

    EQ(viInstallHandler(inst, VI_EVENT_SERVICE_REQ, on_request, (ViAddr)&calls), VI_SUCCESS);
    EQ(viEnableEvent(inst, VI_EVENT_SERVICE_REQ, VI_HNDLR, VI_NULL), VI_SUCCESS);
    tell(inst, "*CLS");
    tell(inst, "*OPC");
    /* Nothing is queued for io completion here: the wait is only a pause that ends. */
    EQ(viEnableEvent(inst, VI_EVENT_IO_COMPLETION, VI_QUEUE, VI_NULL), VI_SUCCESS);
    for (int i = 0; i < 100 && !__atomic_load_n(&calls, __ATOMIC_SEQ_CST); i++)
        viWaitOnEvent(inst, VI_EVENT_IO_COMPLETION, 30, &type, VI_NULL);
    viWaitOnEvent(inst, VI_EVENT_IO_COMPLETION, 100, &type, VI_NULL);
    EQ(__atomic_load_n(&calls, __ATOMIC_SEQ_CST), 1);
    alive();
    end();
}

/* One event of the type comes, and no second one. */
static ViEvent one_event(ViEventType type)
{
    ViEventType got = 0;
    ViEvent event = VI_NULL;
    EQ(viWaitOnEvent(board, type, 3000, &got, &event), VI_SUCCESS);
    EQ(got, type);
    return event;
}

TEST(what_happens_to_a_board)
{
    enum { DCAS = 1, DTAS = 2, LACS = 4, TACS = 8, CIC = 0x20 };
    static const struct { ViEventType type; int state; } rows[] = {
        {VI_EVENT_GPIB_TALK, TACS}, {VI_EVENT_GPIB_LISTEN, LACS}, {VI_EVENT_CLEAR, DCAS}, {VI_EVENT_TRIG, DTAS}};
    void (*states)(int on, int off);
    void *lib = dlopen(getenv("GRATICULE_GPIB"), RTLD_NOW);
    void *symbol = lib ? dlsym(lib, "libgpib_fake_states") : NULL;
    ViEvent event;
    ViInt16 id = 0;
    TRUE(symbol != NULL);
    if (!symbol) return;
    memcpy(&states, &symbol, sizeof states);
    begin();
    EQ(viEnableEvent(inst, VI_EVENT_GPIB_CIC, VI_QUEUE, VI_NULL), VI_ERROR_INV_EVENT);
    EQ(viEnableEvent(board, VI_EVENT_USB_INTR, VI_QUEUE, VI_NULL), VI_ERROR_INV_EVENT);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        EQ(viEnableEvent(board, rows[i].type, VI_QUEUE, VI_NULL), VI_SUCCESS);
        EQ(viWaitOnEvent(board, rows[i].type, 0, NULL, NULL), VI_ERROR_TMO);
        states(rows[i].state, 0);
        event = one_event(rows[i].type);
        EQ(viGetAttribute(event, VI_ATTR_RECV_TRIG_ID, &id), rows[i].state == DTAS ? VI_SUCCESS : VI_ERROR_NSUP_ATTR);
        EQ(viClose(event), VI_SUCCESS);
        EQ(viWaitOnEvent(board, rows[i].type, 250, NULL, NULL), VI_ERROR_TMO);
        states(0, rows[i].state);
    }
    EQ(id, VI_TRIG_SW);
    /* Beside the others, which go on; both directions. */
    EQ(viEnableEvent(board, VI_EVENT_GPIB_CIC, VI_QUEUE, VI_NULL), VI_SUCCESS);
    for (int i = 0; i < 4; i++) {
        ViBoolean has = 7;
        states(i & 1 ? CIC : 0, i & 1 ? 0 : CIC);
        event = one_event(VI_EVENT_GPIB_CIC);
        EQ(viGetAttribute(event, VI_ATTR_GPIB_RECV_CIC_STATE, &has), VI_SUCCESS);
        EQ(has, i & 1);
        viClose(event);
    }
    states(DTAS, 0);
    viClose(one_event(VI_EVENT_TRIG));
    /* Service requests of the bus beside them. */
    EQ(viEnableEvent(board, VI_EVENT_SERVICE_REQ, VI_QUEUE, VI_NULL), VI_SUCCESS);
    tell(inst, "*CLS;*ESE 1;*SRE 32");
    tell(inst, "*OPC");
    viClose(one_event(VI_EVENT_SERVICE_REQ));
    states(TACS, 0);
    viClose(one_event(VI_EVENT_GPIB_TALK));
    EQ(viReadSTB(inst, &stb), VI_SUCCESS);
    EQ(viDisableEvent(board, VI_EVENT_TRIG, VI_QUEUE), VI_SUCCESS);
    states(DTAS, TACS);
    EQ(viWaitOnEvent(board, VI_EVENT_TRIG, 200, NULL, NULL), VI_ERROR_NENABLED);
    EQ(viDisableEvent(board, VI_ALL_ENABLED_EVENTS, VI_ALL_MECH), VI_SUCCESS);
    states(0, DTAS);
    tell(inst, "*CLS");
    alive();
    end();
    dlclose(lib);
}

TEST(a_board)
{
    begin();
    EQ(attr(board, VI_ATTR_GPIB_CIC_STATE), VI_TRUE);
    EQ(attr(board, VI_ATTR_GPIB_NDAC_STATE), VI_STATE_UNKNOWN);
    EQ(viAssertTrigger(board, VI_TRIG_PROT_DEFAULT), VI_SUCCESS);
    EQ(viGpibControlATN(board, VI_GPIB_ATN_ASSERT), VI_SUCCESS);
    EQ(attr(board, VI_ATTR_GPIB_ATN_STATE), VI_STATE_ASSERTED);
    EQ(viGpibControlATN(board, VI_GPIB_ATN_DEASSERT), VI_SUCCESS);
    EQ(attr(board, VI_ATTR_GPIB_ATN_STATE), VI_STATE_UNASSERTED);
    EQ(viGpibControlATN(board, 9), VI_ERROR_INV_MODE);
    EQ(viGpibControlREN(board, VI_GPIB_REN_DEASSERT), VI_SUCCESS);
    EQ(attr(board, VI_ATTR_GPIB_REN_STATE), VI_STATE_UNASSERTED);
    EQ(viGpibControlREN(board, VI_GPIB_REN_ASSERT), VI_SUCCESS);
    EQ(attr(board, VI_ATTR_GPIB_REN_STATE), VI_STATE_ASSERTED);
    EQ(viGpibSendIFC(board), VI_SUCCESS);
    EQ(viGpibCommand(board, (ViConstBuf) "\x3f\x25\x08", 3, &count), VI_SUCCESS);
    EQ(count, 3);
    EQ(viGpibCommand(board, VI_NULL, 3, &count), VI_ERROR_USER_BUF);
    EQ(viGpibPassControl(board, 7, 3), VI_SUCCESS);
    EQ(viGpibPassControl(board, 7, VI_NO_SEC_ADDR), VI_SUCCESS);
    EQ(viGpibPassControl(board, 31, VI_NO_SEC_ADDR), VI_ERROR_INV_PARAMETER);
    EQ(viReadSTB(board, &stb), VI_ERROR_NSUP_OPER);
    EQ(attr(board, VI_ATTR_SUPPRESS_END_EN), (int)VI_ERROR_NSUP_ATTR);
    alive();
    end();
}

/* A board's own address and status byte; an instrument's are in its name. */
TEST(the_boards_own)
{
    ViUInt8 byte = 0;
    begin();
    EQ(attr(board, VI_ATTR_GPIB_PRIMARY_ADDR), 0);
    EQ((ViUInt16)attr(board, VI_ATTR_GPIB_SECONDARY_ADDR), VI_NO_SEC_ADDR);
    EQ(viSetAttribute(board, VI_ATTR_GPIB_PRIMARY_ADDR, 21), VI_SUCCESS);
    EQ(viSetAttribute(board, VI_ATTR_GPIB_SECONDARY_ADDR, 4), VI_SUCCESS);
    EQ(attr(board, VI_ATTR_GPIB_PRIMARY_ADDR), 21);
    EQ(attr(board, VI_ATTR_GPIB_SECONDARY_ADDR), 4);
    EQ(viSetAttribute(board, VI_ATTR_GPIB_PRIMARY_ADDR, 31), VI_ERROR_NSUP_ATTR_STATE);
    EQ(viSetAttribute(board, VI_ATTR_GPIB_SECONDARY_ADDR, 31), VI_ERROR_NSUP_ATTR_STATE);
    EQ(viSetAttribute(board, VI_ATTR_GPIB_SECONDARY_ADDR, VI_NO_SEC_ADDR), VI_SUCCESS);
    EQ((ViUInt16)attr(board, VI_ATTR_GPIB_SECONDARY_ADDR), VI_NO_SEC_ADDR);
    EQ(viSetAttribute(board, VI_ATTR_GPIB_PRIMARY_ADDR, 0), VI_SUCCESS);
    EQ(viSetAttribute(inst, VI_ATTR_GPIB_PRIMARY_ADDR, 6), VI_ERROR_ATTR_READONLY);
    EQ(viSetAttribute(inst, VI_ATTR_GPIB_SECONDARY_ADDR, 6), VI_ERROR_ATTR_READONLY);
    EQ(viSetAttribute(board, VI_ATTR_DEV_STATUS_BYTE, 0x51), VI_SUCCESS);
    EQ(viGetAttribute(board, VI_ATTR_DEV_STATUS_BYTE, &byte), VI_SUCCESS);
    EQ(byte, 0x51);
    EQ(viSetAttribute(board, VI_ATTR_DEV_STATUS_BYTE, 256), VI_ERROR_NSUP_ATTR_STATE);
    EQ(viGetAttribute(inst, VI_ATTR_DEV_STATUS_BYTE, &byte), VI_ERROR_NSUP_ATTR);
    EQ(attr(board, VI_ATTR_GPIB_HS488_CBL_LEN), VI_GPIB_HS488_NIMPL);
    EQ(viSetAttribute(board, VI_ATTR_GPIB_HS488_CBL_LEN, 5), VI_ERROR_NSUP_ATTR_STATE);
    end();
}

int main(void)
{
    RUN(messages);
    RUN(the_boards_own);
    RUN(an_instrument);
    RUN(service_requests);
    RUN(what_happens_to_a_board);
    RUN(a_board);
    return TEST_RESULT();
}
