/* A read that goes on while the program does something else: async_read RESOURCE */
#include <visa.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

struct result {
    volatile int done;
    ViJobId job;
    ViStatus status;
    ViUInt64 count;
    ViChar name[VI_FIND_BUFLEN];
    void *buffer;
};

static ViStatus _VI_FUNCH on_completion(ViSession vi, ViEventType type, ViEvent event, ViAddr user)
{
    struct result *r = (struct result *)user;

    (void)vi;
    if (type != VI_EVENT_IO_COMPLETION) return VI_SUCCESS;
    viGetAttribute(event, VI_ATTR_JOB_ID, &r->job);
    viGetAttribute(event, VI_ATTR_STATUS, &r->status);
    viGetAttribute(event, VI_ATTR_RET_COUNT, &r->count);
    viGetAttribute(event, VI_ATTR_OPER_NAME, r->name);
    viGetAttribute(event, VI_ATTR_BUFFER, &r->buffer);
    r->done = 1;
    return VI_SUCCESS;
}

int main(int argc, char **argv)
{
    static ViByte answer[1024];
    static struct result r;
    ViSession rm, inst;
    ViJobId job = 0;
    ViUInt32 count;
    ViStatus status;
    struct timespec pause = {0, 10000000};
    const char *question = ":DELAY? 100;*OPC?\n";
    int i;

    if (argc < 2 || viOpenDefaultRM(&rm) < VI_SUCCESS) return 2;
    if (viOpen(rm, argv[1], VI_NULL, VI_NULL, &inst) < VI_SUCCESS) return 1;
    if (viInstallHandler(inst, VI_EVENT_IO_COMPLETION, on_completion, &r) < VI_SUCCESS) return 1;
    if (viEnableEvent(inst, VI_EVENT_IO_COMPLETION, VI_HNDLR, VI_NULL) < VI_SUCCESS) return 1;
    if (viWrite(inst, (ViConstBuf)question, (ViUInt32)strlen(question), &count) < VI_SUCCESS) return 1;
    status = viReadAsync(inst, answer, sizeof(answer), &job);
    if (status < VI_SUCCESS) return 1;
    for (i = 0; i < 500 && !r.done; i++) nanosleep(&pause, NULL);
    if (!r.done) viTerminate(inst, VI_NULL, job);
    printf("%s: status %ld, count %lu, job %s, buffer %s: %.*s", r.name, (long)r.status, (unsigned long)r.count,
           r.job == job && job != VI_NULL ? "same" : "other", r.buffer == (void *)answer ? "same" : "other",
           (int)r.count, (char *)answer);
    viDisableEvent(inst, VI_EVENT_IO_COMPLETION, VI_HNDLR);
    viUninstallHandler(inst, VI_EVENT_IO_COMPLETION, on_completion, &r);
    viClose(inst);
    viClose(rm);
    return !r.done;
}
