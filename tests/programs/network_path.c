/* SPDX-License-Identifier: MIT */
/*
 * network_path.c - two network namespaces, and between them a path that is slow and loses
 * packets.
 *
 *     network_path DELAY LOSS SEED COMMAND...
 *
 * Makes the namespaces, each with loopback and one end of the path: in that of the server the
 * address 10.77.0.1, in the other one 10.77.0.2 (IPv6: fd77::1, fd77::2). Then runs COMMAND in
 * the second one, with the variable NETWORK_PATH_SERVER set to what enters the first one:
 * `$NETWORK_PATH_SERVER program` runs there. Its exit status is ours, 77 if there can be no
 * such namespaces, with a line that says why. When it has ended all is gone.
 *
 * Where the kernel has netem it could do this; not every kernel does, so the ends are TUN
 * devices, and a process of ours carries every packet from one to the other, DELAY milliseconds
 * later, or, for LOSS in a thousand, drawn from SEED, not at all. At the end it says how many
 * there were.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000ULL
#define NS_PER_S  1000000000ULL

enum {
    SKIPPED = 77,
    PACKET_MOST = 2048,
    UNDER_WAY_MOST = 4096, /* packets in one direction; what is more is lost, as in any queue */
};

struct packet {
    uint64_t due_ns;
    uint32_t size;
    uint8_t bytes[PACKET_MOST];
};

/* One direction of the path. */
struct lane {
    int from, to;
    uint64_t first, end; /* positions of what is under way, in a ring */
    uint64_t carried, lost;
    struct packet packets[UNDER_WAY_MOST];
};

static uint64_t random_state;

static int skip(const char *step)
{
    fprintf(stderr, "network_path: cannot %s: %s\n", step, strerror(errno));
    exit(SKIPPED);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t mixed = random_state += 0x9e3779b97f4a7c15ULL;

    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
    return mixed ^ mixed >> 31;
}

/* --- Namespaces -----------------------------------------------------------------------------
 */

static void up(int socket, const char *name)
{
    struct ifreq request = { 0 };

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (ioctl(socket, SIOCGIFFLAGS, &request) != 0)
        skip("look at a network device");
    request.ifr_flags |= IFF_UP;
    if (ioctl(socket, SIOCSIFFLAGS, &request) != 0)
        skip("bring up a network device");
}

static void give_addresses(int any, const char *name, int host)
{
    struct ifreq request = { 0 };
    struct sockaddr_in address = { .sin_family = AF_INET };
    struct in6_ifreq request6 = { .ifr6_prefixlen = 64 };
    int socket6;

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    address.sin_addr.s_addr = htonl(0x0a4d0000U | (uint32_t)host);
    memcpy(&request.ifr_addr, &address, sizeof(address));
    if (ioctl(any, SIOCSIFADDR, &request) != 0)
        skip("give a network device its address");
    address.sin_addr.s_addr = htonl(0xffffff00U);
    memcpy(&request.ifr_netmask, &address, sizeof(address));
    if (ioctl(any, SIOCSIFNETMASK, &request) != 0)
        skip("give a network device its mask");
    up(any, name);
    /* A kernel without IPv6 does without. */
    socket6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket6 >= 0 && ioctl(any, SIOCGIFINDEX, &request) == 0) {
        request6.ifr6_ifindex = request.ifr_ifindex;
        inet_pton(AF_INET6, host == 1 ? "fd77::1" : "fd77::2", &request6.ifr6_addr);
        if (ioctl(socket6, SIOCSIFADDR, &request6) != 0)
            fprintf(stderr, "network_path: there is no IPv6\n");
    }
    if (socket6 >= 0)
        close(socket6);
}

/* Enters a new namespace, and makes the end of the path in it: a descriptor for its packets. */
static int make_end(int host)
{
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    int tun, any;

    if (unshare(CLONE_NEWNET) != 0)
        skip("make a network namespace");
    tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0)
        skip("open /dev/net/tun");
    snprintf(request.ifr_name, sizeof(request.ifr_name), "path");
    if (ioctl(tun, TUNSETIFF, &request) != 0)
        skip("make a TUN device");
    any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0)
        skip("make a socket");
    up(any, "lo");
    give_addresses(any, "path", host);
    close(any);
    return tun;
}

/* --- The path -------------------------------------------------------------------------------
 */

/* Takes what has come: it is under way, or lost. */
static void take(struct lane *lane, uint64_t delay_ns, uint32_t loss)
{
    for (;;) {
        struct packet *packet = &lane->packets[lane->end % UNDER_WAY_MOST];
        bool full = lane->end - lane->first == UNDER_WAY_MOST;
        uint8_t dropped[PACKET_MOST];
        ssize_t size = read(lane->from, full ? dropped : packet->bytes, PACKET_MOST);

        if (size <= 0)
            return;
        lane->carried++;
        if (full || draw() % 1000 < loss) {
            lane->lost++;
            continue;
        }
        packet->size = (uint32_t)size;
        packet->due_ns = now_ns() + delay_ns;
        lane->end++;
    }
}

/* Hands over what is due; until when there is nothing more, or the same. */
static uint64_t deliver(struct lane *lane, uint64_t until_ns)
{
    uint64_t now = now_ns();

    while (lane->first != lane->end) {
        const struct packet *packet = &lane->packets[lane->first % UNDER_WAY_MOST];

        if (packet->due_ns > now)
            return packet->due_ns < until_ns ? packet->due_ns : until_ns;
        /* A device that takes no more loses it, as an interface would. */
        if (write(lane->to, packet->bytes, packet->size) < 0)
            lane->lost++;
        lane->first++;
    }
    return until_ns;
}

static void carry(struct lane lanes[2], pid_t command, uint64_t delay_ns, uint32_t loss)
{
    struct pollfd polls[2] = { { .fd = lanes[0].from, .events = POLLIN },
                               { .fd = lanes[1].from, .events = POLLIN } };
    siginfo_t ended = { 0 };

    /* It stays to be waited for. */
    while (waitid(P_PID, (id_t)command, &ended, WEXITED | WNOHANG | WNOWAIT) == 0
           && ended.si_pid == 0) {
        uint64_t now = now_ns(), until = now + 100 * NS_PER_MS, left;
        struct timespec timeout;

        for (int i = 0; i < 2; i++)
            until = deliver(&lanes[i], until);
        now = now_ns();
        left = until > now ? until - now : 0;
        timeout = (struct timespec){ 0, (long)left };
        if (ppoll(polls, 2, &timeout, NULL) > 0)
            for (int i = 0; i < 2; i++)
                take(&lanes[i], delay_ns, loss);
    }
}

/* --- All of it ------------------------------------------------------------------------------
 */

static pid_t run(char **command, int server)
{
    char enter[64];
    pid_t child;

    snprintf(enter, sizeof(enter), "nsenter --net=/proc/%d/fd/%d", getpid(), server);
    setenv("NETWORK_PATH_SERVER", enter, 1);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(command[0], command);
        fprintf(stderr, "network_path: %s: %s\n", command[0], strerror(errno));
        _exit(EXIT_FAILURE);
    }
    return child;
}

int main(int argc, char **argv)
{
    static struct lane lanes[2];
    int ends[2], server, status = 0;
    pid_t command;

    if (argc < 5) {
        fprintf(stderr, "usage: network_path DELAY LOSS SEED COMMAND...\n");
        return EXIT_FAILURE;
    }
    random_state = strtoull(argv[3], NULL, 10);
    ends[0] = make_end(1);
    server = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (server < 0)
        skip("open a network namespace");
    ends[1] = make_end(2);
    lanes[0].from = lanes[1].to = ends[0];
    lanes[1].from = lanes[0].to = ends[1];
    command = run(argv + 4, server);
    if (command < 0)
        skip("start a process");
    carry(lanes, command, strtoull(argv[1], NULL, 10) * NS_PER_MS,
          (uint32_t)strtoul(argv[2], NULL, 10));
    waitpid(command, &status, 0);
    fprintf(stderr, "network_path: %llu packets, %llu lost\n",
            (unsigned long long)(lanes[0].carried + lanes[1].carried),
            (unsigned long long)(lanes[0].lost + lanes[1].lost));
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
