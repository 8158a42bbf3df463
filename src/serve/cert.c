#include "serve/cert.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAYS 397
#define DAY_SECONDS 86400L

static grat_err folder_of(char *out, size_t cap, grat_op *op)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char base[400];
    if (config && *config == '/') snprintf(base, sizeof base, "%s", config);
    else if (home && *home == '/') snprintf(base, sizeof base, "%s/.config", home);
    else return grat_op_fail(op, GRAT_EACCES, "certificate: no place for it; set HOME, or give --cert and --key");
    mkdir(base, 0700);
    snprintf(out, cap, "%s/graticule", base);
    mkdir(out, 0700);
    snprintf(out, cap, "%s/graticule/serve", base);
    if (mkdir(out, 0700) == 0 || errno == EEXIST) return GRAT_OK;
    return grat_op_fail(op, GRAT_EACCES, "%s: it cannot be made: %s; give --cert and --key", out, strerror(errno));
}

static bool extend(X509 *x, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = e && X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    return ok;
}

static bool is_plain(const char *name)
{
    return *name && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(name);
}

static X509 *make(EVP_PKEY *key, const char *address)
{
    char host[128] = "", names[600];
    uint64_t serial = 0;
    X509 *x = X509_new();
    gethostname(host, sizeof host - 1);
    if (!is_plain(host)) snprintf(host, sizeof host, "localhost");
    bool any = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
    int n = snprintf(names, sizeof names, "DNS:localhost,DNS:%s,DNS:%s.local,IP:127.0.0.1,IP:::1", host, host);
    if (!any) snprintf(names + n, sizeof names - (size_t)n, ",IP:%s", address);
    bool ok = x && RAND_bytes((unsigned char *)&serial, sizeof serial) == 1;
    ok = ok && X509_set_version(x, 2) && ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1);
    ok = ok && X509_gmtime_adj(X509_getm_notBefore(x), -DAY_SECONDS);
    ok = ok && X509_gmtime_adj(X509_getm_notAfter(x), DAYS * DAY_SECONDS) && X509_set_pubkey(x, key);
    X509_NAME *name = ok ? X509_get_subject_name(x) : NULL;
    ok = ok && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"graticule", -1, -1, 0);
    ok = ok && X509_set_issuer_name(x, name) && extend(x, NID_subject_alt_name, names);
    ok = ok && extend(x, NID_basic_constraints, "critical,CA:FALSE") && extend(x, NID_ext_key_usage, "serverAuth");
    ok = ok && X509_sign(x, key, EVP_sha256()) > 0;
    if (ok) return x;
    X509_free(x);
    return NULL;
}

static grat_err save(BIO *b, const char *path, grat_op *op)
{
    char *data = NULL;
    long n = BIO_get_mem_data(b, &data);
    mode_t old = umask(0077);
    grat_err err = grat_save(path, data, n > 0 ? (size_t)n : 0, op);
    umask(old);
    if (!err && chmod(path, 0600)) err = grat_op_fail(op, GRAT_EIO, "%s: %s", path, strerror(errno));
    return err;
}

static grat_err create(const serve_cert *c, const char *address, grat_op *op)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = key ? make(key, address) : NULL;
    BIO *k = BIO_new(BIO_s_mem()), *p = BIO_new(BIO_s_mem());
    grat_err err = GRAT_OK;
    if (!x || !k || !p || !PEM_write_bio_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL) || !PEM_write_bio_X509(p, x))
        err = grat_op_fail(op, GRAT_EIO, "certificate: it cannot be made");
    if (!err) err = save(k, c->key, op);
    if (!err) err = save(p, c->cert, op);
    BIO_free(k);
    BIO_free(p);
    X509_free(x);
    EVP_PKEY_free(key);
    return err;
}

/* False when there is none, or it is about to end. */
static bool read_cert(serve_cert *c, bool *ending)
{
    FILE *f = fopen(c->cert, "r");
    X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    time_t soon = time(NULL) + 14 * DAY_SECONDS;
    if (f) fclose(f);
    if (!x || !X509_digest(x, EVP_sha256(), md, &n)) {
        X509_free(x);
        return false;
    }
    *ending = X509_cmp_time(X509_get0_notAfter(x), &soon) < 0;
    for (unsigned i = 0; i < n && 3 * i + 3 < sizeof c->fingerprint; i++)
        snprintf(c->fingerprint + 3 * i, 4, "%02X%s", md[i], i + 1 < n ? ":" : "");
    X509_free(x);
    return true;
}

grat_err serve_cert_ready(serve_cert *c, const char *address, grat_op *op)
{
    char folder[500];
    bool own = !c->cert[0], ending = false;
    if (own) {
        grat_err err = folder_of(folder, sizeof folder, op);
        if (err) return err;
        snprintf(c->cert, sizeof c->cert, "%s/cert.pem", folder);
        snprintf(c->key, sizeof c->key, "%s/key.pem", folder);
    }
    if (read_cert(c, &ending) && (!own || (!ending && access(c->key, R_OK) == 0))) return GRAT_OK;
    if (!own) return grat_op_fail(op, GRAT_EACCES, "%s: no certificate in PEM can be read there", c->cert);
    grat_err err = create(c, address, op);
    if (!err && !read_cert(c, &ending)) err = grat_op_fail(op, GRAT_EIO, "%s: cannot be read", c->cert);
    return err;
}
