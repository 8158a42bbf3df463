"""The start of many instruments, as the simulated instruments themselves saw it: from the first arrival to the last.

One process serves all of them, so that its own pace is part of every figure. The PyVISA loops run on the libvisa of
this tree, because pyvisa-py of Debian 12 has no HiSLIP.
"""
import os
import statistics
import subprocess

from kit import SYSTEM_PYTHON, Sim, pinned, run
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


class Link:
    """A network with `ms` delay in each direction, in a namespace of its own: who is at 10.8.x.y there is reached
    through it as 10.9.x.y. `before` starts a program in it. Without TUN devices or user namespaces it is not `there`.
    On the clients' core, which is idle while what they sent is on its way."""
    def __init__(self, bench, ms):
        self.process = subprocess.Popen(pinned(1, ['unshare', '-Urn', bench.tool('bench_sync'), 'link', str(ms)]),
                                        stdout=subprocess.PIPE)
        self.there = self.process.stdout.readline() == b'ready\n'
        self.before = ['nsenter', '-t', str(self.process.pid), '-U', '-n', '--preserve-credentials']

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


class Mixed:
    """`count` multimeters, over the wires in turn, whose starts go to one file; behind a link or not."""
    def __init__(self, bench, count, link=None):
        self.count = count
        self.before = link.before if link else []
        self.log = os.path.join(bench.folder, 'starts-%d' % count)
        net = '10.8.%d.%d' if link else '127.%d.1.%d'
        self.sims = [Sim(bench.grat, *['dmm@%s?start-log=%s' % (net % (90 + k, i // 3 + 1), self.log)
                                       for i in range(k, count, 3)], '--wires=' + wire, before=self.before)
                     for k, wire in enumerate(WIRES) if k < count]
        self.resources = []

    def __enter__(self):
        for sim in self.sims:
            sim.__enter__()
            self.resources += [r.replace('::10.8.', '::10.9.') for r in sim.resources]
        return self

    def __exit__(self, *_):
        for sim in self.sims:
            sim.__exit__()

    def skews(self, command):
        """Microseconds from the first arrival to the last, of each run."""
        open(self.log, 'w', encoding='ascii').close()
        run(self.before + command)
        with open(self.log, encoding='ascii') as f:
            at = sorted(int(line.split()[0]) for line in f)
        if not at or len(at) % self.count:
            raise RuntimeError('%d starts of %d instruments' % (len(at), self.count))
        return sorted((at[i + self.count - 1] - at[i]) / 1e3 for i in range(0, len(at), self.count))


def tail(values):
    return values[min(len(values) - 1, int(len(values) * 0.99))]


def row(bench, count, want, link=None):
    runs = (30 if bench.quick else 300) // (3 if link else 1)
    visa = os.path.join(bench.build, 'libvisa.so.0')
    with Mixed(bench, count, link) as mixed:
        ours = [bench.grat, 'sync', '--setup', SETUP, '--count', str(runs), '-q', '-o',
                os.path.join(bench.folder, 'sync.csv')] + mixed.resources
        loop = [SYSTEM_PYTHON, '-c', LOOP, visa, str(runs)]
        commands = {'ours': ours, 'PyVISA': loop + ['loop'] + mixed.resources,
                    'PyVISA threads': loop + ['threads'] + mixed.resources}
        values = {name: mixed.skews(command) for name, command in commands.items()}
    shown = ' '.join(ours[:7]) + ' RESOURCE...'
    name = 'start skew of %d%s, ' % (count, ', 1 ms link' if link else '')
    times = {name: tail(v) for name, v in values.items()}
    bench.row(name + 'p99', 'us', times if link else {**times, 'limit': want},
              {'PyVISA': want} if link else {'limit': 1.0}, shown)
    bench.row(name + 'median', 'us', {n: statistics.median(v) for n, v in values.items()},
              {'PyVISA': want if link else 1.0}, shown)


def opening(bench, count, link=None):
    """The limit: that many more connections than for one, at once, by a bare program, beside one of them."""
    with Mixed(bench, count, link) as mixed:
        def whole(names):
            return lambda: whole_process(mixed.before + [bench.grat, 'bench', 'check', '-q'] + names) * 1e3

        def bare(names):
            return float(run(mixed.before + [bench.tool('bench_sync'), 'open'] + names))
        one = mixed.resources[count // 3 + 1:count // 3 + 2]
        times = bench.median({'ours': whole(mixed.resources), 'one of them': whole(one),
                              'limit': lambda: bare(mixed.resources) - bare(one)}, 5 if bench.quick else 15)
    if 'limit' in times:
        times['limit'] += times.get('one of them', 0)
    bench.row('opening a bench of %d%s' % (count, ', 1 ms link' if link else ''), 'ms', times, {'one of them': 2.0},
              'grat bench check RESOURCE...')


def cycle(bench, count, name, options, want):
    """Arm, start, wait and read of 1.2 M samples each, without opening. One process makes all samples. The limit: the
    cycle of one, and what a bare loop takes longer to read all at once than to read one."""
    points = 1199968
    how = ['sync', '-q', '--recipe', 'memory', '--timeout', '100s', '--setup', ':CHAN2:DISP OFF',
           '--setup', ':ACQ:MDEP 1200000', '--count']
    runs = 2 if bench.quick else 4
    with Sim(bench.grat, *['ds1104z@127.96.1.%d?%s' % (i + 1, options) for i in range(count)], '--wires=raw') as sim:
        def once(names):
            return lambda: (whole_process([bench.grat] + how + [str(runs + 1)] + names) -
                            whole_process([bench.grat] + how + ['1'] + names)) / runs * 1e3

        def bare(names):
            return float(run([bench.tool('bench_sync'), 'read', str(points)] + names))
        one = sim.resources[:1]
        times = bench.median({'ours': once(sim.resources), 'one of them': once(one),
                              'limit': lambda: bare(sim.resources) - bare(one)}, 3)
    if 'limit' in times:
        times['limit'] += times.get('one of them', 0)
    bench.row('cycle of %d scopes, 1.2 M samples, %s' % (count, name), 'ms', times, want,
              'grat ' + ' '.join(how) + ' N RESOURCE...')


def rows(bench):
    opening(bench, 32)
    cycle(bench, 16, '1.7 MB/s each', 'timing=ds1000z', {'one of them': 1.2})
    cycle(bench, 16, '100 Mbit/s each', 'link=100Mbit', {'one of them': 1.2})
    cycle(bench, 16, 'loopback', 'link=0', {'limit': 1.2})
    row(bench, 2, 150.0)
    row(bench, 8, 150.0)
    row(bench, 32, 500.0)
    with Link(bench, 1) as link:
        if link.there:
            opening(bench, 32, link)
            row(bench, 8, 1 / 50, link)
            row(bench, 32, 1 / 50, link)
