#!/usr/bin/env python3
"""HiSLIP judged by Wireshark's dissector: every message of the set-up, of data, status, locks, clear and remote.

hislip.py --grat PATH      needs a network namespace of its own and makes one
"""
import os
import re
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from run import dissect, expect, loopback_up, main, need, run, sniffed  # noqa: E402

CHECKS = []
SCOPE = 'TCPIP::127.0.0.1::hislip0::INSTR'
FIRST_ID = 0xffffff00


def check(function):
    CHECKS.append(function)
    return function


class Client:
    """The other side of the table in IVI-6.1, byte by byte."""

    def __init__(self, version=0x0100):
        self.sync = self.connect()
        self.send(self.sync, 0, 0, version << 16 | 0x7878, b'hislip0')
        kind, _, parameter, _ = self.receive(self.sync)
        expect(kind == 1, 'the set-up is answered by message %d' % kind)
        self.version = parameter >> 16
        self.aside = self.connect()
        self.ask(17, 0, parameter & 0xffff, b'', 18)
        self.ask(15, 0, 0, struct.pack('>Q', 1 << 20), 16)
        self.id = FIRST_ID - 2

    @staticmethod
    def connect():
        s = socket.create_connection(('127.0.0.1', 4880), 5)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    @staticmethod
    def send(s, kind, control=0, parameter=0, payload=b''):
        s.sendall(b'HS' + struct.pack('>BBIQ', kind, control, parameter, len(payload)) + payload)

    @staticmethod
    def receive(s):
        def exactly(n):
            data = b''
            while len(data) < n:
                part = s.recv(n - len(data))
                expect(part, 'the server closed the connection')
                data += part
            return data
        head = exactly(16)
        expect(head[:2] == b'HS', 'a message begins with %r' % head[:2])
        kind, control, parameter, n = struct.unpack('>BBIQ', head[2:])
        return kind, control, parameter, exactly(n)

    def ask(self, kind, control, parameter, payload, answer):
        self.send(self.aside, kind, control, parameter, payload)
        got = self.receive(self.aside)
        expect(got[0] == answer, 'message %d is answered by %d, not %d' % (kind, got[0], answer))
        return got

    def write(self, text, rmt=0, kind=7):
        self.id = (self.id + 2) & 0xffffffff
        self.send(self.sync, kind, rmt, self.id, text)

    def query(self, text, rmt=0):
        self.write(text, rmt)
        data = b''
        while True:
            kind, control, parameter, part = self.receive(self.sync)
            expect(kind in (6, 7) and control == 0, 'message %d with control code %d as an answer' % (kind, control))
            expect(parameter == self.id, 'the answer to %08x says %08x' % (self.id, parameter))
            data += part
            if kind == 7:
                return data

    def close(self):
        self.sync.close()
        self.aside.close()


def every_message():
    c = Client()
    expect(c.version == 0x0100, 'version %04x was not asked for' % c.version)
    expect(c.query(b'*IDN?\n').startswith(b'RIGOL'), 'the identity is wrong')
    expect(c.ask(21, 0, c.id, b'', 22)[1] & 0x10, 'MAV is missing')
    expect(not c.ask(21, 1, c.id, b'', 22)[1] & 0x10, 'MAV stays')
    c.write(b'*CLS;*ESE 1;*SRE 32;*OPC\n')
    expect(c.receive(c.aside)[:2] == (20, 0x60), 'no service request')
    expect(c.ask(21, 0, c.id, b'', 22)[1] == 0x60, 'the status byte is wrong')
    c.write(b'', kind=12)
    c.write(b'*ID', kind=6)
    expect(c.query(b'N?\n').startswith(b'RIGOL'), 'a query in two messages')
    c.ask(21, 1, c.id, b'', 22)
    for mode in range(7):
        c.ask(10, mode, c.id, b'', 11)
    expect(c.ask(4, 1, 0, b'', 5)[1] == 1, 'no exclusive lock')
    expect(c.ask(24, 0, 0, b'', 25)[1:3] == (1, 1), 'the lock is not shown')
    expect(c.ask(4, 0, c.id, b'', 5)[1] == 1, 'the lock is not released')
    expect(c.ask(4, 1, 100, b'key', 5)[1] == 1, 'no shared lock')
    expect(c.ask(4, 0, c.id, b'', 5)[1] == 2, 'the shared lock is not released')
    c.ask(19, 0, 0, b'', 23)
    c.send(c.sync, 8)
    expect(c.receive(c.sync)[0] == 9, 'the clear does not end')
    c.id = FIRST_ID - 2
    expect(len(c.query(b':DISP:DATA?\n')) > 1000000, 'the screen is short')
    expect(c.ask(99, 0, 0, b'', 3)[1] == 1, 'a reserved message is not refused')
    c.send(c.sync, 200, 0, 0, b'vendor')
    expect(c.receive(c.sync)[:2] == (3, 3), 'a vendor message is not refused')
    c.sync.sendall(b'XX')
    expect(c.receive(c.sync)[:2] == (2, 1), 'a bad prologue is not fatal')
    c.close()


@check
def tshark_hislip(place):
    def work():
        place.run('query', SCOPE, '*IDN?')
        place.run('screenshot', SCOPE, '-o', place.path('shark.png'))
        every_message()
    tshark = need('tshark')
    with place.scope():
        path = sniffed(place, 'hislip', work)
    dissect(path, ['hislip'])
    kinds = run([tshark, '-r', path, '-Y', 'hislip', '-T', 'fields', '-e', 'hislip.messagetype'], timeout=60).decode()
    seen = {int(kind, 0) for kind in re.findall(r'(?:0x)?[0-9a-f]+', kinds)}
    missing = (set(range(0, 26)) - {14, 13}) - seen
    expect(not missing, 'the dissector has not seen %s' % sorted(missing))


@check
def a_client_of_version_1(place):
    """What pyvisa-py insists on: no control codes and no payload in the set-up."""
    with place.scope():
        every_message()


@check
def ways_of_pyvisa_py(place):
    """It names its next message in a status query, and older ones flag every message as the first after an answer."""
    with place.scope():
        c = Client()
        expect(c.query(b'*IDN?\n').startswith(b'RIGOL'), 'the identity is wrong')
        expect(c.ask(21, 0, c.id + 2, b'', 22)[1] & 0x10, 'MAV is missing')
        expect(not c.ask(21, 0, c.id + 4, b'', 22)[1] & 0x10, 'MAV of a message that is still on its way')
        for _ in range(3):
            c.write(b':CHAN1:SCAL 1\n', rmt=1)
        expect(c.query(b'*IDN?\n', rmt=1).startswith(b'RIGOL'), 'no answer to a message that is flagged too often')
        c.close()


@check
def sizes(place):
    """A message beyond the server's limit is refused and skipped; its own keep to the client's."""
    with place.scope():
        c = Client()
        c.write(b'x' * 1100000)
        expect(c.receive(c.sync)[:2] == (3, 4), 'a message of 1.1 MB is taken')
        c.ask(15, 0, 0, struct.pack('>Q', 1016), 16)
        c.id += 2
        c.send(c.sync, 7, 0, c.id, b':DISP:DATA?\n')
        total, kind = 0, 6
        while kind == 6:
            kind, _, _, part = c.receive(c.sync)
            expect(len(part) <= 1000, 'a payload of %d' % len(part))
            total += len(part)
        expect(total > 1000000, 'the screen has %d bytes' % total)
        c.close()


@check
def grat_and_lock(place):
    """Our client waits for a lock that somebody else holds, and goes on when it is gone."""
    with place.scope():
        c = Client(0x0200)
        expect(c.version == 0x0200, 'version %04x' % c.version)
        c.ask(26, 0, 0, b'', 27)
        expect(c.ask(4, 1, 0, b'', 5)[1] == 1, 'no lock')
        run([place.grat, 'query', SCOPE, '*IDN?', '--timeout', '300ms'], status=1)
        c.close()
        expect(place.run('query', SCOPE, '*IDN?').startswith(b'RIGOL'), 'no answer')


if __name__ == '__main__':
    sys.exit(main(CHECKS, 'hislip', loopback_up))
