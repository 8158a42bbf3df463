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
}


def tool(*args):
    return subprocess.run(args, timeout=30, check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout


def check(folder, library):
    total, own = OWN[library]
    want = {library + name for name in (COMMON + ' ' + own).split()}
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
