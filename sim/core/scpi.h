/* SCPI program messages: header matching, parameters, and the table that a model's subsystem is. */
#ifndef SIM_SCPI_H
#define SIM_SCPI_H

#include "core/buf.h"

typedef struct sim_instrument sim_instrument;
typedef struct sim_command sim_command;

#define SIM_SUFFIXES 3

/* One command being executed. */
typedef struct sim_call {
    sim_instrument *in;
    void *model;                     /* the model's private memory */
    const sim_command *command;
    unsigned number[SIM_SUFFIXES];   /* numeric suffixes in order; a missing one is 1 */
    const char *args;                /* text after the header, trimmed; also the start of a block argument */
    int64_t now_ns;
    int64_t delay_ns;                /* handlers add what the answer takes */
    grat__buf *out;                  /* replies are appended here */
    const uint8_t *pattern;          /* a body that follows `out`: pattern_len bytes repeated */
    size_t pattern_len;
    uint64_t pattern_bytes;
    size_t body_at;                  /* where in `out` it stands */
} sim_call;

/* `pattern` is written as in manuals: ":TIMebase[:MAIN]:SCALe", '#' for a numeric suffix. NULL get or set: the
 * query or the command does not exist. A table ends with a NULL pattern. */
struct sim_command {
    const char *pattern;
    void (*get)(sim_call *c);
    void (*set)(sim_call *c);
    const char *spec;                /* for sim_store_get and _set */
};

/* `header` without '?' and leading colon, n characters. */
bool sim_header_match(const char *pattern, const char *header, size_t n, unsigned number[SIM_SUFFIXES]);
/* Copies parameter `index` (0-based, comma-separated, quotes and blanks stripped); false when there is none. */
bool sim_arg(const sim_call *c, unsigned index, char *out, size_t cap);
/* As sim_arg for a number; queues -109 or -104. */
bool sim_arg_number(sim_call *c, unsigned index, double *out);
bool sim_arg_bool(sim_call *c, unsigned index, bool *out);
/* `words` is "NORMal|AVERages|…": the index of the one that the parameter names in short or long form, or -1 with
 * -109 or -224 queued. */
int sim_arg_word(sim_call *c, unsigned index, const char *words);
int sim_word_index(const char *words, const char *text);
/* The short form of word `index`. */
const char *sim_word(const char *words, int index, char out[24]);
void sim_put(sim_call *c, const char *fmt, ...) GRAT_PRINTF(2, 3);
void sim_error(sim_call *c, int code);

#endif
