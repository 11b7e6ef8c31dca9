-- wrk: POST one beacon event with an id of its own for each request.  Both
-- locations of a comparison get these same requests.

local threads = 0

function setup(thread)
    thread:set("part", threads)
    threads = threads + 1
end

local n = 0
local head = string.format("%08x-", os.time() % 0x7fffffff)

function init(args)
    math.randomseed(os.time() + part * 7919)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "text/plain"
    salt = string.format("%04x-4%03x-8%03x-", math.random(0, 65535),
                         part, math.random(0, 4095))
end

local format = string.format

function request()
    n = n + 1
    -- the first digits vary, so that ids fall anywhere in a table by hash
    return wrk.format(nil, nil, nil, format(
        '{"type":"page_view","id":"%08x-%s%012x","url":"https://shop.example' ..
        '/product/%d","touchpoint":"product","session":"s%d"}',
        n * 2654435761 % 4294967296, salt, n, n % 5000, n % 900))
end

-- One line for the program that runs wrk: requests, seconds, bad replies.
function done(summary, latency, requests)
    io.write(string.format("%d %.6f %d %.3f\n", summary.requests,
        summary.duration / 1e6,
        summary.errors.status + summary.errors.connect + summary.errors.read
            + summary.errors.timeout, latency:percentile(99) / 1000))
end
