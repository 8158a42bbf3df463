#include "sim/pico/unit.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TEXT_MAX 8192

static const ps_model models[] = {
    {"ps2000", "2204A", 2, 0, PS_DOUBLING, 8000, 1, 2, 10, 2e6, false, 8, 250, 40, false},
    {"ps2000", "2205A", 2, 0, PS_DOUBLING, 16000, 1, 2, 10, 2e6, false, 8, 250, 40, false},
    {"ps2000a", "2206BMSO", 2, 2, PS_1G, 32u << 20, 128, 1, 10, 31.25e6, false, 8, 250, 10, false},
    {"ps2000a", "2406B", 4, 0, PS_1G, 32u << 20, 128, 1, 10, 31.25e6, false, 8, 250, 10, false},
    {"ps2000a", "2408B", 4, 0, PS_1G, 128u << 20, 128, 1, 10, 62.5e6, false, 8, 500, 20, false},
    {"ps3000a", "3206DMSO", 2, 2, PS_1G, 512u << 20, 250000, 1, 10, 250e6, false, 8, 500, 80, false},
    {"ps3000a", "3406DMSO", 4, 2, PS_1G, 512u << 20, 250000, 1, 10, 250e6, true, 8, 500, 80, false},
    {"ps3000", "3205", 2, 0, PS_DOUBLING, 512u << 10, 1, 3, 10, 2e6, false, 8, 250, 50, true},
    {"ps3000", "3424", 4, 0, PS_DOUBLING, 512u << 10, 1, 1, 10, 2e6, false, 12, 0, 0, false},
    {"ps4000", "4224", 2, 0, PS_4000, 64u << 20, 8192, 2, 10, 20e6, false, 12, 0, 0, false},
    {"ps4000", "4424", 4, 0, PS_4000, 64u << 20, 8192, 2, 10, 20e6, false, 12, 0, 0, false},
    {"ps4000", "4227", 2, 0, PS_4227, 64u << 20, 8192, 2, 10, 20e6, false, 12, 400, 80, false},
    {"ps4000", "4262", 2, 0, PS_10M, 32u << 20, 8192, 0, 10, 20e6, false, 16, 0, 0, false},
    {"ps4000a", "4824A", 8, 0, PS_80M, 512u << 20, 10000, 0, 11, 320e6, false, 12, 0, 0, false},
    {"ps4000a", "4224A", 2, 0, PS_80M, 512u << 20, 10000, 0, 11, 320e6, false, 12, 0, 0, false},
    {"ps5000", "5203", 2, 0, PS_1G, 32u << 20, 8192, 3, 10, 20e6, false, 8, 250, 20, false},
    {"ps5000", "5204", 2, 0, PS_1G, 128u << 20, 8192, 3, 10, 20e6, false, 8, 250, 20, false},
    {"ps5000a", "5244D", 2, 0, PS_5000, 512u << 20, 250000, 0, 10, 250e6, false, 8, 500, 80, false},
    {"ps5000a", "5444D", 4, 0, PS_5000, 512u << 20, 250000, 0, 10, 250e6, true, 8, 500, 80, false},
    {"ps5000a", "5444DMSO", 4, 2, PS_5000, 512u << 20, 250000, 0, 10, 250e6, true, 8, 500, 80, false},
    {"ps6000", "6404", 4, 0, PS_6000, 1u << 30, 32768, 2, 10, 312.5e6, false, 8, 250, 50, false},
    {"ps6000a", "6424E", 4, 2, PS_5G, 4ull << 30, 2000000, 0, 10, 625e6, false, 8, 0, 0, false},
    {"ps6000a", "6824E", 8, 2, PS_5G, 4ull << 30, 2000000, 0, 10, 625e6, false, 8, 0, 0, false},
    {"psospa", "3418E", 4, 0, PS_PICOSECONDS, 2ull << 30, 1000000, 0, 10, 625e6, false, 8, 0, 0, false},
    {"psospa", "3418EMSO", 4, 2, PS_PICOSECONDS, 2ull << 30, 1000000, 0, 10, 625e6, false, 8, 0, 0, false},
};
#ifndef PICO_INPROC
static const char default_units[] =
    "ps2000 2204A SIM/2204;ps2000a 2406B SIM/2406;ps3000 3205 SIM/3205;ps4000 4224 SIM/4224;"
    "ps3000a 3206DMSO SIM/3206;ps4000a 4824A SIM/4824;ps6000 6404 SIM/6404;"
    "ps5000 5204 SIM/5204;ps5000a 5244D SIM/5244;ps6000a 6424E SIM/6424;psospa 3418E SIM/3418";
#endif

static ps_unit *table[PS_UNITS];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

int64_t ps_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

#ifndef PICO_INPROC
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
    static const char *const names[] = {"sine", "square", "triangle", "ramp", "dc", "gen", "pulse", "runt"};
    char shape[16] = "";
    sscanf(text, "%15[a-z],%lf,%lf,%lf", shape, &s->hz, &s->volts, &s->offset);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(shape, names[i]) == 0) s->shape = (enum ps_shape)i;
}

static void take_fault(ps_unit *u, const char *text)
{
    ps_fault *f = &u->fault[u->faults];
    char status[16] = "";
    if (u->faults == PS_FAULTS) return;
    if (sscanf(text, "%39[A-Za-z0-9],%u,%15s", f->call, &f->at, status) != 3) return;
    f->unplug = strcmp(status, "unplug") == 0;
    f->half = strcmp(status, "half") == 0;
    f->status = f->half ? PS_OK : PS_NOT_RESPONDING;
    if (!f->unplug && !f->half && sscanf(status, "%x", &f->status) != 1) return;
    u->faults++;
}

static void take_option(ps_unit *u, const char *word)
{
    if (word[0] >= 'a' && word[0] <= 'h' && word[1] == '=') take_signal(&u->signal[word[0] - 'a'], word + 2);
    else if (strncmp(word, "ext=", 4) == 0) take_signal(&u->signal[PS_CHANNELS], word + 4);
    else if (strcmp(word, "skew") == 0) u->skew = true;
    else if (strcmp(word, "overrun") == 0) u->overrun = true;
    else if (strcmp(word, "untimed") == 0) u->untimed = true;
    else if (strncmp(word, "points=", 7) == 0) sscanf(word + 7, "%d,%d", &u->points_low, &u->points_high);
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

#endif

static void init_unit(ps_unit *u, const ps_model *m, const char *serial)
{
    static const ps_signal base[] = {{PS_SINE, 1000, 1.5, 0}, {PS_SQUARE, 1000, 1, 0}, {PS_TRIANGLE, 500, 2, 0},
                                     {PS_RAMP, 250, 1, 0.5}};
    *u = (ps_unit){.model = m, .buffer_ms = 1000, .points_low = INT16_MIN, .points_high = INT16_MAX};
    snprintf(u->serial, sizeof u->serial, "%s", serial);
    for (unsigned i = 0; i < PS_CHANNELS; i++) u->signal[i] = base[i % 4];
    u->signal[PS_CHANNELS] = (ps_signal){PS_SQUARE, 1000, 2.5, 0};
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->wake, &attr);
    pthread_condattr_destroy(&attr);
    atomic_flag_clear(&u->busy);
}

#ifndef PICO_INPROC
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
    unsigned at = 0;
    while (at < PS_UNITS && table[at]) at++;
    if (n < 3 || strcmp(word[0], library) != 0 || at == PS_UNITS) return;
    const ps_model *m = find_model(word[0], word[1]);
    if (!m) {
        fprintf(stderr, "GRATICULE_PICO_SIM: %s %s: unknown model\n", word[0], word[1]);
        return;
    }
    table[at] = malloc(sizeof *table[at]);
    if (!table[at]) return;
    init_unit(table[at], m, word[2]);
    for (unsigned i = 3; i < n; i++) take_option(table[at], word[i]);
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

#endif

ps_unit *ps_unit_at(const char *library, unsigned i)
{
    ps_unit *u = NULL;
#ifndef PICO_INPROC
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    wanted = library;
    pthread_once(&once, read_units);
#endif
    pthread_mutex_lock(&table_lock);
    for (unsigned k = 0; k < PS_UNITS && !u; k++)
        if (table[k] && strcmp(table[k]->model->library, library) == 0 && i-- == 0) u = table[k];
    pthread_mutex_unlock(&table_lock);
    return u;
}

/* "ps5444d": the model's name without or with what its library is called. */
static const ps_model *model_of(const char *name)
{
    if (strncasecmp(name, "ps", 2) == 0) name += 2;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        if (strcasecmp(models[i].variant, name) == 0) return &models[i];
    return NULL;
}

bool ps_knows(const char *model)
{
    return strncasecmp(model, "ps", 2) == 0 && model_of(model) != NULL;
}

bool ps_model_at(unsigned i, char name[16], char text[64])
{
    if (i >= sizeof models / sizeof *models) return false;
    snprintf(name, 16, "ps%s", models[i].variant);
    for (char *p = name; *p; p++) *p = (char)tolower((unsigned char)*p);
    snprintf(text, 64, "PicoScope %s, %u channels%s", models[i].variant, models[i].channels,
             models[i].ports ? " + 16" : "");
    return true;
}

ps_unit *ps_add(const char *model, char why[200])
{
    static unsigned made;
    char serial[32];
    const ps_model *m = model_of(model);
    ps_unit *u = m ? malloc(sizeof *u) : NULL;
    snprintf(why, 200, m ? "out of memory" : "no such PicoScope is simulated");
    if (!u) return NULL;
    pthread_mutex_lock(&table_lock);
    unsigned at = 0;
    while (at < PS_UNITS && table[at]) at++;
    snprintf(serial, sizeof serial, "SIM/%04u", ++made % 10000);
    init_unit(u, m, serial);
    if (at < PS_UNITS) table[at] = u;
    pthread_mutex_unlock(&table_lock);
    if (at < PS_UNITS) return u;
    free(u);
    snprintf(why, 200, "%d units are open already", PS_UNITS);
    return NULL;
}

void ps_remove(const char *serial)
{
    pthread_mutex_lock(&table_lock);
    for (unsigned k = 0; k < PS_UNITS; k++) {
        ps_unit *u = table[k];
        if (!u || strcmp(u->serial, serial) != 0) continue;
        table[k] = NULL;
        for (unsigned i = 0; i <= PS_INPUTS; i++) free(u->input[i].table);
        free(u->buffer);
        free(u->start);
        free(u->offset_fs);
        free(u->ets.slot);
        free(u->ets.next);
        free(u->counts);
        for (unsigned i = 0; i < 4; i++) free(u->own[i]);
        free(u->generator.points);
        free(u->generator.set_points);
        free(u);
    }
    pthread_mutex_unlock(&table_lock);
}

/* ---- what a unit can do ------------------------------------------------------------------------- */

unsigned ps_bits(const ps_unit *u)
{
    static const unsigned bits[] = {[0] = 8, [1] = 12, [2] = 14, [3] = 15, [4] = 16, [10] = 10};
    bool chosen = u->model->clock == PS_5000 || u->model->clock == PS_5G || u->model->clock == PS_PICOSECONDS;
    return chosen ? bits[u->resolution] : u->model->bits;
}

int16_t ps_max_at(const ps_unit *u, unsigned bits)
{
    if (u->model->clock == PS_DOUBLING) return 32767;
    if (u->model->clock == PS_4000 || u->model->clock == PS_4227) return 32764;
    return bits == 8 ? 32512 : bits == 10 ? 32704 : u->model->clock == PS_5G && bits == 12 ? 32736 : 32767;
}

int16_t ps_max(const ps_unit *u)
{
    return ps_max_at(u, ps_bits(u));
}

const double ps_unit_s[6] = {1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1};

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

/* The first numbers halve the fastest rate, then it is divided by whole numbers. */
static double divided(uint32_t n, uint32_t doublings, double fastest, double divided_hz)
{
    return n <= doublings ? ldexp(fastest, (int)n) : (n - doublings) / divided_hz;
}

static double interval_5000(const ps_unit *u, uint32_t n, uint32_t least)
{
    unsigned inputs = ps_enabled(u);
    switch (ps_bits(u)) {
    case 8:
        return n < least ? 0 : divided(n, 2, 1e-9, 125e6);
    case 12:
        return n < least + 1 ? 0 : divided(n - 1, 2, 2e-9, 62.5e6);
    case 16:
        return n < 4 || inputs > 1 ? 0 : (n - 3) / 62.5e6;
    default:
        return n < 3 || (ps_bits(u) == 15 && inputs > 2) ? 0 : (n - 2) / 125e6;
    }
}

static double interval_4000(const ps_unit *u, uint32_t n)
{
    if (u->model->clock == PS_4000) return n <= 2 ? ldexp(12.5e-9, (int)n) : (n - 1) / 20e6;
    return n <= 3 ? ldexp(4e-9, (int)n) : (n - 2) / 31.25e6;
}

static double picoseconds(uint32_t n, uint32_t least)
{
    bool power = n == 200 || n == 400 || n == 800 || n == 1600 || n == 3200;
    return n < 200u << least || (!power && (n % 6400 || !n)) ? 0 : n / 1e12;
}

double ps_interval(const ps_unit *u, uint32_t n)
{
    static const uint32_t leasts[] = {[1] = 0, [2] = 1, [4] = 2, [8] = 3};
    unsigned bits = ps_bits(u);
    uint32_t least = leasts[shares(u)];
    switch (u->model->clock) {
    case PS_80M:
        return (n + 1) / 80e6;
    case PS_10M:
        return (n + 1) / 10e6;
    case PS_4000:
    case PS_4227:
        return n < least ? 0 : interval_4000(u, n);
    case PS_500M:
        return n < least ? 0 : divided(n, 2, 2e-9, 62.5e6);
    case PS_1G:
        return n < least ? 0 : divided(n, 2, 1e-9, 125e6);
    case PS_DOUBLING:
        return n > 20 || n < least ? 0 : ldexp(1e-8, (int)n);
    case PS_6000:
        return n < least ? 0 : divided(n, 4, 2e-10, 156.25e6);
    case PS_5G:
        least += bits > 10 ? 2 : bits > 8;
        return n < least ? 0 : divided(n, 4, 2e-10, 156.25e6);
    case PS_PICOSECONDS:
        return picoseconds(n, least);
    case PS_5000:
        return interval_5000(u, n, least);
    }
    return 0;
}

uint32_t ps_fault_of(ps_unit *u, const char *call)
{
    uint32_t status = PS_OK;
    if (u->unplugged) return PS_NOT_RESPONDING;
    for (unsigned i = 0; i < u->faults; i++) {
        ps_fault *f = &u->fault[i];
        if (strcmp(f->call, call) != 0 || ++f->seen != f->at) continue;
        if (f->unplug) u->unplugged = true;
        if (f->half) u->half = true;
        if (f->status) status = f->status;
    }
    return status;
}
