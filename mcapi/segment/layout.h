/* SPDX-License-Identifier: MIT */
/*
 * layout.h - everything that lies in the shared segment of a topology.
 *
 * Programs built on different days map the same bytes: fixed-width members only, places are
 * numbers (slots, offsets) and never pointers, and the compiler checks the sizes. Whoever
 * changes a structure here raises MCI_LAYOUT_VERSION.
 *
 *   header | nodes | endpoints | buckets | gets | channels | regions | mailboxes
 *
 * The header says what the segment is. The tables are control data, changed only under the
 * control lock. A region belongs to the channel of the same number and holds its ring, a
 * mailbox to the endpoint of the same number and holds its messages; both are address space,
 * and cost memory only where they were used.
 */
#ifndef MCI_LAYOUT_H
#define MCI_LAYOUT_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "os/robust.h"

#define MCI_MAGIC UINT64_C(0x3269706163626d21)

/* Reads a plain member of the segment once: whoever may write there meanwhile, what was checked
 * is what is used. */
#define MCI_ONCE(member) (*(const volatile __typeof__(member) *)&(member))

enum {
    MCI_LAYOUT_VERSION = 4,
    MCI_LINE = 64, /* bytes that travel together between two cores */

    /* A handle is generation << 16 | index. An index below this bound keeps favourite
     * wrong handles (0xdeadbeef, 0xcafebabe, ~0, 42) from ever being live. */
    MCI_ENDPOINT_SLOTS = 16384,
    MCI_BUCKETS = 16384,

    /* Positions in a ring start just below the wrap, so that every run passes it. */
    MCI_FIRST_POSITION = -256,

    MCI_PACKET_STRIDE = 128, /* bytes of a packet slot, in two lines */
    MCI_PACKET_INLINE = 112, /* payload bytes that fit into the slot itself */
    MCI_SCALARS_PER_LINE = 7,

    MCI_LEVELS = 11,          /* of priority: MCAPI_MAX_PRIORITY + 1 */
    MCI_MESSAGE_STRIDE = 128, /* bytes of a message's cell, in two lines */
    MCI_MESSAGE_INLINE = 112, /* payload bytes that fit into the cell itself */
    MCI_MOST_CELLS = 32768,   /* of a mailbox: a slot's word has 15 bits for the cell */
    MCI_MOST_NODES = 32767,   /* of a topology: a name has 15 bits for the slot */
};

/* The limits of a topology, chosen by the node that makes it. */
struct mci_limits {
    uint32_t max_nodes;          /* nodes that live at one time */
    uint32_t max_channels;       /* channels connected at one time */
    uint32_t max_endpoints;      /* endpoints of one node */
    uint32_t max_requests;       /* pending requests of one node */
    uint32_t max_msg_size;       /* bytes */
    uint32_t max_pkt_size;       /* bytes */
    uint32_t max_queue_elements; /* messages in a receive queue, scalars in a channel */
    uint32_t max_buffers;        /* packets in a channel */
};

struct mci_header {
    uint64_t magic;       /* MCI_MAGIC */
    uint64_t identity[2]; /* random; stands in the registry too */
    uint32_t layout;      /* MCI_LAYOUT_VERSION */
    uint32_t user;        /* effective user id of who made it */
    uint64_t size;        /* bytes of address space, regions included */
    struct mci_limits limits;

    /* Who changes the tables: 0, or MCI_CONTROL_NAME of a node, with MCI_CONTROL_WAITED. */
    alignas(MCI_LINE) _Atomic uint32_t control;
    _Atomic uint32_t getters; /* 1: some node waits for an endpoint to appear */
    uint32_t endpoint_high;   /* no endpoint slot from here on was ever used */
    uint32_t endpoint_live;
    uint32_t endpoint_cursor; /* where the search for a free slot goes on */
    uint32_t channel_cursor;

    /* 1: some process here lacks the heavy fence, and wakers must fence for it. */
    alignas(MCI_LINE) _Atomic uint32_t fenced;
};
_Static_assert(sizeof(struct mci_header) == 4 * MCI_LINE, "layout 4");

/* Names one life of one slot, so that a name once read never means a later owner. In the lock's
 * word HELPER says that another thread than the node's own has it, acting for the node. */
#define MCI_CONTROL_WAITED                  UINT32_C(0x80000000)
#define MCI_CONTROL_HELPER                  UINT32_C(0x8000)
#define MCI_CONTROL_NAME(slot, incarnation) (((incarnation)&0x7fffu) << 16 | ((slot) + 1))
#define MCI_CONTROL_SLOT(word)              (((word)&0x7fffu) - 1)
#define MCI_CONTROL_INCARNATION(word)       ((word) >> 16 & 0x7fffu)

/* LEAVING: died, and all that others could see of it is taken back; but other threads of its
 * process may still be at work for it, so nobody gets what was its. */
enum mci_node_state { MCI_NODE_FREE, MCI_NODE_LIVE, MCI_NODE_LEAVING };

struct mci_node_slot {
    /* Held by the thread that is the node; marked by the kernel when it dies. Taking this
     * word takes the slot. */
    struct mci_liveness liveness;
    _Atomic uint32_t state; /* enum mci_node_state; LIVE publishes the rest */
    uint32_t domain;
    uint32_t node;
    uint32_t process;             /* process id, for people and for the slow check */
    uint64_t process_start;       /* start time of that process */
    uint32_t endpoints;           /* live endpoints of this node */
    uint32_t type;                /* MCAPI_NODE_ATTR_TYPE */
    uint64_t joined;              /* CLOCK_MONOTONIC, ns */
    _Atomic uint32_t incarnation; /* +1 whenever the slot is taken */
    _Atomic uint32_t helped;      /* 1: other threads of its process act for it too */
    /* Id of the thread that is the node. The word's owner is another one once the slot was
     * taken over from a dead node; until the new owner has the control lock, all else is the
     * dead's. */
    _Atomic uint32_t thread;

    /* What the node's threads sleep on when they wait for anything but one channel. */
    alignas(MCI_LINE) _Atomic uint32_t bell; /* +1 at every ring */
    _Atomic uint32_t bell_sleepers;
    _Atomic uint32_t waits_for_endpoint; /* 1: ring at every create */
};
_Static_assert(sizeof(struct mci_node_slot) == 3 * MCI_LINE, "layout 4");

struct mci_endpoint_slot {
    _Atomic uint32_t handle; /* 0: free. The store of it creates and deletes */
    uint32_t generation;     /* of the last handle; 0 before the first */
    uint32_t owner;          /* slot of the node */
    uint32_t domain;
    uint32_t node;
    uint32_t port;
    uint32_t next;            /* in its bucket: index + 1, or 0 */
    _Atomic uint32_t channel; /* channel + 1, or 0: not connected */
    uint32_t opened;          /* enum mci_end_kind: which end it is open as */
    uint32_t closed;          /* enum mci_end_kind: which end was closed last */
    _Atomic uint32_t mailbox; /* the handle once it has a mailbox; the store of it makes it */
    uint32_t mailbox_cells;   /* most cells that mailboxes of this slot have had */

    /* Attributes that have no other home. */
    uint32_t type;
    uint32_t get_count;
    uint32_t got_by_domain;
    uint32_t got_by_node;
    uint32_t got_by_slot;      /* slot of that node */
    uint32_t max_payload_size; /* bytes */
    uint32_t buffer_type;
    uint32_t memory_type;
    uint32_t num_priorities;
    uint32_t priority;
    uint32_t num_send_buffers;
    uint32_t num_recv_buffers;
    uint32_t timeout;         /* ms */
    uint32_t owner_life;      /* incarnation of the node's slot */
    uint32_t memory_type_set; /* 1: not the default, which differs between profiles */
    uint32_t reserved[5];

    /* Counted by the threads of the owner that send and that receive messages. */
    alignas(MCI_LINE) _Atomic uint64_t messages_sent;
    _Atomic uint64_t bytes_sent;
    _Atomic uint64_t messages_dropped; /* sent to endpoints that are no more */
    alignas(MCI_LINE) _Atomic uint64_t messages_received;
    _Atomic uint64_t bytes_received;
};
_Static_assert(sizeof(struct mci_endpoint_slot) == 4 * MCI_LINE, "layout 4");

/* What an endpoint can be opened as. */
enum mci_end_kind {
    MCI_END_NONE,
    MCI_END_PACKET_SEND,
    MCI_END_PACKET_RECEIVE,
    MCI_END_SCALAR_SEND,
    MCI_END_SCALAR_RECEIVE,
    MCI_END_KINDS
};

enum mci_side { MCI_SEND, MCI_RECEIVE, MCI_SIDES };

enum mci_channel_kind { MCI_CHANNEL_PACKET = 1, MCI_CHANNEL_SCALAR = 2 };

enum mci_channel_state { MCI_CHANNEL_FREE, MCI_CHANNEL_CONNECTED };

/*
 * One side of a channel. GONE means that its node let go (closed, finalized); DEAD that
 * its node died. Both are final for this channel.
 *
 *   SHUT --open--> OPEN --close--> GONE
 *     `------------- death ------> DEAD
 */
enum mci_side_state { MCI_SIDE_SHUT, MCI_SIDE_OPEN, MCI_SIDE_GONE, MCI_SIDE_DEAD };

/*
 * What one side of a channel has done since the connect, written by that side alone: all but
 * `sleeps` inside the gate of its end. How much was sent and received follows from the ring;
 * `items` only tells how often its positions have come round (tally.h).
 */
struct mci_side_counters {
    alignas(MCI_LINE) _Atomic uint64_t items; /* sender: so many were sent, some time ago */
    _Atomic uint64_t bytes;                   /* sender: payload of packets */
    _Atomic uint64_t stalls;                  /* calls that found no room, or nothing there */
    _Atomic uint64_t sleeps;                  /* of blocked calls */
    _Atomic uint64_t wakes;                   /* of the other side */
    uint64_t reserved[3];
};
_Static_assert(sizeof(struct mci_side_counters) == MCI_LINE, "layout 4");

struct mci_channel_slot {
    _Atomic uint32_t state;   /* enum mci_channel_state; publishes the rest */
    uint32_t kind;            /* enum mci_channel_kind */
    uint32_t end[MCI_SIDES];  /* handles of the endpoints */
    uint32_t node[MCI_SIDES]; /* slots of their nodes */
    uint32_t depth;           /* packets or scalars that fit */
    uint32_t payload;         /* largest packet in bytes */
    uint32_t committed;       /* bytes of the region that are backed by memory */
    uint32_t generation;      /* +1 at every connect */
    uint64_t connected;       /* when: CLOCK_MONOTONIC, ns */
    uint32_t life[MCI_SIDES]; /* incarnations of the nodes' slots */
    uint32_t reserved[2];

    /* Read by every send and receive, written when something ends or somebody sleeps. */
    alignas(MCI_LINE) _Atomic uint32_t side[MCI_SIDES]; /* enum mci_side_state */
    _Atomic uint32_t event[MCI_SIDES]; /* what the thread on that side sleeps on */

    struct mci_side_counters counters[MCI_SIDES];
};
_Static_assert(sizeof(struct mci_channel_slot) == 4 * MCI_LINE, "layout 4");

/*
 * The ring of a packet channel, at the start of its region: the receiver's line, five numbers
 * for every buffer, then the slots, then the room for payloads that do not fit into a slot.
 *
 *   head | taken[] freed[] sizes[] | occupant[] extent[] | slots of 128 bytes | large payloads
 *          `----- receiver's -----'  `---- sender's ----'
 *
 * Slot i holds the i-th mark of every lap and, in the same lines, buffer i. The two belong
 * together unless the buffer is held by the receiver when its turn comes.
 */
struct mci_packet_head {
    alignas(MCI_LINE) _Atomic uint32_t
            released; /* packets given back, plus the first position */
};

struct mci_packet_slot {
    _Atomic uint32_t mark;   /* position of the packet. The store of it sends */
    _Atomic uint32_t size;   /* payload bytes; MCI_PACKET_LARGE: not in here, though they fit */
    _Atomic uint32_t buffer; /* where they are */
    uint32_t reserved;
    unsigned char payload[MCI_PACKET_INLINE];
};
_Static_assert(sizeof(struct mci_packet_slot) == MCI_PACKET_STRIDE, "layout 4");

/* Above every size that a packet can have. */
#define MCI_PACKET_LARGE UINT32_C(0x80000000)

/*
 * The ring of a scalar channel: the receiver's line, then lines of seven words and their
 * seven marks, so that a word and the news of it travel in one line.
 */
struct mci_scalar_head {
    alignas(MCI_LINE) _Atomic uint32_t taken; /* position of the receiver */
    /* For onlookers: where its present lap began | the marks of that lap << 32. */
    _Atomic uint64_t lap;
};

struct mci_scalar_line {
    alignas(MCI_LINE) _Atomic uint64_t word[MCI_SCALARS_PER_LINE];
    /* MCI_SCALAR_FULL | lap << 2 | width; the store of it sends. */
    _Atomic uint8_t mark[8];
};
_Static_assert(sizeof(struct mci_scalar_line) == MCI_LINE, "layout 4");

/*
 * The mailbox of an endpoint: the messages that wait for its node. A ring of slots for each
 * level of priority, then the cells with the messages, then the room for payloads that do not
 * fit into a cell.
 *
 *   head | level 0's slots | level 1's slots | ... | cells of 128 bytes | large payloads
 *
 * Where the parts begin follows from the limits of the topology alone.
 */
struct mci_mailbox_head {
    /* Set when the mailbox is made. */
    _Atomic uint32_t depth;    /* messages that fit */
    _Atomic uint32_t levels;   /* of priority */
    _Atomic uint32_t mask;     /* places of a ring, less one */
    _Atomic uint32_t accepted; /* levels that a message may be sent with, 1 to `levels` */

    /* Its word is always 0, and watched by all who sleep at this mailbox: a sender has the
     * kernel wake one of them should it die before it could. */
    struct mci_liveness alarm;

    alignas(MCI_LINE) _Atomic uint32_t event[MCI_SIDES];

    /* A guide to the end of each ring: the endpoint's generation << 32 | position. */
    alignas(MCI_LINE) _Atomic uint64_t tail[MCI_LEVELS];
};
_Static_assert(sizeof(struct mci_mailbox_head) == 4 * MCI_LINE, "layout 4");

/* A slot's word: generation << 48 | position << 16 | full << 15 | cell. */

struct mci_message_cell {
    _Atomic uint32_t owner;  /* MCI_NOBODY, MCI_TAKEN_CELL, or the name of its sender */
    _Atomic uint32_t size;   /* payload bytes */
    _Atomic uint32_t extent; /* bytes of large payload backed by memory */
    uint32_t reserved;
    unsigned char payload[MCI_MESSAGE_INLINE];
};
_Static_assert(sizeof(struct mci_message_cell) == MCI_MESSAGE_STRIDE, "layout 4");

/* A sender's name is its MCI_CONTROL_NAME. */
#define MCI_NOBODY     UINT32_C(0)
#define MCI_TAKEN_CELL UINT32_C(0x80000000) /* the receiver reads it */

#define MCI_SCALAR_FULL 0x80u
#define MCI_SCALAR_LAPS 32u

#endif /* MCI_LAYOUT_H */
