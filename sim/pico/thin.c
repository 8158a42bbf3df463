/* Libraries of series that are not simulated: programs that load every library find them, and no unit in them. One
 * object of this file for each, by PICO_LIBRARY and a macro of its own name. */
#include <stdint.h>

#include "sim/pico/status.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define EXPORT __attribute__((visibility("default")))

#ifdef PICO_ps3000
/* 0 is failure. */
#define NONE(name)                                                                                                     \
    EXPORT int16_t JOIN(PICO_LIBRARY, name)(void);                                                                     \
    EXPORT int16_t JOIN(PICO_LIBRARY, name)(void)                                                                      \
    {                                                                                                                  \
        return 0;                                                                                                      \
    }
NONE(_open_unit) NONE(_open_unit_async) NONE(_open_unit_progress) NONE(_close_unit) NONE(_get_unit_info)
NONE(_flash_led) NONE(_set_channel) NONE(_get_timebase) NONE(_set_trigger) NONE(_set_trigger2) NONE(_run_block)
NONE(_ready) NONE(_get_values) NONE(_get_times_and_values) NONE(_run_streaming) NONE(_run_streaming_ns)
NONE(_get_streaming_last_values) NONE(_overview_buffer_status) NONE(_get_streaming_values)
NONE(_get_streaming_values_no_aggregation) NONE(_stop) NONE(_set_ets) NONE(SetAdvTriggerChannelProperties)
NONE(SetAdvTriggerChannelConditions) NONE(SetAdvTriggerChannelDirections) NONE(SetAdvTriggerDelay)
NONE(SetPulseWidthQualifier) NONE(PingUnit)
NONE(_set_siggen) NONE(_release_stream_buffer) NONE(_save_streaming_data) NONE(_streaming_ns_get_interval_stateless)

#else
#define NONE(name)                                                                                                     \
    EXPORT uint32_t JOIN(PICO_LIBRARY, name)(void);                                                                    \
    EXPORT uint32_t JOIN(PICO_LIBRARY, name)(void)                                                                     \
    {                                                                                                                  \
        return PS_INVALID_HANDLE;                                                                                      \
    }
#define OPEN(name)                                                                                                     \
    EXPORT uint32_t JOIN(PICO_LIBRARY, name)(int16_t *handle);                                                         \
    EXPORT uint32_t JOIN(PICO_LIBRARY, name)(int16_t *handle)                                                          \
    {                                                                                                                  \
        if (handle) *handle = 0;                                                                                       \
        return PS_NOT_FOUND;                                                                                           \
    }
EXPORT uint32_t JOIN(PICO_LIBRARY, EnumerateUnits)(int16_t *count, int8_t *serials, int16_t *length);
EXPORT uint32_t JOIN(PICO_LIBRARY, EnumerateUnits)(int16_t *count, int8_t *serials, int16_t *length)
{
    if (!count || !length) return PS_NULL_PARAMETER;
    if (serials && *length > 0) serials[0] = 0;
    *count = *length = 0;
    return PS_NOT_FOUND;
}

OPEN(OpenUnit) OPEN(OpenUnitAsync) NONE(OpenUnitProgress) NONE(GetUnitInfo) NONE(FlashLed) NONE(CloseUnit)
NONE(MemorySegments) NONE(SetNoOfCaptures) NONE(GetTimebase) NONE(SetSimpleTrigger) NONE(SetTriggerChannelProperties)
NONE(SetTriggerChannelConditions) NONE(SetTriggerChannelDirections) NONE(SetTriggerDelay) NONE(GetTriggerTimeOffset)
NONE(GetValuesTriggerTimeOffsetBulk) NONE(SetDataBuffers) NONE(SetDataBuffer) NONE(RunBlock) NONE(RunStreaming)
NONE(IsReady) NONE(GetStreamingLatestValues) NONE(NoOfStreamingValues) NONE(GetValues) NONE(GetValuesBulk)
NONE(GetValuesAsync) NONE(Stop) NONE(PingUnit) NONE(GetNoOfCaptures)
NONE(SetChannel) NONE(GetTimebase2) NONE(SetSigGenArbitrary) NONE(SetSigGenBuiltIn) NONE(SigGenFrequencyToPhase)
NONE(SigGenArbitraryMinMaxValues) NONE(SigGenSoftwareControl) NONE(SetEts) NONE(SetPulseWidthQualifier)
NONE(IsTriggerOrPulseWidthQualifierEnabled) NONE(GetTriggerTimeOffset64) NONE(GetValuesTriggerTimeOffsetBulk64)
NONE(SetDataBufferBulk) NONE(SetEtsTimeBuffer) NONE(SetEtsTimeBuffers) NONE(GetMaxDownSampleRatio)
#ifdef PICO_ps4000
OPEN(OpenUnitEx) OPEN(OpenUnitAsyncEx) NONE(IsLedFlashing) NONE(SigGenOff) NONE(SetExtTriggerRange)
NONE(GetTriggerChannelTimeOffset) NONE(GetTriggerChannelTimeOffset64) NONE(GetValuesTriggerChannelTimeOffsetBulk)
NONE(GetValuesTriggerChannelTimeOffsetBulk64) NONE(SetDataBufferWithMode) NONE(SetDataBuffersWithMode)
NONE(RunStreamingEx) NONE(SetProbe) NONE(HoldOff) NONE(GetProbe) NONE(GetChannelInformation) NONE(SetFrequencyCounter)
NONE(SetBwFilter) NONE(TriggerWithinPreTriggerSamples)
#endif
#ifdef PICO_ps6000
NONE(SetSigGenBuiltInV2) NONE(SetSigGenPropertiesArbitrary) NONE(SetSigGenPropertiesBuiltIn) NONE(SetDataBuffersBulk)
NONE(GetValuesOverlapped) NONE(GetValuesOverlappedBulk) NONE(GetValuesBulkAsyc) NONE(GetNoOfProcessedCaptures)
NONE(SetWaveformLimiter) NONE(GetTriggerInfoBulk) NONE(SetExternalClock) NONE(GetAnalogueOffset)
NONE(QueryTemperatures) NONE(QueryOutputEdgeDetect) NONE(SetOutputEdgeDetect)
#endif
#endif
