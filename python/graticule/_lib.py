"""libgraticule.so.0 by ctypes: its structures, constants and functions, as graticule/graticule.h and sim.h have them.

The names of structures and fields are those of the headers: a test compares every size and offset with the compiler's.
"""
import ctypes
import os
from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_int, c_int64, c_size_t,
                    c_uint, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p)

SONAME = 'libgraticule.so.0'
VERSION = (0, 1)
TEXT_MAX = 320
MAX_CHANNELS = 32


class grat_op(Structure):
    _fields_ = [('deadline_ns', c_int64), ('idle_ns', c_int64), ('latest_ns', c_int64), ('cancel', c_void_p),
                ('err', c_int), ('reason', c_uint), ('count', c_size_t), ('text', c_char * TEXT_MAX)]


class grat_open_options(Structure):
    _fields_ = [('size', c_uint32), ('io_timeout_ms', c_int64), ('read_chunk', c_size_t), ('max_response', c_size_t),
                ('lock_timeout_ms', c_int64), ('command_gap_ns', c_int64), ('no_sync', c_bool), ('tls', c_int),
                ('tls_ca', c_char_p), ('tls_insecure', c_bool), ('user', c_char_p), ('password', c_char_p),
                ('plain', c_bool), ('serial', c_char_p)]


class grat_identity(Structure):
    _fields_ = [('vendor', c_char * 64), ('model', c_char * 64), ('serial', c_char * 64), ('firmware', c_char * 64)]


class grat_found(Structure):
    _fields_ = [('resource', c_char_p), ('via', c_char_p), ('name', c_char_p), ('identity', grat_identity),
                ('addresses', POINTER(c_char_p)), ('note', c_char_p), ('again', c_bool)]


class grat_discover_options(Structure):
    _fields_ = [('size', c_uint32), ('sources', c_uint), ('silent', c_bool), ('explain', c_void_p)]


class grat_trace(Structure):
    _fields_ = [('name', c_char * 16), ('unit', c_char * 8), ('logic', c_bool), ('type', c_int), ('scale', c_double),
                ('offset', c_double), ('raw', c_void_p), ('raw_min', c_int), ('raw_max', c_int),
                ('range_low', c_double), ('range_high', c_double), ('skew', c_double)]


class grat_record(Structure):
    _fields_ = [('refs', c_int), ('first', c_uint64), ('count', c_size_t), ('t0', c_double), ('dt', c_double),
                ('mono_ns', c_int64), ('utc_ns', c_int64), ('utc_uncertainty_ns', c_int64), ('flags', c_uint),
                ('number', c_uint), ('traces', c_uint),
                ('trigger_offset', c_double), ('trigger_stamp', c_uint64), ('trace', grat_trace * MAX_CHANNELS)]


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


class grat_request(Structure):
    _fields_ = [('size', c_uint32), ('channel', c_bool * 8), ('digital', c_bool * 16), ('any_channel', c_bool),
                ('period', c_double), ('samples', c_uint64), ('has_range', c_bool), ('low', c_double),
                ('high', c_double), ('coupling', c_int), ('probe', c_double), ('acq', c_int), ('averages', c_uint),
                ('trigger', c_int), ('trigger_source', c_char * 8), ('trigger_slope', c_int),
                ('trigger_level', c_double), ('pattern_care', c_uint16), ('pattern_want', c_uint16), ('hair', c_bool),
                ('wait', c_double), ('pre', c_double), ('memory', c_bool), ('current', c_bool), ('count', c_uint),
                ('segments', c_uint), ('downsample', c_int), ('ratio', c_uint), ('terms', c_uint),
                ('term', grat_trigger_term * 8), ('ets', c_bool)]


class grat_meta(Structure):
    _fields_ = [('identity', grat_identity), ('resource', c_char * 300), ('settings', grat_settings),
                ('has_settings', c_bool), ('acquisitions', c_uint)]


class grat_screenshot(Structure):
    _fields_ = [('data', c_void_p), ('size', c_size_t), ('kind', c_int), ('recipe', c_char * 48),
                ('repaired', c_bool), ('width', c_uint), ('height', c_uint)]


class grat_sim_instrument(Structure):
    _fields_ = [('model', c_char_p), ('address', c_char_p), ('wires', c_char_p), ('options', c_char_p),
                ('faults', c_char_p), ('raw_port', c_uint), ('vxi_port', c_uint), ('no_portmapper', c_bool)]


STRUCTURES = (grat_op, grat_open_options, grat_identity, grat_found, grat_discover_options, grat_trace, grat_record,
              grat_channel_settings, grat_trigger_term, grat_settings, grat_request, grat_meta, grat_screenshot,
              grat_sim_instrument)

CONSTANTS = {
    'GRAT_OK': 0, 'GRAT_ETIMEOUT': 3, 'GRAT_ECANCELED': 4, 'GRAT_REASON_COUNT': 1, 'GRAT_REASON_END': 4,
    'GRAT_U8': 1, 'GRAT_I8': 2, 'GRAT_U16': 3, 'GRAT_I16': 4, 'GRAT_F32': 5,
    'GRAT_REC_GAP_BEFORE': 1, 'GRAT_REC_CLIPPED': 2, 'GRAT_REC_CUT': 4, 'GRAT_REC_FORCED': 8, 'GRAT_REC_PREVIEW': 16,
    'GRAT_DC': 1, 'GRAT_AC': 2, 'GRAT_GND': 3,
    'GRAT_ACQ_NORMAL': 1, 'GRAT_ACQ_AVERAGE': 2, 'GRAT_ACQ_PEAK': 3, 'GRAT_ACQ_HIRES': 4,
    'GRAT_RISING': 1, 'GRAT_FALLING': 2, 'GRAT_EITHER': 3, 'GRAT_ABOVE': 4, 'GRAT_BELOW': 5,
    'GRAT_TRIG_KEEP': 0, 'GRAT_TRIG_EDGE': 1, 'GRAT_TRIG_NONE': 2, 'GRAT_TRIG_AUTO': 3,
    'GRAT_IMG_UNKNOWN': 0, 'GRAT_IMG_PNG': 1, 'GRAT_TLS_AUTO': 0, 'GRAT_TLS_REQUIRE': 1, 'GRAT_TLS_NEVER': 2,
    'GRAT_TEXT_MAX': TEXT_MAX, 'GRAT_MAX_CHANNELS': MAX_CHANNELS,
}

found_fn = CFUNCTYPE(None, c_void_p, POINTER(grat_found))
record_fn = CFUNCTYPE(c_bool, c_void_p, POINTER(grat_record))

_P, _OP = c_void_p, POINTER(grat_op)

# name: (result, arguments). A result of c_int is a grat_err unless the name says something else.
FUNCTIONS = {
    'grat_version': (c_char_p, []),
    'grat_err_name': (c_char_p, [c_int]),
    'grat_cancel_new': (_P, []),
    'grat_cancel_free': (None, [_P]),
    'grat_cancel_fire': (None, [_P]),
    'grat_cancel_fired': (c_bool, [_P]),
    'grat_cancel_reset': (None, [_P]),
    'grat_op_init': (None, [_OP, c_int64, _P]),
    'grat_parse_quantity': (c_int, [c_char_p, c_char_p, POINTER(c_double), _OP]),
    'grat_open': (c_int, [c_char_p, POINTER(grat_open_options), _OP, POINTER(_P)]),
    'grat_close': (None, [_P]),
    'grat_session_resource': (c_char_p, [_P]),
    'grat_write': (c_int, [_P, c_char_p, c_size_t, _OP]),
    'grat_read': (c_int, [_P, _P, c_size_t, _OP]),
    'grat_query': (c_int, [_P, c_char_p, _P, c_size_t, _OP]),
    'grat_query_raw': (c_int, [_P, c_char_p, POINTER(_P), POINTER(c_size_t), _OP]),
    'grat_query_block_alloc': (c_int, [_P, c_char_p, POINTER(_P), POINTER(c_size_t), _OP]),
    'grat_read_stb': (c_int, [_P, POINTER(c_uint8), _OP]),
    'grat_clear': (c_int, [_P, _OP]),
    'grat_trigger': (c_int, [_P, _OP]),
    'grat_lock': (c_int, [_P, c_int64, _OP]),
    'grat_unlock': (c_int, [_P, _OP]),
    'grat_check_errors': (c_int, [_P, _OP]),
    'grat_identify': (c_int, [_P, POINTER(grat_identity), _OP]),
    'grat_config_load': (c_int, [_OP, POINTER(_P)]),
    'grat_config_free': (None, [_P]),
    'grat_config_default': (c_char_p, [_P]),
    'grat_discover': (c_int, [POINTER(grat_discover_options), found_fn, _P, _OP]),
    'grat_record_ref': (_P, [_P]),
    'grat_record_unref': (None, [_P]),
    'grat_sample_size': (c_size_t, [c_int]),
    'grat_trace_values': (None, [POINTER(grat_trace), c_size_t, c_size_t, _P]),
    'grat_trace_values_f32': (None, [POINTER(grat_trace), c_size_t, c_size_t, _P]),
    'grat_scope_open': (c_int, [_P, _OP, POINTER(_P)]),
    'grat_scope_close': (None, [_P]),
    'grat_scope_identity': (POINTER(grat_identity), [_P]),
    'grat_request_init': (None, [POINTER(grat_request)]),
    'grat_capture': (c_int, [_P, POINTER(grat_request), record_fn, _P, _OP]),
    'grat_writer_open': (c_int, [c_char_p, c_char_p, POINTER(grat_meta), _OP, POINTER(_P)]),
    'grat_writer_record': (c_int, [_P, _P, _OP]),
    'grat_writer_finish': (c_int, [_P, _OP]),
    'grat_writer_abort': (None, [_P]),
    'grat_screenshot_get': (c_int, [_P, c_int, POINTER(grat_screenshot), _OP]),
    'grat_screenshot_free': (None, [POINTER(grat_screenshot)]),
    'grat_save': (c_int, [c_char_p, c_char_p, c_size_t, _OP]),
    'grat_sim_new': (c_int, [POINTER(grat_sim_instrument), c_uint, c_uint64, _OP, POINTER(_P)]),
    'grat_sim_resource': (c_char_p, [_P, c_uint]),
    'grat_sim_run': (c_int, [_P, _P, _OP]),
    'grat_sim_free': (None, [_P]),
}


def candidates():
    """Where the library may be, the best place first."""
    named = os.environ.get('GRATICULE_LIBRARY')
    if named:
        return [named]
    here = os.path.dirname(os.path.abspath(__file__))
    tree = os.path.dirname(os.path.dirname(here))
    beside = [os.path.join(here, SONAME)]
    if os.path.exists(os.path.join(tree, 'include', 'graticule', 'graticule.h')):
        beside.append(os.path.join(tree, 'build', SONAME))
    return [path for path in beside if os.path.exists(path)] + [SONAME]


def load():
    wrong = []
    for path in candidates():
        try:
            found = ctypes.CDLL(path)
            break
        except OSError as e:
            wrong.append(str(e))
    else:
        raise ImportError('graticule: %s is not to be had: %s; install libgraticule0, or set GRATICULE_LIBRARY to the '
                          'file' % (SONAME, '; '.join(wrong)))
    try:
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(found, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as e:
        raise ImportError('graticule: %s: %s; it is of another version than this package' % (path, e)) from None
    version = found.grat_version().decode()
    if tuple(int(part) for part in version.split('.')[:2]) != VERSION:
        raise ImportError('graticule: %s is version %s, this package needs %d.%d' % (path, version, *VERSION))
    return found


lib = load()
libc_free = ctypes.CDLL(None).free
libc_free.restype, libc_free.argtypes = None, [c_void_p]

