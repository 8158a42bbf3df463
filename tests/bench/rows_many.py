"""A thousand sessions in one process and one thread."""
import resource

from kit import Sim, run


def wire(bench, name):
    """An instrument for each: VXI-11 has one output queue per instrument, so two links would take each other's."""
    count, rounds = (200, 5) if bench.quick else (1000, 20)
    models = ['plain@127.0.%d.%d' % (1 + i // 200, 1 + i % 200) for i in range(count)]
    with Sim(bench.grat, *models, '--wires=' + name) as sim:
        many = [bench.tool('bench_many'), str(count), str(rounds)] + sim.resources
        alone = [bench.tool('bench_many'), '1', str(count)] + sim.resources[:1]
        figures = [run(many).split() for _ in range(3)]
        middle = sorted(figures, key=lambda f: float(f[2]))[1]
        single = sorted(float(run(alone).split()[2]) for _ in range(3))[1]
    shown = ' '.join(many[:3]) + ' RESOURCE...'
    bench.row('%d sessions over %s, each' % (count, name), 'KiB', {'ours': float(middle[0]), 'limit': 64.0},
              {'limit': 1.0}, shown)
    bench.row('a query of %d at once, %s' % (count, name), 'us', {'ours': float(middle[2]), 'one session': single},
              {'one session': 1.0}, shown)


def rows(bench):
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    wire(bench, 'raw')
    wire(bench, 'vxi11')
