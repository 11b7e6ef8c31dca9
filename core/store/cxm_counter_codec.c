/*
 * Coding of counter rows.
 */

#include "cxm_counter_codec.h"


cxm_cells_t
cxm_cells(cxm_str_t payload, uint32_t end)
{
    cxm_cells_t  cells;

    memset(&cells, 0, sizeof(cells));
    cells.rd = cxm_reader(payload.data, payload.len);
    cells.end = end;

    return cells;
}


cxm_rc_t
cxm_cells_next(cxm_cells_t *cells)
{
    uint64_t  step;

    if (cells->rd.pos == cells->rd.end) {
        return CXM_NOT_FOUND;
    }

    step = cxm_read_varint(&cells->rd);
    cells->count = cxm_read_varint(&cells->rd);

    if (cells->rd.failed
        || cells->count == 0
        || cells->count > INT64_MAX
        || (step == 0 && cells->started)
        || step >= cells->end - cells->cell)
    {
        return CXM_CORRUPT;
    }

    cells->started = 1;
    cells->cell += (uint32_t) step;

    return CXM_OK;
}


/* What is written so far: the last cell, for the next one's difference. */
typedef struct {
    cxm_buf_t  *out;
    uint32_t    cell;
} cells_writer_t;


static void
cells_put(cells_writer_t *writer, uint32_t cell, uint64_t count)
{
    if (count == 0) {
        return;
    }

    cxm_buf_varint(writer->out, cell - writer->cell);
    cxm_buf_varint(writer->out, count);
    writer->cell = cell;
}


cxm_rc_t
cxm_cells_merge(cxm_str_t payload, uint32_t end,
    const cxm_cell_delta_t *deltas, size_t n, cxm_buf_t *out)
{
    int64_t         count;
    size_t          i;
    cxm_rc_t        rc;
    cxm_cells_t     old;
    cells_writer_t  writer = { out, 0 };

    old = cxm_cells(payload, end);
    rc = cxm_cells_next(&old);

    for (i = 0; i < n; i++) {

        while (rc == CXM_OK && old.cell < deltas[i].cell) {
            cells_put(&writer, old.cell, old.count);
            rc = cxm_cells_next(&old);
        }

        count = 0;

        if (rc == CXM_OK && old.cell == deltas[i].cell) {
            count = (int64_t) old.count;
            rc = cxm_cells_next(&old);
        }

        if (__builtin_add_overflow(count, deltas[i].delta, &count)
            || count < 0)
        {
            return CXM_CORRUPT;
        }

        cells_put(&writer, deltas[i].cell, (uint64_t) count);
    }

    while (rc == CXM_OK) {
        cells_put(&writer, old.cell, old.count);
        rc = cxm_cells_next(&old);
    }

    if (rc != CXM_NOT_FOUND) {
        return rc;
    }

    return out->failed ? CXM_INTERNAL : CXM_OK;
}
