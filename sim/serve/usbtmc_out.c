/* Bulk-OUT: transfers are put together from URBs, and checked as a strict device does. */
#include "sim/serve/usbtmc_int.h"

#include <string.h>

#define NS_PER_MS 1000000

static int halt(sim_tmc *t)
{
    t->halt_out = true;
    t->receiving = false;
    t->head_n = 0;
    return 0;                    /* the bytes are acknowledged already: the next transfer sees the halt */
}

/* IEEE 488.2 INTERRUPTED: a new message while a response is unread. */
static void interrupt(sim_tmc *t)
{
    if (t->in_message) return;
    if (t->state != TMC_IDLE) {
        t->halt_in = true;
        tmc_forget_in(t);
    }
    if (!tmc_available(t) && !sim_port_pending(t->port)) return;
    tmc_drop_output(t);
    sim_instrument_query_error(t->in, -410);
}

static void begin_request(sim_tmc *t)
{
    if (t->state != TMC_IDLE) {
        t->halt_in = true;
        tmc_forget_in(t);
        return;
    }
    t->state = TMC_REQUESTED;
    t->request = t->h;
    t->transmitted = 0;
    t->not_before_ns = 0;
    t->zlp_first = tmc_fault(t, SIM_FAULT_USB_ZLP_BEFORE);
}

/* False halts the endpoint. */
static bool begin(sim_tmc *t)
{
    grat__tmc_get_header(t->head, sizeof t->head, &t->h);
    t->head_n = 0;
    t->received = 0;
    t->left = t->pad_left = 0;
    if (!t->h.tag_ok) return false;
    switch (t->h.msg) {
    case GRAT__TMC_MSG_OUT:
        if (!t->h.size) return false;
        interrupt(t);
        t->receiving = true;
        t->left = t->h.size;
        t->pad_left = grat__tmc_pad(t->h.size);
        return true;
    case GRAT__TMC_MSG_IN:
        if (!t->h.size || t->h.attributes & GRAT__TMC_EOM) return false;
        begin_request(t);
        return true;
    case GRAT__TMC_TRIGGER:
        interrupt(t);
        sim_instrument_trigger(t->in);
        return true;
    default:
        return false;
    }
}

static size_t payload(sim_tmc *t, const uint8_t *data, size_t n)
{
    size_t k = n < t->left ? n : t->left;
    bool end = k == t->left && t->h.attributes & GRAT__TMC_EOM;
    sim_port_input(t->port, data, k, end);
    t->in_message = !end;
    t->left -= k;
    t->received += (uint32_t)k;
    return k;
}

/* usb-out-stuck: nothing is taken for a while, once. */
static bool stuck(sim_tmc *t)
{
    int64_t now = grat_now_ns();
    if (now < t->stuck_until_ns) return true;
    if (t->stuck_until_ns || !tmc_fault(t, SIM_FAULT_USB_OUT_STUCK)) return false;
    t->stuck_until_ns = now + (int64_t)sim_fault_argument(t->faults, SIM_FAULT_USB_OUT_STUCK) * NS_PER_MS;
    sim_timer_set(t->loop, &t->timer, t->stuck_until_ns);
    return true;
}

int tmc_take(sim_tmc *t, const uint8_t *data, size_t n)
{
    bool whole_packets = n % t->packet == 0;
    if (t->halt_out) return SIM_USB_STALL;
    if (stuck(t)) return SIM_USB_WAIT;
    if (!t->receiving) {
        size_t k = GRAT__TMC_HEADER - t->head_n;
        if (k > n) k = n;
        memcpy(t->head + t->head_n, data, k);
        t->head_n += k, data += k, n -= k;
        if (t->head_n < GRAT__TMC_HEADER || !begin(t)) return halt(t);
    }
    if (t->receiving && t->left) {
        size_t k = payload(t, data, n);
        data += k, n -= k;
    }
    if (t->receiving && !t->left) {
        size_t k = n < t->pad_left ? n : t->pad_left;
        n -= k;
        t->pad_left -= k;
    }
    if (n) return halt(t);                                       /* more than was announced */
    if (t->receiving && !t->left && !t->pad_left) {
        t->receiving = false;
        if (tmc_fault(t, SIM_FAULT_USB_STALL_OUT)) return halt(t);
    }
    if (t->receiving && !whole_packets) return halt(t);          /* a short packet ends it too early */
    return 0;
}
