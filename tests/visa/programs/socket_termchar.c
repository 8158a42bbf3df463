/* A raw socket, where a line feed ends an answer: socket_termchar RESOURCE */
#include <visa.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    ViSession rm, inst;
    ViStatus status;
    ViUInt32 count = 0;
    ViByte answer[256];
    ViUInt16 port = 0;
    ViBoolean on = VI_FALSE;
    ViUInt8 end = 0;
    const char *question = "*IDN?\n";

    if (argc < 2 || viOpenDefaultRM(&rm) < VI_SUCCESS) return 2;
    if (viOpen(rm, argv[1], VI_NULL, VI_NULL, &inst) < VI_SUCCESS) return 1;
    status = viSetAttribute(inst, VI_ATTR_TERMCHAR, '\n');
    if (status >= VI_SUCCESS) status = viSetAttribute(inst, VI_ATTR_TERMCHAR_EN, VI_TRUE);
    if (status >= VI_SUCCESS) status = viGetAttribute(inst, VI_ATTR_TERMCHAR_EN, &on);
    if (status >= VI_SUCCESS) status = viGetAttribute(inst, VI_ATTR_TERMCHAR, &end);
    if (status >= VI_SUCCESS) status = viGetAttribute(inst, VI_ATTR_TCPIP_PORT, &port);
    if (status >= VI_SUCCESS) status = viWrite(inst, (ViConstBuf)question, (ViUInt32)strlen(question), &count);
    if (status >= VI_SUCCESS) status = viRead(inst, answer, sizeof(answer) - 1, &count);
    if (status < VI_SUCCESS) {
        printf("failed: %lx\n", (unsigned long)(ViUInt32)status);
        return 1;
    }
    answer[count] = 0;
    printf("port %u, term %u %u, %s: %s", (unsigned)port, (unsigned)on, (unsigned)end,
           status == VI_SUCCESS_TERM_CHAR ? "TERM_CHAR" : "other", (char *)answer);
    status = viWrite(inst, (ViConstBuf)question, 6, &count);
    if (status >= VI_SUCCESS) status = viRead(inst, answer, 4, &count);
    printf("four bytes: %s\n", status == VI_SUCCESS_MAX_CNT && count == 4 ? "MAX_CNT" : "other");
    status = viClear(inst);
    printf("clear: %ld\n", (long)status);
    viSetAttribute(inst, VI_ATTR_TMO_VALUE, 50);
    status = viRead(inst, answer, 4, &count);
    printf("nothing: %s %lu\n", status == VI_ERROR_TMO ? "TMO" : "other", (unsigned long)count);
    viClose(inst);
    viClose(rm);
    return 0;
}
