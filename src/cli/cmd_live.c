/* grat live: the instrument's screen as a video. */
#include "cli/commands.h"

static void on_progress(void *user, const grat_live_totals *t)
{
    cli *c = user;
    if (!cli_progress_wanted(c)) return;
    fprintf(stderr, "\r\033[K%ux%u %s: %llu frames out, %llu pictures in (%.1f/s), %llu dropped, %llu late, %.0f ms%s",
            t->width, t->height, t->recipe, (unsigned long long)t->out, (unsigned long long)t->in,
            t->seconds > 0 ? (double)t->in / t->seconds : 0, (unsigned long long)t->dropped,
            (unsigned long long)t->late, t->latency * 1e3, t->lost ? ", NO SIGNAL" : "");
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
    cli_json_u64(&j, "reconnects", t->reconnects);
    cli_json_num(&j, "seconds", t->seconds);
    cli_json_num(&j, "latency", t->latency);
    cli_json_num(&j, "latency_max", t->latency_max);
    cli_json_close(&j, '}');
}

static int check(const cli *c, const grat_live_options *o)
{
    if (c->next_arg < c->args.args)
        return cli_usage("live: \"%s\" is no resource; say where to with --y4m or --v4l2", c->args.arg[c->next_arg]);
    if (!o->y4m && !o->v4l2)
        return cli_usage("live: nowhere to write to; --v4l2 /dev/video0 for other programs, --y4m - for a pipe");
    if (!(o->rate >= 0 && o->rate <= 1000)) return cli_usage("live: --rate: 0 to 1000 frames per second");
    if (o->y4m && o->y4m[0] == '-' && !o->y4m[1] && c->json)
        return cli_usage("live: --y4m - and --json: both want standard output; choose one");
    return CLI_DONE;
}

static int run(cli *c)
{
    uint64_t frames = 0;
    const char *n = cli_value(&c->args, "count");
    grat_live_totals t = {0};
    if (n) cli_parse_u64(n, &frames);
    grat_live_options o = {.size = sizeof o, .rate = cli_amount(&c->args, "rate", 30), .frames = frames,
                           .duration = cli_amount(&c->args, "for", 0), .y4m = cli_value(&c->args, "y4m"),
                           .v4l2 = cli_value(&c->args, "v4l2"), .recipe = cli_value(&c->args, "picture"),
                           .progress = on_progress, .user = c};
    int status = cli_resolve(c);
    if (!status) status = check(c, &o);
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
    bool short_of = (frames && t.out < frames) || (o.duration > 0 && t.seconds < o.duration && !frames);
    return short_of ? CLI_INCOMPLETE : CLI_DONE;
}

static const cli_option options[] = {
    {"v4l2", 0, CLI_FILE, "DEVICE", "a video device made by v4l2loopback: cameras for other programs", NULL},
    {"y4m", 0, CLI_FILE, "FILE", "YUV4MPEG2, for ffmpeg or mpv; - is standard output", NULL},
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
    .text = "One connection, and the kind of picture that proves fastest. The rate is kept whatever comes in: the last "
            "frame is repeated, and one that is old shows its age. An instrument that is switched off is sought until "
            "it is back. Ctrl-C ends it.",
    .options = options,
    .max_args = 1,
    .exec = run,
};
