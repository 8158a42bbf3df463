"""Recordings: into files, and out of them again.

By hand, a billion samples at full speed from the PicoScope stand-in, memory watched:
  GRATICULE_PICO_PATH=build/sim/pico/pico-standins GRATICULE_PICO_SIM='ps5000a 5444D A' \\
      /usr/bin/time -v build/src/cli/grat log PICO -c A --mode stream --rate 125MS/s --for 8s -o /dev/shm/run.h5 --json
"""
import os
import shutil
import tempfile

from kit import SYSTEM_PYTHON, run, whole

# As the examples of the vendor's Python wrapper do it: everything in one array, grown in a callback, saved at the end;
# and the same with h5py's own appending.
KEEP = '''
import sys, time, numpy
n, kind = int(sys.argv[2]), sys.argv[3]
block = (numpy.arange(50000) % 251 - 125).astype(kind)
begin, samples = time.perf_counter(), []
while len(samples) < n:
    samples.extend(block)
numpy.save(sys.argv[1], numpy.array(samples, kind))
print(time.perf_counter() - begin)
'''
APPEND = '''
import sys, time, numpy, h5py
n, kind = int(sys.argv[2]), sys.argv[3]
block = (numpy.arange(50000) % 251 - 125).astype(kind)
begin = time.perf_counter()
with h5py.File(sys.argv[1], 'w') as f:
    a = f.create_dataset('a', (0,), kind, maxshape=(None,), chunks=True)
    done = 0
    while done < n:
        a.resize((done + len(block),))
        a[done:] = block
        done += len(block)
print(time.perf_counter() - begin)
'''


def rows(bench):
    """In memory (tmpfs) where there is some: a disk's moods are larger than any difference."""
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else bench.folder) as folder:
        for bits in (8, 16):
            streaming(bench, folder, bits)
        plot(bench, folder)
        if shutil.which('sigrok-cli'):
            export(bench, folder)


def first_number(text):
    return float(text.split()[0])


def streaming(bench, folder, bits):
    n, part = (100 << 20, 1 << 20) if bench.quick else (1000 << 20, 4 << 20)
    tool, kind = bench.tool('bench_log'), 'i%d' % (bits // 8)
    for ending, script, peer in (('h5', APPEND, 'h5py'), ('npy', KEEP, 'numpy')):
        out, copy, theirs = (os.path.join(folder, name) for name in ('run.' + ending, 'loop.bin', 'theirs.' + ending))
        ours = [tool, out, str(bits), str(n)]

        def record(command, made):
            took = first_number(run(command))
            os.unlink(made)
            return took

        contestants = {'limit': lambda: record([tool, '-', copy, str(bits), str(n)], copy),
                       'ours': lambda: record(ours, out),
                       '%s (from %d)' % (peer, part):
                       lambda: record([SYSTEM_PYTHON, '-c', script, theirs, str(part), kind], theirs) * n / part}
        times = bench.median(contestants, 2 if bench.quick else 5)
        want = {'limit': 1 / 0.8}
        # h5py appends large blocks at its library's own speed; the example of the vendor holds and saves.
        want.update({peer: 1 / 20} if peer == 'numpy' else {})
        bench.row('.%s of %d samples of %d bits' % (ending, n, bits), 's', times, want, ' '.join(ours))


def plot(bench, folder):
    n = (100 << 20) if bench.quick else (1000 << 20)
    big, picture = os.path.join(folder, 'big.h5'), os.path.join(folder, 'big.png')
    run([bench.tool('bench_log'), big, '16', str(n)])
    ours = [bench.grat, 'plot', big, '-o', picture]
    times = bench.median({'limit': lambda: whole(['dd', 'if=' + big, 'of=/dev/null', 'bs=1M', 'status=none']),
                          'ours': lambda: whole(ours)}, 2 if bench.quick else 5)
    bench.row('plot of %d samples' % n, 's', times, {'limit': 1.3}, ' '.join(ours))
    os.unlink(big)


def export(bench, folder):
    """The same samples out of our recording and, by sigrok-cli, out of a part of them."""
    n, part = (4 << 20, 1 << 20) if bench.quick else (50 << 20, 8 << 20)
    tool = bench.tool('bench_log')
    path = {name: os.path.join(folder, name) for name in ('a.h5', 'd.h5', 'part.h5', 'part.wav', 'part.sr')}
    for name, bits, samples in (('a.h5', 16, n), ('d.h5', 1, n), ('part.wav', 16, part), ('part.h5', 1, part)):
        run([tool, path[name], str(bits), str(samples)])
    run([bench.grat, 'convert', path['part.h5'], path['part.sr']])
    for ending in ('sr', 'csv', 'vcd'):
        out, theirs = os.path.join(folder, 'out.' + ending), os.path.join(folder, 'theirs.' + ending)
        # sigrok's dump holds logic only.
        ours = [bench.grat, 'convert', path['d.h5' if ending == 'vcd' else 'a.h5'], out]
        source = ['-i', path['part.sr']] if ending == 'vcd' else ['-I', 'wav', '-i', path['part.wav']]
        peer = ['sigrok-cli'] + source + ['-O', 'srzip' if ending == 'sr' else ending, '-o', theirs]
        times = bench.median({'ours': lambda: whole(ours),
                              'sigrok-cli (from %d)' % part: lambda: whole(peer) * n / part},
                             2 if bench.quick else 3)
        bench.row('.%s of %d samples' % (ending, n), 's', times, {'sigrok-cli': 1 / 20}, ' '.join(ours))
        os.unlink(out)
