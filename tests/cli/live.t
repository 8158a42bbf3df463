$ live SIM::ds1104z --screen --y4m v.y4m --count 5
!~ 5 frames of 800x480 from \d+ pictures \(rigol-1000z-.*\) in .* s, \d+ dropped, \d+ late, latency \d+ ms
= v\.y4m YUV4MPEG2 W800 H480 F30:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED.FRAME
$ live SIM::ds1102e --y4m e.y4m --count 3 --rate 0 --json
>~ \{"resource":"SIM::.*","width":320,"height":234,"recipe":"rigol-1000e","frames":3,.*"repeated":0,.*\}
= e\.y4m YUV4MPEG2 W320 H234 .*
$ live SIM::ds1104z --draw --size 640x400 --channels 1,2 --y4m d.y4m --y4m d2.y4m --count 5
!~ 5 frames of 640x400 from \d+ pictures \(draw\) in .*
= d\.y4m YUV4MPEG2 W640 H400 F30:1 .*
= d2\.y4m YUV4MPEG2 W640 H400 F30:1 .*
$ live SIM::bitscope --y4m /dev/null --count 2 --json
>~ \{"resource":"SIM::.*","width":800,"height":480,"recipe":"draw","frames":2,.*\}
$ live SIM::ds1102e --screen --mjpeg 0 --count 2
!~ the picture is at http://127\.0\.0\.1:\d+/.*
!~ 2 frames of 320x234 .*
$ live SIM::ds1102e --screen --mjpeg 0.0.0.0:0
!~ grat: --mjpeg 0\.0\.0\.0:0: others could watch; give a --token TEXT of 8.*
? 1
$ live SIM::ds1102e --screen --mjpeg 0.0.0.0:0 --token 12345678 --count 2
!~ the picture is at http://0\.0\.0\.0:\d+/.*
!~ it is not encrypted: .*
!~ 2 frames of 320x234 .*
$ live SIM::ds1104z --draw --picture png --y4m /dev/null
!~ grat: live: --draw and --picture exclude each other.*
? 2
$ live SIM::ds1104z --draw --size 20x20 --y4m /dev/null
!~ grat: live: --size 20x20: .*
? 2
$ live SIM::ds1104z --draw --channels 9 --y4m /dev/null
!~ grat: live: .*
? 2
$ live SIM::ds1102e --draw --y4m /dev/null
!~ grat: .*: no scope driver knows this model; .*
? 1
$ live SIM::ds1102e --y4m /dev/null --for 100s -q
^ INT 1
? 3
$ live SIM::ds1102e --y4m /dev/null -q
^ INT 1
$ live SIM::ds1102e
!~ grat: live: nowhere to write to; .*
? 2
$ live SIM::ds1102e --y4m - --json
!~ grat: live: --y4m - and --json: both want standard output; choose one
? 2
$ live SIM::ds1102e --v4l2 nothing/there
!~ grat: nothing/there: it does not exist; .*
? 1
$ live SIM::ds1102e --y4m nothing/there.y4m
!~ grat: .*nothing/there\.y4m.*
? 1
$ live SIM::ds1102e --y4m /dev/full --count 3
!~ grat: .*/dev/full.*
? 1
