/* SPDX-License-Identifier: MIT */
/*
 * scalar_channel.c - questions in 32 bits, answers in 64: two scalar channels, one each way.
 *
 * A scalar is received in the width in which it was sent. Asked for another, the library says
 * so and leaves it where it is.
 *
 *     cc scalar_channel.c $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

enum { DOMAIN = 0, ASKER = 0, SQUARER = 1 };
enum { PORT_OF_QUESTIONS = 1, PORT_OF_ANSWERS = 2 }; /* both the squarer's */

static void square(int unused)
{
    mcapi_endpoint_t questions_end, answers_end;
    mcapi_sclchan_recv_hndl_t questions;
    mcapi_sclchan_send_hndl_t answers;
    mcapi_request_t opened[2];
    mcapi_status_t status;
    mcapi_info_t info;

    (void)unused;
    TRY(mcapi_initialize(DOMAIN, SQUARER, NULL, NULL, &info, &status));
    TRY(questions_end = mcapi_endpoint_create(PORT_OF_QUESTIONS, &status));
    TRY(answers_end = mcapi_endpoint_create(PORT_OF_ANSWERS, &status));
    /* An end may be opened before it is connected; the asker does that. */
    TRY(mcapi_sclchan_recv_open_i(&questions, questions_end, &opened[0], &status));
    TRY(mcapi_sclchan_send_open_i(&answers, answers_end, &opened[1], &status));
    finish(opened[0]);
    finish(opened[1]);

    for (;;) {
        mcapi_uint64_t number = mcapi_sclchan_recv_uint32(questions, &status);

        if (status == MCAPI_ERR_CHAN_INVALID)
            break; /* no more questions */
        check(status, "mcapi_sclchan_recv_uint32");
        TRY(mcapi_sclchan_send_uint64(answers, number * number, &status));
    }
    TRY(mcapi_finalize(&status)); /* closes and deletes whatever there is */
}

/* Connects two endpoints, of which one is the squarer's. */
static void connect(mcapi_endpoint_t from, mcapi_endpoint_t to)
{
    mcapi_request_t connected;
    mcapi_status_t status;

    TRY(mcapi_sclchan_connect_i(from, to, &connected, &status));
    finish(connected);
}

static void ask(void)
{
    static const mcapi_uint32_t numbers[] = { 12, 65536, 4294967295u };
    mcapi_endpoint_t questions_end, answers_end, there;
    mcapi_sclchan_send_hndl_t questions;
    mcapi_sclchan_recv_hndl_t answers;
    mcapi_request_t opened[2];
    mcapi_status_t status;
    mcapi_info_t info;

    TRY(mcapi_initialize(DOMAIN, ASKER, NULL, NULL, &info, &status));
    TRY(questions_end = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
    TRY(answers_end = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
    TRY(there = mcapi_endpoint_get(DOMAIN, SQUARER, PORT_OF_QUESTIONS, PATIENCE, &status));
    connect(questions_end, there);
    TRY(there = mcapi_endpoint_get(DOMAIN, SQUARER, PORT_OF_ANSWERS, PATIENCE, &status));
    connect(there, answers_end);
    TRY(mcapi_sclchan_send_open_i(&questions, questions_end, &opened[0], &status));
    TRY(mcapi_sclchan_recv_open_i(&answers, answers_end, &opened[1], &status));
    finish(opened[0]);
    finish(opened[1]);

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        mcapi_uint64_t answer;

        TRY(mcapi_sclchan_send_uint32(questions, numbers[i], &status));
        mcapi_sclchan_recv_uint32(answers, &status);
        if (status != MCAPI_ERR_SCL_SIZE)
            check(status, "an answer of 32 bits");
        TRY(answer = mcapi_sclchan_recv_uint64(answers, &status));
        printf("%u squared is %llu\n", numbers[i], answer);
    }
    TRY(mcapi_finalize(&status));
}

int main(void)
{
    start(square, 0);
    ask();
    return end_of_children();
}
