/* The network as discovery needs it: interfaces that broadcast and multicast, no firewall, free ports. */
#include "cli/doctor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- interfaces --------------------------------------------------------------------------------- */

/* The route lookup of a datagram from this address; 0 or an errno. Nothing is sent. */
static int try_route(struct in_addr from, const char *to, unsigned port)
{
    static const int on = 1;
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = from};
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;
    inet_pton(AF_INET, to, &peer.sin_addr);
    if (fd < 0) return errno;
    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &from, sizeof from);
    if (bind(fd, (struct sockaddr *)&local, sizeof local) < 0 ||
        connect(fd, (struct sockaddr *)&peer, sizeof peer) < 0)
        err = errno;
    close(fd);
    return err;
}

static void check_interface(doctor *d, const struct ifaddrs *i)
{
    struct in_addr from = ((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
    char mend[120], broadcast[INET_ADDRSTRLEN] = "";
    if (!(i->ifa_flags & IFF_MULTICAST)) {
        snprintf(mend, sizeof mend, "sudo ip link set %s multicast on", i->ifa_name);
        doctor_say(d, DOCTOR_NOTE, "network", mend, "%s cannot multicast: mDNS finds nothing there", i->ifa_name);
        return;
    }
    if ((i->ifa_flags & IFF_BROADCAST) && i->ifa_broadaddr)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)i->ifa_broadaddr)->sin_addr, broadcast,
                  sizeof broadcast);
    int multicast_err = try_route(from, "224.0.0.251", 5353);
    int broadcast_err = *broadcast ? try_route(from, broadcast, 111) : 0;
    if (multicast_err || broadcast_err) {
        snprintf(mend, sizeof mend, "sudo ip route add %s dev %s", multicast_err ? "224.0.0.0/4" : broadcast,
                 i->ifa_name);
        doctor_say(d, DOCTOR_BAD, "network", mend, "%s has no route for %s: %s", i->ifa_name,
                   multicast_err ? "multicast" : "broadcasts",
                   strerrordesc_np(multicast_err ? multicast_err : broadcast_err));
        return;
    }
    doctor_say(d, DOCTOR_OK, "network", NULL, "%s: multicast%s%s", i->ifa_name, *broadcast ? ", broadcast to " : "",
               broadcast);
}

static void check_interfaces(doctor *d)
{
    struct ifaddrs *list;
    bool any = false;
    if (getifaddrs(&list)) return;
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP)) continue;
        if (i->ifa_flags & (IFF_LOOPBACK | IFF_POINTOPOINT)) continue;
        check_interface(d, i);
        any = true;
    }
    freeifaddrs(list);
    if (!any) doctor_say(d, DOCTOR_NOTE, "network", "ip link", "no network interface is up but loopback");
}

/* ---- firewalls ---------------------------------------------------------------------------------- */

static bool ufw_on(const doctor *d)
{
    char path[512], line[200];
    bool on = false;
    FILE *f = fopen(doctor_path(d, path, "/etc/ufw/ufw.conf"), "re");
    if (!f) return false;
    while (!on && fgets(line, sizeof line, f)) on = strncmp(line, "ENABLED=yes", 11) == 0;
    fclose(f);
    return on;
}

/* Answers to a broadcast come from hosts that nothing was sent to: connection tracking takes them for strangers. */
static void check_firewall(doctor *d)
{
    bool ufw = ufw_on(d);
    bool firewalld = doctor_exists(d, "/run/firewalld/locked") || doctor_exists(d, "/run/firewalld.pid");
    if (ufw)
        doctor_say(d, DOCTOR_NOTE, "firewall", "sudo ufw allow from 192.168.0.0/16 (the network of the instruments)",
                   "ufw is on: it drops answers to broadcasts, so discovery may miss instruments");
    if (firewalld)
        doctor_say(d, DOCTOR_NOTE, "firewall", "sudo firewall-cmd --zone=trusted --change-interface=DEVICE",
                   "firewalld runs: it may drop answers to broadcasts");
    if (!ufw && !firewalld) doctor_say(d, DOCTOR_OK, "firewall", NULL, "neither ufw nor firewalld is on");
}

/* ---- ports -------------------------------------------------------------------------------------- */

/* Whether /proc/net/tcp or udp has a socket that waits at this port of every address. */
static bool taken(const doctor *d, const char *protocol, unsigned port)
{
    char path[512], line[300], wanted[32];
    bool found = false;
    snprintf(wanted, sizeof wanted, ": 00000000:%04X ", port);
    FILE *f = fopen(doctor_path(d, path, "/proc/net/%s", protocol), "re");
    if (!f) return false;
    while (!found && fgets(line, sizeof line, f)) found = strstr(line, wanted) != NULL;
    fclose(f);
    return found;
}

/* Two responders can share the port when both say so. */
static bool can_share(unsigned port)
{
    static const int on = 1;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    bool ok = bind(fd, (struct sockaddr *)&any, sizeof any) == 0;
    close(fd);
    return ok;
}

static void check_ports(doctor *d)
{
    char start[32];
    if (taken(d, "tcp", 111))
        doctor_say(d, DOCTOR_NOTE, "port", "sudo systemctl disable --now rpcbind.socket rpcbind",
                   "111 is taken (rpcbind): grat sim cannot serve VXI-11; instruments are not concerned");
    else
        doctor_say(d, DOCTOR_OK, "port", NULL, "111 is free");
    if (!*d->root && !can_share(5353))
        doctor_say(d, DOCTOR_NOTE, "port", "sudo ss -ulpn sport = :5353",
                   "5353 is taken by a program that does not share it: grat sim cannot announce by mDNS");
    else
        doctor_say(d, DOCTOR_OK, "port", NULL, "5353 is free or shared");
    if (getuid() != 0 && doctor_read(d, "/proc/sys/net/ipv4/ip_unprivileged_port_start", start, sizeof start) &&
        strlen(start) > 2 && strcmp(start, "111") > 0)
        doctor_say(d, DOCTOR_NOTE, "port", "sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80",
                   "below %s only root may listen: grat sim cannot serve VXI-11 and HTTP", start);
}

void doctor_network(doctor *d)
{
    if (!*d->root) check_interfaces(d); /* those of another system cannot be seen */
    check_firewall(d);
    check_ports(d);
}
