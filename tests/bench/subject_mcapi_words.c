/* SPDX-License-Identifier: MIT */
/*
 * subject_mcapi_words.c - this library's scalar channels, a call for each word and 32 at a
 * time.
 */
#include <mcapi_ext.h>

#include "bench/entries.h"
#include "bench/loops.h"
#include "bench/mcapi_ends.h"

enum { BURST = 32 };

static void prepare(struct trial *trial)
{
    ends_prepare(trial, NULL);
}

static void *open_end(struct trial *trial, unsigned self)
{
    return ends_open(trial, self, ENDS_WORDS, 0);
}

BENCH_INLINE size_t single_send(void *end, uint64_t number, size_t most, size_t size)
{
    mcapi_status_t status;

    (void)most, (void)size;
    mcapi_sclchan_send_uint64(((struct ends *)end)->words_out, number, &status);
    ends_check(status, "mcapi_sclchan_send_uint64");
    return 1;
}

BENCH_INLINE size_t single_receive(void *end, uint64_t number, size_t most, size_t size,
                                   uint64_t *wrong)
{
    mcapi_status_t status;

    (void)most, (void)size;
    *wrong += mcapi_sclchan_recv_uint64(((struct ends *)end)->words_in, &status) != number;
    ends_check(status, "mcapi_sclchan_recv_uint64");
    return 1;
}

BENCH_INLINE size_t burst_send(void *end, uint64_t number, size_t most, size_t size)
{
    size_t count = most < BURST ? most : BURST;
    mcapi_uint64_t word[BURST];
    mcapi_status_t status;

    (void)size;
    for (size_t i = 0; i < count; i++)
        word[i] = number + i;
    count = mcapi_ext_sclchan_send_burst_uint64(((struct ends *)end)->words_out, word, count,
                                                &status);
    ends_check(status, "mcapi_ext_sclchan_send_burst_uint64");
    return count;
}

BENCH_INLINE size_t burst_receive(void *end, uint64_t number, size_t most, size_t size,
                                  uint64_t *wrong)
{
    mcapi_uint64_t word[BURST];
    mcapi_status_t status;
    size_t count = mcapi_ext_sclchan_recv_burst_uint64(((struct ends *)end)->words_in, word,
                                                       most < BURST ? most : BURST, &status);

    (void)size;
    ends_check(status, "mcapi_ext_sclchan_recv_burst_uint64");
    for (size_t i = 0; i < count; i++)
        *wrong += word[i] != number + i;
    return count;
}

LOOPS_ONE_WAY(single, open_end, ends_close, single_send, single_receive, 8, LOOPS_CHUNK)
LOOPS_ONE_WAY(burst, open_end, ends_close, burst_send, burst_receive, 8, LOOPS_CHUNK)

const struct entry entries_mcapi_words[] = {
    { .workload = "words",
      .subject = "mcapi",
      .mode = "single",
      .size = 8,
      .prepare = prepare,
      .part = single },
    { .workload = "words",
      .subject = "mcapi",
      .mode = "burst",
      .size = 8,
      .prepare = prepare,
      .part = burst },
    { .workload = NULL },
};
