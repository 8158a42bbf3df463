#!/usr/bin/env python3
# lab: -u -k 'vhci-hcd ftdi_sio'
# tests: a BitScope behind an FTDI adapter on USB, found by its identifier
"""The BitScope Micro as a person has it: an FTDI adapter on USB, driven by the kernel's ftdi_sio."""
import csv
import glob
import os
import re
import select
import sys
import tempfile
import time
import tty

import guest
from guest import Bench, check, expect, run, wait_for

NODE = '/dev/ttyUSB0'


def grat(build):
    return os.path.join(build, 'src/cli/grat')


class Scope(Bench):
    def __init__(self, build, *options):
        expect(wait_for(lambda: not glob.glob('/dev/ttyUSB*')), 'the adapter of the check before is still there')
        super().__init__(grat(build), 'bitscope', '--wires', 'ftdi', *['--option=' + o for o in options])

    def __enter__(self):
        super().__enter__()
        if not wait_for(lambda: os.access(NODE, os.R_OK | os.W_OK)):
            said = self.said()
            self.__exit__()
            raise guest.Wrong('the kernel made no %s: %s' % (NODE, said))
        return self


def talk(fd, send, want, seconds=10):
    os.write(fd, send)
    got = b''
    end = time.monotonic() + seconds
    while len(got) < want and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            got += os.read(fd, 65536)
    return got


@check
def kernel_driver(build):
    """No code of ours at this end: several opens, short answers, a trace and a dump of many packets."""
    with Scope(build):
        for _ in range(3):
            fd = os.open(NODE, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(fd)
            expect(talk(fd, b'!', 1) == b'!', 'no echo of a reset')
            expect(talk(fd, b'?', 11) == b'?\rBS000501\r', 'no identity')
            setup = b'06@ffs2a@64s2e@90s2f@01s31@04s21@12s34@01s>'
            expect(talk(fd, setup, len(setup)) == setup, 'no echo of the settings')
            got = talk(fd, b'D', 34)
            expect(re.fullmatch(rb'D02\r[0-9a-f]{8}\r00\r[0-9a-f]{8}\r[0-9a-f]{8}\r', got), 'the trace says %r' % got)
            dump = b'1c@e8z03zs1e@05s>A'
            got = talk(fd, dump, len(dump) + 2000)
            expect(got[:len(dump)] == dump and len(got) == len(dump) + 2000, 'the dump has %d bytes' % len(got))
            os.close(fd)


@check
def latency_timer(build):
    with Scope(build):
        name = '/sys/bus/usb-serial/devices/ttyUSB0/latency_timer'
        expect(wait_for(lambda: os.path.exists(name)), 'no timer')   # the node comes before it
        with open(name) as f:
            expect(f.read().strip() in ('1', '16'), 'another timer')
        with open(name, 'w') as f:
            f.write('1')
        with open(name) as f:
            expect(f.read().strip() == '1', 'the timer is not taken')


@check
def found_by_its_identifier(build):
    with Scope(build, 'serial=LAB00042', 'a=sine:1kHz:2V:1V'), tempfile.TemporaryDirectory() as folder:
        listed = run([grat(build), 'list'], timeout=240)
        expect('BITSCOPE::' + NODE in listed, 'the list says %r' % listed)
        said = run([grat(build), 'info', 'BITSCOPE'], timeout=240)
        expect('LAB00042' in said and 'BS0005' in said, 'info says %r' % said)
        name = os.path.join(folder, 'c.csv')
        run([grat(build), 'capture', 'BITSCOPE', '-c', 'A', '-p', '5ms', '-s', '500', '-o', name], timeout=240)
        with open(name, newline='') as f:
            volts = [float(row[1]) for row in list(csv.reader(f))[1:]]
        expect(len(volts) >= 500 and 1.9 < max(volts) - min(volts) < 2.1, '%d samples, %g V' %
               (len(volts), max(volts) - min(volts)))


if __name__ == '__main__':
    sys.exit(guest.main())
