"""PicoScopes behind the stand-ins for the vendor's libraries."""
import os

import numpy
import pytest

import graticule as gr

STANDINS = os.path.join(os.path.dirname(os.environ.get('GRATICULE_LIBRARY', '')), 'sim', 'pico', 'pico-standins')
UNITS = 'ps5000a 5244D DC/1 a=dc,0,0,0.7;ps5000a 5244D SINE/5;ps2000a 2406B COUNT/2 counter=30000;' \
        'ps4000a 4824A COUNT/4 counter=30000'
STEPS = 30000


@pytest.fixture
def units(monkeypatch):
    if not os.path.exists(os.path.join(STANDINS, 'libps5000a.so.2')):
        pytest.skip('the stand-ins are not built')
    monkeypatch.setenv('GRATICULE_PICO_PATH', STANDINS)
    monkeypatch.setenv('GRATICULE_PICO_SIM', UNITS)


def test_capture(units):
    with gr.open('PICO::ps5000a::DC/1') as scope:
        assert scope.identify().model.endswith('5244D')
        t = scope.capture('A', period=1e-3, low=-2, high=2, trigger='none')
        assert abs(t['A'].volts.mean() - 0.7) < 0.05
    with gr.open('PICO::ps5000a::SINE/5') as scope:
        t = scope.capture('A', period=2e-3, low=-1, high=1, trigger='A:rising@0V')
        assert numpy.ptp(t['A'].volts) > 0.1


def test_a_stream_begins_at_its_trigger(units):
    with gr.open('PICO::ps2000a::COUNT/2') as scope:
        with scope.stream(rate=1e6, channels='A', samples=4000, block=2e-3, trigger='A:rising@0.5V', pre='25%', low=-1,
                          high=1) as stream:
            first = next(stream)
        assert first.first == 0 and abs(first.time[0] + 500e-6) < 1e-9
        level = first['A'].volts
        assert level[499] < 0.5 <= level[500] + 1e-4
        with pytest.raises(gr.BadArgument):
            scope.stream(rate=1e6, channels='A', trigger='A@0.5V', mode='block')


@pytest.mark.parametrize('unit', ['ps2000a::COUNT/2', 'ps4000a::COUNT/4'])
def test_a_stream_has_every_sample_in_order(units, unit):
    with gr.open('PICO::' + unit) as scope:
        with scope.stream(rate=1e6, channels='A', samples=300000) as stream:
            blocks = list(stream)
        assert sum(b.samples for b in blocks) + sum(b.lost for b in blocks) == 300000
        before = None
        for b in blocks:
            raw = b['A'].raw.astype('i8')
            assert numpy.isin(numpy.diff(raw), (1, 1 - STEPS)).all()
            if before is not None:
                assert (raw[0] - before - 1 - b.lost) % STEPS == 0
            before = raw[-1]
        assert stream.totals.samples == sum(b.samples for b in blocks)
