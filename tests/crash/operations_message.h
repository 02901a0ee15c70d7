/* SPDX-License-Identifier: MIT */
/*
 * operations_message.h - the rows of the table of operations that are about messages.
 */
#ifndef TESTS_OPERATIONS_MESSAGE_H
#define TESTS_OPERATIONS_MESSAGE_H

#include "crash/operations.h"

/* To a receiver that sleeps again before each. */
void messages_small_set_up(struct stage *stage);
void messages_large_set_up(struct stage *stage);
void messages_first_set_up(struct stage *stage);
void act_messages_to_sleeper(struct act *act);
void messages_survive(struct stage *stage);

/* From a sender that waits for room. */
void mailbox_full_set_up(struct stage *stage);
void act_messages_receive(struct act *act);
void mailbox_full_survive(struct stage *stage);

/* After a sender that has taken a cell and not sent it. */
void cell_left_set_up(struct stage *stage);
void cell_left_survive(struct stage *stage);

#endif /* TESTS_OPERATIONS_MESSAGE_H */
