#!/usr/bin/env python3
"""Runs the command and compares what it says.

run.py GRAT [CASE.t…]    runs each case in an empty directory, exit 1 when one differs

A case is text. Commands run in order in one directory:
  $ ARGUMENTS     a run of grat, split as a shell would
  < LINE          a line of standard input
  > LINE          a line of standard output         >~ REGEX    matches that line
  ! LINE          a line of standard error          !~ REGEX    matches that line
  >* or !*        any lines from here on
  ? STATUS        the exit status (0 unless said)
  ^ INT ready     the signal is sent when the line "ready" has come;  ^ INT 0.5  after half a second
  = NAME REGEX    a file whose name matches NAME exists, and its first bytes match REGEX; =! NAME: none does
  + NAME TEXT     a file is made before the run: \\n is a line end
  @ NAME=VALUE    the environment of the runs from here on
  % KEYS          typed at a terminal when it has been quiet; \\x03 is Ctrl-C. The run then has a terminal
  ~ REGEX         found in what the terminal showed, each behind the one before
Without > or ! lines, nothing may be printed there.
"""
import os
import pathlib
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

LIMIT_S = 60
HERE = pathlib.Path(__file__).resolve().parent


def parse(text):
    steps, files, env = [], [], {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        mark, _, rest = line.partition(' ')
        if mark == '+':
            files.append(rest)
        elif mark == '@':
            name, _, value = rest.partition('=')
            env = {**env, name: value}
        elif mark == '$':
            steps.append({'line': number, 'args': shlex.split(rest), 'in': [], 'out': [], 'err': [], 'status': 0,
                          'signal': None, 'files': [], 'keys': [], 'seen': [], 'make': files, 'env': env})
            files = []
        else:
            expect(steps[-1], mark, rest, number)
    return steps


def expect(step, mark, rest, number):
    if mark == '<':
        step['in'].append(rest)
    elif mark in ('>', '>~', '>*'):
        step['out'].append((mark[1:], rest))
    elif mark in ('!', '!~', '!*'):
        step['err'].append((mark[1:], rest))
    elif mark in ('%', '~'):
        step['keys' if mark == '%' else 'seen'].append(rest)
    elif mark == '?':
        step['status'] = int(rest)
    elif mark == '^':
        step['signal'] = rest.split()
    elif mark in ('=', '=!'):
        step['files'].append((mark, rest.split(' ', 1)))
    else:
        raise SystemExit(f'line {number}: unknown mark {mark!r}')


def compare(name, wanted, text):
    lines = text.split('\n')
    if lines[-1] == '':
        lines.pop()
    for i, (kind, want) in enumerate(wanted):
        if kind == '*':
            return []
        if i >= len(lines):
            return [f'{name}: ended before {want!r}']
        same = re.fullmatch(want, lines[i]) if kind == '~' else lines[i] == want
        if not same:
            return [f'{name}: {lines[i]!r}, wanted {want!r}']
    return [f'{name}: not wanted: {lines[len(wanted)]!r}'] if len(lines) > len(wanted) else []


def send(process, which, when, out):
    """Sends the signal; lines that were read while waiting for one are kept in `out`."""
    number = getattr(signal, 'SIG' + which)
    if when.replace('.', '').isdigit():
        threading.Timer(float(when), process.send_signal, [number]).start()
        return
    for line in process.stdout:
        out.append(line)
        if line.strip() == when.encode():
            break
    process.send_signal(number)


def said(err):
    """Standard error without what the address sanitizer says of every program that changes its stack."""
    lines = err.decode('utf-8', 'replace').splitlines(keepends=True)
    return ''.join(line for line in lines if "ASan doesn't fully support makecontext" not in line)


def environment(directory):
    env = {k: v for k, v in os.environ.items() if not k.startswith(('GRATICULE_', 'XDG_', 'WAYLAND_'))}
    env.pop('DISPLAY', None)
    # fontconfig keeps its tables until the process ends
    with open(os.path.join(directory, '.lsan'), 'w', encoding='ascii') as f:
        f.write('leak:libfontconfig\n')
    env.update(HOME=directory, TZ='UTC', LC_ALL='C',
               LSAN_OPTIONS=f'suppressions={directory}/.lsan:print_suppressions=0')
    return env


def check_files(step, directory):
    bad = []
    for mark, (name, *rest) in step['files']:
        found = [f for f in sorted(os.listdir(directory)) if re.fullmatch(name, f)]
        if mark == '=!':
            bad += [f'file {f}: not wanted' for f in found]
        elif not found:
            bad.append(f'no file {name}')
        elif rest:
            head = pathlib.Path(directory, found[0]).read_bytes()[:4096].decode('latin-1')
            if not re.match(rest[0], head, re.S):
                bad.append(f'file {found[0]}: starts with {head[:60]!r}, wanted {rest[0]!r}')
    return bad


def quiet(fd, seconds=0.4, longest=10):
    """What comes until nothing has come for a while."""
    text, end = b'', time.monotonic() + longest
    while time.monotonic() < end and select.select([fd], [], [], seconds)[0]:
        try:
            more = os.read(fd, 65536)
        except OSError:
            break
        if not more:
            break
        text += more
    return text


def at_terminal(grat, step, directory, env):
    child, fd = pty.fork()
    if child == 0:
        os.chdir(directory)
        os.execve(grat, [grat, *step['args']], {**env, **step['env'], 'TERM': 'dumb'})
    killer = threading.Timer(LIMIT_S, os.kill, [child, signal.SIGKILL])
    killer.start()
    text = quiet(fd, 1)
    for keys in step['keys']:
        os.write(fd, keys.encode().decode('unicode_escape').encode())
        text += quiet(fd)
    text += quiet(fd, 1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    killer.cancel()
    os.close(fd)
    bad = [] if status == step['status'] else [f'status {status}, wanted {step["status"]}']
    shown = text.decode('utf-8', 'replace')
    at = 0
    for want in step['seen']:
        hit = re.search(want, shown[at:])
        if not hit:
            bad.append(f'terminal: no {want!r} in {shown[at:]!r}')
            break
        at += hit.end()
    return bad


def run_step(grat, step, directory, env):
    for line in step['make']:
        name, text = line.split(' ', 1)
        pathlib.Path(directory, name).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(directory, name).write_text(text.replace('\\n', '\n'), encoding='utf-8')
    if step['keys']:
        return at_terminal(grat, step, directory, env) + check_files(step, directory)
    process = subprocess.Popen([grat, *step['args']], cwd=directory, env={**env, **step['env']}, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    killer = threading.Timer(LIMIT_S, process.kill)
    killer.start()
    early = []
    try:
        if step['signal']:
            send(process, *step['signal'], early)
        out, err = process.communicate(''.join(l + '\n' for l in step['in']).encode())
    finally:
        killer.cancel()
    bad = [] if process.returncode == step['status'] else [f'status {process.returncode}, wanted {step["status"]}']
    bad += compare('stdout', step['out'], (b''.join(early) + out).decode('utf-8', 'replace'))
    bad += compare('stderr', step['err'], said(err))
    return bad + check_files(step, directory)


def run_case(grat, path):
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        env = environment(directory)
        for step in parse(path.read_text(encoding='utf-8')):
            for why in run_step(grat, step, directory, env):
                print(f'{path.name}:{step["line"]}: grat {shlex.join(step["args"])}: {why}')
                failed += 1
    print(f'{"FAIL" if failed else "ok  "} {path.stem}')
    return failed


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    grat = os.path.abspath(sys.argv[1])
    cases = [pathlib.Path(p) for p in sys.argv[2:]] or sorted(HERE.glob('*.t'))
    if not cases:
        raise SystemExit('no cases')
    sys.exit(1 if sum(run_case(grat, c) for c in cases) else 0)


if __name__ == '__main__':
    main()
