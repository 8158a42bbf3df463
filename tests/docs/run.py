#!/usr/bin/env python3
"""The documentation is what it says.

run.py pages|site|sentences|notebook|pip BUILD    exit status 77 when a package is missing
"""
import html
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
SYSTEM_PYTHON = '/usr/bin/python3'
NEEDS = {'pages': ['numpy', 'pandas', 'matplotlib', 'pyvisa', 'pytest'], 'site': ['sphinx', 'furo', 'myst_parser'],
         'notebook': ['nbconvert', 'ipykernel', 'matplotlib', 'pandas'], 'pip': ['pip', 'setuptools', 'venv'],
         'sentences': []}


def environment(build):
    library = os.path.join(build, 'libgraticule.so.0')
    env = dict(os.environ, GRATICULE_LIBRARY=library, PYTHONPATH=str(TREE / 'python'), ASAN_OPTIONS='detect_leaks=0',
               PYTHONDONTWRITEBYTECODE='1', GRATICULE_CONFIG=os.devnull)
    linked = subprocess.run(['ldd', library], stdout=subprocess.PIPE, text=True, check=True).stdout
    asan = re.search(r'=> (\S*libasan\S*)', linked)
    return env, asan[1] if asan else ''


def pages(build):
    return subprocess.run([SYSTEM_PYTHON, TREE / 'docs' / 'blocks.py', build], check=False).returncode


def site(build):
    command = [SYSTEM_PYTHON, TREE / 'docs' / 'make.py', build, '--no-pictures', '--strict']
    status = subprocess.run(command, check=False).returncode
    made = pathlib.Path(build, 'docs', 'site')
    for name in ('index.html', 'reference/command.html', 'reference/c.html', 'reference/python.html'):
        if not (made / name).is_file() or (made / name).stat().st_size < 5000:
            print('%s is not there, or empty' % name)
            status = 1
    wrong = list(links(made)) + list(missing(build, made)) + list(search(made))
    for line in wrong:
        print(line)
    return 1 if wrong else status


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.targets, self.places = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ('href', 'src'):
                self.targets.append(value)
            elif name == 'id' or (name == 'name' and tag == 'a'):
                self.places.add(value)


def links(made):
    """What leads nowhere within the site."""
    pages = {p: Links(p.read_text(encoding='utf-8')) for p in made.rglob('*.html')}
    for page, found in pages.items():
        for target in found.targets:
            path, _, place = urllib.parse.unquote(target or '').partition('#')
            if re.match(r'[a-z]+:|//', path):
                continue
            there = (page.parent / path.split('?')[0]).resolve() if path else page
            known = pages.get(there)
            if not there.exists() or (place and known and place not in known.places):
                yield '%s: a link to %s, which is not there' % (page.relative_to(made), target)


def missing(build, made):
    """Public names without a place in the reference."""
    text = {name: html.unescape(re.sub(r'<[^>]*>', '', (made / 'reference' / (name + '.html')).read_text(
        encoding='utf-8'))) for name in ('c', 'command')}
    python = Links((made / 'reference' / 'python.html').read_text(encoding='utf-8')).places
    for header in sorted((TREE / 'include' / 'graticule').glob('*.h')):
        for name in re.findall(r'^GRAT_API [^(;]*?(grat_\w+)\(', header.read_text(encoding='utf-8'), re.M):
            if name + '(' not in text['c']:
                yield 'reference/c: no %s' % name
    grat = os.path.join(build, 'src', 'cli', 'grat')
    for command in re.findall(r'^## grat (\w+)', (pathlib.Path(build, 'docs', 'source', 'reference', 'command.md')
                                                  ).read_text(encoding='utf-8'), re.M):
        said = subprocess.run([grat, 'help', '--man', command], stdout=subprocess.PIPE, text=True, check=True).stdout
        for option in set(re.findall(r'\\-\\-((?:[a-z0-9]|\\-)+)', said)):
            if '--' + option.replace('\\-', '-') not in text['command']:
                yield 'reference/command: grat %s has no --%s' % (command, option)
    names = subprocess.run([SYSTEM_PYTHON, '-c', NAMES], env=preloaded(build), stdout=subprocess.PIPE, text=True,
                           check=True).stdout.split()
    for name in names:
        if name not in python:
            yield 'reference/python: no %s' % name


NAMES = """
import graticule, inspect
for name in graticule.__all__:
    print('graticule.' + name)
    what = getattr(graticule, name)
    if inspect.isclass(what) and not issubclass(what, Exception):
        print('\\n'.join('graticule.%s.%s' % (name, m) for m in vars(what) if m[0] != '_' and not (
            hasattr(what, '_fields') and m in what._fields)))
"""


def search(made):
    """The index of the search has words of the pages."""
    index = (made / 'searchindex.js').read_text(encoding='utf-8')
    for word in ('screenshot', 'bitscop', 'grat_captur', 'v4l2'):
        if word not in index:
            yield 'the search does not know %s' % word


def preloaded(build):
    env, asan = environment(build)
    return dict(env, LD_PRELOAD=asan)


def literals():
    """The texts of the sources, each whole, with … where something is put in."""
    for path in [*TREE.glob('src/**/*.c'), *TREE.glob('sim/**/*.c'), *TREE.glob('python/graticule/*.py')]:
        code = path.read_text(encoding='utf-8')
        quotes = r'"(?:[^"\\\n]|\\.)*"' if path.suffix == '.c' else r"'(?:[^'\\\n]|\\.)*'"
        for run in re.findall(r'%s(?:\s*%s)*' % (quotes, quotes), code):
            text = ''.join(part[1:-1] for part in re.findall(quotes, run))
            yield re.sub(r'%[-+ #0-9.*]*(?:ll|l|z|h)?[a-zA-Z]', '…', text)


def sentences(_):
    """Each sentence that the page of symptoms quotes is one that the program still says."""
    page = (TREE / 'docs' / 'site' / 'troubleshooting.md').read_text(encoding='utf-8')
    quoted = re.findall(r'“([^”]*)”', page)
    known = '\n'.join(literals())
    gone = [text for text in quoted if not re.search(re.escape(text).replace('…', '[^\n]*'), known)]
    for text in gone:
        print('troubleshooting.md: nothing says: %s' % text)
    print('%d sentences' % len(quoted))
    return 1 if gone or len(quoted) < 10 else 0


def notebook(build):
    env, asan = environment(build)
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder, 'home')
        kernel = home / 'kernels' / 'python3'
        kernel.mkdir(parents=True)
        # The kernel is the system's, with the library's runtime.
        spec = {'argv': [SYSTEM_PYTHON, '-m', 'ipykernel_launcher', '-f', '{connection_file}'], 'language': 'python',
                'display_name': 'Python 3', 'env': {'LD_PRELOAD': asan} if asan else {}}
        (kernel / 'kernel.json').write_text(json.dumps(spec), encoding='utf-8')
        env.update(HOME=str(home), JUPYTER_PATH=str(home), IPYTHONDIR=str(home / 'ipython'),
                   JUPYTER_RUNTIME_DIR=str(home / 'run'), MPLCONFIGDIR=str(home / 'mpl'))
        command = [SYSTEM_PYTHON, '-m', 'nbconvert', '--to', 'notebook', '--execute', '--output-dir', folder,
                   '--ExecutePreprocessor.timeout=120', TREE / 'docs' / 'notebook' / 'scope.ipynb']
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        if done.returncode:
            print(done.stdout)
            return 1
        cells = json.loads(pathlib.Path(folder, 'scope.ipynb').read_text(encoding='utf-8'))['cells']
    outputs = [o for cell in cells for o in cell.get('outputs', [])]
    pictures = [o for o in outputs if 'image/png' in o.get('data', {})]
    tables = [o for o in outputs if '<table' in ''.join(o.get('data', {}).get('text/html', []))]
    print('%d outputs, %d pictures, %d tables' % (len(outputs), len(pictures), len(tables)))
    return 0 if len(pictures) == 3 and tables else 1


def pip(build):
    """Installs the package of the tree into an empty environment and uses it there."""
    env, asan = environment(build)
    env.pop('PYTHONPATH')
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([SYSTEM_PYTHON, '-m', 'venv', '--system-site-packages', '--without-pip', folder + '/v'],
                       check=True)
        inside = folder + '/v/bin/python'
        # No network: setuptools is the system's. The library is not built once more.
        env.pop('GRATICULE_LIBRARY')
        subprocess.run([inside, '-m', 'pip', 'install', '-q', '--no-build-isolation', '--no-deps', '--no-index',
                        '--disable-pip-version-check', str(TREE)], check=True, env=dict(env, GRATICULE_BUILD=build),
                       cwd=folder)
        text = ('import graticule as gr, os; print(gr.__file__); s = gr.open("SIM::plain"); '
                'print(s.query("*IDN?")); print(gr._lib.lib._name); '
                'print(os.path.exists(os.path.join(os.path.dirname(gr.__file__), "py.typed")))')
        said = subprocess.run([inside, '-c', text], env=dict(env, LD_PRELOAD=asan), stdout=subprocess.PIPE, text=True,
                              check=True, cwd=folder).stdout
        print(said)
        plugin = subprocess.run([inside, '-m', 'pytest', '--version', '--version'], env=dict(env, LD_PRELOAD=asan),
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
                                cwd=folder).stdout
    lines = said.split()
    right = all(line.startswith(folder + '/v/') for line in (lines[0], lines[2])) and lines[-1] == 'True'
    right = right and 'graticule' in plugin
    return 0 if right else 1


def main(what, build):
    for module in NEEDS[what]:
        if subprocess.run([SYSTEM_PYTHON, '-c', 'import ' + module], stderr=subprocess.DEVNULL, check=False).returncode:
            print('SKIPPED: %s has no module %s; tools/install-deps check installs it' % (SYSTEM_PYTHON, module))
            return 77
    return {'pages': pages, 'site': site, 'sentences': sentences, 'notebook': notebook, 'pip': pip}[what](build)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
