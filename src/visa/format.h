/* The conversions of viPrintf and viScanf over callbacks: no session, no device.
 *
 * %[modifiers]type, the modifiers in any order: flags -+ #0 (printing), width, .precision, ",n" array of n numbers,
 * @1 @2 @3 @H @Q @B form of a number, h l ll L z Z element size, !ob !ol byte order. Printing takes "*" for a number in
 * the arguments; scanning takes "#" for a number that a ViUInt32 argument points to, which gets the count that was
 * stored, and "*" to assign nothing. Numbers do not depend on the locale. */
#ifndef VISA_FORMAT_H
#define VISA_FORMAT_H

#include "visa_int.h"

#include <locale.h>
#include <stdarg.h>

/* ---- arguments ------------------------------------------------------------------------------------ */

typedef enum visa_arg_kind { VISA_ARG_INT, VISA_ARG_LONG_LONG, VISA_ARG_DOUBLE, VISA_ARG_LONG_DOUBLE, VISA_ARG_POINTER }
    visa_arg_kind;

typedef union visa_arg {
    int i;
    long long ll;
    double d;
    long double ld;
    void *p;
} visa_arg;

typedef struct visa_args visa_args;
struct visa_args {
    va_list list;
    void (*next)(visa_args *args, visa_arg_kind kind); /* sets value; NULL: from the list */
    visa_arg value;
};

/* The next argument, until the one after it. */
const visa_arg *visa__arg(visa_args *args, visa_arg_kind kind);

/* ---- conversions ------------------------------------------------------------------------------------ */

typedef enum visa_length {
    VISA_LEN_NONE,
    VISA_LEN_H,       /* 16 bits */
    VISA_LEN_L,       /* 32 bits, double */
    VISA_LEN_LL,      /* 64 bits */
    VISA_LEN_LONG,    /* L: long double */
    VISA_LEN_FLOAT,   /* z: elements of a block */
    VISA_LEN_DOUBLE,  /* Z */
} visa_length;

typedef struct visa_spec {
    bool minus, plus, space, alt, zero, suppress;
    bool array;
    int64_t width, precision, count; /* -1: not given */
    ViUInt32 *counter;               /* of "#" */
    char form;                       /* 0, 1 2 3 H Q B */
    char order;                      /* 0, b or l */
    visa_length length;
    char type;                       /* '[' with a set */
    uint32_t set[8];
} visa_spec;

/* *p is behind the percent sign and is left behind the type. VI_ERROR_INV_FMT, VI_ERROR_NSUP_FMT, VI_ERROR_USER_BUF. */
ViStatus visa__spec_parse(const char **p, bool scan, visa_args *args, visa_spec *out);
/* Bytes of an element of a block: 1, 2, 4 or 8. */
unsigned visa__spec_element(const visa_spec *s);
/* A byte of a format outside a conversion, after its escape: \n \r \t \" \\ and up to three octal digits. Moves *p. */
char visa__format_byte(const char **p);
/* While held, the calling thread's numbers are those of the C locale. */
typedef struct visa_c_numbers {
    void *before;
} visa_c_numbers;
visa_c_numbers visa__c_numbers_begin(void);
void visa__c_numbers_end(visa_c_numbers held);
/* The C locale itself, for functions that take one. */
locale_t visa__c_locale(void);

/* Copies n elements and turns their bytes round where `order` is not the machine's ('l' little, else big). */
void visa__swap_copy(void *to, const void *from, size_t n, unsigned element, char order);

/* ---- printing and scanning ---------------------------------------------------------------------------- */

typedef struct visa_sink {
    ViStatus (*put)(void *user, const void *data, size_t n);
    /* Behind a line feed of the format and an indefinite block: what was put is sent, with END. May be NULL. */
    ViStatus (*end)(void *user);
    void *user;
} visa_sink;

ViStatus visa__print(const visa_sink *out, const char *format, visa_args *args);

typedef struct visa_source {
    /* What is there, at least one byte unless *end or an error; reads when there is nothing. *end: the message ends
     * behind it. */
    ViStatus (*fill)(void *user, const ViByte **data, size_t *n, bool *end);
    void (*consume)(void *user, size_t n);
    /* Not NULL: bytes that a block counts go on behind the end of the text (memory up to a NUL). */
    const ViByte *(*raw)(void *user, size_t n);
    void *user;
} visa_source;

ViStatus visa__scan(const visa_source *in, const char *format, visa_args *args);

#endif
