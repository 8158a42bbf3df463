/* What is connected to an input: volts as a function of absolute time, so that all channels stay coherent. */
#ifndef SIM_SIGNAL_H
#define SIM_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Loops over samples, for what the processor has. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define SIM_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define SIM_WIDE
#endif

typedef enum sim_shape {
    SIM_DC,
    SIM_SINE,
    SIM_SQUARE,
    SIM_TRIANGLE,
    SIM_NOISE,
    SIM_UART,
    SIM_FILE,
} sim_shape;

typedef struct sim_signal {
    sim_shape shape;
    double frequency;    /* Hz; baud for SIM_UART, samples per second for SIM_FILE */
    double amplitude;    /* peak to peak; standard deviation for SIM_NOISE */
    double offset;
    double phase;        /* periods */
    double delay;        /* seconds from the source to the input */
    char text[128];      /* SIM_UART */
    size_t count;
    float *sample;       /* SIM_FILE, owned */
} sim_signal;

/* The input's one-pole low pass, worked out once for a signal. */
typedef struct sim_filter {
    double tau;          /* seconds; 0 = none */
    double gain, shift;  /* of a sine; shift in periods */
    double settle;       /* how far a square wave gets, 0 … 1 */
} sim_filter;

/* "sine:FREQ:VPP:OFFSET:DEGREES", "square:…", "triangle:…", "dc:V", "noise:VRMS:OFFSET", "uart:BAUD:TEXT:VOLTS",
 * "file:PATH:RATE" (a text file with one number a line). Trailing fields may be missing. False with a sentence. */
bool sim_signal_parse(sim_signal *s, const char *spec, char err[256]);
void sim_signal_free(sim_signal *s);
sim_filter sim_filter_for(const sim_signal *s, double bandwidth_hz);
double sim_signal_value(const sim_signal *s, const sim_filter *f, double t);
/* The same for n times, all as far apart from the next, in place. */
void sim_signal_values(const sim_signal *s, const sim_filter *f, double *v, size_t n);
/* A time step that misses none of its edges; 0 when it never changes. */
double sim_signal_step(const sim_signal *s);
double sim_signal_mean(const sim_signal *s);

#endif
