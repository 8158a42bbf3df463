/* How fast a recording gets into a file.
 *   log FILE BITS SAMPLES      by the library's writer, with a flush each second
 *   log - FILE BITS SAMPLES    the same bytes by a plain loop of write calls: the limit
 * One bit is a logic signal. Prints the seconds it took and by how many KiB the memory grew between the first eighth
 * and the end. */
#include <graticule/graticule.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

static long resident(void)
{
    long size, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f) return 0;
    if (fscanf(f, "%ld %ld", &size, &pages) != 2) pages = 0;
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static grat_record *make(unsigned bits)
{
    grat_sample_type type = bits == 1 ? GRAT_U8 : bits == 8 ? GRAT_I8 : GRAT_I16;
    grat_record *r = grat_record_new(1, &type, BLOCK);
    if (!r) return NULL;
    r->dt = 1e-9;
    memcpy(r->trace[0].name, bits == 1 ? "D0" : "A", bits == 1 ? 3 : 2);
    if (bits > 1) memcpy(r->trace[0].unit, "V", 2), r->trace[0].scale = 0.001;
    r->trace[0].logic = bits == 1;
    /* A ramp with some noise, as converters give it. */
    for (uint32_t i = 0; i < BLOCK; i++) {
        int v = (int)(i % 251) - 125, noise = (int)(i * 2654435761u >> 26);
        if (bits == 1) ((uint8_t *)r->trace[0].raw)[i] = i / 13 & 1;
        else if (bits == 8) ((int8_t *)r->trace[0].raw)[i] = (int8_t)(v + noise / 32);
        else ((int16_t *)r->trace[0].raw)[i] = (int16_t)(v * 200 + noise);
    }
    return r;
}

static int loop(const char *path, const grat_record *r, unsigned bits, uint64_t samples)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    for (uint64_t i = 0; i < samples && fd >= 0; i += BLOCK)
        if (write(fd, r->trace[0].raw, BLOCK * (bits / 8)) != BLOCK * (int)(bits / 8)) return 1;
    return fd < 0 || close(fd);
}

static int record(const char *path, grat_record *r, uint64_t samples, long *grown)
{
    grat_op op;
    grat_writer *w = NULL;
    grat_writer_options opt = {.size = sizeof opt, .growing = true, .raw = true};
    grat_op_init(&op, INT64_MAX, NULL);
    grat_err err = grat_writer_open_with(path, NULL, NULL, &opt, &op, &w);
    int64_t flushed = 0;
    for (r->first = 0; r->first < samples && !err; r->first += BLOCK) {
        err = grat_writer_record(w, r, &op);
        if (!err && grat_now_ns() - flushed > 1000000000) err = grat_writer_flush(w, &op), flushed = grat_now_ns();
        if (r->first / BLOCK == samples / BLOCK / 8) *grown = resident();
    }
    *grown = resident() - *grown;
    if (!err) err = grat_writer_finish(w, &op);
    if (err) fprintf(stderr, "log: %s\n", op.text);
    return err;
}

int main(int argc, char **argv)
{
    bool plain = argc > 1 && strcmp(argv[1], "-") == 0;
    uint64_t samples = 0, bits = 0;
    argv += plain, argc -= plain;
    if (argc != 4 || sscanf(argv[2], "%" SCNu64, &bits) != 1 || sscanf(argv[3], "%" SCNu64, &samples) != 1) return 2;
    grat_record *r = make((unsigned)bits);
    long grown = 0;
    int64_t began = grat_now_ns();
    int failed = !r || (plain ? loop(argv[1], r, (unsigned)bits, samples) : record(argv[1], r, samples, &grown));
    printf("%.6f %ld\n", (double)(grat_now_ns() - began) / 1e9, grown);
    grat_record_unref(r);
    return failed;
}
