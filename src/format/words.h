/* The words for settings in JSON, by the number in graticule.h; "" where there is none. */
#ifndef GRAT_FORMAT_WORDS_H
#define GRAT_FORMAT_WORDS_H

enum { GRAT__WORDS = 6 };
extern const char *const grat__words_coupling[GRAT__WORDS], *const grat__words_slope[GRAT__WORDS],
    *const grat__words_acquisition[GRAT__WORDS], *const grat__words_sweep[GRAT__WORDS],
    *const grat__words_downsample[GRAT__WORDS], *const grat__words_event[GRAT__WORDS];

#endif
