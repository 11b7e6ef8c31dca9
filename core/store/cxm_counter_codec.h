/*
 * The payload of a counter row: cells in order, as varint pairs of the cell
 * number less the one before (of the first: itself) and the count.  There is
 * one coding of a set of cells: no cell twice, no count of 0.
 */

#ifndef CXM_COUNTER_CODEC_H
#define CXM_COUNTER_CODEC_H

#include "cxm_str.h"
#include "cxm_time.h"


#define CXM_POINT_BITS        11
#define CXM_QUARTERS_A_DAY    96

/* Number of cells of a level's row, and the longest coding of them. */
#define CXM_CELLS_DAY         (1u << CXM_POINT_BITS)
#define CXM_CELLS_QUARTER     ((unsigned) CXM_QUARTERS_A_DAY << CXM_POINT_BITS)
#define CXM_CELLS_BYTES       ((size_t) CXM_CELLS_QUARTER * 12)

typedef struct {
    cxm_reader_t  rd;
    uint32_t      end;          /* cells must be below */
    int           started;
    uint32_t      cell;         /* what cxm_cells_next() found */
    uint64_t      count;
} cxm_cells_t;

typedef struct {
    uint32_t  cell;
    int64_t   delta;
} cxm_cell_delta_t;

cxm_cells_t cxm_cells(cxm_str_t payload, uint32_t end);

/* CXM_NOT_FOUND behind the last cell; CXM_CORRUPT. */
cxm_rc_t cxm_cells_next(cxm_cells_t *cells);

/*
 * Appends the coding of payload with n deltas (by cell, none twice) added;
 * nothing when no cell is left.  CXM_CORRUPT when a count would leave
 * 0..INT64_MAX or payload is no coding; CXM_INTERNAL: no memory.
 */
cxm_rc_t cxm_cells_merge(cxm_str_t payload, uint32_t end,
    const cxm_cell_delta_t *deltas, size_t n, cxm_buf_t *out);


#endif /* CXM_COUNTER_CODEC_H */
