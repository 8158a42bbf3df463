/* Lines from a person: with history and completion when a line editor is installed and standard input is a
 * terminal, plain otherwise. The editor (readline or libedit) is loaded when the first line is wanted. */
#ifndef GRAT_CLI_LINE_H
#define GRAT_CLI_LINE_H

#include <graticule/graticule.h>

/* The line without its end, to be freed; NULL at the end of the input, and when `interrupt` was fired meanwhile. */
char *cli_line(const char *prompt, const grat_cancel *interrupt);
void cli_line_save(void);  /* keeps the history */

#endif
