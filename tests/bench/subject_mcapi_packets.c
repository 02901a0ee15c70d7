/* SPDX-License-Identifier: MIT */
/*
 * subject_mcapi_packets.c - this library's packet channels.
 *
 *   single     a call each to send (by copy), receive and release
 *   burst      the same for 32 at a time
 *   reference  the packet is made in the channel's buffer
 *   spin, sleep, adaptive   how a blocked receive waits (there and back)
 */
#include <mcapi_ext.h>

#include "bench/entries.h"
#include "bench/loops.h"
#include "bench/mcapi_ends.h"

enum { BURST = 32, LARGEST = 65536, TOUCHED = 64 };

static void prepare(struct trial *trial)
{
    ends_prepare(trial, NULL);
}

static void prepare_hops(struct trial *trial)
{
    ends_prepare(trial, trial->entry->mode);
}

static void *open_end(struct trial *trial, unsigned self)
{
    return ends_open(trial, self, ENDS_PACKETS, trial->entry->size);
}

/* --- One at a time -------------------------------------------------------------------- */

BENCH_INLINE size_t single_send(void *end, uint64_t number, size_t most, size_t size)
{
    _Alignas(64) static unsigned char buffer[LARGEST];
    mcapi_status_t status;

    (void)most;
    payload_make(buffer, number, size);
    mcapi_pktchan_send(((struct ends *)end)->packets_out, buffer, size, &status);
    ends_check(status, "mcapi_pktchan_send");
    return 1;
}

/* Of the packet as many bytes are read as `compared` says. */
BENCH_INLINE void receive_one(void *end, uint64_t number, size_t size, size_t compared,
                              uint64_t *wrong)
{
    mcapi_status_t status;
    void *packet;
    size_t came;

    mcapi_pktchan_recv(((struct ends *)end)->packets_in, &packet, &came, &status);
    ends_check(status, "mcapi_pktchan_recv");
    *wrong += came != size || payload_wrong(packet, number, compared);
    mcapi_pktchan_release(packet, &status);
    ends_check(status, "mcapi_pktchan_release");
}

BENCH_INLINE size_t single_receive(void *end, uint64_t number, size_t most, size_t size,
                                   uint64_t *wrong)
{
    (void)most;
    receive_one(end, number, size, size, wrong);
    return 1;
}

/* --- In bursts ------------------------------------------------------------------------ */

BENCH_INLINE size_t burst_send(void *end, uint64_t number, size_t most, size_t size)
{
    _Alignas(64) static unsigned char buffer[BURST][4096];
    size_t count = most < BURST ? most : BURST, sizes[BURST];
    const void *packet[BURST];
    mcapi_status_t status;

    for (size_t i = 0; i < count; i++) {
        payload_make(buffer[i], number + i, size);
        packet[i] = buffer[i];
        sizes[i] = size;
    }
    count = mcapi_ext_pktchan_send_burst(((struct ends *)end)->packets_out, packet, sizes,
                                         count, &status);
    ends_check(status, "mcapi_ext_pktchan_send_burst");
    return count;
}

BENCH_INLINE size_t burst_receive(void *end, uint64_t number, size_t most, size_t size,
                                  uint64_t *wrong)
{
    size_t sizes[BURST], count;
    mcapi_status_t status;
    void *packet[BURST];

    count = mcapi_ext_pktchan_recv_burst(((struct ends *)end)->packets_in, packet, sizes,
                                         most < BURST ? most : BURST, &status);
    ends_check(status, "mcapi_ext_pktchan_recv_burst");
    for (size_t i = 0; i < count; i++)
        *wrong += sizes[i] != size || payload_wrong(packet[i], number + i, size);
    if (mcapi_ext_pktchan_release_burst(packet, count, &status) != count)
        ends_check(status, "mcapi_ext_pktchan_release_burst");
    return count;
}

/* --- By reference --------------------------------------------------------------------- */

BENCH_INLINE size_t reference_send(void *end, uint64_t number, size_t size, size_t made)
{
    mcapi_pktchan_send_hndl_t out = ((struct ends *)end)->packets_out;
    mcapi_status_t status;
    void *packet = mcapi_ext_pktchan_buffer_take(out, size, &status);

    ends_check(status, "mcapi_ext_pktchan_buffer_take");
    payload_make(packet, number, made);
    mcapi_ext_pktchan_buffer_send(out, packet, size, &status);
    ends_check(status, "mcapi_ext_pktchan_buffer_send");
    return 1;
}

BENCH_INLINE size_t whole_send(void *end, uint64_t number, size_t most, size_t size)
{
    (void)most;
    return reference_send(end, number, size, size);
}

/* Only the beginning is made and read: what remains is what the library does. */
BENCH_INLINE size_t touch_send(void *end, uint64_t number, size_t most, size_t size)
{
    (void)most;
    return reference_send(end, number, size, TOUCHED);
}

BENCH_INLINE size_t touch_receive(void *end, uint64_t number, size_t most, size_t size,
                                  uint64_t *wrong)
{
    (void)most;
    receive_one(end, number, size, TOUCHED, wrong);
    return 1;
}

#define ONE_WAY(NAME, SEND, RECEIVE, SIZE, CHUNK) \
    LOOPS_ONE_WAY(NAME, open_end, ends_close, SEND##_send, RECEIVE##_receive, SIZE, CHUNK)

ONE_WAY(single_64, single, single, 64, LOOPS_CHUNK)
ONE_WAY(single_1k, single, single, 1024, 256)
ONE_WAY(single_4k, single, single, 4096, 64)
ONE_WAY(single_64k, single, single, 65536, 16)
ONE_WAY(burst_64, burst, burst, 64, LOOPS_CHUNK)
ONE_WAY(burst_1k, burst, burst, 1024, 256)
ONE_WAY(burst_4k, burst, burst, 4096, 64)
ONE_WAY(whole_4k, whole, single, 4096, 64)
ONE_WAY(whole_64k, whole, single, 65536, 16)
ONE_WAY(touch_64, touch, touch, 64, LOOPS_CHUNK)
ONE_WAY(touch_64k, touch, touch, 65536, LOOPS_CHUNK)
LOOPS_PING_PONG(hop_64, open_end, ends_close, single_send, single_receive, 64)
LOOPS_WAKE(wake_64, open_end, ends_close, single_send, single_receive, 64)

#define ENTRY(WORKLOAD, MODE, SIZE, PREPARE, PART)                            \
    {                                                                         \
        .workload = WORKLOAD, .subject = "mcapi", .mode = MODE, .size = SIZE, \
        .prepare = PREPARE, .part = PART                                      \
    }

const struct entry entries_mcapi_packets[] = {
    ENTRY("packets", "single", 64, prepare, single_64),
    ENTRY("packets", "burst", 64, prepare, burst_64),
    ENTRY("packets", "single", 1024, prepare, single_1k),
    ENTRY("packets", "burst", 1024, prepare, burst_1k),
    ENTRY("packets", "single", 4096, prepare, single_4k),
    ENTRY("packets", "burst", 4096, prepare, burst_4k),
    ENTRY("packets", "reference", 4096, prepare, whole_4k),
    ENTRY("packets", "single", 65536, prepare, single_64k),
    ENTRY("packets", "reference", 65536, prepare, whole_64k),
    ENTRY("references", "reference", 64, prepare, touch_64),
    ENTRY("references", "reference", 65536, prepare, touch_64k),
    ENTRY("ping-pong", "spin", 64, prepare_hops, hop_64),
    ENTRY("ping-pong", "sleep", 64, prepare_hops, hop_64),
    ENTRY("ping-pong", "adaptive", 64, prepare_hops, hop_64),
    ENTRY("wake", "sleep", 64, prepare_hops, wake_64),
    ENTRY("wake", "adaptive", 64, prepare_hops, wake_64),
    { .workload = NULL },
};
