#!/usr/bin/env python3
# lab: -u -k 'vhci-hcd usbtmc ftdi_sio'
# tests: USB instruments through libusb and through the kernel, udev rules
"""USB instruments: the simulator on the virtual host controller, through every door."""
import contextlib
import fcntl
import grp
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import guest
from guest import Bench, Wrong, check, expect, need, run, wait_for

NODE = '/dev/usbtmc0'
IDN = re.compile(r'RIGOL TECHNOLOGIES,DS1104Z,DS1ZA171509445,[\w.]+')
PYTHON = '/usr/bin/python3'
BOTH, LIBUSB, KERNEL = ('libusb', 'kernel'), ('libusb',), ('kernel',)


def grat(build):
    return os.path.join(build, 'src/cli/grat')


def gone():
    return not os.path.exists(NODE)


class Usb(Bench):
    """A bench with one USB scope that has arrived at the kernel."""

    def __init__(self, build, faults=None, wires='usb', model='ds1104z'):
        expect(wait_for(gone), 'the instrument of the check before is still there')
        args = [model, '--wires', wires] + (['--faults', faults] if faults else [])
        super().__init__(grat(build), *args)
        self.wires = wires

    def __enter__(self):
        super().__enter__()
        if 'hold' not in self.wires and not wait_for(lambda: os.access(NODE, os.R_OK | os.W_OK)):
            said = self.said()
            self.__exit__()
            raise Wrong('the kernel made no %s: %s' % (NODE, said))
        return self


# ---- the simulator, judged by strangers --------------------------------------------------------------

@check
def kernel_driver(build):
    with Usb(build):
        with open(NODE, 'r+b', buffering=0) as f:
            f.write(b'*IDN?\n')
            expect(IDN.match(f.read(1000).decode()), 'another answer')
            caps = bytearray(1)
            fcntl.ioctl(f, 0x80015B11, caps)
            expect(caps[0] == 0xF7, 'GET_CAPS says %#x' % caps[0])
            fcntl.ioctl(f, 0x80015B12, caps)
            expect(caps[0] & 0x10 == 0, 'MAV without an answer: %#x' % caps[0])
            f.write(b'*IDN?\n')
            fcntl.ioctl(f, 0x80015B12, caps)
            expect(caps[0] & 0x10, 'no MAV beside an answer: %#x' % caps[0])
            fcntl.ioctl(f, 0x5B02)
            fcntl.ioctl(f, 0x5B07)
            f.write(b'*OPC?\n')
            expect(f.read(100) == b'1\n', 'CLEAR did not take the older answer away')


@check
def lsusb_reads_the_descriptors(build):
    need('lsusb')
    with Usb(build):
        text = run(['lsusb', '-v', '-d', '1ab1:04ce'], status=None)
        for part in ('bInterfaceClass       254', 'bInterfaceSubClass      3', 'bInterfaceProtocol      1',
                     'DS1ZA171509445', 'bNumEndpoints           3', 'EP 2 IN'):
            expect(part in text, 'lsusb does not show "%s"' % part)


@check
def usbip_lists_and_attaches(build):
    need('usbip')
    with Usb(build, wires='usb:hold+1-7'):
        text = run(['usbip', 'list', '-r', '127.0.0.1'])
        expect('1-7' in text and '1ab1:04ce' in text, 'usbip list: %s' % text.strip())
        run(['usbip', 'attach', '-r', '127.0.0.1', '-b', '1-7'])
        expect(wait_for(lambda: os.path.exists(NODE)), 'no %s after usbip attach' % NODE)
        expect('1ab1:04ce' in run(['usbip', 'port']), 'usbip port does not show it')
        with open(NODE, 'r+b', buffering=0) as f:
            f.write(b'*IDN?\n')
            expect(IDN.match(f.read(1000).decode()), 'another answer')
        run(['usbip', 'detach', '-p', '0'])
        expect(wait_for(gone), '%s is still there after usbip detach' % NODE)


PYVISA = '''
import pyvisa, sys
rm = pyvisa.ResourceManager('@py')
names = [n for n in rm.list_resources() if n.startswith('USB')]
i = rm.open_resource(sys.argv[1])
i.timeout = 30000
print(names)
print(i.query('*IDN?').strip())
block = i.query_binary_values(':WAV:DATA?', datatype='B') if len(sys.argv) > 2 else []
print(len(block))
'''


@check
def pyvisa_py(build):
    with Usb(build) as bench:
        text = run([PYTHON, '-c', PYVISA, bench.resources[0], 'block'], timeout=240)
        expect(IDN.search(text), 'no identity: %s' % text)
        expect('DS1ZA171509445' in text.splitlines()[0], 'not listed: %s' % text)
        expect(int(text.split()[-1]) > 1000, 'no waveform: %s' % text)


@check
def sigrok(build):
    need('sigrok-cli')
    with Usb(build):
        text = run(['sigrok-cli', '-d', 'rigol-ds:conn=usbtmc', '--scan'], status=None)
        expect('DS1104Z' in text, 'sigrok-cli found: %s' % text)


# ---- PyVISA, unmodified, on our libvisa ------------------------------------------------------------------

@contextlib.contextmanager
def with_visa(build, **more):
    """The environment of a program that loads our libvisa: its sanitizer's runtime first, a folder of its own."""
    path = os.path.join(build, 'libvisa.so.0')
    if not os.path.exists(path):
        raise guest.Skip('there is no %s' % path)
    asan = re.search(r'=> (\S*libasan\S*)', run(['ldd', path]))
    with tempfile.TemporaryDirectory() as folder:
        yield dict(os.environ, LIBVISA=path, GRATICULE_CONFIG='/dev/null', XDG_RUNTIME_DIR=folder,
                   ASAN_OPTIONS='detect_leaks=0', **({'LD_PRELOAD': asan.group(1)} if asan else {}), **more)


def good(env, script, *arguments):
    text = run([PYTHON, '-c', script, *arguments], timeout=240, env=env)
    expect(text.strip().endswith('good'), text)


LIBVISA = '''
import ctypes, os, sys, time, warnings
import pyvisa
from pyvisa import constants as C
warnings.simplefilter('error')
rm = pyvisa.ResourceManager(os.environ['LIBVISA'] + '@ivi')
serial = sys.argv[1].split('::')[3]
def fails(code, function, *args):
    try:
        function(*args)
        raise AssertionError('no error')
    except pyvisa.VisaIOError as error:
        assert error.error_code == code, error
for carrier in sys.argv[2:]:
    os.environ['GRATICULE_USB'] = carrier
    print(carrier, flush=True)
    end = time.time() + 10
    while not os.access('/dev/usbtmc0', os.R_OK) and time.time() < end:
        time.sleep(0.02)
    listed = [n for n in rm.list_resources() if n.startswith('USB')]
    assert len(listed) == 1 and listed[0].startswith('USB0::') and listed[0].endswith('::INSTR'), listed
    inst = rm.open_resource(listed[0], write_termination='\\n')
    inst.timeout = 20000
    alive = lambda: inst.query('*IDN?').startswith('GRATICULE,PLAIN,')
    assert alive()
    want = bytes((i * 7 + (i >> 8)) & 255 for i in range(48000))
    for chunk in (100, 4096, 20480, 1 << 20):
        n = 48000 if chunk > 100 else 2000
        assert inst.query_binary_values(':BLOCK? %d' % n, datatype='B', container=bytes, chunk_size=chunk) == want[:n]
    inst.write(':TEXT? 10000')
    assert len(inst.read_raw(777)) == 10001
    inst.write('*CLS;*ESE 1;*SRE 0')
    inst.write('*OPC')
    assert inst.query('*OPC?').strip() == '1' and inst.read_stb() & 32
    inst.write('*IDN?')
    assert inst.stb & 16
    inst.clear()
    assert not inst.stb & 16 and alive()
    inst.assert_trigger()
    inst.control_ren(C.RENLineOperation.asrt_address)
    inst.timeout = 300
    fails(-1073807339, inst.read)
    fails(-1073807339, inst.read)
    inst.timeout = 20000
    assert alive()
    inst.write('*IDN?')
    assert inst.read_bytes(5) == b'GRATI'
    inst.clear()
    assert alive()

    srq, calls = C.EventType.service_request, []
    def request():
        inst.write('*CLS;*ESE 1;*SRE 32')
        inst.write('*OPC')
    inst.enable_event(srq, C.EventMechanism.queue)
    request()
    assert not inst.wait_on_event(srq, 5000).timed_out
    assert inst.read_stb() & 96 == 96 and not inst.read_stb() & 64
    assert inst.wait_on_event(srq, 50, capture_timeout=True).timed_out
    inst.disable_event(srq, C.EventMechanism.queue)
    wrapped = inst.wrap_handler(lambda resource, event, user: calls.append((event.event_type, inst.read_stb())))
    user = inst.install_handler(srq, wrapped, 7)
    inst.enable_event(srq, C.EventMechanism.handler)
    for i in range(2):
        request()
        end = time.time() + 5
        while len(calls) <= i and time.time() < end:
            time.sleep(0.01)
    assert [c[0] for c in calls] == [srq] * 2 and all(c[1] & 64 for c in calls), calls
    inst.disable_event(srq, C.EventMechanism.handler)
    inst.uninstall_handler(srq, wrapped, user)

    assert inst.manufacturer_name == 'GRATICULE' and inst.serial_number == serial and inst.model_name
    assert inst.manufacturer_id == 0x1209 and inst.interface_number == 0 and inst.is_4882_compliant
    assert inst.usb_protocol == 1 and inst.maximum_interrupt_size == 64, inst.usb_protocol
    inst.maximum_interrupt_size = 8
    assert inst.maximum_interrupt_size == 8
    data, count = ctypes.create_string_buffer(64), ctypes.c_uint16(0)
    vi = inst.visalib.lib.viUsbControlIn(inst.session, 0xA1, 7, 0, 0, 24, data, ctypes.byref(count))
    assert vi == 0 and count.value == 24 and data.raw[0] == 1 and data.raw[14] == 7, (vi, count.value, data.raw[:24])
    fails(-1073807298, inst.visalib.lib.viUsbControlOut, inst.session, 0x21, 99, 0, 0, 0, None)
    assert alive()
    inst.close()
print('good')
'''


@check
def pyvisa_on_libvisa(build):
    with with_visa(build) as env, Usb(build, model='plain') as bench:
        done = subprocess.run([PYTHON, '-c', LIBVISA, bench.resources[0], *BOTH], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=480, env=env)
        text = done.stdout.decode('utf-8', 'replace').strip()
        at = re.findall(r'"<string>", line (\d+)', text)
        where = ' at: %s' % LIBVISA.split('\n')[int(at[0]) - 1].strip() if at else ''
        expect(done.returncode == 0 and text.endswith('good'), text.split('\n')[-1] + where)


RAW = r'''
import ctypes, os, sys, time
lib = ctypes.CDLL(os.environ['LIBVISA'])
u32 = ctypes.c_uint32
rm, vi, n = u32(), u32(), u32()
lib.viOpenDefaultRM(ctypes.byref(rm))
TALK, TMO, TERM, MAX_CNT, NSUP, RANGE = 0x3FFF0018, -1073807339, 0x3FFF0005, 0x3FFF0006, -1073807257, -1073807330
ATTR = dict(out=0x3FFF01A2, inn=0x3FFF01A3, intr=0x3FFF01A4, cls=0x3FFF01A5, sub=0x3FFF01A6, alt=0x3FFF01A8,
            end=0x3FFF01A9, intfcs=0x3FFF01AA, pipes=0x3FFF01AB, in_state=0x3FFF01AD, tmo=0x3FFF001A)
USB_INTR, SRQ = 0x3FFF2037, 0x3FFF200B
def open_it(name):
    status = lib.viOpen(rm, name.encode(), 0, 0, ctypes.byref(vi))
    assert status == 0, (name, hex(status & 0xffffffff))
def get(name):
    value = ctypes.c_int16(0x5a5a)
    status = lib.viGetAttribute(vi, u32(ATTR[name]), ctypes.byref(value))
    assert status == 0, (name, hex(status & 0xffffffff))
    return value.value
def put(name, value):
    return lib.viSetAttribute(vi, u32(ATTR[name]), ctypes.c_uint64(value))
def write(data):
    status = lib.viWrite(vi, bytes(data), len(data), ctypes.byref(n))
    assert status == 0 and n.value == len(data), (hex(status & 0xffffffff), n.value)
def read(count):
    buf = ctypes.create_string_buffer(count)
    status = lib.viRead(vi, buf, count, ctypes.byref(n))
    return status, buf.raw[:n.value]
def control(request, value):
    assert lib.viUsbControlOut(vi, 0x40, request, value, 0, 0, None) == 0
def events():
    got = []
    while True:
        context, kind = u32(), u32()
        status = lib.viWaitOnEvent(vi, USB_INTR, 300, ctypes.byref(kind), ctypes.byref(context))
        if status < 0:
            assert status == TMO, status
            return got
        size, data = ctypes.c_uint16(), ctypes.create_string_buffer(1024)
        lib.viGetAttribute(context, u32(0x3FFF41B0), ctypes.byref(size))
        lib.viGetAttribute(context, u32(0xBFFF41B1), data)
        got.append(data.raw[:size.value])
        lib.viClose(context)
tag = 0
def ask(command, room=1 << 16):
    global tag
    for message, body in ((1, command), (2, b'')):
        tag += 1
        head = bytes([message, tag, 255 - tag, 0]) + (len(body) if message == 1 else room).to_bytes(4, 'little')
        write(head + (b'\x01' if message == 1 else b'\0') + b'\0' * 3 + body + b'\0' * (-len(body) % 4))

instr, vid, pid, serial = sys.argv[1], *sys.argv[1].split('::')[1:4]
name = '::'.join(('USB0', vid, pid, serial, 'RAW'))
open_it(name)
put('tmo', 5000)
assert (get('out'), get('inn'), get('intr')) == (0x01, 0x82, 0x83)
assert (get('cls'), get('sub'), get('alt'), get('intfcs'), get('pipes')) == (0xfe, 3, 0, 1, 3)
assert get('end') == 5 and get('in_state') == 0
assert put('inn', 0x84) == RANGE and put('inn', 0x82) == 0 and put('in_state', 0) == 0 and put('alt', 0) == 0
ask(b'*IDN?\n')
status, data = read(4096)
assert status == 0 and data[0] == 2 and b'GRATICULE,PLAIN' in data, (status, data)
ask(b':BLOCK? 20000\n')
whole = b''
while len(whole) < 12 + 11 + 20001:
    status, data = read(1000)
    assert status == 0 and len(data) > 0, status        # the count is an end here
    whole += data
assert put('end', 4) == 0
ask(b'*IDN?\n')
status, data = read(5)
assert status == MAX_CNT and len(data) == 5
status, data = read(4096)
assert status == 0 and b'PLAIN' in data
put('tmo', 200)
status, data = read(100)
assert status == TMO and not data, (status, data)
put('tmo', 5000)
assert lib.viReadSTB(vi, ctypes.byref(ctypes.c_uint16())) == NSUP
assert lib.viClear(vi) == 0
ask(b'*IDN?\n')
assert b'PLAIN' in read(4096)[1]
assert lib.viEnableEvent(vi, USB_INTR, 1, 0) == 0
control(0x5e, 0x1203)
control(0x5e, 0x3407)
assert events() == [b'\x43\x12', b'\x47\x34'], 'the packets of the interrupt endpoint'
assert lib.viClose(vi) == 0
print('raw', flush=True)

# The same endpoint behind USBTMC: the vendor's packets are events, service requests stay service requests.
os.environ['GRATICULE_USB'] = 'libusb'
open_it(instr)
put('tmo', 5000)
assert lib.viEnableEvent(vi, USB_INTR, 1, 0) == 0 and lib.viEnableEvent(vi, SRQ, 1, 0) == 0
control(0x5e, 0x5601)
write(b'*CLS;*ESE 1;*SRE 32;*OPC\n')
assert lib.viWaitOnEvent(vi, SRQ, 5000, None, None) == 0
assert events() == [b'\x41\x56']
write(b'*IDN?\n')
assert b'PLAIN' in read(4096)[1]
assert lib.viDisableEvent(vi, 0x3FFF7FFF, 0xFFFF) == 0
assert lib.viClose(vi) == 0
print('good')
'''


@check
def raw_pipes_and_interrupts(build):
    with with_visa(build) as env, Usb(build, model='plain') as bench:
        good(env, RAW, bench.resources[0])


TWIN = r'''
import os, sys, time
import pyvisa
rm = pyvisa.ResourceManager(os.environ['LIBVISA'] + '@ivi')
want = [n for n in sys.argv[1:] if n.startswith('USB')]
assert len(want) == 2
for carrier in ('libusb', 'kernel'):
    os.environ['GRATICULE_USB'] = carrier
    print(carrier, flush=True)
    end = time.time() + 15
    while not all(os.access('/dev/usbtmc%d' % i, os.R_OK) for i in (0, 1)) and time.time() < end:
        time.sleep(0.02)
    listed = [n for n in rm.list_resources() if n.startswith('USB')]
    assert sorted(listed) == sorted(want), listed
    two = [rm.open_resource(n, write_termination='\n') for n in want]
    for number, inst in enumerate(two):
        inst.timeout = 20000
        assert inst.interface_number == 2 + number and inst.resource_name == want[number], inst.resource_name
        inst.write(':ECHO? of %d' % number)
    two[0].clear()                                       # the other one's answer stays
    assert two[1].read().strip() == 'of 1'
    assert two[0].query('*IDN?').startswith('GRATICULE,PLAIN,')
    data = bytes((i * 7 + (i >> 8)) & 255 for i in range(9000))
    for inst in two:
        inst.write(':BLOCK? 9000')
    for inst in reversed(two):
        got = inst.read_raw()
        assert got[11:-1] == data, (carrier, len(got), got[:12])
    two[0].close()
    assert two[1].query(':ECHO? still').strip() == 'still'
    parts = want[0].split('::')                          # as PyVISA has it: 0 where 0 is something else
    again = rm.open_resource('::'.join(parts[:4] + ['0', 'INSTR']))
    assert again.resource_name == want[0] and again.interface_number == 2, again.resource_name
    again.close()
    two[1].close()
print('good')
'''


@check
def two_interfaces_on_one_device(build):
    with with_visa(build) as env, Usb(build, model='plain', faults='usb-composite,usb-twin') as bench:
        good(env, TWIN, *bench.resources)


ALTERNATE = RAW[:RAW.index("instr, vid, pid")] + r'''
open_it('::'.join(['USB0', *sys.argv[1].split('::')[1:4], 'RAW']))
put('tmo', 5000)
assert (get('alt'), get('pipes'), get('intr')) == (0, 3, 0x83)
assert put('alt', 2) == RANGE and get('alt') == 0
for setting, pipes, intr in ((1, 2, -1), (0, 3, 0x83), (1, 2, -1)):
    assert put('alt', setting) == 0
    assert (get('alt'), get('pipes'), get('intr')) == (setting, pipes, intr)
    ask(b'*IDN?\n')
    assert b'GRATICULE,PLAIN' in read(4096)[1]
assert put('alt', 0) == 0 and lib.viEnableEvent(vi, USB_INTR, 1, 0) == 0
assert put('alt', 1) < 0 and get('alt') == 0            # its packets are waited for
control(0x5e, 0x1203)
assert events() == [b'\x43\x12']
assert lib.viDisableEvent(vi, USB_INTR, 1) == 0 and put('alt', 1) == 0
assert lib.viClose(vi) == 0
print('good')
'''


@check
def raw_alternate_settings(build):
    with with_visa(build) as env, Usb(build, model='plain', faults='usb-alternate') as bench:
        good(env, ALTERNATE, bench.resources[0])


SPOILT = r'''
import ctypes, os, sys
lib, u32 = ctypes.CDLL(os.environ['LIBVISA']), ctypes.c_uint32
rm, vi, n = u32(), u32(), u32()
lib.viOpenDefaultRM(ctypes.byref(rm))
assert lib.viOpen(rm, b'ASRL/dev/ttyUSB0::INSTR', 0, 0, ctypes.byref(vi)) == 0
lib.viSetAttribute(vi, u32(0x3FFF001A), ctypes.c_uint64(20000))
buf = ctypes.create_string_buffer(1000)
def ask():
    assert lib.viWrite(vi, b'*IDN?\n', 6, None) == 0
    return lib.viRead(vi, buf, 1000, ctypes.byref(n))
for parity in (0, 2):
    assert lib.viSetAttribute(vi, u32(0x3FFF0023), ctypes.c_uint64(parity)) == 0
    status = ask()
    assert status == int(sys.argv[1]), (parity, status, buf.raw[:n.value])
assert lib.viClear(vi) == 0 and lib.viFlush(vi, 32) == 0
print('good' if lib.viClose(vi) == 0 else 'bad')
'''


@check
def errors_of_a_serial_line(build):
    for bits, status in ((0, 0x3FFF0005), (4, -1073807254), (8, -1073807253)):
        expect(wait_for(lambda: not os.path.exists('/dev/ttyUSB0')), 'the port of before is still there')
        faults = ['--faults', 'serial-line:%d' % bits] if bits else []
        with with_visa(build) as env, Bench(grat(build), 'plain', '--wires', 'ftdi', *faults):
            expect(wait_for(lambda: os.path.exists('/dev/ttyUSB0')), 'there is no port')
            expect(run([PYTHON, '-c', SPOILT, str(status)], timeout=120, env=env).strip() == 'good', 'bits %d' % bits)


KILLED = r'''
import ctypes, os, sys
lib, u32 = ctypes.CDLL(os.environ['LIBVISA']), ctypes.c_uint32
rm, vi, n = u32(), u32(), u32()
lib.viOpenDefaultRM(ctypes.byref(rm))
assert lib.viOpen(rm, sys.argv[1].encode(), 0, 0, ctypes.byref(vi)) == 0
lib.viSetAttribute(vi, u32(0x3FFF001A), ctypes.c_uint64(20000))
question = b':BLOCK? 100000000\n' if len(sys.argv) > 2 else b'*IDN?\n'
status = lib.viWrite(vi, question, len(question), None)
assert status == 0, hex(status & 0xffffffff)
buf = ctypes.create_string_buffer(100000)
status = lib.viRead(vi, buf, 100000, ctypes.byref(n))
assert status in (0, 0x3FFF0006), hex(status & 0xffffffff)
print(buf.raw[:20 if len(sys.argv) > 2 else n.value], flush=True)
while status == 0x3FFF0006 and len(sys.argv) > 2:
    status = lib.viRead(vi, buf, 100000, None)
lib.viClose(rm)
'''


@check
def a_client_killed_in_mid_transfer(build):
    for carrier in BOTH:
        with with_visa(build, GRATICULE_USB=carrier) as env, Usb(build, model='plain') as bench:
            for i in range(3):
                expect(wait_for(lambda: os.access(NODE, os.R_OK | os.W_OK)), 'the kernel did not take it back')
                client = subprocess.Popen([PYTHON, '-c', KILLED, bench.resources[0], 'block'], env=env,
                                          stdout=subprocess.PIPE)
                said = client.stdout.readline()
                time.sleep(0.03 * i)
                client.kill()
                client.wait()
                client.stdout.close()
                expect(said.startswith(b"b'#"), 'by %s: %r' % (carrier, said))
                text = run([PYTHON, '-c', KILLED, bench.resources[0]], timeout=120, env=env)
                expect('GRATICULE,PLAIN' in text, 'by %s, kill %d: %s' % (carrier, i, text))


# ---- our transport, by each carrier --------------------------------------------------------------------

def client(build, resource, carrier, *checks, **more):
    env = dict(os.environ, GRATICULE_USB=carrier, **more)
    out = run([os.path.join(build, 'tests/lab/usb_client'), resource] + list(checks), timeout=400, env=env)
    sys.stderr.write(''.join('           %s: %s\n' % (carrier, line) for line in out.splitlines()))


def by_each(build, *checks, faults=None, carriers=('libusb', 'kernel'), **more):
    with Usb(build, faults, model='plain') as bench:
        for carrier in carriers:
            expect(wait_for(lambda: os.access(NODE, os.R_OK)), 'the kernel did not get the instrument back')
            client(build, bench.resources[0], carrier, *checks, **more)


@check
def conformance(build):
    rest = ['long_command', 'plain_io', 'status', 'control', 'clear', 'service_request', 'in_a_task',
            'no_thread_is_left']
    by_each(build, 'blocks', *rest, carriers=LIBUSB)
    by_each(build, 'few_blocks', 'tags_wrap', *rest, carriers=KERNEL)


@check
def timeouts_and_aborts(build):
    by_each(build, 'timeouts')


@check
def aborted_blocks(build):
    """Some here, $GRAT_ABORTS in a soak."""
    with Usb(build, model='plain') as bench:
        for carrier in BOTH:
            expect(wait_for(lambda: os.access(NODE, os.R_OK)), 'the kernel did not get the instrument back')
            said = run([os.path.join(build, 'tests/faults/aborts'), '--count', os.environ.get('GRAT_ABORTS', '40'),
                        '--resource', bench.resources[0]], timeout=4000, env=dict(os.environ, GRATICULE_USB=carrier))
            sys.stderr.write('           %s: %s' % (carrier, said))


# One row: fault of the simulator, checks of the client, quirks that the client must know (by environment), carriers.
# What the carriers share is tried by one of them.
ROWS = [
    ('usb-unplug:300', 'unplugged', '', BOTH),
    ('usb-short@0.4', 'faulty', '', BOTH),
    ('usb-ep64', 'few_blocks', '', BOTH),
    ('usb-ep64:0', 'few_blocks', '', LIBUSB),
    ('usb-wrong-tag@0.4', 'faulty', '', BOTH),
    ('usb-stall-in@0.4', 'faulty', '', BOTH),
    ('usb-wrong-msgid@0.3,usb-short-header@0.3', 'faulty', '', LIBUSB),
    ('usb-stb-aside,usb-split:4000,usb-stall-out', 'status unnoticed', '', BOTH),
    ('usb-interrupt-busy,usb-clear-pending,usb-ren-stall', 'status clear remote_refused', '', BOTH),
    ('usb-no-interrupt,usb-full-speed,usb-long:4', 'status unnoticed', '', LIBUSB),
    ('usb-header-alone,usb-zlp-before', 'unnoticed', '', LIBUSB),
    ('usb-align:3,usb-no-eom', 'unnoticed', 'no-eom', KERNEL),
    ('usb-align:300', 'unnoticed', '', LIBUSB),
    ('usb-no-zlp', 'few_blocks', 'no-zlp', LIBUSB),
    ('usb-stale-tag,usb-padded', 'unnoticed', 'stale-tag,padded', LIBUSB),
    ('usb-max-request:480,usb-clear-stall', 'unnoticed clear', 'max-request=480,no-clear', LIBUSB),
    ('usb-composite,usb-delay:50,usb-out-stuck:300', 'unnoticed control', '', KERNEL),
    ('usb-no-capabilities', 'unnoticed', '', LIBUSB),
]
AT_ONCE = 4


class Row:
    """A simulator with one fault; the client runs against it once by each carrier."""

    def __init__(self, build, number, row):
        self.build, (self.faults, self.checks, self.quirks, carriers) = build, row
        self.name = self.faults + (' (%s)' % self.quirks if self.quirks else '')
        self.bench = Bench(grat(build), 'plain@127.0.1.%d?serial=R%d' % (number + 1, number), '--wires', 'usb',
                           '--faults', self.faults, '--seed', str(number + 1))
        self.left = list(carriers)
        self.client = None
        self.said = []

    def node(self):
        """/dev/usbtmcN of this simulator's serial number."""
        serial = self.bench.resources[0].split('::')[3]
        for name in os.listdir('/dev'):
            if name.startswith('usbtmc'):
                try:
                    with open('/sys/class/usbmisc/%s/device/../serial' % name, encoding='ascii') as f:
                        if f.read().strip() == serial and os.access('/dev/' + name, os.R_OK):
                            return name
                except OSError:
                    pass
        return None

    def start(self):
        self.carrier = self.left.pop(0)
        if not wait_for(self.node, 15):
            self.said.append('%s by %s: the kernel does not have it: %s' % (self.name, self.carrier, self.bench.said()))
            self.left = []
            return False
        env = dict(os.environ, GRATICULE_USB=self.carrier, GRATICULE_USB_QUIRKS=self.quirks or 'none')
        self.out = tempfile.TemporaryFile()
        self.began = time.monotonic()
        self.client = subprocess.Popen([os.path.join(self.build, 'tests/lab/usb_client'), self.bench.resources[0]]
                                       + self.checks.split(), stdout=self.out, stderr=subprocess.STDOUT, env=env)
        return True

    def ended(self):
        if self.client.poll() is None and time.monotonic() < self.began + 60:
            return False
        if self.client.poll() is None:
            self.client.kill()
        self.out.seek(0)
        text = self.out.read().decode('utf-8', 'replace')
        sys.stderr.write('           %s by %s: %s\n' % (self.name, self.carrier, text.strip().replace('\n', ' | ')))
        if self.client.wait() != 0:
            self.said.append('%s by %s: %s' % (self.name, self.carrier, text.strip().replace('\n', ' | ')[-300:]))
        self.client = None
        return True


def run_rows(rows):
    waiting, running = list(rows), []
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            row = waiting.pop(0)
            if row.start():
                running.append(row)
        for row in [r for r in running if r.ended()]:
            running.remove(row)
            if row.left:
                waiting.append(row)
        time.sleep(0.02)


@check
def faults_and_quirks(build):
    wrong = []
    for first in range(0, len(ROWS), 9):
        rows = [Row(build, first + i, row) for i, row in enumerate(ROWS[first:first + 9])]
        try:
            for row in rows:
                row.bench.__enter__()
            run_rows(rows)
        finally:
            for row in rows:
                row.bench.__exit__()
        wrong += sum((row.said for row in rows), [])
    expect(not wrong, ' || '.join(wrong)[:1500])


# ---- permissions --------------------------------------------------------------------------------------

def as_nobody(group, command, status=0, **env):
    more = {'env': dict(os.environ, HOME='/tmp', **env), 'timeout': 240}
    return run(['setpriv', '--reuid=65534', '--regid=%d' % group, '--clear-groups'] + command, status=status, **more)


@check
def permissions_and_udev_rules(build):
    need('setpriv')
    rules = '/run/udev/rules.d'
    plugdev = grp.getgrnam('plugdev').gr_gid
    os.makedirs(rules, exist_ok=True)
    open(os.path.join(rules, '60-libsigrok.rules'), 'w').close()      # stands in for that package's rules
    run(['udevadm', 'control', '--reload'])
    with Usb(build) as bench:
        run(['udevadm', 'settle'])
        for carrier in ('libusb', 'kernel'):
            command = [grat(build), 'query', bench.resources[0], '*IDN?']
            done = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] + command,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240,
                                  env=dict(os.environ, HOME='/tmp', GRATICULE_USB=carrier))
            said = done.stderr.decode()
            expect(done.returncode == 1, 'a stranger may use it by %s' % carrier)
            expect('ATTRS{idVendor}=="1ab1"' in said and '70-graticule.rules' in said, 'no rule is named: ' + said)
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../data/70-graticule.rules')
    shutil.copy(source, os.path.join(rules, '70-graticule.rules'))
    run(['udevadm', 'control', '--reload'])
    with Usb(build) as bench:
        run(['udevadm', 'settle'])
        for carrier in ('libusb', 'kernel'):
            expect(wait_for(lambda: os.path.exists(NODE) and os.stat(NODE).st_gid == plugdev), 'no rule for ' + NODE)
            text = as_nobody(plugdev, [grat(build), 'query', bench.resources[0], '*IDN?'], GRATICULE_USB=carrier)
            expect(IDN.match(text), 'by %s: %s' % (carrier, text))


if __name__ == '__main__':
    sys.exit(guest.main())
