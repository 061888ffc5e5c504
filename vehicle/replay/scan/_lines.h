/* What every reader of text lines works with: a line's parts, and the tokens that it is made of.
 *
 * Knows: digits, words and line ends. Refuses to know: layouts.
 */
#ifndef CHARGELOCK_LINES_H
#define CHARGELOCK_LINES_H

#include "_columns.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* The same of sixteen bytes. Payloads change their length from line to line, and a branch on it is
 * guessed wrong as often: so there is none. */
static inline int hex_run16(const uint8_t *at)
{
#ifdef __SSE2__
    const __m128i text = _mm_loadu_si128((const __m128i *)(const void *)at);
    const __m128i digit = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    const __m128i letter =
        _mm_sub_epi8(_mm_or_si128(text, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    const __m128i hex =
        _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit),
                     _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter));
    return __builtin_ctz(~(unsigned)_mm_movemask_epi8(hex) | 0x10000);
#else
    int low = hex_run(load8(at)), high = hex_run(load8(at + 8));
    return low + (low == 8 ? high : 0);
#endif
}

static inline int fd_length(Py_ssize_t length)
{
    return length <= 8 || length == 12 || length == 16 || length == 20 || length == 24 ||
           length == 32 || length == 48 || length == 64;
}

/* ---- lines ------------------------------------------------------------------------------------ */

/* A line reader may look so many bytes ahead without asking: there is always a block, or padding. */
#define LOOK_BYTES 2048

typedef struct {
    int64_t stamp_us;
    uint32_t can_id;
    int extended;
    const uint8_t *channel;
    int channel_length;
    int length;             /* payload bytes */
    const uint8_t *digits;  /* the payload as written, without spaces; NULL: it is in `bytes` */
    uint8_t bytes[PAYLOAD_BYTES];
} Line;

/* What there is to know of a file's ordinary lines besides their layout. */
#define SPEC_COLUMNS 16

typedef struct {
    int64_t offset_us, scale_us;
    uint8_t columns[SPEC_COLUMNS];
} Spec;

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
static inline const uint8_t *seconds(const uint8_t *at, int64_t *us)
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
static inline const uint8_t *word(const uint8_t *at)
{
    const uint8_t *from = at;
    while (*at > ' ' && *at < 0x7F)
        if (++at - from > 63)
            return NULL;
    return at > from ? at : NULL;
}

/* Read one line; return what follows it, or NULL where it is odd. */
typedef const uint8_t *(*LineFunction)(const uint8_t *at, Line *line, const Spec *spec,
                                       Habit *habit);

const uint8_t *asc_line(const uint8_t *at, Line *line, const Spec *spec, Habit *habit);
const uint8_t *gvret_line(const uint8_t *at, Line *line, const Spec *spec, Habit *habit);
const uint8_t *peak_line(const uint8_t *at, Line *line, const Spec *spec, Habit *habit);

#endif
