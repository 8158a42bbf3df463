$ shell SIM::plain
% *IDN?\r
~ GRATICULE,PLAIN,0,1
% :DELAY? 60000\r
% \x03
~ cancelled
% :ECHO? after\r
~ \nafter
% \x03
% half a line\x03
% :ECHO? again\r
~ \nagain
% *ID\t\r
~ GRATICULE,PLAIN,0,1
% .quit\r
$ shell SIM::plain
< :ECHO? piped
> piped
