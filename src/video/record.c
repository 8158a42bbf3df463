/* A file that players open, by the encoders and containers of FFmpeg. Frames carry their time, so that one that is left
 * out shortens nothing. A .mkv grows under its name and plays also when it is cut; an .mp4 appears when it is whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "sink/sink.h"
#include "video/av_lazy.h"
#include "video/sink.h"

enum { BUFFER = 65536, KEY_SECONDS = 2 };

typedef struct recorder {
    char name[200];
    grat_out *out;
    grat_op *op;               /* of the call in progress, for the callbacks */
    bool grows, headed;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream;
    AVIOContext *io;
    AVFrame *frame;
    AVPacket *packet;
    int64_t last;
} recorder;

/* The first of them that this FFmpeg has; each makes 4:2:0. */
static const struct {
    const char *name;
    const char *option[3][2];
} encoders[] = {
    {"libx264", {{"preset", "veryfast"}, {"crf", "20"}, {"x264-params", "log-level=-1"}}},
    {"libopenh264", {{"rc_mode", "quality"}}},
    {"mpeg4", {{"q", "3"}}},
};

static grat_err failed(recorder *r, const char *what, int code)
{
    char why[AV_ERROR_MAX_STRING_SIZE] = "";
    if (r->op->err) return r->op->err;     /* the file's own */
    av_strerror(code, why, sizeof why);
    return grat_op_fail(r->op, GRAT_EIO, "%s: %s: %s", r->name, what, why);
}

/* ---- bytes --------------------------------------------------------------------------------------------- */

#if LIBAVFORMAT_VERSION_MAJOR < 61
static int on_write(void *user, uint8_t *data, int n)
#else
static int on_write(void *user, const uint8_t *data, int n)
#endif
{
    recorder *r = user;
    return grat_out_write(r->out, data, (size_t)n, r->op) ? AVERROR(EIO) : n;
}

static int64_t on_seek(void *user, int64_t to, int whence)
{
    recorder *r = user;
    if (whence == AVSEEK_SIZE) return (int64_t)grat__out_size(r->out);
    if (whence != SEEK_SET || to < 0) return AVERROR(EINVAL);
    return grat_out_seek(r->out, (uint64_t)to, r->op) ? AVERROR(EIO) : to;
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static void set_codec(recorder *r, const grat__video_shape *shape)
{
    AVCodecContext *c = r->codec;
    int rate = (int)(shape->rate_num / shape->rate_den);
    c->width = (int)shape->width;
    c->height = (int)shape->height;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->color_range = AVCOL_RANGE_MPEG;
    c->colorspace = AVCOL_SPC_SMPTE170M;
    c->color_primaries = AVCOL_PRI_SMPTE170M;
    c->color_trc = AVCOL_TRC_SMPTE170M;
    c->chroma_sample_location = AVCHROMA_LOC_CENTER;
    c->time_base = shape->steady ? (AVRational){(int)shape->rate_den, (int)shape->rate_num} : (AVRational){1, 1000};
    if (shape->steady) c->framerate = (AVRational){(int)shape->rate_num, (int)shape->rate_den};
    c->gop_size = KEY_SECONDS * (rate ? rate : 1);
    c->thread_count = 1;
    if (r->format->oformat->flags & AVFMT_GLOBALHEADER) c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
}

/* An encoder may be listed and yet not open (no hardware, no library): the next one then. */
static grat_err open_encoder(recorder *r, const grat__video_shape *shape)
{
    int code = AVERROR_ENCODER_NOT_FOUND;
    for (unsigned i = 0; i < sizeof encoders / sizeof *encoders; i++) {
        const AVCodec *codec = avcodec_find_encoder_by_name(encoders[i].name);
        AVDictionary *options = NULL;
        if (!codec) continue;
        r->codec = avcodec_alloc_context3(codec);
        if (!r->codec) return grat_op_fail(r->op, GRAT_ENOMEM, "%s: out of memory", r->name);
        set_codec(r, shape);
        if (strcmp(encoders[i].name, "mpeg4") == 0) {
            r->codec->flags |= AV_CODEC_FLAG_QSCALE;
            r->codec->global_quality = 3 * FF_QP2LAMBDA;
        }
        for (unsigned k = 0; k < 3 && encoders[i].option[k][0]; k++)
            av_dict_set(&options, encoders[i].option[k][0], encoders[i].option[k][1], 0);
        code = avcodec_open2(r->codec, codec, &options);
        av_dict_free(&options);
        if (code >= 0) return GRAT_OK;
        avcodec_free_context(&r->codec);
    }
    return failed(r, "no encoder for video", code);
}

static grat_err open_container(recorder *r, const char *kind, const grat__video_shape *shape)
{
    int code = avformat_alloc_output_context2(&r->format, NULL, kind, NULL);
    if (code < 0) return failed(r, "no such container", code);
    grat_err e = open_encoder(r, shape);
    if (e) return e;
    uint8_t *buffer = av_malloc(BUFFER);
    r->io = buffer ? avio_alloc_context(buffer, BUFFER, 1, r, NULL, on_write, on_seek) : NULL;
    if (buffer && !r->io) av_free(buffer);
    r->stream = r->io ? avformat_new_stream(r->format, NULL) : NULL;
    r->frame = av_frame_alloc();
    r->packet = av_packet_alloc();
    if (!r->stream || !r->frame || !r->packet) return grat_op_fail(r->op, GRAT_ENOMEM, "%s: out of memory", r->name);
    r->format->pb = r->io;
    r->stream->time_base = r->codec->time_base;
    r->stream->avg_frame_rate = r->codec->framerate;
    r->frame->format = r->codec->pix_fmt;
    r->frame->width = r->codec->width;
    r->frame->height = r->codec->height;
    code = avcodec_parameters_from_context(r->stream->codecpar, r->codec);
    if (code >= 0) code = av_frame_get_buffer(r->frame, 0);
    if (code >= 0) code = avformat_write_header(r->format, NULL);
    if (code < 0) return failed(r, "the recording cannot begin", code);
    r->headed = true;
    return GRAT_OK;
}

static void release(recorder *r)
{
    if (r->packet) av_packet_free(&r->packet);
    if (r->frame) av_frame_free(&r->frame);
    if (r->codec) avcodec_free_context(&r->codec);
    if (r->format) avformat_free_context(r->format);
    if (r->io) {
        av_free(r->io->buffer);
        avio_context_free(&r->io);
    }
    grat__out_abort(r->out);
    free(r);
}

static const char *container(const char *target)
{
    const char *dot = strrchr(target, '.');
    if (dot && grat__strcaseeq(dot, ".mp4")) return "mp4";
    return dot && grat__strcaseeq(dot, ".mkv") ? "matroska" : NULL;
}

static grat_err record_open(const grat_live_out *to, const grat__video_shape *shape, grat_op *op, void **out)
{
    const char *kind = container(to->target);
    if (!kind) return grat_op_fail(op, GRAT_EFORMAT, "%s: recordings are .mp4 or .mkv", to->target);
    if (!grat__av_load())
        return grat_op_fail(op, GRAT_ENOTSUP, "a recording needs libavformat.so.%d and libavcodec.so.%d, which are not "
                            "here; apt install libavformat%d", LIBAVFORMAT_VERSION_MAJOR, LIBAVCODEC_VERSION_MAJOR,
                            LIBAVFORMAT_VERSION_MAJOR);
    recorder *r = calloc(1, sizeof *r);
    if (!r) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", to->target);
    r->op = op;
    r->last = -1;
    r->grows = strcmp(kind, "matroska") == 0;
    grat__strcpy(r->name, sizeof r->name, to->target);
    av_log_set_level(AV_LOG_QUIET);
    grat_err e = grat__out_file(to->target, op, &r->out);
    if (!e && !grat__out_seekable(r->out) && !r->grows)
        e = grat_op_fail(op, GRAT_ENOTSUP, "%s: an mp4 cannot go into a pipe; use .mkv", to->target);
    if (!e) e = open_container(r, kind, shape);
    if (!e && r->grows) {
        avio_flush(r->io);
        e = grat__out_show(r->out, op);
    }
    if (e) {
        release(r);
        return e;
    }
    *out = r;
    return GRAT_OK;
}

/* ---- frames -------------------------------------------------------------------------------------------- */

/* What the encoder has ready. */
static grat_err drain(recorder *r)
{
    for (;;) {
        int code = avcodec_receive_packet(r->codec, r->packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return GRAT_OK;
        if (code < 0) return failed(r, "the encoder failed", code);
        bool key = r->packet->flags & AV_PKT_FLAG_KEY;
        r->packet->stream_index = r->stream->index;
        av_packet_rescale_ts(r->packet, r->codec->time_base, r->stream->time_base);
        code = av_interleaved_write_frame(r->format, r->packet);
        if (code < 0) return failed(r, "a frame cannot be written", code);
        if (!key || !r->grows) continue;
        avio_flush(r->io);
        grat_err e = grat__out_flush(r->out, r->op);
        if (e) return e;
    }
}

static void copy_plane(uint8_t *to, int stride, const uint8_t *from, const unsigned shape[2])
{
    for (unsigned y = 0; y < shape[1]; y++) memcpy(to + (ptrdiff_t)y * stride, from + (size_t)y * shape[0], shape[0]);
}

static grat_err record_frame(void *sink, const grat__yuv *f, uint64_t tick, grat_op *op)
{
    recorder *r = sink;
    size_t luma = (size_t)f->width * f->height;
    r->op = op;
    op->err = GRAT_OK;
    int code = av_frame_make_writable(r->frame);
    if (code < 0) return failed(r, "no memory for a frame", code);
    copy_plane(r->frame->data[0], r->frame->linesize[0], f->data, (unsigned[]){f->width, f->height});
    for (unsigned i = 0; i < 2; i++)
        copy_plane(r->frame->data[1 + i], r->frame->linesize[1 + i], f->data + luma + i * luma / 4,
                   (unsigned[]){f->width / 2, f->height / 2});
    r->frame->pts = (int64_t)tick > r->last ? (int64_t)tick : r->last + 1;
    r->last = r->frame->pts;
    code = avcodec_send_frame(r->codec, r->frame);
    return code < 0 ? failed(r, "the encoder failed", code) : drain(r);
}

static grat_err record_close(void *sink, grat_op *op)
{
    recorder *r = sink;
    r->op = op;
    op->err = GRAT_OK;
    grat_err e = GRAT_OK;
    int code = avcodec_send_frame(r->codec, NULL);
    if (code >= 0) e = drain(r);
    if (!e && r->headed && (code = av_write_trailer(r->format)) < 0) e = failed(r, "the end cannot be written", code);
    if (!e) {
        avio_flush(r->io);
        grat_out *o = r->out;
        r->out = NULL;
        e = grat__out_commit(o, op);
    }
    release(r);
    return e;
}

const grat__video_kind grat__video_record = {.name = "record", .waits = true, .keeps = true, .open = record_open,
                                             .frame = record_frame, .close = record_close};
