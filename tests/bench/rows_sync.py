"""The start of many instruments, as the simulated instruments themselves saw it: from the first arrival to the last.

One process serves all of them, so that its own pace is part of every figure. The PyVISA loops run on the libvisa of
this tree, because pyvisa-py of Debian 12 has no HiSLIP.
"""
import os
import statistics

from kit import SYSTEM_PYTHON, Sim, run
from kit import whole as whole_process

WIRES = ('raw', 'vxi11', 'hislip')
SETUP = 'VOLT:NPLC 0.02'

LOOP = '''
import sys, threading, pyvisa
rm = pyvisa.ResourceManager(sys.argv[1])
runs, how, names = int(sys.argv[2]), sys.argv[3], sys.argv[4:]
insts = [rm.open_resource(n, read_termination='\\n', write_termination='\\n', timeout=5000) for n in names]
for i in insts:
    i.write('%s')
    i.query('*OPC?')
def start(i, gate):
    gate.wait()
    i.write('INIT')
for _ in range(runs):
    if how == 'threads':
        gate = threading.Barrier(len(insts))
        all = [threading.Thread(target=start, args=(i, gate)) for i in insts]
        for t in all: t.start()
        for t in all: t.join()
    else:
        for i in insts: i.write('INIT')
    for i in insts: i.query('FETC?')
''' % SETUP


class Mixed:
    """`count` multimeters, over the wires in turn, whose starts go to one file."""
    def __init__(self, bench, count):
        self.count = count
        self.log = os.path.join(bench.folder, 'starts-%d' % count)
        self.sims = [Sim(bench.grat, *['dmm@127.%d.1.%d?start-log=%s' % (90 + k, i // 3 + 1, self.log)
                                       for i in range(k, count, 3)], '--wires=' + wire)
                     for k, wire in enumerate(WIRES) if k < count]
        self.resources = []

    def __enter__(self):
        for sim in self.sims:
            sim.__enter__()
            self.resources += sim.resources
        return self

    def __exit__(self, *_):
        for sim in self.sims:
            sim.__exit__()

    def skews(self, command):
        """Microseconds from the first arrival to the last, of each run."""
        open(self.log, 'w', encoding='ascii').close()
        run(command)
        with open(self.log, encoding='ascii') as f:
            at = sorted(int(line.split()[0]) for line in f)
        if not at or len(at) % self.count:
            raise RuntimeError('%d starts of %d instruments' % (len(at), self.count))
        return sorted((at[i + self.count - 1] - at[i]) / 1e3 for i in range(0, len(at), self.count))


def tail(values):
    return values[min(len(values) - 1, int(len(values) * 0.99))]


def row(bench, count, want):
    runs = 30 if bench.quick else 300
    visa = os.path.join(bench.build, 'libvisa.so.0')
    with Mixed(bench, count) as mixed:
        ours = [bench.grat, 'sync', '--setup', SETUP, '--count', str(runs), '-q', '-o',
                os.path.join(bench.folder, 'sync.csv')] + mixed.resources
        loop = [SYSTEM_PYTHON, '-c', LOOP, visa, str(runs)]
        commands = {'ours': ours, 'PyVISA': loop + ['loop'] + mixed.resources,
                    'PyVISA threads': loop + ['threads'] + mixed.resources}
        values = {name: mixed.skews(command) for name, command in commands.items()}
    shown = ' '.join(ours[:7]) + ' RESOURCE...'
    times = {name: tail(v) for name, v in values.items()}
    bench.row('start skew of %d, p99' % count, 'us', {**times, 'limit': want}, {'limit': 1.0}, shown)
    bench.row('start skew of %d, median' % count, 'us', {n: statistics.median(v) for n, v in values.items()},
              {'PyVISA': 1.0}, shown)


def opening(bench, count):
    with Mixed(bench, count) as mixed:
        def whole(names):
            return lambda: whole_process([bench.grat, 'bench', 'check', '-q'] + names) * 1e3
        times = bench.median({'ours': whole(mixed.resources), 'one of them': whole(mixed.resources[1:2])},
                             5 if bench.quick else 15)
    bench.row('opening a bench of %d' % count, 'ms', times, {'one of them': 2.0}, 'grat bench check RESOURCE...')


def cycle(bench, count):
    """Timed: arm, start, wait and read of 1.2 M samples each. One process makes all samples."""
    how = ['sync', '-q', '--recipe', 'memory', '--timeout', '100s', '--setup', ':CHAN2:DISP OFF',
           '--setup', ':ACQ:MDEP 1200000', '--count']
    runs = 3 if bench.quick else 8
    with Sim(bench.grat, *['ds1104z@127.96.1.%d' % (i + 1) for i in range(count)], '--wires=raw') as sim:
        def once(names):
            return lambda: (whole_process([bench.grat] + how + [str(runs + 1)] + names) -
                            whole_process([bench.grat] + how + ['1'] + names)) / runs * 1e3
        times = bench.median({'ours': once(sim.resources), 'one of them': once(sim.resources[:1])}, 3)
    bench.row('cycle of %d scopes, 1.2 M samples' % count, 'ms', times, {'one of them': 1.2},
              'grat ' + ' '.join(how) + ' N RESOURCE...')


def rows(bench):
    opening(bench, 32)
    cycle(bench, 16)
    row(bench, 2, 150.0)
    row(bench, 8, 150.0)
    row(bench, 32, 500.0)
