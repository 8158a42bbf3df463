/* VISA, the instrument I/O interface of VPP-4.3 revision 7.2, as libvisa.so.0 exports it.
 *
 * Conventions
 *   - Every call returns a ViStatus: 0 done, above 0 done with a remark, below 0 failed. viPeekXX and viPokeXX return
 *     nothing.
 *   - Pointers marked "may be VI_NULL" may be; any other null pointer gives VI_ERROR_USER_BUF.
 *   - Strings that are handed out need VI_FIND_BUFLEN bytes, are ASCII and always end in NUL.
 *   - Timeouts are in milliseconds; VI_TMO_INFINITE waits for ever, VI_TMO_IMMEDIATE does not wait.
 *   - On an error of a transfer the count still says how many bytes moved.
 *   - Every call may be made from any thread. */
#ifndef __VISA_HEADER__
#define __VISA_HEADER__

#include <stdarg.h>

#include "visatype.h"

#define VI_SPEC_VERSION (0x00700200UL) /* 7.2, in the layout of a ViVersion */

#if defined(__cplusplus)
extern "C" {
#endif

/* ---- types ------------------------------------------------------------------------------- */

typedef ViUInt32 ViEvent; /* handle of an event context */
typedef ViEvent _VI_PTR ViPEvent;
typedef ViUInt32 ViFindList; /* handle of a list of resources */
typedef ViFindList _VI_PTR ViPFindList;

/* Bus addresses and sizes are as wide as a pointer; the names with 64 always have 64 bits. */
#if defined(_VISA_ENV_IS_64_BIT)
typedef ViUInt64 ViBusAddress;
typedef ViUInt64 ViBusSize;
typedef ViUInt64 ViAttrState; /* the value of an attribute: 8 bytes, of which narrower attributes use the low ones */
#else
typedef ViUInt32 ViBusAddress;
typedef ViUInt32 ViBusSize;
typedef ViUInt32 ViAttrState;
#endif
typedef ViUInt64 ViBusAddress64;
typedef ViBusAddress64 _VI_PTR ViPBusAddress64;
typedef ViUInt64 ViBusSize64;
typedef ViBusAddress _VI_PTR ViPBusAddress;
typedef ViBusSize _VI_PTR ViPBusSize;

typedef ViUInt32 ViEventType;
typedef ViEventType _VI_PTR ViPEventType;
typedef ViEventType _VI_PTR ViAEventType;
typedef void _VI_PTR ViPAttrState; /* points at a variable of the attribute's own type */
typedef ViAttr _VI_PTR ViPAttr;
typedef ViAttr _VI_PTR ViAAttr;

typedef ViString ViKeyId; /* the key of a shared lock */
typedef ViConstString ViConstKeyId;
typedef ViPString ViPKeyId;
typedef ViUInt32 ViJobId; /* an asynchronous transfer */
typedef ViJobId _VI_PTR ViPJobId;
typedef ViUInt32 ViAccessMode; /* VI_NO_LOCK, VI_EXCLUSIVE_LOCK, VI_SHARED_LOCK */
typedef ViAccessMode _VI_PTR ViPAccessMode;
typedef ViUInt32 ViEventFilter; /* always VI_NULL */
typedef va_list ViVAList;

/* Called in a thread of the library with the session, the type of the event, its context, and the pointer given to
 * viInstallHandler. The context is valid until the handler returns. Returns VI_SUCCESS, or VI_SUCCESS_NCHAIN to keep
 * handlers that were installed earlier from being called. */
typedef ViStatus(_VI_FUNCH _VI_PTR ViHndlr)(ViSession vi, ViEventType eventType, ViEvent event, ViAddr userHandle);

/* ---- status codes ------------------------------------------------------------------------ */

#define VI_SUCCESS_EVENT_EN          (0x3FFF0002L) /* event already enabled for at least one requested mechanism */
#define VI_SUCCESS_EVENT_DIS         (0x3FFF0003L) /* event already disabled for at least one requested mechanism */
#define VI_SUCCESS_QUEUE_EMPTY       (0x3FFF0004L) /* discard found nothing to discard */
#define VI_SUCCESS_TERM_CHAR         (0x3FFF0005L) /* read ended on the TERMCHAR, no END seen */
#define VI_SUCCESS_MAX_CNT           (0x3FFF0006L) /* read filled the buffer, neither END nor TERMCHAR seen */
#define VI_SUCCESS_DEV_NPRESENT      (0x3FFF007DL) /* opened, but the device does not answer */
#define VI_SUCCESS_TRIG_MAPPED       (0x3FFF007EL) /* trigger route already mapped */
#define VI_SUCCESS_QUEUE_NEMPTY      (0x3FFF0080L) /* event delivered, more of the requested type(s) still queued */
#define VI_SUCCESS_NCHAIN            (0x3FFF0098L) /* returned BY a handler: do not call the older handlers */
#define VI_SUCCESS_NESTED_SHARED     (0x3FFF0099L) /* lock/unlock done, session still holds shared lock(s) */
#define VI_SUCCESS_NESTED_EXCLUSIVE  (0x3FFF009AL) /* lock/unlock done, session still holds exclusive lock(s) */
#define VI_SUCCESS_SYNC              (0x3FFF009BL) /* async request was carried out synchronously */
#define VI_WARN_QUEUE_OVERFLOW       (0x3FFF000CL) /* event delivered, but earlier ones were dropped (queue full) */
#define VI_WARN_CONFIG_NLOADED       (0x3FFF0077L) /* VI_LOAD_CONFIG asked, no configuration found */
#define VI_WARN_NULL_OBJECT          (0x3FFF0082L) /* viClose(VI_NULL) */
#define VI_WARN_NSUP_ATTR_STATE      (0x3FFF0084L) /* state is legal but this implementation ignores it */
#define VI_WARN_UNKNOWN_STATUS       (0x3FFF0085L) /* viStatusDesc does not know the code */
#define VI_WARN_NSUP_BUF             (0x3FFF0088L) /* viSetBuf: buffer kind not supported */
#define VI_WARN_EXT_FUNC_NIMPL       (0x3FFF00A9L) /* lower driver lacks the extended function */
#define VI_WARN_SERVER_CERT_UNTRUSTED (0x3FFF00F0L) /* secure HiSLIP: certificate not trusted */
#define VI_ERROR_SYSTEM_ERROR        (_VI_ERROR + 0x3FFF0000L) /* unclassified failure */
#define VI_ERROR_INV_OBJECT          (_VI_ERROR + 0x3FFF000EL) /* handle unknown or closed */
#define VI_ERROR_INV_SESSION         VI_ERROR_INV_OBJECT /* its older name */
#define VI_ERROR_RSRC_LOCKED         (_VI_ERROR + 0x3FFF000FL) /* another session holds a conflicting lock */
#define VI_ERROR_INV_EXPR            (_VI_ERROR + 0x3FFF0010L) /* viFindRsrc expression malformed */
#define VI_ERROR_RSRC_NFOUND         (_VI_ERROR + 0x3FFF0011L) /* no such resource / nothing matched */
#define VI_ERROR_INV_RSRC_NAME       (_VI_ERROR + 0x3FFF0012L) /* resource string does not parse */
#define VI_ERROR_INV_ACC_MODE        (_VI_ERROR + 0x3FFF0013L) /* viOpen access mode has undefined bits */
#define VI_ERROR_TMO                 (_VI_ERROR + 0x3FFF0015L) /* timed out */
#define VI_ERROR_CLOSING_FAILED      (_VI_ERROR + 0x3FFF0016L) /* could not release an object */
#define VI_ERROR_INV_DEGREE          (_VI_ERROR + 0x3FFF001BL) /* viTerminate degree not VI_NULL */
#define VI_ERROR_INV_JOB_ID          (_VI_ERROR + 0x3FFF001CL) /* viTerminate: unknown job */
#define VI_ERROR_NSUP_ATTR           (_VI_ERROR + 0x3FFF001DL) /* attribute not defined for this object */
#define VI_ERROR_NSUP_ATTR_STATE     (_VI_ERROR + 0x3FFF001EL) /* value out of range for the attribute */
#define VI_ERROR_ATTR_READONLY       (_VI_ERROR + 0x3FFF001FL) /* attribute cannot be written (now) */
#define VI_ERROR_INV_LOCK_TYPE       (_VI_ERROR + 0x3FFF0020L) /* viLock type is neither exclusive nor shared */
#define VI_ERROR_INV_ACCESS_KEY      (_VI_ERROR + 0x3FFF0021L) /* viLock key does not match */
#define VI_ERROR_INV_EVENT           (_VI_ERROR + 0x3FFF0026L) /* event type not defined for this resource */
#define VI_ERROR_INV_MECH            (_VI_ERROR + 0x3FFF0027L) /* mechanism bits undefined or contradictory */
#define VI_ERROR_HNDLR_NINSTALLED    (_VI_ERROR + 0x3FFF0028L) /* enabling VI_HNDLR with no handler installed */
#define VI_ERROR_INV_HNDLR_REF       (_VI_ERROR + 0x3FFF0029L) /* handler/userHandle pair unknown */
#define VI_ERROR_INV_CONTEXT         (_VI_ERROR + 0x3FFF002AL) /* viEnableEvent context not VI_NULL */
#define VI_ERROR_QUEUE_OVERFLOW      (_VI_ERROR + 0x3FFF002DL) /* event queue overflowed */
#define VI_ERROR_NENABLED            (_VI_ERROR + 0x3FFF002FL) /* waiting for a type that is not enabled for queueing */
#define VI_ERROR_ABORT               (_VI_ERROR + 0x3FFF0030L) /* ended by viTerminate (or by closing the session) */
#define VI_ERROR_RAW_WR_PROT_VIOL    (_VI_ERROR + 0x3FFF0034L) /* raw write protocol violated */
#define VI_ERROR_RAW_RD_PROT_VIOL    (_VI_ERROR + 0x3FFF0035L) /* raw read protocol violated */
#define VI_ERROR_OUTP_PROT_VIOL      (_VI_ERROR + 0x3FFF0036L) /* device reported an output protocol error */
#define VI_ERROR_INP_PROT_VIOL       (_VI_ERROR + 0x3FFF0037L) /* device reported an input protocol error */
#define VI_ERROR_BERR                (_VI_ERROR + 0x3FFF0038L) /* bus error */
#define VI_ERROR_IN_PROGRESS         (_VI_ERROR + 0x3FFF0039L) /* async operation already pending on this session */
#define VI_ERROR_INV_SETUP           (_VI_ERROR + 0x3FFF003AL) /* attributes are in a contradictory state */
#define VI_ERROR_QUEUE_ERROR         (_VI_ERROR + 0x3FFF003BL) /* async request could not be queued */
#define VI_ERROR_ALLOC               (_VI_ERROR + 0x3FFF003CL) /* out of memory */
#define VI_ERROR_INV_MASK            (_VI_ERROR + 0x3FFF003DL) /* viFlush/viSetBuf mask illegal */
#define VI_ERROR_IO                  (_VI_ERROR + 0x3FFF003EL) /* I/O failed */
#define VI_ERROR_INV_FMT             (_VI_ERROR + 0x3FFF003FL) /* format string malformed */
#define VI_ERROR_NSUP_FMT            (_VI_ERROR + 0x3FFF0041L) /* format specifier legal but not supported */
#define VI_ERROR_LINE_IN_USE         (_VI_ERROR + 0x3FFF0042L) /* trigger line taken */
#define VI_ERROR_LINE_NRESERVED      (_VI_ERROR + 0x3FFF0043L) /* trigger line not reserved */
#define VI_ERROR_NSUP_MODE           (_VI_ERROR + 0x3FFF0046L) /* mode not supported by this implementation */
#define VI_ERROR_SRQ_NOCCURRED       (_VI_ERROR + 0x3FFF004AL) /* no service request pending */
#define VI_ERROR_INV_SPACE           (_VI_ERROR + 0x3FFF004EL) /* address space undefined */
#define VI_ERROR_INV_OFFSET          (_VI_ERROR + 0x3FFF0051L) /* offset invalid */
#define VI_ERROR_INV_WIDTH           (_VI_ERROR + 0x3FFF0052L) /* access width invalid */
#define VI_ERROR_NSUP_OFFSET         (_VI_ERROR + 0x3FFF0054L) /* offset not reachable */
#define VI_ERROR_NSUP_VAR_WIDTH      (_VI_ERROR + 0x3FFF0055L) /* source and destination widths differ */
#define VI_ERROR_WINDOW_NMAPPED      (_VI_ERROR + 0x3FFF0057L) /* no window mapped */
#define VI_ERROR_RESP_PENDING        (_VI_ERROR + 0x3FFF0059L) /* previous response still pending */
#define VI_ERROR_NLISTENERS          (_VI_ERROR + 0x3FFF005FL) /* no listener on the bus (device absent) */
#define VI_ERROR_NCIC                (_VI_ERROR + 0x3FFF0060L) /* interface is not controller in charge */
#define VI_ERROR_NSYS_CNTLR          (_VI_ERROR + 0x3FFF0061L) /* interface is not system controller */
#define VI_ERROR_NSUP_OPER           (_VI_ERROR + 0x3FFF0067L) /* operation not defined for this object */
#define VI_ERROR_INTR_PENDING        (_VI_ERROR + 0x3FFF0068L) /* interrupt still pending */
#define VI_ERROR_ASRL_PARITY         (_VI_ERROR + 0x3FFF006AL) /* serial parity error */
#define VI_ERROR_ASRL_FRAMING        (_VI_ERROR + 0x3FFF006BL) /* serial framing error */
#define VI_ERROR_ASRL_OVERRUN        (_VI_ERROR + 0x3FFF006CL) /* serial overrun */
#define VI_ERROR_TRIG_NMAPPED        (_VI_ERROR + 0x3FFF006EL) /* trigger route not mapped */
#define VI_ERROR_NSUP_ALIGN_OFFSET   (_VI_ERROR + 0x3FFF0070L) /* offset not aligned for the width */
#define VI_ERROR_USER_BUF            (_VI_ERROR + 0x3FFF0071L) /* user buffer not accessible */
#define VI_ERROR_RSRC_BUSY           (_VI_ERROR + 0x3FFF0072L) /* resource exists but cannot be accessed now */
#define VI_ERROR_NSUP_WIDTH          (_VI_ERROR + 0x3FFF0076L) /* width not supported by the hardware */
#define VI_ERROR_INV_PARAMETER       (_VI_ERROR + 0x3FFF0078L) /* some parameter is wrong */
#define VI_ERROR_INV_PROT            (_VI_ERROR + 0x3FFF0079L) /* protocol value wrong (viAssertTrigger, IO_PROT) */
#define VI_ERROR_INV_SIZE            (_VI_ERROR + 0x3FFF007BL) /* window size wrong */
#define VI_ERROR_WINDOW_MAPPED       (_VI_ERROR + 0x3FFF0080L) /* window already mapped */
#define VI_ERROR_NIMPL_OPER          (_VI_ERROR + 0x3FFF0081L) /* operation not implemented here */
#define VI_ERROR_INV_LENGTH          (_VI_ERROR + 0x3FFF0083L) /* length wrong */
#define VI_ERROR_INV_MODE            (_VI_ERROR + 0x3FFF0091L) /* mode value wrong */
#define VI_ERROR_SESN_NLOCKED        (_VI_ERROR + 0x3FFF009CL) /* viUnlock without a lock */
#define VI_ERROR_MEM_NSHARED         (_VI_ERROR + 0x3FFF009DL) /* device exports no memory */
#define VI_ERROR_LIBRARY_NFOUND      (_VI_ERROR + 0x3FFF009EL) /* a needed code library is missing */
#define VI_ERROR_NSUP_INTR           (_VI_ERROR + 0x3FFF009FL) /* interrupt level/status ID not possible */
#define VI_ERROR_INV_LINE            (_VI_ERROR + 0x3FFF00A0L) /* line value wrong */
#define VI_ERROR_FILE_ACCESS         (_VI_ERROR + 0x3FFF00A1L) /* file could not be opened */
#define VI_ERROR_FILE_IO             (_VI_ERROR + 0x3FFF00A2L) /* file I/O failed */
#define VI_ERROR_NSUP_LINE           (_VI_ERROR + 0x3FFF00A3L) /* line (combination) not supported */
#define VI_ERROR_NSUP_MECH           (_VI_ERROR + 0x3FFF00A4L) /* mechanism not supported for this event */
#define VI_ERROR_INTF_NUM_NCONFIG    (_VI_ERROR + 0x3FFF00A5L) /* interface type fine, board number not configured */
#define VI_ERROR_CONN_LOST           (_VI_ERROR + 0x3FFF00A6L) /* connection lost */
#define VI_ERROR_MACHINE_NAVAIL      (_VI_ERROR + 0x3FFF00A7L) /* remote machine not reachable */
#define VI_ERROR_NPERMISSION         (_VI_ERROR + 0x3FFF00A8L) /* access denied */
#define VI_ERROR_SERVER_CERT         (_VI_ERROR + 0x3FFF00B0L) /* secure HiSLIP: certificate failure */

/* ---- attributes -------------------------------------------------------------------------------
 * Numbers with bit 31 set are strings. Beside each: its type; ro read only, rw read and write; L local to the session,
 * G global to the resource; the value of a new session. A boolean is two bytes. */

/* Every session. */
#define VI_ATTR_RSRC_CLASS               (0xBFFF0001UL) /* string ro G: "INSTR", "SOCKET", "INTFC", "RAW" */
#define VI_ATTR_RSRC_NAME                (0xBFFF0002UL) /* string ro G: the normal form of the resource string */
#define VI_ATTR_RSRC_IMPL_VERSION        (0x3FFF0003UL) /* u32 ro G: version of this library */
#define VI_ATTR_RSRC_LOCK_STATE          (0x3FFF0004UL) /* u32 ro G: VI_NO_LOCK, VI_EXCLUSIVE_LOCK, VI_SHARED_LOCK */
#define VI_ATTR_MAX_QUEUE_LENGTH         (0x3FFF0005UL) /* u32 rw L: 50; read only after the first viEnableEvent */
#define VI_ATTR_USER_DATA_32             (0x3FFF0007UL) /* u32 rw L: 0 */
#define VI_ATTR_USER_DATA_64             (0x3FFF000AUL) /* u64 rw L: 0 */
#define VI_ATTR_TMO_VALUE                (0x3FFF001AUL) /* u32 rw L: 2000 ms */
#define VI_ATTR_RM_SESSION               (0x3FFF00C4UL) /* u32 ro L: the session given to viOpen */
#define VI_ATTR_INTF_INST_NAME           (0xBFFF00E9UL) /* string ro G: the interface, for people */
#define VI_ATTR_RSRC_SPEC_VERSION        (0x3FFF0170UL) /* u32 ro G: VI_SPEC_VERSION of the library */
#define VI_ATTR_INTF_TYPE                (0x3FFF0171UL) /* u16 ro G: VI_INTF_.. */
#define VI_ATTR_RSRC_MANF_NAME           (0xBFFF0174UL) /* string ro G: who made this library */
#define VI_ATTR_RSRC_MANF_ID             (0x3FFF0175UL) /* u16 ro G: 0 to 3FFF */
#define VI_ATTR_INTF_NUM                 (0x3FFF0176UL) /* u16 ro G: board number */
#define VI_ATTR_TRIG_ID                  (0x3FFF0177UL) /* i16 rw L: VI_TRIG_SW */

/* Message-based sessions. */
#define VI_ATTR_SEND_END_EN              (0x3FFF0016UL) /* bool rw L: true; END goes with the last byte of a write */
#define VI_ATTR_TERMCHAR                 (0x3FFF0018UL) /* u8 rw L: 0A */
#define VI_ATTR_IO_PROT                  (0x3FFF001CUL) /* u16 rw L: VI_PROT_NORMAL */
#define VI_ATTR_DMA_ALLOW_EN             (0x3FFF001EUL) /* bool rw L: false; kept, without effect */
#define VI_ATTR_RD_BUF_OPER_MODE         (0x3FFF002AUL) /* u16 rw L: VI_FLUSH_DISABLE */
#define VI_ATTR_RD_BUF_SIZE              (0x3FFF002BUL) /* u32 ro L: size of the formatted read buffer */
#define VI_ATTR_WR_BUF_OPER_MODE         (0x3FFF002DUL) /* u16 rw L: VI_FLUSH_WHEN_FULL */
#define VI_ATTR_WR_BUF_SIZE              (0x3FFF002EUL) /* u32 ro L: size of the formatted write buffer */
#define VI_ATTR_SUPPRESS_END_EN (0x3FFF0036UL) /* bool rw L: false, on a socket true; END does not end a read */
#define VI_ATTR_TERMCHAR_EN              (0x3FFF0038UL) /* bool rw L: false; TERMCHAR ends a read */
#define VI_ATTR_FILE_APPEND_EN           (0x3FFF0192UL) /* bool rw L: false; viReadToFile appends */

/* TCPIP. */
#define VI_ATTR_TCPIP_ADDR               (0xBFFF0195UL) /* string ro G: the peer's address in digits */
#define VI_ATTR_TCPIP_HOSTNAME           (0xBFFF0196UL) /* string ro G: its name, "" if it has none */
#define VI_ATTR_TCPIP_PORT               (0x3FFF0197UL) /* u16 ro G */
#define VI_ATTR_TCPIP_DEVICE_NAME        (0xBFFF0199UL) /* string ro G: "inst0", "hislip0" */
#define VI_ATTR_TCPIP_NODELAY            (0x3FFF019AUL) /* bool rw L: true */
#define VI_ATTR_TCPIP_KEEPALIVE          (0x3FFF019BUL) /* bool rw L: false */
#define VI_ATTR_TCPIP_SERVER_CERT_ISSUER_NAME (0xBFFF0270UL) /* string ro G: secure HiSLIP */
#define VI_ATTR_TCPIP_SERVER_CERT_SUBJECT_NAME (0xBFFF0271UL) /* string ro G: secure HiSLIP */
#define VI_ATTR_TCPIP_SERVER_CERT_EXPIRATION_DATE (0xBFFF0272UL) /* string ro G: secure HiSLIP */
#define VI_ATTR_TCPIP_SERVER_CERT_IS_PERPETUAL (0x3FFF0273UL) /* bool ro G: secure HiSLIP */
#define VI_ATTR_TCPIP_SASL_MECHANISM     (0xBFFF0274UL) /* string ro G: secure HiSLIP */
#define VI_ATTR_TCPIP_TLS_CIPHER_SUITE   (0xBFFF0275UL) /* string ro G: secure HiSLIP */
#define VI_ATTR_TCPIP_HISLIP_OVERLAP_EN  (0x3FFF0300UL) /* bool rw L: what the server offered */
#define VI_ATTR_TCPIP_HISLIP_VERSION     (0x3FFF0301UL) /* u32 ro L: what was agreed, as a ViVersion */
#define VI_ATTR_TCPIP_HISLIP_MAX_MESSAGE_KB (0x3FFF0302UL) /* u32 rw L: 1024 */
#define VI_ATTR_TCPIP_IS_HISLIP          (0x3FFF0303UL) /* bool ro G */
#define VI_ATTR_TCPIP_HISLIP_ENCRYPTION_EN (0x3FFF0304UL) /* bool rw L: secure HiSLIP */

/* Serial ports. */
#define VI_ATTR_ASRL_BAUD                (0x3FFF0021UL) /* u32 rw G: 9600 */
#define VI_ATTR_ASRL_DATA_BITS           (0x3FFF0022UL) /* u16 rw G: 8; 5 to 8 */
#define VI_ATTR_ASRL_PARITY              (0x3FFF0023UL) /* u16 rw G: VI_ASRL_PAR_NONE */
#define VI_ATTR_ASRL_STOP_BITS           (0x3FFF0024UL) /* u16 rw G: VI_ASRL_STOP_ONE */
#define VI_ATTR_ASRL_FLOW_CNTRL          (0x3FFF0025UL) /* u16 rw G: VI_ASRL_FLOW_NONE */
#define VI_ATTR_ASRL_AVAIL_NUM           (0x3FFF00ACUL) /* u32 ro G: bytes received and not read */
#define VI_ATTR_ASRL_CTS_STATE           (0x3FFF00AEUL) /* i16 ro G: VI_STATE_.. */
#define VI_ATTR_ASRL_DCD_STATE           (0x3FFF00AFUL) /* i16 ro G: VI_STATE_.. */
#define VI_ATTR_ASRL_DISCARD_NULL        (0x3FFF00B0UL) /* bool rw G: false */
#define VI_ATTR_ASRL_DSR_STATE           (0x3FFF00B1UL) /* i16 ro G: VI_STATE_.. */
#define VI_ATTR_ASRL_DTR_STATE (0x3FFF00B2UL) /* i16 rw G: VI_STATE_..; read only while it is used for flow control */
#define VI_ATTR_ASRL_END_IN              (0x3FFF00B3UL) /* u16 rw L: VI_ASRL_END_TERMCHAR */
#define VI_ATTR_ASRL_END_OUT             (0x3FFF00B4UL) /* u16 rw L: VI_ASRL_END_NONE */
#define VI_ATTR_ASRL_REPLACE_CHAR        (0x3FFF00BEUL) /* u8 rw L: 0; stands for a byte with an error */
#define VI_ATTR_ASRL_RI_STATE            (0x3FFF00BFUL) /* i16 ro G: VI_STATE_.. */
#define VI_ATTR_ASRL_RTS_STATE (0x3FFF00C0UL) /* i16 rw G: VI_STATE_..; read only while it is used for flow control */
#define VI_ATTR_ASRL_XON_CHAR            (0x3FFF00C1UL) /* u8 rw L: 11 */
#define VI_ATTR_ASRL_XOFF_CHAR           (0x3FFF00C2UL) /* u8 rw L: 13 */
#define VI_ATTR_ASRL_CONNECTED           (0x3FFF01BBUL) /* bool ro G */
#define VI_ATTR_ASRL_BREAK_STATE         (0x3FFF01BCUL) /* i16 rw G: 0 */
#define VI_ATTR_ASRL_BREAK_LEN           (0x3FFF01BDUL) /* i16 rw L: 250 ms; 1 to 500 */
#define VI_ATTR_ASRL_ALLOW_TRANSMIT      (0x3FFF01BEUL) /* bool rw G: true */
#define VI_ATTR_ASRL_WIRE_MODE           (0x3FFF01BFUL) /* i16 rw G: VI_ASRL_WIRE_.. */

/* USB. */
#define VI_ATTR_MANF_NAME                (0xBFFF0072UL) /* string ro G: the maker in the descriptor, made ASCII */
#define VI_ATTR_MODEL_NAME               (0xBFFF0077UL) /* string ro G: the model in the descriptor, made ASCII */
#define VI_ATTR_MANF_ID                  (0x3FFF00D9UL) /* u16 ro G: idVendor */
#define VI_ATTR_MODEL_CODE               (0x3FFF00DFUL) /* u16 ro G: idProduct */
#define VI_ATTR_4882_COMPLIANT           (0x3FFF019FUL) /* bool ro G: the interface speaks USB488 */
#define VI_ATTR_USB_SERIAL_NUM           (0xBFFF01A0UL) /* string ro G */
#define VI_ATTR_USB_INTFC_NUM            (0x3FFF01A1UL) /* i16 ro G: 0 to FE */
#define VI_ATTR_USB_BULK_OUT_PIPE        (0x3FFF01A2UL) /* i16 rw L: endpoint address, -1 none; RAW */
#define VI_ATTR_USB_BULK_IN_PIPE         (0x3FFF01A3UL) /* i16 rw L: endpoint address, -1 none; RAW */
#define VI_ATTR_USB_INTR_IN_PIPE         (0x3FFF01A4UL) /* i16 rw L: endpoint address, -1 none; RAW */
#define VI_ATTR_USB_CLASS                (0x3FFF01A5UL) /* i16 ro G; RAW */
#define VI_ATTR_USB_SUBCLASS             (0x3FFF01A6UL) /* i16 ro G; RAW */
#define VI_ATTR_USB_PROTOCOL             (0x3FFF01A7UL) /* i16 ro G: bInterfaceProtocol */
#define VI_ATTR_USB_ALT_SETTING          (0x3FFF01A8UL) /* i16 rw G: 0; RAW */
#define VI_ATTR_USB_END_IN               (0x3FFF01A9UL) /* u16 rw L: VI_USB_END_SHORT_OR_COUNT; RAW */
#define VI_ATTR_USB_NUM_INTFCS           (0x3FFF01AAUL) /* i16 ro G; RAW */
#define VI_ATTR_USB_NUM_PIPES            (0x3FFF01ABUL) /* i16 ro G; RAW */
#define VI_ATTR_USB_BULK_OUT_STATUS      (0x3FFF01ACUL) /* i16 rw L: only VI_USB_PIPE_READY may be set; RAW */
#define VI_ATTR_USB_BULK_IN_STATUS       (0x3FFF01ADUL) /* i16 rw L: only VI_USB_PIPE_READY may be set; RAW */
#define VI_ATTR_USB_INTR_IN_STATUS       (0x3FFF01AEUL) /* i16 rw L: only VI_USB_PIPE_READY may be set; RAW */
#define VI_ATTR_USB_MAX_INTR_SIZE        (0x3FFF01AFUL) /* u16 rw L; read only while VI_EVENT_USB_INTR is enabled */
#define VI_ATTR_USB_CTRL_PIPE            (0x3FFF01B0UL) /* i16 rw L: 0; RAW */

/* GPIB. */
#define VI_ATTR_GPIB_PRIMARY_ADDR        (0x3FFF0172UL) /* u16 ro G, rw on INTFC: 0 to 30 */
#define VI_ATTR_GPIB_SECONDARY_ADDR      (0x3FFF0173UL) /* u16 ro G, rw on INTFC: 0 to 30 or VI_NO_SEC_ADDR */
#define VI_ATTR_GPIB_READDR_EN           (0x3FFF001BUL) /* bool rw L: true; INSTR */
#define VI_ATTR_GPIB_UNADDR_EN           (0x3FFF0184UL) /* bool rw L: false; INSTR */
#define VI_ATTR_GPIB_REN_STATE           (0x3FFF0181UL) /* i16 ro G: VI_STATE_.. */
#define VI_ATTR_GPIB_ATN_STATE           (0x3FFF0057UL) /* i16 ro G: VI_STATE_..; INTFC */
#define VI_ATTR_GPIB_NDAC_STATE          (0x3FFF0062UL) /* i16 ro G: VI_STATE_..; INTFC */
#define VI_ATTR_GPIB_SRQ_STATE           (0x3FFF0067UL) /* i16 ro G: VI_STATE_..; INTFC */
#define VI_ATTR_GPIB_ADDR_STATE          (0x3FFF005CUL) /* i16 ro G: VI_GPIB_TALKER, ..; INTFC */
#define VI_ATTR_GPIB_CIC_STATE           (0x3FFF005EUL) /* bool ro G; INTFC */
#define VI_ATTR_GPIB_SYS_CNTRL_STATE     (0x3FFF0068UL) /* bool rw G; INTFC */
#define VI_ATTR_GPIB_HS488_CBL_LEN       (0x3FFF0069UL) /* i16 rw G: metres; INTFC */
#define VI_ATTR_DEV_STATUS_BYTE          (0x3FFF0189UL) /* u8 rw G; INTFC, SERVANT */

/* Event contexts; all read only. */
#define VI_ATTR_EVENT_TYPE               (0x3FFF4010UL) /* u32: every event */
#define VI_ATTR_STATUS                   (0x3FFF4025UL) /* i32: IO_COMPLETION, EXCEPTION, USB_INTR */
#define VI_ATTR_OPER_NAME (0xBFFF4042UL) /* string: IO_COMPLETION, EXCEPTION: the name of the C function */
#define VI_ATTR_JOB_ID                   (0x3FFF4006UL) /* u32: IO_COMPLETION */
#define VI_ATTR_BUFFER                   (0x3FFF4027UL) /* pointer: IO_COMPLETION */
#define VI_ATTR_RET_COUNT_32             (0x3FFF4026UL) /* u32: IO_COMPLETION */
#define VI_ATTR_RET_COUNT_64             (0x3FFF4028UL) /* u64: IO_COMPLETION */
#define VI_ATTR_RECV_TRIG_ID             (0x3FFF4012UL) /* i16: TRIG */
#define VI_ATTR_GPIB_RECV_CIC_STATE      (0x3FFF4193UL) /* bool: GPIB_CIC */
#define VI_ATTR_RECV_TCPIP_ADDR          (0xBFFF4198UL) /* string: TCPIP_CONNECT */
#define VI_ATTR_USB_RECV_INTR_SIZE       (0x3FFF41B0UL) /* u16: USB_INTR */
#define VI_ATTR_USB_RECV_INTR_DATA       (0xBFFF41B1UL) /* bytes: USB_INTR */
#define VI_ATTR_SIGP_STATUS_ID           (0x3FFF4011UL) /* u16: VXI_SIGP */
#define VI_ATTR_INTR_STATUS_ID           (0x3FFF4023UL) /* u32: VXI_VME_INTR */
#define VI_ATTR_RECV_INTR_LEVEL          (0x3FFF4041UL) /* i16: VXI_VME_INTR */
#define VI_ATTR_PXI_RECV_INTR_SEQ        (0x3FFF4240UL) /* i16: PXI_INTR */
#define VI_ATTR_PXI_RECV_INTR_DATA       (0x3FFF4241UL) /* u32: PXI_INTR */

/* VXI, PXI and memory: known by name; this library answers them with VI_ERROR_NSUP_ATTR. */
#define VI_ATTR_FDC_CHNL                 (0x3FFF000DUL)
#define VI_ATTR_FDC_MODE                 (0x3FFF000FUL)
#define VI_ATTR_FDC_GEN_SIGNAL_EN        (0x3FFF0011UL)
#define VI_ATTR_FDC_USE_PAIR             (0x3FFF0013UL)
#define VI_ATTR_DEST_ACCESS_PRIV         (0x3FFF0039UL)
#define VI_ATTR_DEST_BYTE_ORDER          (0x3FFF003AUL)
#define VI_ATTR_SRC_ACCESS_PRIV          (0x3FFF003CUL)
#define VI_ATTR_SRC_BYTE_ORDER           (0x3FFF003DUL)
#define VI_ATTR_SRC_INCREMENT            (0x3FFF0040UL)
#define VI_ATTR_DEST_INCREMENT           (0x3FFF0041UL)
#define VI_ATTR_WIN_ACCESS_PRIV          (0x3FFF0045UL)
#define VI_ATTR_WIN_BYTE_ORDER           (0x3FFF0047UL)
#define VI_ATTR_CMDR_LA                  (0x3FFF006BUL)
#define VI_ATTR_VXI_DEV_CLASS            (0x3FFF006CUL)
#define VI_ATTR_MAINFRAME_LA             (0x3FFF0070UL)
#define VI_ATTR_VXI_VME_INTR_STATUS      (0x3FFF008BUL)
#define VI_ATTR_VXI_TRIG_STATUS          (0x3FFF008DUL)
#define VI_ATTR_VXI_VME_SYSFAIL_STATE    (0x3FFF0094UL)
#define VI_ATTR_WIN_BASE_ADDR_32         (0x3FFF0098UL)
#define VI_ATTR_WIN_BASE_ADDR_64         (0x3FFF009BUL)
#define VI_ATTR_WIN_SIZE_32              (0x3FFF009AUL)
#define VI_ATTR_WIN_SIZE_64              (0x3FFF009CUL)
#define VI_ATTR_MEM_BASE_32              (0x3FFF00ADUL)
#define VI_ATTR_MEM_BASE_64              (0x3FFF00D0UL)
#define VI_ATTR_MEM_SIZE_32              (0x3FFF00DDUL)
#define VI_ATTR_MEM_SIZE_64              (0x3FFF00D1UL)
#define VI_ATTR_WIN_ACCESS               (0x3FFF00C3UL)
#define VI_ATTR_VXI_LA                   (0x3FFF00D5UL)
#define VI_ATTR_MEM_SPACE                (0x3FFF00DEUL)
#define VI_ATTR_SLOT                     (0x3FFF00E8UL)
#define VI_ATTR_IMMEDIATE_SERV           (0x3FFF0100UL)
#define VI_ATTR_INTF_PARENT_NUM          (0x3FFF0101UL)
#define VI_ATTR_VXI_TRIG_SUPPORT         (0x3FFF0194UL)
#define VI_ATTR_VXI_TRIG_LINES_EN        (0x3FFF4043UL)
#define VI_ATTR_VXI_TRIG_DIR             (0x3FFF4044UL)
#define VI_ATTR_PXI_DEV_NUM              (0x3FFF0201UL)
#define VI_ATTR_PXI_FUNC_NUM             (0x3FFF0202UL)
#define VI_ATTR_PXI_BUS_NUM              (0x3FFF0205UL)
#define VI_ATTR_PXI_CHASSIS              (0x3FFF0206UL)
#define VI_ATTR_PXI_SLOTPATH             (0xBFFF0207UL) /* string */
#define VI_ATTR_PXI_SLOT_LBUS_LEFT       (0x3FFF0208UL)
#define VI_ATTR_PXI_SLOT_LBUS_RIGHT      (0x3FFF0209UL)
#define VI_ATTR_PXI_TRIG_BUS             (0x3FFF020AUL)
#define VI_ATTR_PXI_STAR_TRIG_BUS        (0x3FFF020BUL)
#define VI_ATTR_PXI_STAR_TRIG_LINE       (0x3FFF020CUL)
#define VI_ATTR_PXI_SRC_TRIG_BUS         (0x3FFF020DUL)
#define VI_ATTR_PXI_DEST_TRIG_BUS        (0x3FFF020EUL)
#define VI_ATTR_PXI_MEM_TYPE_BAR0        (0x3FFF0211UL)
#define VI_ATTR_PXI_MEM_TYPE_BAR1        (0x3FFF0212UL)
#define VI_ATTR_PXI_MEM_TYPE_BAR2        (0x3FFF0213UL)
#define VI_ATTR_PXI_MEM_TYPE_BAR3        (0x3FFF0214UL)
#define VI_ATTR_PXI_MEM_TYPE_BAR4        (0x3FFF0215UL)
#define VI_ATTR_PXI_MEM_TYPE_BAR5        (0x3FFF0216UL)
#define VI_ATTR_PXI_MEM_BASE_BAR0_32     (0x3FFF0221UL)
#define VI_ATTR_PXI_MEM_BASE_BAR1_32     (0x3FFF0222UL)
#define VI_ATTR_PXI_MEM_BASE_BAR2_32     (0x3FFF0223UL)
#define VI_ATTR_PXI_MEM_BASE_BAR3_32     (0x3FFF0224UL)
#define VI_ATTR_PXI_MEM_BASE_BAR4_32     (0x3FFF0225UL)
#define VI_ATTR_PXI_MEM_BASE_BAR5_32     (0x3FFF0226UL)
#define VI_ATTR_PXI_MEM_BASE_BAR0_64     (0x3FFF0228UL)
#define VI_ATTR_PXI_MEM_BASE_BAR1_64     (0x3FFF0229UL)
#define VI_ATTR_PXI_MEM_BASE_BAR2_64     (0x3FFF022AUL)
#define VI_ATTR_PXI_MEM_BASE_BAR3_64     (0x3FFF022BUL)
#define VI_ATTR_PXI_MEM_BASE_BAR4_64     (0x3FFF022CUL)
#define VI_ATTR_PXI_MEM_BASE_BAR5_64     (0x3FFF022DUL)
#define VI_ATTR_PXI_MEM_SIZE_BAR0_32     (0x3FFF0231UL)
#define VI_ATTR_PXI_MEM_SIZE_BAR1_32     (0x3FFF0232UL)
#define VI_ATTR_PXI_MEM_SIZE_BAR2_32     (0x3FFF0233UL)
#define VI_ATTR_PXI_MEM_SIZE_BAR3_32     (0x3FFF0234UL)
#define VI_ATTR_PXI_MEM_SIZE_BAR4_32     (0x3FFF0235UL)
#define VI_ATTR_PXI_MEM_SIZE_BAR5_32     (0x3FFF0236UL)
#define VI_ATTR_PXI_MEM_SIZE_BAR0_64     (0x3FFF0238UL)
#define VI_ATTR_PXI_MEM_SIZE_BAR1_64     (0x3FFF0239UL)
#define VI_ATTR_PXI_MEM_SIZE_BAR2_64     (0x3FFF023AUL)
#define VI_ATTR_PXI_MEM_SIZE_BAR3_64     (0x3FFF023BUL)
#define VI_ATTR_PXI_MEM_SIZE_BAR4_64     (0x3FFF023CUL)
#define VI_ATTR_PXI_MEM_SIZE_BAR5_64     (0x3FFF023DUL)
#define VI_ATTR_PXI_IS_EXPRESS           (0x3FFF0240UL)
#define VI_ATTR_PXI_SLOT_LWIDTH          (0x3FFF0241UL)
#define VI_ATTR_PXI_MAX_LWIDTH           (0x3FFF0242UL)
#define VI_ATTR_PXI_ACTUAL_LWIDTH        (0x3FFF0243UL)
#define VI_ATTR_PXI_DSTAR_BUS            (0x3FFF0244UL)
#define VI_ATTR_PXI_DSTAR_SET            (0x3FFF0245UL)
#define VI_ATTR_PXI_ALLOW_WRITE_COMBINE  (0x3FFF0246UL)

/* The names without a width are those of the pointer's width. */
#if defined(_VISA_ENV_IS_64_BIT)
#define VI_ATTR_USER_DATA                      VI_ATTR_USER_DATA_64
#define VI_ATTR_RET_COUNT                      VI_ATTR_RET_COUNT_64
#define VI_ATTR_WIN_BASE_ADDR                  VI_ATTR_WIN_BASE_ADDR_64
#define VI_ATTR_WIN_SIZE                       VI_ATTR_WIN_SIZE_64
#define VI_ATTR_MEM_BASE                       VI_ATTR_MEM_BASE_64
#define VI_ATTR_MEM_SIZE                       VI_ATTR_MEM_SIZE_64
#define VI_ATTR_PXI_MEM_BASE_BAR0              VI_ATTR_PXI_MEM_BASE_BAR0_64
#define VI_ATTR_PXI_MEM_BASE_BAR1              VI_ATTR_PXI_MEM_BASE_BAR1_64
#define VI_ATTR_PXI_MEM_BASE_BAR2              VI_ATTR_PXI_MEM_BASE_BAR2_64
#define VI_ATTR_PXI_MEM_BASE_BAR3              VI_ATTR_PXI_MEM_BASE_BAR3_64
#define VI_ATTR_PXI_MEM_BASE_BAR4              VI_ATTR_PXI_MEM_BASE_BAR4_64
#define VI_ATTR_PXI_MEM_BASE_BAR5              VI_ATTR_PXI_MEM_BASE_BAR5_64
#define VI_ATTR_PXI_MEM_SIZE_BAR0              VI_ATTR_PXI_MEM_SIZE_BAR0_64
#define VI_ATTR_PXI_MEM_SIZE_BAR1              VI_ATTR_PXI_MEM_SIZE_BAR1_64
#define VI_ATTR_PXI_MEM_SIZE_BAR2              VI_ATTR_PXI_MEM_SIZE_BAR2_64
#define VI_ATTR_PXI_MEM_SIZE_BAR3              VI_ATTR_PXI_MEM_SIZE_BAR3_64
#define VI_ATTR_PXI_MEM_SIZE_BAR4              VI_ATTR_PXI_MEM_SIZE_BAR4_64
#define VI_ATTR_PXI_MEM_SIZE_BAR5              VI_ATTR_PXI_MEM_SIZE_BAR5_64
#else
#define VI_ATTR_USER_DATA                      VI_ATTR_USER_DATA_32
#define VI_ATTR_RET_COUNT                      VI_ATTR_RET_COUNT_32
#define VI_ATTR_WIN_BASE_ADDR                  VI_ATTR_WIN_BASE_ADDR_32
#define VI_ATTR_WIN_SIZE                       VI_ATTR_WIN_SIZE_32
#define VI_ATTR_MEM_BASE                       VI_ATTR_MEM_BASE_32
#define VI_ATTR_MEM_SIZE                       VI_ATTR_MEM_SIZE_32
#define VI_ATTR_PXI_MEM_BASE_BAR0              VI_ATTR_PXI_MEM_BASE_BAR0_32
#define VI_ATTR_PXI_MEM_BASE_BAR1              VI_ATTR_PXI_MEM_BASE_BAR1_32
#define VI_ATTR_PXI_MEM_BASE_BAR2              VI_ATTR_PXI_MEM_BASE_BAR2_32
#define VI_ATTR_PXI_MEM_BASE_BAR3              VI_ATTR_PXI_MEM_BASE_BAR3_32
#define VI_ATTR_PXI_MEM_BASE_BAR4              VI_ATTR_PXI_MEM_BASE_BAR4_32
#define VI_ATTR_PXI_MEM_BASE_BAR5              VI_ATTR_PXI_MEM_BASE_BAR5_32
#define VI_ATTR_PXI_MEM_SIZE_BAR0              VI_ATTR_PXI_MEM_SIZE_BAR0_32
#define VI_ATTR_PXI_MEM_SIZE_BAR1              VI_ATTR_PXI_MEM_SIZE_BAR1_32
#define VI_ATTR_PXI_MEM_SIZE_BAR2              VI_ATTR_PXI_MEM_SIZE_BAR2_32
#define VI_ATTR_PXI_MEM_SIZE_BAR3              VI_ATTR_PXI_MEM_SIZE_BAR3_32
#define VI_ATTR_PXI_MEM_SIZE_BAR4              VI_ATTR_PXI_MEM_SIZE_BAR4_32
#define VI_ATTR_PXI_MEM_SIZE_BAR5              VI_ATTR_PXI_MEM_SIZE_BAR5_32
#endif

/* ---- events ---------------------------------------------------------------------------------- */

#define VI_EVENT_IO_COMPLETION        (0x3FFF2009UL) /* an asynchronous transfer has ended */
#define VI_EVENT_TRIG                 (0xBFFF200AUL) /* a trigger was received */
#define VI_EVENT_SERVICE_REQ          (0x3FFF200BUL) /* the instrument requests service */
#define VI_EVENT_CLEAR                (0x3FFF200DUL) /* a device clear was received */
#define VI_EVENT_EXCEPTION            (0xBFFF200EUL) /* a call of this session fails; handlers only */
#define VI_EVENT_GPIB_CIC             (0x3FFF2012UL) /* controller-in-charge gained or lost */
#define VI_EVENT_GPIB_TALK            (0x3FFF2013UL) /* addressed to talk */
#define VI_EVENT_GPIB_LISTEN          (0x3FFF2014UL) /* addressed to listen */
#define VI_EVENT_VXI_VME_SYSFAIL      (0x3FFF201DUL)
#define VI_EVENT_VXI_VME_SYSRESET     (0x3FFF201EUL)
#define VI_EVENT_VXI_SIGP             (0x3FFF2020UL)
#define VI_EVENT_VXI_VME_INTR         (0xBFFF2021UL)
#define VI_EVENT_PXI_INTR             (0x3FFF2022UL)
#define VI_EVENT_TCPIP_CONNECT        (0x3FFF2036UL) /* a client connected; SERVANT */
#define VI_EVENT_USB_INTR             (0x3FFF2037UL) /* a packet on the interrupt endpoint */
#define VI_EVENT_ASRL_BREAK           (0x3FFF2023UL) /* a break condition */
#define VI_EVENT_ASRL_TERMCHAR        (0x3FFF2024UL) /* the termination character arrived */
#define VI_EVENT_ASRL_CTS             (0x3FFF2029UL) /* the line changed */
#define VI_EVENT_ASRL_DSR             (0x3FFF202AUL) /* the line changed */
#define VI_EVENT_ASRL_DCD             (0x3FFF202CUL) /* the line changed */
#define VI_EVENT_ASRL_RI              (0x3FFF202EUL) /* the line changed */
#define VI_EVENT_ASRL_CHAR            (0x3FFF2035UL) /* a byte arrived */
#define VI_ALL_ENABLED_EVENTS         (0x3FFF7FFFUL) /* every type that is enabled on the session */

/* ---- constants --------------------------------------------------------------------------------- */

#define VI_FIND_BUFLEN                      (256) /* bytes of a buffer that receives a string */

/* VI_ATTR_INTF_TYPE */
#define VI_INTF_GPIB                        (1)
#define VI_INTF_VXI                         (2)
#define VI_INTF_GPIB_VXI                    (3)
#define VI_INTF_ASRL                        (4)
#define VI_INTF_PXI                         (5)
#define VI_INTF_TCPIP                       (6)
#define VI_INTF_USB                         (7)
#define VI_INTF_RIO                         (8)
#define VI_INTF_FIREWIRE                    (9)
#define VI_INTF_RSNRP                       (33024) /* R&S power sensors */

/* VI_ATTR_IO_PROT, with the older names */
#define VI_PROT_NORMAL                      (1)
#define VI_PROT_FDC                         (2) /* VXI fast data channel */
#define VI_PROT_HS488                       (3) /* GPIB high speed */
#define VI_PROT_4882_STRS                   (4) /* 488.2 strings for status byte, trigger and clear */
#define VI_PROT_USBTMC_VENDOR               (5) /* vendor specific messages of USBTMC */
#define VI_NORMAL                           (1)
#define VI_FDC                              (2)
#define VI_HS488                            (3)
#define VI_ASRL488                          (4)
#define VI_FDC_NORMAL                       (1) /* VI_ATTR_FDC_MODE */
#define VI_FDC_STREAM                       (2)

/* viOpen, viLock, VI_ATTR_RSRC_LOCK_STATE */
#define VI_NO_LOCK                          (0)
#define VI_EXCLUSIVE_LOCK                   (1)
#define VI_SHARED_LOCK                      (2)
#define VI_LOAD_CONFIG                      (4)

/* Timeouts */
#define VI_TMO_IMMEDIATE                    (0L)
#define VI_TMO_INFINITE                     (0xFFFFFFFFUL)
#define VI_INFINITE                         (0xFFFFFFFFUL) /* the older name */

/* Event mechanisms */
#define VI_QUEUE                            (1)
#define VI_HNDLR                            (2)
#define VI_SUSPEND_HNDLR                    (4) /* events are kept until VI_HNDLR is enabled */
#define VI_ALL_MECH                         (0xFFFF)
#define VI_ANY_HNDLR                        (0) /* viUninstallHandler: every handler of the type */

/* viFlush and viSetBuf, with the older names */
#define VI_READ_BUF                         (1)
#define VI_WRITE_BUF                        (2)
#define VI_READ_BUF_DISCARD                 (4)
#define VI_WRITE_BUF_DISCARD                (8)
#define VI_IO_IN_BUF                        (16)
#define VI_IO_OUT_BUF                       (32)
#define VI_IO_IN_BUF_DISCARD                (64)
#define VI_IO_OUT_BUF_DISCARD               (128)
#define VI_ASRL_IN_BUF                      (16)
#define VI_ASRL_OUT_BUF                     (32)
#define VI_ASRL_IN_BUF_DISCARD              (64)
#define VI_ASRL_OUT_BUF_DISCARD             (128)

/* VI_ATTR_RD_BUF_OPER_MODE, VI_ATTR_WR_BUF_OPER_MODE */
#define VI_FLUSH_ON_ACCESS                  (1) /* after every formatted call */
#define VI_FLUSH_WHEN_FULL                  (2) /* writing: when full, at the end of a message, by viFlush */
#define VI_FLUSH_DISABLE                    (3) /* reading: by viFlush only */

/* Triggers: VI_ATTR_TRIG_ID, viMapTrigger */
#define VI_TRIG_UNKNOWN                     (-1)
#define VI_TRIG_ALL                         (-2)
#define VI_TRIG_SW                          (-1)
#define VI_TRIG_TTL0                        (0)
#define VI_TRIG_TTL1                        (1)
#define VI_TRIG_TTL2                        (2)
#define VI_TRIG_TTL3                        (3)
#define VI_TRIG_TTL4                        (4)
#define VI_TRIG_TTL5                        (5)
#define VI_TRIG_TTL6                        (6)
#define VI_TRIG_TTL7                        (7)
#define VI_TRIG_ECL0                        (8)
#define VI_TRIG_ECL1                        (9)
#define VI_TRIG_ECL2                        (10)
#define VI_TRIG_ECL3                        (11)
#define VI_TRIG_ECL4                        (12)
#define VI_TRIG_ECL5                        (13)
#define VI_TRIG_STAR_SLOT1                  (14)
#define VI_TRIG_STAR_SLOT2                  (15)
#define VI_TRIG_STAR_SLOT3                  (16)
#define VI_TRIG_STAR_SLOT4                  (17)
#define VI_TRIG_STAR_SLOT5                  (18)
#define VI_TRIG_STAR_SLOT6                  (19)
#define VI_TRIG_STAR_SLOT7                  (20)
#define VI_TRIG_STAR_SLOT8                  (21)
#define VI_TRIG_STAR_SLOT9                  (22)
#define VI_TRIG_STAR_SLOT10                 (23)
#define VI_TRIG_STAR_SLOT11                 (24)
#define VI_TRIG_STAR_SLOT12                 (25)
#define VI_TRIG_STAR_INSTR                  (26)
#define VI_TRIG_PANEL_IN                    (27)
#define VI_TRIG_PANEL_OUT                   (28)
#define VI_TRIG_STAR_VXI0                   (29)
#define VI_TRIG_STAR_VXI1                   (30)
#define VI_TRIG_STAR_VXI2                   (31)
#define VI_TRIG_TTL8                        (32)
#define VI_TRIG_TTL9                        (33)
#define VI_TRIG_TTL10                       (34)
#define VI_TRIG_TTL11                       (35)
#define VI_TRIG_PROT_DEFAULT                (0) /* viAssertTrigger */
#define VI_TRIG_PROT_ON                     (1)
#define VI_TRIG_PROT_OFF                    (2)
#define VI_TRIG_PROT_SYNC                   (5)
#define VI_TRIG_PROT_RESERVE                (6)
#define VI_TRIG_PROT_UNRESERVE              (7)

/* Serial ports */
#define VI_ASRL_PAR_NONE                    (0)
#define VI_ASRL_PAR_ODD                     (1)
#define VI_ASRL_PAR_EVEN                    (2)
#define VI_ASRL_PAR_MARK                    (3)
#define VI_ASRL_PAR_SPACE                   (4)
#define VI_ASRL_STOP_ONE                    (10)
#define VI_ASRL_STOP_ONE5                   (15)
#define VI_ASRL_STOP_TWO                    (20)
#define VI_ASRL_FLOW_NONE                   (0) /* bits */
#define VI_ASRL_FLOW_XON_XOFF               (1)
#define VI_ASRL_FLOW_RTS_CTS                (2)
#define VI_ASRL_FLOW_DTR_DSR                (4)
#define VI_ASRL_END_NONE                    (0) /* VI_ATTR_ASRL_END_IN, VI_ATTR_ASRL_END_OUT */
#define VI_ASRL_END_LAST_BIT                (1) /* the top bit of a byte marks the end */
#define VI_ASRL_END_TERMCHAR                (2)
#define VI_ASRL_END_BREAK                   (3)
#define VI_ASRL_WIRE_485_4                  (0)
#define VI_ASRL_WIRE_485_2_DTR_ECHO         (1)
#define VI_ASRL_WIRE_485_2_DTR_CTRL         (2)
#define VI_ASRL_WIRE_485_2_AUTO             (3)
#define VI_ASRL_WIRE_232_DTE                (128)
#define VI_ASRL_WIRE_232_DCE                (129)
#define VI_ASRL_WIRE_232_AUTO               (130)
#define VI_STATE_ASSERTED                   (1) /* state of a line */
#define VI_STATE_UNASSERTED                 (0)
#define VI_STATE_UNKNOWN                    (-1)

/* GPIB */
#define VI_NO_SEC_ADDR                      (0xFFFF)
#define VI_GPIB_HS488_DISABLED              (0)
#define VI_GPIB_HS488_NIMPL                 (-1)
#define VI_GPIB_UNADDRESSED                 (0) /* VI_ATTR_GPIB_ADDR_STATE */
#define VI_GPIB_TALKER                      (1)
#define VI_GPIB_LISTENER                    (2)
#define VI_GPIB_REN_DEASSERT                (0) /* viGpibControlREN */
#define VI_GPIB_REN_ASSERT                  (1)
#define VI_GPIB_REN_DEASSERT_GTL            (2) /* go to local, then REN off */
#define VI_GPIB_REN_ASSERT_ADDRESS          (3) /* REN on, address the device */
#define VI_GPIB_REN_ASSERT_LLO              (4) /* local lockout for all */
#define VI_GPIB_REN_ASSERT_ADDRESS_LLO      (5)
#define VI_GPIB_REN_ADDRESS_GTL             (6) /* go to local, REN as it is */
#define VI_GPIB_ATN_DEASSERT                (0) /* viGpibControlATN */
#define VI_GPIB_ATN_ASSERT                  (1)
#define VI_GPIB_ATN_DEASSERT_HANDSHAKE      (2)
#define VI_GPIB_ATN_ASSERT_IMMEDIATE        (3)

/* USB RAW */
#define VI_USB_PIPE_STATE_UNKNOWN           (-1)
#define VI_USB_PIPE_READY                   (0)
#define VI_USB_PIPE_STALLED                 (1)
#define VI_USB_END_NONE                     (0) /* VI_ATTR_USB_END_IN */
#define VI_USB_END_SHORT                    (4) /* a short packet ends a read */
#define VI_USB_END_SHORT_OR_COUNT           (5)

/* Registers and memory */
#define VI_LOCAL_SPACE                      (0)
#define VI_A16_SPACE                        (1)
#define VI_A24_SPACE                        (2)
#define VI_A32_SPACE                        (3)
#define VI_A64_SPACE                        (4)
#define VI_PXI_ALLOC_SPACE                  (9)
#define VI_PXI_CFG_SPACE                    (10)
#define VI_PXI_BAR0_SPACE                   (11)
#define VI_PXI_BAR1_SPACE                   (12)
#define VI_PXI_BAR2_SPACE                   (13)
#define VI_PXI_BAR3_SPACE                   (14)
#define VI_PXI_BAR4_SPACE                   (15)
#define VI_PXI_BAR5_SPACE                   (16)
#define VI_OPAQUE_SPACE                     (0xFFFF)
#define VI_WIDTH_8                          (1)
#define VI_WIDTH_16                         (2)
#define VI_WIDTH_32                         (4)
#define VI_WIDTH_64                         (8)
#define VI_BIG_ENDIAN                       (0)
#define VI_LITTLE_ENDIAN                    (1)
#define VI_DATA_PRIV                        (0)
#define VI_DATA_NPRIV                       (1)
#define VI_PROG_PRIV                        (2)
#define VI_PROG_NPRIV                       (3)
#define VI_BLCK_PRIV                        (4)
#define VI_BLCK_NPRIV                       (5)
#define VI_D64_PRIV                         (6)
#define VI_D64_NPRIV                        (7)
#define VI_D64_2EVME                        (8)
#define VI_D64_SST160                       (9)
#define VI_D64_SST267                       (10)
#define VI_D64_SST320                       (11)
#define VI_NMAPPED                          (1)
#define VI_USE_OPERS                        (2)
#define VI_DEREF_ADDR                       (3)
#define VI_UNKNOWN_LA                       (-1)
#define VI_UNKNOWN_SLOT                     (-1)
#define VI_UNKNOWN_LEVEL                    (-1)
#define VI_UNKNOWN_CHASSIS                  (-1)

/* VXI */
#define VI_VXI_CMD16                        (0x0200)
#define VI_VXI_CMD16_RESP16                 (0x0202)
#define VI_VXI_RESP16                       (0x0002)
#define VI_VXI_CMD32                        (0x0400)
#define VI_VXI_CMD32_RESP16                 (0x0402)
#define VI_VXI_CMD32_RESP32                 (0x0404)
#define VI_VXI_RESP32                       (0x0004)
#define VI_ASSERT_SIGNAL                    (-1)
#define VI_ASSERT_USE_ASSIGNED              (0)
#define VI_ASSERT_IRQ1                      (1)
#define VI_ASSERT_IRQ2                      (2)
#define VI_ASSERT_IRQ3                      (3)
#define VI_ASSERT_IRQ4                      (4)
#define VI_ASSERT_IRQ5                      (5)
#define VI_ASSERT_IRQ6                      (6)
#define VI_ASSERT_IRQ7                      (7)
#define VI_UTIL_ASSERT_SYSRESET             (1)
#define VI_UTIL_ASSERT_SYSFAIL              (2)
#define VI_UTIL_DEASSERT_SYSFAIL            (3)
#define VI_VXI_CLASS_MEMORY                 (0)
#define VI_VXI_CLASS_EXTENDED               (1)
#define VI_VXI_CLASS_MESSAGE                (2)
#define VI_VXI_CLASS_REGISTER               (3)
#define VI_VXI_CLASS_OTHER                  (4)

/* PXI */
#define VI_PXI_ADDR_NONE                    (0)
#define VI_PXI_ADDR_MEM                     (1)
#define VI_PXI_ADDR_IO                      (2)
#define VI_PXI_ADDR_CFG                     (3)
#define VI_PXI_LBUS_UNKNOWN                 (-1)
#define VI_PXI_LBUS_NONE                    (0)
#define VI_PXI_LBUS_STAR_TRIG_BUS_0         (1000)
#define VI_PXI_LBUS_STAR_TRIG_BUS_1         (1001)
#define VI_PXI_LBUS_STAR_TRIG_BUS_2         (1002)
#define VI_PXI_LBUS_STAR_TRIG_BUS_3         (1003)
#define VI_PXI_LBUS_STAR_TRIG_BUS_4         (1004)
#define VI_PXI_LBUS_STAR_TRIG_BUS_5         (1005)
#define VI_PXI_LBUS_STAR_TRIG_BUS_6         (1006)
#define VI_PXI_LBUS_STAR_TRIG_BUS_7         (1007)
#define VI_PXI_LBUS_STAR_TRIG_BUS_8         (1008)
#define VI_PXI_LBUS_STAR_TRIG_BUS_9         (1009)
#define VI_PXI_STAR_TRIG_CONTROLLER         (1413)
#define VI_PXI_LBUS_SCXI                    (2000)

/* ---- functions --------------------------------------------------------------------------------- */

/* Resource manager. viFindRsrc: findList and retCnt may be VI_NULL; the list is closed by viClose. viOpen: the
 * timeout is how long to wait for a lock asked by the access mode, not for the connection. */
ViStatus _VI_FUNC viOpenDefaultRM(ViPSession vi);
ViStatus _VI_FUNC viGetDefaultRM(ViPSession vi);
ViStatus _VI_FUNC viFindRsrc(ViSession sesn, ViConstString expr, ViPFindList findList, ViPUInt32 retCnt,
                             ViChar desc[]);
ViStatus _VI_FUNC viFindNext(ViFindList findList, ViChar desc[]);
ViStatus _VI_FUNC viParseRsrc(ViSession rmSesn, ViConstRsrc rsrcName, ViPUInt16 intfType, ViPUInt16 intfNum);
ViStatus _VI_FUNC viParseRsrcEx(ViSession rmSesn, ViConstRsrc rsrcName, ViPUInt16 intfType, ViPUInt16 intfNum,
                                ViChar rsrcClass[], ViChar expandedUnaliasedName[], ViChar aliasIfExists[]);
ViStatus _VI_FUNC viOpen(ViSession sesn, ViConstRsrc name, ViAccessMode mode, ViUInt32 timeout, ViPSession vi);

/* Every object. viGetAttribute writes the width of the attribute's own type. viLock: requestedKey may be VI_NULL,
 * accessKey too for an exclusive lock. viWaitOnEvent: both outputs may be VI_NULL; the context is closed by
 * viClose. */
ViStatus _VI_FUNC viClose(ViObject vi);
ViStatus _VI_FUNC viSetAttribute(ViObject vi, ViAttr attrName, ViAttrState attrValue);
ViStatus _VI_FUNC viGetAttribute(ViObject vi, ViAttr attrName, void _VI_PTR attrValue);
ViStatus _VI_FUNC viStatusDesc(ViObject vi, ViStatus status, ViChar desc[]);
ViStatus _VI_FUNC viTerminate(ViObject vi, ViUInt16 degree, ViJobId jobId);
ViStatus _VI_FUNC viLock(ViSession vi, ViAccessMode lockType, ViUInt32 timeout, ViConstKeyId requestedKey,
                         ViChar accessKey[]);
ViStatus _VI_FUNC viUnlock(ViSession vi);
ViStatus _VI_FUNC viEnableEvent(ViSession vi, ViEventType eventType, ViUInt16 mechanism, ViEventFilter context);
ViStatus _VI_FUNC viDisableEvent(ViSession vi, ViEventType eventType, ViUInt16 mechanism);
ViStatus _VI_FUNC viDiscardEvents(ViSession vi, ViEventType eventType, ViUInt16 mechanism);
ViStatus _VI_FUNC viWaitOnEvent(ViSession vi, ViEventType inEventType, ViUInt32 timeout, ViPEventType outEventType,
                                ViPEvent outContext);
ViStatus _VI_FUNC viInstallHandler(ViSession vi, ViEventType eventType, ViHndlr handler, ViAddr userHandle);
ViStatus _VI_FUNC viUninstallHandler(ViSession vi, ViEventType eventType, ViHndlr handler, ViAddr userHandle);

/* Messages. retCnt and jobId may be VI_NULL. A read ends at END (VI_SUCCESS), at the termination character
 * (VI_SUCCESS_TERM_CHAR), or with a full buffer (VI_SUCCESS_MAX_CNT). */
ViStatus _VI_FUNC viRead(ViSession vi, ViPBuf buf, ViUInt32 cnt, ViPUInt32 retCnt);
ViStatus _VI_FUNC viReadAsync(ViSession vi, ViPBuf buf, ViUInt32 cnt, ViPJobId jobId);
ViStatus _VI_FUNC viReadToFile(ViSession vi, ViConstString filename, ViUInt32 cnt, ViPUInt32 retCnt);
ViStatus _VI_FUNC viWrite(ViSession vi, ViConstBuf buf, ViUInt32 cnt, ViPUInt32 retCnt);
ViStatus _VI_FUNC viWriteAsync(ViSession vi, ViConstBuf buf, ViUInt32 cnt, ViPJobId jobId);
ViStatus _VI_FUNC viWriteFromFile(ViSession vi, ViConstString filename, ViUInt32 cnt, ViPUInt32 retCnt);
ViStatus _VI_FUNC viAssertTrigger(ViSession vi, ViUInt16 protocol);
ViStatus _VI_FUNC viReadSTB(ViSession vi, ViPUInt16 status);
ViStatus _VI_FUNC viClear(ViSession vi);

/* Buffered and formatted messages. A line feed in the format of a write sends what was printed, with END. Beside
 * the conversions of C: %b %B blocks, %y raw bytes, %t up to END, %T up to a line feed, ",n" arrays, "@1" "@2"
 * "@3" "@H" "@Q" "@B" forms of numbers. */
ViStatus _VI_FUNC viSetBuf(ViSession vi, ViUInt16 mask, ViUInt32 size);
ViStatus _VI_FUNC viFlush(ViSession vi, ViUInt16 mask);
ViStatus _VI_FUNC viBufWrite(ViSession vi, ViConstBuf buf, ViUInt32 cnt, ViPUInt32 retCnt);
ViStatus _VI_FUNC viBufRead(ViSession vi, ViPBuf buf, ViUInt32 cnt, ViPUInt32 retCnt);
ViStatus _VI_FUNCC viPrintf(ViSession vi, ViConstString writeFmt, ...);
ViStatus _VI_FUNC viVPrintf(ViSession vi, ViConstString writeFmt, ViVAList params);
ViStatus _VI_FUNCC viSPrintf(ViSession vi, ViPBuf buf, ViConstString writeFmt, ...);
ViStatus _VI_FUNC viVSPrintf(ViSession vi, ViPBuf buf, ViConstString writeFmt, ViVAList params);
ViStatus _VI_FUNCC viScanf(ViSession vi, ViConstString readFmt, ...);
ViStatus _VI_FUNC viVScanf(ViSession vi, ViConstString readFmt, ViVAList params);
ViStatus _VI_FUNCC viSScanf(ViSession vi, ViConstBuf buf, ViConstString readFmt, ...);
ViStatus _VI_FUNC viVSScanf(ViSession vi, ViConstBuf buf, ViConstString readFmt, ViVAList params);
ViStatus _VI_FUNCC viQueryf(ViSession vi, ViConstString writeFmt, ViConstString readFmt, ...);
ViStatus _VI_FUNC viVQueryf(ViSession vi, ViConstString writeFmt, ViConstString readFmt, ViVAList params);

/* Interfaces: GPIB, and where the protocol has it TCPIP INSTR and USB INSTR. retCnt may be VI_NULL. */
ViStatus _VI_FUNC viGpibControlREN(ViSession vi, ViUInt16 mode);
ViStatus _VI_FUNC viGpibControlATN(ViSession vi, ViUInt16 mode);
ViStatus _VI_FUNC viGpibSendIFC(ViSession vi);
ViStatus _VI_FUNC viGpibCommand(ViSession vi, ViConstBuf cmd, ViUInt32 cnt, ViPUInt32 retCnt);
ViStatus _VI_FUNC viGpibPassControl(ViSession vi, ViUInt16 primAddr, ViUInt16 secAddr);
ViStatus _VI_FUNC viUsbControlOut(ViSession vi, ViInt16 bmRequestType, ViInt16 bRequest, ViUInt16 wValue,
                                  ViUInt16 wIndex, ViUInt16 wLength, ViConstBuf buf);
ViStatus _VI_FUNC viUsbControlIn(ViSession vi, ViInt16 bmRequestType, ViInt16 bRequest, ViUInt16 wValue,
                                 ViUInt16 wIndex, ViUInt16 wLength, ViPBuf buf, ViPUInt16 retCnt);

/* VXI, PXI and memory: VI_ERROR_NSUP_OPER on every session of this library; viPeekXX and viPokeXX do nothing. */
ViStatus _VI_FUNC viIn8(ViSession vi, ViUInt16 space, ViBusAddress offset, ViPUInt8 value);
ViStatus _VI_FUNC viIn8Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViPUInt8 value);
ViStatus _VI_FUNC viOut8(ViSession vi, ViUInt16 space, ViBusAddress offset, ViUInt8 value);
ViStatus _VI_FUNC viOut8Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViUInt8 value);
ViStatus _VI_FUNC viIn16(ViSession vi, ViUInt16 space, ViBusAddress offset, ViPUInt16 value);
ViStatus _VI_FUNC viIn16Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViPUInt16 value);
ViStatus _VI_FUNC viOut16(ViSession vi, ViUInt16 space, ViBusAddress offset, ViUInt16 value);
ViStatus _VI_FUNC viOut16Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViUInt16 value);
ViStatus _VI_FUNC viIn32(ViSession vi, ViUInt16 space, ViBusAddress offset, ViPUInt32 value);
ViStatus _VI_FUNC viIn32Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViPUInt32 value);
ViStatus _VI_FUNC viOut32(ViSession vi, ViUInt16 space, ViBusAddress offset, ViUInt32 value);
ViStatus _VI_FUNC viOut32Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViUInt32 value);
ViStatus _VI_FUNC viIn64(ViSession vi, ViUInt16 space, ViBusAddress offset, ViPUInt64 value);
ViStatus _VI_FUNC viIn64Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViPUInt64 value);
ViStatus _VI_FUNC viOut64(ViSession vi, ViUInt16 space, ViBusAddress offset, ViUInt64 value);
ViStatus _VI_FUNC viOut64Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViUInt64 value);
ViStatus _VI_FUNC viMoveIn8(ViSession vi, ViUInt16 space, ViBusAddress offset, ViBusSize length, ViAUInt8 buf);
ViStatus _VI_FUNC viMoveIn8Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViBusSize length, ViAUInt8 buf);
ViStatus _VI_FUNC viMoveOut8(ViSession vi, ViUInt16 space, ViBusAddress offset, ViBusSize length, ViAUInt8 buf);
ViStatus _VI_FUNC viMoveOut8Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViBusSize length, ViAUInt8 buf);
ViStatus _VI_FUNC viMoveIn16(ViSession vi, ViUInt16 space, ViBusAddress offset, ViBusSize length, ViAUInt16 buf);
ViStatus _VI_FUNC viMoveIn16Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViBusSize length, ViAUInt16 buf);
ViStatus _VI_FUNC viMoveOut16(ViSession vi, ViUInt16 space, ViBusAddress offset, ViBusSize length, ViAUInt16 buf);
ViStatus _VI_FUNC viMoveOut16Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViBusSize length, ViAUInt16 buf);
ViStatus _VI_FUNC viMoveIn32(ViSession vi, ViUInt16 space, ViBusAddress offset, ViBusSize length, ViAUInt32 buf);
ViStatus _VI_FUNC viMoveIn32Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViBusSize length, ViAUInt32 buf);
ViStatus _VI_FUNC viMoveOut32(ViSession vi, ViUInt16 space, ViBusAddress offset, ViBusSize length, ViAUInt32 buf);
ViStatus _VI_FUNC viMoveOut32Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViBusSize length, ViAUInt32 buf);
ViStatus _VI_FUNC viMoveIn64(ViSession vi, ViUInt16 space, ViBusAddress offset, ViBusSize length, ViAUInt64 buf);
ViStatus _VI_FUNC viMoveIn64Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViBusSize length, ViAUInt64 buf);
ViStatus _VI_FUNC viMoveOut64(ViSession vi, ViUInt16 space, ViBusAddress offset, ViBusSize length, ViAUInt64 buf);
ViStatus _VI_FUNC viMoveOut64Ex(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViBusSize length, ViAUInt64 buf);
ViStatus _VI_FUNC viMove(ViSession vi, ViUInt16 srcSpace, ViBusAddress srcOffset, ViUInt16 srcWidth,
                         ViUInt16 destSpace, ViBusAddress destOffset, ViUInt16 destWidth, ViBusSize length);
ViStatus _VI_FUNC viMoveAsync(ViSession vi, ViUInt16 srcSpace, ViBusAddress srcOffset, ViUInt16 srcWidth,
                              ViUInt16 destSpace, ViBusAddress destOffset, ViUInt16 destWidth, ViBusSize length,
                              ViPJobId jobId);
ViStatus _VI_FUNC viMapAddress(ViSession vi, ViUInt16 space, ViBusAddress offset, ViBusSize size, ViBoolean access,
                               ViAddr suggested, ViPAddr address);
ViStatus _VI_FUNC viMemAlloc(ViSession vi, ViBusSize size, ViPBusAddress offset);
ViStatus _VI_FUNC viMemFree(ViSession vi, ViBusAddress offset);
ViStatus _VI_FUNC viMoveEx(ViSession vi, ViUInt16 srcSpace, ViBusAddress64 srcOffset, ViUInt16 srcWidth,
                           ViUInt16 destSpace, ViBusAddress64 destOffset, ViUInt16 destWidth, ViBusSize length);
ViStatus _VI_FUNC viMoveAsyncEx(ViSession vi, ViUInt16 srcSpace, ViBusAddress64 srcOffset, ViUInt16 srcWidth,
                                ViUInt16 destSpace, ViBusAddress64 destOffset, ViUInt16 destWidth, ViBusSize length,
                                ViPJobId jobId);
ViStatus _VI_FUNC viMapAddressEx(ViSession vi, ViUInt16 space, ViBusAddress64 offset, ViBusSize size, ViBoolean access,
                                 ViAddr suggested, ViPAddr address);
ViStatus _VI_FUNC viMemAllocEx(ViSession vi, ViBusSize size, ViPBusAddress64 offset);
ViStatus _VI_FUNC viMemFreeEx(ViSession vi, ViBusAddress64 offset);
ViStatus _VI_FUNC viUnmapAddress(ViSession vi);
ViStatus _VI_FUNC viVxiCommandQuery(ViSession vi, ViUInt16 mode, ViUInt32 cmd, ViPUInt32 response);
ViStatus _VI_FUNC viVxiServantResponse(ViSession vi, ViInt16 mode, ViUInt32 response);
ViStatus _VI_FUNC viAssertUtilSignal(ViSession vi, ViUInt16 line);
ViStatus _VI_FUNC viAssertIntrSignal(ViSession vi, ViInt16 mode, ViUInt32 statusID);
ViStatus _VI_FUNC viMapTrigger(ViSession vi, ViInt16 trigSrc, ViInt16 trigDest, ViUInt16 mode);
ViStatus _VI_FUNC viUnmapTrigger(ViSession vi, ViInt16 trigSrc, ViInt16 trigDest);
ViStatus _VI_FUNC viPxiReserveTriggers(ViSession vi, ViInt16 cnt, ViAInt16 trigBuses, ViAInt16 trigLines,
                                       ViPInt16 failureIndex);
void _VI_FUNC viPeek8(ViSession vi, ViAddr address, ViPUInt8 value);
void _VI_FUNC viPoke8(ViSession vi, ViAddr address, ViUInt8 value);
void _VI_FUNC viPeek16(ViSession vi, ViAddr address, ViPUInt16 value);
void _VI_FUNC viPoke16(ViSession vi, ViAddr address, ViUInt16 value);
void _VI_FUNC viPeek32(ViSession vi, ViAddr address, ViPUInt32 value);
void _VI_FUNC viPoke32(ViSession vi, ViAddr address, ViUInt32 value);
void _VI_FUNC viPeek64(ViSession vi, ViAddr address, ViPUInt64 value);
void _VI_FUNC viPoke64(ViSession vi, ViAddr address, ViUInt64 value);

/* The older name of viOpenDefaultRM; also a function, for those who look it up at run time. */
#define viGetDefaultRM(vi) viOpenDefaultRM(vi)

/* The parts of a ViVersion: 12, 12 and 8 bits. */
#define VI_VERSION_MAJOR(ver) ((((ViVersion)(ver)) & 0xFFF00000UL) >> 20)
#define VI_VERSION_MINOR(ver) ((((ViVersion)(ver)) & 0x000FFF00UL) >> 8)
#define VI_VERSION_SUBMINOR(ver) (((ViVersion)(ver)) & 0x000000FFUL)

#if defined(__cplusplus)
}
#endif
#endif
