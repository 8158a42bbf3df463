"""Raw I/O, errors, threads, leaks."""
import gc
import os
import threading
import time

import pytest

import graticule as gr

QUERY = '*IDN?'


def descriptors():
    return len(os.listdir('/proc/self/fd'))


def resident():
    with open('/proc/self/statm') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def test_text(graticule_scope):
    scope = graticule_scope
    assert scope.query(QUERY).startswith('RIGOL TECHNOLOGIES,DS1104Z,')
    assert scope.identify().vendor == 'RIGOL TECHNOLOGIES'
    scope.write(b'*IDN?')
    assert scope.read().endswith(b'\n')
    scope.write(':CHAN1:SCAL 0.5')
    assert scope.query_values(':CHAN1:SCAL?').tolist() == [0.5]
    assert scope.read_stb() & 16 == 0
    scope.clear()
    with scope.lock():
        assert scope.query(QUERY)
    assert 'TCPIP0::127.0.0.1' in repr(scope)


def test_block(graticule_scope):
    scope = graticule_scope
    png = scope.query_block(':DISP:DATA? ON,OFF,PNG')
    assert png.startswith(b'\x89PNG')
    assert scope.query_block(':DISP:DATA? ON,OFF,PNG', dtype='u1')[1:4].tobytes() == b'PNG'


def test_errors(graticule_scope):
    scope = graticule_scope
    with pytest.raises(gr.Timeout) as e:
        scope.query(':NOTHING:HERE?', timeout=0.2)
    assert e.value.code == 'ETIMEOUT' and str(e.value)
    assert scope.query(QUERY)
    with pytest.raises(gr.Malformed) as e:
        scope.query_values(QUERY)
    assert e.value.code == 'EPARSE'
    with pytest.raises(gr.Malformed):
        gr.open('TCPIP::::nothing')
    with pytest.raises(gr.Refused):
        gr.open('TCPIP::127.0.0.1::1::SOCKET')
    with pytest.raises(gr.BadArgument):
        scope.query(QUERY, timeout=-1)
    with pytest.raises(TypeError):
        gr.open('SIM::ds1104z', colour='red')
    scope.close()
    scope.close()
    with pytest.raises(gr.BadArgument, match='closed'):
        scope.query(QUERY)


def test_lost(graticule_sim):
    bench = graticule_sim('plain')
    with gr.open(bench.resource, timeout=1) as plain:
        assert plain.query(QUERY)
        bench.close()
        with pytest.raises(gr.Error):
            plain.query(QUERY)


def test_second_client_is_locked_out(graticule_sim):
    bench = graticule_sim('ds1104z')
    with gr.open(bench.resource) as one, gr.open(bench.resource) as two:
        with one.lock():
            with pytest.raises(gr.Locked):
                with two.lock():
                    pass
        with two.lock():
            pass


def test_open_and_close(graticule_sim):
    resource = graticule_sim('plain').resource

    def rounds(n):
        for _ in range(n):
            with gr.open(resource) as plain:
                plain.query(QUERY)
        for _ in range(n):
            gr.open('SIM::plain').query(QUERY)    # left to the garbage collector
        gc.collect()

    rounds(100)
    fds, memory = descriptors(), resident()
    rounds(1000)
    assert descriptors() <= fds
    if 'asan' not in os.environ.get('LD_PRELOAD', ''):
        assert resident() - memory < 4 << 20


def test_threads(graticule_sim):
    bench = graticule_sim('ds1104z', 'mso1104z', 'plain', address=None)
    wrong = []

    def work(instrument, expected):
        try:
            for _ in range(50):
                assert instrument.query(QUERY) == expected
        except BaseException as e:
            wrong.append(e)

    instruments = [gr.open(r) for r in bench.resources]
    # Two threads for each instrument.
    threads = [threading.Thread(target=work, args=(i, i.query(QUERY))) for i in instruments for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for instrument in instruments:
        instrument.close()
    assert not wrong


def test_waits_let_other_threads_run(graticule_scope):
    counted, stop = [0], threading.Event()

    def count():
        while not stop.wait(0.001):
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    with pytest.raises(gr.Timeout):
        graticule_scope.read(timeout=0.5)
    stop.set()
    thread.join()
    assert counted[0] > 20


def test_cancel(graticule_scope):
    graticule_scope.cancel()    # nothing to end: nothing happens
    assert graticule_scope.query(QUERY)
    timer = threading.Timer(0.2, graticule_scope.cancel)
    timer.start()
    began = time.monotonic()
    with pytest.raises(gr.Cancelled):
        graticule_scope.read(timeout=30)
    assert time.monotonic() - began < 10
    timer.join()
    assert graticule_scope.query(QUERY)
