#!/usr/bin/env python3
# lab: -u -k 'vhci-hcd usbtmc ftdi_sio'
# tests: USB instruments through libusb and through the kernel, udev rules
"""USB instruments: the simulator on the virtual host controller, through every door."""
import fcntl
import os
import re
import sys

import guest
from guest import Bench, Wrong, check, expect, need, run, wait_for

NODE = '/dev/usbtmc0'
IDN = re.compile(r'RIGOL TECHNOLOGIES,DS1104Z,DS1ZA171509445,[\w.]+')
PYTHON = '/usr/bin/python3'


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
i.timeout = 5000
print(names)
print(i.query('*IDN?').strip())
block = i.query_binary_values(':WAV:DATA?', datatype='B') if len(sys.argv) > 2 else []
print(len(block))
'''


@check
def pyvisa_py(build):
    with Usb(build) as bench:
        text = run([PYTHON, '-c', PYVISA, bench.resources[0], 'block'], timeout=60)
        expect(IDN.search(text), 'no identity: %s' % text)
        expect('DS1ZA171509445' in text.splitlines()[0], 'not listed: %s' % text)
        expect(int(text.split()[-1]) > 1000, 'no waveform: %s' % text)


@check
def sigrok(build):
    need('sigrok-cli')
    with Usb(build):
        text = run(['sigrok-cli', '-d', 'rigol-ds:conn=usbtmc', '--scan'], status=None)
        expect('DS1104Z' in text, 'sigrok-cli found: %s' % text)


# ---- our transport, by each carrier --------------------------------------------------------------------

def client(build, resource, carrier, *checks, **more):
    env = dict(os.environ, GRATICULE_USB=carrier, **more)
    out = run([os.path.join(build, 'tests/lab/usb_client'), resource] + list(checks), timeout=100, env=env)
    sys.stderr.write(''.join('           %s: %s\n' % (carrier, line) for line in out.splitlines()))


def by_each(build, *checks, faults=None, carriers=('libusb', 'kernel'), **more):
    with Usb(build, faults, model='plain') as bench:
        for carrier in carriers:
            expect(wait_for(lambda: os.access(NODE, os.R_OK)), 'the kernel did not get the instrument back')
            client(build, bench.resources[0], carrier, *checks, **more)


@check
def conformance(build):
    by_each(build, 'blocks', 'tags_wrap', 'long_command', 'plain_io', 'status', 'control', 'clear', 'service_request',
            'in_a_task', 'no_thread_is_left')


@check
def timeouts_and_aborts(build):
    by_each(build, 'timeouts')


if __name__ == '__main__':
    sys.exit(guest.main())
