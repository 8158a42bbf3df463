/* Instruments of which only the identity and the way to their screen are simulated: one row each. The manners are
 * those of docs/reference/scopes.md; a family's commands are a table of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/block488.h"
#include "core/str.h"
#include "sim/core/canvas.h"
#include "sim/core/image.h"
#include "sim/core/store.h"
#include "sim/model/models.h"

#define FILE_NAME_MAX 120

typedef struct screen_row {
    const char *vendor, *model;
    int w, h;
    sim_image_kind kind;     /* what comes when nothing is said */
} screen_row;

typedef struct screens {
    const screen_row *row;
    char file[FILE_NAME_MAX]; /* the one file that was saved, "" for none */
    bool header_off;          /* LeCroy: CHDR OFF */
    unsigned inr;             /* LeCroy: what has happened since it was last asked */
} screens;

/* ---- the picture -------------------------------------------------------------------------------- */

static bool picture(const screens *s, sim_image_kind kind, grat__buf *out)
{
    static const uint32_t bars[] = {0xFFFFFF, 0xFFFF00, 0x00FFFF, 0x00FF00, 0xFF00FF, 0xFF0000, 0x0000FF, 0x202020};
    int w = s->row->w, h = s->row->h;
    uint8_t *rgb = calloc((size_t)w * (size_t)h, 3);
    if (!rgb) return false;
    sim_canvas c = {rgb, w, h};
    for (int i = 0; i < 8; i++) sim_canvas_fill(&c, (sim_rect){i * w / 8, h / 8, w / 8 + 1, h * 3 / 4}, bars[i]);
    sim_canvas_label(&c, (sim_rect){0, 0, w, h / 8}, s->row->model, 0xFFFFFF, 0);
    sim_canvas_frame(&c, (sim_rect){0, 0, w, h}, 0x808080);
    bool good = sim_image_encode(kind, rgb, (unsigned)w, (unsigned)h, 0, out);
    free(rgb);
    return good;
}

static void bare(sim_call *c, sim_image_kind kind)
{
    if (!picture(c->model, kind, c->out)) sim_error(c, -225);
}

static void block(sim_call *c, sim_image_kind kind, unsigned digits)
{
    grat__buf image;
    char head[24];
    grat__buf_init(&image, 64u << 20);
    if (picture(c->model, kind, &image) && grat__block_header(head, image.len, digits)) {
        grat__buf_puts(c->out, head);
        grat__buf_put(c->out, image.data, image.len);
    } else {
        sim_error(c, -225);
    }
    grat__buf_free(&image);
}

/* The kind that parameter `index` names, or what the row says. */
static bool kind_of(sim_call *c, unsigned index, sim_image_kind *out)
{
    static const sim_image_kind kinds[] = {SIM_IMG_PNG, SIM_IMG_BMP24, SIM_IMG_BMP8, SIM_IMG_JPEG, SIM_IMG_JPEG};
    const screens *s = c->model;
    char text[16];
    *out = s->row->kind;
    if (!sim_arg(c, index, text, sizeof text)) return true;
    int i = sim_word_index("PNG|BMP|BMP8bit|JPG|JPEG", text);
    if (i < 0) {
        sim_error(c, -224);
        return false;
    }
    *out = kinds[i];
    return true;
}

/* ---- Rigol ------------------------------------------------------------------------------------------ */

static void rigol_block(sim_call *c)
{
    block(c, ((screens *)c->model)->row->kind, 9); /* whatever is asked for */
}

static void rigol_kind_block(sim_call *c)
{
    sim_image_kind kind;
    if (kind_of(c, 0, &kind)) block(c, kind, 9);
}

static void rigol_bare(sim_call *c)
{
    bare(c, ((screens *)c->model)->row->kind);
}

static const sim_command rigol_fixed[] = {{":DISPlay:DATA", rigol_block, NULL, NULL}, {NULL, NULL, NULL, NULL}};
static const sim_command rigol_choice[] = {{":DISPlay:DATA", rigol_kind_block, NULL, NULL}, {NULL, NULL, NULL, NULL}};
static const sim_command rigol_lcd[] = {{":LCD:DATA", rigol_bare, NULL, NULL}, {NULL, NULL, NULL, NULL}};

/* ---- Siglent: SCDP has no question mark ---------------------------------------------------------------- */

static void print_get(sim_call *c)
{
    sim_image_kind kind;
    if (kind_of(c, 0, &kind)) bare(c, kind);
}

static const sim_command siglent_scdp[] = {{"SCDP", rigol_bare, rigol_bare, NULL}, {NULL, NULL, NULL, NULL}};
static const sim_command siglent_print[] = {{"PRINt", print_get, NULL, NULL}, {NULL, NULL, NULL, NULL}};

/* ---- Keysight -------------------------------------------------------------------------------------------- */

static void keysight_get(sim_call *c)
{
    sim_image_kind kind;
    if (kind_of(c, 0, &kind)) block(c, kind, 8);
}

static const sim_command keysight[] = {
    {":DISPlay:DATA", keysight_get, NULL, NULL},
    {":HARDcopy:INKSaver", sim_store_get, sim_store_set, "b1"},
    {NULL, NULL, NULL, NULL},
};

/* ---- Tektronix --------------------------------------------------------------------------------------------- */

static sim_image_kind stored_kind(sim_call *c, const char *pattern)
{
    static const sim_image_kind kinds[] = {SIM_IMG_PNG, SIM_IMG_BMP24, SIM_IMG_BMP24, SIM_IMG_JPEG};
    for (const sim_store_item *i = c->in->store; i; i = i->next) {
        int word = strcmp(i->command->pattern, pattern) == 0 ? sim_word_index("PNG|BMP|BMPColor|JPEG", i->value) : -1;
        if (word >= 0) return kinds[word];
    }
    return ((screens *)c->model)->row->kind;
}

static void tek_start(sim_call *c)
{
    if (!grat__strcaseeq(c->args, "START") && !grat__strcaseeq(c->args, "STAR")) sim_error(c, -102);
    else bare(c, stored_kind(c, "SAVe:IMAGe:FILEFormat"));
}

/* Comes out of the port that HARDCOPY:PORT names: anything but GPIB goes to the printer. */
static void tds3000_start(sim_call *c)
{
    for (const sim_store_item *i = c->in->store; i; i = i->next) {
        if (strcmp(i->command->pattern, "HARDCopy:PORT") == 0 && grat__strcaseeq(i->value, "GPIB"))
            bare(c, stored_kind(c, "HARDCopy:FORMat"));
    }
}

static const sim_command tek_2000[] = {
    {"HARDCopy", NULL, tek_start, NULL},
    {"HARDCopy:INKSaver", sim_store_get, sim_store_set, "b1"},
    {"SAVe:IMAGe:FILEFormat", sim_store_get, sim_store_set, "wBMP|PNG|JPEG|PCX|TIFF"},
    {"HEADer", sim_store_get, sim_store_set, "b1"},
    {NULL, NULL, NULL, NULL},
};

static const sim_command tek_3000[] = {
    {"HARDCopy", NULL, tds3000_start, NULL},
    {"HARDCopy:FORMat", sim_store_get, sim_store_set, "wTIFf|BMPColor|BMP|PNG"},
    {"HARDCopy:COMPRESSion", sim_store_get, sim_store_set, "b1"},
    {"HARDCopy:LAYout", sim_store_get, sim_store_set, "wLANdscape|PORTRait"},
    {"HARDCopy:PORT", sim_store_get, sim_store_set, "wCENtronics|GPIB|RS232|ETHERnet|FILE"},
    {"HEADer", sim_store_get, sim_store_set, "b1"},
    {NULL, NULL, NULL, NULL},
};

static void file_save(sim_call *c)
{
    screens *s = c->model;
    if (!sim_arg(c, 0, s->file, sizeof s->file)) sim_error(c, -109);
}

static bool file_named(sim_call *c)
{
    const screens *s = c->model;
    char name[FILE_NAME_MAX];
    if (sim_arg(c, 0, name, sizeof name) && s->file[0] && strcasecmp(name, s->file) == 0) return true;
    sim_error(c, -256);
    return false;
}

static void file_read_bare(sim_call *c)
{
    if (file_named(c)) bare(c, ((screens *)c->model)->row->kind);
}

static void file_read_block(sim_call *c)
{
    if (file_named(c)) block(c, ((screens *)c->model)->row->kind, 6);
}

static void file_delete(sim_call *c)
{
    if (file_named(c)) ((screens *)c->model)->file[0] = '\0';
}

static const sim_command tek_mso[] = {
    {"SAVe:IMAGe", NULL, file_save, NULL},
    {"FILESystem:READFile", NULL, file_read_bare, NULL},
    {"FILESystem:DELEte", NULL, file_delete, NULL},
    {"HEADer", sim_store_get, sim_store_set, "b1"},
    {NULL, NULL, NULL, NULL},
};

/* ---- Rohde & Schwarz ------------------------------------------------------------------------------ */

static void hcopy_get(sim_call *c)
{
    block(c, stored_kind(c, c->in->model->tables[0][1].pattern), 6);
}

static const sim_command rs_format[] = {
    {"HCOPy:DATA", hcopy_get, NULL, NULL},
    {"HCOPy:FORMat", sim_store_get, sim_store_set, "wBMP|PNG"},
    {NULL, NULL, NULL, NULL},
};

static const sim_command rs_language[] = {
    {"HCOPy:DATA", hcopy_get, NULL, NULL},
    {"HCOPy:LANGuage", sim_store_get, sim_store_set, "wBMP|PNG"},
    {NULL, NULL, NULL, NULL},
};

static void rth_print(sim_call *c)
{
    screens *s = c->model;
    for (const sim_store_item *i = c->in->store; i; i = i->next) {
        if (strcmp(i->command->pattern, "MMEMory:NAME") != 0) continue;
        size_t n = strlen(i->value);
        snprintf(s->file, sizeof s->file, "%.*s", (int)(n > 2 ? n - 2 : 0), i->value + 1); /* quoted */
    }
}

static const sim_command rs_rth[] = {
    {"MMEMory:DATA", file_read_block, NULL, NULL},
    {"HCOPy:LANGuage", sim_store_get, sim_store_set, "wBMP|PNG"},
    {"HCOPy[:IMMediate]", NULL, rth_print, NULL},
    {"MMEMory:NAME", sim_store_get, sim_store_set, "t''"},
    {"MMEMory:DELete", NULL, file_delete, NULL},
    {NULL, NULL, NULL, NULL},
};

/* ---- LeCroy: a file on its disk, sent with a header and a checksum ------------------------------------ */

static void chdr_set(sim_call *c)
{
    ((screens *)c->model)->header_off = grat__strcaseeq(c->args, "OFF");
}

static void chdr_get(sim_call *c)
{
    sim_put(c, "%s", ((screens *)c->model)->header_off ? "OFF" : "CHDR SHORT");
}

static void inr_get(sim_call *c)
{
    screens *s = c->model;
    sim_put(c, "%s%u", s->header_off ? "" : "INR ", s->inr);
    s->inr = 0;
}

static void scdp_set(sim_call *c)
{
    static const char wanted[] = "FILE,'";
    screens *s = c->model;
    const char *setup = "";
    for (const sim_store_item *i = c->in->store; i; i = i->next)
        if (strcmp(i->command->pattern, "HCSU") == 0) setup = i->value;
    /* The last FILE,'name' of the set-up names the file; DEST,FILE sends it to the disk. */
    const char *name = NULL;
    for (const char *p = setup; (p = strstr(p, wanted)); p++) name = p + sizeof wanted - 1;
    if (!name || !strstr(setup, "DEST,FILE")) {
        sim_error(c, -221);
        return;
    }
    snprintf(s->file, sizeof s->file, "D:\\HardCopy\\%.*s--00000.png", (int)strcspn(name, "'"), name);
    s->inr |= 2;
}

static bool lecroy_file(sim_call *c)
{
    const screens *s = c->model;
    char disk[16], drive[16], key[16], name[FILE_NAME_MAX];
    bool good = sim_arg(c, 0, disk, sizeof disk) && sim_arg(c, 1, drive, sizeof drive) &&
                sim_arg(c, 2, key, sizeof key) && sim_arg(c, 3, name, sizeof name) && grat__strcaseeq(disk, "DISK") &&
                grat__strcaseeq(drive, "HDD") && grat__strcaseeq(key, "FILE") && strcasecmp(name, s->file) == 0;
    if (!good) sim_error(c, -256);
    return good;
}

static void trfl_get(sim_call *c)
{
    screens *s = c->model;
    if (!lecroy_file(c)) return;
    if (!s->header_off) sim_put(c, "TRFL ");
    block(c, s->row->kind, 9);
    sim_put(c, "0A1B2C3D");
}

static void delf_set(sim_call *c)
{
    if (lecroy_file(c)) ((screens *)c->model)->file[0] = '\0';
}

static const sim_command lecroy[] = {
    {"CHDR", chdr_get, chdr_set, NULL},
    {"INR", inr_get, NULL, NULL},
    {"HCSU", NULL, sim_store_set, "t"},
    {"SCDP", NULL, scdp_set, NULL},
    {"TRFL", trfl_get, NULL, NULL},
    {"DELF", NULL, delf_set, NULL},
    {NULL, NULL, NULL, NULL},
};

/* ---- the rows ---------------------------------------------------------------------------------------- */

static bool open_screens(void *p, sim_instrument *in, char err[256])
{
    screens *s = p;
    (void)err;
    s->row = in->model->row;
    snprintf(in->idn, sizeof in->idn, "%s,%s,%.60s,%.60s", s->row->vendor, s->row->model,
             sim_option(&in->options, "serial", "SIM00000001"), sim_option(&in->options, "fw", "1.0"));
    return true;
}

#define ROWS(X)                                                                                                        \
    X(ds1102e, "RIGOL TECHNOLOGIES", "DS1102E", 320, 234, SIM_IMG_BMP24, rigol_lcd)                                    \
    X(ds2302a, "RIGOL TECHNOLOGIES", "DS2302A", 800, 480, SIM_IMG_BMP24, rigol_fixed)                                  \
    X(mso5074, "RIGOL TECHNOLOGIES", "MSO5074", 1024, 600, SIM_IMG_BMP24, rigol_fixed)                                 \
    X(dho924, "RIGOL TECHNOLOGIES", "DHO924", 1024, 600, SIM_IMG_BMP24, rigol_choice)                                  \
    X(sds1104xe, "Siglent Technologies", "SDS1104X-E", 800, 480, SIM_IMG_BMP24, siglent_scdp)                          \
    X(sds2104xplus, "Siglent Technologies", "SDS2104X Plus", 1024, 600, SIM_IMG_BMP24, siglent_print)                  \
    X(dsox2002a, "AGILENT TECHNOLOGIES", "DSO-X 2002A", 800, 480, SIM_IMG_BMP24, keysight)                             \
    X(dso6034a, "AGILENT TECHNOLOGIES", "DSO6034A", 640, 480, SIM_IMG_BMP24, keysight)                                 \
    X(tds2024c, "TEKTRONIX", "TDS 2024C", 640, 480, SIM_IMG_BMP24, tek_2000)                                           \
    X(tds3054b, "TEKTRONIX", "TDS 3054B", 640, 480, SIM_IMG_BMP24, tek_3000)                                           \
    X(mso54, "TEKTRONIX", "MSO54", 1920, 1080, SIM_IMG_PNG, tek_mso)                                                   \
    X(rtb2004, "Rohde&Schwarz", "RTB2004", 1280, 800, SIM_IMG_BMP24, rs_format)                                        \
    X(hmo1202, "HAMEG", "HMO1202", 640, 480, SIM_IMG_BMP24, rs_language)                                               \
    X(rth1004, "Rohde&Schwarz", "RTH1004", 800, 480, SIM_IMG_PNG, rs_rth)                                              \
    X(waverunner, "LECROY", "WR640ZI", 1280, 800, SIM_IMG_PNG, lecroy)

#define ROW(id, vendor, model, w, h, kind, commands)                                                                   \
    static const screen_row row_##id = {vendor, model, w, h, kind};                                                    \
    static const sim_command *const tables_##id[] = {commands, NULL};
ROWS(ROW)
#undef ROW

const sim_model sim_screens_models[SIM_SCREENS_MODELS] = {
#define MODEL(id, vendor, name_, w, h, kind, commands)                                                                 \
    {.name = #id, .text = vendor " " name_ ": identity and screen only", .row = &row_##id,                             \
     .priv_size = sizeof(screens), .raw_port = 5025, .tables = tables_##id, .open = open_screens},
    ROWS(MODEL)
#undef MODEL
};
