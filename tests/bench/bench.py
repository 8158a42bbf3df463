#!/usr/bin/env python3
"""Ours, the peers and the limit, side by side on the same simulated instruments.

bench.py --build BUILD_DIR [--quick] [--only NAME[,NAME]]    prints a table and writes BUILD_DIR/bench.json

Each rows_NAME.py beside this file has a function rows(bench).
"""
import argparse
import fcntl
import glob
import importlib
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

from kit import Bench

HERE = os.path.dirname(os.path.abspath(__file__))


def enter_namespace():
    if os.environ.get('GRAT_BENCH_INSIDE'):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            fcntl.ioctl(s.fileno(), 0x8914, struct.pack('16sH14s', b'lo', 0x41, b''))  # SIOCSIFFLAGS: up
        return
    options = '-n' if os.geteuid() == 0 else '-Urn'
    if shutil.which('unshare') and subprocess.run(['unshare', options, 'true'], check=False).returncode == 0:
        os.environ['GRAT_BENCH_INSIDE'] = '1'
        os.execvp('unshare', ['unshare', options, sys.executable] + sys.argv)


def prepare(names, build):
    """What needs the network is fetched before it is gone."""
    for name in names:
        fetch = getattr(importlib.import_module('rows_' + name), 'prepare', None)
        try:
            if fetch:
                fetch(build)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            print('bench: %s: %s' % (name, error), file=sys.stderr)


def main():
    names = sorted(os.path.basename(p)[5:-3] for p in glob.glob(os.path.join(HERE, 'rows_*.py')))
    parser = argparse.ArgumentParser(description='Ours, the peers and the limit.')
    parser.add_argument('--build', required=True)
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--only', help='some of ' + ','.join(names))
    parser.add_argument('--row', help='only what has this word in its name, where the rows can be chosen')
    args = parser.parse_args()
    chosen = args.only.split(',') if args.only else names
    if not os.environ.get('GRAT_BENCH_INSIDE'):
        prepare(chosen, args.build)
    enter_namespace()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args.build, args.quick, folder)
        bench.word = args.row
        for name in chosen:
            try:
                importlib.import_module('rows_' + name).rows(bench)
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                print('bench: %s: %s' % (name, error), file=sys.stderr)
        bench.show()
    return 0


if __name__ == '__main__':
    sys.exit(main())
