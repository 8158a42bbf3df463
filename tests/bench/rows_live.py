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


def ours(bench, port, seconds, *more):
    """The totals of a run that writes each picture once."""
    command = [bench.grat, 'live', 'TCPIP::127.0.0.1::%d::SOCKET' % port, '--screen', '--rate', '0',
               '--y4m', '/dev/null', '--json', '--for', '%gs' % seconds, *more]
    return json.loads(run(command)), ' '.join(command)


def rows(bench):
    seconds, rounds = (2, 2) if bench.quick else (5, 5)
    port = free_port()
    with Sim(bench.grat, 'ds1104z', '--wires', 'raw:%d' % port):
        shown = []

        def one():
            t, command = ours(bench, port, seconds)
            shown[:] = [t['recipe'], command]
            return t['seconds'] / t['frames'] * 1e3
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
            t, command = ours(bench, port, seconds, '--picture', 'bmp8')
            shown[:] = [t['recipe'], command]
            limits.append(t['bytes'] / t['pictures'] / LINK * 1e3)
            return t['seconds'] / t['frames'] * 1e3
        times = bench.median({'ours': linked}, rounds)
        if limits:
            times['limit'] = sorted(limits)[len(limits) // 2]
            bench.row('live: over 100 Mbit/s (%s)' % shown[0], 'ms', times, {'limit': 1 / 0.98}, shown[1])
