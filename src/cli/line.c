#include "cli/line.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

typedef char *compentry_fn(const char *text, int state);

static struct {
    /* The editor's callback form: the waiting is ours, so a signal is seen where it is safe. */
    void (*install)(const char *prompt, void (*done)(char *line));
    void (*read_char)(void);
    void (*remove)(void);
    void (*clean_up)(void); /* readline only */
    void (*add)(const char *line);
    int (*read_history)(const char *path);
    int (*write_history)(const char *path);
    char **(*matches)(const char *text, compentry_fn *fn);
    char *line;
    bool done;
    char path[1024];
} ed;

static const char *const headers[] = {
    "*IDN?", "*RST", "*CLS", "*OPC?", "*ESR?", "*STB?", "*OPT?", "*TRG", ":SYSTem:ERRor?", ":RUN", ":STOP", ":SINGle",
    ":TFORce", ":AUToscale", ":CLEar", ":ACQuire:MDEPth", ":ACQuire:SRATe?", ":ACQuire:TYPE", ":ACQuire:AVERages",
    ":CHANnel1:DISPlay", ":CHANnel1:SCALe", ":CHANnel1:OFFSet", ":CHANnel1:COUPling", ":CHANnel1:PROBe",
    ":CHANnel2:DISPlay", ":CHANnel2:SCALe", ":CHANnel2:OFFSet", ":TIMebase:MAIN:SCALe", ":TIMebase:MAIN:OFFSet",
    ":TRIGger:STATus?", ":TRIGger:MODE", ":TRIGger:SWEep", ":TRIGger:EDGe:SOURce", ":TRIGger:EDGe:SLOPe",
    ":TRIGger:EDGe:LEVel", ":WAVeform:SOURce", ":WAVeform:MODE", ":WAVeform:FORMat", ":WAVeform:PREamble?",
    ":WAVeform:DATA?", ":DISPlay:DATA?", ":MEASure:ITEM?", ".help", ".clear", ".errors", ".read", ".quit", NULL,
};

static char *next_header(const char *text, int state)
{
    static unsigned i;
    size_t n = strlen(text);
    if (!state) i = 0;
    while (headers[i]) {
        const char *h = headers[i++];
        const char *name = *text != ':' && *h == ':' ? h + 1 : h;
        if (strncasecmp(name, text, n) == 0) return strdup(name);
    }
    return NULL;
}

static char **complete(const char *text, int start, int end)
{
    (void)start;
    (void)end;
    return ed.matches ? ed.matches(text, next_header) : NULL;
}

static void got_line(char *line)
{
    ed.line = line;
    ed.done = true;
    ed.remove();
}

/* A symbol's address as another type: ISO C has no cast from an object to a function. */
static void symbol(void *lib, const char *name, void *to)
{
    void *p = dlsym(lib, name);
    memcpy(to, &p, sizeof p);
}

static void find_history(void)
{
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char dir[900];
    if (base && *base) {
        snprintf(dir, sizeof dir, "%s/graticule", base);
    } else {
        snprintf(dir, sizeof dir, "%s/.local/state/graticule", home ? home : "");
    }
    for (char *p = dir + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(dir, 0700);
        *p = '/';
    }
    mkdir(dir, 0700);
    snprintf(ed.path, sizeof ed.path, "%s/history", dir);
}

static void set_hooks(void *lib)
{
    char **(**completer)(const char *, int, int) = NULL;
    int *catch_signals = NULL;
    const char **breaks = NULL;
    symbol(lib, "rl_completion_matches", &ed.matches);
    symbol(lib, "rl_attempted_completion_function", &completer);
    symbol(lib, "rl_catch_signals", &catch_signals);
    symbol(lib, "rl_completer_word_break_characters", &breaks);
    if (completer) *completer = complete;
    if (catch_signals) *catch_signals = 0;
    if (breaks) *breaks = " \t;";
}

static void load(void)
{
    static const char *const names[] = {"libreadline.so.8", "libedit.so.2", "libedit.so.0"};
    void *lib = NULL;
    for (unsigned i = 0; i < 3 && !lib; i++) lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!lib) return;
    symbol(lib, "rl_callback_handler_install", &ed.install);
    symbol(lib, "rl_callback_read_char", &ed.read_char);
    symbol(lib, "rl_callback_handler_remove", &ed.remove);
    symbol(lib, "rl_callback_sigcleanup", &ed.clean_up);
    symbol(lib, "add_history", &ed.add);
    symbol(lib, "read_history", &ed.read_history);
    symbol(lib, "write_history", &ed.write_history);
    if (!ed.install || !ed.read_char || !ed.remove) {
        ed.install = NULL;
        return;
    }
    set_hooks(lib);
    find_history();
    if (ed.read_history) ed.read_history(ed.path);
}

static char *plain_line(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n = getline(&line, &cap, stdin);
    if (n < 0) {
        free(line);
        return NULL;
    }
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r')) line[--n] = '\0';
    return line;
}

static char *edited_line(const char *prompt, const grat_cancel *interrupt)
{
    ed.line = NULL;
    ed.done = false;
    ed.install(prompt, got_line);
    while (!ed.done) {
        struct pollfd fd[2] = {{STDIN_FILENO, POLLIN, 0}, {grat_cancel_fd(interrupt), POLLIN, 0}};
        int r = poll(fd, 2, -1);
        if (grat_cancel_fired(interrupt)) {
            if (ed.clean_up) ed.clean_up();
            ed.remove();
            fputc('\n', stderr);
            return NULL;
        }
        if (r > 0 && fd[0].revents) ed.read_char();
        if (r < 0 && errno != EINTR) ed.remove(), ed.done = true;
    }
    if (ed.line && *ed.line && ed.add) ed.add(ed.line);
    return ed.line;
}

char *cli_line(const char *prompt, const grat_cancel *interrupt)
{
    static int loaded;
    if (!isatty(STDIN_FILENO)) return plain_line();
    if (!loaded++) load();
    if (ed.install) return edited_line(prompt, interrupt);
    fputs(prompt, stderr);
    char *line = plain_line();
    if (!line && grat_cancel_fired(interrupt)) {
        clearerr(stdin);
        fputc('\n', stderr);
    }
    return line;
}

void cli_line_save(void)
{
    if (ed.install && ed.write_history && *ed.path && ed.write_history(ed.path) == 0) chmod(ed.path, 0600);
}
