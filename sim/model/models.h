/* The models of the bench: one line each in list.c. */
#ifndef SIM_MODELS_H
#define SIM_MODELS_H

#include "sim/core/model.h"

#define SIM_RIGOL_1000Z_MODELS 9
#define SIM_SCREENS_MODELS 15

extern const sim_model sim_plain_model;
extern const sim_model sim_bitscope_model, sim_dmm_model, sim_psu_model, sim_fgen_model;
extern const sim_model sim_rigol_1000z_models[SIM_RIGOL_1000Z_MODELS];
extern const sim_model sim_screens_models[SIM_SCREENS_MODELS];

#endif
