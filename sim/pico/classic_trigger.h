/* Triggers that are no simple ones, a part of each library's source: how it writes them down. */

enum { CLEAR = 1, ADD = 2, STATE_TRUE = 1, STATE_FALSE = 2, SOURCE_WIDTH = 0x10000000, SOURCE_DIGITAL = 0x10000001 };

/* ps5000 has none at the lower level and no runts. */
#ifdef PICO_BARE
#define MOST_DIRECTION 4
#else
#define MOST_DIRECTION 10
#endif

typedef struct term {
    int32_t source, state;
} term;

/* Into the last group; a status when a source is named twice or is none. */
static uint32_t add_term(ps_unit *u, const term *c)
{
    ps_trigger *t = &u->trigger;
    unsigned g = t->groups - 1;
    if (c->state < 0 || c->state > STATE_FALSE) return PS_CONDITIONS;
    if (c->state == 0) return PS_OK;
    if (c->source == SOURCE_WIDTH || c->source == SOURCE_DIGITAL) {
        if (c->state != STATE_TRUE) return PS_CONDITIONS;
        *(c->source == SOURCE_WIDTH ? &t->group[g].width : &t->group[g].lines) = true;
        return PS_OK;
    }
    int i = ps_source(u, c->source);
    if (i < 0) return PS_INVALID_TRIGGER_CHANNEL;
    uint16_t bit = (uint16_t)(1u << i);
    if ((t->group[g].yes | t->group[g].no) & bit) return PS_DUPLICATE_CONDITION;
    if (c->state == STATE_TRUE) t->group[g].yes |= bit;
    else t->group[g].no |= bit;
    return PS_OK;
}

static bool new_group(ps_unit *u)
{
    ps_trigger *t = &u->trigger;
    if (t->groups == sizeof t->group / sizeof *t->group) return false;
    memset(&t->group[t->groups++], 0, sizeof *t->group);
    t->simple = false;
    t->on = true;
    return true;
}

static void no_groups(ps_unit *u)
{
    u->trigger.groups = 0;
    u->trigger.simple = false;
    u->trigger.on = false;
}

typedef struct level {
    int16_t upper;
    uint16_t upper_hysteresis;
    int16_t lower;
    uint16_t lower_hysteresis;
} level;

static uint32_t set_level(ps_unit *u, int32_t channel, const level *l)
{
    int i = ps_source(u, channel);
    if (i < 0) return PS_INVALID_TRIGGER_CHANNEL;
    u->trigger.event[i].known = true;
    u->trigger.event[i].upper = l->upper;
    u->trigger.event[i].lower = l->lower;
    u->trigger.event[i].upper_hysteresis = l->upper_hysteresis;
    u->trigger.event[i].lower_hysteresis = l->lower_hysteresis;
    return PS_OK;
}

static void forget_levels(ps_unit *u)
{
    for (unsigned i = 0; i < PS_SOURCES; i++) u->trigger.event[i].known = false;
}

#if PICO_ID > 0 && !defined PICO_BARE
/* Structs of 16 bytes with a mode, or of 12 without one. */
static uint32_t set_properties(ps_unit *u, const void *list, int16_t n, size_t size)
{
    const uint8_t *p = list;
    uint32_t status = n < 0 || (n && !list) ? PS_NULL_PARAMETER : PS_OK;
    forget_levels(u);
    for (int16_t k = 0; k < n && !status; k++, p += size) {
        level l;
        int32_t channel, mode = 0;
        memcpy(&l, p, sizeof l);
        memcpy(&channel, p + 8, 4);
        if (size > 12) memcpy(&mode, p + 12, 4);
        status = set_level(u, channel, &l);
        if (!status && size > 12) u->trigger.event[ps_source(u, channel)].window = mode == 1;
    }
    return status;
}
#endif

#ifdef PICO_BARE
/* Structs of 14 bytes: two levels, one hysteresis, the channel, the mode. */
static uint32_t set_bare_properties(ps_unit *u, const void *list, int16_t n)
{
    const uint8_t *p = list;
    uint32_t status = n < 0 || (n && !list) ? PS_NULL_PARAMETER : PS_OK;
    forget_levels(u);
    for (int16_t k = 0; k < n && !status; k++, p += 14) {
        int16_t levels[2];
        uint16_t hysteresis;
        int32_t channel, mode;
        memcpy(levels, p, 4);
        memcpy(&hysteresis, p + 4, 2);
        memcpy(&channel, p + 6, 4);
        memcpy(&mode, p + 10, 4);
        status = set_level(u, channel, &(level){levels[0], hysteresis, levels[1], hysteresis});
        if (!status) u->trigger.event[ps_source(u, channel)].window = mode == 1;
    }
    return status;
}
#endif

#if PICO_ID <= 3
/* A, B, C, D, external, not in the oldest the auxiliary one, width, and with 8 members the lines. */
static uint32_t take_members(ps_unit *u, const int32_t *m, unsigned members)
{
#if PICO_ID == 0
    static const int32_t source[] = {0, 1, 2, 3, 4, SOURCE_WIDTH};
#else
    static const int32_t source[] = {0, 1, 2, 3, 4, -1, SOURCE_WIDTH, SOURCE_DIGITAL};
#endif
    uint32_t status = new_group(u) ? PS_OK : PS_CONDITIONS;
    for (unsigned i = 0; i < members && !status; i++)
        if (m[i]) status = add_term(u, &(term){source[i], m[i]});
    return status;
}

static uint32_t set_conditions(ps_unit *u, const void *list, int16_t n, unsigned members)
{
    uint32_t status = n < 0 || (n && !list) ? PS_NULL_PARAMETER : PS_OK;
    no_groups(u);
    for (int16_t k = 0; k < n && !status; k++) {
        int32_t m[8];
        memcpy(m, (const uint8_t *)list + (size_t)k * members * 4, members * 4);
        status = take_members(u, m, members);
    }
    return status;
}

typedef struct width {
    int32_t direction;
    uint32_t lower, upper;
    int32_t type;
} width;

static uint32_t set_width(ps_unit *u, const void *list, int16_t n, unsigned members, const width *w)
{
    static const int32_t source[] = {0, 1, 2, 3, 4, -1};
    u->trigger.width.on = false;
    if (!list || n <= 0) return PS_OK;
    if (n != 1) return PS_CONDITIONS;
    u->trigger.width.sources = 0;
    for (unsigned i = 0; i < members && i < 6; i++) {
        int32_t state;
        memcpy(&state, (const uint8_t *)list + 4 * i, 4);
        if (!state) continue;
        int s = ps_source(u, source[i]);
        if (s < 0 || state != STATE_TRUE) return PS_CONDITIONS;
        u->trigger.width.sources |= (uint16_t)(1u << s);
    }
    for (unsigned i = 0; i < PS_SOURCES; i++)
        if (u->trigger.width.sources >> i & 1) u->trigger.width.window = u->trigger.event[i].window;
    u->trigger.width.on = w->type != 0;
    u->trigger.width.direction = w->direction;
    u->trigger.width.lower = w->lower;
    u->trigger.width.upper = w->upper;
    u->trigger.width.type = w->type;
    return w->type < 0 || w->type > 4 ? PS_INVALID_PARAMETER : PS_OK;
}

#if PICO_ID > 0
EXPORT API(SetTriggerChannelProperties)(int16_t h, void *list, int16_t n, int16_t aux, int32_t auto_ms)
{
    BEGIN(h, SetTriggerChannelProperties);
    (void)aux;
    u->trigger.auto_s = auto_ms > 0 ? auto_ms * 1e-3 : 0;
#ifdef PICO_BARE
    return ps_leave(u, set_bare_properties(u, list, n));
#else
    return ps_leave(u, set_properties(u, list, n, 16));
#endif
}

EXPORT API(SetTriggerChannelDirections)(int16_t h, int32_t a, int32_t b, int32_t c, int32_t d, int32_t ext, int32_t aux)
{
    BEGIN(h, SetTriggerChannelDirections);
    const int32_t way[] = {a, b, c, d};
    (void)aux;
    for (unsigned i = 0; i < 4; i++)
        if (way[i] < 0 || way[i] > MOST_DIRECTION) return ps_leave(u, PS_INVALID_TRIGGER_DIRECTION);
    for (unsigned i = 0; i < 4; i++) u->trigger.event[i].direction = way[i];
    u->trigger.event[PS_CHANNELS].direction = ext;
    return ps_leave(u, PS_OK);
}

EXPORT API(SetTriggerChannelConditions)(int16_t h, void *list, int16_t n)
{
    BEGIN(h, SetTriggerChannelConditions);
    return ps_leave(u, set_conditions(u, list, n, PICO_ID == 2 ? 8 : 7));
}

EXPORT API(SetPulseWidthQualifier)(int16_t h, void *list, int16_t n, int32_t direction, uint32_t lower, uint32_t upper,
                                   int32_t type)
{
    BEGIN(h, SetPulseWidthQualifier);
    if (list && (direction < 0 || direction > MOST_DIRECTION)) return ps_leave(u, PS_INVALID_TRIGGER_DIRECTION);
    return ps_leave(u, set_width(u, list, n, PICO_ID == 2 ? 7 : 6, &(width){direction, lower, upper, type}));
}
#endif
#endif

#if PICO_ID == 3 && !PICO_WIDE
EXPORT API(SetTriggerChannelConditionsV2)(int16_t h, void *list, int16_t n)
{
    BEGIN(h, SetTriggerChannelConditionsV2);
    return ps_leave(u, set_conditions(u, list, n, 8));
}

EXPORT API(SetPulseWidthQualifierV2)(int16_t h, void *list, int16_t n, int32_t direction, uint32_t lower,
                                     uint32_t upper, int32_t type)
{
    BEGIN(h, SetPulseWidthQualifierV2);
    return ps_leave(u, set_width(u, list, n, 7, &(width){direction, lower, upper, type}));
}
#endif

#if PICO_ID >= 4
static uint32_t list_conditions(ps_unit *u, const void *list, int16_t n, int32_t info)
{
    uint32_t status = info < 1 || info > 3 ? PS_INVALID_CONDITION_INFO : PS_OK;
    if (status) return status;
    if (info & CLEAR) no_groups(u);
    if (!(info & ADD) || n <= 0) return PS_OK;
    if (!list) return PS_NULL_PARAMETER;
    status = new_group(u) ? PS_OK : PS_CONDITIONS;
    for (int16_t k = 0; k < n && !status; k++) {
        term c;
        memcpy(&c, (const uint8_t *)list + (size_t)k * sizeof c, sizeof c);
        status = add_term(u, &c);
    }
    return status;
}

/* Structs of 8 bytes, or of 12 with a mode. */
static uint32_t list_directions(ps_unit *u, const void *list, int n, size_t size)
{
    if (n < 0 || (n && !list)) return PS_NULL_PARAMETER;
    for (int k = 0; k < n; k++) {
        int32_t v[3] = {0};
        memcpy(v, (const uint8_t *)list + (size_t)k * size, size);
        int i = ps_source(u, v[0]);
        if (i < 0) return PS_INVALID_TRIGGER_CHANNEL;
        u->trigger.event[i].direction = v[1];
        if (size > 8) u->trigger.event[i].window = v[2] == 1;
    }
    return PS_OK;
}

EXPORT API(SetPulseWidthQualifierConditions)(int16_t h, void *list, int16_t n, int32_t info)
{
    BEGIN(h, SetPulseWidthQualifierConditions);
    term c;
    if (info & CLEAR) u->trigger.width.on = false;
    if (!list || n <= 0) return ps_leave(u, PS_OK);
    if (n != 1) return ps_leave(u, PS_CONDITIONS);
    memcpy(&c, list, sizeof c);
    int i = ps_source(u, c.source);
    if (i < 0 || c.state != STATE_TRUE) return ps_leave(u, PS_CONDITIONS);
    u->trigger.width.sources = (uint16_t)(1u << i);
    u->trigger.width.on = u->trigger.width.type != 0;
    if (PICO_ID == 4) u->trigger.width.window = u->trigger.event[i].window;
    return ps_leave(u, PS_OK);
}
#endif

#if PICO_ID == 4
EXPORT API(SetTriggerChannelProperties)(int16_t h, void *list, int16_t n, int16_t aux, int32_t auto_ms)
{
    BEGIN(h, SetTriggerChannelProperties);
    (void)aux;
    u->trigger.auto_s = auto_ms > 0 ? auto_ms * 1e-3 : 0;
    return ps_leave(u, set_properties(u, list, n, 16));
}

EXPORT API(SetTriggerChannelConditions)(int16_t h, void *list, int16_t n, int32_t info)
{
    BEGIN(h, SetTriggerChannelConditions);
    return ps_leave(u, list_conditions(u, list, n, info));
}

EXPORT API(SetTriggerChannelDirections)(int16_t h, void *list, int16_t n)
{
    BEGIN(h, SetTriggerChannelDirections);
    return ps_leave(u, list_directions(u, list, n, 8));
}

EXPORT API(SetPulseWidthQualifierProperties)(int16_t h, int32_t direction, uint32_t lower, uint32_t upper, int32_t type)
{
    BEGIN(h, SetPulseWidthQualifierProperties);
    if (type < 0 || type > 4) return ps_leave(u, PS_INVALID_PARAMETER);
    u->trigger.width.direction = direction;
    u->trigger.width.lower = lower;
    u->trigger.width.upper = upper;
    u->trigger.width.type = type;
    return ps_leave(u, PS_OK);
}
#endif

#if PICO_ID == 5
EXPORT API(SetTriggerChannelPropertiesV2)(int16_t h, void *list, int16_t n, int16_t aux)
{
    BEGIN(h, SetTriggerChannelPropertiesV2);
    (void)aux;
    return ps_leave(u, set_properties(u, list, n, 12));
}

EXPORT API(SetAutoTriggerMicroSeconds)(int16_t h, uint64_t us)
{
    BEGIN(h, SetAutoTriggerMicroSeconds);
    u->trigger.auto_s = (double)us * 1e-6;
    return ps_leave(u, PS_OK);
}

EXPORT API(SetTriggerChannelConditionsV2)(int16_t h, void *list, int16_t n, int32_t info)
{
    BEGIN(h, SetTriggerChannelConditionsV2);
    return ps_leave(u, list_conditions(u, list, n, info));
}

EXPORT API(SetTriggerChannelDirectionsV2)(int16_t h, void *list, uint16_t n)
{
    BEGIN(h, SetTriggerChannelDirectionsV2);
    return ps_leave(u, list_directions(u, list, n, 12));
}
#endif

#if PICO_ID >= 5
EXPORT API(SetPulseWidthQualifierProperties)(int16_t h, uint32_t lower, uint32_t upper, int32_t type)
{
    BEGIN(h, SetPulseWidthQualifierProperties);
    if (type < 0 || type > 4) return ps_leave(u, PS_INVALID_PARAMETER);
    u->trigger.width.lower = lower;
    u->trigger.width.upper = upper;
    u->trigger.width.type = type;
    return ps_leave(u, PS_OK);
}

EXPORT API(SetPulseWidthQualifierDirections)(int16_t h, void *list, int16_t n)
{
    BEGIN(h, SetPulseWidthQualifierDirections);
    int32_t v[3];
    if (!list || n != 1) return ps_leave(u, n ? PS_INVALID_PARAMETER : PS_OK);
    memcpy(v, list, sizeof v);
    u->trigger.width.direction = v[1];
    u->trigger.width.window = v[2] == 1;
    return ps_leave(u, PS_OK);
}
#endif

#if PICO_ID == 2 || (PICO_ID == 3 && !PICO_WIDE) || PICO_ID >= 5
/* {line, direction} of 8 bytes; lines that are not listed do not matter. Of the modern libraries: of one port. */
static uint32_t set_lines(ps_unit *u, const void *list, int16_t n, unsigned first, unsigned most)
{
    if (n < 0 || (n && !list)) return PS_NULL_PARAMETER;
    memset(u->trigger.line + first, 0, most);
    for (int16_t k = 0; k < n; k++) {
        int32_t v[2];
        memcpy(v, (const uint8_t *)list + 8 * (size_t)k, 8);
        if (v[0] < 0 || v[0] >= (int32_t)most) return PS_INVALID_DIGITAL_CHANNEL;
        if (v[1] < 0 || v[1] > 5) return PS_INVALID_DIGITAL_DIRECTION;
        u->trigger.line[first + (unsigned)v[0]] = (uint8_t)v[1];
    }
    return PS_OK;
}
#if PICO_ID <= 5
EXPORT API(SetTriggerDigitalPortProperties)(int16_t h, void *list, int16_t n)
{
    BEGIN(h, SetTriggerDigitalPortProperties);
    return ps_leave(u, set_lines(u, list, n, 0, 16));
}
#endif
#endif
