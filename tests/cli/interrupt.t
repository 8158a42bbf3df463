$ capture SIM::ds1104z -t 1:rising@50V -o never.csv
!~ grat: trigger level: 50 V is off the screen of channel 1; .*
? 1
=! never.*
$ read SIM::ds1104z -T 1min
^ INT 0.5
! grat: SIM::ds1104z: cancelled
? 130
$ capture SIM::ds1104z -t 1:rising@3V -c 1 -o cut.csv
^ INT 1
> cut.csv
!~ DS1104Z: channels 1, 1 acquisition, .*, incomplete
? 3
= cut\.csv
$ capture SIM::ds1104z -t 1:rising@3V -c 1 -o late.csv -T 500ms
!* 
>*
? 3
$ capture SIM::ds1104z -n 1000000 -o many.json -q
^ INT 1
> many.json
? 3
= many\.json \{
# A recording that is ended by hand is whole, in every file.
$ log SIM::bitscope -c A --rate 100kS/s -o ended.h5 -o ended.npy -q
^ INT 0.7
> ended.h5
> ended.npy
>*
= ended\.h5 .HDF
$ measure ended.h5 --json
>~ \{.*"samples":\d+,.*"traces":\[\{"name":"A",.*
