#!/usr/bin/env python3
"""Programs written for VISA, compiled as C and as C++ and linked with libvisa, against simulators on their own wires.

run.py --grat PATH --programs FOLDER [NAME…]    makes a network namespace of its own
"""
import argparse
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'interop'))
import run as peers  # noqa: E402
from run import Bench, Wrong, expect, run  # noqa: E402

CHECKS = []
IDN = 'GRATICULE,PLAIN,0,1\n'
VXI11 = 'TCPIP::127.0.0.1::INSTR'
HISLIP = 'TCPIP::127.0.0.1::hislip0::INSTR'
SOCKET = 'TCPIP::127.0.0.1::5555::SOCKET'


def check(function):
    CHECKS.append(function)
    return function


class Place:
    def __init__(self, args, folder):
        self.grat, self.programs, self.folder = args.grat, args.programs, folder

    def bench(self, *options):
        return Bench(self.grat, 'plain@127.0.0.1', *options)

    def both(self, name, *args, **more):
        """What the C program prints; the C++ program must print the same."""
        paths = [os.path.join(self.programs, name + kind) for kind in ('-c', '-cpp')]
        texts = [run([path] + list(args), **more).decode() for path in paths if os.path.exists(path)]
        expect(len(set(texts)) == 1, 'as C and C++ it prints %r' % texts)
        return texts[0]


def every_line(text, word):
    lines = text.splitlines()
    expect(lines and all(word in line for line in lines), text)


@check
def idn(place):
    for resource, name in ((VXI11, 'TCPIP0::127.0.0.1::inst0::INSTR'), ('SIM::plain', 'SIM::plain::INSTR')):
        with place.bench():
            text = place.both('idn', resource)
        expect(re.match(r'%s type 6 status 0: %s$' % (re.escape(name), IDN), text, re.I), '%s: %r' % (resource, text))


@check
def idn_of_nobody(place):
    text = place.both('idn', 'TCPIP::127.0.0.9::5555::SOCKET', status=1)
    expect(text.startswith('cannot open TCPIP::127.0.0.9::5555::SOCKET: '), text)


@check
def find_all(place):
    config = os.path.join(place.folder, 'config.yaml')
    with open(config, 'w', encoding='ascii') as f:
        f.write('resources: ["%s", "SIM::plain"]\n' % VXI11)
    with place.bench():
        text = place.both('find_all', 'TCPIP0::127.0.0.1::?*INSTR', env=dict(os.environ, GRATICULE_CONFIG=config))
    expect(text.startswith('1 found\n') and text.endswith(': ' + IDN), text)
    text = place.both('find_all', 'GPIB9?*', env=dict(os.environ, GRATICULE_CONFIG=config))
    expect(text.startswith('nothing found: bfff0011'), text)


@check
def srq_handler(place):
    for resource in (VXI11, HISLIP):
        with place.bench():
            expect(place.both('srq_handler', resource) == 'calls 1, request yes\n', 'no request')


@check
def srq_queue(place):
    for resource in (VXI11, HISLIP):
        with place.bench():
            text = place.both('srq_queue', resource)
        expect(text == 'before: not enabled\nidle: timeout\nafter: requested\nrequest bit: set\n', text)


@check
def async_read(place):
    for resource in (VXI11, HISLIP, 'SIM::plain'):
        with place.bench():
            text = place.both('async_read', resource)
        expect(text == 'viReadAsync: status 0, count 6, job same, buffer same: 100;1\n', text)


@check
def formatted(place):
    for resource in (VXI11, HISLIP, 'SIM::plain'):
        with place.bench():
            every_line(place.both('formatted', resource), ': right')


@check
def lock(place):
    for resource in (VXI11, HISLIP, SOCKET):
        with place.bench():
            every_line(place.both('lock', resource, timeout=40), 'ok  ')


@check
def socket_termchar(place):
    with place.bench():
        text = place.both('socket_termchar', SOCKET)
    expect(text == 'port 5555, term 1 10, TERM_CHAR: %sfour bytes: MAX_CNT\nclear: 0\nnothing: TMO 0\n' % IDN, text)


@check
def serial(place):
    path = os.path.join(place.folder, 'port')
    try:
        bench = Bench(place.grat, 'plain', '--pty', path).__enter__()
    except Wrong as wrong:
        raise peers.Skip('no simulated serial port: %s' % wrong)
    try:
        text = place.both('serial', 'ASRL%s::INSTR' % path)
    finally:
        bench.__exit__()
    expect(text == 'settings: 0: 115200 8 10 2\nanswer: ' + IDN, text)


def main():
    parser = argparse.ArgumentParser(description='Programs for VISA against our simulators.')
    parser.add_argument('--grat', required=True)
    parser.add_argument('--programs', required=True)
    parser.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('names', nargs='*')
    args = parser.parse_args()
    args.grat, args.programs = os.path.abspath(args.grat), os.path.abspath(args.programs)
    chosen = [c for c in CHECKS if not args.names or c.__name__ in args.names]
    if not args.inside:
        why = peers.enter_namespace(['--grat', args.grat, '--programs', args.programs] + args.names)
        return peers.finish([{'name': c.__name__, 'result': 'skipped', 'reason': why} for c in chosen], 'visa-programs')
    peers.loopback_up()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        os.environ['XDG_RUNTIME_DIR'] = folder  # where locks are kept: not shared with other tests
        return peers.finish([peers.run_check(c, Place(args, folder)) for c in chosen], 'visa-programs')


if __name__ == '__main__':
    sys.exit(main())
