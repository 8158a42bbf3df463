/* Pictures for browsers and video programs: HTTP with multipart/x-mixed-replace, one JPEG a part. One thread serves
 * all; a client that is slow gets the newest picture when it has taken the last one, and harms nobody. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/str.h"
#include "core/wait.h"
#include "format/image/image.h"
#include "video/sink.h"
#include "wire/http_head.h"

enum { CLIENTS = 32, QUALITY = 88, REQUEST_MS = 5000, STALL_MS = 15000, TURN_MS = 1000, PAUSE_MS = 50,
       SEND_BUFFER = 256 * 1024, TOKEN_MIN = 8 };
#define BOUNDARY "graticule"
#define NS_PER_MS 1000000ll

typedef struct picture {
    int refs;             /* of the serving thread alone */
    uint8_t *data;
    size_t n;
} picture;

typedef enum phase { PHASE_FREE, PHASE_REQUEST, PHASE_STREAM, PHASE_ONE, PHASE_LAST } phase;

typedef struct client {
    int fd;
    phase phase;
    uint8_t in[GRAT__HTTP_HEAD_MAX];
    size_t in_n;
    char text[512];       /* to send before the picture in hand */
    size_t text_n, text_at;
    picture *now, *next;  /* being sent; the newest that waits */
    size_t at;
    int64_t moved_ns;
} client;

typedef struct server {
    int listener, epoll, wake;
    char where[96], token[128];
    bool local;
    pthread_t thread;
    bool running;
    client client[CLIENTS];
    picture *latest;
    grat__yuv encoding;   /* the thread's own */
    uint8_t *planes;      /* in full range, padded */
    unsigned stride, lines;

    pthread_mutex_t lock; /* for all below */
    bool stop, fresh;
    grat__yuv frame;
    uint64_t skipped;
} server;

/* ---- pictures ------------------------------------------------------------------------------------- */

static picture *hold(picture *p)
{
    if (p) p->refs++;
    return p;
}

static void drop(picture *p)
{
    if (!p || --p->refs) return;
    free(p->data);
    free(p);
}

/* Limited range to full, rows padded by their last pixel. */
static void stretch(uint8_t *to, unsigned stride, unsigned lines, const uint8_t *from, const unsigned shape[2],
                    const uint8_t *table)
{
    unsigned width = shape[0], height = shape[1];
    for (unsigned y = 0; y < lines; y++) {
        const uint8_t *in = from + (size_t)(y < height ? y : height - 1) * width;
        uint8_t *out = to + (size_t)y * stride;
        for (unsigned x = 0; x < width; x++) out[x] = table[in[x]];
        memset(out + width, out[width - 1], stride - width);
    }
}

static uint8_t clip(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static picture *encode(server *s)
{
    const grat__yuv *f = &s->encoding;
    uint8_t luma[256], chroma[256];
    grat_op op;
    for (int i = 0; i < 256; i++) {
        luma[i] = clip(((i - 16) * 255 + 109) / 219);
        chroma[i] = clip(128 + ((i - 128) * 255 + (i < 128 ? -112 : 112)) / 224);
    }
    size_t n = (size_t)f->width * f->height, big = (size_t)s->stride * s->lines;
    uint8_t *u = s->planes + big, *v = u + big / 4;
    stretch(s->planes, s->stride, s->lines, f->data, (unsigned[]){f->width, f->height}, luma);
    stretch(u, s->stride / 2, s->lines / 2, f->data + n, (unsigned[]){f->width / 2, f->height / 2}, chroma);
    stretch(v, s->stride / 2, s->lines / 2, f->data + n + n / 4, (unsigned[]){f->width / 2, f->height / 2}, chroma);
    picture *p = calloc(1, sizeof *p);
    grat_op_init(&op, 0, NULL);
    grat__planes planes = {f->width, f->height, s->stride, s->planes, u, v};
    if (p && grat__jpeg_encode_planes(&planes, QUALITY, &p->data, &p->n, &op) == GRAT_OK) {
        p->refs = 1;
        return p;
    }
    free(p);
    return NULL;
}

/* ---- clients ---------------------------------------------------------------------------------------- */

static void forget(client *c)
{
    close(c->fd);
    drop(c->now);
    drop(c->next);
    c->fd = -1;
    c->now = c->next = NULL;
    c->phase = PHASE_FREE;
}

static void listen_for(server *s, client *c, bool room)
{
    struct epoll_event ev = {.events = EPOLLIN | (room ? EPOLLOUT : 0u), .data.u32 = (uint32_t)(c - s->client)};
    epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

static void say(client *c, const char *text)
{
    size_t n = strlen(text);
    if (c->text_n + n > sizeof c->text) return;
    memcpy(c->text + c->text_n, text, n);
    c->text_n += n;
}

static void begin_picture(client *c, picture *p)
{
    char text[128];
    c->now = p;
    c->at = 0;
    snprintf(text, sizeof text, "Content-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n", p->n);
    if (c->phase == PHASE_STREAM) {
        say(c, text);
    } else {
        say(c, "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nConnection: close\r\n");
        say(c, text);
    }
}

/* True when all is sent; false when the peer takes no more now. *gone when it is not there any more. */
static bool send_some(client *c, const void *data, size_t n, size_t *at, bool *gone)
{
    while (*at < n) {
        ssize_t sent = send(c->fd, (const uint8_t *)data + *at, n - *at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) {
            *gone = errno != EAGAIN && errno != EWOULDBLOCK;
            return false;
        }
        *at += (size_t)sent;
        c->moved_ns = grat_now_ns();
    }
    return true;
}

/* Sends what there is. */
static void serve(server *s, client *c)
{
    bool gone = false;
    for (;;) {
        if (!send_some(c, c->text, c->text_n, &c->text_at, &gone)) break;
        c->text_n = c->text_at = 0;
        if (c->now) {
            if (!send_some(c, c->now->data, c->now->n, &c->at, &gone)) break;
            drop(c->now);
            c->now = NULL;
            /* Behind each picture, not before it: a browser shows what is between two. */
            if (c->phase == PHASE_STREAM) say(c, "\r\n--" BOUNDARY "\r\n");
            else c->phase = PHASE_LAST;
        } else if (c->next && c->phase != PHASE_LAST) {
            begin_picture(c, c->next);
            c->next = NULL;
        } else {
            break;
        }
    }
    bool idle = !c->text_n && !c->now;
    if (gone || (idle && c->phase == PHASE_LAST)) forget(c);
    else listen_for(s, c, !idle);
}

static void answer(server *s, client *c, const char *status, const char *body)
{
    char text[400];
    snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                                "Connection: close\r\n\r\n%s\n", status, strlen(body) + 1, body);
    say(c, text);
    c->phase = PHASE_LAST;
    serve(s, c);
}

static bool same_token(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned differ = n != m;
    for (size_t i = 0; i < n; i++) differ |= (unsigned char)a[i] ^ (unsigned char)b[m ? i % m : 0];
    return !differ;
}

static bool may(const server *s, const grat__http_head *h)
{
    char given[128];
    if (!s->token[0]) return true;
    if (grat__http_query(h->query, "token", given, sizeof given)) return same_token(given, s->token);
    return strncmp(h->authorization, "Bearer ", 7) == 0 && same_token(h->authorization + 7, s->token);
}

/* Pages of other origins must not reach it: the origin of ours is its host. */
static bool foreign(const server *s, const grat__http_head *h)
{
    const char *from = strstr(h->origin, "://");
    if (s->local && !s->token[0] && !grat__http_host_is_local(h->host)) return true;
    return h->origin[0] && (!from || !grat__strcaseeq(from + 3, h->host));
}

static void respond(server *s, client *c, const grat__http_head *h)
{
    bool stream = strcmp(h->path, "/frame.jpg") != 0;
    pthread_mutex_lock(&s->lock);
    bool newer = s->fresh;
    pthread_mutex_unlock(&s->lock);
    c->phase = stream ? PHASE_STREAM : PHASE_ONE;
    if (stream) say(c, "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=" BOUNDARY "\r\n"
                       "Cache-Control: no-store\r\nConnection: close\r\n\r\n--" BOUNDARY "\r\n");
    if (!newer) c->next = hold(s->latest);
    serve(s, c);
}

/* Why it is refused; NULL when it is not. */
static const char *refusal(const server *s, const grat__http_head *h, const char **body)
{
    *body = "only GET";
    if (strcmp(h->method, "GET") != 0) return "405 Method Not Allowed";
    *body = "not for this host or origin";
    if (foreign(s, h)) return "403 Forbidden";
    *body = "the token is missing or wrong: ?token=TEXT";
    if (!may(s, h)) return "401 Unauthorized";
    *body = "/ or /frame.jpg";
    if (strcmp(h->path, "/") == 0 || strcmp(h->path, "/stream.mjpg") == 0) return NULL;
    return strcmp(h->path, "/frame.jpg") == 0 ? NULL : "404 Not Found";
}

static void request(server *s, client *c)
{
    grat__http_head head;
    size_t used;
    const char *body = "malformed";
    grat_err e = grat__http_head_parse(c->in, c->in_n, &head, &used);
    if (e == GRAT_ESHORT) return;
    const char *status = e ? "400 Bad Request" : refusal(s, &head, &body);
    if (status) answer(s, c, status, body);
    else respond(s, c, &head);
}

static void receive(server *s, client *c)
{
    uint8_t waste[512];
    bool asks = c->phase == PHASE_REQUEST;
    ssize_t n = asks ? recv(c->fd, c->in + c->in_n, sizeof c->in - c->in_n, MSG_DONTWAIT)
                     : recv(c->fd, waste, sizeof waste, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        forget(c);
        return;
    }
    if (!asks) return;
    c->in_n += (size_t)n;
    request(s, c);
}

static void take_client(server *s)
{
    int one = 1, room = SEND_BUFFER;
    int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        grat_op op;
        grat_op_init(&op, PAUSE_MS, NULL);   /* no descriptors: it would be asked at once again */
        if (errno == EMFILE || errno == ENFILE) grat_op_sleep_until(&op, INT64_MAX);
        return;
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        client *c = &s->client[i];
        struct epoll_event ev = {.events = EPOLLIN, .data.u32 = i};
        if (c->phase != PHASE_FREE) continue;
        if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) < 0) break;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
        *c = (client){.fd = fd, .phase = PHASE_REQUEST, .moved_ns = grat_now_ns()};
        return;
    }
    close(fd);   /* more than we serve */
}

/* ---- the thread ----------------------------------------------------------------------------------------- */

/* The picture for everybody, encoded once, when somebody is there. */
static void distribute(server *s, bool fresh)
{
    uint64_t skipped = 0;
    if (fresh) {
        picture *p = encode(s);
        if (!p) return;
        drop(s->latest);
        s->latest = p;
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        client *c = &s->client[i];
        if (c->phase != PHASE_STREAM && !(c->phase == PHASE_ONE && !c->now)) continue;
        skipped += c->next != NULL;
        drop(c->next);
        c->next = hold(s->latest);
        if (!c->now) serve(s, c);
    }
    pthread_mutex_lock(&s->lock);
    s->skipped += skipped;
    pthread_mutex_unlock(&s->lock);
}

static void expire(server *s)
{
    int64_t now = grat_now_ns();
    for (unsigned i = 0; i < CLIENTS; i++) {
        client *c = &s->client[i];
        int64_t idle = now - c->moved_ns;
        if (c->phase == PHASE_REQUEST && idle > REQUEST_MS * NS_PER_MS) forget(c);
        else if (c->phase != PHASE_FREE && (c->now || c->text_n) && idle > STALL_MS * NS_PER_MS) forget(c);
    }
}

static bool watched(const server *s)
{
    for (unsigned i = 0; i < CLIENTS; i++)
        if (s->client[i].phase != PHASE_FREE) return true;
    return false;
}

/* Takes the newest frame; nothing is encoded while nobody watches. */
static void woken(server *s)
{
    uint64_t count;
    bool fresh = false, same = true;
    (void)!read(s->wake, &count, sizeof count);
    pthread_mutex_lock(&s->lock);
    if (s->fresh && watched(s)) {
        same = s->latest && memcmp(s->frame.data, s->encoding.data, s->frame.size) == 0;
        grat__yuv old = s->encoding;
        s->encoding = s->frame;
        s->frame = old;
        s->fresh = false;
        fresh = true;
    }
    pthread_mutex_unlock(&s->lock);
    if (fresh) distribute(s, !same);
}

static void *run(void *arg)
{
    server *s = arg;
    for (;;) {
        struct epoll_event ev[16];
        grat_op op;
        grat_op_init(&op, TURN_MS, NULL);
        grat__op_wait(&op, s->epoll, POLLIN);
        int n = epoll_wait(s->epoll, ev, 16, 0);
        for (int i = 0; i < n; i++) {
            uint32_t who = ev[i].data.u32;
            if (who == CLIENTS) take_client(s);
            if (who >= CLIENTS) continue;
            client *c = &s->client[who];
            if (c->phase != PHASE_FREE && ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(s, c);
            if (c->phase != PHASE_FREE && ev[i].events & EPOLLOUT) serve(s, c);
        }
        woken(s);
        expire(s);
        pthread_mutex_lock(&s->lock);
        bool stop = s->stop;
        pthread_mutex_unlock(&s->lock);
        if (stop) return NULL;
    }
}

/* ---- the sink -------------------------------------------------------------------------------------------- */

/* "8080", "127.0.0.1:8080", "[::1]:8080" */
static bool split(const char *target, char host[64], char port[8])
{
    const char *colon = strrchr(target, ':'), *digits = colon ? colon + 1 : target;
    size_t n = colon ? (size_t)(colon - target) : 0;
    uint64_t number;
    if (!grat__parse_u64(digits, &number) || number > 65535 || strlen(digits) > 5 || n > 62) return false;
    grat__strcpy(port, 8, digits);
    grat__strcpy(host, 64, "127.0.0.1");
    if (!colon) return true;
    bool bracket = n > 2 && target[0] == '[' && target[n - 1] == ']';
    size_t from = bracket ? 1 : 0, len = n - 2 * from;
    if (!len || len > 62) return false;
    memcpy(host, target + from, len);
    host[len] = '\0';
    return bracket || !strchr(host, ':');
}

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)a;
    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static grat_err bind_to(server *s, const char *target, const struct addrinfo *a, grat_op *op)
{
    int one = 1;
    char host[64], port[8];
    struct sockaddr_storage bound;
    socklen_t n = sizeof bound;
    s->local = is_loopback(a->ai_addr);
    if (!s->local && strlen(s->token) < TOKEN_MIN)
        return grat_op_fail(op, GRAT_EACCES, "--mjpeg %s: others could watch; give a --token TEXT of %d characters or "
                            "more with it", target, TOKEN_MIN);
    s->listener = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listener < 0) return grat_op_fail(op, GRAT_EIO, "--mjpeg %s: no socket: %s", target, strerror(errno));
    setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(s->listener, a->ai_addr, a->ai_addrlen) < 0 || listen(s->listener, 16) < 0)
        return grat_op_fail(op, errno == EACCES ? GRAT_EACCES : GRAT_EBUSY, "--mjpeg %s: cannot listen: %s; choose "
                            "another port", target, strerror(errno));
    if (getsockname(s->listener, (struct sockaddr *)&bound, &n) < 0 ||
        getnameinfo((struct sockaddr *)&bound, n, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return grat_op_fail(op, GRAT_EIO, "--mjpeg %s: the socket has no name", target);
    snprintf(s->where, sizeof s->where, bound.ss_family == AF_INET6 ? "http://[%s]:%s/" : "http://%s:%s/", host, port);
    return GRAT_OK;
}

static grat_err start(server *s, const char *target, grat_op *op)
{
    char host[64], port[8];
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *a = NULL;
    if (!split(target, host, port) || getaddrinfo(host, port, &hints, &a) || !a)
        return grat_op_fail(op, GRAT_EINVAL, "--mjpeg %s: a port, or ADDRESS:PORT with a numeric address", target);
    grat_err e = bind_to(s, target, a, op);
    freeaddrinfo(a);
    if (e) return e;
    struct epoll_event door = {.events = EPOLLIN, .data.u32 = CLIENTS};
    struct epoll_event bell = {.events = EPOLLIN, .data.u32 = CLIENTS + 1};
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->epoll < 0 || s->wake < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &door) < 0 ||
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->wake, &bell) < 0)
        return grat_op_fail(op, GRAT_ENOMEM, "--mjpeg %s: no file descriptor left", target);
    s->running = pthread_create(&s->thread, NULL, run, s) == 0;
    return s->running ? GRAT_OK : grat_op_fail(op, GRAT_ENOMEM, "--mjpeg %s: no thread can be started", target);
}

static void wake(server *s)
{
    uint64_t one = 1;
    (void)!write(s->wake, &one, sizeof one);
}

static grat_err mjpeg_close(void *sink, grat_op *op)
{
    server *s = sink;
    (void)op;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_mutex_unlock(&s->lock);
    if (s->running) {
        wake(s);
        pthread_join(s->thread, NULL);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        if (s->client[i].phase != PHASE_FREE) forget(&s->client[i]);
    drop(s->latest);
    if (s->listener >= 0) close(s->listener);
    if (s->epoll >= 0) close(s->epoll);
    if (s->wake >= 0) close(s->wake);
    grat__yuv_free(&s->encoding);
    grat__yuv_free(&s->frame);
    free(s->planes);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return GRAT_OK;
}

static grat_err mjpeg_open(const grat_live_out *to, const grat__video_shape *shape, grat_op *op, void **out)
{
    server *s = calloc(1, sizeof *s);
    if (!s) return grat_op_fail(op, GRAT_ENOMEM, "live: out of memory");
    s->listener = s->epoll = s->wake = -1;
    pthread_mutex_init(&s->lock, NULL);
    s->stride = (shape->width + 15) & ~15u;
    s->lines = (shape->height + 15) & ~15u;
    s->planes = malloc((size_t)s->stride * s->lines * 3 / 2);
    grat_err e = s->planes ? GRAT_OK : grat_op_fail(op, GRAT_ENOMEM, "live: out of memory");
    if (!e && to->token && strlen(to->token) >= sizeof s->token)
        e = grat_op_fail(op, GRAT_EINVAL, "--token: at most %zu characters", sizeof s->token - 1);
    if (!e && to->token) grat__strcpy(s->token, sizeof s->token, to->token);
    if (!e) e = grat__yuv_init(&s->frame, shape->width, shape->height, op);
    if (!e) e = grat__yuv_init(&s->encoding, shape->width, shape->height, op);
    if (!e) e = start(s, to->target, op);
    if (e) {
        mjpeg_close(s, op);
        return e;
    }
    *out = s;
    return GRAT_OK;
}

static grat_err mjpeg_frame(void *sink, const grat__yuv *f, uint64_t tick, grat_op *op)
{
    server *s = sink;
    (void)tick, (void)op;
    pthread_mutex_lock(&s->lock);
    grat__yuv_copy(&s->frame, f);
    s->fresh = true;
    pthread_mutex_unlock(&s->lock);
    wake(s);
    return GRAT_OK;
}

static void mjpeg_where(const void *sink, char *out, size_t cap)
{
    grat__strcpy(out, cap, ((const server *)sink)->where);
}

static uint64_t mjpeg_skipped(void *sink)
{
    server *s = sink;
    pthread_mutex_lock(&s->lock);
    uint64_t n = s->skipped;
    pthread_mutex_unlock(&s->lock);
    return n;
}

const grat__video_kind grat__video_mjpeg = {.name = "mjpeg", .open = mjpeg_open, .frame = mjpeg_frame,
                                            .close = mjpeg_close, .where = mjpeg_where, .skipped = mjpeg_skipped};
