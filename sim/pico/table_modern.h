/* The calls of ps6000a (PICO_ID 6) and psospa (7), in the manner of table.h. */
#ifndef SIM_PICO_TABLE_MODERN_H
#define SIM_PICO_TABLE_MODERN_H

#include <stdint.h>

typedef void (*ps_block_ready)(int16_t handle, uint32_t status, void *user);

#if PICO_ID == 6
#define PS_DETAILS
#define PS_RANGE int32_t
#define PS_LEVELS int16_t *, int16_t, int32_t
#define PS_ROUND
#define PS_AUX int16_t,
#define PS_CLOCKS int16_t, int16_t,
#define PS_LIMITS double *, int16_t, double *, uint64_t *, double *, double *, double *, double *, double *
#define PS_LENGTH int32_t
#else
#define PS_DETAILS , void *
#define PS_RANGE int64_t, int64_t, int32_t
#define PS_LEVELS double
#define PS_ROUND uint8_t,
#define PS_AUX
#define PS_CLOCKS
#define PS_LIMITS double *, double *, double *, double *, double *, double *
#define PS_LENGTH uint64_t
#endif

#define PS_COMMON(ROW)                                                                                                 \
    ROW(CloseUnit, REAL, (int16_t))                                                                                    \
    ROW(EnumerateUnits, REAL, (int16_t *, int8_t *, int16_t *))                                                        \
    ROW(GetUnitInfo, REAL, (int16_t, int8_t *, int16_t, int16_t *, uint32_t))                                          \
    ROW(OpenUnit, REAL, (int16_t *, int8_t *, int32_t PS_DETAILS))                                                     \
    ROW(PingUnit, REAL, (int16_t))                                                                                     \
    ROW(Stop, REAL, (int16_t))                                                                                         \
    ROW(IsReady, REAL, (int16_t, int16_t *))                                                                           \
    ROW(MemorySegments, REAL, (int16_t, uint64_t, uint64_t *))                                                         \
    ROW(MemorySegmentsBySamples, REAL, (int16_t, uint64_t, uint64_t *))                                                \
    ROW(GetMaximumAvailableMemory, REAL, (int16_t, uint64_t *, int32_t))                                               \
    ROW(QueryMaxSegmentsBySamples, REAL, (int16_t, uint64_t, uint32_t, uint64_t *, int32_t))                           \
    ROW(SetChannelOn, REAL, (int16_t, int32_t, int32_t, PS_RANGE, double, int32_t))                                    \
    ROW(SetChannelOff, REAL, (int16_t, int32_t))                                                                       \
    ROW(SetDigitalPortOn, REAL, (int16_t, int32_t, PS_LEVELS))                                                         \
    ROW(SetDigitalPortOff, REAL, (int16_t, int32_t))                                                                   \
    ROW(GetTimebase, REAL, (int16_t, uint32_t, uint64_t, double *, uint64_t *, uint64_t))                              \
    ROW(GetMinimumTimebaseStateless, NO, (int16_t, uint32_t, uint32_t *, double *, int32_t))                           \
    ROW(NearestSampleIntervalStateless, REAL,                                                                          \
        (int16_t, uint32_t, double, PS_ROUND int32_t, uint32_t *, double *))                                           \
    ROW(SetDeviceResolution, REAL, (int16_t, int32_t))                                                                 \
    ROW(GetDeviceResolution, REAL, (int16_t, int32_t *))                                                               \
    ROW(GetAdcLimits, REAL, (int16_t, int32_t, int16_t *, int16_t *))                                                  \
    ROW(GetScalingValues, NO, (int16_t, void *, int16_t))                                                              \
    ROW(GetAnalogueOffsetLimits, REAL, (int16_t, PS_RANGE, int32_t, double *, double *))                               \
    ROW(SetSimpleTrigger, REAL, (int16_t, int16_t, int32_t, int16_t, int32_t, uint64_t, uint32_t))                     \
    ROW(SetTriggerChannelProperties, REAL, (int16_t, void *, int16_t, PS_AUX uint32_t))                                \
    ROW(SetTriggerChannelConditions, REAL, (int16_t, void *, int16_t, int32_t))                                        \
    ROW(SetTriggerChannelDirections, REAL, (int16_t, void *, int16_t))                                                 \
    ROW(SetTriggerDelay, REAL, (int16_t, uint64_t))                                                                    \
    ROW(SetPulseWidthQualifierProperties, REAL, (int16_t, uint32_t, uint32_t, int32_t))                                \
    ROW(SetPulseWidthQualifierConditions, REAL, (int16_t, void *, int16_t, int32_t))                                   \
    ROW(SetPulseWidthQualifierDirections, REAL, (int16_t, void *, int16_t))                                            \
    ROW(SetTriggerDigitalPortProperties, REAL, (int16_t, int32_t, void *, int16_t))                                    \
    ROW(SetPulseWidthDigitalPortProperties, NO, (int16_t, int32_t, void *, int16_t))                                   \
    ROW(TriggerWithinPreTriggerSamples, NO, (int16_t, int32_t))                                                        \
    ROW(GetTriggerTimeOffset, REAL, (int16_t, int64_t *, int32_t *, uint64_t))                                         \
    ROW(GetValuesTriggerTimeOffsetBulk, REAL, (int16_t, int64_t *, int32_t *, uint64_t, uint64_t))                     \
    ROW(GetTriggerInfo, REAL, (int16_t, void *, uint64_t, uint64_t))                                                   \
    ROW(SetDataBuffer, REAL, (int16_t, int32_t, void *, PS_LENGTH, int32_t, uint64_t, int32_t, int32_t))               \
    ROW(SetDataBuffers, REAL, (int16_t, int32_t, void *, void *, PS_LENGTH, int32_t, uint64_t, int32_t, int32_t))      \
    ROW(RunBlock, REAL, (int16_t, uint64_t, uint64_t, uint32_t, double *, uint64_t, ps_block_ready, void *))           \
    ROW(GetValues, REAL, (int16_t, uint64_t, uint64_t *, uint64_t, int32_t, uint64_t, int16_t *))                      \
    ROW(GetValuesBulk, REAL, (int16_t, uint64_t, uint64_t *, uint64_t, uint64_t, uint64_t, int32_t, int16_t *))        \
    ROW(GetValuesAsync, NO, (int16_t, uint64_t, uint64_t, uint64_t, int32_t, uint64_t, void *, void *))                \
    ROW(GetValuesBulkAsync, NO, (int16_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, int32_t, void *, void *))  \
    ROW(GetValuesOverlapped, NO, (int16_t, uint64_t, uint64_t *, uint64_t, int32_t, uint64_t, uint64_t, int16_t *))    \
    ROW(StopUsingGetValuesOverlapped, NOP, (int16_t))                                                                  \
    ROW(SetNoOfCaptures, REAL, (int16_t, uint64_t))                                                                    \
    ROW(GetNoOfCaptures, REAL, (int16_t, uint64_t *))                                                                  \
    ROW(GetNoOfProcessedCaptures, REAL, (int16_t, uint64_t *))                                                         \
    ROW(RunStreaming, REAL, (int16_t, double *, int32_t, uint64_t, uint64_t, int16_t, uint64_t, int32_t))              \
    ROW(GetStreamingLatestValues, REAL, (int16_t, void *, uint64_t, void *))                                           \
    ROW(NoOfStreamingValues, REAL, (int16_t, uint64_t *))                                                              \
    ROW(SigGenWaveform, REAL, (int16_t, int32_t, int16_t *, uint64_t))                                                 \
    ROW(SigGenRange, REAL, (int16_t, double, double))                                                                  \
    ROW(SigGenWaveformDutyCycle, NOP, (int16_t, double))                                                               \
    ROW(SigGenTrigger, REAL, (int16_t, int32_t, int32_t, uint64_t, uint64_t))                                          \
    ROW(SigGenFrequency, REAL, (int16_t, double))                                                                      \
    ROW(SigGenFrequencySweep, REAL, (int16_t, double, double, double, int32_t))                                        \
    ROW(SigGenPhase, NO, (int16_t, uint64_t))                                                                          \
    ROW(SigGenPhaseSweep, NO, (int16_t, uint64_t, uint64_t, uint64_t, int32_t))                                        \
    ROW(SigGenSoftwareTriggerControl, REAL, (int16_t, int32_t))                                                        \
    ROW(SigGenApply, REAL,                                                                                             \
        (int16_t, int16_t, int16_t, int16_t, PS_CLOCKS double *, double *, double *, double *))                        \
    ROW(SigGenLimits, NO, (int16_t, int32_t, double *, double *, double *))                                            \
    ROW(SigGenFrequencyLimits, NO, (int16_t, int32_t, uint64_t *, PS_LIMITS))                                          \
    ROW(SigGenPause, NO, (int16_t))                                                                                    \
    ROW(SigGenRestart, NO, (int16_t))                                                                                  \
    ROW(QueryOutputEdgeDetect, NO, (int16_t, int16_t *))                                                               \
    ROW(SetOutputEdgeDetect, NO, (int16_t, int16_t))                                                                   \
    ROW(ResetChannelsAndReportAllChannelsOvervoltageTripStatus, NO, (int16_t, void *, uint8_t))                        \
    ROW(ReportAllChannelsOvervoltageTripStatus, NO, (int16_t, void *, uint8_t))                                        \
    ROW(CheckForUpdate, NO, (int16_t, void *, int16_t *, uint16_t *))                                                  \
    ROW(StartFirmwareUpdate, NO, (int16_t, void *))                                                                    \
    ROW(SetAuxIoMode, NOP, (int16_t, int32_t))

#if PICO_ID == 6
#define PS_OWN(ROW)                                                                                                    \
    ROW(FlashLed, REAL, (int16_t, int16_t))                                                                            \
    ROW(OpenUnitAsync, NO, (int16_t *, int8_t *, int32_t))                                                             \
    ROW(OpenUnitProgress, NO, (int16_t *, int16_t *, int16_t *))                                                       \
    ROW(ChannelCombinationsStateless, NO, (int16_t, uint32_t *, uint32_t *, int32_t, uint32_t))                        \
    ROW(SigGenFilter, NOP, (int16_t, int32_t))                                                                         \
    ROW(SigGenClockManual, NO, (int16_t, double, uint64_t))                                                            \
    ROW(SetProbeInteractionCallback, NOP, (int16_t, void *))                                                           \
    ROW(SetExternalReferenceInteractionCallback, NOP, (int16_t, void *))                                               \
    ROW(SetAWGOverrangeInteractionCallback, NOP, (int16_t, void *))                                                    \
    ROW(SetTemperatureSensorInteractionCallback, NOP, (int16_t, void *))                                               \
    ROW(SetDigitalPortInteractionCallback, NOP, (int16_t, void *))                                                     \
    ROW(GetScopeState, NO, (int16_t, int32_t *))                                                                       \
    ROW(GetAccessoryInfo, NO, (int16_t, int32_t, int8_t *, int16_t, int16_t *, uint32_t))
#else
#define PS_OWN(ROW)                                                                                                    \
    ROW(SetTriggerHoldoffCounterBySamples, NO, (int16_t, uint64_t))                                                    \
    ROW(SetLedColours, NO, (int16_t, void *, uint32_t))                                                                \
    ROW(SetLedBrightness, NO, (int16_t, uint8_t))                                                                      \
    ROW(SetLedStates, NO, (int16_t, void *, uint32_t))                                                                 \
    ROW(GetVariantDetails, NO, (int16_t, int8_t *, int16_t, int8_t *, int32_t *, int32_t))
#endif

#endif
