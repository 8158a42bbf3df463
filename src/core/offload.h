/* Calls that can only block (a resolver, linux-gpib, a vendor's library) behind an operation. */
#ifndef GRAT_CORE_OFFLOAD_H
#define GRAT_CORE_OFFLOAD_H

#include <graticule/graticule.h>

/* Runs fn(arg) in a thread of its own and waits for it by op. GRAT_OK: fn has returned and arg is the caller's again.
 * ETIMEOUT, ECANCELED: the thread goes on and calls drop(arg) when fn returns; the caller must not touch arg again.
 * Any other error: fn was not called, arg is the caller's. */
grat_err grat__offload(grat_op *op, void (*fn)(void *arg), void *arg, void (*drop)(void *arg));

#endif
