/* A simulated instrument as the wires see it. It knows nothing of sockets: a wire feeds bytes into a
 * port and takes response bytes out. Single-threaded; time is passed in by CLOCK_MONOTONIC reads inside. */
#ifndef SIM_INSTRUMENT_H
#define SIM_INSTRUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sim_instrument sim_instrument;
typedef struct sim_port sim_port;

/* `options` is key=value,key=value (NULL for none). On failure NULL and one sentence in err. */
sim_instrument *sim_instrument_new(const char *model, const char *options, uint64_t seed, char err[256]);
void sim_instrument_free(sim_instrument *in);
/* True when this model is a stream of bytes: no messages, no END, no status. Its ports pass bytes as they are. */
bool sim_model_is_bytes(const char *model);
bool sim_instrument_is_bytes(const sim_instrument *in);
const char *sim_instrument_idn(const sim_instrument *in);     /* "RIGOL TECHNOLOGIES,DS1104Z,…" */
unsigned sim_instrument_raw_port(const sim_instrument *in);   /* 5555 */
void sim_instrument_usb_id(const sim_instrument *in, uint16_t *vid, uint16_t *pid);
uint32_t sim_instrument_max_recv(const sim_instrument *in);   /* maxRecvSize for VXI-11 */
/* Advances what runs by itself (acquisition). Returns the monotonic ns when it wants to be called again, INT64_MAX
 * for never. */
int64_t sim_instrument_step(sim_instrument *in, int64_t now_ns);
/* The status byte as a serial poll reads it: bit 6 is RQS and is cleared by the poll; `mav` = a response waits. */
uint8_t sim_instrument_poll(sim_instrument *in, bool mav);
/* The status byte with RQS as a service request carries it, without clearing. */
uint8_t sim_instrument_stb(sim_instrument *in);
/* RQS as it stands, without clearing. */
bool sim_instrument_rqs(sim_instrument *in);
void sim_instrument_trigger(sim_instrument *in);
/* Whom the instrument tells of an edge at its trigger output. */
typedef void (*sim_pulse_fn)(void *bench, const char *line, int64_t now_ns);
void sim_instrument_on_pulse(sim_instrument *in, sim_pulse_fn fn, void *bench);
/* An edge on a line; only who is connected to it sees it. */
void sim_instrument_edge(sim_instrument *in, const char *line, int64_t now_ns);
void sim_instrument_query_error(sim_instrument *in, int code); /* -410 INTERRUPTED, -420 UNTERMINATED */

/* A stream port (raw socket) ends messages at LF; a message port (VXI-11) also at `end`. */
typedef enum { SIM_PORT_STREAM, SIM_PORT_MESSAGE } sim_port_kind;
sim_port *sim_port_new(sim_instrument *in, sim_port_kind kind);
void sim_port_free(sim_port *p);
/* Program message bytes. Executed as each message becomes complete. */
void sim_port_input(sim_port *p, const void *data, size_t n, bool end);
/* The stream's writer is done: an unterminated last line counts as complete. */
void sim_port_input_closed(sim_port *p);
/* Response bytes that may be sent now, of the oldest response only; *last is true when they reach its end (of a stream
 * of bytes: when they are all that there is). 0 when there are none yet. The pointer is valid until the next call on
 * this port. */
size_t sim_port_peek(sim_port *p, int64_t now_ns, const uint8_t **data, bool *last);
void sim_port_consume(sim_port *p, size_t n);
/* Monotonic ns when sim_port_peek may give more; INT64_MAX when no response is on its way. A stream of bytes may have
 * more after each sim_instrument_step. */
int64_t sim_port_next(const sim_port *p);
bool sim_port_pending(const sim_port *p);   /* a response is there or on its way */
/* Bytes of the oldest response that are not consumed, whether they may be sent yet or not; 0 when there is none. */
uint64_t sim_port_left(const sim_port *p);
/* For wires where the client tells that it has read a response (HiSLIP): until then it counts as available. */
void sim_port_unread(sim_port *p, bool unread);
void sim_port_clear(sim_port *p);           /* device clear: input and output discarded */

#endif
