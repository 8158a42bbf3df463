/* The status registers of IEEE 488.2-1992 §11 and the error queue of SCPI-1999 §21. */
#ifndef SIM_STATUS_H
#define SIM_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_ERRORS 32

enum { SIM_STB_EAV = 4, SIM_STB_MAV = 16, SIM_STB_ESB = 32, SIM_STB_RQS = 64 };
enum { SIM_ESR_OPC = 1, SIM_ESR_QYE = 4, SIM_ESR_DDE = 8, SIM_ESR_EXE = 16, SIM_ESR_CME = 32, SIM_ESR_PON = 128 };

typedef struct sim_status {
    uint8_t esr, ese, sre;
    bool rqs;
    bool summary;        /* a reason for service stood at the last update */
    unsigned errors;
    int error[SIM_ERRORS];
} sim_status;

void sim_status_clear(sim_status *s);            /* *CLS */
/* Queues the error and sets its bit in the event register. The last place of a full queue becomes -350. */
void sim_status_error(sim_status *s, int code);
int sim_status_next_error(sim_status *s);        /* 0 when there is none */
const char *sim_error_text(int code);
/* Without RQS and without bit 6. */
uint8_t sim_status_byte(const sim_status *s, bool mav);
/* Raises RQS when a reason for service has come up since the last call. */
void sim_status_update(sim_status *s, bool mav);

#endif
