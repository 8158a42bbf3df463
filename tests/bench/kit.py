"""What every set of rows needs: pinned processes, a simulated bench, interleaved rounds, rows with their wants.

Server on core 0, every client on core 1; where there is no server, all contestants may have all cores (core=None).
The rounds of all contestants are interleaved; medians are compared. The bytes of the answers are compared before
anything is timed.
"""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

SYSTEM_PYTHON = '/usr/bin/python3'
HOST = '127.0.0.1'


def pinned(core, command):
    return ['taskset', '-c', str(core)] + command if core is not None and shutil.which('taskset') else command


def run(command, timeout=300, core=1, **more):
    done = subprocess.run(pinned(core, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          check=False, **more)
    if done.returncode:
        raise RuntimeError('%s: %s' % (' '.join(command)[:100], (done.stderr or done.stdout).decode()[-200:]))
    return done.stdout


def whole(command, core=1, fresh=None):
    """Seconds of a whole process. `fresh`: a file that is removed before, so that its old pages are not in the time."""
    if fresh and os.path.exists(fresh):
        os.unlink(fresh)
    begin = time.perf_counter()
    run(command, core=core)
    return time.perf_counter() - begin


class Sim:
    """grat sim with these arguments, for a with statement; `resources` are its first lines. `before` starts it."""
    def __init__(self, grat, *args, before=()):
        self.process = subprocess.Popen(pinned(0, list(before) + [grat, 'sim'] + list(args)), stdout=subprocess.PIPE)
        self.resources = []

    def __enter__(self):
        for line in self.process.stdout:
            if line.startswith(b'ready'):
                return self
            self.resources.append(line.decode().strip())
        raise RuntimeError('grat sim did not get ready')

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        self.process.stdout.close()


class Bench:
    def __init__(self, build, quick, folder):
        self.build, self.quick, self.folder = build, quick, folder
        self.grat = os.path.join(build, 'src', 'cli', 'grat')
        self.list = []
        self.word = None

    def chosen(self, name):
        return not self.word or self.word in name

    def tool(self, name):
        return os.path.join(self.build, 'tests', 'bench', name)

    def median(self, contestants, rounds):
        """{name: median} of {name: function giving a number}; one that fails is left out and named."""
        values = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, function in contestants.items():
                if values[name] is None:
                    continue
                try:
                    values[name].append(function())
                except (RuntimeError, OSError, subprocess.TimeoutExpired, ValueError, IndexError) as error:
                    print('bench: %s: %s' % (name, error), file=sys.stderr)
                    values[name] = None
        return {name: statistics.median(v) for name, v in values.items() if v}

    def row(self, what, unit, times, want, command):
        """times: {'ours': …, 'limit': …, peer: …}, less is better. want: {'limit' or peer: ours is at most so many
        times as much}; a name that begins with a peer's is enough."""
        if 'ours' not in times:
            print('bench: %s: ours did not run' % what, file=sys.stderr)
            return
        met = {}
        for name, most in want.items():
            other = next((v for k, v in times.items() if k.startswith(name)), None)
            met[name] = {'want': most, 'is': times['ours'] / other if other else None,
                         'met': other is not None and times['ours'] / other <= most}
        self.list.append({'what': what, 'unit': unit, 'ours': times['ours'], 'limit': times.get('limit'),
                          'peers': {k: v for k, v in times.items() if k not in ('ours', 'limit')},
                          'wants': met, 'command': command})

    def process(self, command):
        """(Seconds, largest resident MiB) of a whole process, started by a small one."""
        done = subprocess.run(pinned(1, [self.tool('bench_peak')] + command), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError('%s: %s' % (' '.join(command)[:100], done.stderr.decode()[-200:]))
        kib, seconds = done.stderr.split()[-2:]
        return float(seconds), float(kib) / 1024

    def show(self):
        line = '%-38s %4s %9s %9s %6s  %-52s %s'
        print(line % ('what', 'unit', 'ours', 'limit', 'ratio', 'peers (ours/peer)', 'wants of ours/other'))
        for r in self.list:
            peers = ', '.join('%s %.4g (%.3f)' % (n, v, r['ours'] / v) for n, v in r['peers'].items())
            wants = ', '.join('%s <= %.3g: %s' % (n, w['want'], 'met' if w['met'] else 'NOT MET' if w['is'] else
                                                  'not measured') for n, w in r['wants'].items())
            print(line % (r['what'], r['unit'], '%.4g' % r['ours'], '%.4g' % r['limit'] if r['limit'] else '-',
                          '%.2f' % (r['ours'] / r['limit']) if r['limit'] else '-', peers, wants))
        print()
        for r in self.list:
            print('%s: %s' % (r['what'], r['command']))
        with open(os.path.join(self.build, 'bench.json'), 'w') as f:
            json.dump(self.list, f, indent=1)
