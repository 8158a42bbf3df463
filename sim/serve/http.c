#include "sim/serve/http.h"

#include "core/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HTTP_PORT 80
#define REQUEST_MAX 8192
#define PAGE_MAX 16384

typedef struct sim_http sim_http;

typedef struct client {
    struct client *next, **at;
    sim_http *http;
    sim_watch watch;
    char request[REQUEST_MAX];
    size_t len;
    grat__buf out;
    size_t sent;
} client;

struct sim_http {
    sim_loop *loop;
    sim_instrument *in;
    sim_faults *faults;
    const sim_addr *addr;
    const char *resources;
    sim_watch listener;
    client *clients;
};

static void drop(client *c)
{
    sim_watch_close(c->http->loop, &c->watch);
    *c->at = c->next;
    if (c->next) c->next->at = c->at;
    grat__buf_free(&c->out);
    free(c);
}

/* Field 0 to 3 of the *IDN? answer, length in *n. */
static const char *idn_field(const sim_instrument *in, unsigned index, int *n)
{
    const char *p = sim_instrument_idn(in);
    for (; index && strchr(p, ','); index--) p = strchr(p, ',') + 1;
    if (index) p = "";
    *n = (int)strcspn(p, ",\r\n");
    return p;
}

static void put_element(grat__buf *b, const sim_instrument *in, const char *name, unsigned index)
{
    int n;
    const char *text = idn_field(in, index, &n);
    grat__buf_printf(b, "<%s>%.*s</%s>\n", name, n, text, name);
}

/* liblxi looks for "<?xml" in the first 4096 bytes and wants the four elements. */
static void put_identification(grat__buf *b, const sim_http *h)
{
    static const char *const required[] = {"Manufacturer", "Model", "SerialNumber", "FirmwareRevision"};
    grat__buf_puts(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<LXIDevice xmlns=\"http://www.lxistandard.org/InstrumentIdentification/1.0\" "
                      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n");
    for (unsigned i = 0; i < 4; i++) put_element(b, h->in, required[i], i);
    grat__buf_puts(b, "<ManufacturerDescription>Simulated instrument</ManufacturerDescription>\n"
                      "<Interface xsi:type=\"NetworkInformation\" InterfaceType=\"LXI\" IPType=\"IPv4\" "
                      "InterfaceName=\"LAN0\">\n");
    for (const char *p = h->resources; *p;) {
        size_t n = strcspn(p, " ");
        grat__buf_printf(b, "<InstrumentAddressString>%.*s</InstrumentAddressString>\n", (int)n, p);
        p += n + (p[n] == ' ');
    }
    grat__buf_printf(b, "<Hostname>localhost</Hostname>\n<IPAddress>%s</IPAddress>\n", h->addr->text);
    grat__buf_puts(b, "<DHCPEnabled>false</DHCPEnabled>\n<AutoIPEnabled>false</AutoIPEnabled>\n</Interface>\n"
                      "<LXIVersion>1.2</LXIVersion>\n</LXIDevice>\n");
}

static void put_page(grat__buf *b, const sim_http *h)
{
    int nm, ns;
    const char *model = idn_field(h->in, 1, &nm), *serial = idn_field(h->in, 2, &ns);
    grat__buf_printf(b, "<!DOCTYPE html>\n<html><head><title>%.*s</title></head><body><h1>%.*s</h1><p>Serial number "
                        "%.*s</p><p><a href=\"/lxi/identification\">Identification</a></p></body></html>\n",
                     nm, model, nm, model, ns, serial);
}

static bool path_is(const char *request, const char *path)
{
    const char *p = strchr(request, ' ');
    size_t n = strlen(path);
    return p && strncmp(p + 1, path, n) == 0 && strchr(" ?\r\n", p[1 + n]);
}

static void answer(client *c)
{
    sim_http *h = c->http;
    grat__buf body;
    const char *status = "200 OK", *type = "text/html";
    grat__buf_init(&body, PAGE_MAX);
    bool get = strncmp(c->request, "GET ", 4) == 0, head = strncmp(c->request, "HEAD ", 5) == 0;
    bool lxi = path_is(c->request, "/lxi/identification");
    if (!get && !head) {
        status = "501 Not Implemented";
        grat__buf_puts(&body, "not implemented\n");
    } else if (lxi && !sim_fault(h->faults, SIM_FAULT_HTTP_HTML)) {
        type = "text/xml";
        put_identification(&body, h);
        if (sim_fault(h->faults, SIM_FAULT_HTTP_MALFORMED)) body.len = body.len / 3;
    } else if (lxi || path_is(c->request, "/")) {
        put_page(&body, h);
    } else {
        status = "404 Not Found";
        grat__buf_puts(&body, "not found\n");
    }
    grat__buf_printf(&c->out, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                     status, type, body.len);
    if (!head) grat__buf_put(&c->out, body.data, body.len);
    grat__buf_free(&body);
}

/* False when the connection is to be closed. */
static bool exchange(client *c)
{
    if (!c->out.len) {
        ssize_t n = recv(c->watch.fd, c->request + c->len, sizeof c->request - 1 - c->len, 0);
        if (n < 0) return errno == EAGAIN || errno == EINTR;
        c->len += (size_t)n;
        c->request[c->len] = '\0';
        bool whole = strstr(c->request, "\r\n\r\n") || strstr(c->request, "\n\n");
        if (!whole) return n > 0 && c->len < sizeof c->request - 1;
        answer(c);
    }
    ssize_t n = send(c->watch.fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (n > 0) c->sent += (size_t)n;
    sim_watch_want(c->http->loop, &c->watch, EPOLLOUT);
    return c->sent < c->out.len;
}

static void on_ready(void *user, uint32_t events)
{
    client *c = user;
    if (events & (EPOLLERR | EPOLLHUP) || !exchange(c)) drop(c);
}

static void on_connect(void *user, uint32_t events)
{
    sim_http *h = user;
    (void)events;
    int fd = sim_accept(h->listener.fd);
    client *c = fd < 0 ? NULL : calloc(1, sizeof *c);
    if (!c) {
        if (fd >= 0) close(fd);
        return;
    }
    c->http = h;
    c->watch = (sim_watch){.ready = on_ready, .user = c};
    grat__buf_init(&c->out, 2 * PAGE_MAX);
    if (!sim_watch_open(h->loop, &c->watch, fd, EPOLLIN)) {
        free(c);
        return;
    }
    c->at = &h->clients;
    c->next = h->clients;
    if (c->next) c->next->at = &c->next;
    h->clients = c;
}

static grat_err http_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    int fd;
    (void)arg;
    grat_err e = sim_bind(site->addr, SOCK_STREAM, HTTP_PORT, op, &fd);
    if (e) return e;
    sim_http *h = calloc(1, sizeof *h);
    if (!h || listen(fd, 16) < 0) {
        close(fd);
        free(h);
        return grat_op_fail(op, GRAT_EBUSY, "port 80 of %s: cannot listen", site->addr->text);
    }
    *h = (sim_http){.loop = site->loop, .in = site->in, .faults = site->faults, .addr = site->addr,
                    .resources = site->resources,
                    .listener = {.ready = on_connect, .user = h}};
    if (!sim_watch_open(site->loop, &h->listener, fd, EPOLLIN)) {
        free(h);
        return grat_op_fail(op, GRAT_EIO, "port 80 of %s: too many open files", site->addr->text);
    }
    *server = h;
    return GRAT_OK;
}

static void http_close(void *server)
{
    sim_http *h = server;
    while (h->clients) drop(h->clients);
    sim_watch_close(h->loop, &h->listener);
    free(h);
}

const sim_wire_kind sim_wire_http = {
    .name = "http",
    .text = "the LXI identification document on port 80",
    .by_default = true,
    .open = http_open,
    .close = http_close,
};
