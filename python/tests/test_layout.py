"""The ctypes declarations against what the compiler makes of the headers."""
import ctypes
import os
import shutil
import subprocess

import pytest

from graticule import _abi

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def facts():
    """C expression and what Python takes it for."""
    for s in _abi.STRUCTURES:
        yield 'sizeof(%s)' % s.__name__, ctypes.sizeof(s)
        for name, *_ in s._fields_:
            field = getattr(s, name)
            yield 'offsetof(%s, %s)' % (s.__name__, name), field.offset
            yield 'sizeof(((%s *)0)->%s)' % (s.__name__, name), field.size
    yield from _abi.CONSTANTS.items()


def test_layout(tmp_path):
    compiler = shutil.which('cc') or shutil.which('gcc')
    if not compiler:
        pytest.skip('no C compiler')
    expected = list(facts())
    source, program = tmp_path / 'layout.c', tmp_path / 'layout'
    lines = ['#include <graticule/%s.h>' % name for name in ('binding', 'sim', 'sync')]
    lines += ['#include <stdio.h>', 'int main(void) {']
    lines += ['printf("%%ld\\n", (long)(%s));' % text for text, _ in expected]
    source.write_text('\n'.join(lines + ['return 0; }\n']))
    subprocess.run([compiler, '-I', os.path.join(TREE, 'include'), '-o', str(program), str(source)], check=True,
                   env=dict(os.environ, LD_PRELOAD=''))
    got = subprocess.run([str(program)], stdout=subprocess.PIPE, check=True, env=dict(os.environ, LD_PRELOAD=''))
    wrong = ['%s is %s, Python has %s' % (text, c, mine)
             for (text, mine), c in zip(expected, map(int, got.stdout.split())) if c != mine]
    assert not wrong
    assert len(expected) > 150
