$ capture SIM::ds1104z -t 1:rising@50V -o never.csv -q
^ INT 1
!*
? 130
=! never.*
