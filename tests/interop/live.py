#!/usr/bin/env python3
"""Every output of grat live, opened by ffmpeg and ffprobe: live.py --grat PATH"""
import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SKIPPED = 77


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def probe(name):
    done = subprocess.run(['ffprobe', '-v', 'error', '-count_frames', '-show_streams', '-of', 'json', name],
                          stdout=subprocess.PIPE, check=True, timeout=60)
    return json.loads(done.stdout)['streams'][0]


def frames(name, *more):
    """All frames of a file as YUV 4:2:0, limited range."""
    done = subprocess.run(['ffmpeg', '-loglevel', 'error', '-i', name, *more, '-f', 'rawvideo', '-pix_fmt', 'yuv420p',
                           '-'], stdout=subprocess.PIPE, check=True, timeout=60)
    return done.stdout


def far(a, b):
    """Mean difference of two frames, every 17th byte."""
    return sum(abs(x - y) for x, y in zip(a[::17], b[::17])) / len(a[::17])


def check(what, good, text=''):
    print('%s %s%s' % ('ok  ' if good else 'FAIL', what, '' if good else ': ' + text))
    return 0 if good else 1


def files(grat, folder):
    """The same frames in a .y4m, an .mp4 and an .mkv."""
    size, count = 640 * 400 * 3 // 2, 30
    names = [os.path.join(folder, 'a.' + ending) for ending in ('y4m', 'mp4', 'mkv')]
    subprocess.run([grat, 'live', 'SIM::ds1104z', '--draw', '--size', '640x400', '--count', str(count), '-q',
                    '--y4m', names[0], '--record', names[1], '--record', names[2]], check=True, timeout=60)
    truth, failed = frames(names[0]), 0
    for name in names:
        s = probe(name)
        known = (s['width'], s['height'], int(s['nb_read_frames']), s['r_frame_rate'])
        failed += check('%s: size, frames, rate' % name[-3:], known == (640, 400, count, '30/1'), str(known))
        data = frames(name)
        good = len(data) == len(truth) == count * size
        worst = max(far(data[i * size:(i + 1) * size], truth[i * size:(i + 1) * size]) for i in range(count)) \
            if good else 99
        failed += check('%s: the pictures' % name[-3:], worst < 3, '%d bytes, differs by %g' % (len(data), worst))
    return failed


def killed(grat, folder):
    """What was recorded before the power went can be played."""
    name = os.path.join(folder, 'cut.mkv')
    live = subprocess.Popen([grat, 'live', 'SIM::ds1104z', '--draw', '--rate', '30', '-q', '--record', name])
    end = time.monotonic() + 60
    while time.monotonic() < end and not (os.path.exists(name) and os.path.getsize(name) > 60000):
        time.sleep(0.1)
    live.send_signal(signal.SIGKILL)
    live.wait()
    got = int(probe(name).get('nb_read_frames', 0)) if os.path.exists(name) else 0
    return check('mkv: cut by a kill', got >= 10, '%d frames' % got)


def served(grat):
    """MJPEG to ffmpeg, beside another client that does not read."""
    port = free_port()
    live = subprocess.Popen([grat, 'live', 'SIM::ds1102e', '--rate', '25', '-q', '--mjpeg', str(port)])
    try:
        for _ in range(300):
            with socket.socket() as s:
                if s.connect_ex(('127.0.0.1', port)) == 0:
                    break
            time.sleep(0.1)
        with socket.create_connection(('127.0.0.1', port)) as slow:
            slow.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
            data = frames('http://127.0.0.1:%d/' % port, '-frames:v', '40')
        return check('mjpeg: 40 pictures', len(data) == 40 * 320 * 234 * 3 // 2, '%d bytes' % len(data))
    finally:
        live.send_signal(signal.SIGINT)
        live.wait(20)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument('--grat', required=True)
    grat = os.path.abspath(options.parse_args().grat)
    if not shutil.which('ffmpeg') or not shutil.which('ffprobe'):
        print('skip: ffmpeg is not here')
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        return 1 if files(grat, folder) + killed(grat, folder) + served(grat) else 0


if __name__ == '__main__':
    sys.exit(main())
