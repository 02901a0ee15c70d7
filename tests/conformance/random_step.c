/* SPDX-License-Identifier: MIT */
/*
 * random_step.c - a step, and its line of text.
 */
#include "random.h"

#include <stdlib.h>
#include <string.h>

#define HAS(field) (1u << (field))

/* What each function uses, and what the slots INTO and LANDS are for. */
static const struct {
    const char *name;
    char into, lands;
    unsigned fields;
} functions[FUNCTIONS] = {
    [CALL_INITIALIZE] = { "initialize", ' ', ' ',
                          HAS(IN_DOMAIN) | HAS(IN_NODE) | HAS(VALUE) | HAS(NULLS) },
    [CALL_FINALIZE] = { "finalize", ' ', ' ', 0 },
    [CALL_DOMAIN_ID_GET] = { "domain_id_get", ' ', ' ', 0 },
    [CALL_NODE_ID_GET] = { "node_id_get", ' ', ' ', 0 },
    [CALL_NODE_GET_ATTRIBUTE] = { "node_get_attribute", ' ', ' ',
                                  HAS(IN_DOMAIN) | HAS(IN_NODE) | HAS(NUMBER) | HAS(SIZE)
                                          | HAS(NULLS) },
    [CALL_CREATE] = { "endpoint_create", 'e', ' ', HAS(INTO) | HAS(PORT) },
    [CALL_CREATE_ANONYMOUS] = { "create_anonymous_endpoint", 'e', ' ', HAS(INTO) },
    [CALL_GET_I] = { "endpoint_get_i", 'r', 'e',
                     HAS(INTO) | HAS(LANDS) | HAS(IN_DOMAIN) | HAS(IN_NODE) | HAS(PORT)
                             | HAS(NULLS) },
    [CALL_GET] = { "endpoint_get", 'e', ' ',
                   HAS(INTO) | HAS(IN_DOMAIN) | HAS(IN_NODE) | HAS(PORT) | HAS(WAITS) },
    [CALL_RELEASE] = { "endpoint_release", ' ', ' ', HAS(END) },
    [CALL_DELETE] = { "endpoint_delete", ' ', ' ', HAS(END) },
    [CALL_GET_ATTRIBUTE] = { "endpoint_get_attribute", ' ', ' ',
                             HAS(END) | HAS(NUMBER) | HAS(SIZE) | HAS(NULLS) },
    [CALL_SET_ATTRIBUTE] = { "endpoint_set_attribute", ' ', ' ',
                             HAS(END) | HAS(NUMBER) | HAS(VALUE) | HAS(SIZE) | HAS(NULLS) },
    [CALL_MSG_SEND_I] = { "msg_send_i", 'r', ' ',
                          HAS(INTO) | HAS(END) | HAS(OTHER) | HAS(VALUE) | HAS(SIZE)
                                  | HAS(PRIORITY) | HAS(NULLS) },
    [CALL_MSG_SEND] = { "msg_send", ' ', ' ',
                        HAS(END) | HAS(OTHER) | HAS(VALUE) | HAS(SIZE) | HAS(PRIORITY)
                                | HAS(NULLS) },
    [CALL_MSG_RECV_I] = { "msg_recv_i", 'r', ' ',
                          HAS(INTO) | HAS(END) | HAS(SIZE) | HAS(NULLS) },
    [CALL_MSG_RECV] = { "msg_recv", ' ', ' ', HAS(END) | HAS(SIZE) | HAS(NULLS) },
    [CALL_MSG_AVAILABLE] = { "msg_available", ' ', ' ', HAS(END) },
    [CALL_PKT_CONNECT_I] = { "pktchan_connect_i", 'r', ' ',
                             HAS(INTO) | HAS(END) | HAS(OTHER) | HAS(NULLS) },
    [CALL_PKT_RECV_OPEN_I] = { "pktchan_recv_open_i", 'r', ' ',
                               HAS(INTO) | HAS(END) | HAS(NULLS) },
    [CALL_PKT_SEND_OPEN_I] = { "pktchan_send_open_i", 'r', ' ',
                               HAS(INTO) | HAS(END) | HAS(NULLS) },
    [CALL_PKT_SEND_I] = { "pktchan_send_i", 'r', ' ',
                          HAS(INTO) | HAS(END) | HAS(VALUE) | HAS(SIZE) | HAS(NULLS) },
    [CALL_PKT_SEND] = { "pktchan_send", ' ', ' ',
                        HAS(END) | HAS(VALUE) | HAS(SIZE) | HAS(NULLS) },
    [CALL_PKT_RECV_I] = { "pktchan_recv_i", 'r', 'b',
                          HAS(INTO) | HAS(LANDS) | HAS(END) | HAS(NULLS) },
    [CALL_PKT_RECV] = { "pktchan_recv", 'b', ' ', HAS(INTO) | HAS(END) | HAS(NULLS) },
    [CALL_PKT_AVAILABLE] = { "pktchan_available", ' ', ' ', HAS(END) },
    [CALL_PKT_RELEASE] = { "pktchan_release", ' ', ' ', HAS(BUFFER) },
    [CALL_PKT_RELEASE_TEST] = { "pktchan_release_test", ' ', ' ', HAS(BUFFER) },
    [CALL_PKT_RECV_CLOSE_I] = { "pktchan_recv_close_i", 'r', ' ',
                                HAS(INTO) | HAS(END) | HAS(NULLS) },
    [CALL_PKT_SEND_CLOSE_I] = { "pktchan_send_close_i", 'r', ' ',
                                HAS(INTO) | HAS(END) | HAS(NULLS) },
    [CALL_SCL_CONNECT_I] = { "sclchan_connect_i", 'r', ' ',
                             HAS(INTO) | HAS(END) | HAS(OTHER) | HAS(NULLS) },
    [CALL_SCL_RECV_OPEN_I] = { "sclchan_recv_open_i", 'r', ' ',
                               HAS(INTO) | HAS(END) | HAS(NULLS) },
    [CALL_SCL_SEND_OPEN_I] = { "sclchan_send_open_i", 'r', ' ',
                               HAS(INTO) | HAS(END) | HAS(NULLS) },
    [CALL_SCL_SEND] = { "sclchan_send_uint", ' ', ' ', HAS(END) | HAS(VALUE) | HAS(BITS) },
    [CALL_SCL_RECV] = { "sclchan_recv_uint", ' ', ' ', HAS(END) | HAS(BITS) },
    [CALL_SCL_AVAILABLE] = { "sclchan_available", ' ', ' ', HAS(END) },
    [CALL_SCL_RECV_CLOSE_I] = { "sclchan_recv_close_i", 'r', ' ',
                                HAS(INTO) | HAS(END) | HAS(NULLS) },
    [CALL_SCL_SEND_CLOSE_I] = { "sclchan_send_close_i", 'r', ' ',
                                HAS(INTO) | HAS(END) | HAS(NULLS) },
    [CALL_TEST] = { "test", ' ', ' ', HAS(REQUEST) | HAS(NULLS) },
    [CALL_WAIT] = { "wait", ' ', ' ', HAS(REQUEST) | HAS(WAITS) | HAS(NULLS) },
    [CALL_WAIT_ANY] = { "wait_any", ' ', ' ',
                        HAS(REQUEST) | HAS(SECOND) | HAS(THIRD) | HAS(WAITS) | HAS(NULLS) },
    [CALL_CANCEL] = { "cancel", ' ', ' ', HAS(REQUEST) | HAS(NULLS) },
    [DO_END_THREAD] = { "ends-its-thread", ' ', ' ', 0 },
    [DO_KILL] = { "is-killed", ' ', ' ', 0 },
};

static const struct {
    const char *name;
    char kind; /* of slot; ' ': a number */
} fields[FIELDS] = {
    [INTO] = { "into", '?' },        [LANDS] = { "lands", '?' },
    [END] = { "end", 'e' },          [OTHER] = { "other", 'e' },
    [REQUEST] = { "request", 'r' },  [SECOND] = { "second", 'r' },
    [THIRD] = { "third", 'r' },      [BUFFER] = { "buffer", 'b' },
    [IN_DOMAIN] = { "domain", ' ' }, [IN_NODE] = { "node", ' ' },
    [PORT] = { "port", ' ' },        [NUMBER] = { "number", ' ' },
    [VALUE] = { "value", ' ' },      [SIZE] = { "size", ' ' },
    [WAITS] = { "timeout", ' ' },    [PRIORITY] = { "priority", ' ' },
    [BITS] = { "bits", ' ' },        [NULLS] = { "null", ' ' },
};

const uint32_t garbage_handle[GARBAGE] = { 0, 0xdeadbeef, ~UINT32_C(0), 0x7fffffff };

const char *step_name(enum function function)
{
    return functions[function].name;
}

bool step_has(enum function function, enum field field)
{
    return (functions[function].fields & HAS(field)) != 0;
}

bool step_makes_request(enum function function)
{
    return functions[function].into == 'r';
}

char step_kind(enum function function, enum field field)
{
    if (field == INTO)
        return functions[function].into;
    return field == LANDS ? functions[function].lands : fields[field].kind;
}

struct step step_of(enum function function, int user)
{
    struct step step = { .function = function, .user = user };

    for (enum field field = 0; field < FIELDS; field++)
        step.field[field] = fields[field].kind == ' ' ? 0 : NOTHING;
    return step;
}

/* --- Text ------------------------------------------------------------------------------------
 */

/* "u2 pktchan_connect_i into=r4 end=e3 other=garbage1"; what is 0 or nothing is left out. */
void step_print(const struct step *step, FILE *file)
{
    fprintf(file, "u%d %s", step->user, functions[step->function].name);
    for (enum field field = 0; field < FIELDS; field++) {
        char kind = step_kind(step->function, field);
        long long value = (long long)step->field[field];

        if (!step_has(step->function, field) || (kind == ' ' && value == 0)
            || (kind != ' ' && value == NOTHING))
            continue;
        if (kind == ' ')
            fprintf(file, " %s=%lld", fields[field].name, value);
        else if (value < 0)
            fprintf(file, " %s=garbage%lld", fields[field].name, -value);
        else
            fprintf(file, " %s=%c%lld", fields[field].name, kind, value);
    }
}

static int slots_of(char kind)
{
    return kind == 'e' ? RANDOM_ENDPOINTS : kind == 'r' ? RANDOM_REQUESTS : RANDOM_BUFFERS;
}

static bool read_number(const char *text, int64_t least, int64_t most, int64_t *number)
{
    char *end;
    long long value = strtoll(text, &end, 10);

    *number = value;
    return end != text && *end == '\0' && value >= least && value <= most;
}

/* "name=value" */
static bool read_field(const char *word, struct step *step)
{
    const char *value = strchr(word, '=');

    if (value == NULL)
        return false;
    for (enum field field = 0; field < FIELDS; field++) {
        size_t length = strlen(fields[field].name);
        char kind = step_kind(step->function, field);

        if ((size_t)(value - word) != length || strncmp(word, fields[field].name, length) != 0
            || !step_has(step->function, field))
            continue;
        value++;
        if (kind == ' ')
            return read_number(value, INT64_MIN, INT64_MAX, &step->field[field]);
        if (strncmp(value, "garbage", 7) == 0) {
            bool good = read_number(value + 7, 1, GARBAGE, &step->field[field]);

            step->field[field] = -step->field[field];
            return good;
        }
        return *value == kind
            && read_number(value + 1, 0, slots_of(kind) - 1, &step->field[field]);
    }
    return false;
}

bool step_read(const char *line, struct step *step, const char **why)
{
    char text[400], *rest = NULL, *word;
    int64_t user;
    size_t length = strcspn(line, "#\n");
    enum function function = 0;

    *why = "";
    snprintf(text, sizeof text, "%.*s", (int)length, line);
    word = strtok_r(text, " \t", &rest);
    if (word == NULL)
        return false;
    *why = "it does not begin with a user";
    if (*word != 'u' || !read_number(word + 1, 0, RANDOM_USERS - 1, &user))
        return false;
    word = strtok_r(NULL, " \t", &rest);
    *why = "there is no such call";
    while (word != NULL && function < FUNCTIONS && strcmp(word, functions[function].name) != 0)
        function++;
    if (word == NULL || function == FUNCTIONS)
        return false;
    *step = step_of(function, (int)user);
    *why = "one of its values is none of that call";
    while ((word = strtok_r(NULL, " \t", &rest)) != NULL)
        if (!read_field(word, step))
            return false;
    *why = "";
    return true;
}

bool sequence_write(const char *path, const struct random_options *options,
                    const struct sequence *sequence)
{
    FILE *file = fopen(path, "w");
    struct random_options told = *options;
    struct failure failure;
    bool written;

    if (file == NULL)
        return false;
    fprintf(file, "# seed %llu, %zu calls; replay with: random --replay FILE\n",
            (unsigned long long)options->seed, sequence->count);
    told.log = file;
    run_sequence(&told, sequence, &failure, NULL);
    written = ferror(file) == 0;
    return fclose(file) == 0 && written;
}

const char *sequence_read(const char *path, struct sequence *sequence)
{
    FILE *file = fopen(path, "r");
    char line[1000];
    const char *why = "";

    if (file == NULL)
        return "it cannot be opened";
    sequence->count = 0;
    while (*why == '\0' && fgets(line, sizeof line, file) != NULL) {
        if (sequence->count == RANDOM_STEPS)
            why = "it is too long";
        else if (step_read(line, &sequence->step[sequence->count], &why))
            sequence->count++;
    }
    fclose(file);
    return *why == '\0' ? NULL : why;
}
