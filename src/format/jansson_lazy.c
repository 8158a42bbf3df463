#define GRAT__JANSSON_DECLARE_ONLY
#include "format/jansson_lazy.h"

#include "core/lazy.h"
#include "core/str.h"

#include <math.h>
#include <pthread.h>

grat__jansson_api grat__jansson;
#define API grat__jansson

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool loaded;

static void load(void)
{
    void *library = dlopen("libjansson.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    loaded = true;
#define TAKE(name) loaded = grat__lazy_take(library, #name, &grat__jansson.name##_) && loaded;
    GRAT__JANSSON_MAP(TAKE)
#undef TAKE
}

json_t *grat__json_load(const char *path, const void *text, size_t n, grat_op *op)
{
    json_error_t error;
    pthread_once(&once, load);
    if (!loaded) {
        grat_op_fail(op, GRAT_ENOTSUP, "cannot read %.120s: libjansson.so.4 is missing; install libjansson4", path);
        return NULL;
    }
    json_t *root = API.json_loadb_(text, n, 0, &error);
    if (!root)
        grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: it is no JSON, or damaged (line %d: %.80s); check the file",
                     path, error.line, error.text);
    return root;
}

void grat__json_text(const json_t *object, const char *name, char *out, size_t cap)
{
    const char *text = API.json_string_value_(API.json_object_get_(object, name));
    grat__strcpy(out, cap, text ? text : "");
}

bool grat__json_double(const json_t *object, const char *name, double *out)
{
    const json_t *v = API.json_object_get_(object, name);
    if (!json_is_number(v)) return false;
    *out = API.json_number_value_(v);
    return isfinite(*out);
}

bool grat__json_count(const json_t *object, const char *name, uint64_t most, uint64_t *out)
{
    const json_t *v = API.json_object_get_(object, name);
    if (!json_is_integer(v) || API.json_integer_value_(v) < 0) return false;
    *out = (uint64_t)API.json_integer_value_(v);
    return *out <= most;
}
