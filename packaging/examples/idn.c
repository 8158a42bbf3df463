/* Says who the instrument is: idn [RESOURCE]. */
#include <graticule/graticule.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    grat_session *s;
    grat_op op;
    char text[256];

    grat_op_init(&op, 5000, NULL);
    if (grat_open(argc > 1 ? argv[1] : "SIM::ds1104z", NULL, &op, &s)) {
        fprintf(stderr, "%s\n", op.text);
        return 1;
    }
    grat_err e = grat_query(s, "*IDN?", text, sizeof text, &op);
    if (e) fprintf(stderr, "%s\n", op.text);
    else puts(text);
    grat_close(s);
    return e != GRAT_OK;
}
