#include "bitscope/frames.h"
#include "bitscope/vm.h"

#include "fuzz.h"

/* The bytes of an instrument that says whatever it likes; the first one chooses what it is asked. */
typedef struct source {
    const uint8_t *data;
    size_t n;
} source;

static grat_err take(void *user, void *buf, size_t n, grat_op *op)
{
    source *s = user;
    size_t k = n < s->n ? n : s->n;

    memcpy(buf, s->data, k);
    s->data += k;
    s->n -= k;
    op->count = k;
    return k == n ? GRAT_OK : grat_op_fail(op, GRAT_ETIMEOUT, "timed out");
}

static grat_err swallow(void *user, const void *data, size_t n, grat_op *op)
{
    (void)user;
    (void)data;
    op->count = n;
    return GRAT_OK;
}

/* A frame that is given out has its token and count, whatever comes. */
static void frames(const uint8_t *data, size_t n)
{
    grat__bs_frames f = {.token = 0xa5, .size = n % 2 ? 4 : 5};
    grat__bs_frame out;
    size_t all = n, taken = 0;
    while (grat__bs_frames_take(&f, &data, &n, &out)) {
        taken++;
        HOLDS(out.gap || !out.lost);
    }
    HOLDS(n == 0 && f.held_n < sizeof f.held && taken * f.size <= all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    source s = {.data = n ? data + 1 : data, .n = n ? n - 1 : 0};
    grat__bs_vm vm = {.pipe = {.user = &s, .write = swallow, .read = take, .window = 16}, .version = "BS000501"};
    grat__bs_packet p = {0};
    grat__bs_regs r = {0};
    char text[GRAT__BS_PROGRAM_MAX], serial[9];
    uint8_t byte;
    uint32_t value;
    grat_op op;

    if (!n) return 0;
    grat_op_init(&op, 1000, NULL);
    for (size_t i = 1; i < n; i++) {
        r.used[data[i]] = true;
        r.value[data[i]] = (uint8_t)(data[i] * 7);
    }
    frames(data, n);
    HOLDS(grat__bs_encode(&r, ">UD", text) < sizeof text);
    for (unsigned i = 0; i < 8 && s.n && !vm.lost; i++) {
        grat_err e = GRAT_OK;
        switch (data[0] % 6) {
        case 0: e = grat__bs_status(&vm, &p, &op); break;
        case 1: e = grat__bs_cancel(&vm, &p, &op); break;
        case 2: e = grat__bs_get(&vm, GRAT__BS_TraceDelay, &value, &op); break;
        case 3: e = grat__bs_serial(&vm, serial, &op); break;
        case 4: e = grat__bs_hex(&vm, "p", &byte, &op); break;
        default: e = grat__bs_ready(&vm, NULL, &op); break;
        }
        if (!e && data[0] % 6 < 2) HOLDS(p.code <= GRAT__BS_STOPPED);
        if (e) HOLDS(op.text[0] != '\0');
        HOLDS(vm.held_n < sizeof vm.held);
        if (e) break;
    }
    return 0;
}
