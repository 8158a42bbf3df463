/* A CSV table of two channels through the public writer: table FILE SAMPLES. Prints the seconds. */
#include <graticule/graticule.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static const grat_sample_type types[2] = {GRAT_U8, GRAT_U8};
    grat_record *r;
    grat_writer *w;
    grat_op op;
    double count;
    int64_t begin;

    grat_op_init(&op, 600000, NULL);
    if (argc != 3 || grat_parse_quantity(argv[2], "S", &count, &op) != GRAT_OK) return 2;
    r = grat_record_new(2, types, (size_t)count);
    if (!r) return 1;
    r->dt = 1e-9;
    for (unsigned t = 0; t < 2; t++) {
        r->trace[t].scale = 0.04;
        r->trace[t].offset = -5.12;
        snprintf(r->trace[t].name, sizeof r->trace[t].name, "%u", t + 1);
        snprintf(r->trace[t].unit, sizeof r->trace[t].unit, "V");
        for (size_t i = 0; i < r->count; i++) ((uint8_t *)r->trace[t].raw)[i] = (uint8_t)(i * (t + 3) >> 4);
    }
    begin = grat_now_ns();
    if (grat_writer_open(argv[1], NULL, NULL, &op, &w) != GRAT_OK || grat_writer_record(w, r, &op) != GRAT_OK
        || grat_writer_finish(w, &op) != GRAT_OK) {
        fprintf(stderr, "table: %s\n", op.text);
        return 1;
    }
    printf("%.9f\n", (double)(grat_now_ns() - begin) * 1e-9);
    grat_record_unref(r);
    return 0;
}
