"""Oscilloscopes and the instruments around them.

    import graticule as gr
    with gr.open("TCPIP::192.168.1.20::INSTR") as scope:
        scope.screenshot().save("scope.png")
        t = scope.capture(channels="1", period=2e-3, low=0, high=5, trigger="1:rising@1.2")
        t["1"].volts, t.time

Times are in seconds, voltages in volts. Every failure is a graticule.Error with the library's sentence and its code.
"""
import os as _os
from typing import TYPE_CHECKING as _TYPE_CHECKING, Any as _Any, Dict as _Dict, Optional as _Optional

from . import _lib
from ._call import Caller as _Caller
from ._errors import (BadArgument, Cancelled, Dead, Error, InstrumentError, Locked, Lost, Malformed, NoData, NotFound,
                      NotSupported, OutOfRange, Refused, Timeout)
from .discovery import Found, FoundList, default_resource as _default_resource, discover as _discover
from .instrument import Identity, Instrument, Interrupted, LeftOut, Screenshot, open_instrument as _open_instrument
from .simulator import Sim, sim
from .traces import Acquisitions, Trace, Traces, load, save_all

if _TYPE_CHECKING:
    from .aio import AsyncInstrument
    from .bench import Bench, Result, Results
    from .generator import Generator
    from .live import LivePlot
    from .stream import Stream

__version__: str = _lib.lib.grat_version().decode()
__all__ = ['Acquisitions', 'AsyncInstrument', 'BadArgument', 'Bench', 'Cancelled', 'Dead', 'Error', 'Found',
           'FoundList', 'Generator', 'Identity', 'Instrument', 'InstrumentError', 'Interrupted', 'LeftOut',
           'LivePlot', 'Locked', 'Lost', 'Malformed', 'NoData', 'NotFound', 'NotSupported', 'OutOfRange', 'Refused',
           'Result', 'Results', 'Screenshot', 'Sim', 'Stream', 'Timeout', 'Trace', 'Traces', 'get_instruments',
           'list', 'load', 'open', 'open_async', 'save_all', 'sim']

# What is loaded when it is first used.
_LATER = {'AsyncInstrument': 'aio', 'Bench': 'bench', 'Result': 'bench', 'Results': 'bench', 'Generator': 'generator',
          'LivePlot': 'live', 'Stream': 'stream'}


def __getattr__(name: str) -> _Any:
    if name not in _LATER:
        raise AttributeError('module %r has no attribute %r' % (__name__, name))
    import importlib
    return getattr(importlib.import_module('.' + _LATER[name], __name__), name)


def __dir__() -> _Any:
    return sorted({*globals(), *_LATER})


def list(timeout: float = 3.0) -> FoundList:
    """The instruments on the network, USB and buses, each once. It takes as long as discovery: `timeout` seconds at
    most."""
    return _discover(timeout, silent=False)


def get_instruments(timeout: float = 3.0) -> _Dict[str, str]:
    """A dictionary of resource strings by label: the alias where there is one, else the resource itself. Nothing is
    opened for it."""
    return {found.name or found.resource: found.resource for found in _discover(timeout, silent=True)}


def open(resource: _Optional[str] = None, timeout: _Optional[float] = 5.0, **options: _Any) -> Instrument:
    """Opens an instrument by its resource or alias; without one the default (GRATICULE_RESOURCE, then the
    configuration file), else the only one that discovery finds.

    timeout: seconds for this and, unless they name their own, for the calls of the instrument; None = for ever.
    options: tls ("auto", "require", "insecure", "never"), tls_ca (a file), user, password, serial ("115200,8N1"),
    lock_wait (seconds: take an exclusive lock), command_gap (seconds between messages at least).
    NotFound, Refused, Timeout, Locked; BadArgument or Malformed (EPARSE) for a resource that is none.
    """
    return _open(_checked(options), resource, timeout)


def open_async(resource: _Optional[str] = None, timeout: _Optional[float] = 5.0,
               **options: _Any) -> 'AsyncInstrument':
    """As open, for asyncio: `async with open_async(resource) as scope: await scope.query("*IDN?")`."""
    from .aio import AsyncInstrument    # asyncio takes a while to load
    options = _checked(options)
    return AsyncInstrument(lambda caller: _open(options, resource, timeout, caller))


def _checked(options: _Dict[str, _Any]) -> _Dict[str, _Any]:
    unknown = set(options) - {'tls', 'tls_ca', 'user', 'password', 'serial', 'lock_wait', 'command_gap'}
    if unknown:
        raise TypeError('open: %s: no such option' % ', '.join(sorted(unknown)))
    return options


def _open(options: _Dict[str, _Any], resource: _Optional[str], timeout: _Optional[float],
          caller: _Optional[_Caller] = None) -> Instrument:
    if resource is None:
        resource = _os.environ.get('GRATICULE_RESOURCE') or _default_resource() or _only()
    return _open_instrument(resource, timeout, options, caller)


def _only() -> str:
    answered = [found for found in _discover(3.0, silent=False) if any(found.identity)]
    if not answered:
        raise NotFound('ENODEV', 'no instrument: none was found; name one, or see what grat list --explain says')
    if len(answered) > 1:
        raise BadArgument('EINVAL', 'which instrument: %d were found: %s; name one of these' % (
            len(answered), ', '.join(found.resource for found in answered)))
    return answered[0].resource
