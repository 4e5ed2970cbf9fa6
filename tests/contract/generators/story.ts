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

const listed = await client.GET("/api/v1/monitors", { params: { query: { status: ["pending"], limit: 10 } } });
expect("listed", given("list", listed.data).data.map((one) => one.id).join() === monitor.id);

const patched = await client.PATCH("/api/v1/monitors/{id}", { params: path, body: { name: "Store" } });
expect("patched", patched.data?.name === "Store" && patched.data.url === monitor.url);

const deleted = await client.DELETE("/api/v1/monitors/{id}", { params: path });
expect("deleted", deleted.response.status === 204);
const gone = await client.GET("/api/v1/monitors/{id}", { params: path });
const code: components["schemas"]["ProblemCode"] | undefined = gone.error && "code" in gone.error ? gone.error.code : undefined;
expect("gone", code === "not_found");

// What goes together: settings go with their type, and the answer's type says which of them are there.
type Create = components["schemas"]["MonitorCreate"];
const bodies: Create[] = [
    { url: site },
    { check_type: "http", url: site, http: { method: "HEAD" } },
    { check_type: "tcp", tcp: { host: "127.0.0.1", port: 9 } },
];
expect("bodies", bodies.length === 3);
// @ts-expect-error An http check requires a URL.
const nothing: Create = {};
// @ts-expect-error So it does if the type is named.
const noUrl: Create = { check_type: "http" };
// @ts-expect-error A tcp check requires its settings, and takes no others.
const mixed: Create = { check_type: "tcp", dns: { name: "example.com", record_type: "A" } };

export function port(one: components["schemas"]["Monitor"]): number | null {
    switch (one.check_type) {
        case "http":
            return Number(new URL(one.url).port);
        case "dns":
            return one.dns.record_type === "A" ? 53 : null;
        case "tcp":
            return one.tcp.port;
        case "ssl":
            return one.ssl.port;
        case "ping":
            return one.ping.port;
    }
}
expect("narrowed", port(monitor) === Number(new URL(site).port));

export function since(event: components["schemas"]["WebhookEvent"]): string {
    switch (event.type) {
        case "incident.opened":
        case "incident.acknowledged":
        case "incident.commented":
        case "incident.resolved":
            return event.data.incident.started_at;
        case "monitor.unwatched":
            return event.data.unwatched.since;
        case "ssl.expiring":
            return event.data.certificate.expires_at;
        default:
            return event.created_at;
    }
}

const down: components["schemas"]["ErrorCode"] = "connect_refused";
// @ts-expect-error Reasons are a closed list.
const unknown: components["schemas"]["ErrorCode"] = "bad_luck";
export const unused = [nothing, noUrl, mixed, down, unknown];
