// Runs queries for a test. It reads one JSON object from standard input: columns and
// types of the table, a folder of records (day=…/*.json), and queries by name. It
// prints the rows of each query as text.
const { DuckDBInstance } = require("@duckdb/node-api");

// The types of Hive, as the Glue table has them, in DuckDB's words.
function typeOf(hive) {
  if (hive.startsWith("array<")) return typeOf(hive.slice(6, -1)) + "[]";
  if (!hive.startsWith("struct<")) return { string: "VARCHAR", int: "INTEGER", bigint: "BIGINT", double: "DOUBLE" }[hive];
  const members = [];
  let depth = 0, from = 7;
  for (let i = 7; i < hive.length; i++) {
    if (hive[i] === "<") depth++;
    if (hive[i] === ">" && depth-- > 0) continue;
    if ((hive[i] === "," && depth === 0) || i === hive.length - 1) {
      const [name, ...type] = hive.slice(from, i).split(":");
      members.push(`"${name}" ${typeOf(type.join(":"))}`);
      from = i + 1;
    }
  }
  return `STRUCT(${members.join(", ")})`;
}

async function main() {
  let text = "";
  for await (const chunk of process.stdin) text += chunk;
  const { columns, folder, queries } = JSON.parse(text);
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const listed = columns.map(({ name, type }) => `"${name}": '${typeOf(type)}'`).join(", ");
  // DuckDB has no approx_percentile. The exact one stands in for it.
  await connection.run("CREATE MACRO approx_percentile(x, p) AS quantile_disc(x, p)");
  await connection.run(`CREATE VIEW records AS SELECT * FROM read_json('${folder}/*/*.json', format = 'newline_delimited', columns = {${listed}}, hive_partitioning = true, hive_types = {day: VARCHAR})`);
  const answers = {};
  for (const [name, query] of Object.entries(queries)) {
    const rows = (await connection.runAndReadAll(query)).getRowsJson();
    answers[name] = rows.map((row) => row.map((value) => (value === null ? "" : String(value))));
  }
  process.stdout.write(JSON.stringify(answers));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
