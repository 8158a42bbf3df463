+ .config.yaml default: scope\naliases:\n  scope: SIM::ds1104z\n  other: SIM::mso1104z\n
@ GRATICULE_CONFIG=.config.yaml
$ query *IDN?
>~ RIGOL TECHNOLOGIES,DS1104Z,.*
$ query OTHER *IDN?
>~ RIGOL TECHNOLOGIES,MSO1104Z,.*
+ .config.yaml default: [\n
$ query *IDN?
!~ grat: \.config\.yaml:2:\d+: .*
? 1
$ query other *IDN?
!~ grat: \.config\.yaml:2:\d+: .*
? 1
$ query SIM::ds1104z *IDN?
>~ RIGOL TECHNOLOGIES,DS1104Z,.*
!~ warning: \.config\.yaml:2:\d+: .*
+ .config.yaml aliases:\n  a: b\n  b: a\n
$ query a *IDN?
!~ grat: a: an alias that leads back to itself; give it a resource
? 1
@ GRATICULE_CONFIG=missing.yaml
$ query *IDN?
!~ grat: missing\.yaml: the configuration cannot be read: .*
? 1
@ GRATICULE_CONFIG=
@ GRATICULE_RESOURCE=SIM::ds1104z
$ query *IDN?
>~ RIGOL TECHNOLOGIES,DS1104Z,.*
$ list --by colour
!~ grat: list: --by colour: it is --by bus.*
? 2
