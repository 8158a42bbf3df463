"""The structures and constants of the public headers. Written by tools/python-abi; not to be edited."""
from ctypes import (POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint, c_uint8,
                    c_uint16, c_uint32, c_uint64, c_void_p)
from typing import Dict


class grat_op(Structure):
    _fields_ = [('deadline_ns', c_int64), ('idle_ns', c_int64), ('latest_ns', c_int64), ('cancel', c_void_p),
                ('err', c_int), ('reason', c_uint), ('count', c_size_t), ('text', c_char * 320)]


class grat_quick(Structure):
    _fields_ = [('size', c_uint32), ('hold', c_bool), ('held', c_uint), ('timeout_ms', c_int64),
                ('session', c_void_p), ('cancel', c_void_p), ('buf', c_char_p), ('cap', c_size_t),
                ('length', c_size_t), ('op', grat_op)]


class grat_open_options(Structure):
    _fields_ = [('size', c_uint32), ('io_timeout_ms', c_int64), ('read_chunk', c_size_t), ('max_response', c_size_t),
                ('lock_timeout_ms', c_int64), ('command_gap_ns', c_int64), ('no_sync', c_bool), ('tls', c_int),
                ('tls_ca', c_char_p), ('tls_insecure', c_bool), ('user', c_char_p), ('password', c_char_p),
                ('plain', c_bool), ('serial', c_char_p), ('tls_cert', c_char_p), ('tls_key', c_char_p)]


class grat_identity(Structure):
    _fields_ = [('vendor', c_char * 64), ('model', c_char * 64), ('serial', c_char * 64), ('firmware', c_char * 64)]


class grat_found(Structure):
    _fields_ = [('resource', c_char_p), ('via', c_char_p), ('name', c_char_p), ('identity', grat_identity),
                ('addresses', POINTER(c_char_p)), ('note', c_char_p), ('again', c_bool)]


class grat_discover_options(Structure):
    _fields_ = [('size', c_uint32), ('sources', c_uint), ('silent', c_bool), ('explain', c_void_p)]


class grat_caps(Structure):
    _fields_ = [('analog', c_uint), ('digital', c_uint), ('generators', c_uint), ('horizontal_divisions', c_double),
                ('vertical_divisions', c_double), ('bandwidth_hz', c_double), ('max_rate', c_double * 9),
                ('max_depth', c_uint64 * 9), ('min_timebase', c_double), ('max_timebase', c_double),
                ('min_scale', c_double), ('max_scale', c_double), ('driver', c_char_p),
                ('analog_name', (c_char * 8) * 8), ('digital_name', (c_char * 8) * 16), ('features', c_uint)]


class grat_channel_settings(Structure):
    _fields_ = [('enabled', c_bool), ('scale', c_double), ('offset', c_double), ('probe', c_double),
                ('coupling', c_int), ('bandwidth_limit', c_bool), ('invert', c_bool), ('unit', c_char * 8)]


class grat_trigger_term(Structure):
    _fields_ = [('event', c_int), ('source', c_char * 8), ('slope', c_int), ('level', c_double), ('upper', c_double),
                ('least', c_double), ('most', c_double), ('or_else', c_bool)]


class grat_settings(Structure):
    _fields_ = [('channel', grat_channel_settings * 8), ('digital', c_bool * 16), ('digital_on', c_bool),
                ('threshold', c_double * 2), ('timebase', c_double), ('delay', c_double), ('acq', c_int),
                ('averages', c_uint), ('depth', c_uint64), ('rate', c_double), ('sweep', c_int),
                ('trigger_type', c_char * 16), ('trigger_source', c_char * 24), ('trigger_slope', c_int),
                ('trigger_level', c_double), ('trigger_hair', c_bool), ('trigger_wait', c_double),
                ('holdoff', c_double), ('digital_taken', c_uint), ('left_out', c_char * 160), ('terms', c_uint),
                ('term', grat_trigger_term * 8), ('downsample', c_int), ('ratio', c_uint), ('ets', c_uint)]


class grat_meta(Structure):
    _fields_ = [('identity', grat_identity), ('resource', c_char * 300), ('settings', grat_settings),
                ('has_settings', c_bool), ('acquisitions', c_uint)]


class grat_request(Structure):
    _fields_ = [('size', c_uint32), ('channel', c_bool * 8), ('digital', c_bool * 16), ('any_channel', c_bool),
                ('period', c_double), ('samples', c_uint64), ('has_range', c_bool), ('low', c_double),
                ('high', c_double), ('coupling', c_int), ('probe', c_double), ('acq', c_int), ('averages', c_uint),
                ('trigger', c_int), ('trigger_source', c_char * 8), ('trigger_slope', c_int),
                ('trigger_level', c_double), ('pattern_care', c_uint16), ('pattern_want', c_uint16),
                ('hair', c_bool), ('wait', c_double), ('pre', c_double), ('memory', c_bool), ('current', c_bool),
                ('count', c_uint), ('segments', c_uint), ('downsample', c_int), ('ratio', c_uint), ('terms', c_uint),
                ('term', grat_trigger_term * 8), ('ets', c_bool), ('delay', c_double)]


class grat_screenshot(Structure):
    _fields_ = [('data', c_void_p), ('size', c_size_t), ('kind', c_int), ('recipe', c_char * 48),
                ('repaired', c_bool), ('width', c_uint), ('height', c_uint)]


class grat_trace(Structure):
    _fields_ = [('name', c_char * 16), ('unit', c_char * 8), ('logic', c_bool), ('type', c_int), ('scale', c_double),
                ('offset', c_double), ('raw', c_void_p), ('raw_min', c_int), ('raw_max', c_int),
                ('range_low', c_double), ('range_high', c_double), ('skew', c_double)]


class grat_record(Structure):
    _fields_ = [('refs', c_int), ('first', c_uint64), ('count', c_size_t), ('t0', c_double), ('dt', c_double),
                ('mono_ns', c_int64), ('utc_ns', c_int64), ('utc_uncertainty_ns', c_int64), ('flags', c_uint),
                ('number', c_uint), ('traces', c_uint), ('trigger_offset', c_double), ('trigger_stamp', c_uint64),
                ('trace', grat_trace * 32)]


class grat_log_options(Structure):
    _fields_ = [('size', c_uint32), ('duration', c_double), ('samples', c_uint64), ('mode', c_int),
                ('separate', c_bool), ('every', c_double)]


class grat_log_totals(Structure):
    _fields_ = [('records', c_uint64), ('samples', c_uint64), ('lost', c_uint64), ('gaps', c_uint64),
                ('faults', c_uint64), ('dt', c_double), ('missed', c_uint64)]


class grat_log_sink(Structure):
    _fields_ = [('fn', c_void_p), ('progress', c_void_p), ('user', c_void_p), ('totals', POINTER(grat_log_totals))]


class grat_recipe(Structure):
    _fields_ = [('size', c_uint32), ('setup', c_char_p), ('arm', c_char_p), ('ready', c_char_p),
                ('ready_mask', c_uint32), ('start', c_char_p), ('read', c_char_p), ('abort', c_char_p),
                ('clock', c_char_p), ('stamp', c_char_p)]


class grat_sync_member(Structure):
    _fields_ = [('size', c_uint32), ('name', c_char_p), ('resource', c_char_p), ('kind', c_char_p),
                ('identity', c_char_p), ('recipe', grat_recipe)]


class grat_bench(Structure):
    _fields_ = [('size', c_uint32), ('name', c_char_p), ('member', POINTER(grat_sync_member)), ('members', c_uint),
                ('reference', c_char_p), ('wiring', POINTER(c_char_p))]


class grat_generator(Structure):
    _fields_ = [('size', c_uint32), ('wave', c_int), ('frequency', c_double), ('low', c_double), ('high', c_double),
                ('symmetry', c_double), ('points', POINTER(c_double)), ('count', c_size_t), ('stop', c_double),
                ('step', c_double), ('dwell', c_double), ('way', c_int), ('trigger', c_int),
                ('trigger_falling', c_bool), ('cycles', c_uint), ('fire', c_bool)]


class grat_sync_options(Structure):
    _fields_ = [('size', c_uint32), ('ready_ms', c_int64), ('even_none', c_bool), ('open', grat_open_options),
                ('brief', c_bool)]


class grat_alignment(Structure):
    _fields_ = [('size', c_uint32), ('lag', c_double), ('lag_uncertainty', c_double), ('rate', c_double),
                ('rate_uncertainty', c_double), ('period', c_double), ('likeness', c_double)]


class grat_sync_result(Structure):
    _fields_ = [('name', c_char_p), ('resource', c_char_p), ('identity', grat_identity), ('err', c_int),
                ('step', c_int), ('text', c_char_p), ('value', POINTER(c_double)), ('values', c_size_t),
                ('reply', c_void_p), ('reply_size', c_size_t), ('record', POINTER(grat_record)),
                ('sent_ns', c_int64), ('accepted_ns', c_int64), ('start_ns', c_int64), ('uncertainty_ns', c_int64),
                ('acknowledged', c_bool), ('read_ns', c_int64), ('round_trip_ns', c_int64), ('has_clock', c_bool),
                ('clock_offset', c_double), ('clock_uncertainty', c_double), ('clock_drift', c_double),
                ('clock_drift_uncertainty', c_double), ('stamped', c_bool), ('aligned', c_bool),
                ('alignment', grat_alignment), ('rate', c_double), ('rate_uncertainty', c_double)]


class grat_sim_instrument(Structure):
    _fields_ = [('model', c_char_p), ('address', c_char_p), ('wires', c_char_p), ('options', c_char_p),
                ('faults', c_char_p), ('raw_port', c_uint), ('vxi_port', c_uint), ('no_portmapper', c_bool)]


STRUCTURES = (grat_op, grat_quick, grat_open_options, grat_identity, grat_found, grat_discover_options, grat_caps,
              grat_channel_settings, grat_trigger_term, grat_settings, grat_meta, grat_request, grat_screenshot,
              grat_trace, grat_record, grat_log_options, grat_log_totals, grat_log_sink, grat_recipe,
              grat_sync_member, grat_bench, grat_generator, grat_sync_options, grat_alignment, grat_sync_result,
              grat_sim_instrument)

CONSTANTS: Dict[str, int] = {
    'GRAT_ABOVE': 4, 'GRAT_AC': 2, 'GRAT_ACQ_AVERAGE': 2, 'GRAT_ACQ_HIRES': 4,
    'GRAT_ACQ_NORMAL': 1, 'GRAT_ACQ_PEAK': 3, 'GRAT_ATTR_ASRL_ALLOW_TRANSMIT': 31, 'GRAT_ATTR_ASRL_AVAILABLE': 18,
    'GRAT_ATTR_ASRL_BAUD': 10, 'GRAT_ATTR_ASRL_BREAK': 19, 'GRAT_ATTR_ASRL_BREAK_MS': 20, 'GRAT_ATTR_ASRL_CTS': 21,
    'GRAT_ATTR_ASRL_DATA_BITS': 11, 'GRAT_ATTR_ASRL_DCD': 22, 'GRAT_ATTR_ASRL_DISCARD_NULL': 27,
    'GRAT_ATTR_ASRL_DSR': 23, 'GRAT_ATTR_ASRL_DTR': 25, 'GRAT_ATTR_ASRL_END_IN': 15, 'GRAT_ATTR_ASRL_END_OUT': 16,
    'GRAT_ATTR_ASRL_FAULTS': 72, 'GRAT_ATTR_ASRL_FLOW': 14, 'GRAT_ATTR_ASRL_PARITY': 12,
    'GRAT_ATTR_ASRL_REPLACE_CHAR': 28, 'GRAT_ATTR_ASRL_RI': 24, 'GRAT_ATTR_ASRL_RTS': 26,
    'GRAT_ATTR_ASRL_STOP_BITS': 13, 'GRAT_ATTR_ASRL_TERM_CHAR': 17, 'GRAT_ATTR_ASRL_UNSENT': 66,
    'GRAT_ATTR_ASRL_WIRE_MODE': 32, 'GRAT_ATTR_ASRL_XOFF_CHAR': 30, 'GRAT_ATTR_ASRL_XON_CHAR': 29,
    'GRAT_ATTR_COUNT': 74, 'GRAT_ATTR_GPIB_ADDRESS_STATE': 43, 'GRAT_ATTR_GPIB_ATN': 38, 'GRAT_ATTR_GPIB_CIC': 41,
    'GRAT_ATTR_GPIB_NDAC': 39, 'GRAT_ATTR_GPIB_PRIMARY': 33, 'GRAT_ATTR_GPIB_READDRESS': 35,
    'GRAT_ATTR_GPIB_REN': 37, 'GRAT_ATTR_GPIB_SECONDARY': 34, 'GRAT_ATTR_GPIB_SRQ': 40,
    'GRAT_ATTR_GPIB_STATUS_BYTE': 73, 'GRAT_ATTR_GPIB_SYSTEM_CONTROLLER': 42, 'GRAT_ATTR_GPIB_UNADDRESS': 36,
    'GRAT_ATTR_HISLIP_MAX_MESSAGE': 7, 'GRAT_ATTR_HISLIP_OVERLAP': 6, 'GRAT_ATTR_HISLIP_VERSION': 5,
    'GRAT_ATTR_LOCKED_ELSEWHERE': 65, 'GRAT_ATTR_SASL_MECHANISM': 71, 'GRAT_ATTR_TCP_ADDRESS': 1,
    'GRAT_ATTR_TCP_KEEPALIVE': 4, 'GRAT_ATTR_TCP_NODELAY': 3, 'GRAT_ATTR_TCP_PORT': 2, 'GRAT_ATTR_TLS': 8,
    'GRAT_ATTR_TLS_CIPHER': 70, 'GRAT_ATTR_TLS_EXPIRES': 68, 'GRAT_ATTR_TLS_ISSUER': 67, 'GRAT_ATTR_TLS_PEER': 9,
    'GRAT_ATTR_TLS_PERPETUAL': 69, 'GRAT_ATTR_USB_488': 51, 'GRAT_ATTR_USB_ALTERNATE': 55,
    'GRAT_ATTR_USB_BULK_IN': 59, 'GRAT_ATTR_USB_BULK_IN_STATE': 62, 'GRAT_ATTR_USB_BULK_OUT': 58,
    'GRAT_ATTR_USB_BULK_OUT_STATE': 61, 'GRAT_ATTR_USB_CLASS': 53, 'GRAT_ATTR_USB_END_IN': 64,
    'GRAT_ATTR_USB_INTERFACE': 49, 'GRAT_ATTR_USB_INTERFACES': 56, 'GRAT_ATTR_USB_INTERRUPT_IN': 60,
    'GRAT_ATTR_USB_INTERRUPT_SIZE': 52, 'GRAT_ATTR_USB_INTERRUPT_STATE': 63, 'GRAT_ATTR_USB_MANUFACTURER': 47,
    'GRAT_ATTR_USB_PID': 45, 'GRAT_ATTR_USB_PIPES': 57, 'GRAT_ATTR_USB_PRODUCT': 48, 'GRAT_ATTR_USB_PROTOCOL': 50,
    'GRAT_ATTR_USB_SERIAL': 46, 'GRAT_ATTR_USB_SUBCLASS': 54, 'GRAT_ATTR_USB_VID': 44, 'GRAT_BELOW': 5,
    'GRAT_BUS_ATN': 2, 'GRAT_BUS_COMMAND': 3, 'GRAT_BUS_IFC': 1, 'GRAT_BUS_PASS_CONTROL': 4, 'GRAT_CLASS_INSTR': 1,
    'GRAT_CLASS_INTFC': 3, 'GRAT_CLASS_RAW': 4, 'GRAT_CLASS_SOCKET': 2, 'GRAT_DC': 1, 'GRAT_DOWN_AGGREGATE': 1,
    'GRAT_DOWN_AVERAGE': 3, 'GRAT_DOWN_DECIMATE': 2, 'GRAT_DOWN_NONE': 0, 'GRAT_EACCES': 17, 'GRAT_EBUSY': 15,
    'GRAT_ECANCELED': 4, 'GRAT_ECERT': 26, 'GRAT_ECUT': 22, 'GRAT_EDEAD': 23, 'GRAT_EFORMAT': 24, 'GRAT_EINSTR': 21,
    'GRAT_EINVAL': 1, 'GRAT_EIO': 16, 'GRAT_EITHER': 3, 'GRAT_ELOCKED': 12, 'GRAT_ELOST': 5, 'GRAT_ENODATA': 25,
    'GRAT_ENODEV': 14, 'GRAT_ENOHOST': 7, 'GRAT_ENOMEM': 2, 'GRAT_ENOSPC': 18, 'GRAT_ENOTSUP': 13, 'GRAT_EPARSE': 20,
    'GRAT_EPROTO': 9, 'GRAT_ERANGE': 19, 'GRAT_EREFUSED': 6, 'GRAT_ESHORT': 10, 'GRAT_ETIMEOUT': 3,
    'GRAT_ETOOBIG': 11, 'GRAT_EUNREACH': 8, 'GRAT_EVENT_EDGE': 1, 'GRAT_EVENT_PULSE': 2, 'GRAT_EVENT_RUNT': 4,
    'GRAT_EVENT_TIMEOUT': 5, 'GRAT_EVENT_WINDOW': 3, 'GRAT_F32': 5, 'GRAT_FALLING': 2, 'GRAT_FEATURE_DELAY': 32,
    'GRAT_FEATURE_DOWNSAMPLE': 2, 'GRAT_FEATURE_ETS': 8, 'GRAT_FEATURE_GENERATOR': 16, 'GRAT_FEATURE_SEGMENTS': 4,
    'GRAT_FEATURE_STREAM_TRIGGER': 64, 'GRAT_FEATURE_TERMS': 1, 'GRAT_FIND_BITSCOPE': 128, 'GRAT_FIND_CONFIG': 1,
    'GRAT_FIND_GPIB': 32, 'GRAT_FIND_MDNS': 4, 'GRAT_FIND_PICO': 256, 'GRAT_FIND_PROLOGIX': 64,
    'GRAT_FIND_SERIAL': 16, 'GRAT_FIND_USB': 8, 'GRAT_FIND_VXI11': 2, 'GRAT_FORCE': 4, 'GRAT_GEN_EXT': 2,
    'GRAT_GEN_FREE': 0, 'GRAT_GEN_SCOPE': 1, 'GRAT_GEN_SOFTWARE': 3, 'GRAT_GND': 3, 'GRAT_I16': 4, 'GRAT_I8': 2,
    'GRAT_IF_ASRL': 3, 'GRAT_IF_BITSCOPE': 8, 'GRAT_IF_GPIB': 4, 'GRAT_IF_PICO': 9, 'GRAT_IF_PRLGX_ASRL': 6,
    'GRAT_IF_PRLGX_TCPIP': 5, 'GRAT_IF_SIM': 10, 'GRAT_IF_TCPIP': 1, 'GRAT_IF_USB': 2, 'GRAT_IF_VICP': 7,
    'GRAT_IMG_BMP': 2, 'GRAT_IMG_GIF': 5, 'GRAT_IMG_JPEG': 3, 'GRAT_IMG_PNG': 1, 'GRAT_IMG_TIFF': 4,
    'GRAT_IMG_UNKNOWN': 0, 'GRAT_LIVE_AUTO': 0, 'GRAT_LIVE_DRAW': 2, 'GRAT_LIVE_MJPEG': 5, 'GRAT_LIVE_OUTS': 16,
    'GRAT_LIVE_RECORD': 3, 'GRAT_LIVE_SCREEN': 1, 'GRAT_LIVE_TERMINAL': 4, 'GRAT_LIVE_V4L2': 2, 'GRAT_LIVE_Y4M': 1,
    'GRAT_LOG_AUTO': 0, 'GRAT_LOG_BLOCK': 1, 'GRAT_LOG_RAPID': 2, 'GRAT_LOG_STREAM': 3, 'GRAT_MAX_ANALOG': 8,
    'GRAT_MAX_CHANNELS': 32, 'GRAT_MEASUREMENTS': 12, 'GRAT_NOTICE_CIC': 1, 'GRAT_NOTICE_CLEAR': 8,
    'GRAT_NOTICE_INTERRUPT': 32, 'GRAT_NOTICE_LISTEN': 4, 'GRAT_NOTICE_TALK': 2, 'GRAT_NOTICE_TRIGGER': 16,
    'GRAT_OK': 0, 'GRAT_REASON_CHAR': 2, 'GRAT_REASON_COUNT': 1, 'GRAT_REASON_END': 4, 'GRAT_REC_CLIPPED': 2,
    'GRAT_REC_CUT': 4, 'GRAT_REC_FORCED': 8, 'GRAT_REC_GAP_BEFORE': 1, 'GRAT_REC_PREVIEW': 16, 'GRAT_REN_LOCAL': 6,
    'GRAT_REN_OFF': 0, 'GRAT_REN_OFF_LOCAL': 2, 'GRAT_REN_ON': 1, 'GRAT_REN_ON_LOCKOUT': 4, 'GRAT_REN_ON_REMOTE': 3,
    'GRAT_REN_ON_REMOTE_LOCKOUT': 5, 'GRAT_RISING': 1, 'GRAT_RUN': 1, 'GRAT_SET_ACQ': 512, 'GRAT_SET_BANDWIDTH': 32,
    'GRAT_SET_CHANNELS': 1, 'GRAT_SET_COUPLING': 16, 'GRAT_SET_DELAY': 256, 'GRAT_SET_DEPTH': 1024,
    'GRAT_SET_DOWNSAMPLE': 32768, 'GRAT_SET_ETS': 65536, 'GRAT_SET_HOLDOFF': 8192, 'GRAT_SET_INVERT': 64,
    'GRAT_SET_OFFSET': 4, 'GRAT_SET_PROBE': 8, 'GRAT_SET_SCALE': 2, 'GRAT_SET_SWEEP': 2048,
    'GRAT_SET_THRESHOLD': 16384, 'GRAT_SET_TIMEBASE': 128, 'GRAT_SET_TRIGGER': 4096, 'GRAT_SIGINT_HOLDS': 8,
    'GRAT_SINGLE': 3, 'GRAT_STATE_AUTO': 5, 'GRAT_STATE_PRETRIGGER': 2, 'GRAT_STATE_STOPPED': 1,
    'GRAT_STATE_TRIGGERED': 4, 'GRAT_STATE_WAITING': 3, 'GRAT_STOP': 2, 'GRAT_SWEEP_AUTO': 1, 'GRAT_SWEEP_DOWN': 1,
    'GRAT_SWEEP_DOWN_UP': 3, 'GRAT_SWEEP_NORMAL': 2, 'GRAT_SWEEP_SINGLE': 3, 'GRAT_SWEEP_UP': 0,
    'GRAT_SWEEP_UP_DOWN': 2, 'GRAT_SYNC_ARM': 3, 'GRAT_SYNC_DONE': 6, 'GRAT_SYNC_MAX': 256, 'GRAT_SYNC_OPEN': 1,
    'GRAT_SYNC_READ': 5, 'GRAT_SYNC_SETUP': 2, 'GRAT_SYNC_START': 4, 'GRAT_TASK_STACK': 196608, 'GRAT_TEXT_MAX': 320,
    'GRAT_TLS_AUTO': 0, 'GRAT_TLS_NEVER': 2, 'GRAT_TLS_REQUIRE': 1, 'GRAT_TRIGGER_TERMS': 8, 'GRAT_TRIG_AUTO': 3,
    'GRAT_TRIG_EDGE': 1, 'GRAT_TRIG_KEEP': 0, 'GRAT_TRIG_NONE': 2, 'GRAT_U16': 3, 'GRAT_U8': 1,
    'GRAT_WAVE_ARBITRARY': 5, 'GRAT_WAVE_CLOCK': 6, 'GRAT_WAVE_DC': 12, 'GRAT_WAVE_EXPONENTIAL': 4,
    'GRAT_WAVE_GAUSSIAN': 8, 'GRAT_WAVE_HALF_SINE': 9, 'GRAT_WAVE_NOISE': 10, 'GRAT_WAVE_OFF': 0,
    'GRAT_WAVE_PRBS': 11, 'GRAT_WAVE_SINC': 7, 'GRAT_WAVE_SINE': 1, 'GRAT_WAVE_SQUARE': 3, 'GRAT_WAVE_TRIANGLE': 2
}
