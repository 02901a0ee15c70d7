/* SPDX-License-Identifier: MIT */
/*
 * input.h - the bytes of a file, a pipe or standard input, as a stream for libpcap.
 *
 * What a plain stream cannot do: say how far it was read and whether the end was met, give
 * up waiting when a signal comes, and take back what was read since the last mark, so
 * that a packet that was half there can be read again once the rest has come.
 */
#ifndef LOAD_BALANCER_INPUT_H
#define LOAD_BALANCER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct input;

/* "-" is standard input. NULL and a reason of one line if it cannot be opened, is a
 * directory or a terminal. Never waits, not even for the writer of a pipe. */
struct input *input_open(const char *path, char *error, size_t error_size);

/* What to call it in a message. Valid as long as the input. */
const char *input_name(const struct input *input);

/* Its size in bytes; 0 for what is no regular file: then reading may wait. */
uint64_t input_size(const struct input *input);

/* A stream that reads on from where the input is; one at a time. Closing it leaves the input
 * open. NULL: no memory. */
FILE *input_stream(struct input *input);

/* How many bytes were read from the stream, counted from the beginning of the input. */
uint64_t input_position(const struct input *input);

/* About the same, at hardly any cost: what the stream has in its buffer counts as read. */
uint64_t input_given(const struct input *input);

/* Begins a read that may be taken back. Forgets the interruption and the end met before. */
void input_mark(struct input *input);

/* What happened since the mark. */
bool input_interrupted(const struct input *input); /* a signal, or input_interrupt */
bool input_end_met(const struct input *input);     /* more was asked for than there is */

/* What the stream was given since the mark; after an interruption that is what was read from
 * it. Valid until the next read. */
const uint8_t *input_since_mark(const struct input *input, size_t *size);

/* After an interruption: makes everything since the mark, but for the first `keep` bytes, be
 * read again, from this stream or, if it was closed, the next. */
void input_take_back(struct input *input, size_t keep);

/* Back to the first byte, of a regular file; false if the system refuses. */
bool input_rewind(struct input *input);

/* Ends a wait, or the next one at its beginning. Safe in a signal handler. */
void input_interrupt(struct input *input);

/* Accepts NULL. */
void input_close(struct input *input);

#endif /* LOAD_BALANCER_INPUT_H */
