/* Cairo, loaded when the first plot is drawn: linked in, it and what it pulls in would slow the start of
 * every command. The functions keep their names. */
#ifndef GRAT_FORMAT_CAIRO_LAZY_H
#define GRAT_FORMAT_CAIRO_LAZY_H

#include <cairo-svg.h>
#include <cairo.h>
#include <stdbool.h>

#define GRAT__CAIRO_MAP(X)                                                                                             \
    X(cairo_clip) X(cairo_create) X(cairo_destroy) X(cairo_image_surface_create) X(cairo_image_surface_get_data)       \
    X(cairo_image_surface_get_stride) X(cairo_line_to) X(cairo_move_to) X(cairo_paint) X(cairo_rectangle)              \
    X(cairo_restore) X(cairo_rotate) X(cairo_save) X(cairo_select_font_face) X(cairo_set_font_size)                    \
    X(cairo_set_line_join) X(cairo_set_line_width) X(cairo_set_source_rgb) X(cairo_set_source_rgba)                    \
    X(cairo_show_text) X(cairo_status) X(cairo_status_to_string) X(cairo_stroke) X(cairo_surface_destroy)              \
    X(cairo_surface_finish) X(cairo_surface_flush) X(cairo_surface_status) X(cairo_svg_surface_create_for_stream)      \
    X(cairo_text_extents) X(cairo_translate)

typedef struct grat__cairo_api {
#define GRAT__CAIRO_POINTER(name) __typeof__(name) *name##_;
    GRAT__CAIRO_MAP(GRAT__CAIRO_POINTER)
#undef GRAT__CAIRO_POINTER
} grat__cairo_api;

/* Valid after grat__cairo_load has returned true. */
extern grat__cairo_api grat__cairo;
bool grat__cairo_load(void);

#ifndef GRAT__CAIRO_DECLARE_ONLY
#define cairo_clip grat__cairo.cairo_clip_
#define cairo_create grat__cairo.cairo_create_
#define cairo_destroy grat__cairo.cairo_destroy_
#define cairo_image_surface_create grat__cairo.cairo_image_surface_create_
#define cairo_image_surface_get_data grat__cairo.cairo_image_surface_get_data_
#define cairo_image_surface_get_stride grat__cairo.cairo_image_surface_get_stride_
#define cairo_line_to grat__cairo.cairo_line_to_
#define cairo_move_to grat__cairo.cairo_move_to_
#define cairo_paint grat__cairo.cairo_paint_
#define cairo_rectangle grat__cairo.cairo_rectangle_
#define cairo_restore grat__cairo.cairo_restore_
#define cairo_rotate grat__cairo.cairo_rotate_
#define cairo_save grat__cairo.cairo_save_
#define cairo_select_font_face grat__cairo.cairo_select_font_face_
#define cairo_set_font_size grat__cairo.cairo_set_font_size_
#define cairo_set_line_join grat__cairo.cairo_set_line_join_
#define cairo_set_line_width grat__cairo.cairo_set_line_width_
#define cairo_set_source_rgb grat__cairo.cairo_set_source_rgb_
#define cairo_set_source_rgba grat__cairo.cairo_set_source_rgba_
#define cairo_show_text grat__cairo.cairo_show_text_
#define cairo_status grat__cairo.cairo_status_
#define cairo_status_to_string grat__cairo.cairo_status_to_string_
#define cairo_stroke grat__cairo.cairo_stroke_
#define cairo_surface_destroy grat__cairo.cairo_surface_destroy_
#define cairo_surface_finish grat__cairo.cairo_surface_finish_
#define cairo_surface_flush grat__cairo.cairo_surface_flush_
#define cairo_surface_status grat__cairo.cairo_surface_status_
#define cairo_svg_surface_create_for_stream grat__cairo.cairo_svg_surface_create_for_stream_
#define cairo_text_extents grat__cairo.cairo_text_extents_
#define cairo_translate grat__cairo.cairo_translate_
#endif

#endif
