"""Instruments: raw I/O, screenshots and captures. Times are in seconds, voltages in volts."""
import contextlib
import ctypes
import os
import warnings
from ctypes import byref, c_size_t, c_uint8, c_void_p
from typing import Iterator, List, NamedTuple, Optional, Union

from . import _errors, _request
from ._call import Caller, failure, milliseconds
from ._lib import (CONSTANTS, grat_identity, grat_meta, grat_open_options, grat_screenshot, lib, libc_free, record_fn)
from .traces import Record, Traces, numpy_or_none

TLS = {'auto': CONSTANTS['GRAT_TLS_AUTO'], 'require': CONSTANTS['GRAT_TLS_REQUIRE'],
       'never': CONSTANTS['GRAT_TLS_NEVER'], 'insecure': CONSTANTS['GRAT_TLS_REQUIRE']}


class Interrupted(UserWarning):
    """Ctrl-C ended a capture; what it returns is what there was by then."""


class Identity(NamedTuple):
    """The four fields of *IDN?."""
    vendor: str
    model: str
    serial: str
    firmware: str


def identity_of(c) -> Identity:
    return Identity(*(getattr(c, f).decode(errors='replace') for f in Identity._fields))


class Screenshot:
    """A picture of the instrument's screen: png (bytes), width and height in pixels. A notebook shows it."""

    def __init__(self, png: bytes, width: int, height: int):
        self.png, self.width, self.height = png, width, height

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return '<Screenshot %d x %d>' % (self.width, self.height)

    def save(self, path: Union[str, os.PathLike]) -> str:
        """Writes the PNG, whole or not at all, and returns the path."""
        caller = Caller()
        caller.call(None, lib.grat_save, os.fsencode(path), self.png, len(self.png), byref(caller.op))
        return os.fspath(path)


class Instrument:
    """A session with an instrument, opened by graticule.open.

    Calls of one instrument come one after another, from whatever thread; those of several run at the same time. Every
    call takes `timeout` in seconds (default: that of open). Ctrl-C ends a wait in the main thread; cancel() ends one in
    another thread. A call that failed leaves the instrument usable: the next one brings it back into step.
    """

    def __init__(self, caller: Caller, session, timeout: Optional[float]):
        self._caller, self._session, self._scope = caller, session, None
        self._buffer = None
        self.timeout = timeout
        self.resource: str = lib.grat_session_resource(session).decode()

    def __repr__(self) -> str:
        return '<Instrument %s%s>' % (self.resource, '' if self._session else ', closed')

    def __enter__(self) -> 'Instrument':
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __del__(self):
        if lib and getattr(self, '_session', None):
            self._release()

    def close(self) -> None:
        """Ends a call in progress and closes the session. Once is enough; twice does no harm."""
        self._caller.cancel()
        with self._caller.lock:
            self._release()

    def _release(self):
        scope, session, self._scope, self._session = self._scope, self._session, None, None
        if scope:
            lib.grat_scope_close(scope)
        elif session:
            lib.grat_close(session)

    def cancel(self) -> None:
        """Ends the call in progress, which raises Cancelled; from any thread."""
        self._caller.cancel()

    @property
    def _op(self):
        return byref(self._caller.op)

    @contextlib.contextmanager
    def _locked(self, timeout):
        with self._caller.lock:
            if not self._session:
                raise _errors.BadArgument('EINVAL', '%s: it is closed; open it again' % self.resource)
            yield self.timeout if timeout is None else timeout

    def _simple(self, timeout, function, *args):
        with self._locked(timeout) as seconds:
            self._caller.call(seconds, function, self._session, *args, self._op)

    # ---- raw I/O

    def write(self, command: Union[str, bytes], timeout: Optional[float] = None) -> None:
        """Sends one message; the terminator that the wire needs is added."""
        data = command.encode() if isinstance(command, str) else bytes(command)
        self._simple(timeout, lib.grat_write, data, len(data))

    def read(self, size: int = 65536, timeout: Optional[float] = None) -> bytes:
        """What arrives in one read, 1 to `size` bytes; Timeout.partial has what came before a timeout."""
        buffer = ctypes.create_string_buffer(size)
        with self._locked(timeout) as seconds:
            err, interrupts = self._caller.run(seconds, lib.grat_read, self._session, buffer, size, self._op)
            got = buffer.raw[:self._caller.op.count]
            interrupts.deliver()
            if err:
                raise failure(self._caller.op, got)
            return got

    def query(self, command: str, timeout: Optional[float] = None, limit: int = 65536) -> str:
        """Sends a command and returns its reply, a text of up to `limit` - 1 bytes, without the terminator."""
        with self._locked(timeout) as seconds:
            if not self._buffer or len(self._buffer) < limit:
                self._buffer = ctypes.create_string_buffer(limit)
            self._caller.call(seconds, lib.grat_query, self._session, command.encode(), self._buffer, limit, self._op)
            return self._buffer.value.decode(errors='surrogateescape')

    def query_values(self, command: str, timeout: Optional[float] = None, limit: int = 1 << 24):
        """The numbers of a reply such as "1.5,2,3e-3", shape (n,), float64; a list without numpy. Malformed (EPARSE)
        when one is not a number. `limit` as for query."""
        text = self.query(command, timeout, limit)
        try:
            values = [float(part) for part in text.split(',')]
        except ValueError:
            raise _errors.make('EPARSE', '%s: not numbers between commas: %.60s' % (command, text), text) from None
        numpy = numpy_or_none()
        return numpy.array(values) if numpy else values

    def query_block(self, command: str, dtype=None, timeout: Optional[float] = None):
        """The contents of an IEEE 488.2 block: bytes, or with `dtype` (such as "u1", "<i2") a numpy array, shape (n,).
        Malformed (ESHORT) when the instrument broke it off: its `partial` has what arrived."""
        data, size = c_void_p(), c_size_t()
        with self._locked(timeout) as seconds:
            err, interrupts = self._caller.run(seconds, lib.grat_query_block_alloc, self._session, command.encode(),
                                               byref(data), byref(size), self._op)
            try:
                got = ctypes.string_at(data, size.value) if data else b''
            finally:
                libc_free(data)
            interrupts.deliver()
            if err:
                raise failure(self._caller.op, got)
        if dtype is None:
            return got
        import numpy
        return numpy.frombuffer(got, dtype=dtype)

    def read_stb(self, timeout: Optional[float] = None) -> int:
        """The status byte, 0..255, by the wire's own means; NotSupported where it has none."""
        stb = c_uint8()
        self._simple(timeout, lib.grat_read_stb, byref(stb))
        return stb.value

    def clear(self, timeout: Optional[float] = None) -> None:
        """Device clear: the instrument forgets input and output."""
        self._simple(timeout, lib.grat_clear)

    def trigger(self, timeout: Optional[float] = None) -> None:
        """Group execute trigger, or *TRG where the wire has none."""
        self._simple(timeout, lib.grat_trigger)

    @contextlib.contextmanager
    def lock(self, wait: float = 0.0, timeout: Optional[float] = None) -> Iterator['Instrument']:
        """Keeps other clients out: `with scope.lock(wait=2): …`. Locked when it is not to be had in `wait` seconds."""
        seconds = self.timeout if timeout is None else timeout
        self._simple(None if seconds is None else seconds + wait, lib.grat_lock, milliseconds(wait))
        try:
            yield self
        except BaseException:
            with contextlib.suppress(_errors.Error):
                self._simple(timeout, lib.grat_unlock)
            raise
        if self._session:
            self._simple(timeout, lib.grat_unlock)

    def identify(self, timeout: Optional[float] = None) -> Identity:
        """Vendor, model, serial number and firmware, by *IDN?."""
        out = grat_identity()
        self._simple(timeout, lib.grat_identify, byref(out))
        return identity_of(out)

    def check_errors(self, timeout: Optional[float] = None) -> None:
        """Empties the instrument's error queue; InstrumentError with the first entry when there was one."""
        self._simple(timeout, lib.grat_check_errors)

    # ---- pictures and waveforms

    def screenshot(self, timeout: Optional[float] = 30.0) -> Screenshot:
        """The instrument's own screen as PNG."""
        shot = grat_screenshot()
        with self._locked(timeout) as seconds:
            err, interrupts = self._caller.run(seconds, lib.grat_screenshot_get, self._session,
                                               CONSTANTS['GRAT_IMG_PNG'], byref(shot), self._op)
            if err:
                interrupts.deliver()
                raise failure(self._caller.op)
            picture = Screenshot(ctypes.string_at(shot.data, shot.size), shot.width, shot.height)
            lib.grat_screenshot_free(byref(shot))
            interrupts.deliver()
            return picture

    def _open_scope(self, seconds):
        if self._scope:
            return
        scope = c_void_p()
        err, interrupts = self._caller.run(seconds, lib.grat_scope_open, self._session, self._op, byref(scope))
        if not err:
            self._scope = scope
        interrupts.deliver()
        if err:
            raise failure(self._caller.op)

    def capture(self, channels=None, *, period=None, samples=None, low=None, high=None, trigger: Optional[str] = None,
                memory: bool = False, current: bool = False, count: int = 1, coupling: Optional[str] = None,
                probe: Optional[float] = None, acquire: Optional[str] = None, averages: Optional[int] = None,
                pre: Optional[float] = None, wait=None, hair: bool = False,
                timeout: Optional[float] = 30.0) -> Union[Traces, List[Traces]]:
        """Sets up, arms, waits for the trigger and fetches. What is left out stays as the instrument has it.

        channels: "A", "1,2", "1-4", "D0-D7", or a list of names. period: seconds of signal ("2ms" is as good as 2e-3).
        samples: at least so many over the period. low, high: volts to see on every analog channel.
        trigger: "A:rising@1.2", "D3:falling", "D0=1,D3=0", "none", "auto"; wait: seconds until it goes by itself.
        memory: the whole acquisition memory, not the points of the screen. current: what is on the screen now.
        count: acquisitions; with more than 1 the result is a list of Traces. coupling: "dc", "ac", "gnd".
        probe: 10 stands for 10X. acquire: "normal", "average", "peak", "hires"; averages: over so many.
        pre: part (0..1) of the record from before the trigger. hair: short pulses trigger too.
        timeout: seconds in all; None = that of open.

        Ctrl-C returns what there is by then with the warning Interrupted (the traces are `cut`, or fewer), or raises
        KeyboardInterrupt when there is nothing. Errors carry what there is as `partial`, a list of Traces. OutOfRange
        names the nearest request that is possible.
        """
        q = _request.make({
            'channels': channels, 'period': period, 'samples': samples, 'low': low, 'high': high, 'trigger': trigger,
            'memory': memory, 'current': current, 'count': count, 'coupling': coupling, 'probe': probe,
            'acquire': acquire, 'averages': averages, 'pre': pre, 'wait': wait, 'hair': hair})
        with self._locked(timeout) as seconds:
            self._open_scope(seconds)
            return self._capture(q, seconds)

    def _capture(self, q, seconds):
        meta = grat_meta(identity=lib.grat_scope_identity(self._scope).contents, resource=self.resource.encode()[:299],
                         acquisitions=1)
        got, broken = [], []

        def take(_, record):
            try:
                got.append(Traces(Record(record), meta))
                return True
            except BaseException as e:
                broken.append(e)
                return False

        callback = record_fn(take)
        err, interrupts = self._caller.run(seconds, lib.grat_capture, self._scope, byref(q), callback, None, self._op)
        if broken:
            raise broken[0]
        if err == CONSTANTS['GRAT_ECANCELED'] and got and interrupts.drop():
            warnings.warn('%s: interrupted; this is what there was by then' % self.resource, Interrupted, stacklevel=3)
        else:
            interrupts.deliver()
            if err:
                raise failure(self._caller.op, got)
            if not got:
                raise _errors.NoData('ENODATA', '%s: it delivered nothing; is a channel on?' % self.resource)
        return got[0] if q.count == 1 else got


def open_instrument(resource: str, timeout: Optional[float], options: dict, caller: Optional[Caller]) -> Instrument:
    tls = options.pop('tls', 'auto')
    if tls not in TLS:
        raise _errors.BadArgument('EINVAL', 'tls: %s: auto, require, insecure or never' % tls)
    lock_wait, gap = options.pop('lock_wait', None), options.pop('command_gap', 0)
    text = {key: os.fsencode(value) for key, value in options.items() if value is not None}
    o = grat_open_options(size=ctypes.sizeof(grat_open_options), io_timeout_ms=milliseconds(timeout), tls=TLS[tls],
                          tls_insecure=tls == 'insecure', command_gap_ns=round(gap * 1e9),
                          lock_timeout_ms=milliseconds(lock_wait) if lock_wait else 0, **text)
    caller, session = caller or Caller(), c_void_p()
    with caller.lock:
        err, interrupts = caller.run(timeout, lib.grat_open, resource.encode(), byref(o), byref(caller.op),
                                     byref(session))
        if err:
            interrupts.deliver()
            raise failure(caller.op)
        instrument = Instrument(caller, session, timeout)
        interrupts.deliver()
        return instrument
