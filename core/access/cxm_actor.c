/*
 * Actors: who did something, told to people.
 */

#include "cxm_access.h"


/* Of kinds whose numbers an actor may be: both come from one sequence. */
static const cxm_kind_no_t  actor_kinds[] = {
    CXM_KIND_STAFF, CXM_KIND_KEY
};

#define ACTOR_KINDS  (sizeof(actor_kinds) / sizeof(actor_kinds[0]))


json_t *
cxm_actor_json(cxm_txn_t *txn, uint64_t actor)
{
    size_t      i;
    json_t     *out;
    cxm_doc_t   doc;

    for (i = 0; actor != 0 && i < ACTOR_KINDS; i++) {

        if (cxm_doc_get(txn, actor_kinds[i], actor, &doc, NULL) != CXM_OK) {
            continue;
        }

        out = json_pack("{sO? sO?}",
                        "id", json_object_get(doc.body, "slug"),
                        "name", json_object_get(doc.body, "name"));
        cxm_doc_clear(&doc);

        return out;
    }

    return json_null();
}
