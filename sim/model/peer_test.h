/* A test's end of a port: sends lines, waits for the whole answer. */
#ifndef SIM_PEER_TEST_H
#define SIM_PEER_TEST_H

#include <graticule/graticule.h>
#include <time.h>

#include "sim/core/instrument.h"
#include "test.h"

#define PEER_CAP (2u << 20)

typedef struct peer {
    sim_instrument *in;
    sim_port *port;
    uint8_t *reply;
    size_t n;
} peer;

static inline bool peer_open(peer *p, const char *model, const char *options)
{
    char err[256] = "";
    p->in = sim_instrument_new(model, options, 1, err);
    if (!p->in) TEST_FAIL("%s", err);
    p->port = p->in ? sim_port_new(p->in, SIM_PORT_STREAM) : NULL;
    p->reply = malloc(PEER_CAP);
    return p->in != NULL;
}

static inline void peer_close(peer *p)
{
    sim_port_free(p->port);
    sim_instrument_free(p->in);
    free(p->reply);
}

/* Time passes as in a server: the instrument is stepped when it wants to be. */
static inline void peer_sleep_ms(peer *p, int ms)
{
    struct timespec t = {.tv_nsec = 1000000};
    int64_t end = grat_now_ns() + ms * 1000000LL;
    while (grat_now_ns() < end) {
        sim_instrument_step(p->in, grat_now_ns());
        nanosleep(&t, NULL);
    }
}

/* Collects one response; false when none comes within the time. */
static inline bool peer_read(peer *p, int ms)
{
    int64_t end = grat_now_ns() + ms * 1000000LL;
    p->n = 0;
    while (sim_port_pending(p->port)) {
        const uint8_t *data;
        bool last = false;
        int64_t now = grat_now_ns();
        size_t n = sim_port_peek(p->port, now, &data, &last);
        if (!n && now > end) break;
        if (!n) {
            peer_sleep_ms(p, 1);
            continue;
        }
        if (p->n + n < PEER_CAP) memcpy(p->reply + p->n, data, n);
        p->n += n;
        sim_port_consume(p->port, n);
        if (last) {
            p->reply[p->n < PEER_CAP ? p->n : PEER_CAP - 1] = '\0';
            return true;
        }
    }
    p->reply[0] = '\0';
    return false;
}

static inline void peer_send(peer *p, const char *line)
{
    sim_port_input(p->port, line, strlen(line), false);
    sim_port_input(p->port, "\n", 1, false);
}

/* The answer without its LF; "" when the peer stays silent. */
static inline const char *peer_ask(peer *p, const char *line)
{
    peer_send(p, line);
    if (!peer_read(p, 2000)) return "";
    if (p->n && p->n < PEER_CAP && p->reply[p->n - 1] == '\n') p->reply[p->n - 1] = '\0';
    return (const char *)p->reply;
}

static inline double peer_number(peer *p, const char *line)
{
    char *end;
    const char *text = peer_ask(p, line);
    double v = strtod(text, &end);
    return end == text ? NAN : v;
}

/* Each line is "> sent" or "< expected"; a sent line without an expectation must be met with silence. */
static inline void peer_play(peer *p, const char *const *script)
{
    for (; *script; script++) {
        const char *sent = *script + 2;
        const char *reply = peer_ask(p, sent);
        const char *wanted = script[1] && script[1][0] == '<' ? *++script + 2 : "";
        test_checks++;
        if (strcmp(reply, wanted) != 0) TEST_FAIL("%s: got \"%.200s\", wanted \"%s\"", sent, reply, wanted);
    }
}

#endif
