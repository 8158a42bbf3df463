/* HiSLIP (IVI-6.1 versions 1.0 to 2.0): headers, the numbers of the message table, and push parsers for both sides.
 * A message is a header of 16 bytes and a payload: "HS", type, control code, parameter (32 bit), payload length (64
 * bit), most significant byte first. The length is a peer's claim: nothing here allocates by it. */
#ifndef GRAT_WIRE_HISLIP_H
#define GRAT_WIRE_HISLIP_H

#include "core/buf.h"

enum {
    GRAT__HISLIP_PORT = 4880,
    GRAT__HISLIP_HEAD = 16,
    GRAT__HISLIP_NAME_MAX = 256,            /* sub-address, lock string */
    GRAT__HISLIP_SMALL_MAX = 512,           /* what is kept of a small payload */
    GRAT__HISLIP_V1 = 0x0100,
    GRAT__HISLIP_V2 = 0x0200,
    GRAT__HISLIP_DEFAULT_MAX = 1 << 20,     /* of a peer that names no largest message */
};

/* Message identifiers of a client: the first one, the step, and "last sent" while nothing was sent. */
#define GRAT__HISLIP_FIRST_ID 0xffffff00u
#define GRAT__HISLIP_NO_ID 0xfffffefeu
#define GRAT__HISLIP_ANY_ID 0xffffffffu     /* in Data only: the server cannot tell */
#define GRAT__HISLIP_ID_STEP 2u

/* number, name */
#define GRAT__HISLIP_TYPE_MAP(X)                                                                                       \
    X(0, INITIALIZE, "Initialize")                                                                                     \
    X(1, INITIALIZE_RESPONSE, "InitializeResponse")                                                                    \
    X(2, FATAL_ERROR, "FatalError")                                                                                    \
    X(3, ERROR, "Error")                                                                                               \
    X(4, ASYNC_LOCK, "AsyncLock")                                                                                      \
    X(5, ASYNC_LOCK_RESPONSE, "AsyncLockResponse")                                                                     \
    X(6, DATA, "Data")                                                                                                 \
    X(7, DATA_END, "DataEnd")                                                                                          \
    X(8, CLEAR_COMPLETE, "DeviceClearComplete")                                                                        \
    X(9, CLEAR_ACKNOWLEDGE, "DeviceClearAcknowledge")                                                                  \
    X(10, ASYNC_REMOTE_LOCAL, "AsyncRemoteLocalControl")                                                               \
    X(11, ASYNC_REMOTE_LOCAL_RESPONSE, "AsyncRemoteLocalResponse")                                                     \
    X(12, TRIGGER, "Trigger")                                                                                          \
    X(13, INTERRUPTED, "Interrupted")                                                                                  \
    X(14, ASYNC_INTERRUPTED, "AsyncInterrupted")                                                                       \
    X(15, ASYNC_MAX_SIZE, "AsyncMaximumMessageSize")                                                                   \
    X(16, ASYNC_MAX_SIZE_RESPONSE, "AsyncMaximumMessageSizeResponse")                                                  \
    X(17, ASYNC_INITIALIZE, "AsyncInitialize")                                                                         \
    X(18, ASYNC_INITIALIZE_RESPONSE, "AsyncInitializeResponse")                                                        \
    X(19, ASYNC_CLEAR, "AsyncDeviceClear")                                                                             \
    X(20, ASYNC_SERVICE_REQUEST, "AsyncServiceRequest")                                                                \
    X(21, ASYNC_STATUS, "AsyncStatusQuery")                                                                            \
    X(22, ASYNC_STATUS_RESPONSE, "AsyncStatusResponse")                                                                \
    X(23, ASYNC_CLEAR_ACKNOWLEDGE, "AsyncDeviceClearAcknowledge")                                                      \
    X(24, ASYNC_LOCK_INFO, "AsyncLockInfo")                                                                            \
    X(25, ASYNC_LOCK_INFO_RESPONSE, "AsyncLockInfoResponse")                                                           \
    X(26, GET_DESCRIPTORS, "GetDescriptors")                                                                           \
    X(27, GET_DESCRIPTORS_RESPONSE, "GetDescriptorsResponse")                                                          \
    X(28, START_TLS, "StartTLS")                                                                                       \
    X(29, ASYNC_START_TLS, "AsyncStartTLS")                                                                            \
    X(30, ASYNC_START_TLS_RESPONSE, "AsyncStartTLSResponse")                                                           \
    X(31, END_TLS, "EndTLS")                                                                                           \
    X(32, ASYNC_END_TLS, "AsyncEndTLS")                                                                                \
    X(33, ASYNC_END_TLS_RESPONSE, "AsyncEndTLSResponse")                                                               \
    X(34, GET_SASL_LIST, "GetSaslMechanismList")                                                                       \
    X(35, GET_SASL_LIST_RESPONSE, "GetSaslMechanismListResponse")                                                      \
    X(36, AUTH_START, "AuthenticationStart")                                                                           \
    X(37, AUTH_EXCHANGE, "AuthenticationExchange")                                                                     \
    X(38, AUTH_RESULT, "AuthenticationResult")

enum grat__hislip_type {
#define GRAT__HISLIP_TYPE_ENUM(number, name, text) GRAT__HISLIP_##name = number,
    GRAT__HISLIP_TYPE_MAP(GRAT__HISLIP_TYPE_ENUM)
#undef GRAT__HISLIP_TYPE_ENUM
    GRAT__HISLIP_TYPES,
    GRAT__HISLIP_VENDOR = 128,              /* this and all above are VendorSpecific */
};

/* Control codes. */
enum {
    GRAT__HISLIP_RMT = 1,                   /* Data, DataEnd, Trigger, status and TLS requests of a client */
    GRAT__HISLIP_OVERLAP = 1,               /* InitializeResponse and the features of a device clear */
    GRAT__HISLIP_ENCRYPT_MANDATORY = 2,
    GRAT__HISLIP_ENCRYPT_INITIAL = 4,
    GRAT__HISLIP_SECURE = 1,                /* AsyncInitializeResponse: StartTLS is understood */
    GRAT__HISLIP_LOCK_RELEASE = 0,
    GRAT__HISLIP_LOCK_REQUEST = 1,
    GRAT__HISLIP_LOCK_FAILED = 0,           /* answers to a request */
    GRAT__HISLIP_LOCK_OK = 1,
    GRAT__HISLIP_LOCK_ERROR = 3,
    GRAT__HISLIP_RELEASED_EXCLUSIVE = 1,    /* answers to a release */
    GRAT__HISLIP_RELEASED_SHARED = 2,
    GRAT__HISLIP_TLS_BUSY = 0,
    GRAT__HISLIP_TLS_OK = 1,
    GRAT__HISLIP_TLS_ERROR = 3,
    GRAT__HISLIP_AUTH_OK = 1,
};

/* Codes of FatalError and Error; 128 to 255 are the device's own. */
enum grat__hislip_fatal {
    GRAT__HISLIP_FATAL_UNIDENTIFIED = 0,
    GRAT__HISLIP_FATAL_HEADER = 1,
    GRAT__HISLIP_FATAL_CHANNELS = 2,
    GRAT__HISLIP_FATAL_SEQUENCE = 3,
    GRAT__HISLIP_FATAL_CLIENTS = 4,
    GRAT__HISLIP_FATAL_SECURITY = 5,
};
enum grat__hislip_error {
    GRAT__HISLIP_ERROR_UNIDENTIFIED = 0,
    GRAT__HISLIP_ERROR_TYPE = 1,
    GRAT__HISLIP_ERROR_CONTROL = 2,
    GRAT__HISLIP_ERROR_VENDOR = 3,
    GRAT__HISLIP_ERROR_TOO_LARGE = 4,
    GRAT__HISLIP_ERROR_AUTH = 5,
};

typedef struct grat__hislip_msg {
    uint8_t type, control;
    uint32_t parameter;
    uint64_t length;                        /* of the payload */
} grat__hislip_msg;

void grat__hislip_put(uint8_t head[GRAT__HISLIP_HEAD], const grat__hislip_msg *m);
/* Appends header and payload (m->length bytes). */
grat_err grat__hislip_append(grat__buf *b, const grat__hislip_msg *m, const void *payload);
/* EPROTO when the prologue is wrong: nothing behind it can be believed. */
grat_err grat__hislip_get(const uint8_t head[GRAT__HISLIP_HEAD], grat__hislip_msg *m);
/* "DataEnd", "VendorSpecific", "a reserved message"; never NULL. */
const char *grat__hislip_type_text(uint8_t type);
const char *grat__hislip_fatal_text(uint8_t code);
const char *grat__hislip_error_text(uint8_t code);

/* ---- headers out of a stream ----------------------------------------------------------------- */

/* The payload passes by whoever reads it: grat__hislip_in_took says how much of it did. */
typedef struct grat__hislip_in {
    uint8_t head[GRAT__HISLIP_HEAD];
    unsigned head_len;                      /* bytes of an incomplete header */
    bool in_message;                        /* msg is valid; its payload may be going on */
    bool bad;                               /* no prologue where one must stand: the stream is lost */
    grat__hislip_msg msg;
    uint64_t left;                          /* of the payload */
} grat__hislip_in;

/* Takes header bytes and returns how many it used; in_message is set when the header is complete. Uses none while
 * a message is there. */
size_t grat__hislip_in_feed(grat__hislip_in *in, const uint8_t *data, size_t n);
/* n <= left bytes of the payload have passed. */
void grat__hislip_in_took(grat__hislip_in *in, uint64_t n);
/* Done with the message, whose payload has all passed. */
void grat__hislip_in_next(grat__hislip_in *in);

/* ---- whole small messages ----------------------------------------------------------------------- */

/* Of a longer payload the first GRAT__HISLIP_SMALL_MAX bytes are kept. */
typedef struct grat__hislip_small {
    grat__hislip_in in;
    bool complete;
    size_t n;                               /* bytes kept */
    uint8_t payload[GRAT__HISLIP_SMALL_MAX + 1];   /* a NUL stands behind them */
} grat__hislip_small;

/* Takes bytes up to the end of one message and returns how many it used; `complete` is then set, until
 * grat__hislip_small_next. */
size_t grat__hislip_small_feed(grat__hislip_small *s, const uint8_t *data, size_t n);
void grat__hislip_small_next(grat__hislip_small *s);

/* ---- payloads ------------------------------------------------------------------------------------ */

/* A 64-bit size: AsyncMaximumMessageSize and its response. EPROTO when the payload is not 8 bytes. */
grat_err grat__hislip_get_size(const void *payload, size_t n, uint64_t *size);
void grat__hislip_put_size(uint8_t out[8], uint64_t size);
/* One element of a GetDescriptorsResponse at *at, which it moves on; false behind the last or when it is cut. */
typedef struct grat__hislip_descriptor {
    uint8_t type;                           /* 0 TLS versions, 1 TLS information, 2 last TLS error */
    size_t n;
    const uint8_t *data;                    /* borrowed */
} grat__hislip_descriptor;
bool grat__hislip_get_descriptor(const uint8_t *payload, size_t n, size_t *at, grat__hislip_descriptor *out);
grat_err grat__hislip_put_descriptor(grat__buf *b, const grat__hislip_descriptor *d);
/* True when `name` is a word of the blank-separated list. */
bool grat__hislip_has_mechanism(const char *list, const char *name);
/* SASL PLAIN (RFC 4616): NUL user NUL password. ETOOBIG when it does not fit; false get when it is malformed. */
grat_err grat__hislip_put_plain(grat__buf *b, const char *user, const char *password);
bool grat__hislip_is_plain(const uint8_t *data, size_t n, const char *user, const char *password);

#endif
