#!/usr/bin/env python3
"""What really ran: the results of `meson test` and of the checks inside the larger tests, as one count.

summary.py BUILD_DIR    reads BUILD_DIR/meson-logs/testlog.json and BUILD_DIR/results/*.json
"""
import glob
import json
import os
import sys

PASSED = ('OK', 'EXPECTEDFAIL')
SKIPPED = ('SKIP', 'IGNORED')


def meson_results(path):
    with open(path, encoding='utf-8') as f:
        for line in f:
            if not line.strip():
                continue
            test = json.loads(line)
            name, result = test['name'].split(' / ')[-1], test['result']
            reason = last_line(test.get('stdout', '')) or last_line(test.get('stderr', ''))
            if result in PASSED:
                yield name, 'passed', ''
            elif result in SKIPPED:
                yield name, 'skipped', reason or 'the test said so'
            else:
                yield name, 'failed', '%s: %s' % (result.lower(), failure(test))


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ''


def failure(test):
    """The first line that names a failure, else the last line of all."""
    lines = (test.get('stderr', '') + '\n' + test.get('stdout', '')).splitlines()
    for line in lines:
        if 'FAIL' in line or 'ERROR' in line or 'not true' in line or ', wanted ' in line:
            return line.strip()[:300]
    return last_line(test.get('stderr', '')) or last_line(test.get('stdout', '')) or 'no output'


def sub_results(folder, since):
    """[(test, name, result, reason)] of the files that this run wrote. A meson test that has such a file is counted
    by its checks, not once more as a whole."""
    for path in sorted(glob.glob(os.path.join(folder, '*.json'))):
        if os.path.getmtime(path) < since:
            continue
        parent = os.path.splitext(os.path.basename(path))[0]
        with open(path, encoding='utf-8') as f:
            for entry in json.load(f):
                yield parent, entry['name'], entry['result'], entry.get('reason', '')


def started(path):
    """When the run began: meson writes the log as tests end; its first start time is the best witness."""
    times = []
    with open(path, encoding='utf-8') as f:
        for line in f:
            if line.strip():
                times.append(json.loads(line).get('starttime', 0) or 0)
    return min(times) if times else 0


def main():
    if len(sys.argv) != 2:
        print('usage: summary.py BUILD_DIR', file=sys.stderr)
        return 2
    log = os.path.join(sys.argv[1], 'meson-logs', 'testlog.json')
    try:
        tests = list(meson_results(log))
        inner = list(sub_results(os.path.join(sys.argv[1], 'results'), started(log) - 1))
    except (OSError, ValueError, KeyError) as error:
        print('summary: %s: %s; run meson test first' % (log, error), file=sys.stderr)
        print('0 passed, 1 failed, 0 skipped')
        return 1
    counted = {parent for parent, _, _, _ in inner}
    failed_inside = {parent for parent, _, result, _ in inner if result == 'failed'}
    rows = []
    for name, result, reason in tests:
        # A parent that failed although none of its checks did (a crash, a time limit) still counts as a failure.
        if name in counted and (result != 'failed' or name in failed_inside):
            continue
        rows.append((name, result, reason))
    rows += [('%s: %s' % (parent, name), result, reason) for parent, name, result, reason in inner]
    for wanted, word in (('skipped', 'skip'), ('failed', 'FAIL')):
        for name, result, reason in rows:
            if result == wanted:
                print('%s  %s%s' % (word, name, ': ' + reason if reason else ''))
    count = {kind: sum(1 for row in rows if row[1] == kind) for kind in ('passed', 'failed', 'skipped')}
    if not rows:
        print('FAIL  no test ran')
        count['failed'] = 1
    print('%(passed)d passed, %(failed)d failed, %(skipped)d skipped' % count)
    return 1 if count['failed'] else 0


if __name__ == '__main__':
    sys.exit(main())
