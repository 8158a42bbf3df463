$ capture SIM::ds1104z -c 1 -p 2ms -o a.csv -o a.npy
> a.csv
> a.npy
!~ DS1104Z: channels 1, 1 acquisition, .* samples each channel, .*
= a\.csv
= a\.npy .NUMPY
$ capture SIM::ds1104z -c 1 -o - -f csv -q
>*
$ capture SIM::ds1104z -q
>~ DS1104Z-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.csv
= DS1104Z-.*\.csv
$ capture SIM::ds1104z -o b.csv -o /nonexistent/x.csv
!~ grat: .*/nonexistent/x\.csv.*
? 1
=! b\.csv.*
$ measure a.csv
> channel 1
>*
$ measure a.csv --json
>~ \{.*"traces":\[\{"name":"1",.*
$ plot a.csv
> a.png
= a\.png .PNG
$ convert a.csv c.npz
= c\.npz PK
$ convert missing.csv c.npy
!~ grat: .*missing\.csv.*
? 1
$ screenshot SIM::ds1104z
>~ DS1104Z-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.png
= DS1104Z-.*\.png .PNG
$ screenshot SIM::ds1104z -o s.jpg --json
>~ \{.*"file":"s.jpg","format":"jpeg","width":800,"height":480,.*
= s\.jpg ÿØ
$ screenshot SIM::ds1104z -o s.png --markdown
> ![](s.png)
$ screenshot SIM::ds1104z -o my_shot(1).png --markdown
> ![](<my_shot(1).png>)
$ screenshot SIM::bitscope
! grat: screenshot: a BitScope BS0005 has no screen; grat plot draws what it captures, grat live what it sees
? 1
$ screenshot SIM::ps2204a
!~ grat: .*a Pico Technology 2204A has no screen; .*
? 1
$ info SIM::ps9999
!~ grat: SIM::ps9999: model "ps9999" is unknown; grat sim --list shows them
? 1
$ screenshot SIM::ds1104z -o s.xcf
!~ grat: screenshot: \.xcf: not an image format here; .*
? 2
# An average is made of so many acquisitions, one by one, and the file says so.
$ capture SIM::ds1104z -c 1 -p 1ms -t 1:rising@0V --average 16 -o mean.csv
> mean.csv
!~ DS1104Z: channels 1, 1 acquisition, .*
= mean\.csv time_s \(DS1104Z .* average 16 trigger 1 rising 0V\),ch1_V
$ capture SIM::ds1104z -c 1 --average 1 -o none.csv
!~ grat: .*averages: 1 is not possible; name 2 to 65536
? 1
=! none\.csv
$ log SIM::ds1104z -c 1 -p 1ms --average 4 --for 1s -o none.npy
!~ grat: .*a recording has every sample once.*
? 1
=! none\.npy
# HDF5: written, read back, measured, and readable by the tools of others.
$ capture SIM::ds1104z -c 1 -p 2ms -q -o a.h5
> a.h5
= a\.h5 .HDF
$ convert a.h5 d.csv
= d\.csv time_s
$ measure a.h5 --json
>~ \{.*"model":"DS1104Z".*"traces":\[\{"name":"1",.*
$ capture SIM::ds1104z -c 1 -o - -f h5
!~ grat: .*cannot write HDF5 to a pipe.*
? 1
# A recording in parts, of which the last are kept; one with a turn every so often; one into raw columns.
$ log SIM::bitscope -c A --rate 100kS/s --for 300ms --split 100ms -o part.h5 -q
> part-0001.h5
> part-0002.h5
> part-0003.h5
>*
= part-0002\.h5 .HDF
$ log SIM::bitscope -c A --rate 100kS/s --for 1s --keep-last 400ms -o ring.npy -q --raw
>*
=! ring-0001\.npy
$ log SIM::ds1104z -c 1 -p 1ms --every 100ms --for 250ms -o turns.csv --json
>~ \{.*"records":3,.*"gaps":0,"missing":\[\],.*"complete":true\}
= turns\.csv record,time_s
$ log SIM::ds1104z -c 1 -p 1ms --every 20ms --count 3 -o three.csv
> three.csv
!~ DS1104Z: channels 1, 3 acquisitions, 3600 samples each channel, .*
$ capture SIM::ps2406b -c A -r 1V -p 1ms -s 1000 -f csv -o -
>~ time_s \(2406B .*\),chA_V \(100mV/div DC 1X offset 0V\)
>*
!*
$ log SIM::ps2406b -c A -p 1ms -s 1000 --count 2 -o two.csv
> two.csv
!~ 2406B: channels A, 2 acquisitions, 2\d\d\d samples each channel, .*
$ log SIM::ps2406b -c A -p 1ms -s 1000 --count 5 --mode rapid -o five.h5
> five.h5
!~ 2406B: channels A, 5 acquisitions, .*
$ log SIM::bitscope -c A --rate 100kS/s --split 3V -o no.h5
! grat: --split: a size such as 1GB or a time such as 1h
? 2
$ log SIM::bitscope -c A --rate 100kS/s --mode stream --every 1s -o no.h5
!~ grat: --mode stream: it has no turns, counts or segments; .*
? 2
# A stream that begins at its trigger: times count from that.
$ log SIM::ps2406b -c A -p 2ms -s 2000 --pre 10% --mode stream --trigger A:rising@0.5V --for 5ms -o begin.csv
> begin.csv
!~ 2406B: channels A, 5000 samples each channel, 1 MS/s, 0 lost in 0 gaps, the trigger at sample 200
$ log SIM::ps2406b -c A --rate 1MS/s --mode stream --trigger A:rising@0.5V --for 5ms -o at.csv
> at.csv
!~ 2406B: channels A, 5000 samples each channel, 1 MS/s, 0 lost in 0 gaps, the trigger at sample 0
$ capture SIM::ps2406b -c A -p 2ms -s 2000 --pre 0 --trigger A:rising@0.5V+1ms -o late.npy
>*
!*
$ log SIM::bitscope -c A -p 2ms -s 2000 --mode stream --trigger A@1V -o no.csv
!~ grat: mode stream: this instrument streams without a trigger; choose mode block
? 1
# Turns that an acquisition is too slow for are counted and told.
$ log SIM::ds1104z -c 1 -p 1ms --every 100us --for 200ms -o late.csv --strict
> late.csv
!~ DS1104Z: .* [1-9]\d* turns missed.*
? 3
