/* Two sessions to one instrument, and locks: lock RESOURCE */
#include <visa.h>

#include <stdio.h>
#include <string.h>

#define SHOW(call, want) show(#call, (call), (want))

static int bad;

static void show(const char *call, ViStatus status, ViStatus want)
{
    if (status != want) bad = 1;
    printf("%s %s\n", status == want ? "ok  " : "BAD ", call);
    if (status != want) printf("  %lx\n", (unsigned long)(ViUInt32)status);
}

int main(int argc, char **argv)
{
    ViSession rm, a, b, c;
    ViUInt32 count, state = 9;
    ViChar key[VI_FIND_BUFLEN];
    ViByte answer[100];

    if (argc < 2 || viOpenDefaultRM(&rm) < VI_SUCCESS) return 2;
    if (viOpen(rm, argv[1], VI_NULL, VI_NULL, &a) < VI_SUCCESS) return 1;
    if (viOpen(rm, argv[1], VI_NULL, VI_NULL, &b) < VI_SUCCESS) return 1;
    SHOW(viLock(a, VI_EXCLUSIVE_LOCK, VI_TMO_IMMEDIATE, VI_NULL, VI_NULL), VI_SUCCESS);
    SHOW(viLock(a, VI_EXCLUSIVE_LOCK, VI_TMO_IMMEDIATE, VI_NULL, VI_NULL), VI_SUCCESS_NESTED_EXCLUSIVE);
    SHOW(viWrite(b, (ViConstBuf) "*IDN?\n", 6, &count), VI_ERROR_RSRC_LOCKED);
    SHOW(viSetAttribute(b, VI_ATTR_TMO_VALUE, 5000), VI_SUCCESS);
    SHOW(viLock(b, VI_EXCLUSIVE_LOCK, VI_TMO_IMMEDIATE, VI_NULL, VI_NULL), VI_ERROR_RSRC_LOCKED);
    SHOW(viLock(b, VI_EXCLUSIVE_LOCK, 30, VI_NULL, VI_NULL), VI_ERROR_TMO);
    SHOW(viOpen(rm, argv[1], VI_EXCLUSIVE_LOCK, VI_TMO_IMMEDIATE, &c), VI_ERROR_RSRC_LOCKED);
    SHOW(viGetAttribute(b, VI_ATTR_RSRC_LOCK_STATE, &state), VI_SUCCESS);
    if (state != VI_EXCLUSIVE_LOCK) bad = 1;
    SHOW(viUnlock(a), VI_SUCCESS_NESTED_EXCLUSIVE);
    SHOW(viUnlock(a), VI_SUCCESS);
    SHOW(viUnlock(a), VI_ERROR_SESN_NLOCKED);
    SHOW(viSetAttribute(b, VI_ATTR_TERMCHAR_EN, VI_TRUE), VI_SUCCESS);
    SHOW(viQueryf(b, "*IDN?\n", "%99t", answer), VI_SUCCESS);
    SHOW(viLock(a, 3, VI_TMO_IMMEDIATE, VI_NULL, VI_NULL), VI_ERROR_INV_LOCK_TYPE);
    SHOW(viLock(a, VI_SHARED_LOCK, VI_TMO_IMMEDIATE, "together", key), VI_SUCCESS);
    if (strcmp(key, "together") != 0) bad = 1;
    SHOW(viQueryf(b, "*IDN?\n", "%99t", answer), VI_ERROR_RSRC_LOCKED);
    SHOW(viLock(b, VI_SHARED_LOCK, VI_TMO_IMMEDIATE, "wrong", key), VI_ERROR_INV_ACCESS_KEY);
    SHOW(viLock(b, VI_SHARED_LOCK, VI_TMO_IMMEDIATE, "together", key), VI_SUCCESS);
    SHOW(viQueryf(b, "*IDN?\n", "%99t", answer), VI_SUCCESS);
    SHOW(viLock(a, VI_EXCLUSIVE_LOCK, VI_TMO_IMMEDIATE, VI_NULL, VI_NULL), VI_SUCCESS);
    SHOW(viQueryf(b, "*IDN?\n", "%99t", answer), VI_ERROR_RSRC_LOCKED);
    SHOW(viUnlock(a), VI_SUCCESS_NESTED_SHARED);
    SHOW(viQueryf(b, "*IDN?\n", "%99t", answer), VI_SUCCESS);
    SHOW(viUnlock(a), VI_SUCCESS);
    SHOW(viClose(a), VI_SUCCESS);
    SHOW(viClose(b), VI_SUCCESS);
    SHOW(viOpen(rm, argv[1], VI_EXCLUSIVE_LOCK, VI_TMO_IMMEDIATE, &c), VI_SUCCESS);
    SHOW(viClose(rm), VI_SUCCESS);
    SHOW(viClose(c), VI_ERROR_INV_OBJECT);
    return bad;
}
