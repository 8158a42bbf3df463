/* Find expressions (VPP-4.3, viFindRsrc): a regular expression over the whole resource string with operators of its
 * own, and optionally an attribute expression in braces.
 *
 * The regular expression becomes a non-deterministic automaton whose states are all followed at once, so that the time
 * is the product of the two lengths whatever the expression is. Both parsers bound their depth. */
#include "visa_int.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXT 1024 /* bytes of an expression */
#define MAX_DEPTH 32  /* parentheses within one another */

/* ---- the automaton -------------------------------------------------------------------------------- */

typedef enum step_kind { STEP_SET, STEP_SPLIT, STEP_JUMP, STEP_END } step_kind;

typedef struct step {
    step_kind kind;
    unsigned a, b;       /* where to go on: SPLIT both, JUMP a */
    uint32_t set[8];     /* SET: the bytes that it takes */
} step;

typedef enum node_kind {
    NODE_NUMBER,
    NODE_TEXT,
    NODE_ATTR,
    NODE_NOT,
    NODE_COMPARE,
    NODE_AND,
    NODE_OR,
} node_kind;

typedef enum compare { CMP_EQ, CMP_NE, CMP_LE, CMP_GE, CMP_LT, CMP_GT } compare;

typedef struct node {
    node_kind kind;
    compare op;
    bool is_text;        /* what it gives: text, else a number */
    unsigned left, right;
    int64_t number;
    ViAttr attr;
    const char *text;    /* into visa_expr.text */
    size_t length;
} node;

struct visa_expr {
    char *text;          /* our copy */
    step *steps;
    unsigned step_count;
    node *nodes;         /* NULL: no attribute expression */
    unsigned node_count, root;
};

typedef struct parser {
    visa_expr *e;
    const char *p, *end;
    unsigned depth;
    bool bad;
} parser;

static void set_add(uint32_t set[8], unsigned char c)
{
    unsigned char low = (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    unsigned char up = (unsigned char)(low >= 'a' && low <= 'z' ? low - 32 : low);

    set[low >> 5] |= 1U << (low & 31);
    set[up >> 5] |= 1U << (up & 31);
}

static unsigned step_add(parser *r, step_kind kind)
{
    visa_expr *e = r->e;

    memset(&e->steps[e->step_count], 0, sizeof(e->steps[0]));
    e->steps[e->step_count].kind = kind;
    return e->step_count++;
}

/* Makes room for one step at `at`; what pointed behind it is moved. */
static void step_insert(parser *r, unsigned at)
{
    visa_expr *e = r->e;

    memmove(&e->steps[at + 1], &e->steps[at], (e->step_count - at) * sizeof(e->steps[0]));
    e->step_count++;
    for (unsigned i = at + 1; i < e->step_count; i++) {
        if (e->steps[i].a >= at) e->steps[i].a++;
        if (e->steps[i].b >= at) e->steps[i].b++;
    }
    memset(&e->steps[at], 0, sizeof(e->steps[0]));
    e->steps[at].kind = STEP_SPLIT;
    e->steps[at].a = at + 1;
}

/* One byte of a list, after its backslash if it has one. */
static bool list_byte(parser *r, unsigned char *c)
{
    if (r->p < r->end && *r->p == '\\') r->p++;
    if (r->p >= r->end) return false;
    *c = (unsigned char)*r->p++;
    return true;
}

/* Behind the opening bracket. */
static bool parse_list(parser *r)
{
    uint32_t set[8] = {0};
    bool negate = r->p < r->end && *r->p == '^', first = true;
    unsigned at;

    r->p += negate;
    for (;; first = false) {
        unsigned char from, to;

        if (r->p >= r->end) return false;
        if (*r->p == ']' && !first) break;
        if (!list_byte(r, &from)) return false;
        to = from;
        if (r->p + 1 < r->end && r->p[0] == '-' && r->p[1] != ']') {
            r->p++;
            if (!list_byte(r, &to) || to < from) return false;
        }
        for (unsigned c = from; c <= to; c++) set_add(set, (unsigned char)c);
    }
    r->p++;
    at = step_add(r, STEP_SET);
    for (unsigned i = 0; i < 8; i++) r->e->steps[at].set[i] = negate ? ~set[i] : set[i];
    return true;
}

static bool parse_alternatives(parser *r);

/* One byte, list or group. */
static bool parse_atom(parser *r)
{
    char c = *r->p++;
    unsigned at;

    switch (c) {
    case '(':
        if (++r->depth > MAX_DEPTH || !parse_alternatives(r)) return false;
        r->depth--;
        if (r->p >= r->end || *r->p != ')') return false;
        r->p++;
        return true;
    case '[': return parse_list(r);
    case ']':
    case '}':
    case '*':
    case '+': return false;
    case '?':
        at = step_add(r, STEP_SET);
        memset(r->e->steps[at].set, 0xFF, sizeof(r->e->steps[at].set));
        return true;
    case '\\':
        if (r->p >= r->end) return false;
        c = *r->p++;
        break;
    default: break;
    }
    at = step_add(r, STEP_SET);
    set_add(r->e->steps[at].set, (unsigned char)c);
    return true;
}

/* Atoms with their repetitions, up to a bar or the end of the group. */
static bool parse_sequence(parser *r)
{
    while (r->p < r->end && *r->p != '|' && *r->p != ')') {
        unsigned start = r->e->step_count, split;
        bool star = false, plus = false;

        if (!parse_atom(r)) return false;
        for (; r->p < r->end && (*r->p == '*' || *r->p == '+'); r->p++) {
            star = star || *r->p == '*';
            plus = plus || *r->p == '+';
        }
        if (star) {
            step_insert(r, start);
            r->e->steps[step_add(r, STEP_JUMP)].a = start;
            r->e->steps[start].b = r->e->step_count;
        } else if (plus) {
            split = step_add(r, STEP_SPLIT);
            r->e->steps[split].a = start;
            r->e->steps[split].b = r->e->step_count;
        }
    }
    return true;
}

static bool parse_alternatives(parser *r)
{
    unsigned start = r->e->step_count, jump;

    if (!parse_sequence(r)) return false;
    if (r->p >= r->end || *r->p != '|') return true;
    r->p++;
    step_insert(r, start);
    jump = step_add(r, STEP_JUMP);
    r->e->steps[start].b = r->e->step_count;
    if (!parse_alternatives(r)) return false;
    r->e->steps[jump].a = r->e->step_count;
    return true;
}

static ViStatus compile_regex(parser *r)
{
    /* A byte gives at most a set and two steps of a repetition or a bar. */
    r->e->steps = calloc((size_t)(r->end - r->p) * 3 + 2, sizeof(step));
    if (!r->e->steps) return VI_ERROR_ALLOC;
    r->depth = 0;
    if (r->p == r->end || !parse_alternatives(r) || r->p != r->end) return VI_ERROR_INV_EXPR;
    step_add(r, STEP_END);
    return VI_SUCCESS;
}

/* ---- following all states ------------------------------------------------------------------------- */

typedef struct states {
    unsigned *list, count;
    unsigned *mark;      /* of each step: the round in which it was last added */
    unsigned round;
} states;

/* Adds a step and all that it leads to without taking a byte. `stack` has room for two entries a step. */
static void follow(const visa_expr *e, states *s, unsigned at, unsigned *stack)
{
    unsigned depth = 0;

    stack[depth++] = at;
    while (depth) {
        unsigned i = stack[--depth];
        const step *t = &e->steps[i];

        if (s->mark[i] == s->round) continue;
        s->mark[i] = s->round;
        if (t->kind == STEP_SPLIT) stack[depth++] = t->b;
        if (t->kind == STEP_SPLIT || t->kind == STEP_JUMP) stack[depth++] = t->a;
        else s->list[s->count++] = i;
    }
}

static bool regex_match(const visa_expr *e, const char *resource)
{
    size_t n = e->step_count;
    unsigned *room = calloc(n * 5 + 2, sizeof(*room)), *stack;
    states now, next;
    bool matched = false;

    if (!room) return false;
    now = (states){.list = room, .mark = room + 2 * n, .round = 1};
    next = (states){.list = room + n, .mark = now.mark, .round = 1};
    stack = room + 3 * n;
    follow(e, &now, 0, stack);
    for (const char *c = resource; *c && now.count; c++) {
        unsigned char b = (unsigned char)*c;

        next.count = 0;
        next.round = now.round + 1;
        for (unsigned i = 0; i < now.count; i++) {
            const step *t = &e->steps[now.list[i]];

            if (t->kind == STEP_SET && (t->set[b >> 5] >> (b & 31) & 1)) follow(e, &next, now.list[i] + 1, stack);
        }
        states was = now;
        now = next;
        next.list = was.list;
    }
    for (unsigned i = 0; i < now.count; i++) matched = matched || e->steps[now.list[i]].kind == STEP_END;
    free(room);
    return matched;
}

/* ---- attribute expressions: parsing ---------------------------------------------------------------- */

static const struct {
    const char *name;
    int64_t value;
} constants[] = {
    {"VI_TRUE", VI_TRUE},
    {"VI_FALSE", VI_FALSE},
    {"VI_NULL", VI_NULL},
    {"VI_INTF_GPIB", VI_INTF_GPIB},
    {"VI_INTF_VXI", VI_INTF_VXI},
    {"VI_INTF_GPIB_VXI", VI_INTF_GPIB_VXI},
    {"VI_INTF_ASRL", VI_INTF_ASRL},
    {"VI_INTF_PXI", VI_INTF_PXI},
    {"VI_INTF_TCPIP", VI_INTF_TCPIP},
    {"VI_INTF_USB", VI_INTF_USB},
    {"VI_INTF_RIO", VI_INTF_RIO},
    {"VI_INTF_FIREWIRE", VI_INTF_FIREWIRE},
    {"VI_INTF_RSNRP", VI_INTF_RSNRP},
    {"VI_NO_LOCK", VI_NO_LOCK},
    {"VI_EXCLUSIVE_LOCK", VI_EXCLUSIVE_LOCK},
    {"VI_SHARED_LOCK", VI_SHARED_LOCK},
    {"VI_NO_SEC_ADDR", VI_NO_SEC_ADDR},
    {"VI_ASRL_PAR_NONE", VI_ASRL_PAR_NONE},
    {"VI_ASRL_PAR_ODD", VI_ASRL_PAR_ODD},
    {"VI_ASRL_PAR_EVEN", VI_ASRL_PAR_EVEN},
    {"VI_ASRL_PAR_MARK", VI_ASRL_PAR_MARK},
    {"VI_ASRL_PAR_SPACE", VI_ASRL_PAR_SPACE},
    {"VI_ASRL_STOP_ONE", VI_ASRL_STOP_ONE},
    {"VI_ASRL_STOP_ONE5", VI_ASRL_STOP_ONE5},
    {"VI_ASRL_STOP_TWO", VI_ASRL_STOP_TWO},
    {"VI_ASRL_FLOW_NONE", VI_ASRL_FLOW_NONE},
    {"VI_ASRL_FLOW_XON_XOFF", VI_ASRL_FLOW_XON_XOFF},
    {"VI_ASRL_FLOW_RTS_CTS", VI_ASRL_FLOW_RTS_CTS},
    {"VI_ASRL_FLOW_DTR_DSR", VI_ASRL_FLOW_DTR_DSR},
    {"VI_STATE_ASSERTED", VI_STATE_ASSERTED},
    {"VI_STATE_UNASSERTED", VI_STATE_UNASSERTED},
    {"VI_STATE_UNKNOWN", VI_STATE_UNKNOWN},
};

/* Global attributes of resources that are never found here: an expression may name them. */
#define NAMED(x) {#x, (ViAttr)(x)}
static const struct {
    const char *name;
    ViAttr attr;
} foreign[] = {
    NAMED(VI_ATTR_VXI_LA),
    NAMED(VI_ATTR_SLOT),
    NAMED(VI_ATTR_CMDR_LA),
    NAMED(VI_ATTR_MAINFRAME_LA),
    NAMED(VI_ATTR_VXI_DEV_CLASS),
    NAMED(VI_ATTR_VXI_TRIG_SUPPORT),
    NAMED(VI_ATTR_MEM_SPACE),
    {"VI_ATTR_MEM_BASE", (ViAttr)VI_ATTR_MEM_BASE_64},
    {"VI_ATTR_MEM_SIZE", (ViAttr)VI_ATTR_MEM_SIZE_64},
    NAMED(VI_ATTR_IMMEDIATE_SERV),
    NAMED(VI_ATTR_INTF_PARENT_NUM),
    NAMED(VI_ATTR_PXI_DEV_NUM),
    NAMED(VI_ATTR_PXI_FUNC_NUM),
    NAMED(VI_ATTR_PXI_BUS_NUM),
    NAMED(VI_ATTR_PXI_CHASSIS),
    NAMED(VI_ATTR_PXI_SLOTPATH),
    NAMED(VI_ATTR_PXI_TRIG_BUS),
    NAMED(VI_ATTR_PXI_STAR_TRIG_BUS),
    NAMED(VI_ATTR_PXI_STAR_TRIG_LINE),
    NAMED(VI_ATTR_PXI_IS_EXPRESS),
    NAMED(VI_ATTR_USB_CLASS),
    NAMED(VI_ATTR_USB_SUBCLASS),
    NAMED(VI_ATTR_USB_ALT_SETTING),
    NAMED(VI_ATTR_USB_NUM_INTFCS),
    NAMED(VI_ATTR_USB_NUM_PIPES),
    NAMED(VI_ATTR_ASRL_CONNECTED),
    NAMED(VI_ATTR_ASRL_WIRE_MODE),
    NAMED(VI_ATTR_GPIB_HS488_CBL_LEN),
    NAMED(VI_ATTR_DEV_STATUS_BYTE),
};

static void skip_space(parser *r)
{
    while (r->p < r->end && isspace((unsigned char)*r->p)) r->p++;
}

static bool take(parser *r, const char *token)
{
    size_t n = strlen(token);

    skip_space(r);
    if ((size_t)(r->end - r->p) < n || memcmp(r->p, token, n) != 0) return false;
    r->p += n;
    return true;
}

static unsigned fail(parser *r)
{
    r->bad = true;
    return 0;
}

static unsigned node_add(parser *r, node value)
{
    r->e->nodes[r->e->node_count] = value;
    return r->e->node_count++;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

static unsigned parse_number(parser *r)
{
    node v = {.kind = NODE_NUMBER};
    bool negative = *r->p == '-';
    int base = 10;
    const char *digits;

    if (*r->p == '-' || *r->p == '+') r->p++;
    if (r->p < r->end && *r->p == '0') {
        base = 8;
        if (r->p + 1 < r->end && (r->p[1] == 'x' || r->p[1] == 'X')) {
            base = 16;
            r->p += 2;
        }
    }
    for (digits = r->p; r->p < r->end && digit(*r->p) < base; r->p++)
        if (__builtin_mul_overflow(v.number, base, &v.number) ||
            __builtin_add_overflow(v.number, digit(*r->p), &v.number))
            return fail(r);
    if (r->p == digits || (r->p < r->end && (isalnum((unsigned char)*r->p) || *r->p == '_' || *r->p == '.')))
        return fail(r);
    if (negative) v.number = -v.number;
    return node_add(r, v);
}

static unsigned parse_string(parser *r)
{
    node v = {.kind = NODE_TEXT, .is_text = true, .text = ++r->p};
    const char *quote = memchr(r->p, '"', (size_t)(r->end - r->p));

    if (!quote) return fail(r);
    v.length = (size_t)(quote - r->p);
    r->p = quote + 1;
    return node_add(r, v);
}

static unsigned parse_name(parser *r)
{
    node v = {.kind = NODE_ATTR};
    char name[64];
    size_t n = 0;
    bool global = false;

    while (r->p < r->end && (isalnum((unsigned char)*r->p) || *r->p == '_')) {
        if (n == sizeof(name) - 1) return fail(r);
        name[n++] = *r->p++;
    }
    name[n] = 0;
    for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++)
        if (strcmp(name, constants[i].name) == 0)
            return node_add(r, (node){.kind = NODE_NUMBER, .number = constants[i].value});
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        if (strcmp(name, foreign[i].name) == 0) v.attr = foreign[i].attr;
    if (!v.attr && (!visa__attr_by_name(name, &v.attr, &global) || !global)) return fail(r);
    v.is_text = v.attr >> 31;
    return node_add(r, v);
}

static unsigned parse_or(parser *r);

static unsigned parse_unary(parser *r)
{
    unsigned inner = 0;

    skip_space(r);
    if (r->bad || r->p >= r->end || ++r->depth > MAX_DEPTH) return fail(r);
    if (*r->p == '!') {
        r->p++;
        inner = parse_unary(r);
        if (r->bad || r->e->nodes[inner].is_text) return fail(r);
        inner = node_add(r, (node){.kind = NODE_NOT, .left = inner});
    } else if (*r->p == '(') {
        r->p++;
        inner = parse_or(r);
        if (!take(r, ")")) return fail(r);
    } else if (*r->p == '"') {
        inner = parse_string(r);
    } else if (*r->p == '-' || *r->p == '+' || isdigit((unsigned char)*r->p)) {
        inner = parse_number(r);
    } else if (isalpha((unsigned char)*r->p)) {
        inner = parse_name(r);
    } else {
        return fail(r);
    }
    r->depth--;
    return inner;
}

static unsigned parse_compare(parser *r)
{
    static const char *const operators[] = {"==", "!=", "<=", ">=", "<", ">"};
    unsigned left = parse_unary(r), right;

    if (r->bad) return 0;
    for (unsigned i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (!take(r, operators[i])) continue;
        right = parse_unary(r);
        if (r->bad || r->e->nodes[left].is_text != r->e->nodes[right].is_text) return fail(r);
        if (r->e->nodes[left].is_text && i != CMP_EQ && i != CMP_NE) return fail(r);
        return node_add(r, (node){.kind = NODE_COMPARE, .op = (compare)i, .left = left, .right = right});
    }
    return left;
}

static unsigned parse_chain(parser *r, bool is_or)
{
    unsigned left = is_or ? parse_chain(r, false) : parse_compare(r), right;

    while (!r->bad && take(r, is_or ? "||" : "&&")) {
        right = is_or ? parse_chain(r, false) : parse_compare(r);
        if (r->bad || r->e->nodes[left].is_text || r->e->nodes[right].is_text) return fail(r);
        left = node_add(r, (node){.kind = is_or ? NODE_OR : NODE_AND, .left = left, .right = right});
    }
    return r->bad ? 0 : left;
}

static unsigned parse_or(parser *r)
{
    return parse_chain(r, true);
}

/* Between the braces. */
static ViStatus compile_attributes(parser *r)
{
    /* Every node takes at least one byte. */
    r->e->nodes = calloc((size_t)(r->end - r->p) + 1, sizeof(node));
    if (!r->e->nodes) return VI_ERROR_ALLOC;
    r->depth = 0;
    r->e->root = parse_or(r);
    skip_space(r);
    if (r->bad || r->p != r->end || r->e->nodes[r->e->root].is_text) return VI_ERROR_INV_EXPR;
    return VI_SUCCESS;
}

/* ---- attribute expressions: values ------------------------------------------------------------------ */

typedef struct asker {
    const visa_expr *e;
    visa_expr_attr_fn attr;
    void *user;
} asker;

static bool truth(const asker *q, unsigned at);

/* False: the resource has no such attribute. */
static bool value_of(const asker *q, unsigned at, visa_value *out)
{
    const node *v = &q->e->nodes[at];

    out->is_text = v->is_text;
    out->text[0] = 0;
    out->number = 0;
    switch (v->kind) {
    case NODE_ATTR: return q->attr && q->attr(q->user, v->attr, out) && out->is_text == v->is_text;
    case NODE_TEXT:
        if (v->length >= sizeof(out->text)) return false;
        memcpy(out->text, v->text, v->length);
        out->text[v->length] = 0;
        return true;
    case NODE_NUMBER: out->number = v->number; return true;
    default: out->number = truth(q, at); return true;
    }
}

static bool __attribute__((noinline)) compare_values(const asker *q, const node *v)
{
    visa_value a, b;
    int order;

    if (!value_of(q, v->left, &a) || !value_of(q, v->right, &b)) return false;
    order = a.is_text ? strcmp(a.text, b.text) : (a.number > b.number) - (a.number < b.number);
    switch (v->op) {
    case CMP_EQ: return order == 0;
    case CMP_NE: return order != 0;
    case CMP_LE: return order <= 0;
    case CMP_GE: return order >= 0;
    case CMP_LT: return order < 0;
    default: return order > 0;
    }
}

static bool __attribute__((noinline)) attribute_truth(const asker *q, unsigned at)
{
    visa_value v;

    return value_of(q, at, &v) && v.number != 0;
}

/* The left side of a long chain is a chain: as deep as the text is long, with small frames. */
static bool truth(const asker *q, unsigned at)
{
    const node *v = &q->e->nodes[at];

    switch (v->kind) {
    case NODE_AND: return truth(q, v->left) && truth(q, v->right);
    case NODE_OR: return truth(q, v->left) || truth(q, v->right);
    case NODE_NOT: return !truth(q, v->left);
    case NODE_COMPARE: return compare_values(q, v);
    default: return attribute_truth(q, at);
    }
}

/* ---- both ---------------------------------------------------------------------------------------------- */

/* The brace that opens the attribute expression, or the end. */
static const char *find_brace(const char *p, const char *end)
{
    for (bool list = false; p < end; p++) {
        if (*p == '\\') {
            p++;
        } else if (list) {
            list = *p != ']';
        } else if (*p == '[') {
            list = true;
            if (p + 1 < end && p[1] == '^') p++;
            if (p + 1 < end && p[1] == ']') p++;
        } else if (*p == '{') {
            return p;
        }
    }
    return end;
}

ViStatus visa__expr_new(const char *text, visa_expr **out)
{
    size_t n = strnlen(text, MAX_TEXT + 1);
    visa_expr *e;
    parser r = {0};
    const char *brace, *end;
    ViStatus status;

    if (n > MAX_TEXT) return VI_ERROR_INV_EXPR;
    e = calloc(1, sizeof(*e));
    if (e) e->text = strndup(text, n);
    if (!e || !e->text) {
        visa__expr_free(e);
        return VI_ERROR_ALLOC;
    }
    end = e->text + n;
    brace = find_brace(e->text, end);
    if (brace > end) brace = end;
    r = (parser){.e = e, .p = e->text, .end = brace};
    if (brace < end)
        while (r.end > r.p && r.end[-1] == ' ' && (r.end - 1 == r.p || r.end[-2] != '\\')) r.end--;
    if (r.end - r.p > 1 && *r.p == '/') r.p++; /* "/?*": resources of this machine */
    status = compile_regex(&r);
    if (status == VI_SUCCESS && brace < end) {
        while (end > brace && isspace((unsigned char)end[-1])) end--;
        r.p = brace + 1;
        r.end = end - 1;
        status = end > brace + 1 && end[-1] == '}' ? compile_attributes(&r) : VI_ERROR_INV_EXPR;
    }
    if (status != VI_SUCCESS) {
        visa__expr_free(e);
        return status;
    }
    *out = e;
    return VI_SUCCESS;
}

void visa__expr_free(visa_expr *e)
{
    if (!e) return;
    free(e->text);
    free(e->steps);
    free(e->nodes);
    free(e);
}

bool visa__expr_match(const visa_expr *e, const char *resource, visa_expr_attr_fn attr, void *user)
{
    asker q = {.e = e, .attr = attr, .user = user};

    return regex_match(e, resource) && (!e->nodes || truth(&q, e->root));
}
