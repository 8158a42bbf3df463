/* A small fixed font of our own: glyphs of 5 x 8 dots, meant for cells of 6 x 10. */
#ifndef GRAT_CORE_FONT_H
#define GRAT_CORE_FONT_H

#include <stdbool.h>
#include <stdint.h>

/* The next character of a text that has not ended, and moves on: ASCII and the UTF-8 sequences of micro and ohm; others
 * are question marks. */
const uint8_t *grat__font_next(const char **text);
/* Column 0..4, row 0..7 (row 7 is below the base line); false outside. */
bool grat__font_dot(const uint8_t *glyph, int column, int row);

#endif
