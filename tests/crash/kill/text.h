/* SPDX-License-Identifier: MIT */
/*
 * text.h - the library's instructions: their boundaries, and a death at one of them.
 *
 * The library is linked in from an archive whose code was renamed to the section mcapi_text,
 * so where it begins and ends is known. A victim says what it shall die of, and encloses its
 * calls:
 *
 *     text_plant(boundary, DEATH_KILL);     or text_record(), text_step_to(), or nothing
 *     text_begin(); ...a call... text_end();
 *     text_begin(); ...a call... text_end();
 *
 * plant   an int3 at the boundary: full speed up to there, then the death.
 * record  one step at a time (EFLAGS.TF); each boundary in the library is written down.
 * step    the same, with a death at the n-th boundary: nothing of the code is changed.
 *
 * One victim at a time in a process. x86-64 only.
 */
#ifndef TESTS_KILL_TEXT_H
#define TESTS_KILL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The `occurrence`th time (from 0) that the instruction at `offset` is about to be executed. */
struct boundary {
    uint32_t offset; /* in mcapi_text */
    uint32_t occurrence;
};

enum death {
    DEATH_KILL,     /* SIGKILL to the process */
    DEATH_SEGFAULT, /* SIGSEGV, as of a wrong address */
    DEATH_EXIT,     /* the process exits, and finalizes nothing */
    DEATH_THREAD,   /* this thread ends, and the process lives on */
};

/* Once, before the first fork. False: not on this machine, and why. */
bool text_prepare(const char **why);

uint32_t text_size(void);

/* "function+0x1f" */
void text_name(uint32_t offset, char *name, size_t room);

/* Where the function that the instruction belongs to begins; where that of a name does. */
uint32_t text_function(uint32_t offset);
uint32_t text_offset_of(const char *function);

/* A variable of the program, static ones too; NULL: there is none of that name. */
void *text_variable(const char *name, size_t *size);

/* From now on the function returns at once, in this process and in those that it forks. False:
 * there is none of that name. For faults that the engines must find. */
bool text_disable(const char *function);

/* --- The victim ----------------------------------------------------------------------- */

/* Each thread that is to die needs a stack for the handler; the first one has it. */
void text_stack_of_thread(void);

void text_plant(struct boundary boundary, enum death how);

/* `enough` is called once when very much has been recorded, in the handler: it may end loops
 * that only wait for time to pass. May be NULL. */
void text_record(struct boundary *list, uint32_t room, uint32_t *count, void (*enough)(void));

/* For a thread that the library starts: the mark is there from now on, whoever comes to it; the
 * recording that was begun is that of the first thread that enters the function. Then
 * text_begin and text_end do nothing. */
void text_plant_everywhere(struct boundary boundary, enum death how);
void text_record_thread(const char *function);

void text_step_to(uint32_t index, enum death how);
void text_begin(void);
void text_end(void);

/* Ends the caller as the handler would. */
_Noreturn void text_die(enum death how);

/* No more of it; after the death of a thread the code is as it was again. */
void text_restore(void);

#endif /* TESTS_KILL_TEXT_H */
