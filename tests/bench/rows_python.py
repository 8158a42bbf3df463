"""The Python package: queries beside PyVISA with pyvisa-py, captures and their cost over C, the import.

The limit of a query is the library's own time in a C program (bench_client); `ctypes` is the same function called from
Python with everything made beforehand, without the package. The limit of a capture is grat_capture by ctypes alone,
with the volts made of it.
"""
import os

import rows_lan
from kit import HOST, SYSTEM_PYTHON, Sim, run

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RAW, VXI = 'TCPIP::%s::5555::SOCKET' % HOST, 'TCPIP::%s::INSTR' % HOST

QUERY = '''
import sys, time
kind, resource, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
if kind == 'pyvisa-py':
    import pyvisa
    inst = pyvisa.ResourceManager('@py').open_resource(resource, write_termination='\\n', read_termination='\\n')
    ask = lambda: inst.query('*IDN?')
else:
    import graticule
    inst = graticule.open(resource)
    ask = lambda: inst.query('*IDN?')
text = ask()
if kind == 'ctypes':
    import ctypes
    from graticule._lib import grat_op, lib
    op, room, session, query = grat_op(), ctypes.create_string_buffer(256), inst._session, lib.grat_query
    lib.grat_op_init(op, 1000000, None)
    at = ctypes.byref(op)
    ask = lambda: query(session, b'*IDN?', room, 256, at)
for i in range(50):
    ask()
begin = time.perf_counter()
for i in range(count):
    ask()
print((time.perf_counter() - begin) / count * 1e6, text.strip())
'''

CAPTURE = '''
import sys, time
import graticule
from graticule import _request
from graticule._lib import lib, record_fn
kind, resource, points, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
scope = graticule.open(resource, timeout=60)
wanted = dict(channels='1', samples=points, period=1e-2, trigger='none', memory=True)
t = scope.capture(timeout=60, **wanted)
caller = scope._caller
from ctypes import byref
import numpy
q = _request.make(wanted)
times = {'ours': 0, 'limit': 0}
# The same call of the library, without the package around it; both make the volts.
def bare():
    out = numpy.empty(t.samples)
    def take(_, r):
        lib.grat_trace_values(byref(r.contents.trace[0]), 0, r.contents.count, out.ctypes.data)
        return True
    back = record_fn(take)
    lib.grat_op_init(byref(caller.op), 60000, None)
    assert not lib.grat_capture_with(scope._scope, byref(q), None, back, None, byref(caller.op)), caller.op.text
def ours():
    t = scope.capture(timeout=60, **wanted)
    t['1'].volts
for i in range(count):
    for name, function in (('ours', ours), ('limit', bare)):
        begin = time.perf_counter()
        function()
        times[name] += time.perf_counter() - begin
print(times['ours'] / count * 1e6, times['limit'] / count * 1e6)
'''

IMPORT = '''
import time
%s
begin = time.perf_counter()
import %s
print((time.perf_counter() - begin) * 1e6)
'''


def environment(bench):
    return dict(os.environ, PYTHONPATH=os.path.join(TREE, 'python'), GRATICULE_CONFIG=os.devnull,
                GRATICULE_LIBRARY=os.path.join(bench.build, 'libgraticule.so.0'))


def python(bench, text, *args):
    out = run([SYSTEM_PYTHON, '-c', text] + [str(a) for a in args], timeout=600, env=environment(bench))
    return out.decode().split(' ', 1)


def queries(bench, wire, resource):
    count = 500 if bench.quick else 5000
    kinds = ('ours', 'ctypes', 'pyvisa-py')
    answers = {python(bench, QUERY, kind, resource, 1)[1] for kind in kinds}
    if len(answers) != 1:
        raise RuntimeError('the answers differ: %r' % answers)
    contestants = {kind: lambda kind=kind: float(python(bench, QUERY, kind, resource, count)[0]) for kind in kinds}
    contestants['limit'] = rows_lan.each([bench.tool('bench_client'), 'lib', wire, resource, '1', 'query'], count, 0)
    times = bench.median(contestants, 3 if bench.quick else 7)
    wants = {'ctypes': 1.25, 'pyvisa-py': 1 / 3}
    bench.row('Python query over ' + wire, 'us', times, wants, 'rows_python.py: query(*IDN?) %s' % resource)


def captures(bench, points, count):
    values = [[float(v) for v in python(bench, CAPTURE, 'both', VXI, points, count)]
              for _ in range(3 if bench.quick else 5)]
    values.sort(key=lambda v: v[0] / v[1])
    ours, limit = values[len(values) // 2]
    bench.row('Python capture of %d points' % points, 'us', {'ours': ours, 'limit': limit}, {'limit': 1.05},
              'rows_python.py: capture() beside grat_capture, VXI-11')


def rows(bench):
    with Sim(bench.grat, 'plain@' + HOST, '--wires', 'raw:5555,vxi11'):
        queries(bench, 'vxi11', VXI)
        # The round trip itself is more than a third of pyvisa-py's time here: the limit misses that want too.
        queries(bench, 'raw', RAW)
    with Sim(bench.grat, 'ds1104z@' + HOST):
        captures(bench, 12000, 30)
        captures(bench, 1200000, 5)
    rounds = 3 if bench.quick else 7
    times = bench.median({'ours': lambda: float(python(bench, IMPORT % ('import numpy', 'graticule'))[0])}, rounds)
    times['allowed'] = 50000
    bench.row('import graticule, numpy being there', 'us', times, {'allowed': 1}, 'rows_python.py: import')
