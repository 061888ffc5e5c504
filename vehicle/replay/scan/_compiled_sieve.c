/* The sieve: which frames must go through the translator, and how far the others were heard.
 *
 * Knows: what vehicle/replay/scan/sieve.py says, on columns. Refuses to know: everything else.
 */
#include "_columns.h"

#define QUIET_US 2000000

enum { GUARD_NONE, GUARD_E2E_P05, GUARD_CRC8, GUARD_UNKNOWN };

/* As vehicle/replay/scan/compiled.py packs it. */
typedef struct {
    uint8_t mask[PAYLOAD_BYTES];
    uint8_t table[256];
    int64_t stale_us, counter_max;
    int32_t bus, guard, settled, data_id, place, start, final_xor, counter_start, counter_bits, _;
} Rule;

typedef struct {
    uint8_t data[PAYLOAD_BYTES];
    int64_t heard; /* 0: there was no frame before */
    int64_t now_us, counter, passed, quiets, run, length;
} Message;

typedef struct {
    int64_t heard_us, quiets;
} Bus;

const long RULE_BYTES = sizeof(Rule), MESSAGE_BYTES = sizeof(Message), BUS_BYTES = sizeof(Bus);

static uint16_t crc16_table[256];

void make_crc16_table(void)
{
    for (unsigned value = 0; value < 256; value++) {
        unsigned crc = value << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
        crc16_table[value] = (uint16_t)crc;
    }
}

static inline uint16_t crc16(uint16_t crc, uint8_t byte)
{
    return (uint16_t)(crc << 8 ^ crc16_table[crc >> 8 ^ byte]);
}

/* Return the counter of a whole payload, 0 where it has none, -1 where the payload is not whole. */
static int64_t counter_of(const Rule *rule, const uint8_t *data, int32_t length)
{
    if (rule->guard == GUARD_E2E_P05) {
        if (length < 3)
            return -1;
        uint16_t crc = 0xFFFF;
        for (int32_t index = 2; index < length; index++)
            crc = crc16(crc, data[index]);
        crc = crc16(crc16(crc, (uint8_t)rule->data_id), (uint8_t)(rule->data_id >> 8));
        return data[0] == (crc & 0xFF) && data[1] == crc >> 8 ? data[2] : -1;
    }
    if (rule->guard != GUARD_CRC8 || length <= rule->place)
        return -1;
    uint8_t crc = (uint8_t)rule->start;
    for (int32_t index = 0; index < length; index++)
        if (index != rule->place)
            crc = rule->table[crc ^ data[index]];
    if (data[rule->place] != (uint8_t)(crc ^ rule->final_xor))
        return -1;
    if (rule->counter_bits == 0)
        return 0;
    if (rule->counter_start + rule->counter_bits > 8 * length)
        return -1;
    int64_t counter = 0;
    for (int32_t bit = 0; bit < rule->counter_bits; bit++) {
        int32_t place = rule->counter_start + bit;
        counter |= (int64_t)(data[place / 8] >> place % 8 & 1) << bit;
    }
    return counter <= rule->counter_max ? counter : -1;
}

static void judge(const Rule *rule, Message *message, const uint8_t *data, int32_t length,
                  int followed)
{
    int64_t before = message->counter;
    message->counter = counter_of(rule, data, length);
    int counts = rule->guard == GUARD_E2E_P05 || rule->counter_bits > 0;
    int in_order = !counts || message->counter == (before + 1) % (rule->counter_max + 1);
    int good = message->counter >= 0 && before >= 0 && followed && in_order;
    message->run = good ? message->run + 1 : 0;
}

static inline uint64_t eight(const uint8_t *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, 8);
    return bytes;
}

static int same_bits(const Rule *rule, const Message *message, const uint8_t *data, int32_t length)
{
    if (message->length != length)
        return 0;
    for (int32_t index = 0; index < length; index += 8)
        if ((eight(message->data + index) ^ eight(data + index)) & eight(rule->mask + index))
            return 0;
    return 1;
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

/* Take one wanted frame; return whether it is to be kept, or -1 where it is nobody's. */
static int sieve_frame(Sieve *sieve, const Columns *columns, int64_t kept, Py_ssize_t *found)
{
    int64_t route = (int64_t)columns->channels[kept] * sieve->idents + columns->idents[kept];
    int32_t row = columns->rows[kept], length = columns->lengths[kept];
    if (route < 0 || route >= sieve->route_count || row < 0 || row >= columns->room || length < 0 ||
        length > PAYLOAD_BYTES)
        return -1;
    int32_t index = sieve->routes[route];
    if (index < 0 || index >= sieve->count)
        return -1;
    *found = index;
    const Rule *rule = &sieve->rules[index];
    Message *message = &sieve->messages[index];
    Bus *bus = &sieve->buses[rule->bus];
    const uint8_t *data = columns->payloads + PAYLOAD_BYTES * kept;
    int64_t now_us = columns->stamps_us[row];
    if (now_us - bus->heard_us > QUIET_US)
        bus->quiets++;
    bus->heard_us = now_us;
    int followed = message->heard && message->quiets == bus->quiets &&
                   !(rule->stale_us >= 0 && now_us - message->now_us > rule->stale_us);
    int usual = followed && same_bits(rule, message, data, length);
    if (rule->guard != GUARD_NONE) {
        judge(rule, message, data, length, followed);
        usual = usual && message->run > rule->settled && rule->guard != GUARD_UNKNOWN;
    }
    return !usual;
}

static void remember(Sieve *sieve, const Columns *columns, int64_t kept, Py_ssize_t index)
{
    Message *message = &sieve->messages[index];
    memcpy(message->data, columns->payloads + PAYLOAD_BYTES * kept, PAYLOAD_BYTES);
    message->length = columns->lengths[kept];
    message->now_us = columns->stamps_us[columns->rows[kept]];
    message->quiets = sieve->buses[sieve->rules[index].bus].quiets;
    message->heard = 1;
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
    for (Py_ssize_t index = 0; index < sieve->count; index++) {
        const Rule *rule = &sieve->rules[index];
        if (rule->bus < 0 || rule->bus >= sieve->bus_count || rule->place < 0 ||
            rule->counter_start < 0 || rule->counter_bits < 0 || rule->counter_bits > 32 ||
            rule->counter_max < 0) {
            PyErr_SetString(PyExc_ValueError, "a rule is out of range");
            return 0;
        }
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
        Py_ssize_t index = 0;
        int keep = sieve_frame(&sieve, &columns, kept, &index);
        if (keep < 0)
            continue;
        if (!keep)
            sieve.messages[index].passed++;
        else if (flush(records, sieve.messages, sieve.count) < 0 ||
                 tell(records, kept, index, NULL) < 0) {
            Py_DecRef(records);
            records = NULL;
            goto done;
        }
        remember(&sieve, &columns, kept, index);
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
