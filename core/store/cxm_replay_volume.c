/*
 * Replay: the volumes of the archive.
 */

#include <inttypes.h>

#include "cxm_replay.h"


typedef struct {
    cxm_volume_t           volume;
    cxm_archive_reader_t  *reader;      /* NULL: none is open */
    uint64_t               at;          /* entry that it gives next */
} cxm_volume_feed_t;


static cxm_rc_t
volume_row(cxm_replay_t *replay, uint64_t first, cxm_volume_t *volume)
{
    cxm_rc_t    rc;
    cxm_txn_t  *live;

    rc = cxm_txn_read(replay->live, &live, &replay->err);
    if (rc != CXM_OK) {
        return rc;
    }

    rc = cxm_history_volume(live, first, volume);
    cxm_txn_end(live);

    if (rc == CXM_NOT_FOUND || (rc == CXM_OK && volume->first != first)) {
        return cxm_replay_found(replay, "table index: the volume that begins "
                                "with entry %llu is missing",
                                (unsigned long long) first);
    }

    return rc;
}


static cxm_rc_t
volume_found(cxm_replay_t *replay, cxm_rc_t rc)
{
    return rc == CXM_CORRUPT && replay->finding[0] == '\0'
           ? cxm_replay_found(replay, "%s", replay->err.detail) : rc;
}


/* CXM_NOT_FOUND: the file is not there; noted. */
static cxm_rc_t
volume_open(cxm_replay_t *replay, const cxm_volume_t *volume,
    cxm_archive_reader_t **out)
{
    char      name[CXM_HISTORY_NAME];
    cxm_rc_t  rc;

    rc = cxm_history_open_volume(replay->live, replay->archive, volume, out,
                                 &replay->err);

    if (rc == CXM_NOT_FOUND) {
        cxm_error_init(&replay->err);
        cxm_history_volume_name(volume, name);
        cxm_replay_note(replay, "entries %" PRIu64 " to %" PRIu64 " as they "
                        "were archived: \"%s\" is not in %s", volume->first,
                        volume->last, name, replay->archive);
    }

    return volume_found(replay, rc);
}


/* --- as a source of entries --------------------------------------------- */

static void
feed_close(cxm_volume_feed_t *feed)
{
    cxm_archive_close(feed->reader);
    feed->reader = NULL;
}


/* The volume that begins with `first`. */
static cxm_rc_t
feed_open(cxm_replay_t *replay, cxm_volume_feed_t *feed, uint64_t first)
{
    cxm_rc_t  rc;

    feed_close(feed);
    rc = volume_row(replay, first, &feed->volume);

    if (rc == CXM_OK) {
        feed->at = first;
        rc = volume_open(replay, &feed->volume, &feed->reader);
    }

    return rc == CXM_NOT_FOUND
           ? cxm_replay_found_entry(replay, first, "is in no volume") : rc;
}


static cxm_rc_t
feed_get(cxm_replay_t *replay, void *ctx, uint64_t seq, cxm_str_t *raw)
{
    cxm_rc_t            rc;
    cxm_volume_feed_t  *feed = ctx;

    if (seq > replay->history.archived) {
        return CXM_NOT_FOUND;
    }

    rc = CXM_OK;

    if (feed->reader == NULL || seq > feed->volume.last) {
        rc = feed_open(replay, feed, feed->reader == NULL
                                     ? 1 : feed->volume.last + 1);

    } else if (seq < feed->at) {
        /* a step back, to the begin of a transaction */

        rc = feed_open(replay, feed, seq < feed->volume.first
                                     ? 1 : feed->volume.first);
    }

    while (rc == CXM_OK && feed->at <= seq) {
        rc = cxm_archive_next(feed->reader, raw, &replay->err);

        if (rc == CXM_NOT_FOUND) {
            return cxm_replay_found_entry(replay, feed->at,
                                          "is missing in its volume");
        }

        feed->at++;

        if (feed->at <= seq && feed->at > feed->volume.last) {
            rc = feed_open(replay, feed, feed->at);
        }
    }

    return volume_found(replay, rc);
}


cxm_rc_t
cxm_replay_volumes(cxm_replay_t *replay)
{
    int                 end;
    cxm_rc_t            rc;
    cxm_volume_feed_t   feed;
    cxm_feed_t          source = { feed_get, &feed };

    memset(&feed, 0, sizeof(feed));

    do {
        rc = cxm_replay_chunk(replay, &source, &end);
    } while (rc == CXM_OK && !end);

    feed_close(&feed);

    return rc;
}


/* --- looking at them ---------------------------------------------------- */

int
cxm_replay_volumes_there(cxm_replay_t *replay)
{
    uint64_t               first;
    cxm_rc_t               rc;
    cxm_volume_t           volume;
    cxm_archive_reader_t  *reader;

    for (first = 1; first <= replay->history.archived;
         first = volume.last + 1)
    {
        rc = volume_row(replay, first, &volume);

        if (rc == CXM_OK) {
            rc = volume_open(replay, &volume, &reader);
        }

        if (rc != CXM_OK) {
            return 0;
        }

        cxm_archive_close(reader);
    }

    return 1;
}


/* Every entry follows the one before, up to the one that the row names. */
static cxm_rc_t
check_volume(cxm_replay_t *replay, const cxm_volume_t *volume,
    cxm_archive_reader_t *reader, uint8_t link[CXM_MAC_LEN])
{
    uint64_t         seq;
    cxm_rc_t         rc;
    cxm_str_t        raw;
    cxm_entry_raw_t  parsed;

    for (seq = volume->first; ; seq++) {
        rc = cxm_archive_next(reader, &raw, &replay->err);

        if (rc != CXM_OK) {
            break;
        }

        rc = cxm_entry_follow(replay->live, seq, raw, link, &parsed,
                              &replay->err);

        if (rc != CXM_OK) {
            return cxm_replay_found_entry(replay, seq, "does not follow the "
                                          "one before it in its volume");
        }

        memcpy(link, parsed.link.data, CXM_MAC_LEN);
        rc = cxm_replay_expect(replay, seq, link);

        if (rc != CXM_OK) {
            return rc;
        }
    }

    if (rc != CXM_NOT_FOUND) {
        return volume_found(replay, rc);
    }

    return seq == volume->last + 1
           && memcmp(link, volume->link, CXM_MAC_LEN) == 0
           ? CXM_OK
           : cxm_replay_found_entry(replay, seq, "is missing in its volume");
}


/* The one that begins with `first`, if its file is there. */
static cxm_rc_t
check_next(cxm_replay_t *replay, uint64_t first, uint8_t link[CXM_MAC_LEN],
    cxm_volume_t *volume, uint64_t *entries)
{
    cxm_rc_t               rc;
    cxm_archive_reader_t  *reader;

    rc = volume_row(replay, first, volume);

    if (rc != CXM_OK) {
        return rc;
    }

    rc = volume_open(replay, volume, &reader);

    if (rc == CXM_OK) {
        rc = check_volume(replay, volume, reader, link);
        cxm_archive_close(reader);
        *entries += volume->last - first + 1;
    }

    memcpy(link, volume->link, CXM_MAC_LEN);

    return rc == CXM_NOT_FOUND ? CXM_OK : rc;
}


cxm_rc_t
cxm_replay_check_volumes(cxm_replay_t *replay, uint64_t *entries)
{
    uint8_t        link[CXM_MAC_LEN];
    uint64_t       first;
    cxm_rc_t       rc;
    cxm_volume_t   volume;

    *entries = 0;
    cxm_journal_root(replay->live, link);
    rc = CXM_OK;

    for (first = 1; first <= replay->history.archived && rc == CXM_OK;
         first = volume.last + 1)
    {
        rc = check_next(replay, first, link, &volume, entries);
    }

    return rc;
}
