/* SPDX-License-Identifier: MIT */
/*
 * crash_point.h - the named places where a test may end the process.
 *
 * One line of the list for every step of every operation on shared state, in the order in
 * which an operation passes them. The list makes CRASH_POINT compile and is what the crash
 * tests loop over, so a new point is tested from the day it is written. In an ordinary build a
 * point is nothing at all.
 */
#ifndef MCI_CRASH_POINT_H
#define MCI_CRASH_POINT_H

#define MCI_CRASH_POINTS_LIST(POINT)                                                      \
    /* control lock */                                                                    \
    POINT(control_taken)    /* whoever wants it next finds us dead, and repairs */        \
    POINT(control_released) /* those who wait for it watch our liveness word too */       \
    /* join and leave */                                                                  \
    POINT(node_slot_taken) /* a dead word on a free slot: given back by recovery */       \
    POINT(node_filled)     /* the same: not LIVE yet */                                   \
    POINT(node_published)  /* a live node that died: recovered */                         \
    POINT(node_emptied)    /* everything back but the slot */                             \
    POINT(node_withdrawn)  /* a dead word on a free slot again */                         \
    /* endpoints */                                                                       \
    POINT(endpoint_filled)    /* handle still 0: the slot is free */                      \
    POINT(endpoint_published) /* live, in no bucket: repair builds the buckets anew */    \
    POINT(endpoint_created)   /* complete; getters are woken by repair */                 \
    POINT(endpoint_withdrawn) /* free, still in its bucket: repair builds them anew */    \
    POINT(get_counted)        /* in our row, not in the total: repair adds up anew */     \
    POINT(get_uncounted)      /* the same, giving back */                                 \
    /* channels */                                                                        \
    POINT(channel_filled)    /* state still FREE: the channel is free */                  \
    POINT(channel_published) /* connected, ends not linked: repair links them */          \
    POINT(channel_linked)    /* connected; those who wait are woken by repair */          \
    POINT(end_opened)        /* our endpoint: recovery discards it with its side */       \
    POINT(side_opened)       /* the same; the peer is woken by repair */                  \
    POINT(side_closed)       /* the same */                                               \
    POINT(end_closed)        /* closed; a channel without ends is freed by repair */      \
    POINT(channel_withdrawn) /* free, ends still linked: repair unlinks them */           \
    /* data path: sender */                                                               \
    POINT(packet_filled)     /* no mark: nothing was sent */                              \
    POINT(packet_sent)       /* sent; the receiver sees our death and looks again */      \
    POINT(buffer_lent)       /* nobody else's; its channel ends with us */                \
    POINT(buffer_given_back) /* free; who waits for it were threads of our own */         \
    POINT(scalar_filled)     /* no mark: nothing was sent */                              \
    POINT(scalar_sent)       /* sent; the receiver sees our death and looks again */      \
    /* data path: receiver */                                                             \
    POINT(packet_taken)    /* its channel ends with us */                                 \
    POINT(packet_freed)    /* not counted yet: the channel ends with us */                \
    POINT(packet_released) /* the sender sees our death, whatever it waits for */         \
    POINT(scalar_read)     /* one of several, not yet taken: its channel ends with us */  \
    POINT(scalar_taken)    /* its channel ends with us */                                 \
    /* messages */                                                                        \
    POINT(mailbox_emptied) /* not made yet: whoever comes next begins again */            \
    POINT(mailbox_made)    /* made; the lock is repaired */                               \
    POINT(cell_taken)      /* names us, in no slot: recovery frees it */                  \
    POINT(message_filled)  /* the same */                                                 \
    POINT(message_sent)    /* sent; the kernel rings the alarm in our place */            \
    POINT(message_taken)   /* its endpoint ends with us */                                \
    POINT(message_freed)   /* the senders see our death */                                \
    /* sleeping and waking */                                                             \
    POINT(event_taken) /* sleepers not woken: they watch our liveness word */             \
    POINT(bell_rung)   /* the same, by repair */                                          \
    /* recovery */                                                                        \
    POINT(recovery_began) /* still dead: the next one begins again */                     \
    POINT(recovery_gets_returned)                                                         \
    POINT(recovery_side_dead)                                                             \
    POINT(recovery_endpoint_freed)                                                        \
    POINT(recovery_cell_freed)                                                            \
    POINT(recovery_slot_freed)  /* everything back; those who wait are woken next time */ \
    POINT(repair_buckets_empty) /* lock still ours, and we are dead: repaired again */    \
    POINT(repair_done)

enum mci_crash_point {
#define MCI_CRASH_POINT_ENUM(name) MCI_CRASH_##name,
    MCI_CRASH_POINTS_LIST(MCI_CRASH_POINT_ENUM)
#undef MCI_CRASH_POINT_ENUM
            MCI_CRASH_POINT_COUNT
};

#ifdef MCI_CRASH_POINTS

/* The name of a point, for messages. */
const char *mci_crash_point_name(enum mci_crash_point point);

/* Arms a point: the `occurrence`th time (from 1) that this process passes it, it gets
 * SIGKILL. Only in the build for crash tests. */
void mci_crash_point_arm(enum mci_crash_point point, unsigned occurrence);

/* The first time that it passes the point, it is stopped (SIGSTOP): to be killed there, or to
 * go on much later. */
void mci_crash_point_stop_at(enum mci_crash_point point);

/* How often this process has passed a point since mci_crash_point_arm or its start. */
unsigned mci_crash_point_passed(enum mci_crash_point point);

void mci_crash_point_pass(enum mci_crash_point point);

#define CRASH_POINT(name) mci_crash_point_pass(MCI_CRASH_##name)
#else
#define CRASH_POINT(name) ((void)0)
#endif

#endif /* MCI_CRASH_POINT_H */
