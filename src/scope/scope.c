#include "scope/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>

#include "core/str.h"
#include "scope/list.h"

struct grat_scope {
    grat_session *session;
    grat_identity identity;
    grat_caps caps;
    const grat_driver *driver;
    void *priv;
    bool armed;
};

static const grat_driver *find_by_identity(const grat_identity *id)
{
    for (const grat_driver *const *d = grat__drivers; *d; d++)
        if ((*d)->match(id)) return *d;
    return NULL;
}

static const grat_driver *find_by_name(const char *name)
{
    for (const grat_driver *const *d = grat__drivers; *d; d++)
        if (name && strcmp((*d)->name, name) == 0) return *d;
    return NULL;
}

static void scope_free(grat_scope *sc)
{
    if (!sc) return;
    free(sc->priv);
    free(sc);
}

static void name_channels(grat_caps *k)
{
    for (unsigned i = 0; i < GRAT_MAX_ANALOG; i++)
        if (!k->analog_name[i][0]) snprintf(k->analog_name[i], sizeof k->analog_name[i], "%u", i + 1);
    for (unsigned i = 0; i < 16; i++)
        if (!k->digital_name[i][0]) snprintf(k->digital_name[i], sizeof k->digital_name[i], "D%u", i);
}

grat_err grat_scope_open(grat_session *s, grat_op *op, grat_scope **out)
{
    grat_identity id = {0};
    grat_err err = grat_identify(s, &id, op);
    if (err) return err;
    const grat_driver *driver = find_by_identity(&id);
    if (!driver)
        return grat_op_fail(op, GRAT_ENODEV,
                            "%s %s: no scope driver knows this model; screenshot, query, write and sync still work",
                            id.vendor, id.model);
    grat_scope *sc = calloc(1, sizeof *sc);
    void *priv = calloc(1, driver->priv_size);
    if (!sc || !priv) {
        free(sc);
        free(priv);
        return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory while opening the scope", id.model);
    }
    *sc = (grat_scope){.session = s, .identity = id, .driver = driver, .priv = priv};
    err = driver->open(priv, s, &sc->identity, &sc->caps, op);
    if (err) {
        scope_free(sc);
        return err;
    }
    sc->caps.driver = driver->name;
    name_channels(&sc->caps);
    *out = sc;
    return GRAT_OK;
}

void grat_scope_close(grat_scope *sc)
{
    if (!sc) return;
    if (sc->driver->close) sc->driver->close(sc->priv);
    grat_close(sc->session);
    scope_free(sc);
}

grat_session *grat_scope_session(grat_scope *sc)
{
    return sc->session;
}

const grat_identity *grat_scope_identity(const grat_scope *sc)
{
    return &sc->identity;
}

const grat_caps *grat_scope_caps(const grat_scope *sc)
{
    return &sc->caps;
}

grat_err grat_scope_get(grat_scope *sc, grat_settings *out, grat_op *op)
{
    grat_settings got = {0};
    grat_err err = sc->driver->get(sc->priv, &got, op);
    if (!err) *out = got;
    return err;
}

grat_err grat_scope_set(grat_scope *sc, const grat_settings *want, unsigned mask, grat_op *op)
{
    return sc->driver->set(sc->priv, want, mask, op);
}

grat_err grat_scope_describe(grat_scope *sc, grat_line_fn fn, void *user, grat_op *op)
{
    return sc->driver->describe ? sc->driver->describe(sc->priv, fn, user, op) : GRAT_OK;
}

grat_err grat_scope_flash(grat_scope *sc, grat_op *op)
{
    if (!sc->driver->flash)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s %s: no light that is known here", sc->identity.vendor,
                            sc->identity.model);
    return sc->driver->flash(sc->priv, op);
}

grat_err grat_scope_calibrate(grat_scope *sc, const grat_calibration *k, grat_op *op)
{
    if (k->size != sizeof *k) return grat_op_fail(op, GRAT_EINVAL, "calibration: its size is wrong");
    if (!sc->driver->calibrate)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s %s: no calibration that is known here", sc->identity.vendor,
                            sc->identity.model);
    return sc->driver->calibrate(sc->priv, k, op);
}

void grat_generator_init(grat_generator *g)
{
    *g = (grat_generator){.size = sizeof *g, .wave = GRAT_WAVE_SINE, .frequency = 1000, .symmetry = 0.5};
}

static grat_err no_generator(const grat_scope *sc, grat_op *op)
{
    return grat_op_fail(op, GRAT_ENOTSUP, "%s %s: no generator that is known here", sc->identity.vendor,
                        sc->identity.model);
}

grat_err grat_generator_set(grat_scope *sc, const grat_generator *want, grat_generator *actual, grat_op *op)
{
    grat_generator got = {.size = sizeof got};
    if (want->size != sizeof *want)
        return grat_op_fail(op, GRAT_EINVAL, "generator: its size is wrong; call grat_generator_init first");
    if (!sc->driver->generator_set) return no_generator(sc, op);
    bool more = want->wave > GRAT_WAVE_CLOCK || want->stop != 0 || want->trigger || want->cycles || want->fire;
    if (more && !(sc->caps.features & GRAT_FEATURE_GENERATOR))
        return grat_op_fail(op, GRAT_ENOTSUP, "generator: this one has no such wave, sweep or trigger");
    grat_err err = sc->driver->generator_set(sc->priv, want, &got, op);
    if (!err && actual) *actual = got;
    return err;
}

grat_err grat_generator_get(grat_scope *sc, grat_generator *out, grat_op *op)
{
    grat_generator got = {.size = sizeof got};
    if (!sc->driver->generator_get) return no_generator(sc, op);
    grat_err err = sc->driver->generator_get(sc->priv, &got, op);
    if (!err) *out = got;
    return err;
}

grat_err grat_scope_run(grat_scope *sc, grat_run what, grat_op *op)
{
    return sc->driver->run(sc->priv, what, op);
}

grat_err grat_scope_state_get(grat_scope *sc, grat_scope_state *out, grat_op *op)
{
    return sc->driver->state(sc->priv, out, op);
}

/* What most instruments have not got is refused here once. */
static grat_err check_features(const grat_caps *caps, const grat_request *q, grat_op *op)
{
    const struct {
        bool wanted;
        unsigned feature;
        const char *what;
    } rows[] = {{q->terms > 0, GRAT_FEATURE_TERMS, "trigger: this instrument is only driven with edges and patterns"},
                {q->downsample || q->ratio, GRAT_FEATURE_DOWNSAMPLE, "downsample: this instrument does not do that"},
                {q->segments > 0, GRAT_FEATURE_SEGMENTS, "segments: this instrument has none; use count"},
                {q->ets, GRAT_FEATURE_ETS, "ets: this instrument does not sample in equivalent time"},
                {q->delay != 0, GRAT_FEATURE_DELAY, "trigger: this instrument is not driven with a delay behind it"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].wanted && !(caps->features & rows[i].feature))
            return grat_op_fail(op, GRAT_ENOTSUP, "%s", rows[i].what);
    for (unsigned i = 4; i < GRAT_MAX_ANALOG; i++)
        if (q->any_channel && q->channel[i] && i >= caps->analog)
            return grat_op_fail(op, GRAT_ERANGE, "channel %u: there are %u", i + 1, caps->analog);
    if (!(q->delay >= 0) || !isfinite(q->delay))
        return grat_op_fail(op, GRAT_EINVAL, "trigger: the delay is a time behind it; --pre is what comes before it");
    if (q->terms > GRAT_TRIGGER_TERMS || q->downsample > GRAT_DOWN_AVERAGE || (q->downsample && !q->ratio))
        return grat_op_fail(op, GRAT_EINVAL, "request: its events or its down-sampling make no sense");
    return GRAT_OK;
}

grat_err grat_plan(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                   unsigned *mask, grat_op *op)
{
    const grat_driver *driver = find_by_name(caps->driver);
    if (!driver)
        return grat_op_fail(op, GRAT_ENODEV, "%s: no such scope driver", caps->driver ? caps->driver : "(none)");
    if (q->size != sizeof *q)
        return grat_op_fail(op, GRAT_EINVAL, "request: its size is wrong; call grat_request_init first");
    grat_settings planned = *now;
    unsigned bits = 0;
    grat_request each = *q;
    /* No instrument says how many records are in its own average: the host takes them one by one. */
    if (q->acq == GRAT_ACQ_AVERAGE) {
        if (q->averages < 2 || q->averages > 65536)
            return grat_op_fail(op, GRAT_ERANGE, "averages: %u is not possible; name 2 to 65536", q->averages);
        each.acq = GRAT_ACQ_NORMAL;
    }
    grat_err err = check_features(caps, q, op);
    if (!err) err = driver->plan(caps, now, &each, &planned, &bits, op);
    if (err) return err;
    *want = planned;
    *mask = bits;
    return GRAT_OK;
}

const grat_driver *grat__scope_driver(const grat_scope *sc)
{
    return sc->driver;
}

void *grat__scope_priv(grat_scope *sc)
{
    return sc->priv;
}

bool *grat__scope_armed(grat_scope *sc)
{
    return &sc->armed;
}
