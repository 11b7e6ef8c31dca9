/*
 * Keys of counter rows, shared by the writer and the reader of counters.
 */

#ifndef CXM_COUNTER_ROW_H
#define CXM_COUNTER_ROW_H

#include "cxm_counter.h"
#include "cxm_counter_codec.h"
#include "cxm_row.h"


#define CXM_LEVEL_DAY        1
#define CXM_LEVEL_QUARTER    2

/* Lengths of a key, and of the part up to the value and to the day. */
#define CXM_COUNTER_KEY      21
#define CXM_COUNTER_SEGMENT  13
#define CXM_COUNTER_SERIES   17

void cxm_counter_key(cxm_row_key_t *key, unsigned level,
    const cxm_series_t *series, uint32_t day);

/*
 * The first row of the segment at or behind value and day.  CXM_NOT_FOUND at
 * the end of the segment.
 */
cxm_rc_t cxm_counter_seek(cxm_cursor_t *cursor, unsigned level,
    const cxm_series_t *series, uint32_t day, cxm_raw_row_t *row);

/* Of a row whose key has its length. */

static inline uint32_t
cxm_counter_row_value(const cxm_raw_row_t *row)
{
    return cxm_get_u32((const uint8_t *) row->key.data + CXM_COUNTER_SEGMENT);
}

static inline uint32_t
cxm_counter_row_day(const cxm_raw_row_t *row)
{
    return cxm_get_u32((const uint8_t *) row->key.data + CXM_COUNTER_SERIES);
}

static inline uint32_t
cxm_counter_cells(unsigned level)
{
    return level == CXM_LEVEL_DAY ? CXM_CELLS_DAY : CXM_CELLS_QUARTER;
}


#endif /* CXM_COUNTER_ROW_H */
