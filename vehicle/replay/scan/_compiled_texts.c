/* Ordinary lines of the text formats that are columns of words: ASC, GVRET's CSV and PEAK's TRC.
 *
 * Knows: one line of each, as its parser in vehicle/replay/readers reads it. Refuses to know: every
 * other line of these formats, which it leaves to that parser.
 *
 * A line function looks at most LOOK_BYTES ahead: every loop here ends at a character that is not
 * what it counts, and counts to a limit.
 */
#include "_lines.h"

#define SPACES_MAX 24
#define DIGITS_MAX 15
#define REST_MAX 256

/* Spaces, `least` or more. NULL where there are fewer, or too many to be a line of a recording. */
static inline const uint8_t *spaces(const uint8_t *at, int least)
{
    int count = 0;
    for (; *at == ' '; at++)
        if (++count > SPACES_MAX)
            return NULL;
    return count >= least ? at : NULL;
}

/* A decimal number of up to 15 digits. NULL where there is none. */
static inline const uint8_t *decimal(const uint8_t *at, int64_t *value)
{
    const uint8_t *from = at;
    int64_t found = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (at - from >= DIGITS_MAX)
            return NULL;
        found = found * 10 + (*at - '0');
    }
    *value = found;
    return at > from ? at : NULL;
}

/* A number with decimals, of which `places` count: "1059.900" with 3 is 1059900. */
static inline const uint8_t *fixed(const uint8_t *at, int places, int64_t *value)
{
    if ((at = decimal(at, value)) == NULL)
        return NULL;
    int digits = 0;
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9'; at++) {
            if (++digits > DIGITS_MAX)
                return NULL;
            if (digits <= places)
                *value = *value * 10 + (*at - '0');
        }
        if (digits == 0)
            return NULL;
    }
    for (; digits < places; digits++)
        *value *= 10;
    return at;
}

/* A hexadecimal number of up to 8 digits. NULL where there is none. */
static inline const uint8_t *hexadecimal(const uint8_t *at, uint32_t *value, int *digits)
{
    uint32_t found = 0;
    int count = 0;
    for (; HEX[*at] <= 0xF; at++) {
        if (++count > 8)
            return NULL;
        found = found << 4 | HEX[*at];
    }
    *value = found;
    *digits = count;
    return count ? at : NULL;
}

/* `length` bytes of two digits each, `before` in front of each. NULL where they are not there. */
static inline const uint8_t *payload(const uint8_t *at, int length, uint8_t before, Line *line)
{
    for (int index = 0; index < length; index++, at += 3) {
        unsigned high = at[0] == before ? HEX[at[1]] : NO, low = high <= 0xF ? HEX[at[2]] : NO;
        if ((high | low) > 0xF)
            return NULL;
        line->bytes[index] = (uint8_t)(high << 4 | low);
    }
    line->length = length;
    line->digits = NULL;
    return at;
}

/* Whatever else a line holds, to its end. NULL where that is not near. */
static inline const uint8_t *rest(const uint8_t *at)
{
    for (int count = 0; count < REST_MAX; count++, at++)
        if (*at == '\n' || *at == '\r')
            return line_end(at);
    return NULL;
}

/* Behind a payload: the line's end, or a separator and whatever it brings. */
static inline const uint8_t *behind(const uint8_t *at, uint8_t separator)
{
    return *at == separator ? rest(at) : line_end(at);
}

static inline int in_range(const Line *line)
{
    return line->can_id <= (line->extended ? EXTENDED_ID_MAX : STANDARD_ID_MAX);
}

/* " 0.099455 1  25D             Rx   d 8 24 08 04 D0 00 05 0B 80", base hex. */
const uint8_t *asc_line(const uint8_t *at, Line *line, const Spec *Py_UNUSED(spec),
                        Habit *Py_UNUSED(habit))
{
    int digits;
    int64_t channel;
    if ((at = spaces(at, 0)) == NULL || (at = seconds(at, &line->stamp_us)) == NULL ||
        (at = spaces(at, 1)) == NULL)
        return NULL;
    line->channel = at;
    if ((at = decimal(at, &channel)) == NULL || at - line->channel > 4)
        return NULL;
    line->channel_length = (int)(at - line->channel);
    if ((at = spaces(at, 1)) == NULL || (at = hexadecimal(at, &line->can_id, &digits)) == NULL)
        return NULL;
    line->extended = *at == 'x' || *at == 'X';
    if ((at = spaces(at + line->extended, 1)) == NULL)
        return NULL;
    if ((at[0] != 'R' && at[0] != 'T') || at[1] != 'x' || (at = spaces(at + 2, 1)) == NULL ||
        at[0] != 'd' || (at = spaces(at + 1, 1)) == NULL)
        return NULL;
    int dlc = HEX[*at];
    if (dlc > 0xF || !in_range(line))
        return NULL;
    at = payload(at + 1, dlc > 8 ? 8 : dlc, ' ', line);
    return at == NULL ? NULL : behind(at, ' ');
}

/* "1", "0", "true" or "false" in any case, and the comma behind it. */
static inline const uint8_t *truth(const uint8_t *at, int *value)
{
    static const char *const words[] = {"0", "1", "false", "true"};
    for (int word = 0; word < 4; word++) {
        size_t length = strlen(words[word]), index = 0;
        while (index < length && (at[index] | (word > 1 ? 0x20 : 0)) == words[word][index])
            index++;
        if (index == length && at[length] == ',') {
            *value = word & 1;
            return at + length + 1;
        }
    }
    return NULL;
}

/* A cell without quotes and spaces, and the comma behind it. NULL where it is none, or empty. */
static inline const uint8_t *cell(const uint8_t *at, int *length)
{
    int count = 0;
    for (; at[count] > ' ' && at[count] < 0x7F && at[count] != ',' && at[count] != '"'; count++)
        if (count >= 63)
            return NULL;
    *length = count;
    return count && at[count] == ',' ? at + count + 1 : NULL;
}

/* "1059900,0000025D,false,Rx,0,8,24,08,04,D0,00,05,0B,80,", with or without the "Rx". */
const uint8_t *gvret_line(const uint8_t *at, Line *line, const Spec *spec,
                          Habit *Py_UNUSED(habit))
{
    int digits, flag = 0, direction;
    int64_t length, stamp;
    int negative = *at == '-';
    if ((at = decimal(at + negative, &stamp)) == NULL || *at != ',')
        return NULL;
    line->stamp_us = (negative ? -stamp : stamp) * spec->scale_us;
    if ((at = hexadecimal(at + 1, &line->can_id, &digits)) == NULL || *at != ',' ||
        (at = truth(at + 1, &flag)) == NULL)
        return NULL;
    if (spec->columns[0] == 'd' && (at = cell(at, &direction)) == NULL)
        return NULL;
    line->channel = at;
    if ((at = cell(at, &line->channel_length)) == NULL)
        return NULL;
    const uint8_t *from = at;
    if ((at = decimal(at, &length)) == NULL || at - from > 2 || length > PAYLOAD_BYTES ||
        !fd_length(length))
        return NULL;
    line->extended = flag || line->can_id > STANDARD_ID_MAX;
    if (!in_range(line) || (at = payload(at, (int)length, ',', line)) == NULL)
        return NULL;
    return behind(at, ',');
}

static const uint8_t FD_LENGTHS[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64};

/* The types of frames in a TRC: 0 classic, 1 CAN FD, -1 anything else. In 1.x it is the direction. */
static inline int peak_type(const uint8_t *at, int length)
{
    if (length != 2)
        return -1;
    uint8_t first = at[0] & 0xDF, second = at[1] & 0xDF;
    if ((first == 'D' && second == 'T') || ((first == 'R' || first == 'T') && second == 'X'))
        return 0;
    return (first == 'F' && (second == 'D' || second == 'B' || second == 'E')) ||
                   (first == 'B' && second == 'I')
               ? 1
               : -1;
}

/* The number of a line: "17" or "17)". */
static inline const uint8_t *number(const uint8_t *at)
{
    int64_t value;
    at = decimal(at, &value);
    return at != NULL && *at == ')' ? at + 1 : at;
}

/* The payload and its end; `length` is the code where `coded`. */
static const uint8_t *peak_data(const uint8_t *at, int64_t length, int coded, int fd, Line *line)
{
    if (coded) {
        if (length > 15)
            return NULL;
        length = fd ? FD_LENGTHS[length] : length > 8 ? 8 : length;
    }
    if (length > PAYLOAD_BYTES || !fd_length(length) || (length > 8 && !fd) || !in_range(line))
        return NULL;
    const uint8_t *first = spaces(at, 0);
    if (first == NULL)
        return NULL;
    if (length == 0) {
        /* Nothing may follow: a word here would say that it is a remote frame, or an error. */
        payload(at, 0, ' ', line);
        return line_end(first);
    }
    if (first == at)
        return NULL;
    at = payload(first - 1, (int)length, ' ', line);
    return at == NULL ? NULL : behind(at, ' ');
}

/* "     1)      1059.900 1  Rx        0300 -  7    00 00 00 00 04 00 00": columns as in `spec`. */
const uint8_t *peak_line(const uint8_t *at, Line *line, const Spec *spec, Habit *Py_UNUSED(habit))
{
    int fd = 0, digits = 0, coded = 1;
    int64_t length = -1;
    line->channel = at;
    line->channel_length = 0;
    for (int column = 0; column < SPEC_COLUMNS && spec->columns[column] != 'D'; column++) {
        if ((at = spaces(at, column > 0)) == NULL)
            return NULL;
        const uint8_t *from = at;
        switch (spec->columns[column]) {
        case 'N':
            at = number(at);
            break;
        case 'O':
            at = fixed(at, 3, &line->stamp_us);
            break;
        case 'I':
            at = hexadecimal(at, &line->can_id, &digits);
            line->extended = digits > 4;
            break;
        case 'L':
        case 'l':
            coded = spec->columns[column] == 'L';
            at = decimal(at, &length);
            break;
        default:
            at = word(at);
            if (at != NULL && spec->columns[column] == 'T' &&
                (fd = peak_type(from, (int)(at - from))) < 0)
                return NULL;
            if (at != NULL && spec->columns[column] == 'B') {
                line->channel = from;
                line->channel_length = (int)(at - from);
            }
        }
        if (at == NULL || (*at != ' ' && *at != '\r' && *at != '\n'))
            return NULL;
    }
    return length < 0 ? NULL : peak_data(at, length, coded, fd, line);
}
