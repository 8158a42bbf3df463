"""What the suites share inside the guest."""
import argparse
import json
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import checks  # noqa: E402
from checks import CHECKS, Bench, Skip, Wrong, check, expect, need  # noqa: E402, F401


def run(command, timeout=120, status=0, **more):
    """Standard output as text."""
    return checks.run(command, timeout, status, **more).decode('utf-8', 'replace')


def wait_for(condition, seconds=10):
    """True once condition() is."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def main():
    """Runs every check with the build folder as its argument, and leaves results.json in the results folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', required=True)
    parser.add_argument('--results')
    parser.add_argument('only', nargs='*')
    args = parser.parse_args()
    results = []
    for function in CHECKS:
        name = function.__name__.replace('_', ' ')
        if args.only and function.__name__ not in args.only:
            continue
        began = time.monotonic()
        try:
            function(args.build)
            row = {'name': name, 'result': 'passed'}
        except Skip as why:
            row = {'name': name, 'result': 'skipped', 'reason': str(why)}
        except Wrong as why:
            row = {'name': name, 'result': 'failed', 'reason': str(why)}
        except Exception:                                    # a check that breaks is a failed check
            row = {'name': name, 'result': 'failed', 'reason': traceback.format_exc()[-400:].replace('\n', ' | ')}
        print('%6.1f s %-8s %s %s' % (time.monotonic() - began, row['result'], name, row.get('reason', '')),
              file=sys.stderr)
        results.append(row)
        if args.results:
            with open(os.path.join(args.results, 'results.json'), 'w', encoding='utf-8') as f:
                json.dump(results, f)
    return 1 if any(row['result'] == 'failed' for row in results) else 0
