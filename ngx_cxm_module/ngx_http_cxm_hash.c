/*
 * The hash phase of calls.
 */

#include <signal.h>

#include "ngx_http_cxm_hash.h"
#include "ngx_http_cxm_metrics.h"
#include "ngx_http_cxm_store.h"


#define NGX_HTTP_CXM_HASH_LOOK     5        /* ms between two looks */
#define NGX_HTTP_CXM_HASH_QUEUED   128      /* of all workers, for a permit:
                                               who is behind so many would
                                               wait longer than anybody may */
#define NGX_HTTP_CXM_HASH_WAITERS  256      /* workers, old ones too */
#define NGX_HTTP_CXM_HASH_PATIENCE 250      /* ms: no longer is a hash put off
                                               for requests that wait for
                                               their turn */


struct ngx_http_cxm_hash_shared_s {
    uint64_t                    permits[NGX_HTTP_CXM_HASH_PERMITS];
    ngx_http_cxm_hash_waiter_t  waiters[NGX_HTTP_CXM_HASH_WAITERS];
};


static void ngx_http_cxm_hash_inherit(ngx_http_cxm_hash_shared_t *shared);
static ngx_http_cxm_hash_waiter_t *ngx_http_cxm_hash_waiter(
    ngx_http_cxm_hash_shared_t *shared);
static ngx_int_t ngx_http_cxm_hash_take(uint64_t *word);
static ngx_int_t ngx_http_cxm_hash_lives(uint64_t pid);
static ngx_uint_t ngx_http_cxm_hash_queued(ngx_http_cxm_hash_t *hash);
static uint64_t *ngx_http_cxm_hash_permit(ngx_http_cxm_hash_t *hash);
static ngx_int_t ngx_http_cxm_hash_yields(ngx_http_cxm_hash_t *hash);
static void ngx_http_cxm_hash_look(ngx_event_t *ev);
static void ngx_http_cxm_hash_expire(ngx_http_cxm_hash_t *hash);
static void ngx_http_cxm_hash_go(ngx_http_cxm_hash_t *hash);
static ngx_uint_t ngx_http_cxm_hash_busy(ngx_http_cxm_hash_t *hash);
static void ngx_http_cxm_hash_tell(ngx_http_cxm_hash_t *hash);
static ngx_http_cxm_hash_slot_t *ngx_http_cxm_hash_free_slot(
    ngx_http_cxm_hash_t *hash);
static ngx_int_t ngx_http_cxm_hash_start(ngx_http_cxm_hash_t *hash,
    ngx_http_cxm_hash_slot_t *slot, ngx_http_cxm_job_t *job);
static void ngx_http_cxm_hash_task(void *data, ngx_log_t *log);
static void ngx_http_cxm_hash_done(ngx_event_t *ev);
static void ngx_http_cxm_hash_finish(ngx_http_cxm_hash_slot_t *slot);
static void ngx_http_cxm_hash_refuse(ngx_http_cxm_job_t *job);
static ngx_http_cxm_job_t *ngx_http_cxm_hash_first(ngx_http_cxm_hash_t *hash);


char *
ngx_http_cxm_hash_conf(ngx_conf_t *cf, ngx_http_cxm_main_conf_t *mcf)
{
    size_t               n;
    ngx_http_cxm_shm_t  *shm;

    static ngx_str_t  name = ngx_string("cxm_hash");

    ngx_conf_init_size_value(mcf->hash_memory, NGX_HTTP_CXM_HASH_MEMORY);

    n = mcf->hash_memory / CXM_PASSWORD_MEMORY;
    n = ngx_min(n, (size_t) ngx_max(ngx_ncpu, 1));
    mcf->hash_permits = ngx_min(n, NGX_HTTP_CXM_HASH_PERMITS);

    shm = ngx_pcalloc(cf->pool, sizeof(ngx_http_cxm_shm_t));
    if (shm == NULL) {
        return NGX_CONF_ERROR;
    }

    shm->size = sizeof(ngx_http_cxm_hash_shared_t);
    mcf->hashes = shm;

    return ngx_http_cxm_shm_add(cf, &name, shm) == NULL ? NGX_CONF_ERROR
                                                        : NGX_CONF_OK;
}


ngx_int_t
ngx_http_cxm_hash_init(ngx_http_cxm_hash_t *hash,
    ngx_http_cxm_main_conf_t *mcf, ngx_cycle_t *cycle)
{
    hash->pool = mcf->hash_pool;
    hash->log = cycle->log;
    hash->shared = mcf->hashes->data;
    hash->nslots = mcf->hash_permits;

    hash->slots = ngx_pcalloc(cycle->pool, hash->nslots
                                           * sizeof(ngx_http_cxm_hash_slot_t));
    if (hash->slots == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_init(&hash->queued);

    hash->look.data = hash;
    hash->look.handler = ngx_http_cxm_hash_look;
    hash->look.log = cycle->log;

    ngx_http_cxm_hash_inherit(hash->shared);
    hash->own = ngx_http_cxm_hash_waiter(hash->shared);

    return NGX_OK;
}


/* --- permits ------------------------------------------------------------ */

/* What a process had that was killed and had the pid that is ours now. */

static void
ngx_http_cxm_hash_inherit(ngx_http_cxm_hash_shared_t *shared)
{
    uint64_t    pid;
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_CXM_HASH_PERMITS; i++) {
        pid = (uint64_t) ngx_pid;

        (void) __atomic_compare_exchange_n(&shared->permits[i], &pid, 0, 0,
                                           __ATOMIC_ACQ_REL,
                                           __ATOMIC_RELAXED);
    }
}


static ngx_http_cxm_hash_waiter_t *
ngx_http_cxm_hash_waiter(ngx_http_cxm_hash_shared_t *shared)
{
    ngx_uint_t                   i;
    ngx_http_cxm_hash_waiter_t  *waiter;

    for (i = 0; i < NGX_HTTP_CXM_HASH_WAITERS; i++) {
        waiter = &shared->waiters[i];

        if (ngx_http_cxm_hash_take(&waiter->pid) == NGX_OK) {
            __atomic_store_n(&waiter->since, 0, __ATOMIC_RELEASE);
            __atomic_store_n(&waiter->queued, 0, __ATOMIC_RELEASE);
            return waiter;
        }
    }

    return NULL;
}


/* Makes the word ours if it is nobody's, or a dead process's. */

static ngx_int_t
ngx_http_cxm_hash_take(uint64_t *word)
{
    uint64_t  pid;

    pid = __atomic_load_n(word, __ATOMIC_ACQUIRE);

    if (pid != 0 && ngx_http_cxm_hash_lives(pid)) {
        return NGX_BUSY;
    }

    return __atomic_compare_exchange_n(word, &pid, (uint64_t) ngx_pid, 0,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)
           ? NGX_OK : NGX_BUSY;
}


static ngx_int_t
ngx_http_cxm_hash_lives(uint64_t pid)
{
    return pid == (uint64_t) ngx_pid || kill((ngx_pid_t) pid, 0) == 0
           || ngx_errno == EPERM;
}


static uint64_t *
ngx_http_cxm_hash_permit(ngx_http_cxm_hash_t *hash)
{
    ngx_uint_t   i;
    uint64_t    *word;

    if (ngx_http_cxm_hash_yields(hash)) {
        return NULL;
    }

    for (i = 0; i < hash->nslots; i++) {
        word = &hash->shared->permits[i];

        if (ngx_http_cxm_hash_take(word) == NGX_OK) {
            return word;
        }
    }

    return NULL;
}


/*
 * Whether another worker's first call waits longer than ours.  What has been
 * told a while ago is of a process that hangs, or was killed.
 */

static ngx_int_t
ngx_http_cxm_hash_yields(ngx_http_cxm_hash_t *hash)
{
    uint64_t                     own, since;
    ngx_uint_t                   i;
    ngx_http_cxm_hash_waiter_t  *waiter;

    own = ngx_http_cxm_hash_first(hash)->since;

    for (i = 0; i < NGX_HTTP_CXM_HASH_WAITERS; i++) {
        waiter = &hash->shared->waiters[i];
        since = __atomic_load_n(&waiter->since, __ATOMIC_ACQUIRE);

        if (since != 0 && since + NGX_HTTP_CXM_HASH_LOOK < own
            && since + NGX_HTTP_CXM_HASH_WAIT > ngx_current_msec
            && ngx_http_cxm_hash_lives(waiter->pid))
        {
            return 1;
        }
    }

    return 0;
}


/* --- the queue ---------------------------------------------------------- */

/* Of all workers; those of one that was killed are gone with it. */

static ngx_uint_t
ngx_http_cxm_hash_queued(ngx_http_cxm_hash_t *hash)
{
    uint64_t                     n;
    ngx_uint_t                   i, queued;
    ngx_http_cxm_hash_waiter_t  *waiter;

    queued = hash->own == NULL ? hash->nqueued : 0;

    for (i = 0; i < NGX_HTTP_CXM_HASH_WAITERS; i++) {
        waiter = &hash->shared->waiters[i];
        n = __atomic_load_n(&waiter->queued, __ATOMIC_ACQUIRE);

        if (n != 0 && ngx_http_cxm_hash_lives(waiter->pid)) {
            queued += n;
        }
    }

    return queued;
}


int
ngx_http_cxm_hash_room(void *ctx)
{
    ngx_http_cxm_store_t  *store = ctx;

    ngx_http_cxm_hash_t  *hash;

    hash = &ngx_http_cxm_store_worker(store)->hash;

    if (!hash->exiting
        && ngx_http_cxm_hash_queued(hash)
           < hash->nslots * NGX_HTTP_CXM_HASH_QUEUED)
    {
        return 1;
    }

    cxm_metrics_add(&ngx_http_cxm_metrics_of(store)->hashes_refused, 1);

    return 0;
}


ngx_int_t
ngx_http_cxm_hash_add(ngx_http_cxm_job_t *job)
{
    ngx_http_cxm_hash_t  *hash;

    hash = &ngx_http_cxm_store_worker(job->store)->hash;

    /* others came while it was read */

    if (!ngx_http_cxm_hash_room(job->store)) {
        return NGX_DECLINED;
    }

    job->state = NGX_HTTP_CXM_JOB_HASH_QUEUED;
    job->since = ngx_current_msec;

    ngx_queue_insert_tail(&hash->queued, &job->queue);
    hash->nqueued++;
    ngx_http_cxm_hash_tell(hash);

    /*
     * In the next round of the loop, when it is known what else has come:
     * the first of thousands would take the processor from the others.
     */

    ngx_post_event(&hash->look, &ngx_posted_next_events);

    return NGX_OK;
}


void
ngx_http_cxm_hash_cancel(ngx_http_cxm_job_t *job)
{
    ngx_http_cxm_hash_t  *hash;

    hash = &ngx_http_cxm_store_worker(job->store)->hash;

    ngx_queue_remove(&job->queue);
    job->state = NGX_HTTP_CXM_JOB_NEW;
    hash->nqueued--;

    ngx_http_cxm_hash_tell(hash);
}


static ngx_http_cxm_job_t *
ngx_http_cxm_hash_first(ngx_http_cxm_hash_t *hash)
{
    return ngx_queue_data(ngx_queue_head(&hash->queued), ngx_http_cxm_job_t,
                          queue);
}


static void
ngx_http_cxm_hash_look(ngx_event_t *ev)
{
    ngx_http_cxm_hash_t  *hash = ev->data;

    ngx_http_cxm_hash_expire(hash);
    ngx_http_cxm_hash_go(hash);
}


static void
ngx_http_cxm_hash_expire(ngx_http_cxm_hash_t *hash)
{
    ngx_msec_int_t       age;
    ngx_http_cxm_job_t  *job;

    while (hash->nqueued > 0) {
        job = ngx_http_cxm_hash_first(hash);
        age = (ngx_msec_int_t) (ngx_current_msec - job->since);

        if (age < NGX_HTTP_CXM_HASH_WAIT) {
            break;
        }

        ngx_http_cxm_hash_refuse(job);
    }
}


static void
ngx_http_cxm_hash_refuse(ngx_http_cxm_job_t *job)
{
    ngx_http_cxm_hash_cancel(job);

    cxm_metrics_add(&ngx_http_cxm_metrics_of(job->store)->hashes_refused, 1);

    ngx_http_cxm_job_refuse(job);
}


/*
 * Whether the event loop has more to do than it gets done: then threads that
 * take its processor from it make many wait for the sake of a few.
 */

static ngx_uint_t
ngx_http_cxm_hash_busy(ngx_http_cxm_hash_t *hash)
{
    ngx_http_cxm_job_t     *job;
    ngx_http_cxm_worker_t  *worker;

    job = ngx_http_cxm_hash_first(hash);
    worker = ngx_http_cxm_store_worker(job->store);

    return !ngx_queue_empty(&worker->turn.waiting)
           && (ngx_msec_int_t) (ngx_current_msec - job->since)
              < NGX_HTTP_CXM_HASH_PATIENCE;
}


/* Starts as many as there are permits for, and looks again for the others. */

static void
ngx_http_cxm_hash_go(ngx_http_cxm_hash_t *hash)
{
    uint64_t                  *permit;
    ngx_http_cxm_hash_slot_t  *slot;

    while (hash->nqueued > 0 && !ngx_http_cxm_hash_busy(hash)) {
        slot = ngx_http_cxm_hash_free_slot(hash);
        permit = slot == NULL ? NULL : ngx_http_cxm_hash_permit(hash);

        if (permit == NULL) {
            break;
        }

        slot->permit = permit;

        if (ngx_http_cxm_hash_start(hash, slot, ngx_http_cxm_hash_first(hash))
            != NGX_OK)
        {
            __atomic_store_n(permit, 0, __ATOMIC_RELEASE);
            break;
        }
    }

    ngx_http_cxm_hash_tell(hash);

    if (hash->nqueued > 0 && !hash->look.timer_set) {
        ngx_add_timer(&hash->look, NGX_HTTP_CXM_HASH_LOOK);
    }
}


static void
ngx_http_cxm_hash_tell(ngx_http_cxm_hash_t *hash)
{
    uint64_t  since;

    if (hash->own == NULL) {
        return;
    }

    since = hash->nqueued == 0 ? 0 : ngx_http_cxm_hash_first(hash)->since;

    if (hash->own->since != since) {
        __atomic_store_n(&hash->own->since, since, __ATOMIC_RELEASE);
    }

    __atomic_store_n(&hash->own->queued, hash->nqueued, __ATOMIC_RELEASE);
}


/* --- tasks -------------------------------------------------------------- */

static ngx_http_cxm_hash_slot_t *
ngx_http_cxm_hash_free_slot(ngx_http_cxm_hash_t *hash)
{
    ngx_uint_t  i;

    for (i = 0; i < hash->nslots; i++) {
        if (hash->slots[i].job == NULL) {
            return &hash->slots[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_cxm_hash_start(ngx_http_cxm_hash_t *hash,
    ngx_http_cxm_hash_slot_t *slot, ngx_http_cxm_job_t *job)
{
    ngx_memzero(&slot->task, sizeof(ngx_thread_task_t));

    slot->task.ctx = slot;
    slot->task.handler = ngx_http_cxm_hash_task;
    slot->task.event.data = slot;
    slot->task.event.handler = ngx_http_cxm_hash_done;
    slot->task.event.log = hash->log;
    slot->job = job;
    slot->done = 0;

    if (ngx_thread_task_post(hash->pool, &slot->task) != NGX_OK) {
        slot->job = NULL;
        return NGX_DECLINED;
    }

    ngx_http_cxm_hash_cancel(job);
    job->state = NGX_HTTP_CXM_JOB_HASH_RUNNING;

    return NGX_OK;
}


/* In a pool thread: touches the slot, its permit and the call only. */

static void
ngx_http_cxm_hash_task(void *data, ngx_log_t *log)
{
    ngx_http_cxm_hash_slot_t  *slot = data;

    uint64_t  start;

    start = cxm_monotonic_us();
    slot->next = cxm_call_hash(slot->job->call);
    slot->us = cxm_monotonic_us() - start;

    __atomic_store_n(slot->permit, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&slot->done, 1, __ATOMIC_RELEASE);
}


static void
ngx_http_cxm_hash_done(ngx_event_t *ev)
{
    ngx_http_cxm_hash_t       *hash;
    ngx_http_cxm_hash_slot_t  *slot;

    slot = ev->data;
    hash = &ngx_http_cxm_store_worker(slot->job->store)->hash;

    ngx_http_cxm_hash_finish(slot);
    ngx_http_cxm_hash_go(hash);
}


static void
ngx_http_cxm_hash_finish(ngx_http_cxm_hash_slot_t *slot)
{
    ngx_http_cxm_job_t  *job;

    job = slot->job;
    slot->job = NULL;

    job->state = NGX_HTTP_CXM_JOB_NEW;

    cxm_metrics_duration(&ngx_http_cxm_metrics_of(job->store)->hashes,
                         slot->us);

    ngx_http_cxm_job_run(job, slot->next);
}


/* Why the pool is gone: see ngx_http_cxm_batch_exit(). */

void
ngx_http_cxm_hash_exit(ngx_http_cxm_hash_t *hash)
{
    ngx_uint_t                 i;
    ngx_http_cxm_hash_slot_t  *slot;

    hash->exiting = 1;

    if (hash->look.posted) {
        ngx_delete_posted_event(&hash->look);
    }

    for (i = 0; i < hash->nslots; i++) {
        slot = &hash->slots[i];

        /* a call that is still a thread's is left alone, with its permit */

        if (slot->job != NULL && ngx_http_cxm_wait(&slot->done) == NGX_OK) {
            ngx_http_cxm_hash_finish(slot);
        }
    }

    while (hash->nqueued > 0) {
        ngx_http_cxm_hash_refuse(ngx_http_cxm_hash_first(hash));
    }

    if (hash->own != NULL) {
        __atomic_store_n(&hash->own->pid, 0, __ATOMIC_RELEASE);
    }
}
