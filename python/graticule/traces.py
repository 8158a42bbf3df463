"""What a capture brings back: the samples of several channels over one stretch of time."""
import ctypes
import os
from collections.abc import Mapping
from ctypes import POINTER, byref, c_void_p
from typing import TYPE_CHECKING, Any, Dict, Iterator, Optional, Sequence, Union

from . import _errors
from ._call import Caller
from ._lib import CONSTANTS, grat_meta, grat_record, lib

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

Path = Union[str, 'os.PathLike[str]']

# of numpy and of array and memoryview, by grat_sample_type
DTYPES = {1: ('|u1', 'B'), 2: ('|i1', 'b'), 3: ('u2', 'H'), 4: ('i2', 'h'), 5: ('f4', 'f')}


def numpy_or_none() -> Any:
    try:
        import numpy
        return numpy
    except ImportError:
        return None


class Record:
    """A reference to a grat_record of the library, given back when nothing uses it any more."""

    def __init__(self, pointer: Any):
        self.address = lib.grat_record_ref(ctypes.cast(pointer, c_void_p))
        self.fields = ctypes.cast(self.address, type(pointer)).contents

    def __del__(self) -> None:
        address, self.address = getattr(self, 'address', None), None
        if address and lib:
            lib.grat_record_unref(address)


class _Memory:
    """The memory of a trace for numpy's array protocol; it keeps the record alive."""

    def __init__(self, record: Record, address: int, count: int, typestr: str):
        self.record = record
        self.__array_interface__ = {'version': 3, 'shape': (count,), 'typestr': typestr, 'data': (address, True)}


class Trace:
    """One channel. volts[i] = raw[i] * scale + offset, in `unit`.

    name: "1".."4", "A", "B", "D0".."D15", "L0".."L7". unit: "V", "A", "W", "" of logic. logic: samples are 0 or 1.
    scale, offset: of the formula. low, high: what the vertical setting shows, in `unit`.
    skew: seconds that its samples were taken after the times of the traces.
    """

    def __init__(self, record: Record, index: int):
        self._record = record
        self._trace = t = record.fields.trace[index]
        self.name: str = t.name.decode()
        self.unit: str = t.unit.decode(errors='replace')
        self.logic: bool = t.logic
        self.scale: float = t.scale
        self.offset: float = t.offset
        self.low: float = t.range_low
        self.high: float = t.range_high
        self.skew: float = t.skew

    def __len__(self) -> int:
        count: int = self._record.fields.count
        return count

    def __repr__(self) -> str:
        return '<Trace %s: %d samples>' % (self.name, len(self))

    @property
    def raw(self) -> 'NDArray[Any]':
        """The samples as the converter gave them, shape (n,): the library's own memory, not a copy, read only. It stays
        valid as long as the array. A numpy array of uint8, int8, uint16, int16 or float32; without numpy a memoryview.
        """
        typestr, code = DTYPES[self._trace.type]
        numpy = numpy_or_none()
        if numpy:
            memory = _Memory(self._record, self._trace.raw, len(self), numpy.dtype(typestr).str)
            array: 'NDArray[Any]' = numpy.asarray(memory)
            return array
        size = len(self) * lib.grat_sample_size(self._trace.type)
        plain: Any = (ctypes.c_uint8 * size).from_address(self._trace.raw)
        plain.record = self._record
        view: Any = memoryview(plain).cast('B').toreadonly()
        return view.cast(code)    # type: ignore[no-any-return]

    def _values(self, function: Any, code: str, size: int) -> Any:
        numpy = numpy_or_none()
        if numpy:
            out = numpy.empty(len(self), dtype='f%d' % size)
            address = out.ctypes.data
        else:
            import array
            out = array.array(code, bytes(size * len(self)))
            address = out.buffer_info()[0]
        if len(self):
            function(byref(self._trace), 0, len(self), address)
        return out

    @property
    def volts(self) -> 'NDArray[numpy.float64]':
        """The samples in `unit` (volts, or 0 and 1 of logic), shape (n,), float64; a new array each time."""
        values: 'NDArray[numpy.float64]' = self._values(lib.grat_trace_values, 'd', 8)
        return values

    @property
    def volts32(self) -> 'NDArray[numpy.float32]':
        """As volts, in float32: half the memory."""
        values: 'NDArray[numpy.float32]' = self._values(lib.grat_trace_values_f32, 'f', 4)
        return values


class Traces(Mapping[str, Trace]):
    """The traces of one acquisition by name: t["A"].volts over t.time.

    resource, model, serial: where they come from. dt: seconds between samples. t0: time of the first sample, in seconds
    from the trigger (of a stream: from its beginning). utc_ns: time of the trigger, or of the fetch when that is not
    known; of a stream: of its beginning. number: 0-based, of the acquisition. first: index of the first sample in the
    acquisition or stream. lost: samples that are missing between the block before in a stream and this one; gap: lost
    is not 0. cut: the record ended early. clipped: a sample is at a rail. forced: without a trigger. preview: points of
    the screen, not of the acquisition memory.
    """

    def __init__(self, record: Record, meta: grat_meta, lost: int = 0):
        f = record.fields
        self._record, self._meta = record, meta
        self._traces: Dict[str, Trace] = {t.name: t for t in (Trace(record, i) for i in range(f.traces))}
        self.resource: str = meta.resource.decode()
        self.model: str = meta.identity.model.decode(errors='replace')
        self.serial: str = meta.identity.serial.decode(errors='replace')
        self.dt: float = f.dt
        self.t0: float = f.t0 + f.first * f.dt
        self.utc_ns: int = f.utc_ns
        self.number: int = f.number
        self.samples: int = f.count
        self.first: int = f.first
        self.lost = lost
        self.gap = bool(f.flags & CONSTANTS['GRAT_REC_GAP_BEFORE'])
        self.cut = bool(f.flags & CONSTANTS['GRAT_REC_CUT'])
        self.clipped = bool(f.flags & CONSTANTS['GRAT_REC_CLIPPED'])
        self.forced = bool(f.flags & CONSTANTS['GRAT_REC_FORCED'])
        self.preview = bool(f.flags & CONSTANTS['GRAT_REC_PREVIEW'])

    def __getitem__(self, name: Union[str, int]) -> Trace:
        return self._traces[str(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._traces)

    def __len__(self) -> int:
        return len(self._traces)

    def __repr__(self) -> str:
        flags = [name for name in ('gap', 'cut', 'clipped', 'forced', 'preview') if getattr(self, name)]
        return '<Traces of %s: %s, %d samples, %g s apart%s>' % (
            self.model, ', '.join(self), self.samples, self.dt, ''.join(', ' + f for f in flags))

    def _repr_html_(self) -> str:
        import html
        rows = ''
        for name, t in self.items() if numpy_or_none() and self.samples else ():
            raw = t.raw
            values = [t.offset + t.scale * float(value) for value in (raw.min(), raw.max(), raw.mean())]
            rows += '<tr><td>%s</td><td>%s</td>%s</tr>' % (
                html.escape(name), html.escape(t.unit), ''.join('<td>%.6g</td>' % value for value in values))
        return '<p>%s</p><table><tr><th>trace</th><th>unit</th><th>min</th><th>max</th><th>mean</th></tr>%s</table>' % (
            html.escape(repr(self)), rows)

    @property
    def time(self) -> 'NDArray[numpy.float64]':
        """Seconds from the trigger, shape (n,), float64; a list without numpy."""
        numpy = numpy_or_none()
        f = self._record.fields
        times: Any = [f.t0 + (f.first + i) * f.dt for i in range(self.samples)] if not numpy else \
            f.t0 + (f.first + numpy.arange(self.samples)) * f.dt
        return times    # type: ignore[no-any-return]

    def to_pandas(self) -> Any:
        """A pandas.DataFrame: a column for each trace, in its unit; the index "time" in seconds from the trigger."""
        import pandas
        return pandas.DataFrame({name: t.volts for name, t in self.items()}, index=pandas.Index(self.time, name='time'))

    def plot(self, axes: Any = None) -> Any:
        """Draws the traces with matplotlib, into `axes` or new ones, which are the result."""
        import numpy
        if axes is None:
            import matplotlib.pyplot
            axes = matplotlib.pyplot.subplots()[1]
        for name, trace in self.items():
            style = 'steps-post' if trace.logic else None
            axes.plot(numpy.asarray(self.time) + trace.skew, trace.volts, label=name, drawstyle=style)
        axes.set_xlabel('time / s')
        units = {t.unit for t in self.values() if t.unit}
        axes.set_ylabel(' / '.join(['signal'] + sorted(units)))
        axes.legend()
        return axes

    def save(self, path: Path, format: Optional[str] = None) -> str:
        """Writes a file by the ending of its name, whole or not at all, as `grat capture` does: .h5, .csv, .npy, .npz,
        .wav, .json, .vcd, .sr, .png, .svg; `format` overrules the ending. Returns the path. Malformed (EFORMAT) names
        the formats that there are."""
        save_all(path, [self], format)
        return os.fspath(path)


def save_all(path: Path, acquisitions: Sequence[Traces], format: Optional[str] = None) -> None:
    """Writes acquisitions of one capture into one file; Malformed (EFORMAT) names the formats that there are."""
    if not acquisitions:
        raise _errors.NoData('ENODATA', '%s: there is no acquisition to write' % os.fspath(path))
    caller, writer = Caller(), c_void_p()
    meta = grat_meta.from_buffer_copy(acquisitions[0]._meta)
    meta.acquisitions = len(acquisitions)
    op = byref(caller.op)
    try:
        caller.call(None, lib.grat_writer_open, os.fsencode(path), format.encode() if format else None, byref(meta), op,
                    byref(writer))
        for traces in acquisitions:
            caller.call(None, lib.grat_writer_record, writer, traces._record.address, op)
    except BaseException:
        lib.grat_writer_abort(writer)
        raise
    caller.call(None, lib.grat_writer_finish, writer, op)


def load(path: Path) -> Traces:
    """Reads one acquisition from a file that save or `grat capture` wrote: .h5, .csv, .npy, .npz, .wav.

    NotFound or Malformed when there is no such file, or it is none of these.
    """
    caller, meta, record = Caller(), grat_meta(), POINTER(grat_record)()
    caller.call(None, lib.grat_read_file, os.fsencode(path), byref(meta), byref(record), byref(caller.op))
    traces = Traces(Record(record), meta)
    lib.grat_record_unref(ctypes.cast(record, c_void_p))
    return traces
