/* The calls of ps2000a, ps3000a, ps4000a and ps5000a that are used here, as their headers have them. Where the
 * libraries differ there are two members for one name: 2000a and 3000a have an `oversample` argument, 5000a a
 * resolution at the opening, 4000a doubles in the signal generator. */
#ifndef GRAT_PICO_CALLS_H
#define GRAT_PICO_CALLS_H

#include <stdint.h>

typedef void (*grat__pico_block_ready)(int16_t handle, uint32_t status, void *user);
typedef void (*grat__pico_stream_ready)(int16_t handle, int32_t samples, uint32_t start, int16_t overflow,
                                        uint32_t trigger_at, int16_t triggered, int16_t auto_stop, void *user);

/* X(member, name in the library, mandatory, arguments) */
#define GRAT__PICO_CALLS(X)                                                                                            \
    X(OpenUnit, "OpenUnit", 1, (int16_t *, int8_t *))                                                                  \
    X(OpenUnitResolution, "OpenUnit", 1, (int16_t *, int8_t *, int32_t))                                               \
    X(CloseUnit, "CloseUnit", 1, (int16_t))                                                                            \
    X(EnumerateUnits, "EnumerateUnits", 1, (int16_t *, int8_t *, int16_t *))                                           \
    X(GetUnitInfo, "GetUnitInfo", 1, (int16_t, int8_t *, int16_t, int16_t *, uint32_t))                                \
    X(ChangePowerSource, "ChangePowerSource", 0, (int16_t, uint32_t))                                                  \
    X(SetDeviceResolution, "SetDeviceResolution", 0, (int16_t, int32_t))                                               \
    X(SetBandwidthFilter, "SetBandwidthFilter", 0, (int16_t, int32_t, int32_t))                                        \
    X(SetDigitalPort, "SetDigitalPort", 0, (int16_t, int32_t, int16_t, int16_t))                                       \
    X(SetChannel, "SetChannel", 1, (int16_t, int32_t, int16_t, int32_t, int32_t, float))                               \
    X(GetChannelInformation, "GetChannelInformation", 1,                                                               \
      (int16_t, int32_t, int32_t, int32_t *, int32_t *, int32_t))                                                      \
    X(GetAnalogueOffset, "GetAnalogueOffset", 0, (int16_t, int32_t, int32_t, float *, float *))                        \
    X(MaximumValue, "MaximumValue", 1, (int16_t, int16_t *))                                                           \
    X(GetTimebase2, "GetTimebase2", 1, (int16_t, uint32_t, int32_t, float *, int32_t *, uint32_t))                     \
    X(GetTimebase2Over, "GetTimebase2", 1, (int16_t, uint32_t, int32_t, float *, int16_t, int32_t *, uint32_t))        \
    X(GetMaxSegments, "GetMaxSegments", 0, (int16_t, uint32_t *))                                                      \
    X(MemorySegments, "MemorySegments", 1, (int16_t, uint32_t, int32_t *))                                             \
    X(SetNoOfCaptures, "SetNoOfCaptures", 1, (int16_t, uint32_t))                                                      \
    X(GetNoOfCaptures, "GetNoOfCaptures", 0, (int16_t, uint32_t *))                                                    \
    X(SetSimpleTrigger, "SetSimpleTrigger", 1, (int16_t, int16_t, int32_t, int16_t, int32_t, uint32_t, int16_t))       \
    X(RunBlock, "RunBlock", 1,                                                                                         \
      (int16_t, int32_t, int32_t, uint32_t, int32_t *, uint32_t, grat__pico_block_ready, void *))                      \
    X(RunBlockOver, "RunBlock", 1,                                                                                     \
      (int16_t, int32_t, int32_t, uint32_t, int16_t, int32_t *, uint32_t, grat__pico_block_ready, void *))             \
    X(IsReady, "IsReady", 1, (int16_t, int16_t *))                                                                     \
    X(SetDataBuffer, "SetDataBuffer", 1, (int16_t, int32_t, int16_t *, int32_t, uint32_t, int32_t))                    \
    X(GetValuesBulk, "GetValuesBulk", 1, (int16_t, uint32_t *, uint32_t, uint32_t, uint32_t, int32_t, int16_t *))      \
    X(GetValues, "GetValues", 1, (int16_t, uint32_t, uint32_t *, uint32_t, int32_t, uint32_t, int16_t *))              \
    X(RunStreaming, "RunStreaming", 1,                                                                                 \
      (int16_t, uint32_t *, int32_t, uint32_t, uint32_t, int16_t, uint32_t, int32_t, uint32_t))                        \
    X(GetStreamingLatestValues, "GetStreamingLatestValues", 1, (int16_t, grat__pico_stream_ready, void *))             \
    X(Stop, "Stop", 1, (int16_t))                                                                                      \
    X(SigGenArbitraryMinMaxValues, "SigGenArbitraryMinMaxValues", 0,                                                   \
      (int16_t, int16_t *, int16_t *, uint32_t *, uint32_t *))                                                         \
    X(SigGenFrequencyToPhase, "SigGenFrequencyToPhase", 0, (int16_t, double, int32_t, uint32_t, uint32_t *))           \
    X(SetSigGenArbitrary, "SetSigGenArbitrary", 0,                                                                     \
      (int16_t, int32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, int16_t *, int32_t, int32_t, int32_t,       \
       int32_t, uint32_t, uint32_t, int32_t, int32_t, int16_t))                                                        \
    X(SetSigGenBuiltIn4, "SetSigGenBuiltIn", 0,                                                                        \
      (int16_t, int32_t, uint32_t, int32_t, double, double, double, double, int32_t, int32_t, uint32_t, uint32_t,      \
       int32_t, int32_t, int16_t))                                                                                     \
    X(SetSigGenBuiltInV2Short, "SetSigGenBuiltInV2", 0,                                                                \
      (int16_t, int32_t, uint32_t, int16_t, double, double, double, double, int32_t, int32_t, uint32_t, uint32_t,      \
       int32_t, int32_t, int16_t))                                                                                     \
    X(SetSigGenBuiltInV2, "SetSigGenBuiltInV2", 0,                                                                     \
      (int16_t, int32_t, uint32_t, int32_t, double, double, double, double, int32_t, int32_t, uint32_t, uint32_t,      \
       int32_t, int32_t, int16_t))

typedef struct grat__pico_calls {
#define GRAT__PICO_MEMBER(member, name, mandatory, args) uint32_t(*member) args;
    GRAT__PICO_CALLS(GRAT__PICO_MEMBER)
#undef GRAT__PICO_MEMBER
} grat__pico_calls;

#endif
