/* SPDX-License-Identifier: MIT */
/*
 * constants.c - what the names of types and constants stand for. It is checked by compiling
 * it, as C and as C++; there is nothing to run.
 */
#include <mcapi_ext.h>

#include <stddef.h>

#ifdef __cplusplus
#define HOLDS(condition) static_assert(condition, #condition)
#define SAME_TYPE(a, b)  (__is_same(a, b))
#else
#define HOLDS(condition) __extension__ _Static_assert(condition, #condition)
#define SAME_TYPE(a, b)  (__builtin_types_compatible_p(a, b))
#endif

/* --- Types ----------------------------------------------------------------------- */

#define TYPE(name, definition)                \
    HOLDS(SAME_TYPE(mca_##name, definition)); \
    HOLDS(SAME_TYPE(mcapi_##name, definition))

TYPE(int_t, int);
TYPE(int8_t, char);
TYPE(int16_t, short);
TYPE(int32_t, int);
TYPE(int64_t, long long);
TYPE(uint_t, unsigned int);
TYPE(uint8_t, unsigned char);
TYPE(uint16_t, unsigned short);
TYPE(uint32_t, unsigned int);
TYPE(uint64_t, unsigned long long);
TYPE(boolean_t, unsigned char);
TYPE(domain_t, unsigned int);
TYPE(node_t, unsigned int);
TYPE(request_t, unsigned int);
TYPE(status_t, unsigned int);
TYPE(timeout_t, unsigned int);
HOLDS(SAME_TYPE(mcapi_port_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_priority_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_endpoint_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_pktchan_recv_hndl_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_pktchan_send_hndl_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_sclchan_recv_hndl_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_sclchan_send_hndl_t, unsigned int));

HOLDS(SAME_TYPE(mcapi_node_attr_type_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_endp_attr_type_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_endp_attr_get_count_t, unsigned int));
HOLDS(sizeof(mcapi_endp_attr_get_source_t) == 8);
HOLDS(offsetof(mcapi_endp_attr_get_source_t, domain_id) == 0);
HOLDS(offsetof(mcapi_endp_attr_get_source_t, node_id) == 4);
HOLDS(SAME_TYPE(mcapi_endp_attr_max_payload_size_t, int));
HOLDS(SAME_TYPE(mcapi_endp_attr_buffer_type_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_endp_attr_memory_type_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_endp_attr_num_priorities_t, int));
HOLDS(SAME_TYPE(mcapi_endp_attr_priority_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_endp_attr_num_send_buffers_t, int));
HOLDS(SAME_TYPE(mcapi_endp_attr_num_recv_buffers_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_endp_attr_status_t, unsigned int));
HOLDS(SAME_TYPE(mcapi_endp_attr_timeout_t, unsigned int));

/* Programs and the library exchange these by address: their size is part of the interface. */
HOLDS(sizeof(mcapi_param_t) == 256);
HOLDS(sizeof(mcapi_node_attributes_t) == 64);
HOLDS(sizeof(impl_info_t) == 256);
HOLDS(sizeof(mcapi_info_t) == 280);

/* --- Constants ------------------------------------------------------------------- */

HOLDS(MCA_TRUE == 1 && MCAPI_TRUE == 1);
HOLDS(MCA_FALSE == 0 && MCAPI_FALSE == 0);
HOLDS(MCA_NULL == 0 && MCAPI_NULL == 0);
HOLDS(MCAPI_VERSION == 2015);
HOLDS(MCAPI_PORT_ANY == 0xffffffffu);
HOLDS(MCAPI_NODE_INVALID == 0xffffffffu);
HOLDS(MCAPI_DOMAIN_INVALID == 0xffffffffu);
HOLDS(MCAPI_RETURN_VALUE_INVALID == 0xffffffffu);
HOLDS(MCA_INFINITE == 0xffffffffu);
HOLDS(MCAPI_TIMEOUT_INFINITE == 0xffffffffu);
HOLDS(MCAPI_INFINITE == 0xffffffffu);
HOLDS(MCAPI_TIMEOUT_IMMEDIATE == 0);
HOLDS(MCAPI_MAX_PRORITY == 0);
HOLDS(MCAPI_MIN_PRIORITY == MCAPI_MAX_PRIORITY);
HOLDS(MCAPI_MAX_STATUS_MSG_LEN == 32);
HOLDS(MCAPI_MAX_STATUS_SIZE == 32);
HOLDS(MCAPI_BUF_ALIGN > 0 && (MCAPI_BUF_ALIGN & (MCAPI_BUF_ALIGN - 1)) == 0);

#define STATUS(name, number)       \
    HOLDS(MCAPI_##name == number); \
    HOLDS(sizeof("MCAPI_" #name) <= MCAPI_MAX_STATUS_SIZE)

STATUS(SUCCESS, 1);
STATUS(PENDING, 2);
STATUS(TIMEOUT, 3);
STATUS(ERR_PARAMETER, 4);
STATUS(ERR_DOMAIN_INVALID, 5);
STATUS(ERR_NODE_INVALID, 6);
STATUS(ERR_NODE_INITFAILED, 7);
STATUS(ERR_NODE_INITIALIZED, 8);
STATUS(ERR_NODE_NOTINIT, 9);
STATUS(ERR_NODE_FINALFAILED, 10);
STATUS(ERR_PORT_INVALID, 11);
STATUS(ERR_ENDP_INVALID, 12);
STATUS(ERR_ENDP_EXISTS, 13);
STATUS(ERR_ENDP_GET_LIMIT, 14);
STATUS(ERR_ENDP_DELETED, 15);
STATUS(ERR_ENDP_NOTOWNER, 16);
STATUS(ERR_ENDP_REMOTE, 17);
STATUS(ERR_ENDP_NOPORTS, 18);
STATUS(ERR_ENDP_LIMIT, 19);
STATUS(ERR_ATTR_INCOMPATIBLE, 20);
STATUS(ERR_ATTR_SIZE, 21);
STATUS(ERR_ATTR_NUM, 22);
STATUS(ERR_ATTR_VALUE, 23);
STATUS(ERR_ATTR_NOTSUPPORTED, 24);
STATUS(ERR_ATTR_READONLY, 25);
STATUS(ERR_MSG_LIMIT, 26);
STATUS(ERR_MSG_TRUNCATED, 27);
STATUS(ERR_CHAN_OPEN, 28);
STATUS(ERR_CHAN_TYPE, 29);
STATUS(ERR_CHAN_DIRECTION, 30);
STATUS(ERR_CHAN_CONNECTED, 31);
STATUS(ERR_CHAN_OPENPENDING, 32);
STATUS(ERR_CHAN_CLOSEPENDING, 33);
STATUS(ERR_CHAN_NOTOPEN, 34);
STATUS(ERR_CHAN_INVALID, 35);
STATUS(ERR_PKT_LIMIT, 36);
STATUS(ERR_SCL_SIZE, 37);
STATUS(ERR_TRANSMISSION, 38);
STATUS(ERR_PRIORITY, 39);
STATUS(ERR_BUF_INVALID, 40);
STATUS(ERR_MEM_LIMIT, 41);
STATUS(ERR_REQUEST_INVALID, 42);
STATUS(ERR_REQUEST_LIMIT, 43);
STATUS(ERR_REQUEST_CANCELLED, 44);
STATUS(ERR_WAIT_PENDING, 45);
STATUS(ERR_GENERAL, 46);
STATUS(STATUSCODE_END, 47);
STATUS(ERR_MSG_SIZE, 26);
STATUS(ERR_PKT_SIZE, 36);
STATUS(ERR_ENDP_GET_INVALID, 14);

HOLDS(MCAPI_NODE_ATTR_TYPE == 0);
HOLDS(MCAPI_NODE_ATTR_TYPE_REGULAR == 0);

HOLDS(MCAPI_ENDP_ATTR_TYPE == 0);
HOLDS(MCAPI_ENDP_ATTR_GET_COUNT == 1);
HOLDS(MCAPI_ENDP_ATTR_GET_SOURCE == 2);
HOLDS(MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE == 3);
HOLDS(MCAPI_ENDP_ATTR_BUFFER_TYPE == 4);
HOLDS(MCAPI_ENDP_ATTR_MEMORY_TYPE == 5);
HOLDS(MCAPI_ENDP_ATTR_NUM_PRIORITIES == 6);
HOLDS(MCAPI_ENDP_ATTR_PRIORITY == 7);
HOLDS(MCAPI_ENDP_ATTR_NUM_SEND_BUFFERS == 8);
HOLDS(MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS == 9);
HOLDS(MCAPI_ENDP_ATTR_STATUS == 10);
HOLDS(MCAPI_ENDP_ATTR_ENDP_STATUS == 10);
HOLDS(MCAPI_ENDP_ATTR_TIMEOUT == 11);

HOLDS(MCAPI_ENDP_ATTR_TYPE_MESSAGE == 1);
HOLDS(MCAPI_ENDP_ATTR_TYPE_PKTCHAN == 2);
HOLDS(MCAPI_ENDP_ATTR_TYPE_SCLCHAN == 4);
HOLDS(MCAPI_ENDP_ATTR_FIFO_BUFFER == 0);
HOLDS(MCAPI_ENDP_ATTR_LOCAL_MEMORY == 0);
HOLDS(MCAPI_ENDP_ATTR_SHARED_MEMORY == 1);
HOLDS(MCAPI_ENDP_ATTR_REMOTE_MEMORY == 2);
HOLDS(MCAPI_ENDP_ATTR_BLOCK_ON_MEM_LIMIT == 0);
HOLDS(MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT == 0x10000);

/* The nine flags are nine different bits. */
enum {
    FLAGS_ADDED = MCAPI_ENDP_ATTR_STATUS_CONNECTED + MCAPI_ENDP_ATTR_STATUS_OPEN
                + MCAPI_ENDP_ATTR_STATUS_OPEN_PENDING + MCAPI_ENDP_ATTR_STATUS_CLOSE_PENDING
                + MCAPI_ENDP_ATTR_STATUS_PKTCHAN + MCAPI_ENDP_ATTR_STATUS_SCLCHAN
                + MCAPI_ENDP_ATTR_STATUS_SEND + MCAPI_ENDP_ATTR_STATUS_RECEIVE
                + MCAPI_ENDP_ATTR_STATUS_GET_PENDING,
    FLAGS_JOINED = MCAPI_ENDP_ATTR_STATUS_CONNECTED | MCAPI_ENDP_ATTR_STATUS_OPEN
                 | MCAPI_ENDP_ATTR_STATUS_OPEN_PENDING | MCAPI_ENDP_ATTR_STATUS_CLOSE_PENDING
                 | MCAPI_ENDP_ATTR_STATUS_PKTCHAN | MCAPI_ENDP_ATTR_STATUS_SCLCHAN
                 | MCAPI_ENDP_ATTR_STATUS_SEND | MCAPI_ENDP_ATTR_STATUS_RECEIVE
                 | MCAPI_ENDP_ATTR_STATUS_GET_PENDING
};
HOLDS(FLAGS_ADDED == 0x1ff);
HOLDS(FLAGS_JOINED == 0x1ff);

/* --- Limits ---------------------------------------------------------------------- */

/* As preprocessor numbers: programs test them with #if, and size arrays with them. */
#if MCAPI_MAX_MSG_SIZE != 8192 || MCAPI_MAX_MESSAGE_SIZE != MCAPI_MAX_MSG_SIZE
#error "the limit of messages"
#endif
#if MCAPI_MAX_PKT_SIZE != 65536 || MCAPI_MAX_PACKET_SIZE != MCAPI_MAX_PKT_SIZE
#error "the limit of packets"
#endif
#if MCAPI_MAX_QUEUE_ELEMENTS != 64 || MAX_QUEUE_ELEMENTS != MCAPI_MAX_QUEUE_ELEMENTS
#error "the depth of a queue"
#endif
#if MCAPI_MAX_BUFFERS != 64 || MCAPI_MAX_ENDPOINTS != 256 || MCA_MAX_REQUESTS != 1000
#error "the limits of a node"
#endif
#if MCAPI_MAX_PRIORITY != 10 || MCAPI_MAX_DOMAIN != 65535 || MCAPI_MAX_NODE != 65535
#error "the largest priority, domain or node"
#endif
#if MCAPI_MIN_PORT != 0 || MCAPI_MAX_PORT != 65535 || MCAPI_NUM_RESERVED_PORTS != 0
#error "the ports"
#endif
#if MCAPI_MAX_NODES != 512 || MCAPI_MAX_CHANNELS != 1024
#error "the limits of a topology"
#endif

/* --- Things of ours -------------------------------------------------------------- */

HOLDS(MCAPI_EXT_WAIT_DEFAULT == 0 && MCAPI_EXT_COMPAT_DEFAULT == 0);
HOLDS(MCAPI_EXT_WAIT_ADAPTIVE != MCAPI_EXT_WAIT_SPIN);
HOLDS(MCAPI_EXT_WAIT_SPIN != MCAPI_EXT_WAIT_SLEEP);
HOLDS(MCAPI_EXT_WAIT_SLEEP != MCAPI_EXT_WAIT_ADAPTIVE);
HOLDS(MCAPI_EXT_COMPAT_STANDARD != MCAPI_EXT_COMPAT_REFERENCE);
HOLDS(MCAPI_EXT_COMPAT_REFERENCE != MCAPI_EXT_COMPAT_DOCUMENT);
HOLDS(MCAPI_EXT_COMPAT_DOCUMENT != MCAPI_EXT_COMPAT_STANDARD);
