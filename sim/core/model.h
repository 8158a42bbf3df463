/* What a model gives to the dispatcher, and the dispatcher's own state. */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include "sim/core/instrument.h"
#include "sim/core/option.h"
#include "sim/core/scpi.h"
#include "sim/core/signal.h"
#include "sim/core/status.h"
#include "sim/core/store.h"

typedef struct sim_model {
    const char *name, *text;       /* "ds1104z" and one line about it */
    const void *row;               /* what tells it from its family, for the model's own use */
    size_t priv_size;              /* zeroed memory of this size is the model's `p` */
    unsigned raw_port;
    unsigned usb_vid, usb_pid;     /* 0 = those of nobody (pid.codes 1209:0001) */
    const sim_command *const *tables;  /* ended by NULL */
    /* On failure it has released everything. `in->options` are parsed. */
    bool (*open)(void *p, sim_instrument *in, char err[256]);
    void (*close)(void *p);
    void (*reset)(void *p);        /* *RST */
    /* Advances to now_ns; returns when it wants to be called again, INT64_MAX for never. */
    int64_t (*step)(void *p, int64_t now_ns);
    void (*trigger)(void *p);      /* *TRG, GET; may be NULL */
    void (*pulse)(void *p, int64_t now_ns); /* an edge at the trigger input; may be NULL */
    /* A stream of bytes instead of SCPI (then `tables`, `reset` and `trigger` are not used): takes bytes as they come
     * and returns how many; the rest is offered again after each step. Answers go out by sim_emit. */
    size_t (*input)(void *p, const uint8_t *data, size_t n, int64_t now_ns);
    void (*opened)(void *p);       /* a client has come; may be NULL */
} sim_model;

struct sim_instrument {
    const sim_model *model;
    void *priv;
    sim_options options;
    uint64_t seed;
    char idn[256];
    uint32_t max_recv;
    sim_status status;
    sim_store_item *store;
    unsigned stored;
    sim_port *ports, *talker;      /* bytes: who is answered */
    int64_t busy_until_ns;         /* no answer leaves before */
    int64_t pending_until_ns;      /* an overlapped operation: *OPC? waits for it */
    int start_log;                 /* of the option start-log, else -1 */
    char note[640];                /* lines for it that are not written yet */
    size_t noted;
    int64_t noted_ns;
    int64_t epoch_ns, epoch_utc_ns; /* when the signals' and its own clock's time was 0 */
    double fast;                   /* its clock gains so much: 1e-6 is 1 ppm */
    double ahead;                  /* seconds that its time of day is ahead of UTC at the epoch */
    int64_t query_ns;              /* what any answer takes */
    double bytes_per_ns;           /* pace of the link, 0 = unlimited */
    sim_pulse_fn pulse;            /* to the others of the bench; NULL when it is alone */
    void *bench;
    bool needs_lf, unknown_reply, asleep;
    double max_connects;           /* per second before it goes deaf, 0 = no limit */
    unsigned connects;
    int64_t connect_second_ns, deaf_until_ns;
};

/* Options that every model takes, for the top of its list. */
sim_instrument *sim_instrument_create(const sim_model *model, const char *options, const grat_sim_entry *known,
                                      uint64_t seed, char err[256]);

/* Seconds since the epoch by the instrument's own clock, and when (CLOCK_MONOTONIC) that clock shows `own`. */
double sim_own_seconds(const sim_instrument *in, int64_t now_ns);
int64_t sim_own_to_ns(const sim_instrument *in, double own);
/* The time of the signals, which all instruments of a world share. */
static inline double sim_world_seconds(const sim_instrument *in, double own)
{
    return own / (1 + in->fast);
}
/* Its time of day: seconds since 1970 in UTC when it shows `own`, wrong by what its clock is wrong. */
double sim_own_utc(const sim_instrument *in, double own);
/* The signal of an input: option `key` (`usual` without it), seen `key`-delay later. */
bool sim_input_signal(const sim_instrument *in, const char *key, const char *usual, sim_signal *out, char err[256]);

/* The option start-log: one line "NANOSECONDS SERIAL COMMAND" (CLOCK_MONOTONIC) as a start has arrived. It
 * is in the file when the next answer leaves, or a millisecond later. */
void sim_note_start(sim_instrument *in, const char *command, int64_t now_ns);
void sim_flush_notes(sim_instrument *in);
/* Its trigger output: an edge on the line of option trigger-out reaches all whose trigger-in names the same. */
void sim_send_pulse(const sim_instrument *in, int64_t now_ns);
/* What an answer takes that never comes. */
#define SIM_NEVER_NS 1000000000000000000

/* IEEE 488.2 common commands and :SYSTem:ERRor?. */
extern const sim_command sim_common_commands[];
/* Executes one program message; replies are joined by ';' in c->out. `c` is prepared with `out`, `now_ns`. */
void sim_execute(sim_instrument *in, char *message, sim_call *c);
/* Bytes for whoever spoke last (or came last, when nobody has spoken); without a client they are lost, as is what is
 * beyond sim_emit_room. They leave query_ns after the first byte that waits, as behind a USB converter. */
void sim_emit(sim_instrument *in, const void *data, size_t n);
size_t sim_emit_room(const sim_instrument *in);
/* Bytes that were emitted and have not left yet. */
size_t sim_emit_held(const sim_instrument *in);
/* Offers the input that was not taken; true when some is left. */
bool sim_port_offer(sim_instrument *in, int64_t now_ns);
/* Some port holds a response. */
bool sim_instrument_mav(const sim_instrument *in);
/* Discards the responses of every port but keeps what is being received. */
void sim_port_drop_output(sim_port *p);

#endif
