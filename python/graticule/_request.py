"""What a person asks of an acquisition, as a grat_request: the words are those of `grat capture`."""
import re
from ctypes import byref, c_double
from typing import Any, Dict, Iterator

from . import _errors
from ._call import failure
from ._lib import CONSTANTS, grat_op, grat_request, lib

SLOPES = {'rising': 1, 'rise': 1, '+': 1, 'falling': 2, 'fall': 2, '-': 2, 'either': 3, 'both': 3, 'above': 4,
          'below': 5}
COUPLINGS = {'dc': CONSTANTS['GRAT_DC'], 'ac': CONSTANTS['GRAT_AC'], 'gnd': CONSTANTS['GRAT_GND']}
TYPES = {'normal': 1, 'average': 2, 'peak': 3, 'hires': 4}
MODES = {name: CONSTANTS['GRAT_LOG_' + name.upper()] for name in ('auto', 'block', 'rapid', 'stream')}
DIGITAL = 16


def wrong(text: str) -> _errors.BadArgument:
    return _errors.BadArgument('EINVAL', text)


def quantity(value: Any, unit: str) -> float:
    """A number in SI units: of a number, or of text such as "2ms"."""
    if not isinstance(value, str):
        return float(value)
    op, out = grat_op(), c_double()
    lib.grat_op_init(byref(op), 0, None)
    if lib.grat_parse_quantity(value.encode(), unit.encode(), byref(out), byref(op)):
        raise failure(op)
    number: float = out.value
    return number


def channel_number(name: Any) -> int:
    """0..7 analog, 16..31 digital: 1..8 and A..H, D0..D15 and L0..L7."""
    text = str(name).strip().upper()
    if re.fullmatch(r'[1-8]', text):
        return int(text) - 1
    if re.fullmatch(r'[A-H]', text):
        return ord(text) - ord('A')
    if re.fullmatch(r'(CH|C)[1-8]', text):
        return int(text[-1]) - 1
    logic = re.fullmatch(r'[DL](\d{1,2})', text)
    if logic and int(logic[1]) < 16:
        return DIGITAL + int(logic[1])
    raise wrong('%s: not a channel; they are called 1 to 8, A to H, D0 to D15, L0 to L7' % name)


def channel_numbers(channels: Any) -> Iterator[int]:
    parts = channels.split(',') if isinstance(channels, str) else channels
    if isinstance(parts, int):
        parts = [parts]
    for part in parts:
        first, dash, last = str(part).partition('-')
        low = channel_number(first)
        high = channel_number(last) if dash else low
        if low // DIGITAL != high // DIGITAL or low > high:
            raise wrong('%s: not a range of channels' % part)
        yield from range(low, high + 1)


def source_name(text: str) -> str:
    if text.lower() in ('line', 'ext'):
        return text.lower()
    number = channel_number(text)
    return 'D%d' % (number - DIGITAL) if number >= DIGITAL else str(number + 1)


def slope_number(text: str) -> int:
    if text.lower() not in SLOPES:
        raise wrong('trigger: %s: not a slope; rising, falling, either, above or below' % text)
    return SLOPES[text.lower()]


def set_pattern(q: Any, text: str) -> None:
    pattern, _, slope = text.partition(':')
    for item in pattern.split(','):
        name, _, level = item.partition('=')
        number = channel_number(name) - DIGITAL
        if number < 0 or level not in ('0', '1'):
            raise wrong('trigger: %s: not a pattern; write it like D0=1,D3=0' % text)
        q.pattern_care |= 1 << number
        q.pattern_want |= int(level) << number
    if slope:
        q.trigger_slope = slope_number(slope)


def set_trigger(q: Any, text: str) -> None:
    """ "A:rising@1.2", "D3:falling", "D0=1,D3=0", "none", "auto" """
    if text.lower() in ('none', 'auto'):
        q.trigger = CONSTANTS['GRAT_TRIG_NONE' if text.lower() == 'none' else 'GRAT_TRIG_AUTO']
        return
    q.trigger = CONSTANTS['GRAT_TRIG_EDGE']
    q.trigger_slope = CONSTANTS['GRAT_RISING']
    if '=' in text:
        set_pattern(q, text)
        return
    where, _, level = text.partition('@')
    source, _, slope = where.partition(':')
    q.trigger_source = source_name(source).encode()
    if slope:
        q.trigger_slope = slope_number(slope)
    q.trigger_level = quantity(level, 'V') if level else 0.0


def set_range(q: Any, low: Any, high: Any) -> None:
    if (low is None) != (high is None):
        raise wrong('low and high: one is missing; give both')
    if low is None:
        return
    q.has_range, q.low, q.high = True, quantity(low, 'V'), quantity(high, 'V')
    if not q.low < q.high:
        raise wrong('low and high: high must be above low')


def word(table: Dict[str, int], value: str, what: str) -> int:
    if value.lower() not in table:
        raise wrong('%s: %s: not known; %s' % (what, value, ', '.join(table)))
    return table[value.lower()]


def above_nothing(value: Any, unit: str, what: str) -> float:
    number = quantity(value, unit)
    if not number > 0:
        raise wrong('%s: %s: it must be above 0' % (what, value))
    return number


def whole(value: Any, unit: str, what: str) -> int:
    number = quantity(value, unit)
    if not 1 <= number <= 1e15:
        raise wrong('%s: %s: it must be at least 1' % (what, value))
    return round(number)


def make(wanted: Dict[str, Any]) -> Any:
    """A grat_request of the arguments of Instrument.capture that are not None."""
    q = grat_request()
    lib.grat_request_init(byref(q))
    given = {key: value for key, value in wanted.items() if value is not None}
    if 'channels' in given:
        q.any_channel = True
        for number in channel_numbers(given['channels']):
            if number >= DIGITAL:
                q.digital[number - DIGITAL] = True
            else:
                q.channel[number] = True
    for key, unit in (('period', 's'), ('probe', ''), ('wait', 's')):
        if key in given:
            setattr(q, key, above_nothing(given[key], unit, key))
    if 'samples' in given:
        q.samples = whole(given['samples'], 'S', 'samples')
    if 'averages' in given:
        q.averages = whole(given['averages'], '', 'averages')
        q.acq = TYPES['average']
    if 'acquire' in given:
        q.acq = word(TYPES, given['acquire'], 'acquire')
    if 'coupling' in given:
        q.coupling = word(COUPLINGS, given['coupling'], 'coupling')
    if 'pre' in given:
        q.pre = float(given['pre'])
        if not 0 <= q.pre <= 1:
            raise wrong('pre: %s: a part from 0 to 1 of the record' % given['pre'])
    set_range(q, given.get('low'), given.get('high'))
    if 'trigger' in given:
        set_trigger(q, given['trigger'])
    if q.wait > 0:
        q.trigger = CONSTANTS['GRAT_TRIG_AUTO']
    q.memory, q.current, q.hair = (bool(given.get(key)) for key in ('memory', 'current', 'hair'))
    q.count = whole(given.get('count', 1), '', 'count') & 0xffffffff
    return q
