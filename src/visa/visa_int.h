/* The inside of libvisa, shared by the files of this directory. Everything here stands on the public headers of
 * libgraticule only.
 *
 * Locks, outermost first: a session's formatted lock, a session's turn (visa_call), a resource's lock state, a
 * session's state lock, the handle table. None is held across a callback of the program; only the first two are held
 * while waiting for a device. */
#ifndef VISA_INT_H
#define VISA_INT_H

#include <graticule/graticule.h>
#include <visatype.h>

#include <pthread.h>

/* The exported functions return the status sign-extended to 64 bits, for callers that take it as a C long (headers with
 * an 8-byte ViStatus, JNA NativeLong); others look at the low half. */
#define ViStatus long
#include <visa.h>

#define VISA_API __attribute__((visibility("default")))

/* ---- objects ---------------------------------------------------------------------------------- */

typedef enum visa_kind { VISA_RM = 1, VISA_SESSION = 2, VISA_FIND = 4, VISA_EVENT = 8, VISA_ANY = 15 } visa_kind;

typedef struct visa_object visa_object;
struct visa_object {
    visa_kind kind;
    ViObject handle;
    visa_object *next;                  /* of its slot in the table */
    unsigned refs;                      /* holders, the table among them; under the table's lock */
    void (*destroy)(visa_object *o);    /* when the last holder is gone */
};

/* Gives the object a handle and the table's reference. Handles rise and are not used again. */
ViStatus visa__object_add(visa_object *o);
/* A reference, or NULL with VI_ERROR_INV_OBJECT (unknown handle) or VI_ERROR_NSUP_OPER (not one of `kinds`). */
visa_object *visa__object_get(ViObject handle, unsigned kinds, ViStatus *status);
void visa__object_ref(visa_object *o);
void visa__object_put(visa_object *o);
/* Takes it out of the table with the table's reference, which the caller then has. False: another caller did. */
bool visa__object_remove(visa_object *o);

/* ---- sessions --------------------------------------------------------------------------------- */

/* Bits, as used in the tables. What stands behind a resource string for a VISA program. */
typedef enum visa_class {
    VISA_CLASS_RM = 1,
    VISA_CLASS_TCPIP = 2,     /* TCPIP INSTR by VXI-11 and everything that only looks like it */
    VISA_CLASS_HISLIP = 4,    /* TCPIP INSTR by HiSLIP */
    VISA_CLASS_SOCKET = 8,
    VISA_CLASS_ASRL = 16,
    VISA_CLASS_USB = 32,      /* USB INSTR */
    VISA_CLASS_USB_RAW = 64,
    VISA_CLASS_GPIB = 128,    /* GPIB INSTR */
    VISA_CLASS_INTFC = 256,   /* GPIB INTFC */
} visa_class;

typedef struct visa_session visa_session;

/* A reference to an instrument session; NULL with the status for the caller. */
visa_session *visa__session_get(ViSession vi, ViStatus *status);
void visa__session_put(visa_session *s);

/* As viRead and viWrite of a session that is held: locks, attributes, timeout, status. *got, *put also on an error. */
ViStatus visa__session_read(visa_session *s, void *buf, size_t n, size_t *got);
/* Where nothing marks the end of a message: at least a byte and no waiting for more. Elsewhere as the above. n > 0. */
ViStatus visa__session_read_some(visa_session *s, void *buf, size_t n, size_t *got);
ViStatus visa__session_write(visa_session *s, const void *buf, size_t n, bool end, size_t *put);

/* ---- formatted buffers ------------------------------------------------------------------------- */

/* Begin checks handle, class and locks, and takes the session's formatted lock; on VI_SUCCESS exactly one end follows,
 * which raises the exception event for an error and returns the status. `name` is the vi function, a constant. */
ViStatus visa__fmt_begin(ViSession vi, const char *name, visa_session **s);
ViStatus visa__fmt_end(visa_session *s, const char *name, ViStatus status);
/* Into the write buffer, which is sent without END whenever it is full. */
ViStatus visa__fmt_write(visa_session *s, const void *data, size_t n);
/* Sends the write buffer; `end` as SEND_END_EN allows. Nothing held: nothing is sent. An error empties the buffer. */
ViStatus visa__fmt_flush(visa_session *s, bool end);
/* What the read buffer holds, after one read of the device when it holds nothing. *end: the message ends behind it. */
ViStatus visa__fmt_fill(visa_session *s, const ViByte **data, size_t *n, bool *end);
void visa__fmt_consume(visa_session *s, size_t n);
/* Drops what a buffer holds, without I/O. */
void visa__fmt_forget_read(visa_session *s);
void visa__fmt_forget_write(visa_session *s);
/* Drops what is left of an answer when that is white space and nothing follows it. */
void visa__fmt_forget_line_end(visa_session *s);
/* What viPrintf and viScanf do last: send, or forget what was not consumed, where the buffer's mode is
 * VI_FLUSH_ON_ACCESS. */
ViStatus visa__fmt_access_write(visa_session *s);
void visa__fmt_access_read(visa_session *s);

/* ---- attributes --------------------------------------------------------------------------------- */

typedef struct visa_value {
    bool is_text;
    int64_t number;
    char text[VI_FIND_BUFLEN];
} visa_value;

/* By its name in the header, such as "VI_ATTR_TMO_VALUE". *global: not local to a session. */
bool visa__attr_by_name(const char *name, ViAttr *attr, bool *global);

/* ---- find expressions (expr.c) ------------------------------------------------------------------- */

typedef struct visa_expr visa_expr;
/* False: the resource has no such attribute, and its comparison is false. */
typedef bool (*visa_expr_attr_fn)(void *user, ViAttr attr, visa_value *out);

/* "ASRL?*INSTR{VI_ATTR_ASRL_BAUD == 9600}". VI_ERROR_INV_EXPR, VI_ERROR_ALLOC. */
ViStatus visa__expr_new(const char *text, visa_expr **out);
void visa__expr_free(visa_expr *e);
/* The whole resource string, ignoring case, then the attribute expression. */
bool visa__expr_match(const visa_expr *e, const char *resource, visa_expr_attr_fn attr, void *user);

#endif
