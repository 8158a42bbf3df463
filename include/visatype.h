/* The types of VISA (VPP-4.3.2) for systems where long has 64 bits, and for those where it has 32.
 *
 * ViX is a value, ViPX a pointer to one, ViAX an array of them. The 32-bit types have 32 bits everywhere: headers that
 * make them "unsigned long" are for 32-bit systems only. */
#ifndef __VISATYPE_HEADER__
#define __VISATYPE_HEADER__

#include <limits.h>

/* Calling conventions and keywords of other systems: nothing here. */
#define _VI_FAR
#define _VI_FUNC /* of every function */
#define _VI_FUNCC /* of functions with a variable number of arguments */
#define _VI_FUNCH /* of handlers */
#define _VI_PTR *
#define _VI_SIGNED signed

#if defined(LONG_MAX) && (LONG_MAX > 0x7FFFFFFFL)
#define _VISA_ENV_IS_64_BIT /* addresses, sizes and attribute values have 64 bits */
#endif

/* ---- integers ------------------------------------------------------------------------------------ */

#define _VI_INT64_UINT64_DEFINED /* ViInt64 and ViUInt64 exist */
#if defined(_VISA_ENV_IS_64_BIT)
typedef unsigned long ViUInt64; /* as uint64_t */
typedef _VI_SIGNED long ViInt64;
#else
__extension__ typedef unsigned long long ViUInt64;
__extension__ typedef _VI_SIGNED long long ViInt64;
#endif
typedef ViUInt64 _VI_PTR ViPUInt64;
typedef ViUInt64 _VI_PTR ViAUInt64;
typedef ViInt64 _VI_PTR ViPInt64;
typedef ViInt64 _VI_PTR ViAInt64;

typedef unsigned int ViUInt32; /* 4 bytes */
typedef ViUInt32 _VI_PTR ViPUInt32;
typedef ViUInt32 _VI_PTR ViAUInt32;
typedef _VI_SIGNED int ViInt32;
typedef ViInt32 _VI_PTR ViPInt32;
typedef ViInt32 _VI_PTR ViAInt32;

typedef unsigned short ViUInt16; /* 2 bytes */
typedef ViUInt16 _VI_PTR ViPUInt16;
typedef ViUInt16 _VI_PTR ViAUInt16;
typedef _VI_SIGNED short ViInt16;
typedef ViInt16 _VI_PTR ViPInt16;
typedef ViInt16 _VI_PTR ViAInt16;

typedef unsigned char ViUInt8; /* 1 byte */
typedef ViUInt8 _VI_PTR ViPUInt8;
typedef ViUInt8 _VI_PTR ViAUInt8;
typedef _VI_SIGNED char ViInt8;
typedef ViInt8 _VI_PTR ViPInt8;
typedef ViInt8 _VI_PTR ViAInt8;

/* ---- characters, reals, addresses ------------------------------------------------------------------ */

typedef char ViChar; /* of a string */
typedef ViChar _VI_PTR ViPChar;
typedef ViChar _VI_PTR ViAChar;
typedef unsigned char ViByte; /* of a message */
typedef ViByte _VI_PTR ViPByte;
typedef ViByte _VI_PTR ViAByte;
typedef void _VI_PTR ViAddr; /* anything, such as a user handle */
typedef ViAddr _VI_PTR ViPAddr;
typedef ViAddr _VI_PTR ViAAddr;
typedef float ViReal32; /* IEEE 754, 4 bytes */
typedef ViReal32 _VI_PTR ViPReal32;
typedef ViReal32 _VI_PTR ViAReal32;
typedef double ViReal64; /* IEEE 754, 8 bytes */
typedef ViReal64 _VI_PTR ViPReal64;
typedef ViReal64 _VI_PTR ViAReal64;

/* ---- buffers and strings: all of them pointers ------------------------------------------------------- */

typedef ViPByte ViBuf; /* bytes, with a length beside it */
typedef ViPByte ViPBuf;
typedef ViPByte _VI_PTR ViABuf;
typedef const ViByte _VI_PTR ViConstBuf;
typedef ViPChar ViString; /* ends in NUL */
typedef ViPChar ViPString;
typedef ViPChar _VI_PTR ViAString;
typedef const ViChar _VI_PTR ViConstString;
typedef ViString ViRsrc; /* a resource string */
typedef ViString ViPRsrc;
typedef ViString _VI_PTR ViARsrc;
typedef ViConstString ViConstRsrc;

/* ---- what calls take and return ------------------------------------------------------------------------ */

typedef ViUInt16 ViBoolean; /* VI_TRUE or VI_FALSE, 2 bytes */
typedef ViBoolean _VI_PTR ViPBoolean;
typedef ViBoolean _VI_PTR ViABoolean;
typedef ViInt32 ViStatus; /* below 0: an error */
typedef ViStatus _VI_PTR ViPStatus;
typedef ViStatus _VI_PTR ViAStatus;
typedef ViUInt32 ViVersion; /* 12 bits major, 12 minor, 8 below */
typedef ViVersion _VI_PTR ViPVersion;
typedef ViVersion _VI_PTR ViAVersion;
typedef ViUInt32 ViObject; /* handle of a session, find list or event context; never 0 */
typedef ViObject _VI_PTR ViPObject;
typedef ViObject _VI_PTR ViAObject;
typedef ViObject ViSession;
typedef ViSession _VI_PTR ViPSession;
typedef ViSession _VI_PTR ViASession;
typedef ViUInt32 ViAttr; /* number of an attribute */

#ifndef VI_NULL
#define VI_NULL (0) /* no object, no pointer */
#endif
#define VI_SUCCESS (0L)
#define VI_TRUE (1)
#define VI_FALSE (0)
#define _VI_ERROR (-2147483647L - 1) /* the lowest ViStatus; an error code is this and its low 31 bits */

#endif
