"""Captures, pictures and files against a simulated oscilloscope."""
import ctypes
import gc
import weakref

import numpy
import pytest

import graticule as gr


def sine(scope, **more):
    return scope.capture('1', period=2e-3, low=-2, high=2, trigger='1:rising@0V', **more)


def test_screenshot(graticule_scope, tmp_path):
    shot = graticule_scope.screenshot()
    assert shot._repr_png_().startswith(b'\x89PNG') and (shot.width, shot.height) == (800, 480)
    path = tmp_path / 'scope.png'
    assert shot.save(path) == str(path)
    assert path.read_bytes() == shot.png


def test_capture(graticule_scope):
    t = sine(graticule_scope)
    v, time = t['1'].volts, t.time
    assert v.dtype == numpy.float64 and v.shape == time.shape == (t.samples,)
    assert 1.8 < v.max() - v.min() < 2.3    # 2 V from peak to peak
    crossing = numpy.abs(v[numpy.abs(time).argmin()])
    assert crossing < 0.1
    assert numpy.allclose(t['1'].raw * t['1'].scale + t['1'].offset, v)
    assert numpy.allclose(t['1'].volts32, v, atol=1e-5) and t['1'].volts32.dtype == numpy.float32
    assert t[1] is t['1'] and list(t) == ['1'] and t['1'].unit == 'V' and not t.cut
    assert t.model == 'DS1104Z' and 'DS1104Z' in repr(t)


def test_no_copy(graticule_scope):
    t = sine(graticule_scope)
    raw, address = t['1'].raw, t._record.fields.trace[0].raw
    assert raw.ctypes.data == address and t['1'].raw.ctypes.data == address
    assert not raw.flags.writeable and not raw.flags.owndata
    expected = raw.copy()
    gone = weakref.ref(t)
    del t
    gc.collect()
    assert not gone()
    others = [numpy.full(raw.nbytes, 255, 'u1') for _ in range(100)]
    assert (raw == expected).all() and len(others) == 100


def test_memory_is_given_back(graticule_scope):
    t = graticule_scope.capture('1', period=2e-3, samples=10000, memory=True)
    assert t.samples >= 10000 and not t.preview
    fields = t._record.fields
    another = gr.traces.Record(ctypes.pointer(fields))
    assert fields.refs == 2
    del another
    gc.collect()
    assert fields.refs == 1


def test_count(graticule_scope):
    several = sine(graticule_scope, count=3)
    assert [t.number for t in several] == [0, 1, 2]


def test_without_numpy(graticule_scope, monkeypatch):
    t = sine(graticule_scope)
    volts, raw, time = t['1'].volts.tolist(), t['1'].raw.tolist(), t.time.tolist()
    monkeypatch.setattr('graticule.traces.numpy_or_none', lambda: None)
    assert t['1'].volts.tolist() == volts and t['1'].raw.tolist() == raw and t['1'].raw.readonly
    assert t.time == pytest.approx(time)


def test_files(graticule_scope, tmp_path):
    t = sine(graticule_scope)
    t.save(tmp_path / 'x.npy')
    assert numpy.load(tmp_path / 'x.npy').shape[-1] in (t.samples, 2)
    t.save(tmp_path / 'x.csv')
    assert (tmp_path / 'x.csv').read_text().count('\n') > t.samples
    with pytest.raises(gr.Malformed, match='csv') as e:
        t.save(tmp_path / 'x.unknown')
    assert e.value.code == 'EFORMAT'
    assert sorted(p.name for p in tmp_path.iterdir()) == ['x.csv', 'x.npy']


def test_pandas(graticule_scope):
    pytest.importorskip('pandas')
    t = sine(graticule_scope)
    frame = t.to_pandas()
    assert frame.index.name == 'time' and (frame['1'].to_numpy() == t['1'].volts).all()


def test_plot(graticule_scope):
    pytest.importorskip('matplotlib').use('agg')
    assert len(sine(graticule_scope).plot().lines) == 1


def test_requests_that_cannot_be(graticule_scope):
    scope = graticule_scope
    for wrong in ({'channels': 'X'}, {'low': 1}, {'low': 2, 'high': 1}, {'period': 0}, {'pre': 2},
                  {'trigger': '1:sideways'}, {'coupling': 'wet'}, {'count': 0}, {'channels': '4-1'}):
        with pytest.raises(gr.BadArgument):
            scope.capture(**wrong)
    with pytest.raises(gr.Error):
        scope.capture('1', period='2 parsecs')
    with pytest.raises(gr.OutOfRange):
        scope.capture('1', period=1e9)
    with pytest.raises(gr.Timeout):
        scope.capture('1', period=2e-3, low=-2, high=2, trigger='1:rising@1.9V', timeout=1)
    assert sine(scope).samples


def test_bitscope(graticule_sim):
    with gr.open(graticule_sim('bitscope').resource) as scope:
        t = scope.capture('A', period=2e-3, low=0, high=5, samples=1000, trigger='none')
        assert list(t) == ['A'] and t.samples >= 1000
