/* The unit behind a session that is a PicoScope. */
#ifndef GRAT_SESSION_PICO_H
#define GRAT_SESSION_PICO_H

#include "pico/pico.h"

/* Lives as long as the session; NULL for any other session. */
grat__pico_unit *grat__pico_session_unit(grat_session *s);

#endif
