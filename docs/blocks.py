#!/usr/bin/env python3
"""Runs every block of the documentation's pages, against simulated instruments.

blocks.py BUILD [--pictures DIR] [PAGE.md…]    exit status 1 when a block fails or says something else than the page

A page's blocks run in order, in one directory:
  ```console           lines with $ run; the lines below them are what they print, "…" stands for anything
  ```python            runs in one interpreter for the page
  ```{code-block} KIND with :caption: NAME becomes the file NAME; it runs only where a line of the page runs it
Other blocks are text. Comments of the page are orders:
  <!-- sim: ARGUMENTS -->    starts `grat sim ARGUMENTS` first; addresses are put on the loopback device
  <!-- env: NAME=VALUE -->   the environment of the page
  <!-- interrupt: SECONDS -->   the next block is ended by Ctrl-C after so long
  <!-- skip: WHY -->         the next block needs what a test does not have
The page's pictures (![](NAME)) that its blocks made are copied to DIR, and what they printed to DIR/outputs.json.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent
LIMIT_S = 120
SYSTEM_PYTHON = '/usr/bin/python3'

# Blocks come as one JSON line each; what they print goes to the answer.
INTERPRETER = '''
import contextlib, io, json, sys, traceback, warnings
try:
    import matplotlib
    matplotlib.use("agg")
except ImportError:
    pass
space = {"__name__": "__main__"}
for line in sys.stdin:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(json.loads(line), "<page>", "exec"), space)
            failed = None
        except BaseException:
            failed = traceback.format_exc()
    print(json.dumps([out.getvalue(), failed]), flush=True)
'''


class Block:
    def __init__(self, line, kind, text, caption, orders):
        self.line, self.kind, self.text, self.caption, self.orders = line, kind, text, caption, orders


def parse(text):
    """The blocks of a page, and what its comments order for all of it."""
    blocks, page, orders = [], [], {}
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        order = re.fullmatch(r'<!-- (\w+): (.*) -->', line)
        if order and order[1] in ('sim', 'env'):
            page.append((order[1], order[2]))
        elif order:
            orders[order[1]] = order[2]
        fence = re.fullmatch(r'(```+)(?:\{code-block\} *)?(\w*)', line)
        if not fence:
            continue
        body, caption = [], None
        for _, inner in lines:
            if inner.startswith(fence[1]):
                break
            option = re.fullmatch(r':caption: (\S+)', inner) if not body else None
            if option:
                caption = option[1]
            elif body or inner:
                body.append(inner)
        blocks.append(Block(number, fence[2], '\n'.join(body) + '\n', caption, orders))
        orders = {}
    return blocks, page


def same(wanted, got):
    pattern = '.*'.join(re.escape(part) for part in wanted.strip().split('…'))
    return re.fullmatch(pattern, got.strip(), re.S)


class Page:
    def __init__(self, path, build, pictures):
        self.path, self.build, self.pictures = path, build, pictures
        self.blocks, self.orders = parse(path.read_text(encoding='utf-8'))
        self.python, self.started, self.bad = None, [], []
        self.outputs = {}        # by the line of the block: of a console what each command printed

    def environment(self, folder):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(('GRATICULE_', 'XDG_', 'PYTHON'))}
        home, tools = os.path.join(folder, 'home'), os.path.join(folder, 'tools')
        os.makedirs(os.path.join(home, '.config', 'graticule'))
        os.makedirs(tools)
        env = dict(keep, HOME=home, TZ='UTC', LC_ALL='C.UTF-8', PATH=tools + ':/usr/sbin:/usr/bin:/sbin:/bin',
                   PYTHONPATH=os.path.join(TREE, 'python'), PYTHONDONTWRITEBYTECODE='1', MPLBACKEND='agg',
                   GRATICULE_LIBRARY=os.path.join(self.build, 'libgraticule.so.0'), TQDM_DISABLE='1',
                   PYVISA_LIBRARY=os.path.join(self.build, 'libvisa.so.0'), LD_LIBRARY_PATH=self.build,
                   PKG_CONFIG_PATH=os.path.join(self.build, 'meson-uninstalled'), ASAN_OPTIONS='detect_leaks=0')
        asan = re.search(r'=> (\S*libasan\S*)', subprocess.run(
            ['ldd', env['GRATICULE_LIBRARY']], stdout=subprocess.PIPE, text=True, check=False).stdout)
        # A library with the address sanitizer needs its runtime first.
        programs = {'grat': (os.path.join(self.build, 'src', 'cli', 'grat'), ''),
                    'python3': (SYSTEM_PYTHON, 'LD_PRELOAD=%s ' % asan[1] if asan else '')}
        for name, (program, before) in programs.items():
            tool = pathlib.Path(tools, name)
            tool.write_text('#!/bin/sh\n%sexec %s "$@"\n' % (before, program), encoding='utf-8')
            tool.chmod(0o755)
        if asan:
            env['CFLAGS'] = env['LDFLAGS'] = '-fsanitize=address,undefined'
        for kind, text in self.orders:
            if kind == 'env':
                name, _, value = text.partition('=')
                env[name] = value.replace('$FOLDER', folder)
        return env

    def start_simulators(self, env):
        for kind, text in self.orders:
            if kind != 'sim':
                continue
            for address in set(re.findall(r'\d+\.\d+\.\d+\.\d+', text)):
                if not address.startswith('127.'):
                    subprocess.run(['ip', 'address', 'replace', address + '/24', 'dev', 'lo'], check=True)
            process = subprocess.Popen('exec grat sim ' + text, shell=True, env=env, cwd=env['HOME'],
                                       stdout=subprocess.PIPE, text=True)
            self.started.append(process)
            for line in process.stdout:
                if line.strip() == 'ready':
                    break
            else:
                raise SystemExit('%s: grat sim %s did not get ready' % (self.path, text))

    def fail(self, block, what):
        self.bad.append('%s:%d: %s' % (self.path.relative_to(TREE), block.line, what))

    def run_python(self, block, env, work):
        if not self.python:
            self.python = subprocess.Popen(['python3', '-c', INTERPRETER], env=env, cwd=work, text=True,
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        timer = threading.Timer(LIMIT_S, self.python.kill)
        timer.start()
        self.python.stdin.write(json.dumps(block.text) + '\n')
        self.python.stdin.flush()
        answer = self.python.stdout.readline()
        timer.cancel()
        printed, failed = json.loads(answer) if answer else ('', 'the interpreter ended')
        self.outputs[block.line] = [printed]
        if failed:
            self.fail(block, failed)

    def run_console(self, block, env, work):
        commands = re.split(r'^\$ ', block.text, flags=re.M)[1:]
        for text in commands:
            command, _, wanted = text.partition('\n')
            while command.endswith('\\'):
                more, _, wanted = wanted.partition('\n')
                command += '\n' + more
            status, got = self.shell(command, env, work, block.orders.get('interrupt'))
            self.outputs.setdefault(block.line, []).append(got)
            if status not in ((0, 3, 130) if 'interrupt' in block.orders else (0,)) and '$?' not in command:
                self.fail(block, '%s: exit status %d: %s' % (command, status, got.strip()[-500:]))
            elif wanted.strip() and not same(wanted, got):
                self.fail(block, '%s printed:\n%s\nthe page has:\n%s' % (command, got.strip(), wanted.strip()))

    def shell(self, command, env, work, interrupt):
        process = subprocess.Popen(['bash', '-c', command], env=env, cwd=work, text=True, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        timers = [threading.Timer(LIMIT_S, os.killpg, [process.pid, signal.SIGKILL])]
        if interrupt:
            timers.append(threading.Timer(float(interrupt), os.killpg, [process.pid, signal.SIGINT]))
        for timer in timers:
            timer.start()
        got = process.communicate()[0]
        for timer in timers:
            timer.cancel()
        said = [line for line in got.splitlines() if "ASan doesn't fully support makecontext" not in line]
        return process.returncode, '\n'.join(said)

    def run(self):
        with tempfile.TemporaryDirectory() as folder:
            env, work = self.environment(folder), os.path.join(folder, 'work')
            os.makedirs(work)
            try:
                self.start_simulators(env)
                for block in self.blocks:
                    if 'skip' in block.orders:
                        continue
                    if block.caption:
                        target = pathlib.Path(work, os.path.expanduser(block.caption.replace('~', env['HOME'])))
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_text(block.text, encoding='utf-8')
                    elif block.kind == 'console':
                        self.run_console(block, env, work)
                    elif block.kind == 'python':
                        self.run_python(block, env, work)
            finally:
                self.stop()
            self.keep_pictures(work)
            names = ((env['HOME'], '~'), (work, '.'), (self.build, 'build'), (str(TREE), '.'))
        for printed in self.outputs.values():
            for long, short in names:
                printed[:] = [text.replace(long, short) for text in printed]
        return self.bad

    def keep_pictures(self, work):
        for name in re.findall(r'!\[[^]]*\]\((?!http)([\w.-]+)\)', self.path.read_text(encoding='utf-8')):
            made = pathlib.Path(work, name)
            if not made.exists() or not made.stat().st_size:
                self.bad.append('%s: the picture %s was not made' % (self.path.relative_to(TREE), name))
            elif self.pictures:
                target = pathlib.Path(self.pictures, self.path.relative_to(HERE / 'site').parent, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(made, target)

    def stop(self):
        if self.python:
            self.python.stdin.close()
            self.python.wait(LIMIT_S)
        for process in self.started:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            process.stdout.close()


def enter_namespace():
    """Addresses and ports of our own."""
    if os.environ.get('GRAT_DOCS_INSIDE'):
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
        return
    os.environ['GRAT_DOCS_INSIDE'] = '1'
    options = '-n' if os.geteuid() == 0 else '-Urn'
    os.execvp('unshare', ['unshare', options, sys.executable] + sys.argv)


def main():
    parser = argparse.ArgumentParser(description='Runs the blocks of the documentation.')
    parser.add_argument('build')
    parser.add_argument('--pictures')
    parser.add_argument('pages', nargs='*')
    args = parser.parse_args()
    enter_namespace()
    pages = [pathlib.Path(p).resolve() for p in args.pages] or sorted((HERE / 'site').rglob('*.md'))
    bad, outputs = [], {}
    for path in pages:
        page = Page(path, os.path.abspath(args.build), args.pictures)
        if not page.blocks:
            continue
        wrong = page.run()
        print('%s %s' % ('FAIL' if wrong else 'ok  ', path.relative_to(HERE)), flush=True)
        for line in wrong:
            print(line, flush=True)
        bad += wrong
        outputs[str(path.relative_to(HERE / 'site'))] = page.outputs
    if args.pictures:
        pathlib.Path(args.pictures, 'outputs.json').write_text(json.dumps(outputs), encoding='utf-8')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
