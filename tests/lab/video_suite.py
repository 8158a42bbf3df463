#!/usr/bin/env python3
# lab: -t 400
# tests: the screen as a camera: frames through v4l2loopback to other programs
"""grat live into v4l2loopback, read back by v4l2-ctl and ffmpeg, with both values of exclusive_caps."""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import guest
from guest import Bench, check, expect, need, run, wait_for

PLAIN, EXCLUSIVE = '/dev/video10', '/dev/video11'
WIDTH, HEIGHT = 320, 234
FRAME = WIDTH * HEIGHT * 3 // 2
MOVING = 800 * 480 * 3 // 2     # of ds1104z, whose picture has noise


def load():
    if os.path.exists(PLAIN):
        return
    subprocess.run(['rmmod', 'v4l2loopback'], check=False, stderr=subprocess.DEVNULL)
    run(['modprobe', 'v4l2loopback', 'devices=2', 'video_nr=10,11', 'exclusive_caps=0,1'])
    expect(wait_for(lambda: os.path.exists(EXCLUSIVE)), 'no %s' % EXCLUSIVE)


def sysfs(device, name):
    with open('/sys/class/video4linux/%s/%s' % (os.path.basename(device), name), encoding='ascii') as f:
        return f.read().strip()


class Live:
    """grat live, for a with statement; every frame also goes to a file."""
    def __init__(self, build, resource, device, *more):
        load()
        self.log = tempfile.TemporaryFile()
        self.device = device
        source = [] if '--draw' in more else ['--screen']
        self.process = subprocess.Popen([os.path.join(build, 'src/cli/grat'), 'live', resource, '--v4l2', device,
                                         '--json', *source, *more], stdout=subprocess.PIPE, stderr=self.log)

    def __enter__(self):
        if not wait_for(lambda: sysfs(self.device, 'format') or self.process.poll() is not None, 200) \
                or self.process.poll() is not None:
            self.log.seek(0)
            said = self.log.read().decode()
            self.__exit__()
            raise guest.Wrong('grat live: %s' % said)
        return self

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        return self.process.wait(20)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def frames_of_file(name, size):
    with open(name, 'rb') as f:
        data = f.read()
    head = data.index(b'\n') + 1
    return [data[at + 6:at + 6 + size] for at in range(head, len(data) - size - 5, size + 6)]


def grab(device, count, name, size=FRAME):
    run(['v4l2-ctl', '-d', device, '--stream-mmap', '--stream-count=%d' % count, '--stream-to=' + name], timeout=200)
    with open(name, 'rb') as f:
        data = f.read()
    expect(len(data) == count * size, '%d bytes instead of %d frames of %d' % (len(data), count, size))
    return [data[i * size:(i + 1) * size] for i in range(count)]


def parts(frame, sent):
    """Of which written frames its ends are."""
    n = len(frame) // 8
    if frame in sent:
        return 'it is number %d of %d' % (sent.index(frame), len(sent))
    return 'begins as %s, ends as %s of %d' % ([i for i, f in enumerate(sent) if f[n:2 * n] == frame[n:2 * n]][:3],
                                               [i for i, f in enumerate(sent) if f[-n:] == frame[-n:]][:3], len(sent))


def alike(a, b):
    """Bytes at the begin of both that are the same."""
    low, high = 0, len(a)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low


def overtaken(frame, sent, at):
    """The number of the written frame of which it is the begin and a later one the rest: the writer has come round
    while the reader was copying."""
    for i in range(at, len(sent)):
        n = alike(frame, sent[i])
        if n and any(frame[n:] == later[n:] for later in sent[i + 1:]):
            return i
    return None


def in_order(got, sent):
    """Every frame is one that was written, byte for byte, none before the one before it. Repeated ones are equal."""
    at = late = 0
    for number, frame in enumerate(got):
        where = next((i for i in range(at, len(sent)) if sent[i] == frame), None)
        if where is None and late < len(got) // 3:
            where = overtaken(frame, sent, at)
            late += 1
        expect(where is not None, 'frame %d of %d was not written after the one before: %s' %
               (number, len(got), parts(frame, sent)))
        at = where


def byte_for_byte(build, device):
    """Slowly: the driver does not keep a buffer that a reader copies. A guest may still stall for longer than that."""
    need('v4l2-ctl')
    with tempfile.TemporaryDirectory() as folder:
        both, out = os.path.join(folder, 'sent.y4m'), os.path.join(folder, 'got')
        with Live(build, 'SIM::ds1104z', device, '--y4m', both, '--rate', '5') as live:
            got = grab(device, 12, out, MOVING)
            got += grab(device, 6, out, MOVING)           # a reader that comes later
            code = live.stop()
        expect(code == 0, 'exit status %d' % code)
        sent = frames_of_file(both, MOVING)
        in_order(got, sent)
        expect(len(set(got)) > 2, 'the picture does not move')


@check
def frames_as_written(build):
    byte_for_byte(build, PLAIN)


@check
def frames_as_written_with_exclusive_caps(build):
    byte_for_byte(build, EXCLUSIVE)
    byte_for_byte(build, EXCLUSIVE)                # a second writer after the first has gone


def packed(frame, width, height):
    """Planes of 4:2:0 as Y U Y V, each row of U and V twice."""
    luma, quarter, out = width * height, width * height // 4, bytearray(width * height * 2)
    for row in range(height):
        chroma = luma + row // 2 * (width // 2)
        line = bytearray(width * 2)
        line[0::2] = frame[row * width:(row + 1) * width]
        line[1::4] = frame[chroma:chroma + width // 2]
        line[3::4] = frame[chroma + quarter:chroma + quarter + width // 2]
        out[row * width * 2:(row + 1) * width * 2] = line
    return bytes(out)


@check
def drawn_in_422(build):
    """Our own picture, as YUYV, is that of the .y4m beside it."""
    need('v4l2-ctl')
    width, height = 320, 240
    with tempfile.TemporaryDirectory() as folder:
        both, out = os.path.join(folder, 'sent.y4m'), os.path.join(folder, 'got')
        with Live(build, 'SIM::bitscope', EXCLUSIVE, '--draw', '--size', '%dx%d' % (width, height), '--yuyv', '--y4m',
                  both, '--rate', '5') as live:
            got = grab(EXCLUSIVE, 8, out, width * height * 2)
            code = live.stop()
        expect(code == 0, 'exit status %d' % code)
        sent = [packed(f, width, height) for f in frames_of_file(both, width * height * 3 // 2)]
        in_order(got, sent)


@check
def ffmpeg_reads(build):
    need('ffmpeg')
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, 'raw')
        with Live(build, 'SIM::ds1102e', PLAIN, '--rate', '20'):
            run(['ffmpeg', '-loglevel', 'error', '-f', 'v4l2', '-i', PLAIN, '-frames:v', '5', '-f', 'rawvideo', name],
                timeout=240)
        expect(os.path.getsize(name) == 5 * FRAME, '%d bytes' % os.path.getsize(name))


@check
def the_writer_dies_and_returns(build):
    """A reader that stays sees no other size and no end."""
    need('v4l2-ctl')
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, 'got')
        with Live(build, 'SIM::ds1102e', PLAIN, '--rate', '20') as first:
            reader = subprocess.Popen(['v4l2-ctl', '-d', PLAIN, '--stream-mmap', '--stream-count=100',
                                       '--stream-to=' + name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            expect(wait_for(lambda: os.path.exists(name) and os.path.getsize(name) > 5 * FRAME, 20), 'nothing comes')
            first.stop(signal.SIGKILL)
        with Live(build, 'SIM::ds1102e', PLAIN, '--rate', '20'):
            try:
                code = reader.wait(60)
            except subprocess.TimeoutExpired:
                reader.kill()
                raise guest.Wrong('the reader hangs')
        expect(code == 0 and os.path.getsize(name) == 100 * FRAME, 'the reader had %d bytes' % os.path.getsize(name))


@check
def other_formats_are_refused(build):
    load()
    with Live(build, 'SIM::ds1102e', PLAIN, '--rate', '20'):
        done = subprocess.run([os.path.join(build, 'src/cli/grat'), 'live', 'SIM::ds1104z', '--v4l2', PLAIN],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240, check=False)
        expect(done.returncode == 1 and b'format' in done.stderr, 'said %r' % done.stderr)


@check
def the_scope_is_switched_off_and_on(build):
    """The rate is kept; a card while it is away; the moving picture afterwards."""
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    grat = os.path.join(build, 'src/cli/grat')
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, 'got')
        bench = Bench(grat, 'ds1102e', '--wires', 'raw:%d' % port)
        with bench:
            live = Live(build, 'TCPIP::127.0.0.1::%d::SOCKET' % port, EXCLUSIVE, '--rate', '20')
            live.__enter__()
            bright = max(sum(f[:WIDTH * HEIGHT]) for f in grab(EXCLUSIVE, 5, name))
        time.sleep(4)
        away = grab(EXCLUSIVE, 10, name)[-1]
        expect(sum(away[:WIDTH * HEIGHT]) < 0.9 * bright, 'no card is shown')
        with Bench(grat, 'ds1102e', '--wires', 'raw:%d' % port):
            back = wait_for(lambda: sum(grab(EXCLUSIVE, 2, name)[-1][:WIDTH * HEIGHT]) > 0.9 * bright, 30)
            live.stop()
        said = live.process.stdout.read().decode()
        live.__exit__()
        expect(back, 'the picture did not come back: %s' % said)
        expect('"reconnects":1' in said, 'it says %s' % said)


if __name__ == '__main__':
    sys.exit(guest.main())
