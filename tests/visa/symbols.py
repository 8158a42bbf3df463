#!/usr/bin/env python3
"""The exported names of libvisa are exactly those of functions.h, without versions: symbols.py LIBRARY FUNCTIONS_H"""
import re
import subprocess
import sys


def main():
    library, table = sys.argv[1:3]
    with open(table, encoding='ascii') as f:
        want = set(re.findall(r'(?m)^X\((\w+),', f.read()))
    out = subprocess.run(['nm', '-D', '--defined-only', library], check=True, timeout=60,
                         stdout=subprocess.PIPE, universal_newlines=True).stdout
    have = {line.split()[2]: line.split()[1] for line in out.splitlines() if len(line.split()) == 3}
    bad = ['missing: %s' % n for n in sorted(want - set(have))]
    bad += ['too many: %s' % n for n in sorted(set(have) - want)]
    bad += ['not a function: %s' % n for n, kind in sorted(have.items()) if n in want and kind != 'T']
    if len(want) != 108:
        bad.append('the table has %d functions, not 108' % len(want))
    print('\n'.join(bad) or '%d functions' % len(have))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
