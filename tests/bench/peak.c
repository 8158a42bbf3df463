/* peak COMMAND…: runs it and prints its largest resident size in KiB and its seconds from fork to end on standard
 * error. A process that Python starts inherits Python's peak across exec, and pays for Python's fork; one that this
 * small program starts does not. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status;
    pid_t pid;

    if (argc < 2) return 2;
    double begin = now();
    pid = fork();
    if (pid == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) return 1;
    fprintf(stderr, "\npeak %ld %.9f\n", usage.ru_maxrss, now() - begin);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
