#!/usr/bin/env python3
"""Discovery against the programs of others, in a network namespace of its own.

discovery.py --grat PATH [NAME…]    all checks, or those named
"""
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

import run
from run import SYSTEM_PYTHON, Bench, Skip, expect, need, need_modules

CHECKS = []
WIRES = '--wires=vxi11,raw,http,mdns'


def check(function):
    CHECKS.append(function)
    return function


def listed(place, *args, **more):
    """The documents of grat list --json by resource, with what the other sources of this computer add left out."""
    lines = place.run('list', '--json', *args, timeout=30, **more).decode().splitlines()
    found = [json.loads(line) for line in lines]
    return {f['resource']: f for f in found if f['via'] != 'serial'}


def bench(place, *models, more=()):
    return Bench(place.grat, *models, WIRES, *more)


# ---- python3-zeroconf ----------------------------------------------------------------------------------

WATCH = '''
import sys, time
from zeroconf import IPVersion, ServiceBrowser, Zeroconf
TYPES = ['_lxi._tcp', '_vxi-11._tcp', '_scpi-raw._tcp', '_http._tcp']
class Listener:
    def add_service(self, z, kind, name):
        i = z.get_service_info(kind, name, 3000)
        serial = (i.properties.get(b'SerialNumber') or b'').decode()
        print('new', kind, i.parsed_addresses()[0], i.port, i.properties[b'txtvers'].decode(), serial, flush=True)
    def remove_service(self, z, kind, name):
        print('gone', kind, flush=True)
    def update_service(self, *a):
        pass
zc = Zeroconf(interfaces=['127.0.0.1'], ip_version=IPVersion.V4Only)
browser = ServiceBrowser(zc, [t + '.local.' for t in TYPES], Listener())
print('watching', flush=True)
sys.stdin.read()
zc.close()
'''

ANNOUNCE = '''
import socket, sys
from zeroconf import IPVersion, ServiceInfo, Zeroconf
zc = Zeroconf(interfaces=['127.0.0.1'], ip_version=IPVersion.V4Only)
for kind, port in (('_lxi._tcp', 80), ('_hislip._tcp', 4880), ('_scpi-raw._tcp', 5026), ('_scpi-telnet._tcp', 5024)):
    zc.register_service(ServiceInfo(kind + '.local.', 'Foo Ltd. DMM-1 - S.123.' + kind + '.local.',
        addresses=[socket.inet_aton('127.0.0.9')], port=port, server='dmm-1.local.',
        properties={'txtvers': '1', 'Manufacturer': 'Foo Ltd.', 'Model': 'DMM-1', 'SerialNumber': 'S.123',
                    'FirmwareVersion': '1.0'}))
print('ready', flush=True)
sys.stdin.read()
zc.close()
'''


class Script:
    """A Python program of the system's Python that says a word when it is ready and ends with its input."""

    def __init__(self, text, ready):
        self.process = subprocess.Popen([SYSTEM_PYTHON, '-c', text], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        universal_newlines=True)
        line = self.process.stdout.readline().strip()
        expect(line == ready, 'the script says %r' % line)

    def end(self):
        try:
            return self.process.communicate(timeout=15)[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise run.Wrong('the script did not end')


@check
def zeroconf_sees_us(place):
    """Every service of two instruments with address, port and TXT, and the goodbye of each."""
    need_modules('zeroconf')
    watch = Script(WATCH, 'watching')
    with bench(place, 'ds1104z', 'mso1104z'):
        time.sleep(2.5)
    time.sleep(0.5)
    lines = watch.end().splitlines()
    for address in ('127.0.0.1', '127.0.0.2'):
        for kind, port in (('_lxi', 80), ('_vxi-11', 111), ('_scpi-raw', 5555)):
            wanted = r'new %s\._tcp\.local\. %s %d 1 DS1Z' % (kind, re.escape(address), port)
            expect(any(re.match(wanted, line) for line in lines), 'no %s of %s: %r' % (kind, address, lines))
        expect('new _http._tcp.local. %s 80 1 ' % address in lines, 'no _http of %s: %r' % (address, lines))
    expect(sum(line.startswith('gone') for line in lines) == 8, 'the goodbyes are missing: %r' % lines)


@check
def names_do_not_collide(place):
    """Two benches that know nothing of each other, with the same instrument: both can be resolved, by two names."""
    need_modules('zeroconf')
    wires = '--wires=raw,mdns'
    with Bench(place.grat, 'ds1104z@127.0.0.2', wires), Bench(place.grat, 'ds1104z@127.0.0.1', wires):
        time.sleep(1.5)
        watch = Script(WATCH, 'watching')
        time.sleep(1.5)
        lines = watch.end().splitlines()
    addresses = sorted(line.split()[2] for line in lines if line.startswith('new _scpi-raw'))
    expect(addresses == ['127.0.0.1', '127.0.0.2'], 'it sees %r' % lines)


@check
def zeroconf_is_seen(place):
    need_modules('zeroconf')
    announce = Script(ANNOUNCE, 'ready')
    try:
        found = listed(place)
    finally:
        announce.end()
    wanted = {'TCPIP0::127.0.0.9::hislip0::INSTR', 'TCPIP0::127.0.0.9::5026::SOCKET'}
    mine = [f for f in found.values() if set(f['addresses']) & wanted]
    expect(len(mine) == 1 and set(mine[0]['addresses']) == wanted, 'it lists %r' % found)
    who = mine[0]
    expect([who[k] for k in ('vendor', 'model', 'serial', 'firmware')] == ['Foo Ltd.', 'DMM-1', 'S.123', '1.0'],
           'its identity is %r' % who)
    expect('note' in who, 'nothing listens there, and it does not say so: %r' % who)


# ---- lxi-tools, tshark ---------------------------------------------------------------------------------

@check
def lxi_and_we_agree(place):
    """lxi broadcasts to 127.0.0.1 on loopback only, so it can find no more than the first instrument."""
    lxi = need('lxi')
    with bench(place, 'ds1104z', 'mso1104z'):
        text = run.run([lxi, 'discover', '-t', '1'], timeout=20).decode('utf-8', 'replace')
        found = listed(place)
    theirs = set(re.findall(r'127\.0\.0\.\d+', text))
    ours = {a.split('::')[1] for f in found.values() for a in f['addresses']}
    expect(theirs and theirs <= ours, 'lxi finds %r, we find %r' % (theirs, ours))


@check
def tshark_mdns(place):
    """Announcements, our queries, the answers and the goodbye."""
    need('tshark')

    def work():
        with bench(place, 'ds1104z'):
            listed(place)
            time.sleep(1.2)
    path = run.sniffed(place, 'mdns', work)
    run.dissect(path, ['mdns'])
    counts = run.run([need('tshark'), '-r', path, '-Y', 'mdns && dns.flags.response == 1', '-T', 'fields', '-e',
                      'dns.count.answers', '-e', 'dns.srv.port'], timeout=60).decode().split('\n')
    expect(any('111' in line for line in counts), 'no SRV record with port 111 was dissected: %r' % counts[:5])


# ---- Avahi ---------------------------------------------------------------------------------------------

BUS = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth><auth>ANONYMOUS</auth>
<allow_anonymous/><policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/><allow user="*"/></policy></busconfig>'''

AVAHI = '[server]\nuse-ipv4=yes\nuse-ipv6=no\nallow-interfaces=lo\nenable-dbus=yes\n[wide-area]\n' \
        'enable-wide-area=no\n[publish]\npublish-hinfo=no\npublish-workstation=no\n'


class Avahi:
    """The daemon on a bus of its own; its files are below /run, which is a file system of its own here."""

    def __init__(self, place):
        bus, daemon = need('dbus-daemon'), need('avahi-daemon')
        if not own_run():
            raise Skip('no file system of its own can be had for /run')
        self.processes = []
        path = place.path('bus')
        with open(place.path('bus.conf'), 'w') as f:
            f.write(BUS % path)
        with open(place.path('avahi.conf'), 'w') as f:
            f.write(AVAHI)
        self.env = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS='unix:path=' + path)
        self.log = open(place.path('avahi.log'), 'w+')
        self.start([bus, '--nofork', '--nopidfile', '--config-file', place.path('bus.conf')])
        self.wait(lambda: os.path.exists(path), 'dbus-daemon')
        self.start([daemon, '-f', place.path('avahi.conf'), '--no-drop-root', '--no-chroot', '--no-rlimits',
                    '--no-proc-title'])
        self.wait(lambda: b'ready' in open(self.log.name, 'rb').read() or
                  b'Server startup complete' in open(self.log.name, 'rb').read(), 'avahi-daemon')

    def start(self, command):
        self.processes.append(subprocess.Popen(command, env=self.env, stdout=self.log, stderr=self.log))

    def wait(self, ready, what):
        deadline = time.monotonic() + 15
        while not ready():
            if self.processes[-1].poll() is not None or time.monotonic() > deadline:
                said = open(self.log.name).read().strip().replace('\n', ' | ')
                self.end()
                raise Skip('%s does not run here: %s' % (what, said[-300:]))
            time.sleep(0.05)

    def end(self):
        for p in reversed(self.processes):
            p.terminate()
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def own_run():
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18
    if libc.unshare(CLONE_NEWNS) or libc.mount(b'none', b'/', None, MS_REC | MS_PRIVATE, None):
        return False
    return libc.mount(b'tmpfs', b'/run', b'tmpfs', 0, None) == 0


@check
def avahi_browses_us(place):
    browse = need('avahi-browse')
    with Avahi(place) as avahi, bench(place, 'ds1104z', 'mso1104z'):
        text = run.run([browse, '-rtpk', '_vxi-11._tcp'], timeout=20, env=avahi.env).decode('utf-8', 'replace')
    for address in ('127.0.0.1', '127.0.0.2'):
        expect(re.search(r'^=;lo;IPv4;RIGOL.*;%s;111;.*"SerialNumber=DS1Z' % re.escape(address), text, re.M),
               'avahi-browse says %r' % text[-600:])


@check
def lxi_discover_mdns(place):
    """lxi discover --mdns asks the Avahi daemon."""
    lxi = need('lxi')
    with Avahi(place) as avahi, bench(place, 'ds1104z', 'mso1104z'):
        text = run.run([lxi, 'discover', '--mdns', '-t', '2'], timeout=20, env=avahi.env).decode('utf-8', 'replace')
    expect('127.0.0.1' in text and '127.0.0.2' in text and '5555' in text, 'it prints %r' % text[-600:])


@check
def avahi_is_asked(place):
    """Two instruments with four services each; what our own queries find earlier is not listed again."""
    with Avahi(place) as avahi, bench(place, 'ds1104z', 'mso1104z'):
        done = subprocess.run([place.grat, 'list', '--json', '--explain'], stdout=subprocess.PIPE, timeout=30,
                              stderr=subprocess.PIPE, universal_newlines=True, env=avahi.env)
    expect('avahi: 8 services\n' in done.stderr, 'it explains %r' % done.stderr)
    expect(done.stdout.count('TCPIP0::127.0.0.2::inst0') == 2, 'it lists %r' % done.stdout)


# ---- complete, quick, and out of trouble ---------------------------------------------------------------

@check
def forty_at_once(place):
    """Each once, with its own identity, by both protocols, and in time."""
    with bench(place, *['ds1104z'] * 40):
        begin = time.monotonic()
        found = listed(place)
        took = time.monotonic() - begin
    expect(len(found) == 40, '%d of 40 are listed' % len(found))
    expect(len({f['serial'] for f in found.values()}) == 40, 'not 40 serial numbers')
    expect(all(len(f['addresses']) == 2 and f['via'] == 'vxi11 mdns' for f in found.values()),
           'not every address: %r' % list(found.values())[:3])
    expect(took < 5, 'it took %.1f s' % took)


@check
def faulty_responders(place):
    """Circles, cuts, duplicates and bare answers change nothing; a late one is still in time."""
    clean = None
    for faults in ('', 'disc-loop,disc-malformed,disc-duplicate', 'disc-bare', 'disc-late:400'):
        with bench(place, 'ds1104z', 'mso1104z', more=['--faults=' + faults] if faults else []):
            found = listed(place)
        expect(not any(f.get('again') for f in found.values()) or 'late' in faults, 'reported twice with ' + faults)
        addresses = {r: sorted(f['addresses']) for r, f in found.items()}
        clean = clean or addresses
        expect(len(addresses) == 2 and addresses == clean, 'with %s: %r' % (faults, addresses))
    with bench(place, 'ds1104z', more=['--faults=disc-port0']):
        expect(listed(place) == {}, 'port 0 was believed')


ADAPTER = """
import socket
hear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
hear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
hear.bind(('127.255.255.255', 3040))
say = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
say.bind(('127.0.0.7', 3040))
print('ready', flush=True)
for i in range(3):
    call, who = hear.recvfrom(100)
    assert call[:2] == b'Z\\0' and call[4:] == b'\\xff' * 6 + b'\\0\\0', call
    rest = bytes.fromhex('002169010203') + bytes(2 + 8 + 24) + b'attic'.ljust(32, b'\\0')
    say.sendto(b'Z\\1' + call[2:4] + rest, who)
"""


@check
def adapters_and_servers(place):
    """A Prologix adapter by NetFinder (played here from its description) and a bitscope-server by multicast."""
    adapter = Script(ADAPTER, 'ready')
    try:
        with Bench(place.grat, 'bitscope', '--wires=bitscope-server') as b:
            found = listed(place)
            server = b.resources[0]
    finally:
        adapter.end()
    prologix = found.get('PRLGX-TCPIP0::127.0.0.7::1234::INTFC', {})
    expect(prologix.get('serial') == '002169010203' and 'attic' in prologix.get('note', ''), 'it lists %r' % found)
    expect(found.get(server, {}).get('vendor') == 'BitScope', '%s is not among %r' % (server, found))


@check
def aliases_are_merged(place):
    """An alias of what is found anyway is its name, not another line; one that does not answer says why."""
    conf = place.path('config.yaml')
    with open(conf, 'w') as f:
        f.write('aliases:\n  scope: TCPIP::127.0.0.1::inst0::INSTR\n  gone: TCPIP::127.0.0.99::5555::SOCKET\n')
    env = dict(os.environ, GRATICULE_CONFIG=conf)
    with bench(place, 'ds1104z'):
        found = listed(place, env=env)
    scope = found.get('TCPIP0::127.0.0.1::inst0::INSTR', {})
    expect(len(found) == 2 and scope.get('name') == 'scope' and
           set(scope['via'].split()) == {'config', 'vxi11', 'mdns'}, 'it lists %r' % found)
    gone = found.get('TCPIP0::127.0.0.99::5555::SOCKET', {})
    expect(gone.get('name') == 'gone' and 'refused' in gone.get('note', ''), 'it lists %r' % found)


@check
def busy_instrument(place):
    """One that serves a single client is listed as it announces itself, and its client is not disturbed."""
    with Bench(place.grat, 'ds1104z@127.0.0.1', '--wires=raw,mdns', '--faults=raw-one-client:0'):
        with socket.create_connection(('127.0.0.1', 5555), 5) as mine:
            mine.settimeout(5)
            mine.sendall(b'*IDN?\n')
            first = mine.recv(200)
            found = listed(place)
            mine.sendall(b'*IDN?\n')
            expect(mine.recv(200) == first, 'the client lost its instrument')
    scope = found.get('TCPIP0::127.0.0.1::5555::SOCKET', {})
    expect(scope.get('model') == 'DS1104Z' and 'note' in scope, 'it lists %r' % found)


class Lab:
    """Another computer: a network namespace behind a cable (veth), with instruments on 10.9.0.1, .2, …"""

    def __init__(self, place, models):
        self.ip, self.grat, self.models = need('ip'), place.grat, models
        self.enter = [need('nsenter'), '-n', '-t']

    def configure(self, *command):
        done = subprocess.run(list(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise Skip('%s: %s' % (' '.join(command), done.stdout.decode().strip()))

    def __enter__(self):
        self.holder = subprocess.Popen(['unshare', '-n', 'sh', '-c', 'echo up; read x'], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        pid = str(self.holder.pid)
        inside = self.enter + [pid, self.ip]
        try:
            self.configure(self.ip, 'link', 'add', 'lab0', 'type', 'veth', 'peer', 'name', 'lab1', 'netns', pid)
            self.configure(self.ip, 'addr', 'add', '10.9.0.254/24', 'brd', '+', 'dev', 'lab0')
            self.configure(self.ip, 'link', 'set', 'lab0', 'up')
            for i in range(len(self.models)):
                self.configure(*inside, 'addr', 'add', '10.9.0.%d/24' % (i + 1), 'brd', '+', 'dev', 'lab1')
            self.configure(*inside, 'link', 'set', 'lab1', 'up')
            names = ['%s@10.9.0.%d' % (m, i + 1) for i, m in enumerate(self.models)]
            wires = '--wires=vxi11,raw,hislip,http,mdns'
            self.bench = Bench(self.grat, *names, wires, within=self.enter + [pid]) if names else None
            if self.bench:
                self.bench.__enter__()
        except BaseException:
            self.end()
            raise
        return self

    def end(self):
        self.holder.communicate(b'x')
        subprocess.run([self.ip, 'link', 'del', 'lab0'], stderr=subprocess.DEVNULL)

    def __exit__(self, *_):
        if self.bench:
            self.bench.__exit__()
        self.end()


@check
def another_computer(place):
    """Instruments behind a cable answer the broadcast and the multicast; lxi finds the same by the broadcast."""
    with Lab(place, ['ds1104z', 'mso1104z', 'ds1104z']):
        done = subprocess.run([place.grat, 'list', '--json', '--explain'], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=30)
        theirs = run.run([need('lxi'), 'discover', '-t', '1'], timeout=20).decode('utf-8', 'replace')
    found = [json.loads(line) for line in done.stdout.splitlines()]
    ours = {f['resource']: f['via'] for f in found if f['via'] != 'serial'}
    wanted = {'TCPIP0::10.9.0.%d::hislip0::INSTR' % i: {'vxi11', 'mdns'} for i in (1, 2, 3)}
    expect({r: set(v.split()) for r, v in ours.items()} == wanted, 'it lists %r' % done.stdout)
    expect(all(v.count('mdns') == 1 for v in ours.values()), 'a source is named twice: %r' % ours)
    for said in ('vxi11: broadcast on lab0 to 10.9.0.255: 3 hosts answered', 'mdns: query on lab0 (IPv4)'):
        expect(said in done.stderr, '%r is not explained: %r' % (said, done.stderr))
    expect(theirs.count('10.9.0.') == 3, 'lxi lists %r' % theirs)


@check
def over_ipv6(place):
    """An instrument that has IPv6 alone: only multicast DNS can find it."""
    with Lab(place, []) as lab:
        inside = lab.enter + [str(lab.holder.pid), lab.ip]
        lab.configure(*inside, 'addr', 'add', 'fd09::1/64', 'dev', 'lab1', 'nodad')
        lab.configure(lab.ip, 'addr', 'add', 'fd09::254/64', 'dev', 'lab0', 'nodad')
        deadline = time.monotonic() + 10
        while b'tentative' in run.run([lab.ip, '-6', 'addr', 'show', 'dev', 'lab0']):
            expect(time.monotonic() < deadline, 'lab0 gets no link-local address')
            time.sleep(0.1)
        with Bench(place.grat, 'ds1104z@fd09::1', '--wires=raw,mdns', within=lab.enter + [str(lab.holder.pid)]):
            found = listed(place)
    scope = found.get('TCPIP0::[fd09::1]::5555::SOCKET', {})
    expect(scope.get('model') == 'DS1104Z' and 'note' not in scope, 'it lists %r' % found)


def silent_nameserver():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('127.0.0.53', 53))
    return s


@check
def silent_resolver(place):
    """A nameserver that never answers does not hold a command beyond its deadline."""
    if not own_run():
        raise Skip('no mount namespace')
    conf = place.path('resolv.conf')
    with open(conf, 'w') as f:
        f.write('nameserver 127.0.0.53\noptions timeout:20 attempts:3\n')
    target = os.path.realpath('/etc/resolv.conf')
    if not os.path.exists(target):
        raise Skip('there is no /etc/resolv.conf to cover')
    if subprocess.run(['mount', '--bind', conf, target], stderr=subprocess.DEVNULL).returncode:
        raise Skip('/etc/resolv.conf cannot be covered here')
    with silent_nameserver():
        begin = time.monotonic()
        done = subprocess.run([place.grat, 'query', '--timeout', '1s', 'TCPIP::no.such.host.example::INSTR', '*IDN?'],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        took = time.monotonic() - begin
    said = done.stderr.decode('utf-8', 'replace')
    expect(done.returncode == 1 and took < 3, 'exit %d after %.1f s: %r' % (done.returncode, took, said))
    expect('no answer about this name in time' in said, 'it says %r' % said)


@check
def unknown_host(place):
    """No nameserver at all: an error at once."""
    begin = time.monotonic()
    done = subprocess.run([place.grat, 'query', '--timeout', '5s', 'TCPIP::no.such.host::INSTR', '*IDN?'],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
    said = done.stderr.decode('utf-8', 'replace')
    expect(done.returncode == 1 and 'no.such.host' in said and said.count('\n') == 1 and
           time.monotonic() - begin < 7, 'exit %d: %r' % (done.returncode, said))


# ---- grat doctor -----------------------------------------------------------------------------------------

@check
def doctor_sees_a_closed_port(place):
    """A port that an ordinary user may not open, and the group that would open it."""
    setpriv = need('setpriv')
    root = place.path('root')
    os.makedirs(os.path.join(root, 'dev'))
    port = os.path.join(root, 'dev', 'ttyUSB0')
    with open(port, 'w'):
        os.chmod(port, 0o660)
    os.chmod(root, 0o755)
    os.chmod(place.folder, 0o755)
    as_nobody = [setpriv, '--reuid', '65534', '--regid', '65534', '--clear-groups']
    if os.geteuid() or subprocess.run(as_nobody + [place.grat, '--version'], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL).returncode:
        raise Skip('no other user can run the command here')
    os.chown(port, 0, 20)
    done = subprocess.run(as_nobody + [place.grat, 'doctor', '--json', '--root', root], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=30)
    findings = json.loads(done.stdout)['findings']
    bad = [f for f in findings if f['level'] == 'bad' and f['what'] == 'serial']
    expect(done.returncode == 1 and len(bad) == 1, 'exit %d: %r' % (done.returncode, findings))
    expect('no permission for /dev/ttyUSB0' in bad[0]['text'] and 'usermod -aG dialout nobody' in bad[0]['mend'],
           'it says %r' % bad)


# ---- main ------------------------------------------------------------------------------------------------

def multicast_on_loopback():
    run.loopback_up()
    ip = run.shutil.which('ip')
    for command in ('link set lo multicast on', 'route add 224.0.0.0/4 dev lo'):
        if not ip or subprocess.run([ip] + command.split(), stderr=subprocess.DEVNULL).returncode:
            return False
    return True


if __name__ == '__main__':
    sys.exit(run.main(CHECKS, 'discovery', multicast_on_loopback))
