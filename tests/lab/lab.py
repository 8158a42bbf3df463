#!/usr/bin/env python3
"""Suites that need a kernel with USB, V4L2 and udev: each is run in one boot of the virtual lab.

lab.py --build DIR [SUITE…]    all suites, or those named; --list names them; --jobs N guests at once, 1 unless told:
                               two at once are too slow for video on two processors

A suite is a file NAME_suite.py here. Two comment lines at its head tell this program what to do:
    # lab: OPTIONS      for ./run, such as -u -k 'vhci-hcd usbtmc'
    # tests: TEXT       what stays untested when the lab cannot run
Where the lab cannot run the suite is skipped, or has failed when REQUIRE_LAB is set.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
UNAVAILABLE, TIME_OUT, BROKEN = 77, 124, 125
LIMIT_S = 1200


def suites():
    for path in sorted(glob.glob(os.path.join(HERE, '*_suite.py'))):
        with open(path, encoding='utf-8') as f:
            head = f.read(2000)
        options = re.search(r'(?m)^# lab: (.*)$', head)
        text = re.search(r'(?m)^# tests: (.*)$', head)
        yield os.path.basename(path)[:-len('_suite.py')], path, options.group(1) if options else '', \
            text.group(1) if text else ''


def read_results(folder):
    try:
        with open(os.path.join(folder, 'results.json'), encoding='utf-8') as f:
            return json.load(f)
    except (OSError, ValueError):
        return []


def run_suite(name, path, options, text, build):
    """[{name, result, reason}] of one boot, and what it said."""
    folder = tempfile.mkdtemp(prefix='graticule-lab-')
    command = [os.path.join(HERE, 'run'), '-p', '-t', str(LIMIT_S), '-w', folder] + shlex.split(options)
    command += ['--', '/usr/bin/python3', path, '--build', build, '--results', folder]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=LIMIT_S + 600)
        said = done.stderr.decode('utf-8', 'replace')
        results = read_results(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for row in results:
        row['name'] = '%s: %s' % (name, row['name'])
    skip = re.search(r'lab: SKIP: (.*)', said)
    if done.returncode == UNAVAILABLE and skip and not results:
        reason = 'NOT TESTED, the lab cannot run here (%s): %s' % (skip.group(1), text)
        required = os.environ.get('REQUIRE_LAB', '') not in ('', '0')
        return [{'name': name, 'result': 'failed' if required else 'skipped', 'reason': reason}], ''
    bad = any(row['result'] == 'failed' for row in results)
    if not results or (done.returncode and not bad):
        results.append({'name': name, 'result': 'failed', 'reason': ending(done.returncode, said)})
    return results, said


def ending(status, said):
    last = [line for line in said.splitlines() if line.strip()][-1:] or ['']
    what = {TIME_OUT: 'time limit', BROKEN: 'the guest died'}.get(status, 'ended with %d' % status)
    return '%s: %s' % (what, last[0][:200])


def stalled(row):
    """A boot or a check that ran out of time says nothing about the code; once."""
    late = r'time limit|the guest died|timed out|did not end within|TimeoutExpired'
    return re.search(late, row.get('reason') or '') is not None


def run_twice_at_most(name, path, options, text, build):
    began = time.monotonic()
    rows, said = run_suite(name, path, options, text, build)
    if any(row['result'] == 'failed' and stalled(row) for row in rows):
        said += 'lab: %s: the machine was too slow or the guest died; once more\n' % name
        rows, again = run_suite(name, path, options, text, build)
        said += again
    return rows, '%slab: %s: %.0f s\n' % (said, name, time.monotonic() - began)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default='build-check')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--jobs', type=int, default=1)
    parser.add_argument('suite', nargs='*')
    args = parser.parse_args()
    known = {row[0]: row for row in suites()}
    if args.list:
        print('\n'.join('%-10s %s' % (name, row[3]) for name, row in known.items()))
        return 0
    for name in args.suite:
        if name not in known:
            print('lab: %s: unknown suite; there are: %s' % (name, ', '.join(known)), file=sys.stderr)
            return 2
    results = []
    with concurrent.futures.ThreadPoolExecutor(max(args.jobs, 1)) as pool:
        # The longest first.
        order = sorted(args.suite or known, key=lambda name: -os.path.getsize(known[name][1]))
        under_way = [pool.submit(run_twice_at_most, *known[name], os.path.abspath(args.build)) for name in order]
        for done in concurrent.futures.as_completed(under_way):
            rows, said = done.result()
            sys.stderr.write(said)
            results += rows
            for row in rows:
                print('%-8s %s%s' % (row['result'], row['name'], ': ' + row['reason'] if row.get('reason') else ''))
            sys.stdout.flush()
    if os.environ.get('GRAT_RESULTS'):
        with open(os.path.join(os.environ['GRAT_RESULTS'], 'lab.json'), 'w', encoding='utf-8') as f:
            json.dump(results, f)
    kinds = {row['result'] for row in results}
    return 1 if 'failed' in kinds else 77 if kinds == {'skipped'} else 0


if __name__ == '__main__':
    sys.exit(main())
