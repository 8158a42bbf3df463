/* Formatted talk: numbers, arrays, text and blocks: formatted RESOURCE */
#include <visa.h>

#include <stdio.h>
#include <string.h>

static int bad;

static void check(const char *what, ViStatus status, int right)
{
    printf("%s: %s\n", what, status < VI_SUCCESS ? "error" : right ? "right" : "wrong");
    if (status < VI_SUCCESS) printf("  %lx\n", (unsigned long)(ViUInt32)status);
    if (status < VI_SUCCESS || !right) bad = 1;
}

int main(int argc, char **argv)
{
    static ViByte block[2000];
    static ViInt16 words[1000];
    ViSession rm, inst;
    ViStatus status;
    ViReal64 reals[8], real = 0;
    ViInt32 integer = 0, list[3] = {1, -2, 3};
    ViUInt32 count;
    ViChar text[64], other[64];

    if (argc < 2 || viOpenDefaultRM(&rm) < VI_SUCCESS) return 2;
    if (viOpen(rm, argv[1], VI_NULL, VI_NULL, &inst) < VI_SUCCESS) return 1;
    status = viQueryf(inst, ":ECHO? %d\n", "%ld", 42, &integer);
    check("integer", status, integer == 42);
    status = viQueryf(inst, ":ECHO? %.3lf\n", "%lf", 1.125, &real);
    check("real", status, real == 1.125);
    count = 8;
    status = viQueryf(inst, ":ECHO? %,3d\n", "%,#lf", list, &count, reals);
    check("array", status, count == 3 && reals[0] == 1 && reals[1] == -2 && reals[2] == 3);
    status = viQueryf(inst, ":ECHO? %@Hd\n", "%d", 255, &integer);
    check("hexadecimal", status, integer == 255);
    status = viQueryf(inst, ":ECHO? %s,rest of it\n", "%[^,],%63t", "first", text, other);
    check("text", status, strcmp(text, "first") == 0 && strcmp(other, "rest of it\n") == 0);
    status = viQueryf(inst, "*IDN?\n", "%63t", text);
    check("line", status, text[strlen(text) - 1] == '\n');
    count = sizeof(block);
    status = viQueryf(inst, ":BLOCK? 1000\n", "%#b", &count, block);
    check("block", status, count == 1000 && block[1] == 7 && block[256] == 1 && block[999] == (999 * 7 + 3) % 256);
    count = 1000;
    status = viQueryf(inst, ":BLOCK? 1000\n", "%#hb", &count, words);
    check("words", status, count == 500 && words[0] == 7 && words[1] == 14 * 256 + 21);
    status = viPrintf(inst, ":ECHO? ");
    if (status >= VI_SUCCESS) status = viPrintf(inst, "%s\n", "in two calls");
    if (status >= VI_SUCCESS) status = viScanf(inst, "%63t", text);
    check("two calls", status, strcmp(text, "in two calls\n") == 0);
    status = viQueryf(inst, ":ECHO? 1;*OPC?\n", "%d;", &integer);
    if (status >= VI_SUCCESS) status = viScanf(inst, "%d", &list[0]);
    check("two scans", status, integer == 1 && list[0] == 1);
    status = viQueryf(inst, ":ECHO? volts\n", "%d", &integer);
    check("no number", VI_SUCCESS, status == VI_ERROR_INV_FMT);
    status = viQueryf(inst, "*OPC?\n", "%d", &integer);
    check("after an error", status, integer == 1);
    status = viSPrintf(inst, block, "%d,%.1f,%s", 1, 2.5, "three");
    check("to memory", status, strcmp((char *)block, "1,2.5,three") == 0);
    status = viSScanf(inst, block, "%d,%lf,%s", &integer, &real, text);
    check("from memory", status, integer == 1 && real == 2.5 && strcmp(text, "three") == 0);
    status = viPrintf(inst, "%k\n", 1);
    check("bad format", VI_SUCCESS, status == VI_ERROR_INV_FMT);
    status = viPrintf(inst, ":ECHO? lost %k\n", 1);
    check("bad format behind text", VI_SUCCESS, status == VI_ERROR_INV_FMT);
    status = viQueryf(inst, "*OPC?\n", "%d", &integer);
    check("after a bad format", status, integer == 1);
    viClose(inst);
    viClose(rm);
    return bad;
}
