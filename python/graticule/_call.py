"""One call of the library at a time: its deadline, its cancel, its error, and Ctrl-C while it waits.

ctypes lets go of the GIL in every call, so other threads run. In the main thread Python's own signal handlers run only
after the call: until then a watching thread, told by signal.set_wakeup_fd, fires the cancel of the call in progress.
What came of the call is taken before the program's handler runs, hence before KeyboardInterrupt is raised.
"""
import math
import os
import threading
from ctypes import byref

try:
    # The module signal without its conversions to enumerations, which take longer than a query.
    import _signal as signal
except ImportError:
    import signal

from . import _errors
from ._lib import grat_op, lib

FOREVER_MS = 10 ** 12
SIGINT = int(signal.SIGINT)


class _Watcher:
    """Reads the numbers of signals as they come and fires the cancel of the main thread's call on SIGINT."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self.lock = threading.Lock()
        self.cancel = None
        self.forward = -1
        threading.Thread(target=self._watch, name='graticule-signals', daemon=True).start()

    def _watch(self):
        while True:
            got = os.read(self.reader, 64)
            with self.lock:
                if self.cancel and SIGINT in got:
                    lib.grat_cancel_fire(self.cancel)
                forward = self.forward
            if forward >= 0:
                try:
                    os.write(forward, got)
                except OSError:
                    pass

    def set(self, cancel, forward):
        with self.lock:
            was = self.cancel, self.forward
            self.cancel, self.forward = cancel, forward
        return was


_watcher = None


def _forget():
    global _watcher
    _watcher = None


os.register_at_fork(after_in_child=_forget)


class Interrupts:
    """What the program's SIGINT handler missed while a call ran."""

    def __init__(self, handler=None):
        self.handler = handler
        self.missed = []

    def deliver(self):
        """Runs the handler now; Python's own raises KeyboardInterrupt."""
        missed, self.missed = self.missed, []
        if missed:
            self.handler(*missed[0])

    def drop(self):
        """True when there was one, which is forgotten."""
        missed, self.missed = self.missed, []
        return bool(missed)


_NONE = Interrupts()


def guarded(cancel, function, *args):
    """function(*args) with SIGINT firing `cancel`: its result and the Interrupts."""
    global _watcher
    if threading.get_ident() != threading.main_thread().ident:
        return function(*args), _NONE
    handler = signal.getsignal(SIGINT)
    if not callable(handler):
        return function(*args), _NONE
    if not _watcher:
        _watcher = _Watcher()
    watcher, interrupts = _watcher, Interrupts(handler)

    def note(signum, frame):
        interrupts.missed.append((signum, frame))
        lib.grat_cancel_fire(cancel)

    signal.signal(SIGINT, note)
    try:
        wakeup = signal.set_wakeup_fd(watcher.writer, warn_on_full_buffer=False)
        was = watcher.set(cancel, wakeup)
        try:
            result = function(*args)
        finally:
            watcher.set(*was)
            signal.set_wakeup_fd(wakeup)
    finally:
        signal.signal(SIGINT, handler)
    return result, interrupts


def milliseconds(seconds):
    """None stands for ever."""
    if seconds is None or math.isinf(seconds):
        return FOREVER_MS
    if not seconds >= 0:
        raise _errors.BadArgument('EINVAL', 'timeout: %r s; it must be 0 or more, or None for ever' % (seconds,))
    return min(math.ceil(seconds * 1000), FOREVER_MS)


def failure(op, partial=None):
    """The exception for what `op` says."""
    return _errors.make(lib.grat_err_name(op.err).decode(), op.text.decode(errors='replace'), partial)


class Caller:
    """A grat_op with a cancel of its own; one call at a time, whatever thread it is made by."""

    def __init__(self):
        self.lock = threading.RLock()
        self.op = grat_op()
        self._state = threading.Lock()
        self._busy = 0
        self._cancel = lib.grat_cancel_new()
        if not self._cancel:
            raise _errors.make('ENOMEM', 'no descriptor is left for another instrument; close some')

    def run(self, timeout, function, *args):
        """function(*args): the error code and the Interrupts. The caller holds the lock."""
        with self._state:
            if lib.grat_cancel_fired(self._cancel):
                lib.grat_cancel_reset(self._cancel)
            self._busy += 1
        try:
            lib.grat_op_init(byref(self.op), milliseconds(timeout), self._cancel)
            return guarded(self._cancel, function, *args)
        finally:
            with self._state:
                self._busy -= 1

    def call(self, timeout, function, *args):
        """As run, with the error as an exception. Only for calls that leave nothing to be freed."""
        err, interrupts = self.run(timeout, function, *args)
        interrupts.deliver()
        if err:
            raise failure(self.op)

    def cancel(self):
        """Ends the call in progress, if there is one; from any thread."""
        with self._state:
            if self._busy and self._cancel:
                lib.grat_cancel_fire(self._cancel)

    def __del__(self):
        cancel, self._cancel = getattr(self, '_cancel', None), None
        if cancel and lib:
            lib.grat_cancel_free(cancel)
