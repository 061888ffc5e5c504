/* Text lines to columns: candump's lines, and what every layout does with a line that was read.
 *
 * Knows: candump's ordinary lines, and how a line's frame comes into the columns. Refuses to know:
 * odd lines, which it leaves to their parser, and the other layouts (_compiled_texts.c).
 */
#include "_lines.h"

/* ---- candump ---------------------------------------------------------------------------------- */

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

/* The whole line, with or without the direction that newer candumps write behind it. */
static inline const uint8_t *candump_line(const uint8_t *at, Line *line, const Spec *Py_UNUSED(spec),
                                          Habit *habit)
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
    line->digits = at;
    digits = hex_run16(at);
    if (digits == 16 && fd)
        for (int more = 16; more == 16 && digits < 2 * PAYLOAD_BYTES; digits += more)
            more = hex_run16(at + digits);
    at += digits;
    if (digits % 2 || digits > (fd ? 2 * PAYLOAD_BYTES : 16) || !fd_length(digits / 2))
        return NULL;
    line->length = digits / 2;
    if (at[0] == ' ' && (at[1] == 'R' || at[1] == 'T' || at[1] == 'r' || at[1] == 't'))
        at += 2;
    return line_end(at);
}

/* ---- columns ---------------------------------------------------------------------------------- */

/* A file's channel names as met so far. */
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

/* Add a line's frame; return 0 where only the caller can (a channel that is not known yet). */
static inline int add(const Columns *columns, const Wanted *wanted, Channels *channels,
                      const Line *line, int64_t row, int64_t *count)
{
    int64_t kept = *count;
    int32_t ident = ident_of(wanted, line->can_id, line->extended);
    if (ident >= 0) {
        int32_t channel = channel_of(channels, line->channel, line->channel_length);
        if (channel < 0)
            return 0;
        uint8_t *payload = columns->payloads + PAYLOAD_BYTES * kept;
        memset(payload, 0, PAYLOAD_BYTES);
        if (line->digits == NULL)
            memcpy(payload, line->bytes, (size_t)line->length);
        else
            for (int index = 0; index < line->length; index++)
                payload[index] = (uint8_t)(HEX[line->digits[2 * index]] << 4 |
                                           HEX[line->digits[2 * index + 1]]);
        columns->rows[kept] = (int32_t)row;
        columns->idents[kept] = ident;
        columns->channels[kept] = channel;
        columns->lengths[kept] = line->length;
        *count = kept + 1;
    }
    columns->stamps_us[row] = line->stamp_us;
    return 1;
}

/* Read lines from `at` while `LOOK_BYTES` lie before `end`; return how many. */
static inline int64_t run_lines(LineFunction read, const uint8_t **from, const uint8_t *end,
                                const Spec *spec, Columns *columns, const Wanted *wanted,
                                Channels *channels, Habit *habit)
{
    /* What changes with every line stays in registers: nothing else points to it. */
    int64_t first = columns->counts[0], row = first, kept = columns->counts[1], room = columns->room;
    const uint8_t *at = *from;
    Habit own = *habit;
    Line line;
    while (at < end && row < room) {
        const uint8_t *next = read(at, &line, spec, &own);
        if (next == NULL)
            break;
        if (__builtin_add_overflow(line.stamp_us, spec->offset_us, &line.stamp_us) ||
            line.stamp_us > STAMP_US_MAX || line.stamp_us < -STAMP_US_MAX ||
            !add(columns, wanted, channels, &line, row, &kept))
            break;
        row++;
        at = next;
    }
    *from = at;
    *habit = own;
    columns->counts[0] = row;
    columns->counts[1] = kept;
    return row - first;
}

static int64_t run_layout(int layout, const uint8_t **from, const uint8_t *end, const Spec *spec,
                          Columns *columns, const Wanted *wanted, Channels *channels, Habit *habit)
{
    /* Named one by one, so that the quickest is compiled into its loop. */
    switch (layout) {
    case 0:
        return run_lines(candump_line, from, end, spec, columns, wanted, channels, habit);
    case 1:
        return run_lines(asc_line, from, end, spec, columns, wanted, channels, habit);
    case 2:
        return run_lines(gvret_line, from, end, spec, columns, wanted, channels, habit);
    case 3:
        return run_lines(peak_line, from, end, spec, columns, wanted, channels, habit);
    default:
        return 0;
    }
}

const char lines_doc[] =
    "lines(layout, offset_us, scale_us, spec, block, position, columns, wanted, channels)"
    " -> (position, lines)";

PyObject *lines(PyObject *Py_UNUSED(module), PyObject *args)
{
    int layout;
    long long offset_us, scale_us;
    const char *columns_spec;
    PyObject *block, *parts, *wanted_parts, *names;
    Py_ssize_t position;
    if (!PyArg_ParseTuple(args, "iLLsOnOOO", &layout, &offset_us, &scale_us, &columns_spec, &block, &position, &parts,
                          &wanted_parts, &names))
        return NULL;
    Buffers held = {.held = 0};
    Columns columns;
    Wanted wanted;
    Channels channels = {.last = 0};
    Habit habit = {.channel_text = 1, .seconds_text = 0};
    Spec spec = {.offset_us = offset_us, .scale_us = scale_us};
    for (int column = 0; column < SPEC_COLUMNS - 1 && columns_spec[column]; column++)
        spec.columns[column] = (uint8_t)columns_spec[column];
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
        count = run_layout(layout, &at, end - LOOK_BYTES, &spec, &columns, &wanted, &channels,
                           &habit);
    if (end - at <= LOOK_BYTES) {
        /* The block's last lines, in front of padding that is part of no line. */
        uint8_t last[2 * LOOK_BYTES];
        size_t left = (size_t)(end - at);
        memcpy(last, at, left);
        memset(last + left, 0, sizeof last - left);
        const uint8_t *inside = last;
        count += run_layout(layout, &inside, last + left, &spec, &columns, &wanted, &channels,
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
