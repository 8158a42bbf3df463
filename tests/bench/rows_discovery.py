"""Forty instruments on the network of another computer (a namespace behind a veth pair), found complete.

pyvisa-py 0.5 of Debian 12 looks for no instruments on a network, so there is nothing to compare with.
"""
import re
import shutil
import subprocess
import time

from kit import Sim, pinned

COUNT = 40


class Lab:
    """10.9.0.1 … are there, 10.9.0.254 is here."""

    def __enter__(self):
        self.holder = subprocess.Popen(['unshare', '-n', 'sh', '-c', 'echo up; read x'], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        pid = str(self.holder.pid)
        self.enter = ['nsenter', '-n', '-t', pid]
        here = ['link add lab0 type veth peer name lab1 netns ' + pid, 'addr add 10.9.0.254/24 brd + dev lab0',
                'link set lab0 up']
        there = ['addr add 10.9.0.%d/24 brd + dev lab1' % (i + 1) for i in range(COUNT)] + ['link set lab1 up']
        for command in here:
            subprocess.run(['ip'] + command.split(), check=True)
        for command in there:
            subprocess.run(self.enter + ['ip'] + command.split(), check=True)
        return self

    def __exit__(self, *_):
        self.holder.communicate(b'x')
        subprocess.run(['ip', 'link', 'del', 'lab0'], check=False, stderr=subprocess.DEVNULL)


class There(Sim):
    def __init__(self, enter, grat, *args):
        self.process = subprocess.Popen(pinned(0, enter + [grat, 'sim'] + list(args)), stdout=subprocess.PIPE)
        self.resources = []


def until_all(command):
    """Seconds until every instrument has been printed; the whole run when some are missing is a failure."""
    seen = set()
    begin = time.perf_counter()
    process = subprocess.Popen(pinned(1, command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for line in process.stdout:
        seen |= set(re.findall(rb'10\.9\.0\.(\d+)', line)) - {b'254', b'255'}
        if len(seen) == COUNT:
            break
    took = time.perf_counter() - begin
    process.terminate()
    process.stdout.close()
    process.wait()
    if len(seen) < COUNT:
        raise RuntimeError('%d of %d found' % (len(seen), COUNT))
    return took


def rows(bench):
    models = ['ds1104z@10.9.0.%d' % (i + 1) for i in range(COUNT)]
    contestants = {'ours': lambda: until_all([bench.grat, 'list'])}
    if shutil.which('lxi'):
        contestants['lxi discover'] = lambda: until_all([shutil.which('lxi'), 'discover'])
    with Lab() as lab, There(lab.enter, bench.grat, *models, '--wires=vxi11,raw'):
        times = bench.median(contestants, 1 if bench.quick else 3)
    bench.row('%d instruments found and shown' % COUNT, 's', times, {'lxi': 1 / 3}, 'grat list')
