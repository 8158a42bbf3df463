/* What the rows of benches need beside the command:
 *   sync link MILLISECONDS         a network link with this delay in each direction, in a network namespace of its own
 *   sync read POINTS RESOURCE...   the memories of stopped scopes at once, by a bare loop: prints milliseconds
 *   sync open RESOURCE...          as many connections as opening them needs, at once; raw sockets answer: milliseconds
 *
 * The link is a TUN device. A packet from 10.8.a.b to 10.9.c.d comes back after the delay as one from 10.9.a.b to
 * 10.8.c.d: who listens at 10.8.c.d is reached at 10.9.c.d through the link, on any port. One address gains what the
 * other loses: the checksums stay right. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000
#define PACKETS 16384
#define MTU 1500
#define SPIN_NS 100000           /* a sleep may end later than asked for */
#define CHUNK 250000
#define HEADER 11
#define MOST 256

static void die(const char *what)
{
    fprintf(stderr, "sync: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* ---- the link -------------------------------------------------------------------------------------- */

typedef struct packet {
    int64_t due_ns;
    size_t n;
    unsigned char byte[MTU];
} packet;

static int make_link(void)
{
    struct ifreq r = {.ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "link0"};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &r) < 0) die("/dev/net/tun");
    if (system("ip link set lo up && ip addr add local 10.8.0.0/16 dev lo && ip link set link0 up txqueuelen 10000 && "
               "ip addr add 10.8.255.1/32 dev link0 && ip route add 10.9.0.0/16 dev link0 src 10.8.255.1"))
        die("ip");
    return fd;
}

static void swap_network(unsigned char *octet)
{
    if (octet[0] == 10 && (octet[1] == 8 || octet[1] == 9)) octet[1] = 17 - octet[1];
}

static void run_link(double ms)
{
    static packet queue[PACKETS];
    size_t first = 0, n = 0;
    int fd = make_link();
    puts("ready");
    fflush(stdout);
    for (;;) {
        packet *p = &queue[(first + n) % PACKETS];
        ssize_t got = n < PACKETS ? read(fd, p->byte, MTU) : -1;
        int64_t now = now_ns();
        if (got >= 20) {
            p->n = (size_t)got;
            p->due_ns = now + (int64_t)(ms * 1e6);
            swap_network(p->byte + 12);
            swap_network(p->byte + 16);
            n++;
        }
        if (n && queue[first].due_ns <= now) {
            if (write(fd, queue[first].byte, queue[first].n) < 0 && errno != EINVAL) die("write");
            first = (first + 1) % PACKETS;
            n--;
            continue;
        }
        int64_t rest = n ? queue[first].due_ns - now - SPIN_NS : NS_PER_S;
        struct pollfd f = {.fd = fd, .events = POLLIN};
        struct timespec t = {.tv_sec = rest / NS_PER_S, .tv_nsec = rest % NS_PER_S};
        if (got < 0 && rest > 0) ppoll(&f, 1, &t, NULL);
    }
}

/* ---- bare connections ------------------------------------------------------------------------------- */

typedef struct peer {
    int fd;
    size_t at, want, got;        /* points asked for, bytes of the present answer */
} peer;

/* "TCPIP0::ADDRESS::PORT::SOCKET"; others by `usual`. */
static int dial(const char *resource, int usual)
{
    char host[64] = "";
    int port = usual, on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET};
    if (sscanf(resource, "TCPIP%*[0-9]::%63[^:]::%d", host, &port) < 1) die(resource);
    a.sin_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1) die(host);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) die("connect");
    return fd;
}

static void send_text(int fd, const char *text)
{
    struct pollfd f = {.fd = fd, .events = POLLOUT};
    poll(&f, 1, 5000);
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text)) die("send");
}

static void ask(peer *p, size_t points)
{
    char text[100];
    size_t n = points - p->at < CHUNK ? points - p->at : CHUNK;
    snprintf(text, sizeof text, ":WAV:STOP %zu;:WAV:STAR %zu;:WAV:DATA?\n", p->at + n, p->at + 1);
    p->want = HEADER + n + 1;
    p->got = 0;
    p->at += n;
    send_text(p->fd, text);
}

static void read_all(size_t points, char **resource, unsigned n)
{
    static peer peers[MOST];
    static struct pollfd wait[MOST];
    static char into[1 << 18];
    for (unsigned i = 0; i < n; i++) {
        peers[i].fd = dial(resource[i], 5555);
        wait[i] = (struct pollfd){.fd = peers[i].fd, .events = POLLIN};
        send_text(peers[i].fd, ":STOP\n:WAV:SOUR CHAN1\n:WAV:MODE RAW\n:WAV:FORM BYTE\n");
    }
    usleep(300000);
    int64_t begin = now_ns();
    for (unsigned i = 0; i < n; i++) ask(&peers[i], points);
    for (unsigned left = n; left;) {
        if (poll(wait, n, 10000) <= 0) die("no answer");
        for (unsigned i = 0; i < n; i++) {
            if (!wait[i].revents) continue;
            ssize_t got = recv(peers[i].fd, into, sizeof into, 0);
            if (got <= 0) die("recv");
            peers[i].got += (size_t)got;
            if (peers[i].got < peers[i].want) continue;
            if (peers[i].at < points) ask(&peers[i], points);
            else wait[i].fd = -1, left--;
        }
    }
    printf("%.3f\n", (double)(now_ns() - begin) / 1e6);
}

static void open_all(char **resource, unsigned n)
{
    static int fd[2 * MOST];
    static bool raw[2 * MOST];
    unsigned used = 0;
    char answer[256];
    int64_t begin = now_ns();
    for (unsigned i = 0; i < n; i++) {
        bool socket = strstr(resource[i], "SOCKET") != NULL, hislip = strstr(resource[i], "hislip") != NULL;
        for (unsigned k = 0; k < (socket ? 1 : 2); k++) {
            raw[used] = socket;
            fd[used++] = dial(resource[i], hislip ? 4880 : 111);
        }
    }
    for (unsigned i = 0; i < used; i++) {
        struct pollfd f = {.fd = fd[i], .events = POLLOUT};
        poll(&f, 1, 5000);
        if (raw[i]) send_text(fd[i], "*IDN?\n");
    }
    for (unsigned i = 0; i < used; i++) {
        struct pollfd f = {.fd = fd[i], .events = POLLIN};
        if (raw[i] && (poll(&f, 1, 5000) <= 0 || recv(fd[i], answer, sizeof answer, 0) <= 0)) die("no answer");
        close(fd[i]);
    }
    printf("%.3f\n", (double)(now_ns() - begin) / 1e6);
}

int main(int argc, char **argv)
{
    double number = 0;
    bool numbered = argc > 2 && sscanf(argv[2], "%lf", &number) == 1 && number >= 0;
    if (argc == 3 && numbered && strcmp(argv[1], "link") == 0) run_link(number);
    else if (argc > 3 && argc < MOST && numbered && strcmp(argv[1], "read") == 0)
        read_all((size_t)number, argv + 3, (unsigned)argc - 3);
    else if (argc > 2 && argc < MOST && strcmp(argv[1], "open") == 0) open_all(argv + 2, (unsigned)argc - 2);
    else return 2;
    return 0;
}
