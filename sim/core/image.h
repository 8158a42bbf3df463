/* The simulators' own image encoders: what an instrument's firmware would send. */
#ifndef SIM_IMAGE_H
#define SIM_IMAGE_H

#include "core/buf.h"

typedef enum sim_image_kind {
    SIM_IMG_BMP24,
    SIM_IMG_BMP8,
    SIM_IMG_PNG,
    SIM_IMG_JPEG,
    SIM_IMG_TIFF,
} sim_image_kind;

enum sim_image_flag {
    SIM_IMG_RIGOL_TEXTS = 1,  /* PNG: the four tEXt chunks of the DS1000Z */
    SIM_IMG_BAD_CRC = 2,      /* PNG: IHDR's CRC is stored in those chunks (DS1000Z 00.04.04.SP4) */
};

/* Appends one image of w x h packed RGB pixels, top row first, to `out`. False when `out` would grow beyond its
 * limit or memory is short; `out` may then hold a part. */
bool sim_image_encode(sim_image_kind kind, const uint8_t *rgb, unsigned w, unsigned h, unsigned flags, grat__buf *out);

#endif
