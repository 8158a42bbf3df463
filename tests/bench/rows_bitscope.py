"""A BitScope on a pseudo terminal: captures of the whole memory against a bare loop that sends the same commands and
reads the same bytes; the same at the rate of a real line against its parts, the time of sampling and that of the bytes
which come back; what waiting for a trigger costs."""
import os

from kit import Sim, run

SAMPLES, PERIOD = 12288, 1e-6
BYTES_A_SECOND = 115200 / 10


def at_rate(bench, tool, received):
    port, count = os.path.join(bench.folder, 'ttyBSpaced'), '1' if bench.quick else '2'
    with Sim(bench.grat, 'bitscope', '--wires', 'serial:%s+paced' % port):
        ours = [tool, 'ours', 'BITSCOPE::' + port, count]
        times = bench.median({'ours': lambda: float(run(ours).split()[0])}, 1 if bench.quick else 3)
        times['limit'] = SAMPLES * PERIOD * 1e6 + float(received) / BYTES_A_SECOND * 1e6
        trips = run(ours).split()[2].decode()
        bench.row('BitScope at 115200, %s trips' % trips, 'us', times, {'limit': 1.1}, ' '.join(ours))


def rows(bench):
    tool, port = bench.tool('bench_bitscope'), os.path.join(bench.folder, 'ttyBS')
    count, rounds, seconds = ('10', 3, '1') if bench.quick else ('40', 7, '3')
    with Sim(bench.grat, 'bitscope', '--wires', 'serial:' + port):
        ours, bare = [tool, 'ours', 'BITSCOPE::' + port, count], [tool, 'bare', port, count]
        times = bench.median({'limit': lambda: float(run(bare).split()[0]),
                              'ours': lambda: float(run(ours).split()[0])}, rounds)
        times['its sampling alone'] = SAMPLES * PERIOD * 1e6
        trips = run(ours).split()[2].decode()
        bench.row('BitScope, 12 kB, %s round trips' % trips, 'us', times, {'limit': 1.1}, ' '.join(ours))
        at_rate(bench, tool, run(bare).split()[2])
        idle = [tool, 'idle', 'BITSCOPE::' + port, seconds]
        spent = bench.median({'ours': lambda: float(run(idle).split()[0]) / float(seconds)}, 3)
        spent['limit'] = 10000.0
        bench.row('waiting for a trigger, CPU a second', 'us', spent, {'limit': 1.0}, ' '.join(idle))
