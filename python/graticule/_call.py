"""One call of the library at a time: its deadline, its cancel, its error, and Ctrl-C while it waits.

ctypes lets go of the GIL in every call, so other threads run. In the main thread the library holds SIGINT back while it
works: the signal fires the cancel of the call in progress, what came of the call is taken, and then the signal is
raised again, so that the program's own handler runs, which is what raises KeyboardInterrupt.
"""
import math
import os
import threading
import weakref
from ctypes import byref
from typing import Any, Optional, Tuple

try:
    # The module signal without its conversions to enumerations, which take longer than a query.
    import _signal as signal
except ImportError:
    import signal

from . import _errors
from ._lib import grat_op, lib
from ._request import quantity

FOREVER_MS = 10 ** 12
SIGINT = int(signal.SIGINT)

_hold, _release, _depth = lib.grat_sigint_hold, lib.grat_sigint_release, lib.grat_sigint_depth
_init = lib.grat_op_init
get_ident = threading.get_ident
_main = threading.main_thread().ident


def in_main_thread() -> bool:
    return get_ident() == _main


# What has a wire, a thread or a handle of its own: `_abandon` makes it useless in a forked child.
owned: 'weakref.WeakSet[Any]' = weakref.WeakSet()


def _forked() -> None:
    """The child has the holds of a main thread that it may not have, and connections that are the parent's: whatever it
    sent on them, a farewell too, would be sent for the parent."""
    global _main
    for thing in [*owned]:
        thing._abandon()
    _main = threading.main_thread().ident
    while _depth():
        _release()


os.register_at_fork(after_in_child=_forked)


def _look_for_signals() -> None:
    """Python runs its signal handlers at the start of a function."""


class Interrupts:
    """The SIGINTs that were held back while a call ran."""

    def __init__(self, missed: int = 0):
        self.missed = missed

    def deliver(self) -> None:
        """Runs the program's handler now; Python's own raises KeyboardInterrupt."""
        missed, self.missed = self.missed, 0
        if missed:
            signal.raise_signal(SIGINT)
            _look_for_signals()

    def drop(self) -> bool:
        """True when there was one, which is forgotten."""
        missed, self.missed = self.missed, 0
        return bool(missed)


def milliseconds(seconds: Any) -> int:
    """None stands for ever; text has a unit: "2s"."""
    if isinstance(seconds, str):
        seconds = quantity(seconds, 's')
    if seconds is None or math.isinf(seconds):
        return FOREVER_MS
    if not seconds >= 0:
        raise _errors.BadArgument('EINVAL', 'timeout: %r s; it must be 0 or more, or None for ever' % (seconds,))
    whole: int = math.ceil(seconds * 1000)
    return min(whole, FOREVER_MS)


def failure(op: Any, partial: Any = None) -> _errors.Error:
    """The exception for what `op` says."""
    return _errors.make(lib.grat_err_name(op.err).decode(), op.text.decode(errors='replace'), partial)


class Caller:
    """A grat_op with a cancel of its own; one call at a time, whatever thread it is made by."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.op = grat_op()
        self.busy = 0            # calls in progress: of nested ones several
        self.fired = False       # the handle may be fired
        self.handle: Optional[int] = lib.grat_cancel_new()
        if not self.handle:
            raise _errors.make('ENOMEM', 'no descriptor is left for another instrument; close some')

    def reset(self) -> None:
        """What was fired for the call before is not for the next one. The caller holds the lock."""
        self.fired = False
        lib.grat_cancel_reset(self.handle)

    def run(self, timeout: Optional[float], function: Any, *args: Any) -> Tuple[int, Interrupts]:
        """function(*args): the error code and the Interrupts. The caller holds the lock."""
        limit = milliseconds(timeout)
        if self.fired and not self.busy:
            self.reset()
        main, missed = in_main_thread(), 0
        depth = _depth() if main else 0
        # A KeyboardInterrupt of before may be raised behind any call until the hold: what was done is asked, not noted.
        self.busy += 1
        try:
            if main:
                _hold(self.handle)
            _init(byref(self.op), limit, self.handle)
            err: int = function(*args)
        finally:
            self.busy -= 1
            if main and _depth() > depth:
                missed = _release()
                if missed:
                    self.fired = True
        return err, Interrupts(missed)

    def call(self, timeout: Optional[float], function: Any, *args: Any) -> None:
        """As run, with the error as an exception. Only for calls that leave nothing to be freed."""
        err, interrupts = self.run(timeout, function, *args)
        interrupts.deliver()
        if err:
            raise failure(self.op)

    def cancel(self) -> None:
        """Ends the call in progress, if there is one; from any thread. A call that begins at this moment may be taken
        for it. Said before and after: whatever reset comes in between, another one follows."""
        if self.busy and self.handle:
            self.fired = True
            lib.grat_cancel_fire(self.handle)
            self.fired = True

    def __del__(self) -> None:
        handle, self.handle = getattr(self, 'handle', None), None
        if handle and lib:
            lib.grat_cancel_free(handle)
