/* Every argument and result decoder of VXI-11; what decodes must encode and decode to the same again. */
#include "wire/vxi11.h"

#include "fuzz.h"

static void arguments(const uint8_t *d, size_t n)
{
    grat__vxi_create create;
    grat__vxi_write write;
    grat__vxi_read rd;
    grat__vxi_generic generic;
    grat__vxi_lock lock;
    grat__vxi_srq srq;
    grat__vxi_docmd docmd;
    grat__vxi_intr intr;
    int32_t lid;

    if (grat__vxi_get_create(d, n, &create) == GRAT_OK) HOLDS(strlen(create.device) < sizeof create.device);
    if (grat__vxi_get_write(d, n, &write) == GRAT_OK) HOLDS(write.n <= n);
    grat__vxi_get_read(d, n, &rd);
    grat__vxi_get_generic(d, n, &generic);
    grat__vxi_get_lock(d, n, &lock);
    grat__vxi_get_lid(d, n, &lid);
    if (grat__vxi_get_srq(d, n, &srq) == GRAT_OK) HOLDS(srq.n <= sizeof srq.handle);
    if (grat__vxi_get_docmd(d, n, &docmd) == GRAT_OK) HOLDS(docmd.n <= n);
    grat__vxi_get_intr(d, n, &intr);
}

static void results(const uint8_t *d, size_t n)
{
    grat__vxi_create_result create;
    grat__vxi_write_result write;
    grat__vxi_stb_result stb;
    grat__vxi_docmd_result docmd;
    const uint8_t *handle;
    uint32_t error;
    size_t len;

    if (grat__vxi_get_create_result(d, n, &create) == GRAT_OK) HOLDS(n >= 16);
    if (grat__vxi_get_write_result(d, n, &write) == GRAT_OK) HOLDS(n >= 8);
    grat__vxi_get_stb_result(d, n, &stb);
    if (grat__vxi_get_docmd_result(d, n, &docmd) == GRAT_OK) HOLDS(docmd.n <= n);
    if (grat__vxi_get_handle(d, n, &handle, &len) == GRAT_OK) HOLDS(len <= n);
    if (grat__vxi_get_error(d, n, &error) == GRAT_OK) HOLDS(grat__vxi_error_text(error) != NULL);
}

static void read_round_trip(const uint8_t *d, size_t n)
{
    grat__vxi_read_result a, b;
    grat__buf buf;

    if (grat__vxi_get_read_result(d, n, &a) != GRAT_OK) return;
    HOLDS(a.n <= n);
    grat__buf_init(&buf, n + 64);
    HOLDS(grat__vxi_put_read_result(&buf, &a) == GRAT_OK);
    HOLDS(grat__vxi_get_read_result(buf.data, buf.len, &b) == GRAT_OK);
    HOLDS(a.n == b.n && a.error == b.error && a.reason == b.reason);
    if (a.n) HOLDS(memcmp(a.data, b.data, a.n) == 0);
    grat__buf_free(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    arguments(data, n);
    results(data, n);
    read_round_trip(data, n);
    return 0;
}
