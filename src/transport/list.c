#include "transport/list.h"

#include <assert.h>

static const grat_transport *const transports[] = {
    &grat__transport_tcp,
    &grat__transport_vxi11,
    &grat__transport_bitscope,
    &grat__transport_serial,
    &grat__transport_hislip,
    &grat__transport_usbtmc,
    &grat__transport_usbraw,
    &grat__transport_vicp,
    &grat__transport_prologix,
    &grat__transport_prologix_intfc,
    &grat__transport_gpib, /* behind the adapters, which serve some boards */
    &grat__transport_pico,
    &grat__transport_sim,
    &grat__transport_sim_bytes,
};

const grat_transport *grat__transport_find(const grat_resource *r)
{
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++) {
        const grat_transport *t = transports[i];
        assert(t->name && t->serves && t->open && t->close && t->write && t->read && t->clear);
        if (t->serves(r)) return t;
    }
    return NULL;
}
