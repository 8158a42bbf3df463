/* ps6000, a series that is not simulated: programs that load every library find it, and no unit in it. */
#include <stdint.h>

#include "sim/pico/status.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define EXPORT __attribute__((visibility("default")))

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
NONE(SetSigGenBuiltInV2) NONE(SetSigGenPropertiesArbitrary) NONE(SetSigGenPropertiesBuiltIn) NONE(SetDataBuffersBulk)
NONE(GetValuesOverlapped) NONE(GetValuesOverlappedBulk) NONE(GetValuesBulkAsyc) NONE(GetNoOfProcessedCaptures)
NONE(SetWaveformLimiter) NONE(GetTriggerInfoBulk) NONE(SetExternalClock) NONE(GetAnalogueOffset)
NONE(QueryTemperatures) NONE(QueryOutputEdgeDetect) NONE(SetOutputEdgeDetect)
