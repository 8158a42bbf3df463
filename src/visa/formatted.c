/* viPrintf, viScanf, viQueryf and what belongs to them: the conversions of format.h over the buffers of a session or
 * over memory. */
#include "format.h"

#include <string.h>

/* ---- a session ----------------------------------------------------------------------------------------- */

static ViStatus session_put(void *user, const void *data, size_t n)
{
    return visa__fmt_write(user, data, n);
}

static ViStatus session_end(void *user)
{
    return visa__fmt_flush(user, true);
}

static ViStatus session_fill(void *user, const ViByte **data, size_t *n, bool *end)
{
    return visa__fmt_fill(user, data, n, end);
}

static void session_consume(void *user, size_t n)
{
    visa__fmt_consume(user, n);
}

/* A command that could not be printed whole is not sent. */
static ViStatus session_print(visa_session *s, const char *format, visa_args *args)
{
    visa_sink out = {session_put, session_end, s};
    ViStatus status = visa__print(&out, format, args);

    if (status != VI_SUCCESS) visa__fmt_forget_write(s);
    return status;
}

static ViStatus session_scan(visa_session *s, const char *format, visa_args *args)
{
    visa_source in = {.fill = session_fill, .consume = session_consume, .user = s};
    ViStatus status = visa__scan(&in, format, args);

    visa__fmt_access_read(s);
    return status;
}

static ViStatus print_call(ViSession vi, const char *name, const char *format, visa_args *args)
{
    visa_session *s;
    ViStatus status = visa__fmt_begin(vi, name, &s);

    if (status != VI_SUCCESS) return status;
    visa__fmt_forget_line_end(s);
    status = format ? session_print(s, format, args) : VI_ERROR_USER_BUF;
    if (status == VI_SUCCESS) status = visa__fmt_access_write(s);
    return visa__fmt_end(s, name, status);
}

static ViStatus scan_call(ViSession vi, const char *name, const char *format, visa_args *args)
{
    visa_session *s;
    ViStatus status = visa__fmt_begin(vi, name, &s);

    if (status != VI_SUCCESS) return status;
    return visa__fmt_end(s, name, format ? session_scan(s, format, args) : VI_ERROR_USER_BUF);
}

/* A question makes what is left of an earlier answer stale, such as its line feed. */
static ViStatus query_call(ViSession vi, const char *name, const char *formats[2], visa_args *args)
{
    visa_session *s;
    ViStatus status = visa__fmt_begin(vi, name, &s);

    if (status != VI_SUCCESS) return status;
    visa__fmt_forget_read(s);
    status = formats[0] && formats[1] ? session_print(s, formats[0], args) : VI_ERROR_USER_BUF;
    if (status == VI_SUCCESS) status = visa__fmt_flush(s, true);
    if (status == VI_SUCCESS) status = session_scan(s, formats[1], args);
    return visa__fmt_end(s, name, status);
}

VISA_API ViStatus viVPrintf(ViSession vi, ViConstString writeFmt, ViVAList params)
{
    visa_args args = {.next = NULL};
    ViStatus status;

    va_copy(args.list, params);
    status = print_call(vi, "viVPrintf", writeFmt, &args);
    va_end(args.list);
    return status;
}

VISA_API ViStatus viPrintf(ViSession vi, ViConstString writeFmt, ...)
{
    visa_args args = {.next = NULL};
    ViStatus status;

    va_start(args.list, writeFmt);
    status = print_call(vi, "viPrintf", writeFmt, &args);
    va_end(args.list);
    return status;
}

VISA_API ViStatus viVScanf(ViSession vi, ViConstString readFmt, ViVAList params)
{
    visa_args args = {.next = NULL};
    ViStatus status;

    va_copy(args.list, params);
    status = scan_call(vi, "viVScanf", readFmt, &args);
    va_end(args.list);
    return status;
}

VISA_API ViStatus viScanf(ViSession vi, ViConstString readFmt, ...)
{
    visa_args args = {.next = NULL};
    ViStatus status;

    va_start(args.list, readFmt);
    status = scan_call(vi, "viScanf", readFmt, &args);
    va_end(args.list);
    return status;
}

VISA_API ViStatus viVQueryf(ViSession vi, ViConstString writeFmt, ViConstString readFmt, ViVAList params)
{
    visa_args args = {.next = NULL};
    ViStatus status;

    va_copy(args.list, params);
    status = query_call(vi, "viVQueryf", (const char *[2]){writeFmt, readFmt}, &args);
    va_end(args.list);
    return status;
}

VISA_API ViStatus viQueryf(ViSession vi, ViConstString writeFmt, ViConstString readFmt, ...)
{
    visa_args args = {.next = NULL};
    ViStatus status;

    va_start(args.list, readFmt);
    status = query_call(vi, "viQueryf", (const char *[2]){writeFmt, readFmt}, &args);
    va_end(args.list);
    return status;
}

/* ---- memory: the caller's buffer has no size; a text ends at its NUL ------------------------------------------- */

static ViStatus memory_put(void *user, const void *data, size_t n)
{
    ViByte **to = user;

    memcpy(*to, data, n);
    *to += n;
    return VI_SUCCESS;
}

static ViStatus memory_fill(void *user, const ViByte **data, size_t *n, bool *end)
{
    const ViByte **from = user;

    *data = *from;
    *n = strlen((const char *)*from);
    *end = true;
    return VI_SUCCESS;
}

static void memory_consume(void *user, size_t n)
{
    const ViByte **from = user;

    *from += n;
}

/* Binary data may hold NULs. */
static const ViByte *memory_raw(void *user, size_t n)
{
    const ViByte **from = user, *at = *from;

    *from += n;
    return at;
}

/* The session only says that the program may call. */
static ViStatus check_session(ViSession vi)
{
    ViStatus status = VI_SUCCESS;
    visa_session *s = visa__session_get(vi, &status);

    if (!s) return status;
    visa__session_put(s);
    return VI_SUCCESS;
}

static ViStatus memory_print(ViSession vi, ViByte *to, const char *format, visa_args *args)
{
    visa_sink out = {.put = memory_put, .user = &to};
    ViStatus status = check_session(vi);

    if (status == VI_SUCCESS && (!to || !format)) status = VI_ERROR_USER_BUF;
    if (status != VI_SUCCESS) return status;
    status = visa__print(&out, format, args);
    *to = 0;
    return status;
}

static ViStatus memory_scan(ViSession vi, const ViByte *from, const char *format, visa_args *args)
{
    visa_source in = {.fill = memory_fill, .consume = memory_consume, .raw = memory_raw, .user = &from};
    ViStatus status = check_session(vi);

    if (status == VI_SUCCESS && (!from || !format)) status = VI_ERROR_USER_BUF;
    return status == VI_SUCCESS ? visa__scan(&in, format, args) : status;
}

VISA_API ViStatus viVSPrintf(ViSession vi, ViPBuf buf, ViConstString writeFmt, ViVAList params)
{
    visa_args args = {.next = NULL};
    ViStatus status;

    va_copy(args.list, params);
    status = memory_print(vi, buf, writeFmt, &args);
    va_end(args.list);
    return status;
}

VISA_API ViStatus viSPrintf(ViSession vi, ViPBuf buf, ViConstString writeFmt, ...)
{
    visa_args args = {.next = NULL};
    ViStatus status;

    va_start(args.list, writeFmt);
    status = memory_print(vi, buf, writeFmt, &args);
    va_end(args.list);
    return status;
}

VISA_API ViStatus viVSScanf(ViSession vi, ViConstBuf buf, ViConstString readFmt, ViVAList params)
{
    visa_args args = {.next = NULL};
    ViStatus status;

    va_copy(args.list, params);
    status = memory_scan(vi, buf, readFmt, &args);
    va_end(args.list);
    return status;
}

VISA_API ViStatus viSScanf(ViSession vi, ViConstBuf buf, ViConstString readFmt, ...)
{
    visa_args args = {.next = NULL};
    ViStatus status;

    va_start(args.list, readFmt);
    status = memory_scan(vi, buf, readFmt, &args);
    va_end(args.list);
    return status;
}
