/*
 * Persons that are gone: what their erasure takes away and what it leaves.
 *
 * Row in `index`: u8 namespace | u64 slot; payload: varint number of the
 * erasure, then for each kind that keeps records of this person u8 kind,
 * varint count.
 */

#include <stdlib.h>

#include "cxm_store_int.h"


#define CXM_GONE_MAX  (CXM_VARINT_MAX + CXM_KIND_N * (1 + CXM_VARINT_MAX))


static void
cxm_gone_key(cxm_row_key_t *key, uint64_t slot)
{
    cxm_row_key(key);
    cxm_row_key_u8(key, CXM_NS_PERSON_GONE);
    cxm_row_key_u64(key, slot);
}


static cxm_rc_t
cxm_gone_decode(cxm_str_t value, cxm_gone_t *out)
{
    uint8_t       kind;
    cxm_reader_t  rd;

    memset(out, 0, sizeof(*out));
    rd = cxm_reader(value.data, value.len);
    out->erasure = cxm_read_varint(&rd);

    while (rd.pos != rd.end) {
        kind = cxm_read_u8(&rd);

        if (kind >= CXM_KIND_N) {
            return CXM_CORRUPT;
        }

        out->kept[kind] = cxm_read_varint(&rd);
    }

    return rd.failed ? CXM_CORRUPT : CXM_OK;
}


cxm_rc_t
cxm_person_gone(cxm_txn_t *txn, uint64_t slot, cxm_gone_t *out)
{
    cxm_rc_t       rc;
    cxm_str_t      value;
    cxm_row_key_t  key;

    cxm_gone_key(&key, slot);
    rc = cxm_row_get(txn, CXM_T_INDEX, &key, &value);

    return rc == CXM_OK && out != NULL ? cxm_gone_decode(value, out) : rc;
}


/* --- forgetting --------------------------------------------------------- */

static cxm_rc_t
cxm_gone_unname(cxm_txn_t *txn, uint64_t slot)
{
    size_t              i, n;
    cxm_rc_t            rc;
    cxm_person_name_t  *names;

    rc = cxm_person_names_of(txn, slot, &names, &n);

    for (i = 0; i < n && rc == CXM_OK; i++) {
        rc = cxm_person_unname(txn, slot, names[i].person_class,
                               names[i].hash);
    }

    free(names);

    return rc;
}


/* Each kind takes its own away; what stays is added to the payload. */
static cxm_rc_t
cxm_gone_kinds(cxm_txn_t *txn, uint64_t slot, uint8_t **end)
{
    unsigned           i;
    uint64_t           kept;
    cxm_rc_t           rc;
    const cxm_kind_t  *kind;

    for (i = 0; i < CXM_KIND_N; i++) {
        kind = txn->store->flow->kinds[i];

        if (kind == NULL || kind->forget == NULL) {
            continue;
        }

        kept = 0;
        rc = kind->forget(txn, slot, &kept);

        if (rc != CXM_OK) {
            return rc;
        }

        if (kept > 0) {
            *(*end)++ = (uint8_t) i;
            *end = cxm_put_varint(*end, kept);
        }
    }

    return CXM_OK;
}


cxm_rc_t
cxm_person_forget(cxm_txn_t *txn, uint64_t slot, uint64_t erasure)
{
    uint8_t        value[CXM_GONE_MAX], *end;
    cxm_rc_t       rc;
    cxm_row_key_t  key;

    rc = cxm_person_gone(txn, slot, NULL);

    if (rc != CXM_NOT_FOUND) {
        return rc == CXM_OK ? CXM_CORRUPT : rc;
    }

    cxm_person_pass(txn, slot);
    end = cxm_put_varint(value, erasure);
    rc = cxm_gone_unname(txn, slot);

    if (rc == CXM_OK) {
        rc = cxm_gone_kinds(txn, slot, &end);
    }

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_gone_key(&key, slot);

    return cxm_row_put(txn, CXM_T_INDEX, &key,
                       (cxm_str_t) { (size_t) (end - value),
                                     (const char *) value });
}
