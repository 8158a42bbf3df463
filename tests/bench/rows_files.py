"""Files of samples."""
import os
import shutil
import tempfile

from kit import SYSTEM_PYTHON, run, whole

SAVETXT = '''
import sys, time, numpy
n = int(sys.argv[2])
data = numpy.column_stack([numpy.arange(n) * 1e-9, (numpy.arange(n) * 3 // 16 % 256) * 0.04 - 5.12,
                           (numpy.arange(n) * 4 // 16 % 256) * 0.04 - 5.12])
begin = time.perf_counter()
numpy.savetxt(sys.argv[1], data, delimiter=',', fmt='%.9g')
print(time.perf_counter() - begin)
'''


def rows(bench):
    """In memory (tmpfs) where there is some: a disk's moods are larger than any difference."""
    with tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else bench.folder) as folder:
        csv(bench, folder)


def csv(bench, folder):
    n, part, savetxt_part = (1000000, 500000, 100000) if bench.quick else (10000000, 4000000, 500000)
    out = os.path.join(folder, 'table.csv')
    ours = [bench.tool('bench_table'), out, str(n)]
    run(ours)
    copy = os.path.join(folder, 'copy.csv')
    contestants = {'limit': lambda: whole(['cp', out, copy]),
                   'ours': lambda: float(run(ours)),
                   'numpy.savetxt (from %d)' % savetxt_part:
                   lambda: float(run([SYSTEM_PYTHON, '-c', SAVETXT, copy, str(savetxt_part)])) * n / savetxt_part}
    want = {'numpy.savetxt': 1 / 20}
    if shutil.which('sigrok-cli'):
        wav = os.path.join(folder, 'two.wav')
        run([bench.tool('bench_table'), wav, str(part)])
        sigrok = ['sigrok-cli', '-I', 'wav', '-i', wav, '-O', 'csv', '-o', copy]
        contestants['sigrok-cli (from %d)' % part] = lambda: whole(sigrok) * n / part
        want['sigrok-cli'] = 1 / 20
    times = bench.median(contestants, 2 if bench.quick else 5)
    bench.row('CSV of %d samples x 2' % n, 's', times, want, ' '.join(ours))
