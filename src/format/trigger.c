/* The events of a trigger in the words of grat capture --trigger. */
#include <stdio.h>
#include <string.h>

#include "format/format.h"

static const char *event_words(const grat_trigger_term *t)
{
    static const char *const words[][6] = {
        [GRAT_EVENT_EDGE] = {"", "rising", "falling", "either", "above", "below"},
        [GRAT_EVENT_PULSE] = {"", "pulse", "pulse:falling", "pulse:either", "pulse", "pulse"},
        [GRAT_EVENT_WINDOW] = {"", "enter", "leave", "window:either", "inside", "outside"},
        [GRAT_EVENT_RUNT] = {"", "runt", "runt:falling", "runt:either", "runt", "runt"},
        [GRAT_EVENT_TIMEOUT] = {"", "timeout", "timeout:falling", "timeout:either", "timeout", "timeout"}};
    if (t->event < GRAT_EVENT_EDGE || t->event > GRAT_EVENT_TIMEOUT || t->slope > GRAT_BELOW) return "";
    return words[t->event][t->slope];
}

/* "500mV": without the blank of the public function; "" for `none`. */
static const char *short_quantity(char out[40], double value, const char *unit, double none)
{
    char *to = out;
    grat_format_quantity(out, 40, value, unit);
    for (const char *p = out; *p; p++)
        if (*p != ' ') *to++ = *p;
    *to = '\0';
    return value == none ? "" : out;
}

void grat__trigger_text(const grat_settings *s, char *out, size_t cap)
{
    char a[40], b[40], level[84], times[84];
    size_t n = 0;
    *out = '\0';
    for (unsigned i = 0; i < s->terms && i < GRAT_TRIGGER_TERMS && n < cap; i++) {
        const grat_trigger_term *t = &s->term[i];
        bool two = t->event == GRAT_EVENT_WINDOW || t->event == GRAT_EVENT_RUNT;
        snprintf(level, sizeof level, "%s%s%s", short_quantity(a, t->level, "V", 1e300), two ? ".." : "",
                 two ? short_quantity(b, t->upper, "V", 1e300) : "");
        *times = '\0';
        if (t->event == GRAT_EVENT_TIMEOUT) snprintf(times, sizeof times, ",%s", short_quantity(a, t->least, "s", 0));
        else if (t->least > 0 || t->most > 0)
            snprintf(times, sizeof times, ",%s..%s", short_quantity(a, t->least, "s", 0),
                     short_quantity(b, t->most, "s", 0));
        n += (size_t)snprintf(out + n, cap - n, "%s%s:%s@%s%s", !i ? "" : t->or_else ? " | " : " & ", t->source,
                              event_words(t), level, times);
    }
}
