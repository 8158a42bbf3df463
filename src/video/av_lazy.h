/* The libraries of FFmpeg, loaded when the first recording begins: linked in, they and what they pull in would slow the
 * start of every command. The functions keep their names. */
#ifndef GRAT_VIDEO_AV_LAZY_H
#define GRAT_VIDEO_AV_LAZY_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/log.h>
#include <libavutil/opt.h>
#include <stdbool.h>

#define GRAT__AVUTIL_MAP(X)                                                                                            \
    X(av_dict_free) X(av_dict_set) X(av_frame_alloc) X(av_frame_free) X(av_frame_get_buffer)                           \
    X(av_frame_make_writable) X(av_free) X(av_log_set_level) X(av_malloc) X(av_strerror)
#define GRAT__AVCODEC_MAP(X)                                                                                           \
    X(av_packet_alloc) X(av_packet_free) X(av_packet_rescale_ts) X(av_packet_unref) X(avcodec_alloc_context3)          \
    X(avcodec_find_encoder_by_name) X(avcodec_free_context) X(avcodec_open2) X(avcodec_parameters_from_context)        \
    X(avcodec_receive_packet) X(avcodec_send_frame)
#define GRAT__AVFORMAT_MAP(X)                                                                                          \
    X(av_interleaved_write_frame) X(av_write_trailer) X(avformat_alloc_output_context2) X(avformat_free_context)       \
    X(avformat_new_stream) X(avformat_write_header) X(avio_alloc_context) X(avio_context_free) X(avio_flush)

typedef struct grat__av_api {
#define GRAT__AV_POINTER(name) __typeof__(name) *name##_;
    GRAT__AVUTIL_MAP(GRAT__AV_POINTER)
    GRAT__AVCODEC_MAP(GRAT__AV_POINTER)
    GRAT__AVFORMAT_MAP(GRAT__AV_POINTER)
#undef GRAT__AV_POINTER
} grat__av_api;

/* Valid after grat__av_load has returned true. */
extern grat__av_api grat__av;
/* Of the versions that the headers were of: their structures are used. May be called by several threads. */
bool grat__av_load(void);

#ifndef GRAT__AV_DECLARE_ONLY
#define av_dict_free grat__av.av_dict_free_
#define av_dict_set grat__av.av_dict_set_
#define av_frame_alloc grat__av.av_frame_alloc_
#define av_frame_free grat__av.av_frame_free_
#define av_frame_get_buffer grat__av.av_frame_get_buffer_
#define av_frame_make_writable grat__av.av_frame_make_writable_
#define av_free grat__av.av_free_
#define av_log_set_level grat__av.av_log_set_level_
#define av_malloc grat__av.av_malloc_
#define av_strerror grat__av.av_strerror_
#define av_packet_alloc grat__av.av_packet_alloc_
#define av_packet_free grat__av.av_packet_free_
#define av_packet_rescale_ts grat__av.av_packet_rescale_ts_
#define av_packet_unref grat__av.av_packet_unref_
#define avcodec_alloc_context3 grat__av.avcodec_alloc_context3_
#define avcodec_find_encoder_by_name grat__av.avcodec_find_encoder_by_name_
#define avcodec_free_context grat__av.avcodec_free_context_
#define avcodec_open2 grat__av.avcodec_open2_
#define avcodec_parameters_from_context grat__av.avcodec_parameters_from_context_
#define avcodec_receive_packet grat__av.avcodec_receive_packet_
#define avcodec_send_frame grat__av.avcodec_send_frame_
#define av_interleaved_write_frame grat__av.av_interleaved_write_frame_
#define av_write_trailer grat__av.av_write_trailer_
#define avformat_alloc_output_context2 grat__av.avformat_alloc_output_context2_
#define avformat_free_context grat__av.avformat_free_context_
#define avformat_new_stream grat__av.avformat_new_stream_
#define avformat_write_header grat__av.avformat_write_header_
#define avio_alloc_context grat__av.avio_alloc_context_
#define avio_context_free grat__av.avio_context_free_
#define avio_flush grat__av.avio_flush_
#endif

#endif
