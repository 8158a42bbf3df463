#!/usr/bin/env python3
"""Makes the documentation's site: BUILD/docs/site/index.html.

make.py BUILD [--no-pictures] [--strict]

The pages of docs/site, the facts of docs/reference, and what is made here from the tree: the command's reference from the
command itself, the C reference from the public headers, the list of simulators from `grat sim --list`. The pictures are
made by running the pages (blocks.py), and what the blocks printed then stands where the pages have "…"; --no-pictures
takes those of the last run or grey ones. --strict: a warning of Sphinx is an error.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent
HEADERS = {'graticule.h': 'For programs', 'sync.h': 'Many instruments, one instant', 'bitscope.h': 'BitScope registers',
           'sim.h': 'Simulated instruments', 'serve.h': 'The bench in a browser', 'binding.h': 'For bindings',
           'backend.h': 'For transports, drivers, formats'}


HTTP_TEXT = '''`grat serve` puts the bench into a browser: live traces, knobs, measurements, downloads, a console. It
listens on this computer alone unless told otherwise; beyond it only encrypted and with a token. The page speaks to the
server by this interface, which a running server describes at `/api/openapi.json`;
[the facts](facts/serve.md) say how it is protected.

```console
$ grat serve SIM::ds1104z
```
'''


def grat(build, *args):
    return subprocess.run([os.path.join(build, 'src', 'cli', 'grat'), *args], stdout=subprocess.PIPE, text=True,
                          check=True, env=dict(os.environ, LC_ALL='C')).stdout


def command_page(build):
    text = grat(build, 'help')
    parts = ['# The command\n\nFrom the command\'s own table, as `grat help`, the man pages and the completions are.\n',
             '```text\n%s```\n' % text]
    commands = re.findall(r'^  (\w+) ', text.split('Commands:')[1].split('\n\n')[0], re.M)
    for name in commands:
        parts.append('## grat %s\n\n```text\n%s```\n' % (name, grat(build, name, '--help')))
    return '\n'.join(parts)


def simulators_page(build):
    return '''# Simulated instruments

`grat sim`, `SIM::` resources, `graticule.sim` and the pytest fixtures serve the same models. How they behave is in the
[facts](facts.md).

```text
%s```
''' % grat(build, 'sim', '--list')


def declarations(text):
    """(section, comment, code) in the header's order: a comment belongs to what stands below it."""
    text = re.sub(r'^#ifdef __cplusplus$.*?^#endif$', '', text, flags=re.M | re.S)
    section, comment = '', ''
    token = re.compile(r'/\* -+ (?P<section>.*?) -+ \*/|(?P<comment>/\*.*?\*/)|(?P<code>[^\s/][^\n]*)', re.S)
    at = 0
    while True:
        hit = token.search(text, at)
        if not hit:
            return
        at = hit.end()
        if hit['section']:
            section, comment = hit['section'], ''
        elif hit['comment']:
            comment = hit['comment']
        else:
            code, at = statement(text, hit.start())
            yield section, comment, code
            comment = ''


def statement(text, start):
    """The code from `start` to the end of the declaration or directive."""
    depth, i = 0, start
    if text[start] == '#':
        while True:
            end = text.find('\n', i)
            end = len(text) if end < 0 else end
            if text[end - 1] != '\\':
                return text[start:end], end
            i = end + 1
    while i < len(text):
        if text.startswith('/*', i):
            i = text.index('*/', i) + 2
            continue
        if text[i] in '{(':
            depth += 1
        elif text[i] in ')}':
            depth -= 1
        elif text[i] == ';' and depth <= 0:
            end = text.find('\n', i)
            rest = text[i + 1:end]
            return (text[start:end], end) if rest.strip().startswith('/*') and '*/' in rest else (text[start:i + 1], i + 1)
        i += 1
    return text[start:], len(text)


def plain(comment):
    lines = [re.sub(r'^ ?\* ?', '', line) for line in comment[2:-2].strip().split('\n')]
    # The comments are plain text but for `code`: what Markdown would take for marks is escaped.
    parts = re.split(r'(`[^`]*`)', '\n'.join(line.rstrip() for line in lines))
    return ''.join(part if part.startswith('`') else re.sub(r'([*_<>\[\]`#|])', r'\\\1', part) for part in parts)


def c_page():
    parts = ['# The C interface\n\nFrom the public headers. `pkg-config graticule` gives the flags; '
             '[](../tasks/c.md) has two programs.\n']
    for name, title in HEADERS.items():
        path = TREE / 'include' / 'graticule' / name
        if not path.exists():
            continue
        parts.append('## %s: %s\n' % (name, title))
        text, last = path.read_text(encoding='utf-8'), ''
        parts.append(plain(re.match(r'/\*.*?\*/', text, re.S)[0]) + '\n')
        for section, comment, code in declarations(text):
            if re.match(r'#(include|define (GRATICULE|GRAT_API|GRAT_PRINTF)|if|else|endif|undef)', code):
                continue
            if section != last:
                parts.append('### %s\n' % (section[0].upper() + section[1:]))
                last = section
            if comment:
                parts.append(plain(comment) + '\n')
            parts.append('```c\n%s\n```\n' % code.replace('GRAT_API ', ''))
    return '\n'.join(parts)


def http_page():
    path = TREE / 'src' / 'serve' / 'page' / 'openapi.json'
    api = json.loads(path.read_text(encoding='utf-8'))
    parts = ['# The HTTP interface\n', HTTP_TEXT, '%s\n' % api['info'].get('description', '')]
    for where, methods in api['paths'].items():
        for method, what in methods.items():
            if method not in ('get', 'post', 'put', 'patch', 'delete'):
                continue
            parts.append('## %s %s\n\n%s\n' % (method.upper(), where.replace('{', '\\{').replace('}', '\\}'),
                                             what.get('summary') or what.get('description', '')))
            if what.get('summary') and what.get('description'):
                parts.append(what['description'] + '\n')
            for p in what.get('parameters', []):
                p = api['components']['parameters'][p['$ref'].split('/')[-1]] if '$ref' in p else p
                parts.append('- `%s` (%s): %s' % (p['name'], p['in'], p.get('description', '')))
            answers = ['%s: %s' % (code, a.get('description', '')) for code, a in what.get('responses', {}).items()]
            parts.append('\n%s\n' % '; '.join(answers))
    return '\n'.join(parts)


def notebook_page():
    """The cells of the notebook as text."""
    path = TREE / 'docs' / 'notebook' / 'scope.ipynb'
    parts = []
    for cell in json.loads(path.read_text(encoding='utf-8'))['cells']:
        text = ''.join(cell['source'])
        parts.append(text if cell['cell_type'] == 'markdown' else '```python\n%s\n```' % text)
    return '\n\n'.join(parts) + '\n'


def facts_pages(source):
    target = source / 'reference' / 'facts'
    target.mkdir(parents=True)
    names = []
    for path in sorted((TREE / 'docs' / 'reference').glob('*.md')):
        shutil.copy(path, target / path.name)
        names.append(path.stem)
    return '''# Facts

The facts of protocols and devices that the code rests on, with their sources and how far they are verified.

```{toctree}
:maxdepth: 1
%s
```
''' % '\n'.join('facts/' + name for name in names)


def grey():
    """A picture of one grey point."""
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 1, 1, 8, 0, 0, 0, 0)) +
            chunk(b'IDAT', zlib.compress(b'\0\x80')) + chunk(b'IEND', b''))


def tip(text):
    """How a page that has a simulated bench is followed without an instrument."""
    orders = re.findall(r'^<!-- sim: (.*) -->$', text, re.M)
    if not orders:
        return text
    items = []
    for model, address, options in re.findall(r'([\w-]+)@([\d.]+)(\?\S+)?', orders[0]):
        if address in text.replace(orders[0], ''):
            items.append('`SIM::%s%s` in the place of `TCPIP::%s::INSTR`' % (model, options, address))
    pty = re.match(r'([\w-]+) --pty (\S+)', orders[0])
    if pty:
        items.append('`SIM::%s` in the place of `%s::%s`' % (pty[1], pty[1].upper(), pty[2]))
    note = '```{tip}\nNo instrument at hand? Write %s: a simulated one inside the process, as the one that printed what ' \
           'this page shows.\n```\n' % ' and '.join(items)
    head, order, rest = text.partition('<!-- sim: %s -->\n' % orders[0])
    return head + order + '\n' + note + rest if items else text


SHOWN = 24    # lines of what a command printed


def clipped(text):
    lines = text.rstrip().split('\n')
    return lines if len(lines) <= SHOWN else lines[:SHOWN - 2] + ['…']


def with_outputs(text, outputs):
    """A page with what its blocks printed, by the line of the block."""
    out, lines = [], iter(enumerate(text.split('\n'), 1))
    for number, line in lines:
        out.append(line)
        printed = outputs.get(str(number))
        if printed is None:
            continue
        body = []
        for _, inner in lines:
            if inner.startswith('```'):
                break
            body.append(inner)
        if line.startswith('```python'):
            shown = clipped(printed[0])
            out += body + ['```'] + (['', '```text'] + shown + ['```'] if printed[0].strip() else [])
            continue
        for got, part in zip(printed, re.split(r'^(?=\$ )', '\n'.join(body), flags=re.M)[1:]):
            command = re.match(r'\$ (?:.*\\\n)*.*', part)[0]
            out += [command] + (clipped(got) if got.strip() else [])
        out.append('```')
    return '\n'.join(out)


def pictures(build, source, make):
    kept = pathlib.Path(build, 'docs', 'pictures')
    if make:
        shutil.rmtree(kept, ignore_errors=True)
        subprocess.run([sys.executable, HERE / 'blocks.py', build, '--pictures', kept], check=True)
    if kept.exists():
        shutil.copytree(kept, source, dirs_exist_ok=True)
    if (source / 'outputs.json').exists():
        for name, outputs in json.loads((source / 'outputs.json').read_text(encoding='utf-8')).items():
            page = source / name
            if page.exists():
                page.write_text(with_outputs(page.read_text(encoding='utf-8'), outputs), encoding='utf-8')
    for page in source.rglob('*.md'):
        for name in re.findall(r'!\[[^]]*\]\((?!http)([\w.-]+)\)', page.read_text(encoding='utf-8')):
            if not (page.parent / name).exists():
                (page.parent / name).write_bytes(grey() if name.endswith('png') else
                                                 b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')


def assemble(build, source, make_pictures):
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(HERE / 'site', source)
    shutil.copy(HERE / 'conf.py', source / 'conf.py')
    pages = {'command': command_page(build), 'c': c_page(), 'simulators': simulators_page(build),
             'facts': facts_pages(source), 'http': http_page()}
    for name, text in pages.items():
        (source / 'reference' / (name + '.md')).write_text(text, encoding='utf-8')
    (source / 'notebook.md').write_text(notebook_page(), encoding='utf-8')
    pictures(build, source, make_pictures)
    for page in source.rglob('*.md'):
        page.write_text(tip(page.read_text(encoding='utf-8')), encoding='utf-8')


def main():
    parser = argparse.ArgumentParser(description='Makes the site of the documentation.')
    parser.add_argument('build')
    parser.add_argument('--no-pictures', action='store_true')
    parser.add_argument('--strict', action='store_true')
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    source, out = pathlib.Path(build, 'docs', 'source'), pathlib.Path(build, 'docs', 'site')
    assemble(build, source, not args.no_pictures)
    library = os.path.join(build, 'libgraticule.so.0')
    env = dict(os.environ, GRATICULE_LIBRARY=library, PYTHONPATH=str(TREE / 'python'), ASAN_OPTIONS='detect_leaks=0',
               PYTHONDONTWRITEBYTECODE='1')
    asan = re.search(r'=> (\S*libasan\S*)', subprocess.run(['ldd', library], stdout=subprocess.PIPE, text=True,
                                                           check=True).stdout)
    if asan:
        env['LD_PRELOAD'] = asan[1]
    shutil.rmtree(out, ignore_errors=True)
    done = subprocess.run(['/usr/bin/python3', '-m', 'sphinx', '-q', '-E', '-b', 'html', '-d', os.path.join(build, 'docs', 'trees'),
                           *(['-W', '--keep-going'] if args.strict else []), source, out], env=env, check=False)
    if done.returncode == 0:
        print('%s' % (out / 'index.html'))
    return done.returncode


if __name__ == '__main__':
    sys.exit(main())
