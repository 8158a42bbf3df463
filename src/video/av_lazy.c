#define GRAT__AV_DECLARE_ONLY
#include "video/av_lazy.h"

#include "core/lazy.h"

#include <pthread.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

grat__av_api grat__av;
static bool loaded;

static void load(void)
{
    void *util = dlopen("libavutil.so." TEXT(LIBAVUTIL_VERSION_MAJOR), RTLD_NOW | RTLD_LOCAL);
    void *codec = util ? dlopen("libavcodec.so." TEXT(LIBAVCODEC_VERSION_MAJOR), RTLD_NOW | RTLD_LOCAL) : NULL;
    void *format = codec ? dlopen("libavformat.so." TEXT(LIBAVFORMAT_VERSION_MAJOR), RTLD_NOW | RTLD_LOCAL) : NULL;
    loaded = format != NULL;
#define TAKE_UTIL(name) loaded = grat__lazy_take(util, #name, &grat__av.name##_) && loaded;
#define TAKE_CODEC(name) loaded = grat__lazy_take(codec, #name, &grat__av.name##_) && loaded;
#define TAKE_FORMAT(name) loaded = grat__lazy_take(format, #name, &grat__av.name##_) && loaded;
    GRAT__AVUTIL_MAP(TAKE_UTIL)
    GRAT__AVCODEC_MAP(TAKE_CODEC)
    GRAT__AVFORMAT_MAP(TAKE_FORMAT)
}

bool grat__av_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return loaded;
}
