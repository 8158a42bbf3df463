/* The limit of the rows of rows_visa.py: a VISA library for one raw socket on 127.0.0.1 port 5555 that does nothing but
 * send and recv. What PyVISA itself and the system take is left. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define TERM_CHAR 0x3FFF0005
#define MAX_CNT 0x3FFF0006
#define FAILED ((int32_t)0xBFFF003E)

static int fd = -1;

EXPORT int32_t viOpenDefaultRM(uint32_t *rm);
EXPORT int32_t viParseRsrcEx(uint32_t rm, const char *name, uint16_t *type, uint16_t *board, char *class_name,
                             char *normal, char *alias);
EXPORT int32_t viOpen(uint32_t rm, const char *name, uint32_t mode, uint32_t timeout, uint32_t *vi);
EXPORT int32_t viClose(uint32_t vi);
EXPORT int32_t viSetAttribute(uint32_t vi, uint32_t attr, uint64_t value);
EXPORT int32_t viDisableEvent(uint32_t vi, uint32_t type, uint16_t mech);
EXPORT int32_t viDiscardEvents(uint32_t vi, uint32_t type, uint16_t mech);
EXPORT int32_t viWrite(uint32_t vi, const void *data, uint32_t n, uint32_t *done);
EXPORT int32_t viRead(uint32_t vi, void *data, uint32_t n, uint32_t *done);

int32_t viOpenDefaultRM(uint32_t *rm)
{
    *rm = 1;
    return 0;
}

int32_t viParseRsrcEx(uint32_t rm, const char *name, uint16_t *type, uint16_t *board, char *class_name, char *normal,
                      char *alias)
{
    (void)rm;
    *type = 6, *board = 0, *alias = '\0';
    snprintf(class_name, 256, "SOCKET");
    snprintf(normal, 256, "%s", name);
    return 0;
}

int32_t viOpen(uint32_t rm, const char *name, uint32_t mode, uint32_t timeout, uint32_t *vi)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(5555), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    (void)rm, (void)name, (void)mode, (void)timeout;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) return FAILED;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *vi = 2;
    return 0;
}

int32_t viClose(uint32_t vi)
{
    if (vi == 2) close(fd);
    return 0;
}

int32_t viSetAttribute(uint32_t vi, uint32_t attr, uint64_t value)
{
    (void)vi, (void)attr, (void)value;
    return 0;
}

int32_t viDisableEvent(uint32_t vi, uint32_t type, uint16_t mech)
{
    (void)vi, (void)type, (void)mech;
    return 0;
}

int32_t viDiscardEvents(uint32_t vi, uint32_t type, uint16_t mech)
{
    (void)vi, (void)type, (void)mech;
    return 0;
}

int32_t viWrite(uint32_t vi, const void *data, uint32_t n, uint32_t *done)
{
    ssize_t r = send(fd, data, n, 0);
    (void)vi;
    *done = r > 0 ? (uint32_t)r : 0;
    return r == (ssize_t)n ? 0 : FAILED;
}

/* One recv; the answers of a query come whole. */
int32_t viRead(uint32_t vi, void *data, uint32_t n, uint32_t *done)
{
    ssize_t r = recv(fd, data, n, 0);
    (void)vi;
    *done = r > 0 ? (uint32_t)r : 0;
    if (r <= 0) return FAILED;
    return r < (ssize_t)n && ((const char *)data)[r - 1] == '\n' ? TERM_CHAR : MAX_CNT;
}
