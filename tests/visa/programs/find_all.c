/* Lists what an expression finds, opens each and asks who it is: find_all EXPRESSION */
#include <visa.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    ViSession rm, inst;
    ViFindList list;
    ViUInt32 count, i;
    ViStatus status;
    ViChar name[VI_FIND_BUFLEN], answer[512];
    int failed = 0;

    if (argc < 2 || viOpenDefaultRM(&rm) < VI_SUCCESS) return 2;
    status = viFindRsrc(rm, argv[1], &list, &count, name);
    if (status < VI_SUCCESS) {
        printf("nothing found: %lx\n", (unsigned long)(ViUInt32)status);
        viClose(rm);
        return status != VI_ERROR_RSRC_NFOUND;
    }
    printf("%lu found\n", (unsigned long)count);
    for (i = 0; i < count; i++) {
        if (i > 0 && viFindNext(list, name) != VI_SUCCESS) failed = 1;
        status = viOpen(rm, name, VI_NO_LOCK, VI_TMO_IMMEDIATE, &inst);
        if (status < VI_SUCCESS) {
            printf("%s: cannot open: %lx\n", name, (unsigned long)(ViUInt32)status);
            failed = 1;
            continue;
        }
        status = viQueryf(inst, "*IDN?\n", "%511t", answer);
        if (status < VI_SUCCESS) failed = 1;
        printf("%s: %s", name, status < VI_SUCCESS ? "no answer\n" : answer);
        viClose(inst);
    }
    if (viFindNext(list, name) != VI_ERROR_RSRC_NFOUND) failed = 1;
    viClose(list);
    viClose(rm);
    return failed;
}
