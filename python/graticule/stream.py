"""Recordings without end, block by block, in memory that does not grow."""
import atexit
import threading
import weakref
from collections import deque
from ctypes import byref, c_void_p, cast, pointer, sizeof
from typing import TYPE_CHECKING, Any, Deque, Iterator, NamedTuple, Optional

from . import _progress
from ._call import failure, get_ident, owned
from ._lib import CONSTANTS, grat_log_options, grat_log_sink, grat_log_totals, lib, record_fn
from .traces import Record, Traces

if TYPE_CHECKING:
    from .instrument import Instrument

BLOCK_SECONDS = 2.0


@atexit.register
def _end_all() -> None:
    """A thread that is killed by the end of the interpreter never says that it ended."""
    for thing in [*owned]:
        if isinstance(thing, Stream):
            thing.close()


class Totals(NamedTuple):
    """What a stream has brought so far: blocks; samples and lost, of each channel; gaps, places where some are lost;
    faults, blocks that failed and were given up; dt, seconds between samples."""
    blocks: int
    samples: int
    lost: int
    gaps: int
    faults: int
    dt: float


class _Work:
    """What the recording thread and the program share. The thread does not hold the Stream, so that a loop that is left
    ends it."""

    def __init__(self, instrument: 'Instrument', q: Any, options: Any, depth: int, timeout: Optional[float]):
        self.instrument, self.q, self.options, self.timeout = instrument, q, options, timeout
        self.depth = max(1, depth)
        self.changed = threading.Condition()
        self.blocks: Deque[Traces] = deque()
        self.next = 0
        self.closed = self.ended = False
        self.gone = False        # this process is a child of the one that records
        self.error: Optional[BaseException] = None
        self.totals = grat_log_totals()

    def run(self) -> None:
        self.instrument._streaming = get_ident()
        try:
            with self.instrument._caller.lock:
                self.record()
        except BaseException as e:
            self.error = e
        finally:
            self.instrument._streaming = None
            with self.changed:
                self.ended = True
                self.changed.notify_all()

    def record(self) -> None:
        instrument = self.instrument
        meta = instrument._meta()

        def take(_: Any, record: Any) -> bool:
            try:
                r = record.contents
                lost = r.first - self.next if r.flags & CONSTANTS['GRAT_REC_GAP_BEFORE'] else 0
                self.next = r.first + r.count
                return self.put(Traces(Record(record), meta, lost))
            except BaseException as e:
                self.error = e
                return False

        callback = record_fn(take)
        sink = grat_log_sink(fn=cast(callback, c_void_p), totals=pointer(self.totals))
        err, _ = instrument._caller.run(self.timeout, lib.grat_log, instrument._scope, byref(self.q),
                                        byref(self.options), byref(sink), instrument._op)
        if err and not self.error and not (self.closed and err == CONSTANTS['GRAT_ECANCELED']):
            self.error = failure(instrument._caller.op)

    def put(self, block: Traces) -> bool:
        """Waits while as many are there as may be."""
        with self.changed:
            while len(self.blocks) >= self.depth and not self.closed:
                self.changed.wait()
            self.blocks.append(block)
            self.changed.notify_all()
            return not self.closed

    def close(self) -> None:
        if self.gone:
            return
        with self.changed:
            self.closed = True
            self.blocks.clear()
            self.changed.notify_all()
            while not self.ended:
                self.instrument._caller.cancel()
                self.changed.wait(0.02)


class Stream(Iterator[Traces]):
    """The iterator that Instrument.stream returns; also a context manager. Leaving the loop, close and the end of the
    with statement end the recording."""

    def __init__(self, instrument: 'Instrument', q: Any, *, rate: float, block: Optional[float], duration: float,
                 samples: int, mode: int, depth: int, progress: _progress.Progress, timeout: Optional[float]):
        with instrument._locked(None) as seconds:
            instrument._open_scope(seconds)
            caps = lib.grat_scope_caps(instrument._scope).contents
            room = caps.max_depth[max(1, sum(q.channel))] / 2 or 1000
            most = rate * (block or BLOCK_SECONDS)
            q.samples = max(1, round(most if block else min(room, most)))
            q.period = q.samples / rate
            options = grat_log_options(size=sizeof(grat_log_options), duration=duration, samples=samples, mode=mode)
            self._work = _Work(instrument, q, options, depth, timeout)
            self._done = 0
            total = samples or (round(duration * rate) if duration else None)
            self._shown = _progress.shown(progress, total, 'S')
            self._report = self._shown.__enter__()
            owned.add(self)
            thread = threading.Thread(target=self._work.run, name='graticule-stream', daemon=True)
            instrument._stream = weakref.ref(self)
            instrument._streaming = -1    # until the thread says its own
            thread.start()

    def _abandon(self) -> None:
        self._work.gone = True

    def __iter__(self) -> 'Stream':
        return self

    def __next__(self) -> Traces:
        work = self._work
        if work.gone:
            raise StopIteration
        try:
            with work.changed:
                while not work.blocks and not work.ended:
                    work.changed.wait()
                if work.blocks:
                    block = work.blocks.popleft()
                    work.changed.notify_all()
                else:
                    block = None
            if block is not None:
                self._done += len(next(iter(block.values()))) if block else 0
                self._report(self._done)
                return block
        except BaseException:
            self.close()
            raise
        error, work.error = work.error, None
        self.close()
        if error:
            raise error
        raise StopIteration

    def __repr__(self) -> str:
        return '<Stream of %s%s: %r>' % (self._work.instrument.resource, ', ended' if self._work.ended else '',
                                         self.totals)

    def close(self) -> None:
        """Ends the recording. Twice does no harm."""
        self._work.close()
        shown, self._shown = self._shown, None    # type: ignore[assignment]
        if shown:
            shown.__exit__(None, None, None)

    def __enter__(self) -> 'Stream':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, '_work'):
            self.close()

    @property
    def totals(self) -> Totals:
        """Counts up to the last block that was recorded."""
        t = self._work.totals
        return Totals(t.records, t.samples, t.lost, t.gaps, t.faults, t.dt)
