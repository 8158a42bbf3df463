$ captrue
! grat: captrue: unknown command; did you mean capture?
? 2
$ capture --trigge 1
! grat: --trigge: unknown option; did you mean --trigger?
? 2
$ capture SIM::ds1104z --period 2V
!~ grat: --period 2V: .*
? 2
$ capture SIM::ds1104z --trigger 9:up
! grat: trigger 9:up: not a trigger; write it like 1:rising@0.5V, D3:falling, D0=1,D3=0, none or auto
? 2
$ log SIM::ds1104z --for 2m
! grat: --for 2m: minutes or milliseconds? Write 2min or 2ms
? 2
$ log SIM::ds1104z --flush=-1
! grat: --flush: it must be longer than nothing, such as 1s
? 2
$ capture SIM::ds1104z --count 0
! grat: --count 0: a whole number from 1 on is wanted
? 2
$ screenshot 192.168.1.20
! grat: screenshot: "192.168.1.20" is no resource; write it like TCPIP::192.168.1.20::INSTR
? 2
$ query 192.168.1.20 *IDN?
! grat: query: "192.168.1.20" is no resource; write it like TCPIP::192.168.1.20::INSTR
? 2
$ measure 192.168.1.20
! grat: measure: "192.168.1.20" is no resource; write it like TCPIP::192.168.1.20::INSTR
? 2
$ screenshot scope
! grat: screenshot: "scope" is no resource
? 2
$ screenshot x.png
! grat: screenshot: "x.png" is no resource; the file is named with -o
? 2
$ gen SIM::bitscope square --duty 25
> square, 1 kHz (1000 Hz), 0 V to 3.3 V
$ capture -o -
! grat: capture: -o -: which format? Add --format=csv
? 2
$ convert a.csv
! grat: convert: an argument is missing: grat convert FILE FILE
? 2
$ query SIM::ds1104z
! grat: query: an argument is missing: grat query [RESOURCE] COMMAND…
? 2
$ --version
>~ grat \d+\.\d+\.\d+
$
!*
? 2
$ --help
> usage: grat COMMAND [RESOURCE] [options]
>*
$ capture --help
> usage: grat capture [RESOURCE] [options]
>*
$ help --man capture
>~ \.TH GRAT\\-capture 1 .*
>*
$ help --completion bash
> _grat()
>*
$ help nothing
!~ grat: nothing: unknown command; .*
? 2
$ query TCPIP::127.0.0.1::hislip0::INSTR *IDN? --user ann
! grat: --user ann: no password; set GRATICULE_PASSWORD, or run it at a terminal
? 2
$ query TCPIP::127.0.0.1::hislip0::INSTR *IDN? --tls maybe
!~ grat: --tls maybe: .*
? 2
