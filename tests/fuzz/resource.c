/* What parses has a normal form, and the normal form parses to the same. */
#include <graticule/graticule.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char text[1024], once[2048], twice[2048];
    grat_resource r, again;
    grat_op op;

    if (n >= sizeof text) return 0;
    memcpy(text, data, n);
    text[n] = '\0';
    grat_op_init(&op, 1000, NULL);
    if (grat_resource_parse(text, &r, &op) != GRAT_OK) {
        HOLDS(op.count <= strlen(text));
        HOLDS(op.text[0] != '\0');
        return 0;
    }
    HOLDS(grat_resource_format(&r, once, sizeof once) < (int)sizeof once);
    if (grat_resource_parse(once, &again, &op) != GRAT_OK) {
        fprintf(stderr, "\"%s\" has the normal form \"%s\": %s\n", text, once, op.text);
        abort();
    }
    grat_resource_format(&again, twice, sizeof twice);
    if (strcmp(once, twice) != 0) {
        fprintf(stderr, "\"%s\" has the normal form \"%s\", and that has \"%s\"\n", text, once, twice);
        abort();
    }
    return 0;
}
