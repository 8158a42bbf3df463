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
$ screenshot SIM::ds1104z -o s.xcf
!~ grat: screenshot: \.xcf: not an image format here; .*
? 2
