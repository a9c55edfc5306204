// PostGraphile 5 on the tables of cadre-api, in as many processes as asked for: DATABASE_URL, PORT, PROCESSES.
import cluster from "node:cluster";
import { createServer } from "node:http";

const { DATABASE_URL, PORT, PROCESSES } = process.env;

async function serve() {
  // Not at the top: the process that only starts the others would hold all of it in memory, too.
  const { postgraphile } = await import("postgraphile");
  const { grafserv } = await import("postgraphile/grafserv/node");
  const { makePgService } = await import("postgraphile/adaptors/pg");
  const { PostGraphileAmberPreset } = await import("postgraphile/presets/amber");
  const connections = Math.max(2, Math.floor(16 / Number(PROCESSES)));
  const engine = postgraphile({
    extends: [PostGraphileAmberPreset],
    pgServices: [
      makePgService({ connectionString: DATABASE_URL, schemas: ["public"], poolConfig: { max: connections } }),
    ],
    grafserv: { graphiql: false, graphqlOverGET: false, watch: false, websockets: false },
  });
  const server = createServer();
  await engine.createServ(grafserv).addTo(server);
  server.listen(Number(PORT), "127.0.0.1");
}

if (cluster.isPrimary) {
  for (let started = 0; started < Number(PROCESSES); started += 1) cluster.fork();
  // One of them gone is a failure of the whole.
  cluster.on("exit", () => process.exit(1));
} else {
  await serve();
}
