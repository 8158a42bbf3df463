/* Register access, triggers routing and the rest of VXI and PXI: exported, since programs link the whole set, and not
 * supported by any resource here. */
#include "session.h"

static ViStatus unsupported(ViObject vi)
{
    ViStatus st;
    visa_object *o = visa__object_get(vi, VISA_ANY, &st);
    visa__object_put(o);
    return st ? st : VI_ERROR_NSUP_OPER;
}

/* None of them looks at more than the handle. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define BODY                                                                                                           \
    {                                                                                                                  \
        return unsupported(vi);                                                                                        \
    }

#define REGISTERS(bits, ex, address)                                                                                   \
    VISA_API ViStatus viIn##bits##ex(ViSession vi, ViUInt16 space, address offset, ViPUInt##bits value)                \
    BODY                                                                                                               \
    VISA_API ViStatus viOut##bits##ex(ViSession vi, ViUInt16 space, address offset, ViUInt##bits value)                \
    BODY                                                                                                               \
    VISA_API ViStatus viMoveIn##bits##ex(ViSession vi, ViUInt16 space, address offset, ViBusSize n, ViAUInt##bits buf) \
    BODY                                                                                                               \
    VISA_API ViStatus viMoveOut##bits##ex(ViSession vi, ViUInt16 space, address offset, ViBusSize n,                   \
                                          ViAUInt##bits buf)                                                           \
    BODY

#define POINTERS(bits)                                                                                                 \
    VISA_API void viPeek##bits(ViSession vi, ViAddr address, ViPUInt##bits value)                                      \
    {                                                                                                                  \
    }                                                                                                                  \
    VISA_API void viPoke##bits(ViSession vi, ViAddr address, ViUInt##bits value)                                       \
    {                                                                                                                  \
    }

#define ALL_OF(bits) REGISTERS(bits, , ViBusAddress) REGISTERS(bits, Ex, ViBusAddress64) POINTERS(bits)

ALL_OF(8)
ALL_OF(16)
ALL_OF(32)
ALL_OF(64)

#define MEMORY(ex, address, addressp)                                                                                  \
    VISA_API ViStatus viMove##ex(ViSession vi, ViUInt16 srcSpace, address srcOffset, ViUInt16 srcWidth,                \
                                 ViUInt16 destSpace, address destOffset, ViUInt16 destWidth, ViBusSize n)              \
    BODY                                                                                                               \
    VISA_API ViStatus viMoveAsync##ex(ViSession vi, ViUInt16 srcSpace, address srcOffset, ViUInt16 srcWidth,           \
                                      ViUInt16 destSpace, address destOffset, ViUInt16 destWidth, ViBusSize n,         \
                                      ViPJobId job)                                                                    \
    BODY                                                                                                               \
    VISA_API ViStatus viMapAddress##ex(ViSession vi, ViUInt16 space, address offset, ViBusSize size, ViBoolean access, \
                                       ViAddr suggested, ViPAddr out)                                                  \
    BODY                                                                                                               \
    VISA_API ViStatus viMemAlloc##ex(ViSession vi, ViBusSize size, addressp out)                                       \
    BODY                                                                                                               \
    VISA_API ViStatus viMemFree##ex(ViSession vi, address offset)                                                      \
    BODY

MEMORY(, ViBusAddress, ViPBusAddress)
MEMORY(Ex, ViBusAddress64, ViPBusAddress64)

VISA_API ViStatus viUnmapAddress(ViSession vi)
BODY
VISA_API ViStatus viVxiCommandQuery(ViSession vi, ViUInt16 mode, ViUInt32 cmd, ViPUInt32 response)
BODY
VISA_API ViStatus viVxiServantResponse(ViSession vi, ViInt16 mode, ViUInt32 response)
BODY
VISA_API ViStatus viAssertUtilSignal(ViSession vi, ViUInt16 line)
BODY
VISA_API ViStatus viAssertIntrSignal(ViSession vi, ViInt16 mode, ViUInt32 statusID)
BODY
VISA_API ViStatus viMapTrigger(ViSession vi, ViInt16 src, ViInt16 dest, ViUInt16 mode)
BODY
VISA_API ViStatus viUnmapTrigger(ViSession vi, ViInt16 src, ViInt16 dest)
BODY
VISA_API ViStatus viPxiReserveTriggers(ViSession vi, ViInt16 cnt, ViAInt16 buses, ViAInt16 lines, ViPInt16 failure)
BODY
