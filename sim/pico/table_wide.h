/* The calls of ps6000 (PICO_ID 3 with PICO_WIDE: it is most like ps3000a), in the manner of table.h. The vendor's
 * streaming callback has its count without a sign. */
#ifndef SIM_PICO_TABLE_WIDE_H
#define SIM_PICO_TABLE_WIDE_H

#include <stdint.h>

#define PS_SEGMENT uint32_t
#define PS_COUNT uint32_t
#define PS_WAVE int16_t
#define PS_OPERATION int32_t
#define PS_MODE int32_t
#define PS_HZ float
typedef void (*ps_block_ready)(int16_t handle, uint32_t status, void *user);
typedef void (*ps_streaming_ready)(int16_t handle, int32_t samples, uint32_t start, int16_t overflow,
                                   uint32_t trigger_at, int16_t triggered, int16_t auto_stop, void *user);

#define PS_COMMON(ROW)                                                                                                 \
    ROW(OpenUnit, REAL, (int16_t *, int8_t *))                                                                         \
    ROW(OpenUnitAsync, NO, (int16_t *, int8_t *))                                                                      \
    ROW(OpenUnitProgress, NO, (int16_t *, int16_t *, int16_t *))                                                       \
    ROW(GetUnitInfo, REAL, (int16_t, int8_t *, int16_t, int16_t *, uint32_t))                                          \
    ROW(FlashLed, REAL, (int16_t, int16_t))                                                                            \
    ROW(CloseUnit, REAL, (int16_t))                                                                                    \
    ROW(EnumerateUnits, REAL, (int16_t *, int8_t *, int16_t *))                                                        \
    ROW(PingUnit, REAL, (int16_t))                                                                                     \
    ROW(MemorySegments, REAL, (int16_t, uint32_t, uint32_t *))                                                         \
    ROW(SetChannel, REAL, (int16_t, int32_t, int16_t, int32_t, int32_t, float, int32_t))                               \
    ROW(GetAnalogueOffset, REAL, (int16_t, int32_t, int32_t, float *, float *))                                        \
    ROW(GetTimebase, REAL, (int16_t, uint32_t, uint32_t, int32_t *, int16_t, uint32_t *, uint32_t))                    \
    ROW(GetTimebase2, REAL, (int16_t, uint32_t, uint32_t, float *, int16_t, uint32_t *, uint32_t))                     \
    ROW(SetNoOfCaptures, REAL, (int16_t, uint32_t))                                                                    \
    ROW(GetNoOfCaptures, REAL, (int16_t, uint32_t *))                                                                  \
    ROW(GetNoOfProcessedCaptures, REAL, (int16_t, uint32_t *))                                                         \
    ROW(SetSimpleTrigger, REAL, (int16_t, int16_t, int32_t, int16_t, int32_t, uint32_t, int16_t))                      \
    ROW(SetTriggerDelay, REAL, (int16_t, uint32_t))                                                                    \
    ROW(SetTriggerChannelProperties, REAL, (int16_t, void *, int16_t, int16_t, int32_t))                               \
    ROW(SetTriggerChannelConditions, REAL, (int16_t, void *, int16_t))                                                 \
    ROW(SetTriggerChannelDirections, REAL, (int16_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t))            \
    ROW(SetPulseWidthQualifier, REAL, (int16_t, void *, int16_t, int32_t, uint32_t, uint32_t, int32_t))                \
    ROW(IsTriggerOrPulseWidthQualifierEnabled, REAL, (int16_t, int16_t *, int16_t *))                                  \
    ROW(GetTriggerTimeOffset, REAL, (int16_t, uint32_t *, uint32_t *, int32_t *, uint32_t))                            \
    ROW(GetTriggerTimeOffset64, REAL, (int16_t, int64_t *, int32_t *, uint32_t))                                       \
    ROW(GetValuesTriggerTimeOffsetBulk, REAL, (int16_t, uint32_t *, uint32_t *, int32_t *, uint32_t, uint32_t))        \
    ROW(GetValuesTriggerTimeOffsetBulk64, REAL, (int16_t, int64_t *, int32_t *, uint32_t, uint32_t))                   \
    ROW(GetTriggerInfoBulk, REAL, (int16_t, void *, uint32_t, uint32_t))                                               \
    ROW(SetDataBuffer, REAL, (int16_t, int32_t, int16_t *, uint32_t, int32_t))                                         \
    ROW(SetDataBuffers, REAL, (int16_t, int32_t, int16_t *, int16_t *, uint32_t, int32_t))                             \
    ROW(SetDataBufferBulk, REAL, (int16_t, int32_t, int16_t *, uint32_t, uint32_t, int32_t))                           \
    ROW(SetDataBuffersBulk, REAL, (int16_t, int32_t, int16_t *, int16_t *, uint32_t, uint32_t, int32_t))               \
    ROW(SetEts, REAL, (int16_t, int32_t, int16_t, int16_t, int32_t *))                                                 \
    ROW(SetEtsTimeBuffer, REAL, (int16_t, int64_t *, uint32_t))                                                        \
    ROW(SetEtsTimeBuffers, REAL, (int16_t, uint32_t *, uint32_t *, uint32_t))                                          \
    ROW(RunBlock, REAL,                                                                                                \
        (int16_t, uint32_t, uint32_t, uint32_t, int16_t, int32_t *, uint32_t, ps_block_ready, void *))                 \
    ROW(IsReady, REAL, (int16_t, int16_t *))                                                                           \
    ROW(RunStreaming, REAL,                                                                                            \
        (int16_t, uint32_t *, int32_t, uint32_t, uint32_t, int16_t, uint32_t, int32_t, uint32_t))                      \
    ROW(GetStreamingLatestValues, REAL, (int16_t, ps_streaming_ready, void *))                                         \
    ROW(NoOfStreamingValues, REAL, (int16_t, uint32_t *))                                                              \
    ROW(GetMaxDownSampleRatio, REAL, (int16_t, uint32_t, uint32_t *, int32_t, uint32_t))                               \
    ROW(GetValues, REAL, (int16_t, uint32_t, uint32_t *, uint32_t, int32_t, uint32_t, int16_t *))                      \
    ROW(GetValuesBulk, REAL, (int16_t, uint32_t *, uint32_t, uint32_t, uint32_t, int32_t, int16_t *))                  \
    ROW(GetValuesAsync, NO, (int16_t, uint32_t, uint32_t, uint32_t, int32_t, uint32_t, void *, void *))                \
    ROW(GetValuesOverlapped, NO, (int16_t, uint32_t, uint32_t *, uint32_t, int32_t, uint32_t, int16_t *))              \
    ROW(GetValuesOverlappedBulk, NO,                                                                                   \
        (int16_t, uint32_t, uint32_t *, uint32_t, int32_t, uint32_t, uint32_t, int16_t *))                             \
    ROW(GetValuesBulkAsyc, NO, (int16_t, uint32_t, uint32_t *, uint32_t, int32_t, uint32_t, uint32_t, int16_t *))      \
    ROW(Stop, REAL, (int16_t))                                                                                         \
    ROW(SetWaveformLimiter, NOP, (int16_t, uint32_t))                                                                  \
    ROW(SetExternalClock, NO, (int16_t, int32_t, int16_t))                                                             \
    ROW(QueryTemperatures, NO, (int16_t, int32_t *, float *))                                                          \
    ROW(QueryOutputEdgeDetect, NO, (int16_t, int16_t *))                                                               \
    ROW(SetOutputEdgeDetect, NO, (int16_t, int16_t))                                                                   \
    ROW(SigGenFrequencyToPhase, REAL, (int16_t, double, int32_t, uint32_t, uint32_t *))                                \
    ROW(SigGenArbitraryMinMaxValues, REAL, (int16_t, int16_t *, int16_t *, uint32_t *, uint32_t *))                    \
    ROW(SigGenSoftwareControl, REAL, (int16_t, int16_t))                                                               \
    ROW(SetSigGenBuiltIn, REAL,                                                                                        \
        (int16_t, int32_t, uint32_t, int16_t, float, float, float, float, int32_t, int32_t, uint32_t, uint32_t,        \
         int32_t, int32_t, int16_t))                                                                                   \
    ROW(SetSigGenBuiltInV2, REAL,                                                                                      \
        (int16_t, int32_t, uint32_t, int16_t, double, double, double, double, int32_t, int32_t, uint32_t,              \
         uint32_t, int32_t, int32_t, int16_t))                                                                         \
    ROW(SetSigGenArbitrary, REAL,                                                                                      \
        (int16_t, int32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, int16_t *, int32_t, int32_t,              \
         int32_t, int32_t, uint32_t, uint32_t, int32_t, int32_t, int16_t))                                             \
    ROW(SetSigGenPropertiesBuiltIn, NO,                                                                                \
        (int16_t, int32_t, uint32_t, double, double, double, double, int32_t, uint32_t, uint32_t, int32_t,             \
         int32_t, int16_t))                                                                                            \
    ROW(SetSigGenPropertiesArbitrary, NO,                                                                              \
        (int16_t, int32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, int32_t, uint32_t, uint32_t,              \
         int32_t, int32_t, int16_t))
#define PS_OWN(ROW)

#endif
