#!/usr/bin/env python3
"""The page of grat serve in headless Chromium, driven by playwright-core: page.py --grat GRAT --out DIR
The pictures of the page stay in DIR."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from serve_kit import Server, need, node_modules  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TOKEN = 'correct-horse_battery0'


def numpy_opens(path):
    import numpy
    array = numpy.load(path)
    names = array.dtype.names
    if array.shape[0] != 6000:
        raise AssertionError('shape %s' % (array.shape,))
    column = array[names[1]] if names else array[:, 1] if array.ndim > 1 else array
    if not 0.5 < column.max() < 1.5:
        raise AssertionError('the largest of channel 1 is %g V' % column.max())


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--grat', required=True)
    p.add_argument('--out', required=True)
    a = p.parse_args()
    out = os.path.abspath(a.out)
    node, _ = need('node'), need('chromium')
    pictures = os.path.join(out, 'pictures')
    shutil.rmtree(pictures, ignore_errors=True)
    os.makedirs(pictures)
    modules = node_modules(out)
    with tempfile.TemporaryDirectory() as top:
        token = os.path.join(top, 'token')
        with open(token, 'w', encoding='ascii') as f:
            f.write(TOKEN)
        os.mkdir(os.path.join(top, 'files'))
        own = ('--listen', '127.0.0.1:0', '--folder', os.path.join(top, 'files'))
        scope = 'SIM::ds1104z?ch1=sine:1kHz:2V:0V,ch2=square:500Hz:1V:0V,ch3=dc:0V,ch4=dc:0V'
        with Server(a.grat, scope, 'SIM::mso1104z', 'SIM::dmm', *own) as s, \
                Server(a.grat, 'SIM::ds1104z', '--https', '--token-file', token, *own, config=top) as other:
            done = subprocess.run([node, os.path.join(HERE, 'page.mjs'), modules, s.base, other.url, pictures],
                                  timeout=400, check=False)
            if done.returncode:
                sys.exit('page.py: node ended with %d' % done.returncode)
    with open(os.path.join(pictures, 'results.json'), encoding='utf-8') as f:
        results = json.load(f)
    try:
        numpy_opens(os.path.join(pictures, 'page.npy'))
        results.append({'name': 'numpy_opens_the_download', 'result': 'passed'})
    except Exception as error:
        print('FAIL numpy: %s' % error)
        results.append({'name': 'numpy_opens_the_download', 'result': 'failed', 'reason': str(error)})
    if os.environ.get('GRAT_RESULTS'):
        with open(os.path.join(os.environ['GRAT_RESULTS'], 'serve_page.json'), 'w', encoding='ascii') as f:
            json.dump(results, f)
    failed = [r['name'] for r in results if r['result'] == 'failed']
    print('%d passed, %d failed %s' % (len(results) - len(failed), len(failed), ' '.join(failed)))
    return 1 if failed or not results else 0


sys.exit(main())
