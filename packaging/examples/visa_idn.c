/* The same by VISA: visa_idn RESOURCE. */
#include <stdio.h>
#include <visa.h>

int main(int argc, char **argv)
{
    ViSession rm, vi;
    ViChar text[257];
    ViUInt32 n = 0;

    if (argc != 2 || viOpenDefaultRM(&rm) < VI_SUCCESS) return 2;
    if (viOpen(rm, argv[1], VI_NULL, 5000, &vi) < VI_SUCCESS) return 1;
    viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, VI_TRUE); /* a socket has no other end of a message */
    ViStatus e = viWrite(vi, (ViBuf)"*IDN?\n", 6, VI_NULL);
    if (e >= VI_SUCCESS) e = viRead(vi, (ViBuf)text, 256, &n);
    text[n] = '\0';
    if (e >= VI_SUCCESS) printf("%s", text);
    viClose(rm);
    return e < VI_SUCCESS;
}
