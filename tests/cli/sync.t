# a bench of simulated instruments inside the process
+ bench.yaml instruments:\n  meter: {resource: 'SIM::dmm', identity: DMM, setup: ['CONF:VOLT:DC 10', 'VOLT:NPLC 1']}\n  psu: {resource: 'SIM::psu', start: , read: 'MEAS:VOLT?', setup: ['VOLT 5', 'OUTP ON']}\nbenches:\n  lab: {members: [meter, psu], reference: meter, wiring: [out of psu feeds meter]}\n  broken: [meter, 'TCPIP::127.0.0.1::1::SOCKET']\n  other: [{name: odd, resource: 'SIM::dmm', identity: 34461A}]\n
@ GRATICULE_CONFIG=bench.yaml
$ bench check lab
>~ ok   meter  SIM::dmm  GRATICULE DMM 0 1.0  answers in .+s
>~ ok   psu  SIM::psu  GRATICULE PSU 0 1.0  answers in .+s
>     the reference is meter
>     wiring: out of psu feeds meter
$ bench check lab --json
>~ \{"bench":"lab","reference":"meter","wiring":\["out of psu feeds meter"\],"members":\[\{"member":"meter",.*"ok":true,.*\}\]\}
$ bench check broken
>~ ok   meter  .*
>~ bad  TCPIP::127\.0\.0\.1::1::SOCKET  .*
? 3
$ bench check other
>~ bad  odd  SIM::dmm  GRATICULE DMM 0 1.0  .*34461A was expected; is it the right one\?
? 1
$ bench check nowhere
!~ grat: nowhere: neither a bench, an alias nor a resource.*
? 2
$ bench
!*
? 2
$ sync lab
>~ meter  0  started at \+0 s ± .+s
> psu  5
!~ 1 run of 2 members, 0 with a failure
$ sync lab --json -q
>~ \{"run":0,"send_spread_s":0,"members":\[\{"member":"meter",.*"start_utc":"\d+\.\d{9}",.*"values":\[0\]\},\{"member":"psu",.*"values":\[5\]\}\]\}
$ sync lab --every 500ms --count 2 -o out.csv -q
> out.csv
= out.csv run,member,start_utc_s,uncertainty_s,acknowledged,read_utc_s,index,value,reply,error\n0,meter,\d+\.\d{9},0\.\d{9},0,\d+\.\d{9},0,0,,\n0,psu,,,,\d+\.\d{9},0,5,,\n
# an interrupt between two runs is the end that was asked for; before the first one there is nothing
$ sync lab --every 20s -o long.csv -q
> long.csv
^ INT 3
= long.csv run,.*\n0,meter,.*\n0,psu,.*\n
$ sync lab --at 2100000000 -q
^ INT 1.5
? 130
$ sync broken --recipe read -o out.json -q
> out.json
? 3
= out.json \{"bench":"broken","wiring":\[\],"runs":\[\{"run":0,
$ sync SIM::dmm SIM::psu --recipe 'INIT|MEAS:VOLT?|ABOR' --setup *CLS -q
>~ SIM::dmm  .*
>~ SIM::psu  0  .*
$ sync lab -o table.txt
!~ grat: table.txt: the name must end in .csv, .json or .h5.*
? 2
$ sync broken --resample nodot
!~ grat: no format for nodot: .*
? 1
# what was there stays when nothing can be started
+ kept.csv all of it\n
$ sync TCPIP::127.0.0.1::1::SOCKET -o kept.csv
!~ grat: .*connection refused.*
? 1
= kept.csv all of it\n
$ sync lab --recipe fast
!~ grat: fast: no recipe; .*
? 2
$ sync lab --at 1
!~ grat: --at 1: this is over.*
? 2
# an error in the file has its place
+ bad.yaml benches:\n  lab: [meter]\n
@ GRATICULE_CONFIG=bad.yaml
$ sync lab
!~ grat: bad.yaml:2:9: neither an instrument, an alias nor a resource.*
? 2
