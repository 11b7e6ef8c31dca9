// Checks an OpenAPI document, and bodies against its schemas.
//
// Its argument is a file of {"document": {...}, "bodies": [{"name", "at",
// "value"}]}; "at" leads to a schema, part by part from the document's root.
// One line of JSON comes back for the document and for each body: {"name",
// "ok", "detail"}.

import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

const { document, bodies } = JSON.parse(readFileSync(process.argv[2], "utf8"));

function tell(name, errors) {
  const ok = !errors || errors.length === 0;
  const detail = ok ? "" : JSON.stringify(errors, null, 1);
  console.log(JSON.stringify({ name, ok, detail }));
}

const result = await new Validator().validate(structuredClone(document));
tell("the document is OpenAPI", result.valid ? [] : result.errors);

const ajv = new Ajv({ strict: false, allErrors: true });
formats(ajv);
ajv.addSchema(document, "document");

const pointer = (part) =>
  encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

for (const { name, at, value } of bodies) {
  const $ref = "document#/" + at.map(pointer).join("/");
  const check = ajv.getSchema($ref) ?? ajv.compile({ $ref });
  tell(name, check(value) ? [] : check.errors);
}
