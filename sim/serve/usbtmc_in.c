/* Bulk-IN: one transfer a request, cut into packets and handed out as a host controller would see them. */
#include "sim/serve/usbtmc_int.h"

#include <string.h>

#define NS_PER_MS 1000000
#define TRANSFER_MAX (4u << 20)      /* one transfer holds no more, whatever is asked for */

bool tmc_available(const sim_tmc *t)
{
    const uint8_t *data;
    bool last;
    return t->payload.len || t->state == TMC_SENDING || sim_port_peek(t->port, grat_now_ns(), &data, &last) > 0;
}

void tmc_forget_in(sim_tmc *t)
{
    t->state = TMC_IDLE;
    t->answer.len = t->sent = 0;
    t->zlp_due = t->zlp_first = false;
}

void tmc_drop_output(sim_tmc *t)
{
    sim_port_clear(t->port);
    t->payload.len = 0;
    t->payload_last = false;
    tmc_forget_in(t);
}

int64_t tmc_next(const sim_tmc *t)
{
    int64_t next = t->state == TMC_REQUESTED ? sim_port_next(t->port) : INT64_MAX;
    if (t->state == TMC_REQUESTED && t->not_before_ns > next) next = t->not_before_ns;
    return next;
}

static size_t most(const sim_tmc *t)
{
    size_t n = t->request.size < TRANSFER_MAX ? t->request.size : TRANSFER_MAX;
    if (tmc_fault(t, SIM_FAULT_USB_SPLIT)) {
        size_t k = (size_t)sim_fault_argument(t->faults, SIM_FAULT_USB_SPLIT);
        if (k && k < n) n = k;
    }
    return n;
}

/* Takes from the port until a transfer is full, its character or the end of the response has come. False: not yet. */
static bool collect(sim_tmc *t, size_t want, size_t *size, uint8_t *attributes)
{
    bool term = t->request.attributes & GRAT__TMC_TERM;
    for (size_t seen = 0;;) {
        const uint8_t *hit = term ? memchr(t->payload.data + seen, t->request.term, t->payload.len - seen) : NULL;
        seen = t->payload.len;
        *size = hit ? (size_t)(hit - t->payload.data) + 1 : t->payload.len;
        if (*size > want) *size = want, hit = NULL;
        bool last = t->payload_last && *size == t->payload.len;
        if (*size && (hit || last || *size == want)) {
            *attributes = (uint8_t)((last ? GRAT__TMC_EOM : 0) | (hit ? GRAT__TMC_TERM : 0));
            return true;
        }
        const uint8_t *data;
        size_t n = sim_port_peek(t->port, grat_now_ns(), &data, &last);
        if (!n) return false;
        if (n > TRANSFER_MAX) n = TRANSFER_MAX, last = false;
        if (grat__buf_put(&t->payload, data, n)) return false;
        t->payload_last = last;
        sim_port_consume(t->port, n);
    }
}

static uint8_t answer_tag(sim_tmc *t)
{
    uint8_t tag = t->request.tag, stale = t->last_in_tag ? t->last_in_tag : 255;
    t->last_in_tag = tag;
    if (tmc_fault(t, SIM_FAULT_USB_WRONG_TAG)) return grat__tmc_next_tag(tag);
    return tmc_fault(t, SIM_FAULT_USB_STALE_TAG) ? stale : tag;
}

static size_t argument(const sim_tmc *t, sim_fault_id id)
{
    return (size_t)sim_fault_argument(t->faults, id);
}

/* Lays the transfer out, header first. */
static void compose(sim_tmc *t, size_t size, uint8_t attributes)
{
    static const uint8_t filler[4096];
    uint8_t head[GRAT__TMC_HEADER];
    grat__tmc_header h = {.msg = GRAT__TMC_MSG_IN, .tag = answer_tag(t), .size = (uint32_t)size,
                          .attributes = attributes};
    size_t send = size, extra = 0;
    if (tmc_fault(t, SIM_FAULT_USB_WRONG_MSGID)) h.msg = GRAT__TMC_MSG_OUT;
    if (tmc_fault(t, SIM_FAULT_USB_NO_EOM)) h.attributes &= (uint8_t)~GRAT__TMC_EOM;
    if (tmc_fault(t, SIM_FAULT_USB_SHORT)) send -= argument(t, SIM_FAULT_USB_SHORT) < size
                                                       ? argument(t, SIM_FAULT_USB_SHORT) : size;
    if (tmc_fault(t, SIM_FAULT_USB_PADDED)) h.size += (uint32_t)(extra = grat__tmc_pad(size));
    if (tmc_fault(t, SIM_FAULT_USB_LONG)) extra += argument(t, SIM_FAULT_USB_LONG);
    if (tmc_fault(t, SIM_FAULT_USB_ALIGN)) extra += argument(t, SIM_FAULT_USB_ALIGN);
    grat__tmc_put_header(head, &h);
    t->answer.len = t->sent = 0;
    grat__buf_put(&t->answer, head, sizeof head);
    grat__buf_put(&t->answer, t->payload.data, send);
    grat__buf_put(&t->answer, filler, extra < sizeof filler ? extra : sizeof filler);
    grat__buf_drop(&t->payload, size);
    if (tmc_fault(t, SIM_FAULT_USB_SHORT_HEADER)) t->answer.len = argument(t, SIM_FAULT_USB_SHORT_HEADER) % 12;
    t->unplug_due = tmc_fault(t, SIM_FAULT_USB_UNPLUG);
    t->state = TMC_SENDING;
}

/* The answer to the request, if it is there by now. */
static bool prepare(sim_tmc *t)
{
    size_t size = 0;
    uint8_t attributes = 0;
    int64_t now = grat_now_ns();
    if (tmc_fault(t, SIM_FAULT_USB_MAX_REQUEST) && t->request.size > argument(t, SIM_FAULT_USB_MAX_REQUEST))
        return false;
    if (!t->payload.len && !t->not_before_ns && sim_port_pending(t->port) && tmc_fault(t, SIM_FAULT_USB_DELAY)) {
        t->not_before_ns = now + (int64_t)argument(t, SIM_FAULT_USB_DELAY) * NS_PER_MS;
        sim_timer_set(t->loop, &t->timer, t->not_before_ns);
    }
    if (now < t->not_before_ns || !collect(t, most(t), &size, &attributes)) return false;
    if (tmc_fault(t, SIM_FAULT_USB_STALL_IN)) {
        t->halt_in = true;
        tmc_drop_output(t);
        return true;
    }
    compose(t, size, attributes);
    return true;
}

static int64_t finished(sim_tmc *t, size_t n)
{
    tmc_forget_in(t);
    return (int64_t)n;
}

/* How many bytes of the rest go into this URB; *ends: a short packet is among them. */
static int64_t packets(const sim_tmc *t, size_t left, size_t n, bool *ends)
{
    size_t most_now = t->packet_ends && n > t->packet ? t->packet : n;
    if (t->sent == 0 && left > GRAT__TMC_HEADER && tmc_fault(t, SIM_FAULT_USB_HEADER_ALONE)) return GRAT__TMC_HEADER;
    if (left <= most_now) {
        *ends = left % t->packet != 0;
        return (int64_t)left;
    }
    return most_now % t->packet ? SIM_USB_BABBLE : (int64_t)most_now;
}

int64_t tmc_give(sim_tmc *t, uint8_t *room, size_t n)
{
    bool ends = false;
    if (t->halt_in) return SIM_USB_STALL;
    if (t->flush_due) {              /* an aborted transfer ends with a short packet */
        t->flush_due = false;
        return 0;
    }
    if (t->zlp_first && t->state != TMC_IDLE) {
        t->zlp_first = false;
        return 0;
    }
    if (t->state == TMC_IDLE || (t->state == TMC_REQUESTED && !prepare(t))) return SIM_USB_WAIT;
    if (t->halt_in) return SIM_USB_STALL;
    if (t->zlp_due) return finished(t, 0);
    if (t->unplug_due && t->sent >= t->answer.len / 2) {
        t->unplug_due = false;
        return SIM_USB_UNPLUG;
    }
    size_t left = t->answer.len - t->sent;
    if (t->unplug_due && left > t->answer.len / 2 + t->packet) left = t->answer.len / 2 + t->packet;
    int64_t k = packets(t, left, n, &ends);
    if (k < 0) return finished(t, 0), k;
    memcpy(room, t->answer.data + t->sent, (size_t)k);
    t->sent += (size_t)k;
    t->transmitted += (uint32_t)k;
    if (t->sent < t->answer.len) return k;
    if (ends || tmc_fault(t, SIM_FAULT_USB_NO_ZLP)) return finished(t, (size_t)k);
    if ((size_t)k < n && !t->packet_ends) return finished(t, (size_t)k);     /* the empty packet ends this URB */
    t->zlp_due = true;
    return k;
}
