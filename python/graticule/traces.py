"""What a capture brings back: the samples of several channels over one stretch of time."""
import ctypes
import os
from collections.abc import Mapping
from ctypes import byref, c_void_p
from typing import Iterator, List, Union

from . import _errors
from ._call import Caller
from ._lib import CONSTANTS, grat_meta, lib

# of numpy and of array and memoryview, by grat_sample_type
DTYPES = {1: ('|u1', 'B'), 2: ('|i1', 'b'), 3: ('u2', 'H'), 4: ('i2', 'h'), 5: ('f4', 'f')}


def numpy_or_none():
    try:
        import numpy
        return numpy
    except ImportError:
        return None


class Record:
    """A reference to a grat_record of the library, given back when nothing uses it any more."""

    def __init__(self, pointer):
        self.address = lib.grat_record_ref(ctypes.cast(pointer, c_void_p))
        self.fields = ctypes.cast(self.address, type(pointer)).contents

    def __del__(self):
        address, self.address = getattr(self, 'address', None), None
        if address and lib:
            lib.grat_record_unref(address)


class _Memory:
    """The memory of a trace for numpy's array protocol; it keeps the record alive."""

    def __init__(self, record, address, count, typestr):
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
        return self._record.fields.count

    def __repr__(self) -> str:
        return '<Trace %s: %d samples>' % (self.name, len(self))

    @property
    def raw(self):
        """The samples as the converter gave them, shape (n,): the library's own memory, not a copy, read only. It stays
        valid as long as the array. A numpy array of uint8, int8, uint16, int16 or float32; without numpy a memoryview.
        """
        typestr, code = DTYPES[self._trace.type]
        numpy = numpy_or_none()
        if numpy:
            memory = _Memory(self._record, self._trace.raw, len(self), numpy.dtype(typestr).str)
            return numpy.asarray(memory)
        size = len(self) * lib.grat_sample_size(self._trace.type)
        memory = (ctypes.c_uint8 * size).from_address(self._trace.raw)
        memory.record = self._record
        return memoryview(memory).cast('B').toreadonly().cast(code)

    def _values(self, function, code, size):
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
    def volts(self):
        """The samples in `unit` (volts, or 0 and 1 of logic), shape (n,), float64; a new array each time."""
        return self._values(lib.grat_trace_values, 'd', 8)

    @property
    def volts32(self):
        """As volts, in float32: half the memory."""
        return self._values(lib.grat_trace_values_f32, 'f', 4)


class Traces(Mapping):
    """The traces of one acquisition by name: t["A"].volts over t.time.

    resource, model, serial: where they come from. dt: seconds between samples. t0: time of the first sample, in seconds
    from the trigger. utc_ns: time of the trigger, or of the fetch when that is not known. number: 0-based, of the
    acquisition. cut: the record ended early. clipped: a sample is at a rail. forced: without a trigger.
    preview: points of the screen, not of the acquisition memory.
    """

    def __init__(self, record: Record, meta: grat_meta):
        f = record.fields
        self._record, self._meta = record, meta
        self._traces = {t.name: t for t in (Trace(record, i) for i in range(f.traces))}
        self.resource: str = meta.resource.decode()
        self.model: str = meta.identity.model.decode(errors='replace')
        self.serial: str = meta.identity.serial.decode(errors='replace')
        self.dt: float = f.dt
        self.t0: float = f.t0 + f.first * f.dt
        self.utc_ns: int = f.utc_ns
        self.number: int = f.number
        self.samples: int = f.count
        for name in ('cut', 'clipped', 'forced', 'preview'):
            setattr(self, name, bool(f.flags & CONSTANTS['GRAT_REC_' + name.upper()]))

    def __getitem__(self, name: Union[str, int]) -> Trace:
        return self._traces[str(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._traces)

    def __len__(self) -> int:
        return len(self._traces)

    def __repr__(self) -> str:
        flags = [name for name in ('cut', 'clipped', 'forced', 'preview') if getattr(self, name)]
        return '<Traces of %s: %s, %d samples, %g s apart%s>' % (
            self.model, ', '.join(self), self.samples, self.dt, ''.join(', ' + f for f in flags))

    @property
    def time(self):
        """Seconds from the trigger, shape (n,), float64; a list without numpy."""
        numpy = numpy_or_none()
        f = self._record.fields
        if numpy:
            return f.t0 + (f.first + numpy.arange(self.samples)) * f.dt
        return [f.t0 + (f.first + i) * f.dt for i in range(self.samples)]

    def to_pandas(self):
        """A pandas.DataFrame: a column for each trace, in its unit; the index "time" in seconds from the trigger."""
        import pandas
        return pandas.DataFrame({name: t.volts for name, t in self.items()}, index=pandas.Index(self.time, name='time'))

    def plot(self, axes=None):
        """Draws the traces with matplotlib, into `axes` or new ones, which are the result."""
        if axes is None:
            import matplotlib.pyplot
            axes = matplotlib.pyplot.subplots()[1]
        for name, trace in self.items():
            axes.plot(self.time + trace.skew, trace.volts, label=name, drawstyle='steps-post' if trace.logic else None)
        axes.set_xlabel('time / s')
        units = {t.unit for t in self.values() if t.unit}
        axes.set_ylabel(' / '.join(['signal'] + sorted(units)))
        axes.legend()
        return axes

    def save(self, path: Union[str, os.PathLike], format: str = None) -> str:
        """Writes a file by the ending of its name, whole or not at all: .csv .npy .npz .wav .json .vcd .sr .png .svg,
        as `grat capture` does. Returns the path."""
        save_all(path, [self], format)
        return os.fspath(path)


def save_all(path: Union[str, os.PathLike], acquisitions: List[Traces], format: str = None) -> None:
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
