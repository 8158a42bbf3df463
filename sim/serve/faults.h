/* Faults that a wire can be told to show, one table: name, text, default argument. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include <graticule/sim.h>

/* id, name, default argument, text */
#define SIM_FAULT_MAP(X)                                                                                               \
    X(DRIBBLE, "dribble", 10000, "answers over the network leave at this many bytes a second")                        \
    X(VXI_SEGMENTS, "vxi-segments", 1, "replies in TCP segments of this many bytes")                                   \
    X(VXI_FRAGMENTS, "vxi-fragments", 65532, "replies in record fragments of this many bytes, as libtirpc sends them") \
    X(VXI_ZERO_FRAGMENTS, "vxi-zero-fragments", 0, "empty fragments before, inside and after each reply")              \
    X(VXI_GETPORT_NOLAST, "vxi-getport-nolast", 0, "GETPORT replies lack the last-fragment bit (Anritsu MS9740)")      \
    X(VXI_PADDING, "vxi-padding", 8, "this many bytes behind the results of a reply (ICS 8065)")                       \
    X(VXI_WRONG_XID, "vxi-wrong-xid", 0, "a stale reply comes before the right one")                                   \
    X(VXI_LATE, "vxi-late", 3000, "replies leave this many milliseconds late")                                         \
    X(VXI_LID0, "vxi-lid0", 0, "the link identifier is 0 (Siglent SDS1104X-E, Rigol DM3068)")                          \
    X(VXI_LID_NEGATIVE, "vxi-lid-negative", 0, "link identifiers are negative")                                        \
    X(VXI_MAXRECV, "vxi-maxrecv", 1024, "maxRecvSize is the argument: 0, 1, 1024, 4294967295")                         \
    X(VXI_PARTIAL_WRITE, "vxi-partial-write", 0, "device_write takes half of the data and says so")                    \
    X(VXI_REASON0, "vxi-reason0", 1024, "device_read returns at most this many bytes, with reason 0")                  \
    X(VXI_PARTIAL15, "vxi-partial15", 0, "device_read returns half of the data with error 15")                         \
    X(VXI_LOCK11, "vxi-lock11", 0, "error 11 when lock_timeout or waitlock is set (Rigol DM3068)")                     \
    X(VXI_CORE_REFUSE, "vxi-core-refuse", 0, "the core port refuses connections")                                      \
    X(VXI_RESET, "vxi-reset", 0, "the connection is reset in the middle of a device_read reply")                       \
    X(VXI_SRQ_BADLEN, "vxi-srq-badlen", 0, "interrupt records announce 4 bytes too many (Keithley DMM6500)")           \
    X(VXI_SECOND_REFUSED, "vxi-second-refused", 0, "a second core connection is reset")                                \
    X(VXI_LINKS_KEPT, "vxi-links-kept", 16, "links outlive their connection; so many exist (Tektronix MSO3054)")       \
    X(VXI_NO_ABORT, "vxi-no-abort", 0, "no abort channel is offered")                                                  \
    X(VXI_MAXREAD, "vxi-maxread", 16777216, "error 5 for a larger requestSize (Agilent DSO9000)")                      \
    X(VXI_BLOCK_SHORT, "vxi-block-short", 10, "blocks end this many bytes early, as raw-block-short")                  \
    X(VXI_BLOCK_LONG, "vxi-block-long", 10, "blocks hold this many bytes too many")                                    \
    X(VXI_BLOCK_ZERO, "vxi-block-zero", 0, "blocks are #9000000000")                                                   \
    X(VXI_NO_NEWLINE, "vxi-no-newline", 0, "responses end without a newline, by END alone")                            \
    X(VXI_DELAY, "vxi-delay", 200, "responses become available this many milliseconds late")                           \
    X(HISLIP_SEGMENTS, "hislip-segments", 1, "messages in TCP segments of this many bytes")                            \
    X(HISLIP_CHUNKS, "hislip-chunks", 17, "responses in messages of this many payload bytes")                          \
    X(HISLIP_ANY_ID, "hislip-any-id", 0, "Data carry the identifier 0xffffffff")                                       \
    X(HISLIP_STALE, "hislip-stale", 0, "a DataEnd of an older query comes before each response")                       \
    X(HISLIP_WRONG_ID, "hislip-wrong-id", 0, "responses carry the identifier of an older query")                       \
    X(HISLIP_EMPTY_END, "hislip-empty-end", 0, "an empty DataEnd behind the last data")                                \
    X(HISLIP_OVERSIZED, "hislip-oversized", 0, "messages larger than the client's limit")                              \
    X(HISLIP_INTERRUPTED, "hislip-interrupted", 0, "interrupts before a response; 1: Interrupted comes first")         \
    X(HISLIP_STRAY, "hislip-stray", 0, "an unsolicited AsyncInterrupted before async responses")                       \
    X(HISLIP_SRQ, "hislip-srq", 0, "a service request between an async request and its response")                      \
    X(HISLIP_RESERVED, "hislip-reserved", 0, "messages of reserved types on both channels")                            \
    X(HISLIP_VENDOR, "hislip-vendor", 100, "vendor messages of this many payload bytes on both channels")              \
    X(HISLIP_ERROR, "hislip-error", 0, "an Error with this code instead of a response")                                \
    X(HISLIP_FATAL, "hislip-fatal", 3, "FatalError: 0-2 in the set-up, 3 for data, 4 for async requests")              \
    X(HISLIP_PROLOGUE, "hislip-prologue", 0, "a response without the prologue HS")                                     \
    X(HISLIP_OVERLAP, "hislip-overlap", 0, "overlapped mode is preferred")                                             \
    X(HISLIP_V1, "hislip-v1", 0, "version 1.0 is the newest that is known")                                            \
    X(HISLIP_ID_FFFF, "hislip-id-ffff", 0, "session identifiers count down from 0xffff")                               \
    X(HISLIP_SILENT, "hislip-silent", 0, "an Initialize is not answered")                                              \
    X(HISLIP_ASYNC_DROP, "hislip-async-drop", 0, "the async connection is closed at the first request after set-up")   \
    X(HISLIP_DEAF_CLEAR, "hislip-deaf-clear", 0, "a device clear is not answered")                                     \
    X(HISLIP_STALL, "hislip-stall", 0, "the header of a block, then silence")                                          \
    X(HISLIP_DROP, "hislip-drop", 0, "the connection is reset in the middle of a block")                               \
    X(HISLIP_BLOCK_SHORT, "hislip-block-short", 10, "blocks hold this many bytes fewer than announced")                \
    X(HISLIP_BLOCK_LONG, "hislip-block-long", 10, "blocks hold this many bytes more than announced")                   \
    X(HISLIP_BLOCK_ZERO, "hislip-block-zero", 0, "blocks are #9000000000")                                             \
    X(HISLIP_NO_NEWLINE, "hislip-no-newline", 0, "responses end without a newline, by END alone")                      \
    X(HISLIP_DELAY, "hislip-delay", 200, "responses become available this many milliseconds late")                     \
    X(RAW_SPLIT, "raw-split", 1, "answers in TCP segments of this many bytes")                                         \
    X(RAW_DELAY, "raw-delay", 200, "answers come this many milliseconds late")                                         \
    X(RAW_DOUBLE_NEWLINE, "raw-double-newline", 0, "two newlines end an answer (Siglent SDS)")                         \
    X(RAW_NO_NEWLINE, "raw-no-newline", 0, "no newline ends an answer")                                                \
    X(RAW_BLOCK_SHORT, "raw-block-short", 10, "blocks hold this many bytes fewer than announced")                      \
    X(RAW_BLOCK_LONG, "raw-block-long", 10, "blocks hold this many bytes more than announced")                         \
    X(RAW_BLOCK_SAMPLES, "raw-block-samples", 0, "blocks announce half their bytes (Siglent SDS2000X+, 16 bit)")       \
    X(RAW_BLOCK_ZERO, "raw-block-zero", 0, "blocks are #9000000000 (Rigol DS1000Z without data)")                      \
    X(RAW_STALL, "raw-stall", 0, "the header of a block, then silence (Rigol DS1000Z)")                                \
    X(RAW_DROP, "raw-drop", 0, "the connection is reset in the middle of a block")                                     \
    X(RAW_ONE_CLIENT, "raw-one-client", 0, "one client; the next is refused until so many ms after it left")           \
    X(RAW_STALE, "raw-stale", 0, "an old answer waits at each connect (Tektronix)")                                    \
    X(RAW_STARTUP, "raw-startup", 10000, "no answer for so many ms after the connect (DSO-X 2000)")                    \
    X(RAW_IGNORE_FAST, "raw-ignore-fast", 50, "a command within so many ms of the one before is lost (Siglent)")       \
    X(LIA_LOSE_REPLY, "lia-lose-reply", 0, "a reply datagram of bitscope-server is lost")                              \
    X(LIA_LOSE_COMMAND, "lia-lose-command", 0, "a command datagram to bitscope-server is lost")                        \
    X(LIA_REORDER, "lia-reorder", 0, "a reply datagram comes behind the next one, or 20 ms late")                      \
    X(LIA_DUPLICATE, "lia-duplicate", 0, "a reply datagram comes twice")                                               \
    X(LIA_SMALL, "lia-small", 91, "reply datagrams hold at most this many bytes of the device")                        \
    X(LIA_COUNTER, "lia-counter", 250, "the reply counter starts here")                                                \
    X(SERIAL_NOISE, "serial-noise", 0, "bytes that nobody sent stand before each answer on a serial line")             \
    X(SERIAL_LOST, "serial-lost", 10, "the byte behind so many of each answer on a serial line is lost")               \
    X(SERIAL_STALL, "serial-stall", 30, "answers on a serial line stop behind so many bytes")                          \
    X(SERIAL_ECHO, "serial-echo", 0, "what is sent on a serial line comes back before the answer")                     \
    X(SERIAL_HANGUP, "serial-hangup", 200, "the port goes in the middle of an answer; back after so many ms, 0 never") \
    X(SERIAL_DELAY, "serial-delay", 200, "answers on a serial line come this many milliseconds late")                  \
    X(SERIAL_LINE, "serial-line", 4, "an adapter tells of line errors: a sum of 2 overrun, 4 parity, 8 framing")       \
    X(SERIAL_SPLIT, "serial-split", 1, "answers on a serial line come in pieces of this many bytes")                   \
    X(PRLGX_SILENCE, "prologix-silence", 0, "a ++read of the GPIB adapter gives nothing")                              \
    X(PRLGX_RESET, "prologix-reset", 3, "the GPIB adapter restarts at the ++read after so many, with its defaults")   \
    X(PRLGX_LOST, "prologix-lost", 10, "the byte behind so many of a ++read is lost")                                  \
    X(PRLGX_STALL, "prologix-stall", 30, "a ++read gives so many bytes, the rest is lost")                             \
    X(PRLGX_DROP, "prologix-drop", 30, "the adapter's connection is reset behind so many bytes of a ++read")           \
    X(PRLGX_SPLIT, "prologix-split", 1, "the GPIB adapter sends in pieces of this many bytes")                         \
    X(PRLGX_NO_EOI, "prologix-no-eoi", 0, "the instrument ends its answers without EOI")                               \
    X(PRLGX_NUL, "prologix-nul", 0, "a stray NUL behind each answer (Keithley 2400)")                                  \
    X(PRLGX_NO_EOT, "prologix-no-eot", 0, "the adapter does not know ++eot_enable")                                    \
    X(VICP_SEQUENCE, "vicp-sequence", 0, "an answer with another number comes before the right one")                   \
    X(VICP_SPLIT, "vicp-split", 7, "VICP answers in blocks of this many bytes")                                        \
    X(VICP_SEGMENTS, "vicp-segments", 1, "VICP answers in TCP segments of this many bytes")                            \
    X(VICP_STALL, "vicp-stall", 30, "VICP answers stop behind so many bytes")                                          \
    X(VICP_DROP, "vicp-drop", 30, "the VICP connection is reset behind so many bytes of an answer")                    \
    X(VICP_TRAILER, "vicp-trailer", 0, "a block of a newline alone follows each VICP answer")                          \
    X(VICP_V1, "vicp-v1", 0, "VICP blocks have no numbers (protocol version 1)")                                       \
    X(VICP_DELAY, "vicp-delay", 200, "VICP answers come this many milliseconds late")                                  \
    X(VICP_BUSY, "vicp-busy", 300, "a VICP client is refused until so many ms after the last one left")                \
    X(DISC_DUPLICATE, "disc-duplicate", 0, "every answer to a broadcast comes twice")                                  \
    X(USB_EP64, "usb-ep64", 1,                                                                                         \
      "64-byte endpoints at high speed; 1: each packet ends its transfer, as under xHCI (Rigol DS1000Z)")\
    X(USB_FULL_SPEED, "usb-full-speed", 0, "a full-speed device")                                                      \
    X(USB_NO_INTERRUPT, "usb-no-interrupt", 0, "no interrupt endpoint")                                                \
    X(USB_COMPOSITE, "usb-composite", 0, "the instrument is interface 2 of a composite device")                        \
    X(USB_TWIN, "usb-twin", 0, "the device has two USBTMC interfaces")                                                 \
    X(USB_ALTERNATE, "usb-alternate", 0, "the interface has an alternate setting 1 without an interrupt endpoint")     \
    X(USB_INTERRUPT_BUSY, "usb-interrupt-busy", 0, "READ_STATUS_BYTE finds the interrupt endpoint busy at first")      \
    X(USB_STB_ASIDE, "usb-stb-aside", 0,                                                                               \
      "the status byte comes in the control answer although there is an interrupt endpoint")\
    X(USB_WRONG_TAG, "usb-wrong-tag", 0, "answers carry another bTag")                                                 \
    X(USB_STALE_TAG, "usb-stale-tag", 0, "answers carry the bTag of the request before (Rigol DHO800)")                \
    X(USB_WRONG_MSGID, "usb-wrong-msgid", 0, "answers carry MsgID 1")                                                  \
    X(USB_SHORT_HEADER, "usb-short-header", 6, "the first packet of an answer is this short, and nothing follows")     \
    X(USB_HEADER_ALONE, "usb-header-alone", 0, "the header comes in a short packet of its own")                        \
    X(USB_SHORT, "usb-short", 10, "an answer ends this many bytes before its TransferSize")                            \
    X(USB_LONG, "usb-long", 4, "this many bytes come behind TransferSize")                                             \
    X(USB_ALIGN, "usb-align", 3, "this many alignment bytes behind each answer instead of a zero-length packet")       \
    X(USB_ZLP_BEFORE, "usb-zlp-before", 0,                                                                             \
      "a stray zero-length packet comes before each answer (Rigol DM3058, DS1102E)")\
    X(USB_NO_ZLP, "usb-no-zlp", 0, "no zero-length packet ends a transfer of full packets (Rigol DS1102Z-E)")          \
    X(USB_SPLIT, "usb-split", 40000, "transfers of at most this many bytes, EOM in the last (R&S RTB2000)")            \
    X(USB_NO_EOM, "usb-no-eom", 0, "EOM is never set")                                                                 \
    X(USB_PADDED, "usb-padded", 0, "TransferSize counts the padding (Siglent SDS1204X-E)")                             \
    X(USB_MAX_REQUEST, "usb-max-request", 48,                                                                          \
      "a request for more than this many bytes is never answered (Siglent SDS1x04X-E)")\
    X(USB_DELAY, "usb-delay", 200, "answers come this many milliseconds late")                                         \
    X(USB_STALL_IN, "usb-stall-in", 0, "bulk-IN halts instead of an answer")                                           \
    X(USB_STALL_OUT, "usb-stall-out", 0, "bulk-OUT halts behind each message")                                         \
    X(USB_OUT_STUCK, "usb-out-stuck", 1000, "bulk-OUT takes nothing for this many milliseconds")                       \
    X(USB_CLEAR_PENDING, "usb-clear-pending", 2, "CHECK_CLEAR_STATUS says pending this many times")                    \
    X(USB_CLEAR_STALL, "usb-clear-stall", 0, "INITIATE_CLEAR stalls")                                                  \
    X(USB_REN_STALL, "usb-ren-stall", 0,                                                                               \
      "REN_CONTROL, GO_TO_LOCAL and LOCAL_LOCKOUT stall although the capability is claimed")\
    X(USB_NO_CAPABILITIES, "usb-no-capabilities", 0, "GET_CAPABILITIES stalls")                                        \
    X(USB_UNPLUG, "usb-unplug", 500,                                                                                   \
      "the device leaves in the middle of an answer and comes back so many milliseconds later")\
    X(DISC_PORT0, "disc-port0", 0, "answers over UDP name port 0, announced services too")                             \
    X(DISC_MALFORMED, "disc-malformed", 0, "a cut message comes before each answer of mdns")                           \
    X(DISC_LOOP, "disc-loop", 0, "a message with a name that points at itself comes before each answer of mdns")       \
    X(DISC_LATE, "disc-late", 300, "answers of mdns come so many milliseconds late")                                   \
    X(DISC_BARE, "disc-bare", 0, "answers of mdns hold only what was asked: no SRV, TXT and A beside a PTR")           \
    X(HTTP_HTML, "http-html", 0, "the identification is an HTML page")                                                 \
    X(HTTP_MALFORMED, "http-malformed", 0, "the identification is cut XML")

typedef enum sim_fault_id {
#define SIM_FAULT_ENUM(id, name, argument, text) SIM_FAULT_##id,
    SIM_FAULT_MAP(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
    SIM_FAULTS,
} sim_fault_id;

typedef struct sim_faults {
    unsigned count;                    /* of those that are set */
    struct {
        double probability;            /* 0 = not set */
        uint64_t argument;
    } item[SIM_FAULTS];
    uint64_t state;                    /* of the random numbers */
} sim_faults;

/* "name[@probability][:argument],…"; NULL is none. False with a sentence. */
bool sim_faults_parse(sim_faults *f, const char *spec, uint64_t seed, char err[256]);
/* Draws: true when this one strikes now. */
bool sim_fault(sim_faults *f, sim_fault_id id);
static inline uint64_t sim_fault_argument(const sim_faults *f, sim_fault_id id)
{
    return f->item[id].argument;
}

#endif
