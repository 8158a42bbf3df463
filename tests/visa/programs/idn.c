/* Opens one instrument and asks who it is: idn RESOURCE */
#include <visa.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    ViSession rm = VI_NULL, inst = VI_NULL;
    ViStatus status;
    ViUInt32 count = 0;
    ViByte answer[256];
    ViChar text[VI_FIND_BUFLEN];
    ViChar name[VI_FIND_BUFLEN];
    ViUInt16 type = 0;
    const char *question = "*IDN?\n";

    if (argc < 2) return 2;
    status = viOpenDefaultRM(&rm);
    if (status < VI_SUCCESS) {
        printf("no resource manager: %lx\n", (unsigned long)status);
        return 1;
    }
    status = viOpen(rm, argv[1], VI_NULL, VI_NULL, &inst);
    if (status < VI_SUCCESS) {
        viStatusDesc(rm, status, text);
        printf("cannot open %s: %s\n", argv[1], text);
        viClose(rm);
        return 1;
    }
    status = viSetAttribute(inst, VI_ATTR_TMO_VALUE, 5000);
    if (status == VI_SUCCESS) status = viGetAttribute(inst, VI_ATTR_INTF_TYPE, &type);
    if (status == VI_SUCCESS) status = viGetAttribute(inst, VI_ATTR_RSRC_NAME, name);
    if (status == VI_SUCCESS) status = viWrite(inst, (ViConstBuf)question, (ViUInt32)strlen(question), &count);
    if (status == VI_SUCCESS) status = viRead(inst, answer, sizeof(answer) - 1, &count);
    if (status < VI_SUCCESS) {
        viStatusDesc(inst, status, text);
        printf("failed: %s\n", text);
    } else {
        answer[count] = 0;
        printf("%s type %u status %ld: %s", name, (unsigned)type, (long)status, (char *)answer);
    }
    viClose(inst);
    viClose(rm);
    return status < VI_SUCCESS;
}
