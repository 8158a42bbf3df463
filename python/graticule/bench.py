"""Many instruments, one start: the benches of a configuration file, as `grat sync` uses them."""
import ctypes
import os
from collections.abc import Mapping
from ctypes import POINTER, byref, c_void_p
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Union

from . import _errors
from ._call import Caller, failure, owned
from ._lib import CONSTANTS, grat_meta, grat_record, grat_sync_member, grat_sync_options, lib
from .instrument import Identity, identity_of, open_options
from .traces import Path, Record, Traces, numpy_or_none

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Result:
    """What one member of a bench brought.

    name, resource, identity: of the instrument. error: None, or the graticule.Error of the step that failed.
    step: how far it came: "open", "setup", "arm", "start", "read", "done".
    values: the numbers of its answer, shape (n,), float64 (a list without numpy); empty when it is none or a text.
    reply: the answer as it came, bytes. traces: of a scope, else None.
    start_utc_ns: when it started, in nanoseconds since 1970, within ± uncertainty_ns; 0 when nothing was sent.
    start_ns: the same on the computer's monotonic clock. acknowledged: the wire says that the start had arrived; else
    the uncertainty is likely but not certain. round_trip_ns: the shortest that was seen.
    clock_offset, clock_uncertainty: seconds that the instrument's own clock is ahead of UTC as the computer has it;
    None when it was not asked. clock_drift, clock_drift_uncertainty: seconds a second that it gains.
    stamped: start_ns is what the instrument said, by its recipe's stamp.
    aligned: sync had `align`, and the record could be aligned; then lag, lag_uncertainty: seconds to the reference's,
    likeness: 0 to 1, period: seconds, None when the signal does not repeat (else the lag may be wrong by multiples of
    it), rate, rate_uncertainty: how much faster its sampling clock runs, from all runs; else remark says why not.
    """

    def __init__(self, c: Any, utc_ns: int):
        self.name: str = c.name.decode()
        self.resource: str = c.resource.decode()
        self.identity: Identity = identity_of(c.identity)
        self.step: str = lib.grat_sync_step_name(c.step).decode()
        self.error: Optional[_errors.Error] = None
        if c.err:
            self.error = _errors.make(lib.grat_err_name(c.err).decode(), c.text.decode(errors='replace'))
        numpy = numpy_or_none()
        numbers = c.value[:c.values] if c.values else []
        self.values: 'Union[NDArray[Any], List[float]]' = numpy.array(numbers, dtype='f8') if numpy else numbers
        self.reply: bytes = ctypes.string_at(c.reply, c.reply_size) if c.reply else b''
        self.traces: Optional[Traces] = None
        if c.record:
            meta = grat_meta(identity=c.identity, resource=c.resource[:299], acquisitions=1)
            self.traces = Traces(Record(c.record), meta)
        self.start_ns: int = c.start_ns
        self.start_utc_ns: int = c.start_ns + utc_ns if c.start_ns else 0
        self.uncertainty_ns: int = c.uncertainty_ns
        self.acknowledged: bool = c.acknowledged
        self.stamped: bool = c.stamped
        self.round_trip_ns: int = c.round_trip_ns
        self.clock_offset: Optional[float] = c.clock_offset if c.has_clock else None
        self.clock_uncertainty: Optional[float] = c.clock_uncertainty if c.has_clock else None
        self.clock_drift: Optional[float] = c.clock_drift if c.has_clock else None
        self.clock_drift_uncertainty: Optional[float] = c.clock_drift_uncertainty if c.has_clock else None
        self.aligned: bool = c.aligned
        self.lag: Optional[float] = c.alignment.lag if c.aligned else None
        self.lag_uncertainty: Optional[float] = c.alignment.lag_uncertainty if c.aligned else None
        self.likeness: Optional[float] = c.alignment.likeness if c.aligned else None
        self.period: Optional[float] = c.alignment.period if c.aligned and c.alignment.period > 0 else None
        known = c.aligned and c.rate_uncertainty > 0
        self.rate: Optional[float] = c.rate if known else None
        self.rate_uncertainty: Optional[float] = c.rate_uncertainty if known else None
        self.remark: str = '' if c.err else c.text.decode(errors='replace')

    def __repr__(self) -> str:
        if self.error:
            return '<Result of %s: %s: %s>' % (self.name, self.step, self.error)
        what = '%r' % self.traces if self.traces else ', '.join('%.6g' % v for v in self.values[:4]) or repr(self.reply)
        return '<Result of %s: %s>' % (self.name, what)


class Results(Mapping[str, Result]):
    """The results of one run by the members' names.

    spread_ns: from the first to the last start that was sent. common: with `resample`, the records of all on one time
    axis, with traces "MEMBER.CHANNEL" (nan where one shows nothing); else None.
    """

    def __init__(self, results: List[Result], spread_ns: int):
        self._results: Dict[str, Result] = {r.name: r for r in results}
        self.spread_ns = spread_ns
        self.common: Optional[Traces] = None

    def __getitem__(self, name: str) -> Result:
        return self._results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    @property
    def ok(self) -> bool:
        """No member failed."""
        return not any(r.error for r in self.values())

    def __repr__(self) -> str:
        return '\n'.join('%r' % r for r in self.values())

    def to_pandas(self) -> Any:
        """A pandas.DataFrame: a row for each member, with its first value, start, uncertainty and error."""
        import pandas
        return pandas.DataFrame([{
            'name': r.name, 'model': r.identity.model, 'value': r.values[0] if len(r.values) else float('nan'),
            'start_utc_ns': r.start_utc_ns, 'uncertainty_ns': r.uncertainty_ns,
            'error': str(r.error) if r.error else ''} for r in self.values()]).set_index('name')


class Bench:
    """A bench of the configuration: `with graticule.Bench("bench.yaml") as b: results = b.sync()`.

    path: the file; None stands for the usual configuration. name: the bench in it; left out, the only one. timeout:
    seconds for opening all of them, which happens at the same time. options: as for graticule.open, for every member.
    The members that could not be opened have their error in the results of each run; BadArgument when there is no such
    bench, NotFound and others when no member can be opened.
    """

    def __init__(self, path: Optional[Path] = None, name: Optional[str] = None, timeout: Optional[float] = 10.0,
                 **options: Any):
        self._caller, self._sync, self._config = Caller(), c_void_p(), c_void_p()
        op = byref(self._caller.op)
        if path is None:
            self._caller.call(None, lib.grat_config_load, op, byref(self._config))
        else:
            self._caller.call(None, lib.grat_config_load_file, os.fsencode(path), op, byref(self._config))
        bench = self._find(name)
        self.name: str = bench.name.decode()
        members = self._members(bench)
        reference = bench.reference
        self._reference = next((i for i, m in enumerate(members) if reference and m.name == reference), 0)
        self.names: List[str] = [(m.name or m.resource).decode() for m in members]
        o = grat_sync_options(size=ctypes.sizeof(grat_sync_options), open=open_options(timeout, options))
        owned.add(self)
        self._caller.call(timeout, lib.grat_sync_open, members, len(members), byref(o), op, byref(self._sync))

    def _find(self, name: Optional[str]) -> Any:
        benches: List[Any] = []
        while True:
            pointer = lib.grat_config_bench(self._config, len(benches))
            if not pointer:
                break
            benches.append(pointer.contents)
        chosen = [b for b in benches if name is None or b.name.decode() == name]
        if len(chosen) == 1:
            return chosen[0]
        path = lib.grat_config_path(self._config).decode(errors='replace')
        raise _errors.BadArgument('EINVAL', '%s: %s; it has %s' % (
            path, 'which bench? name one' if chosen else 'no bench %s' % (name or 'at all'),
            ', '.join(b.name.decode() for b in benches) or 'none'))

    def _members(self, bench: Any) -> Any:
        members = (grat_sync_member * bench.members)(*bench.member[:bench.members])
        for member in members:
            resource = lib.grat_config_alias(self._config, member.resource)
            if resource:
                member.resource = resource
        return members

    def sync(self, at: Optional[float] = None, timeout: Optional[float] = 30.0, *, align: Optional[str] = None,
             resample: bool = False) -> Results:
        """Arms all, starts all, reads all.

        at: not before this time, in seconds since 1970. timeout: seconds in all. What fails for one member is in its
        result and does not stop the others; Error only when no member can take part. Ctrl-C and a timeout abort what
        did not end. align: the channel in which all scopes see one signal, by which their records are aligned to the
        bench's reference (else the first member). resample: all records on one axis, as results.common.
        """
        if not self._sync:
            raise _errors.BadArgument('EINVAL', '%s: the bench is closed' % self.name)
        to_utc = lib.grat_utc_ns() - lib.grat_now_ns()
        at_ns = round(at * 1e9) - to_utc if at is not None else 0
        with self._caller.lock:
            err, interrupts = self._caller.run(timeout, lib.grat_sync_run, self._sync, at_ns, byref(self._caller.op))
            # Who cannot be aligned says so in its result.
            if not err and align is not None:
                _, more = self._caller.run(timeout, lib.grat_sync_align, self._sync, self._reference, align.encode(),
                                           byref(self._caller.op))
                interrupts.missed += more.missed
            results = self._results(to_utc)
            interrupts.deliver()
            if not err and resample:
                results.common = self._common(timeout)
            if err and (err == CONSTANTS['GRAT_ECANCELED'] or all(r.error for r in results.values())):
                raise failure(self._caller.op, results)
            return results

    def _common(self, timeout: Optional[float]) -> Traces:
        record = POINTER(grat_record)()
        self._caller.call(timeout, lib.grat_sync_resample, self._sync, byref(self._caller.op), byref(record))
        common = Traces(Record(record), grat_meta(acquisitions=1))
        lib.grat_record_unref(ctypes.cast(record, c_void_p))
        return common

    def _results(self, to_utc: int) -> Results:
        got: List[Result] = []
        while True:
            pointer = lib.grat_sync_get(self._sync, len(got))
            if not pointer:
                break
            got.append(Result(pointer.contents, to_utc))
        return Results(got, lib.grat_sync_send_spread_ns(self._sync))

    def _abandon(self) -> None:
        self._caller, self._sync, self._config = Caller(), c_void_p(), c_void_p()

    def cancel(self) -> None:
        """Ends the run in progress; from any thread."""
        self._caller.cancel()

    def close(self) -> None:
        """Closes every session. Twice does no harm."""
        sync, self._sync = self._sync, c_void_p()
        config, self._config = self._config, c_void_p()
        lib.grat_sync_close(sync)
        lib.grat_config_free(config)

    def __enter__(self) -> 'Bench':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if lib and hasattr(self, '_config'):
            self.close()

    def __repr__(self) -> str:
        return '<Bench %s: %s%s>' % (self.name, ', '.join(self.names), '' if self._sync else '; closed')
