/* The sieve's judgement of one frame: whether it tells something new.
 *
 * Knows: what vehicle/replay/scan/sieve.py says of one frame and the one before it of the same
 * message. Refuses to know: where frames come from, and how others are told.
 */
#ifndef CHARGELOCK_SIEVE_H
#define CHARGELOCK_SIEVE_H

#include <stdint.h>
#include <string.h>

#define PAYLOAD_BYTES 64

#define QUIET_US 2000000

/* No moment and no limit lies further from zero, so that no difference of two is too large. */
#define MOMENT_US_MAX ((int64_t)1 << 61)

enum { GUARD_NONE, GUARD_E2E_P05, GUARD_CRC8, GUARD_UNKNOWN };

/* As vehicle/wire/unchanged.py packs it. */
typedef struct {
    uint8_t mask[PAYLOAD_BYTES];
    uint8_t table[256];
    int64_t stale_us, counter_max;
    int32_t bus, guard, settled, data_id, place, start, final_xor, counter_start, counter_bits, _;
} Rule;

typedef struct {
    uint8_t data[PAYLOAD_BYTES];
    int64_t heard; /* 0: there was no frame before */
    int64_t now_us, counter;
    uint64_t passed;
    int64_t first_us, lane; /* when and where the first of those was passed over */
    uint64_t quiets;
    int64_t run, length;
} Message;

typedef struct {
    int64_t heard_us;
    uint64_t quiets;
} Bus;

static uint16_t crc16_table[256];

static inline void make_crc16_table(void)
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
static inline int64_t counter_of(const Rule *rule, const uint8_t *data, int32_t length)
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

static inline void judge(const Rule *rule, Message *message, const uint8_t *data, int32_t length,
                  int followed)
{
    int64_t before = message->counter;
    message->counter = counter_of(rule, data, length);
    int counts = rule->guard == GUARD_E2E_P05 || rule->counter_bits > 0;
    int64_t next = before < rule->counter_max ? before + 1 : 0;
    int in_order = !counts || message->counter == next;
    int good = message->counter >= 0 && before >= 0 && followed && in_order;
    if (!good)
        message->run = 0;
    else if (message->run < INT64_MAX)
        message->run++;
}

static inline int is_moment(int64_t us)
{
    return us >= -MOMENT_US_MAX && us <= MOMENT_US_MAX;
}

static inline uint64_t eight(const uint8_t *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, 8);
    return bytes;
}

static inline int same_bits(const Rule *rule, const Message *message, const uint8_t *data, int32_t length)
{
    if (message->length != length)
        return 0;
    for (int32_t index = 0; index < length; index += 8)
        if ((eight(message->data + index) ^ eight(data + index)) & eight(rule->mask + index))
            return 0;
    return 1;
}

/* Whether rules of a caller's are such that no frame leads out of any buffer, or number out of its
 * range. */
static inline int rules_in_range(const Rule *rules, int64_t count, int64_t bus_count)
{
    for (int64_t index = 0; index < count; index++) {
        const Rule *rule = &rules[index];
        if (rule->bus < 0 || rule->bus >= bus_count || rule->guard < GUARD_NONE ||
            rule->guard > GUARD_UNKNOWN || rule->settled < 0 || rule->stale_us > MOMENT_US_MAX ||
            rule->place < 0 || rule->counter_start < 0 || rule->counter_start > 8 * PAYLOAD_BYTES ||
            rule->counter_bits < 0 || rule->counter_bits > 32 || rule->counter_max < 0)
            return 0;
    }
    return 1;
}

/* Judge a message's next frame, padded with zeros to PAYLOAD_BYTES; return whether it tells something.
 * `now_us` is no further than MOMENT_US_MAX from zero; what is remembered may be anything.
 * Whoever keeps it tells of what was passed over first; then it is remembered. */
static inline int tells(const Rule *rule, Message *message, Bus *bus, int64_t now_us,
                        const uint8_t *data, int32_t length)
{
    if (bus->heard_us < now_us - QUIET_US)
        bus->quiets++;
    bus->heard_us = now_us;
    int followed = message->heard && message->quiets == bus->quiets &&
                   !(rule->stale_us >= 0 && message->now_us < now_us - rule->stale_us);
    int usual = followed && same_bits(rule, message, data, length);
    if (rule->guard != GUARD_NONE) {
        judge(rule, message, data, length, followed);
        usual = usual && message->run > rule->settled && rule->guard != GUARD_UNKNOWN;
    }
    return !usual;
}

static inline void remember(Message *message, const Bus *bus, int64_t now_us, const uint8_t *data,
                            int32_t length)
{
    memcpy(message->data, data, PAYLOAD_BYTES);
    message->length = length;
    message->now_us = now_us;
    message->quiets = bus->quiets;
    message->heard = 1;
}

#endif
