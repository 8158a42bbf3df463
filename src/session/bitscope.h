/* A session seen as the byte pipe of a BitScope's virtual machine. */
#ifndef GRAT_SESSION_BITSCOPE_H
#define GRAT_SESSION_BITSCOPE_H

#include "bitscope/vm.h"

/* The pipe borrows the session. */
grat__bs_pipe grat__bs_session_pipe(grat_session *s);

#endif
