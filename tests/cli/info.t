$ info SIM::mso1104z
> resource       SIM::mso1104z
>*
$ info SIM::ds1104z --json
>~ \{"resource":"SIM::ds1104z",.*"analog_channels":4,.*"settings":\{.*\},"details":\[\]\}
$ sim --list
> models:
>*
$ sim
!~ grat: sim: which model\? .*
? 2
$ sim nothing-like-it --no-portmapper
!~ grat: .+
? 1
$ sim ds1104z@127.0.0.93 --wires raw
> TCPIP0::127.0.0.93::5555::SOCKET
> ready
^ INT ready
