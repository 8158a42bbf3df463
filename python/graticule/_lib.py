"""libgraticule.so.0 by ctypes: its functions, as the public headers have them. Structures and constants: _abi."""
import ctypes
import os
from ctypes import (CFUNCTYPE, POINTER, c_bool, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint, c_uint8, c_uint64,
                    c_void_p)
from typing import Any, Dict, List, Tuple

from ._abi import (CONSTANTS, grat_bench, grat_caps, grat_discover_options, grat_found, grat_generator, grat_identity,
                   grat_log_options, grat_log_sink, grat_log_totals, grat_meta, grat_op, grat_open_options,
                   grat_quick, grat_record, grat_request, grat_screenshot, grat_sim_instrument, grat_sync_member,
                   grat_sync_options, grat_sync_result, grat_trace)

__all__ = ['CONSTANTS', 'found_fn', 'grat_bench', 'grat_caps', 'grat_discover_options', 'grat_found',
           'grat_generator', 'grat_identity', 'grat_log_options', 'grat_log_sink', 'grat_log_totals', 'grat_meta',
           'grat_op', 'grat_open_options', 'grat_quick', 'grat_record', 'grat_request', 'grat_screenshot',
           'grat_sim_instrument', 'grat_sync_member', 'grat_sync_options', 'grat_sync_result', 'grat_trace', 'lib',
           'libc_free', 'record_fn']

SONAME = 'libgraticule.so.0'
VERSION = (0, 1)

found_fn = CFUNCTYPE(None, c_void_p, POINTER(grat_found))
record_fn = CFUNCTYPE(c_bool, c_void_p, POINTER(grat_record))
_P, _OP = c_void_p, POINTER(grat_op)

# name: (result, arguments). A result of c_int is a grat_err unless the name says something else.
FUNCTIONS: Dict[str, Tuple[Any, List[Any]]] = {
    'grat_version': (c_char_p, []),
    'grat_err_name': (c_char_p, [c_int]),
    'grat_cancel_new': (_P, []),
    'grat_cancel_free': (None, [_P]),
    'grat_cancel_fire': (None, [_P]),
    'grat_cancel_reset': (None, [_P]),
    'grat_op_init': (None, [_OP, c_int64, _P]),
    'grat_utc_ns': (c_int64, []),
    'grat_now_ns': (c_int64, []),
    'grat_sigint_hold': (c_bool, [_P]),
    'grat_sigint_release': (c_uint, []),
    'grat_sigint_depth': (c_uint, []),
    'grat_quick_query': (c_int, [_P, c_char_p]),
    'grat_parse_quantity': (c_int, [c_char_p, c_char_p, POINTER(c_double), _OP]),
    'grat_open': (c_int, [c_char_p, POINTER(grat_open_options), _OP, POINTER(_P)]),
    'grat_close': (None, [_P]),
    'grat_session_resource': (c_char_p, [_P]),
    'grat_write': (c_int, [_P, c_char_p, c_size_t, _OP]),
    'grat_read': (c_int, [_P, _P, c_size_t, _OP]),
    'grat_query': (c_int, [_P, c_char_p, _P, c_size_t, _OP]),
    'grat_query_block_alloc': (c_int, [_P, c_char_p, POINTER(_P), POINTER(c_size_t), _OP]),
    'grat_read_stb': (c_int, [_P, POINTER(c_uint8), _OP]),
    'grat_clear': (c_int, [_P, _OP]),
    'grat_trigger': (c_int, [_P, _OP]),
    'grat_lock': (c_int, [_P, c_int64, _OP]),
    'grat_unlock': (c_int, [_P, _OP]),
    'grat_check_errors': (c_int, [_P, _OP]),
    'grat_identify': (c_int, [_P, POINTER(grat_identity), _OP]),
    'grat_config_load': (c_int, [_OP, POINTER(_P)]),
    'grat_config_load_file': (c_int, [c_char_p, _OP, POINTER(_P)]),
    'grat_config_alias': (c_char_p, [_P, c_char_p]),
    'grat_config_bench': (POINTER(grat_bench), [_P, c_uint]),
    'grat_config_path': (c_char_p, [_P]),
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
    'grat_request_channels': (c_int, [POINTER(grat_request), c_char_p, _OP]),
    'grat_request_trigger': (c_int, [POINTER(grat_request), c_char_p, _OP]),
    'grat_request_downsample': (c_int, [POINTER(grat_request), c_char_p, _OP]),
    'grat_capture_with': (c_int, [_P, POINTER(grat_request), _P, record_fn, _P, _OP]),
    'grat_generator_init': (None, [POINTER(grat_generator)]),
    'grat_generator_set': (c_int, [_P, POINTER(grat_generator), POINTER(grat_generator), _OP]),
    'grat_generator_get': (c_int, [_P, POINTER(grat_generator), _OP]),
    'grat_log': (c_int, [_P, POINTER(grat_request), POINTER(grat_log_options), POINTER(grat_log_sink), _OP]),
    'grat_scope_caps': (POINTER(grat_caps), [_P]),
    'grat_is_bitscope': (c_bool, [_P]),
    'grat_bitscope_open': (c_int, [_P, _OP, POINTER(_P)]),
    'grat_bitscope_close': (None, [_P]),
    'grat_bitscope_raw': (c_int, [_P, c_char_p, _P, c_size_t, _OP]),
    'grat_sync_open': (c_int, [POINTER(grat_sync_member), c_uint, POINTER(grat_sync_options), _OP, POINTER(_P)]),
    'grat_sync_run': (c_int, [_P, c_int64, _OP]),
    'grat_sync_get': (POINTER(grat_sync_result), [_P, c_uint]),
    'grat_sync_align': (c_int, [_P, c_uint, c_char_p, _OP]),
    'grat_sync_resample': (c_int, [_P, _OP, POINTER(POINTER(grat_record))]),
    'grat_sync_send_spread_ns': (c_int64, [_P]),
    'grat_sync_step_name': (c_char_p, [c_int]),
    'grat_sync_close': (None, [_P]),
    'grat_read_file': (c_int, [c_char_p, POINTER(grat_meta), POINTER(POINTER(grat_record)), _OP]),
    'grat_read_pieces': (c_int, [c_char_p, POINTER(grat_meta), record_fn, _P, _OP]),
    'grat_trace_envelope': (None, [POINTER(grat_trace), c_size_t, c_size_t, c_size_t, _P, _P]),
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


def candidates() -> List[str]:
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


def load() -> Any:
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


lib: Any = load()
libc_free = ctypes.CDLL(None).free
libc_free.restype, libc_free.argtypes = None, [c_void_p]

