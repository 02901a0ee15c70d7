/* SPDX-License-Identifier: MIT */
/*
 * peak_memory.c - runs a command and prints the most resident memory, in KiB, that any one
 * process of it had: its own, or one that it has waited for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct rusage used;
    int status;
    pid_t pid;

    if (argc < 2) {
        fputs("Usage: peak_memory COMMAND [ARGUMENT]...\n", stderr);
        return EXIT_FAILURE;
    }
    pid = fork();
    if (pid == 0) {
        execv(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0
        || getrusage(RUSAGE_CHILDREN, &used) != 0)
        return EXIT_FAILURE;
    printf("%ld\n", used.ru_maxrss);
    return EXIT_SUCCESS;
}
