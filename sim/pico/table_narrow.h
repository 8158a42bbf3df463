/* The calls of ps4000 and ps5000 (PICO_ID 1, ps5000 with PICO_BARE), in the manner of table.h. */
#ifndef SIM_PICO_TABLE_NARROW_H
#define SIM_PICO_TABLE_NARROW_H

#include <stdint.h>

#define PS_SEGMENT uint16_t
#define PS_COUNT int32_t
#define PS_WAVE int16_t
#define PS_OPERATION int16_t
#define PS_MODE int16_t
#ifdef PICO_ps5000
#define PICO_BARE 1
#endif
#define PS_HZ float
typedef void (*ps_block_ready)(int16_t handle, uint32_t status, void *user);
typedef void (*ps_streaming_ready)(int16_t handle, int32_t samples, uint32_t start, int16_t overflow,
                                   uint32_t trigger_at, int16_t triggered, int16_t auto_stop, void *user);

#define PS_COMMON(ROW)                                                                                                 \
    ROW(OpenUnit, REAL, (int16_t *))                                                                                   \
    ROW(OpenUnitAsync, NO, (int16_t *))                                                                                \
    ROW(OpenUnitProgress, NO, (int16_t *, int16_t *, int16_t *))                                                       \
    ROW(GetUnitInfo, REAL, (int16_t, int8_t *, int16_t, int16_t *, uint32_t))                                          \
    ROW(FlashLed, REAL, (int16_t, int16_t))                                                                            \
    ROW(IsLedFlashing, REAL, (int16_t, int16_t *))                                                                     \
    ROW(CloseUnit, REAL, (int16_t))                                                                                    \
    ROW(PingUnit, REAL, (int16_t))                                                                                     \
    ROW(MemorySegments, REAL, (int16_t, uint16_t, int32_t *))                                                          \
    ROW(SetChannel, REAL, (int16_t, int32_t, int16_t, int16_t, int32_t))                                               \
    ROW(SetNoOfCaptures, REAL, (int16_t, uint16_t))                                                                    \
    ROW(GetTimebase, REAL, (int16_t, uint32_t, int32_t, int32_t *, int16_t, int32_t *, uint16_t))                      \
    ROW(GetTimebase2, REAL, (int16_t, uint32_t, int32_t, float *, int16_t, int32_t *, uint16_t))                       \
    ROW(SetSimpleTrigger, REAL, (int16_t, int16_t, int32_t, int16_t, int32_t, uint32_t, int16_t))                      \
    ROW(SetTriggerDelay, REAL, (int16_t, uint32_t))                                                                    \
    ROW(SetTriggerChannelProperties, REAL, (int16_t, void *, int16_t, int16_t, int32_t))                               \
    ROW(SetTriggerChannelConditions, REAL, (int16_t, void *, int16_t))                                                 \
    ROW(SetTriggerChannelDirections, REAL, (int16_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t))            \
    ROW(SetPulseWidthQualifier, REAL, (int16_t, void *, int16_t, int32_t, uint32_t, uint32_t, int32_t))                \
    ROW(IsTriggerOrPulseWidthQualifierEnabled, REAL, (int16_t, int16_t *, int16_t *))                                  \
    ROW(GetTriggerTimeOffset, REAL, (int16_t, uint32_t *, uint32_t *, int32_t *, uint16_t))                            \
    ROW(GetTriggerTimeOffset64, REAL, (int16_t, int64_t *, int32_t *, uint16_t))                                       \
    ROW(GetValuesTriggerTimeOffsetBulk, REAL, (int16_t, uint32_t *, uint32_t *, int32_t *, uint16_t, uint16_t))        \
    ROW(GetValuesTriggerTimeOffsetBulk64, REAL, (int16_t, int64_t *, int32_t *, uint16_t, uint16_t))                   \
    ROW(SetDataBuffer, REAL, (int16_t, int32_t, int16_t *, int32_t))                                                   \
    ROW(SetDataBuffers, REAL, (int16_t, int32_t, int16_t *, int16_t *, int32_t))                                       \
    ROW(SetDataBufferBulk, REAL, (int16_t, int32_t, int16_t *, int32_t, uint16_t))                                     \
    ROW(SetEts, REAL, (int16_t, int32_t, int16_t, int16_t, int32_t *))                                                 \
    ROW(SetEtsTimeBuffer, REAL, (int16_t, int64_t *, int32_t))                                                         \
    ROW(SetEtsTimeBuffers, REAL, (int16_t, uint32_t *, uint32_t *, int32_t))                                           \
    ROW(RunBlock, REAL, (int16_t, int32_t, int32_t, uint32_t, int16_t, int32_t *, uint16_t, ps_block_ready, void *))   \
    ROW(IsReady, REAL, (int16_t, int16_t *))                                                                           \
    ROW(RunStreaming, REAL, (int16_t, uint32_t *, int32_t, uint32_t, uint32_t, int16_t, uint32_t, uint32_t))           \
    ROW(GetStreamingLatestValues, REAL, (int16_t, ps_streaming_ready, void *))                                         \
    ROW(NoOfStreamingValues, REAL, (int16_t, uint32_t *))                                                              \
    ROW(GetMaxDownSampleRatio, REAL, (int16_t, uint32_t, uint32_t *, int16_t, uint16_t))                               \
    ROW(GetValues, REAL, (int16_t, uint32_t, uint32_t *, uint32_t, int16_t, uint16_t, int16_t *))                      \
    ROW(GetValuesBulk, REAL, (int16_t, uint32_t *, uint16_t, uint16_t, int16_t *))                                     \
    ROW(GetValuesAsync, NO, (int16_t, uint32_t, uint32_t, uint32_t, int16_t, uint16_t, void *, void *))                \
    ROW(Stop, REAL, (int16_t))                                                                                         \
    ROW(SigGenFrequencyToPhase, REAL, (int16_t, double, int32_t, uint32_t, uint32_t *))                                \
    ROW(SigGenArbitraryMinMaxValues, REAL, (int16_t, int16_t *, int16_t *, uint32_t *, uint32_t *))                    \
    ROW(SigGenSoftwareControl, REAL, (int16_t, int16_t))                                                               \
    ROW(SetSigGenBuiltIn, REAL,                                                                                        \
        (int16_t, int32_t, uint32_t, int16_t, float, float, float, float, int32_t, int16_t, uint32_t, uint32_t,        \
         int32_t, int32_t, int16_t))                                                                                   \
    ROW(SetSigGenArbitrary, REAL,                                                                                      \
        (int16_t, int32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, int16_t *, int32_t, int32_t,              \
         int16_t, int32_t, uint32_t, uint32_t, int32_t, int32_t, int16_t))
#ifdef PICO_ps5000
#define PS_OWN(ROW)                                                                                                    \
    ROW(SetSigGenBuiltInV2, REAL,                                                                                      \
        (int16_t, int32_t, uint32_t, int16_t, double, double, double, double, int32_t, int16_t, uint32_t, uint32_t,    \
         int32_t, int32_t, int16_t))
#else
#define PS_OWN(ROW)                                                                                                    \
    ROW(OpenUnitEx, REAL, (int16_t *, int8_t *))                                                                       \
    ROW(OpenUnitAsyncEx, NO, (int16_t *, int8_t *))                                                                    \
    ROW(EnumerateUnits, REAL, (int16_t *, int8_t *, int16_t *))                                                        \
    ROW(GetNoOfCaptures, REAL, (int16_t, uint16_t *))                                                                  \
    ROW(GetChannelInformation, REAL, (int16_t, int32_t, int32_t, int32_t *, int32_t *, int32_t))                       \
    ROW(SetExtTriggerRange, REAL, (int16_t, int32_t))                                                                  \
    ROW(TriggerWithinPreTriggerSamples, NO, (int16_t, int16_t))                                                        \
    ROW(HoldOff, NOP, (int16_t, uint64_t, int32_t))                                                                    \
    ROW(GetTriggerChannelTimeOffset, NO, (int16_t, uint32_t *, uint32_t *, int32_t *, uint16_t, int32_t))              \
    ROW(GetTriggerChannelTimeOffset64, NO, (int16_t, int64_t *, int32_t *, uint16_t, int32_t))                         \
    ROW(GetValuesTriggerChannelTimeOffsetBulk, NO,                                                                     \
        (int16_t, uint32_t *, uint32_t *, int32_t *, uint16_t, uint16_t, int32_t))                                     \
    ROW(GetValuesTriggerChannelTimeOffsetBulk64, NO, (int16_t, int64_t *, int32_t *, uint16_t, uint16_t, int32_t))     \
    ROW(SetDataBufferWithMode, REAL, (int16_t, int32_t, int16_t *, int32_t, int32_t))                                  \
    ROW(SetDataBuffersWithMode, REAL, (int16_t, int32_t, int16_t *, int16_t *, int32_t, int32_t))                      \
    ROW(RunStreamingEx, REAL,                                                                                          \
        (int16_t, uint32_t *, int32_t, uint32_t, uint32_t, int16_t, uint32_t, int16_t, uint32_t))                      \
    ROW(SetProbe, NO, (int16_t, int32_t, int32_t))                                                                     \
    ROW(GetProbe, NO, (int16_t, int32_t *))                                                                            \
    ROW(SetFrequencyCounter, NO, (int16_t, int32_t, int16_t, int32_t, int16_t, int16_t))                               \
    ROW(SetBwFilter, REAL, (int16_t, int32_t, int16_t))                                                                \
    ROW(SigGenOff, REAL, (int16_t))
#endif

#endif
