/* An FT232R (0403:6001) as Linux's ftdi_sio drives it: a vendor class, two bulk endpoints of 64 bytes, and in every
 * packet to the computer two bytes of status before at most 62 of data. A packet that is not full waits for the latency
 * timer, 16 ms unless told. */
#include "sim/serve/ftdi.h"

#include "core/str.h"
#include "sim/serve/usb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FTDI_IN = 0x81, FTDI_OUT = 0x02, PACKET = 64, STATUS = 2, DATA = PACKET - STATUS };
/* Requests; 0x40 to the device, 0xc0 from it. */
enum {
    RESET = 0, MODEM_CONTROL = 1, FLOW = 2, BAUD = 3, FORMAT = 4, MODEM_STATUS = 5, EVENT_CHAR = 6, ERROR_CHAR = 7,
    SET_LATENCY = 9, GET_LATENCY = 10, READ_EEPROM = 0x90,
};
#define NS_PER_MS 1000000
#define LATENCY_MS 16
#define LINE_ERRORS 0x0e         /* of the second status byte: overrun, parity, framing */

static const uint8_t line_status[STATUS] = {0x01, 0x60};

typedef struct sim_ftdi {
    sim_loop *loop;
    sim_faults *faults;
    sim_port *port;
    sim_usb_device dev;
    sim_usbip *usbip;
    sim_timer timer;
    unsigned latency_ms;
    int64_t since_ns;        /* the oldest byte waits so long; 0 = none does */
    int64_t wake_ns;         /* somebody waits for it until then */
} sim_ftdi;

static int control(void *self, const grat__usb_setup *s, const uint8_t *data, uint8_t *answer, size_t cap)
{
    sim_ftdi *f = self;
    (void)data;
    if (s->type == 0x40) {
        if (s->request == SET_LATENCY) f->latency_ms = s->value ? s->value & 0xff : 1;
        bool known = s->request <= FORMAT || s->request == EVENT_CHAR || s->request == ERROR_CHAR;
        return known || s->request == SET_LATENCY ? 0 : SIM_USB_STALL;
    }
    if (s->type != 0xc0 || cap < 2) return SIM_USB_STALL;
    switch (s->request) {
    case MODEM_STATUS: memcpy(answer, line_status, STATUS); return STATUS;
    case GET_LATENCY: answer[0] = (uint8_t)f->latency_ms; return 1;
    case READ_EEPROM: answer[0] = answer[1] = 0xff; return 2;
    default: return SIM_USB_STALL;
    }
}

static int take_out(void *self, uint8_t endpoint, const uint8_t *data, size_t n)
{
    sim_ftdi *f = self;
    if (endpoint != FTDI_OUT) return SIM_USB_STALL;
    sim_port_input(f->port, data, n, false);
    return 0;
}

static int64_t give_in(void *self, uint8_t endpoint, uint8_t *room, size_t n)
{
    sim_ftdi *f = self;
    const uint8_t *data;
    bool last;
    int64_t now = grat_now_ns(), used = 0;
    if (endpoint != FTDI_IN) return SIM_USB_STALL;
    size_t waiting = sim_port_peek(f->port, now, &data, &last);
    if (!waiting || n <= STATUS) return SIM_USB_WAIT;
    uint8_t errors = 0;
    if (f->faults->count && sim_fault(f->faults, SIM_FAULT_SERIAL_LINE))
        errors = (uint8_t)sim_fault_argument(f->faults, SIM_FAULT_SERIAL_LINE) & LINE_ERRORS;
    if (!f->since_ns) f->since_ns = now;
    int64_t due = f->since_ns + (int64_t)f->latency_ms * NS_PER_MS;
    if (waiting < DATA && now < due) {
        f->wake_ns = due;
        return SIM_USB_WAIT;
    }
    while (waiting && n - (size_t)used > STATUS) {
        size_t space = n - (size_t)used < PACKET ? n - (size_t)used - STATUS : DATA;
        size_t piece = waiting < space ? waiting : space;
        memcpy(room + used, line_status, STATUS);
        if (!used) room[1] |= errors;
        memcpy(room + used + STATUS, data, piece);
        used += (int64_t)(STATUS + piece);
        data += piece, waiting -= piece;
        sim_port_consume(f->port, piece);
        if (piece < DATA) break;
        if (waiting && waiting < DATA) break;   /* the short rest waits for the timer */
    }
    f->since_ns = waiting ? now : 0;
    return used;
}

static void set_halt(void *self, uint8_t endpoint, bool on)
{
    (void)self, (void)endpoint, (void)on;
}

static void reset(void *self)
{
    sim_ftdi *f = self;
    f->since_ns = 0;
    f->latency_ms = LATENCY_MS;
    sim_port_clear(f->port);
}

static const sim_usb_ops ops = {
    .control = control, .out = take_out, .in = give_in, .halt = set_halt, .reset = reset,
};

static void describe(sim_ftdi *f, const sim_instrument *in)
{
    static const uint8_t vendor[3] = {0xff, 0xff, 0xff};
    sim_usb_device *d = &f->dev;
    *d = (sim_usb_device){.ops = &ops, .self = f, .vid = 0x0403, .pid = 0x6001, .release = 0x0600, .speed = 2};
    grat__strcpy(d->maker, sizeof d->maker, "FTDI");
    grat__strcpy(d->product, sizeof d->product, "FT232R USB UART");
    sim_usb_idn_field(sim_instrument_idn(in), 2, d->serial);
    sim_usb_config_begin(d);
    sim_usb_config_interface(d, 0, vendor);
    sim_usb_config_endpoint(d, &(sim_usb_endpoint){FTDI_IN, SIM_USB_BULK, 0, PACKET});
    sim_usb_config_endpoint(d, &(sim_usb_endpoint){FTDI_OUT, SIM_USB_BULK, 0, PACKET});
}

static void on_time(void *user, int64_t now)
{
    (void)user, (void)now;   /* the turn that follows does the work */
}

static void wire_turn(void *server)
{
    sim_ftdi *f = server;
    f->wake_ns = INT64_MAX;
    sim_usbip_turn(f->usbip);
    /* It may have passed meanwhile: then it fires at once. */
    sim_timer_set(f->loop, &f->timer, f->wake_ns);
}

static void wire_close(void *server)
{
    sim_ftdi *f = server;
    if (f->usbip) sim_usbip_close(f->usbip);
    sim_timer_set(f->loop, &f->timer, INT64_MAX);
    sim_port_free(f->port);
    free(f);
}

static grat_err wire_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    const sim_ftdi *other = sim_earlier_server(site, &sim_wire_ftdi, 0);
    sim_usbip_options o = {.hold = false};
    snprintf(o.busid, sizeof o.busid, "1-%u", site->index + 1);
    grat_err e = sim_usbip_argument("ftdi", arg, &o, op);
    if (e) return e;
    sim_ftdi *f = calloc(1, sizeof *f);
    if (f) f->port = sim_port_new(site->in, SIM_PORT_STREAM);
    if (!f || !f->port) {
        free(f);
        return grat_op_fail(op, GRAT_ENOMEM, "wire ftdi: out of memory");
    }
    f->loop = site->loop;
    f->faults = site->faults;
    f->latency_ms = LATENCY_MS;
    f->timer = (sim_timer){.fire = on_time, .user = f};
    describe(f, site->in);
    o.device = &f->dev;
    e = sim_usbip_open(site, other ? other->usbip : NULL, &o, op, &f->usbip);
    if (e) {
        wire_close(f);
        return e;
    }
    sim_note_resource(site, sim_instrument_is_bytes(site->in) ? "BITSCOPE" : "ASRL/dev/ttyUSB0::INSTR");
    if (!o.hold && sim_usbip_hint(f->usbip)[0]) sim_note_hint(site, sim_usbip_hint(f->usbip));
    *server = f;
    return GRAT_OK;
}

const sim_wire_kind sim_wire_ftdi = {
    .name = "ftdi",
    .text = "an FTDI adapter (0403:6001) over USB/IP on port 3240, as usb; ftdi:BUSID, ftdi:hold: not attached",
    .carries = SIM_CARRIES_BOTH,
    .open = wire_open,
    .close = wire_close,
    .turn = wire_turn,
};
