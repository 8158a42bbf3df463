/* VXI-11 discovery: a portmapper GETPORT for the core program, broadcast (LXI VXI-11 Discovery and Identification 1.1).
 * What answers is a VXI-11 instrument at the address that the answer comes from. */
#include "discover/broadcast.h"
#include "wire/portmap.h"
#include "wire/rpc.h"
#include "wire/vxi11.h"

#include <stdio.h>
#include <string.h>

static bool answer(grat__search *s, const grat__broadcast *b, const uint8_t *data, size_t n, const char *from)
{
    grat__rpc_reply reply;
    uint32_t port;
    char resource[64];
    if (grat__rpc_get_reply(data, n, &reply) || reply.xid != b->id || reply.stat != GRAT__RPC_SUCCESS) return false;
    if (grat__pmap_get_word(reply.results, reply.results_len, &port) || port == 0 || port > 65535) return false;
    snprintf(resource, sizeof resource, "TCPIP0::%s::inst0::INSTR", from);
    grat__search_saw(s, &(grat__seen){.resource = resource, .via = "vxi11", .ask = GRAT__ASK_HOST});
    return true;
}

static void start(grat__search *s)
{
    static const grat__pmap_mapping core = {.prog = GRAT__VXI_CORE_PROG, .vers = 1, .prot = GRAT__PMAP_TCP};
    grat__broadcast b = {.name = "vxi11", .port = GRAT__PMAP_PORT, .id = (uint32_t)grat_now_ns(), .answer = answer};
    grat__buf call;
    grat__buf_init(&call, sizeof b.message);
    if (!grat__rpc_put_call(&call, b.id, GRAT__PMAP_PROG, GRAT__PMAP_VERS, GRAT__PMAP_GETPORT) &&
        !grat__pmap_put_mapping(&call, &core)) {
        memcpy(b.message, call.data, call.len);
        b.size = call.len;
        grat__broadcast_start(s, &b);
    }
    grat__buf_free(&call);
}

const grat__source grat__source_vxi11 = {.name = "vxi11", .bit = GRAT_FIND_VXI11, .start = start};
