$ serve nonsense
! grat: serve: "nonsense" is no resource
? 2
$ serve SIM::plain --listen localhost
! grat: localhost: an address in numbers is wanted
? 1
$ serve SIM::plain --listen 127.0.0.1:99999
!~ grat: serve: --listen 127\.0\.0\.1:99999: ADDRESS:PORT is wanted.*
? 2
$ serve SIM::plain --listen 127.0.0.1:0 --cert x.pem
! grat: certificate: it needs its key, and a key its certificate
? 1
$ serve SIM::plain --listen 127.0.0.1:0 --token-file missing
! grat: missing: the token cannot be read: No such file or directory
? 1
$ serve SIM::plain --listen 127.0.0.1:0 --token-file /dev/null
!~ grat: token: 16 to 128 letters, digits, - and _ are wanted
? 1
$ serve SIM::plain --listen 127.0.0.1:0 --folder /dev/null/x
!~ grat: /dev/null/x: it cannot be made: .*; give another --folder
? 1
$ serve SIM::plain --listen 192.0.2.1:0
!~ grat: 192\.0\.2\.1 port 0: it cannot be listened at: Cannot assign requested address; .*
? 1
$ serve SIM::plain --listen 127.0.0.1:0 --timeout 300ms
>~ http://127\.0\.0\.1:\d+/
! open it in a browser; Ctrl-C ends
$ serve SIM::plain --listen 127.0.0.1:0 --timeout 300ms --json --quiet
>~ \{"url":"http://127\.0\.0\.1:\d+/","fingerprint":""\}
