/* SPDX-License-Identifier: MIT */
/*
 * text.h - numbers as people read them: 1,234,567 items, 12.3 MB/s, 45.6 us.
 *
 * Each function writes into the caller's text, which has room for every number, and returns it.
 */
#ifndef LOAD_BALANCER_STATS_TEXT_H
#define LOAD_BALANCER_STATS_TEXT_H

#include <stdint.h>

enum {
    TEXT_SIZE = 32,
};

/* "1,234,567" */
char *text_count(char text[TEXT_SIZE], uint64_t number);

/* With three digits: "12.3 k", "4.56 M"; units of 1000. "999 " below. */
char *text_short(char text[TEXT_SIZE], double number);

/* "45.6 us", "1.23 s" */
char *text_duration(char text[TEXT_SIZE], double seconds);

/* Minutes and hours as on a clock: "0:07", "12:34", "1:02:03" */
char *text_clock(char text[TEXT_SIZE], double seconds);

/* "42 %" of a share between 0 and 1, "4.2 %" below ten */
char *text_percent(char text[TEXT_SIZE], double share);

#endif /* LOAD_BALANCER_STATS_TEXT_H */
