#include "scope/drv/rigol-1000z/rigol.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

static const struct model {
    const char *name;
    unsigned analog, digital, generators;
    double min_timebase;
} models[] = {
    {"DS1054Z", 4, 0, 0, 5e-9},
    {"DS1074Z", 4, 0, 0, 5e-9},
    {"DS1104Z", 4, 0, 0, 5e-9},
    {"DS1074Z-S", 4, 0, 2, 5e-9},
    {"DS1104Z-S", 4, 0, 2, 5e-9},
    {"DS1074Z Plus", 4, 16, 0, 5e-9},
    {"DS1104Z Plus", 4, 16, 0, 5e-9},
    {"DS1074Z-S Plus", 4, 16, 2, 5e-9},
    {"DS1104Z-S Plus", 4, 16, 2, 5e-9},
    {"MSO1074Z", 4, 16, 0, 5e-9},
    {"MSO1104Z", 4, 16, 0, 5e-9},
    {"MSO1074Z-S", 4, 16, 2, 5e-9},
    {"MSO1104Z-S", 4, 16, 2, 5e-9},
    {"DS1102Z-E", 2, 0, 0, 2e-9},
    {"DS1202Z-E", 2, 0, 0, 2e-9},
};

static const struct quirk {
    const char *name, *models, *firmware; /* shell patterns */
    unsigned effect;
} quirks[] = {
    /* Reported for 00.04.02.SP4; a preamble of 1200 points is checked on every firmware, which costs nothing else. */
    {"raw-points-stuck", "*", "*", RIGOL_RAW_POINTS_STUCK},
    {"empty-block", "*", "*", RIGOL_EMPTY_BLOCK},
    {"status-lag", "*", "*", RIGOL_STATUS_LAG},
};

static const uint64_t depths[3][6] = {
    {12000, 120000, 1200000, 12000000, 24000000, 0},
    {6000, 60000, 600000, 6000000, 12000000, 0},
    {3000, 30000, 300000, 3000000, 6000000, 0},
};
static const double rates[3] = {1e9, 500e6, 250e6};

const grat__word rigol_coupling[] = {{"DC", GRAT_DC}, {"AC", GRAT_AC}, {"GND", GRAT_GND}, {NULL, 0}};
const grat__word rigol_acq[] = {
    {"NORM", GRAT_ACQ_NORMAL}, {"AVER", GRAT_ACQ_AVERAGE}, {"PEAK", GRAT_ACQ_PEAK}, {"HRES", GRAT_ACQ_HIRES}, {NULL, 0},
};
const grat__word rigol_slope[] = {{"POS", GRAT_RISING}, {"NEG", GRAT_FALLING}, {"RFAL", GRAT_EITHER}, {NULL, 0}};
const grat__word rigol_sweep[] = {
    {"AUTO", GRAT_SWEEP_AUTO}, {"NORM", GRAT_SWEEP_NORMAL}, {"SING", GRAT_SWEEP_SINGLE}, {NULL, 0},
};
/* FIN is not in the guide; DSRemote's table has it. */
const grat__word rigol_state_words[] = {
    {"TD", GRAT_STATE_TRIGGERED}, {"WAIT", GRAT_STATE_WAITING}, {"RUN", GRAT_STATE_PRETRIGGER},
    {"AUTO", GRAT_STATE_AUTO},    {"STOP", GRAT_STATE_STOPPED}, {"FIN", GRAT_STATE_STOPPED},
    {NULL, 0},
};

static const struct model *find(const char *name)
{
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (grat__strcaseeq(models[i].name, name)) return &models[i];
    return NULL;
}

bool rigol_match(const grat_identity *id)
{
    return grat__strcasestarts(id->vendor, "RIGOL") && find(id->model);
}

bool rigol_caps(const char *model, grat_caps *caps)
{
    const struct model *m = find(model);
    if (!m) return false;
    /* The two digits in the middle of the number are the bandwidth in tens of megahertz. */
    const char *digit = strpbrk(m->name, "0123456789");
    *caps = (grat_caps){
        .analog = m->analog,
        .digital = m->digital,
        .generators = m->generators,
        .horizontal_divisions = RIGOL_DIVISIONS,
        .vertical_divisions = 8,
        .bandwidth_hz = ((digit[1] - '0') * 10 + (digit[2] - '0')) * 10e6,
        .min_timebase = m->min_timebase,
        .max_timebase = 50,
        .min_scale = 1e-3,
        .max_scale = 10,
        .driver = grat__rigol_1000z.name,
    };
    for (unsigned n = 1; n <= m->analog; n++) {
        unsigned row = n > 2 ? 2 : n - 1;
        caps->max_rate[n] = rates[row];
        caps->max_depth[n] = depths[row][4];
    }
    return true;
}

unsigned rigol_quirks(const char *model, const char *firmware)
{
    unsigned all = 0;
    for (size_t i = 0; i < sizeof quirks / sizeof quirks[0]; i++)
        if (fnmatch(quirks[i].models, model, 0) == 0 && fnmatch(quirks[i].firmware, firmware, 0) == 0)
            all |= quirks[i].effect;
    return all;
}

/* Eight digital channels count as one analogue channel, sixteen as two (guide, 2-5); that they add up is read into
 * it. */
unsigned rigol_row(const grat_settings *set)
{
    unsigned analog = 0, pods[2] = {0};
    for (int i = 0; i < RIGOL_ANALOG; i++)
        analog += set->channel[i].enabled;
    for (int i = 0; i < RIGOL_DIGITAL; i++)
        if (set->digital_on && set->digital[i]) pods[i / 8] = 1;
    unsigned used = analog + pods[0] + pods[1];
    if (used > 2) return 2;
    return used ? used - 1 : 0;
}

const uint64_t *rigol_depths(unsigned row)
{
    return depths[row];
}

uint64_t rigol_deeper(uint64_t depth)
{
    uint64_t least = 0;
    for (unsigned row = 0; row < sizeof depths / sizeof *depths; row++) {
        const uint64_t *d = depths[row];
        while (*d && *d <= depth) d++;
        if (*d && (!least || *d < least)) least = *d;
    }
    return least;
}

double rigol_row_rate(unsigned row)
{
    return rates[row];
}

double rigol_needed_points(const grat_request *q, double timebase)
{
    double span = RIGOL_DIVISIONS * timebase;
    if (!q->samples) return 0;
    return q->period > 0 ? ceil((double)q->samples * span / q->period - 1e-6) : (double)q->samples;
}

/* Guide, 2-32: at 1X ±100 V from 500 mV/div on and ±2 V below. */
double rigol_offset_limit(double scale, double probe)
{
    return probe * (scale / probe >= 0.5 * (1 - 1e-9) ? 100 : 2);
}

bool rigol_source_out(const grat_caps *caps, const char *name, char out[8])
{
    int n;
    if (grat__strcaseeq(name, "line")) return grat__strcpy(out, 8, "AC");
    if ((name[0] == 'D' || name[0] == 'd') && grat__parse_int(name + 1, &n)) {
        snprintf(out, 8, "D%d", n & 63);
        return n >= 0 && n < (int)caps->digital;
    }
    if (!grat__parse_int(name, &n) || n < 1 || n > (int)caps->analog) return false;
    snprintf(out, 8, "CHAN%d", n & 7);
    return true;
}

void rigol_source_in(const char *word, char out[8])
{
    if (grat__strcaseeq(word, "AC"))
        grat__strcpy(out, 8, "line");
    else
        grat__strcpy(out, 8, grat__strcasestarts(word, "CHAN") ? word + 4 : word);
}
