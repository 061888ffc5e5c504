/* What every part of the compiled kernel works on: buffers that Python owns, and the columns in them.
 *
 * Knows: how vehicle/replay/scan/columns.py lays its columns and wanted identifiers out in memory.
 * Refuses to know: formats.
 */
#ifndef CHARGELOCK_COLUMNS_H
#define CHARGELOCK_COLUMNS_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

#include "../../wire/_sieve.h"

/* The number of the agreement between these files and compiled.py beside them, which has it too.
 * Whoever changes what a function takes, returns or keeps in its buffers adds one to both: a kernel
 * that was built before is then left out, whatever it would have made of the new arguments. */
#define CONTRACT 2

#define STANDARD_IDS 2048
#define STANDARD_ID_MAX 0x7FF
#define EXTENDED_ID_MAX 0x1FFFFFFF
#define STAMP_US_MAX ((int64_t)1 << 61)

/* ---- buffers ---------------------------------------------------------------------------------- */

typedef struct {
    Py_buffer views[16];
    int held;
} Buffers;

/* Take the next buffer of at least `bytes`; NULL with an exception set where it is none. */
static inline void *take(Buffers *held, PyObject *object, Py_ssize_t bytes, int flags)
{
    if (object == NULL || held->held >= 16)
        return NULL;
    Py_buffer *view = &held->views[held->held];
    if (PyObject_GetBuffer(object, view, flags) < 0)
        return NULL;
    held->held++;
    if (view->len < bytes) {
        PyErr_SetString(PyExc_ValueError, "a buffer is smaller than its contract says");
        return NULL;
    }
    return view->buf;
}

static inline void release(Buffers *held)
{
    while (held->held > 0)
        PyBuffer_Release(&held->views[--held->held]);
}

/* ---- columns ---------------------------------------------------------------------------------- */

typedef struct {
    int64_t *stamps_us;
    int32_t *rows, *idents, *channels, *lengths;
    uint8_t *payloads;
    int64_t *counts; /* frames, kept */
    int64_t room;    /* frames that there is room for */
} Columns;

static inline int take_columns(Buffers *held, PyObject *parts, Columns *columns)
{
    if (!PyTuple_Check(parts) || PyTuple_Size(parts) != 7) {
        PyErr_SetString(PyExc_TypeError, "columns come as seven buffers");
        return 0;
    }
    const int flags = PyBUF_WRITABLE;
    columns->stamps_us = take(held, PyTuple_GetItem(parts, 0), 8, flags);
    if (columns->stamps_us == NULL)
        return 0;
    const Py_ssize_t room = held->views[held->held - 1].len / 8;
    columns->room = room;
    columns->rows = take(held, PyTuple_GetItem(parts, 1), 4 * room, flags);
    columns->idents = columns->rows ? take(held, PyTuple_GetItem(parts, 2), 4 * room, flags) : NULL;
    columns->channels = columns->idents ? take(held, PyTuple_GetItem(parts, 3), 4 * room, flags) : NULL;
    columns->lengths = columns->channels ? take(held, PyTuple_GetItem(parts, 4), 4 * room, flags) : NULL;
    columns->payloads =
        columns->lengths ? take(held, PyTuple_GetItem(parts, 5), PAYLOAD_BYTES * room, flags) : NULL;
    columns->counts = columns->payloads ? take(held, PyTuple_GetItem(parts, 6), 16, flags) : NULL;
    if (columns->counts == NULL)
        return 0;
    if (columns->counts[0] < 0 || columns->counts[0] > room || columns->counts[1] < 0 ||
        columns->counts[1] > columns->counts[0]) {
        PyErr_SetString(PyExc_ValueError, "the columns' counts are beyond their rows");
        return 0;
    }
    return 1;
}

typedef struct {
    const int32_t *standard; /* 11-bit identifier -> ident, or -1 */
    const uint32_t *extended_ids;
    const int32_t *extended_index;
    Py_ssize_t extended_count;
} Wanted;

static inline int take_wanted(Buffers *held, PyObject *parts, Wanted *wanted)
{
    if (!PyTuple_Check(parts) || PyTuple_Size(parts) != 3) {
        PyErr_SetString(PyExc_TypeError, "wanted identifiers come as three buffers");
        return 0;
    }
    wanted->standard = take(held, PyTuple_GetItem(parts, 0), 4 * STANDARD_IDS, PyBUF_SIMPLE);
    if (wanted->standard == NULL)
        return 0;
    wanted->extended_ids = take(held, PyTuple_GetItem(parts, 1), 0, PyBUF_SIMPLE);
    if (wanted->extended_ids == NULL && PyErr_Occurred())
        return 0;
    wanted->extended_count = held->views[held->held - 1].len / 4;
    wanted->extended_index =
        take(held, PyTuple_GetItem(parts, 2), 4 * wanted->extended_count, PyBUF_SIMPLE);
    return !PyErr_Occurred();
}

static inline int32_t ident_of(const Wanted *wanted, uint32_t can_id, int extended)
{
    if (!extended)
        return wanted->standard[can_id];
    Py_ssize_t low = 0, high = wanted->extended_count;
    while (low < high) {
        Py_ssize_t middle = (low + high) / 2;
        if (wanted->extended_ids[middle] < can_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < wanted->extended_count && wanted->extended_ids[low] == can_id
               ? wanted->extended_index[low]
               : -1;
}

/* ---- parts in files of their own -------------------------------------------------------------- */

/* _compiled_blf.c */
extern const char objects_doc[];
PyObject *objects(PyObject *module, PyObject *args);

/* _compiled_lines.c. A file's channel names come to it as entries: a length byte, then the name. */
#define CHANNEL_BYTES 64
extern const char lines_doc[];
PyObject *lines(PyObject *module, PyObject *args);

/* _compiled_sieve.c */
extern const long RULE_BYTES, MESSAGE_BYTES, BUS_BYTES;
extern const char sieve_doc[], flush_doc[];
void prepare_sieve(void);
PyObject *sieve_(PyObject *module, PyObject *args);
PyObject *flush_(PyObject *module, PyObject *args);

#endif
