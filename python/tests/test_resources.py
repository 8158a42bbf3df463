"""Nothing is left behind: descriptors, memory, threads."""
import gc
import os
import resource
import socket
import subprocess
import sys
import threading

import pytest

import graticule as gr

ROUNDS = int(os.environ.get('GRAT_PYTHON_OPENS', '1500'))


def descriptors():
    return len(os.listdir('/proc/self/fd'))


def resident():
    with open('/proc/self/statm') as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


@pytest.mark.parametrize('wire', ['vxi11', 'raw', 'hislip'])
def test_thousands_of_opens(graticule_sim, wire):
    name = graticule_sim('plain', **({} if wire == 'vxi11' else {'wires': '%s:%d' % (wire, free_port())})).resource

    def once(close):
        scope = gr.open(name)
        assert scope.query('*IDN?')
        if close:
            scope.close()

    for _ in range(100):
        once(True)
    gc.collect()
    before, memory = descriptors(), resident()
    for i in range(ROUNDS):
        once(i % 2)
    gc.collect()
    assert descriptors() <= before + 2
    if 'libasan' not in os.environ.get('LD_PRELOAD', ''):    # it keeps what is freed
        assert resident() - memory < 4 << 20


def test_captures_are_given_back(graticule_scope):
    for _ in range(20):
        graticule_scope.capture('1', samples=100000, period=1e-2, trigger='none', memory=True)
    gc.collect()
    before = resident()
    for _ in range(100):
        t = graticule_scope.capture('1', samples=100000, period=1e-2, trigger='none', memory=True)
    assert t.samples >= 100000
    if 'libasan' not in os.environ.get('LD_PRELOAD', ''):
        assert resident() - before < 20 << 20


def test_threads(graticule_sim):
    bench, wrong = graticule_sim(*['plain'] * 9, address=None), []
    shared = gr.open(bench.resources[0])

    def work(number):
        try:
            with gr.open(bench.resources[1 + number]) as own:
                for i in range(50):
                    text = '%d-%d' % (number, i)
                    assert shared.query(':ECHO? ' + text) == text
                    assert own.query('*IDN?')
        except BaseException as e:
            wrong.append(e)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    shared.close()
    assert not wrong


def test_query_limits(graticule_sim):
    with gr.open(graticule_sim('plain').resource, timeout=5) as plain:
        assert plain.query(':ECHO? 12345678') == '12345678'
        with pytest.raises(gr.Malformed, match='5') as e:
            plain.query(':ECHO? 12345678', limit=5)
        assert e.value.code == 'ETOOBIG'
        assert plain.query(':ECHO? ab', limit=4) == 'ab'
        assert plain.query(':ECHO? 12345678') == '12345678'
        with pytest.raises(gr.Timeout):
            plain.query(':NOSUCH?', timeout=0.1)
        plain.timeout = 0.2
        with pytest.raises(gr.Timeout):
            plain.query(':NOSUCH?')
        with pytest.raises(gr.BadArgument):
            plain.timeout = -1
        plain.timeout = 5
        ended = threading.Timer(0.3, plain.cancel)
        ended.start()
        with pytest.raises(gr.Cancelled):
            plain.query(':NOSUCH?', timeout=60)
        ended.join()
        assert plain.query(':ECHO? ab') == 'ab'
    with pytest.raises(gr.BadArgument, match='closed'):
        plain.query('*IDN?')


LEFT = """
import graticule as gr
scope = gr.open("SIM::bitscope")
stream = scope.stream(1e5, "A", low=0, high=5)
print(next(stream).samples > 0)
"""

FORKED = """
import os, sys
import graticule as gr
bench = gr.sim("ds1104z")
scope = gr.open(bench.resource)
stream = gr.open("SIM::bitscope").stream(1e5, "A", low=0, high=5)
next(stream)
pid = os.fork()
if pid == 0:
    try:
        scope.query("*IDN?")
    except gr.BadArgument as e:
        assert "fork" in str(e)
        with gr.open(bench.resource) as own:
            print(own.query("*IDN?")[:5], flush=True)
    scope.close()
    bench.close()
    assert not list(stream)
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
print(scope.query("*IDN?", timeout=5)[:5], next(stream).samples > 0)
"""


@pytest.mark.parametrize('text, expected', [pytest.param(LEFT, 'True', id='left'),
                                            pytest.param(FORKED, 'RIGOL RIGOL True', id='forked')])
def test_the_end_of_a_process(text, expected):
    """A stream that runs on does not hold up the end; a child leaves what is its parent's alone."""
    done = subprocess.run([sys.executable, '-c', text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=40)
    assert done.stdout.decode().split() == expected.split() and done.returncode == 0, done.stderr.decode()


def test_import_is_quick():
    """What is only sometimes needed is not loaded by the import."""
    text = 'import sys, graticule; print([m for m in ("asyncio", "numpy", "pandas", "matplotlib", "graticule.aio", ' \
           '"graticule.bench", "graticule.stream", "graticule.live") if m in sys.modules])'
    assert subprocess.check_output([sys.executable, '-c', text]).strip() == b'[]'


def test_types():
    """mypy --strict has nothing to say."""
    mypy = pytest.importorskip('mypy.api')
    tree = os.path.dirname(os.path.dirname(os.path.abspath(gr.__file__)))
    said, errors, status = mypy.run(['--strict', '--cache-dir', os.devnull, '--config-file',
                                     os.path.join(tree, 'pyproject.toml'), os.path.join(tree, 'graticule')])
    assert status == 0, said + errors
