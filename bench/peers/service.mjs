// What a team would write instead: Fastify, one INSERT a request, committed
// before the answer.  As many processes as cores.
//
//     node service.mjs PORT SOCKET_DIR DATABASE

import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import Fastify from "fastify";
import pg from "pg";

const [port, host, database] = process.argv.slice(2);

if (cluster.isPrimary) {
    for (let i = 0; i < availableParallelism(); i++) {
        cluster.fork();
    }
    process.on("SIGTERM", () => process.exit(0));
} else {
    const pool = new pg.Pool({ host, database, max: 32 });
    const app = Fastify();
    app.addContentTypeParser("text/plain", { parseAs: "string" },
        (request, body, done) => {
            try {
                done(null, JSON.parse(body));
            } catch (error) {
                error.statusCode = 400;
                done(error);
            }
        });
    app.post("/b", {
        schema: {
            body: {
                type: "object", required: ["type", "id"],
                properties: {
                    type: { type: "string", maxLength: 64 },
                    id: { type: "string", format: "uuid" },
                    url: { type: "string", maxLength: 2000 },
                },
            },
        },
    }, async (request, reply) => {
        await pool.query({
            name: "insert",
            text: "INSERT INTO events (id, body) VALUES ($1, $2) "
                + "ON CONFLICT DO NOTHING",
            values: [request.body.id, JSON.stringify(request.body)],
        });
        return reply.code(204).send();
    });
    await app.listen({ port: +port, host: "127.0.0.1" });
}
