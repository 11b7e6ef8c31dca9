/*
 * The coding of a journal value: header, seals and link.
 */

#include "cxm_log.h"
#include "cxm_pack.h"
#include "cxm_store_int.h"


#define CXM_ENTRY_FORMAT  1

/* Table, key and header of an entry: what its seals are bound to. */
typedef struct {
    size_t   len;
    uint8_t  b[CXM_ENTRY_AD_MAX];
} cxm_entry_ad_t;


static void
cxm_entry_ad(cxm_entry_ad_t *ad, uint64_t seq, const void *header, size_t len)
{
    uint8_t  *p;

    ad->b[0] = CXM_T_JOURNAL;
    p = cxm_put_u64(ad->b + 1, seq);
    memcpy(p, header, len);
    ad->len = 1 + 8 + len;
}


static cxm_str_t
cxm_entry_ad_str(const cxm_entry_ad_t *ad)
{
    return (cxm_str_t) { ad->len, (const char *) ad->b };
}


cxm_rc_t
cxm_entry_damage(uint64_t seq, const char *what, cxm_error_t *err)
{
    uint8_t  key[8];

    cxm_put_u64(key, seq);
    (void) cxm_damage(CXM_T_JOURNAL,
                      (cxm_str_t) { sizeof(key), (const char *) key }, what);

    return cxm_fail(err, CXM_CORRUPT, NULL, "Journal entry %llu: %s.",
                    (unsigned long long) seq, what);
}


static void
cxm_entry_header(cxm_buf_t *buf, const cxm_entry_t *entry)
{
    uint8_t  hlc[8];

    cxm_buf_putc(buf, CXM_ENTRY_FORMAT);
    cxm_buf_putc(buf, entry->kind);
    cxm_buf_putc(buf, entry->version);
    cxm_buf_putc(buf, entry->action);
    cxm_buf_varint(buf, entry->node);
    cxm_buf_varint(buf, entry->epoch);
    cxm_buf_varint(buf, entry->oseq);
    cxm_put_u64(hlc, entry->hlc);
    cxm_buf_put(buf, hlc, sizeof(hlc));
    cxm_buf_put(buf, entry->id.b, sizeof(entry->id.b));
    cxm_buf_varint(buf, entry->replaces);
    cxm_buf_varint(buf, entry->subject);
    cxm_buf_varint(buf, entry->actor);
}


/* A part, packed, in txn->text; no value is an empty text. */
static cxm_str_t
cxm_entry_text(cxm_txn_t *txn, const json_t *value)
{
    cxm_buf_reset(&txn->text);

    if (value != NULL) {
        cxm_pack(&txn->text, value);
    }

    return cxm_buf_str(&txn->text);
}


static void
cxm_entry_seal(cxm_txn_t *txn, const cxm_key_t *key, const cxm_key_t *nonce,
    const cxm_entry_ad_t *ad, cxm_str_t text)
{
    cxm_buf_varint(&txn->entry, text.len + CXM_SEAL_EXTRA);
    cxm_seal(key, nonce, cxm_entry_ad_str(ad), text, &txn->entry);
}


static cxm_rc_t
cxm_entry_personal(cxm_txn_t *txn, const cxm_entry_t *entry,
    const cxm_entry_ad_t *ad, cxm_error_t *err)
{
    cxm_rc_t   rc;
    cxm_key_t  key, nonce;

    if (entry->personal == NULL) {
        cxm_buf_varint(&txn->entry, 0);
        return CXM_OK;
    }

    if (entry->subject == 0) {
        return cxm_fail(err, CXM_INTERNAL, NULL,
                        "A personal part needs a person.");
    }

    /* the key is still there while the erasure is under way */

    rc = cxm_person_gone(txn, entry->subject, NULL);

    if (rc == CXM_OK) {
        rc = CXM_CONFLICT;

    } else if (rc == CXM_NOT_FOUND) {
        rc = cxm_person_key(txn->store, entry->subject, &key);
    }

    if (rc == CXM_NOT_FOUND || rc == CXM_CONFLICT) {
        return cxm_fail(err, CXM_CONFLICT, "person_erased",
                        "This person has been erased.");
    }

    if (rc != CXM_OK) {
        return cxm_fail(err, rc, NULL, "Cannot read the person's key.");
    }

    cxm_person_nonce(&key, &nonce);
    cxm_entry_seal(txn, &key, &nonce, ad,
                   cxm_entry_text(txn, entry->personal));

    cxm_wipe(&key, sizeof(key));
    cxm_wipe(&nonce, sizeof(nonce));

    return CXM_OK;
}


cxm_rc_t
cxm_entry_encode(cxm_txn_t *txn, const cxm_entry_t *entry, cxm_error_t *err)
{
    cxm_rc_t              rc;
    cxm_str_t             text;
    cxm_buf_t            *buf;
    cxm_entry_ad_t        ad;
    const cxm_keyring_t  *ring;

    ring = &txn->store->secret->ring;
    buf = &txn->entry;

    cxm_buf_reset(buf);
    cxm_entry_header(buf, entry);

    if (buf->failed) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    cxm_entry_ad(&ad, entry->seq, buf->data, buf->len);

    text = cxm_entry_text(txn, entry->body);

    if (entry->packed.len > 0) {
        text = entry->packed;
    }

    cxm_entry_seal(txn, &ring->k[CXM_SUBKEY_SEAL],
                   &ring->k[CXM_SUBKEY_NONCE], &ad, text);

    /* a body that did not fit must not be sealed in part */

    rc = txn->text.failed ? CXM_OK : cxm_entry_personal(txn, entry, &ad, err);

    if (rc != CXM_OK) {
        return rc;
    }

    if (txn->text.failed == CXM_BUF_MEMORY || buf->failed == CXM_BUF_MEMORY) {
        return cxm_fail(err, CXM_INTERNAL, NULL, "No memory.");
    }

    if (txn->text.failed || buf->failed
        || buf->len + CXM_MAC_LEN > CXM_ENTRY_MAX)
    {
        return cxm_fail(err, CXM_TOO_LARGE, "entry_too_large",
                        "The change is larger than %u bytes.", CXM_ENTRY_MAX);
    }

    return CXM_OK;
}


void
cxm_entry_link(const cxm_store_t *store, uint64_t seq, const uint8_t *prev,
    cxm_str_t linked, uint8_t link[CXM_MAC_LEN])
{
    uint8_t  key[8];

    cxm_put_u64(key, seq);
    cxm_keyed_hash(&store->secret->ring.k[CXM_SUBKEY_LINK],
                   (cxm_str_t) { CXM_MAC_LEN, (const char *) prev },
                   (cxm_str_t) { sizeof(key), (const char *) key },
                   linked, link, CXM_MAC_LEN);
}


static void
cxm_entry_part(cxm_reader_t *rd, cxm_str_t *part)
{
    part->len = cxm_read_varint(rd);
    part->data = (const char *) cxm_read_bytes(rd, part->len);
}


static void
cxm_entry_parse_header(cxm_reader_t *rd, cxm_entry_t *entry)
{
    const uint8_t  *p;

    (void) cxm_read_u8(rd);

    entry->kind = cxm_read_u8(rd);
    entry->version = cxm_read_u8(rd);
    entry->action = cxm_read_u8(rd);
    entry->node = (uint32_t) cxm_read_varint(rd);
    entry->epoch = (uint32_t) cxm_read_varint(rd);
    entry->oseq = cxm_read_varint(rd);

    p = cxm_read_bytes(rd, 8 + sizeof(entry->id.b));

    if (p != NULL) {
        entry->hlc = cxm_get_u64(p);
        memcpy(entry->id.b, p + 8, sizeof(entry->id.b));
    }

    entry->replaces = cxm_read_varint(rd);
    entry->subject = cxm_read_varint(rd);
    entry->actor = cxm_read_varint(rd);
}


cxm_rc_t
cxm_entry_parse(uint64_t seq, cxm_str_t raw, cxm_entry_raw_t *out,
    cxm_error_t *err)
{
    cxm_reader_t    rd;
    const uint8_t  *start;

    memset(out, 0, sizeof(*out));

    if (raw.len > 0 && (uint8_t) raw.data[0] > CXM_ENTRY_FORMAT) {
        return cxm_fail(err, CXM_FORMAT, NULL,
                        "Journal entry %llu has the newer format %u.",
                        (unsigned long long) seq, (uint8_t) raw.data[0]);
    }

    if (raw.len == 0 || raw.data[0] != CXM_ENTRY_FORMAT) {
        return cxm_entry_damage(seq, "format is unknown", err);
    }

    start = (const uint8_t *) raw.data;
    rd = cxm_reader(raw.data, raw.len);

    cxm_entry_parse_header(&rd, &out->entry);
    out->header_len = (size_t) (rd.pos - start);

    cxm_entry_part(&rd, &out->body);
    cxm_entry_part(&rd, &out->personal);

    out->linked = (cxm_str_t) { (size_t) (rd.pos - start), raw.data };
    out->link.len = CXM_MAC_LEN;
    out->link.data = (const char *) cxm_read_bytes(&rd, CXM_MAC_LEN);

    if (rd.failed || rd.pos != rd.end
        || out->header_len > CXM_ENTRY_HEADER_MAX)
    {
        return cxm_entry_damage(seq, "entry is cut or overlong", err);
    }

    out->raw = raw;
    out->entry.seq = seq;

    return CXM_OK;
}


cxm_rc_t
cxm_entry_follow(const cxm_store_t *store, uint64_t seq, cxm_str_t raw,
    const uint8_t *link, cxm_entry_raw_t *out, cxm_error_t *err)
{
    uint8_t   expect[CXM_MAC_LEN];
    cxm_rc_t  rc;

    rc = cxm_entry_parse(seq, raw, out, err);

    if (rc != CXM_OK) {
        return rc;
    }

    cxm_entry_link(store, seq, link, out->linked, expect);

    if (!cxm_equal(expect, out->link.data, CXM_MAC_LEN)) {
        return cxm_entry_damage(seq, "link does not verify", err);
    }

    return CXM_OK;
}


static cxm_rc_t
cxm_entry_open_part(const cxm_key_t *key, const cxm_entry_ad_t *ad,
    cxm_str_t sealed, cxm_buf_t *text, cxm_str_t *out)
{
    cxm_rc_t  rc;

    cxm_buf_reset(text);
    rc = cxm_open(key, cxm_entry_ad_str(ad), sealed, text);
    *out = cxm_buf_str(text);

    return rc;
}


static cxm_rc_t
cxm_entry_open_personal(cxm_txn_t *txn, const cxm_entry_ad_t *ad,
    cxm_str_t sealed, cxm_entry_packed_t *out)
{
    cxm_rc_t   rc;
    cxm_key_t  key;

    rc = cxm_person_key(txn->store, out->entry.subject, &key);

    if (rc == CXM_NOT_FOUND) {
        out->entry.erased = 1;
        return CXM_OK;
    }

    if (rc == CXM_OK) {
        rc = cxm_entry_open_part(&key, ad, sealed, &txn->personal,
                                 &out->personal);
        cxm_wipe(&key, sizeof(key));
    }

    return rc;
}


cxm_rc_t
cxm_journal_unseal(cxm_txn_t *txn, uint64_t seq, cxm_str_t header,
    cxm_str_t sealed, json_t **personal, int *erased)
{
    cxm_rc_t            rc;
    cxm_reader_t        rd;
    cxm_entry_ad_t      ad;
    cxm_entry_packed_t  entry;

    *personal = NULL;
    *erased = 0;

    memset(&entry, 0, sizeof(entry));
    rd = cxm_reader(header.data, header.len);
    cxm_entry_parse_header(&rd, &entry.entry);

    if (rd.failed || rd.pos != rd.end || header.len > CXM_ENTRY_HEADER_MAX) {
        return CXM_CORRUPT;
    }

    cxm_entry_ad(&ad, seq, header.data, header.len);
    rc = cxm_entry_open_personal(txn, &ad, sealed, &entry);
    *erased = entry.entry.erased;

    return rc == CXM_OK && !*erased ? cxm_unpack(entry.personal, personal)
                                    : rc;
}


/* What this code can read: kinds that it knows, up to their version. */
static cxm_rc_t
cxm_entry_known(const cxm_txn_t *txn, const cxm_entry_t *entry,
    cxm_error_t *err)
{
    const cxm_flow_t  *flow;
    const cxm_kind_t  *kind;

    flow = txn->store->flow;

    if (flow == NULL) {
        return CXM_OK;
    }

    kind = entry->kind < CXM_KIND_N ? flow->kinds[entry->kind] : NULL;

    if (kind != NULL && entry->version <= kind->version) {
        return CXM_OK;
    }

    return cxm_fail(err, CXM_FORMAT, NULL,
                    "Journal entry %llu has the newer kind %u version %u.",
                    (unsigned long long) entry->seq, entry->kind,
                    entry->version);
}


cxm_rc_t
cxm_entry_open(cxm_txn_t *txn, const cxm_entry_raw_t *raw, int personal,
    cxm_entry_packed_t *out, cxm_error_t *err)
{
    cxm_rc_t        rc;
    const char     *what;
    cxm_entry_ad_t  ad;

    memset(out, 0, sizeof(*out));
    out->entry = raw->entry;
    cxm_entry_ad(&ad, raw->entry.seq, raw->raw.data, raw->header_len);

    what = "seal of the body does not verify";
    rc = cxm_entry_open_part(&txn->store->secret->ring.k[CXM_SUBKEY_SEAL],
                             &ad, raw->body, &txn->text, &out->body);

    if (rc == CXM_OK && personal && raw->personal.len != 0) {
        what = "seal of the personal part does not verify";
        rc = cxm_entry_open_personal(txn, &ad, raw->personal, out);
    }

    if (rc == CXM_OK) {
        return cxm_entry_known(txn, &out->entry, err);
    }

    return rc == CXM_CORRUPT
           ? cxm_entry_damage(raw->entry.seq, what, err)
           : cxm_fail(err, rc, NULL, "Cannot open journal entry %llu.",
                      (unsigned long long) raw->entry.seq);
}


/* A text of no length is no part. */
static cxm_rc_t
cxm_entry_unpack_part(cxm_str_t packed, json_t **json)
{
    return packed.len == 0 ? CXM_OK : cxm_unpack(packed, json);
}


cxm_rc_t
cxm_entry_unpack(const cxm_entry_packed_t *packed, cxm_entry_t *out,
    cxm_error_t *err)
{
    cxm_rc_t  rc;

    *out = packed->entry;
    rc = cxm_entry_unpack_part(packed->body, &out->body);

    if (rc == CXM_OK) {
        rc = cxm_entry_unpack_part(packed->personal, &out->personal);
    }

    if (rc == CXM_OK) {
        return CXM_OK;
    }

    cxm_entry_clear(out);

    return rc == CXM_CORRUPT
           ? cxm_entry_damage(out->seq, "a part of it is not packed", err)
           : cxm_fail(err, rc, NULL, "Cannot unpack journal entry %llu.",
                      (unsigned long long) out->seq);
}
