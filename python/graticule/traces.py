"""What a capture brings back: the samples of several channels over one stretch of time."""
import ctypes
import os
from collections.abc import Mapping
from ctypes import POINTER, byref, c_void_p
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from . import _errors
from ._call import Caller, failure
from ._lib import CONSTANTS, grat_meta, grat_record, lib, record_fn

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


def numbers(count: int, code: str, size: int) -> Tuple[Any, int]:
    """Room for so many float32 or float64, and its address: a numpy array, or an array of the module array."""
    numpy = numpy_or_none()
    if numpy:
        out = numpy.empty(count, dtype='f%d' % size)
        return out, out.ctypes.data
    import array
    plain = array.array(code, bytes(size * count))
    return plain, plain.buffer_info()[0]


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
        out, address = numbers(len(self), code, size)
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
    the screen, not of the acquisition memory. trigger_offset: seconds to add to each time, from the crossing of the
    trigger's level to the sample at the trigger, where the instrument tells. trigger_stamp: sample clocks between the
    triggers of one run (segments), by differences; 0 where it is not told. left_out: channels that were asked for and
    cannot be had, and why, else "".
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
        self.trigger_offset: float = f.trigger_offset
        self.trigger_stamp: int = f.trigger_stamp
        self.left_out: str = meta.settings.left_out.decode(errors='replace')
        self.lost = lost
        self.gap = bool(f.flags & CONSTANTS['GRAT_REC_GAP_BEFORE'])
        self.cut = bool(f.flags & CONSTANTS['GRAT_REC_CUT'])
        self.clipped = bool(f.flags & CONSTANTS['GRAT_REC_CLIPPED'])
        self.forced = bool(f.flags & CONSTANTS['GRAT_REC_FORCED'])
        self.preview = bool(f.flags & CONSTANTS['GRAT_REC_PREVIEW'])

    def __getitem__(self, name: Union[str, int]) -> Trace:
        trace = self._traces.get(str(name))
        if trace is None:
            pair = ' and '.join(n for n in ('%s.min' % name, '%s.max' % name) if n in self._traces)
            raise KeyError('%s: %s' % (name, 'it is aggregated: %s, or envelope(%r)' % (pair, str(name)) if pair else
                                       'no such trace; there are %s' % ', '.join(self)))
        return trace

    def __iter__(self) -> Iterator[str]:
        return iter(self._traces)

    def __len__(self) -> int:
        return len(self._traces)

    def __repr__(self) -> str:
        flags = [name for name in ('gap', 'cut', 'clipped', 'forced', 'preview') if getattr(self, name)]
        of = ' of ' + self.model if self.model else ''
        return '<Traces%s: %s, %d samples, %g s apart%s>' % (
            of, ', '.join(self), self.samples, self.dt, ''.join(', ' + f for f in flags))

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

    @property
    def segments(self) -> 'List[Traces]':
        """This one acquisition, as Acquisitions.segments has several."""
        return [self]

    def envelope(self, name: Union[str, int], points: Optional[int] = None) -> 'Tuple[NDArray[Any], NDArray[Any]]':
        """The lowest and the highest value of each stretch of a trace, in its unit: two arrays of shape (m,), float32.

        Of an aggregated channel ("A" of A.min and A.max) the samples as they are, each one a stretch. Else, or with
        `points`, at most so many stretches of equal length (left out, every sample is one); what is over at the end
        belongs to none. The first begins at time[0].
        """
        pair = ['%s.min' % name, '%s.max' % name]
        if str(name) in self._traces or not all(n in self._traces for n in pair):
            pair = [str(name)] * 2
        if points is not None and points < 1:
            raise _errors.BadArgument('EINVAL', 'points: %r: it must be at least 1' % (points,))
        ratio = -(-self.samples // points) if points and self.samples else 1
        groups = self.samples // ratio
        (low, low_at), (high, high_at) = numbers(groups, 'f', 4), numbers(groups, 'f', 4)
        _, unused = spare = numbers(groups, 'f', 4)
        if groups:
            lib.grat_trace_envelope(byref(self[pair[0]]._trace), 0, groups, ratio, low_at, unused)
            lib.grat_trace_envelope(byref(self[pair[1]]._trace), 0, groups, ratio, unused, high_at)
        del spare
        return low, high

    def to_pandas(self) -> Any:
        """A pandas.DataFrame: a column for each trace, in its unit; the index "time" in seconds from the trigger."""
        import pandas
        return pandas.DataFrame({name: t.volts for name, t in self.items()}, index=pandas.Index(self.time, name='time'))

    def plot(self, axes: Any = None, **style: Any) -> Any:
        """Draws the traces with matplotlib, into `axes` or new ones, which are the result. An aggregated channel is an
        area from its lowest to its highest values. style: of matplotlib's lines, such as alpha=0.3."""
        import numpy
        if axes is None:
            import matplotlib.pyplot
            axes = matplotlib.pyplot.subplots()[1]
        time = numpy.asarray(self.time)
        for name, trace in self.items():
            stem, _, end = name.rpartition('.')
            at = time + trace.skew
            if end == 'max' and stem + '.min' in self:
                axes.fill_between(at, *self.envelope(stem), label=stem,
                                  **{'linewidth': 1, 'edgecolor': 'face', **style})
            elif end != 'min' or stem + '.max' not in self:
                axes.plot(at, trace.volts, label=name, drawstyle='steps-post' if trace.logic else None, **style)
        from matplotlib.ticker import EngFormatter
        axes.set_xlabel('time')
        axes.xaxis.set_major_formatter(EngFormatter('s'))
        axes.locator_params(axis='x', nbins=6)
        units = {t.unit for t in self.values() if t.unit}
        if len(units) == 1:
            axes.yaxis.set_major_formatter(EngFormatter(*units))
        else:
            axes.set_ylabel(' / '.join(['signal'] + sorted(units)))
        axes.legend()
        return axes

    def save(self, path: Path, format: Optional[str] = None) -> str:
        """Writes a file by the ending of its name, whole or not at all, as `grat capture -o` does, with the settings of
        the instrument where the format has room for them: .h5, .csv, .npy, .npz, .wav, .json, .vcd, .sr, .png, .svg;
        `format` overrules the ending. Returns the path. Malformed (EFORMAT) names the formats that there are."""
        save_all(path, [self], format)
        return os.fspath(path)


class Acquisitions(List[Traces]):
    """Several acquisitions, in order: a list of Traces that is saved and drawn as one."""

    @property
    def segments(self) -> List[Traces]:
        """The acquisitions one by one, as Traces.segments has one that is alone."""
        return list(self)

    def volts(self, name: Union[str, int]) -> 'NDArray[numpy.float64]':
        """One channel of all, in its unit: shape (acquisitions, samples), float64, a new array each time. BadArgument
        when they are not of one length."""
        import numpy
        lengths = {t.samples for t in self}
        if len(lengths) > 1:
            raise _errors.BadArgument('EINVAL', '%s: the acquisitions have from %d to %d samples; take them one by one'
                                      % (name, min(lengths), max(lengths)))
        rows: 'NDArray[numpy.float64]' = numpy.empty((len(self), lengths.pop() if lengths else 0))
        for row, traces in zip(rows, self):
            trace = traces[name]
            if len(trace):
                lib.grat_trace_values(byref(trace._trace), 0, len(trace), row.ctypes.data)
        return rows

    def to_pandas(self) -> Any:
        """A pandas.DataFrame as of Traces, with the number of the acquisition as the first index."""
        import pandas
        return pandas.concat({t.number: t.to_pandas() for t in self}, names=['number'])

    def plot(self, axes: Any = None, **style: Any) -> Any:
        """Draws all of them on top of each other, over the time from their triggers."""
        style.setdefault('alpha', max(0.05, 1 / max(1, len(self)) ** 0.5))
        for i, traces in enumerate(self):
            names = len(axes.get_legend_handles_labels()[1]) if axes is not None and i else 0
            if axes is not None:
                axes.set_prop_cycle(None)
            axes = traces.plot(axes, **style)
            if names:
                for artist in axes.get_legend_handles_labels()[0][names:]:
                    artist.set_label('_')
        if axes is not None and len(self) > 1:
            axes.legend()
        return axes

    def save(self, path: Path, format: Optional[str] = None) -> str:
        """Writes all of them into one file, as Traces.save."""
        save_all(path, self, format)
        return os.fspath(path)

    def __repr__(self) -> str:
        return '<Acquisitions: %d of %r>' % (len(self), self[0]) if self else '<Acquisitions: none>'

    def _repr_html_(self) -> str:
        return '<p>%d acquisitions; the first:</p>%s' % (len(self), self[0]._repr_html_() if self else '')


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


def load(path: Path) -> Union[Traces, Acquisitions]:
    """Reads a file that save or `grat capture` wrote: .h5, .csv, .npy, .npz, .wav, .sr. Traces of one acquisition, else
    Acquisitions: one for each acquisition, and for each stretch without a gap of a long recording, which may also come
    in several pieces (`first` and `lost` say how they fit).

    Malformed (EFORMAT) when it is none of these or broken; Error (EIO), Refused, BadArgument when it cannot be read.
    """
    caller, meta, whole = Caller(), grat_meta(), POINTER(grat_record)()
    name, op = os.fsencode(path), byref(caller.op)
    err, interrupts = caller.run(None, lib.grat_read_file, name, byref(meta), byref(whole), op)
    if not err:
        traces = Traces(Record(whole), meta)
        lib.grat_record_unref(ctypes.cast(whole, c_void_p))
        interrupts.deliver()
        return traces
    interrupts.deliver()
    if err != CONSTANTS['GRAT_EPARSE']:
        raise failure(caller.op)
    return _load_pieces(caller, name)


def _load_pieces(caller: Caller, name: bytes) -> Acquisitions:
    meta, got = grat_meta(), Acquisitions()
    broken: List[BaseException] = []

    def take(_: Any, record: Any) -> bool:
        try:
            r = record.contents
            lost = 0
            if got and r.flags & CONSTANTS['GRAT_REC_GAP_BEFORE'] and got[-1].number == r.number:
                lost = r.first - got[-1].first - got[-1].samples
            got.append(Traces(Record(record), meta, lost))
            return True
        except BaseException as e:
            broken.append(e)
            return False

    caller.call(None, lib.grat_read_pieces, name, byref(meta), record_fn(take), None, byref(caller.op))
    if broken:
        raise broken[0]
    return got
