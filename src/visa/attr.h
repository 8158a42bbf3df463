/* The table of attributes: number, width, access, classes, range, default, and where the value lives. */
#ifndef VISA_ATTR_H
#define VISA_ATTR_H

#include "session.h"

#include <stddef.h>

typedef enum visa_type { T_U8, T_U16, T_I16, T_BOOL, T_U32, T_U64, T_TEXT } visa_type;

/* Where a value comes from. KEPT: visa_attrs at `at`; WIRE: the instrument's wire, as `at` says (grat_attr); KEPT_WIRE:
 * kept here and told to the wire where it knows it; NAME: visa__attr_of_name; STATE: attr.c knows. */
typedef enum visa_from { F_KEPT, F_WIRE, F_KEPT_WIRE, F_NAME, F_STATE } visa_from;

typedef struct visa_attr_row {
    const char *name;
    ViAttr attr;
    visa_type type;
    bool writable, global;
    unsigned classes;         /* visa_class bits */
    visa_from from;
    size_t at;                /* offset in visa_attrs */
    grat_attr wire;
    int64_t min, max, first;  /* range of a write, default */
} visa_attr_row;

/* NULL when there is no such attribute. */
const visa_attr_row *visa__attr_row(ViAttr attr);
/* Row i, NULL after the last. */
const visa_attr_row *visa__attr_at(unsigned i);

#endif
