/*
 * Manifests: what a backup, or a list of erasures, says of itself.
 *
 * JSON: {"format": of the store, "what": "data" | "keys" | "erasures",
 * "store": uuid, "node", "epoch", "head", "link": hex, "persons": next slot,
 * "made_at": RFC 3339, "erased": [slots of persons], "files": [{"name",
 * "size", "blake2b": hex of BLAKE2b-256}], "blake2b": the same of all this
 * with sorted names}.  In a backup it is the last member, "manifest.json"; a
 * list of erasures is a manifest without files.
 */

#ifndef CXM_MANIFEST_H
#define CXM_MANIFEST_H

#include <jansson.h>

#include "cxm_store.h"


#define CXM_MANIFEST_NAME  "manifest.json"
#define CXM_MANIFEST_MAX   (64u << 20)      /* bytes of one */

typedef enum {
    CXM_MANIFEST_DATA = 0,
    CXM_MANIFEST_KEYS,
    CXM_MANIFEST_ERASURES
} cxm_manifest_what_t;

typedef struct {
    cxm_manifest_what_t  what;
    unsigned             format;
    cxm_uuid_t           uuid;
    uint32_t             node, epoch;
    uint64_t             head;
    uint8_t              link[CXM_MAC_LEN];
    uint64_t             persons;
    cxm_ms_t             made_at;
    json_t              *erased;        /* both are owned */
    json_t              *files;
} cxm_manifest_t;

/* Of a store as it is now, with empty lists. */
cxm_rc_t cxm_manifest_make(cxm_store_t *store, cxm_manifest_what_t what,
    cxm_manifest_t *out, cxm_error_t *err);
void cxm_manifest_clear(cxm_manifest_t *manifest);

cxm_rc_t cxm_manifest_add(cxm_manifest_t *manifest, const char *name,
    uint64_t size, const uint8_t sum[CXM_SUM_LEN], cxm_error_t *err);

/* Appends the text; sets buf->failed. */
void cxm_manifest_dump(const cxm_manifest_t *manifest, cxm_buf_t *buf);

/* Sets the member "blake2b" of a manifest; 0 or -1 as in jansson. */
int cxm_manifest_seal(json_t *json);

/*
 * CXM_CORRUPT: it is none, or of something else than `what`; CXM_FORMAT: of a
 * newer store than this code knows.
 */
cxm_rc_t cxm_manifest_load(cxm_str_t text, cxm_manifest_what_t what,
    cxm_manifest_t *out, cxm_error_t *err);

/* Whether a backup may have a member of this name, the manifest apart. */
int cxm_manifest_may_name(cxm_manifest_what_t what, cxm_str_t name);

/* That the files are those that were found, in their order. */
cxm_rc_t cxm_manifest_check(const cxm_manifest_t *manifest,
    const cxm_manifest_t *found, cxm_error_t *err);


#endif /* CXM_MANIFEST_H */
