"""PicoScopes behind the stand-in libraries: codes into volts and extremes against memcpy of as many bytes in and out;
what streaming costs beyond a loop that only polls the library, in percent of a core; the host's time for a segment."""
import os

from kit import run

UNIT = 'ps5000a 5244D BENCH/1 counter=30000'


def rows(bench):
    tool, folder = bench.tool('bench_pico'), os.path.join(bench.build, 'sim', 'pico', 'pico-standins')
    env = dict(os.environ, GRATICULE_PICO_PATH=folder, GRATICULE_PICO_SIM=UNIT)
    rounds, seconds = (1, '1') if bench.quick else (3, '4')
    figures = [[float(v) for v in run([tool, 'values']).split()] for _ in range(rounds)]
    for what, at in (('codes to float volts', 0), ('extremes 16:1', 2)):
        ours, copy = min(f[at] for f in figures), min(f[at + 1] for f in figures)
        bench.row(what, 'ns', {'ours': ours, 'limit': copy}, {'limit': 1 / 0.7}, tool + ' values')
    for rate, want in (('31.25M', 10), ('125M', 35)):
        ours = [tool, 'stream', 'PICO::ps5000a::BENCH/1', rate, seconds]
        bare = [tool, 'bare', os.path.join(folder, 'libps5000a.so.2'), rate, seconds]
        times = bench.median({'ours': lambda: float(run(ours, env=env).split()[0]),
                              'the stand-in alone': lambda: float(run(bare, env=env).split()[0])}, rounds)
        times['limit'] = want + times.get('the stand-in alone', 0)
        bench.row('streaming %sS/s, of a core' % rate, '%', times, {'limit': 1.0}, ' '.join(ours))
    ours = [tool, 'segments', 'PICO::ps5000a::BENCH/1', '10000']
    times = bench.median({'ours': lambda: float(run(ours, env=env).split()[0])}, rounds)
    times['limit'] = 50.0
    bench.row('a segment of a rapid block', 'us', times, {'limit': 1.0}, ' '.join(ours))
