// read.mjs FILE.csv|FILE.ndjson ...: what DuckDB makes of each file without
// options, one line of JSON a file: {columns: {name: type}, n, rows} or
// {error}.  rows are all, with values as DuckDB writes them.

import { DuckDBInstance } from '@duckdb/node-api';

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
await connection.run("set timezone = 'UTC'");

async function all(sql) {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowObjectsJson();
}

for (const file of process.argv.slice(2)) {
  const from = `${file.endsWith('.csv') ? 'read_csv' : 'read_json'}('${file}')`;
  try {
    const columns = {};
    for (const row of await all(`describe select * from ${from}`)) {
      columns[row.column_name] = row.column_type;
    }
    const rows = await all(`select * from ${from}`);
    console.log(JSON.stringify({ columns, n: rows.length, rows }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
