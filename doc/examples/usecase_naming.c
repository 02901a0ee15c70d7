/* SPDX-License-Identifier: MIT */
/*
 * usecase_naming.c - static and dynamic naming, and a node that connects what is not its own.
 *
 * Four processes, each a node:
 *
 *   root (0)       owns the one endpoint that everybody knows, <0, 0, 0>. Who offers a service
 *                  sends it a message with the service's name and endpoint; who wants one sends
 *                  its name and the endpoint that the answer is to go to.
 *   sensor (1)     offers "temperature", from an endpoint without a number.
 *   display (2)    wants to be connected: offers "screen", likewise.
 *   operator (3)   asks the root for both, and connects one with the other. It also connects
 * two endpoints that it finds by their numbers. It owns none of the four.
 *
 *     cc usecase_naming.c $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include <mcapi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOMAIN 0
enum { ROOT, SENSOR, DISPLAY, OPERATOR, NODES };

#define ROOT_PORT  0
#define ALARM_PORT 1 /* static naming: the sensor's end and the display's */
#define READINGS   100
#define SERVICES   2

/* A message to the root. Endpoints are numbers that mean the same on every node. */
typedef struct {
    char service[16];
    mcapi_endpoint_t offered; /* 0: who sends this wants it */
    mcapi_endpoint_t reply_to;
} naming_t;

static const char *who;

static void check(mcapi_status_t status, const char *call)
{
    char text[MCAPI_MAX_STATUS_SIZE];

    if (status == MCAPI_SUCCESS)
        return;
    fprintf(stderr, "%s: %s: %s\n", who, call,
            mcapi_display_status(status, text, sizeof(text)));
    exit(1);
}

static void begin(const char *name, mcapi_node_t node)
{
    mcapi_param_t parms;
    mcapi_info_t info;
    mcapi_status_t err;

    who = name;
    mcapi_initialize(DOMAIN, node, &parms, &info, &err);
    check(err, "mcapi_initialize");
}

static void end(void)
{
    mcapi_status_t err;

    mcapi_finalize(&err);
    check(err, "mcapi_finalize");
}

static mcapi_endpoint_t create(mcapi_port_t port)
{
    mcapi_status_t err;
    mcapi_endpoint_t endpoint = mcapi_endpoint_create(port, &err);

    check(err, "mcapi_endpoint_create");
    return endpoint;
}

static mcapi_endpoint_t get(mcapi_node_t node, mcapi_port_t port)
{
    mcapi_status_t err;
    mcapi_endpoint_t endpoint = mcapi_endpoint_get(DOMAIN, node, port, &err);

    check(err, "mcapi_endpoint_get");
    return endpoint;
}

static void ask_root(const char *service, mcapi_endpoint_t offered, mcapi_endpoint_t reply_to)
{
    naming_t naming;
    mcapi_status_t err;

    memset(&naming, 0, sizeof(naming));
    strcpy(naming.service, service);
    naming.offered = offered;
    naming.reply_to = reply_to;
    mcapi_msg_send(create(MCAPI_PORT_ANY), get(ROOT, ROOT_PORT), &naming, sizeof(naming), 0,
                   &err);
    check(err, "mcapi_msg_send to the root");
}

/* --- The root --------------------------------------------------------------------- */

/* Brings offers and wants together, in whatever order they come, until all services have gone
 * to who wanted them. */
static void root(void)
{
    naming_t seen[2 * SERVICES];
    mcapi_endpoint_t endpoint;
    mcapi_status_t err;
    int count, handed_on = 0;
    size_t size;

    begin("root", ROOT);
    endpoint = create(ROOT_PORT);
    for (count = 0; handed_on < SERVICES; count++) {
        naming_t *now = &seen[count];
        int i;

        mcapi_msg_recv(endpoint, now, sizeof(*now), &size, &err);
        check(err, "mcapi_msg_recv");
        for (i = 0; i < count; i++) {
            const naming_t *offer = now->offered != 0 ? now : &seen[i];
            const naming_t *want = now->offered != 0 ? &seen[i] : now;

            if (strcmp(offer->service, want->service) != 0 || offer->offered == 0)
                continue;
            mcapi_msg_send(endpoint, want->reply_to, &offer->offered, sizeof(offer->offered), 0,
                           &err);
            check(err, "mcapi_msg_send to who asked");
            handed_on++;
        }
    }
    end();
}

/* --- Sensor and display: they do not know of each other --------------------------- */

static void sensor(void)
{
    mcapi_endpoint_t temperature, alarm;
    mcapi_pktchan_send_hndl_t readings;
    mcapi_sclchan_send_hndl_t alarms;
    mcapi_request_t request;
    mcapi_status_t err;
    int i;

    begin("sensor", SENSOR);
    alarm = create(ALARM_PORT);
    mcapi_sclchan_send_open_i(&alarms, alarm, &request, &err);
    check(err, "mcapi_sclchan_send_open_i");
    temperature = create(MCAPI_PORT_ANY);
    mcapi_pktchan_send_open_i(&readings, temperature, &request, &err);
    check(err, "mcapi_pktchan_send_open_i");
    ask_root("temperature", temperature, 0);
    for (i = 0; i < READINGS; i++) {
        mcapi_pktchan_send(readings, &i, sizeof(i), &err);
        check(err, "mcapi_pktchan_send");
    }
    mcapi_sclchan_send_uint32(alarms, READINGS, &err);
    check(err, "mcapi_sclchan_send_uint32");
    end();
}

static void display(void)
{
    mcapi_endpoint_t screen, alarm;
    mcapi_pktchan_recv_hndl_t readings;
    mcapi_sclchan_recv_hndl_t alarms;
    mcapi_request_t request;
    mcapi_status_t err;
    mcapi_uint32_t announced, shown = 0;
    void *reading;
    size_t size;

    begin("display", DISPLAY);
    alarm = create(ALARM_PORT);
    mcapi_sclchan_recv_open_i(&alarms, alarm, &request, &err);
    check(err, "mcapi_sclchan_recv_open_i");
    screen = create(MCAPI_PORT_ANY);
    mcapi_pktchan_recv_open_i(&readings, screen, &request, &err);
    check(err, "mcapi_pktchan_recv_open_i");
    ask_root("screen", screen, 0);
    while (shown < READINGS) {
        mcapi_pktchan_recv(readings, &reading, &size, &err);
        check(err, "mcapi_pktchan_recv");
        shown++;
        mcapi_pktchan_release(reading, &err);
        check(err, "mcapi_pktchan_release");
    }
    announced = mcapi_sclchan_recv_uint32(alarms, &err);
    check(err, "mcapi_sclchan_recv_uint32");
    if (shown != announced) {
        fprintf(stderr, "%u readings instead of %u\n", shown, announced);
        exit(1);
    }
    printf("%u readings went from endpoint to endpoint, connected by a third node\n", shown);
    end();
}

/* --- The operator ------------------------------------------------------------------ */

static mcapi_endpoint_t look_up(const char *service)
{
    mcapi_endpoint_t reply_to = create(MCAPI_PORT_ANY);
    mcapi_endpoint_t found;
    mcapi_status_t err;
    size_t size;

    ask_root(service, 0, reply_to);
    mcapi_msg_recv(reply_to, &found, sizeof(found), &size, &err);
    check(err, "mcapi_msg_recv from the root");
    return found;
}

static void operate(void)
{
    mcapi_request_t request;
    mcapi_status_t err;
    size_t size;

    begin("operator", OPERATOR);
    mcapi_sclchan_connect_i(get(SENSOR, ALARM_PORT), get(DISPLAY, ALARM_PORT), &request, &err);
    check(err, "mcapi_sclchan_connect_i");
    mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &err);
    check(err, "mcapi_wait");
    mcapi_pktchan_connect_i(look_up("temperature"), look_up("screen"), &request, &err);
    check(err, "mcapi_pktchan_connect_i");
    mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &err);
    check(err, "mcapi_wait");
    end();
}

int main(void)
{
    void (*const roles[NODES])(void) = { root, sensor, display, operate };
    pid_t children[NODES], ended;
    int i, how, failed = 0;

    for (i = 0; i < NODES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            roles[i]();
            return 0;
        }
        failed |= children[i] < 0;
    }
    while ((ended = wait(&how)) > 0) {
        failed |= how != 0;
        for (i = 0; i < NODES; i++) {
            if (children[i] == ended)
                children[i] = 0;
            if (failed && children[i] > 0)
                kill(children[i], SIGTERM); /* it might wait for that one for ever */
        }
    }
    return failed;
}
