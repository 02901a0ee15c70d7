/* SPDX-License-Identifier: MIT */
/* text.c - breakpoints and single steps in the library's code. */
#include "crash/kill/text.h"

#include "crash/kill/symbols.h"

#if defined __x86_64__

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    INT3 = 0xcc,
    RETURN = 0xc3,
    TRAP_FLAG = 0x100,
    STACK = 64 * 1024,
    MOST_TEXT = 1 << 20,
    ENOUGH = 12 * 1024, /* boundaries of a recording: see text_record */
};

enum mode { NOTHING, PLANTED, RECORDING, STEPPING };

/* What the victim of this process is about to die of. */
static struct {
    volatile enum mode mode;
    enum death how;
    uint32_t wanted; /* PLANTED: occurrence; STEPPING: index */
    uint32_t seen;
    unsigned char *volatile mark; /* where an int3 is, or was until the step over it ends */
    bool everywhere;              /* the mark is there all the time, for any thread */
    const unsigned char *last;    /* the last step's, if it was inside */
    void *whose;                  /* thread: RECORDING: NULL is the first to come */
    struct boundary *list;
    uint32_t *count;
    uint32_t room;
    void (*enough)(void);
} plan;

/* This thread steps over the mark, and puts it back. */
static _Thread_local unsigned char *over;

static uint32_t occurrences[MOST_TEXT];
static unsigned char unmarked[MOST_TEXT]; /* the library's code without any int3 */
static unsigned char handler_stack[STACK], thread_stack[STACK];

bool text_disable(const char *function)
{
    unsigned char *at = symbols_function(function);

    if (at == NULL || !symbols_inside(at))
        return false;
    *at = RETURN;
    unmarked[at - __start_mcapi_text] = RETURN;
    return true;
}

/* --- Death ---------------------------------------------------------------------------- */

void text_die(enum death how)
{
    sigset_t segfault;

    switch (how) {
    case DEATH_KILL:
        syscall(SYS_kill, (int)syscall(SYS_getpid), SIGKILL);
        break;
    case DEATH_SEGFAULT:
        signal(SIGSEGV, SIG_DFL);
        sigemptyset(&segfault);
        sigaddset(&segfault, SIGSEGV);
        sigprocmask(SIG_UNBLOCK, &segfault, NULL); /* a thread of the library blocks it */
        syscall(SYS_tgkill, (int)syscall(SYS_getpid), (int)syscall(SYS_gettid), SIGSEGV);
        break;
    case DEATH_EXIT:
        syscall(SYS_exit_group, 0);
        break;
    case DEATH_THREAD:
        break;
    }
    for (;;)
        syscall(SYS_exit, 0);
}

/* --- The handler ---------------------------------------------------------------------- */

static void set_byte(unsigned char *at, unsigned char byte)
{
    *(volatile unsigned char *)at = byte;
}

static void mark(unsigned char *at)
{
    plan.mark = at;
    set_byte(at, INT3);
}

static void mend(unsigned char *at)
{
    set_byte(at, unmarked[at - __start_mcapi_text]);
}

static void unmark(void)
{
    mend(plan.mark);
    plan.mark = NULL;
}

/* Executes what the mark replaces, in this thread; the next trap comes behind it. */
static void step_over(greg_t *registers, unsigned char *at)
{
    registers[REG_RIP] = (greg_t)(uintptr_t)at;
    registers[REG_EFL] |= TRAP_FLAG;
    mend(at);
    over = at;
}

static void stepped_over(greg_t *registers)
{
    if (over == plan.mark)
        set_byte(over, INT3);
    over = NULL;
    registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

static void planted(greg_t *registers, unsigned char *mark)
{
    registers[REG_RIP] = (greg_t)(uintptr_t)mark;
    if ((plan.everywhere || plan.whose == &over) && plan.seen++ == plan.wanted)
        text_die(plan.how);
    step_over(registers, mark);
}

static void pass(const unsigned char *at)
{
    uint32_t offset = (uint32_t)(at - __start_mcapi_text);

    if (plan.mode == STEPPING) {
        if (plan.seen++ == plan.wanted)
            text_die(plan.how);
        return;
    }
    if (*plan.count == ENOUGH && plan.enough != NULL)
        plan.enough();
    if (*plan.count < plan.room && offset < MOST_TEXT)
        plan.list[(*plan.count)++] = (struct boundary){ offset, occurrences[offset]++ };
}

/* Whether the library has just called somebody who will return here. */
static bool is_return_of_call(const unsigned char *back)
{
    enum { LONGEST_INSTRUCTION = 15 };

    return plan.last != NULL && symbols_inside(back) && back > plan.last
        && back - plan.last <= LONGEST_INSTRUCTION;
}

/* Code of others that the library calls runs at full speed: an int3 waits where it returns. */
static void stepped(greg_t *registers, unsigned char *at, bool marked)
{
    unsigned char *back;

    if (plan.whose != NULL && plan.whose != &over) {
        if (marked)
            step_over(registers, at - 1);
        return;
    }
    if (marked) {
        plan.whose = &over;
        at--;
        registers[REG_RIP] = (greg_t)(uintptr_t)at;
        unmark();
        registers[REG_EFL] |= TRAP_FLAG;
    }
    if (symbols_inside(at)) {
        pass(at);
        plan.last = at;
        return;
    }
    back = *(unsigned char **)(uintptr_t)registers[REG_RSP];
    if (is_return_of_call(back)) {
        mark(back);
        registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    }
    plan.last = NULL;
}

/* The library has no int3 of its own. One that is no mark was taken away by another thread
 * before the signal was here, or put back by one that had stepped over it. And two threads may
 * step over a mark at once: the slower one meets it again. */
static void trap(int signal_number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    unsigned char *at = (unsigned char *)(uintptr_t)registers[REG_RIP];
    bool int3 = info->si_code == SI_KERNEL, marked = int3 && at - 1 == plan.mark;

    (void)signal_number;
    if (int3 && symbols_inside(at - 1) && !marked) {
        mend(at - 1);
        registers[REG_RIP] = (greg_t)(uintptr_t)(at - 1);
    } else if (over != NULL && marked) {
        step_over(registers, at - 1);
    } else if (over != NULL) {
        stepped_over(registers);
    } else if (plan.mode == PLANTED && marked) {
        planted(registers, at - 1);
    } else if (plan.mode == STEPPING || plan.mode == RECORDING) {
        stepped(registers, at, marked);
    }
}

/* The library blocks all signals in a thread of its own: it shall be stepped all the same. */
int pthread_sigmask(int how, const sigset_t *set, sigset_t *before)
{
    sigset_t but_one;

    if (set != NULL) {
        but_one = *set;
        sigdelset(&but_one, SIGTRAP);
        set = &but_one;
    }
    return sigprocmask(how, set, before) == 0 ? 0 : errno;
}

static void use_stack(unsigned char *stack)
{
    stack_t own = { .ss_sp = stack, .ss_size = STACK };

    sigaltstack(&own, NULL);
}

void text_stack_of_thread(void)
{
    use_stack(thread_stack);
}

bool text_prepare(const char **why)
{
    struct sigaction action = {
        .sa_sigaction = trap,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
    };
    uintptr_t from = (uintptr_t)__start_mcapi_text & ~(uintptr_t)4095;
    uintptr_t to = ((uintptr_t)__stop_mcapi_text + 4095) & ~(uintptr_t)4095;

    if (!symbols_read() || text_size() > MOST_TEXT) {
        *why = "the program's symbols cannot be read";
        return false;
    }
    if (mprotect((void *)from, to - from, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) {
        *why = "code may not be written here";
        return false;
    }
    memcpy(unmarked, __start_mcapi_text, text_size());
    use_stack(handler_stack);
    sigaction(SIGTRAP, &action, NULL);
    return true;
}

/* --- The victim ----------------------------------------------------------------------- */

void text_plant(struct boundary boundary, enum death how)
{
    memset(&plan, 0, sizeof plan);
    plan.mode = PLANTED;
    plan.how = how;
    plan.wanted = boundary.occurrence;
    plan.mark = __start_mcapi_text + boundary.offset;
}

void text_plant_everywhere(struct boundary boundary, enum death how)
{
    text_plant(boundary, how);
    plan.everywhere = true;
    mark(plan.mark);
}

void text_record_thread(const char *function)
{
    plan.everywhere = true;
    mark(__start_mcapi_text + text_offset_of(function));
}

void text_record(struct boundary *list, uint32_t room, uint32_t *count, void (*enough)(void))
{
    memset(&plan, 0, sizeof plan);
    memset(occurrences, 0, sizeof occurrences[0] * text_size());
    plan.mode = RECORDING;
    plan.list = list;
    plan.room = room;
    plan.count = count;
    plan.enough = enough;
    *count = 0;
}

void text_step_to(uint32_t index, enum death how)
{
    memset(&plan, 0, sizeof plan);
    plan.mode = STEPPING;
    plan.how = how;
    plan.wanted = index;
}

/* Below the red zone of whoever calls this. */
static inline void trap_flag(bool on)
{
    if (on)
        __asm__ volatile("leaq -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; "
                         "leaq 128(%%rsp), %%rsp" ::
                                 : "memory", "cc");
    else
        __asm__ volatile("leaq -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; "
                         "leaq 128(%%rsp), %%rsp" ::
                                 : "memory", "cc");
}

void text_begin(void)
{
    if (plan.everywhere)
        return;
    if (plan.mode == PLANTED) {
        plan.whose = &over;
        mark(plan.mark);
    } else if (plan.mode != NOTHING) {
        trap_flag(true);
    }
}

void text_end(void)
{
    if (plan.everywhere)
        return;
    if (plan.mode == PLANTED)
        mend(plan.mark);
    else if (plan.mode != NOTHING)
        trap_flag(false);
}

void text_restore(void)
{
    if (plan.mark != NULL)
        unmark();
    memset(&plan, 0, sizeof plan);
}

#else

/* Elsewhere nothing is planted: the program says so, and ends. */

bool text_prepare(const char **why)
{
    *why = "breakpoints are planted on x86-64 only";
    return false;
}

bool text_disable(const char *function)
{
    (void)function;
    return false;
}

void text_stack_of_thread(void)
{
}

void text_plant(struct boundary boundary, enum death how)
{
    (void)boundary;
    (void)how;
}

void text_plant_everywhere(struct boundary boundary, enum death how)
{
    (void)boundary;
    (void)how;
}

void text_record_thread(const char *function)
{
    (void)function;
}

void text_record(struct boundary *list, uint32_t room, uint32_t *count, void (*enough)(void))
{
    (void)list;
    (void)room;
    (void)enough;
    *count = 0;
}

void text_step_to(uint32_t index, enum death how)
{
    (void)index;
    (void)how;
}

void text_begin(void)
{
}

void text_end(void)
{
}

void text_die(enum death how)
{
    (void)how;
    for (;;) {
    }
}

void text_restore(void)
{
}

#endif
