$ query SIM::ds1104z *IDN?
>~ RIGOL TECHNOLOGIES,DS1104Z,.*
$ query --json SIM::ds1104z *IDN?
>~ \{"resource":"SIM::ds1104z","command":"\*IDN\?","reply":"RIGOL TECHNOLOGIES,DS1104Z,.*"\}
$ query SIM::ds1104z :DISP:DATA? -o shot.bin
= shot\.bin #9\d{9}
$ query SIM::ds1104z :DISP:DATA? --block -o shot.bmp
= shot\.bmp (BM|.PNG)
$ query SIM::ds1104z *IDN? -o /nonexistent/x
!~ grat: /nonexistent/x: cannot be written: .*
? 1
$ write SIM::ds1104z :RUN
$ write SIM::ds1104z :NO:SUCH -e
!~ grat: .+
? 1
$ query SIM::none *IDN?
!~ grat: .+: .+
? 1
$ shell SIM::ds1104z
< *IDN?
< :RUN
< .quit
>~ RIGOL TECHNOLOGIES,.*
$ shell SIM::ds1104z
< .bad
! grat: .bad: unknown; .help lists what there is
? 1
