/* SPDX-License-Identifier: MIT */
/*
 * subject_ucx.c - UCX: tagged messages of UCP between two processes over POSIX shared memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <ucp/api/ucp.h>

#include "bench/entries.h"
#include "bench/loops.h"

enum { LARGEST = 65536, ADDRESS_MOST = 4096, TAG = 1 };

struct addresses {
    size_t length[2];
    unsigned char bytes[2][ADDRESS_MOST];
};

static ucp_worker_h worker;
static ucp_ep_h peer;

static void prepare(struct trial *trial)
{
    setenv("UCX_TLS", "posix", 0);
    trial->state = trial_share(sizeof(struct addresses));
}

static void must(ucs_status_t status, const char *call)
{
    if (status == UCS_OK)
        return;
    fprintf(stderr, "%s: %s\n", call, ucs_status_string(status));
    trial_fail(call);
}

static void make_worker(void)
{
    ucp_params_t features = { .field_mask = UCP_PARAM_FIELD_FEATURES,
                              .features = UCP_FEATURE_TAG };
    ucp_worker_params_t threads = { .field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE,
                                    .thread_mode = UCS_THREAD_MODE_SINGLE };
    ucp_config_t *config;
    ucp_context_h context;

    must(ucp_config_read(NULL, NULL, &config), "ucp_config_read");
    must(ucp_init(&features, config, &context), "ucp_init");
    ucp_config_release(config);
    must(ucp_worker_create(context, &threads, &worker), "ucp_worker_create");
}

BENCH_INLINE void complete(void *request, const char *call)
{
    if (request == NULL)
        return;
    if (UCS_PTR_IS_ERR(request))
        must(UCS_PTR_STATUS(request), call);
    while (ucp_request_check_status(request) == UCS_INPROGRESS)
        ucp_worker_progress(worker);
    ucp_request_free(request);
}

static const ucp_request_param_t nothing;

BENCH_INLINE void put(const void *buffer, size_t size)
{
    complete(ucp_tag_send_nbx(peer, buffer, size, TAG, &nothing), "ucp_tag_send_nbx");
}

BENCH_INLINE void get(void *buffer, size_t size)
{
    complete(ucp_tag_recv_nbx(worker, buffer, size, TAG, (ucp_tag_t)-1, &nothing),
             "ucp_tag_recv_nbx");
}

/* The first items there and back make the connection. */
static void *open_end(struct trial *trial, unsigned self)
{
    struct addresses *addresses = trial->state;
    ucp_ep_params_t to = { .field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS };
    ucp_address_t *address;
    char hello[8] = { 0 };

    make_worker();
    must(ucp_worker_get_address(worker, &address, &addresses->length[self]),
         "ucp_worker_get_address");
    if (addresses->length[self] > ADDRESS_MOST)
        trial_fail("ucp_worker_get_address: too long");
    memcpy(addresses->bytes[self], address, addresses->length[self]);
    ucp_worker_release_address(worker, address);
    trial_gather(trial);
    to.address = (const ucp_address_t *)addresses->bytes[!self];
    must(ucp_ep_create(worker, &to, &peer), "ucp_ep_create");
    if (self == 0) {
        put(hello, sizeof(hello));
        get(hello, sizeof(hello));
    } else {
        get(hello, sizeof(hello));
        put(hello, sizeof(hello));
    }
    return NULL;
}

/* What was sent goes on only while its sender looks after it. */
static void close_end(struct trial *trial, void *end)
{
    uint32_t all = 2 * trial->parties;

    (void)end;
    atomic_fetch_add(&trial->arrived, 1);
    while (atomic_load(&trial->arrived) < all)
        ucp_worker_progress(worker);
}

BENCH_INLINE size_t ucx_send(void *end, uint64_t number, size_t most, size_t size)
{
    _Alignas(64) static unsigned char buffer[LARGEST];

    (void)end, (void)most;
    payload_make(buffer, number, size);
    put(buffer, size);
    return 1;
}

BENCH_INLINE size_t ucx_receive(void *end, uint64_t number, size_t most, size_t size,
                                uint64_t *wrong)
{
    _Alignas(64) static unsigned char buffer[LARGEST];

    (void)end, (void)most;
    get(buffer, size);
    *wrong += payload_wrong(buffer, number, size);
    return 1;
}

LOOPS_USUAL_PARTS(ucx_send, ucx_receive, 64)
LOOPS_LARGE_PART(ucx_send, ucx_receive)

#define ENTRY(WORKLOAD, SIZE, PART)                                                           \
    {                                                                                         \
        .workload = WORKLOAD, .subject = "ucx", .mode = "", .size = SIZE, .prepare = prepare, \
        .part = PART                                                                          \
    }

const struct entry entries_ucx[] = {
    LOOPS_USUAL_ENTRIES,
    LOOPS_LARGE_ENTRY,
    { .workload = NULL },
};
