/* Reads CAN sockets, and passes over the frames that tell nothing new without a word of Python.
 *
 * Knows: the kernel's sockets and epoll, and the sieve's judgement (vehicle/wire/_sieve.h).
 * Refuses to know: what a frame means. What is not surely unchanged is handed over as it came.
 *
 * Rules of this file: state lives in buffers that the caller owns, nothing is kept between calls,
 * whatever a caller's buffers hold leads out of none of them, and the limited API only. sift.py
 * beside it says what each argument is.
 */
#define _GNU_SOURCE /* recvmmsg */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "../wire/_sieve.h"

#define CONTRACT 2
#define STAMPS 35 /* SO_TIMESTAMPNS: asm-generic/socket.h */
#define CLASSIC_SIZE 16
#define FD_SIZE 72
#define CLASSIC_BYTES_MAX 8
#define ERROR_FLAG 0x20000000u
#define EARLY_US_MAX 10000 /* see clock.py */
#define EVENTS_MAX 64
#define BATCH 16 /* frames read at a time */
#define ROOM (FD_SIZE + 1) /* for what is read: one byte more, so that what is longer shows */

/* A lane's state, as sift.py lays it out. */
typedef struct {
    uint64_t received;
    int64_t waited_us, failed, last_us;
} State;

typedef struct {
    const Rule *rules;
    Message *messages;
    Bus *buses;
    Py_ssize_t count;
    int64_t began_us, floor_us; /* the latest moment that was given out */
} Sieve;

typedef struct {
    int fd;
    const uint32_t *words;
    const int32_t *routes;
    Py_ssize_t count;
    State *state;
    PyObject *caught;
} Lane;

typedef struct {
    Py_buffer views[8];
    int held;
} Buffers;

static int wrong(const char *what)
{
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, what);
    return 0;
}

/* Hold an object's buffer until `release`; NULL, with an exception, where it is none of its kind. */
static void *take(Buffers *held, PyObject *object, int flags, size_t alignment, Py_ssize_t *bytes)
{
    Py_buffer *view = &held->views[held->held];
    if (PyObject_GetBuffer(object, view, flags) < 0)
        return NULL;
    held->held++;
    *bytes = view->len;
    /* A view may begin anywhere in what it views; one that is empty is never looked into. */
    if (view->buf == NULL || (view->len > 0 && (uintptr_t)view->buf % alignment != 0))
        return wrong("a buffer does not begin where its numbers do"), NULL;
    return view->buf;
}

static void release(Buffers *held, int down_to)
{
    while (held->held > down_to)
        PyBuffer_Release(&held->views[--held->held]);
}

static int take_sieve(Buffers *held, PyObject *parts, Sieve *sieve)
{
    Py_ssize_t rules = 0, messages = 0, buses = 0, clock = 0;
    if (!PyTuple_Check(parts) || PyTuple_Size(parts) != 4)
        return wrong("a sieve comes as four buffers");
    /* They are looked through once and relied upon from then on: nobody may write into them. */
    if (!PyBytes_Check(PyTuple_GetItem(parts, 0)))
        return wrong("a sieve's rules come as bytes");
    sieve->rules = take(held, PyTuple_GetItem(parts, 0), PyBUF_SIMPLE, _Alignof(Rule), &rules);
    if (sieve->rules == NULL)
        return 0;
    sieve->messages =
        take(held, PyTuple_GetItem(parts, 1), PyBUF_WRITABLE, _Alignof(Message), &messages);
    if (sieve->messages == NULL)
        return 0;
    sieve->buses = take(held, PyTuple_GetItem(parts, 2), PyBUF_WRITABLE, _Alignof(Bus), &buses);
    if (sieve->buses == NULL)
        return 0;
    const int64_t *times =
        take(held, PyTuple_GetItem(parts, 3), PyBUF_SIMPLE, _Alignof(int64_t), &clock);
    if (times == NULL)
        return 0;
    sieve->count = rules / (Py_ssize_t)sizeof(Rule);
    if (messages < sieve->count * (Py_ssize_t)sizeof(Message) || clock < 16 ||
        !rules_in_range(sieve->rules, sieve->count, buses / (Py_ssize_t)sizeof(Bus)))
        return wrong("a sieve's buffers do not fit its rules");
    if (!is_moment(times[0]) || !is_moment(times[1]))
        return wrong("a sieve's clock is out of range");
    sieve->began_us = times[0];
    sieve->floor_us = times[1];
    return 1;
}

static int take_lane(Buffers *held, PyObject *parts, Lane *lane)
{
    Py_ssize_t words = 0, routes = 0, state = 0;
    PyObject *words_of, *routes_of, *state_of;
    if (!PyTuple_Check(parts))
        return wrong("a lane comes as a tuple");
    if (!PyArg_ParseTuple(parts, "iOOOO!;a lane comes as five parts", &lane->fd, &words_of,
                          &routes_of, &state_of, &PyList_Type, &lane->caught))
        return 0;
    lane->words = take(held, words_of, PyBUF_SIMPLE, _Alignof(uint32_t), &words);
    if (lane->words == NULL)
        return 0;
    lane->routes = take(held, routes_of, PyBUF_SIMPLE, _Alignof(int32_t), &routes);
    if (lane->routes == NULL)
        return 0;
    lane->state = take(held, state_of, PyBUF_WRITABLE, _Alignof(State), &state);
    if (lane->state == NULL)
        return 0;
    lane->count = words / 4;
    if (routes != words || state < (Py_ssize_t)sizeof(State))
        return wrong("a lane's parts do not fit");
    if (!is_moment(lane->state->last_us))
        return wrong("a lane's clock is out of range");
    return 1;
}

/* ---- time ------------------------------------------------------------------------------------- */

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Return the kernel's stamp that came with a frame, -1 where there is none. */
static int64_t stamp_of(struct msghdr *message)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        struct {
            long seconds, nanoseconds;
        } stamp;
        if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == STAMPS &&
            at->cmsg_len >= CMSG_LEN(sizeof stamp)) {
            memcpy(&stamp, CMSG_DATA(at), sizeof stamp);
            return (int64_t)stamp.seconds * 1000000 + stamp.nanoseconds / 1000;
        }
    }
    return -1;
}

/* Return when a frame with that stamp arrived, as LiveClock.arrived_us has it; not before the one
 * before it on its lane. What came on other lanes may have come later, though it was read before. */
static int64_t arrived_us(const Sieve *sieve, const Lane *lane, int64_t now_us, int64_t stamp)
{
    int64_t floor_us = sieve->floor_us;
    if (floor_us < lane->state->last_us)
        floor_us = lane->state->last_us;
    if (now_us < 0)
        now_us = clock_us(CLOCK_MONOTONIC) - sieve->began_us;
    if (now_us < floor_us)
        now_us = floor_us;
    if (stamp < 0)
        return now_us;
    int64_t then_us = now_us - (clock_us(CLOCK_REALTIME) - stamp);
    if (then_us < floor_us - EARLY_US_MAX || then_us > now_us)
        return now_us;
    return then_us > floor_us ? then_us : floor_us;
}

/* ---- frames ----------------------------------------------------------------------------------- */

static int append(PyObject *list, PyObject *item)
{
    if (item == NULL)
        return -1;
    int failed = PyList_Append(list, item);
    Py_DecRef(item);
    return failed;
}

/* Tell what was passed over and not told yet: of one lane, or of all where there is none. */
static int tell_passed(const Sieve *sieve, const Lane *lane, PyObject *list)
{
    for (Py_ssize_t index = 0; index < sieve->count; index++) {
        Message *message = &sieve->messages[index];
        if (!message->passed || (lane != NULL && message->lane != lane->fd))
            continue;
        int64_t length = message->length < PAYLOAD_BYTES ? message->length : PAYLOAD_BYTES;
        PyObject *record = Py_BuildValue("nLLLy#", index, (long long)message->passed,
                                         (long long)message->first_us, (long long)message->now_us,
                                         (const char *)message->data,
                                         (Py_ssize_t)(length < 0 ? 0 : length));
        if (append(list, record) < 0)
            return -1;
        message->passed = 0;
    }
    return 0;
}

static int hand_over(const Sieve *sieve, const Lane *lane, const uint8_t *frame, Py_ssize_t size,
                     int64_t stamp)
{
    if (tell_passed(sieve, lane, lane->caught) < 0)
        return -1;
    return append(lane->caught,
                  Py_BuildValue("Ly#", (long long)stamp, (const char *)frame, size));
}

/* Return the place of an identifier with its flags among those that are wanted, else -1. */
static Py_ssize_t place_of(const Lane *lane, uint32_t word)
{
    Py_ssize_t low = 0, high = lane->count;
    while (low < high) {
        Py_ssize_t middle = low + (high - low) / 2;
        if (lane->words[middle] < word)
            low = middle + 1;
        else
            high = middle;
    }
    return low < lane->count && lane->words[low] == word ? low : -1;
}

/* Whether CAN FD has a length of more than 8 bytes (ISO 11898-1). Nobody reads a frame of another. */
static int is_fd_length(int32_t length)
{
    return length <= 24 ? length % 4 == 0 : length == 32 || length == 48 || length == 64;
}

/* Return 1 where the frame is to be handed over, 0 where it was passed over, -1: an exception. */
static int judge_frame(const Sieve *sieve, const Lane *lane, const uint8_t *frame, Py_ssize_t size,
                       int64_t now_us, int64_t stamp)
{
    uint32_t word;
    memcpy(&word, frame, 4);
    Py_ssize_t place = place_of(lane, word);
    int32_t index = place < 0 ? -1 : lane->routes[place], length = frame[4];
    int whole = length <= CLASSIC_BYTES_MAX || (size == FD_SIZE && is_fd_length(length));
    int64_t then_us = arrived_us(sieve, lane, now_us, stamp);
    lane->state->last_us = then_us;
    if (index < 0 || index >= sieve->count || !whole)
        return 1;
    uint8_t data[PAYLOAD_BYTES] = {0};
    memcpy(data, frame + 8, (size_t)length);
    const Rule *rule = &sieve->rules[index];
    Message *message = &sieve->messages[index];
    Bus *bus = &sieve->buses[rule->bus];
    int kept = tells(rule, message, bus, then_us, data, length);
    if (kept) /* what was passed over must be told as it was before this one */
        if (tell_passed(sieve, lane, lane->caught) < 0)
            return -1;
    if (!kept && !message->passed++) {
        message->first_us = then_us;
        message->lane = lane->fd;
    }
    remember(message, bus, then_us, data, length);
    return kept;
}

/* Take one frame that was read; return whether it was handed over, -1 with an exception set. */
static int take_frame(const Sieve *sieve, const Lane *lane, const uint8_t *frame, Py_ssize_t size,
                      int64_t now_us, int64_t stamp)
{
    lane->state->received++;
    if (size == CLASSIC_SIZE || size == FD_SIZE) {
        uint32_t word;
        memcpy(&word, frame, 4);
        if (!(word & ERROR_FLAG) && place_of(lane, word) < 0)
            return 0; /* nobody wants it */
        int kept = judge_frame(sieve, lane, frame, size, now_us, stamp);
        if (kept <= 0)
            return kept;
    }
    return hand_over(sieve, lane, frame, size, stamp) < 0 ? -1 : 1;
}

/* Read up to `limit` frames, or until `enough` were handed over, if not a few more; return whether
 * that was all there is, -1 with an exception set. An error of the socket's is left in the state. */
static int read_lane(const Sieve *sieve, const Lane *lane, Py_ssize_t limit, Py_ssize_t enough,
                     int64_t now_us)
{
    uint8_t frames[BATCH][ROOM];
    union {
        char bytes[CMSG_SPACE(2 * sizeof(long))];
        struct cmsghdr aligned;
    } controls[BATCH];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    for (int at = 0; at < BATCH; at++) {
        parts[at] = (struct iovec){frames[at], ROOM};
        messages[at].msg_hdr = (struct msghdr){.msg_iov = &parts[at], .msg_iovlen = 1};
    }
    for (; limit > 0 && enough > 0; limit -= BATCH) {
        for (int at = 0; at < BATCH; at++) {
            messages[at].msg_hdr.msg_control = &controls[at];
            messages[at].msg_hdr.msg_controllen = sizeof controls[at];
        }
        int count = recvmmsg(lane->fd, messages, BATCH, MSG_DONTWAIT, NULL);
        if (count < 0 && errno == EINTR)
            return 0;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 1;
        if (count < 0) {
            lane->state->failed = errno;
            return 1;
        }
        for (int at = 0; at < count; at++) {
            Py_ssize_t size = messages[at].msg_len;
            if (size == 0) {
                lane->state->failed = EPIPE;
                return 1;
            }
            int64_t stamp = stamp_of(&messages[at].msg_hdr);
            if (at == 0 && now_us < 0) { /* not by a stamp of before the wall clock was set */
                int64_t read_us = clock_us(CLOCK_MONOTONIC) - sieve->began_us;
                int64_t waited_us = read_us - arrived_us(sieve, lane, read_us, stamp);
                if (waited_us > lane->state->waited_us)
                    lane->state->waited_us = waited_us;
            }
            int kept = take_frame(sieve, lane, frames[at], size, now_us, stamp);
            if (kept < 0)
                return -1;
            enough -= kept;
        }
        if (count < BATCH)
            return 1;
    }
    return 0;
}

/* ---- module ----------------------------------------------------------------------------------- */

static const char read_doc[] = "read(sieve, lane, limit, enough, now_us) -> drained";

static PyObject *read_(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *sieve_parts, *lane_parts;
    Py_ssize_t limit, enough;
    long long now_us;
    if (!PyArg_ParseTuple(args, "OOnnL", &sieve_parts, &lane_parts, &limit, &enough, &now_us))
        return NULL;
    if (!is_moment(now_us))
        return wrong("the moment is out of range"), NULL;
    Buffers held = {.held = 0};
    Sieve sieve;
    Lane lane;
    int drained = -1;
    if (take_sieve(&held, sieve_parts, &sieve) && take_lane(&held, lane_parts, &lane))
        drained = read_lane(&sieve, &lane, limit, enough, now_us);
    release(&held, 0);
    return drained < 0 ? NULL : PyBool_FromLong(drained);
}

static const char flush_doc[] = "flush(sieve, lane, records); lane: None for all";

static PyObject *flush_(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *sieve_parts, *lane_parts, *records;
    if (!PyArg_ParseTuple(args, "OOO", &sieve_parts, &lane_parts, &records))
        return NULL;
    Buffers held = {.held = 0};
    Sieve sieve;
    Lane lane;
    int whole = lane_parts == Py_None;
    int failed = -1;
    if (!PyList_Check(records))
        wrong("records go into a list");
    else if (take_sieve(&held, sieve_parts, &sieve) &&
             (whole || take_lane(&held, lane_parts, &lane)))
        failed = tell_passed(&sieve, whole ? NULL : &lane, records);
    release(&held, 0);
    if (failed < 0)
        return NULL;
    Py_IncRef(Py_None);
    return Py_None;
}

/* Return the lane of a socket, which the caller owns; NULL where there is none, or an exception. */
static PyObject *lane_of(PyObject *lanes, int fd)
{
    for (Py_ssize_t number = 0; number < PyList_Size(lanes); number++) {
        PyObject *parts = PyList_GetItem(lanes, number);
        if (!PyTuple_Check(parts) || PyTuple_Size(parts) < 1 ||
            !PyLong_Check(PyTuple_GetItem(parts, 0)))
            return wrong("a lane comes as five parts"), NULL;
        long own = PyLong_AsLong(PyTuple_GetItem(parts, 0));
        if (own == -1 && PyErr_Occurred())
            return NULL;
        if (own == fd) {
            Py_IncRef(parts); /* whatever becomes of the list meanwhile */
            return parts;
        }
    }
    return NULL;
}

/* Read a lane that is readable; return whether Python has something to do there, -1: an exception. */
static int stirred(const Sieve *sieve, Buffers *held, PyObject *lanes, int fd, Py_ssize_t limit)
{
    PyObject *parts = lane_of(lanes, fd);
    if (parts == NULL)
        return PyErr_Occurred() ? -1 : 1;
    Lane lane;
    int before = held->held, found = -1;
    if (take_lane(held, parts, &lane) && read_lane(sieve, &lane, limit, 1, -1) >= 0)
        found = lane.state->failed || PyList_Size(lane.caught) > 0;
    release(held, before);
    Py_DecRef(parts);
    return found;
}

static const char wait_doc[] = "wait(epoll_fd, timeout_ms, limit, sieve, lanes) -> [(fd, events)]";

static PyObject *wait_(PyObject *Py_UNUSED(module), PyObject *args)
{
    int epoll_fd, timeout_ms;
    Py_ssize_t limit;
    PyObject *sieve_parts, *lanes;
    if (!PyArg_ParseTuple(args, "iinOO", &epoll_fd, &timeout_ms, &limit, &sieve_parts, &lanes))
        return NULL;
    if (!PyList_Check(lanes))
        return wrong("lanes come in a list"), NULL;
    if (limit < 1)
        return wrong("at least one frame is to be read at a time"), NULL;
    int64_t until_us = timeout_ms < 0 ? -1 : clock_us(CLOCK_MONOTONIC) + (int64_t)timeout_ms * 1000;
    Buffers held = {.held = 0};
    Sieve sieve;
    PyObject *ready = PyList_New(0);
    if (ready == NULL || !take_sieve(&held, sieve_parts, &sieve))
        goto failed;
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        PyThreadState *state = PyEval_SaveThread();
        int count = epoll_wait(epoll_fd, events, EVENTS_MAX, timeout_ms), error = errno;
        PyEval_RestoreThread(state);
        if (count < 0 && error != EINTR) {
            errno = error;
            PyErr_SetFromErrno(PyExc_OSError);
            goto failed;
        }
        if (PyErr_CheckSignals() < 0) /* also where frames are so many that nothing interrupts */
            goto failed;
        for (int number = 0; number < count; number++) {
            int fd = events[number].data.fd, found = 1;
            if (events[number].events == EPOLLIN)
                found = stirred(&sieve, &held, lanes, fd, limit);
            if (found < 0 ||
                (found && append(ready, Py_BuildValue("iI", fd, events[number].events)) < 0))
                goto failed;
        }
        if (count <= 0 || PyList_Size(ready) > 0 || timeout_ms == 0)
            break;
        if (until_us >= 0) {
            int64_t left_us = until_us - clock_us(CLOCK_MONOTONIC);
            if (left_us <= 0)
                break;
            timeout_ms = (int)((left_us + 999) / 1000);
        }
    }
    release(&held, 0);
    return ready;
failed:
    release(&held, 0);
    Py_XDECREF(ready);
    return NULL;
}

static PyMethodDef methods[] = {
    {"read", read_, METH_VARARGS, read_doc},
    {"flush", flush_, METH_VARARGS, flush_doc},
    {"wait", wait_, METH_VARARGS, wait_doc},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module)
{
    make_crc16_table();
    return PyModule_AddIntConstant(module, "CONTRACT", CONTRACT) ||
           PyModule_AddIntConstant(module, "RULE_BYTES", sizeof(Rule)) ||
           PyModule_AddIntConstant(module, "MESSAGE_BYTES", sizeof(Message)) ||
           PyModule_AddIntConstant(module, "BUS_BYTES", sizeof(Bus));
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_sift",
    .m_doc = "What vehicle.runtime.sift does in C.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__sift(void)
{
    return PyModuleDef_Init(&definition);
}
