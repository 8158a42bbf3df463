/* The same work by the library and by a bare loop of send and recv:
 *   client lib|bare raw|vxi11|hislip HOST PORT query|block COUNT SIZE [CHUNK]
 * With CHUNK a block is read by plain reads of at most so many bytes, of raw sockets and by the library.
 * prints seconds for the whole and a sum of the bytes of the last answer. `lib` takes a resource string as HOST. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/str.h"
#include "wire/rpc.h"
#include "wire/vxi11.h"

typedef struct job {
    const char *host;
    int port, count;
    bool vxi, block;
    size_t size;
    char command[64];
    uint8_t *buf;
    size_t got;
    int fd;
    int32_t lid;
    size_t piece;
    uint32_t xid, chunk;
} job;

static void die(const char *what)
{
    fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void send_all(const job *j, const void *data, size_t n)
{
    const char *p = data;

    while (n) {
        ssize_t sent = send(j->fd, p, n, 0);

        if (sent <= 0) die("send");
        p += sent, n -= (size_t)sent;
    }
}

static void recv_all(const job *j, void *data, size_t n)
{
    if (n && recv(j->fd, data, n, MSG_WAITALL) != (ssize_t)n) die("recv");
}

static void dial(job *j)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)j->port)};
    int on = 1;

    j->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, j->host, &a.sin_addr) != 1) die(j->host);
    if (connect(j->fd, (struct sockaddr *)&a, sizeof a) != 0) die("connect");
    setsockopt(j->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* ---- raw ---------------------------------------------------------------------------------------- */

static void raw_once(job *j)
{
    j->got = 0;
    send_all(j, j->command, strlen(j->command));
    if (j->block && j->piece) {
        while (j->got < 11 + j->size + 1) {
            ssize_t n = recv(j->fd, j->buf + j->got, j->piece, 0);

            if (n <= 0) die("recv");
            j->got += (size_t)n;
        }
        return;
    }
    if (j->block) {
        j->got = 11 + j->size + 1;
        recv_all(j, j->buf, j->got);
        return;
    }
    do {
        ssize_t n = recv(j->fd, j->buf + j->got, 4096, 0);

        if (n <= 0) die("recv");
        j->got += (size_t)n;
    } while (j->buf[j->got - 1] != '\n');
}

/* ---- VXI-11: one record a message, replies in one fragment or more ------------------------------- */

static void vxi_send(job *j, grat__buf *b, uint32_t proc, size_t *mark)
{
    grat__rpc_mark_begin(b, mark);
    grat__rpc_put_call(b, ++j->xid, GRAT__VXI_CORE_PROG, GRAT__VXI_VERS, proc);
}

static size_t vxi_words(job *j, uint32_t *left)
{
    uint8_t head[4];

    recv_all(j, head, 4);
    *left = grat__be32(head) & 0x7FFFFFFF;
    return *left;
}

static void vxi_call(job *j, grat__buf *b, size_t mark, uint8_t *reply, size_t words)
{
    uint32_t left;

    grat__rpc_mark_end(b, mark, 0);
    send_all(j, b->data, b->len);
    b->len = 0;
    vxi_words(j, &left);
    recv_all(j, reply, GRAT__RPC_REPLY_HEAD + words * 4);
    left -= (uint32_t)(GRAT__RPC_REPLY_HEAD + words * 4);
    if (words == 3) {
        uint32_t n = grat__be32(reply + GRAT__RPC_REPLY_HEAD + 8);

        if (n > left) die("fragmented reply");
        recv_all(j, j->buf + j->got, left);
        j->got += n;
    } else if (left) {
        recv_all(j, j->buf, left);
    }
}

static void vxi_open(job *j)
{
    grat__vxi_create create = {.client_id = 1, .device = "inst0"};
    uint8_t reply[64];
    grat__buf b;
    size_t mark;

    grat__buf_init(&b, 4096);
    vxi_send(j, &b, GRAT__VXI_CREATE_LINK, &mark);
    grat__vxi_put_create(&b, &create);
    vxi_call(j, &b, mark, reply, 4);
    j->lid = (int32_t)grat__be32(reply + GRAT__RPC_REPLY_HEAD + 4);
    grat__buf_free(&b);
}

static void vxi_once(job *j, grat__buf *b)
{
    grat__vxi_write w = {.lid = j->lid, .io_timeout = 5000, .flags = GRAT__VXI_FLAG_END,
                         .data = (const uint8_t *)j->command, .n = strlen(j->command)};
    grat__vxi_read r = {.lid = j->lid, .request_size = j->chunk, .io_timeout = 5000};
    uint8_t reply[64];
    size_t mark;

    j->got = 0;
    vxi_send(j, b, GRAT__VXI_WRITE, &mark);
    grat__vxi_put_write(b, &w);
    vxi_call(j, b, mark, reply, 2);
    do {
        vxi_send(j, b, GRAT__VXI_READ, &mark);
        grat__vxi_put_read(b, &r);
        vxi_call(j, b, mark, reply, 3);
    } while (!(grat__be32(reply + GRAT__RPC_REPLY_HEAD + 4) & GRAT__VXI_REASON_END));
}

/* ---- both ------------------------------------------------------------------------------------------ */

static double bare(job *j)
{
    grat__buf b;
    int64_t begin;

    dial(j);
    if (j->vxi) vxi_open(j);
    grat__buf_init(&b, 4096);
    begin = grat_now_ns();
    for (int i = 0; i < j->count; i++) {
        if (j->vxi) vxi_once(j, &b);
        else raw_once(j);
    }
    begin = grat_now_ns() - begin;
    grat__buf_free(&b);
    close(j->fd);
    if (j->block) {
        j->got = j->size;
        memmove(j->buf, j->buf + 11, j->size);
    } else {
        j->got = grat__rtrim((char *)j->buf, j->got);
    }
    return (double)begin * 1e-9;
}

/* The whole answer as it is, in pieces. */
static grat_err in_pieces(job *j, grat_session *s, grat_op *op)
{
    size_t have = 0, all = 11 + j->size + 1;
    grat_err err = grat_io_write(s, j->command, strlen(j->command), true, op);

    while (err == GRAT_OK && have < all) {
        size_t room = all - have < j->piece ? all - have : j->piece;

        err = grat_io_read(s, j->buf + have, room, -1, false, op);
        have += op->count;
    }
    op->count = j->size;
    return err;
}

static grat_err once(job *j, grat_session *s, grat_op *op)
{
    if (!j->block) return grat_query(s, j->command, (char *)j->buf, 4096, op);
    return j->piece ? in_pieces(j, s, op) : grat_query_block(s, j->command, j->buf, j->size + 64, op);
}

static double library(job *j)
{
    grat_session *s = NULL;
    int64_t begin;
    grat_op op;

    if (!j->piece) j->command[strlen(j->command) - 1] = '\0';
    grat_op_init(&op, 600000, NULL);
    if (grat_open(j->host, NULL, &op, &s) != GRAT_OK
        || grat_query(s, "*IDN?", (char *)j->buf, 4096, &op) != GRAT_OK) {
        fprintf(stderr, "client: %s\n", op.text);
        exit(1);
    }
    begin = grat_now_ns();
    for (int i = 0; i < j->count; i++) {
        if (once(j, s, &op) == GRAT_OK) continue;
        fprintf(stderr, "client: %s\n", op.text);
        exit(1);
    }
    begin = grat_now_ns() - begin;
    j->got = op.count;
    if (j->block && j->piece) memmove(j->buf, j->buf + 11, j->size);
    grat_close(s);
    return (double)begin * 1e-9;
}

int main(int argc, char **argv)
{
    job j = {.chunk = 2 << 20};
    uint64_t size, piece = 0, sum = 0;
    double seconds;

    if (argc < 8 || argc > 9 || (argc == 9 && !grat__parse_u64(argv[8], &piece)) || !grat__parse_int(argv[4], &j.port)
        || !grat__parse_int(argv[6], &j.count) || !grat__parse_u64(argv[7], &size)) {
        fprintf(stderr, "usage: client lib|bare raw|vxi11|hislip HOST PORT query|block COUNT SIZE [CHUNK]\n");
        return 2;
    }
    j.host = argv[3];
    j.vxi = strcmp(argv[2], "vxi11") == 0;
    j.block = strcmp(argv[5], "block") == 0;
    j.size = (size_t)size;
    j.piece = (size_t)piece;
    j.buf = malloc(j.size + 8192);
    if (!j.buf) die("memory");
    if (j.block) snprintf(j.command, sizeof j.command, ":BLOCK? %zu\n", j.size);
    else snprintf(j.command, sizeof j.command, "*IDN?\n");
    seconds = strcmp(argv[1], "lib") == 0 ? library(&j) : bare(&j);
    for (size_t i = 0; i < j.got; i++) sum = sum * 31 + j.buf[i];
    printf("%.9f %zu %llx\n", seconds, j.got, (unsigned long long)sum);
    free(j.buf);
    return 0;
}
