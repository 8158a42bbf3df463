#include <graticule/binding.h>

grat_err grat_quick_query(grat_quick *q, const char *command)
{
    bool held = q->hold && grat_sigint_hold(q->cancel);
    grat_op_init(&q->op, q->timeout_ms, q->cancel);
    grat_err e = grat_query(q->session, command, q->buf, q->cap, &q->op);
    q->length = q->op.count;
    q->held = held ? grat_sigint_release() : 0;
    return e;
}
