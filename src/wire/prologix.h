/* The dialect of Prologix GPIB-ETHERNET and GPIB-USB controllers and of AR488: lines to the adapter, of which those
 * that begin with "++" are commands and all others data for the instrument; instrument data and command answers back.
 * Sources: Prologix GPIB-ETHERNET manual 1.6.6.0, GPIB-USB manual 6.107; AR488 0.53. */
#ifndef GRAT_WIRE_PROLOGIX_H
#define GRAT_WIRE_PROLOGIX_H

#include "core/buf.h"

#define GRAT__PRLGX_PORT 1234
#define GRAT__PRLGX_LINE_MAX (4u << 20)

/* Appends the bytes with CR, LF, ESC and + escaped, without the line's end. ENOMEM or ETOOBIG. */
grat_err grat__prlgx_escape(grat__buf *out, const void *data, size_t n);

/* ---- the adapter's side: lines as they come ------------------------------------------------------- */

typedef struct grat__prlgx_lines {
    grat__buf line;          /* unescaped */
    bool escaped, literal;   /* the next byte is data; one of the first two was escaped */
    bool done;               /* the line was handed out */
    bool over;               /* longer than the limit: the rest is dropped */
} grat__prlgx_lines;

typedef enum { GRAT__PRLGX_MORE, GRAT__PRLGX_DATA, GRAT__PRLGX_COMMAND } grat__prlgx_event;

void grat__prlgx_lines_init(grat__prlgx_lines *l, size_t max);
void grat__prlgx_lines_free(grat__prlgx_lines *l);
/* One byte. DATA and COMMAND: `line` holds the whole line ("++" is still there), until the next call. Empty lines are
 * no event. */
grat__prlgx_event grat__prlgx_lines_feed(grat__prlgx_lines *l, uint8_t byte);

/* ---- the host's side: where an answer ends --------------------------------------------------------- */

/* The adapter is told to send this byte behind the byte that came with EOI. It may be data too, so the answer is
 * followed: in text and behind a complete block it is the mark; in the body of a block it is data; in other binary data
 * only a pause can tell. */
#define GRAT__PRLGX_MARK 0x1a

typedef struct grat__prlgx_answer {
    enum { GRAT__PRLGX_TEXT, GRAT__PRLGX_HASH, GRAT__PRLGX_DIGITS, GRAT__PRLGX_BODY } state;
    bool binary;             /* bytes that are no text were seen outside of blocks */
    uint8_t last;
    unsigned digits;
    uint64_t length;         /* of the block; what is left of its body */
} grat__prlgx_answer;

typedef enum { GRAT__PRLGX_NO_MARK, GRAT__PRLGX_END, GRAT__PRLGX_PERHAPS } grat__prlgx_mark;

void grat__prlgx_answer_init(grat__prlgx_answer *a);
/* Follows n bytes of an answer. Returns how many of them are data for sure: all n with NO_MARK; END: the mark stands
 * behind them; PERHAPS: the last byte is the mark if nothing follows it soon. A byte that turned out to be data is
 * given to grat__prlgx_answer_data. */
size_t grat__prlgx_answer_feed(grat__prlgx_answer *a, const uint8_t *data, size_t n, grat__prlgx_mark *mark);
void grat__prlgx_answer_data(grat__prlgx_answer *a, uint8_t byte);

/* ---- command answers ------------------------------------------------------------------------------- */

typedef enum { GRAT__PRLGX_OTHER, GRAT__PRLGX_ETHERNET, GRAT__PRLGX_USB, GRAT__PRLGX_AR488 } grat__prlgx_kind;

/* By the answer to ++ver, which has no CR LF any more. False: it is none. */
bool grat__prlgx_version(const char *line, grat__prlgx_kind *kind);
/* "Unrecognized command" and its like. */
bool grat__prlgx_is_error(const char *line);

#endif
