/* visa.h as programs of every standard see it: sizes, values and signatures. Compiled as C89, C99, C17 and C++17;
 * whatever is wrong does not compile. */
#include <visa.h>
#include <visa.h>
#include <vpptype.h>

#include <stdarg.h>
#include <stdint.h>

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define HOLDS(x) typedef char JOIN(holds_, __LINE__)[(x) ? 1 : -1] __attribute__((unused))
#define SIZE(type, n) HOLDS(sizeof(type) == (n))
#define UNSIGNED(type, n) HOLDS(sizeof(type) == (n) && (type)-1 > (type)0)
#define SIGNED(type, n) HOLDS(sizeof(type) == (n) && (type)-1 < (type)0)

UNSIGNED(ViUInt8, 1);
UNSIGNED(ViByte, 1);
SIGNED(ViInt8, 1);
SIZE(ViChar, 1);
UNSIGNED(ViUInt16, 2);
UNSIGNED(ViBoolean, 2);
SIGNED(ViInt16, 2);
UNSIGNED(ViUInt32, 4);
SIGNED(ViInt32, 4);
SIGNED(ViStatus, 4);
UNSIGNED(ViUInt64, 8);
SIGNED(ViInt64, 8);
SIZE(ViReal32, 4);
SIZE(ViReal64, 8);
UNSIGNED(ViVersion, 4);
UNSIGNED(ViObject, 4);
UNSIGNED(ViSession, 4);
UNSIGNED(ViEvent, 4);
UNSIGNED(ViFindList, 4);
UNSIGNED(ViAttr, 4);
UNSIGNED(ViEventType, 4);
UNSIGNED(ViEventFilter, 4);
UNSIGNED(ViJobId, 4);
UNSIGNED(ViAccessMode, 4);
UNSIGNED(ViAttrState, sizeof(void *));
UNSIGNED(ViBusAddress, sizeof(void *));
UNSIGNED(ViBusSize, sizeof(void *));
UNSIGNED(ViBusAddress64, 8);
UNSIGNED(ViBusSize64, 8);
SIZE(ViAddr, sizeof(void *));
SIZE(ViHndlr, sizeof(void *));
SIZE(ViVAList, sizeof(va_list));

/* A name and the type that it must be, so that an array or const that is wrong shows. */
#define SAME(name, type) extern int JOIN(same_, name)(name); extern int JOIN(same_, name)(type)
SAME(ViString, char *);
SAME(ViRsrc, char *);
SAME(ViPRsrc, char *);
SAME(ViPString, char *);
SAME(ViKeyId, char *);
SAME(ViConstString, const char *);
SAME(ViConstRsrc, const char *);
SAME(ViConstKeyId, const char *);
SAME(ViBuf, unsigned char *);
SAME(ViPBuf, unsigned char *);
SAME(ViConstBuf, const unsigned char *);
SAME(ViPAttrState, void *);
SAME(ViPUInt8, ViUInt8 *);
SAME(ViAUInt8, ViUInt8 *);
SAME(ViPUInt16, uint16_t *);
SAME(ViAUInt16, uint16_t *);
SAME(ViPInt16, int16_t *);
SAME(ViAInt16, int16_t *);
SAME(ViPUInt32, uint32_t *);
SAME(ViAUInt32, uint32_t *);
SAME(ViPInt32, int32_t *);
SAME(ViPUInt64, uint64_t *);
SAME(ViAUInt64, uint64_t *);
SAME(ViPInt64, int64_t *);
SAME(ViPReal32, float *);
SAME(ViPReal64, double *);
SAME(ViPBoolean, uint16_t *);
SAME(ViPSession, uint32_t *);
SAME(ViPObject, uint32_t *);
SAME(ViPJobId, uint32_t *);
SAME(ViPEvent, uint32_t *);
SAME(ViPFindList, uint32_t *);
SAME(ViPEventType, uint32_t *);
SAME(ViPStatus, int32_t *);
SAME(ViPAddr, void **);

/* What programs test. */
#if !defined(_VI_INT64_UINT64_DEFINED) || !defined(_VI_FUNC) || !defined(_VI_FUNCC) || !defined(_VI_FUNCH) || \
    !defined(_VI_FAR) || !defined(VI_SPEC_VERSION) || !defined(VI_NULL) || !defined(viGetDefaultRM)
#error "a macro is missing"
#endif
#if LONG_MAX > 0x7FFFFFFF && !defined(_VISA_ENV_IS_64_BIT)
#error "_VISA_ENV_IS_64_BIT is missing"
#endif
HOLDS(VI_SPEC_VERSION == 0x00700200);
HOLDS(VI_VERSION_MAJOR(0x00700201) == 7);
HOLDS(VI_VERSION_MINOR(0x00700201) == 2);
HOLDS(VI_VERSION_SUBMINOR(0x00700201) == 1);
HOLDS(VI_SUCCESS == 0 && VI_TRUE == 1 && VI_FALSE == 0 && VI_NULL == 0);
HOLDS(VI_ERROR_SYSTEM_ERROR == -1073807360);
HOLDS(VI_ERROR_TMO == -1073807339);
HOLDS(VI_ERROR_INV_SESSION == -1073807346);
HOLDS(VI_ERROR_SERVER_CERT == -1073807184);
HOLDS(VI_SUCCESS_MAX_CNT == 1073676294);
HOLDS(VI_ERROR_PARAMETER1 == -1074003967);
HOLDS(VI_TMO_INFINITE == 0xFFFFFFFF);
HOLDS((ViUInt32)VI_ATTR_RSRC_CLASS == 0xBFFF0001);
HOLDS(sizeof(void *) == 4 || VI_ATTR_USER_DATA == 0x3FFF000A);
HOLDS(sizeof(void *) == 4 || VI_ATTR_RET_COUNT == 0x3FFF4028);
HOLDS(sizeof(void *) == 4 || VI_ATTR_MEM_BASE == 0x3FFF00D0);
HOLDS(VI_ATTR_PXI_SLOTPATH == 0xBFFF0207);

/* Every function against the table. */
typedef int32_t (*handler)(uint32_t, uint32_t, uint32_t, void *);
#define X(name, ret, args) extern ret(*JOIN(p_, name)) args;
#include "functions.h"
#undef X
#define X(name, ret, args) ret(*JOIN(p_, name)) args = name;
#include "functions.h"
#undef X

/* Handlers as programs write them. */
static ViStatus _VI_FUNCH on_event(ViSession vi, ViEventType type, ViEvent event, ViAddr user)
{
    return vi && type && event && user ? VI_SUCCESS : VI_SUCCESS_NCHAIN;
}
extern ViHndlr the_handler;
ViHndlr the_handler = on_event;
