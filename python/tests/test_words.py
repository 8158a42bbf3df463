"""The words of a capture against simulated instruments of each family, and the files that it leaves."""
import csv
import json
import os
import re
import subprocess

import numpy
import pytest

import graticule as gr

GRAT = os.path.join(os.path.dirname(os.environ.get('GRATICULE_LIBRARY', '')), 'src', 'cli', 'grat')


@pytest.fixture
def pico():
    with gr.open('SIM::ps5444d') as scope:
        yield scope


def sine(scope, **more):
    return scope.capture('A', **{**dict(period='2ms', range='10V', samples=1000, trigger='A:rising@0V'), **more})


@pytest.mark.parametrize('trigger', [
    'A:pulse@0V,1us..', 'A:pulse:falling@0V,10us..1ms', 'A:window@-0.5V..0.5V', 'A:leave@-0.5V..0.5V',
    'A:outside@-0.5V..0.5V', 'A:timeout@0V,10us', 'A:above@0V', 'A:rising@0V & B:above@-5V',
    'A:falling@0V|B:below@-5V'])
def test_triggers_of_a_pico(pico, trigger):
    t = pico.capture('A,B', period='2ms', range='10V', samples=1000, trigger=trigger, timeout=5)
    assert not t.forced and not t.cut and t.samples >= 1000


def test_a_slope_is_where_it_was_asked_for(pico):
    for trigger, sign in (('A:rising@0V', 1), ('A:falling@0V', -1)):
        t = sine(pico, trigger=trigger, pre='50%')
        middle = int(numpy.abs(t.time).argmin())
        assert 0.4 < middle / t.samples < 0.6
        assert numpy.sign(t['A'].volts[middle + 20] - t['A'].volts[middle - 20]) == sign


def test_a_runt_that_is_not_there(pico):
    with pytest.raises(gr.Timeout):
        sine(pico, trigger='A:runt@-0.5V..0.5V', timeout=0.5)
    assert sine(pico, trigger='A:runt@-0.5V..0.5V', wait='50ms', timeout=5).samples


def test_segments(pico):
    t = sine(pico, segments=5)
    assert isinstance(t, gr.Acquisitions) and [s.number for s in t.segments] == [0, 1, 2, 3, 4]
    volts = t.volts('A')
    assert t[1].trigger_stamp > t[0].trigger_stamp
    assert volts.shape == (5, t[0].samples) and (volts[3] == t[3]['A'].volts).all()
    assert sine(pico).segments[0].number == 0
    assert '5 of' in repr(t) and '5 acquisitions' in t._repr_html_()


def test_downsampling(pico):
    t = sine(pico, samples=16000, downsample='16:aggregate')
    low, high = t.envelope('A')
    assert list(t) == ['A.max', 'A.min'] and low.shape == high.shape == (t.samples,)
    assert (low == t['A.min'].volts32).all() and (high >= low).all() and (high > low).any()
    with pytest.raises(KeyError, match='envelope'):
        t['A']
    with pytest.raises(KeyError, match='A.max, A.min'):
        t['B']
    one = sine(pico, samples=16000, downsample='16:decimate')
    assert list(one) == ['A'] and one.dt == pytest.approx(t.dt)
    mean = sine(pico, samples=16000, downsample='16:average')
    assert ((mean['A'].volts < high + 0.2) & (mean['A'].volts > low - 0.2)).all()


def test_envelope(pico):
    t = sine(pico)
    volts = t['A'].volts32
    low, high = t.envelope('A', points=7)
    length = -(-t.samples // 7)
    assert [low[0], high[0]] == [volts[:length].min(), volts[:length].max()]
    assert len(low) == len(high) == t.samples // length <= 7
    assert (t.envelope('A')[0] == volts).all()
    with pytest.raises(gr.BadArgument):
        t.envelope('A', points=0)


def test_average(pico):
    t = sine(pico, average=4)
    assert t['A'].raw.dtype == numpy.float32
    with pytest.raises(gr.BadArgument, match='only one'):
        sine(pico, average=4, hires=True)
    assert sine(pico, hires=True).samples


def test_peak(graticule_scope):
    assert graticule_scope.capture('1', period=2e-3, range=4, trigger='1:rising', peak=True).samples
    with pytest.raises(gr.NotSupported, match='edges'):
        graticule_scope.capture('1', trigger='1:pulse@0V,1us..')
    with pytest.raises(gr.NotSupported, match='count'):
        graticule_scope.capture('1', segments=3)


def test_bitscope_pattern(graticule_sim):
    with gr.open(graticule_sim('bitscope').resource) as scope:
        with pytest.warns(gr.LeftOut, match='L7'):    # the generator's pin
            t = scope.capture('A,L0-L7', period=1e-3, trigger='L1=1,L2=0:falling')
        assert list(t) == ['A'] + ['L%d' % i for i in range(7)] and 'L7' in t.left_out
        assert not scope.capture('A,L0', period=1e-3, trigger='none').left_out
        assert scope.capture('A', period=1e-3, trigger='A:above@0.1V', hair=True).samples


def test_words_that_are_none(pico):
    for wrong, said in (({'trigger': 'A:pulse@1V'}, 'no event'), ({'channels': 'X'}, 'not a list'),
                        ({'downsample': '16'}, '16:aggregate'), ({'range': 0}, 'above 0'),
                        ({'range': 1, 'low': 0, 'high': 1}, 'the same'), ({'low': 1}, 'missing'),
                        ({'segments': 2, 'count': 2}, 'one of them'), ({'pre': '130'}, 'part'),
                        ({'current': True, 'count': 2}, 'once'), ({'average': 0}, 'at least 1')):
        with pytest.raises(gr.BadArgument, match=said):
            pico.capture(**wrong)
    with pytest.raises(gr.OutOfRange, match='twice'):
        sine(pico, trigger='A:rising@0V | A:falling@0V')


def test_generator(pico):
    g = pico.generator('sine', frequency='5kHz', low=-1, high=1)
    assert g == pico.generator() and g.wave == 'sine' and g.frequency == pytest.approx(5000, rel=1e-3)
    assert pico.generator('points', points=numpy.sin(numpy.arange(0, 6.28, 0.1)), low=-1, high=1).wave == 'points'
    assert pico.generator('square', frequency=1e3, low=0, high=1, to='2kHz', sweep='up-down').wave == 'square'
    assert pico.generator('sine', on='software', cycles=3).wave == 'sine'
    pico.generator('fire')
    assert pico.generator('off').wave == pico.generator().wave == 'off'
    for wrong in ({'wave': 'wobble'}, {'wave': 'sine', 'low': 1}, {'wave': 'sine', 'points': [1, 2]},
                  {'wave': 'points'}, {'wave': 'sine', 'on': 'monday'}):
        with pytest.raises(gr.BadArgument):
            pico.generator(**wrong)
    with gr.open('SIM::ds1104z') as rigol, pytest.raises(gr.NotSupported):
        rigol.generator('sine')


def test_bitscope_generator(graticule_sim):
    with gr.open(graticule_sim('bitscope').resource) as scope:
        assert scope.generator('sine', frequency=1000).frequency == pytest.approx(1000, rel=0.01)
        with pytest.raises(gr.NotSupported):
            scope.generator('noise')


# ---- files

KINDS = [('SIM::ds1104z', ['-c', '1', '-p', '2ms', '-r', '4V', '-t', '1:rising@0V'],
          dict(channels='1', period='2ms', range='4V', trigger='1:rising@0V')),
         ('SIM::ds1104z', ['-c', '1', '-p', '2ms', '-n', '3', '--hires'],
          dict(channels='1', period='2ms', count=3, hires=True)),
         ('SIM::ps5444d', ['-c', 'A', '-s', '1000', '-p', '2ms', '-t', 'A:pulse@0V,1us..', '--average', '3'],
          dict(channels='A', samples=1000, period='2ms', trigger='A:pulse@0V,1us..', average=3)),
         ('SIM::ps5444d', ['-c', 'A', '-s', '1000', '-p', '2ms', '-t', 'A:rising@0V', '--segments', '3'],
          dict(channels='A', samples=1000, period='2ms', trigger='A:rising@0V', segments=3)),
         ('SIM::bitscope', ['-c', 'A', '-p', '2ms', '-t', 'none'], dict(channels='A', period='2ms', trigger='none'))]


DIFFER = ('utc', 'utc_ns', 'utc_uncertainty_ns', 'monotonic_ns', 'serial')


def nameless(text):
    """Each process counts the simulated instruments anew."""
    return re.sub(r'SIM/\d+', '', str(text))


def known(path):
    """What is in a file of JSON beside times and samples."""
    with open(path) as f:
        whole = json.load(f)
    del whole['identity']['serial']
    for record in whole['records']:
        record['t0'] = round(record['t0'], 9)
        del record['utc_ns']
        record.pop('utc_uncertainty_ns', None)
        record.pop('trigger_stamp', None)
        for channel in record['channels']:
            del channel['values']
    return whole


@pytest.mark.skipif(not os.path.exists(GRAT), reason='the command is not built')
@pytest.mark.parametrize('resource,options,words', KINDS)
def test_files_are_those_of_the_command(tmp_path, resource, options, words):
    out = [part for end in ('json', 'csv', 'h5') for part in ('-o', str(tmp_path / ('c.' + end)))]
    subprocess.run([GRAT, 'capture', resource, '-q'] + options + out, check=True, env=dict(os.environ, LD_PRELOAD=''))
    with gr.open(resource) as scope:
        t = scope.capture(**words)
    assert t.segments[0].resource == resource
    for end in ('json', 'csv', 'h5'):
        t.save(tmp_path / ('python.' + end))
    theirs, ours = known(tmp_path / 'c.json'), known(tmp_path / 'python.json')
    assert ours['settings']['timebase'] > 0
    assert ours == theirs
    with open(tmp_path / 'c.csv') as c, open(tmp_path / 'python.csv') as p:
        rows, mine = list(csv.reader(c)), list(csv.reader(p))
    assert len(rows) == len(mine)
    assert [nameless(title) for title in rows[0]] == [nameless(title) for title in mine[0]]
    h5py = pytest.importorskip('h5py')
    with h5py.File(tmp_path / 'c.h5') as c, h5py.File(tmp_path / 'python.h5') as p:
        both = [{k: nameless(v) for k, v in f.attrs.items() if k not in DIFFER} for f in (c, p)]
        assert both[0] == both[1]
        shapes = [], []
        for file, found in ((c, shapes[0]), (p, shapes[1])):
            file.visititems(lambda name, item, found=found: found.append((name, getattr(item, 'shape', None))))
        assert shapes[0] == shapes[1]


@pytest.mark.parametrize('end', ['h5', 'csv', 'npy'])
def test_load(pico, tmp_path, end):
    path = tmp_path / ('one.' + end)
    t = sine(pico)
    t.save(path)
    back = gr.load(path)
    assert isinstance(back, gr.Traces) and list(back) == ['A']
    assert numpy.allclose(back['A'].volts, t['A'].volts, atol=1e-6) and numpy.allclose(back.time, t.time, atol=1e-12)
    several = sine(pico, segments=3)
    several.save(path)
    back = gr.load(path)
    assert isinstance(back, gr.Acquisitions) and [b.number for b in back] == [0, 1, 2]
    assert numpy.allclose(back.volts('A'), several.volts('A'), atol=1e-6)


def test_load_of_nothing(tmp_path):
    (tmp_path / 'broken.csv').write_text('this is no recording\n1,2\n')
    for name in ('none.h5', 'broken.csv', 'x.unknown'):
        with pytest.raises(gr.Error, match=name):
            gr.load(tmp_path / name)


def test_pictures_of_aggregates_and_of_several(pico, tmp_path):
    pytest.importorskip('matplotlib').use('agg')
    axes = sine(pico, samples=16000, downsample='16:aggregate').plot()
    assert len(axes.collections) == 1 and axes.get_legend_handles_labels()[1] == ['A']
    axes = sine(pico, segments=4).plot()
    assert len(axes.lines) == 4 and axes.get_legend_handles_labels()[1] == ['A']
    assert sine(pico, segments=3).to_pandas().loc[2].shape[1] == 1


def test_equivalent_time(pico):
    t = sine(pico, period='2us', samples=4000, ets=True)
    assert t.samples >= 4000 and t.dt < 1e-9    # the converter takes one each nanosecond


def test_what_a_prompt_shows(graticule_scope, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert {'Bench', 'Stream', 'open'} <= set(dir(gr))
    with pytest.raises(gr.BadArgument, match='name it .png'):
        graticule_scope.screenshot().save('x.jpg')
    assert graticule_scope.query('*IDN?', timeout='2s')
    with pytest.raises(gr.BadArgument, match='minutes or milliseconds'):
        graticule_scope.query('*IDN?', timeout='2m')
    graticule_scope.capture('1', trigger='none', timeout='5s').save('a.csv')
    assert repr(gr.load('a.csv')).startswith('<Traces: 1, ')
