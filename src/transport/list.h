/* Every transport of the library, one line each in list.c. */
#ifndef GRAT_TRANSPORT_LIST_H
#define GRAT_TRANSPORT_LIST_H

#include <graticule/backend.h>

extern const grat_transport grat__transport_tcp;
extern const grat_transport grat__transport_vxi11;
extern const grat_transport grat__transport_bitscope;
extern const grat_transport grat__transport_serial;
extern const grat_transport grat__transport_hislip;
extern const grat_transport grat__transport_usbtmc;
extern const grat_transport grat__transport_usbraw;
extern const grat_transport grat__transport_vicp;
extern const grat_transport grat__transport_prologix;
extern const grat_transport grat__transport_prologix_intfc;
extern const grat_transport grat__transport_gpib;
extern const grat_transport grat__transport_pico;
extern const grat_transport grat__transport_sim;
extern const grat_transport grat__transport_sim_bytes;

/* The transport that serves a resource; NULL when none does. */
const grat_transport *grat__transport_find(const grat_resource *r);

#endif
