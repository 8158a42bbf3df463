/* grat live: the instrument's screen as a video. */
#include "cli/commands.h"

#include <string.h>

/* Its server speaks no TLS. */
static void say_where(cli *c, const char *where)
{
    bool here = strncmp(where, "http://127.", 11) == 0 || strncmp(where, "http://[::1]", 12) == 0;
    cli_note(c, "the picture is at %s", where);
    if (!here) cli_note(c, "it is not encrypted: whoever is on the way sees it and the token; grat serve encrypts");
}

static void on_progress(void *user, const grat_live_totals *t)
{
    cli *c = user;
    if (!t->out && t->where[0]) say_where(c, t->where);
    if (!t->out || cli_has(&c->args, "terminal")) return;
    if (!cli_progress_wanted(c)) return;
    fprintf(stderr, "\r\033[K%ux%u %s: %llu frames out, %llu pictures in (%.1f/s), %llu dropped, %llu late, %llu "
            "skipped, %.0f ms%s", t->width, t->height, t->recipe, (unsigned long long)t->out, (unsigned long long)t->in,
            t->seconds > 0 ? (double)t->in / t->seconds : 0, (unsigned long long)t->dropped,
            (unsigned long long)t->late, (unsigned long long)t->skipped, t->latency * 1e3,
            t->lost ? ", NO SIGNAL" : "");
    fflush(stderr);
}

static void summary_json(const cli *c, const grat_live_totals *t, FILE *f)
{
    cli_json j = {.f = f};
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "resource", c->resource);
    cli_json_u64(&j, "width", t->width);
    cli_json_u64(&j, "height", t->height);
    cli_json_str(&j, "recipe", t->recipe);
    cli_json_u64(&j, "frames", t->out);
    cli_json_u64(&j, "pictures", t->in);
    cli_json_u64(&j, "bytes", t->bytes);
    cli_json_u64(&j, "repeated", t->repeated);
    cli_json_u64(&j, "dropped", t->dropped);
    cli_json_u64(&j, "bad", t->bad);
    cli_json_u64(&j, "late", t->late);
    cli_json_u64(&j, "skipped", t->skipped);
    cli_json_u64(&j, "reconnects", t->reconnects);
    cli_json_num(&j, "seconds", t->seconds);
    cli_json_num(&j, "latency", t->latency);
    cli_json_num(&j, "latency_max", t->latency_max);
    cli_json_num(&j, "age", t->age);
    cli_json_bool(&j, "lost", t->lost);
    cli_json_close(&j, '}');
}

/* The options that name outputs. */
static const struct {
    const char *option;
    grat_live_kind kind;
} outputs[] = {{"v4l2", GRAT_LIVE_V4L2}, {"y4m", GRAT_LIVE_Y4M}, {"mjpeg", GRAT_LIVE_MJPEG},
             {"record", GRAT_LIVE_RECORD}, {"terminal", GRAT_LIVE_TERMINAL}};

static int collect(const cli *c, grat_live_out out[GRAT_LIVE_OUTS], unsigned *n)
{
    for (unsigned i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        const char *target;
        for (int k = 0; (target = cli_value_nth(&c->args, outputs[i].option, k)); k++) {
            if (*n == GRAT_LIVE_OUTS) return cli_usage("live: at most %d outputs at once", GRAT_LIVE_OUTS);
            if (c->json && outputs[i].kind == GRAT_LIVE_Y4M && strcmp(target, "-") == 0)
                return cli_usage("live: --y4m - and --json: both want standard output; choose one");
            out[(*n)++] = (grat_live_out){.kind = outputs[i].kind, .target = target,
                                          .yuyv = cli_has(&c->args, "yuyv"),
                                          .token = cli_value(&c->args, "token")};
        }
    }
    return *n ? CLI_DONE : cli_usage("live: nowhere to write to; --v4l2 /dev/video0 for other programs, --y4m - for a "
                                     "pipe");
}

static int take_size(const cli *c, grat_live_options *o)
{
    const char *size = cli_value(&c->args, "size");
    uint64_t w = 0, h = 0;
    char text[24];
    if (!size) return CLI_DONE;
    const char *x = strpbrk(size, "xX");
    if (x && strlen(size) < sizeof text) {
        snprintf(text, sizeof text, "%.*s", (int)(x - size), size);
        if (cli_parse_u64(text, &w) && cli_parse_u64(x + 1, &h) && w >= 320 && w <= 4096 && h >= 200 && h <= 4096) {
            o->width = (unsigned)w & ~1u;
            o->height = (unsigned)h & ~1u;
            return CLI_DONE;
        }
    }
    return cli_usage("live: --size %s: WIDTHxHEIGHT from 320x200 to 4096x4096, such as 1280x720", size);
}

/* Whether the scope is to be set to something before it is drawn. */
static bool any_knob(const cli *c)
{
    static const char *const knobs[] = {"channels", "period", "range", "low", "high", "coupling", "probe", "trigger"};
    for (unsigned i = 0; i < sizeof knobs / sizeof *knobs; i++)
        if (cli_has(&c->args, knobs[i])) return true;
    return false;
}

static int check(const cli *c, const grat_live_options *o)
{
    if (c->next_arg < c->args.args)
        return cli_usage("live: \"%s\" is no resource; say where to with --y4m or --v4l2", c->args.arg[c->next_arg]);
    if (!(o->rate >= 0 && o->rate <= 1000)) return cli_usage("live: --rate: 0 to 1000 frames per second");
    if (cli_has(&c->args, "draw") && (cli_has(&c->args, "screen") || o->recipe))
        return cli_usage("live: --draw and --%s exclude each other", o->recipe ? "picture" : "screen");
    return CLI_DONE;
}

/* `out` and `request` are what *o points to. */
static int take_options(cli *c, grat_live_options *o, grat_live_out out[GRAT_LIVE_OUTS], grat_request *request)
{
    const char *n = cli_value(&c->args, "count");
    *o = (grat_live_options){.size = sizeof *o, .rate = cli_amount(&c->args, "rate", 30), .out = out,
                             .duration = cli_amount(&c->args, "for", 0), .recipe = cli_value(&c->args, "picture"),
                             .progress = on_progress, .user = c};
    if (n) cli_parse_u64(n, &o->frames);
    if (cli_has(&c->args, "draw")) o->source = GRAT_LIVE_DRAW;
    if (cli_has(&c->args, "screen")) o->source = GRAT_LIVE_SCREEN;
    int status = cli_resolve(c);
    if (!status) status = check(c, o);
    if (!status) status = collect(c, out, &o->outs);
    if (!status) status = take_size(c, o);
    if (!status && cli_parse_request(&c->args, request, &c->op)) status = cli_usage("live: %s", c->op.text);
    if (status) return status;
    request->count = 0;
    if (any_knob(c)) o->request = request;
    return CLI_DONE;
}

static int run(cli *c)
{
    grat_live_totals t = {0};
    grat_live_options o;
    grat_live_out out[GRAT_LIVE_OUTS];
    grat_request request;
    int status = take_options(c, &o, out, &request);
    if (status) return status;
    grat_open_options open = {.size = sizeof open, .serial = cli_value(&c->args, "baud")};
    if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, INT64_MAX, c->cancel);
    grat_err e = grat_live(c->resource, &open, &o, &t, &c->op);
    if (cli_progress_wanted(c) && t.out) fputs("\r\033[K", stderr);
    if (e) return cli_fail(c, c->resource);
    if (c->json) summary_json(c, &t, stdout);
    else
        cli_note(c, "%llu frames of %ux%u from %llu pictures (%s) in %.1f s, %llu dropped, %llu late, latency %.0f ms",
                 (unsigned long long)t.out, t.width, t.height, (unsigned long long)t.in, t.recipe, t.seconds,
                 (unsigned long long)t.dropped, (unsigned long long)t.late, t.latency * 1e3);
    /* Without an end that was asked for, an interrupt is the end. */
    bool short_of = (o.frames && t.out < o.frames) || (o.duration > 0 && t.seconds < o.duration && !o.frames);
    return short_of ? CLI_INCOMPLETE : CLI_DONE;
}

static const cli_option options[] = {
    {"screen", 0, CLI_FLAG, NULL, "the instrument's own screen", NULL},
    {"draw", 0, CLI_FLAG, NULL, "a screen of our own, drawn from waveforms and settings: for fast pictures over slow "
     "links, and for scopes without a screen", NULL},
    {"size", 0, CLI_TEXT, "WxH", "of what is drawn; 800x480 unless told", NULL},
    {"channels", 'c', CLI_TEXT, "LIST", "to draw: these channels, such as 1,2 or A,B,L0-L7", NULL},
    {"period", 'p', CLI_AMOUNT, "TIME", "to draw: how much time to see, such as 2ms", "s"},
    {"range", 0, CLI_AMOUNT, "VOLTS", "to draw: volts to see, around zero: 5V is -2.5 V to 2.5 V", "V"},
    {"low", 0, CLI_AMOUNT, "VOLTS", "to draw: lowest voltage to see, with --high", "V"},
    {"high", 0, CLI_AMOUNT, "VOLTS", "to draw: highest voltage to see, with --low", "V"},
    {"coupling", 0, CLI_CHOICE, "KIND", "to draw: dc, ac or gnd", "dc ac gnd"},
    {"probe", 0, CLI_AMOUNT, "RATIO", "to draw: attenuation of the probe: 10 is 10X", ""},
    {"trigger", 't', CLI_TEXT, "SPEC", "to draw: 1:rising@0.5V, D3:falling, none or auto, as of grat capture", NULL},
    {"v4l2", 0, CLI_FILE, "DEVICE", "a video device made by v4l2loopback: cameras for other programs", NULL},
    {"yuyv", 0, CLI_FLAG, NULL, "--v4l2 in 4:2:2, for programs that do not take 4:2:0", NULL},
    {"y4m", 0, CLI_FILE, "FILE", "YUV4MPEG2, for ffmpeg or mpv; - is standard output", NULL},
    {"terminal", 0, CLI_CHOICE, "KIND", "here: kitty, sixel, blocks (of text), or auto, what the terminal can",
     "auto kitty sixel blocks"},
    {"record", 0, CLI_FILE, "FILE", "a video file, .mp4 or .mkv", NULL},
    {"mjpeg", 0, CLI_TEXT, "[ADDRESS:]PORT", "a server for browsers, OBS and others, here alone unless told",
     NULL},
    {"token", 0, CLI_TEXT, "TEXT", "what --mjpeg asks for: http://…/?token=TEXT", NULL},
    {"rate", 'r', CLI_AMOUNT, "RATE", "frames per second, 30 unless told; 0: each picture once, as it comes", "Hz"},
    {"picture", 0, CLI_TEXT, "KIND", "what to ask the instrument for: png, bmp8, jpeg; the fastest unless told", NULL},
    {"count", 'n', CLI_COUNT, "N", "end after so many frames", NULL},
    {"for", 0, CLI_AMOUNT, "TIME", "end after so long, such as 1h", "s"},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_live = {
    .name = "live",
    .args = "[RESOURCE]",
    .summary = "the instrument's screen as a video: a camera for other programs, or a pipe",
    .text = "One connection, and the kind of picture that proves fastest; where the instrument's screen does not come "
            "at the rate, or there is none, the picture is drawn here from waveforms and settings. Any number of "
            "outputs at once; --v4l2, --y4m, --record and --mjpeg several times. The rate is kept whatever comes in: "
            "the last frame is repeated, and one that is old shows its age. An instrument that is switched off is "
            "sought until it is back. Ctrl-C ends it.",
    .options = options,
    .max_args = 1,
    .exec = run,
};
