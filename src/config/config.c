#include "config/config.h"

#include "core/str.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_ALIAS_STEPS 8

bool grat__config_add(grat__config_list *l, const char *name, const char *resource)
{
    grat__config_item *more = realloc(l->item, (l->n + 1) * sizeof *more);
    if (!more) return false;
    l->item = more;
    grat__config_item *i = &more[l->n];
    *i = (grat__config_item){name ? strdup(name) : NULL, strdup(resource)};
    if ((name && !i->name) || !i->resource) {
        free(i->name);
        free(i->resource);
        return false;
    }
    l->n++;
    return true;
}

static void list_free(grat__config_list *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        free(l->item[i].name);
        free(l->item[i].resource);
    }
    free(l->item);
}

static const char *find(const grat__config_list *l, const char *name)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (grat__strcaseeq(l->item[i].name, name)) return l->item[i].resource;
    }
    return NULL;
}

static bool named_by_environment(void)
{
    const char *named = getenv("GRATICULE_CONFIG");
    return named && *named;
}

static void find_path(char *out, size_t cap)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (named_by_environment()) {
        grat__strcpy(out, cap, getenv("GRATICULE_CONFIG"));
    } else if (base && *base) {
        snprintf(out, cap, "%s/graticule/config.yaml", base);
    } else {
        snprintf(out, cap, "%s/.config/graticule/config.yaml", home ? home : "");
    }
}

static grat_err read_file(grat_config *c, bool must, grat_op *op)
{
    struct stat st;
    FILE *f = fopen(c->path, "re");
    if (!f && (errno == ENOENT || errno == ENOTDIR) && !must) return GRAT_OK;
    if (f && fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
        fclose(f);
        f = NULL;
        errno = EISDIR;
    }
    if (!f)
        return grat_op_fail(op, GRAT_EIO, "%.200s: the configuration cannot be read: %s", c->path,
                            strerrordesc_np(errno));
    grat_err e = grat__config_parse(c, f, op);
    fclose(f);
    return e;
}

static grat_err load(const char *path, grat_op *op, grat_config **out)
{
    grat_config *c = calloc(1, sizeof *c);
    if (!c) return grat_op_fail(op, GRAT_ENOMEM, "configuration: out of memory");
    if (!path) find_path(c->path, sizeof c->path);
    else if (!grat__strcpy(c->path, sizeof c->path, path)) {
        free(c);
        return grat_op_fail(op, GRAT_EINVAL, "configuration: %.60s…: the name is too long", path);
    }
    grat_err e = read_file(c, path || named_by_environment(), op);
    if (e) {
        grat_config_free(c);
        return e;
    }
    *out = c;
    return GRAT_OK;
}

grat_err grat_config_load(grat_op *op, grat_config **out)
{
    return load(NULL, op, out);
}

grat_err grat_config_load_file(const char *path, grat_op *op, grat_config **out)
{
    return load(path, op, out);
}

void grat_config_free(grat_config *c)
{
    if (!c) return;
    list_free(&c->aliases);
    list_free(&c->resources);
    list_free(&c->boards);
    list_free(&c->texts);
    for (unsigned i = 0; i < c->blocks; i++) free(c->block[i]);
    free(c->block);
    free(c->security);
    free(c->bench);
    free(c->instrument);
    free(c->fallback);
    free(c);
}

const char *grat_config_path(const grat_config *c)
{
    return c->path;
}

const char *grat_config_default(const grat_config *c)
{
    return c->fallback;
}

const char *grat_config_alias(const grat_config *c, const char *name)
{
    return find(&c->aliases, name);
}

const char *grat_config_board(const grat_config *c, const char *board)
{
    return find(&c->boards, board);
}

const grat_bench *grat_config_bench(const grat_config *c, unsigned i)
{
    return i < c->benches ? &c->bench[i] : NULL;
}

const char *grat_config_entry(const grat_config *c, unsigned i, const char **name)
{
    const grat__config_list *l = &c->aliases;
    if (i >= l->n) {
        i -= l->n;
        l = &c->resources;
    }
    if (i >= l->n) return NULL;
    *name = l->item[i].name;
    return l->item[i].resource;
}

/* ---- the process's own copy ------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    grat_config *config;     /* of a file that could be read */
    struct stat seen;        /* zero for a file that was not there */
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static const grat_config *refresh(grat_op *op)
{
    char path[sizeof cache.config->path];
    struct stat now;
    find_path(path, sizeof path);
    if (stat(path, &now) < 0) memset(&now, 0, sizeof now);
    if (cache.config && strcmp(cache.config->path, path) == 0 && same_file(&now, &cache.seen)) return cache.config;
    grat_config_free(cache.config);
    cache.config = NULL;
    cache.seen = now;
    return grat_config_load(op, &cache.config) ? NULL : cache.config;
}

static bool look_up(const char *name, bool board, char out[GRAT__CONFIG_TEXT], grat_op *op)
{
    bool hit = false;
    pthread_mutex_lock(&cache.lock);
    op->err = GRAT_OK;
    const grat_config *c = refresh(op);
    const char *text = c ? find(board ? &c->boards : &c->aliases, name) : NULL;
    if (text) hit = grat__strcpy(out, GRAT__CONFIG_TEXT, text);
    if (text && !hit) grat_op_fail(op, GRAT_EPARSE, "%.200s: %.60s: the resource is too long", c->path, name);
    pthread_mutex_unlock(&cache.lock);
    return hit;
}

static grat_err read_password(grat__config_security *s, grat_op *op)
{
    struct stat st;
    FILE *f = fopen(s->password_file, "re");
    if (!f || fstat(fileno(f), &st) < 0) {
        grat_op_fail(op, GRAT_EIO, "password-file %.200s: %s", s->password_file, strerrordesc_np(errno));
    } else if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        grat_op_fail(op, GRAT_EACCES, "password-file %.200s: others may read it; chmod 600", s->password_file);
    } else {
        size_t n = fread(s->password, 1, sizeof s->password - 1, f);
        s->password[n] = '\0';
        s->password[strcspn(s->password, "\r\n")] = '\0';
        if (n == sizeof s->password - 1)
            grat_op_fail(op, GRAT_EINVAL, "password-file %.200s: too long", s->password_file);
    }
    if (f) fclose(f);
    return op->err;
}

bool grat__config_security_at(unsigned i, bool name_only, grat__config_security *out, grat_op *op)
{
    pthread_mutex_lock(&cache.lock);
    op->err = GRAT_OK;
    const grat_config *c = refresh(op);
    bool hit = c && i < c->securities;
    if (hit) *out = c->security[i];
    pthread_mutex_unlock(&cache.lock);
    return hit && (name_only || !out->password_file[0] || !read_password(out, op));
}

bool grat__config_board(const char *board, char out[GRAT__CONFIG_TEXT], grat_op *op)
{
    return look_up(board, true, out, op);
}

bool grat__config_alias(const char *name, char out[GRAT__CONFIG_TEXT], grat_op *op)
{
    if (!look_up(name, false, out, op)) return false;
    for (unsigned i = 0; i < MAX_ALIAS_STEPS; i++) {
        char from[GRAT__CONFIG_TEXT];
        grat__strcpy(from, sizeof from, out);
        if (!look_up(from, false, out, op)) return !op->err;
    }
    grat_op_fail(op, GRAT_EPARSE, "%.60s: an alias that leads back to itself; give it a resource", name);
    return false;
}
