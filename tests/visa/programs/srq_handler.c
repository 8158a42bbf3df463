/* A service request that calls a handler: srq_handler RESOURCE */
#include <visa.h>

#include <stdio.h>
#include <time.h>

struct state {
    volatile int calls;
    volatile ViUInt16 stb;
};

static ViStatus _VI_FUNCH on_request(ViSession vi, ViEventType type, ViEvent event, ViAddr user)
{
    struct state *s = (struct state *)user;
    ViUInt16 stb = 0;
    ViEventType seen = 0;

    viGetAttribute(event, VI_ATTR_EVENT_TYPE, &seen);
    if (type != VI_EVENT_SERVICE_REQ || seen != type) return VI_SUCCESS;
    if (viReadSTB(vi, &stb) >= VI_SUCCESS) {
        s->stb = stb;
        s->calls++;
    }
    return VI_SUCCESS;
}

int main(int argc, char **argv)
{
    ViSession rm, inst;
    struct state s = {0, 0};
    struct timespec pause = {0, 10000000};
    int i;

    if (argc < 2 || viOpenDefaultRM(&rm) < VI_SUCCESS) return 2;
    if (viOpen(rm, argv[1], VI_NULL, VI_NULL, &inst) < VI_SUCCESS) return 1;
    if (viInstallHandler(inst, VI_EVENT_SERVICE_REQ, on_request, &s) < VI_SUCCESS) return 1;
    if (viEnableEvent(inst, VI_EVENT_SERVICE_REQ, VI_HNDLR, VI_NULL) < VI_SUCCESS) return 1;
    if (viPrintf(inst, "*CLS;*ESE 1;*SRE 32\n") < VI_SUCCESS) return 1;
    if (viPrintf(inst, "*OPC\n") < VI_SUCCESS) return 1;
    for (i = 0; i < 500 && !s.calls; i++) nanosleep(&pause, NULL);
    printf("calls %d, request %s\n", s.calls ? 1 : 0, s.stb & 64 ? "yes" : "no");
    if (viDisableEvent(inst, VI_EVENT_SERVICE_REQ, VI_HNDLR) < VI_SUCCESS) return 1;
    if (viUninstallHandler(inst, VI_EVENT_SERVICE_REQ, on_request, &s) < VI_SUCCESS) return 1;
    viClose(inst);
    viClose(rm);
    return !s.calls;
}
