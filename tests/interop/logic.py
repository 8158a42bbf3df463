#!/usr/bin/env python3
"""Our logic files in sigrok's hands, and the simulated BitScope behind a serial port and a raw socket.

logic.py --grat PATH
"""
import argparse
import csv
import io
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import time
import tty

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run as peers  # noqa: E402

from run import Bench, check, expect, need, run  # noqa: E402

peers.CHECKS.clear()
TEXT = 'Hello sigrok '
UART = 'SIM::bitscope?l0=uart:9600:%s,l1=square:1kHz:3.3V:1.65V,a=sine:1kHz:2V:1.65V' % TEXT


def rows(path, columns):
    """The columns of one of our tables whose names begin so, as numbers."""
    with open(path, newline='') as f:
        table = list(csv.reader(f))
    names = [re.split(r'[_ ]', name)[0] for name in table[0]]
    expect(set(columns) <= set(names), 'our table has the columns %r' % names)
    at = [names.index(name) for name in columns]
    return [[float(row[i]) for i in at] for row in table[1:]]


def sigrok_rows(path, *options):
    sigrok = need('sigrok-cli')
    text = run([sigrok, '-i', path, '-O', 'csv'] + list(options), timeout=60).decode()
    lines = [line for line in text.split('\n') if line and not line.startswith((';', 'META', 'logic', 'V', 'A'))]
    return [[float(v) for v in row] for row in csv.reader(io.StringIO('\n'.join(lines)))]


def same(theirs, ours, tolerance, what):
    expect(len(theirs) == len(ours), '%s: sigrok has %d samples, we have %d' % (what, len(theirs), len(ours)))
    for i, (a, b) in enumerate(zip(theirs, ours)):
        expect(len(a) == len(b) and all(abs(x - y) <= tolerance for x, y in zip(a, b)),
               '%s: sample %d is %r, not %r' % (what, i, a, b))


def capture(place, channels, *more):
    """One acquisition in three formats."""
    files = [place.path('c.' + ending) for ending in ('sr', 'vcd', 'csv')]
    args = ['capture', UART, '-c', channels] + list(more)
    for name in files:
        args += ['-o', name]
    place.run(*args)
    return files


@check
def sigrok_reads_logic(place):
    sr, vcd, table = capture(place, 'L0-L7', '-p', '20ms', '-s', '2000')
    ours = rows(table, ['L%d' % i for i in range(8)])
    expect(len({tuple(row) for row in ours}) > 2, 'nothing happens in this capture')
    same(sigrok_rows(sr), ours, 0, 'the session')
    # The dump counts in 10 us, so that sigrok makes as many samples of it.
    same(sigrok_rows(vcd), ours, 0, 'the dump')


@check
def sigrok_reads_analog(place):
    sr, _, table = capture(place, 'A', '-p', '10ms', '-s', '1000')
    same(sigrok_rows(sr), rows(table, ['chA']), 0.0006, 'the session')


@check
def sigrok_reads_mixed(place):
    """Its table of mixed data pairs samples of different times, so each kind is asked for alone."""
    sr, _, table = capture(place, 'A,L0,L1', '-p', '10ms', '-s', '1000')
    sigrok = need('sigrok-cli')
    show = run([sigrok, '-i', sr, '--show'], timeout=60).decode()
    expect('Logic sample count: 1000' in show and 'Analog sample count: 1000' in show, 'it shows %r' % show)
    bits = run([sigrok, '-i', sr, '-O', 'bits:width=100000', '-C', 'L0,L1'], timeout=60).decode()
    lines = [re.sub(r'[^01]', '', line.split(':')[1]) for line in bits.split('\n') if line.startswith(('L0:', 'L1:'))]
    ours = rows(table, ['L0', 'L1'])
    expect(lines == [''.join('%d' % row[k] for row in ours) for k in range(2)], 'the logic differs')
    same(sigrok_rows(sr, '-C', 'chA'), rows(table, ['chA']), 0.0006, 'the analog channel')


@check
def sigrok_decodes_uart(place):
    sr, vcd, _ = capture(place, 'L0-L7', '-p', '100ms', '-s', '10kS')
    sigrok = need('sigrok-cli')
    for name in (sr, vcd):
        text = run([sigrok, '-i', name, '-P', 'uart:rx=L0:baudrate=9600:format=ascii', '-A', 'uart=rx-data'],
                   timeout=60).decode()
        said = ''.join(line.split(': ', 1)[1] for line in text.split('\n') if ': ' in line)
        expect(said.count(TEXT) >= 3, '%s: the decoder found %r' % (os.path.basename(name), said[-200:]))


@check
def sigrok_writes_sessions_that_we_read(place):
    sr, _, _ = capture(place, 'A,L0,L1', '-p', '10ms', '-s', '1000')
    theirs, back, again = place.path('their.sr'), place.path('back.csv'), place.path('again.csv')
    run([need('sigrok-cli'), '-i', sr, '-o', theirs], timeout=60)
    place.run('convert', theirs, back)
    place.run('convert', sr, again)
    columns = ['chA', 'L0', 'L1']
    expect(rows(back, columns) == rows(again, columns), 'the samples differ')


def talk(fd, send, want, seconds=5):
    os.write(fd, send)
    got = b''
    end = time.monotonic() + seconds
    while len(got) < want and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            got += os.read(fd, 65536)
    return got


@check
def bitscope_on_a_serial_port(place):
    """No code of ours at the client's end: several opens, registers, a large upload in one write, a trace."""
    port = place.path('tty')
    with Bench(place.grat, 'bitscope', '--wires', 'serial:' + port):
        for _ in range(3):
            fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(fd)
            expect(talk(fd, b'!', 1) == b'!', 'no echo of a reset')
            expect(talk(fd, b'?', 11) == b'?\rBS000501\r', 'no identity')
            table = b'4e@[z[z' + b'7fWW' * 1024
            expect(talk(fd, table, len(table)) == table, 'the upload is not echoed')
            expect(talk(fd, b'06@ffs2a@64s2e@90s2f@01s31@04s21@12s34@01s>', 43).endswith(b'>'), 'no echo')
            got = talk(fd, b'D', 34)
            expect(re.fullmatch(rb'D02\r[0-9a-f]{8}\r00\r[0-9a-f]{8}\r[0-9a-f]{8}\r', got), 'the trace says %r' % got)
            os.close(fd)


@check
def driver_over_every_wire(place):
    port, raw = place.path('tty2'), place.path('raw.csv')
    wires = ['--wires', 'bitscope-server', '--tcp', '16390', '--pty', port]
    with Bench(place.grat, 'bitscope@127.0.0.3', *wires) as bench:
        expect(len(bench.resources) == 3, 'it serves %r' % bench.resources)
        for resource in bench.resources:
            place.run('capture', resource, '-c', 'A', '-p', '5ms', '-s', '500', '-o', raw)
            ours = [v for (v,) in rows(raw, ['chA'])]
            swing = max(ours) - min(ours)
            expect(len(ours) >= 500 and 1.9 < swing < 2.1, '%s: %g V' % (resource, swing))


@check
def multicast_search(place):
    """Two servers answer one datagram to the group; in a network namespace, for the route."""
    unshare, ip = need('unshare'), need('ip')
    inside = '%s link set lo up multicast on && %s route add 224.0.0.0/4 dev lo && exec "$@"' % (ip, ip)
    enter = [unshare, '-n' if os.geteuid() == 0 else '-Urn']
    if subprocess.run(enter + ['true'], stderr=subprocess.DEVNULL).returncode:
        raise peers.Skip('no network namespace can be made here')
    answers = run(enter + ['sh', '-c', inside, 'sh', sys.executable, os.path.abspath(__file__), '--search', '--grat',
                           place.grat], timeout=60).decode()
    expect(answers.split('\n')[:2] == ["127.0.0.1 00010000 '?\\rBS000501\\r'", "127.0.0.2 00020000 '?\\rBS000501\\r'"],
           'the answers are %r' % answers)
    expect(answers.count('BITSCOPE::127.0.0.') == 2, 'grat list says %r' % answers)


def search(grat):
    with Bench(grat, 'bitscope@127.0.0.1', 'bitscope@127.0.0.2', '--wires', 'bitscope-server'), \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('127.0.0.1'))
        s.settimeout(5)
        s.sendto(b'\0?', ('230.10.10.10', 16385))
        got = sorted((address[0], data) for data, address in (s.recvfrom(2000) for _ in range(2)))
        for host, data in got:
            print(host, data[:4].hex(), repr(data[4:].decode('latin-1')))
        print(run([grat, 'list'], timeout=30).decode())


def main():
    parser = argparse.ArgumentParser(description='Logic files and the BitScope.')
    parser.add_argument('--grat', required=True)
    parser.add_argument('names', nargs='*')
    parser.add_argument('--search', action='store_true', help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.search:
        search(args.grat)
        return 0
    chosen = [c for c in peers.CHECKS if not args.names or c.__name__ in args.names]
    with tempfile.TemporaryDirectory() as folder:
        results = [peers.run_check(c, peers.Place(os.path.abspath(args.grat), folder)) for c in chosen]
    return 1 if any(r['result'] == 'failed' for r in results) else 0


if __name__ == '__main__':
    sys.exit(main())
