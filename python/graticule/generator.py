"""The generators that are built into scopes."""
from ctypes import POINTER, byref, c_double, cast, sizeof
from typing import Any, Dict, NamedTuple, Optional

from . import _request
from ._call import Caller
from ._lib import CONSTANTS, grat_generator, lib

# word: (wave, symmetry unless it is said)
WAVES = {'sine': ('SINE', 0.5), 'triangle': ('TRIANGLE', 0.5), 'ramp': ('TRIANGLE', 1.0), 'sawtooth': ('TRIANGLE', 1.0),
         'square': ('SQUARE', 0.5), 'exponential': ('EXPONENTIAL', 0.5), 'points': ('ARBITRARY', 0.5),
         'clock': ('CLOCK', 0.5), 'off': ('OFF', 0.5), 'stop': ('OFF', 0.5), 'sinc': ('SINC', 0.5),
         'gaussian': ('GAUSSIAN', 0.5), 'half-sine': ('HALF_SINE', 0.5), 'noise': ('NOISE', 0.5),
         'prbs': ('PRBS', 0.5), 'dc': ('DC', 0.5)}
NAMES = {CONSTANTS['GRAT_WAVE_' + wave]: word for word, (wave, _) in reversed(WAVES.items())}
WAYS = {'up': CONSTANTS['GRAT_SWEEP_UP'], 'down': CONSTANTS['GRAT_SWEEP_DOWN'],
        'up-down': CONSTANTS['GRAT_SWEEP_UP_DOWN'], 'down-up': CONSTANTS['GRAT_SWEEP_DOWN_UP']}
TRIGGERS = {'none': CONSTANTS['GRAT_GEN_FREE'], 'scope': CONSTANTS['GRAT_GEN_SCOPE'],
            'ext': CONSTANTS['GRAT_GEN_EXT'], 'software': CONSTANTS['GRAT_GEN_SOFTWARE']}


class Generator(NamedTuple):
    """What a generator does: wave ("off" when nothing), frequency in hertz as it really is, low and high in volts,
    symmetry 0 to 1."""
    wave: str
    frequency: float
    low: float
    high: float
    symmetry: float


def set_level(g: Any, given: Dict[str, Any]) -> None:
    if (given['low'] is None) != (given['high'] is None):
        raise _request.wrong('low and high: one is missing; give both')
    if given['low'] is not None:
        g.low, g.high = _request.quantity(given['low'], 'V'), _request.quantity(given['high'], 'V')
        if not g.low < g.high and g.wave != CONSTANTS['GRAT_WAVE_DC']:
            raise _request.wrong('low and high: high must be above low')


def set_sweep(g: Any, given: Dict[str, Any]) -> None:
    if given['to'] is None:
        return
    g.stop = _request.above_nothing(given['to'], 'Hz', 'to')
    g.step = abs(g.stop - g.frequency) / 100
    if given['step'] is not None:
        g.step = _request.above_nothing(given['step'], 'Hz', 'step')
    g.dwell = _request.above_nothing(given['dwell'], 's', 'dwell')
    g.way = _request.word(WAYS, given['sweep'], 'sweep')


def set_points(g: Any, points: Any) -> None:
    if (points is None) == (g.wave == CONSTANTS['GRAT_WAVE_ARBITRARY']):
        raise _request.wrong('points: the wave "points" and its points go together')
    if points is not None:
        array = (c_double * len(points))(*map(float, points))
        g.points, g.count = cast(array, POINTER(c_double)), len(points)    # g keeps the array


def make(wave: str, given: Dict[str, Any]) -> grat_generator:
    """A grat_generator of the arguments of Instrument.generator."""
    g = grat_generator()
    lib.grat_generator_init(byref(g))
    if wave.lower() == 'fire':
        g.fire = True
        return g
    if wave.lower() not in WAVES:
        raise _request.wrong('wave: %s: there is no such wave; %s' % (wave, ', '.join(WAVES)))
    name, symmetry = WAVES[wave.lower()]
    g.wave = CONSTANTS['GRAT_WAVE_' + name]
    g.frequency = _request.above_nothing(given['frequency'], 'Hz', 'frequency')
    asked = [given[key] for key in ('duty', 'symmetry') if given[key] is not None]
    g.symmetry = _request.quantity(asked[-1], '%') if asked else symmetry
    set_level(g, given)
    set_sweep(g, given)
    set_points(g, given['points'])
    g.trigger = _request.word(TRIGGERS, given['on'], 'on')
    g.trigger_falling = bool(given['falling'])
    g.cycles = _request.whole(given['cycles'], '', 'cycles', 1e9) if given['cycles'] else 0
    return g


def call(caller: Caller, seconds: Optional[float], scope: Any, g: Optional[grat_generator]) -> Generator:
    """Sets it, or asks without one."""
    out = grat_generator(size=sizeof(grat_generator))
    if g is None:
        caller.call(seconds, lib.grat_generator_get, scope, byref(out), byref(caller.op))
    else:
        caller.call(seconds, lib.grat_generator_set, scope, byref(g), byref(out), byref(caller.op))
    return Generator(NAMES.get(out.wave, 'off'), out.frequency, out.low, out.high, out.symmetry)
