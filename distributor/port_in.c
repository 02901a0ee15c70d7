/* SPDX-License-Identifier: MIT */
#include "distributor/port.h"

#include <mcapi_ext.h>

static void release(void *parcel)
{
    mcapi_status_t status;

    mcapi_pktchan_release(parcel, &status);
}

/* Whether a packet can be a parcel; whether each item lies in it is looked at when it is taken.
 */
static bool is_parcel(const struct wire_parcel *parcel, size_t size)
{
    return size >= sizeof(*parcel) && size <= UINT32_MAX && parcel->count >= 1
        && parcel->count <= WIRE_PARCEL_ITEMS;
}

static void keep(struct distributor_worker *worker, struct wire_parcel *parcel, size_t size)
{
    uint32_t batch = parcel->batch;

    if (!is_parcel(parcel, size)) {
        worker->over = MCAPI_ERR_GENERAL;
        return;
    }
    worker->number = parcel->worker;
    worker->batch = batch < DISTRIBUTOR_BURST_MAX ? batch : DISTRIBUTOR_BURST_MAX;
    worker->max_size = parcel->max_size;
    if (worker->count == 0) {
        worker->next = 0;
        worker->at = sizeof(*parcel);
    }
    worker->parcels[(worker->first + worker->count++) % WIRE_PARCELS] =
            (struct port_parcel){ parcel, (uint32_t)size };
}

bool port_receive(struct distributor_worker *worker)
{
    void *packets[WIRE_PARCELS];
    size_t sizes[WIRE_PARCELS];
    size_t room = WIRE_PARCELS - worker->count, count;
    mcapi_status_t status;

    if (room == 0 || worker->over != MCAPI_SUCCESS)
        return false;
    if (mcapi_pktchan_available(worker->work_end, &status) == 0) {
        if (status != MCAPI_SUCCESS)
            worker->over = status;
        return false;
    }
    count = mcapi_ext_pktchan_recv_burst(worker->work_end, packets, sizes, room, &status);
    if (count == 0)
        worker->over = status;
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < sizeof(struct wire_parcel) + WIRE_AHEAD && at < sizes[i];
             at += 64)
            __builtin_prefetch((unsigned char *)packets[i] + at);
    for (size_t i = 0; i < count; i++) {
        struct wire_parcel *parcel = packets[i];

        if (sizes[i] >= sizeof(*parcel) && (parcel->flags & WIRE_DISMISSED) != 0) {
            worker->dismissed = true;
            release(parcel);
            continue;
        }
        if (worker->over == MCAPI_SUCCESS && sizes[i] >= sizeof(*parcel)
            && parcel->epoch != worker->epoch) {
            /* The distributor may have run out of packets: it learns that there is one. */
            release(parcel);
            worker->news = true;
            continue;
        }
        keep(worker, parcel, sizes[i]);
    }
    return worker->count > 0;
}

/* The first parcel has no more items to take. */
static void *pass_parcel(struct distributor_worker *worker)
{
    void *parcel = worker->parcels[worker->first].parcel;

    worker->first = (worker->first + 1) % WIRE_PARCELS;
    worker->count--;
    worker->next = 0;
    worker->at = sizeof(struct wire_parcel);
    return parcel;
}

/* False: it does not lie in its parcel. */
static inline bool take_one(struct distributor_worker *worker, struct distributor_item *item)
{
    const struct port_parcel *from = &worker->parcels[worker->first];
    struct wire_parcel_item entry = from->parcel->items[worker->next++];
    uint32_t size = entry.size & ~WIRE_AGAIN;
    struct port_work *work;

    if (size > from->size - worker->at)
        return false;
    *item = (struct distributor_item){
        .bytes = (unsigned char *)from->parcel + worker->at,
        .size = size,
        .tag = entry.tag,
        .worker = (uint16_t)worker->number,
        .flags = (entry.size & WIRE_AGAIN) != 0 ? DISTRIBUTOR_AGAIN : 0,
    };
    /* Not behind the end: the distributor has those lines, and is to keep them. */
    if (worker->at + WIRE_AHEAD < from->size)
        __builtin_prefetch((unsigned char *)item->bytes + WIRE_AHEAD);
    work = &worker->work[(worker->work_first + worker->work_count++) % DISTRIBUTOR_BURST_MAX];
    *work = (struct port_work){ item->bytes, size, NULL };
    worker->at += wire_stride(size);
    if (worker->at > from->size)
        worker->at = from->size;
    if (worker->next == from->parcel->count)
        work->last_of = pass_parcel(worker);
    return true;
}

size_t port_take(struct distributor_worker *worker, struct distributor_item *items)
{
    size_t count = 0;

    while (worker->count > 0 && worker->work_count < worker->batch) {
        if (!take_one(worker, &items[count])) {
            worker->over = MCAPI_ERR_GENERAL;
            break;
        }
        count++;
    }
    return count;
}

void port_drop(struct distributor_worker *worker)
{
    struct port_work *last;

    /* Of the first parcel some items may be in work: it goes with the last of them. */
    if (worker->count > 0 && worker->next > 0) {
        void *parcel = pass_parcel(worker);

        last = &worker->work[(worker->work_first + worker->work_count - 1)
                             % DISTRIBUTOR_BURST_MAX];
        if (worker->work_count > 0 && last->last_of == NULL)
            last->last_of = parcel;
        else
            release(parcel);
    }
    while (worker->count > 0)
        release(pass_parcel(worker));
}
