/* The calls of the PicoScope libraries with four names for one interface: ps2000a, ps3000a, ps4000a, ps5000a.
 * ROW(name, how, (argument types)); every call returns a PICO_STATUS. `how`: REAL is simulated, NOP is accepted without
 * effect, NO is refused with NOT_SUPPORTED_BY_THIS_DEVICE. Structs are void * here. Facts:
 * docs/reference/picoscope.md. PICO_ID is 2, 3, 4 or 5. */
#ifndef SIM_PICO_TABLE_H
#define SIM_PICO_TABLE_H

#include <stdint.h>

typedef void (*ps_block_ready)(int16_t handle, uint32_t status, void *user);
typedef void (*ps_streaming_ready)(int16_t handle, int32_t samples, uint32_t start, int16_t overflow,
                                   uint32_t trigger_at, int16_t triggered, int16_t auto_stop, void *user);

#define PS_SEGMENT uint32_t
#define PS_COUNT int32_t
#define PS_OPERATION int32_t
#define PS_MODE int32_t
#if PICO_ID <= 3
#define PS_OVERSAMPLE int16_t,
#define PS_WAVE int16_t
#else
#define PS_OVERSAMPLE
#define PS_WAVE int32_t
#endif
#if PICO_ID == 5
#define PS_RESOLUTION , int32_t
#else
#define PS_RESOLUTION
#endif
#if PICO_ID == 4
#define PS_HZ double
#else
#define PS_HZ float
#endif
#define PS_SWEEP_TAIL int32_t, int32_t, uint32_t, uint32_t, int32_t, int32_t, int16_t

#define PS_COMMON(ROW)                                                                                                 \
    ROW(CloseUnit, REAL, (int16_t))                                                                                    \
    ROW(EnumerateUnits, REAL, (int16_t *, int8_t *, int16_t *))                                                        \
    ROW(FlashLed, REAL, (int16_t, int16_t))                                                                            \
    ROW(GetAnalogueOffset, REAL, (int16_t, int32_t, int32_t, float *, float *))                                        \
    ROW(GetChannelInformation, REAL, (int16_t, int32_t, int32_t, int32_t *, int32_t *, int32_t))                       \
    ROW(GetMaxDownSampleRatio, REAL, (int16_t, uint32_t, uint32_t *, int32_t, uint32_t))                               \
    ROW(GetMaxSegments, REAL, (int16_t, uint32_t *))                                                                   \
    ROW(GetNoOfCaptures, REAL, (int16_t, uint32_t *))                                                                  \
    ROW(GetNoOfProcessedCaptures, REAL, (int16_t, uint32_t *))                                                         \
    ROW(GetStreamingLatestValues, REAL, (int16_t, ps_streaming_ready, void *))                                         \
    ROW(GetTimebase, REAL, (int16_t, uint32_t, int32_t, int32_t *, PS_OVERSAMPLE int32_t *, uint32_t))                 \
    ROW(GetTimebase2, REAL, (int16_t, uint32_t, int32_t, float *, PS_OVERSAMPLE int32_t *, uint32_t))                  \
    ROW(GetTriggerTimeOffset, REAL, (int16_t, uint32_t *, uint32_t *, int32_t *, uint32_t))                            \
    ROW(GetTriggerTimeOffset64, REAL, (int16_t, int64_t *, int32_t *, uint32_t))                                       \
    ROW(GetUnitInfo, REAL, (int16_t, int8_t *, int16_t, int16_t *, uint32_t))                                          \
    ROW(GetValues, REAL, (int16_t, uint32_t, uint32_t *, uint32_t, int32_t, uint32_t, int16_t *))                      \
    ROW(GetValuesAsync, NO, (int16_t, uint32_t, uint32_t, uint32_t, int32_t, uint32_t, void *, void *))                \
    ROW(GetValuesBulk, REAL, (int16_t, uint32_t *, uint32_t, uint32_t, uint32_t, int32_t, int16_t *))                  \
    ROW(GetValuesOverlapped, NO, (int16_t, uint32_t, uint32_t *, uint32_t, int32_t, uint32_t, int16_t *))              \
    ROW(GetValuesOverlappedBulk, NO,                                                                                   \
        (int16_t, uint32_t, uint32_t *, uint32_t, int32_t, uint32_t, uint32_t, int16_t *))                             \
    ROW(GetValuesTriggerTimeOffsetBulk, REAL, (int16_t, uint32_t *, uint32_t *, int32_t *, uint32_t, uint32_t))        \
    ROW(GetValuesTriggerTimeOffsetBulk64, REAL, (int16_t, int64_t *, int32_t *, uint32_t, uint32_t))                   \
    ROW(IsReady, REAL, (int16_t, int16_t *))                                                                           \
    ROW(IsTriggerOrPulseWidthQualifierEnabled, REAL, (int16_t, int16_t *, int16_t *))                                  \
    ROW(MaximumValue, REAL, (int16_t, int16_t *))                                                                      \
    ROW(MemorySegments, REAL, (int16_t, uint32_t, int32_t *))                                                          \
    ROW(MinimumValue, REAL, (int16_t, int16_t *))                                                                      \
    ROW(NoOfStreamingValues, REAL, (int16_t, uint32_t *))                                                              \
    ROW(OpenUnit, REAL, (int16_t *, int8_t *PS_RESOLUTION))                                                            \
    ROW(OpenUnitAsync, NO, (int16_t *, int8_t *PS_RESOLUTION))                                                         \
    ROW(OpenUnitProgress, NO, (int16_t *, int16_t *, int16_t *))                                                       \
    ROW(PingUnit, REAL, (int16_t))                                                                                     \
    ROW(QueryOutputEdgeDetect, NO, (int16_t, int16_t *))                                                               \
    ROW(RunBlock, REAL,                                                                                                \
        (int16_t, int32_t, int32_t, uint32_t, PS_OVERSAMPLE int32_t *, uint32_t, ps_block_ready, void *))              \
    ROW(RunStreaming, REAL,                                                                                            \
        (int16_t, uint32_t *, int32_t, uint32_t, uint32_t, int16_t, uint32_t, int32_t, uint32_t))                      \
    ROW(SetChannel, REAL, (int16_t, int32_t, int16_t, int32_t, int32_t, float))                                        \
    ROW(SetDataBuffer, REAL, (int16_t, int32_t, int16_t *, int32_t, uint32_t, int32_t))                                \
    ROW(SetDataBuffers, REAL, (int16_t, int32_t, int16_t *, int16_t *, int32_t, uint32_t, int32_t))                    \
    ROW(SetEts, REAL, (int16_t, int32_t, int16_t, int16_t, int32_t *))                                                 \
    ROW(SetEtsTimeBuffer, REAL, (int16_t, int64_t *, int32_t))                                                         \
    ROW(SetEtsTimeBuffers, REAL, (int16_t, uint32_t *, uint32_t *, int32_t))                                           \
    ROW(SetNoOfCaptures, REAL, (int16_t, uint32_t))                                                                    \
    ROW(SetOutputEdgeDetect, NO, (int16_t, int16_t))                                                                   \
    ROW(SetSigGenArbitrary, REAL,                                                                                      \
        (int16_t, int32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, int16_t *, int32_t, int32_t, int32_t,     \
         int32_t, uint32_t, uint32_t, int32_t, int32_t, int16_t))                                                      \
    ROW(SetSigGenBuiltIn, REAL,                                                                                        \
        (int16_t, int32_t, uint32_t, PS_WAVE, PS_HZ, PS_HZ, PS_HZ, PS_HZ, PS_SWEEP_TAIL))                              \
    ROW(SetSigGenPropertiesArbitrary, NO,                                                                              \
        (int16_t, uint32_t, uint32_t, uint32_t, uint32_t, int32_t, uint32_t, uint32_t, int32_t, int32_t, int16_t))     \
    ROW(SetSigGenPropertiesBuiltIn, NO,                                                                                \
        (int16_t, double, double, double, double, int32_t, uint32_t, uint32_t, int32_t, int32_t, int16_t))             \
    ROW(SetSimpleTrigger, REAL, (int16_t, int16_t, int32_t, int16_t, int32_t, uint32_t, int16_t))                      \
    ROW(SetTriggerDelay, REAL, (int16_t, uint32_t))                                                                    \
    ROW(SigGenArbitraryMinMaxValues, REAL, (int16_t, int16_t *, int16_t *, uint32_t *, uint32_t *))                    \
    ROW(SigGenFrequencyToPhase, REAL, (int16_t, double, int32_t, uint32_t, uint32_t *))                                \
    ROW(SigGenSoftwareControl, REAL, (int16_t, int16_t))                                                               \
    ROW(Stop, REAL, (int16_t))

#define PS_SIGGEN_V2(ROW)                                                                                              \
    ROW(SetSigGenBuiltInV2, REAL,                                                                                      \
        (int16_t, int32_t, uint32_t, PS_WAVE, double, double, double, double, PS_SWEEP_TAIL))
#define PS_DIGITAL(ROW)                                                                                                \
    ROW(SetDigitalPort, REAL, (int16_t, int32_t, int16_t, int16_t))                                                    \
    ROW(SetPulseWidthDigitalPortProperties, NO, (int16_t, void *, int16_t))                                            \
    ROW(SetTriggerDigitalPortProperties, REAL, (int16_t, void *, int16_t))                                             \
    ROW(GetScalingValues, NO, (int16_t, void *, int16_t))                                                              \
    ROW(SetUnscaledDataBuffers, REAL, (int16_t, int32_t, int8_t *, int8_t *, int32_t, uint32_t, int32_t))
#define PS_OLD_TRIGGER(ROW, HOW)                                                                                       \
    ROW(SetTriggerChannelConditions, HOW, (int16_t, void *, int16_t))                                                  \
    ROW(SetTriggerChannelDirections, HOW, (int16_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t))             \
    ROW(SetTriggerChannelProperties, HOW, (int16_t, void *, int16_t, int16_t, int32_t))                                \
    ROW(SetPulseWidthQualifier, HOW, (int16_t, void *, int16_t, int32_t, uint32_t, uint32_t, int32_t))
#define PS_POWER(ROW)                                                                                                  \
    ROW(ChangePowerSource, REAL, (int16_t, uint32_t))                                                                  \
    ROW(CurrentPowerSource, REAL, (int16_t))                                                                           \
    ROW(SetBandwidthFilter, REAL, (int16_t, int32_t, int32_t))
#define PS_FLEXIBLE(ROW)                                                                                               \
    ROW(GetDeviceResolution, REAL, (int16_t, int32_t *))                                                               \
    ROW(SetDeviceResolution, REAL, (int16_t, int32_t))                                                                 \
    ROW(GetMinimumTimebaseStateless, NO, (int16_t, uint32_t, uint32_t *, double *, int32_t))                           \
    ROW(NearestSampleIntervalStateless, NO, (int16_t, uint32_t, double, int32_t, uint16_t, uint32_t *, double *))      \
    ROW(IsLedFlashing, REAL, (int16_t, int16_t *))                                                                     \
    ROW(SetPulseWidthQualifierConditions, REAL, (int16_t, void *, int16_t, int32_t))

#if PICO_ID == 2
#define PS_OWN(ROW)                                                                                                    \
    PS_SIGGEN_V2(ROW) PS_DIGITAL(ROW) PS_OLD_TRIGGER(ROW, REAL)                                                        \
    ROW(HoldOff, NOP, (int16_t, uint64_t, int32_t))                                                                    \
    ROW(SetDigitalAnalogTriggerOperand, NO, (int16_t, int32_t))
#elif PICO_ID == 3
#define PS_OWN(ROW)                                                                                                    \
    PS_SIGGEN_V2(ROW) PS_DIGITAL(ROW) PS_OLD_TRIGGER(ROW, REAL) PS_POWER(ROW)                                          \
    ROW(HoldOff, NOP, (int16_t, uint64_t, int32_t))                                                                    \
    ROW(GetMaxEtsValues, REAL, (int16_t, int16_t *, int16_t *))                                                        \
    ROW(GetTriggerInfoBulk, REAL, (int16_t, void *, uint32_t, uint32_t))                                               \
    ROW(SetPulseWidthQualifierV2, REAL, (int16_t, void *, int16_t, int32_t, uint32_t, uint32_t, int32_t))              \
    ROW(SetTriggerChannelConditionsV2, REAL, (int16_t, void *, int16_t))
#elif PICO_ID == 4
#define PS_OWN(ROW)                                                                                                    \
    PS_POWER(ROW) PS_FLEXIBLE(ROW)                                                                                     \
    ROW(OpenUnitWithResolution, REAL, (int16_t *, int8_t *, int32_t))                                                  \
    ROW(OpenUnitAsyncWithResolution, NO, (int16_t *, int8_t *, int32_t))                                               \
    ROW(SetPulseWidthQualifierProperties, REAL, (int16_t, int32_t, uint32_t, uint32_t, int32_t))                       \
    ROW(SetTriggerChannelConditions, REAL, (int16_t, void *, int16_t, int32_t))                                        \
    ROW(SetTriggerChannelDirections, REAL, (int16_t, void *, int16_t))                                                 \
    ROW(SetTriggerChannelProperties, REAL, (int16_t, void *, int16_t, int16_t, int32_t))                               \
    ROW(SetFrequencyCounter, NO, (int16_t, int32_t, int16_t, int32_t, int16_t, int16_t))                               \
    ROW(SetChannelLed, NO, (int16_t, void *, uint16_t))                                                                \
    ROW(SetProbeInteractionCallback, NOP, (int16_t, void *))                                                           \
    ROW(GetCommonModeOverflow, NO, (int16_t, uint16_t *))                                                              \
    ROW(DeviceMetaData, NO, (int16_t, int8_t *, int32_t *, int32_t, int32_t, int32_t))                                 \
    ROW(GetString, NO, (int16_t, int32_t, int8_t *, int32_t *))                                                        \
    ROW(ApplyResistanceScaling, NO, (int16_t))                                                                         \
    ROW(CalibrateProbe, NO, (int16_t))                                                                                 \
    ROW(ConnectDetect, NO, (int16_t))                                                                                  \
    ROW(RegisterProbeLedColour, NO, (int16_t))                                                                         \
    ROW(SetCalibrationPins, NO, (int16_t))                                                                             \
    ROW(SetProbeLedColour, NO, (int16_t))                                                                              \
    ROW(SetProbeLedDefaults, NO, (int16_t))
#else
#define PS_OWN(ROW)                                                                                                    \
    PS_SIGGEN_V2(ROW) PS_DIGITAL(ROW) PS_OLD_TRIGGER(ROW, NO) PS_POWER(ROW) PS_FLEXIBLE(ROW)                           \
    ROW(ChannelCombinationsStateless, NO, (int16_t, uint32_t *, uint32_t *, int32_t, uint32_t, int16_t))               \
    ROW(CheckForUpdate, NO, (int16_t, void *, void *, uint16_t *))                                                     \
    ROW(StartFirmwareUpdate, NO, (int16_t, void *))                                                                    \
    ROW(GetTriggerInfoBulk, REAL, (int16_t, void *, uint32_t, uint32_t))                                               \
    ROW(SetAutoTriggerMicroSeconds, REAL, (int16_t, uint64_t))                                                         \
    ROW(SetPulseWidthQualifierDirections, REAL, (int16_t, void *, int16_t))                                            \
    ROW(SetPulseWidthQualifierProperties, REAL, (int16_t, uint32_t, uint32_t, int32_t))                                \
    ROW(SetTriggerChannelConditionsV2, REAL, (int16_t, void *, int16_t, int32_t))                                      \
    ROW(SetTriggerChannelDirectionsV2, REAL, (int16_t, void *, uint16_t))                                              \
    ROW(SetTriggerChannelPropertiesV2, REAL, (int16_t, void *, int16_t, int16_t))                                      \
    ROW(TriggerWithinPreTriggerSamples, NO, (int16_t, int32_t))
#endif

#endif
