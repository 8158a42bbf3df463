/* Lines from a person: with history and completion when a line editor is installed and standard input is a
 * terminal, plain otherwise. The editor (readline or libedit) is loaded when the first line is wanted. */
#ifndef GRAT_CLI_LINE_H
#define GRAT_CLI_LINE_H

/* The line without its end, to be freed; NULL at the end of the input. */
char *cli_line(const char *prompt);
void cli_line_save(void);  /* keeps the history */

#endif
