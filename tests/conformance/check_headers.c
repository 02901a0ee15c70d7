/* SPDX-License-Identifier: MIT */
/*
 * check_headers.c - section 1: the headers, as programs include them.
 *
 * Programs are written here, and compiled by the compilers that CC and CXX in the environment
 * name, else cc and c++; where there is none the tests are skipped. One that is to run as well
 * is loaded into this process, and calls the library that is tested.
 */
#include "endpoints.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef CONFORMANCE_INCLUDE
#define CONFORMANCE_INCLUDE "/usr/local/include"
#endif

static char folder[] = "/tmp/conformance-XXXXXX";

static void folder_begin(void)
{
    expect_true(mkdtemp(folder) != NULL);
}

static void folder_end(void)
{
    static const char *const names[] = { "program", "object" };
    char path[64];

    for (size_t i = 0; i < LENGTH(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

/* --- Compiling -------------------------------------------------------------------- */

static const char *compiler(bool plus_plus)
{
    const char *named = getenv(plus_plus ? "CXX" : "CC");

    if (named != NULL && *named != '\0')
        return named;
    return plus_plus ? "c++" : "cc";
}

static int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *format, ...)
{
    char command[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command);
}

static void need_compiler(bool plus_plus)
{
    static const char no_c[] = "there is no C compiler: set CC";
    static const char no_plus_plus[] = "there is no C++ compiler: set CXX";

    if (shell("%s --version >/dev/null 2>&1", compiler(plus_plus)) != 0)
        skip(plus_plus ? no_plus_plus : no_c);
}

/* Whether this program compiles without a warning. */
static bool compiles_with(const char *standard, const char *options, const char *program)
{
    bool plus_plus = strncmp(standard, "c++", 3) == 0;
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "%s/program", folder);
    file = fopen(path, "w");
    expect_true(file != NULL);
    fputs(program, file);
    expect_true(fclose(file) == 0);
    return shell("%s -std=%s -O1 -Wall -Wextra -Wpedantic -Werror -I'%s' %s -x %s "
                 "-o %s/object %s/program >&2",
                 compiler(plus_plus), standard, CONFORMANCE_INCLUDE, options,
                 plus_plus ? "c++" : "c", folder, folder)
        == 0;
}

static bool compiles(const char *standard, const char *program)
{
    return compiles_with(standard, "-c", program);
}

/* Includes a header, and then uses something of it; an object, so that it is not empty. */
static bool stands_alone(const char *standard, const char *header, const char *use)
{
    char program[512];

    snprintf(program, sizeof program, "#include <%s>\n%s\nextern int last; int last;\n", header,
             use);
    return compiles(standard, program);
}

/* --- Headers ---------------------------------------------------------------------- */

static const char *const headers[] = { "mcapi.h",           "mca.h",
                                       "mca_config.h",      "mca_impl_spec.h",
                                       "mcapi_impl_spec.h", "mcapi_v1000_to_v2000.h" };

static void each_header_stands_alone(const char *standard)
{
    need_compiler(strncmp(standard, "c++", 3) == 0);
    folder_begin();
    for (size_t i = 0; i < LENGTH(headers); i++)
        if (!stands_alone(standard, headers[i], "")) {
            fprintf(stderr, "this was %s with -std=%s\n", headers[i], standard);
            folder_end();
            expect_true(!"a header stands alone");
        }
    folder_end();
}

static void headers_compile_as_c99(void)
{
    each_header_stands_alone("c99");
}

static void headers_compile_as_c11(void)
{
    each_header_stands_alone("c11");
}

static void headers_compile_as_c17(void)
{
    each_header_stands_alone("c17");
}

static void headers_compile_as_cpp17(void)
{
    each_header_stands_alone("c++17");
}

/* What is promised of each header by name is there, with nothing else included. */
static void each_header_has_what_it_is_for(void)
{
    static const struct {
        const char *header, *use;
    } uses[] = {
        { "mcapi.h", "mcapi_endpoint_t endpoint;\n"
                     "mca_domain_t domain = MCAPI_MAX_DOMAIN;\n"
                     "size_t sizes[MCA_MAX_REQUESTS];\n"
                     "enum mcapi_status_codes code = MCAPI_SUCCESS;" },
        { "mca.h", "mca_boolean_t truth = MCA_TRUE;\n"
                   "mca_timeout_t timeout = MCA_INFINITE;\n"
                   "mca_status_t status; mca_node_t node; mca_uint64_t number;\n"
                   "mca_request_t request;" },
        { "mca_impl_spec.h", "mca_request_t requests[MCA_MAX_REQUESTS];" },
        { "mcapi_impl_spec.h", "mcapi_endpoint_t endpoints[MCAPI_MAX_ENDPOINTS];\n"
                               "mcapi_pktchan_recv_hndl_t one; mcapi_pktchan_send_hndl_t two;\n"
                               "mcapi_sclchan_recv_hndl_t three;\n"
                               "mcapi_sclchan_send_hndl_t four;\n"
                               "char message[MCAPI_MAX_MSG_SIZE], packet[MCAPI_MAX_PKT_SIZE];\n"
                               "mcapi_param_t param; mcapi_node_attributes_t attributes;\n"
                               "impl_info_t info;" },
        { "mca_config.h", "char message[MCAPI_MAX_MSG_SIZE];\n"
                          "int requests[MCA_MAX_REQUESTS], queue[MCAPI_MAX_QUEUE_ELEMENTS];" },
        { "mcapi_v1000_to_v2000.h", "mcapi_endpoint_t endpoint;\n"
                                    "int truth = MCAPI_ENO_INIT != MCAPI_SUCCESS;" },
    };

    need_compiler(false);
    folder_begin();
    for (size_t i = 0; i < LENGTH(uses); i++)
        if (!stands_alone("c99", uses[i].header, uses[i].use)) {
            fprintf(stderr, "this was %s\n", uses[i].header);
            folder_end();
            expect_true(!"a header has what it is for");
        }
    folder_end();
}

/* Each first, and all of them behind it, and again. */
static void headers_come_in_any_order(void)
{
    char program[1024];

    need_compiler(false);
    folder_begin();
    for (size_t first = 0; first < LENGTH(headers); first++) {
        size_t length =
                (size_t)snprintf(program, sizeof program, "#include <%s>\n", headers[first]);

        for (size_t i = 0; i < 2 * LENGTH(headers); i++)
            length += (size_t)snprintf(program + length, sizeof program - length,
                                       "#include <%s>\n",
                                       headers[(first + 5 * i) % LENGTH(headers)]);
        snprintf(program + length, sizeof program - length, "extern int last; int last;\n");
        if (!compiles("c99", program)) {
            folder_end();
            expect_true(!"headers come in any order");
        }
    }
    folder_end();
}

static void a_limit_that_is_defined_before_stays(void)
{
    static const char *const limits[] = {
        "MCAPI_MAX_MSG_SIZE",    "MCAPI_MAX_PKT_SIZE",  "MCAPI_MAX_MESSAGE_SIZE",
        "MCAPI_MAX_PACKET_SIZE", "MAX_QUEUE_ELEMENTS",  "MCAPI_MAX_QUEUE_ELEMENTS",
        "MCAPI_MAX_BUFFERS",     "MCAPI_MAX_ENDPOINTS", "MCA_MAX_REQUESTS",
        "MCAPI_MAX_PRIORITY",    "MCAPI_MAX_DOMAIN",    "MCAPI_MAX_NODE",
        "MCAPI_MAX_PORT",        "MCAPI_MIN_PORT",      "MCAPI_NUM_RESERVED_PORTS",
    };
    char program[4096];
    size_t length = 0;
    bool well;

    need_compiler(false);
    folder_begin();
    for (size_t i = 0; i < LENGTH(limits); i++)
        length += (size_t)snprintf(program + length, sizeof program - length,
                                   "#define %s %zu\n", limits[i], 3 + i);
    length += (size_t)snprintf(program + length, sizeof program - length,
                               "#include <mcapi.h>\n#include <mca_config.h>\n");
    for (size_t i = 0; i < LENGTH(limits); i++)
        length += (size_t)snprintf(program + length, sizeof program - length,
                                   "extern char limit_%zu[%s == %zu ? 1 : -1];\n", i, limits[i],
                                   3 + i);
    snprintf(program + length, sizeof program - length, "extern int last; int last;\n");
    well = compiles("c99", program);
    folder_end();
    expect_true(well);
}

/* --- Programs that run ------------------------------------------------------------ */

/* Loads a program into this process: its function `run` gets our node's own endpoint, and
 * returns 0 if all went well, else the number of the step that did not. */
static int loaded(const char *standard, const char *program)
{
    char path[64];
    void *library, *symbol;
    int (*run)(mcapi_endpoint_t);
    int step;

    if (!compiles_with(standard, "-shared -fPIC", program)) {
        folder_end();
        expect_true(!"the program compiles");
    }
    snprintf(path, sizeof path, "%s/object", folder);
    library = dlopen(path, RTLD_NOW);
    if (library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    folder_end();
    expect_true(library != NULL);
    symbol = dlsym(library, "run");
    expect_true(symbol != NULL);
    memcpy(&run, &symbol, sizeof run); /* ISO C has no cast for this */
    step = run(create(5));
    expect_true(dlclose(library) == 0);
    return step;
}

#define C_PROGRAM   "#include <mcapi.h>\nint run(mcapi_endpoint_t endpoint);\n"
#define CPP_PROGRAM "#include <mcapi.h>\nextern \"C\" int run(mcapi_endpoint_t endpoint);\n"

/* We are node <0, 1>, and our port 5 exists. */
static const char other_spellings[] =
        "int run(mcapi_endpoint_t endpoint)\n"
        "{\n"
        "    mcapi_status_t status = 0;\n"
        "    mcapi_param_t param;\n"
        "    mcapi_info_t info;\n"
        "    mcapi_request_t request;\n"
        "    mcapi_endpoint_t got = 0;\n"
        "    size_t size;\n"
        "    mcapi_initialize(0, 2, &param, &info, &status);\n"
        "    if (status != MCAPI_ERR_NODE_INITIALIZED) return 1;\n"
        "    if (mcapi_endpoint_get(0, 1, 5, &status) != endpoint) return 2;\n"
        "    if (status != MCAPI_SUCCESS) return 3;\n"
        "    mcapi_endpoint_get_i(0, 1, 5, &got, &request, &status);\n"
        "    if (status != MCAPI_SUCCESS) return 4;\n"
        "    status = 0;\n"
        "    if (!mcapi_wait(&request, &size, &status, MCAPI_TIMEOUT_INFINITE)) return 5;\n"
        "    if (status != MCAPI_SUCCESS || got != endpoint) return 6;\n"
        "    return 0;\n"
        "}\n";

static void other_spellings_compile_and_work(bool plus_plus, const char *standard)
{
    char program[2048];

    need_compiler(plus_plus);
    snprintf(program, sizeof program, "%s%s", plus_plus ? CPP_PROGRAM : C_PROGRAM,
             other_spellings);
    folder_begin();
    nodes_begin(0);
    expect_equal(0, loaded(standard, program));
    nodes_end();
}

static void other_spellings_work_in_c(void)
{
    other_spellings_compile_and_work(false, "c99");
}

static void other_spellings_work_in_cpp(void)
{
    other_spellings_compile_and_work(true, "c++17");
}

/* One function of each chapter. */
static const char calls[] =
        CPP_PROGRAM "int run(mcapi_endpoint_t endpoint)\n"
                    "{\n"
                    "    mcapi_status_t status = 0;\n"
                    "    char text[MCAPI_MAX_STATUS_SIZE];\n"
                    "    if (mcapi_node_id_get(&status) != 1) return 1;\n"
                    "    mcapi_endpoint_delete(endpoint, &status);\n"
                    "    if (status != MCAPI_SUCCESS) return 2;\n"
                    "    mcapi_pktchan_release(text, &status);\n"
                    "    if (status != MCAPI_ERR_BUF_INVALID) return 3;\n"
                    "    mcapi_sclchan_send_uint8(endpoint, 1, &status);\n"
                    "    if (status != MCAPI_ERR_CHAN_INVALID) return 4;\n"
                    "    mcapi_msg_available(endpoint, &status);\n"
                    "    if (status != MCAPI_ERR_ENDP_INVALID) return 5;\n"
                    "    return mcapi_display_status(status, text, sizeof text) != text;\n"
                    "}\n";

static void cpp_calls_functions_of_c(void)
{
    need_compiler(true);
    folder_begin();
    nodes_begin(0);
    expect_equal(0, loaded("c++17", calls));
    nodes_end();
}

/* The four names that serve several spellings are functions. */
static void addresses_of_the_names_are_functions(void)
{
    void (*begin)(mcapi_domain_t, mcapi_node_t, const mcapi_node_attributes_t *,
                  const mcapi_param_t *, mcapi_info_t *, mcapi_status_t *) = &mcapi_initialize;
    mcapi_endpoint_t (*get)(mcapi_domain_t, mcapi_node_t, mcapi_port_t, mcapi_timeout_t,
                            mcapi_status_t *) = &mcapi_endpoint_get;
    mcapi_boolean_t (*wait)(mcapi_request_t *, size_t *, mcapi_timeout_t, mcapi_status_t *) =
            &mcapi_wait;
    mcapi_uint_t (*wait_any)(size_t, mcapi_request_t *, size_t *, mcapi_timeout_t,
                             mcapi_status_t *) = &mcapi_wait_any;
    mcapi_endpoint_t found = 0;
    mcapi_request_t request = 0;
    mcapi_info_t info;
    size_t size;

    expect(MCAPI_SUCCESS, begin(DOMAIN, OWN_NODE, NULL, NULL, &info, &status));
    found = create(7);
    expect(MCAPI_SUCCESS, expect_equal(found, get(DOMAIN, OWN_NODE, 7, 0, &status)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &request, &status));
    expect(MCAPI_SUCCESS, expect_true(wait(&request, &size, 0, &status)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &request, &status));
    expect(MCAPI_SUCCESS, expect_equal(0, wait_any(1, &request, &size, 0, &status)));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}

static void names_in_brackets_are_functions(void)
{
    mcapi_endpoint_t found = 0;
    mcapi_request_t request = 0;
    mcapi_info_t info;
    size_t size;

    expect(MCAPI_SUCCESS, (mcapi_initialize)(DOMAIN, OWN_NODE, NULL, NULL, &info, &status));
    found = create(7);
    expect(MCAPI_SUCCESS,
           expect_equal(found, (mcapi_endpoint_get)(DOMAIN, OWN_NODE, 7, 0, &status)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &request, &status));
    expect(MCAPI_SUCCESS, expect_true((mcapi_wait)(&request, &size, 0, &status)));
    expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, 7, &found, &request, &status));
    expect(MCAPI_SUCCESS, expect_equal(0, (mcapi_wait_any)(1, &request, &size, 0, &status)));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}

static const struct test tests[] = {
    TEST(headers_compile_as_c99, ALONE, "1.8"),
    TEST(headers_compile_as_c11, ALONE, "1.9"),
    TEST(headers_compile_as_c17, ALONE, "1.10"),
    TEST(headers_compile_as_cpp17, ALONE, "1.11"),
    TEST(each_header_has_what_it_is_for, ALONE, "1.1 1.2 1.3 1.4 1.5 1.6"),
    TEST(headers_come_in_any_order, ALONE, "1.7"),
    TEST(a_limit_that_is_defined_before_stays, ALONE, "3.25"),
    TEST(other_spellings_work_in_c, ALONE, "1.15 1.16 1.17"),
    TEST(other_spellings_work_in_cpp, ALONE, "1.15 1.16 1.17"),
    TEST(cpp_calls_functions_of_c, ALONE, "1.12"),
    TEST(addresses_of_the_names_are_functions, ALONE, "1.13"),
    TEST(names_in_brackets_are_functions, ALONE, "1.14"),
};
CHAPTER(headers, tests);
