#!/usr/bin/env python3
"""The page's files as one C source: embed.py OUTPUT FILE..."""
import hashlib
import os
import sys

TYPES = {'.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8',
         '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml', '.json': 'application/json'}


def main():
    out = ['#include "serve/server.h"', '']
    table = []
    for i, path in enumerate(sys.argv[2:]):
        with open(path, 'rb') as f:
            data = f.read()
        name = os.path.basename(path)
        served = '/api/openapi.json' if name == 'openapi.json' else '/' + name
        out.append('static const uint8_t file%d[] = {' % i)
        for at in range(0, len(data), 24):
            out.append('    ' + ','.join(str(b) for b in data[at:at + 24]) + ',')
        out.append('};')
        table.append('    {"%s", "%s", file%d, sizeof file%d, "%s"},' % (
            served, TYPES[os.path.splitext(name)[1]], i, i, hashlib.sha256(data).hexdigest()[:24]))
    out += ['', 'const serve_asset serve_assets[] = {'] + table + ['    {NULL, NULL, NULL, 0, NULL},', '};', '']
    with open(sys.argv[1], 'w', encoding='ascii') as f:
        f.write('\n'.join(out))


main()
