// A first program with the types of openapi-typescript. It compiles only if they say what the API takes and answers.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

declare const process: { env: Record<string, string | undefined> };

function given<T>(what: string, value: T | null | undefined): T {
    if (value === null || value === undefined) throw new Error(`no ${what}`);
    return value;
}

function expect(what: string, holds: boolean): void {
    if (!holds) throw new Error(what);
}

const headers = { Authorization: `Bearer ${given("key", process.env["VALPERO_KEY"])}` };
const client = createClient<paths>({ baseUrl: given("URL", process.env["VALPERO_URL"]), headers });
const site = given("site", process.env["SITE"]);

const created = await client.POST("/api/v1/monitors", { body: { url: site, name: "Shop", tags: ["ci"] } });
const monitor = given("monitor", created.data);
expect("created", created.response.status === 201 && monitor.name === "Shop");

const path = { path: { id: monitor.id } };
const read = await client.GET("/api/v1/monitors/{id}", { params: path });
expect("read", read.data?.created_at === monitor.created_at);

const listed = await client.GET("/api/v1/monitors", { params: { query: { status: "pending", limit: 10 } } });
expect("listed", given("list", listed.data).data.map((one) => one.id).join() === monitor.id);

const patched = await client.PATCH("/api/v1/monitors/{id}", { params: path, body: { name: "Store" } });
expect("patched", patched.data?.name === "Store" && patched.data.url === monitor.url);

const deleted = await client.DELETE("/api/v1/monitors/{id}", { params: path });
expect("deleted", deleted.response.status === 204);
const gone = await client.GET("/api/v1/monitors/{id}", { params: path });
const code: components["schemas"]["ProblemCode"] | undefined = gone.error && "code" in gone.error ? gone.error.code : undefined;
expect("gone", code === "not_found");
