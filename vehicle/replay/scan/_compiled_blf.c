/* The compiled kernel's part for BLF: the objects of inflated containers to columns.
 *
 * Knows: where the ordinary objects have their fields; vehicle/replay/readers/blf_objects.py is the
 * definition. Refuses to know: containers, damage, and objects that are not whole: it stops before
 * whatever it does not surely read.
 *
 * The rules of _compiled.c hold here too.
 */
#include "_columns.h"

#define SIGNATURE_BYTES 4
#define BASE_BYTES 16
#define HEADER_BYTES_MIN 32
#define PADDING_MAX 3
#define OBJECT_BYTES_MAX (1u << 24)
#define FRAME_BYTES_MAX (1u << 10)
#define STAMP_10_US 1

enum { CAN_MESSAGE = 1, CAN_ERROR_EXT = 73, CAN_MESSAGE2 = 86, CAN_FD_MESSAGE = 100, CAN_FD_64 = 101 };

/* The bytes of a frame's fixed part, behind its header. */
enum { CAN_BYTES = 8, CAN_FD_BYTES = 20, CAN_FD_64_BYTES = 40, CAN_ERROR_BYTES = 24 };

static inline uint32_t le16(const uint8_t *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8; }

static inline uint32_t le32(const uint8_t *at) { return le16(at) | le16(at + 2) << 16; }

static inline uint64_t le64(const uint8_t *at)
{
    return (uint64_t)le32(at) | (uint64_t)le32(at + 4) << 32;
}

typedef struct {
    uint32_t id; /* with its flag bits */
    uint32_t channel;
    int has_data; /* neither a remote nor an error frame */
    const uint8_t *payload;
    uint32_t held, length; /* payload bytes in the object; what is missing is zeros */
} Fields;

static int is_fd_length(uint32_t length)
{
    return length == 12 || length == 16 || length == 20 || length == 24 || length == 32 ||
           length == 48 || length == 64;
}

/* Whether a payload of this length may be, as readers/fields.py `data_frame` judges it. */
static inline int is_length(uint32_t length, int fd)
{
    return length <= 8 || (fd && is_fd_length(length));
}

static inline int id_fits(uint32_t id)
{
    return id >= 0x80000000u || (id & EXTENDED_ID_MAX) <= STANDARD_ID_MAX;
}

/* CAN_MESSAGE and CAN_MESSAGE2; `body` begins behind the header, `end` is the object's. */
static inline int read_can(const uint8_t *body, const uint8_t *end, Fields *fields)
{
    fields->channel = le16(body);
    fields->id = le32(body + 4);
    fields->has_data = !(body[2] & 0x80);
    fields->payload = body + CAN_BYTES;
    fields->length = fields->held = body[3] < 8 ? body[3] : 8;
    return !fields->has_data || end - fields->payload >= (Py_ssize_t)fields->length;
}

static inline int read_can_fd(const uint8_t *body, const uint8_t *end, Fields *fields)
{
    fields->channel = le16(body);
    fields->id = le32(body + 4);
    fields->has_data = !(body[2] & 0x80);
    fields->payload = body + CAN_FD_BYTES;
    fields->length = fields->held = body[14];
    return !fields->has_data || (is_length(fields->length, body[13] & 0x1) &&
                                 end - fields->payload >= (Py_ssize_t)fields->length);
}

static inline int read_can_fd_64(const uint8_t *start, const uint8_t *body, const uint8_t *end,
                                 Fields *fields)
{
    uint32_t flags = le32(body + 12), extra = body[35];
    fields->channel = body[0];
    fields->id = le32(body + 4);
    fields->has_data = !(flags & 0x10);
    fields->payload = body + CAN_FD_64_BYTES;
    fields->length = body[2];
    if (!fields->has_data)
        return 1;
    if (!is_length(fields->length, flags & 0x1000 ? 1 : 0))
        return 0;
    /* The payload ends where its length, the object or the extended data behind it says. */
    Py_ssize_t held = end - fields->payload;
    if (extra)
        held = start + extra - fields->payload;
    if (held < 0)
        held = 0;
    /* Extended data may claim to begin behind the object; those bytes belong to nobody. */
    if (held > end - fields->payload)
        return 0;
    fields->held = held < (Py_ssize_t)fields->length ? (uint32_t)held : fields->length;
    return 1;
}

/* Read the fields of a frame object; 0 where its own reader must look at it. */
static inline int read_frame(uint32_t kind, const uint8_t *start, uint32_t header,
                             const uint8_t *end, Fields *fields)
{
    const uint8_t *body = start + header;
    Py_ssize_t room = end - body;
    if (header < HEADER_BYTES_MIN)
        return 0;
    switch (kind) {
    case CAN_MESSAGE:
    case CAN_MESSAGE2:
        return room >= CAN_BYTES && read_can(body, end, fields) && id_fits(fields->id);
    case CAN_FD_MESSAGE:
        return room >= CAN_FD_BYTES && read_can_fd(body, end, fields) && id_fits(fields->id);
    case CAN_FD_64:
        return room >= CAN_FD_64_BYTES && read_can_fd_64(start, body, end, fields) &&
               id_fits(fields->id);
    default:
        fields->has_data = 0;
        return kind == CAN_ERROR_EXT && room >= CAN_ERROR_BYTES;
    }
}

static inline int is_frame(uint32_t kind)
{
    return kind == CAN_MESSAGE || kind == CAN_MESSAGE2 || kind == CAN_FD_MESSAGE ||
           kind == CAN_FD_64 || kind == CAN_ERROR_EXT;
}

typedef struct {
    const int32_t *numbers; /* channel index -> its number, -1 where its name is no number */
    Py_ssize_t count;
} Numbers;

/* Add a frame; 0 where only the caller can (a channel that is not known yet). */
static inline int add_frame(Columns *columns, const Wanted *wanted, const Numbers *channels,
                            const Fields *fields, int64_t stamp_us)
{
    int64_t row = columns->counts[0], kept = columns->counts[1];
    int32_t ident = -1;
    if (fields->has_data)
        ident = ident_of(wanted, fields->id & EXTENDED_ID_MAX, fields->id >= 0x80000000u);
    if (ident >= 0) {
        Py_ssize_t channel = 0;
        while (channel < channels->count &&
               channels->numbers[channel] != (int32_t)fields->channel)
            channel++;
        if (channel == channels->count)
            return 0;
        uint8_t *payload = columns->payloads + PAYLOAD_BYTES * kept;
        memset(payload, 0, PAYLOAD_BYTES);
        memcpy(payload, fields->payload, fields->held);
        columns->rows[kept] = (int32_t)row;
        columns->idents[kept] = ident;
        columns->channels[kept] = (int32_t)channel;
        columns->lengths[kept] = (int32_t)fields->length;
        columns->counts[1] = kept + 1;
    }
    columns->stamps_us[row] = stamp_us;
    columns->counts[0] = row + 1;
    return 1;
}

typedef struct {
    Py_ssize_t position; /* behind the last object read */
    Py_ssize_t last;     /* where it began; -1: none was read */
    int64_t objects, frames;
} Walk;

/* Read one object at or up to three bytes behind `walk->position`; 0 where it is odd or not whole. */
static inline int read_object(const uint8_t *data, Py_ssize_t size, int64_t start_us,
                              Columns *columns, const Wanted *wanted, const Numbers *channels,
                              Walk *walk)
{
    Py_ssize_t at = walk->position, latest = at + PADDING_MAX;
    while (at <= latest && size - at >= BASE_BYTES && memcmp(data + at, "LOBJ", SIGNATURE_BYTES))
        at++;
    if (at > latest || size - at < BASE_BYTES)
        return 0;
    const uint8_t *start = data + at;
    uint32_t header = le16(start + 4), bytes = le32(start + 8), kind = le32(start + 12);
    int frame = is_frame(kind);
    if (header < BASE_BYTES || bytes < header ||
        bytes > (frame ? FRAME_BYTES_MAX : OBJECT_BYTES_MAX) || (Py_ssize_t)bytes > size - at)
        return 0;
    if (frame) {
        Fields fields = {.has_data = 0};
        if (!read_frame(kind, start, header, start + bytes, &fields))
            return 0;
        uint64_t stamp = le64(start + 24);
        if (stamp > (uint64_t)STAMP_US_MAX / 10)
            return 0;
        int64_t stamp_us =
            (int64_t)(le32(start + 16) == STAMP_10_US ? stamp * 10 : stamp / 1000);
        if (!add_frame(columns, wanted, channels, &fields, start_us + stamp_us))
            return 0;
        walk->frames++;
    }
    walk->objects++;
    walk->last = at;
    walk->position = at + bytes;
    return 1;
}

const char objects_doc[] =
    "objects(start_us, data, position, columns, wanted, channels)"
    " -> (position, last, objects, frames)";

PyObject *objects(PyObject *Py_UNUSED(module), PyObject *args)
{
    long long start_us;
    PyObject *data, *parts, *wanted_parts, *numbers;
    Walk walk = {.last = -1};
    if (!PyArg_ParseTuple(args, "LOnOOO", &start_us, &data, &walk.position, &parts, &wanted_parts,
                          &numbers))
        return NULL;
    Buffers held = {.held = 0};
    Columns columns;
    Wanted wanted;
    Numbers channels;
    PyObject *result = NULL;
    const uint8_t *bytes = take(&held, data, 0, PyBUF_SIMPLE);
    if (bytes == NULL || !take_columns(&held, parts, &columns) ||
        !take_wanted(&held, wanted_parts, &wanted))
        goto done;
    Py_ssize_t size = held.views[0].len;
    channels.numbers = take(&held, numbers, 0, PyBUF_SIMPLE);
    if (PyErr_Occurred())
        goto done;
    channels.count = held.views[held.held - 1].len / 4;
    if (walk.position < 0 || walk.position > size || start_us > STAMP_US_MAX ||
        start_us < -STAMP_US_MAX) {
        PyErr_SetString(PyExc_ValueError, "the position or the start is out of range");
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    while (columns.counts[0] < columns.room &&
           read_object(bytes, size, start_us, &columns, &wanted, &channels, &walk))
        ;
    Py_END_ALLOW_THREADS
    result = Py_BuildValue("nnLL", walk.position, walk.last, (long long)walk.objects,
                           (long long)walk.frames);
done:
    release(&held);
    return result;
}
