/* Program messages into a simulated scope; the first byte is the size of the pieces. */
#include "sim/core/instrument.h"

#include "fuzz.h"

enum { MAX_OUTPUT = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char err[256];
    sim_instrument *in = sim_instrument_new("ds1104z", NULL, 1, err);
    sim_port *port;
    size_t piece, total = 0, len;
    const uint8_t *out;
    bool last;

    HOLDS(in != NULL);
    port = sim_port_new(in, n && data[0] & 128 ? SIM_PORT_MESSAGE : SIM_PORT_STREAM);
    HOLDS(port != NULL);
    piece = n ? 1 + data[0] % 64 : 1;
    for (size_t pos = 1; pos < n; pos += piece) {
        size_t left = n - pos < piece ? n - pos : piece;

        sim_port_input(port, data + pos, left, pos + left == n);
    }
    sim_port_input_closed(port);
    sim_instrument_step(in, INT64_MAX / 4);
    while (total < MAX_OUTPUT && (len = sim_port_peek(port, INT64_MAX / 2, &out, &last)) > 0) {
        HOLDS(out != NULL);
        sim_port_consume(port, len);
        total += len;
    }
    sim_port_clear(port);
    HOLDS(!sim_port_pending(port));
    sim_port_free(port);
    sim_instrument_free(in);
    return 0;
}
