/* SPDX-License-Identifier: MIT */
/* options.h - long options of a program that takes no other arguments. */
#ifndef TESTS_OPTIONS_H
#define TESTS_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

struct options {
    const char *program;        /* its name, for what is wrong */
    const struct option *known; /* with 'h' for help */
    void (*help)(FILE *file);
    bool (*read)(int option, void *settings); /* false: `optarg` is nothing that it knows */
};

/* -1: the program goes on; else its exit code. */
static inline int options_read(const struct options *options, int argc, char **argv,
                               void *settings)
{
    int option;

    while ((option = getopt_long(argc, argv, "", options->known, NULL)) != -1) {
        if (option == 'h') {
            options->help(stdout);
            return 0;
        }
        if (option == '?')
            return 2;
        if (!options->read(option, settings)) {
            fprintf(stderr, "%s: %s is no good\n", options->program, optarg);
            return 2;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "%s: what is %s?\n", options->program, argv[optind]);
    return 2;
}

#endif /* TESTS_OPTIONS_H */
