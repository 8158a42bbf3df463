#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/offload.h"
#include "core/str.h"
#include "core/wait.h"
#include "pico/pico.h"

#define CLOSE_MS 2000

enum { INFO_DRIVER = 0, INFO_USB = 1, INFO_VARIANT = 3, INFO_SERIAL = 4, INFO_CALIBRATED = 5 };

/* ---- life ---------------------------------------------------------------------------------------- */

void grat__pico_ref(grat__pico_unit *u)
{
    atomic_fetch_add(&u->refs, 1);
}

void grat__pico_unref(grat__pico_unit *u)
{
    if (atomic_fetch_sub(&u->refs, 1) != 1) return;
    if (u->handle > 0) u->lib->series->ops->close(u);
    if (u->lib && u->lib->simulated) grat__pico_sim_remove(u->serial);
    free(u->stream);
    free(u->times);
    close(u->event_fd);
    pthread_mutex_destroy(&u->lock);
    free(u);
}

static grat__pico_unit *new_unit(void)
{
    grat__pico_unit *u = calloc(1, sizeof *u);
    if (!u) return NULL;
    u->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (u->event_fd < 0) {
        free(u);
        return NULL;
    }
    pthread_mutex_init(&u->lock, NULL);
    atomic_init(&u->refs, 1);
    return u;
}

bool grat__pico_is_basic(const grat__pico_unit *u)
{
    return u->lib->series->plain_generator && strncmp(u->variant, "320", 3) == 0;
}

/* ---- work ---------------------------------------------------------------------------------------- */

typedef struct work {
    grat__pico_unit *unit;
    uint32_t (*fn)(grat__pico_unit *u, void *args);
    void (*drop_args)(void *args);
    uint32_t status;
    _Alignas(16) unsigned char args[];
} work;

static void run_work(void *arg)
{
    work *w = arg;
    pthread_mutex_lock(&w->unit->lock);
    w->status = w->fn(w->unit, w->args);
    pthread_mutex_unlock(&w->unit->lock);
}

static void drop_work(void *arg)
{
    work *w = arg;
    if (w->drop_args) w->drop_args(w->args);
    grat__pico_unref(w->unit);
    free(w);
}

grat_err grat__pico_do(grat__pico_unit *u, const grat__pico_job *job, uint32_t *status, grat_op *op)
{
    work *w = calloc(1, sizeof *w + job->size);
    if (!w) return grat_op_fail(op, GRAT_ENOMEM, "out of memory");
    w->unit = u;
    w->fn = job->fn;
    w->drop_args = job->drop;
    if (job->size) memcpy(w->args, job->args, job->size);
    grat__pico_ref(u);
    grat_err e = grat__offload(op, run_work, w, drop_work);
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) return e;
    if (!e) {
        if (job->size) memcpy(job->args, w->args, job->size);
        *status = w->status;
        grat__pico_unref(u);
        free(w);
        return GRAT_OK;
    }
    drop_work(w);
    return e;
}

grat_err grat__pico_must(grat__pico_unit *u, const grat__pico_job *job, grat_op *op)
{
    uint32_t status = 0;
    grat_err e = grat__pico_do(u, job, &status, op);
    if (!e && status) return grat__pico_fail(u->lib, u->failed ? u->failed : "", status, op);
    return e;
}

/* ---- block callbacks ------------------------------------------------------------------------------ */

grat__pico_run *grat__pico_new_run(grat__pico_unit *u)
{
    grat__pico_run *r = &u->run[u->runs++ % GRAT__PICO_RUNS];
    r->unit = u;
    atomic_store(&r->status, 0);
    atomic_store(&r->done, false);
    return r;
}

void grat__pico_on_block(int16_t handle, uint32_t status, void *user)
{
    static const uint64_t one = 1;
    grat__pico_run *r = user;
    (void)handle;
    atomic_store(&r->status, status);
    atomic_store(&r->done, true);
    if (write(r->unit->event_fd, &one, sizeof one) < 0) { /* it is readable already */
    }
}

/* ---- opening --------------------------------------------------------------------------------------- */

typedef struct opening {
    char name[64], serial[64];
    bool simulated;
    grat__pico_unit *unit;
    const grat__pico_lib *lib; /* that refused */
    uint32_t status;
    unsigned libraries;
    char why[300];
} opening;

/* "PS5000A Linux Driver, 2.1.0.5": the number is what tells. */
static void driver_version(const grat__pico_unit *u, char *out, size_t cap)
{
    char text[128] = "";
    u->lib->series->ops->info(u, INFO_DRIVER, text, sizeof text);
    const char *last = strrchr(text, ' ');
    snprintf(out, cap, "%s", last ? last + 1 : text);
}

static uint32_t open_one(opening *o, const grat__pico_lib *lib)
{
    grat__pico_unit *u = o->unit;
    const grat__pico_ops *ops = lib->series->ops;
    u->lib = lib;
    uint32_t st = ops->open(lib, o->serial[0] ? o->serial : NULL, &u->handle);
    if (grat__pico_is_power(st) && u->handle > 0) {
        u->power = st;
        st = ops->power(u, st);
    }
    if (st || u->handle <= 0) {
        if (u->handle > 0) ops->close(u);
        u->handle = 0;
        return st ? st : GRAT__PICO_NOT_FOUND;
    }
    ops->info(u, INFO_VARIANT, u->variant, sizeof u->variant);
    ops->info(u, INFO_SERIAL, u->serial, sizeof u->serial);
    ops->info(u, INFO_USB, u->usb, sizeof u->usb);
    ops->info(u, INFO_CALIBRATED, u->calibrated, sizeof u->calibrated);
    driver_version(u, u->version, sizeof u->version);
    return GRAT__PICO_OK;
}

static void run_opening(void *arg)
{
    opening *o = arg;
    o->status = GRAT__PICO_NOT_FOUND;
    for (const grat__pico_series *s = grat__pico_all; s->name; s++) {
        char why[300];
        bool missing;
        if (o->name[0] && !grat__strcaseeq(o->name, s->name)) continue;
        const grat__pico_lib *lib = o->simulated ? grat__pico_load_simulated(s)
                                                 : grat__pico_load(s, why, sizeof why, &missing);
        if (!lib) {
            if (!missing) snprintf(o->why, sizeof o->why, "%s", why);
            continue;
        }
        o->libraries++;
        uint32_t st = open_one(o, lib);
        if (st != GRAT__PICO_NOT_FOUND || !o->lib) {
            o->lib = lib;
            o->status = st;
        }
        if (st != GRAT__PICO_NOT_FOUND) return;
    }
}

static void drop_opening(void *arg)
{
    opening *o = arg;
    grat__pico_unref(o->unit);
    free(o);
}

static grat_err not_loaded(const opening *o, grat_op *op)
{
    if (o->why[0]) return grat_op_fail(op, GRAT_ENODEV, "the PicoSDK cannot be used: %s", o->why);
    return grat_op_fail(op, GRAT_ENODEV, "lib%s is not installed; install the vendor's PicoSDK (it goes to "
                                         "/opt/picoscope/lib), or name its folder in GRATICULE_PICO_PATH",
                        o->name[0] ? o->name : "ps2000a (or another of ps2000 to ps6000a, psospa)");
}

static grat_err finish_opening(opening *o, grat_op *op, grat__pico_unit **out)
{
    grat_err e = grat__offload(op, run_opening, o, drop_opening);
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) return e;
    if (!e && !o->libraries) e = not_loaded(o, op);
    else if (!e && o->status) e = grat__pico_fail(o->lib, "OpenUnit", o->status, op);
    if (e) {
        drop_opening(o);
        return e;
    }
    *out = o->unit;
    free(o);
    return GRAT_OK;
}

static opening *new_opening(grat_op *op)
{
    opening *o = calloc(1, sizeof *o);
    if (o) o->unit = new_unit();
    if (o && o->unit) return o;
    free(o);
    grat_op_fail(op, GRAT_ENOMEM, "out of memory or descriptors");
    return NULL;
}

grat_err grat__pico_open(const char *driver, const char *serial, grat_op *op, grat__pico_unit **out)
{
    bool known = false;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    opening *o = new_opening(op);
    if (!o) return GRAT_ENOMEM;
    for (const grat__pico_series *s = grat__pico_all; s->name; s++) known = known || grat__strcaseeq(s->name, driver);
    if (known) snprintf(o->name, sizeof o->name, "%s", driver);
    snprintf(o->serial, sizeof o->serial, "%s", known || serial[0] ? serial : driver);
    if (!known && serial[0] && driver[0]) {
        drop_opening(o);
        return grat_op_fail(op, GRAT_ENOTSUP, "%.40s: no such library; there are ps2000 ps2000a ps3000 ps3000a "
                                             "ps4000 ps4000a ps5000 ps5000a ps6000 ps6000a psospa", driver);
    }
    return finish_opening(o, op, out);
}

grat_err grat__pico_open_simulated(const char *model, grat_op *op, grat__pico_unit **out)
{
    char library[16], why[200];
    grat_err e = grat__op_begin(op);
    if (e) return e;
    opening *o = new_opening(op);
    if (!o) return GRAT_ENOMEM;
    if (!grat__pico_sim_add(model, library, o->serial, why)) {
        drop_opening(o);
        return grat_op_fail(op, GRAT_ENODEV, "SIM::%s: %s", model, why);
    }
    snprintf(o->name, sizeof o->name, "%s", library);
    o->simulated = true;
    snprintf(o->unit->serial, sizeof o->unit->serial, "%s", o->serial);
    return finish_opening(o, op, out);
}

static uint32_t close_work(grat__pico_unit *u, void *args)
{
    (void)args;
    u->lib->series->ops->stop(u);
    u->lib->series->ops->close(u);
    u->handle = 0;
    return GRAT__PICO_OK;
}

void grat__pico_close(grat__pico_unit *u)
{
    grat_op op;
    uint32_t status;
    if (!u) return;
    grat_op_init(&op, CLOSE_MS, NULL);
    grat__pico_do(u, &(grat__pico_job){.fn = close_work}, &status, &op);
    grat__pico_unref(u);
}

/* ---- which units there are ------------------------------------------------------------------------- */

void grat__pico_take_serials(grat__pico_list *l, const char *library, const char *text)
{
    while (*text && l->n < sizeof l->entry / sizeof *l->entry) {
        grat__pico_entry *e = &l->entry[l->n];
        size_t n = strcspn(text, ","), serial = strcspn(text, ",[");
        *e = (grat__pico_entry){.library = library};
        snprintf(e->serial, sizeof e->serial, "%.*s", (int)serial, text);
        if (serial < n) snprintf(e->model, sizeof e->model, "%.*s", (int)strcspn(text + serial + 1, ",]"),
                                 text + serial + 1);
        if (e->serial[0]) l->n++;
        text += n + (text[n] != '\0');
    }
}

static void run_enumerate(void *arg)
{
    grat__pico_list *l = arg;
    for (const grat__pico_series *s = grat__pico_all; s->name; s++) {
        char why[300];
        bool missing;
        const grat__pico_lib *lib = grat__pico_load(s, why, sizeof why, &missing);
        if (!lib && !missing) snprintf(l->why, sizeof l->why, "%s", why);
        if (!lib) continue;
        l->libraries++;
        s->ops->enumerate(lib, l);
    }
}

grat_err grat__pico_enumerate(grat__pico_list *out, grat_op *op)
{
    grat__pico_list *l = calloc(1, sizeof *l);
    if (!l) return grat_op_fail(op, GRAT_ENOMEM, "out of memory");
    grat_err e = grat__offload(op, run_enumerate, l, free);
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) return e;
    if (!e) *out = *l;
    free(l);
    return e;
}

/* ---- intervals as the vendor writes them -------------------------------------------------------------- */

double grat__pico_unit_seconds(int32_t unit)
{
    static const double second[] = {1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1};
    return unit >= 0 && unit <= 5 ? second[unit] : 0;
}

void grat__pico_as_integer(double dt, uint32_t *n, int32_t *unit)
{
    for (*unit = 5; *unit > 1; --*unit) {
        double v = dt / grat__pico_unit_seconds(*unit), whole = nearbyint(v);
        if (whole >= 1 && whole < 4e9 && fabs(v - whole) < 1e-6 * v) break;
        if (v / 1e-3 > 4e9) break; /* the next one would not fit */
    }
    *n = (uint32_t)fmin(fmax(nearbyint(dt / grat__pico_unit_seconds(*unit)), 1), 4e9);
}
