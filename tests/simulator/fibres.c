/* SPDX-License-Identifier: MIT */
/*
 * fibres.c - who runs next, who dies, and one schedule from its start to its end.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Changing stacks by hand takes a few nanoseconds; the C library's way asks the kernel. */
#if defined __x86_64__ && !defined SIM_UCONTEXT
#define BY_HAND 1
#else
#include <ucontext.h>
#endif

#include "inside.h"

enum {
    STACK = 128 * 1024,
    PAUSES = 500, /* after which those who pause wait for those who sleep */
    SOON = 48,    /* accesses of a thread, after another one of its process was killed */
};

struct sim_machine sim;

static alignas(64) unsigned char stacks[SIM_FIBRES][STACK];

/* What the library and the scenarios declare as _Thread_local lies here: see simulator.mk. */
extern unsigned char __start_fibre_own[], __stop_fibre_own[];
/* ...and here what each process has: mci_runtime. */
extern unsigned char __start_process_own[], __stop_process_own[];

/* So that there are such sections, whatever is linked. */
static unsigned char own_section __attribute__((section("fibre_own"), used));
static unsigned char process_section __attribute__((section("process_own"), used));

/* --- Changing fibres ------------------------------------------------------------------ */

static void run_fibre(void);

#ifdef BY_HAND
static void *main_stack_pointer;

void sim_change_stacks(void **from, void *to);
__asm__(".text\n"
        ".globl sim_change_stacks\n"
        ".type sim_change_stacks, @function\n"
        "sim_change_stacks:\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rsp,(%rdi)\n"
        "  mov %rsi,%rsp\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
        "  ret\n"
        ".size sim_change_stacks, .-sim_change_stacks\n");

static void prepare_stack(int id)
{
    void **top = (void **)(void *)(stacks[id] + STACK - 64);

    *--top = NULL;
    *--top = (void *)run_fibre;
    for (int i = 0; i < 6; i++)
        *--top = NULL;
    sim.fibre[id].stack_pointer = top;
}

static void change(int from, int to)
{
    sim_change_stacks(from < 0 ? &main_stack_pointer : &sim.fibre[from].stack_pointer,
                      to < 0 ? main_stack_pointer : sim.fibre[to].stack_pointer);
}
#else
static ucontext_t contexts[SIM_FIBRES], main_context;

static void prepare_stack(int id)
{
    getcontext(&contexts[id]);
    contexts[id].uc_stack.ss_sp = stacks[id];
    contexts[id].uc_stack.ss_size = STACK;
    makecontext(&contexts[id], run_fibre, 0);
}

static void change(int from, int to)
{
    swapcontext(from < 0 ? &main_context : &contexts[from],
                to < 0 ? &main_context : &contexts[to]);
}
#endif

static size_t own_size(void)
{
    return (size_t)(__stop_fibre_own - __start_fibre_own);
}

static size_t process_size(void)
{
    return (size_t)(__stop_process_own - __start_process_own);
}

static void use_process(int id)
{
    if (id == sim.process || !sim.has_processes)
        return;
    memcpy(sim.processes[sim.process].own, __start_process_own, process_size());
    memcpy(__start_process_own, sim.processes[id].own, process_size());
    sim.process = id;
}

void sim_use(int id)
{
    use_process(sim.fibre[id].process);
    if (id == sim.self)
        return;
    memcpy(sim.fibre[sim.self].own, __start_fibre_own, own_size());
    memcpy(__start_fibre_own, sim.fibre[id].own, own_size());
    sim.self = id;
}

/* Before prepare(): each fibre is a process of its own, as the program begins. */
void sim_begin_processes(void)
{
    if (own_size() > SIM_OWN_BYTES || process_size() > SIM_PROCESS_BYTES)
        __builtin_trap();
    for (int i = 0; i < SIM_FIBRES; i++) {
        sim.fibre[i].process = i;
        memcpy(sim.processes[i].own, __start_process_own, process_size());
    }
}

void sim_with_processes(void)
{
    sim.has_processes = true;
}

void sim_act_as(int id)
{
    sim_use(id);
}

void sim_keep_prepared(void)
{
    memcpy(sim.fibre[sim.self].own, __start_fibre_own, own_size());
    memcpy(sim.processes[sim.process].own, __start_process_own, process_size());
    for (int i = 0; i < SIM_FIBRES; i++) {
        memcpy(sim.fibre[i].own_prepared, sim.fibre[i].own, own_size());
        memcpy(sim.processes[i].own_prepared, sim.processes[i].own, process_size());
        sim.fibre[i].process_prepared = sim.fibre[i].process;
    }
}

static void go_to(int id)
{
    int from = sim.self;

    if (id == from)
        return;
    sim_use(id);
    change(from, id);
}

static void end_schedule(void)
{
    change(sim.self, SIM_NOBODY);
    __builtin_unreachable();
}

void sim_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sim.failure, sizeof sim.failure, format, arguments);
    va_end(arguments);
    if (!sim.running && !sim.ending) {
        fprintf(stderr, "simulator: %s\n", sim.failure);
        __builtin_trap();
    }
    end_schedule();
    __builtin_unreachable();
}

/* Somebody else, or the same; there may be nobody. */
static int choose(bool but_not_self)
{
    int ready[SIM_FIBRES];
    uint32_t count = 0;

    for (int i = 0; i < SIM_FIBRES; i++)
        if (sim.fibre[i].state == SIM_READY && !(but_not_self && i == sim.self))
            ready[count++] = i;
    return count == 0 ? SIM_NOBODY : ready[count == 1 ? 0 : sim_draw() % count];
}

/* The fibre that runs cannot go on. */
static void leave(void)
{
    int next = choose(false);

    if (next == SIM_NOBODY && sim_kernel_time_passes())
        next = choose(false);
    if (next != SIM_NOBODY) {
        go_to(next);
        return;
    }
    for (int i = 0; i < SIM_FIBRES; i++)
        if (sim.fibre[i].state == SIM_ASLEEP)
            sim_fail("fibre %d sleeps, and nobody is left to wake it", i);
    end_schedule();
}

static void run_fibre(void)
{
    struct sim_fibre *fibre = &sim.fibre[sim.self];

    fibre->body(fibre->argument);
    if (sim.running)
        sim_step(); /* others may come before its last store does */
    sim_let_go(sim.self);
    fibre->state = SIM_OVER;
    leave();
    __builtin_unreachable();
}

/* --- Steps ---------------------------------------------------------------------------- */

/* A process is killed: its other threads end, each when it is told so. One that sleeps wakes
 * for nothing else. */
static void kill_others(void)
{
    for (int i = 0; i < SIM_STAGE; i++) {
        struct sim_fibre *fibre = &sim.fibre[i];

        if (i == sim.self || fibre->process != sim.fibre[sim.self].process
            || (fibre->state != SIM_READY && fibre->state != SIM_ASLEEP))
            continue;
        if (fibre->state == SIM_ASLEEP) {
            sim_wake_fibre(i, -EINTR);
            fibre->dies_at = fibre->steps + 1;
        } else {
            fibre->dies_at = fibre->steps + 1 + (uint32_t)sim_draw() % SOON;
        }
    }
}

static void end_here(void)
{
    sim_let_go(sim.self); /* what a processor has begun to store, it stores */
    sim.fibre[sim.self].state = SIM_DEAD;
    sim.deaths++;
    if (sim.tracing)
        sim_trace("DIES", NULL, 0, 0, -1, 0);
    sim_kernel_death(sim.self);
    leave();
}

static void die(void)
{
    kill_others();
    end_here();
}

void sim_end_thread(void)
{
    end_here();
    __builtin_unreachable();
}

static inline void count_step(void)
{
    struct sim_fibre *fibre = &sim.fibre[sim.self];

    if (++sim.steps > SIM_STEPS)
        sim_fail("no end after %d steps", SIM_STEPS);
    if (++fibre->steps == fibre->dies_at)
        die();
}

void sim_step_alone(void)
{
    count_step();
}

void sim_step(void)
{
    uint64_t drawn;

    count_step();
    sim.pauses = 0;
    drawn = sim_draw();
    if (sim.spurious > 0 && drawn >> 24 == 0 && sim_kernel_wake_for_nothing())
        sim.spurious--;
    if ((drawn & sim.switch_mask) == 0) {
        const void *pc = sim.pc;
        int next = choose(false);

        sim.switches += next != sim.self;
        go_to(next);
        sim.pc = pc;
    }
}

void sim_pause(void)
{
    int next;

    sim_let_go(sim.self);
    count_step();
    if (++sim.pauses > PAUSES) {
        sim.pauses = 0;
        if (!sim_kernel_time_passes())
            sim_fail("some wait, some sleep, and nobody does anything");
    }
    next = choose(true);
    if (next != SIM_NOBODY)
        go_to(next);
}

void sim_sleep(void)
{
    const void *pc = sim.pc;

    sim_let_go(sim.self);
    sim.fibre[sim.self].state = SIM_ASLEEP;
    leave();
    sim.pc = pc;
}

void sim_wake_fibre(int id, int result)
{
    sim.fibre[id].state = SIM_READY;
    sim.fibre[id].woken = result;
}

/* --- For scenarios -------------------------------------------------------------------- */

void sim_start(int id, void (*body)(void *), void *argument)
{
    struct sim_fibre *fibre = &sim.fibre[id];

    fibre->body = body;
    fibre->argument = argument;
    fibre->state = SIM_READY;
    prepare_stack(id);
    if (sim.running)
        sim_join(sim.self, id);
}

void sim_same_process(int id, int as)
{
    sim.fibre[id].process = as;
    if (id == sim.self)
        use_process(as);
}

int sim_process_of(int id)
{
    return sim.fibre[id].process;
}

void sim_spare(int id)
{
    sim.fibre[id].dies_at = 0;
}

int sim_self(void)
{
    return sim.self;
}

uint32_t sim_random(uint32_t below)
{
    return (uint32_t)(sim_draw() % below);
}

bool sim_is_dead(int id)
{
    return sim.fibre[id].state == SIM_DEAD;
}

bool sim_is_started(int id)
{
    return sim.fibre[id].state != SIM_UNUSED;
}

bool sim_is_over(int id)
{
    enum sim_state state = sim.fibre[id].state;

    if (state != SIM_OVER && state != SIM_DEAD)
        return state == SIM_UNUSED;
    if (sim.running)
        sim_join(id, sim.self);
    return true;
}

void sim_without_membarrier(void)
{
    sim.no_membarrier = true;
}

/* --- A schedule ----------------------------------------------------------------------- */

static void choose_deaths(const struct sim_scenario *scenario)
{
    uint32_t deaths;

    if (scenario->members == 0 || sim_draw() % 64 >= scenario->share)
        return;
    deaths = 1 + (uint32_t)sim_draw() % scenario->deaths;
    for (uint32_t i = 0; i < deaths; i++) {
        int who = (int)(sim_draw() % scenario->members);

        sim.fibre[who].dies_at = 1 + (uint32_t)sim_draw() % scenario->span;
    }
}

static void begin(const struct sim_scenario *scenario, uint64_t seed)
{
    static const uint8_t masks[] = { 1, 3, 3, 7, 15, 31, 7, 3 };
    static const uint8_t stale[] = { 0, 4, 4, 6 };

    sim.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
    sim.random ^= sim.random >> 29;
    if (sim.random == 0)
        sim.random = 1;
    sim_draw();
    sim_draw();
    sim.steps = sim.switches = sim.deaths = 0;
    sim.failure[0] = '\0';
    sim.no_membarrier = sim.unheard = sim.detached = false;
    sim.pauses = 0;
    sim.switch_mask = masks[sim_draw() % 8];
    sim.stale = stale[sim_draw() % 4];
    sim.keeps = sim_draw() % 2 == 0 ? 2 : 0;
    sim.spurious = sim_draw() % 4 == 0 ? 2 : 0;
    for (int i = 0; i < SIM_FIBRES; i++) {
        struct sim_fibre *fibre = &sim.fibre[i];

        fibre->state = SIM_UNUSED;
        fibre->steps = fibre->dies_at = 0;
        fibre->process = fibre->process_prepared;
        memcpy(fibre->own, fibre->own_prepared, own_size());
        if (sim.has_processes)
            memcpy(sim.processes[i].own, sim.processes[i].own_prepared, process_size());
    }
    sim.self = 0;
    memcpy(__start_fibre_own, sim.fibre[0].own, own_size());
    sim.process = sim.fibre[0].process;
    if (sim.has_processes)
        memcpy(__start_process_own, sim.processes[sim.process].own, process_size());
    sim_memory_begin();
    sim_kernel_begin();
    sim_system_begin();
    sim_names_begin();
    choose_deaths(scenario);
    sim.main_stack = __builtin_frame_address(0);
    sim.stacks = stacks[0];
    sim.stacks_size = sizeof stacks;
    sim.undoing = true;
    scenario->begin();
}

static void end_scenario(void *scenario)
{
    ((const struct sim_scenario *)scenario)->end();
}

bool sim_run(const struct sim_scenario *scenario, uint64_t seed)
{
    int first;

    begin(scenario, seed);
    first = choose(false);
    sim_use(first);
    sim.running = true;
    change(SIM_NOBODY, first);
    sim.running = false;
    if (sim.failure[0] == '\0') {
        /* What end() finds wrong ends there too. */
        sim_same_process(SIM_STAGE, sim.fibre[0].process);
        sim_start(SIM_STAGE, end_scenario, (void *)(uintptr_t)scenario);
        sim_use(SIM_STAGE);
        sim.ending = true;
        change(SIM_NOBODY, SIM_STAGE);
        sim.ending = false;
    }
    sim.undoing = false;
    sim_undo_all();
    sim.all.schedules++;
    sim.all.preempted += sim.switches > 0;
    sim.all.switches += sim.switches;
    sim.all.steps += sim.steps;
    sim.all.deaths += sim.deaths;
    sim.all.dead_schedules += sim.deaths > 0;
    return sim.failure[0] == '\0';
}
