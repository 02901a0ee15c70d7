/* SPDX-License-Identifier: MIT */
/* text.c - breakpoints and single steps in the library's code. */
#include "crash/kill/text.h"

#if defined __x86_64__

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

extern unsigned char __start_mcapi_text[], __stop_mcapi_text[];

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

static const unsigned char *file; /* the program's, for its symbols */
static size_t file_size;
static intptr_t moved; /* address - value of a symbol */

uint32_t text_size(void)
{
    return (uint32_t)(__stop_mcapi_text - __start_mcapi_text);
}

static bool inside(const unsigned char *at)
{
    return at >= __start_mcapi_text && at < __stop_mcapi_text;
}

/* --- Symbols -------------------------------------------------------------------------- */

static const Elf64_Shdr *section_of_type(uint32_t type)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(file + header->e_shoff);

    for (int i = 0; i < header->e_shnum; i++)
        if (sections[i].sh_type == type)
            return &sections[i];
    return NULL;
}

/* Calls `look` with each function until it returns true. */
static bool each_function(bool (*look)(const char *name, uintptr_t at, void *context),
                          void *context)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Shdr *table = file == NULL ? NULL : section_of_type(SHT_SYMTAB);
    const Elf64_Shdr *names;
    const Elf64_Sym *symbols;

    if (table == NULL)
        return false;
    names = (const Elf64_Shdr *)(file + header->e_shoff) + table->sh_link;
    symbols = (const Elf64_Sym *)(file + table->sh_offset);
    for (uint64_t i = 0; i < table->sh_size / sizeof *symbols; i++)
        if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC && symbols[i].st_value != 0
            && look((const char *)file + names->sh_offset + symbols[i].st_name,
                    symbols[i].st_value, context))
            return true;
    return false;
}

struct search {
    const char *name; /* wanted, or found so far */
    uintptr_t at;
};

static bool has_name(const char *name, uintptr_t at, void *context)
{
    struct search *search = context;

    if (strcmp(name, search->name) != 0)
        return false;
    search->at = at;
    return true;
}

static bool is_nearer(const char *name, uintptr_t at, void *context)
{
    struct search *search = context;
    if (at <= search[1].at && at > search[0].at)
        search[0] = (struct search){ name, at };
    return false;
}

void text_name(uint32_t offset, char *name, size_t room)
{
    uintptr_t at = (uintptr_t)__start_mcapi_text + offset - (uintptr_t)moved;
    struct search search[2] = { { "?", 0 }, { "", at } };

    each_function(is_nearer, search);
    snprintf(name, room, "%s+0x%lx", search[0].name, (unsigned long)(at - search[0].at));
}

void *text_variable(const char *name, size_t *size)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Shdr *table = section_of_type(SHT_SYMTAB);
    const Elf64_Sym *symbols = (const Elf64_Sym *)(file + table->sh_offset);
    const char *names =
            (const char *)file
            + ((const Elf64_Shdr *)(file + header->e_shoff))[table->sh_link].sh_offset;

    for (uint64_t i = 0; i < table->sh_size / sizeof *symbols; i++)
        if (ELF64_ST_TYPE(symbols[i].st_info) == STT_OBJECT
            && strcmp(names + symbols[i].st_name, name) == 0) {
            *size = symbols[i].st_size;
            return (void *)(symbols[i].st_value + (uintptr_t)moved);
        }
    return NULL;
}

/* The functions of the library, by address. */
static uint32_t starts[4096];
static uint32_t start_count;

static bool keep_start(const char *name, uintptr_t at, void *unused)
{
    unsigned char *address = (unsigned char *)(at + (uintptr_t)moved);

    (void)name;
    (void)unused;
    if (inside(address) && start_count < sizeof starts / sizeof starts[0])
        starts[start_count++] = (uint32_t)(address - __start_mcapi_text);
    return false;
}

static int compare(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

    return (a > b) - (a < b);
}

uint32_t text_function(uint32_t offset)
{
    uint32_t low = 0, high = start_count;

    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;

        if (starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return starts[low];
}

uint32_t text_offset_of(const char *function)
{
    struct search search = { function, 0 };

    if (!each_function(has_name, &search))
        return UINT32_MAX;
    return (uint32_t)((unsigned char *)(search.at + (uintptr_t)moved) - __start_mcapi_text);
}

static bool read_symbols(void)
{
    struct search search = { "text_size", 0 };
    struct stat status;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0)
        return false;
    file_size = (size_t)status.st_size;
    file = mmap(NULL, file_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED) {
        file = NULL;
        return false;
    }
    if (!each_function(has_name, &search))
        return false;
    moved = (intptr_t)((uintptr_t)&text_size - search.at);
    each_function(keep_start, NULL);
    qsort(starts, start_count, sizeof starts[0], compare);
    return start_count > 0;
}

bool text_disable(const char *function)
{
    struct search search = { function, 0 };

    if (!each_function(has_name, &search))
        return false;
    unsigned char *at = (unsigned char *)(search.at + (uintptr_t)moved);

    if (!inside(at))
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

    return plan.last != NULL && inside(back) && back > plan.last
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
    if (inside(at)) {
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
    if (int3 && inside(at - 1) && !marked) {
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

    if (!read_symbols() || text_size() > MOST_TEXT) {
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

uint32_t text_size(void)
{
    return 0;
}

void text_name(uint32_t offset, char *name, size_t room)
{
    (void)offset;
    if (room > 0)
        name[0] = '\0';
}

uint32_t text_function(uint32_t offset)
{
    return offset;
}

uint32_t text_offset_of(const char *function)
{
    (void)function;
    return UINT32_MAX;
}

void *text_variable(const char *name, size_t *size)
{
    (void)name;
    *size = 0;
    return NULL;
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
