/* A service request that is waited for: srq_queue RESOURCE */
#include <visa.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    ViSession rm, inst;
    ViEvent event = VI_NULL;
    ViEventType type = 0;
    ViUInt16 stb = 0;
    ViStatus status;

    if (argc < 2 || viOpenDefaultRM(&rm) < VI_SUCCESS) return 2;
    if (viOpen(rm, argv[1], VI_NULL, VI_NULL, &inst) < VI_SUCCESS) return 1;
    status = viWaitOnEvent(inst, VI_EVENT_SERVICE_REQ, 0, &type, &event);
    printf("before: %s\n", status == VI_ERROR_NENABLED ? "not enabled" : "?");
    if (viEnableEvent(inst, VI_EVENT_SERVICE_REQ, VI_QUEUE, VI_NULL) < VI_SUCCESS) return 1;
    status = viWaitOnEvent(inst, VI_EVENT_SERVICE_REQ, 20, &type, &event);
    printf("idle: %s\n", status == VI_ERROR_TMO && event == VI_NULL ? "timeout" : "?");
    if (viPrintf(inst, "*CLS;*ESE 1;*SRE 32;*OPC\n") < VI_SUCCESS) return 1;
    status = viWaitOnEvent(inst, VI_EVENT_SERVICE_REQ, 5000, &type, &event);
    printf("after: %s\n", status >= VI_SUCCESS && type == VI_EVENT_SERVICE_REQ ? "requested" : "?");
    if (status >= VI_SUCCESS) viClose(event);
    if (viReadSTB(inst, &stb) < VI_SUCCESS) return 1;
    printf("request bit: %s\n", stb & 64 ? "set" : "clear");
    viDisableEvent(inst, VI_EVENT_SERVICE_REQ, VI_QUEUE);
    viDiscardEvents(inst, VI_ALL_ENABLED_EVENTS, VI_ALL_MECH);
    viClose(inst);
    viClose(rm);
    return status < VI_SUCCESS;
}
