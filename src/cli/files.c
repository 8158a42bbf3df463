/* Names of files, and putting bytes into them. */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *cli_extension(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return dot && dot != name ? dot + 1 : "";
}

void cli_dated_name(char *out, size_t cap, const char *model, const char *extension)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char name[64], when[32];
    struct tm tm;
    time_t now = time(NULL);
    size_t n = 0;
    for (; *model && n < sizeof name - 1; model++) name[n++] = strchr(allowed, *model) ? *model : '_';
    name[n] = '\0';
    localtime_r(&now, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H-%M-%S", &tm);
    snprintf(out, cap, "%s-%s.%s", n ? name : "instrument", when, extension);
    for (int i = 2; i < 1000 && access(out, F_OK) == 0; i++)
        snprintf(out, cap, "%s-%s-%d.%s", n ? name : "instrument", when, i, extension);
}

grat_err cli_check_output(const char *path, grat_op *op)
{
    char dir[1024];
    struct stat st;
    const char *slash = strrchr(path, '/');
    if (strcmp(path, "-") == 0) return GRAT_OK;
    if (!*path) return grat_op_fail(op, GRAT_EINVAL, "--output: the name is empty");
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return grat_op_fail(op, GRAT_EIO, "%.200s: is a directory; name a file in it", path);
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (n >= sizeof dir) return grat_op_fail(op, GRAT_EINVAL, "%.60s…: the name is too long", path);
    snprintf(dir, sizeof dir, "%.*s", (int)n, path);
    if (!*dir) snprintf(dir, sizeof dir, "%s", slash ? "/" : ".");
    if (access(dir, W_OK | X_OK) == 0) return GRAT_OK;
    return grat_op_fail(op, errno == EACCES || errno == EROFS ? GRAT_EACCES : GRAT_EIO,
                        "%.150s: cannot be written: %s; choose another directory", path, strerror(errno));
}

grat_err cli_put(const char *path, const void *data, size_t n, grat_op *op)
{
    if (strcmp(path, "-") != 0) return grat_save(path, data, n, op);
    if (fwrite(data, 1, n, stdout) != n || fflush(stdout) != 0)
        return grat_op_fail(op, GRAT_EIO, "standard output: cannot be written: %s", strerror(errno));
    return GRAT_OK;
}
