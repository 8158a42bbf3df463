/* Expression and resource, with a NUL between. A match does not depend on when the attributes are asked. */
#include "fuzz.h"
#include "visa/visa_int.h"

bool visa__attr_by_name(const char *name, ViAttr *attr, bool *global)
{
    if (strncmp(name, "VI_ATTR_", 8) != 0) return false;
    *attr = name[8] == 'S' ? 0xBFFF0001U : 0x3FFF0001U;
    *global = name[8] != 'L';
    return true;
}

static bool answer(void *user, ViAttr attr, visa_value *out)
{
    (void)user;
    out->is_text = attr >> 31;
    out->number = 5;
    memcpy(out->text, "INSTR", 6);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = malloc(n + 2);
    const char *resource;
    visa_expr *e = NULL;
    ViStatus status;

    if (!text) return 0;
    memcpy(text, data, n);
    text[n] = text[n + 1] = 0;
    resource = text + strlen(text) + (strlen(text) < n);
    status = visa__expr_new(text, &e);
    HOLDS(status == VI_SUCCESS || status == VI_ERROR_INV_EXPR);
    HOLDS((status == VI_SUCCESS) == (e != NULL));
    if (e) HOLDS(visa__expr_match(e, resource, answer, NULL) == visa__expr_match(e, resource, answer, NULL));
    visa__expr_free(e);
    free(text);
    return 0;
}
