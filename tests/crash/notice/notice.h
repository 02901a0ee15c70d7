/* SPDX-License-Identifier: MIT */
/*
 * notice.h - how long a death is not noticed, and how much it disturbs those who have nothing
 * to do with it.
 */
#ifndef TESTS_NOTICE_H
#define TESTS_NOTICE_H

#include <mcapi.h>
#include <stdbool.h>
#include <stdint.h>

enum { TRIES = 4 };

/* Times in us, sorted by spread_of. */
struct spread {
    int64_t p50, p99, p999, most;
};
struct spread spread_of(int64_t *times, uint32_t count);

int64_t now_us(void);
void *share(size_t size);
void join(mcapi_node_t node);
mcapi_endpoint_t create(mcapi_port_t port);

/* A line of TAP. */
void report(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the program: the test itself cannot go on. */
_Noreturn void give_up(const char *what, mcapi_status_t status);

/* Two survivors send to each other while a third node dies and is recovered all the time, and
 * while a process that is no node does. `rounds` of each, `seconds` long. */
void measure_pauses(uint32_t rounds, double seconds);

#endif /* TESTS_NOTICE_H */
