#!/usr/bin/env python3
"""Recordings in the hands of h5py, numpy, pandas, sox and sigrok, also while they grow and after a kill.

log.py --grat PATH [--kills N] [NAME…]
"""
import argparse
import io
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run as peers  # noqa: E402

from run import Skip, check, expect, need, run  # noqa: E402

peers.CHECKS.clear()
KILLS = 4


def modules():
    try:
        import h5py
        import numpy
        import pandas
    except ImportError as e:
        raise Skip(str(e))
    return h5py, numpy, pandas


def environment(place, units='ps5000a 5444D AB1'):
    """The stand-ins of the vendor's libraries lie beside the command in the build folder."""
    folder = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(place.grat))), 'sim', 'pico', 'pico-standins')
    return dict(os.environ, GRATICULE_PICO_PATH=folder, GRATICULE_PICO_SIM=units)


def log(place, *args, **more):
    return run([place.grat, 'log', 'PICO', '--mode', 'stream'] + list(args), timeout=60, env=environment(place), **more)


def start(place, *args):
    command = [place.grat, 'log', 'PICO', '--mode', 'stream', '-q'] + list(args)
    return subprocess.Popen(command, env=environment(place), stdout=subprocess.DEVNULL)


def volts(h5py, path):
    with h5py.File(path, 'r') as f:
        a = f['chA']
        return a[:] * a.attrs['scale'] + a.attrs['offset'], a[:], f.attrs['sample_interval']


@check
def all_formats_agree(place):
    h5py, numpy, pandas = modules()
    names = {n: place.path('run.' + n) for n in ('h5', 'npy', 'csv', 'wav', 'sr')}
    args = ['-c', 'A', '--rate', '200kS/s', '--for', '500ms', '--json']
    for name in names.values():
        args += ['-o', name]
    said = json.loads(log(place, *args))
    v, raw, dt = volts(h5py, names['h5'])
    expect(said['samples'] == len(v) == 100000 and said['lost'] == 0, 'there are %d samples of %r' % (len(v), said))
    expect(v.max() - v.min() > 0.5, 'there is no signal')
    array = numpy.load(names['npy'], mmap_mode='r')
    expect(numpy.abs(array['chA'] - v).max() < 1e-6, 'numpy has other volts')
    expect(numpy.abs(array['time'] - numpy.arange(len(v)) * dt).max() < 1e-9, 'numpy has other times')
    table = pandas.read_csv(names['csv'])
    expect(numpy.abs(table.iloc[:, 1].to_numpy() - v).max() < 1e-5, 'pandas has other volts')
    pcm = run([need('sox'), names['wav'], '-t', 's16', '-L', '-'], timeout=60)
    expect(numpy.array_equal(numpy.frombuffer(pcm, '<i2'), raw), 'sox has other samples')
    theirs = volts_of_sr(names['sr'], numpy)
    expect(len(theirs) == len(v) and numpy.abs(theirs - v).max() < 1e-4, 'sigrok has other volts')


@check
def it_grows_before_their_eyes(place):
    h5py, numpy, _ = modules()
    h5, npy = place.path('live.h5'), place.path('live.npy')
    process = start(place, '-c', 'A', '--rate', '1MS/s', '--for', '3s', '--flush', '100ms', '-o', h5, '-o', npy,
                    '--raw')
    sizes = []
    while process.poll() is None:
        time.sleep(0.3)
        if not os.path.exists(h5) or not os.path.exists(npy):
            continue
        with h5py.File(h5, 'r', swmr=True) as f:
            sizes.append(f['chA'].shape[0])
        ours = json.loads(place.run('measure', h5, '--json'))['samples']
        expect(ours >= sizes[-1], 'we see %d samples, h5py saw %d before' % (ours, sizes[-1]))
        array = numpy.load(npy, mmap_mode='r')
        expect(array.dtype['chA'] == numpy.dtype('<i2'), 'the column has another type')
    expect(process.returncode == 0, 'it ended with %d' % process.returncode)
    expect(len(set(sizes)) > 3 and sizes == sorted(sizes), 'it does not grow: %r' % sizes)
    _, raw, _ = volts(h5py, h5)
    expect(numpy.array_equal(numpy.load(npy)['chA'], raw), 'the two files differ')


@check
def segments_and_groups(place):
    h5py, numpy, _ = modules()
    run_of, groups = place.path('rapid.h5'), place.path('groups.h5')
    rapid = ['log', 'PICO', '-c', 'A', '-p', '1ms', '--mode', 'rapid', '--segments', '10', '--for', '200ms', '--json']
    done = subprocess.run([place.grat] + rapid + ['-o', run_of], env=environment(place), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False)
    if b'segments: this instrument has none' in done.stderr:
        raise Skip('the driver has no segments')
    expect(done.returncode == 0, done.stderr.decode())
    with h5py.File(run_of, 'r') as f:
        table = f['segments'][:]
        expect(len(table) >= 10 and list(table['number']) == list(range(len(table))), 'the numbers are %r' % table)
        expect((numpy.diff(table['row'].astype(int)) == table['row'][1]).all(), 'they differ in length')
    log(place, '-c', 'A', '--rate', '1MS/s', '--for', '200ms', '--downsample', '16:aggregate', '-o', groups)
    with h5py.File(groups, 'r') as f:
        most, least = f['chA.max'][:], f['chA.min'][:]
        expect(len(most) == len(least) and (most >= least).all() and (most > least).any(), 'no extremes')


@check
def gaps_in_full(place):
    """Each gap's time to its last digit, beside a file whose name is long; what an earlier recording left is gone."""
    path = os.path.join(place.path('deep'), *['d' * 120] * 5, 'gaps.csv')
    os.makedirs(os.path.dirname(path))
    with open(path + '.gaps.csv', 'w', encoding='ascii') as f:
        f.write('left by another\n')
    args = ['log', 'SIM::bitscope', '-c', 'A', '--json', '-o', path]
    said = json.loads(place.run(*args, '-p', '99.975ms', '-s', '3000', '--for', '2s'))
    expect(said['gaps_file'] == path + '.gaps.csv', 'the gaps are said to be in %r' % said['gaps_file'])
    with open(path + '.gaps.csv', encoding='ascii') as f:
        rows = [row.rstrip().split(',') for row in f]
    expect(rows[0] == ['first_missing', 'missing', 'time_s'], 'the gaps begin with %r' % rows[0])
    expect(len(rows) - 1 == said['gaps'] == len(said['missing']) > 5, 'there are %d of %r' % (len(rows), said))
    for row, gap in zip(rows[1:], said['missing']):
        first, count, at = int(row[0]), int(row[1]), float(row[2])
        expect((first, count, at) == (gap['first'], gap['count'], gap['time']), '%r is said to be %r' % (row, gap))
        expect(abs(at - first * said['sample_interval']) < 1e-12, 'the time of %r' % row)
    expect(any(len(row[2]) > 10 for row in rows[1:]), 'all times are short')
    place.run(*args, '--rate', '10kS/s', '--mode', 'stream', '--for', '100ms')
    expect(os.listdir(os.path.dirname(path)) == ['gaps.csv'], 'the gaps of another recording are there')


def behind_header(npy, numpy):
    """Without the zeros that a growing file has at its end."""
    return numpy.trim_zeros(numpy.fromfile(npy, '<i2', offset=4096), 'b')


def killed(place, h5py, numpy, seed):
    """Both files are flushed in this order, so the first holds at least what the header of the second says."""
    dice = random.Random(seed)
    h5, npy = place.path('k.h5'), place.path('k.npy')
    for name in (h5, npy):
        if os.path.exists(name):
            os.unlink(name)
    rate = dice.choice(('10kS/s', '1MS/s', '10MS/s'))
    more = ['--pack'] if dice.random() < 0.3 else []
    process = start(place, '-c', 'A', '--rate', rate, '--flush', dice.choice(('0.02s', '0.1s')), '-o', h5, '-o', npy,
                    '--raw', *more)
    while not os.path.exists(npy) and process.poll() is None:
        time.sleep(0.005)
    expect(process.poll() is None, 'it ended by itself')
    time.sleep(dice.random() * 0.6)
    process.kill()
    process.wait()
    safe = numpy.load(npy, mmap_mode='r')['chA']
    try:
        f, plain = h5py.File(h5, 'r'), 1
    except OSError:
        f, plain = h5py.File(h5, 'r', swmr=True), 0
    raw = f['chA'][:]
    expect(len(raw) >= len(safe), 'kill %d at %s: %d samples, flushed were %d' % (seed, rate, len(raw), len(safe)))
    expect(numpy.array_equal(raw[:len(safe)], safe), 'kill %d at %s: other samples' % (seed, rate))
    tail = behind_header(npy, numpy)
    n = min(len(tail), len(raw))
    expect(numpy.array_equal(raw[:n], tail[:n]), 'kill %d at %s: wrong samples behind the last flush' % (seed, rate))
    f.close()
    out = json.loads(place.run('measure', h5, '--json'))
    expect(out['samples'] == len(raw), 'we read %d samples of %d' % (out['samples'], len(raw)))
    return plain


@check
def killed_at_any_time(place):
    h5py, numpy, _ = modules()
    plain = sum(killed(place, h5py, numpy, seed) for seed in range(KILLS))
    expect(plain >= KILLS * 0.9, 'only %d of %d open without asking for SWMR' % (plain, KILLS))
    if KILLS > 10:
        print('%d kills, %d of the files open without asking for SWMR' % (KILLS, plain))


def wav_samples(path, numpy):
    pcm = run([need('sox'), '-V1', path, '-t', 's16', '-L', '-'], timeout=60)
    return numpy.frombuffer(pcm, '<i2')


def raw_samples(path, numpy):
    with open(path + '.json', encoding='utf-8') as f:
        count = json.load(f)['samples']
    return numpy.fromfile(path, '<i2', count=count)


def volts_of_sr(path, numpy):
    text = run([need('sigrok-cli'), '-i', path, '-O', 'csv:header=false:label=off:time=false'], timeout=60)
    return numpy.array(text.split(), dtype=float)


def zip_of_sr(path, numpy):
    """What Python's zipfile finds, checked against its checksums."""
    with zipfile.ZipFile(path) as z:
        expect(z.testzip() is None, 'a member is damaged')
        chunks = sorted((n for n in z.namelist() if n.startswith('analog-1-1-')), key=lambda n: int(n.split('-')[3]))
        return numpy.frombuffer(b''.join(z.read(n) for n in chunks), '<f4')


def volts_of_csv(path, numpy):
    """The last row may be cut."""
    with open(path, encoding='ascii') as f:
        rows = f.read().split('\n')
    return numpy.array([row.split(',')[1] for row in rows[1:-1]], dtype=float)


READERS = {'csv': volts_of_csv, 'wav': wav_samples, 'raw': raw_samples, 'sr': volts_of_sr}


def killed_as(place, numpy, ending, seed):
    """It is flushed before the other, whose header then says how many samples it must hold."""
    dice = random.Random(seed)
    path, npy = place.path('k.' + ending), place.path('k.npy')
    for name in (path, path + '.json', npy):
        if os.path.exists(name):
            os.unlink(name)
    rate = dice.choice(('10kS/s', '1MS/s') if ending == 'csv' else ('10kS/s', '1MS/s', '10MS/s'))
    process = start(place, '-c', 'A', '--rate', rate, '--flush', dice.choice(('0.02s', '0.1s')), '-o', path, '-o', npy,
                    '--raw')
    while not os.path.exists(npy) and process.poll() is None:
        time.sleep(0.005)
    expect(process.poll() is None, 'it ended by itself')
    time.sleep(dice.random() * 0.8)
    process.kill()
    process.wait()
    safe = numpy.load(npy, mmap_mode='r')['chA']
    theirs = READERS[ending](path, numpy)
    tail = behind_header(npy, numpy)
    where = '%s, kill %d at %s' % (ending, seed, rate)
    if ending == 'sr':
        zipped = zip_of_sr(path, numpy)
        expect(len(zipped) == len(theirs) and numpy.abs(zipped - theirs).max() < 1e-4, where + ': zipfile differs')
    expect(len(theirs) >= len(safe), '%s: %d samples, flushed were %d' % (where, len(theirs), len(safe)))
    n = min(len(tail), len(theirs))
    if theirs.dtype != numpy.dtype('<i2'):
        title = numpy.load(npy, mmap_mode='r').dtype.fields['chA'][2]
        scale, offset = (float(title.split(mark)[1].split(end)[0]) for mark, end in ((' = raw * ', ' '), (' + ', ';')))
        expect(numpy.abs(theirs[:n] - (tail[:n] * scale + offset)).max() < scale, where + ': other samples')
    else:
        expect(numpy.array_equal(theirs[:n], tail[:n]), where + ': other samples')
    out = json.loads(place.run('measure', path, '--json'))
    expect(out['samples'] >= len(safe), '%s: we read %d samples of %d' % (where, out['samples'], len(safe)))


@check
def killed_in_every_format(place):
    _, numpy, _ = modules()
    for ending in READERS:
        for seed in range(max(1, KILLS // 4)):
            killed_as(place, numpy, ending, seed)


def events_of(path):
    """(kind, place, bytes) of each record that power.c wrote: 1 written, 2 cut, 3 sync begins, 4 sync ends."""
    with open(path, 'rb') as f:
        data = f.read()
    out, at = [], 0
    while at + 24 <= len(data):
        kind, place, n = struct.unpack_from('<3Q', data, at)
        out.append((kind, place, data[at + 24:at + 24 + n]))
        at += 24 + n
    return out


def apply(image, events):
    for kind, place, data in events:
        if kind == 1:
            image.extend(bytes(max(0, place + len(data) - len(image))))
            image[place:place + len(data)] = data
        elif kind == 2:
            del image[place:]
            image.extend(bytes(place - len(image)))
    return image


def after_power_failure(events, upto, dice):
    """What was on the disk at the last sync; and that with any of the later pages, and the old or the new length."""
    begun, safe = 0, 0
    for i, (kind, _, _) in enumerate(events[:upto]):
        begun = i if kind == 3 else begun
        safe = begun if kind == 4 else safe
    old = apply(bytearray(), events[:safe])
    new = apply(bytearray(old), events[safe:upto])
    mixed = bytearray(len(dice.choice((old, new))))
    share = dice.choice((0.1, 0.5, 0.9))
    for at in range(0, len(mixed), 4096):
        page = (new if dice.random() < share else old)[at:min(at + 4096, len(mixed))]
        mixed[at:at + len(page)] = page
    return old, mixed


def recorded(place, ending, *args):
    """The file, and the writes and syncs by which it came."""
    preload = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(place.grat))), 'tests', 'interop',
                           'libpower.so')
    if not os.path.exists(preload):
        raise Skip('no ' + preload)
    path, noted = place.path('power.' + ending), place.path('power.log')
    more = dict(environment(place), LD_PRELOAD=preload, POWER_FILE='power.' + ending, POWER_LOG=noted,
                ASAN_OPTIONS='verify_asan_link_order=0')
    rate = '100kS/s' if ending == 'csv' else '500kS/s'
    run([place.grat, 'log', 'PICO', '--mode', 'stream', '-q', '-c', 'A', '--for', '2s', '--flush', '50ms', '-o',
         path] + (list(args) or ['--rate', rate]) + (['--raw'] if ending == 'npy' else []), timeout=60, env=more)
    events = events_of(noted)
    expect(sum(e[0] == 4 for e in events) > 5, 'it is not put onto the disk')
    return path, events


@check
def the_power_fails(place):
    h5py, numpy, _ = modules()
    path, events = recorded(place, 'h5')
    truth = volts(h5py, path)[1]
    dice, bad, name = random.Random(1), 0, place.path('image.h5')
    first = next(i for i, e in enumerate(events) if e[0] == 4)
    for _ in range(40):
        upto, count = dice.randrange(first + 1, len(events)), 0
        for k, image in enumerate(after_power_failure(events, upto, dice)):
            with open(name, 'wb') as f:
                f.write(image)
            try:
                raw = volts(h5py, name)[1]
            except OSError as e:
                expect(k == 1, 'it does not open: %s' % e)
                bad += 1
                continue
            expect(len(raw) >= count, 'there are %d samples, %d were on the disk' % (len(raw), count))
            count = count or len(raw)
            expect(numpy.array_equal(raw[:count], truth[:count]), 'other samples')
    expect(bad <= 4, '%d of 40 do not open' % bad)


def npy_samples(path, numpy):
    return numpy.load(path, mmap_mode='r')['chA']


STOCK = dict(npy=npy_samples, **READERS)


def measured(place, path):
    """What we read; 3 is for a recording that was cut."""
    done = subprocess.run([place.grat, 'measure', path, '--json'], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)
    expect(done.returncode in (0, 3), '%s: %s' % (path, done.stderr.decode()))
    return json.loads(done.stdout)['samples']


@check
def the_power_fails_in_every_format(place):
    """Stock tools read what was on the disk at the last sync, whatever of what was written later is there: any pages of
    it, and any length. Of a .csv, which has no head, a beginning; a .sr only as it was synced."""
    _, numpy, _ = modules()
    for ending, reader in STOCK.items():
        path, events = recorded(place, ending)
        truth, dice, name = reader(path, numpy), random.Random(1), place.path('image.' + ending)
        first = next(i for i, e in enumerate(events) if e[0] == 4)
        if ending == 'raw':
            with open(path + '.json', encoding='utf-8') as f, open(name + '.json', 'w', encoding='utf-8') as to:
                to.write(f.read().replace('"complete":true', '"complete":false'))
        for n in range(4):
            upto, count = dice.randrange(first + 1, len(events)), 0
            old, mixed = after_power_failure(events, upto, dice)
            if ending == 'csv':
                mixed = apply(bytearray(), events[:upto])
                mixed = mixed[:dice.randrange(len(old), len(mixed) + 1)]
            for k, image in enumerate((old,) if ending == 'sr' else (old, mixed)):
                with open(name, 'wb') as f:
                    f.write(image)
                where = '.%s, failure %d, %s' % (ending, n, 'mixed' if k else 'as synced')
                try:
                    samples = reader(name, numpy)
                except (OSError, ValueError) as e:
                    expect(False, '%s: %s' % (where, e))
                expect(len(samples) >= count, '%s: %d samples of %d' % (where, len(samples), count))
                count = count or len(samples)
                expect(numpy.array_equal(samples[:count], truth[:count]), where + ': other samples')
                ours = measured(place, name)
                expect(ours >= count, '%s: we read %d samples of %d' % (where, ours, count))


@check
def a_growing_sr_is_whole_between_any_two_writes(place):
    """Opened by Python's zipfile after each single write of a recording whose end moves several times."""
    _, events = recorded(place, 'sr', '--rate', '3MS/s')
    shown = next(i for i, e in enumerate(events) if e[0] == 3)
    image, opened, moves, length = bytearray(), 0, 0, 0
    for n, event in enumerate(events):
        apply(image, [event])
        if n < shown or event[0] not in (1, 2):
            continue
        moves += len(image) > length + 1000000
        length = len(image)
        try:
            with zipfile.ZipFile(io.BytesIO(image)) as z:
                expect(len(z.namelist()) >= 3, 'after write %d of %d: members are missing' % (n, len(events)))
            opened += 1
        except zipfile.BadZipFile as e:
            expect(False, 'after write %d of %d: %s' % (n, len(events), e))
    expect(opened > 50 and moves > 0, 'only %d writes, %d moves' % (opened, moves))


@check
def a_disk_that_fills_up_is_seen_coming(place):
    full_disk(place, '0.05s')


@check
def a_full_disk_leaves_them_whole(place):
    full_disk(place, '30s')


def full_disk(place, flush):
    h5py, numpy, _ = modules()
    script = ('mount -t tmpfs -o size=64m tmpfs "$0" && cd "$0" && "$1" log PICO --mode stream -c A --rate 20MS/s '
              '-o f.h5 -o f.npy --raw --flush %s --json > ../said; echo $? > ../status; cp f.h5 f.npy ..') % flush
    folder = place.path('small')
    os.makedirs(folder, exist_ok=True)
    run(['unshare', '-Urm', 'sh', '-c', script, folder, place.grat], timeout=60, env=environment(place))
    with open(place.path('status'), encoding='ascii') as f:
        expect(f.read().strip() == '3', 'the exit status is not 3')
    with open(place.path('said'), encoding='utf-8') as f:
        said = json.load(f)
    _, raw, _ = volts(h5py, place.path('f.h5'))
    other = numpy.load(place.path('f.npy'))['chA']
    n = min(len(raw), len(other))
    expect(said['disk_full'] and n > 1000000, '%d samples of %r' % (n, said))
    expect(numpy.array_equal(raw[:n], other[:n]), 'the two files differ')


@check
def a_disk_too_small_for_the_beginning(place):
    script = ('mount -t tmpfs -o size=64k tmpfs "$0" && cd "$0" && "$1" log SIM::ds1104z -c 1 --rate 100kS/s --for 2s '
              '-o f.csv > ../said 2> /dev/null; echo $? > ../status; ls > ../left')
    folder = place.path('tiny')
    os.makedirs(folder, exist_ok=True)
    run(['unshare', '-Urm', 'sh', '-c', script, folder, place.grat], timeout=60)
    found = []
    for name in ('said', 'status', 'left'):
        with open(place.path(name), encoding='utf-8') as f:
            found.append(f.read().strip())
    expect(found == ['', '1', ''], 'output, status, files: %r' % found)


def main():
    global KILLS
    parser = argparse.ArgumentParser(description='Recordings.')
    parser.add_argument('--grat', required=True)
    parser.add_argument('--kills', type=int, default=KILLS)
    parser.add_argument('names', nargs='*')
    args = parser.parse_args()
    KILLS = args.kills
    chosen = [c for c in peers.CHECKS if not args.names or c.__name__ in args.names]
    with tempfile.TemporaryDirectory() as folder:
        results = [peers.run_check(c, peers.Place(os.path.abspath(args.grat), folder)) for c in chosen]
    return 1 if any(r['result'] == 'failed' for r in results) else 0


if __name__ == '__main__':
    sys.exit(main())
