/*
 * Manifests.
 */

#include "cxm_json.h"
#include "cxm_manifest.h"


static const char *const  cxm_manifest_names[] = {
    [CXM_MANIFEST_DATA] = "data",
    [CXM_MANIFEST_KEYS] = "keys",
    [CXM_MANIFEST_ERASURES] = "erasures"
};


static cxm_rc_t
manifest_memory(cxm_error_t *err)
{
    return cxm_fail(err, CXM_INTERNAL, NULL, "no memory");
}


cxm_rc_t
cxm_manifest_make(cxm_store_t *store, cxm_manifest_what_t what,
    cxm_manifest_t *out, cxm_error_t *err)
{
    cxm_rc_t          rc;
    cxm_store_stat_t  stat;

    memset(out, 0, sizeof(*out));
    rc = cxm_store_stat(store, &stat, err);

    if (rc != CXM_OK) {
        return rc;
    }

    out->what = what;
    out->format = stat.format;
    out->uuid = stat.uuid;
    out->node = stat.node;
    out->epoch = stat.epoch;
    out->head = stat.head;
    memcpy(out->link, stat.link, CXM_MAC_LEN);
    out->persons = stat.persons;
    out->made_at = cxm_now();
    out->erased = json_array();
    out->files = json_array();

    return out->erased != NULL && out->files != NULL ? CXM_OK
                                                     : manifest_memory(err);
}


void
cxm_manifest_clear(cxm_manifest_t *manifest)
{
    json_decref(manifest->erased);
    json_decref(manifest->files);
    manifest->erased = NULL;
    manifest->files = NULL;
}


cxm_rc_t
cxm_manifest_add(cxm_manifest_t *manifest, const char *name, uint64_t size,
    const uint8_t sum[CXM_SUM_LEN], cxm_error_t *err)
{
    char     hex[2 * CXM_SUM_LEN + 1];
    json_t  *file;

    cxm_hex_encode(sum, CXM_SUM_LEN, hex);
    file = json_pack("{ss sI ss}", "name", name, "size", (json_int_t) size,
                     "blake2b", hex);

    return json_array_append_new(manifest->files, file) == 0
           ? CXM_OK : manifest_memory(err);
}


int
cxm_manifest_seal(json_t *json)
{
    char        hex[2 * CXM_SUM_LEN + 1];
    uint8_t     out[CXM_SUM_LEN];
    cxm_buf_t   text;
    cxm_sum_t  *sum;

    (void) json_object_del(json, "blake2b");

    cxm_buf_init(&text, CXM_MANIFEST_MAX);
    cxm_json_canonical(&text, json);
    sum = text.failed ? NULL : cxm_sum_begin();

    if (sum != NULL) {
        cxm_sum_add(sum, text.data, text.len);
        cxm_sum_end(sum, out);
        cxm_hex_encode(out, sizeof(out), hex);
    }

    cxm_buf_free(&text);

    return sum == NULL
           ? -1 : json_object_set_new(json, "blake2b", json_string(hex));
}


/* What the member says must be what it would be set to. */
static int
manifest_whole(json_t *json)
{
    int      whole;
    json_t  *said;

    said = json_incref(json_object_get(json, "blake2b"));
    whole = said != NULL && cxm_manifest_seal(json) == 0
            && json_equal(said, json_object_get(json, "blake2b"));
    json_decref(said);

    return whole;
}


void
cxm_manifest_dump(const cxm_manifest_t *manifest, cxm_buf_t *buf)
{
    char     uuid[CXM_UUID_LEN + 1], link[2 * CXM_MAC_LEN + 1];
    char     made_at[CXM_RFC3339_LEN + 1];
    json_t  *json;

    cxm_uuid_format(&manifest->uuid, uuid);
    cxm_hex_encode(manifest->link, CXM_MAC_LEN, link);
    cxm_rfc3339_format(manifest->made_at, made_at);

    json = json_pack("{si ss ss sI sI sI ss sI ss sO sO}",
                     "format", (int) manifest->format,
                     "what", cxm_manifest_names[manifest->what],
                     "store", uuid,
                     "node", (json_int_t) manifest->node,
                     "epoch", (json_int_t) manifest->epoch,
                     "head", (json_int_t) manifest->head,
                     "link", link,
                     "persons", (json_int_t) manifest->persons,
                     "made_at", made_at,
                     "erased", manifest->erased,
                     "files", manifest->files);

    if (json != NULL && cxm_manifest_seal(json) == 0) {
        cxm_json_dump(buf, json);
        cxm_buf_putc(buf, '\n');

    } else {
        buf->failed = CXM_BUF_MEMORY;
    }

    json_decref(json);
}


/* --- load --------------------------------------------------------------- */

static int
are_slots(const json_t *list)
{
    size_t  i;

    for (i = 0; i < json_array_size(list); i++) {
        if (json_integer_value(json_array_get(list, i)) <= 0) {
            return 0;
        }
    }

    return json_is_array(list);
}


static int
is_file(const json_t *file, cxm_manifest_what_t what)
{
    uint8_t  sum[CXM_SUM_LEN];

    return cxm_manifest_may_name(what, cxm_json_get_str(file, "name"))
           && cxm_json_get_int(file, "size", -1) >= 0
           && cxm_hex_decode(cxm_json_get_str(file, "blake2b"), sum,
                             sizeof(sum))
              == CXM_OK;
}


static int
are_files(const json_t *list, cxm_manifest_what_t what)
{
    size_t  i;

    for (i = 0; i < json_array_size(list); i++) {
        if (!is_file(json_array_get(list, i), what)) {
            return 0;
        }
    }

    return json_is_array(list);
}


/* 0 when a member is missing or of a wrong form. */
static int
manifest_read(const json_t *json, cxm_manifest_t *out)
{
    int64_t  node, epoch, head, persons;

    node = cxm_json_get_int(json, "node", -1);
    epoch = cxm_json_get_int(json, "epoch", -1);
    head = cxm_json_get_int(json, "head", -1);
    persons = cxm_json_get_int(json, "persons", -1);

    out->node = (uint32_t) node;
    out->epoch = (uint32_t) epoch;
    out->head = (uint64_t) head;
    out->persons = (uint64_t) persons;
    out->erased = json_incref(json_object_get(json, "erased"));
    out->files = json_incref(json_object_get(json, "files"));

    return cxm_uuid_parse(cxm_json_get_str(json, "store"), &out->uuid)
           == CXM_OK
           && node >= 0 && node <= UINT32_MAX
           && epoch >= 0 && epoch <= UINT32_MAX
           && head >= 0 && persons > 0
           && cxm_hex_decode(cxm_json_get_str(json, "link"), out->link,
                             CXM_MAC_LEN)
              == CXM_OK
           && cxm_rfc3339_parse(cxm_json_get_str(json, "made_at"),
                                &out->made_at)
              == CXM_OK
           && are_slots(out->erased)
           && are_files(out->files, out->what);
}


cxm_rc_t
cxm_manifest_load(cxm_str_t text, cxm_manifest_what_t what,
    cxm_manifest_t *out, cxm_error_t *err)
{
    json_t    *json;
    int64_t    format;
    cxm_rc_t   rc;

    memset(out, 0, sizeof(*out));
    out->what = what;

    rc = cxm_json_load(text, &json, NULL);
    format = cxm_json_get_int(json, "format", 0);

    if (rc != CXM_OK || format <= 0
        || !cxm_str_eqz(cxm_json_get_str(json, "what"),
                        cxm_manifest_names[what]))
    {
        rc = cxm_fail(err, CXM_CORRUPT, "manifest", "its manifest is not that "
                      "of \"%s\"", cxm_manifest_names[what]);

    } else if (format > CXM_STORE_FORMAT) {
        rc = cxm_fail(err, CXM_FORMAT, "manifest", "it has the format %lld, "
                      "this program knows %d", (long long) format,
                      CXM_STORE_FORMAT);

    } else if (!manifest_whole(json) || !manifest_read(json, out)) {
        rc = cxm_fail(err, CXM_CORRUPT, "manifest", "its manifest is damaged");
    }

    out->format = (unsigned) format;
    json_decref(json);

    if (rc != CXM_OK) {
        cxm_manifest_clear(out);
    }

    return rc;
}


/* --- files -------------------------------------------------------------- */

/* "a/b": parts of letters, digits and "._-" that begin with none of these. */
static int
is_path(cxm_str_t name)
{
    int     first;
    char    c;
    size_t  i;

    first = 1;

    for (i = 0; i < name.len; i++) {
        c = name.data[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
            || (c >= '0' && c <= '9'))
        {
            first = 0;

        } else if (first) {
            return 0;

        } else if (c == '/') {
            first = 1;

        } else if (c != '.' && c != '_' && c != '-') {
            return 0;
        }
    }

    return !first;
}


static int
is_below(cxm_str_t name, const char *folder)
{
    size_t  len;

    len = strlen(folder);

    return name.len > len && memcmp(name.data, folder, len) == 0;
}


int
cxm_manifest_may_name(cxm_manifest_what_t what, cxm_str_t name)
{
    switch (what) {

    case CXM_MANIFEST_DATA:
        return cxm_str_eqz(name, "data")
               || (is_path(name) && (is_below(name, "archive/")
                                     || is_below(name, "checkpoint/")
                                     || is_below(name, "files/")));

    case CXM_MANIFEST_KEYS:
        return cxm_str_eqz(name, "keys");

    default:
        return 0;
    }
}


cxm_rc_t
cxm_manifest_check(const cxm_manifest_t *manifest,
    const cxm_manifest_t *found, cxm_error_t *err)
{
    size_t         i, n;
    cxm_str_t      name;
    const json_t  *a, *b;

    n = json_array_size(manifest->files);

    if (n < json_array_size(found->files)) {
        n = json_array_size(found->files);
    }

    for (i = 0; i < n; i++) {
        a = json_array_get(manifest->files, i);
        b = json_array_get(found->files, i);

        if (a == NULL || b == NULL || !json_equal(a, b)) {
            name = cxm_json_get_str(b == NULL ? a : b, "name");
            return cxm_fail(err, CXM_CORRUPT, "manifest", "\"%.*s\" is not "
                            "what the manifest says", (int) name.len,
                            name.data);
        }
    }

    return CXM_OK;
}
