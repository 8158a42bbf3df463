/* Blocks of a USB instrument: usb_bench session RESOURCE BYTES ROUNDS, or node /dev/usbtmcN BYTES ROUNDS for a bare
 * loop of write and read on the kernel's node. Prints the median seconds of one query. */
#include <graticule/graticule.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static bool bare(int fd, const char *command, uint8_t *buf, size_t want)
{
    size_t n = strlen(command), have = 0;
    if (write(fd, command, n) != (ssize_t)n) return false;
    while (have < want) {
        ssize_t k = read(fd, buf + have, want - have);
        if (k <= 0) return false;
        have += (size_t)k;
    }
    return true;
}

static bool numbers(char **argv, size_t *bytes, size_t *rounds)
{
    if (sscanf(argv[3], "%zu", bytes) != 1 || sscanf(argv[4], "%zu", rounds) != 1) return false;
    return *bytes && *rounds && *rounds <= 1000 && *bytes <= 1u << 30;
}

int main(int argc, char **argv)
{
    size_t bytes = 0, rounds = 0;
    if (argc < 5 || !numbers(argv, &bytes, &rounds)) return 2;
    double *times = calloc(rounds, sizeof *times);
    uint8_t *buf = malloc(bytes + 64);
    char command[64];
    grat_session *s = NULL;
    grat_op op;
    bool node = strcmp(argv[1], "node") == 0, ok = times && buf;
    int fd = node ? open(argv[2], O_RDWR | O_CLOEXEC) : -1;
    grat_op_init(&op, 10000, NULL);
    if (node ? fd < 0 : grat_open(argv[2], NULL, &op, &s) != GRAT_OK) {
        fprintf(stderr, "usb_bench: %s: %s\n", argv[2], node ? "cannot open" : op.text);
        return 1;
    }
    snprintf(command, sizeof command, ":BLOCK? %zu\n", bytes);
    for (size_t i = 0; ok && i < rounds; i++) {
        int64_t begin = grat_now_ns();
        grat_op_init(&op, 60000, NULL);
        ok = node ? bare(fd, command, buf, bytes + 12)
                  : grat_query_block(s, command, buf, bytes, &op) == GRAT_OK && op.count == bytes;
        times[i] = (double)(grat_now_ns() - begin) / 1e9;
    }
    if (ok) {
        qsort(times, rounds, sizeof *times, by_size);
        printf("%.6f\n", times[rounds / 2]);
    } else {
        fprintf(stderr, "usb_bench: %s: a block failed: %s\n", argv[2], op.text);
    }
    if (s) grat_close(s);
    if (fd >= 0) close(fd);
    free(times);
    free(buf);
    return ok ? 0 : 1;
}
