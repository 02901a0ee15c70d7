/* SPDX-License-Identifier: MIT */
/* loop_libuv.c - receives on three channels, and has a timer, in one loop of libuv. */
#include <uv.h>

#include "programs/event_loop.h"

static uv_poll_t watchers[CHANNELS];
static uv_timer_t timer;
static int open_ones = CHANNELS;
static int ticks;

static void must(int result, const char *call)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s: %s\n", call, uv_strerror(result));
    exit(1);
}

static void on_tick(uv_timer_t *unused)
{
    (void)unused;
    ticks++;
}

static void on_readable(uv_poll_t *watcher, int status, int events)
{
    struct channel *channel = watcher->data;

    (void)events;
    must(status, "uv_poll");
    if (readable(channel))
        return;
    uv_close((uv_handle_t *)watcher, NULL);
    close_channel(channel);
    if (--open_ones == 0)
        uv_close((uv_handle_t *)&timer, NULL);
}

int main(void)
{
    uv_loop_t *loop = uv_default_loop();

    open_channels();
    for (int i = 0; i < CHANNELS; i++) {
        must(uv_poll_init(loop, &watchers[i], channels[i].fd), "uv_poll_init");
        watchers[i].data = &channels[i];
        must(uv_poll_start(&watchers[i], UV_READABLE, on_readable), "uv_poll_start");
    }
    must(uv_timer_init(loop, &timer), "uv_timer_init");
    must(uv_timer_start(&timer, on_tick, 1, 1), "uv_timer_start");
    must(uv_run(loop, UV_RUN_DEFAULT), "uv_run"); /* until nothing is left to wait for */
    must(uv_loop_close(loop), "uv_loop_close");
    return report(ticks);
}
