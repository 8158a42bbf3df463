+ tree/sys/bus/usb/devices/1-2/product DS1000Z Series\n
+ tree/sys/bus/usb/devices/1-2/busnum 1\n
+ tree/sys/bus/usb/devices/1-2/devnum 7\n
+ tree/sys/bus/usb/devices/1-2:1.0/bInterfaceClass fe\n
+ tree/sys/bus/usb/devices/1-2:1.0/bInterfaceSubClass 03\n
+ tree/dev/ttyACM0 x
+ tree/proc/12/comm ModemManager\n
+ tree/etc/ufw/ufw.conf ENABLED=yes\n
+ tree/sys/devices/virtual/video4linux/video9/name Scope\n
+ tree/sys/module/v4l2loopback/parameters/exclusive_caps N,N\n
$ doctor --root tree
>~ ok   config .*
>~ (ok|note) +groups .*
>*
!*
? 1
$ doctor --root tree --json
>~ \{"well":false,.*"level":"note","what":"udev",.*DS1000Z Series: /dev/bus/usb/001/007 is not there.*ModemManager runs.*"mend":"sudo systemctl disable --now ModemManager".*loopback camera: /dev/video9 is not there.*without exclusive_caps=1: browsers do not see its cameras","mend":"sudo modprobe -r v4l2loopback && .*ufw is on.*
!*
? 1
+ well/etc/udev/rules.d/70-graticule.rules # rules\n
+ well/sys/bus/usb/devices/usb1/product hub\n
+ well/proc/12/comm ModemManager\n
+ well/sys/devices/virtual/video4linux/video9/name Scope\n
+ well/dev/video9 x
+ well/sys/module/v4l2loopback/parameters/exclusive_caps Y,N,N\n
$ doctor --root well --json
>~ \{"well":true,.*"level":"ok","what":"udev","text":"/etc/udev/rules.d/70-graticule.rules".*"level":"note","what":"serial","text":"ModemManager runs.*v4l2loopback has exclusive_caps=1.*
+ .config.yaml aliases: [\n
@ GRATICULE_CONFIG=.config.yaml
$ doctor --root well
>~ bad  config    \.config\.yaml:2:\d+: .*
>*
? 1
$ doctor --udev
> # Instruments on USB for the users of this computer: whoever sits at it (uaccess), and the group plugdev.
>*
