#!/usr/bin/env python3
"""The house limits, enforced.

check.py [--root DIR]    prints each violation, exit 1 when there is one
check.py --self-test     proves on bad samples that each rule fires, and on a good one that none does
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

MAX_FUNCTION_LINES = 100
MAX_COMPLEXITY = 20
MAX_FILE_LINES = 1200
MAX_COLUMNS = 120
MAX_PARAMETERS = 6
MAX_NESTING = 4
MIN_HEADER_COMMENTS = 0.5

TREES = ('include', 'src', 'sim', 'tests', 'tools', 'python', 'examples')

# What each directory may include beside itself and the public headers. The longest matching prefix counts.
# A directory listed under several keys is a sibling of the others: it does not see them.
LAYERS = {
    'src': [],
    'src/core': [],
    'src/wire': ['src/core'],
    'src/resource': ['src/core'],
    'src/config': ['src/core', 'src/resource'],
    'src/bitscope': ['src/core'],
    'src/pico': ['src/core'],
    'src/transport': ['src/core', 'src/wire', 'src/resource', 'src/config', 'src/pico'],
    'src/transport/sim': ['src/core', 'src/wire', 'src/resource', 'src/config', 'src/transport', 'sim/core'],
    'src/session': ['src/core', 'src/wire', 'src/resource', 'src/config', 'src/transport', 'src/bitscope',
                    'src/pico'],
    'src/scpi': ['src/core', 'src/wire', 'src/resource', 'src/config', 'src/transport', 'src/session'],
    'src/discover': ['src/core', 'src/wire', 'src/resource', 'src/config', 'src/transport', 'src/session',
                     'src/scpi', 'src/pico'],
    'src/scope': ['src/core', 'src/wire', 'src/resource', 'src/config', 'src/transport', 'src/session', 'src/scpi',
                   'src/bitscope', 'src/pico'],
    'src/screen': ['src/core', 'src/wire', 'src/resource', 'src/config', 'src/transport', 'src/session', 'src/scpi',
                   'src/format/image'],
    'src/measure': ['src/core'],
    'src/sink': ['src/core'],
    'src/format': ['src/core', 'src/sink', 'src/format/image'],
    'src/format/image': ['src/core'],
    'src/acquire': ['src/core', 'src/wire', 'src/resource', 'src/config', 'src/transport', 'src/session',
                    'src/scpi', 'src/discover', 'src/scope', 'src/screen', 'src/measure', 'src/sink', 'src/format'],
    'src/sync': ['src/core', 'src/config', 'src/session', 'src/scope', 'src/acquire', 'src/format'],
    'src/video': ['src/core', 'src/wire', 'src/resource', 'src/config', 'src/transport', 'src/session', 'src/scpi',
                  'src/screen', 'src/sink', 'src/format', 'src/format/image'],
    'src/serve': [],
    'src/cli': [],
    'sim': ['src/core', 'src/wire'],
    'sim/core': ['src/core', 'src/wire'],
    'sim/serve': ['sim/core', 'src/core', 'src/wire'],
    'sim/model': ['sim/core', 'src/core', 'src/wire'],
}
# Each directory inside these is an implementation: it sees the directory's own headers, not the other ones.
IMPLEMENTATIONS = ('src/transport', 'src/scope/drv', 'sim/model')
# Lists that name every implementation.
LISTS = ('list.c', 'models.c')
# Public calls that carry every argument of a wire procedure or a conversion, and callbacks of other libraries: their
# shape is published.
MANY_PARAMETERS = {'grat_image_convert', 'on_resolved', 'on_browsed', 'on_pico_stream'}
# Headers whose content is a standard's list; the calls in them keep the standard's shape.
STANDARD_HEADERS = ('include/visa.h', 'include/visatype.h', 'include/vpptype.h')
STANDARD_CALL = re.compile(r'vi[A-Z]')

BANNED = ('atoi', 'atol', 'atoll', 'atof', 'strcpy', 'strcat', 'sprintf', 'vsprintf', 'strtok', 'gmtime', 'localtime',
          'asctime', 'ctime', 'gets', 'rand', 'srand', 'tmpnam', 'mktemp')
# The checked wrappers live here, so the raw calls may be made here.
CHECKED = {'src/core/str.c': ('strtol', 'strtoul', 'strtoll', 'strtoull', 'strtod', 'strtod_l', 'strtof')}
UNCHECKED = ('strtol', 'strtoul', 'strtoll', 'strtoull', 'strtod', 'strtof')
MARKS = re.compile(r'\b(TO' r'DO|FIX' r'ME|XX' r'X)\b')
MACHINE = re.compile(r'/(?:work|home|root)/[a-z]')


class Checker:
    def __init__(self, root):
        self.root = root
        self.found = []
        self.notes = []

    def bad(self, path, line, rule, text):
        self.found.append((path, line, rule, text))

    def files(self, endings):
        for tree in TREES:
            for folder, folders, names in os.walk(os.path.join(self.root, tree)):
                folders[:] = sorted(d for d in folders if d not in ('corpus', '__pycache__', 'samples'))
                for name in sorted(names):
                    if name.endswith(endings):
                        yield os.path.relpath(os.path.join(folder, name), self.root)

    def read(self, path):
        with open(os.path.join(self.root, path), encoding='utf-8', errors='replace') as f:
            return f.read()

    def run(self):
        sources = list(self.files(('.c', '.h')))
        for path in sources:
            text = self.read(path)
            code = strip(text)
            self.check_text(path, text)
            self.check_calls(path, code)
            self.check_parameters(path, code)
            self.check_nesting(path, code)
            self.check_includes(path, text)
            if path.startswith('include' + os.sep) and path not in STANDARD_HEADERS:
                self.check_comments(path, text)
        for path in self.files(('.py', '.build', '.sh', '.txt')):
            self.check_text(path, self.read(path))
        self.check_functions([p for p in sources if p.endswith('.c')])
        return self.found

    def check_text(self, path, text):
        lines = text.split('\n')
        if len(lines) - 1 > MAX_FILE_LINES:
            self.bad(path, len(lines), 'file-length', '%d lines, at most %d' % (len(lines) - 1, MAX_FILE_LINES))
        for n, line in enumerate(lines, 1):
            width = len(line.expandtabs(8))
            if width > MAX_COLUMNS:
                self.bad(path, n, 'line-length', '%d columns, at most %d' % (width, MAX_COLUMNS))
            mark = MARKS.search(line)
            if mark:
                self.bad(path, n, 'mark', 'unfinished work: %s' % mark.group(1))
            if MACHINE.search(line) and os.path.basename(path) != 'check.py':
                self.bad(path, n, 'machine-path', 'a path of one machine: %s' % line.strip()[:60])

    def check_calls(self, path, code):
        allowed = CHECKED.get(path.replace(os.sep, '/'), ())
        checked = () if path.endswith(('_test.c', '_test.h')) else UNCHECKED
        names = [n for n in BANNED + checked if n not in allowed]
        pattern = re.compile(r'(?<![\w.>])(%s)\s*\(' % '|'.join(names))
        for n, line in enumerate(code.split('\n'), 1):
            for match in pattern.finditer(line):
                self.bad(path, n, 'banned', '%s is not used here' % match.group(1))

    def check_parameters(self, path, code):
        for match in re.finditer(r'(?m)^[A-Za-z_][\w \t\*]*?\b(\w+)\s*\(', code):
            name = match.group(1)
            if match.group(0).lstrip().startswith(('return', 'else', 'typedef', 'if', 'while')):
                continue
            count = arguments(code, match.end())
            if STANDARD_CALL.match(name) or name in MANY_PARAMETERS or name.isupper():
                continue
            if count > MAX_PARAMETERS:
                line = code.count('\n', 0, match.start()) + 1
                self.bad(path, line, 'parameters', '%s takes %d, at most %d' % (name, count, MAX_PARAMETERS))

    def check_nesting(self, path, code):
        depth, inside, reported = 0, False, False
        for n, line in enumerate(code.split('\n'), 1):
            if line.startswith('{'):
                inside, reported = True, False
            for c in line:
                depth += (c == '{') - (c == '}')
                if inside and depth > MAX_NESTING + 1 and not reported:
                    self.bad(path, n, 'nesting', 'deeper than %d' % MAX_NESTING)
                    reported = True
            if line.startswith('}'):
                inside, depth = False, 0

    def check_comments(self, path, text):
        comment = code = 0
        inside = False
        for line in text.split('\n'):
            rest = line.strip()
            if not rest:
                continue
            has_comment = inside or '/*' in rest or '//' in rest
            if inside:
                inside = '*/' not in rest
                only = not rest.split('*/', 1)[1].strip() if '*/' in rest else True
            else:
                only = rest.startswith(('/*', '//'))
                start = rest.rfind('/*')
                inside = start >= 0 and '*/' not in rest[start:]
            comment += has_comment
            code += not only
        if code and comment < MIN_HEADER_COMMENTS * code:
            self.bad(path, 1, 'comments', '%d comment lines to %d of code: %.2f, at least %.2f'
                     % (comment, code, comment / code, MIN_HEADER_COMMENTS))

    # ---- includes --------------------------------------------------------------------------------

    def check_includes(self, path, text):
        unix = path.replace(os.sep, '/')
        if unix.startswith(('include/', 'tests/')) or unix.endswith(('_test.c', '_test.h')):
            if unix.startswith('include/') and re.search(r'(?m)^\s*#\s*include\s*"(?!visatype\.h")', text):
                self.bad(path, 1, 'include', 'a public header includes public headers only')
            return
        home = os.path.dirname(unix)
        for n, line in enumerate(text.split('\n'), 1):
            match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if not match:
                continue
            target = self.resolve(home, match.group(1))
            if target is None:
                continue
            why = forbidden(unix, target)
            if why:
                self.bad(path, n, 'include', '%s may not include %s: %s' % (home, match.group(1), why))

    def resolve(self, home, name):
        for base in (home, 'src', '', 'tests'):
            candidate = os.path.normpath(os.path.join(base, name)).replace(os.sep, '/')
            if os.path.exists(os.path.join(self.root, candidate)):
                return candidate
        return None

    # ---- functions, by pmccabe ---------------------------------------------------------------------

    def check_functions(self, paths):
        if not shutil.which('pmccabe'):
            self.notes.append('pmccabe is not installed: function length and complexity were not checked')
            return
        for start in range(0, len(paths), 100):
            out = subprocess.run(['pmccabe'] + paths[start:start + 100], cwd=self.root, timeout=60,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True).stdout
            for line in out.splitlines():
                self.check_function(line)

    def check_function(self, line):
        fields = line.split('\t')
        if len(fields) < 6:
            return
        match = re.match(r'(.+)\((\d+)\): (.*)$', fields[5])
        if not match:
            return
        path, at, name = match.group(1), int(match.group(2)), match.group(3)
        if int(fields[1]) > MAX_COMPLEXITY:
            self.bad(path, at, 'complexity', '%s has %s, at most %d' % (name, fields[1], MAX_COMPLEXITY))
        if int(fields[4]) > MAX_FUNCTION_LINES:
            self.bad(path, at, 'function-length', '%s has %s lines, at most %d' % (name, fields[4], MAX_FUNCTION_LINES))


def strip(text):
    """The code with comments, strings and directives blanked; line numbers are kept."""
    def blank(match):
        return re.sub(r'[^\n]', ' ', match.group(0))
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)
    return re.sub(r'(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', blank, text)


def arguments(code, pos):
    """Parameters of the list that starts behind the parenthesis at pos, 0 when it is not a declaration."""
    depth, count, start = 1, 1, pos
    while pos < len(code) and depth:
        c = code[pos]
        depth += (c == '(') - (c == ')')
        count += c == ',' and depth == 1
        pos += 1
    rest = code[pos:pos + 200].lstrip()
    if not rest.startswith(('{', ';', 'GRAT_PRINTF', '__attribute__')):
        return 0
    return 0 if code[start:pos - 1].strip() in ('', 'void') else count


def layer(path):
    best = ''
    for prefix in LAYERS:
        if (path + '/').startswith(prefix + '/') and len(prefix) > len(best):
            best = prefix
    return best


def implementation(path):
    for base in IMPLEMENTATIONS:
        if path.startswith(base + '/') and '/' in path[len(base) + 1:]:
            return base + '/' + path[len(base) + 1:].split('/')[0]
    return None


def forbidden(path, target):
    """Why path may not include target, or None."""
    if target.startswith('include/'):
        return None
    mine, theirs = layer(os.path.dirname(path)), layer(os.path.dirname(target))
    impl, other = implementation(path), implementation(target)
    if other and impl != other:
        if os.path.basename(path) in LISTS and other.startswith(os.path.dirname(path)):
            return None
        return 'implementations do not see each other' if impl else 'only the list names implementations'
    if mine == theirs or (impl and target.startswith(impl + '/')):
        return None
    if theirs in LAYERS.get(mine, []) or any(theirs.startswith(a + '/') for a in LAYERS.get(mine, [])
                                             if theirs not in LAYERS):
        return None
    return 'includes go down only (%s sees %s)' % (mine or path, ', '.join(LAYERS.get(mine, [])) or 'public headers')


# ---- self-test -------------------------------------------------------------------------------------

GOOD = '/* One. */\n#include <graticule/graticule.h>\n\n#include "core/low.h"\n\nint f(int a)\n{\n    return a;\n}\n'


def samples():
    deep = 'void f(int a)\n{\n' + '    if (a) {\n' * 5 + '    a++;\n' + '    }\n' * 5 + '}\n'
    branches = 'int f(int a)\n{\n' + ''.join('    if (a == %d) return %d;\n' % (i, i + 1) for i in range(25)) \
        + '    return 0;\n}\n'
    lengthy = 'int f(int a)\n{\n' + '    a++;\n' * 120 + '    return a;\n}\n'
    header = '/* x */\n' + ''.join('int f%d(void);\n' % i for i in range(10))
    up = '#include "%s"\n'
    return [
        ('file-length', 'src/core/a.c', 'int a;\n' * 1201),
        ('line-length', 'src/core/a.c', 'int a; /* %s */\n' % ('x' * 120)),
        ('mark', 'src/core/a.c', '/* TO' 'DO later */\n'),
        ('mark', 'src/core/a.c', '/* FIX' 'ME */\n'),
        ('machine-path', 'src/core/a.c', 'const char *p = "/wo' 'rk/main";\n'),
        ('banned', 'src/core/a.c', 'int f(const char *s)\n{\n    return atoi(s);\n}\n'),
        ('banned', 'sim/core/a.c', 'void f(char *s)\n{\n    sprintf(s, "x");\n}\n'),
        ('banned', 'src/wire/a.c', 'long f(char *s)\n{\n    return strtol(s, 0, 10);\n}\n'),
        ('parameters', 'src/core/a.c', 'int f(int a, int b, int c, int d, int e, int g, int h)\n{\n    return 0;\n}\n'),
        ('nesting', 'src/core/a.c', deep),
        ('complexity', 'src/core/a.c', branches),
        ('function-length', 'src/core/a.c', lengthy),
        ('comments', 'include/graticule/a.h', header),
        ('include', 'include/graticule/a.h', '/* x */\n' + up % 'core/low.h'),
        ('include', 'src/core/a.c', up % 'wire/wire.h'),
        ('include', 'src/wire/a.c', up % 'transport/transport.h'),
        ('include', 'src/transport/vxi11/a.c', up % 'transport/tcp/tcp.h'),
        ('include', 'src/transport/a.c', up % 'session/session.h'),
        ('include', 'src/session/a.c', up % 'transport/tcp/tcp.h'),
        ('include', 'src/scope/a.c', up % 'screen/screen.h'),
        ('include', 'src/scope/a.c', up % 'acquire/acquire.h'),
        ('include', 'src/format/a.c', up % 'session/session.h'),
        ('include', 'src/sink/a.c', up % 'wire/wire.h'),
        ('include', 'src/format/image/a.c', up % 'sink/sink.h'),
        ('include', 'src/cli/a.c', up % 'core/low.h'),
        ('include', 'sim/serve/a.c', up % 'transport/tcp/tcp.h'),
        ('include', 'sim/core/a.c', up % 'sim/serve/serve.h'),
        ('include', 'sim/model/one/a.c', up % 'sim/model/two/two.h'),
        ('include', 'src/scope/drv/one/a.c', up % 'scope/drv/two/two.h'),
        (None, 'src/core/a.c', GOOD),
        (None, 'src/transport/list.c', up % 'transport/tcp/tcp.h'),
        (None, 'src/transport/tcp/a.c', up % 'tcp.h' + up % 'wire/wire.h'),
        (None, 'src/acquire/a.c', up % 'scope/scope.h' + up % 'format/format.h'),
        (None, 'sim/model/one/a.c', up % 'sim/core/core.h' + up % 'wire/wire.h'),
        (None, 'src/core/a.c', '/* atoi( is named in a comment */\nconst char *s = "strcpy(";\n'),
    ]


HEADERS = ['src/core/low.h', 'src/wire/wire.h', 'src/transport/transport.h', 'src/transport/tcp/tcp.h',
           'src/session/session.h', 'src/screen/screen.h', 'src/scope/scope.h', 'src/scope/drv/two/two.h',
           'src/acquire/acquire.h', 'src/format/format.h', 'src/sink/sink.h', 'sim/core/core.h', 'sim/serve/serve.h',
           'sim/model/two/two.h']


def self_test():
    failures = 0
    cases = samples()
    for rule, path, text in cases:
        with tempfile.TemporaryDirectory() as root:
            for name, content in [(h, '') for h in HEADERS] + [(path, text)]:
                os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
                with open(os.path.join(root, name), 'w') as f:
                    f.write(content)
            checker = Checker(root)
            rules = {found[2] for found in checker.run()}
        if rule in ('complexity', 'function-length') and checker.notes:
            print('skip  %s: %s' % (rule, checker.notes[0]))
            continue
        good = rules == ({rule} if rule else set())
        failures += not good
        print('%s  %-15s %s%s' % ('ok  ' if good else 'FAIL', rule or '(clean)', path,
                                  '' if good else ' fired %s' % (sorted(rules) or 'nothing')))
    print('%d samples, %d failed' % (len(cases), failures))
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description='The house limits, enforced.')
    parser.add_argument('--root', default=os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
    parser.add_argument('--self-test', action='store_true')
    args = parser.parse_args()
    if args.self_test:
        return self_test()
    checker = Checker(os.path.abspath(args.root))
    found = sorted(checker.run())
    for path, line, rule, text in found:
        print('%s:%d: %s: %s' % (path, line, rule, text))
    for note in checker.notes:
        print('note: ' + note)
    # The Python package has the structures of the headers in a file of its own.
    abi = os.path.join(checker.root, 'tools', 'python-abi')
    stale = os.path.exists(abi) and subprocess.run([sys.executable, abi, '--check'], check=False).returncode
    print('%d violations' % (len(found) + bool(stale)))
    return 1 if found or stale else 0


if __name__ == '__main__':
    sys.exit(main())
