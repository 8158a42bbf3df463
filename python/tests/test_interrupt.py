"""Ctrl-C, as a signal to a program that waits in the library."""
import subprocess
import sys

import pytest

COMMON = '''
import os, signal, sys, threading, time, warnings
import graticule as gr
def press(after):
    threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT)).start()
bench = gr.sim("ds1104z", options="ch1=sine:1kHz:2V")
scope = gr.open(bench.resource)
began = time.monotonic()
'''

READ = '''
press(0.3)
try:
    scope.read(timeout=60)
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - began < 20, scope.query("*IDN?")[:5])
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
assert signal.set_wakeup_fd(-1) == -1
'''

QUERY = '''
press(0.3)
try:
    scope.query(":NOSUCH?", timeout=60)
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - began < 20, scope.query("*IDN?")[:5])
'''

STREAM = '''
logger = gr.open("SIM::bitscope")
press(1.5)
try:
    for block in logger.stream(1e4, "A", low=0, high=5):
        pass
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - began < 20, logger.capture("A", period=1e-3, trigger="none").samples > 0)
'''

CAPTURE = '''
press(2.5)
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    t = scope.capture("1", period=1e-2, low=-2, high=2, trigger="1:rising@0V", count=1000000, timeout=60)
print("kept", len(t) > 0, len(t) < 1000000, [x.category.__name__ for x in w], scope.query("*IDN?")[:5])
'''

UNTRIGGERED = '''
press(1.5)
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    t = scope.capture("1", period=2e-3, low=-2, high=2, trigger="1:rising@1.9V", timeout=60)
print("so far", t.cut, [x.category.__name__ for x in w], scope.query("*IDN?")[:5])
'''

OWN_HANDLER = '''
seen = []
signal.signal(signal.SIGINT, lambda *a: seen.append(a[0]))
press(0.3)
try:
    scope.read(timeout=60)
except gr.Cancelled:
    print("cancelled", seen == [signal.SIGINT])
'''

WAKEUP = '''
r, w = os.pipe()
os.set_blocking(w, False)
signal.set_wakeup_fd(w)
press(0.3)
try:
    scope.read(timeout=60)
except KeyboardInterrupt:
    print("passed on", os.read(r, 1) == bytes([signal.SIGINT]), signal.set_wakeup_fd(-1) == w)
'''

FORKED = '''
press(0.3)
try:
    scope.read(timeout=60)
except KeyboardInterrupt:
    pass
sys.stdout.flush()
child = os.fork()
if child == 0:
    other = gr.open("SIM::ds1104z")
    press(0.3)
    try:
        other.read(timeout=60)
    except KeyboardInterrupt:
        print("child interrupted")
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)
'''

# The other thread gets its turn just when a call of the library begins or ends.
MANY = '''
from graticule._lib import lib
scope = gr.open("SIM::plain")
rest, wrong = threading.Event(), []
def presser():
    for _ in range(500):
        rest.wait()
        rest.clear()
        os.kill(os.getpid(), signal.SIGINT)
    rest.wait()
    os._exit(3 if wrong else 0)
threading.Thread(target=presser, daemon=True).start()
print("500 interrupts", flush=True)
while True:
    try:
        rest.set()
        while True:
            scope.identify()
            scope.query("*IDN?")
    except KeyboardInterrupt:
        if lib.grat_sigint_depth() or scope._caller.busy or scope.query(":ECHO? x") != "x":
            wrong.append(1)
'''


@pytest.mark.parametrize('text, expected', [
    pytest.param(READ, 'interrupted True RIGOL', id='read'),
    pytest.param(QUERY, 'interrupted True RIGOL', id='query'),
    pytest.param(STREAM, 'interrupted True True', id='stream'),
    pytest.param(CAPTURE, "kept True True ['Interrupted'] RIGOL", id='capture'),
    pytest.param(UNTRIGGERED, "so far True ['Interrupted'] RIGOL", id='untriggered'),
    pytest.param(OWN_HANDLER, 'cancelled True', id='own-handler'),
    pytest.param(WAKEUP, 'passed on True True', id='wakeup-fd'),
    pytest.param(MANY, '500 interrupts', id='many'),
    pytest.param(FORKED, 'child interrupted', id='forked')])
def test_ctrl_c(text, expected):
    done = subprocess.run([sys.executable, '-c', COMMON + text + '\nscope.close(); bench.close()'],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.stdout.decode().strip() == expected, done.stderr.decode()
    assert done.returncode == 0, done.stderr.decode()
