#!/usr/bin/env python3
"""The documentation is what it says.

run.py pages|site|notebook|pip BUILD    exit status 77 when a package is missing
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
SYSTEM_PYTHON = '/usr/bin/python3'
NEEDS = {'pages': ['numpy', 'pandas', 'matplotlib', 'pyvisa', 'pytest'], 'site': ['sphinx', 'furo', 'myst_parser'],
         'notebook': ['nbconvert', 'ipykernel', 'matplotlib', 'pandas'], 'pip': ['pip', 'setuptools', 'venv']}


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
    python = (made / 'reference' / 'python.html').read_text(encoding='utf-8')
    c = (made / 'reference' / 'c.html').read_text(encoding='utf-8')
    for text, where in (('graticule.Instrument.capture', python), ('grat_query_block_alloc', c), ('grat_sync_run', c)):
        if text not in where:
            print('the reference has no %s' % text)
            status = 1
    return status


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
    return {'pages': pages, 'site': site, 'notebook': notebook, 'pip': pip}[what](build)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
