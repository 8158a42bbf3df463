/* Settings of a serial port, and a question: serial RESOURCE */
#include <visa.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    ViSession rm, inst;
    ViStatus status;
    ViUInt32 baud = 0;
    ViUInt16 bits = 0, stop = 0, end = 9;
    ViChar answer[256];

    if (argc < 2 || viOpenDefaultRM(&rm) < VI_SUCCESS) return 2;
    if (viOpen(rm, argv[1], VI_NULL, VI_NULL, &inst) < VI_SUCCESS) return 1;
    status = viSetAttribute(inst, VI_ATTR_ASRL_BAUD, 115200);
    if (status >= VI_SUCCESS) status = viSetAttribute(inst, VI_ATTR_ASRL_DATA_BITS, 8);
    if (status >= VI_SUCCESS) status = viSetAttribute(inst, VI_ATTR_ASRL_PARITY, VI_ASRL_PAR_NONE);
    if (status >= VI_SUCCESS) status = viSetAttribute(inst, VI_ATTR_ASRL_STOP_BITS, VI_ASRL_STOP_ONE);
    if (status >= VI_SUCCESS) status = viSetAttribute(inst, VI_ATTR_ASRL_FLOW_CNTRL, VI_ASRL_FLOW_NONE);
    if (status >= VI_SUCCESS) status = viSetBuf(inst, VI_IO_IN_BUF | VI_IO_OUT_BUF, 4096);
    if (status >= VI_SUCCESS) status = viFlush(inst, VI_IO_IN_BUF | VI_IO_OUT_BUF);
    if (status >= VI_SUCCESS) status = viGetAttribute(inst, VI_ATTR_ASRL_BAUD, &baud);
    if (status >= VI_SUCCESS) status = viGetAttribute(inst, VI_ATTR_ASRL_DATA_BITS, &bits);
    if (status >= VI_SUCCESS) status = viGetAttribute(inst, VI_ATTR_ASRL_STOP_BITS, &stop);
    if (status >= VI_SUCCESS) status = viGetAttribute(inst, VI_ATTR_ASRL_END_IN, &end);
    printf("settings: %ld: %lu %u %u %u\n", (long)status, (unsigned long)baud, (unsigned)bits, (unsigned)stop,
           (unsigned)end);
    if (status >= VI_SUCCESS) status = viQueryf(inst, "*IDN?\n", "%255t", answer);
    printf("answer: %s", status < VI_SUCCESS ? "none\n" : answer);
    viClose(inst);
    viClose(rm);
    return status < VI_SUCCESS;
}
