/* SPDX-License-Identifier: MIT */
/*
 * signatures.c - every function has the published signature, and an address. It is checked by
 * compiling it, as C and as C++; there is nothing to run.
 *
 * The types are written out, so that a wrong typedef in the headers is noticed too.
 */
#include <mcapi_ext.h>

#include <stddef.h>

typedef unsigned int u;
typedef unsigned char boolean;

struct functions {
    void (*initialize)(u, u, const mcapi_node_attributes_t *, const mcapi_param_t *,
                       mcapi_info_t *, u *);
    void (*finalize)(u *);
    u (*domain_id_get)(u *);
    u (*node_id_get)(u *);
    void (*node_init_attributes)(mcapi_node_attributes_t *, u *);
    void (*node_set_attribute)(mcapi_node_attributes_t *, u, const void *, size_t, u *);
    void (*node_get_attribute)(u, u, u, void *, size_t, u *);

    u (*endpoint_create)(u, u *);
    u (*create_anonymous_endpoint)(u *);
    void (*endpoint_get_i)(u, u, u, u *, u *, u *);
    u (*endpoint_get)(u, u, u, u, u *);
    void (*endpoint_release)(u, u *);
    void (*endpoint_delete)(u, u *);
    void (*endpoint_get_attribute)(u, u, void *, size_t, u *);
    void (*endpoint_set_attribute)(u, u, const void *, size_t, u *);

    void (*msg_send_i)(u, u, const void *, size_t, u, u *, u *);
    void (*msg_send)(u, u, const void *, size_t, u, u *);
    void (*msg_recv_i)(u, void *, size_t, u *, u *);
    void (*msg_recv)(u, void *, size_t, size_t *, u *);
    u (*msg_available)(u, u *);

    void (*pktchan_connect_i)(u, u, u *, u *);
    void (*pktchan_recv_open_i)(u *, u, u *, u *);
    void (*pktchan_send_open_i)(u *, u, u *, u *);
    void (*pktchan_send_i)(u, const void *, size_t, u *, u *);
    void (*pktchan_send)(u, const void *, size_t, u *);
    void (*pktchan_recv_i)(u, void **, u *, u *);
    void (*pktchan_recv)(u, void **, size_t *, u *);
    u (*pktchan_available)(u, u *);
    void (*pktchan_release)(void *, u *);
    boolean (*pktchan_release_test)(void *, u *);
    void (*pktchan_recv_close_i)(u, u *, u *);
    void (*pktchan_send_close_i)(u, u *, u *);

    void (*sclchan_connect_i)(u, u, u *, u *);
    void (*sclchan_recv_open_i)(u *, u, u *, u *);
    void (*sclchan_send_open_i)(u *, u, u *, u *);
    void (*sclchan_send_uint64)(u, unsigned long long, u *);
    void (*sclchan_send_uint32)(u, unsigned int, u *);
    void (*sclchan_send_uint16)(u, unsigned short, u *);
    void (*sclchan_send_uint8)(u, unsigned char, u *);
    unsigned long long (*sclchan_recv_uint64)(u, u *);
    unsigned int (*sclchan_recv_uint32)(u, u *);
    unsigned short (*sclchan_recv_uint16)(u, u *);
    unsigned char (*sclchan_recv_uint8)(u, u *);
    u (*sclchan_available)(u, u *);
    void (*sclchan_recv_close_i)(u, u *, u *);
    void (*sclchan_send_close_i)(u, u *, u *);

    boolean (*test)(u *, size_t *, u *);
    boolean (*wait)(u *, size_t *, u, u *);
    u (*wait_any)(size_t, u *, size_t *, u, u *);
    void (*cancel)(u *, u *);

    char *(*display_status)(u, char *, size_t);
    void (*set_debug_level)(int);
    void (*display_state)(void *);

    u (*wait_any_pointers)(size_t, u **, size_t *, u, u *);
    void (*param_init)(mcapi_param_t *);
    u (*wait_receivable)(const u *, size_t, u, u *);

    void *(*buffer_take)(u, size_t, u *);
    void (*buffer_send)(u, void *, size_t, u *);
    void (*buffer_give_back)(u, void *, u *);
    size_t (*pktchan_send_burst)(u, const void *const *, const size_t *, size_t, u *);
    size_t (*pktchan_recv_burst)(u, void **, size_t *, size_t, u *);
    size_t (*pktchan_release_burst)(void *const *, size_t, u *);
    size_t (*send_burst_uint64)(u, const unsigned long long *, size_t, u *);
    size_t (*send_burst_uint32)(u, const unsigned int *, size_t, u *);
    size_t (*send_burst_uint16)(u, const unsigned short *, size_t, u *);
    size_t (*send_burst_uint8)(u, const unsigned char *, size_t, u *);
    size_t (*recv_burst_uint64)(u, unsigned long long *, size_t, u *);
    size_t (*recv_burst_uint32)(u, unsigned int *, size_t, u *);
    size_t (*recv_burst_uint16)(u, unsigned short *, size_t, u *);
    size_t (*recv_burst_uint8)(u, unsigned char *, size_t, u *);
};

extern const struct functions functions;

const struct functions functions = {
    &mcapi_initialize,
    &mcapi_finalize,
    &mcapi_domain_id_get,
    &mcapi_node_id_get,
    &mcapi_node_init_attributes,
    &mcapi_node_set_attribute,
    &mcapi_node_get_attribute,

    &mcapi_endpoint_create,
    &mcapi_create_anonymous_endpoint,
    &mcapi_endpoint_get_i,
    &mcapi_endpoint_get,
    &mcapi_endpoint_release,
    &mcapi_endpoint_delete,
    &mcapi_endpoint_get_attribute,
    &mcapi_endpoint_set_attribute,

    &mcapi_msg_send_i,
    &mcapi_msg_send,
    &mcapi_msg_recv_i,
    &mcapi_msg_recv,
    &mcapi_msg_available,

    &mcapi_pktchan_connect_i,
    &mcapi_pktchan_recv_open_i,
    &mcapi_pktchan_send_open_i,
    &mcapi_pktchan_send_i,
    &mcapi_pktchan_send,
    &mcapi_pktchan_recv_i,
    &mcapi_pktchan_recv,
    &mcapi_pktchan_available,
    &mcapi_pktchan_release,
    &mcapi_pktchan_release_test,
    &mcapi_pktchan_recv_close_i,
    &mcapi_pktchan_send_close_i,

    &mcapi_sclchan_connect_i,
    &mcapi_sclchan_recv_open_i,
    &mcapi_sclchan_send_open_i,
    &mcapi_sclchan_send_uint64,
    &mcapi_sclchan_send_uint32,
    &mcapi_sclchan_send_uint16,
    &mcapi_sclchan_send_uint8,
    &mcapi_sclchan_recv_uint64,
    &mcapi_sclchan_recv_uint32,
    &mcapi_sclchan_recv_uint16,
    &mcapi_sclchan_recv_uint8,
    &mcapi_sclchan_available,
    &mcapi_sclchan_recv_close_i,
    &mcapi_sclchan_send_close_i,

    &mcapi_test,
    &mcapi_wait,
    &mcapi_wait_any,
    &mcapi_cancel,

    &mcapi_display_status,
    &mcapi_set_debug_level,
    &mcapi_display_state,

    &mcapi_ext_wait_any_pointers,
    &mcapi_param_init,
    &mcapi_ext_wait_receivable,

    &mcapi_ext_pktchan_buffer_take,
    &mcapi_ext_pktchan_buffer_send,
    &mcapi_ext_pktchan_buffer_give_back,
    &mcapi_ext_pktchan_send_burst,
    &mcapi_ext_pktchan_recv_burst,
    &mcapi_ext_pktchan_release_burst,
    &mcapi_ext_sclchan_send_burst_uint64,
    &mcapi_ext_sclchan_send_burst_uint32,
    &mcapi_ext_sclchan_send_burst_uint16,
    &mcapi_ext_sclchan_send_burst_uint8,
    &mcapi_ext_sclchan_recv_burst_uint64,
    &mcapi_ext_sclchan_recv_burst_uint32,
    &mcapi_ext_sclchan_recv_burst_uint16,
    &mcapi_ext_sclchan_recv_burst_uint8,
};
