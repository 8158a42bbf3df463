#!/usr/bin/env python3
"""Runs the tests of the package with the library of a build tree.

run.py LIBRARY [pytest's arguments]    exit status 77 when pytest or numpy is missing
"""
import os
import re
import subprocess
import sys

SYSTEM_PYTHON = '/usr/bin/python3'
HERE = os.path.dirname(os.path.abspath(__file__))


def missing(module):
    return subprocess.run([SYSTEM_PYTHON, '-c', 'import ' + module], stderr=subprocess.DEVNULL).returncode != 0


def main(library, *more):
    for module in ('numpy', 'pytest'):
        if missing(module):
            print('SKIPPED: %s has no module %s; tools/install-deps check installs it' % (SYSTEM_PYTHON, module))
            return 77
    env = dict(os.environ, GRATICULE_LIBRARY=os.path.abspath(library), PYTHONPATH=os.path.dirname(HERE),
               PYTHONDONTWRITEBYTECODE='1', ASAN_OPTIONS='detect_leaks=0', GRATICULE_CONFIG=os.devnull)
    # Meson names the folder of the PicoScope stand-ins there.
    for name in ('GRATICULE_RESOURCE', 'LD_LIBRARY_PATH'):
        env.pop(name, None)
    # A library with the address sanitizer needs its runtime first.
    linked = subprocess.run(['ldd', library], stdout=subprocess.PIPE, universal_newlines=True).stdout
    asan = re.search(r'=> (\S*libasan\S*)', linked)
    if asan:
        env['LD_PRELOAD'] = asan.group(1)
    command = [SYSTEM_PYTHON, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', HERE]
    return subprocess.run(command + list(more), env=env).returncode


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
