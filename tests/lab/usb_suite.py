#!/usr/bin/env python3
# lab: -u -k 'vhci-hcd usbtmc ftdi_sio'
# tests: USB instruments through libusb and through the kernel, udev rules
"""USB instruments: the simulator on the virtual host controller, through every door."""
import os
import sys

import guest
from guest import check, expect, run


@check
def virtual_usb_controller_and_class_drivers(build):
    expect(os.access('/sys/devices/platform/vhci_hcd.0/attach', os.W_OK), 'vhci-hcd is not there')
    expect('usbtmc' in os.listdir('/sys/bus/usb/drivers'), 'usbtmc is not loaded')
    expect('ftdi_sio' in os.listdir('/sys/bus/usb/drivers'), 'ftdi_sio is not loaded')


@check
def our_command_runs_in_the_guest(build):
    grat = os.path.join(build, 'src/cli/grat')
    expect('ds1104z' in run([grat, 'sim', '--list']), 'no model is listed')


if __name__ == '__main__':
    sys.exit(guest.main())
