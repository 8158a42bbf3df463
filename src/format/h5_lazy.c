#define GRAT__H5_DECLARE_ONLY
#include "format/h5_lazy.h"

#include "format/h5.h"

#include "core/lazy.h"

#include <pthread.h>

grat__h5_api grat__h5;

/* Debian's own name, the plain one; newest first. */
static const char *const names[] = {
    "libhdf5_serial.so.310", "libhdf5.so.310", "libhdf5_serial.so.200", "libhdf5.so.200",
    "libhdf5_serial.so.103", "libhdf5.so.103", "libhdf5_serial.so", "libhdf5.so",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum { UNTRIED, MISSING, OLD, LOADED } state;

static bool take_all(void *library)
{
    bool all = true;
#define TAKE(name) all = grat__lazy_take(library, #name, &grat__h5.name##_) && all;
    GRAT__H5_MAP(TAKE)
#undef TAKE
#define TAKE(name) all = grat__lazy_take(library, #name, &grat__h5.id_##name) && all;
    GRAT__H5_IDS(TAKE)
#undef TAKE
    grat__lazy_take(library, "H5Pset_file_locking", &grat__h5.set_file_locking);
    return all;
}

static int load(void)
{
    unsigned major = 0, minor = 0, release = 0;
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL);
    if (!library) return MISSING;
    if (!take_all(library)) return OLD;
    if (grat__h5.H5open_() < 0 || grat__h5.H5get_libversion_(&major, &minor, &release) < 0) return OLD;
    return major == 1 && (minor > 10 || (minor == 10 && release >= 3)) ? LOADED : OLD;
}

grat_err grat__h5_enter(grat_op *op)
{
    pthread_mutex_lock(&lock);
    if (state == UNTRIED) state = load();
    if (state == LOADED) {
        grat__h5.H5Eset_auto2_(H5E_DEFAULT, NULL, NULL); /* errors are told by us, not printed */
        return GRAT_OK;
    }
    pthread_mutex_unlock(&lock);
    if (state == MISSING)
        return grat_op_fail(op, GRAT_ENOTSUP, "HDF5 files need libhdf5, which is not here; apt install libhdf5-103-1 "
                            "(libhdf5-310 on newer systems) or choose npy");
    return grat_op_fail(op, GRAT_ENOTSUP, "the libhdf5 that is here is older than 1.10.3; install a newer one or "
                        "choose npy");
}

void grat__h5_leave(void)
{
    pthread_mutex_unlock(&lock);
}
