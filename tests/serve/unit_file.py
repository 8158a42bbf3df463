#!/usr/bin/env python3
"""The user unit of grat serve, judged by systemd: unit_file.py --grat GRAT --unit FILE"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile


def verify(text, folder):
    """What systemd-analyze says; nothing when all is well."""
    path = os.path.join(folder, 'graticule-serve.service')
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    done = subprocess.run(['systemd-analyze', 'verify', '--user', '--man=no', path], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False,
                          env=dict(os.environ, XDG_RUNTIME_DIR=folder, LC_ALL='C'))
    said = done.stdout.decode().strip()
    return said or ('it ended with %d' % done.returncode if done.returncode else '')


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--grat', required=True)
    p.add_argument('--unit', required=True)
    a = p.parse_args()
    if not shutil.which('systemd-analyze'):
        sys.exit('unit_file.py: systemd-analyze is missing: tools/install-deps check installs it')
    with open(a.unit, encoding='utf-8') as f:
        text = f.read()
    # Where it will be installed nothing is yet.
    text, count = re.subn(r'(?m)^ExecStart=\S+/grat serve$', 'ExecStart=%s serve' % os.path.abspath(a.grat), text)
    if count != 1:
        sys.exit('unit_file.py: it starts no grat serve')
    with tempfile.TemporaryDirectory() as folder:
        for wrong in (text.replace('RestrictRealtime', 'RestrictRealtim'), text.replace('/grat serve', '/nothing')):
            if not verify(wrong, folder):
                sys.exit('unit_file.py: a wrong unit is taken for a good one')
        said = verify(text, folder)
    if said:
        sys.exit('unit_file.py: ' + said)
    print('ok')


main()
