"""Recordings without end, benches with one start, live plots, progress."""
import gc
import threading
import time

import numpy
import pytest

import graticule as gr


@pytest.fixture
def logger(graticule_sim):
    with gr.open(graticule_sim('bitscope', options='a=sine:1kHz:2V:1.6V').resource) as scope:
        yield scope


def test_blocks_have_their_place(logger):
    said = []
    with logger.stream('100kS/s', 'A', low=0, high=5, duration=1.5, block=0.01,
                       progress=lambda *a: said.append(a)) as stream:
        blocks = list(stream)
    assert len(blocks) > 1 and blocks[0].first == 0 and not blocks[0].gap
    at = 0
    for block in blocks:
        assert block.first == at + block.lost and block.gap == (block.lost > 0)
        assert numpy.allclose(block.time[0], block.first * block.dt)
        at = block.first + block.samples
    totals = stream.totals
    assert totals.blocks == len(blocks) and totals.samples == sum(b.samples for b in blocks)
    behind = totals.lost - sum(b.lost for b in blocks)    # the last gap may go beyond the end
    assert totals.samples + totals.lost == 150000 and totals.gaps == sum(b.gap for b in blocks) + (behind > 0) > 0
    assert said[-1] == (totals.samples, 150000)
    assert 'BS0005' in logger.query('?')    # it is usable again


def test_memory_does_not_grow(logger):
    stream = logger.stream(1e5, 'A', depth=2, low=0, high=5)
    time.sleep(1)
    assert len(stream._work.blocks) <= 2
    with pytest.raises(gr.Locked, match='a stream is running') as e:
        logger.capture('A', trigger='none')
    assert e.value.code == 'EBUSY'
    with pytest.raises(gr.Locked):
        logger.query('?')
    before, after = next(stream), next(stream)
    while not after.gap:
        before, after = after, next(stream)
    assert after.first == before.first + before.samples + after.lost
    stream.close()
    assert logger.capture('A', period=1e-3, trigger='none').samples


def test_a_loop_that_is_left_ends_it(logger):
    for block in logger.stream(1e5, 'A', low=0, high=5):
        break
    gc.collect()
    assert not [t for t in threading.enumerate() if t.name == 'graticule-stream']
    assert logger.capture('A', period=1e-3, trigger='none').samples and block.samples
    stream = logger.stream(1e5, 'A', low=0, high=5)
    logger.close()
    assert list(stream) == []


def test_samples_and_errors(logger):
    assert sum(b.samples for b in logger.stream(1e5, 'A', samples=2500, low=0, high=5)) <= 2500
    with pytest.raises(gr.OutOfRange):
        next(logger.stream(1e12, 'A'))
    with pytest.raises(gr.BadArgument):
        logger.stream(0, 'A')
    assert logger.capture('A', period=1e-3, trigger='none').samples


CONFIG = '''
instruments:
  volts: {resource: "%s", kind: dmm, setup: ["CONF:VOLT:DC 10"], recipe: init, clock: "SYST:TIME?",
          stamp: "SYST:TIME:SCAN?"}
  again: {resource: "%s", kind: dmm, setup: ["CONF:VOLT:DC 10"], recipe: init}
  gone: {resource: "TCPIP::127.0.0.1::1::SOCKET"}
benches:
  two: [volts, again]
  three: [volts, gone]
'''


def test_bench(graticule_sim, tmp_path):
    bench = graticule_sim('dmm', 'dmm', options='ch1=dc:1.5V')
    path = tmp_path / 'bench.yaml'
    path.write_text(CONFIG % tuple(bench.resources))
    with gr.Bench(path, 'two') as b:
        assert b.names == ['volts', 'again']
        for _ in range(2):
            results = b.sync()
            assert results.ok and list(results) == ['volts', 'again']
            for r in results.values():
                assert r.values.shape == (1,) and abs(r.values[0] - 1.5) < 0.1 and r.step == 'done' and r.reply
                assert abs(r.start_utc_ns / 1e9 - time.time()) < 10 and 0 < r.uncertainty_ns < 1e9
        volts, again = results['volts'], results['again']
        assert abs(volts.clock_offset) <= volts.clock_uncertainty + 1e-5
        assert abs(volts.clock_drift) <= 2e-4 and 0 < volts.clock_drift_uncertainty < 1e-3
        assert volts.stamped and not again.stamped and again.clock_offset is None
        assert not volts.aligned and volts.lag is None and volts.rate is None and volts.period is None
        assert 0 < results.spread_ns < 1e9
        soon = time.time() + 0.3
        assert b.sync(at=soon)['volts'].start_utc_ns >= (soon - 0.01) * 1e9
        pandas = pytest.importorskip('pandas')
        assert isinstance(results.to_pandas(), pandas.DataFrame)
    with pytest.raises(gr.BadArgument, match='closed'):
        b.sync()
    with gr.Bench(path, 'three') as b:
        results = b.sync()
        assert not results.ok and results['gone'].error and not results['volts'].error
        assert isinstance(results['gone'].error, gr.Refused)
    with pytest.raises(gr.BadArgument, match='two, three'):
        gr.Bench(path)
    with pytest.raises(gr.BadArgument):
        gr.Bench(path, 'four')
    with pytest.raises(gr.Error, match='nowhere'):
        gr.Bench(tmp_path / 'nowhere.yaml')


SCOPES = '''
instruments:
  left:  {resource: "%s", recipe: scope}
  right: {resource: "%s", recipe: scope}
benches:
  both: {members: [left, right], reference: left}
'''


def test_scopes_on_one_axis(graticule_sim, tmp_path):
    bench = graticule_sim('ds1104z', 'ds1104z', options='ch1=sine:5kHz:2V')
    for resource in bench.resources:
        with gr.open(resource) as scope:
            scope.capture('1', period=2e-3, low=-2, high=2, trigger='1:rising@0V')
    path = tmp_path / 'scopes.yaml'
    path.write_text(SCOPES % tuple(bench.resources))
    with gr.Bench(path) as b:
        results = b.sync(align='1', resample=True)
    left, right = results['left'], results['right']
    assert left.traces.samples and right.aligned and abs(right.lag) < 1e-3 and right.likeness > 0.9, right.remark
    assert right.period == pytest.approx(2e-4, rel=0.05) and left.rate is None
    assert abs(right.rate) <= right.rate_uncertainty < 3e-4
    common = results.common
    assert list(common) == ['left.1', 'right.1']
    apart = common['left.1'].volts - common['right.1'].volts
    assert numpy.nanmax(numpy.abs(apart)) < 0.3


def test_live_plot(graticule_scope):
    pytest.importorskip('matplotlib').use('agg')
    plot = graticule_scope.live('1', frames=3, rate=100, period=2e-3, low=-2, high=2)
    assert plot.frames == 3 and plot.traces['1'].volts.size and len(plot.axes.lines) == 1


def test_progress(graticule_scope, capsys):
    said = []
    graticule_scope.capture('1', period=2e-3, trigger='none', count=3, progress=lambda *a: said.append(a))
    assert said == [(1, 3), (2, 3), (3, 3)]
    pytest.importorskip('tqdm')
    graticule_scope.capture('1', period=2e-3, trigger='none', count=3, progress=True)
    assert '3/3' in ''.join(capsys.readouterr())
    with pytest.raises(ZeroDivisionError):
        graticule_scope.capture('1', trigger='none', progress=lambda done, of: 1 / 0)


def test_load(graticule_scope, tmp_path):
    t = graticule_scope.capture('1', period=2e-3, low=-2, high=2, trigger='1:rising@0V')
    for ending in ('csv', 'npz', 'npy'):
        back = gr.load(t.save(tmp_path / ('x.' + ending)))
        assert back.samples == t.samples and numpy.allclose(back['1'].volts, t['1'].volts, atol=1e-4)
    with pytest.raises(gr.Error):
        gr.load(tmp_path / 'none.csv')


def test_rich_display(graticule_scope, graticule_sim):
    t = graticule_scope.capture('1', period=2e-3, low=-2, high=2, trigger='1:rising@0V')
    assert '<table>' in t._repr_html_() and '<td>1</td>' in t._repr_html_()
    found = gr.FoundList([gr.Found('SIM::<x>', gr.Identity('a', 'b', 'c', 'd'), None, 'config', [], None)])
    assert 'SIM::&lt;x&gt;' in found._repr_html_()
