"""Instruments: raw I/O, screenshots and captures. Times are in seconds, voltages in volts."""
import contextlib
import ctypes
import os
import warnings
from ctypes import byref, c_size_t, c_uint8, c_void_p
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union, overload

from . import _errors, _request
from . import _progress
from ._call import Caller, Interrupts, failure, get_ident, in_main_thread, milliseconds, owned
from ._lib import (CONSTANTS, grat_identity, grat_meta, grat_open_options, grat_quick, grat_screenshot, lib, libc_free,
                   record_fn)
from .traces import Acquisitions, Path, Record, Traces, numpy_or_none

if TYPE_CHECKING:
    from .generator import Generator
    from .live import LivePlot
    from .stream import Stream

Number = Union[float, str]
Channels = Union[str, int, Sequence[Union[str, int]]]

TLS = {'auto': CONSTANTS['GRAT_TLS_AUTO'], 'require': CONSTANTS['GRAT_TLS_REQUIRE'],
       'never': CONSTANTS['GRAT_TLS_NEVER'], 'insecure': CONSTANTS['GRAT_TLS_REQUIRE']}


_quick_query = lib.grat_quick_query


class Interrupted(UserWarning):
    """Ctrl-C ended a capture; what it returns is what there was by then."""


class LeftOut(UserWarning):
    """A channel that a capture asked for cannot be had together with the others."""


class Identity(NamedTuple):
    """The four fields of *IDN?."""
    vendor: str
    model: str
    serial: str
    firmware: str


def identity_of(c: Any) -> Identity:
    return Identity(*(getattr(c, f).decode(errors='replace') for f in Identity._fields))


class Screenshot:
    """A picture of the instrument's screen: png (bytes), width and height in pixels. A notebook shows it."""

    def __init__(self, png: bytes, width: int, height: int):
        self.png, self.width, self.height = png, width, height

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return '<Screenshot %d x %d>' % (self.width, self.height)

    def save(self, path: Path) -> str:
        """Writes the PNG, whole or not at all, and returns the path, which ends in .png."""
        if os.path.splitext(os.fspath(path))[1].lower() not in ('.png', ''):
            raise _errors.BadArgument('EINVAL', '%s: a screenshot is a PNG; name it .png' % os.fspath(path))
        caller = Caller()
        caller.call(None, lib.grat_save, os.fsencode(path), self.png, len(self.png), byref(caller.op))
        return os.fspath(path)


class Instrument:
    """A session with an instrument, opened by graticule.open.

    Calls of one instrument come one after another, from whatever thread; those of several run at the same time. Every
    call takes `timeout` in seconds (default: that of open). Ctrl-C ends a wait in the main thread; cancel() ends one in
    another thread. A call that failed leaves the instrument usable: the next one brings it back into step. A process
    that was forked opens its own.
    """

    def __init__(self, caller: Caller, session: Any, timeout: Optional[float]):
        self._caller, self._session, self._scope = caller, session, None
        self._streaming: Optional[int] = None    # the thread that records
        self._stream: Any = None                 # a weak reference to the stream
        self._quick = grat_quick(size=ctypes.sizeof(grat_quick), session=session.value, cancel=caller.handle)
        self._quick_at = byref(self._quick)
        self._quick_how: Optional[Tuple[int, int, int]] = None
        self._buffer: Any = None
        self._is_bitscope: bool = lib.grat_is_bitscope(session)
        self.timeout = timeout
        self.resource: str = lib.grat_session_resource(session).decode()
        self._gone = 'it is closed; open it again'
        owned.add(self)

    def __repr__(self) -> str:
        return '<Instrument %s%s>' % (self.resource, '' if self._session else ', closed')

    def __enter__(self) -> 'Instrument':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if lib and getattr(self, '_session', None):
            self._release()

    def close(self) -> None:
        """Ends a call or stream in progress and closes the session. Once is enough; twice does no harm."""
        stream = self._stream() if self._stream else None
        if stream:
            stream.close()
        self._caller.cancel()
        with self._caller.lock:
            self._release()

    def _release(self) -> None:
        scope, session, self._scope, self._session = self._scope, self._session, None, None
        self._quick_how = None
        if scope:
            lib.grat_scope_close(scope)
        elif session:
            lib.grat_close(session)

    def _abandon(self) -> None:
        self._caller, self._session, self._scope = Caller(), None, None
        self._streaming = self._stream = self._quick_how = None
        self._gone = 'it was opened by the process that forked this one; open it again here'

    def cancel(self) -> None:
        """Ends the call in progress, which raises Cancelled; from any thread."""
        self._caller.cancel()

    @property
    def timeout(self) -> Optional[float]:
        """Seconds for each call that does not name its own; None = for ever."""
        return self._timeout

    @timeout.setter
    def timeout(self, seconds: Optional[float]) -> None:
        self._timeout_ms, self._timeout = milliseconds(seconds), seconds

    @property
    def _op(self) -> Any:
        return byref(self._caller.op)

    def _check_usable(self) -> None:
        if self._streaming not in (None, get_ident()):
            raise _errors.make('EBUSY', '%s: a stream is running; close it first' % self.resource)

    @contextlib.contextmanager
    def _locked(self, timeout: Optional[float]) -> Iterator[Optional[float]]:
        self._check_usable()
        with self._caller.lock:
            if not self._session:
                raise _errors.BadArgument('EINVAL', '%s: %s' % (self.resource, self._gone))
            yield self.timeout if timeout is None else timeout

    def _simple(self, timeout: Optional[float], function: Any, *args: Any) -> None:
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
        """Sends a command and returns its reply, a text, without the terminator, with which it must be shorter than
        `limit` bytes (Malformed, ETOOBIG). Timeout when none comes: the next call is in step again. A BitScope has no
        messages: the reply is all that comes, its echo included, until nothing came for 100 ms."""
        if self._is_bitscope:
            return self._ask_machine(command, timeout, limit)
        caller, quick = self._caller, self._quick
        how = limit, self._timeout_ms if timeout is None else milliseconds(timeout), get_ident()
        if self._streaming:
            self._check_usable()
        with caller.lock:
            if how != self._quick_how:
                self._prepare(how)
            if caller.fired and not caller.busy:
                caller.reset()
            caller.busy += 1
            try:
                err = _quick_query(self._quick_at, command.encode())
            finally:
                caller.busy -= 1
            if err or quick.held:
                self._explain(err)
            reply: str = self._buffer[:quick.length].decode('utf-8', 'surrogateescape')
            return reply

    def _ask_machine(self, command: str, timeout: Optional[float], limit: int) -> str:
        machine, buffer = c_void_p(), ctypes.create_string_buffer(limit)
        with self._locked(timeout) as seconds:
            self._caller.call(seconds, lib.grat_bitscope_open, self._session, self._op, byref(machine))
            err, interrupts = self._caller.run(seconds, lib.grat_bitscope_raw, machine, command.encode(), buffer, limit,
                                               self._op)
            got = buffer.raw[:self._caller.op.count]
            lib.grat_bitscope_close(machine)
            interrupts.deliver()
            if err:
                raise failure(self._caller.op, got)
            return got.decode('latin-1')

    def _prepare(self, how: Tuple[int, int, int]) -> None:
        """For queries with this limit and timeout in ms, by this thread."""
        if not self._session:
            raise _errors.BadArgument('EINVAL', '%s: %s' % (self.resource, self._gone))
        limit, self._quick.timeout_ms, _ = how
        if not self._buffer or len(self._buffer) < limit:
            self._buffer = ctypes.create_string_buffer(limit)
            self._quick.buf = ctypes.addressof(self._buffer)
        self._quick.cap = limit
        self._quick.hold = in_main_thread()
        self._quick_how = how

    def _explain(self, err: int) -> None:
        """The exception for a quick query that failed or was interrupted."""
        missed, self._quick.held = self._quick.held, 0
        if missed:
            self._caller.fired = True
        Interrupts(missed).deliver()
        if err:
            raise failure(self._quick.op)

    def query_values(self, command: str, timeout: Optional[float] = None, limit: int = 1 << 24) -> Any:
        """The numbers of a reply such as "1.5,2,3e-3", shape (n,), float64; a list without numpy. Malformed (EPARSE)
        when one is not a number. `limit` as for query."""
        text = self.query(command, timeout, limit)
        try:
            values = [float(part) for part in text.split(',')]
        except ValueError:
            raise _errors.make('EPARSE', '%s: not numbers between commas: %.60s' % (command, text), text) from None
        numpy = numpy_or_none()
        return numpy.array(values) if numpy else values

    def query_block(self, command: str, dtype: Any = None, timeout: Optional[float] = None) -> Any:
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
        status: int = stb.value
        return status

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

    def _open_scope(self, seconds: Optional[float]) -> None:
        if self._scope:
            return
        scope = c_void_p()
        err, interrupts = self._caller.run(seconds, lib.grat_scope_open, self._session, self._op, byref(scope))
        if not err:
            self._scope = scope
        interrupts.deliver()
        if err:
            raise failure(self._caller.op)

    @overload
    def capture(self, channels: Optional[Channels] = None, *, period: Optional[Number] = None,
                samples: Optional[Number] = None, range: Optional[Number] = None, low: Optional[Number] = None,
                high: Optional[Number] = None, coupling: Optional[str] = None, probe: Optional[float] = None,
                trigger: Optional[str] = None, wait: Optional[Number] = None, hair: bool = False,
                pre: Optional[Number] = None, memory: bool = False, current: bool = False, count: None = None,
                segments: None = None, downsample: Optional[str] = None, ets: bool = False,
                average: Optional[int] = None, peak: bool = False, hires: bool = False,
                progress: _progress.Progress = None, timeout: Optional[float] = None) -> Traces: ...

    @overload
    def capture(self, channels: Optional[Channels] = None, *, period: Optional[Number] = None,
                samples: Optional[Number] = None, range: Optional[Number] = None, low: Optional[Number] = None,
                high: Optional[Number] = None, coupling: Optional[str] = None, probe: Optional[float] = None,
                trigger: Optional[str] = None, wait: Optional[Number] = None, hair: bool = False,
                pre: Optional[Number] = None, memory: bool = False, current: bool = False,
                count: Optional[int] = None, segments: Optional[int] = None, downsample: Optional[str] = None,
                ets: bool = False, average: Optional[int] = None, peak: bool = False, hires: bool = False,
                progress: _progress.Progress = None,
                timeout: Optional[float] = None) -> Union[Traces, Acquisitions]: ...

    def capture(self, channels: Optional[Channels] = None, *, period: Optional[Number] = None,
                samples: Optional[Number] = None, range: Optional[Number] = None, low: Optional[Number] = None,
                high: Optional[Number] = None, coupling: Optional[str] = None, probe: Optional[float] = None,
                trigger: Optional[str] = None, wait: Optional[Number] = None, hair: bool = False,
                pre: Optional[Number] = None, memory: bool = False, current: bool = False,
                count: Optional[int] = None, segments: Optional[int] = None, downsample: Optional[str] = None,
                ets: bool = False, average: Optional[int] = None, peak: bool = False, hires: bool = False,
                progress: _progress.Progress = None, timeout: Optional[float] = None) -> Union[Traces, Acquisitions]:
        """Sets up, arms, waits for the trigger and fetches. What is left out stays as the instrument has it. The words
        and their meaning are those of `grat capture`.

        channels: "A", "1,2", "1-4", "D0-D7", or a list of names. period: seconds of signal ("2ms" is as good as 2e-3).
        samples: at least so many over the period. low, high: volts to see on every analog channel; range: the same
        around zero. coupling: "dc", "ac", "gnd". probe: 10 stands for 10X.
        trigger: "A:rising@1.2", "D3:falling", "D0=1,D3=0", "none", "auto", and where the instrument can
        "A:pulse@0.5V,1us..5us", "A:window@-1V..1V", "A:runt@0.2V..0.8V", "A:timeout@0.5V,1ms", "A:above@1V", joined by
        "&" (at once) and "|" (or). wait: seconds until it goes by itself. hair: short pulses trigger too.
        pre: part of the record from before the trigger, 0 to 1 or "25%".
        memory: the whole acquisition memory, not the points of the screen. current: what is on the screen now.
        count: acquisitions one after another; segments: in one run of the memory, which does not stop in between. With
        either the result is Acquisitions, a list of Traces.
        downsample: "16:aggregate" (traces "A.max" and "A.min"), "16:decimate", "16:average". ets: equivalent-time
        sampling of a signal that repeats. average: over so many acquisitions, 2 to 65536; peak, hires: how it acquires.
        progress: True shows a bar when tqdm is installed; a function is called with (acquisitions so far, of how many).
        timeout: seconds in all, math.inf = for ever; left out, 30 s and what the acquisitions take by themselves.

        Ctrl-C returns what there is by then with the warning Interrupted (the traces are `cut`, or fewer), or raises
        KeyboardInterrupt when there is nothing. Errors carry what there is as `partial`, Acquisitions. OutOfRange
        names the nearest request that is possible, NotSupported (ENOTSUP) what the instrument has not; BadArgument
        (EINVAL, EPARSE) shows how a word is written. Nothing was changed then. The warning LeftOut names channels that
        cannot be had.
        """
        q = _request.make({
            'channels': channels, 'period': period, 'samples': samples, 'range': range, 'low': low, 'high': high,
            'coupling': coupling, 'probe': probe, 'trigger': trigger, 'wait': wait, 'hair': hair, 'pre': pre,
            'memory': memory, 'current': current, 'count': count, 'segments': segments, 'downsample': downsample,
            'ets': ets, 'average': average, 'peak': peak, 'hires': hires})
        got, interrupted = self._begin(q, timeout, progress)
        if interrupted:
            warnings.warn('%s: interrupted; this is what there was by then' % self.resource, Interrupted, stacklevel=2)
        if got[0].left_out:
            warnings.warn('%s: %s' % (self.resource, got[0].left_out), LeftOut, stacklevel=2)
        return got if q.count or q.segments else got[0]

    def stream(self, rate: Number, channels: Optional[Channels] = None, *, duration: Optional[Number] = None,
               samples: Optional[Number] = None, block: Optional[Number] = None, range: Optional[Number] = None,
               low: Optional[Number] = None, high: Optional[Number] = None, coupling: Optional[str] = None,
               probe: Optional[float] = None, trigger: Optional[str] = None, wait: Optional[Number] = None,
               pre: Optional[Number] = None, mode: str = 'auto', depth: int = 4,
               progress: _progress.Progress = None, timeout: Optional[float] = None) -> 'Stream':
        """Records without end: `for block in scope.stream(rate=1e6): …` gives Traces, one block after another.

        rate: samples per second of each channel, at least. channels, range, low, high, coupling, probe: as for
        capture.
        duration: seconds of signal, samples: of each channel, after which it ends; else it goes on until it is closed
        or the loop is left. block: seconds of one block; left out, as long as the instrument's memory allows, 2 s at
        most. mode: "auto", "block", "rapid" or "stream", as for `grat log`; OutOfRange where the instrument has it not.
        trigger, wait, pre: as for capture, of an instrument that streams with a trigger (PicoScope): the recording
        begins there, or `pre` of a block before it, and block.time counts from the trigger.
        depth: blocks that may wait for the program: the memory that is used does not grow beyond them, and a
        program that is too slow makes gaps. progress: True or a function, called with (samples, of how many or None).
        timeout: seconds in all; None = no limit.

        Every sample has an index: block.first is that of the first of a block, block.time counts from the beginning of
        the stream, and block.lost says how many are missing before it. An instrument that cannot sample and answer at
        once has such a gap before each block. The stream's totals count them. The instrument makes no other call
        meanwhile (Locked, EBUSY).
        """
        from .stream import Stream
        q = _request.make({'channels': channels, 'range': range, 'low': low, 'high': high, 'coupling': coupling,
                           'probe': probe, 'trigger': trigger, 'wait': wait, 'pre': pre})
        if q.trigger and mode == 'auto':
            mode = 'stream'
        if q.trigger and mode != 'stream':
            raise _request.wrong('trigger: a recording begins at one with mode "stream" only; for one trigger after '
                                 'the other call capture')
        return Stream(self, q, rate=_request.above_nothing(rate, 'S/s', 'rate'),
                      block=_request.above_nothing(block, 's', 'block') if block is not None else None,
                      duration=_request.above_nothing(duration, 's', 'duration') if duration is not None else 0.0,
                      samples=_request.whole(samples, 'S', 'samples') if samples is not None else 0,
                      mode=_request.word(_request.MODES, mode, 'mode'), depth=depth, progress=progress, timeout=timeout)

    def generator(self, wave: Optional[str] = None, *, frequency: Number = 1000.0, low: Optional[Number] = None,
                  high: Optional[Number] = None, duty: Optional[Number] = None, symmetry: Optional[Number] = None,
                  points: Optional[Sequence[float]] = None, to: Optional[Number] = None, step: Optional[Number] = None,
                  dwell: Number = 0.01, sweep: str = 'up', on: str = 'none', falling: bool = False, cycles: int = 0,
                  timeout: Optional[float] = None) -> 'Generator':
        """The generator that is built into a scope: starts a wave, or says what runs when none is named. It goes on
        after the program. The words are those of `grat gen`.

        wave: "sine", "triangle", "ramp", "square", "exponential", "points", "clock", "off", on some instruments "sinc",
        "gaussian", "half-sine", "noise", "prbs", "dc"; "fire": the trigger of `on="software"`, now.
        frequency: hertz. low, high: volts; left out, the whole range. duty: part (0 to 1 or "25%") of a square or clock
        that is high; symmetry: part of a triangle that rises. points: of the wave "points", one period, shape (n,): the
        smallest becomes low, the largest high.
        On some instruments: to: sweeps to this frequency by `step` hertz (a hundredth of the way) each `dwell` seconds;
        sweep: "up", "down", "up-down", "down-up". on: what it waits for, "scope", "ext", "software"; falling: the other
        edge of it. cycles: periods, or sweeps, after each trigger.

        The result says what really runs. OutOfRange names the nearest that is possible, Locked (EBUSY) what is in the
        way, NotSupported where there is no generator or no such wave.
        """
        from . import generator
        if wave is None:
            g = None
        else:
            g = generator.make(wave, {'frequency': frequency, 'low': low, 'high': high, 'duty': duty, 'points': points,
                                      'symmetry': symmetry, 'to': to, 'step': step, 'dwell': dwell, 'sweep': sweep,
                                      'on': on, 'falling': falling, 'cycles': cycles})
        with self._locked(timeout) as seconds:
            self._open_scope(seconds)
            return generator.call(self._caller, seconds, self._scope, g)

    def live(self, channels: Optional[Channels] = None, *, seconds: Optional[float] = None,
             frames: Optional[int] = None, rate: float = 10.0, **more: Any) -> 'LivePlot':
        """A plot that follows the signal, in a notebook or a window of matplotlib, until `seconds` or `frames` are over
        or Ctrl-C. rate: pictures per second at most. more: what capture takes. Returns the plot, which has the last
        traces and how many frames there were."""
        from .live import LivePlot
        plot = LivePlot()
        plot._follow(self, channels, seconds, frames, rate, more)
        return plot

    def _meta(self) -> grat_meta:
        return grat_meta(identity=lib.grat_scope_identity(self._scope).contents, resource=self.resource.encode()[:299],
                         acquisitions=1)

    def _begin(self, q: Any, timeout: Optional[float], progress: _progress.Progress,
               settings: bool = True) -> Tuple[Acquisitions, bool]:
        """What came, at least one, and whether Ctrl-C ended it."""
        with self._locked(_request.seconds(q) if timeout is None else timeout) as seconds:
            self._open_scope(seconds)
            with _progress.shown(progress, q.segments or q.count or 1, 'acquisition') as report:
                return self._capture(q, seconds, report, settings)

    def _capture(self, q: Any, seconds: Optional[float], report: _progress.Report,
                 settings: bool) -> Tuple[Acquisitions, bool]:
        meta = self._meta()
        meta.has_settings = settings
        got = Acquisitions()
        broken: List[BaseException] = []

        def take(_: Any, record: Any) -> bool:
            try:
                got.append(Traces(Record(record), meta))
                report(len(got))
                return True
            except BaseException as e:
                broken.append(e)
                return False

        callback = record_fn(take)
        err, interrupts = self._caller.run(seconds, lib.grat_capture_with, self._scope, byref(q),
                                           byref(meta.settings) if settings else None, callback, None, self._op)
        if broken:
            raise broken[0]
        if err == CONSTANTS['GRAT_ECANCELED'] and got and interrupts.drop():
            return got, True
        interrupts.deliver()
        if err:
            raise failure(self._caller.op, got)
        if not got:
            raise _errors.NoData('ENODATA', '%s: it delivered nothing; is a channel on?' % self.resource)
        return got, False


def open_options(timeout: Optional[float], options: Dict[str, Any]) -> grat_open_options:
    options = dict(options)
    tls = options.pop('tls', 'auto')
    if tls not in TLS:
        raise _errors.BadArgument('EINVAL', 'tls: %s: auto, require, insecure or never' % tls)
    lock_wait, gap = options.pop('lock_wait', None), options.pop('command_gap', 0)
    text = {key: os.fsencode(value) for key, value in options.items() if value is not None}
    return grat_open_options(size=ctypes.sizeof(grat_open_options), io_timeout_ms=milliseconds(timeout), tls=TLS[tls],
                             tls_insecure=tls == 'insecure', command_gap_ns=round(gap * 1e9),
                             lock_timeout_ms=milliseconds(lock_wait) if lock_wait else 0, **text)


def open_instrument(resource: str, timeout: Optional[float], options: Dict[str, Any],
                    caller: Optional[Caller]) -> Instrument:
    o = open_options(timeout, options)
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
