/* grat screenshot: the instrument's own screen as a file. */
#include "cli/commands.h"

#include <string.h>
#include <strings.h>

static const struct {
    grat_image_kind kind;
    const char *name, *extension, *mime;
} kinds[] = {
    {GRAT_IMG_PNG, "png", "png", "image/png"},      {GRAT_IMG_BMP, "bmp", "bmp", "image/bmp"},
    {GRAT_IMG_JPEG, "jpeg", "jpg", "image/jpeg"},   {GRAT_IMG_JPEG, "jpg", "jpg", "image/jpeg"},
    {GRAT_IMG_TIFF, "tiff", "tif", "image/tiff"},   {GRAT_IMG_GIF, "gif", "gif", "image/gif"},
    {GRAT_IMG_UNKNOWN, "unknown", "bin", "application/octet-stream"},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static unsigned kind_index(grat_image_kind kind)
{
    unsigned i = 0;
    while (i + 1 < KINDS && kinds[i].kind != kind) i++;
    return i;
}

static int wanted(const cli *c, grat_image_kind *out)
{
    const char *name = cli_value(&c->args, "format"), *path = cli_value(&c->args, "output");
    *out = cli_has(&c->args, "raw") ? GRAT_IMG_UNKNOWN : GRAT_IMG_PNG;
    if (cli_has(&c->args, "raw"))
        return name ? cli_usage("screenshot: --raw and --format: untouched or converted; choose one") : CLI_DONE;
    if (!name && path && strcmp(path, "-") != 0) name = cli_extension(path);
    if (!name || !*name) return CLI_DONE;
    for (unsigned i = 0; i < 4; i++) {
        if (strcasecmp(kinds[i].name, name) == 0) {
            *out = kinds[i].kind;
            return CLI_DONE;
        }
    }
    return cli_usage("screenshot: .%s: not an image format here; use .png, .bmp or .jpg, or say --format", name);
}

static void to_clipboard(cli *c, const grat_screenshot *shot, const char *path, const char *markdown)
{
    grat_op op;
    grat_op_init(&op, 3000, c->cancel);
    grat_err e = markdown ? cli_clipboard("text/plain", markdown, strlen(markdown), &op)
                          : cli_clipboard(kinds[kind_index(shot->kind)].mime, shot->data, shot->size, &op);
    if (!e) return;
    if (cli_clipboard_terminal(markdown ? markdown : path)) {
        if (!markdown) cli_note(c, "the terminal's clipboard holds no images: the name of the file was put there");
        return;
    }
    cli_note(c, "%s; the file is there: %s", op.text, path);
}

static void report(cli *c, const grat_screenshot *shot, const char *path)
{
    char markdown[400];
    bool md = cli_has(&c->args, "markdown");
    /* CommonMark: a name with spaces or parentheses stands in <>. */
    bool plain = !strpbrk(path, " ()<>");
    snprintf(markdown, sizeof markdown, plain ? "![](%s)" : "![](<%s>)", path);
    if (cli_has(&c->args, "clipboard")) to_clipboard(c, shot, path, md ? markdown : NULL);
    if (strcmp(path, "-") == 0) return;
    if (!c->json) {
        printf("%s\n", md ? markdown : path);
        return;
    }
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "resource", c->resource);
    cli_json_str(&j, "file", path);
    if (md) cli_json_str(&j, "markdown", markdown);
    cli_json_str(&j, "format", kinds[kind_index(shot->kind)].name);
    cli_json_u64(&j, "width", shot->width);
    cli_json_u64(&j, "height", shot->height);
    cli_json_u64(&j, "bytes", shot->size);
    cli_json_str(&j, "recipe", shot->recipe);
    cli_json_bool(&j, "repaired", shot->repaired);
    cli_json_close(&j, '}');
}

static int take(cli *c, grat_session *s, grat_image_kind want)
{
    char dated[160];
    grat_identity id;
    grat_screenshot shot = {0};
    const char *path = cli_value(&c->args, "output");
    if (!path && grat_identify(s, &id, &c->op)) return cli_fail(c, c->resource);
    if (grat_screenshot_get(s, want, &shot, &c->op)) return cli_fail(c, c->resource);
    if (!path) {
        cli_dated_name(dated, sizeof dated, id.model, kinds[kind_index(shot.kind)].extension);
        path = dated;
    }
    int status = CLI_DONE;
    if (cli_put(path, shot.data, shot.size, &c->op)) {
        status = cli_fail(c, path);
    } else {
        report(c, &shot, path);
    }
    grat_screenshot_free(&shot);
    return status;
}

static int run(cli *c)
{
    grat_session *s;
    grat_image_kind want;
    const char *path = cli_value(&c->args, "output");
    int status = wanted(c, &want);
    if (status) return status;
    if (path && strcmp(path, "-") == 0 && c->json)
        return cli_usage("screenshot: -o - and --json: both want standard output; choose one");
    if (cli_check_output(path ? path : "./screenshot", &c->op)) return cli_fail(c, "screenshot");
    status = cli_open_session(c, &s);
    if (status) return status;
    status = take(c, s, want);
    grat_close(s);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', CLI_FILE, "FILE", "where to; the ending says the format; - is standard output", NULL},
    {"format", 'f', CLI_CHOICE, "FORMAT", "png, bmp or jpeg", "png bmp jpeg"},
    {"raw", 0, CLI_FLAG, NULL, "the bytes as the instrument sent them", NULL},
    {"clipboard", 'c', CLI_FLAG, NULL, "also put the image on the clipboard, or with --markdown the text", NULL},
    {"markdown", 'm', CLI_FLAG, NULL, "print ![](FILE), ready for a report", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_screenshot = {
    .name = "screenshot",
    .args = "[RESOURCE]",
    .summary = "the instrument's own screen as PNG, BMP or JPEG",
    .text = "Without -o the file is named by the model and the date. Its name is printed.",
    .options = options,
    .max_args = 1,
    .long_wait = true,
    .exec = run,
};
