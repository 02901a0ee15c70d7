/* SPDX-License-Identifier: MIT */
/*
 * check_work_replies.c - what kinds of work say to requests: echo, digest, and the files of a
 * directory, from which nothing leads out.
 */
#include "worker/work.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

static struct work work;
static char folder[64];

/* What it says to a request with this head and payload. */
static struct work_bytes ask(const char *head, const char *payload)
{
    static uint8_t text[4096];
    struct work_bytes bytes = { text, (uint32_t)(strlen(head) + strlen(payload)) };
    struct item item = { .kind = ITEM_REQUEST,
                         .captured = bytes.size,
                         .original = bytes.size,
                         .payload_offset = (uint32_t)strlen(head) };

    memcpy(text, head, strlen(head));
    memcpy(text + strlen(head), payload, strlen(payload));
    ck_assert_int_ne(work_process(&work, &item, &bytes), WORK_FILTERED);
    return bytes;
}

static void expect(const char *head, const char *payload, const char *reply)
{
    struct work_bytes bytes = ask(head, payload);

    ck_assert_uint_eq(bytes.size, strlen(reply));
    ck_assert_mem_eq(bytes.bytes, reply, bytes.size);
}

static void begin(const char *specification)
{
    char error[256] = "";

    ck_assert_msg(work_prepare(&work, specification, error, sizeof(error)), "%s", error);
}

/* --- Bytes
 * ------------------------------------------------------------------------------------ */

START_TEST(echo_says_the_payload)
{
    begin("echo");
    expect("", "hello", "hello");
    expect("head", "hello", "hello");
    expect("head", "", "");
    work_finish(&work);
}
END_TEST

START_TEST(digest_says_that_of_the_payload)
{
    begin("digest");
    expect("", "", "cbf29ce484222325");
    expect("head", "abc", "e71fa2190541574b");
    work_finish(&work);
}
END_TEST

/* Replies stay while as many items are worked on as may be together. */
START_TEST(a_digest_stays_until_it_can_be_sent)
{
    struct work_bytes first;

    begin("digest");
    first = ask("", "abc");
    for (int i = 0; i < WORK_TOGETHER - 1; i++)
        ask("", "xyz");
    ck_assert_mem_eq(first.bytes, "e71fa2190541574b", 16);
    work_finish(&work);
}
END_TEST

START_TEST(packets_go_on_as_they_came)
{
    static const char *const kinds[] = { "echo", "digest", "static=/" };
    uint8_t packet[] = "abc";

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct item item = { .kind = ITEM_PACKET, .captured = 3, .original = 3 };
        struct work_bytes bytes = { packet, 3 };

        begin(kinds[i]);
        ck_assert_int_eq(work_process(&work, &item, &bytes), WORK_UNCHANGED);
        ck_assert_ptr_eq(bytes.bytes, packet);
        ck_assert_uint_eq(bytes.size, 3);
        work_finish(&work);
    }
}
END_TEST

/* --- Files
 * -------------------------------------------------------------------------------------- */

static void put(const char *name, const char *text)
{
    char path[128];
    int file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, strlen(text)), (int)strlen(text));
    close(file);
}

static void make_folder(void)
{
    char path[128], specification[128];

    snprintf(folder, sizeof(folder), "/tmp/check_work_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/www", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/www/sub", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    put("secret", "secret");
    put("www/index.html", "index");
    put("www/a b", "blank");
    put("www/sub/index.html", "sub");
    put("www/sub/style.css", "css");
    snprintf(path, sizeof(path), "%s/www/link", folder);
    ck_assert_int_eq(symlink("../secret", path), 0);
    snprintf(path, sizeof(path), "%s/www/pipe", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    snprintf(specification, sizeof(specification), "static:%s/www", folder);
    begin(specification);
}

static void remove_folder(void)
{
    char command[128];

    work_finish(&work);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

static const struct {
    const char *line;
    const char *status;
    const char *body; /* NULL: any */
} requests[] = {
    { "GET / HTTP/1.1", "200 OK", "index" },
    { "GET /index.html HTTP/1.1", "200 OK", "index" },
    { "GET /?query HTTP/1.1", "200 OK", "index" },
    { "GET http://host/ HTTP/1.1", "200 OK", "index" },
    { "GET http://host HTTP/1.1", "200 OK", "index" },
    { "GET /a%20b HTTP/1.1", "200 OK", "blank" },
    { "GET /sub/ HTTP/1.1", "200 OK", "sub" },
    { "GET /sub/../index.html HTTP/1.1", "200 OK", "index" },
    { "GET /sub/%2e%2e/index.html HTTP/1.1", "200 OK", "index" },
    { "HEAD / HTTP/1.1", "200 OK", "" },
    { "HEAD /nothing HTTP/1.1", "404 Not Found", "" },
    { "GET /nothing HTTP/1.1", "404 Not Found", NULL },
    { "GET /sub HTTP/1.1", "404 Not Found", NULL },
    { "GET /pipe HTTP/1.1", "404 Not Found", NULL },
    { "GET /../secret HTTP/1.1", "404 Not Found", NULL },
    { "GET /%2e%2e%2fsecret HTTP/1.1", "404 Not Found", NULL },
    { "GET /sub/../../secret HTTP/1.1", "404 Not Found", NULL },
    { "GET /link HTTP/1.1", "404 Not Found", NULL },
    { "GET //etc/passwd HTTP/1.1", "404 Not Found", NULL },
    { "GET /%00 HTTP/1.1", "400 Bad Request", NULL },
    { "GET /%2 HTTP/1.1", "400 Bad Request", NULL },
    { "GET /%zz HTTP/1.1", "400 Bad Request", NULL },
    { "POST / HTTP/1.1", "405 Method Not Allowed", NULL },
    { "GETS / HTTP/1.1", "405 Method Not Allowed", NULL },
    { "GET", "405 Method Not Allowed", NULL },
    { "", "405 Method Not Allowed", NULL },
};

/* Twice: the second time it may be the one that was kept. */
START_TEST(a_request_gets_its_file_and_nothing_from_outside)
{
    char head[256], status[64];

    make_folder();
    snprintf(head, sizeof(head), "%s\r\nHost: x\r\n\r\n", requests[_i].line);
    snprintf(status, sizeof(status), "HTTP/1.1 %s\r\n", requests[_i].status);
    for (int i = 0; i < 2; i++) {
        struct work_bytes bytes = ask(head, "");
        const char *text = (const char *)bytes.bytes;
        const char *body = memmem(text, bytes.size, "\r\n\r\n", 4);

        ck_assert_uint_gt(bytes.size, strlen(status));
        ck_assert_msg(memcmp(text, status, strlen(status)) == 0, "%.40s", text);
        ck_assert_ptr_nonnull(body);
        body += 4;
        if (requests[_i].body != NULL) {
            ck_assert_uint_eq(text + bytes.size - body, strlen(requests[_i].body));
            ck_assert_mem_eq(body, requests[_i].body, strlen(requests[_i].body));
        }
    }
    remove_folder();
}
END_TEST

/* With a target of any length, and of many files, what was said stays as long as it must. */
START_TEST(responses_stay_until_they_can_be_sent)
{
    struct work_bytes kept[WORK_TOGETHER];
    char heads[WORK_TOGETHER][400], expected[16];

    make_folder();
    for (int round = 0; round < 300; round++) {
        for (int i = 0; i < WORK_TOGETHER; i++) {
            int number = round * WORK_TOGETHER + i;

            snprintf(heads[i], sizeof(heads[i]), "GET /%0*d HTTP/1.1\r\n\r\n", number % 200 + 1,
                     number);
            if (number % 7 == 0)
                snprintf(heads[i], sizeof(heads[i]), "GET /sub/?%d HTTP/1.1\r\n\r\n", number);
            kept[i] = ask(heads[i], "");
        }
        for (int i = 0; i < WORK_TOGETHER; i++) {
            bool is_file = (round * WORK_TOGETHER + i) % 7 == 0;

            snprintf(expected, sizeof(expected), "HTTP/1.1 %s", is_file ? "200" : "404");
            ck_assert_mem_eq(kept[i].bytes, expected, strlen(expected));
            ck_assert_mem_eq(kept[i].bytes + kept[i].size - (is_file ? 3 : 6),
                             is_file ? "sub" : "Found\n", is_file ? 3 : 6);
        }
    }
    remove_folder();
}
END_TEST

START_TEST(a_file_too_large_for_a_reply_is_not_sent)
{
    char *text = malloc(ITEM_BYTES_MAX + 1);
    struct work_bytes bytes;

    make_folder();
    memset(text, 'x', ITEM_BYTES_MAX);
    text[ITEM_BYTES_MAX] = '\0';
    put("www/large", text);
    bytes = ask("GET /large HTTP/1.1\r\n\r\n", "");
    ck_assert_mem_eq(bytes.bytes, "HTTP/1.1 500", 12);
    text[ITEM_BYTES_MAX - 1024] = '\0';
    put("www/less", text);
    bytes = ask("GET /less HTTP/1.1\r\n\r\n", "");
    ck_assert_mem_eq(bytes.bytes, "HTTP/1.1 200", 12);
    ck_assert_uint_gt(bytes.size, ITEM_BYTES_MAX - 1024);
    ck_assert_uint_le(bytes.size, ITEM_BYTES_MAX);
    free(text);
    remove_folder();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { echo_says_the_payload, 1 },
        { digest_says_that_of_the_payload, 1 },
        { a_digest_stays_until_it_can_be_sent, 1 },
        { packets_go_on_as_they_came, 1 },
        { a_request_gets_its_file_and_nothing_from_outside, SUITE_LENGTH(requests) },
        { responses_stay_until_they_can_be_sent, 1 },
        { a_file_too_large_for_a_reply_is_not_sent, 1 },
    };

    return suite_run("work_replies", tests, SUITE_LENGTH(tests));
}
