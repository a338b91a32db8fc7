// Grades made-up sites with the analyzers of @mdn/mdn-http-observatory; nothing is fetched.
// node observatory.mjs PACKAGE_FOLDER < cases.json > results.json
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const folder = path.resolve(process.argv[2]);
const load = (file) => import(pathToFileURL(path.join(folder, "src", file)));
const { ALL_TESTS } = await load("constants.js");
const { Requests } = await load("types.js");
const { parseHttpEquivHeaders } = await load("retriever/utils.js");
const { getGradeForScore, getScoreModifier } = await load("grader/grader.js");
const { CookieJar } = createRequire(path.join(folder, "package.json"))("tough-cookie");

// As node and axios hand headers on: lower-case names, repeated ones joined, cookies in a list.
function headersOf(pairs) {
  const found = {};
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    if (key === "set-cookie") found[key] = [...(found[key] ?? []), value];
    else found[key] = key in found ? `${found[key]}, ${value}` : value;
  }
  Object.defineProperty(found, "get", { value: (name) => found[name.toLowerCase()] });
  return found;
}

function requestsOf(site) {
  const requests = new Requests(site.host);
  const headers = headersOf(site.headers);
  const html = ["text/html", "application/xhtml+xml"].includes((headers["content-type"] ?? "").split(";")[0]);
  const httpEquiv = html ? parseHttpEquivHeaders(site.body, site.page) : new Map();
  const response = { status: 200, headers, verified: true, httpEquiv };
  const jar = new CookieJar();
  for (const cookie of headers["set-cookie"] ?? []) {
    jar.setCookieSync(cookie, site.page, { ignoreError: true });
  }
  requests.session = { url: new URL(site.page), jar };
  requests.resources.path = site.body;
  const route = (site.route ?? []).map((url) => ({ url: new URL(url), status: 200 }));
  Object.assign(requests.responses, {
    auto: response,
    https: response,
    http: site.route ? { status: 200, headers: {}, verified: true } : null,
    httpRedirects: route,
    httpsRedirects: [],
    cors: {
      headers: headersOf(
        [
          ["Access-Control-Allow-Origin", site.sharing[0]],
          ["Access-Control-Allow-Credentials", site.sharing[1]],
        ].filter(([, value]) => value)
      ),
      request: { headers: { Origin: site.origin } },
    },
  });
  return requests;
}

function graded(site) {
  const results = {};
  let whole = 100;
  let penalised = 100;
  for (const test of ALL_TESTS) {
    const output = test(requestsOf(site));
    const modifier = getScoreModifier(output.result);
    results[output.constructor.name] = output.result;
    whole += modifier;
    penalised += Math.min(0, modifier);
  }
  const { score, grade } = getGradeForScore(penalised >= 90 ? whole : penalised);
  return { score, grade, results };
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(graded)));
