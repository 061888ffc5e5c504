/* The sieve: which frames must go through the translator, and how far the others were heard.
 *
 * Knows: what vehicle/replay/scan/sieve.py says, on columns. Refuses to know: everything else.
 */
#include "_columns.h"

const long RULE_BYTES = sizeof(Rule), MESSAGE_BYTES = sizeof(Message), BUS_BYTES = sizeof(Bus);

void prepare_sieve(void)
{
    make_crc16_table();
}

static int tell(PyObject *records, long long kept, Py_ssize_t index, const Message *message)
{
    PyObject *record =
        message == NULL
            ? Py_BuildValue("LnLLy#", kept, index, 0LL, 0LL, "", (Py_ssize_t)0)
            : Py_BuildValue("LnLLy#", kept, index, (long long)message->passed,
                            (long long)message->now_us, (const char *)message->data,
                            (Py_ssize_t)message->length);
    if (record == NULL)
        return -1;
    int failed = PyList_Append(records, record);
    Py_DecRef(record);
    return failed;
}

static int flush(PyObject *records, Message *messages, Py_ssize_t count)
{
    for (Py_ssize_t index = 0; index < count; index++) {
        if (messages[index].passed) {
            if (tell(records, -1, index, &messages[index]) < 0)
                return -1;
            messages[index].passed = 0;
        }
    }
    return 0;
}

typedef struct {
    const Rule *rules;
    Message *messages;
    Bus *buses;
    Py_ssize_t count, bus_count;
    const int32_t *routes;
    Py_ssize_t route_count, idents;
} Sieve;

/* Return the rule of one wanted frame, -1 where it is nobody's. */
static Py_ssize_t rule_of(const Sieve *sieve, const Columns *columns, int64_t kept)
{
    int64_t route = (int64_t)columns->channels[kept] * sieve->idents + columns->idents[kept];
    int32_t row = columns->rows[kept], length = columns->lengths[kept];
    if (route < 0 || route >= sieve->route_count || row < 0 || row >= columns->room || length < 0 ||
        length > PAYLOAD_BYTES)
        return -1;
    int32_t index = sieve->routes[route];
    return index < sieve->count ? index : -1;
}

static int take_sieve(Buffers *held, PyObject *rules, PyObject *messages, PyObject *buses,
                      Sieve *sieve)
{
    if ((sieve->rules = take(held, rules, 0, PyBUF_SIMPLE)) == NULL)
        return 0;
    sieve->count = held->views[held->held - 1].len / (Py_ssize_t)sizeof(Rule);
    sieve->messages =
        take(held, messages, sieve->count * (Py_ssize_t)sizeof(Message), PyBUF_WRITABLE);
    if (sieve->messages == NULL || (sieve->buses = take(held, buses, 0, PyBUF_WRITABLE)) == NULL)
        return 0;
    sieve->bus_count = held->views[held->held - 1].len / (Py_ssize_t)sizeof(Bus);
    if (!rules_in_range(sieve->rules, sieve->count, sieve->bus_count)) {
        PyErr_SetString(PyExc_ValueError, "a rule is out of range");
        return 0;
    }
    return 1;
}

const char sieve_doc[] =
    "sieve(columns, first, last, routes, idents, rules, messages, buses) -> records";

PyObject *sieve_(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *parts, *routes, *rules, *messages, *buses;
    Py_ssize_t first, last, idents;
    if (!PyArg_ParseTuple(args, "OnnOnOOO", &parts, &first, &last, &routes, &idents, &rules,
                          &messages, &buses))
        return NULL;
    Buffers held = {.held = 0};
    Columns columns;
    Sieve sieve = {.idents = idents};
    PyObject *records = NULL;
    if (!take_columns(&held, parts, &columns) ||
        !take_sieve(&held, rules, messages, buses, &sieve))
        goto done;
    sieve.routes = take(&held, routes, 0, PyBUF_SIMPLE);
    if (PyErr_Occurred())
        goto done;
    sieve.route_count = held.views[held.held - 1].len / 4;
    if (first < 0 || last > columns.counts[1]) {
        PyErr_SetString(PyExc_ValueError, "the frames are outside the columns");
        goto done;
    }
    if ((records = PyList_New(0)) == NULL)
        goto done;
    for (Py_ssize_t kept = first; kept < last; kept++) {
        Py_ssize_t index = rule_of(&sieve, &columns, kept);
        if (index < 0)
            continue;
        const Rule *rule = &sieve.rules[index];
        Message *message = &sieve.messages[index];
        Bus *bus = &sieve.buses[rule->bus];
        const uint8_t *data = columns.payloads + PAYLOAD_BYTES * kept;
        int64_t now_us = columns.stamps_us[columns.rows[kept]];
        int32_t length = columns.lengths[kept];
        if (!tells(rule, message, bus, now_us, data, length))
            message->passed++;
        else if (flush(records, sieve.messages, sieve.count) < 0 ||
                 tell(records, kept, index, NULL) < 0) {
            Py_DecRef(records);
            records = NULL;
            goto done;
        }
        remember(message, bus, now_us, data, length);
    }
done:
    release(&held);
    return records;
}

const char flush_doc[] = "flush(rules, messages, buses) -> records";

PyObject *flush_(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *rules, *messages, *buses;
    if (!PyArg_ParseTuple(args, "OOO", &rules, &messages, &buses))
        return NULL;
    Buffers held = {.held = 0};
    Sieve sieve = {.count = 0};
    PyObject *records = NULL;
    if (take_sieve(&held, rules, messages, buses, &sieve) && (records = PyList_New(0)) != NULL &&
        flush(records, sieve.messages, sieve.count) < 0) {
        Py_DecRef(records);
        records = NULL;
    }
    release(&held);
    return records;
}
