/* The virtual machine of a BitScope, for those who want its registers themselves. The session stays usable as a scope
 * afterwards: the scope driver programs every register that it depends on. */
#ifndef GRATICULE_BITSCOPE_H
#define GRATICULE_BITSCOPE_H

#include <graticule/graticule.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct grat_bitscope grat_bitscope;

typedef struct grat_bitscope_register {
    const char *name;        /* "TraceMode"; NULL ends the list */
    uint8_t address;         /* of its lowest byte */
    uint8_t bytes;           /* 1 to 4, the lowest first */
} grat_bitscope_register;

/* True when there is a BitScope's virtual machine behind the session. No I/O. */
GRAT_API bool grat_is_bitscope(const grat_session *s);
/* Brings the machine in step; a reset (which stops trace and generators) is made only when it is out of step. The
 * session is borrowed. */
GRAT_API grat_err grat_bitscope_open(grat_session *s, grat_op *op, grat_bitscope **out);
GRAT_API void grat_bitscope_close(grat_bitscope *b);
/* "BS000501"; lives as long as the handle. */
GRAT_API const char *grat_bitscope_version(const grat_bitscope *b);
/* All that have a name. */
GRAT_API const grat_bitscope_register *grat_bitscope_registers(void);
/* By name without regard to case, or by address in hex ("1e", one byte). False when there is none. */
GRAT_API bool grat_bitscope_find(const char *name, grat_bitscope_register *out);
GRAT_API grat_err grat_bitscope_get(grat_bitscope *b, const grat_bitscope_register *r, uint32_t *value, grat_op *op);
/* ERANGE when the value does not fit. */
GRAT_API grat_err grat_bitscope_set(grat_bitscope *b, const grat_bitscope_register *r, uint32_t value, grat_op *op);
/* Sends the text as it is and collects what comes back, echo included, until nothing came for 100 ms. op->count bytes.
 * ETOOBIG when it is more than cap. */
GRAT_API grat_err grat_bitscope_raw(grat_bitscope *b, const char *text, void *reply, size_t cap, grat_op *op);
/* `!`, silence, `?`. */
GRAT_API grat_err grat_bitscope_reset(grat_bitscope *b, grat_op *op);

#ifdef __cplusplus
}
#endif
#endif
