"""What the suites share inside the guest: checks, their results, and the simulated bench."""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

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


def run(command, timeout=120, status=0, **more):
    """Standard output as text. Another exit status is a failure that shows what was said."""
    shown = command if isinstance(command, str) else ' '.join(map(str, command))[:160]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **more)
    except subprocess.TimeoutExpired as late:
        said = (late.stderr or late.stdout or b'').decode('utf-8', 'replace').strip().replace('\n', ' | ')
        raise Wrong('%s did not end within %d s: %s' % (shown, timeout, said[-300:]))
    out = done.stdout.decode('utf-8', 'replace')
    if status is not None and done.returncode != status:
        said = (done.stderr.decode('utf-8', 'replace') or out).strip().replace('\n', ' | ')
        raise Wrong('%s: exit %d: %s' % (shown, done.returncode, said[-600:]))
    return out


def wait_for(condition, seconds=10):
    """True once condition() is."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Bench:
    """grat sim, as a process of its own."""

    def __init__(self, grat, *args):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([grat, 'sim'] + list(args), stdout=subprocess.PIPE, stderr=self.log)
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


def main():
    """Runs every check with the build folder as its argument, and leaves results.json in the results folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', required=True)
    parser.add_argument('--results')
    parser.add_argument('only', nargs='*')
    args = parser.parse_args()
    results = []
    for function in CHECKS:
        name = function.__name__.replace('_', ' ')
        if args.only and function.__name__ not in args.only:
            continue
        began = time.monotonic()
        try:
            function(args.build)
            row = {'name': name, 'result': 'passed'}
        except Skip as why:
            row = {'name': name, 'result': 'skipped', 'reason': str(why)}
        except Wrong as why:
            row = {'name': name, 'result': 'failed', 'reason': str(why)}
        except Exception:                                    # a check that breaks is a failed check
            row = {'name': name, 'result': 'failed', 'reason': traceback.format_exc()[-400:].replace('\n', ' | ')}
        print('%6.1f s %-8s %s %s' % (time.monotonic() - began, row['result'], name, row.get('reason', '')),
              file=sys.stderr)
        results.append(row)
        if args.results:
            with open(os.path.join(args.results, 'results.json'), 'w', encoding='utf-8') as f:
                json.dump(results, f)
    return 1 if any(row['result'] == 'failed' for row in results) else 0
