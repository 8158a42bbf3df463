/* What scope drivers say over SCPI: one query outstanding, every wait bounded on its own, so that an
 * instrument that stays silent costs seconds and not the whole of a long operation. */
#ifndef GRAT_SCOPE_SCPI_H
#define GRAT_SCOPE_SCPI_H

#include <graticule/graticule.h>

#define GRAT__SCPI_IO_MS 5000

/* Sends "<command>;*OPC?" as one message (a set and its *OPC? in two small segments cost 40 ms by Nagle and the
 * delayed ACK) and reads the 1. Waits while the instrument answers 0. Any other answer means that replies are
 * shifted: the session is recovered and EPROTO returned. */
grat_err grat__scpi_set(grat_session *s, grat_op *op, const char *fmt, ...) GRAT_PRINTF(3, 4);
grat_err grat__scpi_text(grat_session *s, const char *query, char *out, size_t cap, grat_op *op);
grat_err grat__scpi_num(grat_session *s, const char *query, double *out, grat_op *op);
grat_err grat__scpi_bool(grat_session *s, const char *query, bool *out, grat_op *op);

/* Words of the wire and what they mean; a table ends with a NULL word. */
typedef struct grat__word {
    const char *word; /* the short form, upper case */
    int value;
} grat__word;
grat_err grat__scpi_word(grat_session *s, const char *query, const grat__word *words, int *out, grat_op *op);
const char *grat__word_of(const grat__word *words, int value);

/* Nine significant digits and a point whatever the locale says. Returns out. */
char *grat__scpi_number(char *out, size_t cap, double value);

#endif
