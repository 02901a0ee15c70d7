/* SPDX-License-Identifier: MIT */
/*
 * help.h - what load_balancer --help says.
 */
#ifndef LOAD_BALANCER_HELP_H
#define LOAD_BALANCER_HELP_H

#include <stdio.h>

void help_print(FILE *out);

#endif /* LOAD_BALANCER_HELP_H */
