"""The screen as a video: a simulated DS1104Z over a raw socket to frames of YUV 4:2:0.

Against the pipeline that people have: one netcat and one ffmpeg a picture, 24-bit BMP. And against the link: the bytes
of a picture at 100 Mbit/s.
"""
import json
import os
import shutil
import socket
import subprocess
import time

from kit import Sim, pinned, run

BMP24 = 1152054                 # bytes of one picture
BMP8 = 11 + 385078 + 1          # with the block's header and its newline
LINK = 100e6 / 8


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def old_way(port, count, out):
    """Seconds a frame."""
    line = ("printf ':DISP:DATA?\\n' | nc -N 127.0.0.1 %d | tail -c +12 | head -c %d | "
            "ffmpeg -loglevel error -y -i pipe: -f rawvideo -pix_fmt yuv420p %s" % (port, BMP24, out))
    begin = time.perf_counter()
    for _ in range(count):
        subprocess.run(pinned(1, ['sh', '-c', line]), check=True, timeout=60, stdout=subprocess.DEVNULL)
    seconds = (time.perf_counter() - begin) / count
    if os.path.getsize(out) != 800 * 480 * 3 // 2:
        raise RuntimeError('the old way made %d bytes' % os.path.getsize(out))
    return seconds


def ours(bench, port, count, *more):
    """(milliseconds a frame, the totals, the command) of a run that writes each picture once. The first is there at the
    beginning."""
    command = [bench.grat, 'live', 'TCPIP::127.0.0.1::%d::SOCKET' % port, '--screen', '--rate', '0',
               '--y4m', '/dev/null', '--json', '--count', str(count), *more]
    t = json.loads(run(command))
    return t['seconds'] / (t['frames'] - 1) * 1e3, t, ' '.join(command)


def drawn(bench, port, seconds):
    """Drawn pictures at 60 frames/s: (milliseconds a new frame, percent of one core)."""
    command = [bench.grat, 'live', 'TCPIP::127.0.0.1::%d::SOCKET' % port, '--draw', '--channels', '1-4', '--rate', '60',
               '--y4m', '/dev/null', '--json', '--for', '%gs' % seconds]
    before = os.times()
    t = json.loads(run(command))
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds / max(t['frames'] - t['repeated'], 1) * 1e3, cpu / seconds * 100, ' '.join(command)


def painted(frame):
    """The time that the simulator painted, in 0.1 ms."""
    bits = [frame[235 * 800 + 80 + 20 * i + 10] > 128 for i in range(32)]
    return sum(bit << (31 - i) for i, bit in enumerate(bits))


def latency(bench, port, rate, count):
    """The median of the milliseconds from the drawing of a screen by the instrument to its frame, of new frames."""
    size = 800 * 480 * 3 // 2
    command = [bench.grat, 'live', 'TCPIP::127.0.0.1::%d::SOCKET' % port, '--screen', '--rate', '%d' % rate,
               '--y4m', '-', '-q', '--count', str(count)]
    ages, last = [], None
    with subprocess.Popen(pinned(1, command), stdout=subprocess.PIPE) as live:
        live.stdout.readline()
        while live.stdout.readline():
            frame = live.stdout.read(size)
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 100000 & 0xffffffff
            if len(frame) == size and painted(frame) != last:
                last = painted(frame)
                ages.append((now - last & 0xffffffff) / 10)
    return sorted(ages)[len(ages) // 2], ' '.join(command)


def more_rows(bench, seconds, rounds):
    port, rate = free_port(), 30
    with Sim(bench.grat, 'ds1104z?paint-time=1', '--wires', 'raw:%d' % port, '--link', '100Mbit'):
        shown = []

        def one(which):
            def measure():
                shown[:] = drawn(bench, port, seconds)
                return shown[which]
            return measure
        times = bench.median({'ours': one(0)}, rounds)
        if times:
            times['limit'] = 1e3 / 60
            bench.row('live: drawn, 4 channels, a new frame', 'ms', times, {'limit': 1.05}, shown[2])
        times = bench.median({'ours': one(1)}, rounds)
        if times:
            times['limit'] = 30
            bench.row('live: drawn 60/s, of one core', '%', times, {'limit': 1}, shown[2])

        def age():
            found = latency(bench, port, rate, 20 if bench.quick else 90)
            shown[:] = [found[1]]
            return found[0]
        times = bench.median({'ours': age}, rounds)
        if times:
            times['limit'] = 1e3 / rate
            bench.row('live: screen change to frame, %d/s' % rate, 'ms', times, {'limit': 1}, shown[0])


def rows(bench):
    seconds, rounds = (2, 2) if bench.quick else (5, 5)
    port = free_port()
    with Sim(bench.grat, 'ds1104z', '--wires', 'raw:%d' % port):
        shown = []

        def one():
            each, t, command = ours(bench, port, 300 * seconds)
            shown[:] = [t['recipe'], command]
            return each
        contestants = {'ours': one}
        if shutil.which('ffmpeg') and shutil.which('nc'):
            out = os.path.join(bench.folder, 'old.yuv')
            contestants['netcat and ffmpeg a frame'] = lambda: old_way(port, 4 if bench.quick else 10, out) * 1e3
        times = bench.median(contestants, rounds)
        bench.row('live: a frame (%s)' % (shown[0] if shown else '?'), 'ms', times, {'netcat': 1 / 50},
                  shown[1] if shown else '')
    with Sim(bench.grat, 'ds1104z', '--wires', 'raw:%d' % port, '--link', '100Mbit'):
        limits = []

        def linked():
            each, t, command = ours(bench, port, 30 * seconds, '--picture', 'bmp8')
            shown[:] = [t['recipe'], command]
            limits.append(BMP8 / LINK * 1e3)
            return each
        times = bench.median({'ours': linked}, rounds)
        if limits:
            times['limit'] = sorted(limits)[len(limits) // 2]
            bench.row('live: over 100 Mbit/s (%s)' % shown[0], 'ms', times, {'limit': 1 / 0.98}, shown[1])
    more_rows(bench, seconds, rounds)
