#include "format.h"
#include "temp.h"
#include "test.h"

#include <math.h>

#include <locale.h>
#include <sys/wait.h>
#include <unistd.h>

bool visa__attr_by_name(const char *name, ViAttr *attr, bool *global)
{
    (void)name, (void)attr, (void)global;
    return false;
}

/* ---- printing: what was put, with "|" where a message is sent --------------------------------------------- */

typedef struct paper {
    char text[20000];
    size_t n;
    int fail_after; /* calls */
} paper;

static ViStatus paper_put(void *user, const void *data, size_t n)
{
    paper *p = user;

    if (p->fail_after && !--p->fail_after) return VI_ERROR_TMO;
    if (n > sizeof(p->text) - p->n - 1) n = sizeof(p->text) - p->n - 1;
    memcpy(p->text + p->n, data, n);
    p->n += n;
    p->text[p->n] = 0;
    return VI_SUCCESS;
}

static ViStatus paper_end(void *user)
{
    return paper_put(user, "|", 1);
}

static paper page;

static ViStatus print(const char *format, ...)
{
    visa_sink out = {paper_put, paper_end, &page};
    visa_args args = {.next = NULL};
    ViStatus status;

    page.n = 0;
    page.text[0] = 0;
    va_start(args.list, format);
    status = visa__print(&out, format, &args);
    va_end(args.list);
    return status;
}

#define PRINTS(want, ...)                                                                                              \
    do {                                                                                                               \
        EQ(print(__VA_ARGS__), VI_SUCCESS);                                                                            \
        STR(page.text, want);                                                                                          \
    } while (0)
#define PRINT_FAILS(status, ...) EQ(print(__VA_ARGS__), status)

TEST(print_as_c)
{
    PRINTS("*IDN?\n|", "*IDN?\n");
    PRINTS("42", "%d", 42);
    PRINTS("   42|42   |00042|+42| 42|00042", "%5d|%-5d|%05d|%+d|% d|%.5d", 42, 42, 42, 42, 42, 42);
    PRINTS("-0042", "%05d", -42);
    PRINTS("   42|42   ", "%*d|%*d", 5, 42, -5, 42);
    PRINTS("4294967295 -1 -1", "%u %d %i", 0xFFFFFFFFU, -1, -1);
    PRINTS("ff FF 377 0xff 0XFF 0377", "%x %X %o %#x %#X %#o", 255, 255, 255, 255, 255, 255);
    PRINTS("0x00ff", "%#06x", 255);
    PRINTS("-1 65535 ffff", "%hd %hu %hx", -1, -1, -1);
    PRINTS("-5000000000 5000000000", "%lld %llu", -5000000000LL, 5000000000ULL);
    PRINTS("1.500000 1.50 1.5 1.500000e+00 1.5E+00", "%f %.2f %g %e %.1E", 1.5, 1.5, 1.5, 1.5, 1.5);
    PRINTS("1.500000 2.5", "%lf %Lg", 1.5, 2.5L);
    PRINTS("   1.5|1.5   |0001.5|+1.5", "%6.1f|%-6.1f|%06.1f|%+.1f", 1.5, 1.5, 1.5, 1.5);
    PRINTS("  003|-0007|  inf|  -inf|  nan", "%05.3d|%05d|%05.1f|%06.0f|%05g", 3, -7, (double)INFINITY,
           -(double)INFINITY, (double)NAN);
    PRINTS("1.50 1.500", "%.*f %.*f", 2, 1.5, 3, 1.5);
    PRINTS("1.500000", "%.*f", -1, 1.5);
    PRINTS("a|  a|a  ", "%c|%3c|%-3c", 'a', 'a', 'a');
    PRINTS("abc|  abc|abc  |ab", "%s|%5s|%-5s|%.2s", "abc", "abc", "abc", "abc");
    PRINTS("100%", "%d%%", 100);
    PRINTS("", "");
}

/* VPP-4.3: %ld is a ViInt32. */
TEST(print_long_is_32_bits)
{
    ViInt32 v[3] = {1, -2, 3};

    PRINTS("-1", "%ld", (ViInt32)-1);
    PRINTS("-1", "%ld", (long)-1);
    PRINTS("1,-2,3", "%,3ld", v);
}

TEST(print_arrays)
{
    ViInt16 h[] = {1, -2, 3};
    ViUInt32 u[] = {1, 4294967295U};
    ViInt64 ll[] = {1, -5000000000LL};
    ViReal64 d[] = {1.5, -2.25, 3};
    long double ld[] = {0.5L, 1};

    PRINTS("1,-2,3", "%,3hd", h);
    PRINTS("1,-2", "%,*hd", 2, h);
    PRINTS("1,4294967295", "%,2u", u);
    PRINTS("1,-5000000000", "%,2lld", ll);
    PRINTS("1.50,-2.25,3.00", "%.2,3f", d);
    PRINTS("1.5,-2.25,3", "%,3lg", d);
    PRINTS("  1,  3", "%3,*d", 2, ((ViInt32[]){1, 3}));
    PRINTS("0.5,1", "%,2Lg", ld);
    PRINTS("", "%,0d", h);
    PRINTS("#H1,#HFFFE", "%,2@Hhd", h);
    PRINTS("1.5E+00,-2.2E+00", "%@3.1,2f", d);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%,d", h);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%,*d", -1, h);
    PRINT_FAILS(VI_ERROR_USER_BUF, "%,2d", NULL);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%,2s", "a");
}

TEST(print_forms)
{
    PRINTS("123", "%@1d", 123);
    PRINTS("123.0", "%@2d", 123);
    PRINTS("123.000", "%@2.3d", 123);
    PRINTS("1.23E+02", "%@3d", 123);
    PRINTS("1.23456789E+08", "%@3d", 123456789);
    PRINTS("0.0E+00", "%@3d", 0);
    PRINTS("5.0E+00", "%@3d", 5);
    PRINTS("#H7B #Q173 #B1111011", "%@Hd %@Qd %@Bd", 123, 123, 123);
    PRINTS("#HFFFFFFFF #HFFFF #HFFFFFFFFFFFFFFFF", "%@Hd %@Hhd %@Hlld", -1, -1, -1LL);
    PRINTS("#H0 #H00FF", "%@Hd %.4@Hd", 0, 255);
    PRINTS("124", "%@1f", 123.5);
    PRINTS("123.456000", "%@2f", 123.456);
    PRINTS("1.234560E+02", "%@3f", 123.456);
    PRINTS("#H7C", "%@Hf", 123.5);
    PRINTS("#HFFFFFFFFFFFFFFFE", "%@Hf", -2.0);
    PRINTS("   #H7B", "%7@Hd", 123);
    PRINTS("#H0007B", "%07@Hd", 123);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%@Hf", 1e30);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%@Hf", (double)NAN);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%@4d", 1);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%@", 1);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%@Hx", 1);
}

TEST(print_blocks)
{
    static const char bytes[] = "ab\0cd";
    ViInt16 h[] = {0x0102, 0x0304};
    ViInt32 l[] = {0x01020304};
    ViInt64 ll[] = {0x0102030405060708};
    ViReal32 z[] = {1.0F};
    ViReal64 Z[] = {1.0};

    PRINTS("#13abc", "%3b", "abc");
    PRINTS("#13abc", "%*b", 3, "abc");
    PRINTS("#13abc", "%,3b", "abc");
    PRINTS("#13abc\n|", "%*b\n", 3, "abc");
    PRINTS("#10", "%0b", "");
    EQ(print("%5b", bytes), VI_SUCCESS);
    EQ(page.n, 8);
    MEM(page.text, "#15ab\0cd", 8);
    EQ(print("%2hb", h), VI_SUCCESS);
    MEM(page.text, "#14\1\2\3\4", 7);
    EQ(print("%1lb", l), VI_SUCCESS);
    MEM(page.text, "#14\1\2\3\4", 7);
    EQ(print("%1llb", ll), VI_SUCCESS);
    MEM(page.text, "#18\1\2\3\4\5\6\7\10", 11);
    EQ(print("%1zb", z), VI_SUCCESS);
    MEM(page.text, "#14\x3F\x80\0\0", 7);
    EQ(print("%1Zb", Z), VI_SUCCESS);
    MEM(page.text, "#18\x3F\xF0\0\0\0\0\0\0", 11);
    EQ(print("%3B", "abc"), VI_SUCCESS);
    STR(page.text, "#0abc\n|");
    EQ(print("%2hy", h), VI_SUCCESS);
    MEM(page.text, "\1\2\3\4", 4);
    EQ(print("%2h!oby", h), VI_SUCCESS);
    MEM(page.text, "\1\2\3\4", 4);
    EQ(print("%2!olhy", h), VI_SUCCESS);
    MEM(page.text, "\2\1\4\3", 4);
    EQ(page.n, 4);
    PRINTS("a\nb", "%3y", "a\nb");
    PRINT_FAILS(VI_ERROR_INV_FMT, "%b", "abc");
    PRINT_FAILS(VI_ERROR_INV_FMT, "%*b", -3, "abc");
    PRINT_FAILS(VI_ERROR_USER_BUF, "%3b", NULL);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%1000000000b", "abc");
    PRINT_FAILS(VI_ERROR_INV_FMT, "%3Lb", "abc");
}

/* A block of many pieces arrives whole. */
TEST(print_large_block)
{
    static ViInt16 v[4500];

    for (int i = 0; i < 4500; i++) v[i] = (ViInt16)i;
    EQ(print("%4500hb", v), VI_SUCCESS);
    EQ(page.n, 6 + 9000);
    MEM(page.text, "#49000", 6);
    for (int i = 0; i < 4500; i++) {
        EQ((uint8_t)page.text[6 + 2 * i], i >> 8);
        EQ((uint8_t)page.text[7 + 2 * i], i & 255);
    }
}

TEST(print_escapes_and_line_feeds)
{
    PRINTS("a\n|b\n|", "a\nb\n");
    PRINTS("a\n|", "a\\n");
    PRINTS("\r\t\"\\A", "\\r\\t\\\"\\\\\\101");
    PRINTS("\n|", "\\012");
    PRINTS("C:\\data", "C:\\data");
    PRINTS("a\\", "a\\");
    PRINTS("a\nb", "%s", "a\nb");
    PRINTS("\n", "%c", '\n');
}

TEST(print_malformed)
{
    PRINT_FAILS(VI_ERROR_INV_FMT, "%");
    PRINT_FAILS(VI_ERROR_INV_FMT, "%5");
    PRINT_FAILS(VI_ERROR_INV_FMT, "%k", 1);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%t", 1);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%hld", 1);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%llld", 1LL);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%hf", 1.0);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%zd", 1);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%Ld", 1);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%.2c", 'a');
    PRINT_FAILS(VI_ERROR_INV_FMT, "%!old", 1);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%3!oxy", "abc");
    PRINT_FAILS(VI_ERROR_INV_FMT, "%99999999999d", 1);
    PRINT_FAILS(VI_ERROR_INV_FMT, "%.1.2f", 1.0);
    PRINT_FAILS(VI_ERROR_NSUP_FMT, "%n", NULL);
    PRINT_FAILS(VI_ERROR_NSUP_FMT, "%p", NULL);
    PRINT_FAILS(VI_ERROR_NSUP_FMT, "%hhd", 1);
    PRINT_FAILS(VI_ERROR_NSUP_FMT, "%ls", L"a");
    PRINT_FAILS(VI_ERROR_NSUP_FMT, "%.1000f", 1.0);
    PRINT_FAILS(VI_ERROR_USER_BUF, "%s", NULL);
    page.fail_after = 2;
    PRINT_FAILS(VI_ERROR_TMO, "a%db", 1);
    page.fail_after = 0;
}

TEST(print_extremes)
{
    EQ(print("%f", 1.7e308), VI_SUCCESS);
    EQ(page.n, 309 + 7);
    EQ(print("%.400Lf", 1.1e4932L), VI_SUCCESS);
    EQ(page.n, 4933 + 401);
    PRINTS("-9223372036854775808", "%lld", INT64_MIN);
    PRINTS("-2147483648", "%d", INT32_MIN);
}

/* ---- scanning: messages that arrive in pieces -------------------------------------------------------------- */

typedef struct device {
    const char *const *messages; /* NULL behind the last */
    size_t lengths[12];          /* 0: strlen */
    size_t at, pos, piece;       /* piece: bytes a read, 0 = all */
    bool memory;
    unsigned fills;
} device;

static ViStatus device_fill(void *user, const ViByte **data, size_t *n, bool *end)
{
    device *d = user;
    const char *m = d->messages[d->at];
    size_t length;

    d->fills++;
    if (!m) return VI_ERROR_TMO;
    length = d->lengths[d->at] ? d->lengths[d->at] : strlen(m);
    *data = (const ViByte *)m + d->pos;
    *n = length - d->pos;
    if (d->piece && *n > d->piece) *n = d->piece;
    *end = d->pos + *n == length;
    if (!*n) d->at++, d->pos = 0;
    return VI_SUCCESS;
}

static void device_consume(void *user, size_t n)
{
    device *d = user;
    const char *m = d->messages[d->at];
    size_t length = d->lengths[d->at] ? d->lengths[d->at] : strlen(m);

    d->pos += n;
    if (d->pos == length) d->at++, d->pos = 0;
}

static device bench;

static ViStatus scan(const char *format, ...)
{
    visa_source in = {.fill = device_fill, .consume = device_consume, .user = &bench};
    visa_args args = {.next = NULL};
    ViStatus status;

    va_start(args.list, format);
    status = visa__scan(&in, format, &args);
    va_end(args.list);
    return status;
}

static const char *one[2];

static void answer(const char *text)
{
    one[0] = text;
    bench = (device){.messages = one};
}

static void answer_bytes(const char *text, size_t n, size_t piece)
{
    answer(text);
    bench.lengths[0] = n;
    bench.piece = piece;
}

/* What is left of the message. */
static const char *rest(void)
{
    return bench.at ? "" : one[0] + bench.pos;
}

#define SCANS(text, ...)                                                                                               \
    do {                                                                                                               \
        answer(text);                                                                                                  \
        EQ(scan(__VA_ARGS__), VI_SUCCESS);                                                                             \
    } while (0)
#define SCAN_FAILS(status, text, ...)                                                                                  \
    do {                                                                                                               \
        answer(text);                                                                                                  \
        EQ(scan(__VA_ARGS__), status);                                                                                 \
    } while (0)

TEST(scan_integers)
{
    ViInt32 l = 0;
    ViInt16 h[2] = {0, 77};
    ViInt64 ll = 0;
    ViUInt32 u = 0;

    SCANS("42\n", "%d", &l);
    EQ(l, 42);
    SCANS("  -42\n", "%ld", &l);
    EQ(l, -42);
    SCANS("+7", "%d", &l);
    EQ(l, 7);
    SCANS("-3", "%hd", &h[0]);
    EQ(h[0], -3);
    EQ(h[1], 77);
    SCANS("-5000000000", "%lld", &ll);
    EQ(ll, -5000000000LL);
    SCANS("18446744073709551615", "%llu", &ll);
    EQ(ll, -1);
    SCANS("4294967295", "%u", &u);
    EQ(u, 4294967295U);
    SCANS("4294967295", "%d", &l);
    EQ(l, -1);
    SCANS("1.0E3", "%d", &l);
    EQ(l, 1000);
    SCANS("-2.5", "%d", &l);
    EQ(l, -3);
    SCANS("#H1F #hff", "%d%d", &l, &u);
    EQ(l, 31);
    EQ(u, 255);
    SCANS("#Q17", "%d", &l);
    EQ(l, 15);
    SCANS("#B101", "%d", &l);
    EQ(l, 5);
    SCANS("ff 0xFF 377", "%x %X %o", &l, &u, &h[0]);
    EQ(l, 255);
    EQ(u, 255);
    SCANS("0x10 010 10", "%i%i%i", &l, &u, &ll);
    EQ(l, 16);
    EQ(u, 8);
    EQ((ViInt32)ll, 10);
    SCANS("12345", "%2d%d", &l, &u);
    EQ(l, 12);
    EQ(u, 345);
    SCANS("1,2", "%*d,%d", &l);
    EQ(l, 2);
}

TEST(scan_integers_malformed)
{
    ViInt32 l = 99;
    ViInt16 h = 99;

    SCAN_FAILS(VI_ERROR_INV_FMT, "abc", "%d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "-", "%d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, ".", "%d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "#X1", "%d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "#H", "%d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "4294967296", "%d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "-2147483649", "%d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1E30", "%d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1E", "%d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "nan", "%d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "65536", "%hd", &h);
    EQ(l, 99);
    EQ(h, 99);
    SCAN_FAILS(VI_ERROR_USER_BUF, "1", "%d", NULL);
    SCAN_FAILS(VI_ERROR_TMO, "1", "%d %d", &l, &l);
    EQ(l, 1);
}

TEST(scan_reals)
{
    ViReal32 f[2] = {0, 7};
    ViReal64 d = 0;
    long double ld = 0;

    SCANS("1.5\n", "%f", &f[0]);
    EQ(f[0] == 1.5F && f[1] == 7, 1);
    SCANS("-1.25E-3", "%lf", &d);
    EQ(d == -1.25e-3, 1);
    SCANS("+9.9E37", "%le", &d);
    EQ(d == 9.9e37, 1);
    SCANS("12", "%lg", &d);
    EQ(d == 12, 1);
    SCANS("0.5", "%Lf", &ld);
    EQ(ld == 0.5L, 1);
    SCANS(".5", "%lf", &d);
    EQ(d == 0.5, 1);
    SCANS("5.", "%lf", &d);
    EQ(d == 5, 1);
    SCANS("-7", "%lf", &d);
    EQ(d == -7, 1);
    SCANS("0.1", "%lf", &d);
    EQ(d == 0.1, 1);
    /* Rounded once: by way of a long double it would be the number below. */
    SCANS("9007199254740993.00000001E0", "%lf", &d);
    EQ(d == 9007199254740994.0, 1);
    SCANS("123456789012345678901234567890", "%lf", &d);
    EQ(d == 123456789012345678901234567890.0, 1);
    SCANS("#H10", "%lf", &d);
    EQ(d == 16, 1);
    SCANS("NAN", "%lf", &d);
    TRUE(isnan(d));
    SCANS("-inf", "%lf", &d);
    TRUE(isinf(d) && d < 0);
    SCANS("NINF,", "%lf", &d);
    TRUE(isinf(d) && d < 0);
    SCANS("1E300", "%f", &f[0]);
    TRUE(isinf(f[0]));
    SCANS("1.5V", "%lf", &d);
    STR(rest(), "V");
    SCAN_FAILS(VI_ERROR_INV_FMT, "1.5E", "%lf", &d);
    SCAN_FAILS(VI_ERROR_INV_FMT, "volts", "%lf", &d);
}

TEST(scan_arrays)
{
    ViReal64 d[4] = {0};
    ViInt32 l[5] = {0};
    ViInt16 h[3] = {0};
    ViReal32 f[3] = {0};
    ViUInt32 n = 4;

    SCANS("1.5,2.5, 3.5\n", "%,#lf", &n, d);
    EQ(n, 3);
    EQ(d[0] == 1.5 && d[1] == 2.5 && d[2] == 3.5 && d[3] == 0, 1);
    n = 2;
    SCANS("1,2,3,4", "%,#d", &n, l);
    EQ(n, 2);
    EQ(l[1], 2);
    EQ(l[2], 0);
    STR(rest(), ",3,4");
    SCANS("1,2,3", "%,3d", l);
    EQ(l[2], 3);
    SCANS("1,2,3,4,5,6", "%,3hd", h);
    EQ(h[2], 3);
    SCANS("1,2", "%,3f", f);
    EQ(f[1] == 2 && f[2] == 0, 1);
    n = 4;
    SCANS("1,2,\n", "%,#d", &n, l);
    EQ(n, 2);
    n = 4;
    SCANS("1 , 2\n", "%,#d", &n, l);
    EQ(n, 2);
    n = 4;
    SCAN_FAILS(VI_ERROR_INV_FMT, "1,x", "%,#d", &n, l);
    EQ(n, 1);
    n = 0;
    SCANS("1,2", "%,#d", &n, l);
    EQ(n, 0);
    EQ(bench.fills, 0);
    SCANS("1,2,3;4", "%*,3d;%d", l);
    EQ(l[0], 4);
    SCANS("#H10,2", "%,2@Hd", l);
    EQ(l[0], 16);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%,d", l);
    SCAN_FAILS(VI_ERROR_USER_BUF, "1", "%,#d", NULL, l);
}

TEST(scan_strings)
{
    char s[16], t[16];
    ViUInt32 n;

    SCANS("  hello world\n", "%s", s);
    STR(s, "hello");
    STR(rest(), " world\n");
    SCANS("hello", "%3s%s", s, t);
    STR(s, "hel");
    STR(t, "lo");
    n = 4;
    memset(s, 'x', sizeof(s));
    SCANS("hello", "%#s", &n, s);
    STR(s, "hel");
    EQ(n, 3);
    EQ(s[4], 'x');
    n = 0;
    SCANS("hello", "%#s", &n, s);
    EQ(s[0], 'h');
    n = 1;
    SCANS("hello", "%#t", &n, s);
    STR(s, "");
    SCANS("abc,def", "%[a-c],%[^,]", s, t);
    STR(s, "abc");
    STR(t, "def");
    SCANS("a]b", "%[]a]", s);
    STR(s, "a]");
    SCANS("123456", "%3[0-9]", s);
    STR(s, "123");
    SCAN_FAILS(VI_ERROR_INV_FMT, "xyz", "%[a-c]", s);
    SCAN_FAILS(VI_ERROR_INV_FMT, "xyz", "%[a-c", s);
    SCAN_FAILS(VI_ERROR_INV_FMT, "xyz", "%[", s);
    memset(s, 'x', sizeof(s));
    SCANS(" ab", "%3c", s);
    MEM(s, " abx", 4);
    SCANS("a", "%c", s);
    MEM(s, "aab", 3);
    n = 8;
    SCANS("abc", "%#c", &n, s);
    EQ(n, 3);
    SCAN_FAILS(VI_ERROR_INV_FMT, "ab", "%3c", s);
}

TEST(scan_to_end)
{
    char s[16], t[16];
    ViUInt32 n = 16;
    static const char *const two[] = {"first\n", "second\n", NULL};
    static const char *const empty[] = {"", "x", NULL};

    SCANS("a b\nc\n", "%t", s);
    STR(s, "a b\nc\n");
    SCANS("a b\nc\n", "%T", s);
    STR(s, "a b\n");
    STR(rest(), "c\n");
    SCANS("no line feed", "%T", s);
    STR(s, "no line feed");
    SCANS("abcdef\n", "%3t", s);
    STR(s, "abc");
    STR(rest(), "");
    SCANS("abcdef\ngh", "%3T%2c", s, t);
    STR(s, "abc");
    MEM(t, "gh", 2);
    SCANS("abcdef\n", "%#t", &n, s);
    EQ(n, 7);
    STR(s, "abcdef\n");
    n = 4;
    SCANS("abcdef\n", "%#t", &n, s);
    EQ(n, 3);
    STR(s, "abc");
    STR(rest(), "");
    SCANS("12,text, more\n", "%d,%t", &n, s);
    EQ(n, 12);
    STR(s, "text, more\n");
    bench = (device){.messages = two};
    EQ(scan("%t%t", s, t), VI_SUCCESS);
    STR(s, "first\n");
    STR(t, "second\n");
    bench = (device){.messages = two};
    EQ(scan("%*t%s", s), VI_SUCCESS);
    STR(s, "second");
    bench = (device){.messages = empty};
    EQ(scan("%t%s", s, t), VI_SUCCESS);
    STR(s, "");
    STR(t, "x");
}

/* A line feed that an earlier call has left is passed over with its message. */
TEST(scan_goes_on_in_the_next_message)
{
    static const char *const two[] = {"1.5\n", "2.5\n", NULL};
    ViReal64 a = 0, b = 0;

    bench = (device){.messages = two};
    EQ(scan("%lf", &a), VI_SUCCESS);
    EQ(bench.fills, 1);
    EQ(scan("%lf", &b), VI_SUCCESS);
    EQ(a == 1.5 && b == 2.5, 1);
    EQ(scan("%lf", &b), VI_ERROR_TMO);
}

TEST(scan_white_space_and_literals)
{
    ViInt32 a = 0, b = 0;

    SCANS("CH1:5;CH2:6\n", "CH1:%d;CH2:%d", &a, &b);
    EQ(a, 5);
    EQ(b, 6);
    SCANS("  x  5", " x %d", &a);
    EQ(a, 5);
    SCANS("5%", "%d%%", &a);
    SCANS("5\n", "%d\n", &a);
    STR(rest(), "");
    SCANS("5", "%d\n", &a);
    EQ(bench.fills, 1);
    SCANS("5", "%d ", &a);
    SCAN_FAILS(VI_ERROR_INV_FMT, "5", "%d,%d", &a, &b);
    SCAN_FAILS(VI_ERROR_INV_FMT, "5;6", "%d,%d", &a, &b);
    SCAN_FAILS(VI_ERROR_INV_FMT, "5", "%d ;", &a);
    SCAN_FAILS(VI_ERROR_INV_FMT, "5", "%%");
    SCANS("a\tb", "a\\tb");
    SCANS("", "");
    EQ(bench.fills, 0);
}

/* Reading behind the last byte of a wire without END would wait for nothing. */
TEST(scan_does_not_wait_behind_the_format)
{
    ViInt32 a = 0, b[3] = {0};
    ViUInt32 n = 3;

    for (int i = 0; i < 2; i++) {
        answer_bytes("5\nmore", 6, 2);
        EQ(i ? scan("%d\n", &a) : scan("%d", &a), VI_SUCCESS);
        EQ(a, 5);
        EQ(bench.fills, 1);
    }
    answer_bytes("1,2\nmore", 8, 4);
    EQ(scan("%,#d", &n, b), VI_SUCCESS);
    EQ(n, 2);
    EQ(bench.fills, 1);
    answer_bytes("abc\nmore", 8, 4);
    EQ(scan("%T", (char[8]){0}), VI_SUCCESS);
    EQ(bench.fills, 1);
    answer_bytes("#13abcmore", 10, 6);
    EQ(scan("%3b", (char[8]){0}), VI_SUCCESS);
    EQ(bench.fills, 1);
}

TEST(scan_blocks)
{
    char s[16] = "";
    ViInt16 h[4] = {0};
    ViInt32 l = 0;
    ViInt64 ll = 0;
    ViReal32 z = 0;
    ViReal64 Z = 0;
    ViUInt32 n;

    for (size_t piece = 0; piece < 5; piece++) {
        memset(s, 'x', sizeof(s));
        answer_bytes("#15ab\0cd\n", 9, piece);
        n = 16;
        EQ(scan("%#b", &n, s), VI_SUCCESS);
        EQ(n, 5);
        MEM(s, "ab\0cdx", 6);
        STR(rest(), "\n");
        answer_bytes("#14\1\2\3\4\n", 8, piece);
        EQ(scan("%4hb", h), VI_SUCCESS);
        EQ(h[0], 0x0102);
        EQ(h[1], 0x0304);
        EQ(h[2], 0);
        answer_bytes("#14\1\2\3\4\n", 8, piece);
        EQ(scan("%1lb", &l), VI_SUCCESS);
        EQ(l, 0x01020304);
        answer_bytes("#14\1\2\3\4\n", 8, piece);
        EQ(scan("%1!ollb", &l), VI_SUCCESS);
        EQ(l, 0x04030201);
        answer_bytes("#18\1\2\3\4\5\6\7\10", 11, piece);
        EQ(scan("%1llb", &ll), VI_SUCCESS);
        EQ(ll, 0x0102030405060708);
        answer_bytes("#14\x3F\x80\0\0", 7, piece);
        EQ(scan("%1zb", &z), VI_SUCCESS);
        EQ(z == 1.0F, 1);
        answer_bytes("#18\x3F\xF0\0\0\0\0\0\0", 11, piece);
        EQ(scan("%1Zb", &Z), VI_SUCCESS);
        EQ(Z == 1.0, 1);
        memset(s, 'x', sizeof(s));
        answer_bytes("#0a\nb\n", 6, piece);
        n = 16;
        EQ(scan("%#b", &n, s), VI_SUCCESS);
        EQ(n, 3);
        MEM(s, "a\nbx", 4);
        memset(s, 'x', sizeof(s));
        answer_bytes("#15abcde,7\n", 11, piece);
        EQ(scan("%2b,%d", s, &l), VI_SUCCESS);
        MEM(s, "abx", 3);
        EQ(l, 7);
    }
    n = 16;
    SCANS("#220abcdefghijklmnopqrst", "%#b", &n, s);
    EQ(n, 16);
    MEM(s, "abcdefghijklmnop", 16);
    SCANS("#10\n", "%#b", &n, s);
    EQ(n, 0);
    SCANS("#13abc;5", "%*b;%d", &l);
    EQ(l, 5);
}

TEST(scan_blocks_malformed)
{
    char s[16] = "";
    ViInt16 h[4] = {0};
    ViUInt32 n = 16;

    SCAN_FAILS(VI_ERROR_INV_FMT, "abc", "%#b", &n, s);
    n = 16;
    SCAN_FAILS(VI_ERROR_INV_FMT, "#x", "%#b", &n, s);
    n = 16;
    SCAN_FAILS(VI_ERROR_INV_FMT, "#2x", "%#b", &n, s);
    n = 16;
    SCAN_FAILS(VI_ERROR_INV_FMT, "#", "%#b", &n, s);
    /* The message ends before the block does: an error, with what came. */
    n = 16;
    SCAN_FAILS(VI_ERROR_IO, "#15abc", "%#b", &n, s);
    EQ(n, 3);
    MEM(s, "abc", 3);
    SCAN_FAILS(VI_ERROR_INV_FMT, "#13abc", "%2hb", h);
    SCAN_FAILS(VI_ERROR_INV_FMT, "#13abc", "%2,3b", s);
}

TEST(scan_raw_bytes)
{
    char s[16] = "";
    ViInt16 h[4] = {0};
    ViUInt32 n = 16;

    for (size_t piece = 0; piece < 4; piece++) {
        answer_bytes("\1\2\3\4\5", 5, piece);
        EQ(scan("%2hy", h), VI_SUCCESS);
        EQ(h[0], 0x0102);
        EQ(h[1], 0x0304);
        EQ(*rest(), 5);
        answer_bytes("\1\2\3\4\5", 5, piece);
        EQ(scan("%,2!olhy", h), VI_SUCCESS);
        EQ(h[0], 0x0201);
        answer_bytes("a\nb\n", 4, piece);
        n = 16;
        EQ(scan("%#y", &n, s), VI_SUCCESS);
        EQ(n, 4);
        MEM(s, "a\nb\n", 4);
    }
    SCANS("abc", "%y", s);
    SCAN_FAILS(VI_ERROR_INV_FMT, "abc", "%5y", s);
    n = 5;
    SCANS("abc", "%#y", &n, s);
    EQ(n, 3);
    n = 5;
    SCAN_FAILS(VI_ERROR_INV_FMT, "abc", "%#hy", &n, h);
    EQ(n, 1);
}

TEST(scan_malformed_formats)
{
    ViInt32 l;
    char s[8];

    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%");
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%5");
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%k", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%-5d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%.5d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%**d", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%*#t", s);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%,2t", s);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%ht", s);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%!old", &l);
    SCAN_FAILS(VI_ERROR_INV_FMT, "1", "%zd", &l);
    SCAN_FAILS(VI_ERROR_NSUP_FMT, "1", "%n", &l);
    SCAN_FAILS(VI_ERROR_NSUP_FMT, "1", "%p", &l);
    SCAN_FAILS(VI_ERROR_NSUP_FMT, "1", "%ls", s);
    SCAN_FAILS(VI_ERROR_NSUP_FMT, "1", "%hhd", &l);
    EQ(bench.fills, 0);
}

/* A number longer than any, and white space without end. */
TEST(scan_bounds)
{
    static char digits[2000];
    static const char *const blank[] = {"\n", "\n", "\n", "\n", "\n", "\n", "\n", "\n", "\n", "1", NULL};
    ViReal64 d = 0;
    bench = (device){.messages = blank};
    EQ(scan("%lf", &d), VI_ERROR_INV_FMT);
    memset(digits, '1', sizeof(digits) - 1);
    SCAN_FAILS(VI_ERROR_INV_FMT, digits, "%lf", &d);
}

/* One with a decimal comma: installed, or made for this test where the sources of locales are there. */
static locale_t comma_locale(void)
{
    char command[600];
    locale_t l = newlocale(LC_ALL_MASK, "de_DE.UTF-8", (locale_t)0);

    if (l) return l;
    snprintf(command, sizeof(command), "localedef -i de_DE -f UTF-8 %s >/dev/null 2>&1", test_path("comma"));
    if (system(command) == 0) {
        setenv("LOCPATH", test_folder(), 1);
        l = newlocale(LC_ALL_MASK, "comma", (locale_t)0);
    }
    return l;
}

static void with_comma(void)
{
    locale_t other = comma_locale();
    ViReal64 d = 0;
    char text[16];

    if (!other) {
        puts("note: no locale with a decimal comma is installed");
        return;
    }
    uselocale(other);
    snprintf(text, sizeof(text), "%.1f", 1.5);
    STR(text, "1,5");
    PRINTS("1.5", "%.1f", 1.5);
    SCANS("2.5", "%lf", &d);
    EQ(d == 2.5, 1);
    TRUE(uselocale((locale_t)0) == other);
}

/* In a process of its own: what it does to the locale stays there. */
TEST(numbers_ignore_the_locale)
{
    int status = -1;
    pid_t child;

    fflush(stdout);
    test_folder();
    child = fork();
    if (child == 0) {
        with_comma();
        fflush(stdout);
        _exit(test_bad);
    }
    EQ(waitpid(child, &status, 0), child);
    EQ(status, 0);
}

int main(void)
{
    RUN(print_as_c);
    RUN(print_long_is_32_bits);
    RUN(print_arrays);
    RUN(print_forms);
    RUN(print_blocks);
    RUN(print_large_block);
    RUN(print_escapes_and_line_feeds);
    RUN(print_malformed);
    RUN(print_extremes);
    RUN(scan_integers);
    RUN(scan_integers_malformed);
    RUN(scan_reals);
    RUN(scan_arrays);
    RUN(scan_strings);
    RUN(scan_to_end);
    RUN(scan_goes_on_in_the_next_message);
    RUN(scan_white_space_and_literals);
    RUN(scan_does_not_wait_behind_the_format);
    RUN(scan_blocks);
    RUN(scan_blocks_malformed);
    RUN(scan_raw_bytes);
    RUN(scan_malformed_formats);
    RUN(scan_bounds);
    RUN(numbers_ignore_the_locale);
    return TEST_RESULT();
}
