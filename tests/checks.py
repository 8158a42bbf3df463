"""What scripts of checks share: the checks, how they fail, other programs, and the simulated bench."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

CHECKS = []


class Skip(Exception):
    pass


class Wrong(Exception):
    pass


def check(function):
    CHECKS.append(function)
    return function


def expect(condition, text):
    if not condition:
        raise Wrong(text)


def need(program):
    path = shutil.which(program)
    if not path:
        raise Skip('%s is not installed' % program)
    return path


def shown(command):
    return command if isinstance(command, str) else ' '.join(map(str, command))[:160]


def in_a_line(data):
    return data.decode('utf-8', 'replace').strip().replace('\n', ' | ')


def run(command, timeout=20, status=0, **more):
    """Standard output as bytes. Another exit status is a failure that shows what was said."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **more)
    except subprocess.TimeoutExpired as late:
        said = in_a_line(late.stderr or late.stdout or b'')
        raise Wrong('%s did not end within %d s: %s' % (shown(command), timeout, said[-300:]))
    if status is not None and done.returncode != status:
        said = in_a_line(done.stderr or done.stdout)
        raise Wrong('%s: exit %d: %s' % (shown(command), done.returncode, said[-600:]))
    return done.stdout


class Bench:
    """grat sim, as a process of its own."""

    def __init__(self, grat, *args, within=()):
        self.log = tempfile.TemporaryFile()
        command = list(within) + [grat, 'sim'] + list(args)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log)
        self.resources = []

    def __enter__(self):
        deadline = time.monotonic() + 30
        os.set_blocking(self.process.stdout.fileno(), False)
        text = b''
        while not re.search(rb'^ready', text, re.M):
            text += self.process.stdout.read() or b''
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = self.said()
                self.__exit__()
                raise Wrong('grat sim did not get ready: %s' % said[-600:])
            time.sleep(0.01)
        self.resources = [line for line in text.decode().split('\n') if '::' in line]
        return self

    def said(self):
        self.log.seek(0)
        return self.log.read().decode('utf-8', 'replace').strip()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.log.close()
