#!/usr/bin/env python3
"""Serial lines: pyserial, PyVISA with pyvisa-py, and socat on simulated ports, and our client on a port of socat's.
sigrok-cli is not here: libserialport opens no pseudo terminal.

lines.py --grat PATH
"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from run import SYSTEM_PYTHON, Bench, expect, loopback_up, main, need, need_modules, run  # noqa: E402

CHECKS = []
IDN = b'GRATICULE,PLAIN,0,1'


def check(function):
    CHECKS.append(function)
    return function


def pattern(n):
    return bytes((i * 7 + (i >> 8)) & 255 for i in range(n))


@check
def pyserial_asks(place):
    need_modules('serial')
    port = place.path('port')
    program = '''
import serial, sys
with serial.Serial(sys.argv[1], 115200, timeout=5, exclusive=True) as s:
    s.write(b'*IDN?\\n')
    sys.stdout.buffer.write(s.readline())
    s.write(b':BLOCK? 20000\\n')
    sys.stdout.buffer.write(s.read(11 + 20000 + 1))
'''
    with Bench(place.grat, 'plain', '--pty', port):
        got = run([SYSTEM_PYTHON, '-c', program, port])
    expect(got == IDN + b'\n#9000020000' + pattern(20000) + b'\n',
           'pyserial got %r…' % got[:60])


@check
def pyvisa_py_asks(place):
    need_modules('pyvisa', 'pyvisa_py', 'serial')
    port = place.path('port')
    program = '''
import pyvisa, sys
rm = pyvisa.ResourceManager('@py')
s = rm.open_resource('ASRL%s::INSTR' % sys.argv[1], baud_rate=57600, read_termination='\\n', write_termination='\\n',
                     timeout=5000)
print(s.query('*IDN?'))
print(sum(s.query_binary_values(':BLOCK? 30000', datatype='B')))
s.close()
'''
    with Bench(place.grat, 'plain', '--pty', port):
        got = run([SYSTEM_PYTHON, '-c', program, port]).split()
    expect(got == [IDN, b'%d' % sum(pattern(30000))], 'PyVISA got %r' % got)


@check
def socat_asks(place):
    socat = need('socat')
    port = place.path('port')
    with Bench(place.grat, 'plain', '--pty', port):
        got = run([socat, '-T', '1', '-', port + ',raw,echo=0'], input=b'*IDN?\n')
    expect(got == IDN + b'\n', 'socat got %r' % got)


@check
def our_client_on_a_port_of_socat(place):
    socat = need('socat')
    port = place.path('bridge')
    with Bench(place.grat, 'plain@127.0.0.1', '--wires', 'raw:5025'):
        bridge = subprocess.Popen([socat, 'pty,raw,echo=0,link=' + port, 'tcp:127.0.0.1:5025'])
        try:
            end = time.monotonic() + 5
            while not os.path.exists(port) and time.monotonic() < end:
                time.sleep(0.02)
            got = place.run('query', 'ASRL%s::INSTR' % port, '*IDN?', '--baud', '115200,8N1')
            expect(got.strip() == IDN, 'grat got %r' % got)
            got = place.run('query', 'ASRL%s::INSTR' % port, ':BLOCK? 50000')
            expect(pattern(50000) in got, 'the block came as %d bytes' % len(got))
        finally:
            bridge.terminate()
            bridge.wait(5)


@check
def the_tool_speaks_of_what_a_port_lacks(place):
    port = place.path('port')
    with Bench(place.grat, 'plain', '--pty', port + '+crlf'):
        got = place.run('query', 'ASRL%s::INSTR' % port, '*IDN?', '--baud', '9600,crlf')
        expect(got.strip() == IDN, 'grat got %r' % got)
        done = subprocess.run([place.grat, 'query', 'ASRL%s::INSTR' % port, '*IDN?', '--baud', '9600,7E1'],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
        expect(done.returncode == 1 and b'7 data bits' in done.stderr, '7E1 on a pty: %r' % done.stderr)


if __name__ == '__main__':
    sys.exit(main(CHECKS, 'lines', loopback_up))
