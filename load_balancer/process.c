/* SPDX-License-Identifier: MIT */
/*
 * process.c - the processes of the workers.
 */
#include "load_balancer/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load_balancer/signals.h"

extern char **environ;

/* --- Finding --------------------------------------------------------------------- */

static bool is_program(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0;
}

/* The folder of this program; false: the kernel does not say. */
static bool own_folder(char folder[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    char *slash;

    if (length < 0)
        return false;
    folder[length] = '\0';
    slash = strrchr(folder, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return true;
}

static bool find_near(char path[PATH_MAX])
{
    /* In a build folder libtool keeps this program in load_balancer/.libs. */
    static const char *const places[] = { "worker", "../worker/worker", "../../worker/worker" };
    char folder[PATH_MAX];

    if (!own_folder(folder))
        return false;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (snprintf(path, PATH_MAX, "%s/%s", folder, places[i]) < PATH_MAX && is_program(path))
            return true;
    return false;
}

static bool find_on_path(char path[PATH_MAX])
{
    const char *folder = getenv("PATH");

    while (folder != NULL && *folder != '\0') {
        size_t length = strcspn(folder, ":");

        if (length > 0
            && snprintf(path, PATH_MAX, "%.*s/worker", (int)length, folder) < PATH_MAX
            && is_program(path))
            return true;
        folder += length;
        if (*folder == ':')
            folder++;
    }
    return false;
}

bool process_find(const char *given, char path[PATH_MAX], char reason[CONFIG_REASON_SIZE])
{
    if (given != NULL) {
        if (!is_program(given)) {
            snprintf(reason, CONFIG_REASON_SIZE, "--worker-program '%.200s': %s", given,
                     access(given, F_OK) != 0 ? strerror(errno) : "not an executable file");
            return false;
        }
        return snprintf(path, PATH_MAX, "%s", given) < PATH_MAX;
    }
    if (find_near(path) || find_on_path(path))
        return true;
    snprintf(reason, CONFIG_REASON_SIZE,
             "the worker program is neither beside this program nor on the PATH; name it with "
             "--worker-program FILE");
    return false;
}

/* --- Starting -------------------------------------------------------------------- */

static int start(pid_t *pid, const char *path, char *const arguments[])
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t blocked;
    int error;

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGHUP);
    error = posix_spawn_file_actions_init(&files);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0)
        goto destroy_files;
    /* Our standard input may be a capture, and our output is for the report alone. */
    error = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY,
                                                 0);
    if (error == 0)
        error = posix_spawnattr_setsigmask(&attributes, &blocked);
    if (error == 0)
        error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    if (error == 0)
        error = posix_spawn(pid, path, &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
destroy_files:
    posix_spawn_file_actions_destroy(&files);
    return error;
}

bool process_start(struct process *process, const char *path, const struct config *config,
                   uint32_t number, char reason[CONFIG_REASON_SIZE])
{
    char program[PATH_MAX], node[16], domain[16], window[16], parent[16], work[PATH_MAX + 256];
    char distributor[] = "--distributor";
    char *const arguments[] = {
        program, "--node",   node,   "--domain",
        domain,  "--window", window, "--work",
        work,    "--parent", parent, config_distributes(config) ? distributor : NULL,
        NULL,
    };
    int error;

    snprintf(program, sizeof(program), "%s", path);
    snprintf(node, sizeof(node), "%u", number);
    snprintf(domain, sizeof(domain), "%u", config->domain);
    snprintf(window, sizeof(window), "%u", config->window);
    snprintf(parent, sizeof(parent), "%ld", (long)getpid());
    snprintf(work, sizeof(work), "%s", config->work);
    *process = (struct process){ .handle = -1, .slot = number - 1 };
    error = start(&process->pid, path, arguments);
    if (error != 0) {
        snprintf(reason, CONFIG_REASON_SIZE, "cannot start the worker program '%.200s': %s",
                 path, strerror(error));
        return false;
    }
    process->running = true;
    signals_kill_later(process->slot, process->pid);
    process->handle = (int)syscall(SYS_pidfd_open, process->pid, 0U);
    if (process->handle >= 0)
        return true;
    snprintf(reason, CONFIG_REASON_SIZE, "cannot watch worker %u (pid %ld): pidfd_open: %s",
             number, (long)process->pid, strerror(errno));
    return false;
}

/* --- Ending ---------------------------------------------------------------------- */

bool process_wait(struct process *process, int timeout_ms)
{
    struct pollfd ended = { .fd = process->handle, .events = POLLIN };
    int found;

    if (!process->running)
        return true;
    do {
        /* Without a handle there is nothing to poll; it is being ended then. */
        found = process->handle < 0 ? 1 : poll(&ended, 1, timeout_ms);
    } while (found < 0 && errno == EINTR);
    if (found <= 0)
        return false;
    signals_spare(
            process->slot); /* the number may be another process's as soon as it is reaped */
    while (waitpid(process->pid, &process->status, 0) < 0 && errno == EINTR)
        continue;
    process->running = false;
    if (process->handle >= 0)
        close(process->handle);
    process->handle = -1;
    return true;
}

void process_kill(struct process *process)
{
    if (!process->running)
        return;
    process->ended = true;
    kill(process->pid, SIGKILL);
}

bool process_succeeded(const struct process *process)
{
    return !process->running && WIFEXITED(process->status) && WEXITSTATUS(process->status) == 0;
}

bool process_was_killed(const struct process *process)
{
    return !process->running && WIFSIGNALED(process->status);
}

bool process_was_killed_by_another(const struct process *process)
{
    return process_was_killed(process) && WTERMSIG(process->status) == SIGKILL
        && !process->ended;
}

void process_describe(const struct process *process, char *text, size_t size)
{
    if (process->running)
        snprintf(text, size, "still runs");
    else if (WIFSIGNALED(process->status))
        snprintf(text, size, "was killed by signal %d (%s)", WTERMSIG(process->status),
                 strsignal(WTERMSIG(process->status)));
    else
        snprintf(text, size, "ended with exit status %d", WEXITSTATUS(process->status));
}
