"""1 MiB from a simulated USB instrument, in the virtual lab: ours against a bare read loop on the kernel's node."""
import os
import subprocess

LAB = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lab', 'run')
BYTES = 1 << 20
INSIDE = '''
taskset -c 0 "$1/src/cli/grat" sim plain --wires usb >/run/resource &
for i in $(seq 200); do [ -e /dev/usbtmc0 ] && break; sleep 0.05; done
resource=$(grep ^USB /run/resource)
b="taskset -c 1 $1/tests/bench/usb_bench"
for round in $(seq "$2"); do
    echo "kernel $(GRATICULE_USB=kernel $b session "$resource" "$3" 5)"
    echo "loop $($b node /dev/usbtmc0 "$3" 5)"
    echo "libusb $(GRATICULE_USB=libusb $b session "$resource" "$3" 5)"
    for i in $(seq 100); do [ -e /dev/usbtmc0 ] && break; sleep 0.05; done
done
kill %1
'''


def rows(bench):
    command = [LAB, '-k', 'vhci-hcd usbtmc', 'bash', '-c', INSIDE, 'bench', os.path.abspath(bench.build),
               '1' if bench.quick else '3', str(BYTES)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, check=False)
    if done.returncode:
        raise RuntimeError('the lab: %s' % done.stderr.decode()[-300:].strip())
    seen = {}
    for line in done.stdout.decode().splitlines():
        word = line.split()
        if len(word) == 2:
            seen.setdefault(word[0], []).append(float(word[1]))
    middle = {name: sorted(v)[len(v) // 2] * 1e3 for name, v in seen.items()}
    for carrier in ('kernel', 'libusb'):
        times = {'ours': middle[carrier], 'read loop on /dev/usbtmc0': middle['loop']}
        bench.row('USB 1 MiB block by %s' % carrier, 'ms', times, {'read loop': 1.0},
                  'tests/lab/run -k "vhci-hcd usbtmc" … usb_bench session USB0::… %d' % BYTES)
