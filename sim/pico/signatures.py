#!/usr/bin/env python3
"""The driver and the stand-ins were written down separately: their calls have the same arguments.

signatures.py ROOT CC...    ROOT is the source tree, CC the C compiler
"""
import os
import re
import subprocess
import sys

# Library: its table, PICO_ID, the driver's groups of calls.
CLASSIC = ('SHARED', 'COMMON', 'CLASSIC')
LIBRARIES = {'ps2000': ('table_old.h', 0, ('OLD',)), 'ps3000': ('table_old.h', 0, ('OLD',)),
             'ps4000': ('table_narrow.h', 1, ('SHARED', 'COMMON', 'NARROW')), 'ps2000a': ('table.h', 2, CLASSIC),
             'ps5000': ('table_narrow.h', 1, ('SHARED', 'COMMON', 'NARROW')),
             'ps3000a': ('table.h', 3, CLASSIC), 'ps4000a': ('table.h', 4, CLASSIC), 'ps5000a': ('table.h', 5, CLASSIC),
             'ps6000': ('table_wide.h', 3, ('SHARED', 'COMMON', 'WIDE')),
             'ps6000a': ('table_modern.h', 6, ('SHARED', 'MODERN')),
             'psospa': ('table_modern.h', 7, ('SHARED', 'MODERN'))}
# Calls that the driver makes in other libraries only.
NEVER = {('ps2000a', 'SetSigGenBuiltIn'), ('ps3000a', 'SetSigGenBuiltIn'), ('ps5000a', 'SetSigGenBuiltIn'),
         ('ps6000a', 'NearestSampleIntervalStateless'), ('ps6000', 'SetEtsTimeBuffer')}
# A void * stands for any struct.
SAME = {'ps_block_ready': 'grat__pico_block_ready', 'ps_streaming_ready': 'grat__pico_stream_ready',
        'ps_old_ready': 'grat__pico_old_ready'}


def plain(args):
    args = re.sub(r'\s+', ' ', args).strip()
    for ours, theirs in SAME.items():
        args = re.sub(r'\b%s\b' % ours, theirs, args)
    return re.sub(r'\s*([*,()])\s*', r'\1', args)


def expand(cc, root, text, *defines):
    done = subprocess.run(cc + ['-E', '-P', '-x', 'c', '-I', root, '-I', os.path.join(root, 'src')] + list(defines) +
                          ['-'], input=text, stdout=subprocess.PIPE, universal_newlines=True, check=True, timeout=30)
    return done.stdout


def table(cc, root, library):
    header, number, _ = LIBRARIES[library]
    text = expand(cc, root, '#include "sim/pico/%s"\n@@ PS_COMMON(ROW) PS_OWN(ROW)\n' % header, '-DPICO_ID=%d' % number,
                  '-DPICO_' + library)
    kinds = r'ROW\((\w+), \w+, (?:(\w+), )?\(([^()]*)\)\)'
    return {name: (kind or 'uint32_t', plain(args))
            for name, kind, args in re.findall(kinds, re.sub(r'\s+', ' ', text[text.index('@@'):]))}


def calls(cc, root, groups):
    text = expand(cc, root, '#include "pico/calls.h"\n@@ %s\n' % ' '.join('GRAT__PICO_%s(X)' % g for g in groups))
    found = {}
    kinds = r'X\(\w+, "(\w+)", [01], (?:(\w+), )?\(([^()]*)\)\)'
    for name, kind, args in re.findall(kinds, re.sub(r'\s+', ' ', text[text.index('@@'):])):
        found.setdefault(name, set()).add((kind or 'uint32_t', plain(args)))
    return found


def main():
    root, cc, bad, seen = sys.argv[1], sys.argv[2:], 0, 0
    for library, (_, _, groups) in LIBRARIES.items():
        rows = table(cc, root, library)
        for name, forms in calls(cc, root, groups).items():
            if name not in rows or (library, name) in NEVER:
                continue
            seen += 1
            if rows[name] not in forms:
                bad += 1
                print('%s%s: the stand-in has %s, the driver %s' % (library, name, rows[name], sorted(forms)))
    print('%d calls, %d differ' % (seen, bad))
    return 1 if bad or seen < 200 else 0


if __name__ == '__main__':
    sys.exit(main())
