/* The bench in a browser: start, the connections, the end. */
#include "serve/server.h"

#include "serve/cert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#define TICK_US 250000
#define CONNS_MAX 1024
/* Others: instruments, files, the library's own. */
#define SPARE_FDS 512

/* ---- connections --------------------------------------------------------------------------------------------- */

static void conn_add(server *srv, struct lws *wsi)
{
    conn *k = calloc(1, sizeof *k);
    if (!k) {
        lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC);
        return;
    }
    k->wsi = wsi;
    k->prev = srv->newest;
    if (srv->newest) srv->newest->next = k;
    else srv->oldest = k;
    srv->newest = k;
    srv->conns++;
    lws_set_opaque_user_data(wsi, k);
}

static void conn_remove(server *srv, struct lws *wsi)
{
    conn *k = lws_get_opaque_user_data(wsi);
    if (!k) return;
    lws_set_opaque_user_data(wsi, NULL);
    if (k->prev) k->prev->next = k->next;
    else srv->oldest = k->next;
    if (k->next) k->next->prev = k->prev;
    else srv->newest = k->prev;
    srv->conns--;
    free(k);
}

bool serve_conn_moved(server *srv, struct lws *wsi)
{
    conn *k = lws_get_opaque_user_data(wsi);
    if (k && k->doomed) return false;
    if (!k || k == srv->newest) return true;
    if (k->prev) k->prev->next = k->next;
    else srv->oldest = k->next;
    k->next->prev = k->prev;
    k->prev = srv->newest;
    k->next = NULL;
    srv->newest->next = k;
    srv->newest = k;
    return true;
}

static bool waits(const server *srv, const struct lws *wsi)
{
    for (const call *c = srv->calls; c; c = c->next) {
        if (c->wsi == wsi && c->ticket) return true;
    }
    return false;
}

/* The one that has been silent longest makes room: a flood of connections that never ask for anything, or ask slowly,
 * costs the others nothing. */
static void make_room(server *srv)
{
    for (conn *k = srv->oldest; k; k = k->next) {
        if (k->busy || k->doomed || waits(srv, k->wsi)) continue;
        k->doomed = true;
        lws_set_timeout(k->wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC);
        return;
    }
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    server *srv = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return srv->conns >= srv->conns_max + SPARE_FDS / 2;
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        conn_add(srv, wsi);
        if (srv->conns > srv->conns_max) make_room(srv);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        if (srv) conn_remove(srv, wsi);
        return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        /* The library would go on in HTTP/2, past what is checked here. */
        return strcasecmp(in ? in : "", "websocket") == 0 ? 0 : -1;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return -1;  /* a WebSocket that does not name our protocol */
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        for (unsigned i = 0; i < srv->slot_count; i++) {
            for (serve_job *j; (j = serve_bench_done(srv->slots[i].bench));) serve_job_arrived(srv, j);
        }
        serve_viewers_wake(srv);
        return 0;
    case LWS_CALLBACK_RAW_RX_FILE:
        srv->ended = true;
        lws_cancel_service(srv->ctx);
        return 0;
    default:
        return user ? serve_http(wsi, reason, user, in, len) : 0;
    }
}

static int on_ws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    if (reason == LWS_CALLBACK_ESTABLISHED) {
        conn *k = lws_get_opaque_user_data(wsi);
        if (k) k->busy = true;
    }
    return serve_ws(wsi, reason, user, in, len);
}

static const struct lws_protocols protocols[] = {
    {.name = "http", .callback = on_http, .per_session_data_size = sizeof(call *), .rx_buffer_size = 4096},
    {.name = "graticule.1", .callback = on_ws, .per_session_data_size = sizeof(viewer), .rx_buffer_size = 4096},
    {.name = NULL},
};

static void on_tick(lws_sorted_usec_list_t *sul)
{
    server *srv = lws_container_of(sul, server, tick);
    serve_finder_take(srv->finder);
    serve_viewers_tick(srv);
    lws_sul_schedule(srv->ctx, 0, &srv->tick, on_tick, TICK_US);
}

/* ---- start ------------------------------------------------------------------------------------------------------ */

static bool is_loopback(const char *address)
{
    struct in_addr a4;
    struct in6_addr a6;
    if (inet_pton(AF_INET, address, &a4) == 1) return (ntohl(a4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, address, &a6) == 1 && IN6_IS_ADDR_LOOPBACK(&a6);
}

static bool is_address(const char *address)
{
    struct in6_addr a;
    return inet_pton(AF_INET, address, &a) == 1 || inet_pton(AF_INET6, address, &a) == 1;
}

static grat_err check(const grat_serve_options *o, const char *address, grat_op *op)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if (o->size != sizeof *o) return grat_op_fail(op, GRAT_EINVAL, "serve: the size of the options is wrong");
    if (!is_address(address)) return grat_op_fail(op, GRAT_EINVAL, "%s: an address in numbers is wanted", address);
    if (!is_loopback(address) && !o->token)
        return grat_op_fail(op, GRAT_EACCES, "%s: others can reach it, so a token is needed; give --token", address);
    if (o->token && (strlen(o->token) < SERVE_TOKEN_MIN || strlen(o->token) > SERVE_TOKEN_MAX ||
                     strspn(o->token, allowed) != strlen(o->token)))
        return grat_op_fail(op, GRAT_EINVAL, "token: %d to %d letters, digits, - and _ are wanted", SERVE_TOKEN_MIN,
                            SERVE_TOKEN_MAX);
    if (!o->cert != !o->key)
        return grat_op_fail(op, GRAT_EINVAL, "certificate: it needs its key, and a key its certificate");
    return GRAT_OK;
}

/* The names of this host, and those that were given. */
static void fill_names(server *srv)
{
    static char host[130], local[140];
    unsigned n = 0;
    if (srv->gate.loopback) {
        srv->names[0] = NULL;
    } else if (gethostname(host, sizeof host - 1) == 0) {
        snprintf(local, sizeof local, "%s.local", host);
        srv->names[n++] = host;
        srv->names[n++] = local;
    }
    for (unsigned i = 0; srv->opt->names && srv->opt->names[i] && n < 39; i++) srv->names[n++] = srv->opt->names[i];
    srv->names[n] = NULL;
    srv->gate.names = srv->names;
}

static void random_text(char *out, size_t bytes)
{
    unsigned char raw[32];
    if (bytes > sizeof raw || RAND_bytes(raw, (int)bytes) != 1) abort();
    for (size_t i = 0; i < bytes; i++) snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

static void limits(server *srv)
{
    struct rlimit r;
    srv->conns_max = CONNS_MAX;
    if (getrlimit(RLIMIT_NOFILE, &r)) return;
    rlim_t want = CONNS_MAX + 2 * SPARE_FDS;
    if (r.rlim_cur < want) {
        r.rlim_cur = r.rlim_max < want ? r.rlim_max : want;
        setrlimit(RLIMIT_NOFILE, &r);
    }
    if (r.rlim_cur < want) srv->conns_max = r.rlim_cur > 2 * SPARE_FDS ? (unsigned)r.rlim_cur - 2 * SPARE_FDS : 64;
}

/* What is behind waits for an address that is not there, and does not say why a port cannot be had. */
static grat_err try_address(const char *address, uint16_t port, grat_op *op)
{
    struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool v4 = inet_pton(AF_INET, address, &a4.sin_addr) == 1;
    if (!v4) inet_pton(AF_INET6, address, &a6.sin6_addr);
    int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) return grat_op_fail(op, GRAT_EIO, "%s: %s", address, strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int bad = bind(fd, v4 ? (struct sockaddr *)&a4 : (struct sockaddr *)&a6, v4 ? sizeof a4 : sizeof a6);
    int why = errno;
    close(fd);
    if (!bad) return GRAT_OK;
    return grat_op_fail(op, why == EACCES ? GRAT_EACCES : GRAT_EBUSY, "%s port %u: it cannot be listened at: %s; "
                        "choose another with --listen", address, port, strerror(why));
}

static bool same_address(const struct sockaddr_storage *a, const char *address)
{
    char text[INET6_ADDRSTRLEN] = "", wanted[INET6_ADDRSTRLEN] = "";
    struct in6_addr raw;
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;
    if (a->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, text, sizeof text);
    else
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, text, sizeof text);
    return a->ss_family == family && inet_pton(family, address, &raw) == 1 &&
           inet_ntop(family, &raw, wanted, sizeof wanted) && strcmp(text, wanted) == 0;
}

/* Every listening socket of the port, as the kernel has it: being reachable from elsewhere by mistake is the worst that
 * could happen here. */
static bool listens_there_alone(const char *address, int port)
{
    bool any = false;
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_storage a;
        socklen_t n = sizeof a, m = sizeof(int);
        int listening = 0;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &m) || !listening) continue;
        if (getsockname(fd, (struct sockaddr *)&a, &n) || (a.ss_family != AF_INET && a.ss_family != AF_INET6)) continue;
        in_port_t at = a.ss_family == AF_INET ? ((struct sockaddr_in *)(void *)&a)->sin_port
                                              : ((struct sockaddr_in6 *)(void *)&a)->sin6_port;
        if (ntohs(at) != port) continue;
        if (!same_address(&a, address)) return false;
        any = true;
    }
    return any;
}

static grat_err listen_at(server *srv, const char *address, const serve_cert *cert, grat_op *op)
{
    static const lws_retry_bo_t idle = {.secs_since_valid_ping = 20, .secs_since_valid_hangup = 45};
    struct lws_context_creation_info info = {0};
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
    if (srv->gate.tls) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.fd_limit_per_thread = srv->conns_max + SPARE_FDS;
    info.user = srv;
    info.gid = info.uid = (unsigned)-1;
    srv->ctx = lws_create_context(&info);
    if (!srv->ctx) return grat_op_fail(op, GRAT_ENOMEM, "serve: it cannot be started");
    /* With IPv6 on, the library takes the name of an IPv4 address for none, and listens at all of them. */
    if (!strchr(address, ':')) info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    info.port = srv->opt->port;
    info.iface = address;
    info.protocols = protocols;
    info.vhost_name = "graticule";
    info.timeout_secs = 10;
    info.timeout_secs_ah_idle = 10;
    info.keepalive_timeout = 15;
    info.retry_and_idle_policy = &idle;
    info.alpn = "http/1.1";
    if (srv->gate.tls) {
        info.ssl_cert_filepath = cert->cert;
        info.ssl_private_key_filepath = cert->key;
        info.ssl_options_set = (long)(SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1);
    }
    srv->vhost = lws_create_vhost(srv->ctx, &info);
    if (srv->vhost && listens_there_alone(address, lws_get_vhost_listen_port(srv->vhost))) return GRAT_OK;
    if (srv->vhost) return grat_op_fail(op, GRAT_EIO, "%s: something else would be listened at; not served", address);
    return grat_op_fail(op, GRAT_EBUSY, "%s port %u: it cannot be listened at: the port was taken just now, or the "
                        "certificate is unusable; look at --listen and --cert", address, srv->opt->port);
}

static void add_instruments(server *srv)
{
    grat_op op;
    grat_config *config = NULL;
    const char *name, *resource;
    for (unsigned i = 0; srv->opt->resources && srv->opt->resources[i]; i++)
        serve_slot_add(srv, srv->opt->resources[i], "command line");
    grat_op_init(&op, 0, NULL);
    if (grat_config_load(&op, &config)) return;
    for (unsigned i = 0; (resource = grat_config_entry(config, i, &name)); i++) {
        slot *s = serve_slot_add(srv, resource, "config");
        if (s && name) snprintf(s->name, sizeof s->name, "%s", name);
    }
    grat_config_free(config);
}

static void announce(const server *srv, const char *address, const serve_cert *cert)
{
    char url[400];
    int port = lws_get_vhost_listen_port(srv->vhost);
    bool any = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
    bool v6 = strchr(address, ':') != NULL;
    const char *host = any && srv->names[0] ? srv->names[0] : address;
    if (strchr(host, ':') == NULL) v6 = false;
    snprintf(url, sizeof url, "%s://%s%s%s:%d/%s%s", srv->gate.tls ? "https" : "http", v6 ? "[" : "", host,
             v6 ? "]" : "", port, srv->opt->token ? "#token=" : "", srv->opt->token ? srv->opt->token : "");
    if (srv->opt->ready) srv->opt->ready(srv->opt->user, url, cert->fingerprint);
}

static void serve(server *srv, grat_op *op)
{
    lws_sock_file_fd_type fd = {.filefd = op->cancel ? dup(grat_cancel_fd(op->cancel)) : -1};
    if (op->cancel && fd.filefd >= 0)
        lws_adopt_descriptor_vhost(srv->vhost, LWS_ADOPT_RAW_FILE_DESC, fd, "http", NULL);
    lws_sul_schedule(srv->ctx, 0, &srv->tick, on_tick, TICK_US);
    while (!srv->ended && grat_op_check(op) == GRAT_OK) {
        if (lws_service(srv->ctx, 0) < 0) break;
    }
    lws_sul_schedule(srv->ctx, 0, &srv->tick, NULL, LWS_SET_TIMER_USEC_CANCEL);
}

static void say_nothing(int level, const char *line)
{
    (void)level;
    (void)line;
}

static grat_err start(server *srv, const char *address, serve_cert *cert, grat_op *op)
{
    const grat_serve_options *o = srv->opt;
    srv->gate = (serve_gate){.token = o->token, .loopback = is_loopback(address)};
    srv->gate.tls = o->tls || o->cert || !srv->gate.loopback;
    snprintf(srv->gate.cookie, sizeof srv->gate.cookie, "graticule_%u", o->port);
    random_text(srv->gate.session, 16);
    fill_names(srv);
    if (!o->folder || !serve_folder_open(&srv->folder, o->folder))
        return grat_op_fail(op, GRAT_EACCES, "%s: the folder for recordings cannot be opened: %s",
                            o->folder ? o->folder : "serve", strerror(errno));
    if (o->cert) {
        snprintf(cert->cert, sizeof cert->cert, "%s", o->cert);
        snprintf(cert->key, sizeof cert->key, "%s", o->key);
    }
    grat_err err = srv->gate.tls ? serve_cert_ready(cert, address, op) : GRAT_OK;
    limits(srv);
    srv->finder = serve_finder_new(srv);
    if (!err && !srv->finder) err = grat_op_fail(op, GRAT_ENOMEM, "serve: out of memory");
    if (!err) err = try_address(address, o->port, op);
    return err ? err : listen_at(srv, address, cert, op);
}

grat_err grat_serve(const grat_serve_options *o, grat_op *op)
{
    const char *address = o->size == sizeof *o && o->address ? o->address : "127.0.0.1";
    serve_cert cert = {{0}};
    grat_err err = check(o, address, op);
    if (err) return err;
    server *srv = calloc(1, sizeof *srv);
    if (!srv) return grat_op_fail(op, GRAT_ENOMEM, "serve: out of memory");
    srv->opt = o;
    srv->folder.fd = -1;
    lws_set_log_level(LLL_ERR, say_nothing);
    err = start(srv, address, &cert, op);
    if (!err) {
        add_instruments(srv);
        announce(srv, address, &cert);
        serve(srv, op);
    }
    serve_finder_free(srv->finder);
    /* Their threads wake the context, and its viewers look at them as they go. */
    for (unsigned i = 0; i < srv->slot_count; i++) serve_bench_stop(srv->slots[i].bench);
    if (srv->ctx) lws_context_destroy(srv->ctx);
    for (unsigned i = 0; i < srv->slot_count; i++) serve_bench_free(srv->slots[i].bench);
    serve_folder_close(&srv->folder);
    free(srv);
    return err;
}
