/* Bytes into a simulated BitScope; the first one is the size of the pieces. Time passes between them. */
#include <graticule/graticule.h>

#include "sim/core/instrument.h"

#include "fuzz.h"

enum { MAX_OUTPUT = 4 << 20, MS = 1000000 };

static size_t drain(sim_port *port)
{
    const uint8_t *out;
    bool last;
    size_t n, total = 0;
    while ((n = sim_port_peek(port, INT64_MAX / 2, &out, &last)) > 0) {
        HOLDS(out != NULL && last);
        sim_port_consume(port, n);
        total += n;
    }
    HOLDS(!sim_port_pending(port));
    return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char err[256];
    sim_instrument *in = sim_instrument_new("bitscope", "a=l4,b=l5,l0=l1", 1, err);
    int64_t now = grat_now_ns();
    size_t total = 0;
    HOLDS(in != NULL);
    sim_port *port = sim_port_new(in, SIM_PORT_STREAM);
    HOLDS(port != NULL);
    size_t piece = n ? 1 + data[0] % 128 : 1;
    for (size_t pos = 1; pos < n && total < MAX_OUTPUT; pos += piece) {
        size_t left = n - pos < piece ? n - pos : piece;
        sim_port_input(port, data + pos, left, false);
        now += MS;
        sim_instrument_step(in, now);
        total += drain(port);
    }
    for (unsigned i = 0; i < 4; i++) {
        now += 200 * MS;
        sim_instrument_step(in, now);
        drain(port);
    }
    /* A reset is always heard, and nothing comes behind its echo. */
    sim_port_input(port, "!", 1, false);
    for (unsigned i = 0; i < 100; i++) {
        const uint8_t *out;
        bool last;
        size_t had = sim_port_peek(port, INT64_MAX / 2, &out, &last);
        bool echoed = had && out[had - 1] == '!';
        drain(port);
        sim_instrument_step(in, now);
        if (echoed && !sim_port_pending(port)) break;
        HOLDS(i < 99);
    }
    sim_port_free(port);
    sim_instrument_free(in);
    return 0;
}
