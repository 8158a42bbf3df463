"""The same PyVISA program on our libvisa and on pyvisa-py.

With a termination character PyVISA makes one call for every line feed in the block, 39 062 for 10 MB, and spends about
10 us in each before the library is reached: that bounds the rows "to LF".
"""
import os

from kit import HOST, SYSTEM_PYTHON, Sim, run

RAW, VXI = 'TCPIP::%s::5555::SOCKET' % HOST, 'TCPIP::%s::INSTR' % HOST
BLOCK = 10 * 1000 * 1000

PROGRAM = '''
import sys, time, pyvisa
library, resource, kind, count, size = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
inst = pyvisa.ResourceManager(library).open_resource(resource, write_termination='\\n')
inst.timeout = 60000
socket = 'SOCKET' in resource
inst.read_termination = '\\n' if kind != 'block' else None
if kind == 'query' or not socket:
    inst.query('*IDN?')
begin = time.perf_counter()
for i in range(count):
    if kind == 'query':
        data = inst.query('*IDN?').strip().encode()
    elif kind == 'block' and socket:
        inst.write(':BLOCK? %d' % size)
        data = inst.read_bytes(2 + len(str(size)) + size + 1)[2 + len(str(size)):-1]
    else:
        data = inst.query_binary_values(':BLOCK? %d' % size, datatype='B', container=bytes)
spent = time.perf_counter() - begin
print(spent / count * 1e6, len(data), hash(data) if kind == 'query' else sum(data))
'''


def program(library, name, kind, count, size):
    text = run([SYSTEM_PYTHON, '-c', PROGRAM, library, name, kind, str(count), str(size)], timeout=600,
               env=dict(os.environ, PYTHONHASHSEED='0')).split()
    return float(text[0]), text[1:]


def compare(bench, what, name, kind, counts, most, size=0):
    """counts: repetitions of ours and of the peer's; most: ours may take at most so many times the peer's time."""
    lib = os.path.join(bench.build, 'libvisa.so.0')
    small = [program(library, name, kind, 1, min(size, 20000))[1] for library in (lib, '@py')]
    if small[0] != small[1]:
        raise RuntimeError('%s: the answers differ: %r' % (what, small))
    times = bench.median({'ours': lambda: program(lib, name, kind, counts[0], size)[0],
                          'pyvisa-py': lambda: program('@py', name, kind, counts[1], size)[0]}, 3 if bench.quick else 5)
    bench.row(what, 'us', times, {'pyvisa-py': most}, 'PyVISA (rows_visa.py) %s %s' % (name, kind))


def rows(bench):
    queries = (500, 200) if bench.quick else (3000, 1000)
    with Sim(bench.grat, 'plain@' + HOST, '--wires', 'raw,vxi11'):
        compare(bench, 'PyVISA query over raw', RAW, 'query', queries, 1 / 1.5)
        compare(bench, 'PyVISA query over vxi11', VXI, 'query', queries, 1 / 3)
        compare(bench, 'PyVISA 10 MB over raw', RAW, 'block', (3, 3), 1 / 1.5, BLOCK)
        compare(bench, 'PyVISA 10 MB over raw, to LF', RAW, 'lines', (1, 1), 1 / 5, BLOCK)
        compare(bench, 'PyVISA 10 MB over vxi11', VXI, 'block', (3, 3), 1 / 3, BLOCK)
        compare(bench, 'PyVISA 10 MB over vxi11, to LF', VXI, 'lines', (1, 1), 1 / 50, BLOCK)
