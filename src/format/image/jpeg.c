#include "format/image/image.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

typedef struct guard {
    struct jpeg_error_mgr base;
    jmp_buf back;
    char text[JMSG_LENGTH_MAX];
} guard;

static void failed(j_common_ptr info)
{
    guard *g = (guard *)info->err;
    g->base.format_message(info, g->text);
    longjmp(g->back, 1);
}

/* Warnings of libjpeg mean damaged data: a screenshot with holes is not a success. */
static void emit(j_common_ptr info, int level)
{
    if (level < 0) failed(info);
}

static struct jpeg_error_mgr *guard_init(guard *g)
{
    jpeg_std_error(&g->base);
    g->base.error_exit = failed;
    g->base.emit_message = emit;
    return &g->base;
}

static grat_err decode_lines(struct jpeg_decompress_struct *info, grat__raster *out, grat_op *op)
{
    jpeg_read_header(info, TRUE);
    info->out_color_space = JCS_RGB;
    grat_err e = grat__raster_init(out, info->image_width, info->image_height, 3, op);
    if (e) return e;
    jpeg_start_decompress(info);
    while (info->output_scanline < info->output_height) {
        JSAMPROW row = out->pixels + out->stride * info->output_scanline;
        jpeg_read_scanlines(info, &row, 1);
    }
    jpeg_finish_decompress(info);
    return GRAT_OK;
}

grat_err grat__jpeg_decode(const uint8_t *data, size_t n, grat__raster *out, grat_op *op)
{
    struct jpeg_decompress_struct info = {0};
    guard g;
    info.err = guard_init(&g);
    *out = (grat__raster){0};
    grat_err e;
    if (setjmp(g.back) == 0) {
        jpeg_create_decompress(&info);
        jpeg_mem_src(&info, data, n);
        e = decode_lines(&info, out, op);
    } else {
        e = grat_op_fail(op, GRAT_EPROTO, "JPEG: %s; take the screenshot again", g.text);
    }
    jpeg_destroy_decompress(&info);
    if (e) grat__raster_free(out);
    return e;
}

typedef struct memory { unsigned char *data; unsigned long n; } memory;

static void encode_lines(struct jpeg_compress_struct *info, const grat__raster *r, uint8_t *line)
{
    info->image_width = r->width;
    info->image_height = r->height;
    info->input_components = 3;
    info->in_color_space = JCS_RGB;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, 92, TRUE);
    jpeg_start_compress(info, TRUE);
    for (unsigned y = 0; y < r->height; y++) {
        const uint8_t *in = r->pixels + r->stride * y;
        for (unsigned x = 0; x < r->width; x++)
            memcpy(line + (size_t)x * 3, r->channels == 1 ? r->palette[in[x]] : in + (size_t)x * 3, 3);
        JSAMPROW row = line;
        jpeg_write_scanlines(info, &row, 1);
    }
    jpeg_finish_compress(info);
}

grat_err grat__jpeg_encode(const grat__raster *r, uint8_t **out, size_t *n, grat_op *op)
{
    struct jpeg_compress_struct info = {0};
    guard g;
    memory *mem = calloc(1, sizeof *mem);
    uint8_t *line = malloc((size_t)r->width * 3);
    grat_err e = GRAT_ENOMEM;
    info.err = guard_init(&g);
    if (mem && line && setjmp(g.back) == 0) {
        jpeg_create_compress(&info);
        jpeg_mem_dest(&info, &mem->data, &mem->n);
        encode_lines(&info, r, line);
        *out = mem->data;
        *n = mem->n;
        mem->data = NULL;
        e = GRAT_OK;
    } else {
        e = grat_op_fail(op, mem && line ? GRAT_EINVAL : GRAT_ENOMEM, "JPEG: %s", mem && line ? g.text : "no memory");
    }
    jpeg_destroy_compress(&info);
    if (mem) free(mem->data);
    free(mem);
    free(line);
    return e;
}

static void encode_planes(struct jpeg_compress_struct *info, const grat__planes *p, int quality)
{
    info->image_width = p->width;
    info->image_height = p->height;
    info->input_components = 3;
    info->in_color_space = JCS_YCbCr;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, quality, TRUE);
    info->raw_data_in = TRUE;
    info->dct_method = JDCT_ISLOW;
    jpeg_start_compress(info, TRUE);
    for (unsigned line = 0; line < p->height; line += 16) {
        JSAMPROW y[16], u[8], v[8];
        JSAMPARRAY planes[3] = {y, u, v};
        for (unsigned i = 0; i < 16; i++) y[i] = (JSAMPROW)(uintptr_t)(p->y + (size_t)(line + i) * p->stride);
        for (unsigned i = 0; i < 8; i++) {
            u[i] = (JSAMPROW)(uintptr_t)(p->u + (size_t)(line / 2 + i) * (p->stride / 2));
            v[i] = (JSAMPROW)(uintptr_t)(p->v + (size_t)(line / 2 + i) * (p->stride / 2));
        }
        jpeg_write_raw_data(info, planes, 16);
    }
    jpeg_finish_compress(info);
}

grat_err grat__jpeg_encode_planes(const grat__planes *p, int quality, uint8_t **out, size_t *n, grat_op *op)
{
    struct jpeg_compress_struct info = {0};
    guard g;
    memory *mem = calloc(1, sizeof *mem);
    grat_err e = GRAT_ENOMEM;
    info.err = guard_init(&g);
    if (mem && setjmp(g.back) == 0) {
        jpeg_create_compress(&info);
        jpeg_mem_dest(&info, &mem->data, &mem->n);
        encode_planes(&info, p, quality);
        *out = mem->data;
        *n = mem->n;
        mem->data = NULL;
        e = GRAT_OK;
    } else {
        e = grat_op_fail(op, mem ? GRAT_EINVAL : GRAT_ENOMEM, "JPEG: %s", mem ? g.text : "no memory");
    }
    jpeg_destroy_compress(&info);
    if (mem) free(mem->data);
    free(mem);
    return e;
}
