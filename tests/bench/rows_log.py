"""Recordings: into files, and out of them again.

By hand, a billion samples at full speed from the PicoScope stand-in, memory watched:
  GRATICULE_PICO_PATH=build/sim/pico/pico-standins GRATICULE_PICO_SIM='ps5000a 5444D A' \\
      /usr/bin/time -v build/src/cli/grat log PICO -c A --mode stream --rate 125MS/s --for 8s -o /dev/shm/run.h5 --json
"""
import os
import shutil
import tempfile

from kit import SYSTEM_PYTHON, run, whole

# As the examples of the vendor's Python wrapper do it: an array as long as the whole capture, into which a callback
# copies what the driver has; at the end each sample becomes millivolts in a Python list, and that is saved. Its sleep
# of 10 ms between two looks is left out here, to its favour. Beside it, what a practised user writes: h5py's own
# appending.
EXAMPLE = '''
import sys, time, numpy
n, kind, out = int(sys.argv[2]), sys.argv[3], sys.argv[1]
block, most, scale = (numpy.arange(50000) % 251 - 125).astype(kind), numpy.iinfo(kind).max, 2000
begin, done = time.perf_counter(), 0
whole = numpy.zeros(n, kind)
while done < n:
    take = min(len(block), n - done)
    whole[done:done + take] = block[:take]
    done += take
volts = [(v * scale) / most for v in whole]
if out.endswith('.h5'):
    import h5py
    with h5py.File(out, 'w') as f:
        f['a'] = volts
else:
    numpy.save(out, volts)
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


# An export against the recording that it came from.
CHECK = '''
import sys, zipfile, h5py, numpy
f = h5py.File(sys.argv[1])
name = next(n for n in f if 'order' in f[n].attrs)
raw, out = f[name][:], sys.argv[2]
volts = raw * f[name].attrs['scale'] + f[name].attrs['offset']
if out.endswith('.sr'):
    z = zipfile.ZipFile(out)
    chunks = [n for n in z.namelist() if n.startswith('analog-1-1-')]
    theirs = numpy.frombuffer(b''.join(z.read(n) for n in chunks), '<f4')
    good = numpy.array_equal(theirs, volts.astype('<f4'))
elif out.endswith('.csv'):
    theirs = numpy.loadtxt(out, delimiter=',', skiprows=1)
    good = len(theirs) == len(raw) and numpy.abs(theirs[:, 1] - volts).max() < 1e-9
else:
    body = open(out).read().split('$enddefinitions $end\\n')[1].split()
    times = numpy.array([int(w[1:]) for w in body if w[0] == '#'])
    levels = numpy.array([int(w[0]) for w in body if w[0] != '#'])
    good = numpy.array_equal(numpy.repeat(levels, numpy.diff(times)), raw)
sys.exit(0 if good else 1)
'''


def rows(bench):
    """In memory (tmpfs) where there is some: a disk's moods are larger than any difference."""
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else bench.folder) as folder:
        for bits in (8, 16):
            if bench.chosen('streaming'):
                streaming(bench, folder, bits)
        if bench.chosen('plot'):
            plot(bench, folder)
        if bench.chosen('export') and shutil.which('sigrok-cli'):
            export(bench, folder)


def first_number(text):
    return float(text.split()[0])


def streaming(bench, folder, bits):
    n, part = (100 << 20, 1 << 20) if bench.quick else (1000 << 20, 4 << 20)
    tool, kind = bench.tool('bench_log'), 'i%d' % (bits // 8)
    for ending in ('h5', 'npy'):
        out, copy, theirs = (os.path.join(folder, name) for name in ('run.' + ending, 'loop.bin', 'theirs.' + ending))
        ours = [tool, out, str(bits), str(n)]

        def record(command, made):
            took = first_number(run(command, core=None))
            os.unlink(made)
            return took

        contestants = {'limit': lambda: record([tool, '-', copy, str(bits), str(n)], copy),
                       'ours': lambda: record(ours, out),
                       'as the example (from %d)' % part:
                       lambda: record([SYSTEM_PYTHON, '-c', EXAMPLE, theirs, str(part), kind], theirs) * n / part}
        if ending == 'h5':
            contestants['h5py in blocks (from %d)' % (8 * part)] = lambda: record(
                [SYSTEM_PYTHON, '-c', APPEND, theirs, str(8 * part), kind], theirs) * n / (8 * part)
        times = bench.median(contestants, 2 if bench.quick else 5)
        want = {'limit': 1 / 0.8, 'as the example': 1 / 20}
        bench.row('.%s of %d samples of %d bits' % (ending, n, bits), 's', times, want, ' '.join(ours))


def plot(bench, folder):
    n = (100 << 20) if bench.quick else (1000 << 20)
    big, picture = os.path.join(folder, 'big.h5'), os.path.join(folder, 'big.png')
    run([bench.tool('bench_log'), big, '16', str(n)])
    ours = [bench.grat, 'plot', big, '-o', picture]
    times = bench.median({'limit': lambda: whole(['dd', 'if=' + big, 'of=/dev/null', 'bs=1M', 'status=none'], None),
                          'ours': lambda: whole(ours, None, picture)}, 2 if bench.quick else 5)
    bench.row('plot of %d samples' % n, 's', times, {'limit': 1.3}, ' '.join(ours))
    os.unlink(big)


def checked(bench, folder, bits, ending):
    source, out = os.path.join(folder, 'check.h5'), os.path.join(folder, 'check.' + ending)
    run([bench.tool('bench_log'), source, str(bits), str(2 << 20)])
    run([bench.grat, 'convert', source, out])
    run([SYSTEM_PYTHON, '-c', CHECK, source, out])


def export(bench, folder):
    """The same samples out of our recording and, by sigrok-cli, out of a part of them."""
    n, part = (4 << 20, 1 << 20) if bench.quick else (50 << 20, 8 << 20)
    tool = bench.tool('bench_log')
    path = {name: os.path.join(folder, name) for name in ('a.h5', 'd.h5', 'part.h5', 'part.wav', 'part.sr')}
    for name, bits, samples in (('a.h5', 16, n), ('d.h5', 1, n), ('part.wav', 16, part), ('part.h5', 1, part)):
        run([tool, path[name], str(bits), str(samples)])
    run([bench.grat, 'convert', path['part.h5'], path['part.sr']])
    for ending in ('sr', 'csv', 'vcd'):
        checked(bench, folder, 1 if ending == 'vcd' else 16, ending)
        out, theirs = os.path.join(folder, 'out.' + ending), os.path.join(folder, 'theirs.' + ending)
        # sigrok's dump holds logic only.
        ours = [bench.grat, 'convert', path['d.h5' if ending == 'vcd' else 'a.h5'], out]
        source = ['-i', path['part.sr']] if ending == 'vcd' else ['-I', 'wav', '-i', path['part.wav']]
        peer = ['sigrok-cli'] + source + ['-O', 'srzip' if ending == 'sr' else ending, '-o', theirs]
        # Once before: on a virtual machine memory that nobody used yet costs more than all the rest.
        run(ours, core=None)
        size = os.path.getsize(out)
        loop = ['dd', 'if=/dev/zero', 'of=' + out, 'bs=1M', 'iflag=count_bytes', 'count=%d' % size, 'status=none']
        times = bench.median({'ours': lambda: whole(ours, None, out),
                              'dd of as many bytes': lambda: whole(loop, None, out),
                              'sigrok-cli (from %d)' % part: lambda: whole(peer, None, theirs) * n / part},
                             2 if bench.quick else 3)
        bench.row('.%s of %d samples' % (ending, n), 's', times, {'sigrok-cli': 1 / 20}, ' '.join(ours))
        if ending == 'sr':
            print('bench: .sr of %d samples: %d bytes, by sigrok-cli %.0f (%d from %d)'
                  % (n, size, os.path.getsize(theirs) * n / part, os.path.getsize(theirs), part))
        os.unlink(out)
