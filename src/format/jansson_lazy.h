/* Jansson, loaded when the first description or document is read: linked in, it would slow the start of every command.
 * The functions keep their names. What the library's header does inline is not for use here. */
#ifndef GRAT_FORMAT_JANSSON_LAZY_H
#define GRAT_FORMAT_JANSSON_LAZY_H

#include <graticule/graticule.h>
#include <jansson.h>

#define GRAT__JANSSON_MAP(X)                                                                                           \
    X(json_array_get) X(json_array_size) X(json_delete) X(json_integer_value) X(json_loadb) X(json_number_value)       \
    X(json_object_get) X(json_string_value)

typedef struct grat__jansson_api {
#define GRAT__JANSSON_POINTER(name) __typeof__(name) *name##_;
    GRAT__JANSSON_MAP(GRAT__JANSSON_POINTER)
#undef GRAT__JANSSON_POINTER
} grat__jansson_api;

/* Valid after the next function has returned a document. */
extern grat__jansson_api grat__jansson;
/* The document, for json_delete; NULL after failing op with "cannot read PATH: …". */
json_t *grat__json_load(const char *path, const void *text, size_t n, grat_op *op);
/* Copies a member that is a text, else makes out empty. */
void grat__json_text(const json_t *object, const char *name, char *out, size_t cap);
/* A number that is there and finite; else false. */
bool grat__json_double(const json_t *object, const char *name, double *out);
/* A whole number from 0 to `most`. */
bool grat__json_count(const json_t *object, const char *name, uint64_t most, uint64_t *out);
/* Identity, resource and settings. */
void grat__json_meta(const json_t *root, grat_meta *meta);

#ifndef GRAT__JANSSON_DECLARE_ONLY
#define json_array_get grat__jansson.json_array_get_
#define json_array_size grat__jansson.json_array_size_
#define json_delete grat__jansson.json_delete_
#define json_integer_value grat__jansson.json_integer_value_
#define json_loadb grat__jansson.json_loadb_
#define json_number_value grat__jansson.json_number_value_
#define json_object_get grat__jansson.json_object_get_
#define json_string_value grat__jansson.json_string_value_
#endif

#endif
