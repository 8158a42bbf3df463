/* A mode byte, a format that ends in NUL, and bytes: the message to be scanned, and what the arguments are made from.
 * The message comes in pieces; scanning must give the same whatever they are. */
#include "fuzz.h"
#include "visa/format.h"

#define ROOM 65536 /* behind a pointer: more than any message here has elements for */
#define ARGS 24
#define MOST 2000  /* of a count or width that comes from the arguments */

bool visa__attr_by_name(const char *name, ViAttr *attr, bool *global)
{
    (void)name, (void)attr, (void)global;
    return false;
}

static struct {
    visa_args args;
    const uint8_t *seed;
    size_t seed_n, at;
    uint8_t *room[ARGS];
    unsigned rooms;
    bool dry;            /* more arguments than there is room for */
} given;

static int64_t next_number(void)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < 8 && given.seed_n; i++) v = v << 8 | given.seed[given.at++ % given.seed_n];
    return (int64_t)v;
}

static void next_arg(visa_args *args, visa_arg_kind kind)
{
    int64_t v = next_number();
    uint32_t count = (uint32_t)(v & 0x3FF);

    switch (kind) {
    case VISA_ARG_INT: args->value.i = (int)(v % MOST); break;
    case VISA_ARG_LONG_LONG: args->value.ll = v; break;
    case VISA_ARG_DOUBLE: memcpy(&args->value.d, &v, sizeof(v)); break;
    case VISA_ARG_LONG_DOUBLE: args->value.ld = (long double)v * 1e-3L; break;
    case VISA_ARG_POINTER:
        given.dry = given.dry || given.rooms == ARGS;
        args->value.p = given.dry ? NULL : given.room[given.rooms++];
        if (args->value.p) memcpy(args->value.p, &count, sizeof(count));
        break;
    }
}

static size_t printed;
static volatile uint8_t sum; /* so that every byte is read */

static ViStatus put(void *user, const void *data, size_t n)
{
    (void)user;
    for (size_t i = 0; i < n; i++) sum = (uint8_t)(sum + ((const uint8_t *)data)[i]);
    printed += n;
    return printed > 1000000 ? VI_ERROR_TMO : VI_SUCCESS;
}

typedef struct wire {
    const uint8_t *data;
    size_t n, piece;
    bool done;
} wire;

static ViStatus fill(void *user, const ViByte **data, size_t *n, bool *end)
{
    wire *w = user;

    if (w->done) return VI_ERROR_TMO;
    *data = w->data;
    *n = w->n < w->piece ? w->n : w->piece;
    *end = *n == w->n;
    w->done = !w->n;
    return VI_SUCCESS;
}

static void consume(void *user, size_t n)
{
    wire *w = user;

    HOLDS(n <= w->n);
    w->data += n;
    w->n -= n;
    w->done = !w->n;
}

static ViStatus scan(const char *format, wire w, size_t *left)
{
    visa_source in = {.fill = fill, .consume = consume, .user = &w};
    ViStatus status;

    given.args.next = next_arg;
    given.at = given.rooms = 0;
    given.dry = false;
    status = visa__scan(&in, format, &given.args);
    *left = w.n;
    return status;
}

/* A count in the format that is larger than the room behind a pointer is the program's error. */
static bool too_large(const char *format)
{
    for (unsigned run = 0; *format; format++) {
        run = *format >= '0' && *format <= '9' ? run + 1 : 0;
        if (run > 3) return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    visa_sink out = {put, NULL, NULL};
    char format[512];
    size_t length, a, b;
    ViStatus one, two;

    if (n < 2) return 0;
    for (unsigned i = 0; i < ARGS; i++)
        if (!given.room[i]) given.room[i] = calloc(1, ROOM);
    length = strnlen((const char *)data + 1, n - 1 < sizeof(format) - 1 ? n - 1 : sizeof(format) - 1);
    memcpy(format, data + 1, length);
    format[length] = 0;
    if (too_large(format)) return 0;
    given.seed = data + 1 + length;
    given.seed_n = n - 1 - length > 2000 ? 2000 : n - 1 - length;
    one = scan(format, (wire){.data = given.seed, .n = given.seed_n, .piece = SIZE_MAX}, &a);
    two = scan(format, (wire){.data = given.seed, .n = given.seed_n, .piece = 1U + data[0] % 16}, &b);
    HOLDS(one == two);
    /* White space at the end of the format takes only what has come. */
    if (one == VI_SUCCESS) HOLDS(a == b || (a < b && strpbrk(format, " \t\r\n\v\f\\")));
    HOLDS(one <= VI_SUCCESS && two <= VI_SUCCESS);
    for (unsigned i = 0; i < ARGS; i++) given.room[i][ROOM - 1] = 0;
    given.at = given.rooms = 0;
    given.dry = false;
    printed = 0;
    (void)visa__print(&out, format, &given.args);
    return 0;
}
