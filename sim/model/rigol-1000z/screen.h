/* The picture on a DS1000Z's screen, drawn from what the instrument shows. No instrument logic in here. */
#ifndef SIM_RIGOL_1000Z_SCREEN_H
#define SIM_RIGOL_1000Z_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SIM_SCREEN_W = 800,
    SIM_SCREEN_H = 480,
    SIM_SCREEN_COLUMNS = 600,   /* of the graticule: 12 divisions of 50 pixels */
    SIM_SCREEN_BYTES = SIM_SCREEN_W * SIM_SCREEN_H * 3,
};

typedef struct sim_screen_channel {
    bool on, bwl, invert;
    double scale;       /* volts per division, probe included */
    double offset;      /* volts; positive moves the trace up */
    double probe;       /* 10 = 10X */
    char coupling[4];   /* "DC" "AC" "GND" */
    char unit[4];       /* "V" "A" "W" "U" */
    /* Highest and lowest code of each column, 25 codes a division, 127 = screen centre (an 8-division screen
     * shows 27..227); 0..255, -1 = no sample there. 600 each; NULL = no trace yet. */
    const int16_t *top, *bottom;
} sim_screen_channel;

typedef struct sim_screen_digital {
    bool on;
    const int8_t *level;   /* 600 columns: 0, 1, 2 = changes within the column, -1 = none; may be NULL */
} sim_screen_digital;

typedef struct sim_screen_measurement {
    char name[16];         /* "Vpp" */
    char value[20];        /* "3.04V", "****" */
    unsigned channel;      /* 1..4, 0 = digital or maths */
} sim_screen_measurement;

typedef struct sim_screen_state {
    char run[8];           /* "T'D" "WAIT" "STOP" "AUTO" "RUN" */
    sim_screen_channel channel[4];
    sim_screen_digital digital[16];
    double timebase;       /* seconds per division */
    double delay;          /* seconds */
    double rate;           /* samples per second */
    uint64_t depth;        /* points in memory */
    double memory_start, memory_span;   /* the screen's window of the memory, fractions 0..1; span 0 = all */
    char trigger_type[8];  /* "edge" */
    char trigger_source[8];/* "1".."4", "D0".., "AC" */
    char trigger_slope;    /* 'r' rising, 'f' falling, 'e' either */
    char trigger_sweep;    /* 'A' auto, 'N' normal, 'S' single */
    double trigger_level;  /* volts */
    char acquire[8];       /* "NORM" "AVER" "PEAK" "HRES" */
    unsigned menu_channel; /* whose menu is open, 1..4; 0 = the lowest enabled */
    unsigned measurements; /* 0..5 */
    sim_screen_measurement measurement[5];
    enum { SIM_GRID_FULL, SIM_GRID_HALF, SIM_GRID_NONE } grid;
    unsigned grid_brightness;    /* 0..100 */
    unsigned wave_brightness;    /* 0..100 */
    bool dots;             /* :DISP:TYPE DOTS */
    bool grey;             /* the picture without colours */
    bool inverted;         /* every colour inverted */
    bool remote;           /* the remote-control mark */
} sim_screen_state;

/* rgb has SIM_SCREEN_BYTES bytes, top row first. */
void sim_screen_draw(const sim_screen_state *state, uint8_t *rgb);

#endif
