/*
 * Checkpoints: the entry.
 */

#include "cxm_checkpoint.h"
#include "cxm_checkpoint_int.h"
#include "cxm_json.h"


static json_t *
sum_json(const cxm_archive_sum_t *sum)
{
    char  hash[2 * CXM_ARCHIVE_HASH + 1];

    cxm_hex_encode(sum->hash, CXM_ARCHIVE_HASH, hash);

    return json_pack("{sI ss}", "size", (json_int_t) sum->size,
                     "hash", hash);
}


static json_t *
volume_json(const cxm_volume_t *volume)
{
    json_t  *json;

    json = sum_json(&volume->sum);

    if (cxm_json_set_int(json, "first", (int64_t) volume->first) != 0
        || cxm_json_set_int(json, "from", volume->from) != 0
        || cxm_json_set_int(json, "to", volume->to) != 0)
    {
        json_decref(json);
        return NULL;
    }

    return json;
}


/* Steals json. */
static cxm_rc_t
append(cxm_store_t *store, cxm_ms_t now, uint64_t seq, const uint8_t *link,
    const char *name, json_t *json, cxm_error_t *err)
{
    char        hex[2 * CXM_MAC_LEN + 1];
    json_t     *body;
    cxm_rc_t    rc;
    cxm_txn_t  *txn;

    cxm_hex_encode(link, CXM_MAC_LEN, hex);
    body = json_pack("{sI ss so}", "seq", (json_int_t) seq, "link", hex,
                     name, json);

    rc = cxm_txn_write(store, now, &txn, err);

    if (rc != CXM_OK) {
        json_decref(body);
        return rc;
    }

    rc = cxm_journal_add(txn, CXM_KIND_CHECKPOINT, 0, body, err);

    if (rc != CXM_OK) {
        cxm_txn_end(txn);
        return rc;
    }

    return cxm_txn_commit(txn, err);
}


cxm_rc_t
cxm_checkpoint_append_volume(cxm_store_t *store, cxm_ms_t now,
    const cxm_volume_t *volume, cxm_error_t *err)
{
    return append(store, now, volume->last, volume->link, "archive",
                  volume_json(volume), err);
}


cxm_rc_t
cxm_checkpoint_append_tables(cxm_store_t *store, cxm_ms_t now,
    const cxm_checkpoint_t *tables, cxm_error_t *err)
{
    return append(store, now, tables->seq, tables->link, "tables",
                  sum_json(&tables->sum), err);
}


/* --- apply -------------------------------------------------------------- */

static cxm_rc_t
read_sum(const json_t *json, cxm_archive_sum_t *sum)
{
    int64_t  size;

    size = cxm_json_get_int(json, "size", -1);
    sum->size = (uint64_t) size;

    return size < 0 ? CXM_CORRUPT
           : cxm_hex_decode(cxm_json_get_str(json, "hash"), sum->hash,
                            CXM_ARCHIVE_HASH) == CXM_OK
             ? CXM_OK : CXM_CORRUPT;
}


static cxm_rc_t
apply_volume(cxm_txn_t *txn, cxm_history_t *history, uint64_t seq,
    const uint8_t *link, const json_t *json)
{
    cxm_volume_t  volume;

    memset(&volume, 0, sizeof(volume));
    volume.first = (uint64_t) cxm_json_get_int(json, "first", 0);
    volume.last = seq;
    volume.from = cxm_json_get_int(json, "from", 0);
    volume.to = cxm_json_get_int(json, "to", 0);
    memcpy(volume.link, link, CXM_MAC_LEN);

    if (volume.first != history->archived + 1
        || volume.last < volume.first
        || read_sum(json, &volume.sum) != CXM_OK)
    {
        return CXM_CORRUPT;
    }

    history->archived = seq;
    memcpy(history->archived_link, link, CXM_MAC_LEN);

    return cxm_history_add(txn, &volume);
}


static cxm_rc_t
apply_tables(cxm_history_t *history, const cxm_entry_t *entry, uint64_t seq,
    const uint8_t *link, const json_t *json)
{
    cxm_checkpoint_t  *newest;

    newest = &history->newest;

    if (seq <= newest->seq || history->own > seq - newest->seq) {
        return CXM_CORRUPT;
    }

    history->previous = *newest;

    newest->others = seq - newest->seq - history->own;
    newest->seq = seq;
    newest->at = cxm_entry_time(entry);
    memcpy(newest->link, link, CXM_MAC_LEN);

    history->own = 0;

    return read_sum(json, &newest->sum);
}


static cxm_rc_t
cxm_checkpoint_apply(cxm_txn_t *txn, const cxm_entry_t *entry)
{
    json_t         *volume, *tables;
    uint8_t         link[CXM_MAC_LEN];
    uint64_t        seq;
    cxm_rc_t        rc;
    cxm_history_t   history;

    seq = (uint64_t) cxm_json_get_int(entry->body, "seq", 0);
    volume = json_object_get(entry->body, "archive");
    tables = json_object_get(entry->body, "tables");

    if (seq == 0 || seq >= entry->seq
        || cxm_hex_decode(cxm_json_get_str(entry->body, "link"), link,
                          CXM_MAC_LEN) != CXM_OK
        || (volume == NULL) == (tables == NULL))
    {
        return CXM_CORRUPT;
    }

    rc = cxm_history_read(txn, &history);

    if (rc == CXM_OK && volume != NULL) {
        rc = apply_volume(txn, &history, seq, link, volume);
    }

    if (rc == CXM_OK && tables != NULL) {
        rc = apply_tables(&history, entry, seq, link, tables);
    }

    if (rc == CXM_OK) {
        history.own++;
        rc = cxm_history_write(txn, &history);
    }

    return rc;
}


const cxm_kind_t  cxm_kind_checkpoint = {
    .no = CXM_KIND_CHECKPOINT,
    .version = 1,
    .name = "checkpoint",
    .apply = cxm_checkpoint_apply,
    .keep = CXM_KEEP_JOURNAL
};
