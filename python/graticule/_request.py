"""What a person asks of an acquisition, as a grat_request. The words are those of `grat capture`; the library reads
them."""
from ctypes import byref, c_double
from typing import Any, Dict

from . import _errors
from ._lib import CONSTANTS, grat_op, grat_request, lib

COUPLINGS = {'dc': CONSTANTS['GRAT_DC'], 'ac': CONSTANTS['GRAT_AC'], 'gnd': CONSTANTS['GRAT_GND']}
MODES = {name: CONSTANTS['GRAT_LOG_' + name.upper()] for name in ('auto', 'block', 'rapid', 'stream')}

WORDS = {'channels', 'period', 'samples', 'range', 'low', 'high', 'coupling', 'probe', 'trigger', 'wait', 'hair', 'pre',
         'memory', 'current', 'count', 'segments', 'downsample', 'ets', 'average', 'peak', 'hires'}


def wrong(text: str) -> _errors.BadArgument:
    return _errors.BadArgument('EINVAL', text)


def parsed(function: Any, *args: Any) -> None:
    """A function of the library that reads a text; BadArgument with its sentence."""
    op = grat_op()
    lib.grat_op_init(byref(op), 0, None)
    if function(*args, byref(op)):
        raise _errors.BadArgument(lib.grat_err_name(op.err).decode(), op.text.decode(errors='replace'))


def quantity(value: Any, unit: str) -> float:
    """A number in SI units: of a number, or of text such as "2ms"."""
    if not isinstance(value, str):
        return float(value)
    out = c_double()
    parsed(lib.grat_parse_quantity, value.encode(), unit.encode(), byref(out))
    number: float = out.value
    return number


def channel_list(channels: Any) -> bytes:
    parts = channels if not isinstance(channels, (str, int)) else [channels]
    return ','.join(str(part) for part in parts).replace(' ', '').encode()


def word(table: Dict[str, int], value: str, what: str) -> int:
    if value.lower() not in table:
        raise wrong('%s: %s: not known; %s' % (what, value, ', '.join(table)))
    return table[value.lower()]


def above_nothing(value: Any, unit: str, what: str) -> float:
    number = quantity(value, unit)
    if not number > 0:
        raise wrong('%s: %s: it must be above 0' % (what, value))
    return number


def whole(value: Any, unit: str, what: str, most: float = 1e15) -> int:
    number = quantity(value, unit)
    if not 1 <= number <= most:
        raise wrong('%s: %s: it must be at least 1 and at most %g' % (what, value, most))
    return round(number)


def set_range(q: Any, given: Dict[str, Any]) -> None:
    if ('low' in given) != ('high' in given):
        raise wrong('low and high: one is missing; give both, or range')
    if 'range' in given and 'low' in given:
        raise wrong('range and low: they say the same; give one of them')
    if 'range' in given:
        half = above_nothing(given['range'], 'V', 'range') / 2
        q.has_range, q.low, q.high = True, -half, half
    elif 'low' in given:
        q.has_range, q.low, q.high = True, quantity(given['low'], 'V'), quantity(given['high'], 'V')
        if not q.low < q.high:
            raise wrong('low and high: high must be above low')


def set_type(q: Any, given: Dict[str, Any]) -> None:
    if sum(bool(given.get(key)) for key in ('average', 'peak', 'hires')) > 1:
        raise wrong('average, peak and hires: only one of them is possible')
    if 'average' in given:
        q.averages = whole(given['average'], '', 'average', 65536)
        q.acq = CONSTANTS['GRAT_ACQ_AVERAGE']
    for key in ('peak', 'hires'):
        if given.get(key):
            q.acq = CONSTANTS['GRAT_ACQ_' + key.upper()]


def set_counts(q: Any, given: Dict[str, Any]) -> None:
    if 'segments' in given and 'count' in given:
        raise wrong('segments and count: both say how many acquisitions; give one of them')
    if 'segments' in given:
        q.segments = whole(given['segments'], '', 'segments', 1e9)
    if 'count' in given:
        q.count = whole(given['count'], '', 'count', 1e9)
    if q.current and (q.count > 1 or q.segments):
        raise wrong('current and count: what is on the screen can be read once')


def make(wanted: Dict[str, Any]) -> Any:
    """A grat_request of the arguments of Instrument.capture that are not None."""
    unknown = set(wanted) - WORDS
    if unknown:
        raise TypeError('capture: %s: no such argument' % ', '.join(sorted(unknown)))
    q = grat_request()
    lib.grat_request_init(byref(q))
    given = {key: value for key, value in wanted.items() if value is not None}
    if 'channels' in given:
        parsed(lib.grat_request_channels, byref(q), channel_list(given['channels']))
    for key, unit in (('period', 's'), ('probe', ''), ('wait', 's')):
        if key in given:
            setattr(q, key, above_nothing(given[key], unit, key))
    if 'samples' in given:
        q.samples = whole(given['samples'], 'S', 'samples')
    if 'coupling' in given:
        q.coupling = word(COUPLINGS, given['coupling'], 'coupling')
    if 'pre' in given:
        q.pre = quantity(given['pre'], '%')
        if not 0 <= q.pre <= 1:
            raise wrong('pre: %s: a part of the record, from 0 to 1 or "0%%" to "100%%"' % given['pre'])
    set_range(q, given)
    set_type(q, given)
    q.memory, q.current, q.hair, q.ets = (bool(given.get(key)) for key in ('memory', 'current', 'hair', 'ets'))
    set_counts(q, given)
    if 'downsample' in given:
        parsed(lib.grat_request_downsample, byref(q), given['downsample'].encode())
    if 'trigger' in given:
        parsed(lib.grat_request_trigger, byref(q), given['trigger'].encode())
    if q.wait > 0:
        q.trigger = CONSTANTS['GRAT_TRIG_AUTO']
    return q


def seconds(q: Any) -> float:
    """What an acquisition may take before something is wrong, as `grat capture` has it."""
    count, rounds = q.segments or q.count or 1, q.averages or 1
    whole_memory = 60.0 * count if q.memory else 0.0
    at_work: float = 30.0 + count * rounds * (3 * q.period + 1) + whole_memory
    return at_work
