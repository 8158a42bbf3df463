"""HiSLIP beside a bare loop on a raw socket of the same instrument: round trips, blocks in large and small reads."""
from kit import HOST, Sim, run

NAME = 'TCPIP::%s::hislip0::INSTR' % HOST
BLOCK = 100 * 1000 * 1000


def pair(bench, kind):
    tool = bench.tool('bench_client')
    return [tool, 'lib', 'hislip', NAME, '4880', kind], [tool, 'bare', 'raw', HOST, '5555', kind]


def each(command, count, size, chunk):
    return lambda: float(run(command + [str(count), str(size)] + chunk).split()[0]) / count * 1e6


def row(bench, what, kind, amount, want):
    count, size, chunk = amount
    ours, bare = pair(bench, kind)
    small = [run(c + ['2', str(min(size, 50000))] + chunk).split()[1:] for c in (ours, bare)]
    if small[0] != small[1]:
        raise RuntimeError('the answers differ: %r' % small)
    times = bench.median({'limit': each(bare, count, size, chunk), 'ours': each(ours, count, size, chunk)},
                         3 if bench.quick else 7)
    bench.row(what, 'us', times, {'limit': want}, ' '.join(ours + [str(count), str(size)] + chunk))


def rows(bench):
    count = 2 if bench.quick else 10
    with Sim(bench.grat, 'plain@' + HOST, '--wires', 'raw,hislip'):
        row(bench, 'query over hislip, limit: raw', 'query', (300 if bench.quick else 3000, 0, []), 1.2)
        row(bench, '100 MB block over hislip', 'block', (count, BLOCK, []), 1 / 0.9)
        row(bench, '100 MB by 1 MiB reads over hislip', 'block', (count, BLOCK, ['1048576']), 1 / 0.9)
        row(bench, '100 MB by 4 KiB reads over hislip', 'block', (count, BLOCK, ['4096']), 1 / 0.6)
