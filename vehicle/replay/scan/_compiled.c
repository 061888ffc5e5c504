/* The compiled kernel: ordinary lines to columns, the recording's clock, and the sieve.
 *
 * Knows: what vehicle/replay/scan says of each step; the Python code beside it is the definition,
 * and the tests compare the two. Refuses to know: files, damage, and what a frame means: whatever
 * it does not surely read it leaves to its caller.
 *
 * Rules of this file:
 * 1. Every read of a block is checked against its end; blocks come from files that anybody wrote.
 * 2. State lives in buffers that the caller owns. Nothing is kept between calls.
 * 3. The limited API only, so that one wheel serves every Python from 3.11 on.
 */
#include "_columns.h"

/* ---- tokens ----------------------------------------------------------------------------------- */

/* Eight bytes at once: which of them are what. Only where all eight are inside the block. */

#define EACH(byte) ((uint64_t)(byte) * 0x0101010101010101u)

static inline uint64_t load8(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The value of eight decimal digits in reading order; sets *bad where one is none. */
static inline uint32_t eight_digits(uint64_t word, uint64_t *bad)
{
    uint64_t digits = word - EACH('0');
    *bad |= ((word & EACH(0xF0)) ^ EACH('0')) | (((digits + EACH(6)) & EACH(0xF0)));
    digits = digits * 10 + (digits >> 8);
    digits = ((digits & 0x000000FF000000FFu) * 0x000F424000000064u +
              ((digits >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u) >>
             32;
    return (uint32_t)digits;
}

#define NO 0xFF

/* Hexadecimal digits -> value; everything else NO. */
static const uint8_t HEX[256] = {
#define N16 NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO
    N16, N16, N16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, NO, NO, NO, NO, NO, NO,
    NO, 10, 11, 12, 13, 14, 15, NO, NO, NO, NO, NO, NO, NO, NO, NO, N16,
    NO, 10, 11, 12, 13, 14, 15, NO, NO, NO, NO, NO, NO, NO, NO, NO, N16,
    N16, N16, N16, N16, N16, N16, N16, N16,
};

/* How many of eight bytes, from the first on, are hexadecimal digits of either case. */
static inline int hex_run(uint64_t word)
{
    const uint64_t high = EACH(0x80);
    uint64_t low = word & ~high;
    /* The top bit of each byte of these says: at least this character. */
    uint64_t digit = (low + EACH(0x80 - '0')) & ~(low + EACH(0x80 - ':'));
    uint64_t folded = low | EACH(0x20);
    uint64_t letter = (folded + EACH(0x80 - 'a')) & ~(folded + EACH(0x80 - 'g'));
    /* A byte below '@' folds onto none of a to f: 'a' & ~0x20 is 'A', which is a letter too. */
    uint64_t not_hex = ~((digit | letter) & ~word) & high;
    return not_hex ? (int)(__builtin_ctzll(not_hex) >> 3) : 8;
}

/* A file's channel names as met so far: length byte and up to 63 bytes each. */
#define CHANNEL_BYTES 64

typedef struct {
    const uint8_t *names;
    int32_t count;
    int32_t last;
} Channels;

static int32_t channel_of(Channels *channels, const uint8_t *name, Py_ssize_t length)
{
    for (int32_t turn = 0; turn < channels->count; turn++) {
        int32_t index = channels->last + turn;
        if (index >= channels->count)
            index -= channels->count;
        const uint8_t *entry = channels->names + (size_t)CHANNEL_BYTES * (size_t)index;
        if (entry[0] == length && memcmp(entry + 1, name, (size_t)length) == 0) {
            channels->last = index;
            return index;
        }
    }
    return -1;
}

static int fd_length(Py_ssize_t length)
{
    return length <= 8 || length == 12 || length == 16 || length == 20 || length == 24 ||
           length == 32 || length == 48 || length == 64;
}

/* ---- lines ------------------------------------------------------------------------------------ */

/* A line reader may look so many bytes ahead without asking: there is always a block, or padding. */
#define LOOK_BYTES 512

typedef struct {
    int64_t stamp_us;
    uint32_t can_id;
    int extended;
    const uint8_t *channel;
    int channel_length;
    const uint8_t *payload; /* its first digit */
    int length;             /* payload bytes */
    int apart;              /* characters from one payload byte to the next: 2, or 3 with a space */
} Line;

/* What a line reader remembers from line to line, to be quick where nothing changed. */
typedef struct {
    uint64_t seconds_text;
    uint16_t seconds_rest;
    int64_t seconds_us;
    uint64_t channel_text, channel_mask;
    int channel_length;
} Habit;

/* Behind a line's last token: its end and nothing else. NULL where it is not. */
static inline const uint8_t *line_end(const uint8_t *at)
{
    if (*at == '\n')
        return at + 1;
    return at[0] == '\r' && at[1] == '\n' ? at + 2 : NULL;
}

/* "1700000000.099455": seconds with up to 18 decimals, of which six count. NULL where it is none. */
static const uint8_t *seconds(const uint8_t *at, int64_t *us)
{
    int64_t value = 0;
    int digits = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (++digits > 12)
            return NULL;
        value = value * 10 + (*at - '0');
    }
    if (digits == 0 || *at != '.')
        return NULL;
    at++;
    for (digits = 0; *at >= '0' && *at <= '9'; at++) {
        if (++digits > 18)
            return NULL;
        if (digits <= 6)
            value = value * 10 + (*at - '0');
    }
    if (digits == 0)
        return NULL;
    for (; digits < 6; digits++)
        value *= 10;
    *us = value;
    return at;
}

/* A word without spaces, of up to 63 printable characters. NULL where it is none. */
static const uint8_t *word(const uint8_t *at)
{
    const uint8_t *from = at;
    while (*at > ' ' && *at < 0x7F)
        if (++at - from > 63)
            return NULL;
    return at > from ? at : NULL;
}

/* "(1700000000.099455) can0 25D#240804D000050B80": what stands before the identifier. */
static inline const uint8_t *candump_head(const uint8_t *at, Line *line, Habit *habit)
{
    uint64_t micros = load8(at + 12);
    uint16_t rest;
    memcpy(&rest, at + 9, 2);
    if (at[0] == '(' && at[11] == '.' && load8(at + 1) == habit->seconds_text &&
        rest == habit->seconds_rest && micros >> 48 == (uint64_t)(')' | ' ' << 8)) {
        uint64_t bad = 0;
        uint32_t hundredths =
            eight_digits((micros & 0x0000FFFFFFFFFFFFu) | 0x3030000000000000u, &bad);
        if (bad)
            return NULL;
        line->stamp_us = habit->seconds_us + hundredths / 100;
        at += 20;
    } else {
        const uint8_t *from = at + 1;
        if (*at != '(' || (at = seconds(from, &line->stamp_us)) == NULL)
            return NULL;
        if (at[0] != ')' || at[1] != ' ')
            return NULL;
        if (at - from == 17 && from[10] == '.') {
            habit->seconds_text = load8(from);
            memcpy(&habit->seconds_rest, from + 8, 2);
            habit->seconds_us = line->stamp_us - line->stamp_us % 1000000;
        }
        at += 2;
    }
    line->channel = at;
    if ((load8(at) & habit->channel_mask) == habit->channel_text) {
        line->channel_length = habit->channel_length;
        return at + habit->channel_length + 1;
    }
    at = word(at);
    if (at == NULL || *at != ' ')
        return NULL;
    line->channel_length = (int)(at - line->channel);
    if (line->channel_length < 8) {
        habit->channel_length = line->channel_length;
        habit->channel_mask = line->channel_length == 7
                                  ? ~(uint64_t)0
                                  : ((uint64_t)1 << 8 * (line->channel_length + 1)) - 1;
        habit->channel_text = load8(line->channel) & habit->channel_mask;
    }
    return at + 1;
}

/* Three hexadecimal digits, or eight. NULL where it is neither, or out of range. */
static inline const uint8_t *candump_id(const uint8_t *at, Line *line)
{
    if (at[3] == '#') {
        unsigned one = HEX[at[0]], two = HEX[at[1]], three = HEX[at[2]];
        if ((one | two | three) > 0xF)
            return NULL;
        line->can_id = one << 8 | two << 4 | three;
        line->extended = 0;
        return line->can_id <= STANDARD_ID_MAX ? at + 4 : NULL;
    }
    uint32_t value = 0, wrong = 0;
    for (int digit = 0; digit < 8; digit++) {
        wrong |= HEX[at[digit]];
        value = value << 4 | (HEX[at[digit]] & 0xF);
    }
    if (wrong > 0xF || at[8] != '#' || value > EXTENDED_ID_MAX)
        return NULL;
    line->can_id = value;
    line->extended = 1;
    return at + 9;
}

/* Read one candump line; return what follows it, or NULL where the line is odd. */
static inline const uint8_t *candump_line(const uint8_t *at, Line *line, Habit *habit)
{
    at = candump_head(at, line, habit);
    if (at == NULL || (at = candump_id(at, line)) == NULL)
        return NULL;
    int digits, fd = 0;
    if (*at == '#') {
        if (HEX[at[1]] > 0xF)
            return NULL;
        at += 2;
        fd = 1;
    }
    line->payload = at;
    digits = hex_run(load8(at));
    while (digits % 8 == 0 && digits < 2 * PAYLOAD_BYTES) {
        int more = hex_run(load8(at + digits));
        if (more == 0 || digits == 0)
            break;
        digits += more;
        if (more < 8)
            break;
    }
    at += digits;
    if (digits % 2 || digits > (fd ? 2 * PAYLOAD_BYTES : 16) || !fd_length(digits / 2))
        return NULL;
    line->length = digits / 2;
    line->apart = 2;
    if (at[0] == ' ' && (at[1] == 'R' || at[1] == 'T' || at[1] == 'r' || at[1] == 't'))
        at += 2;
    return line_end(at);
}

typedef const uint8_t *(*LineFunction)(const uint8_t *at, Line *line, Habit *habit);

/* Add a line's frame; return 0 where only the caller can (a channel that is not known yet). */
static inline int add(Columns *columns, const Wanted *wanted, Channels *channels, const Line *line)
{
    int64_t row = columns->counts[0], kept = columns->counts[1];
    int32_t ident = ident_of(wanted, line->can_id, line->extended);
    if (ident >= 0) {
        int32_t channel = channel_of(channels, line->channel, line->channel_length);
        if (channel < 0)
            return 0;
        uint8_t *payload = columns->payloads + PAYLOAD_BYTES * kept;
        memset(payload, 0, PAYLOAD_BYTES);
        for (int index = 0; index < line->length; index++) {
            const uint8_t *digits = line->payload + (size_t)(line->apart * index);
            payload[index] = (uint8_t)(HEX[digits[0]] << 4 | HEX[digits[1]]);
        }
        columns->rows[kept] = (int32_t)row;
        columns->idents[kept] = ident;
        columns->channels[kept] = channel;
        columns->lengths[kept] = line->length;
        columns->counts[1] = kept + 1;
    }
    columns->stamps_us[row] = line->stamp_us;
    columns->counts[0] = row + 1;
    return 1;
}

/* Read lines from `at` while `LOOK_BYTES` lie before `end`; return how many. */
static inline int64_t run_lines(LineFunction read, const uint8_t **from, const uint8_t *end,
                                int64_t offset_us, Columns *columns, const Wanted *wanted,
                                Channels *channels, Habit *habit)
{
    int64_t lines = 0;
    const uint8_t *at = *from;
    Line line;
    while (at < end && columns->counts[0] < ROWS) {
        const uint8_t *next = read(at, &line, habit);
        if (next == NULL)
            break;
        if (__builtin_add_overflow(line.stamp_us, offset_us, &line.stamp_us) ||
            line.stamp_us > STAMP_US_MAX || line.stamp_us < -STAMP_US_MAX ||
            !add(columns, wanted, channels, &line))
            break;
        lines++;
        at = next;
    }
    *from = at;
    return lines;
}

static int64_t run_layout(int layout, const uint8_t **from, const uint8_t *end, int64_t offset_us,
                          Columns *columns, const Wanted *wanted, Channels *channels, Habit *habit)
{
    switch (layout) {
    case 0:
        return run_lines(candump_line, from, end, offset_us, columns, wanted, channels, habit);
    default:
        return 0;
    }
}

static const char lines_doc[] =
    "lines(layout, offset_us, block, position, columns, wanted, channels) -> (position, lines)";

static PyObject *lines(PyObject *Py_UNUSED(module), PyObject *args)
{
    int layout;
    long long offset_us;
    PyObject *block, *parts, *wanted_parts, *names;
    Py_ssize_t position;
    if (!PyArg_ParseTuple(args, "iLOnOOO", &layout, &offset_us, &block, &position, &parts,
                          &wanted_parts, &names))
        return NULL;
    Buffers held = {.held = 0};
    Columns columns;
    Wanted wanted;
    Channels channels = {.last = 0};
    Habit habit = {.channel_text = 1, .seconds_text = 0};
    PyObject *result = NULL;
    const uint8_t *bytes = take(&held, block, 0, PyBUF_SIMPLE);
    if (bytes == NULL || !take_columns(&held, parts, &columns) ||
        !take_wanted(&held, wanted_parts, &wanted))
        goto done;
    Py_ssize_t size = held.views[0].len;
    channels.names = take(&held, names, 0, PyBUF_SIMPLE);
    if (PyErr_Occurred())
        goto done;
    channels.count = (int32_t)(held.views[held.held - 1].len / CHANNEL_BYTES);
    if (position < 0 || position > size) {
        PyErr_SetString(PyExc_ValueError, "the position is outside the block");
        goto done;
    }
    int64_t count = 0;
    Py_BEGIN_ALLOW_THREADS
    const uint8_t *at = bytes + position, *end = bytes + size;
    if (end - at > LOOK_BYTES)
        count = run_layout(layout, &at, end - LOOK_BYTES, offset_us, &columns, &wanted, &channels,
                           &habit);
    if (end - at <= LOOK_BYTES) {
        /* The block's last lines, in front of padding that is part of no line. */
        uint8_t last[2 * LOOK_BYTES];
        size_t left = (size_t)(end - at);
        memcpy(last, at, left);
        memset(last + left, 0, sizeof last - left);
        const uint8_t *inside = last;
        count += run_layout(layout, &inside, last + left, offset_us, &columns, &wanted, &channels,
                            &habit);
        at += inside - last;
    }
    position = at - bytes;
    Py_END_ALLOW_THREADS
    result = Py_BuildValue("nL", position, (long long)count);
done:
    release(&held);
    return result;
}

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

/* ---- sieve ------------------------------------------------------------------------------------ */

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

static uint16_t crc16_table[256];

static void make_crc16_table(void)
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

static int same_bits(const Rule *rule, const Message *message, const uint8_t *data, int32_t length)
{
    if (message->length != length)
        return 0;
    for (int32_t index = 0; index < length; index += 8)
        if ((load8(message->data + index) ^ load8(data + index)) & load8(rule->mask + index))
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
    if (route < 0 || route >= sieve->route_count || row < 0 || row >= ROWS || length < 0 ||
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

static const char sieve_doc[] =
    "sieve(columns, first, last, routes, idents, rules, messages, buses) -> records";

static PyObject *sieve_(PyObject *Py_UNUSED(module), PyObject *args)
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

static const char flush_doc[] = "flush(rules, messages, buses) -> records";

static PyObject *flush_(PyObject *Py_UNUSED(module), PyObject *args)
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
    make_crc16_table();
    return PyModule_AddIntConstant(module, "ROWS", ROWS) ||
           PyModule_AddIntConstant(module, "CHANNEL_BYTES", CHANNEL_BYTES) ||
           PyModule_AddIntConstant(module, "RULE_BYTES", (long)sizeof(Rule)) ||
           PyModule_AddIntConstant(module, "MESSAGE_BYTES", (long)sizeof(Message)) ||
           PyModule_AddIntConstant(module, "BUS_BYTES", (long)sizeof(Bus));
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
