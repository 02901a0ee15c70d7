/* SPDX-License-Identifier: MIT */
/*
 * dialect_1x_messages.c - a program in MCAPI 1.x: messages between two processes, and the
 * errors.
 *
 * A server (node 0) turns words round for a client (node 1), which has several questions out at
 * once and takes the answers as they come. This file includes mcapi.h and nothing else of ours,
 * as programs in MCAPI 1.x do; what makes it compile is the option.
 *
 *     cc -DMCAPI_V1000 dialect_1x_messages.c $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include <mcapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER 0
#define CLIENT 1
#define PORT   7 /* of either */

#define URGENT  0
#define TIMEOUT 10000

#define WORDS 4
static const char *const words[WORDS] = { "stressed", "", "drawer", "repaid" };
static const char *const turned[WORDS] = { "desserts", "", "reward", "diaper" };

/* What a message is made of. The word's number comes back with the answer. */
typedef struct {
    mcapi_endpoint_t reply_to;
    int number;
    char word[32];
} question_t;

static const char *status_text(mcapi_status_t status)
{
#define TEXT(name) \
    case name:     \
        return #name

    switch (status) {
        TEXT(MCAPI_SUCCESS);
        TEXT(MCAPI_INCOMPLETE);
        TEXT(MCAPI_ENO_INIT);
        TEXT(MCAPI_INITIALIZED);
        TEXT(MCAPI_ENODE_NOTINIT);
        TEXT(MCAPI_ENOT_ENDP);
        TEXT(MCAPI_ENO_ENDPOINT);
        TEXT(MCAPI_EENDP_ISCREATED);
        TEXT(MCAPI_ENOT_OWNER);
        TEXT(MCAPI_EMESS_LIMIT);
        TEXT(MCAPI_ETRUNCATED);
        TEXT(MCAPI_EPRIO);
        TEXT(MCAPI_ENO_BUFFER);
        TEXT(MCAPI_ENO_MEM);
        TEXT(MCAPI_ENO_REQUEST);
        TEXT(MCAPI_ENOTREQ_HANDLE);
        TEXT(MCAPI_EREQ_CANCELED);
        TEXT(MCAPI_EREQ_TIMEOUT);
        TEXT(MCAPI_EPARAM);
    default:
        return "a status of its own";
    }
}

static void check(const char *call, mcapi_status_t status, mcapi_status_t expected)
{
    if (status == expected)
        return;
    fprintf(stderr, "%s: %s (%d) instead of %s\n", call, status_text(status), (int)status,
            status_text(expected));
    exit(1);
}

/* --- The server ------------------------------------------------------------------- */

static void server(void)
{
    mcapi_version_t version;
    mcapi_endpoint_t endpoint;
    mcapi_status_t status;
    question_t question;
    size_t size, length, i;

    mcapi_initialize(SERVER, &version, &status);
    check("mcapi_initialize", status, MCAPI_SUCCESS);
    endpoint = mcapi_create_endpoint(PORT, &status);
    check("mcapi_create_endpoint", status, MCAPI_SUCCESS);
    for (;;) {
        mcapi_msg_recv(endpoint, &question, sizeof(question), &size, &status);
        check("mcapi_msg_recv", status, MCAPI_SUCCESS);
        if (question.number < 0)
            break;
        length = strlen(question.word);
        for (i = 0; i < length / 2; i++) {
            char c = question.word[i];

            question.word[i] = question.word[length - 1 - i];
            question.word[length - 1 - i] = c;
        }
        mcapi_msg_send(endpoint, question.reply_to, &question, sizeof(question), URGENT,
                       &status);
        check("mcapi_msg_send", status, MCAPI_SUCCESS);
    }
    mcapi_delete_endpoint(endpoint, &status);
    check("mcapi_delete_endpoint", status, MCAPI_SUCCESS);
    mcapi_finalize(&status);
    check("mcapi_finalize", status, MCAPI_SUCCESS);
}

/* --- The client ------------------------------------------------------------------- */

static void make_mistakes(mcapi_endpoint_t here, mcapi_endpoint_t there)
{
    static char buffer[MCAPI_MAX_MSG_SIZE + 1];
    mcapi_request_t request;
    mcapi_status_t status;
    size_t size;

    mcapi_create_endpoint(PORT, &status);
    check("mcapi_create_endpoint again", status, MCAPI_EENDP_ISCREATED);
    mcapi_delete_endpoint(there, &status);
    check("mcapi_delete_endpoint of the server's", status, MCAPI_ENOT_OWNER);
    mcapi_msg_send(here, there, buffer, sizeof(buffer), 0, &status);
    check("mcapi_msg_send of a byte too many", status, MCAPI_EMESS_LIMIT);
    mcapi_msg_send(here, there, buffer, 1, MCAPI_MAX_PRIORITY + 1, &status);
    check("mcapi_msg_send with a wrong priority", status, MCAPI_EPRIO);
    mcapi_msg_recv(there, buffer, sizeof(buffer), &size, &status);
    check("mcapi_msg_recv at the server's endpoint", status, MCAPI_ENOT_ENDP);

    mcapi_msg_recv_i(here, buffer, 4, &request, &status);
    check("mcapi_msg_recv_i", status, MCAPI_SUCCESS);
    mcapi_wait(&request, &size, &status, 1);
    check("mcapi_wait without a message", status, MCAPI_EREQ_TIMEOUT);
    mcapi_msg_send(here, here, "too long", 8, 0, &status);
    check("mcapi_msg_send to oneself", status, MCAPI_SUCCESS);
    mcapi_wait(&request, &size, &status, TIMEOUT);
    check("mcapi_wait with 4 of 8 bytes", status, MCAPI_ETRUNCATED);
    if (size != 8 || memcmp(buffer, "too ", 4) != 0)
        check("the first bytes of the message", MCAPI_ETRUNCATED, MCAPI_SUCCESS);
}

static void client(void)
{
    mcapi_version_t version;
    mcapi_endpoint_t here, there, replies;
    mcapi_request_t request, received[WORDS];
    mcapi_request_t *requests[WORDS];
    mcapi_status_t status;
    question_t question, answers[WORDS];
    size_t size;
    mcapi_uint_t which;
    int i;

    mcapi_initialize(CLIENT, &version, &status);
    check("mcapi_initialize", status, MCAPI_SUCCESS);
    if (mcapi_get_node_id(&status) != CLIENT)
        check("mcapi_get_node_id", status, MCAPI_SUCCESS);
    here = mcapi_create_endpoint(PORT, &status);
    check("mcapi_create_endpoint", status, MCAPI_SUCCESS);
    mcapi_get_endpoint_i(SERVER, PORT, &there, &request, &status);
    check("mcapi_get_endpoint_i", status, MCAPI_SUCCESS);
    mcapi_wait(&request, &size, &status, TIMEOUT);
    check("mcapi_get_endpoint_i", status, MCAPI_SUCCESS);
    make_mistakes(here, there);

    replies = mcapi_create_anonymous_endpoint(&status);
    check("mcapi_create_anonymous_endpoint", status, MCAPI_SUCCESS);
    for (i = 0; i < WORDS; i++) {
        mcapi_msg_recv_i(replies, &answers[i], sizeof(answers[i]), &received[i], &status);
        check("mcapi_msg_recv_i", status, MCAPI_SUCCESS);
        requests[i] = &received[i];
        memset(&question, 0, sizeof(question));
        question.reply_to = replies;
        question.number = i;
        strcpy(question.word, words[i]);
        mcapi_msg_send_i(here, there, &question, sizeof(question), 1, &request, &status);
        check("mcapi_msg_send_i", status, MCAPI_SUCCESS);
        while (!mcapi_test(&request, &size, &status)) {
        }
        check("mcapi_test", status, MCAPI_SUCCESS);
    }
    for (i = WORDS; i > 0; i--) {
        const question_t *answer;

        which = mcapi_wait_any((size_t)i, requests, &size, TIMEOUT, &status);
        check("mcapi_wait_any", status, MCAPI_SUCCESS);
        answer = &answers[requests[which] - received];
        if (size != sizeof(*answer) || strcmp(answer->word, turned[answer->number]) != 0) {
            fprintf(stderr, "\"%s\" is not the answer\n", answer->word);
            exit(1);
        }
        requests[which] = requests[i - 1]; /* that one is done */
    }
    question.number = -1;
    mcapi_msg_send(here, there, &question, sizeof(question), MCAPI_MAX_PRIORITY, &status);
    check("mcapi_msg_send of the end", status, MCAPI_SUCCESS);
    mcapi_finalize(&status);
    check("mcapi_finalize", status, MCAPI_SUCCESS);
    printf("%d words turned round by the server\n", WORDS);
}

int main(void)
{
    pid_t child = fork();
    int how;

    if (child == 0) {
        server();
        return 0;
    }
    client();
    if (waitpid(child, &how, 0) != child || how != 0) {
        fprintf(stderr, "the server failed\n");
        return 1;
    }
    return 0;
}
