# The BitScope Micro from the command line.
@ XDG_CONFIG_HOME=.
$ info SIM::bitscope
> resource       SIM::bitscope
> vendor         BitScope
> model          BS0005
>*
$ capture SIM::bitscope -c A,B,L0-L7 --period 1ms --low 0 --high 3.3 --trigger A:rising@1.65V -o a.csv
> a.csv
!~ SIM::bitscope: L7 is left out: it is the comparator of A, which is on; L6 is left out: .* B, which is on
!~ BS0005: channels A,B,L0,L1,L2,L3,L4,L5, 1 acquisition, .*
= a.csv time_s .*chA_V.*L5
$ capture SIM::bitscope -c A --period 2ms --trigger L1=1,L2=0:falling -o p.npy -q
> p.npy
$ capture SIM::bitscope -c A --period 1ms --samples 100kS -o no.csv
!~ grat: samples: .* the nearest is .*
? 1
=! no.csv
$ capture SIM::bitscope -c A --period 1ms --trigger A:above@3.2V --timeout 300ms -o cut.csv
> cut.csv
!~ grat: SIM::bitscope: no trigger came in time, or its report was lost; .*
!~ BS0005: .*
? 3
$ capture SIM::bitscope -c A --period 1ms --trigger A:above@3.2V --wait 10ms -o auto.csv
> auto.csv
!~ BS0005: channels A, .* not triggered
$ capture SIM::bitscope -c A --period 1ms --trigger A:above@3.2V -o sig.csv
> sig.csv
!~ BS0005: .*
^ INT 0.5
? 3
$ log SIM::bitscope -c A --rate 100kS/s --for 300ms -o log.csv --strict
> log.csv
> log.csv.gaps.csv
!~ BS0005: channels A, \d+ samples each channel, 100 kS/s, \d+ lost in \d+ gaps?
? 3
= log.csv.gaps.csv first_missing,missing,time_s
# Longer than 64 bits count nanoseconds.
$ log SIM::ds1104z -c 1 -p 1ms --every 50ms --for 1e11s -o many.csv
^ INT 2
> many.csv
!~ DS1104Z: channels 1, ([2-9]|\d+) acquisitions, .*, incomplete
? 3
$ log SIM::ds1104z -c 1 -p 1ms --every 1e11s -o turns.csv
^ INT 2
> turns.csv
!~ DS1104Z: channels 1, 1 acquisition, .*
$ log SIM::bitscope -c A --rate 10kS/s --mode rapid --for 100ms -o no.csv
!~ grat: mode rapid: .*
? 1
=! no.csv
$ log SIM::bitscope -c A,L1 --rate 10kS/s --mode stream --for 500ms -o stream.csv --strict
> stream.csv
! BS0005: channels A,L1, 5000 samples each channel, 10 kS/s, 0 lost in 0 gaps
$ log SIM::bitscope -c A --rate 1MS/s --mode stream --for 100ms -o no.csv
! grat: rate: 1 MS/s cannot be streamed; the nearest is 666.667 kS/s
? 1
=! no.csv
$ capture SIM::bitscope -c A --period 5ms -o deflt.csv
> deflt.csv
!~ BS0005: channels A, 1 acquisition, \d+ samples each channel, .*S/s
$ info ./nowhere
! grat: info: "./nowhere" is no resource
? 2
$ calibrate nowhere
! grat: calibrate: "nowhere" is no resource
? 2
$ info file:/nowhere
!~ grat: .*no such serial port.*
? 1
$ log SIM::bitscope -c A --rate 10kS/s -o open.csv -q
>*
^ INT 2
$ gen SIM::bitscope sine --frequency 1234.5Hz --low 1 --high 2
> sine, 1.2345 kHz (1234.49863 Hz), 1 V to 2 V
$ gen SIM::bitscope sine --frequency 25kHz
!~ grat: frequency: 25 kHz is out of reach; the nearest is 24\.242 kHz
? 1
$ gen SIM::bitscope file
!~ grat: gen: .*
? 2
+ wave.txt 0\n1\n0.5\n
$ gen SIM::bitscope file --file wave.txt
> wave, 1 kHz (1000 Hz), 0 V to 3.3 V
$ gen SIM::ds1104z sine
!~ grat: RIGOL .*: no generator that is known here
? 1
$ calibrate SIM::bitscope --steps 4
!~ grat: calibration: the clock is not seen on A and B; connect L5 to both
? 1
$ calibrate SIM::bitscope?a=l5,b=l5 --steps 6 -q
>~ calibration    .*graticule/bitscope.conf
>*
$ query SIM::bitscope ? [2e]@p
> ?\rBS000501\r
>~ \[2e\]@p\\r[0-9a-f]{2}\\r
$ query SIM::bitscope ? --json
>*
$ write SIM::bitscope ?
!~ grat: .*: a BitScope echoes and answers every command; use grat query or grat shell
? 1
$ read SIM::bitscope
!~ grat: .*: a BitScope echoes and answers every command; use grat query or grat shell
? 1
$ shell SIM::bitscope
< .get TraceMode
< .set ClockTicks 0x28
< .get ClockTicks
< .get 2e
< ?
< .set ClockTicks
< .set ClockTicks 70000
>~ TraceMode \[21\] = 0x.*
> ClockTicks [2e] = 0x0028 (40)
>  [2e] = 0x28 (40)
> ?\rBS000501\r
! grat: .set: write .get NAME or .set NAME VALUE
! grat: ClockTicks: 0x11170 does not fit in 2 bytes
? 1
