#include "core/tls.h"

#include "core/lazy.h"
#include "core/str.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* ---- the library -------------------------------------------------------------------------------- */

/* Linked in, it would slow the start of every command. */
#define TLS_CALLS(X)                                                                                                   \
    X(TLS_client_method) X(TLS_server_method) X(SSL_CTX_new) X(SSL_CTX_free) X(SSL_CTX_ctrl)                           \
    X(SSL_CTX_set_default_verify_paths) X(SSL_CTX_load_verify_locations) X(SSL_CTX_set_verify)                         \
    X(SSL_CTX_use_certificate_chain_file) X(SSL_CTX_use_PrivateKey_file) X(SSL_CTX_check_private_key)                  \
    X(SSL_new) X(SSL_free) X(SSL_set_bio) X(SSL_set_connect_state) X(SSL_set_accept_state) X(SSL_do_handshake)         \
    X(SSL_read_ex) X(SSL_write_ex) X(SSL_shutdown) X(SSL_get_error) X(SSL_set1_host) X(SSL_ctrl)                       \
    X(SSL_get0_param) X(SSL_get_verify_result) X(SSL_get1_peer_certificate) X(X509_get_subject_name)                   \
    X(X509_get_issuer_name) X(X509_get0_notAfter) X(ASN1_TIME_to_tm) X(SSL_get_current_cipher) X(SSL_CIPHER_get_name)  \
    X(X509_NAME_oneline) X(X509_free) X(X509_verify_cert_error_string) X(X509_VERIFY_PARAM_set1_ip_asc)                \
    X(ERR_get_error) X(ERR_reason_error_string) X(ERR_clear_error)                                                     \
    X(BIO_meth_new) X(BIO_meth_set_read_ex) X(BIO_meth_set_write_ex) X(BIO_meth_set_ctrl) X(BIO_new)                   \
    X(BIO_set_data) X(BIO_get_data) X(BIO_set_init) X(BIO_set_flags) X(BIO_clear_flags)

static struct {
#define TLS_POINTER(name) __typeof__(name) *name##_;
    TLS_CALLS(TLS_POINTER)
#undef TLS_POINTER
    BIO_METHOD *socket;
    bool loaded;
} ssl;

struct grat__tls {
    int fd;
    bool open;                  /* the handshake is complete */
    bool ended, lost;
    SSL_CTX *ctx;
    SSL *ssl;
    char why[160];
    bool untrusted;
    pthread_mutex_t lock;
};

/* The socket as OpenSSL sees it: never blocking, never a SIGPIPE. */
static int socket_read(BIO *b, char *buf, size_t n, size_t *moved)
{
    grat__tls *t = ssl.BIO_get_data_(b);
    ssize_t r = recv(t->fd, buf, n, MSG_DONTWAIT);
    ssl.BIO_clear_flags_(b, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    if (r < 0 && (errno == EAGAIN || errno == EINTR)) ssl.BIO_set_flags_(b, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
    else if (r <= 0) t->lost = true;
    *moved = r > 0 ? (size_t)r : 0;
    return r > 0;
}

static int socket_write(BIO *b, const char *buf, size_t n, size_t *moved)
{
    grat__tls *t = ssl.BIO_get_data_(b);
    ssize_t r = send(t->fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    ssl.BIO_clear_flags_(b, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    if (r < 0 && (errno == EAGAIN || errno == EINTR)) ssl.BIO_set_flags_(b, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
    else if (r <= 0) t->lost = true;
    *moved = r > 0 ? (size_t)r : 0;
    return r > 0;
}

static long socket_ctrl(BIO *b, int what, long number, void *pointer)
{
    (void)b, (void)number, (void)pointer;
    return what == BIO_CTRL_FLUSH;
}

static void load_once(void)
{
    void *library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    bool good = true;
#define TLS_TAKE(name) good = grat__lazy_take(library, #name, &ssl.name##_) && good;
    TLS_CALLS(TLS_TAKE)
#undef TLS_TAKE
    if (!good) return;
    ssl.socket = ssl.BIO_meth_new_(BIO_TYPE_SOURCE_SINK, "graticule socket");
    if (!ssl.socket) return;
    ssl.BIO_meth_set_read_ex_(ssl.socket, socket_read);
    ssl.BIO_meth_set_write_ex_(ssl.socket, socket_write);
    ssl.BIO_meth_set_ctrl_(ssl.socket, socket_ctrl);
    ssl.loaded = true;
}

/* ---- set-up ----------------------------------------------------------------------------------------- */

static const char *reason(void)
{
    unsigned long code = ssl.ERR_get_error_();
    const char *text = code ? ssl.ERR_reason_error_string_(code) : NULL;
    ssl.ERR_clear_error_();
    /* The library has no words for what a system call says: its number is in the lowest 23 bits. */
    if (!text && code >> 31) text = strerror((int)(code & 0x7fffffff));
    return text ? text : "unknown reason";
}

static grat_err client_trust(grat__tls *t, const grat__tls_setup *s, grat_op *op)
{
    ssl.SSL_CTX_set_verify_(t->ctx, s->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (s->insecure) return GRAT_OK;
    int good = s->ca ? ssl.SSL_CTX_load_verify_locations_(t->ctx, s->ca, NULL)
                     : ssl.SSL_CTX_set_default_verify_paths_(t->ctx);
    if (good == 1) return GRAT_OK;
    return grat_op_fail(op, GRAT_EINVAL, "%s: no trusted certificates can be read: %s",
                        s->ca ? s->ca : "the system's store", reason());
}

static grat_err own_certificate(grat__tls *t, const grat__tls_setup *s, grat_op *op)
{
    const char *key = s->key ? s->key : s->cert;
    if (ssl.SSL_CTX_use_certificate_chain_file_(t->ctx, s->cert) != 1)
        return grat_op_fail(op, GRAT_EINVAL, "%s: no certificate can be read: %s", s->cert, reason());
    if (ssl.SSL_CTX_use_PrivateKey_file_(t->ctx, key, SSL_FILETYPE_PEM) != 1 ||
        ssl.SSL_CTX_check_private_key_(t->ctx) != 1)
        return grat_op_fail(op, GRAT_EINVAL, "%s: no key for the certificate can be read: %s", key, reason());
    return GRAT_OK;
}

static grat_err server_trust(grat__tls *t, const grat__tls_setup *s, grat_op *op)
{
    if (!s->clients) return GRAT_OK;
    ssl.SSL_CTX_set_verify_(t->ctx, SSL_VERIFY_PEER, NULL);
    if (ssl.SSL_CTX_load_verify_locations_(t->ctx, s->clients, NULL) == 1) return GRAT_OK;
    return grat_op_fail(op, GRAT_EINVAL, "%s: no trusted certificates can be read: %s", s->clients, reason());
}

static bool name_peer(grat__tls *t, const grat__tls_setup *s)
{
    if (s->server || !s->host) return true;
    char *host = NULL;
    memcpy(&host, &s->host, sizeof host); /* the control call has no const */
    if (ssl.X509_VERIFY_PARAM_set1_ip_asc_(ssl.SSL_get0_param_(t->ssl), s->host) == 1) return true;
    ssl.ERR_clear_error_();
    ssl.SSL_ctrl_(t->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host);
    return ssl.SSL_set1_host_(t->ssl, s->host) == 1;
}

static bool attach(grat__tls *t, const grat__tls_setup *s)
{
    BIO *b = ssl.BIO_new_(ssl.socket);
    t->ssl = ssl.SSL_new_(t->ctx);
    if (!b || !t->ssl) return false;
    ssl.BIO_set_data_(b, t);
    ssl.BIO_set_init_(b, 1);
    ssl.SSL_set_bio_(t->ssl, b, b);
    if (s->server) ssl.SSL_set_accept_state_(t->ssl);
    else ssl.SSL_set_connect_state_(t->ssl);
    return name_peer(t, s);
}

grat_err grat__tls_new(const grat__tls_setup *setup, int fd, grat_op *op, grat__tls **out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_once);
    if (!ssl.loaded) return grat_op_fail(op, GRAT_ENOTSUP, "OpenSSL cannot be loaded; install libssl3");
    grat__tls *t = calloc(1, sizeof *t);
    if (!t) return grat_op_fail(op, GRAT_ENOMEM, "TLS: out of memory");
    t->fd = fd;
    pthread_mutex_init(&t->lock, NULL);
    t->ctx = ssl.SSL_CTX_new_(setup->server ? ssl.TLS_server_method_() : ssl.TLS_client_method_());
    grat_err e = t->ctx ? GRAT_OK : grat_op_fail(op, GRAT_ENOMEM, "TLS: %s", reason());
    if (!e) {
        ssl.SSL_CTX_ctrl_(t->ctx, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
        ssl.SSL_CTX_ctrl_(t->ctx, SSL_CTRL_MODE,
                          SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, NULL);
        e = setup->server ? server_trust(t, setup, op) : client_trust(t, setup, op);
        if (!e && setup->cert) e = own_certificate(t, setup, op);
    }
    if (!e && !attach(t, setup)) e = grat_op_fail(op, GRAT_ENOMEM, "TLS: %s", reason());
    if (e) {
        grat__tls_free(t);
        return e;
    }
    *out = t;
    return GRAT_OK;
}

void grat__tls_free(grat__tls *t)
{
    if (!t) return;
    if (t->ssl) ssl.SSL_free_(t->ssl);
    if (t->ctx) ssl.SSL_CTX_free_(t->ctx);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static grat__tls_step outcome(grat__tls *t, int result)
{
    if (result > 0) return GRAT__TLS_DONE;
    switch (ssl.SSL_get_error_(t->ssl, result)) {
    case SSL_ERROR_WANT_READ: return GRAT__TLS_READ;
    case SSL_ERROR_WANT_WRITE: return GRAT__TLS_WRITE;
    case SSL_ERROR_ZERO_RETURN: return GRAT__TLS_CLOSED;
    default: break;
    }
    t->ended = true;
    if (t->lost) {
        ssl.ERR_clear_error_();
        return GRAT__TLS_LOST;
    }
    long verify = t->open ? X509_V_OK : ssl.SSL_get_verify_result_(t->ssl);
    const char *text = reason();
    t->untrusted = verify != X509_V_OK;
    if (t->untrusted)
        snprintf(t->why, sizeof t->why, "%.60s (%.80s)", text, ssl.X509_verify_cert_error_string_(verify));
    else grat__strcpy(t->why, sizeof t->why, text);
    return GRAT__TLS_FAILED;
}

grat__tls_step grat__tls_handshake(grat__tls *t)
{
    pthread_mutex_lock(&t->lock);
    ssl.ERR_clear_error_();
    grat__tls_step step = outcome(t, ssl.SSL_do_handshake_(t->ssl));
    if (step == GRAT__TLS_DONE) t->open = true;
    pthread_mutex_unlock(&t->lock);
    return step;
}

grat__tls_step grat__tls_read(grat__tls *t, void *buf, size_t n, size_t *moved)
{
    *moved = 0;
    pthread_mutex_lock(&t->lock);
    ssl.ERR_clear_error_();
    grat__tls_step step = outcome(t, ssl.SSL_read_ex_(t->ssl, buf, n, moved));
    pthread_mutex_unlock(&t->lock);
    return step;
}

grat__tls_step grat__tls_write(grat__tls *t, const void *buf, size_t n, size_t *moved)
{
    *moved = 0;
    pthread_mutex_lock(&t->lock);
    ssl.ERR_clear_error_();
    grat__tls_step step = outcome(t, ssl.SSL_write_ex_(t->ssl, buf, n, moved));
    pthread_mutex_unlock(&t->lock);
    return step;
}

void grat__tls_end(grat__tls *t)
{
    if (!t || !t->open || t->ended) return;
    t->ended = true;
    ssl.SSL_shutdown_(t->ssl);
    ssl.ERR_clear_error_();
}

bool grat__tls_untrusted(const grat__tls *t)
{
    return t->untrusted;
}

const char *grat__tls_why(const grat__tls *t)
{
    return t->why;
}

/* RFC 5280, 4.1.2.5. */
static void take_expiry(const X509 *x, grat__tls_facts *out)
{
    struct tm tm = {0};
    if (ssl.ASN1_TIME_to_tm_(ssl.X509_get0_notAfter_(x), &tm) != 1) return;
    out->perpetual = tm.tm_year == 9999 - 1900 && tm.tm_mon == 11 && tm.tm_mday == 31;
    snprintf(out->expires, sizeof out->expires, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
             (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

void grat__tls_get_facts(grat__tls *t, grat__tls_facts *out)
{
    *out = (grat__tls_facts){0};
    pthread_mutex_lock(&t->lock);
    const SSL_CIPHER *c = ssl.SSL_get_current_cipher_(t->ssl);
    if (c) snprintf(out->cipher, sizeof out->cipher, "%s", ssl.SSL_CIPHER_get_name_(c));
    X509 *x = ssl.SSL_get1_peer_certificate_(t->ssl);
    if (x) {
        out->certificate = true;
        ssl.X509_NAME_oneline_(ssl.X509_get_subject_name_(x), out->subject, (int)sizeof out->subject);
        ssl.X509_NAME_oneline_(ssl.X509_get_issuer_name_(x), out->issuer, (int)sizeof out->issuer);
        take_expiry(x, out);
        ssl.X509_free_(x);
    }
    pthread_mutex_unlock(&t->lock);
}
