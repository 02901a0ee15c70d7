/* SPDX-License-Identifier: MIT */
/*
 * system.c - what the library asks of the system elsewhere, in place of its own files
 * (simulator.mk names them): time, processes, threads, file descriptors, the segment's memory.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "inside.h"
#include "os/clock.h"
#include "os/eventfd.h"
#include "os/process.h"
#include "os/thread.h"
#include "segment/segment.h"

enum { DESCRIPTORS = 4, FIRST_DESCRIPTOR = 100 };

/* --- Processes and time --------------------------------------------------------------- */

uint32_t mci_process_id(void)
{
    return (uint32_t)(1 + sim.fibre[sim.self].process);
}

uint32_t mci_thread_id(void)
{
    return sim_thread_id(sim.self);
}

/* Another one makes a process ask anew which fences the kernel has. */
uint32_t mci_process_generation(void)
{
    return sim.no_membarrier ? 2 : 1;
}

uint64_t mci_process_start(uint32_t pid)
{
    return pid;
}

/* A process here ends as the kernel notices it: the marks say so. */
bool mci_process_alive(uint32_t pid, uint64_t start)
{
    (void)pid;
    (void)start;
    return true;
}

static bool is_of(int id, uint32_t pid)
{
    return sim_is_started(id) && (uint32_t)(1 + sim.fibre[id].process) == pid;
}

/* Whether no thread of it does anything any more. Who is told that one does asks again by and
 * by: time passes for it. */
bool mci_process_ended(uint32_t pid, uint64_t start)
{
    (void)start;
    if (sim.running)
        sim_step();
    for (int id = 0; id < SIM_STAGE; id++)
        if (is_of(id, pid)
            && (sim.fibre[id].state == SIM_READY || sim.fibre[id].state == SIM_ASLEEP)) {
            sim.unheard = true;
            return false;
        }
    for (int id = 0; id < SIM_STAGE; id++)
        if (sim.running && is_of(id, pid))
            sim_join(id, sim.self);
    return true;
}

bool mci_thread_ended(uint32_t pid, uint64_t start, uint32_t tid)
{
    (void)pid;
    (void)start;
    (void)tid;
    return false;
}

bool mci_process_stopped(uint32_t pid, uint64_t start)
{
    (void)pid;
    (void)start;
    return false;
}

bool mci_memory_replaced(uint32_t pid, uint64_t device, uint64_t inode)
{
    (void)pid;
    (void)device;
    (void)inode;
    return false;
}

mci_time mci_clock_now(void)
{
    return INT64_C(1000000000) + (mci_time)sim.steps * 1000;
}

mci_time mci_clock_deadline(mcapi_timeout_t ms)
{
    return ms == MCAPI_TIMEOUT_INFINITE ? MCI_FOREVER
                                        : mci_clock_now() + (mci_time)ms * 1000000;
}

/* --- The segment ---------------------------------------------------------------------- */

void *sim_segment(uint64_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED || size > UINT32_MAX)
        __builtin_trap();
    sim.segment = at;
    sim.segment_size = size;
    return at;
}

bool mci_segment_attach(struct mci_segment *segment, const char *topology,
                        const struct mci_segment_form *form, char *reason, size_t reason_size)
{
    (void)reason;
    (void)reason_size;
    bool first = sim.segment == NULL;

    snprintf(segment->topology, sizeof segment->topology, "%s", topology);
    segment->base = first ? sim_segment(form->size) : sim.segment;
    segment->size = sim.segment_size;
    segment->fd = -1;
    sim.detached = false;
    return !first || form->format(segment->base, form->context);
}

/* Nobody looks at a topology from outside. */
bool mci_segment_look(struct mci_segment *segment, const char *topology,
                      const struct mci_segment_form *form, char *reason, size_t reason_size)
{
    (void)segment;
    (void)topology;
    (void)form;
    (void)reason;
    (void)reason_size;
    return false;
}

void mci_segment_look_away(struct mci_segment *segment)
{
    (void)segment;
}

bool mci_segment_commit(struct mci_segment *segment, uint64_t offset, uint64_t length)
{
    return offset <= segment->size && length <= segment->size - offset;
}

/* Nobody touches it after that; unless another node of the process attaches again. */
void mci_segment_detach(struct mci_segment *segment)
{
    (void)segment;
    if (sim.detached)
        sim_fail("the segment is let go twice");
    sim.detached = sim.shares_process;
}

bool sim_is_detached(void)
{
    return sim.detached;
}

void mci_segment_detach_mapped(struct mci_segment *segment)
{
    (void)segment;
}

void mci_segment_forget_after_fork(struct mci_segment *segment)
{
    (void)segment;
}

/* --- Threads of the library ------------------------------------------------------------ */

static void run_thread(void *argument)
{
    ((const struct mci_thread *)argument)->body();
}

/* It is a fibre that no scenario has started, the last one first. */
bool mci_thread_start(const struct mci_thread *thread)
{
    int id = SIM_STAGE - 1;

    while (id >= 0 && sim_is_started(id))
        id--;
    if (id < 0)
        return false;
    sim_same_process(id, sim.fibre[sim.self].process);
    sim_start(id, run_thread, (void *)(uintptr_t)thread);
    return true;
}

/* --- File descriptors ------------------------------------------------------------------ */

static struct descriptor {
    bool open;
    uint32_t readable;
    alignas(16) sim_stamp view[SIM_STAMPS]; /* of who raised it */
} descriptors[DESCRIPTORS];

void sim_system_begin(void)
{
    for (int i = 0; i < DESCRIPTORS; i++)
        descriptors[i].open = false;
}

static struct descriptor *find_descriptor(int fd)
{
    if (fd < FIRST_DESCRIPTOR || fd >= FIRST_DESCRIPTOR + DESCRIPTORS
        || !descriptors[fd - FIRST_DESCRIPTOR].open)
        sim_fail("file descriptor %d is not open", fd);
    return &descriptors[fd - FIRST_DESCRIPTOR];
}

int mci_eventfd_make(void)
{
    int i = 0;

    while (i < DESCRIPTORS && descriptors[i].open)
        i++;
    if (i == DESCRIPTORS)
        return -1;
    memset(&descriptors[i], 0, sizeof descriptors[i]);
    descriptors[i].open = true;
    return FIRST_DESCRIPTOR + i;
}

void mci_eventfd_raise(int fd)
{
    struct descriptor *descriptor = find_descriptor(fd);

    sim_step();
    if (sim.tracing)
        sim_trace("raises a descriptor", NULL, 0, 0, -1, 0);
    descriptor->readable = 1;
    sim_hand_over(sim.self, descriptor->view);
    sim_kernel_wake(&descriptor->readable);
}

void mci_eventfd_lower(int fd)
{
    struct descriptor *descriptor = find_descriptor(fd);

    sim_step();
    if (sim.tracing)
        sim_trace("lowers a descriptor", NULL, 0, 0, -1, 0);
    descriptor->readable = 0;
    sim_hand_over(sim.self, descriptor->view);
}

void mci_eventfd_close(int fd)
{
    find_descriptor(fd)->open = false;
}

bool sim_is_readable(int fd)
{
    struct descriptor *descriptor = find_descriptor(fd);

    sim_step();
    sim_take_over(sim.self, descriptor->view);
    return descriptor->readable != 0;
}

void sim_poll(int fd)
{
    struct descriptor *descriptor = find_descriptor(fd);

    while (!sim_is_readable(fd))
        sim_kernel_sleep(&descriptor->readable);
}
