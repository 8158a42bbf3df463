/* The USB/IP server: devices are listed and imported over TCP, or handed to this computer's own vhci-hcd through a
 * socket pair, which needs neither port nor tool. */
#include "sim/serve/usb.h"

#include "core/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define URB_MAX (16u << 20)          /* usbfs lets no more pass */
#define RECV_STEP ((size_t)256 << 10)
#define IN_MAX (URB_MAX + 2 * RECV_STEP)
#define OUT_MAX (2 * URB_MAX)
#define OUT_FULL (4u << 20)          /* no further answers are made while so much waits to be sent */
#define URBS_MAX 4096
#define EARLY_MAX 32                 /* unlinks that wait for their transfer */
#define VHCI "/sys/devices/platform/vhci_hcd.0/"
#define BACKLOG 8

typedef struct urb {
    struct urb *next;
    grat__usbip_urb u;
    uint8_t *data;                   /* of an OUT transfer that waits */
} urb;

typedef struct conn {
    struct conn *next, **at;
    struct hub *hub;
    sim_watch watch;
    sim_usbip *export;               /* NULL before the import */
    grat__buf in, out;
    size_t sent;
    urb *first, **last;
    unsigned urbs;
    uint32_t newest;                 /* sequence number of the last transfer */
    grat__usbip_urb early[EARLY_MAX];
    unsigned earlies;
    bool closing;
} conn;

typedef struct hub {
    sim_loop *loop;
    unsigned users;
    sim_watch listener;
    char address[80];
    sim_usbip *exports;
    conn *conns;
} hub;

struct sim_usbip {
    hub *hub;
    sim_usbip *next, **at;
    sim_usbip_options opt;
    unsigned number;                 /* devnum on bus 1 */
    conn *conn;
    bool own;                        /* attached by us */
    sim_timer replug;
    char hint[240];
};

static void attach(sim_usbip *u);

/* ---- connections ------------------------------------------------------------------------------ */

static void free_urbs(conn *c)
{
    while (c->first) {
        urb *r = c->first;
        c->first = r->next;
        free(r->data);
        free(r);
    }
    c->last = &c->first;
    c->urbs = 0;
}

static void drop(conn *c)
{
    if (c->export) {
        sim_usb_device *d = c->export->opt.device;
        c->export->conn = NULL;
        d->configured = 0;
        d->ops->reset(d->self);
    }
    sim_watch_close(c->hub->loop, &c->watch);
    *c->at = c->next;
    if (c->next) c->next->at = c->at;
    free_urbs(c);
    grat__buf_free(&c->in);
    grat__buf_free(&c->out);
    free(c);
}

static void want(conn *c)
{
    sim_watch_want(c->hub->loop, &c->watch, EPOLLIN | (c->out.len > c->sent ? EPOLLOUT : 0));
}

/* False when the connection is gone (and freed). */
static bool flush(conn *c)
{
    while (c->sent < c->out.len) {
        ssize_t n = send(c->watch.fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) break;
        if (n <= 0) {
            drop(c);
            return false;
        }
        c->sent += (size_t)n;
    }
    if (c->sent == c->out.len) c->out.len = c->sent = 0;
    want(c);
    return true;
}

static void ret(conn *c, const grat__usbip_urb *u, int status, size_t actual)
{
    grat__usbip_put_ret_submit(&c->out, u->seqnum, status, (uint32_t)actual);
}

/* ---- transfers -------------------------------------------------------------------------------- */

/* Tries one transfer; SIM_USB_WAIT leaves it. */
static int try_urb(conn *c, const urb *r)
{
    const grat__usbip_urb *u = &r->u;
    sim_usb_device *d = c->export->opt.device;
    if (!u->in) {
        int status = d->ops->out(d->self, u->endpoint, r->data, u->length);
        if (status > SIM_USB_WAIT) ret(c, u, status, status ? 0 : u->length);
        return status;
    }
    if (c->out.len - c->sent > OUT_FULL) return SIM_USB_WAIT;
    if (grat__buf_reserve(&c->out, GRAT__USBIP_HEADER + u->length)) return SIM_USB_UNPLUG;
    int64_t n = d->ops->in(d->self, u->endpoint | 0x80, c->out.data + c->out.len + GRAT__USBIP_HEADER, u->length);
    if (n <= SIM_USB_WAIT) return (int)n;
    ret(c, u, n < 0 ? (int)n : 0, n < 0 ? 0 : (size_t)n);
    if (n > 0) c->out.len += (size_t)n;
    return 0;
}

/* Serves what waits, in order within each endpoint. False when the device has left the bus. */
static bool serve(conn *c)
{
    uint32_t blocked = 0;
    for (urb **at = &c->first; *at;) {
        urb *r = *at;
        uint32_t bit = 1u << (r->u.endpoint + (r->u.in ? 16 : 0));
        int status = blocked & bit ? SIM_USB_WAIT : try_urb(c, r);
        if (status == SIM_USB_UNPLUG) return false;
        if (status == SIM_USB_WAIT) {
            blocked |= bit;
            at = &r->next;
            continue;
        }
        *at = r->next;
        if (!r->next) c->last = at;
        c->urbs--;
        free(r->data);
        free(r);
    }
    return true;
}

static bool enqueue(conn *c, const grat__usbip_urb *u, const uint8_t *data)
{
    urb *r = c->urbs < URBS_MAX ? calloc(1, sizeof *r) : NULL;
    if (!r) return false;
    r->u = *u;
    if (!u->in && u->length) {
        r->data = malloc(u->length);
        if (!r->data) {
            free(r);
            return false;
        }
        memcpy(r->data, data, u->length);
    }
    *c->last = r;
    c->last = &r->next;
    c->urbs++;
    return true;
}

/* What the device has put on its interrupt endpoint goes out before the answer of the request that made it do so. */
static bool control(conn *c, const grat__usbip_urb *u, const uint8_t *data)
{
    grat__usb_setup s;
    uint8_t answer[1024];
    sim_usb_device *d = c->export->opt.device;
    grat__usb_get_setup(u->setup, &s);
    size_t cap = u->length < sizeof answer ? u->length : sizeof answer;
    int n = sim_usb_control(d, &s, data, answer, cap);
    if (!serve(c)) return false;
    ret(c, u, n < 0 ? n : 0, n < 0 ? 0 : u->in ? (size_t)n : u->length);
    if (u->in && n > 0) grat__buf_put(&c->out, answer, (size_t)n);
    return true;
}

/* The kernel's client may send the unlink of a transfer before the transfer itself (vhci_tx looks at its two lists one
 * after the other), and gives it back by our answer only once it was sent. */
static void unlink_urb(conn *c, const grat__usbip_urb *u)
{
    if ((int32_t)(u->unlink - c->newest) > 0 && c->earlies < EARLY_MAX) {
        c->early[c->earlies++] = *u;
        return;
    }
    for (urb **at = &c->first; *at; at = &(*at)->next) {
        urb *r = *at;
        if (r->u.seqnum != u->unlink) continue;
        *at = r->next;
        if (!r->next) c->last = at;
        c->urbs--;
        free(r->data);
        free(r);
        grat__usbip_put_ret_unlink(&c->out, u->seqnum, GRAT__USBIP_UNLINKED);
        return;
    }
    grat__usbip_put_ret_unlink(&c->out, u->seqnum, 0);
}

/* A transfer that was taken back before it came. */
static bool unlinked_early(conn *c, const grat__usbip_urb *u)
{
    c->newest = u->seqnum;
    for (unsigned i = 0; i < c->earlies; i++) {
        if (c->early[i].unlink != u->seqnum) continue;
        grat__usbip_put_ret_unlink(&c->out, c->early[i].seqnum, GRAT__USBIP_UNLINKED);
        c->early[i] = c->early[--c->earlies];
        return true;
    }
    return false;
}

/* ---- before the import -------------------------------------------------------------------------- */

static void put_device(conn *c, const sim_usbip *e, bool list)
{
    const sim_usb_device *d = e->opt.device;
    char path[64];
    snprintf(path, sizeof path, "/graticule/usb1/%s", e->opt.busid);
    grat__usbip_device r = {.path = path, .busid = e->opt.busid, .bus = 1, .device = e->number, .speed = d->speed,
                            .vid = d->vid, .pid = d->pid, .release = d->release, .configuration = 1,
                            .interfaces = (uint8_t)d->interfaces};
    memcpy(r.interface_class, d->interface_class, sizeof r.interface_class);
    grat__usbip_put_device(&c->out, &r, list);
}

static void list_devices(conn *c)
{
    uint32_t count = 0;
    uint8_t word[4];
    for (const sim_usbip *e = c->hub->exports; e; e = e->next) count += !e->conn;
    grat__usbip_put_op(&c->out, GRAT__USBIP_REP_DEVLIST, 0);
    grat__put_be32(word, count);
    grat__buf_put(&c->out, word, sizeof word);
    for (const sim_usbip *e = c->hub->exports; e; e = e->next)
        if (!e->conn) put_device(c, e, true);
    c->closing = true;
}

static void join(conn *c, sim_usbip *e)
{
    sim_usb_device *d = e->opt.device;
    e->conn = c;
    c->export = e;
    d->configured = 0;
    d->ops->reset(d->self);
}

static void import(conn *c, const uint8_t *busid)
{
    sim_usbip *e = c->hub->exports;
    while (e && (e->conn || strncmp(e->opt.busid, (const char *)busid, GRAT__USBIP_BUSID) != 0)) e = e->next;
    grat__usbip_put_op(&c->out, GRAT__USBIP_REP_IMPORT, e ? 0 : 1);
    if (!e) {
        c->closing = true;
        return;
    }
    put_device(c, e, false);
    join(c, e);
}

typedef enum { MORE, DONE, BAD } step;

static step early(conn *c)
{
    uint16_t code;
    if (c->closing || c->in.len < GRAT__USBIP_OP) return c->closing ? BAD : MORE;
    if (grat__usbip_get_op(c->in.data, c->in.len, &code)) return BAD;
    if (code == GRAT__USBIP_REQ_DEVLIST) {
        grat__buf_drop(&c->in, GRAT__USBIP_OP);
        list_devices(c);
        return DONE;
    }
    if (code != GRAT__USBIP_REQ_IMPORT) return BAD;
    if (c->in.len < GRAT__USBIP_OP + GRAT__USBIP_BUSID) return MORE;
    import(c, c->in.data + GRAT__USBIP_OP);
    grat__buf_drop(&c->in, GRAT__USBIP_OP + GRAT__USBIP_BUSID);
    return DONE;
}

/* ---- input -------------------------------------------------------------------------------------- */

static step one_urb(conn *c)
{
    grat__usbip_urb u;
    if (c->in.len < GRAT__USBIP_HEADER) return MORE;
    if (grat__usbip_get_urb(c->in.data, c->in.len, &u)) return BAD;
    if (u.command == GRAT__USBIP_UNLINK) {
        unlink_urb(c, &u);
        grat__buf_drop(&c->in, GRAT__USBIP_HEADER);
        return DONE;
    }
    size_t body = u.in ? 0 : u.length;
    if (u.length > URB_MAX) return BAD;
    if (c->in.len < GRAT__USBIP_HEADER + body) return MORE;
    const uint8_t *data = c->in.data + GRAT__USBIP_HEADER;
    bool ok = unlinked_early(c, &u) || (u.endpoint ? enqueue(c, &u, data) : control(c, &u, data));
    grat__buf_drop(&c->in, GRAT__USBIP_HEADER + body);
    return ok ? DONE : BAD;
}

static void unplug(conn *c)
{
    sim_usbip *u = c->export;
    drop(c);
    if (u->own && u->opt.replug_ns > 0) sim_timer_set(u->hub->loop, &u->replug, grat_now_ns() + u->opt.replug_ns);
}

static void take(conn *c)
{
    step s = DONE;
    while (s == DONE) s = c->export ? one_urb(c) : early(c);
    bool here = s != BAD && (!c->export || serve(c));
    if (!here && c->export) {
        unplug(c);
        return;
    }
    if (flush(c) && c->closing) drop(c);
}

static void on_ready(void *user, uint32_t events)
{
    conn *c = user;
    if (events & EPOLLIN) {
        if (grat__buf_reserve(&c->in, RECV_STEP)) {
            drop(c);
            return;
        }
        ssize_t n = recv(c->watch.fd, c->in.data + c->in.len, RECV_STEP, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            drop(c);
            return;
        }
        if (n > 0) c->in.len += (size_t)n;
        take(c);
    } else if (events & (EPOLLERR | EPOLLHUP)) {
        drop(c);
    } else {
        flush(c);
    }
}

static conn *admit(hub *h, int fd)
{
    conn *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return NULL;
    }
    c->hub = h;
    c->last = &c->first;
    c->watch = (sim_watch){.ready = on_ready, .user = c};
    grat__buf_init(&c->in, IN_MAX);
    grat__buf_init(&c->out, OUT_MAX);
    if (!sim_watch_open(h->loop, &c->watch, fd, EPOLLIN)) {
        free(c);
        return NULL;
    }
    c->at = &h->conns;
    c->next = h->conns;
    if (c->next) c->next->at = &c->next;
    h->conns = c;
    return c;
}

static void on_connect(void *user, uint32_t events)
{
    hub *h = user;
    (void)events;
    int fd = sim_accept(h->listener.fd);
    if (fd >= 0) admit(h, fd);
}

void sim_usbip_turn(sim_usbip *u)
{
    conn *c = u->conn;
    if (!c) return;
    if (!serve(c)) unplug(c);
    else flush(c);
}

/* ---- this computer's own kernel ------------------------------------------------------------------- */

/* A free port of the high-speed hub behind `after`; -1 when there is none or no vhci-hcd. */
static int free_port(int after)
{
    char line[200], kind[8];
    unsigned port, status;
    int found = -1;
    FILE *f = fopen(VHCI "status", "re");
    while (f && found < 0 && fgets(line, sizeof line, f))
        if (sscanf(line, "%7s %u %u", kind, &port, &status) == 3 && strcmp(kind, "hs") == 0 && status == 4 &&
            (int)port > after)
            found = (int)port;
    if (f) fclose(f);
    return found;
}

/* Hands the kernel one end of a socket pair. A port may be taken while we look: then the next one. */
static bool tell_kernel(const sim_usbip *u, int fd)
{
    char text[80];
    for (int port = free_port(-1); port >= 0; port = free_port(port)) {
        int at = open(VHCI "attach", O_WRONLY | O_CLOEXEC);
        if (at < 0) return false;
        int n = snprintf(text, sizeof text, "%d %d %u %u", port, fd, 1u << 16 | u->number, u->opt.device->speed);
        bool done = write(at, text, (size_t)n) == n;
        close(at);
        if (done) return true;
    }
    return false;
}

static void attach(sim_usbip *u)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return;
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    u->own = tell_kernel(u, pair[1]);
    close(pair[1]);
    conn *c = u->own ? admit(u->hub, pair[0]) : NULL;
    if (c) join(c, u);
    else if (!u->own) close(pair[0]);
}

static void on_replug(void *user, int64_t now)
{
    (void)now;
    attach(user);
}

/* ---- open, close ---------------------------------------------------------------------------------- */

static grat_err hub_new(const sim_site *site, grat_op *op, hub **out)
{
    int fd;
    grat_err e = sim_bind(site->addr, SOCK_STREAM, GRAT__USBIP_PORT, op, &fd);
    if (e) return e;
    hub *h = calloc(1, sizeof *h);
    if (!h || listen(fd, BACKLOG) < 0) {
        close(fd);
        free(h);
        return grat_op_fail(op, GRAT_ENOMEM, "USB/IP: cannot listen on port %d", GRAT__USBIP_PORT);
    }
    h->loop = site->loop;
    h->listener = (sim_watch){.ready = on_connect, .user = h};
    grat__strcpy(h->address, sizeof h->address, site->addr->text);
    if (!sim_watch_open(h->loop, &h->listener, fd, EPOLLIN)) {
        free(h);
        return grat_op_fail(op, GRAT_EIO, "USB/IP: too many open files");
    }
    *out = h;
    return GRAT_OK;
}

grat_err sim_usbip_open(const sim_site *site, sim_usbip *earlier, const sim_usbip_options *opt, grat_op *op,
                        sim_usbip **out)
{
    hub *h = earlier ? earlier->hub : NULL;
    grat_err e = h ? GRAT_OK : hub_new(site, op, &h);
    if (e) return e;
    sim_usbip *u = calloc(1, sizeof *u);
    h->users++;
    if (!u) {
        if (--h->users == 0) sim_watch_close(h->loop, &h->listener), free(h);
        return grat_op_fail(op, GRAT_ENOMEM, "USB/IP: out of memory");
    }
    u->hub = h;
    u->opt = *opt;
    u->number = site->index + 2;
    u->replug = (sim_timer){.fire = on_replug, .user = u};
    u->at = &h->exports;
    while (*u->at) u->at = &(*u->at)->next;
    *u->at = u;
    if (!opt->hold) attach(u);
    if (!u->own)
        snprintf(u->hint, sizeof u->hint, "USB device %s is not attached; as root: modprobe vhci-hcd && "
                                          "usbip attach -r %s -b %s", opt->busid, h->address, opt->busid);
    *out = u;
    return GRAT_OK;
}

void sim_usbip_close(sim_usbip *u)
{
    hub *h = u->hub;
    sim_timer_set(h->loop, &u->replug, INT64_MAX);
    if (u->conn) drop(u->conn);
    *u->at = u->next;
    if (u->next) u->next->at = u->at;
    free(u);
    if (--h->users) return;
    while (h->conns) drop(h->conns);
    sim_watch_close(h->loop, &h->listener);
    free(h);
}

const char *sim_usbip_hint(const sim_usbip *u)
{
    return u->hint;
}
