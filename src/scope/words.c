/* What a person asks for, in words: those of grat capture and of the bindings. */
#include <graticule/binding.h>

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* "1".."8", "A".."H" -> 0..7; "D0".."D15", "L0".."L15" -> 16..31; -1 when it is neither. */
static int channel_number(const char *s, size_t n)
{
    if (n > 2 && strncasecmp(s, "ch", 2) == 0) s += 2, n -= 2;
    if (n == 1 && *s >= '1' && *s <= '8') return *s - '1';
    if (n == 1 && toupper((unsigned char)*s) >= 'A' && toupper((unsigned char)*s) <= 'H')
        return toupper((unsigned char)*s) - 'A';
    if (n < 2 || n > 3 || !strchr("DL", toupper((unsigned char)*s)) || !isdigit((unsigned char)s[1])) return -1;
    int v = s[1] - '0';
    if (n == 3) v = isdigit((unsigned char)s[2]) && v == 1 ? 10 + s[2] - '0' : 99;
    return v < 16 ? 16 + v : -1;
}

static grat_err mark(grat_request *q, int from, int to, const char *text, grat_op *op)
{
    if (from < 0 || to < 0 || to < from || (from < 16) != (to < 16))
        return grat_op_fail(op, GRAT_EPARSE,
                            "channels %.60s: not a list of channels; write it like 1,2 or 1-4 or D0-D7", text);
    for (int i = from; i <= to; i++) *(i < 16 ? &q->channel[i] : &q->digital[i - 16]) = true;
    q->any_channel = true;
    return GRAT_OK;
}

grat_err grat_request_channels(grat_request *q, const char *text, grat_op *op)
{
    const char *p = text;
    do {
        size_t n = strcspn(p, ","), k = strcspn(p, ",-");
        int from = channel_number(p, k);
        int to = k < n ? channel_number(p + k + 1, n - k - 1) : from;
        grat_err e = mark(q, from, to, text, op);
        if (e) return e;
        p += n;
    } while (*p++ == ',');
    return GRAT_OK;
}

/* ---- triggers ------------------------------------------------------------------------------------------- */

static bool parse_slope(const char *s, size_t n, grat_slope *out)
{
    static const struct {
        const char *word;
        grat_slope slope;
    } words[] = {{"rising", GRAT_RISING},   {"rise", GRAT_RISING},   {"+", GRAT_RISING},    {"falling", GRAT_FALLING},
                 {"fall", GRAT_FALLING},    {"-", GRAT_FALLING},     {"either", GRAT_EITHER}, {"both", GRAT_EITHER},
                 {"above", GRAT_ABOVE},     {"below", GRAT_BELOW}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].word) == n && strncasecmp(words[i].word, s, n) == 0) {
            *out = words[i].slope;
            return true;
        }
    }
    return false;
}

static bool parse_source(const char *s, size_t n, char out[8])
{
    int ch = channel_number(s, n);
    if (ch >= 16) {
        snprintf(out, 8, "D%d", (ch - 16) & 15);
    } else if (ch >= 0) {
        snprintf(out, 8, "%d", (ch & 7) + 1);
    } else if (n == 4 && strncasecmp(s, "line", n) == 0) {
        snprintf(out, 8, "line");
    } else if (n == 3 && strncasecmp(s, "ext", n) == 0) {
        snprintf(out, 8, "ext");
    } else {
        return false;
    }
    return true;
}

/* "L0=1,L3=0", with ":falling" and its like behind it: true when it is one. */
static bool parse_pattern(const char *text, grat_request *q)
{
    size_t end = strcspn(text, ":");
    for (const char *p = text; p < text + end;) {
        size_t n = strcspn(p, "=");
        int ch = channel_number(p, n);
        const char *level = p + n + 1;
        if (p + n >= text + end || ch < 16 || (*level != '0' && *level != '1')) return false;
        if (level[1] == ',' ? level + 2 == text + end : level + 1 != text + end) return false;
        q->pattern_care |= (uint16_t)(1u << (ch - 16));
        if (*level == '1') q->pattern_want |= (uint16_t)(1u << (ch - 16));
        p = level + 1 + (level[1] == ',');
    }
    return q->pattern_care && (!text[end] || parse_slope(text + end + 1, strlen(text + end + 1), &q->trigger_slope));
}

/* ---- events beyond an edge ------------------------------------------------------------------------------ */

static const struct {
    const char *word;
    grat_event event;
    grat_slope slope;
} events[] = {{"pulse", GRAT_EVENT_PULSE, GRAT_RISING},     {"window", GRAT_EVENT_WINDOW, GRAT_RISING},
              {"enter", GRAT_EVENT_WINDOW, GRAT_RISING},    {"leave", GRAT_EVENT_WINDOW, GRAT_FALLING},
              {"inside", GRAT_EVENT_WINDOW, GRAT_ABOVE},    {"outside", GRAT_EVENT_WINDOW, GRAT_BELOW},
              {"runt", GRAT_EVENT_RUNT, GRAT_RISING},       {"timeout", GRAT_EVENT_TIMEOUT, GRAT_RISING}};
#define EVENTS (sizeof events / sizeof *events)

static size_t find_event(const char *s, size_t n)
{
    size_t i = 0;
    while (i < EVENTS && (strlen(events[i].word) != n || strncasecmp(events[i].word, s, n) != 0)) i++;
    return i;
}

static bool has_terms(const char *text)
{
    const char *colon = strchr(text, ':');
    return strpbrk(text, "&|,") || strstr(text, "..") ||
           (colon && find_event(colon + 1, strcspn(colon + 1, ":@")) < EVENTS);
}

/* "1us..5us", "..5us", "1us..": what is not there stays. */
static bool parse_span(const char *s, const char *unit, double out[2], grat_op *op)
{
    const char *dots = strstr(s, "..");
    char low[40];
    if (!dots || (size_t)(dots - s) >= sizeof low) return false;
    snprintf(low, sizeof low, "%.*s", (int)(dots - s), s);
    if (low[0] && grat_parse_quantity(low, unit, &out[0], op)) return false;
    return !dots[2] || !grat_parse_quantity(dots + 2, unit, &out[1], op);
}

static bool parse_level(grat_trigger_term *t, const char *s, grat_op *op)
{
    bool two = t->event == GRAT_EVENT_WINDOW || t->event == GRAT_EVENT_RUNT;
    double span[2] = {NAN, NAN};
    if (!two) return grat_parse_quantity(s, "V", &t->level, op) == GRAT_OK;
    if (!parse_span(s, "V", span, op) || !(span[0] < span[1])) return false;
    t->level = span[0];
    t->upper = span[1];
    return true;
}

static bool parse_times(grat_trigger_term *t, const char *s, grat_op *op)
{
    double span[2] = {0, 0};
    if (t->event == GRAT_EVENT_EDGE) return false;
    if (t->event == GRAT_EVENT_TIMEOUT) return !grat_parse_quantity(s, "s", &t->least, op) && t->least > 0;
    if (!parse_span(s, "s", span, op) || span[0] < 0 || span[1] < 0 || (span[1] > 0 && span[1] < span[0])) return false;
    t->least = span[0];
    t->most = span[1];
    return span[0] > 0 || span[1] > 0;
}

/* "D3=1" */
static bool parse_line_level(const char *s, const char *level, grat_trigger_term *t)
{
    t->slope = *level == '1' ? GRAT_ABOVE : GRAT_BELOW;
    return (*level == '0' || *level == '1') && !level[1] && parse_source(s, (size_t)(level - 1 - s), t->source) &&
           t->source[0] == 'D';
}

/* "pulse:falling", "above", "" */
static bool parse_event(char *event, grat_trigger_term *t)
{
    char *slope = strchr(event, ':');
    if (slope) *slope++ = '\0';
    size_t i = find_event(event, strlen(event));
    if (i == EVENTS) return !slope && (!*event || parse_slope(event, strlen(event), &t->slope));
    t->event = events[i].event;
    t->slope = events[i].slope;
    return !slope || parse_slope(slope, strlen(slope), &t->slope);
}

/* What is behind the character, which is cut off; NULL without it. */
static char *cut_at(char *s, char c)
{
    char *p = strchr(s, c);
    if (p) *p++ = '\0';
    return p;
}

/* "A:pulse:falling@0.5V,1us..5us", "A:above@1V", "D3:rising", "D3=1"; `s` is cut up. */
static bool parse_term(char *s, grat_trigger_term *t, grat_op *op)
{
    const char *equal = strchr(s, '=');
    t->event = GRAT_EVENT_EDGE;
    t->slope = GRAT_RISING;
    if (equal) return parse_line_level(s, equal + 1, t);
    char *times = cut_at(s, ','), *level = cut_at(s, '@'), *event = cut_at(s, ':');
    if (!parse_source(s, strlen(s), t->source) || (event && (!*event || !parse_event(event, t)))) return false;
    bool needs_level = t->event == GRAT_EVENT_WINDOW || t->event == GRAT_EVENT_RUNT;
    bool needs_times = t->event == GRAT_EVENT_PULSE || t->event == GRAT_EVENT_TIMEOUT;
    if (level ? !parse_level(t, level, op) : needs_level) return false;
    return times ? parse_times(t, times, op) : !needs_times;
}

static grat_err parse_terms(const char *text, grat_request *q, grat_op *op)
{
    bool or_else = false;
    for (const char *p = text;;) {
        char one[100];
        size_t n = strcspn(p, "&|");
        while (n && *p == ' ') p++, n--;
        size_t end = n;
        while (end && p[end - 1] == ' ') end--;
        if (q->terms == GRAT_TRIGGER_TERMS)
            return grat_op_fail(op, GRAT_EPARSE, "trigger: at most %d events", GRAT_TRIGGER_TERMS);
        grat_trigger_term *t = &q->term[q->terms];
        *t = (grat_trigger_term){.or_else = or_else};
        snprintf(one, sizeof one, "%.*s", end < sizeof one ? (int)end : 0, p);
        if (!parse_term(one, t, op))
            return grat_op_fail(op, GRAT_EPARSE,
                                "trigger %.60s: \"%.30s\" is no event; write it like 1:pulse@0.5V,1us..5us, "
                                "1:window@-1V..1V, 1:runt@0.2V..0.8V, 1:timeout@0.5V,1ms, 1:above@1V or D0=1",
                                text, end < sizeof one ? p : "");
        q->terms++;
        if (!p[n]) return GRAT_OK;
        or_else = p[n] == '|';
        p += n + 1;
    }
}

/* The "+10us" of "A:rising@1V+10us": none of a slope, a sign or an exponent. Its place; the end where there is none. */
static size_t find_delay(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = n; i-- > 1;) {
        size_t before = i;
        while (before && text[before - 1] == ' ') before--;
        char c = before ? text[before - 1] : ':';
        bool exponent = i > 1 && tolower((unsigned char)c) == 'e' && isdigit((unsigned char)text[i - 2]) &&
                        isdigit((unsigned char)text[i + 1]);
        if (text[i] == '+' && isalnum((unsigned char)c) && !exponent) return i;
    }
    return n;
}

static grat_err event_of(grat_request *q, const char *text, grat_op *op)
{
    size_t end = strcspn(text, "@"), source = strcspn(text, ":@");
    if (strcasecmp(text, "none") == 0 || strcasecmp(text, "auto") == 0) {
        q->trigger = tolower((unsigned char)*text) == 'n' ? GRAT_TRIG_NONE : GRAT_TRIG_AUTO;
        return GRAT_OK;
    }
    q->trigger = GRAT_TRIG_EDGE;
    q->trigger_slope = GRAT_RISING;
    q->trigger_level = 0;
    if (strchr(text, '=') && parse_pattern(text, q)) return GRAT_OK;
    if (has_terms(text)) return parse_terms(text, q, op);
    bool ok = parse_source(text, source, q->trigger_source);
    if (ok && source < end) ok = parse_slope(text + source + 1, end - source - 1, &q->trigger_slope);
    if (!ok)
        return grat_op_fail(op, GRAT_EPARSE,
                            "trigger %.60s: not a trigger; write it like 1:rising@0.5V, D3:falling, D0=1,D3=0, none "
                            "or auto", text);
    return text[end] ? grat_parse_quantity(text + end + 1, "V", &q->trigger_level, op) : GRAT_OK;
}

grat_err grat_request_trigger(grat_request *q, const char *text, grat_op *op)
{
    char event[300];
    size_t at = find_delay(text), n = at;
    q->delay = 0;
    if (!text[at]) return event_of(q, text, op);
    while (n && text[n - 1] == ' ') n--;
    if (n >= sizeof event || grat_parse_quantity(text + at + 1, "s", &q->delay, op) || !(q->delay >= 0))
        return grat_op_fail(op, GRAT_EPARSE, "trigger %.60s: \"%.30s\" is no delay; write it like 1:rising@0.5V+10us",
                            text, text + at);
    snprintf(event, sizeof event, "%.*s", (int)n, text);
    grat_err e = event_of(q, event, op);
    if (!e && q->trigger == GRAT_TRIG_NONE)
        e = grat_op_fail(op, GRAT_EPARSE, "trigger %.60s: without a trigger there is no delay behind it", text);
    return e;
}

/* ---- down-sampling -------------------------------------------------------------------------------------- */

grat_err grat_request_downsample(grat_request *q, const char *text, grat_op *op)
{
    static const char *const names[] = {"", "aggregate", "decimate", "average"};
    size_t n = strcspn(text, ":");
    double ratio = 0;
    char number[24] = "";
    snprintf(number, sizeof number, "%.*s", n < sizeof number ? (int)n : 0, text);
    for (unsigned i = 1; i < 4 && text[n]; i++)
        if (strcasecmp(text + n + 1, names[i]) == 0) q->downsample = (grat_downsample)i;
    if (!q->downsample || grat_parse_quantity(number, "", &ratio, op) || !(ratio >= 1 && ratio <= 1e9) ||
        ratio != floor(ratio))
        return grat_op_fail(op, GRAT_EPARSE, "downsample %.40s: write it like 16:aggregate, 16:decimate or "
                                             "16:average", text);
    q->ratio = (unsigned)ratio;
    return GRAT_OK;
}
