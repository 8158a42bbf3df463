#include "transport/usbtmc/tmc.h"

#include "core/str.h"

#include <stdlib.h>
#include <string.h>

#define ANY 0x10000u

/* Sources: reports in the trackers that docs/reference/usb.md names, device by device. */
static const struct {
    unsigned vid, pid;               /* pid ANY: all of the vendor */
    grat__tmc_quirks q;
} table[] = {
    /* Rigol DS1000Z, MSO1000Z: a device clear hangs it; the first open after power-on may fail */
    {0x1ab1, 0x04ce, {.flags = GRAT__TMC_NO_CLEAR | GRAT__TMC_RETRY_OPEN}},
    /* Rigol DS1000E/D and Agilent's DSO1000 of the same make; DS2000, DS4000, MSO5000: false REN */
    {0x1ab1, 0x0588, {.flags = GRAT__TMC_NO_REN}},
    {0x0957, 0x0588, {.flags = GRAT__TMC_NO_REN}},
    {0x1ab1, 0x04b0, {.flags = GRAT__TMC_NO_REN}},
    {0x1ab1, 0x04b1, {.flags = GRAT__TMC_NO_REN}},
    {0x1ab1, 0x0515, {.flags = GRAT__TMC_NO_REN}},
    /* Rigol DHO800, DHO900 */
    {0x1ab1, 0x044d, {.flags = GRAT__TMC_STALE_TAG}},
    /* Rigol DG1022 */
    {0x0400, 0x09c4, {.write_gap_ms = 20}},
    /* Siglent SDS1000X-E: no clear, padding counted */
    {0xf4ec, 0xee38, {.flags = GRAT__TMC_NO_CLEAR | GRAT__TMC_NO_REN | GRAT__TMC_PADDED}},
    /* Siglent SDG1032X */
    {0xf4ec, 0x1103, {.flags = GRAT__TMC_NO_REN | GRAT__TMC_NO_RESET}},
    {0xf4ec, ANY, {.flags = GRAT__TMC_NO_REN}},
    /* Siglent SPD3303X: 10 to 20 ms between a message and the next thing */
    {0x0483, 0x7540, {.flags = GRAT__TMC_NO_REN, .write_gap_ms = 20}},
    /* Yokogawa */
    {0x0b21, ANY, {.flags = GRAT__TMC_NO_REN}},
};

static const struct {
    const char *name;
    unsigned flag;
} names[] = {
    {"no-clear", GRAT__TMC_NO_CLEAR},
    {"no-ren", GRAT__TMC_NO_REN},
    {"no-reset", GRAT__TMC_NO_RESET},
    {"stale-tag", GRAT__TMC_STALE_TAG},
    {"no-zlp", GRAT__TMC_NO_ZLP},
    {"no-eom", GRAT__TMC_NO_EOM},
    {"padded", GRAT__TMC_PADDED},
    {"retry-open", GRAT__TMC_RETRY_OPEN},
    {"no-interrupt-stb", GRAT__TMC_NO_INTERRUPT_STB},
};

static void named(grat__tmc_quirks *q, char *word)
{
    uint64_t number = 0;
    char *value = strchr(word, '=');
    if (value) *value++ = '\0';
    if (value && !grat__parse_u64(value, &number)) return;
    if (strcmp(word, "max-request") == 0) q->max_request = (uint32_t)number;
    if (strcmp(word, "write-gap") == 0) q->write_gap_ms = (unsigned)(number < 10000 ? number : 10000);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(word, names[i].name) == 0) q->flags |= names[i].flag;
}

static grat__tmc_quirks from_text(const char *p)
{
    grat__tmc_quirks q = {0};
    char word[64];
    while (*p) {
        size_t n = strcspn(p, ","), keep = n < sizeof word ? n : sizeof word - 1;
        memcpy(word, p, keep);
        word[keep] = '\0';
        named(&q, word);
        p += n + (p[n] == ',');
    }
    return q;
}

grat__tmc_quirks grat__tmc_quirks_of(unsigned vid, unsigned pid)
{
    const char *text = getenv("GRATICULE_USB_QUIRKS");
    if (text && *text) return from_text(text);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].vid == vid && (table[i].pid == pid || table[i].pid == ANY)) return table[i].q;
    return (grat__tmc_quirks){0};
}
