"""The bench in a browser: what the server computes for a picture.

The envelope of 4 x 10 million samples against reading them once, the least that anyone must do; a view of them by the
pyramid against the 5 ms that a hand does not feel; a whole live picture of 4 x 1 million against 60 a second.
"""
from kit import run


def rows(bench):
    rounds = 3 if bench.quick else 7
    tool = bench.tool('bench_serve')

    def seconds(which, what, samples, count):
        return float(run([tool, what, samples, str(count)]).split()[which]) * 1e3

    contestants = {'ours': lambda: seconds(0, 'build', '10MS', 20), 'limit': lambda: seconds(0, 'read', '10MS', 20)}
    times = bench.median(contestants, rounds)
    bench.row('serve: envelope of 4 x 10 MS', 'ms', times, {'limit': 1 / 0.5}, tool + ' build 10MS')
    times = bench.median({'ours': lambda: seconds(1, 'view', '10MS', 200)}, rounds)
    times['limit'] = 5
    bench.row('serve: slowest depth of zoom of 4 x 10 MS', 'ms', times, {'limit': 1}, tool + ' view 10MS 200')
    times = bench.median({'ours': lambda: seconds(0, 'build', '1MS', 60)}, rounds)
    times['limit'] = 1e3 / 60
    bench.row('serve: a live picture of 4 x 1 MS', 'ms', times, {'limit': 1}, tool + ' build 1MS 60')
