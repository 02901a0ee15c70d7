/* SPDX-License-Identifier: MIT */
/*
 * usecase_packets.h - what usecase_packets_balancer.c and usecase_packets_worker.c agree on.
 */
#ifndef USECASE_PACKETS_H
#define USECASE_PACKETS_H

#include <mcapi.h>
#include <stdio.h>
#include <stdlib.h>

#define DOMAIN         0
#define BALANCER       0
#define WORKERS        4
#define WORKER_NODE(i) ((i) + 1)

/* Both are the worker's. */
#define PORT_WORK 0
#define PORT_ACK  1

/* One piece of work. One that is not valid means: go home. */
typedef struct {
    unsigned char is_valid;
    int worker; /* whose flow the packet belongs to */
} PacketInfo;

static inline void check(mcapi_status_t status, const char *who, const char *call)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "%s: %s: %s\n", who, call,
            mcapi_display_status(status, text, sizeof(text)));
    exit(1);
}

#endif /* USECASE_PACKETS_H */
