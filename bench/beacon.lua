-- wrk: POST one beacon event with an id of its own for each request.  Both
-- locations of a comparison get these same requests; with the argument "get"
-- they are plain GETs.

local threads = 0

function setup(thread)
    thread:set("part", threads)
    threads = threads + 1
end

local n = 0
local format = string.format

function init(args)
    math.randomseed(os.time() + part * 7919)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "text/plain"
    random = args[1] == "v4"
    plain = args[1] == "get"
    start = os.time() * 1000
    salt = format("8%03x-%04x", math.random(0, 4095), part)
end

-- Ids of version 7, as our script makes them: in the order of time.  With
-- the argument "v4" they fall anywhere.
local function id()
    if random then
        return format("%08x-%04x-4000-%s%08x", n * 2654435761 % 4294967296,
                      n % 65536, salt, n)
    end
    local ms = start + math.floor(n / 40)
    return format("%08x-%04x-7%03x-%s%08x", math.floor(ms / 65536),
                  ms % 65536, n % 4096, salt, n)
end

function request()
    if plain then
        return wrk.format("GET", nil, {})
    end
    n = n + 1
    return wrk.format(nil, nil, nil, format(
        '{"type":"page_view","id":"%s","url":"https://shop.example' ..
        '/product/%d","touchpoint":"product","session":"s%d"}',
        id(), n % 5000, n % 900))
end

-- One line for the program that runs wrk: requests, seconds, bad replies.
function done(summary, latency, requests)
    io.write(string.format("%d %.6f %d %.3f\n", summary.requests,
        summary.duration / 1e6,
        summary.errors.status + summary.errors.connect + summary.errors.read
            + summary.errors.timeout, latency:percentile(99) / 1000))
end
