/* The USBTMC device: descriptors, control requests, the interrupt endpoint; and the wire "usb". */
#include "sim/serve/usbtmc.h"

#include "core/str.h"
#include "sim/serve/usbtmc_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000
#define PAYLOAD_MAX (4u << 20)
#define VENDOR_CLASS {0xff, 0xff, 0xff}
#define TELL_NOTICE 0x5e             /* our own request: an interrupt packet of the vendor, with wValue's high byte */

/* ---- status byte and interrupt endpoint -------------------------------------------------------- */

static void push_notice(sim_tmc *t, uint8_t first, uint8_t stb)
{
    if (t->notices == TMC_NOTICES) return;
    t->notice[t->notices][0] = first;
    t->notice[t->notices++][1] = stb;
}

static int64_t give_notice(sim_tmc *t, uint8_t *room, size_t n)
{
    if (!t->notices) return SIM_USB_WAIT;
    if (n < 2) return SIM_USB_BABBLE;
    memcpy(room, t->notice[0], 2);
    memmove(t->notice[0], t->notice[1], sizeof t->notice[0] * (TMC_NOTICES - 1));
    t->notices--;
    return 2;
}

/* The request for service is told once; telling it clears RQS. */
static void tell_srq(sim_tmc *t)
{
    if (!t->has_interrupt || t->notices || !sim_instrument_rqs(t->in)) return;
    push_notice(t, 0x81, sim_instrument_poll(t->in, tmc_available(t)));
}

static void read_status_byte(sim_tmc *t, const grat__usb_setup *s, grat__tmc_answer *a)
{
    a->tag = (uint8_t)s->value;
    if (s->value < GRAT__TMC_STB_TAG_MIN || s->value > GRAT__TMC_STB_TAG_MAX) {
        a->status = GRAT__TMC_FAILED;
        return;
    }
    if (t->has_interrupt && !t->busy_shown && tmc_fault(t, SIM_FAULT_USB_INTERRUPT_BUSY)) {
        t->busy_shown = true;
        push_notice(t, (uint8_t)(0x80 | (s->value == 2 ? 127 : s->value - 1)), 0xff);
    }
    if (t->notices == TMC_NOTICES || (t->busy_shown && t->notices)) {
        a->status = GRAT__TMC_INTERRUPT_BUSY;
        return;
    }
    t->busy_shown = false;
    uint8_t stb = sim_instrument_poll(t->in, tmc_available(t));
    if (t->has_interrupt && !tmc_fault(t, SIM_FAULT_USB_STB_ASIDE)) push_notice(t, (uint8_t)(0x80 | s->value), stb);
    else a->stb = stb & 0xbf;
}

/* ---- split operations --------------------------------------------------------------------------- */

static void abort_out(sim_tmc *t, uint8_t tag, grat__tmc_answer *a)
{
    a->tag = t->h.tag;
    a->status = !t->receiving ? GRAT__TMC_FAILED : tag != t->h.tag ? GRAT__TMC_NOT_IN_PROGRESS : GRAT__TMC_SUCCESS;
    if (a->status != GRAT__TMC_SUCCESS) return;
    t->halt_out = true;
    t->receiving = false;
    t->split = GRAT__TMC_INITIATE_ABORT_OUT;
    sim_port_clear(t->port);
    t->in_message = false;
}

static void abort_in(sim_tmc *t, uint8_t tag, grat__tmc_answer *a)
{
    a->tag = t->request.tag;
    a->status = t->state == TMC_IDLE ? GRAT__TMC_FAILED
                : tag != t->request.tag ? GRAT__TMC_NOT_IN_PROGRESS : GRAT__TMC_SUCCESS;
    if (a->status != GRAT__TMC_SUCCESS) return;
    tmc_forget_in(t);
    t->flush_due = true;
    t->split = GRAT__TMC_INITIATE_ABORT_IN;
}

static void clear(sim_tmc *t, grat__tmc_answer *a)
{
    t->halt_out = true;
    t->receiving = t->in_message = false;
    t->head_n = 0;
    tmc_drop_output(t);
    t->flush_due = false;
    t->split = GRAT__TMC_INITIATE_CLEAR;
    t->pending = tmc_fault(t, SIM_FAULT_USB_CLEAR_PENDING)
                     ? (unsigned)sim_fault_argument(t->faults, SIM_FAULT_USB_CLEAR_PENDING) : 0;
    a->status = GRAT__TMC_SUCCESS;
}

static void check(sim_tmc *t, uint8_t request, grat__tmc_answer *a)
{
    if (t->split != request - 1) {
        a->status = GRAT__TMC_SPLIT_NOT_IN_PROGRESS;
        return;
    }
    a->in_fifo = request == GRAT__TMC_CHECK_ABORT_IN && t->flush_due;
    a->bytes = request == GRAT__TMC_CHECK_ABORT_OUT ? t->received : t->transmitted;
    if (a->in_fifo || t->pending) {
        a->status = GRAT__TMC_PENDING;
        if (t->pending) t->pending--;
        return;
    }
    a->status = GRAT__TMC_SUCCESS;
    t->split = 0;
}

/* ---- control requests ----------------------------------------------------------------------------- */

static int capabilities(const sim_tmc *t, uint8_t *answer)
{
    if (tmc_fault(t, SIM_FAULT_USB_NO_CAPABILITIES)) return SIM_USB_STALL;
    grat__tmc_put_caps(answer, &(grat__tmc_caps){
        .status = GRAT__TMC_SUCCESS, .tmc_version = 0x0100, .usb488_version = 0x0100, .interface = GRAT__TMC_IF_PULSE,
        .device = GRAT__TMC_DEV_TERMCHAR, .usb488_interface = 7, .usb488_device = t->has_interrupt ? 15 : 11});
    return GRAT__TMC_CAPABILITIES;
}

static bool remote(sim_tmc *t, const grat__usb_setup *s, grat__tmc_answer *a)
{
    if (tmc_fault(t, SIM_FAULT_USB_REN_STALL)) return false;
    if (s->request == GRAT__TMC_REN_CONTROL) t->ren = s->value & 1;
    a->status = s->request == GRAT__TMC_LOCAL_LOCKOUT && !t->ren ? GRAT__TMC_FAILED : GRAT__TMC_SUCCESS;
    return true;
}

/* False stalls. */
static bool interface_request(sim_tmc *t, const grat__usb_setup *s, grat__tmc_answer *a)
{
    switch (s->request) {
    case GRAT__TMC_INITIATE_CLEAR:
        if (tmc_fault(t, SIM_FAULT_USB_CLEAR_STALL)) return false;
        clear(t, a);
        return true;
    case GRAT__TMC_CHECK_CLEAR:
        check(t, GRAT__TMC_CHECK_CLEAR, a);
        return true;
    case GRAT__TMC_INDICATOR_PULSE:
        return true;
    case GRAT__TMC_READ_STATUS_BYTE:
        read_status_byte(t, s, a);
        return true;
    case GRAT__TMC_REN_CONTROL:
    case GRAT__TMC_GO_TO_LOCAL:
    case GRAT__TMC_LOCAL_LOCKOUT:
        return remote(t, s, a);
    default:
        return false;
    }
}

static bool endpoint_request(sim_tmc *t, const grat__usb_setup *s, grat__tmc_answer *a)
{
    bool in = s->index == TMC_IN + t->base;
    if (!in && s->index != TMC_OUT + t->base) return false;
    switch (s->request) {
    case GRAT__TMC_INITIATE_ABORT_OUT:
        abort_out(t, (uint8_t)s->value, a);
        return !in;
    case GRAT__TMC_CHECK_ABORT_OUT:
        check(t, s->request, a);
        return !in;
    case GRAT__TMC_INITIATE_ABORT_IN:
        if (in) abort_in(t, (uint8_t)s->value, a);
        return in;
    case GRAT__TMC_CHECK_ABORT_IN:
        check(t, s->request, a);
        return in;
    default:
        return false;
    }
}

/* Which of the two an endpoint belongs to. */
static sim_tmc *owner(sim_tmc *t, unsigned endpoint)
{
    return t->twin && (endpoint & 0x0f) > (unsigned)t->base + (TMC_INTERRUPT & 0x0f) ? t->twin : t;
}

static int control(void *self, const grat__usb_setup *s, const uint8_t *data, uint8_t *answer, size_t cap)
{
    sim_tmc *t = self;
    grat__tmc_answer a = {.status = GRAT__TMC_SUCCESS};
    bool known = false;
    (void)data, (void)cap;
    if (s->type == 0x40 && s->request == TELL_NOTICE && t->has_interrupt) {
        push_notice(t, (uint8_t)(0x40 | (s->value & 0x3f)), (uint8_t)(s->value >> 8));
        return 0;
    }
    if (s->type == 0xA1 && t->twin && s->index == t->twin->interface) t = t->twin;
    if (s->type == 0xA2) t = owner(t, s->index);
    if (s->type == 0xA1 && s->index == t->interface) {
        if (s->request == GRAT__TMC_GET_CAPABILITIES) return capabilities(t, answer);
        known = interface_request(t, s, &a);
    } else if (s->type == 0xA2) {
        known = endpoint_request(t, s, &a);
    }
    return known ? (int)grat__tmc_put_answer(s->request, answer, &a) : SIM_USB_STALL;
}

/* ---- the device ----------------------------------------------------------------------------------- */

static int take_out(void *self, uint8_t endpoint, const uint8_t *data, size_t n)
{
    sim_tmc *t = owner(self, endpoint);
    return endpoint == TMC_OUT + t->base ? tmc_take(t, data, n) : SIM_USB_STALL;
}

static int64_t give_in(void *self, uint8_t endpoint, uint8_t *room, size_t n)
{
    sim_tmc *t = owner(self, endpoint);
    if (endpoint == TMC_IN + t->base) return tmc_give(t, room, n);
    return endpoint == TMC_INTERRUPT + t->base && t->has_interrupt ? give_notice(t, room, n) : SIM_USB_STALL;
}

static void set_halt(void *self, uint8_t endpoint, bool on)
{
    sim_tmc *t = owner(self, endpoint);
    bool in = endpoint == TMC_IN + t->base;
    if (endpoint == TMC_OUT + t->base) t->halt_out = on, t->receiving = false, t->head_n = 0;
    if (in) t->halt_in = on;
    if (in && on) tmc_forget_in(t);
}

static void reset_one(sim_tmc *t)
{
    t->receiving = t->in_message = t->halt_out = t->halt_in = t->flush_due = t->ren = t->unplug_due = false;
    t->head_n = 0;
    t->notices = 0;
    t->split = 0;
    t->pending = 0;
    t->stuck_until_ns = 0;
    tmc_drop_output(t);
}

static void reset(void *self)
{
    sim_tmc *t = self;
    reset_one(t);
    if (t->twin) reset_one(t->twin);
}

static const sim_usb_ops ops = {
    .control = control, .out = take_out, .in = give_in, .halt = set_halt, .reset = reset,
};

static void describe_endpoints(sim_usb_device *d, const sim_tmc *t, bool interrupt)
{
    sim_usb_config_endpoint(d, &(sim_usb_endpoint){(uint8_t)(TMC_OUT + t->base), SIM_USB_BULK, 0, (uint16_t)t->packet});
    sim_usb_config_endpoint(d, &(sim_usb_endpoint){(uint8_t)(TMC_IN + t->base), SIM_USB_BULK, 0, (uint16_t)t->packet});
    if (interrupt)
        sim_usb_config_endpoint(d, &(sim_usb_endpoint){(uint8_t)(TMC_INTERRUPT + t->base), SIM_USB_INTERRUPT, 9, 8});
}

static void describe_interface(sim_usb_device *d, const sim_tmc *t)
{
    static const uint8_t tmc[3] = {GRAT__TMC_CLASS, GRAT__TMC_SUBCLASS, 1};
    sim_usb_config_interface(d, t->interface, tmc);
    describe_endpoints(d, t, t->has_interrupt);
    if (!tmc_fault(t, SIM_FAULT_USB_ALTERNATE)) return;
    sim_usb_config_alternate(d, t->interface, tmc);
    describe_endpoints(d, t, false);
}

static void describe(sim_tmc *t)
{
    static const uint8_t vendor[3] = VENDOR_CLASS;
    const char *idn = sim_instrument_idn(t->in);
    sim_usb_device *d = &t->dev;
    bool small = tmc_fault(t, SIM_FAULT_USB_EP64);
    sim_instrument_usb_id(t->in, &d->vid, &d->pid);
    *d = (sim_usb_device){.ops = &ops, .self = t, .vid = d->vid, .pid = d->pid, .release = 0x0100, .speed = 3};
    sim_usb_idn_field(idn, 0, d->maker);
    sim_usb_idn_field(idn, 1, d->product);
    sim_usb_idn_field(idn, 2, d->serial);
    t->packet = 512;
    if (tmc_fault(t, SIM_FAULT_USB_FULL_SPEED)) d->speed = 2, small = true;
    if (small) t->packet = 64;
    t->packet_ends = small && d->speed == 3 && sim_fault_argument(t->faults, SIM_FAULT_USB_EP64) == 1;
    t->has_interrupt = !tmc_fault(t, SIM_FAULT_USB_NO_INTERRUPT);
    t->interface = tmc_fault(t, SIM_FAULT_USB_COMPOSITE) ? 2 : 0;
    sim_usb_config_begin(d);
    for (unsigned i = 0; i < t->interface; i++) sim_usb_config_interface(d, i, vendor);
    describe_interface(d, t);
    if (!t->twin) return;
    t->twin->packet = t->packet;
    t->twin->packet_ends = t->packet_ends;
    t->twin->has_interrupt = t->has_interrupt;
    t->twin->interface = t->interface + 1;
    t->twin->base = TMC_INTERRUPT & 0x0f;
    describe_interface(d, t->twin);
}

/* ---- the wire ------------------------------------------------------------------------------------- */

static void on_time(void *user, int64_t now)
{
    (void)user, (void)now;       /* the turn that follows does the work */
}

static void wire_turn(void *server)
{
    sim_tmc *t = server;
    int64_t now = grat_now_ns();
    if (t->dev.configured) tell_srq(t);
    if (t->dev.configured && t->twin) tell_srq(t->twin);
    sim_usbip_turn(t->usbip);
    int64_t next = tmc_next(t), other = t->twin ? tmc_next(t->twin) : INT64_MAX;
    if (other < next) next = other;
    if (next > now && next != INT64_MAX) sim_timer_set(t->loop, &t->timer, next);
}

static void wire_close(void *server)
{
    sim_tmc *t = server;
    if (!t) return;
    if (t->usbip) sim_usbip_close(t->usbip);
    sim_timer_set(t->loop, &t->timer, INT64_MAX);
    wire_close(t->twin);
    if (t->port) sim_port_free(t->port);
    grat__buf_free(&t->answer);
    grat__buf_free(&t->payload);
    free(t);
}

static sim_tmc *tmc_new(const sim_site *site)
{
    sim_tmc *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->loop = site->loop, t->in = site->in, t->faults = site->faults;
    t->timer = (sim_timer){.fire = on_time, .user = t};
    grat__buf_init(&t->answer, PAYLOAD_MAX);
    grat__buf_init(&t->payload, PAYLOAD_MAX);
    t->port = sim_port_new(site->in, SIM_PORT_MESSAGE);
    if (t->port) return t;
    wire_close(t);
    return NULL;
}

static void note(const sim_site *site, const sim_usb_device *d, unsigned interface)
{
    char text[SIM_RESOURCE_MAX];
    snprintf(text, sizeof text, "USB0::0x%04X::0x%04X::%s::%u::INSTR", d->vid, d->pid, d->serial, interface);
    sim_note_resource(site, text);
}

static grat_err wire_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    const sim_tmc *other = sim_earlier_server(site, &sim_wire_usb, 0);
    sim_usbip_options o = {.hold = false};
    snprintf(o.busid, sizeof o.busid, "1-%u", site->index + 1);
    grat_err e = sim_usbip_argument("usb", arg, &o, op);
    if (e) return e;
    sim_tmc *t = tmc_new(site);
    if (!t) return grat_op_fail(op, GRAT_ENOMEM, "wire usb: out of memory");
    if (tmc_fault(t, SIM_FAULT_USB_TWIN) && !(t->twin = tmc_new(site))) {
        wire_close(t);
        return grat_op_fail(op, GRAT_ENOMEM, "wire usb: out of memory");
    }
    describe(t);
    o.device = &t->dev;
    o.replug_ns = (int64_t)sim_fault_argument(t->faults, SIM_FAULT_USB_UNPLUG) * NS_PER_MS;
    e = sim_usbip_open(site, other ? other->usbip : NULL, &o, op, &t->usbip);
    if (e) {
        wire_close(t);
        return e;
    }
    note(site, &t->dev, t->interface);
    if (t->twin) note(site, &t->dev, t->twin->interface);
    if (!o.hold && sim_usbip_hint(t->usbip)[0]) sim_note_hint(site, sim_usbip_hint(t->usbip));
    *server = t;
    return GRAT_OK;
}

const sim_wire_kind sim_wire_usb = {
    .name = "usb",
    .text = "USBTMC over USB/IP on port 3240, attached to vhci-hcd if that may be; usb:BUSID, usb:hold: not attached",
    .open = wire_open,
    .close = wire_close,
    .turn = wire_turn,
};
