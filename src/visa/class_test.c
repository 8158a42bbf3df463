/* What every class of session says to every kind of call: VPP-4.3 lists which operations and events it has. */
#include "sessions_test.h"

#pragma GCC diagnostic ignored "-Wpedantic" /* functions as pointers */

#define OPER VI_ERROR_NSUP_OPER
#define EVENT VI_ERROR_INV_EVENT
#define OK VI_SUCCESS

typedef struct call {
    const char *name;
    ViStatus (*call)(ViSession vi);
    ViStatus want[5]; /* in the order of `sessions` */
} call;

#define CALL(name, expression)                                                                                         \
    static ViStatus name(ViSession vi)                                                                                 \
    {                                                                                                                  \
        return expression;                                                                                             \
    }

static ViByte room[64];
static ViUInt16 word;
static ViUInt32 quad, handle;
static ViUInt64 octet;
static char text[VI_FIND_BUFLEN];

CALL(read_stb, viReadSTB(vi, &word))
CALL(read_stb_nowhere, viReadSTB(vi, VI_NULL))
CALL(clear, viClear(vi))
CALL(trigger, viAssertTrigger(vi, VI_TRIG_PROT_DEFAULT))
CALL(trigger_on, viAssertTrigger(vi, VI_TRIG_PROT_ON))
CALL(remote, viGpibControlREN(vi, VI_GPIB_REN_ASSERT_ADDRESS))
CALL(local, viGpibControlREN(vi, VI_GPIB_REN_ADDRESS_GTL))
CALL(remote_bad, viGpibControlREN(vi, 7))
CALL(atn, viGpibControlATN(vi, VI_GPIB_ATN_ASSERT))
CALL(ifc, viGpibSendIFC(vi))
CALL(command, viGpibCommand(vi, room, 1, &quad))
CALL(pass_control, viGpibPassControl(vi, 1, VI_NO_SEC_ADDR))
CALL(usb_in, viUsbControlIn(vi, 0xA1, 7, 0, 0, 8, room, &word))
CALL(usb_out, viUsbControlOut(vi, 0x21, 1, 0, 0, 0, VI_NULL))
CALL(write_nothing, viWrite(vi, room, 0, &quad))
CALL(write_nowhere, viWrite(vi, VI_NULL, 1, &quad))
CALL(read_nowhere, viRead(vi, VI_NULL, 1, &quad))
CALL(flush_nothing, viFlush(vi, 0))
CALL(flush_read, viFlush(vi, VI_READ_BUF))
CALL(sizes, viSetBuf(vi, VI_READ_BUF | VI_WRITE_BUF, 4096))
CALL(io_size, viSetBuf(vi, VI_IO_IN_BUF, 4096))
CALL(terminate_all, viTerminate(vi, VI_NULL, VI_NULL))
CALL(terminate_degree, viTerminate(vi, 1, VI_NULL))
CALL(terminate_job, viTerminate(vi, VI_NULL, 77))
CALL(unlock_unlocked, viUnlock(vi))
CALL(lock_bad, viLock(vi, 0, 0, VI_NULL, text))
CALL(find, viFindRsrc(vi, "GPIB99::?*", &handle, &quad, text))
CALL(parse, viParseRsrc(vi, "TCPIP::a::INSTR", &word, &word))
CALL(open_here, viOpen(vi, "SIM::none", VI_NULL, VI_NULL, &handle))
CALL(open_mode, viOpen(vi, "SIM::plain", 8, VI_NULL, &handle))
CALL(find_next, viFindNext(vi, text))
CALL(in8, viIn8(vi, VI_A16_SPACE, 0, room))
CALL(out64_ex, viOut64Ex(vi, VI_A16_SPACE, 0, 1))
CALL(move_in, viMoveIn32(vi, VI_A16_SPACE, 0, 1, &quad))
CALL(move_async, viMoveAsyncEx(vi, 1, 0, 1, 1, 0, 1, 1, &handle))
CALL(map, viMapAddress(vi, 1, 0, 1, 0, VI_NULL, (ViPAddr)(void *)&octet))
CALL(allocate, viMemAllocEx(vi, 1, &octet))
CALL(vxi, viVxiCommandQuery(vi, VI_VXI_CMD16, 0, &quad))
CALL(reserve, viPxiReserveTriggers(vi, 0, VI_NULL, VI_NULL, VI_NULL))

static const call calls[] = {
    {"viReadSTB", read_stb, {OPER, OK, OK, OPER, OPER}},
    {"viReadSTB(NULL)", read_stb_nowhere,
     {OPER, VI_ERROR_USER_BUF, VI_ERROR_USER_BUF, VI_ERROR_USER_BUF, VI_ERROR_USER_BUF}},
    {"viClear", clear, {OPER, OK, OK, OK, OK}},
    {"viAssertTrigger", trigger, {OPER, OK, OK, OPER, OPER}},
    {"viAssertTrigger(ON)", trigger_on,
     {OPER, VI_ERROR_INV_PROT, VI_ERROR_INV_PROT, VI_ERROR_INV_PROT, VI_ERROR_INV_PROT}},
    {"viGpibControlREN", remote, {OPER, OK, OK, OPER, OPER}},
    {"viGpibControlREN(local)", local, {OPER, OK, OK, OPER, OPER}},
    {"viGpibControlREN(7)", remote_bad, {OPER, VI_ERROR_INV_MODE, VI_ERROR_INV_MODE, OPER, OPER}},
    {"viGpibControlATN", atn, {OPER, OPER, OPER, OPER, OPER}},
    {"viGpibSendIFC", ifc, {OPER, OPER, OPER, OPER, OPER}},
    {"viGpibCommand", command, {OPER, OPER, OPER, OPER, OPER}},
    {"viGpibPassControl", pass_control, {OPER, OPER, OPER, OPER, OPER}},
    {"viUsbControlIn", usb_in, {OPER, OPER, OPER, OPER, OPER}},
    {"viUsbControlOut", usb_out, {OPER, OPER, OPER, OPER, OPER}},
    {"viWrite of nothing", write_nothing, {OPER, OK, OK, OK, OK}},
    {"viWrite(NULL)", write_nowhere,
     {OPER, VI_ERROR_USER_BUF, VI_ERROR_USER_BUF, VI_ERROR_USER_BUF, VI_ERROR_USER_BUF}},
    {"viRead(NULL)", read_nowhere,
     {OPER, VI_ERROR_USER_BUF, VI_ERROR_USER_BUF, VI_ERROR_USER_BUF, VI_ERROR_USER_BUF}},
    {"viFlush(0)", flush_nothing, {OPER, OK, OK, OK, OK}},
    {"viFlush(VI_READ_BUF)", flush_read, {OPER, OK, OK, OK, OK}},
    {"viSetBuf", sizes, {OPER, OK, OK, OK, OK}},
    {"viSetBuf(I/O)", io_size, {OPER, VI_WARN_NSUP_BUF, VI_WARN_NSUP_BUF, VI_WARN_NSUP_BUF, OK}},
    {"viTerminate", terminate_all, {OPER, OK, OK, OK, OK}},
    {"viTerminate(degree)", terminate_degree,
     {OPER, VI_ERROR_INV_DEGREE, VI_ERROR_INV_DEGREE, VI_ERROR_INV_DEGREE, VI_ERROR_INV_DEGREE}},
    {"viTerminate(77)", terminate_job,
     {OPER, VI_ERROR_INV_JOB_ID, VI_ERROR_INV_JOB_ID, VI_ERROR_INV_JOB_ID, VI_ERROR_INV_JOB_ID}},
    {"viUnlock", unlock_unlocked,
     {OPER, VI_ERROR_SESN_NLOCKED, VI_ERROR_SESN_NLOCKED, VI_ERROR_SESN_NLOCKED, VI_ERROR_SESN_NLOCKED}},
    {"viLock(0)", lock_bad,
     {OPER, VI_ERROR_INV_LOCK_TYPE, VI_ERROR_INV_LOCK_TYPE, VI_ERROR_INV_LOCK_TYPE, VI_ERROR_INV_LOCK_TYPE}},
    {"viFindRsrc", find, {VI_ERROR_RSRC_NFOUND, OPER, OPER, OPER, OPER}},
    {"viParseRsrc", parse, {OK, OPER, OPER, OPER, OPER}},
    {"viOpen", open_here, {VI_ERROR_RSRC_NFOUND, OPER, OPER, OPER, OPER}},
    {"viOpen(mode 8)", open_mode, {VI_ERROR_INV_ACC_MODE, OPER, OPER, OPER, OPER}},
    {"viFindNext", find_next, {OPER, OPER, OPER, OPER, OPER}},
    {"viIn8", in8, {OPER, OPER, OPER, OPER, OPER}},
    {"viOut64Ex", out64_ex, {OPER, OPER, OPER, OPER, OPER}},
    {"viMoveIn32", move_in, {OPER, OPER, OPER, OPER, OPER}},
    {"viMoveAsyncEx", move_async, {OPER, OPER, OPER, OPER, OPER}},
    {"viMapAddress", map, {OPER, OPER, OPER, OPER, OPER}},
    {"viMemAllocEx", allocate, {OPER, OPER, OPER, OPER, OPER}},
    {"viVxiCommandQuery", vxi, {OPER, OPER, OPER, OPER, OPER}},
    {"viPxiReserveTriggers", reserve, {OPER, OPER, OPER, OPER, OPER}},
};

TEST(operations)
{
    open_all();
    for (size_t i = 0; i < SESSIONS; i++)
        for (const call *c = calls; c < calls + sizeof(calls) / sizeof(calls[0]); c++) {
            ViStatus status = c->call(*sessions[i].session);

            test_checks++;
            if (status != c->want[i])
                TEST_FAIL("%s on the %s gives %08X, wanted %08X", c->name, sessions[i].name, (unsigned)status,
                          (unsigned)c->want[i]);
        }
    close_all();
}

TEST(unknown_handles)
{
    for (const call *c = calls; c < calls + sizeof(calls) / sizeof(calls[0]); c++) {
        static const ViSession unknown[] = {0, 12345, 0xFFFFFFFF};

        for (size_t i = 0; i < 3; i++) {
            test_checks++;
            if (c->call(unknown[i]) != VI_ERROR_INV_OBJECT) TEST_FAIL("%s takes handle %u", c->name, unknown[i]);
        }
    }
    EQ(viClose(VI_NULL), VI_WARN_NULL_OBJECT);
    viPeek8(0, VI_NULL, room);
    viPoke64(0, VI_NULL, 1);
}

/* With 488.2 strings a stream has a status byte and a trigger too. */
TEST(strings_of_488_2)
{
    open_all();
    ViSession streams[] = {bench.sock, bench.line};
    for (unsigned i = 0; i < 2; i++) {
        EQ(viSetAttribute(streams[i], VI_ATTR_IO_PROT, VI_PROT_4882_STRS), VI_SUCCESS);
        word = 99;
        EQ(viReadSTB(streams[i], &word), VI_SUCCESS);
        EQ(word, 0);
        EQ(viAssertTrigger(streams[i], VI_TRIG_PROT_DEFAULT), VI_SUCCESS);
        EQ(viClear(streams[i]), VI_SUCCESS);
    }
    close_all();
}

/* ---- events -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    ViEventType type;
    unsigned classes;
} events[] = {
    {"IO_COMPLETION", (ViEventType)VI_EVENT_IO_COMPLETION, IO},
    {"SERVICE_REQ", (ViEventType)VI_EVENT_SERVICE_REQ, LAN | LINE},
    {"USB_INTR", (ViEventType)VI_EVENT_USB_INTR, NONE},
    {"TRIG", (ViEventType)VI_EVENT_TRIG, NONE},
    {"CLEAR", (ViEventType)VI_EVENT_CLEAR, NONE},
    {"GPIB_CIC", (ViEventType)VI_EVENT_GPIB_CIC, NONE},
    {"GPIB_TALK", (ViEventType)VI_EVENT_GPIB_TALK, NONE},
    {"VXI_SIGP", (ViEventType)VI_EVENT_VXI_SIGP, NONE},
    {"PXI_INTR", (ViEventType)VI_EVENT_PXI_INTR, NONE},
    {"nothing", 0x3FFF2222, NONE},
    {"zero", 0, NONE},
};

static ViStatus handler(ViSession vi, ViEventType type, ViEvent event, ViAddr user)
{
    (void)vi, (void)type, (void)event, (void)user;
    return VI_SUCCESS;
}

static void one_event(size_t i, size_t e)
{
    ViSession vi = *sessions[i].session;
    ViEventType type = events[e].type, out = 77;
    ViEvent context = 77;

    if (!(events[e].classes & sessions[i].class)) {
        EQ(viEnableEvent(vi, type, VI_QUEUE, VI_NULL), EVENT);
        EQ(viInstallHandler(vi, type, handler, VI_NULL), EVENT);
        EQ(viWaitOnEvent(vi, type, 0, &out, &context), EVENT);
        return;
    }
    EQ(viWaitOnEvent(vi, type, 0, &out, &context), VI_ERROR_NENABLED);
    EQ(viEnableEvent(vi, type, VI_HNDLR, VI_NULL), VI_ERROR_HNDLR_NINSTALLED);
    EQ(viEnableEvent(vi, type, VI_QUEUE, 1), VI_ERROR_INV_CONTEXT);
    EQ(viEnableEvent(vi, type, 0, VI_NULL), VI_ERROR_INV_MECH);
    EQ(viEnableEvent(vi, type, 8, VI_NULL), VI_ERROR_INV_MECH);
    EQ(viInstallHandler(vi, type, VI_NULL, VI_NULL), VI_ERROR_INV_HNDLR_REF);
    EQ(viUninstallHandler(vi, type, handler, VI_NULL), VI_ERROR_INV_HNDLR_REF);
    EQ(viInstallHandler(vi, type, handler, &quad), VI_SUCCESS);
    EQ(viEnableEvent(vi, type, VI_HNDLR | VI_SUSPEND_HNDLR, VI_NULL), VI_ERROR_INV_MECH);
    EQ(viEnableEvent(vi, type, VI_QUEUE, VI_NULL), VI_SUCCESS);
    EQ(viEnableEvent(vi, type, VI_QUEUE, VI_NULL), VI_SUCCESS_EVENT_EN);
    EQ(viEnableEvent(vi, type, VI_HNDLR, VI_NULL), VI_SUCCESS);
    EQ(viEnableEvent(vi, VI_ALL_ENABLED_EVENTS, VI_SUSPEND_HNDLR, VI_NULL), VI_SUCCESS);
    EQ(viWaitOnEvent(vi, type, 0, &out, &context), VI_ERROR_TMO);
    EQ(out, 0);
    EQ(context, VI_NULL);
    EQ(viDiscardEvents(vi, type, VI_QUEUE), VI_SUCCESS_QUEUE_EMPTY);
    EQ(viDisableEvent(vi, type, VI_ALL_MECH), VI_SUCCESS);
    EQ(viDisableEvent(vi, type, VI_ALL_MECH), VI_SUCCESS_EVENT_DIS);
    EQ(viUninstallHandler(vi, type, handler, VI_NULL), VI_ERROR_INV_HNDLR_REF);
    EQ(viUninstallHandler(vi, type, VI_ANY_HNDLR, VI_NULL), VI_SUCCESS);
}

TEST(event_types)
{
    open_all();
    for (size_t i = 1; i < SESSIONS; i++) {
        for (size_t e = 0; e < sizeof(events) / sizeof(events[0]); e++) {
            int before = test_failures;

            one_event(i, e);
            if (test_failures != before) fprintf(stderr, "  %s on the %s\n", events[e].name, sessions[i].name);
        }
        /* What PyVISA does at every close. */
        TRUE(viDisableEvent(*sessions[i].session, VI_ALL_ENABLED_EVENTS, VI_ALL_MECH) >= VI_SUCCESS);
        TRUE(viDiscardEvents(*sessions[i].session, VI_ALL_ENABLED_EVENTS, VI_ALL_MECH) >= VI_SUCCESS);
        /* Exceptions have handlers only. */
        EQ(viEnableEvent(*sessions[i].session, VI_EVENT_EXCEPTION, VI_QUEUE, VI_NULL), VI_ERROR_NSUP_MECH);
        EQ(viInstallHandler(*sessions[i].session, VI_EVENT_EXCEPTION, handler, VI_NULL), VI_SUCCESS);
        EQ(viUninstallHandler(*sessions[i].session, VI_EVENT_EXCEPTION, handler, VI_NULL), VI_SUCCESS);
    }
    close_all();
}

/* Ids that a program keeps must not come again, in this session or another. */
TEST(job_ids)
{
    ViJobId id[6] = {0};

    open_all();
    for (unsigned i = 0; i < 6; i++) {
        TRUE(viWriteAsync(i % 2 ? bench.lan : bench.hislip, (ViConstBuf)"*CLS\n", 5, &id[i]) >= VI_SUCCESS);
        TRUE(id[i] > 1000);
        for (unsigned k = 0; k < i; k++) TRUE(id[k] != id[i]);
    }
    close_all();
}

TEST(handles_are_not_used_again)
{
    ViSession first, second;

    EQ(viOpenDefaultRM(&first), VI_SUCCESS);
    EQ(viClose(first), VI_SUCCESS);
    EQ(viOpenDefaultRM(&second), VI_SUCCESS);
    TRUE(first != second);
    EQ(viClose(first), VI_ERROR_INV_OBJECT);
    EQ(viClose(second), VI_SUCCESS);
}

/* Callers that take the status as a C long read the whole register. */
TEST(a_status_is_sign_extended)
{
    long (*close)(ViObject) = (long (*)(ViObject))(void *)viClose;
    long (*print)(ViSession, ViConstString, ...) = (long (*)(ViSession, ViConstString, ...))(void *)viPrintf;
    long (*in)(ViSession, ViUInt16, ViBusAddress, ViPUInt8) =
        (long (*)(ViSession, ViUInt16, ViBusAddress, ViPUInt8))(void *)viIn8;

    TRUE(close(12345) == VI_ERROR_INV_OBJECT);
    TRUE(print(12345, "a\n") == VI_ERROR_INV_OBJECT);
    TRUE(in(12345, 0, 0, room) == VI_ERROR_INV_OBJECT);
}

int main(void)
{
    start();
    RUN(operations);
    RUN(unknown_handles);
    RUN(strings_of_488_2);
    RUN(event_types);
    RUN(job_ids);
    RUN(handles_are_not_used_again);
    RUN(a_status_is_sign_extended);
    stop();
    return TEST_RESULT();
}
