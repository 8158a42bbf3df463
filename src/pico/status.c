#include "pico/pico.h"

typedef struct row {
    uint32_t status;
    const char *name;
    grat_err err;
    const char *advice;
} row;

static const row rows[] = {
    {0x1, "MAX_UNITS_OPENED", GRAT_EBUSY, "close another one"},
    {0x2, "MEMORY_FAIL", GRAT_ENOMEM, NULL},
    {0x3, "NOT_FOUND", GRAT_ENODEV, "plug it in; close the vendor's program; check the udev rules of its package"},
    {0x4, "FW_FAIL", GRAT_EIO, "unplug it and plug it in again"},
    {0x6, "OPERATION_FAILED", GRAT_EIO, NULL},
    {0x7, "NOT_RESPONDING", GRAT_ELOST, "it was unplugged or hangs: plug it in again"},
    {0x8, "CONFIG_FAIL", GRAT_EIO, NULL},
    {0x9, "KERNEL_DRIVER_TOO_OLD", GRAT_ENOTSUP, NULL},
    {0xA, "EEPROM_CORRUPT", GRAT_EIO, NULL},
    {0xB, "OS_NOT_SUPPORTED", GRAT_ENOTSUP, NULL},
    {0xC, "INVALID_HANDLE", GRAT_EDEAD, "open it again"},
    {0xD, "INVALID_PARAMETER", GRAT_EINVAL, NULL},
    {0xE, "INVALID_TIMEBASE", GRAT_ERANGE, "sample slower, or with fewer channels"},
    {0xF, "INVALID_VOLTAGE_RANGE", GRAT_ERANGE, "this model has no such range"},
    {0x10, "INVALID_CHANNEL", GRAT_ERANGE, "this model has no such channel"},
    {0x11, "INVALID_TRIGGER_CHANNEL", GRAT_ERANGE, "trigger on a channel that is on"},
    {0x13, "NO_SIGNAL_GENERATOR", GRAT_ENOTSUP, "this model has none"},
    {0x14, "STREAMING_FAILED", GRAT_EIO, NULL},
    {0x15, "BLOCK_MODE_FAILED", GRAT_EIO, NULL},
    {0x16, "NULL_PARAMETER", GRAT_EINVAL, NULL},
    {0x18, "DATA_NOT_AVAILABLE", GRAT_ENODATA, NULL},
    {0x17, "ETS_MODE_SET", GRAT_EBUSY, NULL},
    {0x1A, "ETS_NOT_SUPPORTED", GRAT_ENOTSUP, NULL},
    {0x1C, "BUFFER_STALL", GRAT_EIO, "samples were lost; sample slower"},
    {0x1D, "TOO_MANY_SAMPLES", GRAT_ERANGE, "more than its memory holds"},
    {0x1E, "TOO_MANY_SEGMENTS", GRAT_ERANGE, NULL},
    {0x1F, "PULSE_WIDTH_QUALIFIER", GRAT_ERANGE, "its pulse and its trigger contradict each other"},
    {0x20, "DELAY", GRAT_ERANGE, NULL},
    {0x21, "SOURCE_DETAILS", GRAT_EINVAL, NULL},
    {0x22, "CONDITIONS", GRAT_EINVAL, NULL},
    {0x23, "USER_CALLBACK", GRAT_EBUSY, NULL},
    {0x24, "DEVICE_SAMPLING", GRAT_EBUSY, NULL},
    {0x25, "NO_SAMPLES_AVAILABLE", GRAT_ENODATA, NULL},
    {0x26, "SEGMENT_OUT_OF_RANGE", GRAT_ERANGE, NULL},
    {0x27, "BUSY", GRAT_EBUSY, NULL},
    {0x28, "STARTINDEX_INVALID", GRAT_EINVAL, NULL},
    {0x29, "INVALID_INFO", GRAT_EINVAL, NULL},
    {0x2A, "INFO_UNAVAILABLE", GRAT_ENOTSUP, NULL},
    {0x2B, "INVALID_SAMPLE_INTERVAL", GRAT_ERANGE, "it cannot stream so fast: sample slower, or fewer channels"},
    {0x2C, "TRIGGER_ERROR", GRAT_EIO, NULL},
    {0x2D, "MEMORY", GRAT_ENOMEM, NULL},
    {0x2E, "SIG_GEN_PARAM", GRAT_ERANGE, NULL},
    {0x30, "SIGGEN_TRIGGER_SOURCE", GRAT_EINVAL, "the generator does not wait for a software trigger"},
    {0x35, "SIGGEN_OUTPUT_OVER_VOLTAGE", GRAT_ERANGE, "the generator reaches 2 V at most"},
    {0x38, "SIGGEN_OFFSET_VOLTAGE", GRAT_ERANGE, "the generator reaches 2 V at most"},
    {0x39, "SIGGEN_PK_TO_PK", GRAT_ERANGE, "the generator reaches 2 V at most"},
    {0x3A, "CANCELLED", GRAT_ECANCELED, NULL},
    {0x3C, "INVALID_CALL", GRAT_EINVAL, NULL},
    {0x40, "INVALID_SAMPLERATIO", GRAT_EINVAL, NULL},
    {0x41, "INVALID_STATE", GRAT_EBUSY, NULL},
    {0x42, "NOT_ENOUGH_SEGMENTS", GRAT_ERANGE, NULL},
    {0x43, "DRIVER_FUNCTION", GRAT_EBUSY, NULL},
    {0x45, "INVALID_COUPLING", GRAT_ERANGE, NULL},
    {0x46, "BUFFERS_NOT_SET", GRAT_EINVAL, NULL},
    {0x47, "RATIO_MODE_NOT_SUPPORTED", GRAT_ENOTSUP, NULL},
    {0x48, "RAPID_NOT_SUPPORT_AGGREGATION", GRAT_ENOTSUP, "this series cannot down-sample several segments"},
    {0x4C, "POWER_FAILED", GRAT_EIO, NULL},
    {0x50, "INVALID_ANALOGUE_OFFSET", GRAT_ERANGE, NULL},
    {0x5D, "NO_CAPTURES_AVAILABLE", GRAT_ENODATA, NULL},
    {0x10D, "BANDWIDTH_NOT_SUPPORTED", GRAT_ENOTSUP, NULL},
    {0x110, "ETS_NOT_RUNNING", GRAT_EIO, NULL},
    {0x117, "ETS_NOT_AVAILABLE_WITH_LOGIC_CHANNELS", GRAT_ERANGE, NULL},
    {0x119, "POWER_SUPPLY_CONNECTED", GRAT_EIO, "its power changed: try again"},
    {0x11A, "POWER_SUPPLY_NOT_CONNECTED", GRAT_EIO, "its power changed: try again"},
    {0x11B, "POWER_SUPPLY_REQUEST_INVALID", GRAT_EIO, NULL},
    {0x11C, "POWER_SUPPLY_UNDERVOLTAGE", GRAT_EIO, "this USB port is too weak: use its supply or another port"},
    {0x11D, "CAPTURING_DATA", GRAT_EBUSY, NULL},
    {0x11E, "USB3_0_DEVICE_NON_USB3_0_PORT", GRAT_EIO, "its power changed: try again"},
    {0x11F, "NOT_SUPPORTED_BY_THIS_DEVICE", GRAT_ENOTSUP, NULL},
    {0x120, "INVALID_DEVICE_RESOLUTION", GRAT_ERANGE, NULL},
    {0x121, "INVALID_NUMBER_CHANNELS_FOR_RESOLUTION", GRAT_ERANGE, "use fewer channels or fewer bits"},
    {0x122, "CHANNEL_DISABLED_DUE_TO_USB_POWERED", GRAT_ERANGE, "C and D need its power supply"},
    {0x124, "NO_TRIGGER_ENABLED_FOR_TRIGGER_IN_PRE_TRIG", GRAT_EINVAL, NULL},
    {0x129, "TOO_MANY_CHANNELS_IN_USE", GRAT_ERANGE, NULL},
    {0x12A, "NULL_CONDITIONS", GRAT_EINVAL, NULL},
    {0x12B, "DUPLICATE_CONDITION_SOURCE", GRAT_EINVAL, NULL},
    {0x138, "SIGGEN_FREQUENCY_OUT_OF_RANGE", GRAT_ERANGE, NULL},
    {0x13B, "SERIAL_BUFFER_TOO_SMALL", GRAT_ETOOBIG, NULL},
    {0x15F, "INVALID_RATIO_MODE", GRAT_ENOTSUP, NULL},
    {0x17A, "RATIO_MODE_BUFFER_NOT_SET", GRAT_EINVAL, NULL},
    {0x17B, "RESOLUTION_NOT_SUPPORTED_BY_VARIANT", GRAT_ERANGE, NULL},
    {0x18C, "CHANNEL_COMBINATION_NOT_VALID_IN_THIS_RESOLUTION", GRAT_ERANGE, "use fewer channels or fewer bits"},
    {0x18D, "USE_8BIT_RESOLUTION", GRAT_ERANGE, NULL},
    {0x197, "WAITING_FOR_DATA_BUFFERS", GRAT_EBUSY, NULL},
    {0x303, "TIMEBASE_NOT_SUPPORTED_BY_RESOLUTION", GRAT_ERANGE, NULL},
    {0x3004000, "FIRMWARE_UPDATE_REQUIRED_TO_USE_DEVICE_WITH_THIS_DRIVER", GRAT_ENOTSUP, "run the vendor's updater"},
    {0x3000040, "PERMISSIONS_ERROR", GRAT_EACCES, "install the udev rules of the vendor's package"},
    {0x10000001, "IPP_NOT_FOUND", GRAT_ENOTSUP, "libpicoipp of the vendor is missing"},
    {0x10000008, "DEVICE_MEMORY_OVERFLOW", GRAT_EIO, "samples were lost; sample slower"},
};

static const row *find(uint32_t status)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].status == status) return &rows[i];
    return NULL;
}

const char *grat__pico_status_name(uint32_t status)
{
    const row *r = find(status);
    return r ? r->name : NULL;
}

grat_err grat__pico_fail(const grat__pico_lib *lib, const char *call, uint32_t status, grat_op *op)
{
    const row *r = find(status);
    return grat_op_fail(op, r ? r->err : GRAT_EIO, "%s%s: status 0x%X%s%s%s%s", lib->series->name, call,
                        (unsigned)status, r ? ", PICO_" : "", r ? r->name : "", r && r->advice ? ": " : "",
                        r && r->advice ? r->advice : "");
}
