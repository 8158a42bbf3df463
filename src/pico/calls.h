/* The calls of the vendor's libraries that are used here, as their headers have them: the classic interface (ps2000a,
 * ps3000a, ps4000a, ps5000a), the narrow and the wide one before it (ps4000, ps5000; ps6000), the modern one (ps6000a,
 * psospa) and the oldest (ps2000, ps3000). Where libraries of one interface differ there are two members for a name. */
#ifndef GRAT_PICO_CALLS_H
#define GRAT_PICO_CALLS_H

#include <stdint.h>

typedef void (*grat__pico_block_ready)(int16_t handle, uint32_t status, void *user);
typedef void (*grat__pico_stream_ready)(int16_t handle, int32_t samples, uint32_t start, int16_t overflow,
                                        uint32_t trigger_at, int16_t triggered, int16_t auto_stop, void *user);
/* [0] = A max, [1] = A min, [2] = B max … */
typedef void (*grat__pico_old_ready)(int16_t **buffers, int16_t overflow, uint32_t trigger_at, int16_t triggered,
                                     int16_t auto_stop, uint32_t values);

/* ---- structs, packed as the vendor's are ------------------------------------------------------------- */

#pragma pack(push, 1)
typedef struct grat__pico_condition {
    int32_t source, state;
} grat__pico_condition;
typedef struct grat__pico_direction {           /* 4000a: without mode */
    int32_t channel, direction;
} grat__pico_direction;
typedef struct grat__pico_direction_mode {      /* 5000a, modern */
    int32_t channel, direction, mode;
} grat__pico_direction_mode;
typedef struct grat__pico_properties {          /* 2000a, 3000a, 4000a */
    int16_t upper;
    uint16_t upper_hysteresis;
    int16_t lower;
    uint16_t lower_hysteresis;
    int32_t channel, mode;
} grat__pico_properties;
typedef struct grat__pico_properties_v2 {       /* 5000a, modern */
    int16_t upper;
    uint16_t upper_hysteresis;
    int16_t lower;
    uint16_t lower_hysteresis;
    int32_t channel;
} grat__pico_properties_v2;
typedef struct grat__pico_bare_properties {     /* 5000 */
    int16_t major, minor;
    uint16_t hysteresis;
    int32_t channel, mode;
} grat__pico_bare_properties;
typedef struct grat__pico_old_properties {      /* 2000, 3000 */
    int16_t major, minor;
    uint16_t hysteresis;
    int16_t channel;
    int32_t mode;
} grat__pico_old_properties;
typedef struct grat__pico_trigger_info {        /* 3000a, 5000a */
    uint32_t status, segment, index;
    int64_t time;
    int16_t units, reserved;
    uint64_t stamp;
} grat__pico_trigger_info;
typedef struct grat__pico_modern_info {
    uint32_t status;
    uint64_t segment, index;
    double time;
    int32_t units;
    uint64_t missed, stamp;
} grat__pico_modern_info;
typedef struct grat__pico_stream_info {         /* modern */
    int32_t channel, mode, type, samples;
    uint64_t buffer;
    int32_t start;
    int16_t overflow;
} grat__pico_stream_info;
typedef struct grat__pico_stream_trigger {
    uint64_t at;
    int16_t triggered, auto_stop;
} grat__pico_stream_trigger;
#pragma pack(pop)
_Static_assert(sizeof(grat__pico_properties) == 16 && sizeof(grat__pico_properties_v2) == 12, "packed");
_Static_assert(sizeof(grat__pico_old_properties) == 12 && sizeof(grat__pico_bare_properties) == 14, "packed");
_Static_assert(sizeof(grat__pico_trigger_info) == 32 && sizeof(grat__pico_modern_info) == 48, "packed");
_Static_assert(sizeof(grat__pico_stream_info) == 30 && sizeof(grat__pico_stream_trigger) == 12, "packed");

/* X(member, name in the library, mandatory, arguments) */
/* Of all but the oldest interface. */
#define GRAT__PICO_SHARED(X)                                                                                           \
    X(CloseUnit, "CloseUnit", 1, (int16_t))                                                                            \
    X(EnumerateUnits, "EnumerateUnits", 0, (int16_t *, int8_t *, int16_t *))                                           \
    X(GetUnitInfo, "GetUnitInfo", 1, (int16_t, int8_t *, int16_t, int16_t *, uint32_t))                                \
    X(FlashLed, "FlashLed", 0, (int16_t, int16_t))                                                                     \
    X(SetDeviceResolution, "SetDeviceResolution", 0, (int16_t, int32_t))                                               \
    X(Stop, "Stop", 1, (int16_t))                                                                                      \
    X(IsReady, "IsReady", 1, (int16_t, int16_t *))

/* Of the classic and the narrow interface. */
#define GRAT__PICO_COMMON(X)                                                                                           \
    X(GetChannelInformation, "GetChannelInformation", 0, (int16_t, int32_t, int32_t, int32_t *, int32_t *, int32_t))   \
    X(SetSimpleTrigger, "SetSimpleTrigger", 1, (int16_t, int16_t, int32_t, int16_t, int32_t, uint32_t, int16_t))       \
    X(SetTriggerDelay, "SetTriggerDelay", 0, (int16_t, uint32_t))                                                      \
    X(Properties, "SetTriggerChannelProperties", 0, (int16_t, void *, int16_t, int16_t, int32_t))                      \
    X(Conditions, "SetTriggerChannelConditions", 0, (int16_t, void *, int16_t))                                        \
    X(Directions, "SetTriggerChannelDirections", 0, (int16_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t))   \
    X(Width, "SetPulseWidthQualifier", 0, (int16_t, void *, int16_t, int32_t, uint32_t, uint32_t, int32_t))            \
    X(SetEts, "SetEts", 0, (int16_t, int32_t, int16_t, int16_t, int32_t *))                                            \
    X(SetEtsTimeBuffer, "SetEtsTimeBuffer", 0, (int16_t, int64_t *, int32_t))                                          \
    X(GetStreamingLatestValues, "GetStreamingLatestValues", 1, (int16_t, grat__pico_stream_ready, void *))             \
    X(SigGenArbitraryMinMaxValues, "SigGenArbitraryMinMaxValues", 0,                                                   \
      (int16_t, int16_t *, int16_t *, uint32_t *, uint32_t *))                                                         \
    X(SigGenFrequencyToPhase, "SigGenFrequencyToPhase", 0, (int16_t, double, int32_t, uint32_t, uint32_t *))           \
    X(SigGenSoftwareControl, "SigGenSoftwareControl", 0, (int16_t, int16_t))                                           \
    X(SetSigGenArbitrary, "SetSigGenArbitrary", 0,                                                                     \
      (int16_t, int32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, int16_t *, int32_t, int32_t, int32_t,       \
       int32_t, uint32_t, uint32_t, int32_t, int32_t, int16_t))

#define GRAT__PICO_CLASSIC(X)                                                                                          \
    X(OpenUnit, "OpenUnit", 1, (int16_t *, int8_t *))                                                                  \
    X(OpenUnitResolution, "OpenUnit", 1, (int16_t *, int8_t *, int32_t))                                               \
    X(ChangePowerSource, "ChangePowerSource", 0, (int16_t, uint32_t))                                                  \
    X(SetBandwidthFilter, "SetBandwidthFilter", 0, (int16_t, int32_t, int32_t))                                        \
    X(SetDigitalPort, "SetDigitalPort", 0, (int16_t, int32_t, int16_t, int16_t))                                       \
    X(SetChannel, "SetChannel", 1, (int16_t, int32_t, int16_t, int32_t, int32_t, float))                               \
    X(GetAnalogueOffset, "GetAnalogueOffset", 0, (int16_t, int32_t, int32_t, float *, float *))                        \
    X(MaximumValue, "MaximumValue", 1, (int16_t, int16_t *))                                                           \
    X(GetTimebase2, "GetTimebase2", 1, (int16_t, uint32_t, int32_t, float *, int32_t *, uint32_t))                     \
    X(GetTimebase2Over, "GetTimebase2", 1, (int16_t, uint32_t, int32_t, float *, int16_t, int32_t *, uint32_t))        \
    X(GetMaxSegments, "GetMaxSegments", 0, (int16_t, uint32_t *))                                                      \
    X(MemorySegments, "MemorySegments", 1, (int16_t, uint32_t, int32_t *))                                             \
    X(SetNoOfCaptures, "SetNoOfCaptures", 1, (int16_t, uint32_t))                                                      \
    X(GetNoOfCaptures, "GetNoOfCaptures", 0, (int16_t, uint32_t *))                                                    \
    X(PropertiesV2, "SetTriggerChannelPropertiesV2", 0, (int16_t, void *, int16_t, int16_t))                           \
    X(AutoTrigger, "SetAutoTriggerMicroSeconds", 0, (int16_t, uint64_t))                                               \
    X(ConditionsV2, "SetTriggerChannelConditionsV2", 0, (int16_t, void *, int16_t))                                    \
    X(ConditionList, "SetTriggerChannelConditions", 0, (int16_t, void *, int16_t, int32_t))                            \
    X(ConditionListV2, "SetTriggerChannelConditionsV2", 0, (int16_t, void *, int16_t, int32_t))                        \
    X(DirectionList, "SetTriggerChannelDirections", 0, (int16_t, void *, int16_t))                                     \
    X(DirectionListV2, "SetTriggerChannelDirectionsV2", 0, (int16_t, void *, uint16_t))                                \
    X(WidthV2, "SetPulseWidthQualifierV2", 0, (int16_t, void *, int16_t, int32_t, uint32_t, uint32_t, int32_t))        \
    X(WidthProperties, "SetPulseWidthQualifierProperties", 0, (int16_t, int32_t, uint32_t, uint32_t, int32_t))         \
    X(WidthPropertiesV2, "SetPulseWidthQualifierProperties", 0, (int16_t, uint32_t, uint32_t, int32_t))                \
    X(WidthConditions, "SetPulseWidthQualifierConditions", 0, (int16_t, void *, int16_t, int32_t))                     \
    X(WidthDirections, "SetPulseWidthQualifierDirections", 0, (int16_t, void *, int16_t))                              \
    X(DigitalProperties, "SetTriggerDigitalPortProperties", 0, (int16_t, void *, int16_t))                             \
    X(RunBlock, "RunBlock", 1,                                                                                         \
      (int16_t, int32_t, int32_t, uint32_t, int32_t *, uint32_t, grat__pico_block_ready, void *))                      \
    X(RunBlockOver, "RunBlock", 1,                                                                                     \
      (int16_t, int32_t, int32_t, uint32_t, int16_t, int32_t *, uint32_t, grat__pico_block_ready, void *))             \
    X(SetDataBuffer, "SetDataBuffer", 1, (int16_t, int32_t, int16_t *, int32_t, uint32_t, int32_t))                    \
    X(SetDataBuffers, "SetDataBuffers", 1, (int16_t, int32_t, int16_t *, int16_t *, int32_t, uint32_t, int32_t))       \
    X(GetValuesBulk, "GetValuesBulk", 1, (int16_t, uint32_t *, uint32_t, uint32_t, uint32_t, int32_t, int16_t *))      \
    X(GetValues, "GetValues", 1, (int16_t, uint32_t, uint32_t *, uint32_t, int32_t, uint32_t, int16_t *))              \
    X(TriggerOffsets, "GetValuesTriggerTimeOffsetBulk64", 0, (int16_t, int64_t *, int32_t *, uint32_t, uint32_t))      \
    X(TriggerInfo, "GetTriggerInfoBulk", 0, (int16_t, void *, uint32_t, uint32_t))                                     \
    X(RunStreaming, "RunStreaming", 1,                                                                                 \
      (int16_t, uint32_t *, int32_t, uint32_t, uint32_t, int16_t, uint32_t, int32_t, uint32_t))                        \
    X(SetSigGenBuiltIn4, "SetSigGenBuiltIn", 0,                                                                        \
      (int16_t, int32_t, uint32_t, int32_t, double, double, double, double, int32_t, int32_t, uint32_t, uint32_t,      \
       int32_t, int32_t, int16_t))                                                                                     \
    X(SetSigGenBuiltInV2Short, "SetSigGenBuiltInV2", 0,                                                                \
      (int16_t, int32_t, uint32_t, int16_t, double, double, double, double, int32_t, int32_t, uint32_t, uint32_t,      \
       int32_t, int32_t, int16_t))                                                                                     \
    X(SetSigGenBuiltInV2, "SetSigGenBuiltInV2", 0,                                                                     \
      (int16_t, int32_t, uint32_t, int32_t, double, double, double, double, int32_t, int32_t, uint32_t, uint32_t,      \
       int32_t, int32_t, int16_t))

/* Segments have 16 bits, inputs no offset; buffers of one segment and of many are given by calls of their own. ps5000
 * has those without a mode only, and opens the next unit only. */
#define GRAT__PICO_NARROW(X)                                                                                           \
    X(OpenNext, "OpenUnit", 1, (int16_t *))                                                                            \
    X(OpenUnit, "OpenUnitEx", 0, (int16_t *, int8_t *))                                                                \
    X(SetChannel, "SetChannel", 1, (int16_t, int32_t, int16_t, int16_t, int32_t))                                      \
    X(SetExtTriggerRange, "SetExtTriggerRange", 0, (int16_t, int32_t))                                                 \
    X(SetBwFilter, "SetBwFilter", 0, (int16_t, int32_t, int16_t))                                                      \
    X(GetTimebase2, "GetTimebase2", 1, (int16_t, uint32_t, int32_t, float *, int16_t, int32_t *, uint16_t))            \
    X(MemorySegments, "MemorySegments", 1, (int16_t, uint16_t, int32_t *))                                             \
    X(SetNoOfCaptures, "SetNoOfCaptures", 1, (int16_t, uint16_t))                                                      \
    X(GetNoOfCaptures, "GetNoOfCaptures", 0, (int16_t, uint16_t *))                                                    \
    X(RunBlock, "RunBlock", 1,                                                                                         \
      (int16_t, int32_t, int32_t, uint32_t, int16_t, int32_t *, uint16_t, grat__pico_block_ready, void *))             \
    X(SetDataBuffer, "SetDataBuffer", 1, (int16_t, int32_t, int16_t *, int32_t))                                       \
    X(SetDataBuffers, "SetDataBuffers", 1, (int16_t, int32_t, int16_t *, int16_t *, int32_t))                          \
    X(SetDataBufferMode, "SetDataBufferWithMode", 0, (int16_t, int32_t, int16_t *, int32_t, int32_t))                  \
    X(SetDataBuffersMode, "SetDataBuffersWithMode", 0, (int16_t, int32_t, int16_t *, int16_t *, int32_t, int32_t))     \
    X(SetDataBufferBulk, "SetDataBufferBulk", 1, (int16_t, int32_t, int16_t *, int32_t, uint16_t))                     \
    X(GetValues, "GetValues", 1, (int16_t, uint32_t, uint32_t *, uint32_t, int16_t, uint16_t, int16_t *))              \
    X(GetValuesBulk, "GetValuesBulk", 1, (int16_t, uint32_t *, uint16_t, uint16_t, int16_t *))                         \
    X(TriggerOffsets, "GetValuesTriggerTimeOffsetBulk64", 0, (int16_t, int64_t *, int32_t *, uint16_t, uint16_t))      \
    X(RunStreaming, "RunStreaming", 1,                                                                                 \
      (int16_t, uint32_t *, int32_t, uint32_t, uint32_t, int16_t, uint32_t, uint32_t))                                 \
    X(RunStreamingMode, "RunStreamingEx", 0,                                                                           \
      (int16_t, uint32_t *, int32_t, uint32_t, uint32_t, int16_t, uint32_t, int16_t, uint32_t))                        \
    X(SetSigGenBuiltIn, "SetSigGenBuiltIn", 0,                                                                         \
      (int16_t, int32_t, uint32_t, int16_t, float, float, float, float, int32_t, int16_t, uint32_t, uint32_t,          \
       int32_t, int32_t, int16_t))                                                                                     \
    X(SetSigGenBuiltInV2, "SetSigGenBuiltInV2", 0,                                                                     \
      (int16_t, int32_t, uint32_t, int16_t, double, double, double, double, int32_t, int16_t, uint32_t, uint32_t,      \
       int32_t, int32_t, int16_t))                                                                                     \
    X(SetSigGenArbitrary, "SetSigGenArbitrary", 0,                                                                     \
      (int16_t, int32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, int16_t *, int32_t, int32_t, int16_t,       \
       int32_t, uint32_t, uint32_t, int32_t, int32_t, int16_t))

/* Like the classic one, with counts that have no sign; buffers of one capture and of many are given by calls of their
 * own. What is alike is called as classic: offsets, stamps, SetSigGenBuiltInV2. */
#define GRAT__PICO_WIDE(X)                                                                                             \
    X(OpenUnit, "OpenUnit", 1, (int16_t *, int8_t *))                                                                  \
    X(SetChannel, "SetChannel", 1, (int16_t, int32_t, int16_t, int32_t, int32_t, float, int32_t))                      \
    X(GetAnalogueOffset, "GetAnalogueOffset", 0, (int16_t, int32_t, int32_t, float *, float *))                        \
    X(GetTimebase2, "GetTimebase2", 1, (int16_t, uint32_t, uint32_t, float *, int16_t, uint32_t *, uint32_t))          \
    X(MemorySegments, "MemorySegments", 1, (int16_t, uint32_t, uint32_t *))                                            \
    X(SetNoOfCaptures, "SetNoOfCaptures", 1, (int16_t, uint32_t))                                                      \
    X(GetNoOfCaptures, "GetNoOfCaptures", 0, (int16_t, uint32_t *))                                                    \
    X(RunBlock, "RunBlock", 1,                                                                                         \
      (int16_t, uint32_t, uint32_t, uint32_t, int16_t, int32_t *, uint32_t, grat__pico_block_ready, void *))           \
    X(SetDataBuffer, "SetDataBuffer", 1, (int16_t, int32_t, int16_t *, uint32_t, int32_t))                             \
    X(SetDataBuffers, "SetDataBuffers", 1, (int16_t, int32_t, int16_t *, int16_t *, uint32_t, int32_t))                \
    X(SetDataBufferBulk, "SetDataBufferBulk", 1, (int16_t, int32_t, int16_t *, uint32_t, uint32_t, int32_t))           \
    X(SetDataBuffersBulk, "SetDataBuffersBulk", 1,                                                                     \
      (int16_t, int32_t, int16_t *, int16_t *, uint32_t, uint32_t, int32_t))                                           \
    X(GetValues, "GetValues", 1, (int16_t, uint32_t, uint32_t *, uint32_t, int32_t, uint32_t, int16_t *))              \
    X(GetValuesBulk, "GetValuesBulk", 1, (int16_t, uint32_t *, uint32_t, uint32_t, uint32_t, int32_t, int16_t *))      \
    X(RunStreaming, "RunStreaming", 1,                                                                                 \
      (int16_t, uint32_t *, int32_t, uint32_t, uint32_t, int16_t, uint32_t, int32_t, uint32_t))

#define GRAT__PICO_MODERN(X)                                                                                           \
    X(OpenUnit, "OpenUnit", 1, (int16_t *, int8_t *, int32_t))                                                         \
    X(OpenUnitPower, "OpenUnit", 1, (int16_t *, int8_t *, int32_t, void *))                                            \
    X(SetChannelOn, "SetChannelOn", 1, (int16_t, int32_t, int32_t, int32_t, double, int32_t))                          \
    X(SetChannelOnNv, "SetChannelOn", 1, (int16_t, int32_t, int32_t, int64_t, int64_t, int32_t, double, int32_t))      \
    X(SetChannelOff, "SetChannelOff", 1, (int16_t, int32_t))                                                           \
    X(SetDigitalPortOn, "SetDigitalPortOn", 0, (int16_t, int32_t, int16_t *, int16_t, int32_t))                        \
    X(SetDigitalPortOnVolts, "SetDigitalPortOn", 0, (int16_t, int32_t, double))                                        \
    X(SetDigitalPortOff, "SetDigitalPortOff", 0, (int16_t, int32_t))                                                   \
    X(GetAnalogueOffsetLimits, "GetAnalogueOffsetLimits", 0, (int16_t, int32_t, int32_t, double *, double *))          \
    X(GetAnalogueOffsetLimitsNv, "GetAnalogueOffsetLimits", 0,                                                         \
      (int16_t, int64_t, int64_t, int32_t, int32_t, double *, double *))                                               \
    X(GetAdcLimits, "GetAdcLimits", 1, (int16_t, int32_t, int16_t *, int16_t *))                                       \
    X(GetTimebase, "GetTimebase", 1, (int16_t, uint32_t, uint64_t, double *, uint64_t *, uint64_t))                    \
    X(NearestInterval, "NearestSampleIntervalStateless", 0,                                                            \
      (int16_t, uint32_t, double, uint8_t, int32_t, uint32_t *, double *))                                             \
    X(QueryMaxSegments, "QueryMaxSegmentsBySamples", 0, (int16_t, uint64_t, uint32_t, uint64_t *, int32_t))            \
    X(MemorySegments, "MemorySegments", 1, (int16_t, uint64_t, uint64_t *))                                            \
    X(SetNoOfCaptures, "SetNoOfCaptures", 1, (int16_t, uint64_t))                                                      \
    X(GetNoOfCaptures, "GetNoOfCaptures", 0, (int16_t, uint64_t *))                                                    \
    X(SetSimpleTrigger, "SetSimpleTrigger", 1, (int16_t, int16_t, int32_t, int16_t, int32_t, uint64_t, uint32_t))      \
    X(SetTriggerDelay, "SetTriggerDelay", 0, (int16_t, uint64_t))                                                      \
    X(Properties, "SetTriggerChannelProperties", 0, (int16_t, void *, int16_t, int16_t, uint32_t))                     \
    X(PropertiesNoAux, "SetTriggerChannelProperties", 0, (int16_t, void *, int16_t, uint32_t))                         \
    X(Conditions, "SetTriggerChannelConditions", 0, (int16_t, void *, int16_t, int32_t))                               \
    X(Directions, "SetTriggerChannelDirections", 0, (int16_t, void *, int16_t))                                        \
    X(WidthProperties, "SetPulseWidthQualifierProperties", 0, (int16_t, uint32_t, uint32_t, int32_t))                  \
    X(WidthConditions, "SetPulseWidthQualifierConditions", 0, (int16_t, void *, int16_t, int32_t))                     \
    X(WidthDirections, "SetPulseWidthQualifierDirections", 0, (int16_t, void *, int16_t))                              \
    X(DigitalProperties, "SetTriggerDigitalPortProperties", 0, (int16_t, int32_t, void *, int16_t))                    \
    X(SetDataBuffer, "SetDataBuffer", 1, (int16_t, int32_t, void *, int32_t, int32_t, uint64_t, int32_t, int32_t))     \
    X(SetDataBufferLong, "SetDataBuffer", 1,                                                                           \
      (int16_t, int32_t, void *, uint64_t, int32_t, uint64_t, int32_t, int32_t))                                       \
    X(SetDataBuffers, "SetDataBuffers", 1,                                                                             \
      (int16_t, int32_t, void *, void *, int32_t, int32_t, uint64_t, int32_t, int32_t))                                \
    X(SetDataBuffersLong, "SetDataBuffers", 1,                                                                         \
      (int16_t, int32_t, void *, void *, uint64_t, int32_t, uint64_t, int32_t, int32_t))                               \
    X(RunBlock, "RunBlock", 1,                                                                                         \
      (int16_t, uint64_t, uint64_t, uint32_t, double *, uint64_t, grat__pico_block_ready, void *))                     \
    X(GetValues, "GetValues", 1, (int16_t, uint64_t, uint64_t *, uint64_t, int32_t, uint64_t, int16_t *))              \
    X(GetValuesBulk, "GetValuesBulk", 1,                                                                               \
      (int16_t, uint64_t, uint64_t *, uint64_t, uint64_t, uint64_t, int32_t, int16_t *))                               \
    X(TriggerInfo, "GetTriggerInfo", 0, (int16_t, void *, uint64_t, uint64_t))                                         \
    X(TriggerOffsets, "GetValuesTriggerTimeOffsetBulk", 0, (int16_t, int64_t *, int32_t *, uint64_t, uint64_t))        \
    X(RunStreaming, "RunStreaming", 1, (int16_t, double *, int32_t, uint64_t, uint64_t, int16_t, uint64_t, int32_t))   \
    X(GetStreamingLatestValues, "GetStreamingLatestValues", 1, (int16_t, void *, uint64_t, void *))                    \
    X(SigGenWaveform, "SigGenWaveform", 0, (int16_t, int32_t, int16_t *, uint64_t))                                    \
    X(SigGenRange, "SigGenRange", 0, (int16_t, double, double))                                                        \
    X(SigGenWaveformDutyCycle, "SigGenWaveformDutyCycle", 0, (int16_t, double))                                        \
    X(SigGenTrigger, "SigGenTrigger", 0, (int16_t, int32_t, int32_t, uint64_t, uint64_t))                              \
    X(SigGenFrequency, "SigGenFrequency", 0, (int16_t, double))                                                        \
    X(SigGenFrequencySweep, "SigGenFrequencySweep", 0, (int16_t, double, double, double, int32_t))                     \
    X(SigGenSoftwareTrigger, "SigGenSoftwareTriggerControl", 0, (int16_t, int32_t))                                    \
    X(SigGenApply, "SigGenApply", 0,                                                                                   \
      (int16_t, int16_t, int16_t, int16_t, int16_t, int16_t, double *, double *, double *, double *))                  \
    X(SigGenApplyShort, "SigGenApply", 0,                                                                              \
      (int16_t, int16_t, int16_t, int16_t, double *, double *, double *, double *))

/* 0 is failure. */
#define GRAT__PICO_OLD(X)                                                                                              \
    X(open_unit, "_open_unit", 1, int16_t, (void))                                                                     \
    X(close_unit, "_close_unit", 1, int16_t, (int16_t))                                                                \
    X(get_unit_info, "_get_unit_info", 1, int16_t, (int16_t, int8_t *, int16_t, int16_t))                              \
    X(flash_led, "_flash_led", 0, int16_t, (int16_t))                                                                  \
    X(set_channel, "_set_channel", 1, int16_t, (int16_t, int16_t, int16_t, int16_t, int16_t))                          \
    X(get_timebase, "_get_timebase", 1, int16_t,                                                                       \
      (int16_t, int16_t, int32_t, int32_t *, int16_t *, int16_t, int32_t *))                                           \
    X(set_trigger, "_set_trigger", 1, int16_t, (int16_t, int16_t, int16_t, int16_t, int16_t, int16_t))                 \
    X(set_trigger2, "_set_trigger2", 0, int16_t, (int16_t, int16_t, int16_t, int16_t, float, int16_t))                 \
    X(run_block, "_run_block", 1, int16_t, (int16_t, int32_t, int16_t, int16_t, int32_t *))                            \
    X(ready, "_ready", 1, int16_t, (int16_t))                                                                          \
    X(get_values, "_get_values", 1, int32_t,                                                                           \
      (int16_t, int16_t *, int16_t *, int16_t *, int16_t *, int16_t *, int32_t))                                       \
    X(get_times_and_values, "_get_times_and_values", 0, int32_t,                                                       \
      (int16_t, int32_t *, int16_t *, int16_t *, int16_t *, int16_t *, int16_t *, int16_t, int32_t))                   \
    X(set_ets, "_set_ets", 0, int32_t, (int16_t, int16_t, int16_t, int16_t))                                           \
    X(run_streaming_ns, "_run_streaming_ns", 0, int16_t,                                                               \
      (int16_t, uint32_t, int32_t, uint32_t, int16_t, uint32_t, uint32_t))                                             \
    X(get_streaming_last_values, "_get_streaming_last_values", 0, int16_t, (int16_t, grat__pico_old_ready))            \
    X(overview_buffer_status, "_overview_buffer_status", 0, int16_t, (int16_t, int16_t *))                             \
    X(Properties, "SetAdvTriggerChannelProperties", 0, int16_t, (int16_t, void *, int16_t, int32_t))                   \
    X(Conditions, "SetAdvTriggerChannelConditions", 0, int16_t, (int16_t, void *, int16_t))                            \
    X(Directions, "SetAdvTriggerChannelDirections", 0, int16_t,                                                        \
      (int16_t, int32_t, int32_t, int32_t, int32_t, int32_t))                                                          \
    X(TriggerDelay, "SetAdvTriggerDelay", 0, int16_t, (int16_t, uint32_t, float))                                      \
    X(Width, "SetPulseWidthQualifier", 0, int16_t,                                                                     \
      (int16_t, void *, int16_t, int32_t, uint32_t, uint32_t, int32_t))                                                \
    X(stop, "_stop", 1, int16_t, (int16_t))                                                                            \
    X(set_siggen, "_set_siggen", 0, int32_t,                                                                           \
      (int16_t, int16_t, int32_t, int32_t, float, int16_t, int16_t, int16_t))                                          \
    X(set_sig_gen_built_in, "_set_sig_gen_built_in", 0, int16_t,                                                       \
      (int16_t, int32_t, uint32_t, int32_t, float, float, float, float, int32_t, uint32_t))                            \
    X(set_sig_gen_arbitrary, "_set_sig_gen_arbitrary", 0, int16_t,                                                     \
      (int16_t, int32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint8_t *, int32_t, int32_t, uint32_t))

#define GRAT__PICO_MEMBER(member, name, mandatory, args) uint32_t(*member) args;
#define GRAT__PICO_OLD_MEMBER(member, name, mandatory, type, args) type(*member) args;
typedef struct grat__pico_shared {
    GRAT__PICO_SHARED(GRAT__PICO_MEMBER)
} grat__pico_shared;
typedef struct grat__pico_common {
    GRAT__PICO_COMMON(GRAT__PICO_MEMBER)
} grat__pico_common;
typedef struct grat__pico_narrow {
    GRAT__PICO_NARROW(GRAT__PICO_MEMBER)
} grat__pico_narrow;
typedef struct grat__pico_wide {
    GRAT__PICO_WIDE(GRAT__PICO_MEMBER)
} grat__pico_wide;
typedef struct grat__pico_classic {
    GRAT__PICO_CLASSIC(GRAT__PICO_MEMBER)
} grat__pico_classic;
typedef struct grat__pico_modern {
    GRAT__PICO_MODERN(GRAT__PICO_MEMBER)
} grat__pico_modern;
typedef struct grat__pico_old {
    GRAT__PICO_OLD(GRAT__PICO_OLD_MEMBER)
} grat__pico_old;
#undef GRAT__PICO_MEMBER
#undef GRAT__PICO_OLD_MEMBER

#endif
