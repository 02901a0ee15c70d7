/* SPDX-License-Identifier: MIT */
/*
 * instructions.c - how many instructions of the library fixed operations take, which is the
 * same on every machine however busy it is, and how many system calls.
 *
 *     instructions TABLE     compares with the bounds in the table
 *     instructions --table   prints such a table of what is measured now
 *     instructions --json    prints the same for programs
 *
 * Each operation is stepped through with the processor's trap flag, many times in a row, so
 * that what is done only now and then has its share. One node is both ends: nobody waits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) \
        && !defined(__SANITIZE_THREAD__)
#define CAN_COUNT 1
#else
#define CAN_COUNT 0
#endif

enum { SKIPPED = 77 };

#if CAN_COUNT

#include <link.h>
#include <mcapi.h>
#include <mcapi_ext.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>
#include <unistd.h>

#include "bench/payload.h"

enum {
    TIMES = 32,
    CHANNELS = 4,
    BURST = 32,
    SIZE = 64,
    PERCENT = 3 /* above the bound that are let pass */
};

/* --- Counting ------------------------------------------------------------------------- */

static struct {
    uintptr_t low, high; /* the library's code */
    volatile uint64_t instructions, calls;
} count;

/* The instruction that is about to be executed. */
static void on_step(int number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    const unsigned char *code = (const unsigned char *)at;

    (void)number, (void)info;
    if (at >= count.low && at < count.high)
        count.instructions++;
    if (code[0] == 0x0f && code[1] == 0x05)
        count.calls++;
}

/* The flags go over the stack, below what the compiler may keep under its end. */
#define CHANGE_FLAGS(CHANGE)                                                      \
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\t" CHANGE " (%%rsp)\n\t" \
                     "popfq\n\tlea 128(%%rsp), %%rsp" ::                          \
                             : "memory", "cc")

static void begin(void)
{
    count.instructions = count.calls = 0;
    CHANGE_FLAGS("orq $0x100,");
}

static void end(void)
{
    CHANGE_FLAGS("andq $~0x100,");
}

/* The loaded object in which the library's calls are. */
static int find_library(struct dl_phdr_info *object, size_t size, void *unused)
{
    uintptr_t call = (uintptr_t)&mcapi_initialize;

    (void)size, (void)unused;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t low = object->dlpi_addr + part->p_vaddr;

        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
            continue;
        if (call < low || call >= low + part->p_memsz)
            continue;
        count.low = low;
        count.high = low + part->p_memsz;
        return 1;
    }
    return 0;
}

/* --- The node ------------------------------------------------------------------------- */

static struct {
    mcapi_endpoint_t message_out, message_in;
    mcapi_pktchan_send_hndl_t packets_out;
    mcapi_pktchan_recv_hndl_t packets_in;
    mcapi_sclchan_send_hndl_t words_out;
    mcapi_sclchan_recv_hndl_t words_in;
    mcapi_endpoint_t churn_out, churn_in;
} node;

static mcapi_status_t status;
static unsigned char buffer[BURST][SIZE];
static void *held[TIMES];
static mcapi_endpoint_t made[TIMES];

static void check(const char *what)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "instructions: %s: %s\n", what,
            mcapi_display_status(status, text, sizeof(text)));
    exit(1);
}

static void finish(mcapi_request_t *request, const char *what)
{
    size_t size;

    check(what);
    mcapi_wait(request, &size, MCAPI_TIMEOUT_INFINITE, &status);
    check(what);
}

static mcapi_endpoint_t create(mcapi_port_t port)
{
    mcapi_endpoint_t endpoint = mcapi_endpoint_create(port, &status);

    check("mcapi_endpoint_create");
    return endpoint;
}

static void open_packets(mcapi_endpoint_t out, mcapi_endpoint_t in,
                         mcapi_pktchan_send_hndl_t *sends, mcapi_pktchan_recv_hndl_t *receives)
{
    mcapi_request_t request;

    mcapi_pktchan_connect_i(out, in, &request, &status);
    finish(&request, "mcapi_pktchan_connect_i");
    mcapi_pktchan_send_open_i(sends, out, &request, &status);
    finish(&request, "mcapi_pktchan_send_open_i");
    mcapi_pktchan_recv_open_i(receives, in, &request, &status);
    finish(&request, "mcapi_pktchan_recv_open_i");
}

static void open_words(mcapi_endpoint_t out, mcapi_endpoint_t in)
{
    mcapi_request_t request;

    mcapi_sclchan_connect_i(out, in, &request, &status);
    finish(&request, "mcapi_sclchan_connect_i");
    mcapi_sclchan_send_open_i(&node.words_out, out, &request, &status);
    finish(&request, "mcapi_sclchan_send_open_i");
    mcapi_sclchan_recv_open_i(&node.words_in, in, &request, &status);
    finish(&request, "mcapi_sclchan_recv_open_i");
}

static void set_up(void)
{
    char topology[32];
    mcapi_info_t info;

    snprintf(topology, sizeof(topology), "instructions-%d", (int)getpid());
    setenv("MCAPI_TOPOLOGY", topology, 1);
    mcapi_initialize(1, 1, NULL, NULL, &info, &status);
    check("mcapi_initialize");
    node.message_out = create(1);
    node.message_in = create(2);
    open_packets(create(3), create(4), &node.packets_out, &node.packets_in);
    open_words(create(5), create(6));
    node.churn_out = create(7);
    node.churn_in = create(8);
}

/* --- Operations ----------------------------------------------------------------------- */

static void send_words(void)
{
    for (uint64_t i = 0; i < TIMES; i++)
        mcapi_sclchan_send_uint64(node.words_out, i, &status);
    check("mcapi_sclchan_send_uint64");
}

static void receive_words(void)
{
    for (uint64_t i = 0; i < TIMES; i++)
        if (mcapi_sclchan_recv_uint64(node.words_in, &status) != i)
            abort();
    check("mcapi_sclchan_recv_uint64");
}

static void send_words_burst(void)
{
    mcapi_uint64_t word[BURST];

    for (uint64_t i = 0; i < TIMES; i += BURST) {
        for (uint64_t j = 0; j < BURST; j++)
            word[j] = i + j;
        if (mcapi_ext_sclchan_send_burst_uint64(node.words_out, word, BURST, &status) != BURST)
            abort();
    }
}

static void receive_words_burst(void)
{
    mcapi_uint64_t word[BURST];

    for (uint64_t i = 0; i < TIMES; i += BURST)
        if (mcapi_ext_sclchan_recv_burst_uint64(node.words_in, word, BURST, &status) != BURST
            || word[BURST - 1] != i + BURST - 1)
            abort();
}

static void send_packets(void)
{
    for (uint64_t i = 0; i < TIMES; i++) {
        payload_make(buffer[0], i, SIZE);
        mcapi_pktchan_send(node.packets_out, buffer[0], SIZE, &status);
    }
    check("mcapi_pktchan_send");
}

static void send_packets_by_reference(void)
{
    for (uint64_t i = 0; i < TIMES; i++) {
        void *packet = mcapi_ext_pktchan_buffer_take(node.packets_out, SIZE, &status);

        check("mcapi_ext_pktchan_buffer_take");
        payload_make(packet, i, SIZE);
        mcapi_ext_pktchan_buffer_send(node.packets_out, packet, SIZE, &status);
    }
    check("mcapi_ext_pktchan_buffer_send");
}

static void receive_packets(void)
{
    size_t size;

    for (uint64_t i = 0; i < TIMES; i++)
        mcapi_pktchan_recv(node.packets_in, &held[i], &size, &status);
    check("mcapi_pktchan_recv");
}

static void release_packets(void)
{
    for (uint64_t i = 0; i < TIMES; i++) {
        if (payload_wrong(held[i], i, SIZE) != 0)
            abort();
        mcapi_pktchan_release(held[i], &status);
    }
    check("mcapi_pktchan_release");
}

static void send_packets_burst(void)
{
    const void *packet[BURST];
    size_t size[BURST];

    for (uint64_t i = 0; i < TIMES; i += BURST) {
        for (uint64_t j = 0; j < BURST; j++) {
            payload_make(buffer[j], i + j, SIZE);
            packet[j] = buffer[j];
            size[j] = SIZE;
        }
        if (mcapi_ext_pktchan_send_burst(node.packets_out, packet, size, BURST, &status)
            != BURST)
            abort();
    }
}

static void receive_packets_burst(void)
{
    size_t size[BURST];

    for (uint64_t i = 0; i < TIMES; i += BURST)
        if (mcapi_ext_pktchan_recv_burst(node.packets_in, held + i, size, BURST, &status)
            != BURST)
            abort();
}

static void release_packets_burst(void)
{
    for (uint64_t i = 0; i < TIMES; i += BURST)
        if (mcapi_ext_pktchan_release_burst(held + i, BURST, &status) != BURST)
            abort();
}

static void send_messages(void)
{
    for (uint64_t i = 0; i < TIMES; i++) {
        payload_make(buffer[0], i, SIZE);
        mcapi_msg_send(node.message_out, node.message_in, buffer[0], SIZE, 0, &status);
    }
    check("mcapi_msg_send");
}

static void receive_messages(void)
{
    size_t size;

    for (uint64_t i = 0; i < TIMES; i++) {
        mcapi_msg_recv(node.message_in, buffer[0], SIZE, &size, &status);
        if (payload_wrong(buffer[0], i, SIZE) != 0)
            abort();
    }
    check("mcapi_msg_recv");
}

static void create_endpoints(void)
{
    for (mcapi_port_t i = 0; i < TIMES; i++)
        made[i] = mcapi_endpoint_create(100 + i, &status);
    check("mcapi_endpoint_create");
}

static void get_endpoints(void)
{
    for (mcapi_port_t i = 0; i < TIMES; i++)
        if (mcapi_endpoint_get(1, 1, 100 + i, MCAPI_TIMEOUT_INFINITE, &status) != made[i])
            abort();
}

static void delete_endpoints(void)
{
    for (mcapi_port_t i = 0; i < TIMES; i++)
        mcapi_endpoint_delete(made[i], &status);
    check("mcapi_endpoint_delete");
}

static void open_and_close(void)
{
    mcapi_pktchan_send_hndl_t out;
    mcapi_pktchan_recv_hndl_t in;
    mcapi_request_t request;

    for (int i = 0; i < CHANNELS; i++) {
        open_packets(node.churn_out, node.churn_in, &out, &in);
        mcapi_pktchan_send_close_i(out, &request, &status);
        finish(&request, "mcapi_pktchan_send_close_i");
        mcapi_pktchan_recv_close_i(in, &request, &status);
        finish(&request, "mcapi_pktchan_recv_close_i");
    }
}

/* What one leaves behind is what the next one finds. */
static const struct operation {
    const char *name;
    void (*run)(void);
    int times; /* that run() does it */
} operations[] = {
    { "word-send", send_words, TIMES },
    { "word-receive", receive_words, TIMES },
    { "word-send-burst-32", send_words_burst, TIMES },
    { "word-receive-burst-32", receive_words_burst, TIMES },
    { "packet-send-64", send_packets, TIMES },
    { "packet-receive", receive_packets, TIMES },
    { "packet-release", release_packets, TIMES },
    { "packet-send-burst-32", send_packets_burst, TIMES },
    { "packet-receive-burst-32", receive_packets_burst, TIMES },
    { "packet-release-burst-32", release_packets_burst, TIMES },
    { "packet-send-reference-64", send_packets_by_reference, TIMES },
    { "packet-receive-reference", receive_packets, TIMES },
    { "packet-release-reference", release_packets, TIMES },
    { "message-send-64", send_messages, TIMES },
    { "message-receive-64", receive_messages, TIMES },
    { "endpoint-create", create_endpoints, TIMES },
    { "endpoint-get", get_endpoints, TIMES },
    { "endpoint-delete", delete_endpoints, TIMES },
    { "channel-connect-open-close", open_and_close, CHANNELS },
};

enum { OPERATIONS = sizeof(operations) / sizeof(*operations), WARM = 3 };

/* Of one item of the operation. */
static struct result {
    double instructions, calls;
} results[OPERATIONS];

static void measure(void)
{
    struct sigaction action = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    static char stack[1 << 16];

    sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL);
    sigaction(SIGTRAP, &action, NULL);
    for (int round = 0; round <= WARM; round++)
        for (int i = 0; i < OPERATIONS; i++) {
            if (round == WARM)
                begin();
            operations[i].run();
            end();
            results[i].instructions = (double)count.instructions / operations[i].times;
            results[i].calls = (double)count.calls / operations[i].times;
        }
}

int main(int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    const char *line = json ? "{\"operation\":\"%s\",\"instructions\":%.2f,\"calls\":%.3f}\n"
                            : "%-28s %9.1f %6.2f\n";

    if (argc > 1 && !json) {
        fprintf(stderr, "usage: instructions [--json]\n");
        return 2;
    }
    set_up();
    if (dl_iterate_phdr(find_library, NULL) == 0) {
        fprintf(stderr, "instructions: where is the library?\n");
        return 1;
    }
    measure();
    mcapi_finalize(&status);
    check("mcapi_finalize");
    for (int i = 0; i < OPERATIONS; i++)
        printf(line, operations[i].name, results[i].instructions, results[i].calls);
    return 0;
}

#else

int main(void)
{
    puts("SKIPPED: instructions are counted of optimised code for x86-64 without sanitizers");
    return SKIPPED;
}

#endif
