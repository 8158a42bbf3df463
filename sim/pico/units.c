#include "sim/pico/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TEXT_MAX 8192

static const ps_model models[] = {
    {"ps2000a", "2206BMSO", 2, 2, PS_500M, 32u << 20, 128, 1, 10, 31.25e6, false, 8},
    {"ps2000a", "2406B", 4, 0, PS_500M, 32u << 20, 128, 1, 10, 31.25e6, false, 8},
    {"ps2000a", "2408B", 4, 0, PS_1G, 128u << 20, 128, 1, 10, 62.5e6, false, 8},
    {"ps3000a", "3206DMSO", 2, 2, PS_1G, 512u << 20, 250000, 1, 10, 250e6, false, 8},
    {"ps3000a", "3406DMSO", 4, 2, PS_1G, 512u << 20, 250000, 1, 10, 250e6, true, 8},
    {"ps4000a", "4824A", 8, 0, PS_80M, 512u << 20, 10000, 0, 11, 320e6, false, 12},
    {"ps4000a", "4224A", 2, 0, PS_80M, 512u << 20, 10000, 0, 11, 320e6, false, 12},
    {"ps5000a", "5244D", 2, 0, PS_5000, 512u << 20, 250000, 0, 10, 250e6, false, 8},
    {"ps5000a", "5444D", 4, 0, PS_5000, 512u << 20, 250000, 0, 10, 250e6, true, 8},
    {"ps5000a", "5444DMSO", 4, 2, PS_5000, 512u << 20, 250000, 0, 10, 250e6, true, 8},
};
static const char default_units[] =
    "ps2000a 2406B SIM/2406;ps3000a 3206DMSO SIM/3206;ps4000a 4824A SIM/4824;ps5000a 5244D SIM/5244";

static ps_unit table[PS_UNITS];
static unsigned table_n;

int64_t ps_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- the description ---------------------------------------------------------------------------- */

static void read_text(char *out, size_t cap)
{
    const char *env = getenv("GRATICULE_PICO_SIM");
    if (!env || env[0] != '@') {
        snprintf(out, cap, "%s", env ? env : default_units);
        return;
    }
    out[0] = '\0';
    FILE *f = fopen(env + 1, "r");
    if (!f) return;
    out[fread(out, 1, cap - 1, f)] = '\0';
    fclose(f);
}

static void take_signal(ps_signal *s, const char *text)
{
    static const char *const names[] = {"sine", "square", "triangle", "ramp", "dc", "gen"};
    char shape[16] = "";
    sscanf(text, "%15[a-z],%lf,%lf,%lf", shape, &s->hz, &s->volts, &s->offset);
    for (unsigned i = 0; i < 6; i++)
        if (strcmp(shape, names[i]) == 0) s->shape = (enum ps_shape)i;
}

static void take_fault(ps_unit *u, const char *text)
{
    ps_fault *f = &u->fault[u->faults];
    char status[16] = "";
    if (u->faults == PS_FAULTS) return;
    if (sscanf(text, "%39[A-Za-z0-9],%u,%15s", f->call, &f->at, status) != 3) return;
    f->unplug = strcmp(status, "unplug") == 0;
    f->status = PS_NOT_RESPONDING;
    if (!f->unplug && sscanf(status, "%x", &f->status) != 1) return;
    u->faults++;
}

static void take_option(ps_unit *u, const char *word)
{
    if (word[0] >= 'a' && word[0] <= 'h' && word[1] == '=') take_signal(&u->signal[word[0] - 'a'], word + 2);
    else if (strncmp(word, "counter=", 8) == 0) sscanf(word + 8, "%u", &u->counter);
    else if (strcmp(word, "power") == 0) u->ask_power = true;
    else if (strncmp(word, "late=", 5) == 0) sscanf(word + 5, "%d", &u->late_ms);
    else if (strncmp(word, "buffer=", 7) == 0) sscanf(word + 7, "%d", &u->buffer_ms);
    else if (strncmp(word, "fault=", 6) == 0) take_fault(u, word + 6);
    else fprintf(stderr, "GRATICULE_PICO_SIM: \"%s\": unknown\n", word);
}

static const ps_model *find_model(const char *library, const char *variant)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        if (strcmp(models[i].library, library) == 0 && strcasecmp(models[i].variant, variant) == 0) return &models[i];
    return NULL;
}

static void init_unit(ps_unit *u, const ps_model *m, const char *serial)
{
    static const ps_signal base[] = {{PS_SINE, 1000, 1.5, 0}, {PS_SQUARE, 1000, 1, 0}, {PS_TRIANGLE, 500, 2, 0},
                                     {PS_RAMP, 250, 1, 0.5}};
    *u = (ps_unit){.model = m, .buffer_ms = 1000};
    snprintf(u->serial, sizeof u->serial, "%s", serial);
    for (unsigned i = 0; i < PS_CHANNELS; i++) u->signal[i] = base[i % 4];
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->wake, &attr);
    pthread_condattr_destroy(&attr);
    atomic_flag_clear(&u->busy);
}

/* One unit: its words are cut off in place. */
static void take_unit(char *text, const char *library)
{
    char *word[32];
    unsigned n = 0;
    for (char *p = text; n < 32;) {
        p += strspn(p, " \t\r");
        if (!*p) break;
        word[n++] = p;
        p += strcspn(p, " \t\r");
        if (!*p) break;
        *p++ = '\0';
    }
    if (n < 3 || strcmp(word[0], library) != 0 || table_n == PS_UNITS) return;
    const ps_model *m = find_model(word[0], word[1]);
    if (!m) {
        fprintf(stderr, "GRATICULE_PICO_SIM: %s %s: unknown model\n", word[0], word[1]);
        return;
    }
    init_unit(&table[table_n], m, word[2]);
    for (unsigned i = 3; i < n; i++) take_option(&table[table_n], word[i]);
    table_n++;
}

static const char *wanted;

static void read_units(void)
{
    char text[TEXT_MAX];
    read_text(text, sizeof text);
    for (char *p = text; *p;) {
        size_t n = strcspn(p, ";\n");
        bool last = !p[n];
        p[n] = '\0';
        take_unit(p, wanted);
        p += n + !last;
    }
}

ps_unit *ps_units(const char *library, unsigned *n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    wanted = library;
    pthread_once(&once, read_units);
    *n = table_n;
    return table;
}

/* ---- what a unit can do ------------------------------------------------------------------------- */

unsigned ps_bits(const ps_unit *u)
{
    static const unsigned bits[] = {8, 12, 14, 15, 16};
    return u->model->clock == PS_5000 ? bits[u->resolution] : u->model->bits;
}

int16_t ps_max(const ps_unit *u)
{
    return ps_bits(u) == 8 ? 32512 : 32767;
}

double ps_range_volts(int range)
{
    static const double mv[] = {10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000};
    return range >= 0 && range < 14 ? mv[range] / 1000 : 0;
}

int ps_input_index(const ps_unit *u, int32_t channel)
{
    if (channel >= 0 && channel < (int32_t)u->model->channels) return channel;
    if (channel >= 0x80 && channel < 0x80 + (int32_t)u->model->ports) return PS_CHANNELS + channel - 0x80;
    return -1;
}

unsigned ps_enabled(const ps_unit *u)
{
    unsigned n = 0;
    for (unsigned i = 0; i < PS_INPUTS; i++) n += u->input[i].enabled;
    return n;
}

static unsigned shares(const ps_unit *u)
{
    unsigned n = ps_enabled(u);
    return n > 4 ? 8 : n > 2 ? 4 : n > 1 ? 2 : 1;
}

uint64_t ps_depth(const ps_unit *u)
{
    uint64_t all = u->model->memory / (ps_bits(u) > 8 ? 2 : 1);
    return all / shares(u) / (u->segments ? u->segments : 1);
}

static double interval_5000(const ps_unit *u, uint32_t n)
{
    switch (ps_bits(u)) {
    case 8:
        return n < 3 ? ldexp(1e-9, (int)n) : (n - 2) / 125e6;
    case 12:
        return n < 1 ? 0 : n < 4 ? ldexp(2e-9, (int)n - 1) : (n - 3) / 62.5e6;
    case 16:
        return n < 4 ? 0 : (n - 3) / 62.5e6;
    default:
        return n < 3 ? 0 : (n - 2) / 125e6;
    }
}

double ps_interval(const ps_unit *u, uint32_t n)
{
    unsigned inputs = ps_enabled(u), share = shares(u), bits = ps_bits(u);
    uint32_t least = share == 1 ? 0 : share == 2 ? 1 : 2;
    switch (u->model->clock) {
    case PS_80M:
        return (n + 1) / 80e6;
    case PS_500M:
        if (n < least) return 0;
        return n < 3 ? ldexp(2e-9, (int)n) : (n - 2) / 62.5e6;
    case PS_1G:
        if (n < least) return 0;
        return n < 3 ? ldexp(1e-9, (int)n) : (n - 2) / 125e6;
    case PS_5000:
        if (bits == 12) least++;
        if (bits == 8 || bits == 12)
            if (n < least) return 0;
        if ((bits == 15 && inputs > 2) || (bits == 16 && inputs > 1)) return 0;
        return interval_5000(u, n);
    }
    return 0;
}

uint32_t ps_fault_of(ps_unit *u, const char *call)
{
    if (u->unplugged) return PS_NOT_RESPONDING;
    for (unsigned i = 0; i < u->faults; i++) {
        ps_fault *f = &u->fault[i];
        if (strcmp(f->call, call) != 0 || ++f->seen != f->at) continue;
        if (f->unplug) u->unplugged = true;
        return f->status;
    }
    return PS_OK;
}
