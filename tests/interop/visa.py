#!/usr/bin/env python3
"""PyVISA, unmodified, on our libvisa, and what is built on PyVISA, against simulators on their own wires.

visa.py --grat PATH [NAME…]    libvisa.so.0 is taken from the build folder of the command
"""
import glob
import os
import re
import subprocess
import sys

from run import Bench, SYSTEM_PYTHON, Skip, Wrong, check_bmp, expect, loopback_up, main, need, need_modules, run

CHECKS = []
ADDRESS = '127.0.0.1'
PLAIN = {'raw': 'TCPIP::%s::5555::SOCKET' % ADDRESS, 'vxi11': 'TCPIP::%s::INSTR' % ADDRESS,
         'hislip': 'TCPIP::%s::hislip0::INSTR' % ADDRESS}
PRELUDE = '''
import os, struct, sys, threading, time, warnings
import pyvisa
from pyvisa import constants as C
warnings.simplefilter('error')
rm = pyvisa.ResourceManager(os.environ['LIBVISA'] + '@ivi')
def fails(code, function, *args, **more):
    try:
        function(*args, **more)
    except pyvisa.VisaIOError as error:
        assert error.error_code == code, error
    else:
        raise AssertionError('no error')
def scope_or_plain(name, **more):
    inst = rm.open_resource(name, write_termination='\\n', **more)
    if inst.resource_class == 'SOCKET' or inst.interface_type == C.InterfaceType.asrl:
        inst.read_termination = '\\n'
    inst.timeout = 5000
    return inst
'''


def check(function):
    CHECKS.append(function)
    return function


def library(place):
    build = os.path.dirname(os.path.dirname(os.path.dirname(place.grat)))
    path = os.path.join(build, 'libvisa.so.0')
    if not os.path.exists(path):
        raise Skip('there is no %s' % path)
    return path


def environment(place):
    """A library with the address sanitizer needs its runtime first."""
    path = library(place)
    env = dict(os.environ, LIBVISA=path, PYVISA_LIBRARY=path, XDG_RUNTIME_DIR=place.folder,
               GRATICULE_CONFIG=place.path('config.yaml'), ASAN_OPTIONS='detect_leaks=0', PYTHONWARNINGS='ignore')
    if not os.path.exists(env['GRATICULE_CONFIG']):
        open(env['GRATICULE_CONFIG'], 'w').close()
    linked = subprocess.run(['ldd', path], stdout=subprocess.PIPE, universal_newlines=True, timeout=20).stdout
    asan = re.search(r'=> (\S*libasan\S*)', linked)
    if asan:
        env['LD_PRELOAD'] = asan.group(1)
    return env


def python(place, code, *args, **more):
    need_modules('pyvisa')
    return run([SYSTEM_PYTHON, '-c', PRELUDE + code] + list(args), env=environment(place), timeout=60, **more).decode()


def wires(place):
    """Those of ours that this build has, of the ones that the checks here know."""
    text = place.run('sim', '--list').decode()
    return [w for w in PLAIN if re.search(r'(?m)^ +%s ' % w, text)]


def bench(place, model, *options):
    return Bench(place.grat, '%s@%s' % (model, ADDRESS), '--wires', ','.join(wires(place)), *options)


# ---- the scripts that this began with ------------------------------------------------------------------

@check
def notebook(place):
    code = '''
inst = rm.open_resource('TCPIP::127.0.0.1::INSTR')
print(inst.query('*IDN?').strip())
data = inst.query_binary_values(':DISPLAY:DATA?', datatype='B')
open(sys.argv[1], 'wb').write(bytes(data))
inst.write(':RUN')
inst.close()
'''
    with bench(place, 'ds1104z'):
        text = python(place, code, place.path('visa.bmp'))
    expect(text.startswith('RIGOL TECHNOLOGIES,DS1104Z,'), text)
    with open(place.path('visa.bmp'), 'rb') as f:
        check_bmp(f.read())


@check
def first_of_the_list(place):
    code = '''
inst = rm.open_resource(rm.list_resources()[0])
print(inst.query('*IDN?').strip())
inst.write(':CHAN1:DISP ON')
inst.close()
rm.close()
'''
    with bench(place, 'ds1104z'):
        text = python(place, code)
    expect(text.startswith('RIGOL TECHNOLOGIES,DS1104Z,'), text)


@check
def loop_over_all(place):
    code = '''
instruments = {name: rm.open_resource(name) for name in rm.list_resources() if name.startswith('TCPIP')}
assert len(instruments) >= 2, instruments
for i in range(3):
    for name in instruments:
        inst = instruments[name]
        inst.write('INITIATE')
        inst.write('ABORT')
        print(inst.query(':ECHO? %d' % i).strip())
for inst in instruments.values():
    inst.close()
'''
    with Bench(place.grat, 'plain@127.0.0.1', 'plain@127.0.0.2', '--wires', 'vxi11'):
        lines = python(place, code).split()
    expect(lines == [str(i) for i in range(3) for _ in range(len(lines) // 3)] and len(lines) >= 6, repr(lines))


# ---- messages ------------------------------------------------------------------------------------------------

TEXT_AND_BLOCKS = '''
inst = scope_or_plain(sys.argv[1])
socket = inst.resource_class == 'SOCKET'
assert 'PLAIN' in inst.query('*IDN?')
assert inst.query_ascii_values(':ECHO? 1,2.5,-3e2') == [1, 2.5, -300]
def pattern(n):
    return bytes((i * 7 + (i >> 8)) & 255 for i in range(n))
want = pattern(48000)
for kind in 'bBhHiIqQfd':
    for big in (False, True):
        size = struct.calcsize('=' + kind)
        got = inst.query_binary_values(':BLOCK? 4800', datatype=kind, is_big_endian=big)
        there = struct.unpack('<>'[big] + str(4800 // size) + kind, want[:4800])
        assert len(got) == len(there), (kind, len(got))
        assert struct.pack('=%d%s' % (len(got), kind), *got) == struct.pack('=%d%s' % (len(got), kind), *there), kind
for chunk in (1, 7, 1000, 4808, 20480, 1 << 20):
    size = 48000 if chunk > 100 else 300
    got = inst.query_binary_values(':BLOCK? %d' % size, datatype='B', container=bytes, chunk_size=chunk)
    assert got == want[:size], (chunk, len(got))
inst.read_termination = '\\n'
got = inst.query_binary_values(':BLOCK? 48000', datatype='B', container=bytes)
assert got == want, len(got)
assert 'PLAIN' in inst.query('*IDN?')
if not socket:
    inst.read_termination = None
    inst.write(':BLOCK? 5000')
    inst.chunk_size = 100
    raw = inst.read_raw()
    assert raw.endswith(want[:5000] + b'\\n') and raw.startswith(b'#'), len(raw)
    inst.write(':TEXT? 100000')
    assert len(inst.read_raw(777)) == 100001
inst.timeout = 200
fails(-1073807339, inst.read_bytes, 1)
inst.timeout = 5000
inst.write('*IDN?')
assert inst.read_bytes(5) == b'GRATI'
inst.clear()
assert 'PLAIN' in inst.query('*IDN?')
inst.write_ascii_values(':ECHO? ', [1, 2, 3])
print('good')
inst.close()
'''


def on_each_wire(place, model, code, expected, which=None):
    names = [w for w in wires(place) if which is None or w in which]
    with bench(place, model):
        for wire in names:
            text = python(place, code, PLAIN[wire])
            expect(text == expected, '%s: %r' % (wire, text))


@check
def text_and_blocks(place):
    on_each_wire(place, 'plain', TEXT_AND_BLOCKS, 'good\n')


@check
def serial_port(place):
    code = '''
inst = scope_or_plain(sys.argv[1], baud_rate=115200)
assert inst.baud_rate == 115200 and inst.data_bits == 8 and inst.end_input == C.SerialTermination.termination_char
assert 'PLAIN' in inst.query('*IDN?')
want = bytes((i * 7 + (i >> 8)) & 255 for i in range(3000))
assert inst.query_binary_values(':BLOCK? 3000', datatype='B', container=bytes) == want
inst.timeout = 200
fails(-1073807339, inst.read)
inst.write('*IDN?')
inst.clear()
inst.timeout = 3000
assert 'PLAIN' in inst.query('*IDN?')
inst.end_output = C.SerialTermination.termination_char
inst.write_raw(b'*IDN?')
assert 'PLAIN' in inst.read()
inst.flush(C.BufferOperation.discard_read_buffer)
print('good')
inst.close()
'''
    port = place.path('port')
    try:
        with Bench(place.grat, 'plain', '--pty', port):
            text = python(place, code, 'ASRL%s::INSTR' % port)
    except Wrong as wrong:
        if 'did not get ready' in str(wrong):
            raise Skip('no simulated serial port: %s' % wrong)
        raise
    expect(text == 'good\n', text)


@check
def behind_a_prologix_adapter(place):
    code = '''
inst = rm.open_resource('GPIB0::7::INSTR', write_termination='\\n')
inst.timeout = 5000
assert inst.primary_address == 7
assert 'PLAIN' in inst.query('*IDN?')
want = bytes((i * 7 + (i >> 8)) & 255 for i in range(5000))
assert inst.query_binary_values(':BLOCK? 5000', datatype='B', container=bytes) == want
inst.write('*CLS;*ESE 1;*SRE 0')
inst.write('*OPC')
assert inst.read_stb() & 32
inst.clear()
assert 'PLAIN' in inst.query('*IDN?')
print('good')
inst.close()
'''
    with open(place.path('config.yaml'), 'w') as f:
        f.write('boards: {GPIB0: "PRLGX-TCPIP::127.0.0.1::1234::INTFC"}\n')
    try:
        with Bench(place.grat, 'plain@127.0.0.1', '--wires', 'prologix:1234/7'):
            text = python(place, code)
    finally:
        os.unlink(place.path('config.yaml'))
    expect(text == 'good\n', text)


# ---- status, control, locks, events ------------------------------------------------------------------------------

CONTROL = '''
inst = scope_or_plain(sys.argv[1])
inst.write('*CLS;*ESE 1;*SRE 0')
inst.write('*OPC')
inst.query('*OPC?')
assert inst.read_stb() & 32
assert inst.stb & 32
inst.assert_trigger()
inst.clear()
inst.control_ren(C.RENLineOperation.asrt_address)
inst.write('*IDN?')
assert inst.stb & 16
inst.read()
assert not inst.stb & 16
print('good')
'''

LOCKS = '''
a, b = scope_or_plain(sys.argv[1]), scope_or_plain(sys.argv[1])
with a.lock_context():
    fails(-1073807345, b.write, '*CLS')
    assert b.lock_state == C.AccessModes.exclusive_lock
    a.query('*IDN?')
b.query('*IDN?')
key = a.lock(timeout=1000)
key = key if isinstance(key, str) else key.decode()
fails(-1073807345, b.query, '*IDN?')
b.lock(timeout=1000, requested_key=key)
a.query('*IDN?')
b.query('*IDN?')
fails(-1073807339, scope_or_plain(sys.argv[1]).lock_excl, 200)
a.unlock()
b.close()
a.lock_excl()
a.close()
c = scope_or_plain(sys.argv[1], access_mode=C.AccessModes.exclusive_lock)
c.query('*IDN?')
print('good')
'''

OTHER = '''
inst = scope_or_plain(sys.argv[1])
fails(-1073807345, inst.query, '*IDN?')
print('locked')
'''

EVENTS = '''
inst = scope_or_plain(sys.argv[1])
srq, io = C.EventType.service_request, C.EventType.io_completion
calls = []
def handler(resource, event, user):
    calls.append((event.event_type, inst.read_stb()))
def requests():
    inst.write('*CLS;*ESE 1;*SRE 32')
    inst.write('*OPC')
inst.enable_event(srq, C.EventMechanism.queue)
requests()
answer = inst.wait_on_event(srq, 3000)
assert answer.event.event_type == srq and not answer.timed_out
assert inst.read_stb() & 96 == 96
assert inst.wait_on_event(srq, 100, capture_timeout=True).timed_out
inst.disable_event(srq, C.EventMechanism.queue)
wrapped = inst.wrap_handler(handler)
user = inst.install_handler(srq, wrapped, 7)
inst.enable_event(srq, C.EventMechanism.handler)
for i in range(3):
    before = len(calls)
    requests()
    end = time.time() + 3
    while len(calls) == before and time.time() < end:
        time.sleep(0.01)
    assert len(calls) == before + 1, calls
assert all(c == (srq, 96) or c[1] & 64 for c in calls), calls
inst.disable_event(srq, C.EventMechanism.handler)
inst.uninstall_handler(srq, wrapped, user)
done = threading.Event()
def on_read(resource, event, user):
    done.set()
wrapped = inst.wrap_handler(on_read)
user = inst.install_handler(io, wrapped)
inst.enable_event(io, C.EventMechanism.handler)
inst.write('*IDN?')
job, status = inst.visalib.read_asynchronously(inst.session, 1000)[:2]
assert done.wait(3)
inst.close()
print('good')
'''


@check
def status_and_control(place):
    on_each_wire(place, 'ds1104z', CONTROL, 'good\n', ('vxi11', 'hislip'))


@check
def locks(place):
    on_each_wire(place, 'plain', LOCKS, 'good\n')


@check
def locks_between_processes(place):
    code = '''
import subprocess
inst = scope_or_plain(sys.argv[1])
for lock in (inst.lock_excl, inst.lock):
    lock()
    print(subprocess.run([sys.executable, '-c', sys.argv[2], sys.argv[1]], stdout=subprocess.PIPE,
                         check=True).stdout.decode().strip())
    inst.unlock()
'''
    with bench(place, 'plain'):
        for wire in wires(place):
            text = python(place, code, PLAIN[wire], PRELUDE + OTHER)
            expect(text == 'locked\nlocked\n', '%s: %r' % (wire, text))


@check
def events(place):
    on_each_wire(place, 'ds1104z', EVENTS, 'good\n', ('vxi11', 'hislip'))


# ---- finding -------------------------------------------------------------------------------------------------------

@check
def lists(place):
    code = '''
names = rm.list_resources('?*')
assert names[:2] == ('SIM::plain::INSTR', 'TCPIP0::127.0.0.1::5555::SOCKET'), names
assert 'TCPIP0::127.0.0.1::inst0::INSTR' in names
assert 'TCPIP0::127.0.0.1::5555::SOCKET' not in rm.list_resources()
assert rm.list_resources('NOTHING') == ()
assert rm.list_resources('?*::5555::SOCKET{VI_ATTR_TCPIP_PORT == 5555}') == ('TCPIP0::127.0.0.1::5555::SOCKET',)
info = rm.list_resources_info('SIM?*')['SIM::plain::INSTR']
assert info.alias == 'bench' and info.resource_class == 'INSTR', info
assert 'PLAIN' in rm.open_resource('BENCH').query('*IDN?')
print('good')
'''
    with open(place.path('config.yaml'), 'w') as f:
        f.write('aliases: {bench: "SIM::plain", raw: "%s"}\n' % PLAIN['raw'])
    try:
        with bench(place, 'plain'):
            text = python(place, code)
    finally:
        os.unlink(place.path('config.yaml'))
    expect(text == 'good\n', text)


@check
def info_program(place):
    need_modules('pyvisa')
    env = environment(place)
    text = run([need('pyvisa-info')], env=env, timeout=60).decode()
    expect('Backends' in text and 'ivi' in text, text)
    text = python(place, '''
import pyvisa.util
lib = rm.visalib
session, _ = lib.open_default_resource_manager()
print(lib.get_attribute(session, C.ResourceAttribute.resource_manufacturer_name)[0],
      hex(lib.get_attribute(session, C.ResourceAttribute.resource_spec_version)[0]))
''')
    expect(text == 'Graticule 0x700200\n', text)


@check
def shell_program(place):
    shell = need('pyvisa-shell')
    commands = 'open %s\nquery *IDN?\ntimeout 3000\nattr VI_ATTR_TMO_VALUE\nclose\nexit\n' % PLAIN['vxi11']
    with bench(place, 'plain'):
        done = subprocess.run([shell], input=commands.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=environment(place), timeout=60)
    text = done.stdout.decode('utf-8', 'replace')
    expect('Response: GRATICULE,PLAIN' in text, text[-600:])


@check
def pymeasure(place):
    need_modules('pymeasure.instruments')
    code = '''
from pymeasure.adapters import VISAAdapter
from pymeasure.instruments import Instrument
inst = Instrument(VISAAdapter(sys.argv[1], visa_library=os.environ['LIBVISA']), 'a stranger')
assert 'PLAIN' in inst.id
assert inst.values(':ECHO? 1,2,3') == [1, 2, 3]
inst.write('*CLS')
assert inst.ask('*OPC?').strip() == '1'
print('good')
'''
    with bench(place, 'plain'):
        text = python(place, 'warnings.simplefilter("ignore")\n' + code, PLAIN['vxi11'])
    expect(text == 'good\n', text)


# ---- what is installed ---------------------------------------------------------------------------------------------

@check
def package_files(place):
    build = os.path.dirname(library(place))
    found = glob.glob(os.path.join(build, 'meson-private', '*visa.pc'))
    expect({os.path.basename(f) for f in found} >= {'visa.pc', 'librevisa.pc'}, repr(found))
    with open(os.path.join(build, 'meson-private', 'librevisa.pc')) as f:
        text = f.read()
    expect('-lvisa' in text and re.search(r'Version: 0\.0\.20\d{6}', text), text)
    dynamic = run(['readelf', '-d', library(place)]).decode()
    expect('[libvisa.so.0]' in dynamic and 'NODELETE' in dynamic, dynamic)


if __name__ == '__main__':
    sys.exit(main(CHECKS, 'visa', loopback_up))
