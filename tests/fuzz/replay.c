/* Feeds a fuzz target with every file of its corpus, then with inputs that a seeded generator derives from them:
 *   replay CORPUS_DIR [COUNT [SEED]] */
#include <dirent.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/str.h"
#include "fuzz.h"

#define MAX_FILES 512
#define MOST_BYTES (64 * 1024)

typedef struct input {
    uint8_t *data;
    size_t n;
} input;

static input corpus[MAX_FILES];
static size_t corpus_count;
static uint64_t state;

static uint64_t next(void)
{
    uint64_t z = state += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static size_t below(size_t n)
{
    return n ? (size_t)(next() % n) : 0;
}

/* Each call gets memory of its exact size, so that a sanitizer sees every byte read beyond it. */
static void feed(const uint8_t *data, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);

    if (!copy) exit(1);
    if (n) memcpy(copy, data, n);
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static bool load(const char *path)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    input *in = &corpus[corpus_count];

    if (!f) return false;
    if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MOST_BYTES) {
        fclose(f);
        return false;
    }
    in->n = (size_t)st.st_size;
    in->data = malloc(in->n + 1);
    if (!in->data || fread(in->data, 1, in->n, f) != in->n) exit(1);
    fclose(f);
    corpus_count++;
    return true;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_all(const char *folder)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, by_name);

    for (int i = 0; i < count; i++) {
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && corpus_count < MAX_FILES) load(path);
        free(names[i]);
    }
    free(names);
}

static size_t change(uint8_t *buf, size_t n)
{
    static const uint8_t edges[] = {0, 1, 3, 4, 8, 10, 13, 32, 35, 48, 57, 127, 128, 255};
    size_t at = below(n), len = 1 + below(8);

    switch (next() % 7) {
    case 0:
        if (n) buf[at] ^= (uint8_t)(1u << below(8));
        return n;
    case 1:
        if (n) buf[at] = edges[below(sizeof edges)];
        return n;
    case 2:
        return at;
    case 3:
        if (n + len > MOST_BYTES) return n;
        memmove(buf + at + len, buf + at, n - at);
        for (size_t i = 0; i < len; i++) buf[at + i] = (uint8_t)next();
        return n + len;
    case 4:
        if (at + len > n) return n;
        memmove(buf + at, buf + at + len, n - at - len);
        return n - len;
    case 5:
        for (size_t i = at; i < n && i < at + 4; i++) buf[i] = next() % 2 ? 0xFF : 0;
        return n;
    default:
        if (at + len > n || n + len > MOST_BYTES) return n;
        memmove(buf + at + len, buf + at, n - at);
        return n + len;
    }
}

static size_t mutate(uint8_t *buf)
{
    size_t n = 0, changes = 1 + below(6);

    if (corpus_count && next() % 16) {
        const input *from = &corpus[below(corpus_count)];

        n = from->n;
        if (n) memcpy(buf, from->data, n);
    } else {
        n = below(300);
        for (size_t i = 0; i < n; i++) buf[i] = (uint8_t)next();
    }
    while (changes--) n = change(buf, n);
    return n;
}

int main(int argc, char **argv)
{
    static uint8_t buf[MOST_BYTES + 64];
    uint64_t count = 2000, seed = 1;

    if (argc < 2 || (argc > 2 && !grat__parse_u64(argv[2], &count)) || (argc > 3 && !grat__parse_u64(argv[3], &seed))) {
        fprintf(stderr, "usage: replay CORPUS_DIR [COUNT [SEED]]\n");
        return 2;
    }
    load_all(argv[1]);
    if (!corpus_count) {
        fprintf(stderr, "FAIL %s: no corpus; give the folder of the target's seeds\n", argv[1]);
        return 1;
    }
    for (size_t i = 0; i < corpus_count; i++) feed(corpus[i].data, corpus[i].n);
    for (uint64_t i = 0; i < count; i++) {
        state = seed * 1000003 + i;
        feed(buf, mutate(buf));
    }
    for (size_t i = 0; i < corpus_count; i++) free(corpus[i].data);
    printf("%zu seeds, %" PRIu64 " mutations, seed %" PRIu64 "\n", corpus_count, count, seed);
    return 0;
}
