"""The bench in a browser: what the server computes for a picture, and what a browser paints of it.

The envelope of 4 x 10 million samples against reading them once, the least that anyone must do; a view of them by the
pyramid against the 5 ms that a hand does not feel; a whole live picture of 4 x 1 million against 60 a second. Then the
page in headless Chromium, without a graphics card: new records of 4 x 1 million samples from a simulated PicoScope in
the server's own process, painted; and whether the browser still answers in time.
"""
import json
import os
import subprocess
import sys

from kit import run

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'serve'))

SAMPLES = 1000000
FRAME_MS = 1e3 / 60


def painted(bench, modules, seconds):
    """What serve_page.mjs prints."""
    from serve_kit import Server
    folder = os.path.join(bench.folder, 'serve')
    os.makedirs(folder, exist_ok=True)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'serve_page.mjs')
    with Server(bench.grat, 'SIM::ps6424e', '--listen', '127.0.0.1:0', '--folder', folder) as s:
        channels = {name: {'enabled': True} for name in 'ABCD'}
        status, _ = s.json('POST', '/api/instruments/1/settings',
                           {'channels': channels, 'timebase': 80e-6, 'depth': SAMPLES})
        if status != 200:
            raise RuntimeError('settings: %d' % status)
        done = subprocess.run(['node', script, modules, s.base, str(seconds)], stdout=subprocess.PIPE, timeout=120,
                              check=True)
    r = json.loads(done.stdout)
    if r['samples'] < SAMPLES or r['traces'] != 4:
        raise RuntimeError('%d x %d samples' % (r['traces'], r['samples']))
    return r


def prepare(build):
    from serve_kit import need, node_modules
    need('chromium')
    need('node')
    node_modules(os.path.join(build, 'tests', 'serve'))


def page_rows(bench, rounds):
    from serve_kit import node_modules
    modules, seconds = node_modules(os.path.join(bench.build, 'tests', 'serve')), 3 if bench.quick else 6
    command = 'node tests/bench/serve_page.mjs (SIM::ps6424e, 4 x 1 MS)'
    found = []
    bench.median({'ours': lambda: found.append(painted(bench, modules, seconds)) or 0}, rounds)
    for what, value, limit, want in (
            ('a picture of 4 x 1 MS painted', lambda r: 1e3 / r['painted'], FRAME_MS, 1.05),
            ('between frames of the browser, 99 %', lambda r: r['gap99'], FRAME_MS, 2.1),
            ('from a key to the knob painted', lambda r: r['key'], 3 * FRAME_MS, 1)):
        values = iter([value(r) for r in found])
        times = bench.median({'ours': lambda v=values: next(v)}, len(found)) if found else {}
        times['limit'] = limit
        bench.row('serve: ' + what, 'ms', times, {'limit': want}, command)
    print('serve: tasks of the page of more than 50 ms in %g s: %s' % (seconds, [r['long'] for r in found]))


def rows(bench):
    rounds = 3 if bench.quick else 7
    tool = bench.tool('bench_serve')

    def seconds(which, what, samples, count):
        return float(run([tool, what, samples, str(count)]).split()[which]) * 1e3

    contestants = {'ours': lambda: seconds(0, 'build', '10MS', 20), 'limit': lambda: seconds(0, 'read', '10MS', 20)}
    times = bench.median(contestants, rounds)
    bench.row('serve: envelope of 4 x 10 MS', 'ms', times, {'limit': 1 / 0.5}, tool + ' build 10MS')
    times = bench.median({'ours': lambda: seconds(1, 'view', '10MS', 200)}, rounds)
    times['limit'] = 5
    bench.row('serve: slowest depth of zoom of 4 x 10 MS', 'ms', times, {'limit': 1}, tool + ' view 10MS 200')
    times = bench.median({'ours': lambda: seconds(0, 'build', '1MS', 60)}, rounds)
    times['limit'] = FRAME_MS
    bench.row('serve: a live picture of 4 x 1 MS', 'ms', times, {'limit': 1}, tool + ' build 1MS 60')
    page_rows(bench, 3)
