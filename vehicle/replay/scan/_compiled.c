/* The compiled kernel: the module, and the recording's clock.
 *
 * Knows: what vehicle/replay/scan says of each step; the Python code beside it is the definition,
 * and the tests compare the two. Refuses to know: files, damage, and what a frame means: whatever
 * it does not surely read it leaves to its caller.
 *
 * Rules of these files:
 * 1. Every read of a block is checked against its end; blocks come from files that anybody wrote.
 * 2. State lives in buffers that the caller owns. Nothing is kept between calls.
 * 3. The limited API only, so that one wheel serves every Python from 3.11 on.
 */
#include "_columns.h"

/* ---- clock ------------------------------------------------------------------------------------ */

#define CLAMP_US_MAX 1000000
#define AHEAD_US_MAX 86400000000

static const char clock_doc[] = "clock(columns, first, state) -> row where time breaks, or frames";

static PyObject *clock_(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *parts, *state_object;
    Py_ssize_t first;
    if (!PyArg_ParseTuple(args, "OnO", &parts, &first, &state_object))
        return NULL;
    Buffers held = {.held = 0};
    Columns columns;
    PyObject *result = NULL;
    int64_t *state;
    if (!take_columns(&held, parts, &columns) ||
        (state = take(&held, state_object, 32, PyBUF_WRITABLE)) == NULL)
        goto done;
    int64_t last_us = state[0], now_us = state[1], clamped = state[2], shift_us = state[3];
    int64_t row = first < 0 ? 0 : first;
    for (; row < columns.counts[0]; row++) {
        int64_t stamp_us = columns.stamps_us[row], step_us = stamp_us - last_us;
        if (step_us >= 0) {
            if (step_us > AHEAD_US_MAX)
                break;
            now_us += step_us;
            last_us = stamp_us;
        } else if (step_us < -CLAMP_US_MAX) {
            break;
        } else {
            clamped++;
        }
        columns.stamps_us[row] = now_us + shift_us;
    }
    state[0] = last_us;
    state[1] = now_us;
    state[2] = clamped;
    result = PyLong_FromLongLong(row);
done:
    release(&held);
    return result;
}

/* ---- module ----------------------------------------------------------------------------------- */

static PyMethodDef methods[] = {
    {"lines", lines, METH_VARARGS, lines_doc},
    {"objects", objects, METH_VARARGS, objects_doc},
    {"clock", clock_, METH_VARARGS, clock_doc},
    {"sieve", sieve_, METH_VARARGS, sieve_doc},
    {"flush", flush_, METH_VARARGS, flush_doc},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module)
{
    prepare_sieve();
    return PyModule_AddIntConstant(module, "CONTRACT", CONTRACT) ||
           PyModule_AddIntConstant(module, "CHANNEL_BYTES", CHANNEL_BYTES) ||
           PyModule_AddIntConstant(module, "RULE_BYTES", RULE_BYTES) ||
           PyModule_AddIntConstant(module, "MESSAGE_BYTES", MESSAGE_BYTES) ||
           PyModule_AddIntConstant(module, "BUS_BYTES", BUS_BYTES);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_compiled",
    .m_doc = "The compiled kernel of vehicle.replay.scan.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__compiled(void)
{
    return PyModuleDef_Init(&definition);
}
