#!/usr/bin/env python3
"""The stand-in libraries export exactly the vendor's calls, under the names that loaders look for.

symbols.py DIR    DIR holds libps2000a.so and so on
"""
import os
import subprocess
import sys

COMMON = '''CloseUnit EnumerateUnits FlashLed GetAnalogueOffset GetChannelInformation GetMaxDownSampleRatio
GetMaxSegments GetNoOfCaptures GetNoOfProcessedCaptures GetStreamingLatestValues GetTimebase GetTimebase2
GetTriggerTimeOffset GetTriggerTimeOffset64 GetUnitInfo GetValues GetValuesAsync GetValuesBulk GetValuesOverlapped
GetValuesOverlappedBulk GetValuesTriggerTimeOffsetBulk GetValuesTriggerTimeOffsetBulk64 IsReady
IsTriggerOrPulseWidthQualifierEnabled MaximumValue MemorySegments MinimumValue NoOfStreamingValues OpenUnit
OpenUnitAsync OpenUnitProgress PingUnit QueryOutputEdgeDetect RunBlock RunStreaming SetChannel SetDataBuffer
SetDataBuffers SetEts SetEtsTimeBuffer SetEtsTimeBuffers SetNoOfCaptures SetOutputEdgeDetect SetSigGenArbitrary
SetSigGenBuiltIn SetSigGenPropertiesArbitrary SetSigGenPropertiesBuiltIn SetSimpleTrigger SetTriggerDelay
SigGenArbitraryMinMaxValues SigGenFrequencyToPhase SigGenSoftwareControl Stop'''
OLD = '''_open_unit _open_unit_async _open_unit_progress _close_unit _get_unit_info _flash_led _set_channel
_get_timebase _set_trigger _set_trigger2 _run_block _ready _get_values _get_times_and_values _run_streaming
_run_streaming_ns _get_streaming_last_values _overview_buffer_status _get_streaming_values
_get_streaming_values_no_aggregation _stop _set_ets SetAdvTriggerChannelProperties SetAdvTriggerChannelConditions
SetAdvTriggerChannelDirections SetAdvTriggerDelay SetPulseWidthQualifier PingUnit '''
FOUR = ('ps2000a', 'ps3000a', 'ps4000a', 'ps5000a')
OWN = {
    'ps2000a': (65, '''GetScalingValues HoldOff SetDigitalAnalogTriggerOperand SetDigitalPort
        SetPulseWidthDigitalPortProperties SetPulseWidthQualifier SetSigGenBuiltInV2 SetTriggerChannelConditions
        SetTriggerChannelDirections SetTriggerChannelProperties SetTriggerDigitalPortProperties
        SetUnscaledDataBuffers'''),
    'ps3000a': (71, '''ChangePowerSource CurrentPowerSource GetMaxEtsValues GetScalingValues GetTriggerInfoBulk HoldOff
        SetBandwidthFilter SetDigitalPort SetPulseWidthDigitalPortProperties SetPulseWidthQualifier
        SetPulseWidthQualifierV2 SetSigGenBuiltInV2 SetTriggerChannelConditions SetTriggerChannelConditionsV2
        SetTriggerChannelDirections SetTriggerChannelProperties SetTriggerDigitalPortProperties
        SetUnscaledDataBuffers'''),
    'ps4000a': (81, '''ApplyResistanceScaling CalibrateProbe ChangePowerSource ConnectDetect CurrentPowerSource
        DeviceMetaData GetCommonModeOverflow GetDeviceResolution GetMinimumTimebaseStateless GetString IsLedFlashing
        NearestSampleIntervalStateless OpenUnitAsyncWithResolution OpenUnitWithResolution RegisterProbeLedColour
        SetBandwidthFilter SetCalibrationPins SetChannelLed SetDeviceResolution SetFrequencyCounter
        SetProbeInteractionCallback SetProbeLedColour SetProbeLedDefaults SetPulseWidthQualifierConditions
        SetPulseWidthQualifierProperties SetTriggerChannelConditions SetTriggerChannelDirections
        SetTriggerChannelProperties'''),
    'ps5000a': (83, '''ChangePowerSource ChannelCombinationsStateless CheckForUpdate CurrentPowerSource
        GetDeviceResolution GetMinimumTimebaseStateless GetScalingValues GetTriggerInfoBulk IsLedFlashing
        NearestSampleIntervalStateless SetAutoTriggerMicroSeconds SetBandwidthFilter SetDeviceResolution SetDigitalPort
        SetPulseWidthDigitalPortProperties SetPulseWidthQualifierConditions SetPulseWidthQualifierDirections
        SetPulseWidthQualifierProperties SetSigGenBuiltInV2 SetTriggerChannelConditionsV2
        SetTriggerChannelDirectionsV2 SetTriggerChannelPropertiesV2 SetTriggerDigitalPortProperties
        SetUnscaledDataBuffers StartFirmwareUpdate TriggerWithinPreTriggerSamples SetTriggerChannelProperties
        SetTriggerChannelConditions SetTriggerChannelDirections SetPulseWidthQualifier'''),
    'ps2000': (33, OLD + '''_set_led _set_light _last_button_press _set_sig_gen_built_in _set_sig_gen_arbitrary'''),
    'ps3000': (32, OLD + '''_set_siggen _release_stream_buffer _save_streaming_data
        _streaming_ns_get_interval_stateless'''),
    'ps4000': (65, '''OpenUnit OpenUnitAsync OpenUnitEx OpenUnitAsyncEx OpenUnitProgress GetUnitInfo FlashLed
        IsLedFlashing CloseUnit MemorySegments SetChannel SetNoOfCaptures GetTimebase GetTimebase2 SigGenOff
        SetSigGenArbitrary SetSigGenBuiltIn SigGenFrequencyToPhase SigGenArbitraryMinMaxValues SigGenSoftwareControl
        SetEts SetSimpleTrigger SetTriggerChannelProperties SetExtTriggerRange SetTriggerChannelConditions
        SetTriggerChannelDirections SetTriggerDelay SetPulseWidthQualifier IsTriggerOrPulseWidthQualifierEnabled
        GetTriggerTimeOffset GetTriggerChannelTimeOffset GetTriggerTimeOffset64 GetTriggerChannelTimeOffset64
        GetValuesTriggerTimeOffsetBulk GetValuesTriggerChannelTimeOffsetBulk GetValuesTriggerTimeOffsetBulk64
        GetValuesTriggerChannelTimeOffsetBulk64 SetDataBufferBulk SetDataBuffers SetDataBufferWithMode
        SetDataBuffersWithMode SetDataBuffer SetEtsTimeBuffer SetEtsTimeBuffers RunBlock RunStreaming RunStreamingEx
        IsReady GetStreamingLatestValues NoOfStreamingValues GetMaxDownSampleRatio GetValues GetValuesBulk
        GetValuesAsync Stop SetProbe HoldOff GetProbe GetChannelInformation SetFrequencyCounter EnumerateUnits PingUnit
        SetBwFilter TriggerWithinPreTriggerSamples GetNoOfCaptures'''),
    'ps5000': (46, '''OpenUnit OpenUnitAsync OpenUnitProgress GetUnitInfo FlashLed IsLedFlashing CloseUnit
        MemorySegments SetChannel GetTimebase GetTimebase2 SetSigGenArbitrary SetSigGenBuiltIn SetSigGenBuiltInV2
        SigGenFrequencyToPhase SigGenArbitraryMinMaxValues SigGenSoftwareControl SetEts SetTriggerChannelProperties
        SetTriggerChannelConditions SetTriggerChannelDirections SetSimpleTrigger SetTriggerDelay SetPulseWidthQualifier
        IsTriggerOrPulseWidthQualifierEnabled GetTriggerTimeOffset GetTriggerTimeOffset64
        GetValuesTriggerTimeOffsetBulk GetValuesTriggerTimeOffsetBulk64 SetDataBuffers SetDataBuffer SetDataBufferBulk
        SetEtsTimeBuffer SetEtsTimeBuffers IsReady RunBlock RunStreaming GetStreamingLatestValues NoOfStreamingValues
        GetMaxDownSampleRatio GetValues GetValuesBulk GetValuesAsync Stop PingUnit SetNoOfCaptures'''),
    'ps6000': (61, '''OpenUnit OpenUnitAsync OpenUnitProgress GetUnitInfo FlashLed CloseUnit MemorySegments SetChannel
        GetTimebase GetTimebase2 SetSigGenArbitrary SetSigGenBuiltIn SetSigGenBuiltInV2 SetSigGenPropertiesArbitrary
        SetSigGenPropertiesBuiltIn SigGenFrequencyToPhase SigGenArbitraryMinMaxValues SigGenSoftwareControl
        SetSimpleTrigger SetEts SetTriggerChannelProperties SetTriggerChannelConditions SetTriggerChannelDirections
        SetTriggerDelay SetPulseWidthQualifier IsTriggerOrPulseWidthQualifierEnabled GetTriggerTimeOffset
        GetTriggerTimeOffset64 GetValuesTriggerTimeOffsetBulk GetValuesTriggerTimeOffsetBulk64 SetDataBuffers
        SetDataBuffer SetDataBufferBulk SetDataBuffersBulk SetEtsTimeBuffer SetEtsTimeBuffers RunBlock IsReady
        RunStreaming GetStreamingLatestValues NoOfStreamingValues GetMaxDownSampleRatio GetValues GetValuesBulk
        GetValuesAsync GetValuesOverlapped GetValuesOverlappedBulk GetValuesBulkAsyc GetNoOfCaptures
        GetNoOfProcessedCaptures Stop SetNoOfCaptures SetWaveformLimiter GetTriggerInfoBulk EnumerateUnits
        SetExternalClock PingUnit GetAnalogueOffset QueryTemperatures QueryOutputEdgeDetect SetOutputEdgeDetect'''),
    'ps6000a': (86, '''OpenUnit OpenUnitAsync OpenUnitProgress FlashLed GetUnitInfo CloseUnit EnumerateUnits PingUnit
        Stop IsReady MemorySegments MemorySegmentsBySamples GetMaximumAvailableMemory QueryMaxSegmentsBySamples
        SetChannelOn SetChannelOff SetDigitalPortOn SetDigitalPortOff GetTimebase GetMinimumTimebaseStateless
        NearestSampleIntervalStateless ChannelCombinationsStateless SetDeviceResolution GetDeviceResolution
        GetAdcLimits GetScalingValues GetAnalogueOffsetLimits SetSimpleTrigger SetTriggerChannelProperties
        SetTriggerChannelConditions SetTriggerChannelDirections SetTriggerDelay SetPulseWidthQualifierProperties
        SetPulseWidthQualifierConditions SetPulseWidthQualifierDirections SetTriggerDigitalPortProperties
        SetPulseWidthDigitalPortProperties TriggerWithinPreTriggerSamples GetTriggerTimeOffset
        GetValuesTriggerTimeOffsetBulk GetTriggerInfo SetDataBuffer SetDataBuffers RunBlock GetValues GetValuesBulk
        GetValuesAsync GetValuesBulkAsync GetValuesOverlapped StopUsingGetValuesOverlapped SetNoOfCaptures
        GetNoOfCaptures GetNoOfProcessedCaptures RunStreaming GetStreamingLatestValues NoOfStreamingValues
        SigGenWaveform SigGenRange SigGenWaveformDutyCycle SigGenTrigger SigGenFilter SigGenFrequency
        SigGenFrequencySweep SigGenPhase SigGenPhaseSweep SigGenClockManual SigGenSoftwareTriggerControl SigGenApply
        SigGenLimits SigGenFrequencyLimits SigGenPause SigGenRestart QueryOutputEdgeDetect SetOutputEdgeDetect
        ResetChannelsAndReportAllChannelsOvervoltageTripStatus ReportAllChannelsOvervoltageTripStatus CheckForUpdate
        StartFirmwareUpdate SetProbeInteractionCallback SetExternalReferenceInteractionCallback
        SetAWGOverrangeInteractionCallback SetTemperatureSensorInteractionCallback SetAuxIoMode GetScopeState
        GetAccessoryInfo SetDigitalPortInteractionCallback'''),
    'psospa': (78, '''OpenUnit GetUnitInfo CloseUnit EnumerateUnits PingUnit Stop IsReady MemorySegments
        MemorySegmentsBySamples GetMaximumAvailableMemory QueryMaxSegmentsBySamples SetChannelOn SetChannelOff
        SetDigitalPortOn SetDigitalPortOff GetTimebase GetMinimumTimebaseStateless NearestSampleIntervalStateless
        SetDeviceResolution GetDeviceResolution GetAdcLimits GetScalingValues GetAnalogueOffsetLimits
        SetSimpleTrigger SetTriggerChannelProperties SetTriggerChannelConditions SetTriggerChannelDirections
        SetTriggerDelay SetPulseWidthQualifierProperties SetPulseWidthQualifierConditions
        SetPulseWidthQualifierDirections SetTriggerDigitalPortProperties SetPulseWidthDigitalPortProperties
        TriggerWithinPreTriggerSamples GetTriggerTimeOffset GetValuesTriggerTimeOffsetBulk GetTriggerInfo
        SetDataBuffer SetDataBuffers RunBlock GetValues GetValuesBulk GetValuesAsync GetValuesBulkAsync
        GetValuesOverlapped StopUsingGetValuesOverlapped SetNoOfCaptures GetNoOfCaptures GetNoOfProcessedCaptures
        RunStreaming GetStreamingLatestValues NoOfStreamingValues SigGenWaveform SigGenRange
        SigGenWaveformDutyCycle SigGenTrigger SigGenFrequency SigGenFrequencySweep SigGenPhase SigGenPhaseSweep
        SigGenSoftwareTriggerControl SigGenApply SigGenLimits SigGenFrequencyLimits SigGenPause SigGenRestart
        QueryOutputEdgeDetect SetOutputEdgeDetect ResetChannelsAndReportAllChannelsOvervoltageTripStatus
        ReportAllChannelsOvervoltageTripStatus CheckForUpdate StartFirmwareUpdate SetAuxIoMode
        SetTriggerHoldoffCounterBySamples SetLedColours SetLedBrightness SetLedStates GetVariantDetails'''),
}


def tool(*args):
    return subprocess.run(args, timeout=30, check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout


def check(folder, library):
    total, own = OWN[library]
    want = {library + name for name in ((COMMON + ' ' if library in FOUR else '') + own).split()}
    bad = [] if len(want) == total else ['the table has %d names, not %d' % (len(want), total)]
    path = os.path.join(folder, 'lib%s.so' % library)
    have = {line.split()[0] for line in tool('nm', '-D', '--defined-only', '-P', path).splitlines()}
    have = {name for name in have if not name.startswith('__')}
    bad += ['missing: ' + name for name in sorted(want - have)]
    bad += ['not the vendor\'s: ' + name for name in sorted(have - want)]
    if 'SONAME' not in tool('objdump', '-p', path) or 'lib%s.so.2\n' % library not in tool('objdump', '-p', path):
        bad.append('the SONAME is not lib%s.so.2' % library)
    if not os.path.exists(path + '.2'):
        bad.append('there is no lib%s.so.2' % library)
    for line in bad:
        print('%s: %s' % (library, line))
    return len(bad)


def main():
    failed = sum(check(sys.argv[1], library) for library in OWN)
    print('%d libraries, %d faults' % (len(OWN), failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
