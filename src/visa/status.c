/* viStatusDesc and its table. */
#include "session.h"

#include <stdio.h>

static const struct entry {
    ViStatus status;
    const char *text;
} table[] = {
    {VI_SUCCESS, "VI_SUCCESS: done"},
    {VI_SUCCESS_EVENT_EN, "VI_SUCCESS_EVENT_EN: event already enabled for at least one requested mechanism"},
    {VI_SUCCESS_EVENT_DIS, "VI_SUCCESS_EVENT_DIS: event already disabled for at least one requested mechanism"},
    {VI_SUCCESS_QUEUE_EMPTY, "VI_SUCCESS_QUEUE_EMPTY: discard found nothing to discard"},
    {VI_SUCCESS_TERM_CHAR, "VI_SUCCESS_TERM_CHAR: read ended on the TERMCHAR, no END seen"},
    {VI_SUCCESS_MAX_CNT, "VI_SUCCESS_MAX_CNT: read filled the buffer, neither END nor TERMCHAR seen"},
    {VI_SUCCESS_DEV_NPRESENT, "VI_SUCCESS_DEV_NPRESENT: opened, but the device does not answer"},
    {VI_SUCCESS_TRIG_MAPPED, "VI_SUCCESS_TRIG_MAPPED: trigger route already mapped"},
    {VI_SUCCESS_QUEUE_NEMPTY, "VI_SUCCESS_QUEUE_NEMPTY: event delivered, more of the requested type(s) still queued"},
    {VI_SUCCESS_NCHAIN, "VI_SUCCESS_NCHAIN: returned BY a handler: do not call the older handlers"},
    {VI_SUCCESS_NESTED_SHARED, "VI_SUCCESS_NESTED_SHARED: lock/unlock done, session still holds shared lock(s)"},
    {VI_SUCCESS_NESTED_EXCLUSIVE,
     "VI_SUCCESS_NESTED_EXCLUSIVE: lock/unlock done, session still holds exclusive lock(s)"},
    {VI_SUCCESS_SYNC, "VI_SUCCESS_SYNC: async request was carried out synchronously"},
    {VI_WARN_QUEUE_OVERFLOW, "VI_WARN_QUEUE_OVERFLOW: event delivered, but earlier ones were dropped (queue full)"},
    {VI_WARN_CONFIG_NLOADED, "VI_WARN_CONFIG_NLOADED: VI_LOAD_CONFIG asked, no configuration found"},
    {VI_WARN_NULL_OBJECT, "VI_WARN_NULL_OBJECT: viClose(VI_NULL)"},
    {VI_WARN_NSUP_ATTR_STATE, "VI_WARN_NSUP_ATTR_STATE: state is legal but this implementation ignores it"},
    {VI_WARN_UNKNOWN_STATUS, "VI_WARN_UNKNOWN_STATUS: viStatusDesc does not know the code"},
    {VI_WARN_NSUP_BUF, "VI_WARN_NSUP_BUF: viSetBuf: buffer kind not supported"},
    {VI_WARN_EXT_FUNC_NIMPL, "VI_WARN_EXT_FUNC_NIMPL: lower driver lacks the extended function"},
    {VI_WARN_SERVER_CERT_UNTRUSTED, "VI_WARN_SERVER_CERT_UNTRUSTED: secure HiSLIP: certificate not trusted"},
    {VI_ERROR_SYSTEM_ERROR, "VI_ERROR_SYSTEM_ERROR: unclassified failure"},
    {VI_ERROR_INV_OBJECT, "VI_ERROR_INV_OBJECT: handle unknown or closed"},
    {VI_ERROR_RSRC_LOCKED, "VI_ERROR_RSRC_LOCKED: another session holds a conflicting lock"},
    {VI_ERROR_INV_EXPR, "VI_ERROR_INV_EXPR: viFindRsrc expression malformed"},
    {VI_ERROR_RSRC_NFOUND, "VI_ERROR_RSRC_NFOUND: no such resource / nothing matched"},
    {VI_ERROR_INV_RSRC_NAME, "VI_ERROR_INV_RSRC_NAME: resource string does not parse"},
    {VI_ERROR_INV_ACC_MODE, "VI_ERROR_INV_ACC_MODE: viOpen access mode has undefined bits"},
    {VI_ERROR_TMO, "VI_ERROR_TMO: timed out"},
    {VI_ERROR_CLOSING_FAILED, "VI_ERROR_CLOSING_FAILED: could not release an object"},
    {VI_ERROR_INV_DEGREE, "VI_ERROR_INV_DEGREE: viTerminate degree not VI_NULL"},
    {VI_ERROR_INV_JOB_ID, "VI_ERROR_INV_JOB_ID: viTerminate: unknown job"},
    {VI_ERROR_NSUP_ATTR, "VI_ERROR_NSUP_ATTR: attribute not defined for this object"},
    {VI_ERROR_NSUP_ATTR_STATE, "VI_ERROR_NSUP_ATTR_STATE: value out of range for the attribute"},
    {VI_ERROR_ATTR_READONLY, "VI_ERROR_ATTR_READONLY: attribute cannot be written (now)"},
    {VI_ERROR_INV_LOCK_TYPE, "VI_ERROR_INV_LOCK_TYPE: viLock type is neither exclusive nor shared"},
    {VI_ERROR_INV_ACCESS_KEY, "VI_ERROR_INV_ACCESS_KEY: viLock key does not match"},
    {VI_ERROR_INV_EVENT, "VI_ERROR_INV_EVENT: event type not defined for this resource"},
    {VI_ERROR_INV_MECH, "VI_ERROR_INV_MECH: mechanism bits undefined or contradictory"},
    {VI_ERROR_HNDLR_NINSTALLED, "VI_ERROR_HNDLR_NINSTALLED: enabling VI_HNDLR with no handler installed"},
    {VI_ERROR_INV_HNDLR_REF, "VI_ERROR_INV_HNDLR_REF: handler/userHandle pair unknown"},
    {VI_ERROR_INV_CONTEXT, "VI_ERROR_INV_CONTEXT: viEnableEvent context not VI_NULL"},
    {VI_ERROR_QUEUE_OVERFLOW, "VI_ERROR_QUEUE_OVERFLOW: event queue overflowed"},
    {VI_ERROR_NENABLED, "VI_ERROR_NENABLED: waiting for a type that is not enabled for queueing"},
    {VI_ERROR_ABORT, "VI_ERROR_ABORT: ended by viTerminate (or by closing the session)"},
    {VI_ERROR_RAW_WR_PROT_VIOL, "VI_ERROR_RAW_WR_PROT_VIOL: raw write protocol violated"},
    {VI_ERROR_RAW_RD_PROT_VIOL, "VI_ERROR_RAW_RD_PROT_VIOL: raw read protocol violated"},
    {VI_ERROR_OUTP_PROT_VIOL, "VI_ERROR_OUTP_PROT_VIOL: device reported an output protocol error"},
    {VI_ERROR_INP_PROT_VIOL, "VI_ERROR_INP_PROT_VIOL: device reported an input protocol error"},
    {VI_ERROR_BERR, "VI_ERROR_BERR: bus error"},
    {VI_ERROR_IN_PROGRESS, "VI_ERROR_IN_PROGRESS: async operation already pending on this session"},
    {VI_ERROR_INV_SETUP, "VI_ERROR_INV_SETUP: attributes are in a contradictory state"},
    {VI_ERROR_QUEUE_ERROR, "VI_ERROR_QUEUE_ERROR: async request could not be queued"},
    {VI_ERROR_ALLOC, "VI_ERROR_ALLOC: out of memory"},
    {VI_ERROR_INV_MASK, "VI_ERROR_INV_MASK: viFlush/viSetBuf mask illegal"},
    {VI_ERROR_IO, "VI_ERROR_IO: I/O failed"},
    {VI_ERROR_INV_FMT, "VI_ERROR_INV_FMT: format string malformed"},
    {VI_ERROR_NSUP_FMT, "VI_ERROR_NSUP_FMT: format specifier legal but not supported"},
    {VI_ERROR_LINE_IN_USE, "VI_ERROR_LINE_IN_USE: trigger line taken"},
    {VI_ERROR_LINE_NRESERVED, "VI_ERROR_LINE_NRESERVED: trigger line not reserved"},
    {VI_ERROR_NSUP_MODE, "VI_ERROR_NSUP_MODE: mode not supported by this implementation"},
    {VI_ERROR_SRQ_NOCCURRED, "VI_ERROR_SRQ_NOCCURRED: no service request pending"},
    {VI_ERROR_INV_SPACE, "VI_ERROR_INV_SPACE: address space undefined"},
    {VI_ERROR_INV_OFFSET, "VI_ERROR_INV_OFFSET: offset invalid"},
    {VI_ERROR_INV_WIDTH, "VI_ERROR_INV_WIDTH: access width invalid"},
    {VI_ERROR_NSUP_OFFSET, "VI_ERROR_NSUP_OFFSET: offset not reachable"},
    {VI_ERROR_NSUP_VAR_WIDTH, "VI_ERROR_NSUP_VAR_WIDTH: source and destination widths differ"},
    {VI_ERROR_WINDOW_NMAPPED, "VI_ERROR_WINDOW_NMAPPED: no window mapped"},
    {VI_ERROR_RESP_PENDING, "VI_ERROR_RESP_PENDING: previous response still pending"},
    {VI_ERROR_NLISTENERS, "VI_ERROR_NLISTENERS: no listener on the bus (device absent)"},
    {VI_ERROR_NCIC, "VI_ERROR_NCIC: interface is not controller in charge"},
    {VI_ERROR_NSYS_CNTLR, "VI_ERROR_NSYS_CNTLR: interface is not system controller"},
    {VI_ERROR_NSUP_OPER, "VI_ERROR_NSUP_OPER: operation not defined for this object"},
    {VI_ERROR_INTR_PENDING, "VI_ERROR_INTR_PENDING: interrupt still pending"},
    {VI_ERROR_ASRL_PARITY, "VI_ERROR_ASRL_PARITY: serial parity error"},
    {VI_ERROR_ASRL_FRAMING, "VI_ERROR_ASRL_FRAMING: serial framing error"},
    {VI_ERROR_ASRL_OVERRUN, "VI_ERROR_ASRL_OVERRUN: serial overrun"},
    {VI_ERROR_TRIG_NMAPPED, "VI_ERROR_TRIG_NMAPPED: trigger route not mapped"},
    {VI_ERROR_NSUP_ALIGN_OFFSET, "VI_ERROR_NSUP_ALIGN_OFFSET: offset not aligned for the width"},
    {VI_ERROR_USER_BUF, "VI_ERROR_USER_BUF: user buffer not accessible"},
    {VI_ERROR_RSRC_BUSY, "VI_ERROR_RSRC_BUSY: resource exists but cannot be accessed now"},
    {VI_ERROR_NSUP_WIDTH, "VI_ERROR_NSUP_WIDTH: width not supported by the hardware"},
    {VI_ERROR_INV_PARAMETER, "VI_ERROR_INV_PARAMETER: some parameter is wrong"},
    {VI_ERROR_INV_PROT, "VI_ERROR_INV_PROT: protocol value wrong (viAssertTrigger, IO_PROT)"},
    {VI_ERROR_INV_SIZE, "VI_ERROR_INV_SIZE: window size wrong"},
    {VI_ERROR_WINDOW_MAPPED, "VI_ERROR_WINDOW_MAPPED: window already mapped"},
    {VI_ERROR_NIMPL_OPER, "VI_ERROR_NIMPL_OPER: operation not implemented here"},
    {VI_ERROR_INV_LENGTH, "VI_ERROR_INV_LENGTH: length wrong"},
    {VI_ERROR_INV_MODE, "VI_ERROR_INV_MODE: mode value wrong"},
    {VI_ERROR_SESN_NLOCKED, "VI_ERROR_SESN_NLOCKED: viUnlock without a lock"},
    {VI_ERROR_MEM_NSHARED, "VI_ERROR_MEM_NSHARED: device exports no memory"},
    {VI_ERROR_LIBRARY_NFOUND, "VI_ERROR_LIBRARY_NFOUND: a needed code library is missing"},
    {VI_ERROR_NSUP_INTR, "VI_ERROR_NSUP_INTR: interrupt level/status ID not possible"},
    {VI_ERROR_INV_LINE, "VI_ERROR_INV_LINE: line value wrong"},
    {VI_ERROR_FILE_ACCESS, "VI_ERROR_FILE_ACCESS: file could not be opened"},
    {VI_ERROR_FILE_IO, "VI_ERROR_FILE_IO: file I/O failed"},
    {VI_ERROR_NSUP_LINE, "VI_ERROR_NSUP_LINE: line (combination) not supported"},
    {VI_ERROR_NSUP_MECH, "VI_ERROR_NSUP_MECH: mechanism not supported for this event"},
    {VI_ERROR_INTF_NUM_NCONFIG, "VI_ERROR_INTF_NUM_NCONFIG: interface type fine, board number not configured"},
    {VI_ERROR_CONN_LOST, "VI_ERROR_CONN_LOST: connection lost"},
    {VI_ERROR_MACHINE_NAVAIL, "VI_ERROR_MACHINE_NAVAIL: remote machine not reachable"},
    {VI_ERROR_NPERMISSION, "VI_ERROR_NPERMISSION: access denied"},
    {VI_ERROR_SERVER_CERT, "VI_ERROR_SERVER_CERT: secure HiSLIP: certificate failure"},
};

VISA_API ViStatus viStatusDesc(ViObject vi, ViStatus status, ViChar desc[])
{
    char unknown[64];
    const char *text = NULL;
    ViStatus code = (ViInt32)status;
    (void)vi; /* a caller whose viOpen failed has none */
    if (!desc) return VI_ERROR_USER_BUF;
    for (size_t i = 0; i < sizeof table / sizeof *table && !text; i++) {
        if (table[i].status == code) text = table[i].text;
    }
    snprintf(unknown, sizeof unknown, "unknown status 0x%08X", (unsigned)(ViUInt32)code);
    visa__text_out(desc, text ? text : unknown);
    return text ? VI_SUCCESS : VI_WARN_UNKNOWN_STATUS;
}
