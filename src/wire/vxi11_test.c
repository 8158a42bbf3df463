#include "wire/portmap.h"
#include "wire/rpc.h"
#include "wire/vxi11.h"
#include "wire/xdr.h"

#include "test.h"

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    unsigned v, digits = 0, byte = 0;
    for (; *hex; hex++) {
        if (*hex == ' ') continue;
        v = (unsigned)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
        byte = byte << 4 | v;
        if (++digits % 2 == 0) out[n++] = (uint8_t)byte, byte = 0;
    }
    return n;
}

static grat__buf buf;
static size_t mark;

static void call(uint32_t xid, uint32_t prog, uint32_t vers, uint32_t proc)
{
    buf.len = 0;
    grat__rpc_mark_begin(&buf, &mark);
    grat__rpc_put_call(&buf, xid, prog, vers, proc);
}

static void reply(uint32_t xid)
{
    buf.len = 0;
    grat__rpc_mark_begin(&buf, &mark);
    grat__rpc_put_reply(&buf, xid, GRAT__RPC_SUCCESS, 0, 0);
}

#define SAME(hex)                                                                                                      \
    do {                                                                                                               \
        uint8_t want[512];                                                                                             \
        size_t want_n = from_hex(hex, want);                                                                           \
        grat__rpc_mark_end(&buf, mark, 0);                                                                             \
        EQ(buf.len, want_n);                                                                                           \
        MEM(buf.data, want, want_n < buf.len ? want_n : buf.len);                                                      \
    } while (0)

/* Captured: a GETPORT over TCP. */
TEST(getport)
{
    call(0x4010968a, GRAT__PMAP_PROG, GRAT__PMAP_VERS, GRAT__PMAP_GETPORT);
    grat__pmap_mapping m = {GRAT__VXI_CORE_PROG, 1, GRAT__PMAP_TCP, 0}, back;
    grat__pmap_put_mapping(&buf, &m);
    SAME("80000038 4010968a 00000000 00000002 000186a0 00000002 00000003"
         "00000000 00000000 00000000 00000000 000607af 00000001 00000006 00000000");
    grat__rpc_call c;
    EQ(grat__rpc_get_call(buf.data + 4, buf.len - 4, &c), GRAT_OK);
    EQ(c.xid, 0x4010968a);
    EQ(grat__pmap_get_mapping(c.args, c.args_len, &back), GRAT_OK);
    MEM(&m, &back, sizeof m);
    reply(0x4010968a);
    grat__pmap_put_word(&buf, 0x8645);
    SAME("8000001c 4010968a 00000001 00000000 00000000 00000000 00000000 00008645");
}

/* Captured: *IDN? of a libtirpc client. */
TEST(captured_session)
{
    call(7, GRAT__VXI_CORE_PROG, 1, GRAT__VXI_CREATE_LINK);
    grat__vxi_put_create(&buf, &(grat__vxi_create){.device = "inst0"});
    SAME("80000040 00000007 00000000 00000002 000607af 00000001 0000000a 00000000 00000000 00000000 00000000"
         "00000000 00000000 00000000 00000005 696e737430000000");
    reply(7);
    grat__vxi_put_create_result(&buf, &(grat__vxi_create_result){0, 0xc9, 0xa837, 1024});
    SAME("80000028 00000007 00000001 00000000 00000000 00000000 00000000 00000000 000000c9 0000a837 00000400");
    call(8, GRAT__VXI_CORE_PROG, 1, GRAT__VXI_WRITE);
    grat__vxi_put_write(&buf, &(grat__vxi_write){0xc9, 3000, 0, 9, (const uint8_t *)"*IDN?", 5});
    SAME("80000044 00000008 00000000 00000002 000607af 00000001 0000000b 00000000 00000000 00000000 00000000"
         "000000c9 00000bb8 00000000 00000009 00000005 2a49444e3f000000");
    call(9, GRAT__VXI_CORE_PROG, 1, GRAT__VXI_READ);
    grat__vxi_put_read(&buf, &(grat__vxi_read){0xc9, 0x500000, 3000, 0, 0, 0});
    SAME("80000040 00000009 00000000 00000002 000607af 00000001 0000000c 00000000 00000000 00000000 00000000"
         "000000c9 00500000 00000bb8 00000000 00000000 00000000");
    reply(9);
    grat__vxi_put_read_result(&buf, &(grat__vxi_read_result){0, 4, (const uint8_t *)"ACME,SIM1000,SN001,1.0\n", 23});
    SAME("8000003c 00000009 00000001 00000000 00000000 00000000 00000000 00000000 00000004 00000017"
         "41434d452c53494d313030302c534e3030312c312e300a00");
    call(10, GRAT__VXI_CORE_PROG, 1, GRAT__VXI_DESTROY_LINK);
    grat__vxi_put_lid(&buf, 0xc9);
    SAME("8000002c 0000000a 00000000 00000002 000607af 00000001 00000017 00000000 00000000 00000000 00000000"
         "000000c9");
}

TEST(write_head_and_mark_count_the_data_that_follows)
{
    call(1, GRAT__VXI_CORE_PROG, 1, GRAT__VXI_WRITE);
    grat__vxi_put_write_head(&buf, &(grat__vxi_write){.lid = 1, .flags = 8, .n = 5});
    grat__rpc_mark_end(&buf, mark, 5 + grat__xdr_pad(5));
    EQ(grat__be32(buf.data), 0x80000044);
    EQ(buf.len, 4 + 0x44 - 8);
}

#define BACK(kind, value, ...)                                                                                         \
    do {                                                                                                               \
        grat__vxi_##kind in_ = value, out_;                                                                            \
        memset(&out_, 0, sizeof out_);                                                                                 \
        buf.len = 0;                                                                                                   \
        EQ(grat__vxi_put_##kind(&buf, &in_), GRAT_OK);                                                                 \
        for (size_t cut_ = 0; cut_ + 4 <= buf.len; cut_ += 4)                                                          \
            EQ(grat__vxi_get_##kind(buf.data, cut_, &out_), GRAT_EPROTO);                                              \
        EQ(grat__vxi_get_##kind(buf.data, buf.len, &out_), GRAT_OK);                                                   \
        __VA_ARGS__                                                                                                    \
    } while (0)
#define V(...) {__VA_ARGS__}

TEST(round_trips)
{
    BACK(create, V(-1, true, 5, "gpib0,7"), EQ(out_.client_id, -1); TRUE(out_.lock); STR(out_.device, "gpib0,7"););
    BACK(write, V(-2, 10, 20, 8, (const uint8_t *)"abcd", 4),
         EQ(out_.lid, -2); EQ(out_.n, 4); MEM(out_.data, "abcd", 4););
    BACK(read, V(0, 77, 10, 20, 0x80, '\n'), EQ(out_.request_size, 77); EQ(out_.lock_timeout, 20); EQ(out_.term, 10););
    BACK(generic, V(3, 1, 100, 200),
         EQ(out_.lock_timeout, 100); EQ(out_.io_timeout, 200); EQ(grat__be32(buf.data + 8), 100););
    BACK(lock, V(3, 1, 100), EQ(out_.flags, 1); EQ(out_.lock_timeout, 100););
    BACK(srq, V(3, true, "0123456789", 40), TRUE(out_.enable); EQ(out_.n, 40); MEM(out_.handle, in_.handle, 40););
    BACK(docmd, V(3, 0, 1, 2, 0x20001, true, 2, (const uint8_t *)"\0\1zz", 4),
         EQ(out_.cmd, 0x20001); EQ(out_.datasize, 2);
         EQ(out_.n, 4););
    BACK(intr, V(0x7f000001, 4711, GRAT__VXI_INTR_PROG, 1, 0), EQ(out_.host, 0x7f000001); EQ(out_.port, 4711););
    BACK(create_result, V(0, -5, 1234, 0xffffffff), EQ(out_.lid, -5); EQ(out_.max_recv_size, 0xffffffff););
    BACK(write_result, V(15, 3), EQ(out_.error, 15); EQ(out_.size, 3););
    BACK(stb_result, V(0, 0x40), EQ(out_.stb, 0x40););
}

TEST(lengths_beyond_the_record)
{
    grat__vxi_read_result r;
    buf.len = 0;
    grat__xdr_put_words(&buf, (uint32_t[]){0, 0, 100}, 3);
    grat__buf_puts(&buf, "IDN\n");
    EQ(grat__vxi_get_read_result(buf.data, buf.len, &r), GRAT_OK);
    EQ(r.n, 4);
    EQ(r.reason, GRAT__VXI_REASON_END);
    grat__vxi_write w;
    grat__buf_drop(&buf, 8);
    buf.len = 0;
    grat__xdr_put_words(&buf, (uint32_t[]){1, 2, 3, 8, 0xffffffff}, 5);
    EQ(grat__vxi_get_write(buf.data, buf.len, &w), GRAT_EPROTO);
    const uint8_t *handle;
    size_t n;
    buf.len = 0;
    grat__xdr_put_words(&buf, (uint32_t[]){12, 1, 2}, 3);
    EQ(grat__vxi_get_handle(buf.data, buf.len, &handle, &n), GRAT_OK);
    EQ(n, 8);
}

TEST(dump_and_callit)
{
    grat__pmap_mapping in[2] = {{100000, 2, 6, 111}, {GRAT__VXI_CORE_PROG, 1, 6, 700}}, out[2];
    size_t n = 2;
    buf.len = 0;
    grat__pmap_put_dump(&buf, in, 2);
    EQ(buf.len, 44);
    EQ(grat__pmap_get_dump(buf.data, buf.len, out, &n), GRAT_OK);
    EQ(n, 2);
    MEM(in, out, sizeof in);
    EQ(grat__pmap_get_dump(buf.data, buf.len - 4, out, &n), GRAT_EPROTO);
    grat__pmap_callit c = {GRAT__VXI_CORE_PROG, 1, 0, NULL, 0}, c2;
    buf.len = 0;
    grat__pmap_put_callit(&buf, &c);
    EQ(grat__pmap_get_callit(buf.data, buf.len, &c2), GRAT_OK);
    EQ(c2.prog, GRAT__VXI_CORE_PROG);
    EQ(c2.args_len, 0);
    grat__pmap_callit_result r2;
    buf.len = 0;
    grat__pmap_put_callit_result(&buf, &(grat__pmap_callit_result){5, (const uint8_t *)"x", 1});
    EQ(grat__pmap_get_callit_result(buf.data, buf.len, &r2), GRAT_OK);
    EQ(r2.port, 5);
    EQ(r2.n, 1);
}

TEST(error_numbers)
{
    EQ(grat__vxi_error_code(0), GRAT_OK);
    EQ(grat__vxi_error_code(11), GRAT_ELOCKED);
    EQ(grat__vxi_error_code(15), GRAT_ETIMEOUT);
    EQ(grat__vxi_error_code(23), GRAT_ECANCELED);
    EQ(grat__vxi_error_code(3), GRAT_ENODEV);
    EQ(grat__vxi_error_code(99), GRAT_EINSTR);
    STR(grat__vxi_error_text(11), "device locked by another link");
}

int main(void)
{
    grat__buf_init(&buf, 4096);
    RUN(getport);
    RUN(captured_session);
    RUN(write_head_and_mark_count_the_data_that_follows);
    RUN(round_trips);
    RUN(lengths_beyond_the_record);
    RUN(dump_and_callit);
    RUN(error_numbers);
    grat__buf_free(&buf);
    return TEST_RESULT();
}
